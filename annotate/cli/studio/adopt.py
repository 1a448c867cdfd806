"""`annotate studio adopt`: continue with the labels of a server folder that came from elsewhere."""

import sys
from typing import TYPE_CHECKING

import click

from annotate.cli.options import all_option, corpus_option
from annotate.cli.studio.common import dir_option
from annotate.cli.terminal import count_noun, echo, echo_cut_lines, show_status

if TYPE_CHECKING:
    from annotate.labelstudio.adopt import AdoptResult


@click.command("adopt")
@click.argument("source", metavar="FOLDER", type=click.Path(readable=False))
@corpus_option
@dir_option
@click.option(
    "--database",
    metavar="URL",
    help="PostgreSQL database of the server, if it has one; the address in FOLDER is never used.",
)
@all_option
def adopt(source: str, corpus: str, folder: str | None, database: str | None, show_all: bool) -> None:
    """Copy the labels of a server from FOLDER into your data directory, and none of its logins.

    FOLDER may be the `.studio` of an earlier version, the data of a corpus that was moved, or a backup. It stays as it
    is. All logins and tokens in it are disabled, the secret key is renewed, and webhooks, storages and machine-learning
    backends are removed. Labels, tasks and users as their authors remain. What was removed or left out is listed.

    To let annotators log in again, name them in `annotate studio reset-credentials`.

    Exit code 0: adopted; 1: refused; 2: could not run.

    \b
    annotate studio adopt .studio
    annotate studio adopt /backup/studio --dir /srv/studio --database postgresql://label@localhost/studio
    """
    from annotate.labelstudio.adopt import adopt as adopt_folder
    from annotate.labelstudio.adopt import uses_postgresql
    from annotate.labelstudio.database import parse_database_url

    if database is None and uses_postgresql(source) and sys.stdin.isatty():
        question = "Its server used PostgreSQL. Address (postgresql://USER@HOST/NAME, the password in PGPASSWORD)"
        database = click.prompt(question, err=True)
    parsed = parse_database_url(database) if database else None
    with show_status("adopting"):
        result = adopt_folder(source, corpus, folder, parsed)
    _show_result(result, show_all)


def _show_result(result: "AdoptResult", show_all: bool) -> None:
    from annotate.labelstudio.server import CREDENTIALS_FILE

    lines = [f"removed: {line}" for line in result.removed]
    if result.disabled:
        lines.append(f"disabled: the logins of users {', '.join(map(str, result.disabled))}")
    if result.tokens:
        lines.append(f"deleted: {count_noun(result.tokens, 'token')}")
    for line in lines:
        echo(line)
    left_out = (f"left out: {entry.path} ({entry.reason})" for entry in result.left_out)
    echo_cut_lines(left_out, "file", show_all)
    database = ", the database" if result.has_database else ""
    counts = f"{count_noun(result.records, 'record')}, {count_noun(result.media, 'uploaded file')}{database}"
    echo(f"copied from {result.source}: {counts}")
    echo(f"data: {result.state.folder}")
    if result.has_database:
        echo(f"login and password: {result.state.folder / CREDENTIALS_FILE}")
    if result.annotators:
        command = f"annotate studio reset-credentials {' '.join(result.annotators)}"
        echo(f"to let annotators log in again: {command}")
