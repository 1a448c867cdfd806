"""UIMA CAS XMI for INCEpTION, by dkpro-cassis: an `.xmi` file for each article, and the type system.

All labels are one custom span layer and all relations one custom relation layer, because a relation layer of INCEpTION
belongs to a single span layer; the label is a feature. Offsets in XMI are UTF-16 units; cassis converts them to code
points and back.
"""

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cassis
from cassis.typesystem import TypeNotFoundError
from lxml import etree

from annotate.corpus import sort_annotation
from annotate.errors import CannotRun
from annotate.formats import rules
from annotate.formats.document import (
    Item,
    LabelledArticle,
    Loss,
    RawDocument,
    SpanItem,
    UnreadableItem,
    article_id_from,
    list_relation_items,
    list_span_items,
    refused_document,
)
from annotate.formats.ledger import METADATA_LOSSES, metadata_losses
from annotate.inventory import Inventory
from annotate.util.files import read_bytes
from annotate.util.folders import find_files

TYPES = "TypeSystem.xml"
SPAN, RELATION = "webanno.custom.Span", "webanno.custom.Relation"
PREFIX = "attr_"
"""Precedes the names of attributes, since UIMA or cassis use `type`, `begin` and others themselves."""

LOSSES = {**METADATA_LOSSES}

_STRING, _INTEGER = "uima.cas.String", "uima.cas.Integer"
_LARGEST_INTEGER = 2**31 - 1
_XMI_ID = "{http://www.omg.org/XMI}id"
_REFERENCES = ("Governor", "Dependent", "sofa", "members")
"""The features that hold the ids of other items, in the layers that are read here."""
_BUILT_IN = ("uima.", "de.tudarmstadt.ukp.dkpro.core.api.segmentation.", "de.tudarmstadt.ukp.dkpro.core.api.metadata.")


def type_system(inventory: Inventory) -> cassis.TypeSystem:
    """Return the layers as INCEpTION expects them: a relation has the ends Governor (its head) and Dependent."""
    types = cassis.TypeSystem()
    span = types.create_type(SPAN, "uima.tcas.Annotation")
    relation = types.create_type(RELATION, "uima.tcas.Annotation")
    for name in ("label", "spanId", "note"):
        types.create_feature(span, name, _STRING)
    for attribute in inventory.attributes.values():
        range_ = _INTEGER if attribute.type == "integer" else _STRING
        types.create_feature(span, PREFIX + attribute.name, range_)
    for name in ("label", "note"):
        types.create_feature(relation, name, _STRING)
    for name in ("Governor", "Dependent"):
        types.create_feature(relation, name, span)
    return types


def write(folder: Path, documents: Iterable[LabelledArticle], inventory: Inventory) -> None:
    """Write a file for each document, and the type system.

    Raises:
        CannotRun: For what XMI cannot carry: a control character, an integer of more than 32 bits.
    """
    types = type_system(inventory)
    (folder / TYPES).write_bytes(types.to_xml().encode("utf-8"))
    for document in documents:
        where, hint = f"article {document.article.id}", "export it as jsonl"
        for span in document.annotation.spans:
            if any(isinstance(value, int) and value > _LARGEST_INTEGER for value in span.attributes.values()):
                raise CannotRun(where, f"a number of span {span.id} has more than 32 bits", hint)
        try:
            data = _make_cas(document, types).to_xmi().encode("utf-8")
        except ValueError as error:
            raise CannotRun(where, "holds a control character, which XML cannot carry", hint) from error
        (folder / f"{document.article.id}.xmi").write_bytes(data)


def _make_cas(document: LabelledArticle, types: cassis.TypeSystem) -> cassis.Cas:
    cas = cassis.Cas(types)
    cas.sofa_string, cas.sofa_mime = document.article.text, "text/plain"
    span_type, relation_type = types.get_type(SPAN), types.get_type(RELATION)
    annotation = sort_annotation(document.annotation)
    items = {}
    for span in annotation.spans:
        features = {PREFIX + name: value for name, value in span.attributes.items()}
        items[span.id] = span_type(
            begin=span.start, end=span.end, label=span.label, spanId=span.id, note=span.note or None, **features
        )
    cas.add_all(items.values())
    for relation in annotation.relations:
        head, tail = items[relation.head], items[relation.tail]
        ends = {"begin": tail.begin, "end": tail.end, "Governor": head, "Dependent": tail}
        cas.add(relation_type(label=relation.label, note=relation.note or None, **ends))
    return cas


