"""spaCy's DocBin: the tokens of `spacy.blank`, and a group of spans in `doc.spans` for each layer, as in spancat.

A span of spaCy begins and ends with a token; any other span is a declared loss. What spaCy has no place for is in
`doc.user_data["annotation"]`, by the ids of the spans.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from annotate.corpus import sort_annotation
from annotate.formats import rules
from annotate.formats.document import (
    Item,
    LabelledArticle,
    Loss,
    RawDocument,
    SpanItem,
    article_id_from,
    list_relation_items,
    list_span_items,
    refused_document,
)
from annotate.formats.ledger import METADATA_LOSSES, metadata_losses, span_losses
from annotate.inventory import Inventory
from annotate.model import Annotation, Span
from annotate.util.escape import shorten
from annotate.util.files import read_raw
from annotate.util.folders import find_files

KEY = "annotation"
ARTICLES_PER_FILE = 500
"""Number of articles in a file, which bounds the memory of both sides; spaCy reads a folder of files as one corpus."""

LOSSES = {
    **METADATA_LOSSES,
    "token edge": "the span begins or ends within a token of spaCy, and what refers to it is lost with it",
}


@lru_cache(maxsize=16)
def _tokenizer(language: str) -> Language:
    """Return the tokenizer of a language, or that of no particular language if spaCy does not know it."""
    try:
        return spacy.blank(language.partition("-")[0])
    except ImportError:
        return spacy.blank("xx")


def write(folder: Path, documents: Iterable[LabelledArticle], inventory: Inventory) -> None:
    """Write documents into numbered files."""
    remaining = iter(documents)
    number = 0
    while group := list(islice(remaining, ARTICLES_PER_FILE)):
        docs = DocBin(store_user_data=True)
        for document in group:
            docs.add(_make_doc(document, inventory))
        (folder / f"{number:06}.spacy").write_bytes(docs.to_bytes())
        number += 1


def _make_doc(document: LabelledArticle, inventory: Inventory) -> Doc:
    article, annotation = document.article, sort_annotation(document.annotation)
    doc = _tokenizer(article.language).make_doc(article.text)
    spans = [span for span in annotation.spans if doc.char_span(span.start, span.end) is not None]
    for layer in inventory.layers:
        labels = {label.name for label in inventory.labels_of(layer)}
        of_layer = (
            doc.char_span(span.start, span.end, label=span.label, span_id=span.id)
            for span in spans
            if span.label in labels
        )
        doc.spans[layer] = [span for span in of_layer if span is not None]
    doc.user_data[KEY] = _user_data(article.id, spans, annotation)
    return doc


def _user_data(article_id: str, spans: list[Span], annotation: Annotation) -> dict[str, Any]:
    ids = {span.id for span in spans}
    relations = [relation for relation in annotation.relations if {relation.head, relation.tail} <= ids]
    return {
        "article": article_id,
        "attributes": {span.id: dict(span.attributes) for span in spans if span.attributes},
        "notes": {span.id: span.note for span in spans if span.note},
        "relations": [[relation.label, relation.head, relation.tail, relation.note] for relation in relations],
    }


def list_losses(document: LabelledArticle, _: Inventory) -> Iterator[Loss]:
    """List metadata, and spans that do not begin and end with a token."""
    yield from metadata_losses(document)
    doc = _tokenizer(document.article.language).make_doc(document.article.text)
    spans = document.annotation.spans
    yield from span_losses(
        document, {span.id: "token edge" for span in spans if doc.char_span(span.start, span.end) is None}
    )


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the documents of all `.spacy` files of a folder; files of others give their span groups or entities."""
    for path in find_files(folder, ".spacy"):
        try:
            docs = list(DocBin().from_bytes(read_raw(str(path), within=folder)).get_docs(_tokenizer("xx").vocab))
        except (ValueError, KeyError, TypeError, OSError) as error:
            why = f"is not a DocBin: {shorten(str(error), 200)}"
            yield refused_document("", path.name, next(rules.unreadable(path.name, None, why)))
            continue
        for number, doc in enumerate(docs):
            user_data = doc.user_data.get(KEY, {})
            article_id = user_data.get("article") or article_id_from(f"{path.stem}-{number}")
            yield RawDocument(article_id, path.name, doc.text.encode("utf-8"), tuple(_items(doc, user_data)))


def _items(doc: Doc, user_data: dict[str, Any]) -> Iterator[Item]:
    spans = [span for group in doc.spans.values() for span in group] or list(doc.ents)
    attributes, notes = user_data.get("attributes", {}), user_data.get("notes", {})
    for number, span in enumerate(spans, 1):
        ref = span.id_ or f"s{number}"
        item = SpanItem(None, ref, span.label_, ((span.start_char, span.end_char),), None, (ref,))
        yield from list_span_items(item, attributes.get(ref, {}), notes.get(ref))
    for number, (label, head, tail, note) in enumerate(user_data.get("relations", [])):
        yield from list_relation_items(number, label, head, tail, note)
