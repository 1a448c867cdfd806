"""`annotate studio up`, `down` and `reset-credentials`: a server on this machine."""

from pathlib import Path

import click

from annotate.cli.options import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import dir_option
from annotate.cli.terminal import echo, show_wait


@click.command("up")
@corpus_option
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
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(1),
    help="Stop the server if it does not answer by then.  [default: 180]",
)
@schema_option
@guidelines_option
@click.option("--no-watch", is_flag=True, help="Do not start `annotate studio watch` in the background.")
@dir_option
def up(
    corpus: str,
    port: int | None,
    database: str | None,
    public: str | None,
    timeout: int | None,
    schema: str,
    guidelines: str,
    no_watch: bool,
    folder: str | None,
) -> None:
    """Start a server on this machine, for this machine only.

    The first start on this machine creates a database, which takes about half a minute; servers of other corpora begin
    with a copy of it. Until the server answers, a line every five seconds says what it is doing. Login and password are
    random; they are in credentials.json in the server's folder, which is in your data directory, one for each corpus.
    Sign-up is disabled, and the server sends nothing out.

    `annotate studio watch` is started in the background as well, if there is a corpus with an inventory.

    \b
    annotate studio up
    annotate studio up --port 8080
    PGPASSWORD=… annotate studio up --database postgresql://label@db.example.org/studio
    annotate studio up --port 8080 --public https://label.example.org
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.database import parse_database_url
    from annotate.labelstudio.location import open_state

    parsed = parse_database_url(database) if database else None
    state = open_state(corpus, folder)
    with show_wait("starting the server") as report:
        running = server.start(state, port, report, database=parsed, public_url=public, timeout=timeout)
    echo(f"{'started' if running.is_new else 'already running'}: {running.url}")
    echo(f"login and password: {state.folder / server.CREDENTIALS_FILE}")
    if not no_watch and Path(corpus).is_dir() and Path(schema, "labels.yaml").is_file():
        from annotate.service.background import WATCH_LOG, start_watch
        from annotate.service.pages import PAGES_FOLDER

        is_new = start_watch(state, corpus, schema, guidelines)
        pages = state.folder / PAGES_FOLDER
        echo(f"{'watching' if is_new else 'already watching'} labels: pages in {pages}, log {state.folder / WATCH_LOG}")


@click.command("down")
@corpus_option
@dir_option
def down(corpus: str, folder: str | None) -> None:
    """Stop the server that `up` started; its data remain.

    The watch and the suggestions in the background are stopped, too.

    \b
    annotate studio down
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.location import open_state
    from annotate.service.background import SUGGEST, stop_service, stop_watch

    state = open_state(corpus, folder, create=False)
    stop_service(state, SUGGEST)
    stop_watch(state)
    echo("stopped" if server.stop(state) else "no server was running")


@click.command("reset-credentials")
@corpus_option
@dir_option
@click.argument("annotators", metavar="[ID…]", nargs=-1)
@click.pass_context
def reset_credentials(ctx: click.Context, corpus: str, folder: str | None, annotators: tuple[str, ...]) -> None:
    """Renew the login, the token and the secret key of the server on this machine.

    All other tokens, all sessions and the invitation become invalid. Annotators whose logins are in people-logins.json
    get new passwords. An annotator named as ID gets one, too, and can log in again after `annotate studio adopt`. A
    running server is restarted on the same port.

    Exit code 0: renewed; 1: refused, or an annotator has no user any more; 2: could not run.

    \b
    annotate studio reset-credentials
    annotate studio reset-credentials anna ben
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.annotators import LOGINS_FILE
    from annotate.labelstudio.credentials import reset_credentials as renew
    from annotate.labelstudio.location import open_state

    state = open_state(corpus, folder)
    with show_wait("renewing") as report:
        result = renew(state, annotators, report)
    echo(f"login and password: {state.folder / server.CREDENTIALS_FILE}")
    if result.annotators:
        echo(f"logins and passwords of {', '.join(result.annotators)}: {state.folder / LOGINS_FILE}")
    if result.owner:
        echo(f"{result.owner} uses the server's own login")
    if result.restarted:
        echo(f"restarted: {result.restarted.url}")
    for annotator in result.missing:
        echo(f"{annotator}: the server does not have their user any more", err=True)
    if result.missing:
        ctx.exit(1)
