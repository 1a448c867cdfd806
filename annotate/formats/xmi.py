"""UIMA CAS XMI for INCEpTION, by dkpro-cassis: one `.xmi` an article, and the type system beside them.

All labels are one custom span layer and all relations one custom relation layer, since a relation layer of INCEpTION
hangs on a single span layer; the label is a feature. Offsets in XMI are UTF-16 units; cassis turns them into code
points and back.
"""

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cassis
from cassis.typesystem import TypeNotFoundError
from lxml import etree

from annotate.corpus import canonical
from annotate.errors import CannotRun
from annotate.formats import rules
from annotate.formats.document import Arrow, Document, Item, Loss, Mark, Note, RawDocument, Unread, Value, name_of
from annotate.formats.ledger import ABOUT, head_lost, metadata_lost
from annotate.formats.mapping import NOTE
from annotate.inventory import Inventory
from annotate.util.files import read_bytes

TYPES = "TypeSystem.xml"
SPAN, RELATION = "webanno.custom.Span", "webanno.custom.Relation"
PREFIX = "attr_"
"""Before the names of attributes: `type`, `begin` and others are taken by UIMA or by cassis."""

LOSSES = {**ABOUT}

_STRING, _INTEGER = "uima.cas.String", "uima.cas.Integer"
_LARGEST = 2**31 - 1
_XMI_ID = "{http://www.omg.org/XMI}id"
_POINTING = ("Governor", "Dependent", "sofa", "members")
"""What holds the ids of other items, of the layers that are read here."""
_BUILT_IN = ("uima.", "de.tudarmstadt.ukp.dkpro.core.api.segmentation.", "de.tudarmstadt.ukp.dkpro.core.api.metadata.")


def type_system(inventory: Inventory) -> cassis.TypeSystem:
    """The layers as INCEpTION's custom layers expect them: a relation has Governor (its head) and Dependent."""
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


def write(folder: Path, documents: Iterable[Document], inventory: Inventory) -> None:
    """Raises CannotRun for what XML cannot carry: a control character, an integer beyond 32 bits."""
    types = type_system(inventory)
    (folder / TYPES).write_bytes(types.to_xml().encode("utf-8"))
    for document in documents:
        where = f"article {document.article.id}"
        for span in document.annotation.spans:
            if any(isinstance(value, int) and value > _LARGEST for value in span.attributes.values()):
                raise CannotRun(where, f"a number of span {span.id} is beyond 32 bits", "export it as jsonl")
        try:
            data = _cas(document, types).to_xmi().encode("utf-8")
        except ValueError as error:
            raise CannotRun(where, "holds a control character, which XML cannot carry", "export it as jsonl") from error
        (folder / f"{document.article.id}.xmi").write_bytes(data)


def _cas(document: Document, types: cassis.TypeSystem) -> cassis.Cas:
    cas = cassis.Cas(types)
    cas.sofa_string, cas.sofa_mime = document.article.text, "text/plain"
    span_type, relation_type = types.get_type(SPAN), types.get_type(RELATION)
    annotation = canonical(document.annotation)
    placed = {}
    for span in annotation.spans:
        features = {PREFIX + name: value for name, value in span.attributes.items()}
        placed[span.id] = span_type(
            begin=span.start, end=span.end, label=span.label, spanId=span.id, note=span.note or None, **features
        )
    cas.add_all(placed.values())
    for relation in annotation.relations:
        head, tail = placed[relation.head], placed[relation.tail]
        ends = {"begin": tail.begin, "end": tail.end, "Governor": head, "Dependent": tail}
        cas.add(relation_type(label=relation.label, note=relation.note or None, **ends))
    return cas


def lost(document: Document, _: Inventory) -> Iterator[Loss]:
    yield from metadata_lost(document)
    yield from head_lost(document)


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """The `.xmi` files of a folder, in the order of their names; its type system may have other layers than ours.

    Of another layer each annotation is a span, or, with Governor and Dependent, a relation, named as its layer; what
    its features say are attributes.
    """
    paths = sorted(folder.glob("*.xmi"), key=lambda path: path.stem)
    if not paths:
        return
    where = folder / TYPES
    data = read_bytes(where, "export the type system beside the files")
    try:
        types = cassis.load_typesystem(_safe(data))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CannotRun(where, f"is no type system: {error}", "export it again") from error
    for path in paths:
        yield _document(path, types)


