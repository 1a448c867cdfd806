"""Where the state of Label Studio is: in the user's data directory, one folder for each corpus, never in the clone.

A clone can bring files of its own, and `git pull` can replace ignored ones. A folder is therefore used only if this
toolkit made it for this user on this machine:

    DATA/studio/HASH/             the state of a corpus; HASH is that of the corpus folder's real path
    DATA/studio/HASH/corpus.json  that path, and the device and inode of the corpus folder
    DATA/studio/folders/HASH.json the same of a folder that was named with `--dir`

`annotate studio adopt` copies a folder that came from elsewhere; see `adopt`.
"""

import contextlib
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from annotate.errors import CannotRun, Refused, describe_os_error
from annotate.labelstudio.state import PRIVATE_FOLDER, State
from annotate.util.private_cache import APPLICATION

FORMER_FOLDER = ".studio"
"""Where earlier versions kept the state, in the current folder."""
CORPUS_RECORD = "corpus.json"
NAMED_FOLDERS = "folders"
_VACATED_SUFFIX = ".former"
_HASH_LENGTH = 32
_PRIVATE_HINT = "choose another folder with --dir"
_ROOT_HINT = "set XDG_DATA_HOME to a folder of your own"


class FolderRecord(msgspec.Struct, frozen=True):
    """Which folder a state belongs to.

    Attributes:
        path: The real path of the folder: of the corpus, or of the state itself if it was named with `--dir`.
        device: Its device.
        inode: Its inode.
        adopted: The real paths of the folders that were copied into the state.
    """

    path: str
    device: int
    inode: int
    adopted: tuple[str, ...] = ()


def data_root() -> Path:
    """Return the folder of all states of this user."""
    import platformdirs

    return Path(platformdirs.user_data_dir(APPLICATION, appauthor=False)) / "studio"


def corpus_state_folder(corpus: str | Path) -> Path:
    """Return the folder of a corpus's state; it need not exist.

    Raises:
        CannotRun: The corpus is not a folder.
    """
    return data_root() / _hash_path(_record_corpus(corpus).path)


def open_state(corpus: str | Path, folder: str | Path | None = None, *, create: bool = True) -> State:
    """Return the state of a corpus, or the state in a folder that the user named.

    Args:
        corpus: The corpus folder.
        folder: The folder of `--dir`: a new or empty one, or one that was made by this function.
        create: Whether to create and record a folder that does not exist.

    Raises:
        CannotRun: The corpus is not a folder, or a folder cannot be read or created.
        Refused: The folder was not made here, or belongs to another corpus, or a former one has to be adopted first.
    """
    return _open_named(Path(folder), create) if folder is not None else _open_corpus(corpus, create)


def record_named_folder(folder: Path, adopted: tuple[str, ...] = ()) -> None:
    """Record a folder as the state of its user; `folder` is a real path."""
    create_root()
    record = _describe_folder(folder)
    _named_records().write(f"{_hash_path(record.path)}.json", msgspec.structs.replace(record, adopted=adopted))


def record_corpus_folder(state: State, corpus: str | Path, adopted: tuple[str, ...] = ()) -> None:
    """Record the corpus that a state belongs to."""
    state.write(CORPUS_RECORD, msgspec.structs.replace(_record_corpus(corpus), adopted=adopted))


def resolve_named_folder(folder: Path) -> Path:
    """Return the real path of a folder that the user named.

    Raises:
        Refused: It is a link; the state would be written to where the link leads.
    """
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - Path has no function that removes `..`
    if absolute.is_symlink():
        raise Refused(folder, "is a link", _PRIVATE_HINT)
    return absolute.resolve()


