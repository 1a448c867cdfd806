"""spaCy's DocBin: tokens by `spacy.blank`, spans as groups in `doc.spans`, one a layer, as spancat takes them.

A span of spaCy begins and ends with a token; a span that does not is a declared loss. What spaCy has no place for
stands in `doc.user_data["annotation"]`, by the ids of the spans.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from annotate.corpus import canonical
from annotate.formats import rules
from annotate.formats.document import Arrow, Document, Item, Loss, Mark, Note, RawDocument, Value, name_of
from annotate.formats.ledger import ABOUT, head_lost, metadata_lost, of_spans
from annotate.formats.mapping import NOTE
from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span

KEY = "annotation"
SHARD = 500
"""Articles a file, so that neither side holds more in memory; spaCy reads a folder of files as one corpus."""

LOSSES = {
    **ABOUT,
    "token edge": "the span begins or ends within a token of spaCy's, and what hangs on it goes with it",
}


@lru_cache(maxsize=16)
def _blank(language: str) -> Language:
    """The tokenizer of a language; of none in particular where spaCy does not know it."""
    try:
        return spacy.blank(language.partition("-")[0])
    except ImportError:
        return spacy.blank("xx")


def write(folder: Path, documents: Iterable[Document], inventory: Inventory) -> None:
    waiting = iter(documents)
    number = 0
    while shard := list(islice(waiting, SHARD)):
        docs = DocBin(store_user_data=True)
        for document in shard:
            docs.add(_doc(document, inventory))
        (folder / f"{number:06}.spacy").write_bytes(docs.to_bytes())
        number += 1


def _doc(document: Document, inventory: Inventory) -> Doc:
    article, annotation = document.article, canonical(document.annotation)
    doc = _blank(article.language).make_doc(article.text)
    kept = [span for span in annotation.spans if doc.char_span(span.start, span.end) is not None]
    for layer in inventory.layers:
        labels = {label.name for label in inventory.labels_of(layer)}
        placed = [
            doc.char_span(one.start, one.end, label=one.label, span_id=one.id) for one in kept if one.label in labels
        ]
        doc.spans[layer] = [span for span in placed if span is not None]
    doc.user_data[KEY] = _beside(article.id, kept, annotation)
    return doc


def _beside(name: str, kept: list[Span], annotation: Annotation) -> dict[str, Any]:
    ids = {span.id for span in kept}

    def fields(relation: Relation) -> list[str]:
        return [relation.label, relation.head, relation.tail, relation.note]

    return {
        "article": name,
        "attributes": {span.id: dict(span.attributes) for span in kept if span.attributes},
        "notes": {span.id: span.note for span in kept if span.note},
        "relations": [fields(one) for one in annotation.relations if {one.head, one.tail} <= ids],
    }


def lost(document: Document, _: Inventory) -> Iterator[Loss]:
    yield from metadata_lost(document)
    yield from head_lost(document)
    doc = _blank(document.article.language).make_doc(document.article.text)
    spans = document.annotation.spans
    cut = {span.id: "token edge" for span in spans if doc.char_span(span.start, span.end) is None}
    if cut:
        yield from of_spans(document, cut)


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """The documents of all `.spacy` files of a folder. Others' span groups, or entities, give spans alone."""
    for path in sorted(folder.glob("*.spacy")):
        try:
            docs = list(DocBin().from_bytes(path.read_bytes()).get_docs(_blank("xx").vocab))
        except (ValueError, KeyError, TypeError, OSError) as error:
            why = f"is no DocBin: {' '.join(str(error).split())[:200]}"
            yield RawDocument("", path.name, b"", (), next(rules.unreadable(path.name, None, why)))
            continue
        for number, doc in enumerate(docs):
            beside = doc.user_data.get(KEY, {})
            name = beside.get("article") or name_of(f"{path.stem}-{number}")
            yield RawDocument(name, path.name, doc.text.encode("utf-8"), tuple(_items(doc, beside)))


def _items(doc: Doc, beside: dict[str, Any]) -> Iterator[Item]:
    spans = [span for group in doc.spans.values() for span in group] or list(doc.ents)
    for number, span in enumerate(spans, 1):
        ref = span.id_ or f"s{number}"
        yield Mark(None, ref, span.label_, ((span.start_char, span.end_char),), None, (ref,))
        for name, value in beside.get("attributes", {}).get(ref, {}).items():
            yield Value(None, "", ref, name, value)
        if note := beside.get("notes", {}).get(ref):
            yield Note(None, "", ref, NOTE, note)
    for number, (label, head, tail, note) in enumerate(beside.get("relations", [])):
        yield Arrow(None, f"relation {number}", label, head, tail)
        if note:
            yield Note(None, "", f"relation {number}", NOTE, note)
