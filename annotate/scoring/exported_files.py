"""Files that `annotate export` writes, or another tool in the same format, as annotations.

brat, XMI and DocBin are read by the readers of `annotate.formats`, as on import; tables for spreadsheets have the words
of spans and not the texts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from annotate.errors import CannotRun
from annotate.formats import csv_tables, load_reader
from annotate.formats.apply_mapping import map_document
from annotate.formats.document import (
    AnnotationOrigin,
    AttributeItem,
    Item,
    NormalizationItem,
    NoteItem,
    RawDocument,
    RelationItem,
    SpanItem,
)
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, identity_map, load_map
from annotate.model import Annotation, AttributeValue
from annotate.scoring.article_rows import ArticleParts, Row, RowPart
from annotate.scoring.score_counts import SYSTEM_SIDE

MARKS = {"brat": (".ann", ".a1", ".a2"), "xmi": (".xmi",), "docbin": (".spacy",)}
"""Each format that a reader of `annotate.formats` reads here → the endings of its labels."""
NAMES = {"brat": "brat", "xmi": "XMI", "docbin": "DocBin of spaCy"}
_MAP = "map.yaml"


class ExportedDocument(NamedTuple):
    """An article and its labels.

    Attributes:
        article_id: The article id.
        where: The file, for errors.
        text: The text of the article as the file has it.
        annotation: Its annotation.
    """

    article_id: str
    where: str
    text: str
    annotation: Annotation


def find_format(folder: Path) -> str | None:
    """Return the format of the files in a folder, or `csv_tables.NAME`; None if they are of no such format."""
    files = [file for file in folder.iterdir() if not file.name.startswith(".")]
    endings = {file.suffix for file in files}
    if any(file.name == f"{csv_tables.SPANS}.csv" for file in files):
        return csv_tables.NAME
    return next((name for name, marks in MARKS.items() if endings & set(marks)), None)


def find_format_of_file(path: Path) -> str | None:
    """Return the format of a file that is read together with others of its folder; None if it is read by itself."""
    if path.suffix == ".csv":
        return csv_tables.NAME
    return next((name for name, marks in MARKS.items() if path.suffix in marks), None)


def read_documents(
    name: str, folder: Path, inventory: Inventory, left_out: Callable[[str], None]
) -> Iterator[ExportedDocument]:
    """Read the documents of a folder.

    Args:
        name: A key of `MARKS`.
        folder: The folder; `map.yaml` in it maps labels, as an export writes it if it needs one.
        inventory: The inventory.
        left_out: Called with the name of each feature that the inventory does not have.

    Raises:
        CannotRun: For what an import would refuse. It names the first line and says how many there are.
    """
    map_file = folder / _MAP
    label_map = load_map(map_file, inventory) if map_file.exists() else identity_map(inventory)
    origin = AnnotationOrigin(SYSTEM_SIDE, "single pass", (), inventory.version)
    for raw in load_reader(name, label_map).read(folder, inventory):
        items = tuple(_keep_labels(raw, label_map, left_out))
        mapped = map_document(raw._replace(items=items), label_map, inventory, origin, Details())
        errors = [finding for finding in mapped.findings if finding.is_error]
        if errors:
            first = errors[0]
            where = f"{folder / first.file}:{first.line}" if first.line else str(folder / first.file)
            problem, _, hint = first.message.rpartition("; ")
            number = f" (the first of {len(errors):,} faults in this text)" if len(errors) > 1 else ""
            raise CannotRun(where, f"{problem or hint}{number}", hint if problem else "correct the file")
        if mapped.intake and mapped.annotation:
            (article,) = mapped.intake.articles
            yield ExportedDocument(article.id, str(folder / raw.file), article.text, mapped.annotation)


def _keep_labels(raw: RawDocument, label_map: LabelMap, left_out: Callable[[str], None]) -> Iterator[Item]:
    """Yield the items of a document without the features that the map does not know, such as parts of speech."""
    labels = {item.ref for item in raw.items if isinstance(item, SpanItem | RelationItem)}
    for item in raw.items:
        if isinstance(item, AttributeItem) and item.name not in label_map.attributes:
            if item.target in labels or item.value is not None:
                left_out(item.name)
        elif isinstance(item, NormalizationItem) and item.type not in label_map.normalizations:
            if not item.is_optional:
                left_out(item.type)
        elif not isinstance(item, NoteItem) or item.type in label_map.notes:
            yield item


def read_csv_tables(folder: Path, inventory: Inventory) -> Iterator[ArticleParts]:
    """Yield the spans and relations of the articles of a folder of tables.

    Raises:
        CannotRun: If a table cannot be read.
    """
    by_article: dict[str, ArticleParts] = {}
    spans: dict[str, list[RowPart]] = defaultdict(list)
    relations: dict[str, list[RowPart]] = defaultdict(list)
    for row in csv_tables.read_labels(folder, inventory):
        cells = row.cells
        where, article_id = f"{folder / row.file}, row {row.number}", cells["article"]
        by_article.setdefault(article_id, ArticleParts(article_id, where, [], []))
        if row.table == csv_tables.SPANS:
            spans[article_id].append(RowPart(where, _make_span(row, inventory)))
        else:
            ends = {"head_id": cells["head_span"], "tail_id": cells["tail_span"]}
            relations[article_id].append(RowPart(where, {"label": cells["relation"], **ends}))
    for article_id, parts in by_article.items():
        yield parts._replace(spans=spans[article_id], relations=relations[article_id])


def _make_span(row: csv_tables.LabelRow, inventory: Inventory) -> Row:
    cells = row.cells
    values: dict[str, Any] = {"id": cells["span"], "label": cells["label"], "text": cells.get("words") or None}
    values |= {name: _as_number(cells[name], "integer") for name in ("start", "end")}
    attributes = {name: cell for name in inventory.attributes if (cell := row.attributes.get(name))}
    types = {name: inventory.attributes[name].type for name in attributes}
    return {**values, "attributes": {name: _as_number(cell, types[name]) for name, cell in attributes.items()}}


def _as_number(cell: str, type_: str) -> AttributeValue:
    """Return the number of a cell, if it is one of a type of numbers."""
    try:
        return int(cell) if type_ == "integer" else float(cell) if type_ == "number" else cell
    except ValueError:
        return cell