def _safe(data: bytes) -> str:
    """The XML text; raises ValueError for one that declares entities, which could name any file, or is no UTF-8."""
    text = data.decode("utf-8")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("declares entities")
    return text


def _document(path: Path, types: cassis.TypeSystem) -> RawDocument:
    name = name_of(path.stem)

    def refused(why: str, line: int | None = None) -> RawDocument:
        return RawDocument(name, path.name, b"", (), next(rules.unreadable(path.name, name, why)).at(line))

    try:
        text = _safe(path.read_bytes())
    except ValueError as error:
        return refused(f"is no CAS of this type system: {error}")
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            cas = cassis.load_cas_from_xmi(text, types)
    except (etree.XMLSyntaxError, TypeNotFoundError, ValueError, KeyError, AttributeError) as error:
        return refused(*_loose_end(text) or (f"is no CAS of this type system: {_said(error)}",))
    # cassis keeps an offset that is none in UTF-16 as it is, with a warning: nothing would show that it is wrong.
    unplaced = [str(warning.message) for warning in warned if "offset" in str(warning.message)]
    if unplaced or cas.sofa_string is None:
        return refused(f"has an offset that is none: {unplaced[0]}" if unplaced else "has no text")
    return RawDocument(name, path.name, cas.sofa_string.encode("utf-8"), tuple(_items(cas)))


def _loose_end(text: str) -> tuple[str, int | None] | None:
    """The first item that points to what is not there, and its line; cassis says the number alone."""
    try:
        root = etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return None
    ids = {item.get(_XMI_ID) for item in root.iter(etree.Element)}
    for item in root.iter(etree.Element):
        for feature in _POINTING:
            for ref in (item.get(feature) or "").split():
                if ref not in ids:
                    what = f"{etree.QName(item).localname} {item.get(_XMI_ID) or ''}".strip()
                    return f"{feature} of {what} is {ref!r}, which is the xmi:id of nothing; fix it", item.sourceline
    return None


def _said(error: Exception) -> str:
    return f"nothing has the xmi:id {error}" if isinstance(error, KeyError) else str(error)


def _items(cas: cassis.Cas) -> Iterator[Item]:
    found = [item for item in cas.select_all_annotations() if not item.type.name.startswith(_BUILT_IN)]
    arrows = [item for item in found if hasattr(item, "Governor") and hasattr(item, "Dependent")]
    related = {id(item) for item in arrows}
    refs: dict[int, str] = {}
    marks = [item for item in found if id(item) not in related]
    for item in marks:
        own = item.spanId if item.type.name == SPAN else None
        refs[id(item)] = own or f"x{item.xmiID}"
    for item in marks:
        yield from _mark(item, refs[id(item)])
    for number, item in enumerate(arrows):
        ends = [refs.get(id(end), "nothing") for end in (item.Governor, item.Dependent)]
        own = item.type.name == RELATION
        label = item.label if own else item.type.short_name
        yield Arrow(None, f"relation {number}", label or "", *ends)
        if own and item.note:
            yield Note(None, "", f"relation {number}", NOTE, item.note)


def _mark(item: Any, ref: str) -> Iterator[Item]:
    own = item.type.name == SPAN
    label = item.label if own else item.type.short_name
    if not isinstance(getattr(item, "begin", None), int) or not isinstance(getattr(item, "end", None), int):
        yield Unread(None, f"{item.type.short_name} {ref} has no place in the text")
        return
    yield Mark(None, ref, label or "", ((item.begin, item.end),), None, (item.spanId,) if own and item.spanId else ())
    for feature in item.type.all_features:
        value = getattr(item, feature.name, None)
        if feature.name in ("begin", "end", "sofa") or value is None or not isinstance(value, str | int):
            continue
        if not own:
            yield Value(None, "", ref, feature.name, value)
        elif feature.name.startswith(PREFIX):
            yield Value(None, "", ref, feature.name.removeprefix(PREFIX), value)
    if own and item.note:
        yield Note(None, "", ref, NOTE, item.note)
