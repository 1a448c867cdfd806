"""UIMA CAS XMI for INCEpTION, by dkpro-cassis: an `.xmi` file for each article, and the type system.

All labels are one custom span layer and all relations one custom relation layer, because a relation layer of INCEpTION
belongs to a single span layer; the label is a feature. Offsets in XMI are UTF-16 units; cassis converts them to code
points and back.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any

import cassis
from lxml import etree

from annotate.corpus import sort_annotation
from annotate.errors import CannotRun
from annotate.formats import rules
from annotate.formats.document import (
    AttributeItem,
    Item,
    LabelledArticle,
    Loss,
    NoteItem,
    Pieces,
    RawDocument,
    RelationItem,
    SpanItem,
    UnreadableItem,
    article_id_from,
    refused_document,
)
from annotate.formats.ledger import METADATA_LOSSES, metadata_losses
from annotate.formats.parts import move_files
from annotate.formats.xmi_elements import (
    ElementFault,
    XmiElements,
    find_fault,
    find_structural_fault,
    list_elements,
    parse_elements,
    prepare_types,
)
from annotate.ingest import make_source_name
from annotate.inventory import Inventory
from annotate.label_map import NOTE_TYPE
from annotate.util.escape import quote, shorten
from annotate.util.files import read_bytes
from annotate.util.folders import find_files

TYPES = "TypeSystem.xml"
SPAN, RELATION = "webanno.custom.Span", "webanno.custom.Relation"
PREFIX = "attr_"
"""Precedes the names of attributes, since UIMA or cassis use `type`, `begin` and others themselves."""

LOSSES = {**METADATA_LOSSES}

_STRING, _INTEGER, _DOUBLE = "uima.cas.String", "uima.cas.Integer", "uima.cas.Double"
_RANGES = {"choice": _STRING, "integer": _INTEGER, "number": _DOUBLE, "text": _STRING}
"""The range of the feature for an attribute, by its type."""
_LARGEST_INTEGER = 2**31 - 1
_LONGEST_REASON = 200
_ENDS = ("Governor", "Dependent")
_RESERVED = ("self_", "type_")
"""Names that cassis gives to the features `self` and `type`."""
_ENCODING = re.compile(r"""\bencoding\s*+=\s*+["']([\w.-]*+)""")
_DECLARATION_LENGTH = 200
_UTF8_NAMES = ("utf-8", "utf8", "us-ascii", "ascii")
_CONTAINERS = "uima.cas."
_DKPRO = "de.tudarmstadt.ukp.dkpro.core.api."
_STRUCTURAL = (
    "uima.tcas.DocumentAnnotation",
    "de.tudarmstadt.ukp.clarin.webanno.api.type.FeatureDefinition",
    "de.tudarmstadt.ukp.clarin.webanno.api.type.LayerDefinition",
    f"{_DKPRO}metadata.type.DocumentMetaData",
    f"{_DKPRO}metadata.type.TagDescription",
    f"{_DKPRO}metadata.type.TagsetDescription",
    f"{_DKPRO}segmentation.type.Sentence",
    f"{_DKPRO}segmentation.type.Token",
)
"""What tools add to every text: left out unless the map names it."""


def type_system(inventory: Inventory) -> cassis.TypeSystem:
    """Return the layers as INCEpTION expects them: a relation has the ends Governor (its head) and Dependent."""
    types = cassis.TypeSystem()
    span = types.create_type(SPAN, "uima.tcas.Annotation")
    relation = types.create_type(RELATION, "uima.tcas.Annotation")
    for name in ("label", "spanId", "note"):
        types.create_feature(span, name, _STRING)
    for attribute in inventory.attributes.values():
        types.create_feature(span, PREFIX + attribute.name, _RANGES[attribute.type])
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
            for name, value in span.attributes.items():
                if inventory.attributes[name].type == "integer" and int(value) > _LARGEST_INTEGER:
                    raise CannotRun(where, f"a number of span {span.id} has more than 32 bits", hint)
        try:
            data = _make_cas(document, types, inventory).to_xmi().encode("utf-8")
        except ValueError as error:
            raise CannotRun(where, "holds a control character, which XML cannot carry", hint) from error
        (folder / f"{document.article.id}.xmi").write_bytes(data)


def join(folder: Path, part: Path, _: Inventory) -> None:
    """Move the files of a part; the type system is the same in all of them."""
    move_files(folder, part)


