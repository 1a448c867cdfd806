"""`annotate apply`: one version of a corpus and a difference → the other version."""

from pathlib import Path
from typing import IO

import click

from annotate.errors import CannotRun


@click.command("apply")
@click.argument("old")
@click.argument("difference", default="-", type=click.File("rb"))
@click.option(
    "--out", type=click.Path(path_type=Path), help="The folder to make: corpus/ and schema/ as they are in NEW."
)
@click.option("--write", is_flag=True, help="Change OLD itself, a folder, in place of making a new one.")
@click.option("--corpus", default="corpus", show_default=True, help="Where a revision has the corpus folder.")
@click.option("--schema", default="schema", show_default=True, help="Where a revision has labels.yaml.")
@click.pass_context
def command(
    ctx: click.Context, old: str, difference: IO[bytes], out: Path | None, write: bool, corpus: str, schema: str
) -> None:
    """Turn OLD into NEW with a DIFFERENCE that `annotate diff OLD NEW --format json` wrote; it is read from standard
    input where no file is named.

    OLD is what `annotate diff` takes. Every file is held to the hashes of both versions: NEW comes out byte for byte,
    or nothing is written. With --write, a run that broke off can be run again.

    Exit code 0: done; 1: refused, as the difference is not one of OLD; 2: could not run.

    \b
    annotate diff v0.1.0 corpus --format json | annotate apply v0.1.0 --out newer
    annotate apply corpus changes.json --write
    """
    from annotate.comparison import patch
    from annotate.comparison.patch import decoded
    from annotate.comparison.sources import FolderTree, side

    if (out is None) != write:
        raise click.UsageError("give one of --out DIR and --write")
    found = decoded(difference.read(), getattr(difference, "name", "") or "standard input")
    with side(old, corpus, schema) as before:
        try:
            if out is not None:
                number = patch.into(found, before, out)
            elif isinstance(before, FolderTree) and before.lasting:
                number = patch.in_place(found, before)
            else:
                raise CannotRun(old, "is no folder", "take --out, or name a folder")
        except patch.Refused as refused:
            for line in refused.why:
                click.echo(line, err=True)
            ctx.exit(1)
    click.echo(f"{number} files written to {out}" if out is not None else f"{number} files changed in {old}")
