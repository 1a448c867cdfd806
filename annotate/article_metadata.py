"""The metadata of articles, as options and tables give them. A table is CSV or JSON, a row for each article."""

import csv
import datetime
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.article_schema import encode_article_schema, explain_value
from annotate.corpus import Corpus
from annotate.errors import CannotRun, FaultyInput
from annotate.ingest import ArticleRejected, Details, Intake, change_details, update_details
from annotate.inventory import Inventory, MetadataField
from annotate.model import Article, MetadataValue, normal_number
from annotate.schemas import Fault, explain, package_schema
from annotate.util.escape import quote
from annotate.util.files import read_text
from annotate.util.progress import StartStep, ignore_steps
from annotate.util.suggestions import list_choices
from annotate.util.typed_values import decode_as

T = TypeVar("T")

ID, FILE, METADATA = "id", "file", "metadata"
FIELDS = tuple(name for name in Details._fields if name != METADATA)
"""The fields of every article that a table can give."""
NEEDED = ("language", "rights")
"""Those of them that are never empty."""
_TYPE = "name one that ends in .csv, .tsv, .json or .jsonl; a spreadsheet can be saved as CSV (UTF-8)"
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
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")
_SPREADSHEET = "if a spreadsheet shows it otherwise, give its column the format text"
_DAY_NUMBER = re.compile("[1-9][0-9]{4}")
_FIRST_DAY = datetime.date(1899, 12, 30)
"""The day with the number 0 in a spreadsheet."""
_SEPARATOR = re.compile(r"sep=([,;\t])")
"""A first line with which a spreadsheet names the separator."""

Key = tuple[str, str]
"""A column, id or file, and a name of an article in it."""

Values = dict[str, MetadataValue | None]
"""Field → value; None takes the value away."""


def decode_value(field: MetadataField, text: str) -> MetadataValue:
    """Return the value that text is for a field: a number for a field of numbers, if it is one, and else the text."""
    if field.type != "number" or not _NUMBER.fullmatch(text):
        return text
    number = normal_number(float(text) if re.search("[.eE]", text) else int(text))
    return text if number is None else number


def parse_value(field: MetadataField, value: object) -> tuple[MetadataValue, Fault | None]:
    """Return the value that text gives a field, and why the field cannot have it; None if it can.

    Args:
        field: The field.
        value: The text; for a number it may be a number.
    """
    parsed: Any = decode_value(field, value) if isinstance(value, str) else value
    fault = explain_value(field, parsed)
    if fault and field.type == "number" and isinstance(value, str) and "," in value:
        fault = fault._replace(hint=f"{fault.hint} with a point, as in 2.5")
    return parsed, fault


def parse_assignments(words: Iterable[str], fields: Mapping[str, MetadataField]) -> Values:
    """Return the metadata that options such as `--meta party=left` give; `--meta party=` takes a value away.

    Args:
        words: The values of the option.
        fields: The fields that the inventory declares.

    Raises:
        CannotRun: If one is not NAME=VALUE, or is given twice, or the field is not declared or cannot have the value.
    """
    values: Values = {}
    for word in words:
        name, equals, text = word.partition("=")
        where = f"--meta {name}"
        if not equals:
            raise CannotRun(f"--meta {quote(word)}", "is not NAME=VALUE", "write it as in --meta year=2017")
        if name not in fields:
            raise CannotRun(where, "is not declared", _name_fields(fields))
        if name in values:
            raise CannotRun(where, "is given twice", "give it once")
        values[name], fault = parse_value(fields[name], text.strip()) if text.strip() else (None, None)
        if fault:
            raise CannotRun(where, fault.message, fault.hint)
    return values


def _name_fields(fields: Mapping[str, MetadataField]) -> str:
    known = f"use one of: {list_choices(fields)}; or " if fields else ""
    return f"{known}declare it in the section metadata of labels.yaml"


def _explain_spreadsheet(value: object) -> str:
    """Return what a spreadsheet may have made of a date, and what to do."""
    if not _DAY_NUMBER.fullmatch(str(value)):
        return _SPREADSHEET
    day = _FIRST_DAY + datetime.timedelta(days=int(str(value)))
    return f"a spreadsheet stores {day} as {value}: give its column the format text, and write the date again"


