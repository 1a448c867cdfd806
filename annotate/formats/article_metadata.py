"""A table with the metadata of articles, for an import: CSV or JSON, a row for each article."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.document import RawDocument
from annotate.ingest import Details
from annotate.schemas import explain, package_schema
from annotate.util.escape import quote
from annotate.util.files import read_text

T = TypeVar("T")

ID, FILE = "id", "file"
COLUMNS = (ID, FILE, *Details._fields)
_TYPE = "name a table that ends in .csv, .tsv, .json or .jsonl"
_EXAMPLE = "write a row of names such as file,title,date, and one such as a.txt,Strike,2017-06-30"
_ARTICLE = {
    "id": "a",
    "title": None,
    "language": "en",
    "author": None,
    "publisher": None,
    "date": None,
    "rights": "-",
    "source": {"file": "a", "sha256": "0" * 64, "start": 0, "end": 1},
    "text_sha256": "0" * 64,
}
"""A valid article, in which the fields of a row are checked."""


class _Row(msgspec.Struct):
    """A row of the table.

    Attributes:
        line: Its line in the file, or its number in a JSON list.
        keys: The names of the article in it.
        details: The fields of the article that it gives.
        article_id: The article that it was used for; empty if there is none so far.
        others: Further articles that it could be used for.
    """

    line: int
    keys: dict[str, str]
    details: dict[str, str]
    article_id: str = ""
    others: dict[str, None] = {}


class MetadataTable:
    """The metadata of articles by id or file. Each row is for one article.

    Args:
        path: The file of the table.
        rows: The cells of each row by column, with its line.

    Raises:
        CannotRun: If a row has no id and no file, the same one as another row, or a value that an article cannot have.
    """

    def __init__(self, path: Path, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        self.path = path
        self._unknown: dict[str, None] = {}
        self._rows: list[_Row] = []
        self._by_key: dict[tuple[str, str], _Row] = {}
        for line, cells in rows:
            self._add(line, cells)

    def _add(self, line: int, cells: Mapping[str, Any]) -> None:
        where, values = f"{self.path}:{line}", dict[str, str]()
        for name, value in cells.items():
            column = name.strip().lower()
            if column not in COLUMNS:
                self._unknown[name] = None
            elif column in values:
                raise CannotRun(where, f"has {column} twice", "remove one of them")
            elif isinstance(value, str) and value.strip():
                values[column] = value.strip()
            elif value is not None and not isinstance(value, str):
                raise CannotRun(where, f"{column} is not text", 'write text such as "2017", or null')
        keys = {column: values.pop(column) for column in (ID, FILE) if column in values}
        if not keys:
            raise CannotRun(where, "has no id and no file", _EXAMPLE)
        for fault in explain({**_ARTICLE, **values}, package_schema("article")):
            raise CannotRun(where, f"{fault.location}: {fault.message}", fault.hint)
        row = _Row(line, keys, values)
        for column, key in keys.items():
            other = self._by_key.setdefault((column, key.removeprefix("./")), row)
            if other is not row:
                raise CannotRun(where, f"has the {column} {quote(key)} of line {other.line}", "remove one of them")
        self._rows.append(row)

    def find(self, document: RawDocument) -> dict[str, str]:
        """Return the fields of a document's article; none if it has no row, or its row was used for another article."""
        rows = [self._by_key[key] for key in _list_keys(document) if key in self._by_key]
        for row in rows:
            if row.article_id in ("", document.article_id):
                row.article_id = document.article_id
                return row.details
        for row in rows:
            row.others[document.article_id] = None
        return {}

    def unknown_columns(self) -> Iterator[Finding]:
        """Yield a finding for each column that is no field of articles."""
        for name in self._unknown:
            yield from rules.unknown_column(str(self.path), None, name)

    def unused_rows(self) -> Iterator[Finding]:
        """Yield a finding for each row that belongs to no document so far, or to several articles."""
        for row in self._rows:
            keys = " and ".join(f"{column} {quote(key)}" for column, key in row.keys.items())
            if not row.article_id:
                why = f"no text of the import has the {keys}; correct the row, or remove it"
                yield from rules.unused_row(str(self.path), None, row.line, why)
            elif row.others:
                articles = ", ".join(map(quote, row.others))
                why = f"the row was used for {quote(row.article_id)}, and {articles} also has the {keys}; give the path"
                yield from rules.unused_row(str(self.path), None, row.line, why)


def _list_keys(document: RawDocument) -> Iterator[tuple[str, str]]:
    """Yield the keys by which a row can name a document, the most precise ones first."""
    yield ID, document.article_id
    source = PurePosixPath(document.source_name)
    yield ID, source.stem
    for file in (document.text_file, document.file, document.source_name):
        path = PurePosixPath(file)
        for name in (file, str(path.with_suffix("")) if path.name else "", path.name, path.stem):
            yield FILE, name


def load_metadata(path: Path) -> MetadataTable:
    """Load a table of metadata.

    The table is CSV with commas or semicolons (`.csv`) or tabs (`.tsv`), a JSON list of objects (`.json`), or an object
    a line (`.jsonl`).

    Raises:
        CannotRun: With the line, if the table cannot be read or has a row that is not valid.
    """
    text = read_text(path, "name a table of metadata", within=None).removeprefix("\ufeff")
    match path.suffix.lower():
        case ".csv" | ".tsv":
            rows = _read_csv(path, text)
        case ".json":
            rows = enumerate(_decode(str(path), text, list[dict[str, Any]]), 1)
        case ".jsonl":
            lines = enumerate(text.split("\n"), 1)
            rows = ((line, _decode(f"{path}:{line}", row, dict[str, Any])) for line, row in lines if row.strip())
        case _:
            raise CannotRun(path, "is not a table of metadata", _TYPE)
    return MetadataTable(path, rows)


def _decode(where: str, text: str, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=type_)
    except (msgspec.MsgspecError, RecursionError) as error:
        hint = 'write objects such as {"file": "a.txt", "title": "Strike"}'
        raise CannotRun(where, f"is not a table of metadata: {error}", hint) from error


def _read_csv(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if columns is None:
                columns = cells
                names = [name.strip().lower() for name in columns]
                if not {ID, FILE} & {*names}:
                    raise CannotRun(f"{path}:{line}", "has no column id and no column file", _EXAMPLE)
                (name, count), *_ = Counter(names).most_common(1)
                if count > 1:
                    raise CannotRun(f"{path}:{line}", f"has the column {quote(name)} twice", "rename one of them")
            elif any(cell.strip() for cell in cells):
                if len(cells) > len(columns):
                    problem = f"has {len(cells)} cells, and there are {len(columns)} columns"
                    raise CannotRun(f"{path}:{line}", problem, "put quotation marks around a cell with a comma")
                yield line, dict(zip(columns, cells, strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        raise CannotRun(f"{path}:{line}", f"is not CSV: {error}", "correct the row") from error
    if columns is None:
        raise CannotRun(path, "is empty", _EXAMPLE)
