"""`annotate release`: from the changes to a version, its rules, its folder and its tag. One command a file.

The commands import `annotate.release` when they run: it loads numpy and pyarrow, which `--help` does not need.
"""

import click

from annotate.cli.release import check, cut, page, plan, verify


@click.group("release")
def command() -> None:
    """Release a corpus: plan its version, check it and cut it. Verify a downloaded release.

    \b
    annotate release plan
    annotate release cut 0.1.0
    annotate release verify dist/release/0.1.0
    """


for _command in (plan.plan, check.check, cut.cut, verify.verify, page.page):
    command.add_command(_command)