def require_valid_options(values: Mapping[str, str | None]) -> None:
    """Check the values that options such as `--language` give to all articles, before any article is read.

    Args:
        values: The values by field; None for an option that was not given.

    Raises:
        CannotRun: If no article can have one of them.
    """
    given = {name: value for name, value in values.items() if value is not None}
    for fault in explain({**_ARTICLE, **given}, package_schema("article")):
        raise CannotRun(f"--{fault.location}", fault.message, fault.hint)


class _Row(msgspec.Struct):
    """A row of the table.

    Attributes:
        line: Its line in the file, or its number in a JSON list.
        keys: The names of the article in it.
        details: The fields of the article that it gives.
        empty: The columns in which its cell is empty.
        article_id: The article that it was used for; empty if there is none so far.
        others: Further articles that it could be used for.
        rival: The line of the row that was used for an article that this one names, too; 0 if there is none.
        is_faulty: Whether the table has a fault in this row.
    """

    line: int
    keys: dict[str, str]
    details: dict[str, Any]
    empty: list[str]
    article_id: str = ""
    others: dict[str, None] = {}
    rival: int = 0
    is_faulty: bool = False


class UnusedRow(NamedTuple):
    """A row that belongs to no article so far, or to several.

    Attributes:
        line: Its line.
        keys: How it names the article, in words.
        article_id: The article that it was used for; empty if there is none.
        others: Further articles that it could be used for.
        rival: The line of the row that was used for an article that this one names, too; 0 if there is none.
    """

    line: int
    keys: str
    article_id: str
    others: tuple[str, ...]
    rival: int = 0


class TableRow(NamedTuple):
    """What a row of the table gives an article.

    Attributes:
        line: Its line.
        details: The fields of the article.
        is_faulty: Whether the table has a fault in this row, so that it may give too little.
    """

    line: int
    details: dict[str, Any]
    is_faulty: bool


