"""`annotate check`: all findings on a corpus."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import FORMATS, corpus_argument, counted, counting, render, schema_option, workers_option

if TYPE_CHECKING:
    from annotate.findings import Finding


@click.command("check")
@corpus_argument
@schema_option
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print findings."
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check as errors do.")
@workers_option
@click.option("--fix", is_flag=True, help="Mend what is safe to hint: canonical form, white space at a span's ends.")
@click.pass_context
def command(
    ctx: click.Context, corpus: str, schema: str, format_: str, strict: bool, fix: bool, workers: int | None
) -> None:
    """Check every file of a corpus, then the corpus as a whole.

    All findings are printed.

    Exit code 0: no errors (with --strict, no warnings either); 1: findings; 2: could not run.

    \b
    annotate check
    annotate check my-corpus --schema my-schema --strict
    annotate check --format sarif > findings.sarif
    """
    from annotate import inventory
    from annotate.checks import ARTICLES_PER_WORKER, CATALOGUE, check, fixes
    from annotate.corpus import Corpus
    from annotate.util.parallel import count_cores, count_workers

    loaded = inventory.load_inventory(schema)
    folder = Corpus(corpus)
    ids = folder.article_ids()

    def found() -> list["Finding"]:
        with counting("checking", len(ids)) as told:
            return list(
                check(folder, loaded, workers or count_workers(len(ids), ARTICLES_PER_WORKER, count_cores()), told)
            )

    findings = found()
    if fix:
        written = fixes.apply_fixes(folder, findings)
        for file in written:
            click.echo(f"fixed {Path(corpus) / file}", err=True)
        findings = found() if written else findings
    articles = counted(len(ids), "article")
    annotations = counted(sum(len(folder.annotated_ids(version)) for version in folder.versions()), "annotation")
    click.echo(
        render(
            findings, format_, folder.root, CATALOGUE, f"{corpus} ({articles}, {annotations}, {len(CATALOGUE)} rules)"
        )
    )
    if any(strict or finding.severity == "error" for finding in findings):
        ctx.exit(1)
