"""JSON lines: an article and one annotator's annotation of it on each line, as in the corpus.

Only the range of an article in a longer source file is lost: an import takes the text of the line as the source.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import msgspec

from annotate.formats import TOOLS, rules
from annotate.formats.document import (
    AnnotationOrigin,
    AttributeItem,
    Item,
    LabelledArticle,
    Loss,
    RawDocument,
    SpanItem,
    list_relation_items,
    list_span_items,
    refused_document,
)
from annotate.formats.ledger import list_facts
from annotate.formats.parts import append_file
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Relation, SourceRange, Span
from annotate.offsets import sha256
from annotate.schemas.lines import repeated_keys
from annotate.util.escape import quote, shorten
from annotate.util.files import open_raw
from annotate.util.folders import find_files
from annotate.util.typed_values import decode_as

_LONGEST_REASON = 200
FILE = "annotations.jsonl"

LOSSES = {
    "source": "the source file of an article is not exported; an import takes the text of the article as the source",
}


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line."""

    article: Article
    annotation: Annotation


def write(folder: Path, documents: Iterable[LabelledArticle], _: Inventory) -> None:
    """Write all documents into one file."""
    with (folder / FILE).open("wb") as file:
        file.writelines(msgspec.json.encode(Row(*document)) + b"\n" for document in documents)


def join(folder: Path, part: Path, _: Inventory) -> None:
    """Append the lines of a part."""
    append_file(folder, part, FILE)


def list_losses(document: LabelledArticle, _: Inventory) -> Iterator[Loss]:
    """List the range in the source file, unless it is the whole of a file with the name of the article."""
    source = f"source: {msgspec.json.encode(document.article.source).decode()}"
    return (Loss(kind, what, "source") for kind, what in list_facts(document) if (kind, what) == ("metadata", source))


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the lines of all `.jsonl` files of a folder. A file of another tool is refused as a whole."""
    for path in find_files(folder, ".jsonl"):
        with open_raw(str(path), within=folder) as file:
            lines = ((number, line) for number, line in enumerate(file, 1) if line.strip())
            first = next(lines, None)
            if first and (keys := _find_foreign_keys(first[1])):
                hint = f"use --format {' or '.join(TOOLS)}, or name its keys in a map (docs/reference/interchange.md)"
                why = f"is not of `annotate export`: its first line has the keys {keys}; {hint}"
                number = 1 + sum(1 for _ in lines)
                yield refused_document("", path.name, next(rules.unreadable(path.name, None, why)), number)
                continue
            for number, line in chain([first] if first else [], lines):
                yield _read_line(path.name, number, line)


def list_annotators(folder: Path) -> set[str]:
    """Return the annotators of the lines of a folder."""
    return {raw.origin.annotator for raw in read(folder) if raw.origin}


def _find_foreign_keys(line: bytes) -> str:
    """Return the keys of a line of another tool; "" for a line of this toolkit, and for one that is no object."""
    try:
        row = decode_as(line, dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return "" if row.keys() & set(Row.__struct_fields__) else ", ".join(map(quote, islice(row, 12)))


def _read_line(file: str, number: int, line: bytes) -> RawDocument:
    try:
        row = decode_as(line, Row)
        repeated = next((key for key, _ in repeated_keys(line)), None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = f"is not an article with its annotation: {shorten(str(error), _LONGEST_REASON)}; fix the line"
        return refused_document("", file, next(rules.unreadable(file, None, why)).at(number))
    if repeated is not None:
        why = f"has the key {quote(repeated)} twice; remove one of the two"
        return refused_document("", file, next(rules.unreadable(file, None, why)).at(number))
    annotation, article = row.annotation, row.article
    if why := _explain_mismatch(row):
        return refused_document(article.id, file, next(rules.unreadable(file, None, why)).at(number))
    origin = AnnotationOrigin(
        annotation.annotator,
        annotation.process,
        annotation.made_from,
        annotation.inventory,
        annotation.lead_time,
        annotation.origins,
    )
    details = {name: getattr(article, name) for name in Details._fields}
    if article.source == _make_source(article):
        details["source"] = article.source
    items = (*_items(annotation, number), *_list_unknown_keys(line, annotation, number))
    return RawDocument(article.id, file, article.text.encode("utf-8"), items, None, origin, details, line=number)


def _make_source(article: Article) -> SourceRange:
    """Return the source that an import gives an article."""
    return SourceRange(file=f"{article.id}.txt", sha256=sha256(article.text), start=0, end=len(article.text))


def _explain_mismatch(row: Row) -> str:
    """Return why an annotation is not one of the article in its line; "" if it is."""
    article, annotation = row.article, row.annotation
    if annotation.article != article.id:
        return f"has labels of {quote(annotation.article)} and the text of {quote(article.id)}; fix the line"
    if not annotation.text_sha256 == article.text_sha256 == sha256(article.text):
        return "has labels that were made on another text, as `text_sha256` shows; export it again"
    return ""


def _list_unknown_keys(line: bytes, annotation: Annotation, number: int) -> Iterator[AttributeItem]:
    """Yield an attribute for each key that this toolkit does not write, so that a map must name it."""
    row = msgspec.json.decode(line)
    parts = [("document", row["article"], Article), ("document", row["annotation"], Annotation)]
    parts += [(span.id, raw, Span) for span, raw in zip(annotation.spans, row["annotation"]["spans"], strict=True)]
    relations = enumerate(row["annotation"]["relations"])
    parts += [(f"relation {index}", raw, Relation) for index, raw in relations]
    for target, raw, type_ in parts:
        for name in raw.keys() - set(type_.__struct_fields__):
            yield AttributeItem(number, "", target, name, shorten(str(raw[name]), 200))


def _items(annotation: Annotation, line: int) -> Iterator[Item]:
    for span in annotation.spans:
        item = SpanItem(line, span.id, span.label, ((span.start, span.end),), span.text, (span.id,))
        yield from list_span_items(item, span.attributes, span.note)
    for number, relation in enumerate(annotation.relations):
        yield from list_relation_items(number, relation.label, relation.head, relation.tail, relation.note, line)