class MetadataTable:
    """The metadata of articles by id or file. Each row is for one article.

    Faults are collected, so that people see all of them at once; see `raise_faults`.

    Attributes:
        path: The file of the table.
        unknown_columns: Names of columns that are no field of articles.

    Args:
        path: The file of the table.
        rows: The cells of each row by column, with its line.
        fields: The fields that the inventory declares.
    """

    def __init__(
        self, path: Path, rows: Iterable[tuple[int, Mapping[str, Any] | CannotRun]], fields: Mapping[str, MetadataField]
    ) -> None:
        self._faults: list[tuple[int, CannotRun]] = []
        self.path, self._fields = path, fields
        self._unknown: dict[str, None] = {}
        self._rows: list[_Row] = []
        self._by_key: dict[Key, _Row] = {}
        for line, cells in rows:
            if isinstance(cells, CannotRun):
                self._faults.append((line, cells))
            else:
                self._add(line, cells)

    @property
    def unknown_columns(self) -> list[str]:
        """Names of columns that are no field of articles."""
        return list(self._unknown)

    def reject_unknown_columns(self) -> None:
        """Count each column that is no field of articles as a fault."""
        for name in self._unknown:
            problem = f"has the column {quote(name)}, which is not declared"
            self.add_fault(self.path, problem, _name_fields(self._fields))

    def add_fault(self, where: str | Path, problem: str, hint: str, line: int = 0) -> None:
        """Note a fault.

        Args:
            where: The file that has it, with the line if it has one.
            problem: What is wrong.
            hint: What to do about it.
            line: The line of the table that it is in; 0 for a fault of a column, or of an article without a row.
        """
        self._faults.append((line, CannotRun(where, problem, hint)))

    def raise_faults(self) -> None:
        """Raise all faults that were found, those of columns and articles first, and then by line.

        Raises:
            FaultyInput: If there are any.
        """
        if self._faults:
            raise FaultyInput([fault for _, fault in sorted(self._faults, key=lambda pair: pair[0])])

    def has_everywhere(self, name: str) -> bool:
        """Return whether each row gives a field that every article can have."""
        return all(name in row.details for row in self._rows)

    def __str__(self) -> str:
        """Return the path of the file."""
        return str(self.path)

    def _add(self, line: int, cells: Mapping[str, Any]) -> None:
        where, values, own, empty = f"{self.path}:{line}", dict[str, str](), dict[str, MetadataValue](), list[str]()
        count = len(self._faults)
        for name, value in cells.items():
            column = name.strip().lower()
            if not column and isinstance(value, str):
                if value.strip():
                    problem = f"has {quote(value)} in a column without a name"
                    self.add_fault(where, problem, "name the column", line)
            elif column not in (ID, FILE, *FIELDS, *self._fields):
                self._unknown[name] = None
            elif column in values or column in own or column in empty:
                self.add_fault(where, f"has {column} twice", "remove one of them", line)
            elif value is None or (isinstance(value, str) and not value.strip()):
                empty.append(column)
            elif column in self._fields:
                parsed, fault = parse_value(self._fields[column], value.strip() if isinstance(value, str) else value)
                if fault is None:
                    own[column] = parsed
                else:
                    is_date = self._fields[column].type == "date"
                    hint = f"{fault.hint}; {_explain_spreadsheet(parsed)}" if is_date else fault.hint
                    self.add_fault(where, f"{column}: {fault.message}", hint, line)
            elif isinstance(value, str):
                values[column] = value.strip()
            else:
                self.add_fault(where, f"{column} is not text", 'write text such as "2017", or null', line)
        keys = {column: values.pop(column) for column in (ID, FILE) if column in values}
        if not keys:
            self.add_fault(where, "has no id and no file", _EXAMPLE, line)
        for fault in explain({**_ARTICLE, **values}, package_schema("article")):
            hint = fault.hint
            if fault.location == "date":
                hint = f"{hint.removesuffix(' or null')}; {_explain_spreadsheet(values['date'])}"
            self.add_fault(where, f"{fault.location}: {fault.message}", hint, line)
            values.pop(fault.location, None)
        row = _Row(line, keys, {**values, **({METADATA: own} if own else {})}, empty)
        is_own = True
        for column, key in keys.items():
            other = self._by_key.setdefault((column, key.removeprefix("./")), row)
            if other is not row:
                is_own = False
                self.add_fault(where, f"has the {column} {quote(key)} of line {other.line}", "remove one of them", line)
        row.is_faulty = len(self._faults) > count
        if keys and is_own:
            self._rows.append(row)

    def clear_empty(self, columns: Iterable[str]) -> None:
        """Let an empty cell of these columns take the value away; without this, it changes nothing.

        Raises:
            CannotRun: If a column is no field, every article needs it, or no row has it.
        """
        for column in columns:
            where = f"--clear {column}"
            if column not in (*FIELDS, *self._fields):
                raise CannotRun(where, "is not declared", _name_fields(self._fields))
            if column in NEEDED or (column in self._fields and self._fields[column].required):
                raise CannotRun(where, "every article needs a value of it", "give it another value in the table")
            rows = [row for row in self._rows if column in row.empty]
            if not rows:
                raise CannotRun(where, f"{self.path} has no empty cell of this column", "leave the option out")
            for row in rows:
                if column in self._fields:
                    row.details.setdefault(METADATA, {})[column] = None
                else:
                    row.details[column] = None

    def find(self, article_id: str, keys: Iterable[Key]) -> TableRow | None:
        """Return what a row gives an article; None if it has no row, or its row was used for another one.

        Args:
            article_id: The id of the article.
            keys: The names by which a row can name it, the most precise ones first; see `list_keys`.
        """
        rows = [self._by_key[key] for key in keys if key in self._by_key]
        for row in rows:
            if row.article_id in ("", article_id):
                row.article_id = article_id
                for other in rows:
                    if other is not row:
                        other.rival = row.line
                return TableRow(row.line, row.details, row.is_faulty)
        for row in rows:
            row.others[article_id] = None
        return None

    def unused_rows(self) -> Iterator[UnusedRow]:
        """Yield each row that belongs to no article so far, or to several."""
        for row in self._rows:
            keys = " and ".join(f"{column} {quote(key)}" for column, key in row.keys.items())
            if not row.article_id or row.others:
                yield UnusedRow(row.line, keys, row.article_id, tuple(row.others), row.rival)


