"""Where a server started here keeps its data: SQLite in its own folder, or a PostgreSQL database."""

import contextlib
import os
import socket
from urllib.parse import unquote, urlsplit

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio.state import State

FILE, SQLITE = "database.json", "label_studio.sqlite3"
PORT = 5432
SECONDS = 5


class Database(msgspec.Struct, frozen=True):
    """A PostgreSQL database. Without a password the library looks for one in `~/.pgpass`, as `psql` does."""

    host: str
    port: int
    name: str
    user: str
    password: str = ""

    def __repr__(self) -> str:
        return f"Database({self.place})"

    @property
    def place(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"


def parse(url: str) -> Database:
    """The database of a `postgresql://` address; the password may stand in PGPASSWORD, out of the shell's history.

    Raises CannotRun, without repeating the address, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
    except ValueError:
        parts, port = urlsplit(""), PORT
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or not name or "/" in name:
        raise CannotRun("--database", "is no address of a database", "write postgresql://USER@HOST:5432/NAME")
    user = unquote(parts.username or os.environ.get("PGUSER", "postgres"))
    password = unquote(parts.password) if parts.password else os.environ.get("PGPASSWORD", "")
    return Database(parts.hostname, port, name, user, password)


def settled(state: State, wanted: Database | None) -> Database | None:
    """The database of a folder's server, and that it can be reached; None for SQLite.

    A folder keeps to what it was first started with. Raises CannotRun where another is wanted, or it does not answer.
    """
    known = state.read(FILE, Database)
    if wanted is not None and known is None and (state.data / SQLITE).exists():
        raise CannotRun(state.folder, "keeps its data in SQLite already", "choose another folder with --dir")
    if wanted is not None and known is not None and wanted.place != known.place:
        raise CannotRun(state.folder, f"belongs to {known.place}", "choose another folder with --dir")
    database = wanted if wanted is not None and (wanted.password or known is None) else known
    if database is None:
        return None
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(socket.create_connection((database.host, database.port), timeout=SECONDS))
        except OSError as error:
            problem = f"cannot be reached ({error.strerror or type(error).__name__})".lower()
            raise CannotRun(database.place, problem, "is PostgreSQL running there?") from None
    if database != known:
        state.write(FILE, database)
    return database


def environment(database: Database | None) -> dict[str, str]:
    """What tells the server where its data are."""
    if database is None:
        return {"LABEL_STUDIO_DJANGO_DB": "sqlite"}
    return {
        "LABEL_STUDIO_DJANGO_DB": "default",
        "LABEL_STUDIO_POSTGRE_HOST": database.host,
        "LABEL_STUDIO_POSTGRE_PORT": str(database.port),
        "LABEL_STUDIO_POSTGRE_NAME": database.name,
        "LABEL_STUDIO_POSTGRE_USER": database.user,
        "LABEL_STUDIO_POSTGRE_PASSWORD": database.password,
    }