def _make_cas(document: LabelledArticle, types: cassis.TypeSystem, inventory: Inventory) -> cassis.Cas:
    cas = cassis.Cas(types)
    cas.sofa_string, cas.sofa_mime = document.article.text, "text/plain"
    span_type, relation_type = types.get_type(SPAN), types.get_type(RELATION)
    annotation = sort_annotation(document.annotation)
    items = {}
    for span in annotation.spans:
        features = {
            PREFIX + name: float(value) if inventory.attributes[name].type == "number" else value
            for name, value in span.attributes.items()
        }
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

    An annotation of another layer is a span or, with Governor and Dependent, a relation. Its type is the name of the
    layer. Its features are attributes, one for each value; those that refer to other annotations are relations.

    Raises:
        CannotRun: If the type system cannot be read.
    """
    paths = sorted(find_files(folder, ".xmi"), key=lambda path: path.stem)
    if not paths:
        return
    where = folder / TYPES
    data = read_bytes(where, "export the type system together with the files", within=folder)
    try:
        with _cassis_errors():
            types = cassis.load_typesystem(_decode_safely(data))
            prepare_types(types)
    except ValueError as error:
        raise CannotRun(where, f"is not a type system: {error}", "export it again") from error
    for path in paths:
        yield _read_document(path, types)


@contextmanager
def _cassis_errors() -> Iterator[list[str]]:
    """Give the warnings of cassis as a list, and raise ValueError for any exception: it has no class for its own.

    Raises:
        ValueError: With one line that says why.
    """
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield messages
        except Exception as error:
            why = f"no item has the xmi:id {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(shorten(why or type(error).__name__, _LONGEST_REASON)) from error
    messages += [str(warning.message) for warning in caught]


def _decode_safely(data: bytes) -> str:
    """Decode XML in UTF-8.

    Raises:
        ValueError: If it is not UTF-8, declares another encoding, or declares entities, which could name any file.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}; convert it first") from error
    declared = _ENCODING.search(text[:_DECLARATION_LENGTH].partition("?>")[0])
    if declared and declared[1].lower() not in _UTF8_NAMES:
        raise ValueError(f"it declares the encoding {declared[1]}; convert it to UTF-8 first")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("declares entities")
    return text


def _read_document(path: Path, types: cassis.TypeSystem) -> RawDocument:
    article_id = article_id_from(path.stem)

    def refuse(why: str, line: int | None = None) -> RawDocument:
        return refused_document(article_id, path.name, next(rules.unreadable(path.name, article_id, why)).at(line))

    try:
        text = _decode_safely(read_bytes(path, "restore it", within=path.parent))
        root = parse_elements(text)
    except ValueError as error:
        return refuse(f"is not a CAS of this type system: {error}")
    if fault := find_structural_fault(root):
        return refuse(*fault)
    try:
        with _cassis_errors() as messages:
            cas = cassis.load_cas_from_xmi(text, types)
    except ValueError as error:
        fault = _explain(root, types) or ElementFault(str(error), None)
        return refuse(f"is not a CAS of this type system: {fault.why}", fault.line)
    # cassis keeps an offset that is not valid in UTF-16, with a warning; nothing would show that it is wrong.
    wrong_offsets = [message for message in messages if "offset" in message]
    if wrong_offsets:
        return refuse(f"has an invalid offset: {wrong_offsets[0]}")
    article_view = next((view for view in cas.views if view.sofa and view.sofa.sofaString), None)
    if article_view is None:
        return refuse("has no text")
    items = tuple(_ItemReader(cas, article_view, list_elements(root)).items())
    data = article_view.sofa.sofaString.encode("utf-8")
    return RawDocument(article_id, path.name, data, items, source_name=make_source_name(path.stem))


def _explain(root: etree._Element, types: cassis.TypeSystem) -> ElementFault | None:
    """Return the element that cassis could not read; None if it is not found."""
    try:
        with _cassis_errors():
            return find_fault(root, types)
    except ValueError:
        return None


Structure = Any
"""A feature structure of cassis, whose classes are made from the type system."""


def _is_structure(value: object) -> bool:
    return isinstance(value, cassis.typesystem.FeatureStructure)


def _is_null(value: object) -> bool:
    """Return whether a value is the item that stands for no item."""
    return _is_structure(value) and value.type.name == "uima.cas.NULL"  # type: ignore[attr-defined]


def _is_container(structure: Structure) -> bool:
    """Return whether a structure is an array or a list, which only holds values of a feature."""
    name: str = structure.type.name
    return name.startswith(_CONTAINERS) and name.endswith(("Array", "List"))


