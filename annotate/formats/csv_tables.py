"""CSV tables for spreadsheets and statistics programs: a row for each span, relation, attribute, record and article.

Labels are names, each row repeats the words and the article's metadata, and each table has a row of column names. The
tables are for people and other programs. `compare_tables` reads them back for the certificate, `read_labels` reads
spans and relations for `annotate score`, and `read_rows` those of hand-made tables, too, for `annotate import`.

A spreadsheet executes a cell that begins as a formula does. Such a cell gets an apostrophe before it, which
`restore_cell` takes away again, so that no two texts become the same cell.
"""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from io import StringIO, TextIOWrapper
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import msgspec

from annotate.article_metadata import decode_value
from annotate.corpus import sort_annotation
from annotate.errors import CannotRun
from annotate.formats.document import LabelledArticle, Loss, explain_encoding
from annotate.formats.export import DocumentReader, export_parts
from annotate.formats.ledger import Fact, Ledger, list_facts, metadata_fact
from annotate.formats.parts import Part, append_file
from annotate.inventory import Inventory, RecordType
from annotate.model import (
    LABEL_ORIGINS,
    LONGEST_WORK,
    Annotation,
    Article,
    AttributeValue,
    MetadataValue,
    Relation,
    SourceRange,
    Span,
    normal_number,
)
from annotate.records import FILLER_SEPARATOR, Graph, Mention, Record
from annotate.util.escape import quote
from annotate.util.files import open_raw, read_bytes
from annotate.util.progress import StartStep, ignore_steps
from annotate.util.spreadsheets import Separator, defuse_cell, restore_cell
from annotate.util.typed_values import convert_as

Cells = dict[str, str]
"""A row: column → cell, as text."""

NAME = "csv"
CELL_LENGTH = 32_767
"""The most characters that a cell of Excel or LibreOffice holds."""
TABLE_LENGTH = 1_048_576
"""The most rows of a sheet, the one of column names among them."""

LOSSES = {
    "text": "the tables have the words of spans, and not the texts, which are often too long for a cell; "
    "`--format jsonl` has them",
    "unfit metadata": "a field of an article that labels.yaml does not declare has no column, and a value that would "
    "not come back from a cell, such as a number in a field of text, has none; `annotate check` lists them",
}

ARTICLES, SPANS, RELATIONS = "articles", "spans", "relations"
_ATTRIBUTES = "attributes"
_RECORD = "record_"
_METADATA = ("title", "author", "publisher", "date", "language")
"""The fields of every article that each table repeats; `_list_metadata` has those that the corpus declares."""
_ARTICLE = ("article", *_METADATA)
_END = ("span", "label", "start", "end", "words")
_LONGEST_CELL = (1 << 31) - 1


class _Row(NamedTuple):
    """A row of a table: its cells, of which numbers are left as they are."""

    table: str
    cells: Mapping[str, AttributeValue | None]


class TablesLedger(Ledger, kw_only=True):
    """What an export as CSV tables carries.

    Attributes:
        rows: Name of each table → number of its rows, without that of the column names.
        defused: Number of cells with an apostrophe before what a spreadsheet would execute.
        long_cells: Number of cells that are longer than a spreadsheet shows.
    """

    rows: dict[str, int] = msgspec.field(default_factory=dict)
    defused: int = 0
    long_cells: int = 0

    def merge(self, later: Self) -> None:
        """Add what later documents carry, and their rows."""
        super().merge(later)
        self.rows = {table: self.rows.get(table, 0) + count for table, count in later.rows.items()}
        self.defused += later.defused
        self.long_cells += later.long_cells


class CsvDialect(NamedTuple):
    """How tables are written.

    Attributes:
        separator: What separates cells.
        bom: Whether a table begins with a byte order mark, by which Excel recognises UTF-8.
    """

    separator: Separator = ","
    bom: bool = False

    @property
    def encoding(self) -> str:
        """The encoding of a table."""
        return "utf-8-sig" if self.bom else "utf-8"


