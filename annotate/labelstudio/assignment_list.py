"""Lists that say which annotators label which articles, as CSV tables and as YAML."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.schemas import convert_value
from annotate.util.escape import quote
from annotate.util.files import load_yaml, read_text
from annotate.util.spreadsheets import Separator, restore_cell

ARTICLE, ANNOTATORS = "article", "annotators"
_HINT = "write a row of names, article,annotators, and rows such as harbour,anna ben"
_YAML_HINT = "write a list of entries such as {article: harbour, annotators: [anna, ben]}"
_BETWEEN_IDS = re.compile(r"[\s,;]+")


class ListedArticle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of a YAML list."""

    article: str
    annotators: list[str]


class _ListedRow(NamedTuple):
    """A row of a list, and where it is, for messages."""

    where: str
    article: str
    annotators: list[str]


def read_assignment_list(path: str | Path, article_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the annotators of each article in a list, in the order of the list.

    Args:
        path: A file whose name ends in .csv, .yaml or .yml. Cells with several annotators separate them by spaces,
            commas or semicolons.
        article_ids: The articles of the corpus.

    Raises:
        CannotRun: The file cannot be read, lists an article twice or one that is not in the corpus, or lists one
            without annotators.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".csv", ".yaml", ".yml"):
        raise CannotRun(Path(path), "is neither CSV nor YAML", "name a file that ends in .csv or .yaml")
    rows = _read_csv(Path(path)) if suffix == ".csv" else _read_yaml(Path(path))
    annotators_of: dict[str, list[str]] = {}
    known = set(article_ids)
    for row in rows:
        if row.article not in known:
            raise CannotRun(row.where, f"the corpus has no article {quote(row.article)}", "name articles of the corpus")
        if row.article in annotators_of:
            raise CannotRun(row.where, f"lists {row.article} a second time", "list each article once")
        if not row.annotators:
            raise CannotRun(row.where, f"names no annotator of {row.article}", _HINT)
        annotators_of[row.article] = list(dict.fromkeys(row.annotators))
    if not annotators_of:
        raise CannotRun(Path(path), "lists no article", _HINT)
    return annotators_of


def _read_yaml(path: Path) -> Iterator[_ListedRow]:
    entries = convert_value(path, load_yaml(path, "name a file", within=None), list[ListedArticle], _YAML_HINT)
    for number, entry in enumerate(entries, 1):
        yield _ListedRow(f"{path}: entry {number}", entry.article, entry.annotators)


def _read_csv(path: Path) -> Iterator[_ListedRow]:
    text = read_text(path, "name a file", within=None).removeprefix("\ufeff")
    first_line = text.partition("\n")[0]
    separator: Separator = ";" if ";" in first_line else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = [cell.strip() for cell in next(reader, [])]
        if sorted(columns) != [ANNOTATORS, ARTICLE]:
            raise CannotRun(path, f"has the columns {quote(','.join(columns))}", _HINT)
        for cells in reader:
            where = f"{path}:{reader.line_num}"
            if not any(cells):
                continue
            if len(cells) != len(columns):
                raise CannotRun(where, f"has {len(cells)} cells", "quote cells that contain the separator")
            row = dict(zip(columns, (restore_cell(cell, separator).strip() for cell in cells), strict=True))
            yield _ListedRow(where, row[ARTICLE], [name for name in _BETWEEN_IDS.split(row[ANNOTATORS]) if name])
    except csv.Error as error:
        raise CannotRun(f"{path}:{reader.line_num}", f"is not CSV: {error}", _HINT) from error
