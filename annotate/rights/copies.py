"""A reader's own copies: a text by the article's id, or the source file that the article was cut from."""

from pathlib import Path
from typing import Literal, NamedTuple

from annotate.model import SourceRange
from annotate.offsets import normalise


class Copy(NamedTuple):
    """The text of a copy in the form that the corpus keeps, and its file; or why there is none."""

    text: str | None
    file: str
    fault: Literal["missing", "not UTF-8", ""] = ""


def read_copy(folder: Path, article: str, source: SourceRange) -> Copy:
    """`<id>.txt` where there is one, else the range of the source file. A byte order mark and CRLF do not matter."""
    path = folder / f"{article}.txt"
    if path.is_file():
        return _read(path, None)
    path = folder / Path(source.file).name
    return _read(path, source) if path.is_file() else Copy(None, f"{article}.txt", "missing")


def _read(path: Path, source: SourceRange | None) -> Copy:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return Copy(None, path.name, "not UTF-8")
    return Copy(normalise(text[source.start : source.end] if source else text), path.name)