def list_losses(document: LabelledArticle, _: Inventory) -> Iterator[Loss]:
    """List metadata; everything else is carried."""
    return metadata_losses(document)


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the `.xmi` files of a folder; its type system may have other layers.

    An annotation of another layer is a span or, with Governor and Dependent, a relation; its type is the name of the
    layer, and its features are attributes.

    Raises:
        CannotRun: If the type system cannot be read.
    """
    paths = sorted(find_files(folder, ".xmi"), key=lambda path: path.stem)
    if not paths:
        return
    where = folder / TYPES
    data = read_bytes(where, "export the type system together with the files", within=folder)
    try:
        types = cassis.load_typesystem(_decode_safely(data))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CannotRun(where, f"is not a type system: {error}", "export it again") from error
    for path in paths:
        yield _read_document(path, types)


def _decode_safely(data: bytes) -> str:
    """Decode XML; raise ValueError if it is not UTF-8 or declares entities, which could name any file."""
    text = data.decode("utf-8")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("declares entities")
    return text


def _read_document(path: Path, types: cassis.TypeSystem) -> RawDocument:
    article_id = article_id_from(path.stem)

    def refuse(why: str, line: int | None = None) -> RawDocument:
        return refused_document(article_id, path.name, next(rules.unreadable(path.name, article_id, why)).at(line))

    try:
        text = _decode_safely(read_bytes(path, "restore it", within=path.parent))
    except ValueError as error:
        return refuse(f"is not a CAS of this type system: {error}")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cas = cassis.load_cas_from_xmi(text, types)
    except (etree.XMLSyntaxError, TypeNotFoundError, ValueError, KeyError, AttributeError) as error:
        why = f"no item has the xmi:id {error}" if isinstance(error, KeyError) else str(error)
        return refuse(*_find_dangling_reference(text) or (f"is not a CAS of this type system: {why}",))
    # cassis keeps an offset that is not valid in UTF-16, with a warning; nothing would show that it is wrong.
    wrong_offsets = [str(warning.message) for warning in caught if "offset" in str(warning.message)]
    if wrong_offsets:
        return refuse(f"has an invalid offset: {wrong_offsets[0]}")
    if cas.sofa_string is None:
        return refuse("has no text")
    return RawDocument(article_id, path.name, cas.sofa_string.encode("utf-8"), tuple(_items(cas)))


def _find_dangling_reference(text: str) -> tuple[str, int | None] | None:
    """Return the first reference to an item that does not exist, and its line; cassis only gives the id."""
    try:
        root = etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return None
    ids = {item.get(_XMI_ID) for item in root.iter(etree.Element)}
    for item in root.iter(etree.Element):
        for feature in _REFERENCES:
            for ref in (item.get(feature) or "").split():
                if ref not in ids:
                    name = f"{etree.QName(item).localname} {item.get(_XMI_ID) or ''}".strip()
                    return f"{feature} of {name} is {ref!r}, but no item has this xmi:id; fix it", item.sourceline
    return None


def _items(cas: cassis.Cas) -> Iterator[Item]:
    annotations = [item for item in cas.select_all_annotations() if not item.type.name.startswith(_BUILT_IN)]
    relations = [item for item in annotations if hasattr(item, "Governor") and hasattr(item, "Dependent")]
    relation_keys = {id(item) for item in relations}
    spans = [item for item in annotations if id(item) not in relation_keys]
    refs = {id(item): (item.spanId if item.type.name == SPAN else None) or f"x{item.xmiID}" for item in spans}
    for item in spans:
        yield from _span_items(item, refs[id(item)])
    for number, item in enumerate(relations):
        head, tail = (refs.get(id(end), "nothing") for end in (item.Governor, item.Dependent))
        is_ours = item.type.name == RELATION
        label = item.label if is_ours else item.type.short_name
        yield from list_relation_items(number, label or "", head, tail, item.note if is_ours else None)


def _span_items(item: Any, ref: str) -> Iterator[Item]:
    """Yield a span, its attributes and its note."""
    is_ours = item.type.name == SPAN
    label = item.label if is_ours else item.type.short_name
    if not isinstance(getattr(item, "begin", None), int) or not isinstance(getattr(item, "end", None), int):
        yield UnreadableItem(None, f"{item.type.short_name} {ref} has no offsets")
        return
    ids = (item.spanId,) if is_ours and item.spanId else ()
    span = SpanItem(None, ref, label or "", ((item.begin, item.end),), None, ids)
    attributes: dict[str, str | int] = {}
    for feature in item.type.all_features:
        value = getattr(item, feature.name, None)
        if feature.name in ("begin", "end", "sofa") or not isinstance(value, str | int):
            continue
        if not is_ours:
            attributes[feature.name] = value
        elif feature.name.startswith(PREFIX):
            attributes[feature.name.removeprefix(PREFIX)] = value
    yield from list_span_items(span, attributes, item.note if is_ours else None)
