"""Spans, relations, records and counts in any plain form → tuples: what `annotate.metrics` accepts.

A class is a name or a class id. A program that gives something else, such as a string in place of a span, gets a
TypeError that names the document and the item, and says what is wanted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import isfinite
from numbers import Integral, Real
from typing import Any

from annotate.agreement.interval_tallies import Bounds
from annotate.util.escape import quote

Label = Any
"""A name (str) or a class id (int)."""
SpanTuple = tuple[Label, int, int]
"""Label, start, end."""
RelationTuple = tuple[Label, SpanTuple, SpanTuple]
"""Label, head, tail."""
Range = tuple[int, int]
"""Start and end."""
RecordTuple = tuple[SpanTuple, Mapping[str, Sequence[Range]]]
"""The anchor, and the ranges that fill each role."""

WANTED_SPAN = 'give (label, start, end), or a dict with "label", "start" and "end"'
_WANTED_DOCUMENT = "give a list of spans for each document, or a row with `spans`"
_WANTED_RELATION = 'give (label, head, tail), or a dict with "label", "head" and "tail"'
_WANTED_RECORD = 'give (anchor, {role: ranges}), or a dict with "anchor" and "roles"'
_WANTED_BOUNDS = 'give (minimum, maximum), or a dict with "minimum" and "maximum"; None for an open end'


def read_span_documents(side: str, documents: Iterable[Any]) -> list[list[SpanTuple]]:
    """Read the spans of documents.

    Args:
        side: What the documents are, such as "gold", for errors.
        documents: Lists of spans, or rows (dicts or objects) with `spans`. A span is a tuple or a list of label, start
            and end, or a dict or an object that has these.

    Raises:
        TypeError: If something is of another form.
    """
    return [
        [read_span(span, f"{where}, span {index}") for index, span in enumerate(_list_items(document, "spans", where))]
        for where, document in _number_documents(side, documents)
    ]


def read_hashable_spans(side: str, documents: Sequence[Any]) -> Sequence[Sequence[SpanTuple]]:
    """Return what `read_span_documents` reads: the documents themselves if all spans are tuples, 100 times as fast.

    Raises:
        TypeError: If something is of another form.
    """
    return documents if _are_tuples(documents) else read_span_documents(side, documents)


def _are_tuples(documents: Sequence[Any]) -> bool:
    """Return whether documents are lists of tuples of a label, a start and an end, with labels of one kind."""
    if not isinstance(documents, list | tuple) or not set(map(type, documents)) <= {list, tuple}:
        return False
    kind = next((span[0].__class__ for document in documents for span in document if type(span) is tuple and span), str)
    if kind not in (str, int):
        return False
    # `__class__` is faster than `type()`, and this loop runs at each step of a training.
    try:
        for document in documents:
            for span in document:
                label, start, end = span
                if not (
                    span.__class__ is tuple
                    and label.__class__ is kind
                    and start.__class__ is int
                    and end.__class__ is int
                    and 0 <= start <= end
                ):
                    return False
    except (TypeError, ValueError):
        return False
    return True


def read_span(value: Any, where: str) -> SpanTuple:
    """Read a span.

    Args:
        value: The span.
        where: The side, the document and the item, for errors.

    Raises:
        TypeError: If it is no span.
    """
    label, start, end = _get_fields(value, ("label", "start", "end"), where, "span", WANTED_SPAN)
    return _read_label(label, where), *_read_range(start, end, where)


def read_relation_documents(side: str, documents: Iterable[Any]) -> list[list[RelationTuple]]:
    """Read the relations of documents.

    Args:
        side: What the documents are, such as "gold", for errors.
        documents: Lists of relations whose ends are spans, or rows (dicts or objects) with `spans` and `relations`. In
            these, an end is a span, the index of one in `spans`, or its id.

    Raises:
        TypeError: If something is of another form.
    """
    return [
        [
            _read_relation(relation, spans, f"{where}, relation {index}")
            for index, relation in enumerate(_list_items(document, "relations", where))
        ]
        for where, document in _number_documents(side, documents)
        for spans in [_list_ends(document, where)]
    ]


def _list_ends(document: Any, where: str) -> dict[Any, Any]:
    """Return the spans of a row by index and by id; nothing for a list of relations."""
    spans = _get_field(document, "spans")
    items = [] if spans is None else list(_list_items(document, "spans", where))
    ids = {id_: span for span in items if isinstance(id_ := _get_field(span, "id"), str)}
    return {**dict(enumerate(items)), **ids}


def _read_relation(value: Any, spans: Mapping[Any, Any], where: str) -> RelationTuple:
    label, *ends = _get_fields(value, ("label", "head", "tail"), where, "relation", _WANTED_RELATION)
    found = []
    for name, end in zip(("head", "tail"), ends, strict=True):
        if isinstance(end, str) or _is_integer(end):
            if end not in spans:
                hint = "give the span itself, or a row with `spans` and `relations`"
                raise TypeError(f"{where}: {name} {quote(end)} is no index or id of a span; {hint}")
            end = spans[end]
        found.append(read_span(end, f"{where}, {name}"))
    return _read_label(label, where), found[0], found[1]


def read_record_documents(side: str, documents: Iterable[Any]) -> list[list[RecordTuple]]:
    """Read the records of documents.

    Args:
        side: What the documents are, such as "gold", for errors.
        documents: Lists of records. A record is an anchor and a dict from each role to the ranges or spans that fill
            it, as a tuple, a list, a dict, or an object with `anchor` and `roles`.

    Raises:
        TypeError: If something is of another form.
    """
    return [
        [
            _read_record(record, f"{where}, record {index}")
            for index, record in enumerate(_list_items(document, "records", where))
        ]
        for where, document in _number_documents(side, documents)
    ]


def _read_record(value: Any, where: str) -> RecordTuple:
    anchor, roles = _get_fields(value, ("anchor", "roles"), where, "record", _WANTED_RECORD)
    if not isinstance(roles, Mapping):
        raise TypeError(f"{where}: roles {quote(roles)} is not a dict; {_WANTED_RECORD}")
    ranges: dict[str, list[Range]] = {}
    for name, fillers in roles.items():
        if isinstance(fillers, str | bytes | Mapping) or not isinstance(fillers, Iterable):
            raise TypeError(f"{where}, {name}: {quote(fillers)} is not a list; give the ranges that fill the role")
        ranges[name] = []
        for filler in fillers:
            wanted = 'give (start, end), or a dict with "start" and "end"'
            start, end = _get_fields(filler, ("start", "end"), f"{where}, {name}", "range", wanted)
            ranges[name].append(_read_range(start, end, f"{where}, {name}"))
    return read_span(anchor, f"{where}, anchor"), ranges


def read_bounds(side: str, counts: Iterable[Any]) -> list[Bounds]:
    """Read counts; NaN is an open end, as None is.

    Raises:
        TypeError: If one is not a pair of numbers.
    """
    return [_read_pair(count, f"{side}, count {index}") for index, count in enumerate(_require_list(side, counts))]


def _read_pair(value: Any, where: str) -> Bounds:
    ends = _get_fields(value, ("minimum", "maximum"), where, "count", _WANTED_BOUNDS)
    for end in ends:
        if not (is_missing(end) or (is_number(end) and isfinite(end))):
            raise TypeError(f"{where}: {quote(end)} is not a number; {_WANTED_BOUNDS}")
    low, high = (None if is_missing(end) else end for end in ends)
    return low, high


def is_number(value: Any) -> bool:
    """Return whether a value is a number, of Python or of numpy, and not a truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_missing(value: Any) -> bool:
    """Return whether a value is None or NaN."""
    return value is None or (is_number(value) and value != value)


