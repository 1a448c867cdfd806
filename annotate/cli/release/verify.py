"""`annotate release verify`: whether a folder is what was released."""

from pathlib import Path

import click

from annotate.cli.options import archive_options
from annotate.cli.release.common import show_progress
from annotate.cli.terminal import echo


@click.command("verify")
@click.argument("folder", type=click.Path())
@click.option("--sums", metavar="SHA256", help="The SHA-256 of SHA256SUMS, as the tag names it.")
@archive_options
@click.pass_context
def verify(
    ctx: click.Context, folder: str, sums: str | None, max_unpacked: int, max_members: int, max_ratio: int
) -> None:
    """Check every file, table and source of a downloaded release, with or without text, by its hash.

    It needs neither git nor the network. SHA256SUMS shows whether a file is damaged. Only --sums shows whether the
    folder was changed together with its SHA256SUMS. The source archive is read in pieces and not unpacked; one that
    exceeds a --max bound is not read to its end.

    Exit code 0: as it was released; 1: something is missing, added or changed, one line each; 2: could not run.

    \b
    annotate release verify dist/release/0.1.0
    """
    from annotate.comparison.archives import ArchiveBounds
    from annotate.release.verify import verify as verify_release

    with show_progress() as progress:
        progress(f"reading {folder}")
        problems = list(verify_release(Path(folder), sums, ArchiveBounds(max_unpacked, max_members, max_ratio)))
    for problem in problems:
        echo(f"{folder}: {problem}")
    if not problems:
        echo(f"{folder}: is as it was released")
    ctx.exit(1 if problems else 0)