def list_keys(article_id: str, source_name: str, files: Iterable[str] = ()) -> Iterator[Key]:
    """Yield the keys by which a row can name an article, the most precise ones first.

    Args:
        article_id: Its id.
        source_name: The name of its source file.
        files: Paths of its files.
    """
    yield ID, article_id
    yield ID, PurePosixPath(source_name).stem
    for file in (*files, source_name):
        path = PurePosixPath(file)
        for name in (file, str(path.with_suffix("")) if path.name else "", path.name, path.stem):
            yield FILE, name


def describe_intake(
    intake: Intake, file: str, shared: Values, table: MetadataTable | None, inventory: Inventory
) -> Intake | None:
    """Return a source file whose articles have the metadata of options and of their rows.

    Args:
        intake: The source file with its articles.
        file: Its path, as a row can have it.
        shared: The fields of metadata that all articles have; a row takes precedence.
        table: The table, in which each article needs a row.
        inventory: The inventory, which declares the fields.

    Returns:
        The source file; None if the table has no row for an article of it, or a fault in its row. Such faults are
        the table's.

    Raises:
        ArticleRejected: If an article lacks a required field without a table, or cannot have a value.
    """
    schema, articles = encode_article_schema(inventory), []
    for article in intake.articles:
        row = table.find(article.id, list_keys(article.id, intake.source.file, [file])) if table else None
        if table and row is None:
            table.add_fault(file, f"has no row of its own for {quote(article.id)} in {table}", "add one")
            continue
        details = row.details if row else {}
        values = {**shared, **details.get(METADATA, {})}
        metadata = {name: value for name, value in values.items() if value is not None}
        if missing := inventory.list_missing_metadata(metadata):
            problem = f"lacks the metadata that labels.yaml requires, {', '.join(missing)}"
            hint = f"give it with --meta {missing[0]}=VALUE, or in a table with --table"
            if table is None:
                raise ArticleRejected(f"{problem}; {hint}")
            if row and not row.is_faulty:
                table.add_fault(file, problem, hint, row.line)
            continue
        articles.append(change_details(article, {**details, METADATA: metadata}, schema))
    return intake._replace(articles=tuple(articles)) if len(articles) == len(intake.articles) else None


def require_rows_used(table: MetadataTable, corpus: Corpus) -> None:
    """Check that the table has no fault, and that each row is for one article: one looked up, or one of the corpus.

    Raises:
        FaultyInput: If there are faults, with all of them.
    """
    if any(not row.article_id for row in table.unused_rows()):
        for article in corpus.articles():
            table.find(article.id, list_keys(article.id, article.source.file))
    for line, keys, article_id, others, rival in table.unused_rows():
        where = f"{table}:{line}"
        if not article_id and rival:
            table.add_fault(where, f"the article with the {keys} is that of line {rival}", "remove one of them", line)
        elif not article_id:
            table.add_fault(where, f"no article has the {keys}", "correct the row, or remove it", line)
        else:
            articles = ", ".join(map(quote, (article_id, *others)))
            table.add_fault(where, f"several articles have the {keys}: {articles}", "give a row for each id", line)
    table.raise_faults()


class MetadataUpdate(NamedTuple):
    """What a table changed in a corpus.

    Attributes:
        changed: The ids of the articles that changed.
        without_row: The ids of the articles that have no row.
    """

    changed: list[str]
    without_row: list[str]


