"""Files of labels that are no annotation files → annotations, for `annotate score`: rows of the dataset, or BIO."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.agreement.score_rows import of_row
from annotate.agreement.score_tags import Stretch, is_tokens, of_lines, of_rows, of_stretches
from annotate.errors import CannotRun
from annotate.files import read_bytes
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.offsets import sha256

ROWS = (".parquet", ".jsonl")
TAGS = (".conll", ".bio", ".iob", ".iob2")
GOLD_TABLE = "data/articles"

Text = Callable[[str], str | None]
"""Article → its text, None for an article that nobody knows."""


class Found(NamedTuple):
    """An annotation, the file that it stands in, and the text that it is of."""

    path: Path
    text: str
    annotation: Annotation


def files(path: Path) -> list[Path]:
    """The files of rows or tags that a path stands for: itself, those in it, or the articles of a dataset folder.

    Empty for a folder of annotation files. Raises CannotRun for a file of another kind, and for no file at all.
    """
    if path.is_dir():
        folder = path / GOLD_TABLE if (path / GOLD_TABLE).is_dir() else path
        return sorted(one for one in folder.iterdir() if one.suffix in (*ROWS, *TAGS) and not one.name.startswith("."))
    if not path.exists():
        raise CannotRun(path, "no such file or folder", "name annotation files, rows of the dataset, or BIO")
    if path.suffix not in (*ROWS, *TAGS):
        mend = f"name it {', '.join((*ROWS, *TAGS))}, or give a folder of annotation files"
        raise CannotRun(path, "its name does not say what it holds", mend)
    return [path]


def read(paths: list[Path], text_of: Text, inventory: Inventory, own_texts: bool = False) -> Iterator[Found]:
    """The annotations of files, an article each.

    The text of an article is `text_of`, or else, with `own_texts`, that of its row. Raises CannotRun, naming the file
    and the place, for whatever does not fit the text or the inventory, for an article that is unknown or stands twice,
    and for nothing.
    """
    seen: set[str] = set()
    for path in paths:
        some = False
        for found in _read(path, text_of, inventory, own_texts):
            if found.annotation.article in seen:
                raise CannotRun(path, f"article {found.annotation.article!r} stands twice", "give each article once")
            seen.add(found.annotation.article)
            some = True
            yield found
        if not some:
            raise CannotRun(path, "holds no labels", "give a row an article, or a token a line")


def _read(path: Path, text_of: Text, inventory: Inventory, own_texts: bool) -> Iterator[Found]:
    if path.suffix in TAGS:
        lines = _decoded(path).split("\n")
        yield from _tagged(path, of_lines(lines, str(path), path.stem), text_of, inventory)
        return
    rows = [(where, _whole(row)) for where, row in (_parquet(path) if path.suffix == ".parquet" else _jsonl(path))]
    if rows and all(is_tokens(row) for _, row in rows):
        yield from _tagged(path, of_rows(rows, inventory), text_of, inventory)
        return
    for where, given in rows:
        row = _of_export(given) or given
        if "spans" not in row or not isinstance(row.get("id"), str):
            mend = "give id and spans, or article and tokens, or export it with `annotate export --format jsonl`"
            raise CannotRun(where, "is a row of neither articles nor tokens", mend)
        text = _text(where, row["id"], text_of, row.get("text") if own_texts else None)
        if row.get("text_sha256") not in (None, sha256(text)):
            raise CannotRun(where, "was made on another text", "make it on the text as it is now")
        yield Found(path, text, of_row(row, where, text, inventory))


def _whole(value: Any) -> Any:
    """A row with integers where they are written as floats: pandas does so where one of a column is missing."""
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def _of_export(row: dict[str, Any]) -> dict[str, Any] | None:
    """A line of `annotate export --format jsonl`, article and annotation, as a row of articles; None for other rows."""
    article, annotation = row.get("article"), row.get("annotation")
    if not isinstance(article, dict) or not isinstance(annotation, dict):
        return None
    return {**annotation, "id": annotation.get("article"), "text": article.get("text")}


def _tagged(path: Path, found: dict[str, list[Stretch]], text_of: Text, inventory: Inventory) -> Iterator[Found]:
    for article, stretches in found.items():
        where = f"{path}, {article}"
        text = _text(where, article, text_of, None)
        yield Found(path, text, of_stretches(article, stretches, where, text, inventory))


def _text(where: str, article: str, text_of: Text, own: object) -> str:
    text = text_of(article)
    if text is None and not isinstance(own, str):
        mend = "name an article of the corpus, or of the gold rows"
        raise CannotRun(where, f"no article is called {article!r}", mend)
    return str(own) if text is None else text


def _decoded(path: Path) -> str:
    try:
        return read_bytes(path, "name another file").decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotRun(path, f"is not UTF-8 (byte {error.start})", "convert it first") from error


def _jsonl(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(_decoded(path).split("\n"), 1):
        if line.strip():
            try:
                yield f"{path}:{number}", msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.MsgspecError, RecursionError) as error:
                raise CannotRun(f"{path}:{number}", str(error), "write one JSON object a line") from error


def _parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise CannotRun(path, f"is no Parquet: {' '.join(str(error).split())[:200]}", "write it again") from error
    for number, row in enumerate(table.to_pylist()):
        yield f"{path}, row {number}", row
