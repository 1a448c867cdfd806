"""`annotate release verify`: is this what was released?"""

from pathlib import Path

import click

from annotate.cli.release.common import working


@click.command("verify")
@click.argument("folder", type=click.Path())
@click.option("--sums", metavar="SHA256", help="The SHA-256 of SHA256SUMS, as the tag names it.")
@click.pass_context
def verify(ctx: click.Context, folder: str, sums: str | None) -> None:
    """Check a release that was downloaded, with text or without: every file, every table, every source, by its hash.

    It needs neither git nor the network. SHA256SUMS proves that nothing was damaged; that nobody changed the folder
    together with its sums, only --sums proves.

    Exit code 0: as it was released; 1: something is missing, added or changed, a line each; 2: could not run.

    \b
    annotate release verify dist/release/0.1.0
    """
    from annotate.release import verify as checks

    with working() as step:
        step(f"reading {folder}")
        wrong = list(checks.verify(Path(folder), sums))
    for line in wrong:
        click.echo(f"{folder}: {line}")
    if not wrong:
        click.echo(f"{folder}: is as it was released")
    ctx.exit(1 if wrong else 0)
