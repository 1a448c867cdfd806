"""`annotate generate`: write the files that are generated from the inventory."""

from pathlib import Path

import click
from click.core import ParameterSource

from annotate.cli.findings_output import show_command
from annotate.cli.options import (
    FILE_TO_WRITE,
    check_report,
    guidelines_option,
    schema_option,
    text_or_github_option,
)
from annotate.cli.terminal import echo
from annotate.errors import CannotRun


@click.command("generate")
@schema_option
@guidelines_option
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file is stale.")
@click.option(
    "--fix", is_flag=True, help="Delete the pages of labels that labels.yaml no longer has; write those that it lacks."
)
@click.option(
    "--printable",
    metavar="FILE",
    type=FILE_TO_WRITE,
    callback=check_report,
    help="Write the guidelines as one HTML page, and nothing else.",
)
@text_or_github_option
@click.pass_context
def command(
    ctx: click.Context, schema: str, guidelines: str, check: bool, fix: bool, printable: str | None, format_: str
) -> None:
    """Write the JSON Schemas and the guidelines' tables from labels.yaml.

    Run it after every change of the inventory. `--check` reports stale files. If a page is changed while the command
    runs, nothing is written.

    `annotate migrate` renames a label, with its annotations, pages and maps. After labels were removed, or replaced in
    a corpus without annotations, `--fix` deletes each page that is only about labels that are gone, removes their
    tables from other pages, and writes a page to fill in for each label without one. Without it, a table of a label
    that is gone stops the command.

    `--printable` writes the guidelines as one HTML page with contents, to print from a browser or to attach to a paper.
    It needs no other file.

    Exit code 0: written, or every file is fresh; 1: a file is stale (with --check) or was changed meanwhile; 2: could
    not run.

    \b
    annotate generate
    annotate generate --check
    annotate generate --fix
    annotate generate --printable dist/guidelines.html
    """
    from annotate.corpus import find_project_folders
    from annotate.generate import find_stale_files
    from annotate.util.files import remove_leftovers, remove_together, require_unchanged, write_together
    from annotate.util.lock import writing_to

    if check and fix:
        raise CannotRun("--fix", "--check is given, too", "choose one of them")
    pages = Path(guidelines) if Path(guidelines).is_dir() else None
    if pages is None and ctx.get_parameter_source("guidelines") is not ParameterSource.DEFAULT:
        raise CannotRun(guidelines, "no such folder", "name the folder that has the pages of the guidelines")
    if printable:
        _write_printable(schema, pages, guidelines, printable, is_only=not check and not fix)
        return
    with writing_to(*([] if check else find_project_folders(Path(schema)))):
        if pages and not check:
            remove_leftovers(pages)
        stale = find_stale_files(Path(schema), pages, fix=fix)
        if not check:
            require_unchanged(stale.orphans)
            write_together(stale.files)
            remove_together(stale.orphans)
    for page in stale.missing:
        way_out = "write it, or run `annotate generate --fix`, which writes a page to fill in"
        echo(f"{page.path}: is missing, the page of {', '.join(page.names)}; {way_out}", err=True)
    for file in stale.files:
        if check and format_ == "github":
            show_command("error", str(file.path), "is stale; run `annotate generate`", title="stale")
        else:
            echo(f"{file.path}: {'is stale; run `annotate generate`' if check else 'written'}")
    for file in stale.orphans:
        echo(f"{file.path}: deleted")
    if not stale.files and not stale.orphans:
        echo(f"{stale.total} generated files are fresh.")
    if check and stale.files:
        ctx.exit(1)


def _write_printable(schema: str, pages: Path | None, guidelines: str, out: str, is_only: bool) -> None:
    """Write the guidelines as one page; `pages` is None without a folder, `is_only` False with --check or --fix."""
    from annotate.inventory import load_inventory
    from annotate.release.guidelines_page import render_guidelines
    from annotate.util.files import write_report

    if not is_only:
        raise CannotRun("--printable", "--check or --fix is given, too", "choose one of them")
    if pages is None:
        raise CannotRun(guidelines, "no such folder", "name the folder that has the pages of the guidelines")
    write_report(out, render_guidelines(pages, load_inventory(schema)).encode())
    echo(f"written to {out}")
