"""spaCy's DocBin: the tokens of `spacy.blank`, and a group of spans in `doc.spans` for each layer, as in spancat.

A span of spaCy begins and ends with a token; any other span is a declared loss. What spaCy has no place for is in
`doc.user_data["annotation"]`, by the ids of the spans.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec
import spacy
from spacy.attrs import NORM  # type: ignore[import-not-found]
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.tokens import Span as SpacySpan
from spacy.vocab import Vocab

from annotate.corpus import sort_annotation
from annotate.formats import rules
from annotate.formats.document import (
    AttributeItem,
    Item,
    LabelledArticle,
    Loss,
    NormalizationItem,
    RawDocument,
    SpanItem,
    UnreadableItem,
    article_id_from,
    list_relation_items,
    list_span_items,
    refused_document,
)
from annotate.formats.ledger import METADATA_LOSSES, metadata_losses, span_losses
from annotate.ingest import make_source_name
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Span
from annotate.scripts import letter_without_spaces
from annotate.tokens import tokenize
from annotate.util.escape import shorten
from annotate.util.files import read_raw
from annotate.util.folders import find_files
from annotate.util.typed_values import convert_as

KEY = "annotation"
DOCUMENT = "document"
"""What items refer to that are not on a span."""
_FILE = "{:06}.spacy"
_MOST_WORDS = 100_000
"""Words of a vocabulary, which keeps all that it has seen, above which a new one is begun."""
_TOKEN_ATTRIBUTES = ("TAG", "POS", "MORPH", "LEMMA", "DEP")

LOSSES = {
    **METADATA_LOSSES,
    "token edge": "the span begins or ends within a token of spaCy, and what refers to it is lost with it",
}


_ANY_LANGUAGE = "xx"


@lru_cache(maxsize=16)
def _tokenizer(language: str) -> Language:
    """Return the tokenizer of a language, or that of no particular language if spaCy does not have it."""
    try:
        tokenizer = spacy.blank(language.partition("-")[0])
    except ImportError:
        tokenizer = spacy.blank(_ANY_LANGUAGE)
    # A DocBin has the norms of words. All else that spaCy would compute of each word takes longer than to tokenize.
    vocab: Any = tokenizer.vocab
    vocab.lex_attr_getters = {NORM: vocab.lex_attr_getters[NORM]}
    return tokenizer


@lru_cache(maxsize=1)
def _tokenize(language: str, text: str) -> Doc:
    """Return the tokens of a text, which is asked for again when its losses are listed.

    The tokenizer of no particular language does not divide a text in a script without spaces. There, each letter is a
    token, as everywhere in this toolkit.
    """
    if len(_tokenizer(language).vocab.strings) > _MOST_WORDS:
        _tokenizer.cache_clear()
    tokenizer = _tokenizer(language)
    doc = tokenizer.make_doc(text)
    if tokenizer.lang != _ANY_LANGUAGE or not letter_without_spaces().search(text):
        return doc
    words, spaces = list[str](), list[bool]()
    for token in doc:
        is_divided = letter_without_spaces().search(token.text)
        ranges = tokenize(token.text) if is_divided else [(0, len(token))]
        words += [token.text[start:end] for start, end in ranges]
        spaces += [False] * (len(ranges) - 1) + [bool(token.whitespace_)]
    return Doc(doc.vocab, words, spaces)


def write(folder: Path, documents: Iterable[LabelledArticle], inventory: Inventory) -> None:
    """Write documents into one file; spaCy reads a folder of files as one corpus."""
    docs = DocBin(store_user_data=True)
    for document in documents:
        docs.add(_make_doc(document, inventory))
    (folder / _FILE.format(0)).write_bytes(docs.to_bytes())
    _tokenize.cache_clear()


def join(folder: Path, part: Path, _: Inventory) -> None:
    """Move the file of a part, under the next number."""
    (part / _FILE.format(0)).replace(folder / _FILE.format(len(find_files(folder, ".spacy"))))


def _make_doc(document: LabelledArticle, inventory: Inventory) -> Doc:
    article, annotation = document.article, sort_annotation(document.annotation)
    doc = _tokenize(article.language, article.text)
    placed = {span.id: doc.char_span(span.start, span.end, span.label, span_id=span.id) for span in annotation.spans}
    spans = [span for span in annotation.spans if placed[span.id] is not None]
    for layer in inventory.layers:
        labels = {label.name for label in inventory.labels_of(layer)}
        doc.spans[layer] = [of_spacy for span in spans if span.label in labels and (of_spacy := placed[span.id])]
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
    doc = _tokenize(document.article.language, document.article.text)
    spans = document.annotation.spans
    yield from span_losses(
        document, {span.id: "token edge" for span in spans if doc.char_span(span.start, span.end) is None}
    )


class _OwnData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `write` puts into `doc.user_data`, which marks a document that this toolkit wrote."""

    article: str
    attributes: dict[str, dict[str, AttributeValue]]
    notes: dict[str, str]
    relations: tuple[tuple[str, str, str, str], ...]


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the documents of all `.spacy` files of a folder; files of others give their span groups and entities."""
    for path in find_files(folder, ".spacy"):
        try:
            documents = _read_file(path, folder)
        # spaCy does not check what it reads: a damaged file raises errors of any kind, and from any access to a doc.
        except Exception as error:
            why = f"is not a DocBin: {shorten(' '.join(str(error).split()) or type(error).__name__, 200)}"
            yield refused_document("", path.name, next(rules.unreadable(path.name, None, why)))
            continue
        yield from documents


def _read_file(path: Path, folder: Path) -> list[RawDocument]:
    documents: list[RawDocument] = []
    docs = DocBin().from_bytes(read_raw(str(path), within=folder)).get_docs(Vocab())
    for number, doc in enumerate(docs):
        own = _read_own_data(doc)
        article_id = (own.article if own else "") or article_id_from(f"{path.stem}-{number}")
        items = tuple(chain(_list_labels(doc, own), _list_other_data(doc, own)))
        source_name = "" if own else make_source_name(f"{path.stem}-{number}")
        documents.append(RawDocument(article_id, path.name, doc.text.encode("utf-8"), items, source_name=source_name))
    return documents


def _read_own_data(doc: Doc) -> _OwnData | None:
    """Return what this toolkit wrote with a document; None for a document of others."""
    try:
        return convert_as(doc.user_data.get(KEY), _OwnData)
    except msgspec.ValidationError:
        return None


def _list_labels(doc: Doc, own: _OwnData | None) -> Iterator[Item]:
    """Yield the spans of all groups, the entities that are in no group, and what refers to them.

    `span.id_` is the id of a span in documents of our own. Elsewhere it is the id of a pattern, which many spans share.
    """
    spans = [span for group in doc.spans.values() for span in group]
    own_ids = {span.id_ for span in spans} if own else set[str]()
    free_refs = (ref for number in count(1) if (ref := f"s{number}") not in own_ids)
    refs: dict[tuple[int, int, str], str] = {}
    links: set[tuple[tuple[int, int, str], str]] = set()
    grouped = {_key(span) for span in spans}
    ungrouped = [span for span in doc.ents if _key(span) not in grouped]
    for span in (*spans, *ungrouped):
        ref = span.id_ if own and span.id_ else next(free_refs)
        refs.setdefault(_key(span), ref)
        item = SpanItem(None, ref, span.label_, ((span.start_char, span.end_char),), None, (ref,))
        yield from list_span_items(
            item, own.attributes.get(ref, {}) if own else {}, own.notes.get(ref) if own else None
        )
        if span.kb_id_:
            links.add((_key(span), span.kb_id_))
            yield NormalizationItem(None, "", ref, "kb_id", span.kb_id_)
        if span.id_ and not own:
            yield NormalizationItem(None, "", ref, "id", span.id_, is_optional=True)
    for entity in doc.ents:
        key = _key(entity)
        if entity.kb_id_ and (key, entity.kb_id_) not in links:
            yield NormalizationItem(None, "", refs[key], "kb_id", entity.kb_id_)
    for number, (label, head, tail, note) in enumerate(own.relations if own else ()):
        yield from list_relation_items(number, label, head, tail, note)


def _key(span: SpacySpan) -> tuple[int, int, str]:
    return span.start_char, span.end_char, span.label_


def _list_other_data(doc: Doc, own: _OwnData | None) -> Iterator[Item]:
    """Yield an attribute for each thing that is not on a span, so that the map must name it."""
    values: dict[str, Any] = {}
    # The tokenizers of some languages set attributes of tokens, also in documents that this toolkit wrote.
    for name in () if own else _TOKEN_ATTRIBUTES:
        if doc.has_annotation(name):
            values.setdefault(name.lower(), getattr(doc[0], f"{name.lower()}_", ""))
    if doc.cats:
        values["cats"] = doc.cats
    for group in doc.spans.values():
        values.update(group.attrs)
    user_data: dict[Any, Any] = doc.user_data
    for key, value in user_data.items():
        if own is None or key != KEY:
            # The key of an extension attribute, such as `doc._.name`, is ("._.", name, start, end).
            is_extension = isinstance(key, tuple) and len(key) > 1 and key[0] == "._."
            values.setdefault(str(key[1] if is_extension else key), value)
    for name, value in values.items():
        yield AttributeItem(None, "", DOCUMENT, str(name), shorten(str(value), 200))
    if own is None and doc.has_annotation("SENT_START"):
        yield NormalizationItem(None, "", DOCUMENT, "sent_start", "", is_optional=True)
    refs = {span.id_ for group in doc.spans.values() for span in group} if own else set[str]()
    for ref in (*own.attributes, *own.notes) if own else ():
        if ref not in refs:
            yield UnreadableItem(None, f"has attributes or a note of a span {shorten(repr(ref), 40)} that no group has")
