"""`annotate studio up` and `down`: a server on this machine."""

from pathlib import Path

import click

from annotate.cli.studio.common import dir_option
from annotate.cli.terminal import echo, show_status


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), help="Port.  [default: the one used last, or a free one]")
@click.option(
    "--database",
    metavar="URL",
    help="Keep the data in PostgreSQL: postgresql://USER@HOST/NAME, with the password in PGPASSWORD or ~/.pgpass.  "
    "[default: SQLite, or what the folder has]",
)
@click.option(
    "--public",
    metavar="URL",
    help="Address that others use, through a proxy before the server.  [default: what the folder has]",
)
@dir_option
def up(port: int | None, database: str | None, public: str | None, folder: str) -> None:
    """Start a server on this machine, for this machine only.

    The first start takes about half a minute. Login and password are random; they are in credentials.json in the
    folder. Sign-up is disabled, and the server sends nothing out.

    \b
    annotate studio up
    annotate studio up --port 8080
    PGPASSWORD=… annotate studio up --database postgresql://label@db.example.org/studio
    annotate studio up --port 8080 --public https://label.example.org
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.database import parse_database_url
    from annotate.labelstudio.state import State

    with show_status("starting Label Studio"):
        parsed = parse_database_url(database) if database else None
        running = server.start(State(folder), port, database=parsed, public_url=public)
    echo(f"{'started' if running.is_new else 'already running'}: {running.url}")
    echo(f"login and password: {Path(folder) / server.CREDENTIALS_FILE}")


@click.command("down")
@dir_option
def down(folder: str) -> None:
    """Stop the server that `up` started; its data remain.

    \b
    annotate studio down
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.state import State

    echo("stopped" if server.stop(State(folder)) else "no server was running")
