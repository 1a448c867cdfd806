"""What a folder of an import holds besides the files of its format, and what another format it may be in."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import ENDINGS, LABEL_STUDIO, PRELABEL, rules
from annotate.outputs import MARKER_FILE
from annotate.tokens import OUTSIDE, is_tag
from annotate.util.files import open_raw, reporting_read_errors
from annotate.util.folders import walk_entries

_OTHER_FILES: Mapping[str, tuple[str, ...]] = {
    "brat": ("annotation.conf", "visual.conf", "tools.conf", "kb_shortcuts.conf", ".stats_cache"),
    "xmi": ("TypeSystem.xml",),
    PRELABEL: (MARKER_FILE,),
}
"""Names of files that belong to a format, and hold no labels."""
_ALL_FORMATS = ("map.yaml", "certificate.json")
_READ_BELOW = ("brat", LABEL_STUDIO)
"""The formats that are read in the folders below the folder of an import, too."""
_HEAD = 4096
"""Bytes of a file that show its format."""
_LEAST_LINES = 3
_MOST_ENDINGS = 5
"""Endings that a message lists."""


class FolderContents(NamedTuple):
    """What is not read in a folder.

    Attributes:
        refused: A finding for each link, special file, and file of the format in a folder that is not read.
        unread: A finding for each other ending, on the first file that has it.
    """

    refused: list[Finding]
    unread: list[Finding]


def list_contents(
    format_: str, folder: Path, endings: Iterable[str] = (), own_files: Iterable[Path] = ()
) -> FolderContents:
    """List what an import does not read in a folder.

    Args:
        format_: The format of the import.
        folder: The folder.
        endings: Further endings of files that are read.
        own_files: Files that may be in the folder and are not of the format, such as the map.

    Raises:
        CannotRun: If the folder cannot be read, or holds no file of the format; the hint names the format that it
            seems to be in.
    """
    with reporting_read_errors(folder, "make it a readable folder"):
        entries = sorted(walk_entries(str(folder)))
    known = {*_ALL_FORMATS, *_OTHER_FILES.get(format_, ())}
    own = {path.resolve() for path in own_files}
    known_paths = {path for path, _ in entries if path.rpartition("/")[2] in known}
    own_names = {path.name for path in own}
    known_paths |= {
        path for path, _ in entries if path.rpartition("/")[2] in own_names and (folder / path).resolve() in own
    }
    files = [path for path, irregular in entries if not irregular and path not in known_paths]
    wanted = tuple(ending for ending in (*ENDINGS.get(format_, ()), *endings) if ending)
    of_format = [path for path in files if path.endswith(wanted) and not _is_hidden(path)]
    is_read = {path for path in of_format if format_ in _READ_BELOW or "/" not in path}
    if not any(irregular for _, irregular in entries):
        _require_files(format_, folder, files, of_format, is_read)
    refused = [
        finding for path, irregular in entries if irregular for finding in rules.irregular_file(path, None, irregular)
    ]
    why = "is in a folder below, where this format is not read; import that folder by itself"
    refused += [
        finding for path in of_format if path not in is_read for finding in rules.unmatched_file(path, None, why)
    ]
    by_ending: dict[str, list[str]] = {}
    for path in files:
        if not path.endswith(wanted) or _is_hidden(path):
            by_ending.setdefault(_describe_ending(path), []).append(path)
    unread = [
        finding for kind, paths in by_ending.items() for finding in rules.unread_files(paths[0], None, len(paths), kind)
    ]
    return FolderContents(refused, unread)


def _is_hidden(path: str) -> bool:
    return any(name.startswith(".") for name in path.split("/"))


def _describe_ending(path: str) -> str:
    if _is_hidden(path):
        return "is hidden"
    suffix = PurePosixPath(path).suffix
    return f"ends in {suffix}" if suffix else "has no ending"


def _require_files(format_: str, folder: Path, files: list[str], of_format: list[str], is_read: set[str]) -> None:
    """Check that a folder has a file of the format.

    Raises:
        CannotRun: If it has none, or if texts of brat have no labels and seem to be in another format.
    """
    if not files:
        raise CannotRun(folder, "is empty", "name the folder of the files")
    others = {
        name: [path for path in files if path.endswith(ending)]
        for name, ending in ENDINGS.items()
        if name not in (LABEL_STUDIO, PRELABEL)  # much JSON is something else: its contents tell
    }
    if not of_format:
        problem = f"holds no files of {format_} ({', '.join(ENDINGS.get(format_, ()))}), only {_count_endings(files)}"
        fitting = max(others, key=lambda name: len(others[name]))
        sample = next((path for path in files if not _is_hidden(path)), files[0])
        guess = f"this looks like {fitting}; use --format {fitting}" if others[fitting] else _guess(folder / sample)
        raise CannotRun(folder, problem, guess or "name the folder of the files")
    if not is_read:
        below = PurePosixPath(of_format[0]).parent
        raise CannotRun(
            folder, f"holds files of {format_} in folders below only", f"name one, such as {folder / below}"
        )
    if format_ == "brat" and all(path.endswith(".txt") for path in of_format):
        guess = _guess(folder / of_format[0])
        if guess:
            raise CannotRun(folder, "holds texts of brat without labels", guess)


def _count_endings(files: list[str]) -> str:
    counts = Counter(PurePosixPath(path).suffix or "without ending" for path in files)
    shown = [f"{count:,} {ending}" for ending, count in counts.most_common(_MOST_ENDINGS)]
    return ", ".join([*shown, "others"] if len(counts) > len(shown) else shown)


def _guess(path: Path) -> str:
    """Say what a file looks like, and what to do then; an empty string if it looks like no known format."""
    with (
        reporting_read_errors(path, "make it a file that can be read"),
        open_raw(str(path), within=path.parent) as file,
    ):
        head = file.read(_HEAD)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) and (
        b'"annotations"' in head or b'"completions"' in head
    ):
        return f"{path.name} looks like an export of Label Studio; use --format {LABEL_STUDIO}"
    rows = [line.split() for line in head.decode("utf-8", "replace").split("\n")[:-1] if line.strip()]
    tagged = [row for row in rows if len(row) > 1 and is_tag(row[-1])]
    if len(tagged) >= _LEAST_LINES and 2 * len(tagged) > len(rows) and any(row[-1] != OUTSIDE for row in tagged):
        return f"{path.name} looks like CoNLL; let its name end in .conll, and use --format bio"
    return ""
