"""Where a server started here keeps its data: SQLite in its own folder, or a PostgreSQL database."""

import os
import socket
from urllib.parse import unquote, urlsplit

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio.state import State

DATABASE_FILE, SQLITE_FILE = "database.json", "label_studio.sqlite3"
DEFAULT_PORT = 5432
TIMEOUT = 5
"""Seconds to wait for a connection."""


class Database(msgspec.Struct, frozen=True):
    """A PostgreSQL database. Without a password, the server looks for one in `~/.pgpass`, as `psql` does."""

    host: str
    port: int
    name: str
    user: str
    password: str = ""

    def __repr__(self) -> str:
        return f"Database({self.url})"

    @property
    def url(self) -> str:
        """The address of the database without the password."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"


def parse_database_url(url: str) -> Database:
    """Return the database of a `postgresql://` address.

    The password may be in PGPASSWORD instead, which keeps it out of the shell's history.

    Raises:
        CannotRun: The address is malformed. The message does not repeat it, since it may contain a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        parts, port = urlsplit(""), DEFAULT_PORT
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or not name or "/" in name:
        raise CannotRun("--database", "not the address of a database", "write postgresql://USER@HOST:5432/NAME")
    user = unquote(parts.username or os.environ.get("PGUSER", "postgres"))
    password = unquote(parts.password) if parts.password else os.environ.get("PGPASSWORD", "")
    return Database(parts.hostname, port, name, user, password)


def resolve_database(state: State, requested: Database | None) -> Database | None:
    """Return the database of a folder's server, after a test connection, and remember it; None for SQLite.

    A folder keeps the database that it was first started with.

    Args:
        state: The folder.
        requested: The database that the user asked for; None for the one that the folder has.

    Raises:
        CannotRun: The folder has another database, or the database cannot be reached.
    """
    saved = state.read(DATABASE_FILE, Database)
    if requested is not None and saved is None and (state.data / SQLITE_FILE).exists():
        raise CannotRun(state.folder, "keeps its data in SQLite already", "choose another folder with --dir")
    if requested is not None and saved is not None and requested.url != saved.url:
        raise CannotRun(state.folder, f"belongs to {saved.url}", "choose another folder with --dir")
    database = requested if requested is not None and (requested.password or saved is None) else saved
    if database is None:
        return None
    try:
        socket.create_connection((database.host, database.port), timeout=TIMEOUT).close()
    except OSError as error:
        problem = f"cannot be reached ({error.strerror or type(error).__name__})".lower()
        raise CannotRun(database.url, problem, "check that PostgreSQL runs there") from None
    if database != saved:
        state.write(DATABASE_FILE, database)
    return database


def database_environment(database: Database | None) -> dict[str, str]:
    """Return the environment variables that tell the server where to keep its data; None stands for SQLite."""
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