def export_tables(
    out: Path,
    article_ids: Sequence[str],
    reader: DocumentReader,
    sources: Iterable[Path] = (),
    dialect: CsvDialect = CsvDialect(),  # noqa: B008 - it is immutable
    progress: StartStep = ignore_steps,
) -> TablesLedger:
    """Write documents as tables into a new folder, with the certificate beside them.

    Args:
        out: The folder.
        article_ids: The ids of the articles, sorted.
        reader: Reads each of them.
        sources: Folders that must neither contain the export nor be inside it.
        dialect: How tables are written.
        progress: Called at the start of the step with its name and its number of articles.

    Returns:
        The ledger. The folder is created only if it is clean.

    Raises:
        CannotRun: If the folder exists and is not empty, or cannot be created.
    """
    ledger, export = TablesLedger(format=NAME, annotator=reader.annotation_set), partial(_export_part, reader, dialect)
    return export_parts(out, article_ids, reader, export, _join_tables, ledger, sources, progress)


def _export_part(reader: DocumentReader, dialect: CsvDialect, part: Part) -> TablesLedger:
    documents = list(map(reader.read, part.article_ids))
    part.folder.mkdir()
    ledger = TablesLedger(format=NAME, annotator=reader.annotation_set)
    write_tables(part.folder, documents, reader.inventory, dialect, ledger)
    compare_tables(part.folder, documents, reader.inventory, dialect, ledger)
    return ledger


def _join_tables(folder: Path, part: Path, inventory: Inventory) -> None:
    """Append the rows of a part; each table begins with the names of its columns."""
    for table in list_columns(inventory):
        append_file(folder, part, _path(folder, table).name, skips_first_line=True)


