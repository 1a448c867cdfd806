"""`annotate release check`: whether a version may be released."""

from pathlib import Path

import click

from annotate.cli.findings_output import FORMATS, show_findings
from annotate.cli.options import all_option, corpus_option, schema_option
from annotate.cli.terminal import show_steps


@click.command("check")
@click.argument("version")
@corpus_option
@schema_option
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print findings."
)
@all_option
@click.pass_context
def check(ctx: click.Context, version: str, corpus: str, schema: str, format_: str, show_all: bool) -> None:
    """Check whether the corpus may be released as VERSION.

    Prints every reason against the release as a finding of the rules V101 and following. The rules check the corpus
    (as with --strict), the version, the changelog of the data, git, earlier releases, rights and agreement. They build
    the dataset twice and load it. Nothing is written.

    What corpus/waivers.yaml waives is counted, with the reason. What it makes a warning does not refuse the release.

    Exit code 0: it may be released; 1: errors; 2: could not run.

    \b
    annotate release check 0.1.0
    annotate release check 0.2.0 --format github
    annotate rules V102
    """
    from annotate.comparison.semver import parse_version
    from annotate.release.candidate import open_candidate
    from annotate.release.rules import RULES, check_candidate

    parse_version(version)
    with show_steps() as progress, open_candidate(version, corpus, schema, progress) as candidate:
        findings = list(check_candidate(candidate))
    subject = f"version {version} of {corpus} ({len(RULES)} rules)"
    show_findings(findings, format_, Path(corpus).parent, RULES, subject, False, candidate.waived, show_all)
    ctx.exit(1 if any(finding.is_error for finding in findings) else 0)