def require_own_folder(folder: Path, hint: str = _PRIVATE_HINT) -> None:
    """Check that a path is a folder, is no link, and belongs to this user.

    Args:
        folder: The path.
        hint: What to do otherwise.

    Raises:
        CannotRun: It is not a folder, or cannot be read.
        Refused: It is a link, or belongs to another user.
    """
    try:
        status = folder.lstat()
    except OSError as error:
        raise CannotRun(folder, describe_os_error(error), hint) from error
    if stat.S_ISLNK(status.st_mode):
        raise Refused(folder, "is a link", "remove it, or name another folder")
    if not stat.S_ISDIR(status.st_mode):
        raise CannotRun(folder, "is not a folder", hint)
    if status.st_uid != os.geteuid():
        raise Refused(folder, "belongs to another user", hint)


def adopt_command(source: Path, corpus: str | Path) -> str:
    """Return the command that adopts a folder as the state of a corpus, for a hint."""
    option = "" if str(corpus) == "corpus" else f" --corpus {shlex.quote(str(corpus))}"
    return f"`annotate studio adopt {shlex.quote(str(source))}{option}`"


def _open_corpus(corpus: str | Path, create: bool) -> State:
    wanted = _record_corpus(corpus)
    root = data_root()
    state = State(root / _hash_path(wanted.path))
    record = _read_corpus_record(state) if _exists(state.folder) else None
    for former in _find_former(corpus, wanted, record):
        if former.is_symlink() or not former.is_dir():
            raise Refused(former, "is a link, or is not a folder, and is not used", "move it away")
        problem = "is of a former server, and is not used as it is"
        raise Refused(former, problem, f"copy its labels with {adopt_command(former, corpus)}, or move it away")
    if record is None:
        if create:
            _create_recorded(state, corpus)
            record = _read_corpus_record(state)
        else:
            return state
    if (record.path, record.device, record.inode) != (wanted.path, wanted.device, wanted.inode):
        problem = f"is another folder than the one that {state.folder} was made for"
        raise Refused(corpus, problem, f"copy that with {adopt_command(state.folder, corpus)}, or move it away")
    return state


def _open_named(folder: Path, create: bool) -> State:
    path = resolve_named_folder(folder)
    state = State(path)
    if not _exists(path):
        for vacated in _find_vacated(path):
            problem = "was moved away for a copy that is not there"
            hint = f"run `annotate studio adopt {shlex.quote(str(vacated))} --dir {shlex.quote(str(folder))}`"
            raise Refused(vacated, problem, f"{hint}, or move it away")
        if create:
            state.create_folder()
            record_named_folder(path)
        return state
    require_own_folder(path)
    if path.parent == data_root().resolve() and _is_hash(path.name):
        _read_corpus_record(state)
        return state
    found = _describe_folder(path)
    record = _named_records().read(f"{_hash_path(found.path)}.json", FolderRecord)
    if record is not None and (record.path, record.device, record.inode) == (found.path, found.device, found.inode):
        return state
    try:
        is_empty = not any(path.iterdir())
    except OSError as error:
        raise CannotRun(folder, describe_os_error(error), _PRIVATE_HINT) from error
    if not is_empty:
        hint = f"name a new folder, or copy this one with `annotate studio adopt {shlex.quote(str(folder))} --dir NEW`"
        raise Refused(folder, "was not made by `annotate studio` for this user on this machine", hint)
    if create:
        state.create_folder()
        record_named_folder(path)
    return state


def _find_former(corpus: str | Path, wanted: FolderRecord, record: FolderRecord | None) -> Iterator[Path]:
    """Yield folders with the state of a former version or of a former path of a corpus."""
    adopted = record.adopted if record else ()
    parents = dict.fromkeys((Path.cwd(), Path(os.path.realpath(corpus)).parent, Path(corpus).absolute().parent))
    for parent in parents:
        former = parent / FORMER_FOLDER
        if _exists(former) and describe_path(former.parent.resolve() / FORMER_FOLDER) not in adopted:
            yield former
    own = data_root() / _hash_path(wanted.path)
    if record is None:
        yield from _find_vacated(own)
    for moved, moved_record in _find_moved(wanted):
        # Adopting copies, so that the state of a former path remains. The copy is the newer one.
        is_newer = (
            describe_path(own.resolve()) in moved_record.adopted and describe_path(moved.resolve()) not in adopted
        )
        if record is None or is_newer:
            yield moved


