"""JSON lines: an article and one annotator's annotation of it on each line, as in the corpus. Nothing is lost."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from annotate.formats import rules
from annotate.formats.document import (
    AnnotationOrigin,
    Item,
    LabelledArticle,
    Loss,
    RawDocument,
    SpanItem,
    list_relation_items,
    list_span_items,
    refused_document,
)
from annotate.inventory import Inventory
from annotate.model import Annotation, Article
from annotate.util.files import open_raw
from annotate.util.folders import find_files

FILE = "annotations.jsonl"

LOSSES: dict[str, str] = {}


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line."""

    article: Article
    annotation: Annotation


def write(folder: Path, documents: Iterable[LabelledArticle], _: Inventory) -> None:
    """Write all documents into one file."""
    with (folder / FILE).open("wb") as file:
        file.writelines(msgspec.json.encode(Row(*document)) + b"\n" for document in documents)


def list_losses(_: LabelledArticle, __: Inventory) -> Iterator[Loss]:
    """Return no losses."""
    return iter(())


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the lines of all `.jsonl` files of a folder."""
    for path in find_files(folder, ".jsonl"):
        with open_raw(str(path), within=folder) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _read_line(path.name, number, line)


def _read_line(file: str, number: int, line: bytes) -> RawDocument:
    try:
        row = msgspec.json.decode(line, type=Row)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = f"is not an article with its annotation: {error}; fix the line"
        return refused_document("", file, next(rules.unreadable(file, None, why)).at(number))
    annotation, article = row.annotation, row.article
    origin = AnnotationOrigin(annotation.annotator, annotation.process, annotation.made_from, annotation.inventory)
    details = {
        name: getattr(article, name) for name in Article.__struct_fields__ if name not in ("id", "text", "text_sha256")
    }
    items = tuple(_items(annotation, number))
    return RawDocument(article.id, file, article.text.encode("utf-8"), items, None, origin, details)


def _items(annotation: Annotation, line: int) -> Iterator[Item]:
    for span in annotation.spans:
        item = SpanItem(line, span.id, span.label, ((span.start, span.end),), span.text, (span.id,))
        yield from list_span_items(item, span.attributes, span.note)
    for number, relation in enumerate(annotation.relations):
        yield from list_relation_items(number, relation.label, relation.head, relation.tail, relation.note, line)
