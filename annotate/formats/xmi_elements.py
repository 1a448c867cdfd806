"""The elements of an XMI file as XML: their ids and lines, and the faults that dkpro-cassis reads over or names badly.

cassis takes the last of two elements with one id and converts the offsets of an item once for each view that lists it.
It raises exceptions of many kinds that say neither line nor element. This module finds both in the XML itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cassis
from lxml import etree

from annotate.util.escape import quote

_XMI_ID = "{http://www.omg.org/XMI}id"
_CAS = "{http:///uima/cas.ecore}"
_SOFA, _VIEW, _NULL = f"{_CAS}Sofa", f"{_CAS}View", f"{_CAS}NULL"
_ATTRIBUTES = {
    _SOFA: (("sofaNum", "sofaID"), ("mimeType", "sofaString", "sofaURI", "sofaArray")),
    _NULL: ((), ()),
    _VIEW: (("sofa",), ("members",)),
}
"""The features that cassis needs, and those that it allows, in elements of no declared type."""
_INTEGERS = ("begin", "end", "sofa")
_NUMBERS = {
    **dict.fromkeys(("Integer", "Short", "Long", "Byte"), int),
    **dict.fromkeys(("Float", "Double"), float),
}
_COLLECTIONS = ("uima.cas.FSArray", "uima.cas.FSList")
_STRING = "uima.cas.String"
_RESERVED = ("self", "type")
"""Names of features that cassis gives an underscore."""


class ElementFault(NamedTuple):
    """A fault of an element.

    Attributes:
        why: What is wrong, with the name and id of the element.
        line: The line of the element.
    """

    why: str
    line: int | None


class XmiElements(NamedTuple):
    """The items of a file.

    Attributes:
        names: xmi:id of each item → its type without the package.
        lines: xmi:id of each item and text → the line of its element.
        views: The names of the texts.
    """

    names: dict[int, str]
    lines: dict[int, int | None]
    views: frozenset[str]


def parse_elements(text: str) -> etree._Element:
    """Parse XML.

    Raises:
        ValueError: If it is not well-formed.
    """
    try:
        return etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error


def list_elements(root: etree._Element) -> XmiElements:
    """List the items of a file in which `find_structural_fault` finds nothing."""
    names, lines = dict[int, str](), dict[int, int | None]()
    for element in _items(root):
        lines[int(element.get(_XMI_ID, ""))] = element.sourceline
        if element.tag != _SOFA:
            names[int(element.get(_XMI_ID, ""))] = etree.QName(element).localname
    return XmiElements(names, lines, frozenset(sofa.get("sofaID", "") for sofa in root.iter(_SOFA)))


def find_structural_fault(root: etree._Element) -> ElementFault | None:
    """Return the first fault that cassis would read over: what it would lose, or place wrongly."""
    return next(_structural_faults(root), None)


def prepare_types(types: cassis.TypeSystem) -> None:
    """Check that each feature has a range, and read the kinds of strings that a type system declares as strings.

    cassis reads no value without a range, and none of a type below `uima.cas.String`.

    Raises:
        ValueError: With the first feature that has no range.
    """
    string = types.get_type(_STRING)
    for type_ in types.get_types(built_in=True):
        for feature in type_.all_features:
            if feature.rangeType is None:
                raise ValueError(f"{feature.name} of {type_.name} has no rangeTypeName")
            if types.is_instance_of(feature.rangeType, _STRING):
                feature.rangeType = string


def find_fault(root: etree._Element, types: cassis.TypeSystem) -> ElementFault | None:
    """Return the first element that does not fit the type system, or refers to none; None if all seem to fit."""
    return next(_faults(root, types), None)


def _items(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements with an id, that is, without views and the values of features."""
    for element in root.iter(etree.Element):
        if element.tag not in (_VIEW, _NULL) and (element.get(_XMI_ID) or element.getparent() is root):
            yield element


def _name(element: etree._Element) -> str:
    return f"{etree.QName(element).localname} {element.get(_XMI_ID) or ''}".strip()


def _is_integer(value: str) -> bool:
    try:
        int(value)
    except ValueError:
        return False
    return True


def _structural_faults(root: etree._Element) -> Iterator[ElementFault]:
    for element in root.iter(_SOFA, _VIEW, _NULL):
        if len(element):
            yield ElementFault(f"{_name(element)} holds elements; put them after it", element.sourceline)
    ids = dict[int, etree._Element]()
    for element in [*root.iter(_NULL), *_items(root)]:
        xmi_id = element.get(_XMI_ID, "")
        if not _is_integer(xmi_id):
            why = f"{_name(element)} has no xmi:id that is a number; give it one"
            yield ElementFault(why, element.sourceline)
            continue
        id_ = int(xmi_id)
        if id_ in ids:
            first = f"line {ids[id_].sourceline}"
            why = f"{_name(element)} has the xmi:id of {_name(ids[id_])} ({first}); give it one of its own"
            yield ElementFault(why, element.sourceline)
        ids[id_] = element
        children = list(element)
        if (element.text or "").strip() or any((child.tail or "").strip() for child in children):
            why = f"{_name(element)} holds text, which is no value of a feature; remove it"
            yield ElementFault(why, element.sourceline)
        if not children:
            continue
        nested = next((child for child in element.iterchildren(etree.Element) if len(child)), None)
        if nested is not None:
            why = f"{etree.QName(nested).localname} of {_name(element)} holds elements; a value is text alone"
            yield ElementFault(why, nested.sourceline)
        for feature, number in Counter(child.tag for child in children).items():
            if feature in element.attrib:
                why = f"{feature} of {_name(element)} is an attribute and {number} elements; keep one kind"
                yield ElementFault(why, element.sourceline)
    for tag, key, hint in ((_SOFA, "sofaID", "rename one"), (_VIEW, "sofa", "join the members")):
        values = set[str]()
        for element in root.iter(tag):
            value = element.get(key, "")
            if value in values:
                why = f"{_name(element)} has the {key} {quote(value)}, which another one has; {hint}"
                yield ElementFault(why, element.sourceline)
            values.add(value)
    yield from _view_faults(root, ids)


