"""A folder that takes the place of another: all of it, on disk, or nothing, whenever that is stopped."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from annotate.files import fsync_folder, held

NEW, OLD = "new", "old"


@contextlib.contextmanager
def taking_the_place(out: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `out`, an absolute path, when the block ends well; else `out` is as it was.

    What runs that were killed left beside it is taken away first, and what one of them had put aside is put back. Two
    runs at once do not meet: the last one stays. Raises OSError.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    _recover(out)
    temporary, handle = _begun(out)
    try:
        folder = temporary / NEW
        folder.mkdir()
        yield folder
        _to_disk(folder)
        _swap(folder, out, temporary / OLD)
        fsync_folder(out.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(handle)


def _begun(out: Path) -> tuple[Path, int]:
    """A folder beside `out`, and the handle by which it is locked, so that no other run takes it for left over."""
    while True:
        temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(temporary, os.O_RDONLY)
            if held(handle) and temporary.exists():
                return temporary, handle
            os.close(handle)


def _recover(out: Path) -> None:
    """Take away what nobody holds of the folders that `_begun` makes; an old one is put back where none is there."""
    for left in _left(out):
        with contextlib.suppress(OSError):
            handle = os.open(left, os.O_RDONLY)
            try:
                if held(handle):
                    if (left / OLD).exists() and not out.exists():
                        (left / OLD).replace(out)
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)


def _left(out: Path) -> Iterator[Path]:
    before = f".{out.name}."
    for path in sorted(out.parent.iterdir()):
        name = path.name.removeprefix(before)
        # `tempfile` puts eight characters there; nothing else of ours is called so.
        if name != path.name and len(name) == 8 and path.is_dir() and {*os.listdir(path)} <= {NEW, OLD}:  # noqa: PTH208
            yield path


def _to_disk(folder: Path) -> None:
    """Have the system write out every file and folder below."""
    for within, _, names in os.walk(folder):
        for name in names:
            with Path(within, name).open("rb") as file:
                os.fsync(file.fileno())
        fsync_folder(Path(within))


def _swap(folder: Path, target: Path, aside: Path) -> None:
    """Put `folder` in the place of `target`; what goes wrong meanwhile leaves the old one there."""
    try:
        if target.exists():
            target.replace(aside)
        folder.replace(target)
    finally:
        if aside.exists() and not target.exists():
            aside.replace(target)
