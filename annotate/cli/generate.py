"""`annotate generate`: write the files that are generated from the inventory."""

from pathlib import Path

import click
from click.core import ParameterSource

from annotate.cli.options import guidelines_option, schema_option
from annotate.cli.terminal import echo
from annotate.errors import CannotRun


@click.command("generate")
@schema_option
@guidelines_option
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file is stale.")
@click.pass_context
def command(ctx: click.Context, schema: str, guidelines: str, check: bool) -> None:
    """Write the JSON Schemas and the guidelines' tables from labels.yaml.

    Run it after every change of the inventory. `--check` reports stale files. If a page is changed while the command
    runs, nothing is written.

    Exit code 0: written, or every file is fresh; 1: a file is stale (with --check) or was changed meanwhile; 2: could
    not run.

    \b
    annotate generate
    annotate generate --check
    """
    from annotate.corpus import find_project_folders
    from annotate.generate import find_stale_files
    from annotate.util.files import remove_leftovers, write_together
    from annotate.util.lock import writing_to

    pages = Path(guidelines) if Path(guidelines).is_dir() else None
    if pages is None and ctx.get_parameter_source("guidelines") is not ParameterSource.DEFAULT:
        raise CannotRun(guidelines, "no such folder", "name the folder that has the pages of the guidelines")
    with writing_to(*([] if check else find_project_folders(Path(schema)))):
        if pages and not check:
            remove_leftovers(pages)
        stale, total = find_stale_files(Path(schema), pages)
        if not check:
            write_together(stale)
    for file in stale:
        echo(f"{file.path}: {'is stale; run `annotate generate`' if check else 'written'}")
    if not stale:
        echo(f"{total} generated files are fresh.")
    if check and stale:
        ctx.exit(1)
