"""SHA256SUMS: the hash of every file of a folder, as `sha256sum -c` reads it."""

import re
from pathlib import Path

from annotate.offsets import sha256

FILE = "SHA256SUMS"
_LINE = re.compile(r"(?P<hash>[0-9a-f]{64})  (?P<name>[^\n]+)")


def files(folder: Path) -> dict[str, Path]:
    """Every file below a folder but the sums, by path; a link counts as a file, so that it is seen as one too many."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    found.pop(FILE, None)
    return found


def encode(folder: Path) -> bytes:
    return "".join(f"{sha256(path.read_bytes())}  {name}\n" for name, path in files(folder).items()).encode()


def decode(data: bytes) -> tuple[dict[str, str], list[int]]:
    """Path → hash, and the numbers of the lines that cannot be read, from 1."""
    found, broken = {}, []
    for number, one in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if match := _LINE.fullmatch(one):
            found[match["name"]] = match["hash"]
        elif one:
            broken.append(number)
    return found, broken
