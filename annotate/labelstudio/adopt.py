"""Adopt a state folder that came from elsewhere: copy its labels, and none of its logins, settings or connections.

The folder may be that of an earlier version in the clone, that of a corpus that was moved, a backup, or a stranger's.
Its owner and mode prove nothing, since unpacking an archive gives one's own. Therefore nothing in it is run, followed
or written:

- Records are decoded with the types of this package, and written again. Everything else is left out.
- The database is copied. Triggers, views and virtual tables are removed from the copy before anything is written to it.
- Webhooks, storages and backends are removed, all logins and tokens are disabled, and the secret key is new, before a
  server ever starts with the copy (`accounts`).
- The address of a PostgreSQL database is never taken from the folder.
"""

import contextlib
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from errno import ELOOP, ENXIO
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun, Refused, describe_os_error
from annotate.labelstudio import server
from annotate.labelstudio.annotators import LOGINS_FILE
from annotate.labelstudio.client import is_server_name
from annotate.labelstudio.config_drift import CONFIGS_FILE
from annotate.labelstudio.config_versions import CONFIG_VERSIONS_FILE, EarlierVersion
from annotate.labelstudio.credentials import has_database, renew_accounts
from annotate.labelstudio.database import DATABASE_FILE, SQLITE_FILE, Database, resolve_database
from annotate.labelstudio.http import LOCAL, JsonObject
from annotate.labelstudio.journal import CHECKPOINTS_FILE, JOURNAL_FOLDER, Checkpoint, JournalPage
from annotate.labelstudio.location import (
    CORPUS_RECORD,
    FolderRecord,
    corpus_state_folder,
    create_root,
    describe_path,
    record_corpus_folder,
    record_named_folder,
    require_own_folder,
    resolve_named_folder,
    vacated_path,
)
from annotate.labelstudio.lock import LOCK_FILE, MIGRATION_FOLDER, REANCHOR_FOLDER
from annotate.labelstudio.privacy import remove_personal_data
from annotate.labelstudio.projects import ASSIGNMENTS_FILE, HIDDEN_GOLD_FILE, Assignment, HiddenGold
from annotate.labelstudio.pull import UNKNOWN_ARTICLE
from annotate.labelstudio.quarantine import QUARANTINE_FOLDER, QuarantineEntry
from annotate.labelstudio.state import (
    ANNOTATORS_FILE,
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    PROJECTS_FILE,
    REMOVED_FILE,
    State,
    open_no_link,
)
from annotate.model import is_article_id
from annotate.util.files import read_rest, try_lock
from annotate.util.folders import replacing_folder
from annotate.util.typed_values import decode_as
from annotate.versions import is_version

