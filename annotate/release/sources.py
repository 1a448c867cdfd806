"""What may enter a source archive: regular files of git's tree, under names that every system can unpack.

The files are read from git's objects and not from the working tree. They are not packed by `git archive`, which packs
links and obeys the `export-ignore` of a stranger's `.gitattributes`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from annotate.release.git import TreeEntry
from annotate.util.escape import quote

_FILE_MODES = frozenset({"100644", "100755"})
_LINK_MODE, SUBMODULE_MODE = "120000", "160000"

_LARGEST_POINTER = 1 << 15
"""More bytes than a pointer of Git LFS or git-annex has."""
_LFS_POINTER = re.compile(rb"version https?://(?:git-lfs|hawser)\.github\.com/spec/v\d")
_ANNEX_POINTER = re.compile(rb"(?:\.\./)*(?:\.git)?/annex/objects/|(?:\.\./)*\.git[/\\]annex[/\\]objects[/\\]")
_GIT_FOLDER = re.compile(r"(?:\.git|git~\d+)[ .]*(?:\Z|:)", re.IGNORECASE)
"""The names that some system takes for `.git`: in upper case, shortened, with trailing dots or a stream."""


def is_packable(entry: TreeEntry) -> bool:
    """Tell whether an entry of git's tree is a regular file under a safe name."""
    return entry.mode in _FILE_MODES and explain_name(entry.path) is None


def explain_mode(entry: TreeEntry) -> str | None:
    """Return why an entry is not a regular file and what to do; None if it is one."""
    if entry.mode in _FILE_MODES:
        return None
    if entry.mode == _LINK_MODE:
        return "is a link, which may lead out of the repository; commit the file that it leads to"
    if entry.mode == SUBMODULE_MODE:
        return "is a submodule, whose files are in another repository; commit the files themselves"
    return f"has the mode {entry.mode} and not that of a file; commit it as a regular file"


def explain_name(path: str) -> str | None:
    """Return why a path cannot be unpacked safely and what to do; None if it can be.

    Args:
        path: The path as git's tree has it. Trees that were made by hand may have any.
    """
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return f"has a name with the part {quote(part)}, which leads out of its folder; rename it"
        visible = "".join(character for character in part if unicodedata.category(character) != "Cf")
        if _GIT_FOLDER.match(visible):
            return f"has a name with the part {quote(part)}, which git keeps for itself; rename it"
        if "\\" in part:
            return "has a name with a backslash, which separates folders on some systems; rename it"
        for character in part:
            if unicodedata.category(character) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(character) in _BIDI:
                return f"has a name with the control character U+{ord(character):04X}; rename it"
            if unicodedata.category(character) == "Cs":
                return "has a name that is not UTF-8; rename it"
    return None


_BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""The classes of characters that change the order in which a name is shown."""


def find_name_collisions(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each path with an earlier one that is the same where case or composition of letters makes no difference.

    Folders collide as files do: `A/x` and `a/y` would be unpacked into one folder.
    """
    first_spellings: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            spelling = "/".join(parts[:length])
            key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", spelling).casefold())
            first = first_spellings.setdefault(key, spelling)
            if first != spelling:
                yield path, first
                break


def name_pointer(data: bytes) -> str | None:
    """Return the program whose pointer a blob is, in place of the file itself; None if it is a file.

    Args:
        data: The bytes of the blob; of a link, its target.
    """
    if len(data) > _LARGEST_POINTER:
        return None
    if _LFS_POINTER.match(data):
        return "Git LFS"
    return "git-annex" if _ANNEX_POINTER.match(data) else None