def update_metadata(
    corpus: Corpus,
    table: MetadataTable,
    inventory: Inventory,
    shared: Values | None = None,
    start_step: StartStep = ignore_steps,
) -> MetadataUpdate:
    """Give articles of a corpus the metadata of their rows, all or none.

    Args:
        corpus: The corpus.
        table: The table. An empty cell changes nothing, unless it is cleared; see `MetadataTable.clear_empty`.
        inventory: The inventory, which declares the fields.
        shared: The fields of metadata of all articles that have a row; a row takes precedence.
        start_step: Starts a step of the progress.

    Raises:
        ArticleRejected: If an article cannot have a value.
        FaultyInput: If the table has faults, such as a row that is not for one article.
        Refused: If a file was changed by another program meanwhile.
    """
    without_row: list[str] = []

    def find_row(article: Article) -> dict[str, Any] | None:
        row = table.find(article.id, list_keys(article.id, article.source.file))
        if row is None:
            without_row.append(article.id)
            return None
        if row.is_faulty:
            return None
        changed = {**(shared or {}), **row.details.get(METADATA, {})}
        kept = {name: value for name, value in {**article.metadata, **changed}.items() if value is not None}
        if missing := inventory.list_missing_metadata(kept):
            problem = f"{article.id} lacks the metadata that labels.yaml requires, {', '.join(missing)}"
            table.add_fault(f"{table}:{row.line}", problem, "add it to the row", row.line)
            return None
        return {**row.details, METADATA: changed}

    schema = encode_article_schema(inventory)
    changed = update_details(corpus, find_row, schema, lambda: require_rows_used(table, corpus), start_step)
    return MetadataUpdate(changed, without_row)


def load_metadata(path: Path, fields: Mapping[str, MetadataField]) -> MetadataTable:
    """Load a table of metadata. Faults of its rows are kept, for `MetadataTable.raise_faults`.

    The table is CSV with commas or semicolons (`.csv`) or tabs (`.tsv`), a JSON list of objects (`.json`), or an object
    a line (`.jsonl`).

    Args:
        path: The file.
        fields: The fields that the inventory declares.

    Raises:
        CannotRun: With the line, if the table cannot be read.
    """
    rows: Iterable[tuple[int, Mapping[str, Any] | CannotRun]]
    text = read_text(path, "name a table of metadata", within=None).removeprefix("\ufeff")
    match path.suffix.lower():
        case ".csv" | ".tsv":
            rows = _read_csv(path, text)
        case ".json":
            rows = enumerate(_decode(str(path), text, list[dict[str, Any]]), 1)
        case ".jsonl":
            lines = enumerate(text.split("\n"), 1)
            rows = ((line, _decode_line(f"{path}:{line}", row)) for line, row in lines if row.strip())
        case _:
            raise CannotRun(path, "is not a table of metadata", _TYPE)
    return MetadataTable(path, rows, fields)


def _decode(where: str, text: str, type_: type[T]) -> T:
    try:
        return decode_as(text, type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        hint = 'write objects such as {"file": "a.txt", "title": "Strike"}'
        raise CannotRun(where, f"is not a table of metadata: {error}", hint) from error


def _decode_line(where: str, text: str) -> dict[str, Any] | CannotRun:
    try:
        return _decode(where, text, dict[str, Any])
    except CannotRun as error:
        return error


def _read_csv(path: Path, text: str) -> Iterator[tuple[int, dict[str, str] | CannotRun]]:
    first, _, rest = text.partition("\n")
    named = _SEPARATOR.fullmatch(first.strip("\r\n"))
    if named:
        first, text = rest.partition("\n")[0], rest
    delimiter = named[1] if named else "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    skipped = 1 if named else 0
    line = 1 + skipped
    try:
        for cells in reader:
            if columns is None and any(cell.strip() for cell in cells):
                columns = cells
                names = [name.strip().lower() for name in columns]
                if not {ID, FILE} & {*names}:
                    raise CannotRun(f"{path}:{line}", "has no column id and no column file", _EXAMPLE)
                (name, count), *_ = Counter(filter(None, names)).most_common(1)
                if count > 1:
                    raise CannotRun(f"{path}:{line}", f"has the column {quote(name)} twice", "rename one of them")
            elif columns and any(cell.strip() for cell in cells):
                if len(cells) > len(columns):
                    problem = f"has {len(cells)} cells, and there are {len(columns)} columns"
                    hint = "put quotation marks around a cell with a comma"
                    yield line, CannotRun(f"{path}:{line}", problem, hint)
                else:
                    unnamed = [cell for name, cell in zip(columns, cells, strict=False) if not name.strip()]
                    row = dict(zip(columns, cells, strict=False))
                    yield line, {**row, **({"": "".join(unnamed)} if unnamed else {})}
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise CannotRun(f"{path}:{line}", f"is not CSV: {error}", "correct the row") from error
    if columns is None:
        raise CannotRun(path, "is empty", _EXAMPLE)
