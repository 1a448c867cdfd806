"""`annotate release verify`: whether a folder is what was released."""

from pathlib import Path

import click

from annotate.cli.options import all_option, archive_options
from annotate.cli.terminal import count_noun, echo, echo_summarized, show_steps


@click.command("verify")
@click.argument("folder", type=click.Path())
@click.option("--sums", metavar="SHA256", help="The SHA-256 of SHA256SUMS, as the tag names it.")
@archive_options
@all_option
@click.pass_context
def verify(
    ctx: click.Context,
    folder: str,
    sums: str | None,
    max_unpacked: int,
    max_members: int,
    max_ratio: int,
    show_all: bool,
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

    with show_steps() as progress:
        progress(f"reading {folder}", None)
        problems = list(verify_release(Path(folder), sums, ArchiveBounds(max_unpacked, max_members, max_ratio)))
    lines = [f"{folder}: {problem}" for problem in problems]
    echo_summarized(f"{folder}: {count_noun(len(lines), 'problem')}", lines, "problem", show_all)
    if not problems:
        echo(f"{folder}: is as it was released")
    ctx.exit(1 if problems else 0)
