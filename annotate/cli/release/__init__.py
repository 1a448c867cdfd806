"""`annotate release`: from what changed to a version, its gate, its folder and its tag. A file a command."""

import click

from annotate.cli.release import check, cut, page, plan, verify


@click.group("release")
def command() -> None:
    """Release a corpus: plan its version, check it, cut it; and verify a release that was downloaded.

    \b
    annotate release plan
    annotate release cut 0.1.0
    annotate release verify dist/release/0.1.0
    """


for _command in (plan.plan, check.check, cut.cut, verify.verify, page.command):
    command.add_command(_command)
