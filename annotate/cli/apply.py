"""`annotate apply`: make one version of a corpus from another and a difference."""

from pathlib import Path
from typing import IO

import click

from annotate.cli.options import archive_options, name_schema
from annotate.cli.terminal import echo
from annotate.errors import CannotRun


@click.command("apply")
@click.argument("old")
@click.argument("difference", default="-", type=click.File("rb"))
@click.option(
    "--out",
    type=click.Path(path_type=Path, readable=False),
    help="Folder to write: corpus/ and schema/ as they are in NEW.",
)
@click.option("--write", is_flag=True, help="Change the folder OLD itself instead.")
@click.option("--corpus", default="corpus", show_default=True, help="Path of the corpus folder in a revision.")
@click.option(
    "--schema",
    default="schema",
    show_default=True,
    callback=name_schema,
    help="Path of the schema folder in a revision.",
)
@archive_options
@click.pass_context
def command(
    ctx: click.Context,
    old: str,
    difference: IO[bytes],
    out: Path | None,
    write: bool,
    corpus: str,
    schema: str,
    max_unpacked: int,
    max_members: int,
    max_ratio: int,
) -> None:
    """Turn OLD into NEW with a DIFFERENCE written by `annotate diff OLD NEW --format json`.

    OLD is anything that `annotate diff` accepts. Without DIFFERENCE, the difference is read from standard input. Every
    file is checked against the hashes of both versions, and all files together against the digests of both versions,
    before the first write: NEW is reproduced byte for byte, or nothing is written. An interrupted run with --write can
    be repeated. A difference that an earlier version of the toolkit wrote (format 1) must be made again.

    Exit code 0: done; 1: refused, because the difference does not fit OLD; 2: could not run, or the difference is
    damaged.

    \b
    annotate diff v0.1.0 corpus --format json | annotate apply v0.1.0 --out newer
    annotate apply corpus changes.json --write
    """
    from annotate.comparison.archives import ArchiveBounds
    from annotate.comparison.patch import PatchRejected, decode_patch, patch_in_place, write_patched
    from annotate.comparison.sources import open_version
    from annotate.comparison.trees import FolderTree

    if (out is None) != write:
        raise click.UsageError("give one of --out DIR and --write")
    patch = decode_patch(difference.read(), getattr(difference, "name", "") or "standard input")
    with open_version(old, corpus, schema, ArchiveBounds(max_unpacked, max_members, max_ratio)) as before:
        try:
            if out is not None:
                number = write_patched(patch, before, out)
            elif isinstance(before, FolderTree) and not before.is_temporary:
                number = patch_in_place(patch, before)
            else:
                raise CannotRun(old, "is not a folder", "use --out, or name a folder")
        except PatchRejected as rejected:
            for reason in rejected.reasons:
                echo(reason, err=True)
            ctx.exit(1)
    echo(f"{number} files written to {out}" if out is not None else f"{number} files changed in {old}")