def _has_features(structure: Structure, *names: str) -> bool:
    return all(structure.type.get_feature(name) for name in names)


def _is_own(structure: Structure) -> bool:
    """Return whether an export wrote the item: others give their layers the same names, but not the same features."""
    name = structure.type.name
    return (name == SPAN and _has_features(structure, "label", "spanId", "note")) or (
        name == RELATION and _has_features(structure, "label", "note", *_ENDS)
    )


def _plain_value(value: object) -> str | int:
    """Return a value as an attribute has it: booleans, floats and bytes in the words of XMI."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "NaN" if isnan(value) else repr(value).replace("inf", "Infinity")
    if isinstance(value, int):
        return value
    return "" if value is None else str(value)


class _ItemReader:
    """Reads the items of a CAS whose article is the text of one view.

    Args:
        cas: The CAS.
        article_view: The view.
        elements: The elements of its file.
    """

    def __init__(self, cas: cassis.Cas, article_view: Any, elements: XmiElements) -> None:
        self.views, self.article_view, self.elements = cas.views, article_view, elements
        self.reached = set[int]()
        """The xmi:ids of all structures that a view lists or another one refers to."""
        self.view_of = dict[int, str]()
        """Key of each structure that a view lists → the view."""
        self.feature_names = dict[str, list[str]]()
        self.features = dict[int, list[tuple[str, list[Any]]]]()
        """Key of each structure → the name and the values of each feature that has any."""
        self.structures = self._find_structures()
        self.refs = dict[int, str]()
        self.ids = dict[int, str]()
        self.used_ids = dict[str, str]()
        self._name_structures()
        self.relations = 0

    def items(self) -> Iterator[Item]:
        """Yield all items: of each structure, of further texts, and for what no view lists."""
        for view in self.views:
            if view is not self.article_view and view.sofa.sofaID in self.elements.views:
                ref = f"sofa {view.sofa.xmiID}"
                yield SpanItem(self.elements.lines.get(view.sofa.xmiID), ref, f"{view.sofa.sofaID}/Sofa", ())
        for structure in self.structures:
            if not self._is_link(structure):
                yield from self._structure_items(structure)
        for id_, name in self.elements.names.items():
            if id_ not in self.reached:
                yield UnreadableItem(
                    self.elements.lines[id_], f"{name} {id_} is in no view, and nothing that is read refers to it"
                )

    def _find_structures(self) -> list[Structure]:
        found = dict[int, Structure]()
        for view in self.views:
            for structure in view.get_all_fs():
                if not _is_container(structure) and not _is_null(structure):
                    found[id(structure)] = structure
                    self.view_of.setdefault(id(structure), view.sofa.sofaID)
        structures = list(found.values())
        for structure in structures:  # which grows
            self.reached.add(structure.xmiID)
            self.features[id(structure)] = features = list(self._read_features(structure))
            for _, values in features:
                for value in values:
                    if _is_structure(value) and id(value) not in found:
                        found[id(value)] = value
                        structures.append(value)
        return structures

    def _read_features(self, structure: Structure) -> Iterator[tuple[str, list[Any]]]:
        """Yield the name and the values of each feature that has any; offsets and text are no features."""
        type_ = structure.type
        if type_.name not in self.feature_names:
            names = [feature.name for feature in type_.all_features]
            self.feature_names[type_.name] = [name for name in names if name not in ("begin", "end", "sofa")]
        for name in self.feature_names[type_.name]:
            if (value := getattr(structure, name, None)) is not None:
                values = [value for value in self._values(value) if not _is_null(value)]
                yield (name.removesuffix("_") if name in _RESERVED else name), values

    def _values(self, value: Any) -> list[Any]:
        """Return a value, or those that an array or a list holds."""
        if isinstance(value, str | int):
            return [value]
        if isinstance(value, bytes):
            return [value.hex()]
        if isinstance(value, list | tuple):
            return list(value)
        if not _is_structure(value) or not _is_container(value):
            return [value]
        self.reached.add(value.xmiID)
        if value.type.name.endswith("Array"):
            elements = getattr(value, "elements", None)
            return [] if elements is None else self._values(elements) if not isinstance(elements, str) else [elements]
        values, seen = [], {id(value)}
        while _has_features(value, "head", "tail"):
            values.append(value.head)
            value = value.tail
            if not _is_structure(value) or id(value) in seen or not _is_container(value):
                break
            seen.add(id(value))
            self.reached.add(value.xmiID)
        return values

    def _name_structures(self) -> None:
        """Give each structure its ref: the id that an export gave the span, or the xmi:id."""
        for structure in self.structures:
            id_ = structure.spanId if structure.type.name == SPAN and _is_own(structure) else None
            if id_ and id_ not in self.used_ids:
                self.used_ids[id_] = f"{structure.type.short_name} {structure.xmiID}"
                self.ids[id(structure)] = self.refs[id(structure)] = id_
        for structure in self.structures:
            if id(structure) not in self.refs:
                ref = f"x{structure.xmiID}"
                while ref in self.used_ids:
                    ref += "-"
                self.refs[id(structure)] = ref

    def _is_link(self, structure: Structure) -> bool:
        """Return whether a structure only links an annotation with another one, as the slots of INCEpTION do."""
        return (
            id(structure) not in self.view_of
            and not _has_features(structure, "begin")
            and _has_features(structure, "role", "target")
        )

    def _layer(self, structure: Structure, is_full: bool = False) -> str:
        view = self.view_of.get(id(structure), self.article_view.sofa.sofaID)
        name: str = structure.type.name if is_full else structure.type.short_name
        return name if view == self.article_view.sofa.sofaID else f"{view}/{name}"

    def _line(self, structure: Structure) -> int | None:
        return self.elements.lines.get(structure.xmiID)

    def _structure_items(self, structure: Structure) -> Iterator[Item]:
        """Yield a span or relation, its features and its note."""
        is_own, layer, line = _is_own(structure), self._layer(structure), self._line(structure)
        label = (structure.label or "") if is_own else layer
        own_features: tuple[str, ...] = ("label", "note", "spanId") if is_own else ()
        ref = self.refs[id(structure)]
        if _has_features(structure, *_ENDS):
            head, tail = (self._ref_of(getattr(structure, end)) for end in _ENDS)
            yield RelationItem(line, ref, label, head, tail, full_type="" if is_own else self._layer(structure, True))
            own_features += _ENDS
        else:
            ids = (self.ids[id(structure)],) if id(structure) in self.ids else ()
            is_structural = structure.type.name in _STRUCTURAL
            full_type = "" if is_own else self._layer(structure, True)
            yield SpanItem(line, ref, label, self._pieces(structure), None, ids, is_structural, full_type)
            id_ = structure.spanId if is_own else None
            if id_ and not ids:
                why = f"spanId of {layer} {structure.xmiID} is {quote(id_)}, which {self.used_ids[id_]} has already"
                yield UnreadableItem(line, why)
        for name, values in self.features[id(structure)]:
            if name not in own_features:
                short_name = name.removeprefix(PREFIX) if is_own else name
                for value in values:
                    yield from self._value_items(line, ref, layer, short_name, value)
        if is_own and structure.note:
            yield NoteItem(line, "", ref, NOTE_TYPE, structure.note)

    def _pieces(self, structure: Structure) -> Pieces:
        """Return the offsets of an annotation in the article; cassis converts only those that a view lists."""
        begin, end = getattr(structure, "begin", None), getattr(structure, "end", None)
        is_placed = isinstance(begin, int) and isinstance(end, int)
        in_article = self.view_of.get(id(structure)) == self.article_view.sofa.sofaID
        return ((begin, end),) if is_placed and in_article else ()  # type: ignore[return-value]

    def _ref_of(self, structure: Structure) -> str:
        return self.refs.get(id(structure), "nothing") if _is_structure(structure) else "nothing"

    def _value_items(self, line: int | None, owner: str, layer: str, name: str, value: Any) -> Iterator[Item]:
        """Yield a value of a feature: an attribute or, if it is another structure, a relation to it."""
        if not _is_structure(value):
            yield AttributeItem(line, "", owner, name, _plain_value(value), layer)
            return
        self.relations += 1
        ref = f"relation {self.relations}"
        if not self._is_link(value):
            yield RelationItem(line, ref, name, owner, self._ref_of(value), True)
            return
        line, role = self._line(value) or line, value.role
        yield RelationItem(line, ref, str(role or name), owner, self._ref_of(value.target), True)
        for feature, values in self.features[id(value)]:
            if feature not in ("role", "target"):
                for nested in values:
                    nested_layer = value.type.short_name
                    if _is_structure(nested):
                        self.relations += 1
                        nested_ref = f"relation {self.relations}"
                        yield RelationItem(line, nested_ref, feature, ref, self._ref_of(nested), True)
                    else:
                        yield AttributeItem(line, "", ref, feature, _plain_value(nested), nested_layer)