def vacated_path(folder: Path) -> Path:
    """Return a new path for a state that makes room for its own copy."""
    return folder.with_name(f"{folder.name}{_VACATED_SUFFIX}{len(list(_find_vacated(folder))) + 1}")


def _find_vacated(folder: Path) -> Iterator[Path]:
    """Yield the states that made room for a copy, the last one first; without the copy, an adoption was interrupted."""
    number, paths = 1, list[Path]()
    while _exists(path := folder.with_name(f"{folder.name}{_VACATED_SUFFIX}{number}")):
        paths.append(path)
        number += 1
    return reversed(paths)


def _find_moved(wanted: FolderRecord) -> Iterator[tuple[Path, FolderRecord]]:
    """Yield the states that were recorded for the same folder at another path, with their records."""
    root = data_root()
    try:
        names = sorted(path.name for path in root.iterdir())
    except OSError:
        return
    for name in filter(_is_hash, names):
        state, record = State(root / name), None
        with contextlib.suppress(CannotRun):  # it says nothing about this corpus
            record = state.read(CORPUS_RECORD, FolderRecord)
        if record and (record.device, record.inode) == (wanted.device, wanted.inode) and record.path != wanted.path:
            yield state.folder, record


def _create_recorded(state: State, corpus: str | Path) -> None:
    """Create the folder of a corpus's state, with its record, completely or not at all."""
    root = create_root()
    try:
        temporary = Path(tempfile.mkdtemp(dir=root, prefix=".new."))
    except OSError as error:
        raise CannotRun(root, describe_os_error(error), _ROOT_HINT) from error
    try:
        record_corpus_folder(State(temporary), corpus)
        if not _exists(state.folder):  # another command may have been faster
            temporary.rename(state.folder)
    except OSError as error:
        if not _exists(state.folder):
            raise CannotRun(state.folder, describe_os_error(error), _PRIVATE_HINT) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def create_root() -> Path:
    """Create the folder of all states of this user unless it exists, and return it.

    Raises:
        CannotRun: It cannot be created.
        Refused: It belongs to another user, or is a link.
    """
    root = data_root()
    try:
        root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(root, describe_os_error(error), _ROOT_HINT) from error
    require_own_folder(root, _ROOT_HINT)
    return root


def _named_records() -> State:
    return State(data_root() / NAMED_FOLDERS)


def _read_corpus_record(state: State) -> FolderRecord:
    require_own_folder(state.folder)
    record = state.read(CORPUS_RECORD, FolderRecord)
    if record is None:
        raise CannotRun(state.folder, f"has no {CORPUS_RECORD}", "move it away")
    return record


def _record_corpus(corpus: str | Path) -> FolderRecord:
    path = Path(os.path.realpath(corpus))
    if not path.is_dir():
        hint = "name the corpus with --corpus, or a folder for the server's data with --dir"
        raise CannotRun(corpus, "is not a corpus folder", hint)
    return _describe_folder(path)


def _describe_folder(folder: Path) -> FolderRecord:
    try:
        status = folder.stat()
    except OSError as error:
        raise CannotRun(folder, describe_os_error(error), _PRIVATE_HINT) from error
    return FolderRecord(describe_path(folder), status.st_dev, status.st_ino)


def describe_path(path: Path) -> str:
    """Return a path as JSON can hold it; a name need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _hash_path(path: str) -> str:
    return sha256(path.encode()).hexdigest()[:_HASH_LENGTH]


def _is_hash(name: str) -> bool:
    return len(name) == _HASH_LENGTH and set(name) <= set("0123456789abcdef")


def _exists(path: Path) -> bool:
    """Return whether anything has this path, a broken link included."""
    return os.path.lexists(path)
