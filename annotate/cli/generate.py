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

    Run it after every change of the inventory. `--check` reports stale files.

    Exit code 0: written, or every file is fresh; 1: with --check, a file is stale; 2: could not run.

    \b
    annotate generate
    annotate generate --check
    """
    from annotate import inventory
    from annotate.generate import generate_files
    from annotate.util.files import FileToWrite, read_bytes_if_present, write_files

    pages = Path(guidelines) if Path(guidelines).is_dir() else None
    if pages is None and ctx.get_parameter_source("guidelines") is not ParameterSource.DEFAULT:
        raise CannotRun(guidelines, "no such folder", "name the folder that has the pages of the guidelines")
    files = generate_files(inventory.load_inventory(schema), Path(schema), pages)
    folders = [folder for folder in (Path(schema), pages) if folder]
    stale = [
        FileToWrite(path, text.encode(), within=folder)
        for path, text in files.items()
        for folder in folders
        if path.is_relative_to(folder) and read_bytes_if_present(path, "remove it", within=folder) != text.encode()
    ]
    if not check:
        write_files(stale)
    for path in (file.path for file in stale):
        echo(f"{path}: {'is stale; run `annotate generate`' if check else 'written'}")
    if not stale:
        echo(f"{len(files)} generated files are fresh.")
    if check and stale:
        ctx.exit(1)