SQLITE_MAGIC = b"SQLite format 3\0"
_SUPER_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""The end of a rollback journal that names another file, which SQLite may delete."""
_CREATE = re.compile(r"CREATE (TABLE|INDEX|UNIQUE INDEX) ")
_CHECK_FUNCTIONS = {"json_valid"}
_DATABASE_PATHS = {f"data/{SQLITE_FILE}{suffix}" for suffix in ("", "-journal", "-wal")}
_MEDIA = "data/media/"
_RENEWED = {
    server.CREDENTIALS_FILE: "the login is new",
    LOGINS_FILE: "the logins are disabled",
    "data/.env": "the secret key is new",
    DATABASE_FILE: "the address comes from --database",
    server.PUBLIC_URL_FILE: "name the address with `annotate studio up --public`",
}
_RUNTIME = {server.PROCESS_FILE, "server.log", LOCK_FILE, ".gitignore", CORPUS_RECORD}
"""Files of a running server, and of the folder itself; they are not worth a line."""
_INTERRUPTED = {
    f"{folder}/{name}.json": problem
    for folder, problem in (
        (MIGRATION_FOLDER, "a migration was interrupted"),
        (REANCHOR_FOLDER, "moving labels to corrected texts was interrupted"),
    )
    for name in ("forward", "back")
}


class LeftOut(NamedTuple):
    """A file of the adopted folder that was not copied, and why."""

    path: str
    reason: str


class AdoptResult(NamedTuple):
    """What was adopted.

    Attributes:
        state: The new state.
        source: Where the adopted folder is now.
        records: The number of records that were copied.
        media: The number of uploaded files that were copied.
        has_database: Whether there is a database.
        annotators: The annotators who are users of the server.
        disabled: The ids of users whose logins were disabled.
        tokens: The number of tokens that were deleted.
        removed: What was removed from the database, a line each.
        left_out: The files that were not copied.
    """

    state: State
    source: Path
    records: int
    media: int
    has_database: bool
    annotators: list[str]
    disabled: list[int]
    tokens: int
    removed: list[str]
    left_out: list[LeftOut]


def uses_postgresql(source: str | Path) -> bool:
    """Return whether a folder says that its server kept the data in PostgreSQL."""
    return os.path.lexists(Path(source) / DATABASE_FILE)


def adopt(
    source: str | Path, corpus: str | Path, folder: str | Path | None = None, database: Database | None = None
) -> AdoptResult:
    """Copy a state folder that came from elsewhere into the user's data directory, and renew its credentials.

    Args:
        source: The folder to copy; it stays as it is. If it already is where the copy has to be, it is moved to a name
            that ends in `.former`.
        corpus: The corpus that the state is of.
        folder: A new folder for the copy; by default the one of the corpus.
        database: The PostgreSQL database of the server, if it has one. It is not copied: its logins are disabled, and
            its connections removed, in place.

    Raises:
        CannotRun: The folder cannot be read, is damaged, or needs a database.
        Refused: The server of the folder runs, or the corpus already has labels on a server of its own.
    """
    origin = _resolve_source(Path(source))
    target = resolve_named_folder(Path(folder)) if folder is not None else corpus_state_folder(corpus)
    if target != origin and (target.is_relative_to(origin) or origin.is_relative_to(target)):
        raise CannotRun(source, "contains the new folder, or is in it", "name another folder with --dir")
    _refuse_running(origin)
    if uses_postgresql(origin) and database is None:
        raise CannotRun(source, "kept its data in PostgreSQL", "name the address of the database with --database")
    adopted = dict.fromkeys((*_previously_adopted(target), describe_path(origin)))
    with _lock_root(), _vacate(target, origin) as read_from:
        try:
            with replacing_folder(target) as staging:
                staging.chmod(PRIVATE_FOLDER)
                result = _fill(State(staging), read_from, database)
                if folder is None:
                    record_corpus_folder(State(staging), corpus, tuple(adopted))
        except OSError as error:
            raise CannotRun(
                target, describe_os_error(error), "make room or choose another folder with --dir"
            ) from error
        if folder is not None:
            record_named_folder(target, tuple(adopted))
    return result._replace(state=State(target), source=read_from)


def _resolve_source(source: Path) -> Path:
    path = Path(os.path.abspath(source))  # noqa: PTH100 - Path has no function that removes `..`
    if path.is_symlink():
        raise Refused(source, "is a link", "name the folder that it leads to")
    if not path.is_dir():
        raise CannotRun(source, "is not a folder", "name the folder of a former server")
    return path.resolve()


def _refuse_running(source: Path) -> None:
    """Check that no server works on a folder, since labels would be added to it after the copy."""
    process = None
    with contextlib.suppress(CannotRun):
        process = server.find_running(State(source))
    if process is not None:
        raise Refused(source, f"its server is running (process {process.pid})", f"stop it with `kill {process.pid}`")


@contextlib.contextmanager
def _lock_root() -> Iterator[None]:
    """Keep two adoptions from replacing the same folder."""
    root = create_root()
    handle = os.open(root, os.O_RDONLY)
    try:
        if not try_lock(handle):
            raise CannotRun(root, "another folder is being adopted", "wait until that ends, then try again")
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _vacate(target: Path, source: Path) -> Iterator[Path]:
    """Make room for the copy, and yield where the source is meanwhile; undo that after an error.

    Raises:
        Refused: The target has data of its own.
    """
    if target != source:
        if os.path.lexists(target):
            require_own_folder(target)
            if _has_work(State(target)):
                hint = f"move {source} away to keep using it, or move it away to adopt {source}"
                raise Refused(target, "already has the data of a server", hint)
        yield source
        return
    former = vacated_path(target)
    target.rename(former)
    try:
        yield former
    except BaseException:
        if not os.path.lexists(target):
            former.rename(target)
        raise


def _has_work(state: State) -> bool:
    names = (PROJECTS_FILE, ANNOTATORS_FILE, LOGINS_FILE, "raw", JOURNAL_FOLDER, QUARANTINE_FOLDER)
    return has_database(state) or any((state.folder / name).exists() for name in names) or not _is_known(state)


def _is_known(state: State) -> bool:
    """Return whether a folder is empty, or one that this toolkit made."""
    names = {path.name for path in state.folder.iterdir()}
    return names <= {"data", server.CREDENTIALS_FILE, *_RUNTIME}


def _previously_adopted(target: Path) -> tuple[str, ...]:
    """Return what was adopted before into the state of a corpus."""
    record = None
    with contextlib.suppress(CannotRun):  # it is replaced
        record = State(target).read(CORPUS_RECORD, FolderRecord)
    return record.adopted if record else ()


def _fill(state: State, source: Path, database: Database | None) -> AdoptResult:
    """Copy a folder into an empty state, and renew the credentials."""
    state.create_folder()
    copier = _Copier(state)
    copier.copy(source)
    removed: list[str] = []
    if database is not None:
        if copier.incoming:
            raise CannotRun(source, "keeps its data in SQLite", "leave out --database")
        resolve_database(state, database)
    elif f"data/{SQLITE_FILE}" in copier.incoming:
        removed = rebuild_sqlite(copier.incoming_folder / SQLITE_FILE, state.data / SQLITE_FILE)
    shutil.rmtree(copier.incoming_folder, ignore_errors=True)
    disabled, tokens = list[int](), 0
    if has_database(state):
        # A login that no user of the adopted database can have.
        credentials = server.make_credentials(f"annotator-{secrets.token_hex(4)}@{server.EMAIL_DOMAIN}")
        state.write(server.CREDENTIALS_FILE, credentials)
        answer = renew_accounts(state, credentials, {}, is_adopted=True)
        disabled, tokens, removed = answer.disabled, answer.tokens, [*removed, *answer.removed]
    annotators = sorted(set(state.annotators(LOCAL).values()))
    return AdoptResult(
        state,
        source,
        copier.records,
        copier.media,
        has_database(state),
        annotators,
        disabled,
        tokens,
        removed,
        sorted(copier.left_out),
    )


class _Copier:
    """Copies the files of an untrusted folder into a state. No link is followed, even if one appears meanwhile."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.incoming_folder = state.folder / "incoming"
        self.incoming = set[str]()
        self.records = self.media = 0
        self.left_out: list[LeftOut] = []

    def copy(self, source: Path) -> None:
        """Copy a folder."""

        def fail(error: OSError) -> None:
            raise CannotRun(error.filename or source, describe_os_error(error), "make it readable for you") from error

        for parent, folders, names, handle in os.fwalk(source, onerror=fail, follow_symlinks=False):
            prefix = "" if Path(parent) == source else f"{Path(parent).relative_to(source).as_posix()}/"
            for name in sorted(folders):
                if os.path.islink(Path(parent, name)):  # noqa: PTH114 - the walk does not follow it in any case
                    self._leave_out(f"{prefix}{name}", "a link")
            for name in sorted(names):
                self._take(f"{prefix}{name}", name, handle)

    def _take(self, path: str, name: str, folder: int) -> None:
        if path in _RUNTIME:
            return
        if path in _RENEWED:
            self._leave_out(path, _RENEWED[path])
            return
        if path in _INTERRUPTED:
            hint = "complete or undo it where it began, or move its journal away"
            raise CannotRun(path, _INTERRUPTED[path], hint)
        decode = _find_decoder(path)
        if decode is None and path not in _DATABASE_PATHS and not path.startswith(_MEDIA):
            self._leave_out(path, "not known")
            return
        try:
            content = _read(name, folder)
        except OSError as error:
            self._leave_out(
                path, "not a regular file" if error.errno in (None, ELOOP, ENXIO) else describe_os_error(error)
            )
            return
        if decode is not None:
            self._take_record(path, content, decode)
        elif path in _DATABASE_PATHS:
            self._take_database(path, content)
        else:
            self.state.write_bytes(path, content)
            self.media += 1

    def _take_record(self, path: str, content: bytes, decode: "Callable[[bytes], object]") -> None:
        try:
            record = decode(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
            self._leave_out(path, f"cannot be read ({type(error).__name__})")
            return
        self.state.write_bytes(path, msgspec.json.encode(record) + b"\n")
        self.records += 1

    def _take_database(self, path: str, content: bytes) -> None:
        name = path.removeprefix("data/")
        if name == SQLITE_FILE and not content.startswith(SQLITE_MAGIC):
            raise CannotRun(path, "is not an SQLite database", "move it away, or adopt a backup")
        if name.endswith("-journal") and content.endswith(_SUPER_JOURNAL_MAGIC):
            raise CannotRun(path, "names another file", "move it away")
        self.state.write_bytes(f"{self.incoming_folder.name}/{name}", content)
        self.incoming.add(path)

    def _leave_out(self, path: str, reason: str) -> None:
        self.left_out.append(LeftOut(path, reason))


def _read(name: str, folder: int) -> bytes:
    handle = open_no_link(Path(name), folder=folder)
    try:
        return read_rest(handle, os.fstat(handle).st_size)
    finally:
        os.close(handle)


def _find_decoder(path: str) -> "Callable[[bytes], object] | None":
    """Return the function that reads and cleans a record; None if the path is not that of a record."""
    if path in _DECODERS:
        return _DECODERS[path]
    folder, _, name = path.partition("/")
    stem = name.removesuffix(".json")
    if stem == name or "/" in name:
        return None
    is_article = is_article_id(stem) or stem == UNKNOWN_ARTICLE
    if folder == JOURNAL_FOLDER and re.fullmatch("[0-9]{8}", stem):
        return _decode_page
    if folder == "raw" and is_article:
        return _decode_tasks
    if folder == QUARANTINE_FOLDER and is_article:
        return partial(decode_as, type_=list[QuarantineEntry])
    return None


def _decode_servers(type_: Any, clean: "Callable[[Any], object]") -> "Callable[[bytes], object]":
    """Return the decoder of a file that maps servers to values. Names that no server can have are dropped."""

    def decode(content: bytes) -> object:
        values = decode_as(content, dict[str, type_])
        return {server: clean(value) for server, value in values.items() if is_server_name(server)}

    return decode


def _clean_annotators(annotators: dict[int, str]) -> object:
    return {user_id: name for user_id, name in annotators.items() if is_article_id(name)}


def _clean_assignments(assignments: dict[str, Assignment]) -> object:
    return {
        title: Assignment([name for name in assignment.annotators if is_article_id(name)])
        for title, assignment in assignments.items()
    }


def _clean_hidden_gold(by_title: HiddenGold) -> object:
    return {
        title: {name: list(filter(is_article_id, ids)) for name, ids in hidden.items() if is_article_id(name)}
        for title, hidden in by_title.items()
    }


def _clean_removed(annotators: list[str]) -> object:
    return list(filter(is_article_id, annotators))


def _clean_config_versions(by_project: dict[int, list[EarlierVersion]]) -> object:
    return {
        project_id: [entry for entry in versions if is_version(entry.version)]
        for project_id, versions in by_project.items()
    }


def _decode_checkpoints(content: bytes) -> object:
    checkpoints = decode_as(content, dict[str, Checkpoint])
    return {key: value for key, value in checkpoints.items() if is_server_name(key.rpartition(" ")[0])}


def _decode_page(content: bytes) -> object:
    page = decode_as(content, JournalPage)
    if not is_server_name(page.server):
        raise ValueError("not the name of a server")
    return msgspec.structs.replace(page, tasks=[remove_personal_data(task) for task in page.tasks])


def _decode_tasks(content: bytes) -> object:
    return [remove_personal_data(task) for task in decode_as(content, list[JsonObject])]


_DECODERS: "dict[str, Callable[[bytes], object]]" = {
    PROJECTS_FILE: _decode_servers(dict[str, int], dict),
    ANNOTATORS_FILE: _decode_servers(dict[int, str], _clean_annotators),
    CONFIGS_FILE: _decode_servers(dict[int, str], dict),
    ASSIGNMENTS_FILE: _decode_servers(dict[str, Assignment], _clean_assignments),
    HIDDEN_GOLD_FILE: _decode_servers(HiddenGold, _clean_hidden_gold),
    REMOVED_FILE: _decode_servers(list[str], _clean_removed),
    CONFIG_VERSIONS_FILE: _decode_servers(dict[int, list[EarlierVersion]], _clean_config_versions),
    CHECKPOINTS_FILE: _decode_checkpoints,
}


def _authorize(action: int, *details: str | None) -> int:
    """Let the statements of a copy call no function but the one in the checks of Label Studio's own tables.

    `PRAGMA trusted_schema` would do that, but some builds of SQLite count this function among the unsafe ones.
    """
    is_unknown = action == sqlite3.SQLITE_FUNCTION and (details[1] or "").lower() not in _CHECK_FUNCTIONS
    return sqlite3.SQLITE_DENY if is_unknown else sqlite3.SQLITE_OK


def rebuild_sqlite(source: Path, target: Path) -> list[str]:
    """Copy the tables, rows and indexes of an untrusted SQLite database into a new one.

    Triggers, views and virtual tables would run when the server reads or writes. What a row of the schema is, is told
    from its SQL as SQLite does, not from its type, which a crafted file can state wrongly.

    Args:
        source: A copy of the database, which this function may change.
        target: The new file.

    Returns:
        What was left out, a line each.

    Raises:
        CannotRun: The database is damaged.
    """
    left_out = list[str]()
    try:
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as connection:
            connection.set_authorizer(_authorize)
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("ATTACH ? AS old", (str(source),))
            connection.execute("BEGIN")
            schema = connection.execute("SELECT type, name, sql FROM old.sqlite_master ORDER BY rowid").fetchall()
            tables, indexes = list[tuple[str, str]](), list[str]()
            for kind, name, sql in schema:
                if sql is None or str(name).startswith("sqlite_"):
                    continue  # SQLite makes them itself
                created = _CREATE.match(str(sql))
                if not created or not isinstance(name, str):
                    left_out.append(f"{kind} {name}")
                elif created[1] == "TABLE":
                    tables.append((name, sql))
                else:
                    indexes.append(sql)
            for name, sql in tables:
                connection.execute(sql)
                quoted = '"' + name.replace('"', '""') + '"'
                connection.execute(f"INSERT INTO main.{quoted} SELECT * FROM old.{quoted}")  # noqa: S608 - quoted
            for sql in indexes:
                connection.execute(sql)
            if any(name == "sqlite_sequence" for _, name, _ in schema):
                connection.execute("DELETE FROM main.sqlite_sequence")
                connection.execute("INSERT INTO main.sqlite_sequence SELECT * FROM old.sqlite_sequence")
            connection.execute("COMMIT")
            connection.execute("DETACH old")
    except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
        problem = f"cannot be copied ({' '.join(str(error).split())[:200]})"
        raise CannotRun(f"data/{SQLITE_FILE}", problem, "adopt a folder with an undamaged database") from None
    target.chmod(PRIVATE_FILE)
    return left_out
