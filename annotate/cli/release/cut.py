"""`annotate release cut`: from a corpus to the folder of a release and its tag, in two steps."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.findings_output import show_findings
from annotate.cli.options import FOLDER_TO_WRITE, all_option, corpus_option, schema_option, text_or_github_option
from annotate.cli.terminal import echo, echo_lines, show_steps

if TYPE_CHECKING:
    from annotate.release.cut import CutResult


@click.command("cut")
@click.argument("version")
@corpus_option
@schema_option
@click.option("--out", type=FOLDER_TO_WRITE, help="The folder to write.  [default: dist/release/VERSION]")
@click.option("--date", "day", type=click.DateTime(("%Y-%m-%d",)), help="The day of the release.  [default: today]")
@click.option("--without-text", is_flag=True, help="Leave out the texts of the articles and the source archive.")
@click.option("--sign", is_flag=True, help="Sign the tag, as `git tag --sign` does.")
@text_or_github_option
@all_option
@click.pass_context
def cut(
    ctx: click.Context,
    version: str,
    corpus: str,
    schema: str,
    out: str | None,
    day: datetime | None,
    without_text: bool,
    sign: bool,
    format_: str,
    show_all: bool,
) -> None:
    """Release the corpus as VERSION. Run it, do what it says, commit, and run it again.

    The first run prepares three files: it sets version and day in CITATION.cff, drafts the entry of the data's
    changelog with the counts of what changed, and writes releases/VERSION.json with all hashes. A person completes the
    entry and commits the files.

    The second run checks the rules of `annotate release check`, builds the folder (dataset, source archive, page,
    manifest, provenance, SHA256SUMS) and makes the annotated tag. The source archive holds regular files as git has
    them at the last commit. The command does not commit or push. If the tag exists, it builds the folder again. Run an
    interrupted command again. The tag is not signed without --sign, whatever the repository's configuration says.

    Exit code 0: the folder and the tag exist; 1: findings, or files that wait for a person; 2: could not run.

    \b
    annotate release cut 0.1.0
    annotate release cut 0.1.0 --without-text --out dist/release/0.1.0-without-text
    """
    from annotate import dates
    from annotate.comparison.semver import parse_version
    from annotate.release.cut import CutOptions, cut_release
    from annotate.release.rules import RULES

    parse_version(version)
    folder = Path(out or f"dist/release/{version}")
    release_day = (day.date() if day else dates.today()).isoformat()
    options = CutOptions(version, Path(corpus), Path(schema), folder, release_day, not without_text, sign)
    with show_steps() as progress:
        result = cut_release(options, progress)
    if result.refused or result.warnings or result.waived:
        shown, subject = (*result.refused, *result.warnings), f"version {version} of {corpus}"
        show_findings(shown, format_, Path(corpus).parent, RULES, subject, False, result.waived, show_all)
    if result.refused:
        ctx.exit(1)
    elif result.prepared:
        echo_lines(_next_steps(version, result))
    else:
        echo(f"{version}: written to {folder}, SHA256SUMS {result.sums_sha256}, tagged v{version}")
    ctx.exit(1 if result.prepared else 0)


def _next_steps(version: str, result: "CutResult") -> list[str]:
    lines = [*(f"prepared {file}" for file in result.prepared), "Not released yet. Next:"]
    if result.drafted:
        lines.append("  say in the changelog what changed and why, and delete the line of the draft")
    return [*lines, "  review the files and commit them", f"  annotate release cut {version}"]
