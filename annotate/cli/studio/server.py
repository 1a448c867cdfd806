"""`annotate studio up` and `down`: a server on this machine."""

from pathlib import Path

import click

from annotate.cli.studio.common import dir_option, working


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the port used last, or a free one.")
@click.option(
    "--database",
    metavar="URL",
    help="Keep the data in PostgreSQL: postgresql://USER@HOST/NAME, with the password in PGPASSWORD or ~/.pgpass.  "
    "[default: SQLite, or what this folder had before]",
)
@click.option(
    "--public",
    metavar="URL",
    help="The address that others have for it, through a proxy in front of it.  [default: what this folder had before]",
)
@dir_option
def up(port: int | None, database: str | None, public: str | None, folder: str) -> None:
    """Start a server on this machine, for this machine only.

    The first start takes about half a minute. Login and password are random and stand in credentials.json in the
    folder. Nobody can sign up, and the server sends nothing out.

    \b
    annotate studio up
    annotate studio up --port 8080
    PGPASSWORD=… annotate studio up --database postgresql://label@db.example.org/studio
    annotate studio up --port 8080 --public https://label.example.org
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.server import parse
    from annotate.labelstudio.state import State

    state = State(folder)
    with working("starting Label Studio"):
        found = server.up(state, port, database=parse(database) if database else None, public=public)
    click.echo(f"{'started' if found.new else 'runs already'}: {found.url}")
    click.echo(f"login and password: {Path(folder) / 'credentials.json'}")


@click.command("down")
@dir_option
def down(folder: str) -> None:
    """Stop the server that `up` started; its data stays.

    \b
    annotate studio down
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.state import State

    click.echo("stopped" if server.down(State(folder)) else "no server was running")
