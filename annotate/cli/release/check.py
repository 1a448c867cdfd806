"""`annotate release check`: may this version go out?"""

import click

from annotate.cli.output import FORMATS, corpus_option, render, schema_option
from annotate.cli.release.common import working


@click.command("check")
@click.argument("version")
@corpus_option
@schema_option
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print findings."
)
@click.pass_context
def check(ctx: click.Context, version: str, corpus: str, schema: str, format_: str) -> None:
    """Check whether the corpus may be released as VERSION: every reason against it, as findings V101 and on.

    Asked are the checks of the corpus (--strict), the version and where it stands, the changelog of the data, git,
    earlier releases, rights, agreement, and the dataset, which is built twice and loaded. Nothing is written.

    Exit code 0: it may; 1: findings; 2: could not run.

    \b
    annotate release check 0.1.0
    annotate release check 0.2.0 --format github
    annotate rules V102
    """
    from pathlib import Path

    from annotate.comparison.semver import parsed
    from annotate.release import rules as checks
    from annotate.release.candidate import candidate
    from annotate.release.rules import RULES

    parsed(version)
    with working() as step, candidate(version, corpus, schema, step) as one:
        findings = list(checks.check(one))
    place = Path(corpus).parent
    click.echo(render(findings, format_, place, RULES, f"version {version} of {corpus} ({len(RULES)} rules)", False))
    ctx.exit(1 if findings else 0)
