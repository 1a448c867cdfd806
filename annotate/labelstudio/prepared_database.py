"""An empty SQLite database with all migrations of the installed Label Studio, for the first start of a server.

Creating it takes most of a first start. So the first server that starts on this machine leaves a copy in the folder of
all states of this user, from before the server's first user exists:

    DATA/studio/prepared/HASH.sqlite3   HASH is that of the versions of the packages that bring migrations

The copy is used only if it and its folder belong to this user alone, no link leads to it, and no table has a row that a
person, a login or a session could be in. Otherwise the server creates its database itself, and the copy anew. If a copy
lacks a migration, the server applies it as usual.
"""

import contextlib
import os
import sqlite3
import stat
from contextlib import closing
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from annotate.errors import CannotRun
from annotate.labelstudio.database import SQLITE_FILE
from annotate.labelstudio.location import create_root, require_own_folder
from annotate.labelstudio.state import PRIVATE_FILE, PRIVATE_FOLDER, State, open_no_link
from annotate.util.files import PART_SUFFIX, read_rest, remove_leftovers, remove_part

PREPARED_FOLDER = "prepared"
PATH_VARIABLE = "ANNOTATE_PREPARED_DATABASE"
"""Tells the server's process where to leave a copy; see `server_process`."""
_PACKAGES = ("label-studio", "django", "djangorestframework", "djangorestframework-simplejwt")
"""The packages whose migrations a database has."""
_FILLED_TABLES = {
    "auth_permission",
    "core_asyncmigrationstatus",
    "django_content_type",
    "django_migrations",
    "sqlite_sequence",
}
"""The tables that the migrations themselves fill."""


def install_prepared_database(state: State) -> Path | None:
    """Give a folder that has no database a copy of the prepared one.

    Args:
        state: The folder.

    Returns:
        Where the server that starts now may leave a copy; None if there is a good one, or no place for one.

    Raises:
        CannotRun: The copy cannot be written.
    """
    path = prepared_path()
    content = read_prepared_database(path) if path else None
    if content is None:
        return path
    if state.data.is_dir() and not (state.data / SQLITE_FILE).exists():
        for part in state.data.glob(f".{SQLITE_FILE}.*{PART_SUFFIX}"):  # of a command that was killed here
            remove_part(part)
        state.write_bytes(f"{state.data.name}/{SQLITE_FILE}", content)
    return None


def prepared_path() -> Path | None:
    """Return where the database for the installed packages belongs; None if its folder is not this user's own."""
    versions = list[str]()
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            return None
    name = sha256("\n".join(versions).encode()).hexdigest()[:32]
    try:
        folder = create_root() / PREPARED_FOLDER
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        require_own_folder(folder)
        return folder / f"{name}.sqlite3" if stat.S_IMODE(folder.stat().st_mode) == PRIVATE_FOLDER else None
    except (OSError, CannotRun):
        return None


def read_prepared_database(path: Path) -> bytes | None:
    """Return the content of a prepared database; None if there is none, or not one to trust."""
    try:
        handle = open_no_link(path)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        is_private = status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == PRIVATE_FILE
        if not is_private or not is_unused(path):
            return None
        return read_rest(handle, status.st_size)
    except OSError:
        return None
    finally:
        os.close(handle)


def save_prepared_database(database: Path, path: Path) -> bool:
    """Leave a copy of a database, unless it has rows besides those of the migrations; return whether it was saved.

    No other connection may be writing to the database.

    Raises:
        CannotRun: The copy cannot be written.
        OSError: The database cannot be read.
    """
    if not is_unused(database):
        return False
    handle = open_no_link(database)
    try:
        content = read_rest(handle, os.fstat(handle).st_size)
    finally:
        os.close(handle)
    remove_leftovers(path.parent)
    State(path.parent).write_bytes(path.name, content)
    return True


def is_unused(database: Path) -> bool:
    """Return whether an SQLite database has the tables of Label Studio, and no rows but those of its migrations."""
    with contextlib.suppress(sqlite3.Error):
        address = f"{database.as_uri()}?mode=ro&immutable=1"  # no journal beside it is applied
        with closing(sqlite3.connect(address, uri=True)) as connection:
            kinds = {kind for (kind,) in connection.execute("SELECT DISTINCT type FROM sqlite_master")}
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return (
                kinds <= {"table", "index"}
                and "django_migrations" in tables
                and not any(_has_rows(connection, name) for name in tables if name not in _FILLED_TABLES)
            )
    return False


def _has_rows(connection: sqlite3.Connection, table: str) -> bool:
    quoted = table.replace('"', '""')
    return connection.execute(f'SELECT 1 FROM "{quoted}" LIMIT 1').fetchone() is not None  # noqa: S608 - it is quoted