def require_one_kind(*labels: Iterable[Label]) -> None:
    """Check that labels are all names, or all class ids.

    Raises:
        TypeError: If some are names and some are ids: no id would be equal to a name.
    """
    kinds = {isinstance(label, str): label for label in chain.from_iterable(labels)}
    if len(kinds) > 1:
        hint = "give one of the two on both sides"
        raise TypeError(f"label {quote(kinds[True])} is a name, and label {kinds[False]} a class id; {hint}")


def _number_documents(side: str, documents: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield where each document is, for errors, and the document."""
    for index, document in enumerate(_require_list(side, documents)):
        yield f"{side}, document {index}", document


def _require_list(side: str, values: Iterable[Any]) -> Iterable[Any]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise TypeError(f"{side}: {quote(values)} is not a list; give one item for each document or count")
    return values


def _list_items(document: Any, name: str, where: str) -> Iterable[Any]:
    """Return the spans, relations or records of a document, which is a list of them or a row that has them."""
    items = _get_field(document, name)
    items = document if items is None and not isinstance(document, Mapping) else items
    if isinstance(items, str | bytes | Mapping) or not isinstance(items, Iterable):
        hint = _WANTED_DOCUMENT.replace("spans", name)
        raise TypeError(f"{where}: {quote(document)} is not a list of {name}; {hint}")
    return items


def _get_field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _get_fields(value: Any, names: tuple[str, ...], where: str, kind: str, wanted: str) -> tuple[Any, ...]:
    """Return the fields of a dict, an object, a tuple or a list."""
    if isinstance(value, Mapping):
        if all(name in value for name in names):
            return tuple(value[name] for name in names)
    elif not isinstance(value, str | bytes) and all(hasattr(value, name) for name in names):
        return tuple(getattr(value, name) for name in names)
    elif isinstance(value, tuple | list) and len(value) == len(names):
        return tuple(value)
    raise TypeError(f"{where}: {quote(value)} is not a {kind}; {wanted}")


def _read_label(label: Any, where: str) -> Label:
    if isinstance(label, str):
        return label
    if _is_integer(label):
        return int(label)
    raise TypeError(f"{where}: label {quote(label)} is neither a name nor a class id; {WANTED_SPAN}")


def _read_range(start: Any, end: Any, where: str) -> Range:
    for name, offset in (("start", start), ("end", end)):
        if not _is_integer(offset):
            raise TypeError(f"{where}: {name} {quote(offset)} is not a whole number; {WANTED_SPAN}")
    if not 0 <= start <= end:
        hint = "give a start from 0, and an end that is not before it"
        raise TypeError(f"{where}: {start}–{end} is not a range; {hint}")
    return int(start), int(end)


def _is_integer(value: object) -> bool:
    """Return whether a value is a whole number, of Python or of numpy, and not a truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)
