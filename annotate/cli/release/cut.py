"""`annotate release cut`: from a clean corpus to the folder of a release and its tag, in two steps."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_option, render, schema_option
from annotate.cli.release.common import working

if TYPE_CHECKING:
    from annotate.release.cut import Cut


@click.command("cut")
@click.argument("version")
@corpus_option
@schema_option
@click.option("--out", type=click.Path(file_okay=False), help="The folder to write.  [default: dist/release/VERSION]")
@click.option("--date", "day", type=click.DateTime(("%Y-%m-%d",)), help="The day of the release.  [default: today]")
@click.option("--without-text", is_flag=True, help="No word of the articles: no texts in the dataset, no sources.")
@click.pass_context
def cut(
    ctx: click.Context,
    version: str,
    corpus: str,
    schema: str,
    out: str | None,
    day: datetime | None,
    without_text: bool,
) -> None:
    """Release the corpus as VERSION. Run it, do what it says, commit, and run it again.

    First it writes version and day into CITATION.cff, drafts the entry of the data's changelog with the counts of what
    changed, and writes releases/VERSION.json with the hashes of everything; a person edits the entry and commits. Then
    it asks what `annotate release check` asks, builds the folder (dataset, source archive, manifest, provenance,
    SHA256SUMS) and makes the annotated tag. It commits and pushes nothing. Where the tag is there, it builds the
    folder again. If a run breaks off, run it again.

    Exit code 0: the folder and the tag are there; 1: findings, or files that wait for a person; 2: could not run.

    \b
    annotate release cut 0.1.0
    annotate release cut 0.1.0 --without-text --out dist/release/0.1.0-without-text
    """
    from annotate.comparison.semver import parsed
    from annotate.release.cut import Order
    from annotate.release.cut import cut as run
    from annotate.release.rules import RULES

    parsed(version)
    target = Path(out or f"dist/release/{version}")
    on = (day.date() if day else date.today()).isoformat()
    with working() as step:
        made = run(Order(version, Path(corpus), Path(schema), target, on, not without_text), step)
    if made.refused:
        click.echo(render(made.refused, "text", Path(corpus).parent, RULES, f"version {version} of {corpus}", False))
    elif made.prepared:
        click.echo(_next(version, made))
    else:
        click.echo(f"{version}: written to {target}, SHA256SUMS {made.sums}, tagged v{version}")
    ctx.exit(1 if made.refused or made.prepared else 0)


def _next(version: str, made: "Cut") -> str:
    lines = [*(f"prepared {file}" for file in made.prepared), "Not released yet. Next:"]
    if made.drafted:
        lines.append("  say in the changelog what changed and why, and delete the line of the draft")
    return "\n".join([*lines, "  look at the files and commit them", f"  annotate release cut {version}"])