def list_columns(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """Return the columns of each table. No two columns of a table have one name, whatever the inventory names."""
    head, tail = ([f"{end}_{column}" for column in _END] for end in ("head", "tail"))
    of_article = (*_ARTICLE, *map(_metadata_column, inventory.metadata))
    columns = {
        ARTICLES: (
            *of_article,
            "rights",
            *(f"source_{field}" for field in SourceRange.__struct_fields__),
            *("text_sha256", "characters", "annotator", "process", "made_from", "lead_time", "origins"),
            *("inventory", "spans", "relations"),
        ),
        SPANS: (*of_article, *_END, "layer", "mention", *map(_attribute_column, inventory.attributes), "note"),
        _ATTRIBUTES: (*of_article, *_END, "attribute", "value"),
        RELATIONS: (*of_article, "relation", *head, *tail, "note"),
    }
    for type_ in inventory.records.values():
        attributes = [_attribute_column(attribute.name) for attribute in inventory.attributes_of(type_.anchor)]
        roles = [
            f"{name}.{column}"
            for name, role in type_.roles.items()
            for column in ("words", "spans", *(("distances", "through") if role.has_distance else ()))
        ]
        columns[_record_table(type_)] = (*of_article, *_END, *attributes, *roles)
    return columns


def _attribute_column(name: str) -> str:
    return f"attribute_{name}"


def _metadata_column(name: str) -> str:
    return f"metadata_{name}"


def _record_table(type_: RecordType) -> str:
    return f"{_RECORD}{type_.name}"


def _list_metadata(article: Article, inventory: Inventory) -> dict[str, MetadataValue]:
    """Return the values of declared fields that come back from a cell as they are."""
    return {
        name: value
        for name, value in article.metadata.items()
        if (field := inventory.metadata.get(name))
        and value != ""
        and metadata_fact(name, decode_value(field, str(value))) == metadata_fact(name, value)
    }


def _list_losses(article: Article, inventory: Inventory) -> Iterator[Loss]:
    """Yield what the tables do not say of an article."""
    yield Loss("text", article.text, "text")
    carried = _list_metadata(article, inventory)
    for name, value in article.metadata.items():
        if name not in carried:
            yield Loss(*metadata_fact(name, value), "unfit metadata")


def _list_rows(document: LabelledArticle, inventory: Inventory) -> Iterator[_Row]:
    """Yield the rows of a document."""
    article, annotation = document.article, sort_annotation(document.annotation)
    graph = Graph(annotation, inventory)
    common = {"article": article.id, **{field: getattr(article, field) for field in _METADATA}}
    common |= {_metadata_column(name): value for name, value in _list_metadata(article, inventory).items()}
    source = {f"source_{field}": getattr(article.source, field) for field in SourceRange.__struct_fields__}
    yield _Row(
        ARTICLES,
        {
            **common,
            **source,
            "rights": article.rights,
            "text_sha256": article.text_sha256,
            "characters": len(article.text),
            "annotator": annotation.annotator,
            "process": annotation.process,
            "made_from": FILLER_SEPARATOR.join(annotation.made_from),
            "lead_time": "" if annotation.lead_time is None else annotation.lead_time,
            "origins": FILLER_SEPARATOR.join(f"{name} {count}" for name, count in annotation.origins.items()),
            "inventory": annotation.inventory,
            "spans": len(annotation.spans),
            "relations": len(annotation.relations),
        },
    )
    spans = {span.id: span for span in annotation.spans}
    for span in annotation.spans:
        row = {**common, **_end_cells(span)}
        attributes = {_attribute_column(name): value for name, value in span.attributes.items()}
        about = {"layer": inventory.spans[span.label].layer, "mention": graph.mention_of[span.id].id}
        yield _Row(SPANS, {**row, **about, **attributes, "note": span.note})
        for name, value in span.attributes.items():
            yield _Row(_ATTRIBUTES, {**row, "attribute": name, "value": value})
    for relation in annotation.relations:
        ends = {
            f"{end}_{column}": cell
            for end, id_ in (("head", relation.head), ("tail", relation.tail))
            for column, cell in _end_cells(spans[id_]).items()
        }
        yield _Row(RELATIONS, {**common, "relation": relation.label, **ends, "note": relation.note})
    for name, records in graph.records().items():
        for record in records:
            yield _Row(_record_table(inventory.records[name]), {**common, **_record_cells(record)})


def _end_cells(span: Span | Mention) -> dict[str, AttributeValue | None]:
    return {"span": span.id, "label": span.label, "start": span.start, "end": span.end, "words": span.text}


def _record_cells(record: Record) -> dict[str, AttributeValue | None]:
    cells = _end_cells(record.anchor)
    cells |= {_attribute_column(name): value for name, value in record.anchor.attributes.items()}
    for role, fillers in record.roles.items():
        cells |= {
            f"{role}.words": FILLER_SEPARATOR.join(filler.mention.text for filler in fillers),
            f"{role}.spans": FILLER_SEPARATOR.join(filler.mention.id for filler in fillers),
            f"{role}.distances": FILLER_SEPARATOR.join(str(filler.distance) for filler in fillers),
            f"{role}.through": FILLER_SEPARATOR.join(filler.through or "" for filler in fillers),
        }
    return cells


def write_tables(
    folder: Path,
    documents: Iterable[LabelledArticle],
    inventory: Inventory,
    dialect: CsvDialect,
    ledger: TablesLedger,
) -> None:
    """Write documents as tables into a folder, and count rows and cells in the ledger."""
    columns = list_columns(inventory)
    with ExitStack() as stack:
        writers = {}
        for table, names in columns.items():
            file = stack.enter_context(_path(folder, table).open("w", encoding=dialect.encoding, newline=""))
            writers[table] = csv.writer(file, delimiter=dialect.separator)
            writers[table].writerow(names)
        ledger.rows = dict.fromkeys(columns, 0)
        for document in documents:
            for table, cells in _list_rows(document, inventory):
                row = list(map(cells.get, columns[table]))
                for index, cell in enumerate(row):
                    if cell and isinstance(cell, str):
                        row[index] = defused = defuse_cell(cell, dialect.separator)
                        ledger.defused += defused != cell
                        ledger.long_cells += len(defused) > CELL_LENGTH
                writers[table].writerow(row)
                ledger.rows[table] += 1


def _path(folder: Path, table: str) -> Path:
    return folder / f"{table}.csv"


class _TableReader:
    """Reads a table back, the rows of one article at a time."""

    def __init__(self, file: IO[str], dialect: CsvDialect) -> None:
        self._rows = csv.reader(file, delimiter=dialect.separator, strict=True)
        self._separator = dialect.separator
        self._columns = next(self._rows, [])
        self._next = self._read()

    def _read(self) -> Cells | None:
        row = next(self._rows, None)
        if row is None:
            return None
        cells = (restore_cell(cell, self._separator) if cell else "" for cell in row)
        return dict(zip_longest(self._columns, cells, fillvalue=""))

    def take(self, article_id: str | None) -> Iterator[Cells]:
        """Yield the next rows of an article, or all that are left."""
        while self._next is not None and (article_id is None or self._next["article"] == article_id):
            yield self._next
            self._next = self._read()


@contextmanager
def _open_tables(folder: Path, tables: Iterable[str], dialect: CsvDialect) -> Iterator[dict[str, _TableReader]]:
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        with ExitStack() as stack:
            files = {
                table: stack.enter_context(
                    TextIOWrapper(open_raw(str(_path(folder, table)), within=folder), dialect.encoding, newline="")
                )
                for table in tables
            }
            yield {table: _TableReader(file, dialect) for table, file in files.items()}
    finally:
        csv.field_size_limit(limit)


def compare_tables(
    folder: Path,
    documents: Iterable[LabelledArticle],
    inventory: Inventory,
    dialect: CsvDialect,
    ledger: TablesLedger,
) -> None:
    """Read tables back, document by document, and compare them in the ledger with what was exported."""
    columns = list_columns(inventory)
    with _open_tables(folder, columns, dialect) as readers:
        for document in documents:
            rows = {table: list(reader.take(document.article.id)) for table, reader in readers.items()}
            exported, carried = Counter(list_facts(document)), Counter[Fact]()
            if rows[ARTICLES]:
                carried.update(list_facts(_restore_document(rows, inventory)))
            for table, cells in _list_rows(document, inventory):
                row = {name: str(cell) for name in columns[table] if (cell := cells.get(name)) is not None}
                exported[_row_fact(table, row)] += 1
            for table, rows_of_table in rows.items():
                carried.update(_row_fact(table, cells) for cells in rows_of_table)
            ledger.add_facts(document.article.id, exported, carried, _list_losses(document.article, inventory))
        for table, reader in readers.items():
            gained = Counter(_row_fact(table, cells) for cells in reader.take(None))
            if gained:
                ledger.add_facts("no document", Counter(), gained, ())
    ledger.documents = ledger.rows[ARTICLES]
    ledger.explain(LOSSES)


class LabelRow(NamedTuple):
    """A row of a table of spans or relations, or of articles.

    Attributes:
        table: The table.
        file: The name of the file.
        number: The number of the row, counted from 1 with that of the column names.
        cells: The cells by column, those of columns of an export or of a hand-made table.
        attributes: The cells of attributes that are not empty, by attribute.
        others: The other cells that are not empty, by column.
    """

    table: str
    file: str
    number: int
    cells: Cells
    attributes: Cells
    others: Cells


def read_labels(folder: Path, inventory: Inventory) -> Iterator[LabelRow]:
    """Read the spans and relations of tables that `write_tables` wrote, in whatever dialect.

    Args:
        folder: The folder of the tables. That of relations may be missing.
        inventory: The inventory.

    Raises:
        CannotRun: If a table cannot be read, or lacks a column.
    """
    spans = ("article", "span", "label", "start", "end")
    yield from _read_table(folder / f"{SPANS}.csv", SPANS, inventory, spans)
    if (folder / f"{RELATIONS}.csv").exists():
        ends = ("article", "relation", "head_span", "tail_span")
        yield from _read_table(folder / f"{RELATIONS}.csv", RELATIONS, inventory, ends)


def read_rows(path: Path, inventory: Inventory) -> Iterator[LabelRow]:
    """Read spans and relations of tables that `write_tables` or a person wrote; spans need no offsets.

    Args:
        path: The folder of the tables, of which that of relations may be missing; or the file of a table of spans.
        inventory: The inventory.

    Raises:
        CannotRun: If a table cannot be read, or lacks a column.
    """
    spans, relations = (path / f"{SPANS}.csv", path / f"{RELATIONS}.csv") if path.is_dir() else (path, None)
    yield from _read_table(spans, SPANS, inventory, ("article", "label"))
    if relations and relations.exists():
        yield from _read_table(relations, RELATIONS, inventory, ("article", "relation", "head_span", "tail_span"))


def read_articles(folder: Path, inventory: Inventory) -> dict[str, LabelRow]:
    """Return the rows of the table of articles by id; none if there is no such table.

    Raises:
        CannotRun: If the table cannot be read, or has an article twice.
    """
    path, rows = _path(folder, ARTICLES), dict[str, LabelRow]()
    for row in _read_table(path, ARTICLES, inventory, ("article",)) if path.exists() else ():
        if (article_id := row.cells["article"]) in rows:
            raise CannotRun(f"{path}, row {row.number}", f"has the article {quote(article_id)} again", "remove one row")
        rows[article_id] = row
    return rows


_ALIASES = {"id": "span", "head": "head_span", "tail": "tail_span"}
"""Columns of hand-made tables → those of an export."""
_HAND_MADE = ("quote", "occurrence", "annotator")
"""Columns that only hand-made tables have."""
_SEPARATOR = re.compile(r"sep=([,;\t])")


def _read_table(path: Path, table: str, inventory: Inventory, needed: Sequence[str]) -> Iterator[LabelRow]:
    """Yield the rows of a table that are not empty.

    Raises:
        CannotRun: If the table cannot be read, or lacks a column that is needed.
    """
    hint = "correct the row, or export the table again"
    data = read_bytes(path, "name the folder of the tables", within=path.parent)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CannotRun(path, explain_encoding(data, error), "save it as CSV UTF-8") from error
    first = text.partition("\n")[0].rstrip("\r")
    named = _SEPARATOR.fullmatch(first)
    delimiter = named[1] if named else max(",;\t", key=first.count)
    separator: Separator = ";" if delimiter == ";" else ","
    columns: list[str] | None = None
    known, number = {*list_columns(inventory)[table], *_HAND_MADE}, 0
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        for number, row in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            if not any(cell.strip() for cell in row) or (named and number == 1):
                continue
            if columns is None:
                columns = _read_columns(path, [name.strip() for name in row], needed)
                continue
            if len(row) != len(columns):
                raise CannotRun(f"{path}, row {number}", "has more or fewer cells than columns", hint)
            restored = [restore_cell(cell, separator) for cell in row]
            cells = dict(zip(columns, restored, strict=True))
            if unnamed := cells.pop("", ""):
                problem = f"has {quote(unnamed)} in a column without a name"
                raise CannotRun(f"{path}, row {number}", problem, "name the column")
            attributes, others = _split_cells(table, cells, known, inventory)
            yield LabelRow(table, path.name, number, cells, attributes, others)
    except csv.Error as error:
        raise CannotRun(path, f"is not CSV: {error} (row {number + 1})", hint) from error
    finally:
        csv.field_size_limit(limit)
    if columns is None:
        raise CannotRun(path, "is empty", f"the table needs {', '.join(needed)}")


def _read_columns(path: Path, names: Sequence[str], needed: Sequence[str]) -> list[str]:
    """Return the columns of a table, as an export names them.

    Raises:
        CannotRun: If one is missing, or is there twice.
    """
    columns = [_ALIASES[name] if name in _ALIASES and _ALIASES[name] not in names else name for name in names]
    double = next((name for name, count in Counter(columns).items() if name and count > 1), None)
    if double is not None:
        raise CannotRun(path, f"has the column {quote(double)} twice", "rename or remove one of them")
    missing = next((name for name in needed if name not in columns), None)
    if missing is not None:
        raise CannotRun(path, f"column {missing} is missing", f"the table needs {', '.join(needed)}")
    return columns


def _split_cells(table: str, cells: Cells, known: Collection[str], inventory: Inventory) -> tuple[Cells, Cells]:
    """Return the attributes in a row, with or without the prefix of an export, and the cells of unknown columns."""
    attributes, others = Cells(), Cells()
    prefix = _attribute_column("")
    for column, cell in cells.items():
        if table == SPANS and column.startswith(prefix):
            attributes[column.removeprefix(prefix)] = cell
        elif table == SPANS and column in inventory.attributes and column not in known:
            attributes.setdefault(column, cell)
        elif column not in known:
            others[column] = cell
    return {name: cell for name, cell in attributes.items() if cell}, {
        name: cell for name, cell in others.items() if cell
    }


def _row_fact(table: str, cells: Cells) -> Fact:
    """Return what a row says as a whole, which no other fact says of words that are repeated, or of a record."""
    kind = "record" if table.startswith(_RECORD) else "row"
    said = {name: cell for name, cell in cells.items() if cell}
    return kind, f"{table}: {msgspec.json.encode(said).decode()}"


def _restore_document(rows: Mapping[str, Sequence[Cells]], inventory: Inventory) -> LabelledArticle:
    """Return the document of an article's rows, without its text."""
    (row, *_) = rows[ARTICLES]
    source = {field: row[f"source_{field}"] for field in SourceRange.__struct_fields__}
    article = convert_as(
        {
            **{field: row[field] or None for field in _METADATA},
            "language": row["language"],
            "id": row["article"],
            "rights": row["rights"],
            "source": source,
            "text_sha256": row["text_sha256"],
            "text": "",
            "metadata": {
                name: decode_value(field, cell)
                for name, field in inventory.metadata.items()
                if (cell := row[_metadata_column(name)])
            },
        },
        Article,
        strict=False,
    )
    by_span: dict[str, dict[str, AttributeValue]] = {}
    for cells in rows[_ATTRIBUTES]:
        value = _read_value(inventory, cells["attribute"], cells["value"])
        by_span.setdefault(cells["span"], {})[cells["attribute"]] = value
    spans = tuple(_restore_span(cells, by_span.get(cells["span"], {}), inventory) for cells in rows[SPANS])
    ids = {span.id for span in spans}
    relations = tuple(
        Relation(label=cells["relation"], head=cells["head_span"], tail=cells["tail_span"], note=cells["note"])
        for cells in rows[RELATIONS]
        if {cells["head_span"], cells["tail_span"]} <= ids
    )
    fields = {name: row[name] for name in ("article", "annotator", "process", "inventory", "text_sha256")}
    made_from = tuple(name for name in row["made_from"].split(FILLER_SEPARATOR) if name)
    work = read_work(row)
    annotation = convert_as({**fields, **work, "made_from": made_from, "spans": (), "relations": ()}, Annotation)
    return LabelledArticle(article, msgspec.structs.replace(annotation, spans=spans, relations=relations))


def read_work(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return `lead_time` and `origins` of an annotation, from the row of its article.

    Raises:
        ValueError: A cell holds something else than an export writes.
    """
    lead_time, origins = cells.get("lead_time") or None, dict[str, int]()
    if lead_time is not None and not 0 <= float(lead_time) <= LONGEST_WORK:
        raise ValueError("no time of work")
    for part in filter(None, cells.get("origins", "").split(FILLER_SEPARATOR)):
        name, _, count = part.partition(" ")
        origins[name] = int(count)
    if not origins.keys() <= set(LABEL_ORIGINS) or any(count < 1 for count in origins.values()):
        raise ValueError("unknown origin")
    return {"lead_time": None if lead_time is None else float(lead_time), "origins": origins}


def _restore_span(cells: Cells, attributes: dict[str, AttributeValue], inventory: Inventory) -> Span:
    """Return a span; without attributes if its row in the one table has others than its rows in the other one."""
    in_row = {
        name: _read_value(inventory, name, cell)
        for name in inventory.attributes
        if (cell := cells[_attribute_column(name)])
    }
    return Span(
        id=cells["span"],
        label=cells["label"],
        start=int(cells["start"]),
        end=int(cells["end"]),
        text=cells["words"],
        attributes=attributes if in_row == attributes else {},
        note=cells["note"],
    )


def _read_value(inventory: Inventory, attribute: str, cell: str) -> AttributeValue:
    if inventory.attributes[attribute].type not in ("integer", "number"):
        return cell
    number = normal_number(float(cell)) if set(cell) & set(".en") else int(cell)
    return cell if number is None else number
