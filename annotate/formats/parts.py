"""Parts of an export: a folder each, which one process writes and reads back, and which then join the folder of all."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from annotate.util.files import open_raw

MOST_ARTICLES = 100
MOST_BYTES = 8 << 20
"""Bounds of a part. A single article may have more bytes."""


class Part(NamedTuple):
    """Articles that one process exports.

    Attributes:
        folder: The folder for them, which does not exist yet.
        article_ids: Their ids, sorted.
    """

    folder: Path
    article_ids: Sequence[str]


def cut_parts(folder: Path, article_ids: Sequence[str], count_bytes: Callable[[str], int]) -> Iterator[Part]:
    """Cut articles into parts, whose folders are in `folder`.

    Args:
        folder: The folder of the export.
        article_ids: The ids of its articles, sorted.
        count_bytes: Returns the number of bytes of an article and its labels.
    """
    number, first, size = 0, 0, 0
    for index, article_id in enumerate(article_ids):
        bytes_here = count_bytes(article_id)
        if index - first >= MOST_ARTICLES or (index > first and size + bytes_here > MOST_BYTES):
            yield Part(folder / f"part-{number:06}", article_ids[first:index])
            number, first, size = number + 1, index, 0
        size += bytes_here
    if first < len(article_ids):
        yield Part(folder / f"part-{number:06}", article_ids[first:])


def move_files(folder: Path, part: Path) -> None:
    """Move the files of a part; a file that each part has, such as a type system, takes the place of its equal."""
    for path in list(part.iterdir()):
        path.replace(folder / path.name)


def append_file(folder: Path, part: Path, name: str, *, skips_first_line: bool = False) -> None:
    """Add the file of a part to the end of the one of the parts before it.

    Args:
        folder: The folder of the parts before it.
        part: The folder of the part.
        name: The name of the file in both.
        skips_first_line: Whether each file begins with the same line.
    """
    target, source = folder / name, part / name
    if not target.exists():
        source.replace(target)
        return
    with open_raw(str(source), within=part) as added, target.open("ab") as file:
        if skips_first_line:
            added.readline()
        shutil.copyfileobj(added, file)
    source.unlink()