def _view_faults(root: etree._Element, ids: dict[int, etree._Element]) -> Iterator[ElementFault]:
    """Yield views of no text, and items with offsets that are listed twice or in the view of another text."""
    listed, sofas = set[int](), {sofa.get(_XMI_ID) for sofa in root.iter(_SOFA)}
    for view in root.iter(_VIEW):
        if view.get("sofa") and view.get("sofa") not in sofas:
            yield ElementFault(
                f"sofa of View is {quote(view.get('sofa'))}, but no item has this xmi:id; fix it", view.sourceline
            )
        for word in (view.get("members") or "").split():
            element = ids.get(int(word)) if _is_integer(word) else None
            if element is None or element.get("begin") is None:
                continue
            if int(word) in listed:
                yield ElementFault(f"{_name(element)} is listed twice as a member; list it once", view.sourceline)
            listed.add(int(word))
            sofa = element.get("sofa")
            if sofa is not None and sofa != view.get("sofa"):
                why = f"{_name(element)} has the sofa {quote(sofa)} but is in the view of {quote(view.get('sofa'))}"
                yield ElementFault(f"{why}; list it in its own", element.sourceline)


def _faults(root: etree._Element, types: cassis.TypeSystem) -> Iterator[ElementFault]:
    sofas = {element.get(_XMI_ID) for element in root.iter(_SOFA)}
    ids = {element.get(_XMI_ID) for element in _items(root)} - sofas
    known = {type_.name: type_ for type_ in types.get_types(built_in=True)}
    for element in root.iter(etree.Element):
        name, line = _name(element), element.sourceline
        if element.tag in _ATTRIBUTES:
            needed, allowed = _ATTRIBUTES[element.tag]
            yield from (ElementFault(f"{name} has no {key}", line) for key in needed if not element.get(key))
            if element.tag == _SOFA and not _is_integer(element.get("sofaNum", "1")):
                yield ElementFault(f"sofaNum of {name} is {quote(element.get('sofaNum'))}, which is not a number", line)
            for key in element.attrib:
                if key not in (_XMI_ID, *needed, *allowed):
                    yield ElementFault(f"{name} has the unknown feature {key}", line)
        if element.tag == _VIEW:
            for feature, choices in (("sofa", sofas), ("members", ids)):
                yield from _dangling(element, feature, element.get(feature, "").split(), choices)
        elif element.get(_XMI_ID) and element.tag not in (_SOFA, _NULL):
            type_name = _type_name(element)
            if type_name not in known:
                yield ElementFault(f"{name}: the type system has no type {type_name}", line)
                continue
            ranges = {feature.name: feature for feature in known[type_name].all_features}
            if "sofa" in ranges:
                if not element.get("sofa"):
                    yield ElementFault(f"{name} has no sofa", line)
                yield from _dangling(element, "sofa", element.get("sofa", "").split(), sofas)
            for feature in [*element.attrib, *{child.tag for child in element}]:
                if feature == _XMI_ID:
                    continue
                own = f"{feature}_" if feature in _RESERVED else feature
                if own not in ranges:
                    yield ElementFault(f"{name}: the type system gives {type_name} no feature {feature}", line)
                elif feature in element.attrib and feature != "sofa":
                    yield from _value_faults(element, str(feature), ranges[own], types, ids)


def _value_faults(
    element: etree._Element, feature: str, declared: cassis.typesystem.Feature, types: cassis.TypeSystem, ids: set[str]
) -> Iterator[ElementFault]:
    """Yield what is wrong with a value that is an attribute of the element."""
    value, range_ = element.get(feature, ""), declared.rangeType.name
    name = range_.removeprefix("uima.cas.")
    is_array = name.endswith(("Array", "List"))
    parse = _NUMBERS.get(name.removesuffix("Array").removesuffix("List")) if name != "ByteArray" else None
    if parse or feature in _INTEGERS:
        try:
            for word in value.split() if is_array else [value]:
                (parse or int)(word)
        except ValueError:
            yield ElementFault(
                f"{feature} of {_name(element)} is {quote(value)}, which is not a number", element.sourceline
            )
    elif range_ == "uima.cas.Boolean":
        if value not in ("true", "false"):
            why = f"{feature} of {_name(element)} is {quote(value)}, which is neither true nor false"
            yield ElementFault(why, element.sourceline)
    elif not any(
        is_plain(range_) for is_plain in (types.is_primitive, types.is_primitive_array, types.is_primitive_list)
    ):
        if types.is_primitive_array(_type_name(element)):
            return
        refs = value.split() if range_ in _COLLECTIONS else [value]
        yield from _dangling(element, feature, refs, ids)


def _dangling(element: etree._Element, feature: str, refs: Iterable[str], choices: set[str]) -> Iterator[ElementFault]:
    """Yield the references of a feature that lead nowhere."""
    for ref in refs:
        if ref not in choices:
            why = f"{feature} of {_name(element)} is {quote(ref)}, but no item has this xmi:id; fix it"
            yield ElementFault(why, element.sourceline)


def _type_name(element: etree._Element) -> str:
    qualified = etree.QName(element)
    package = (qualified.namespace or "").removeprefix("http:///").removesuffix(".ecore").replace("/", ".")
    return f"{package}.{qualified.localname}".removeprefix("uima.noNamespace.")
