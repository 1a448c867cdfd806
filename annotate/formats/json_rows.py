"""JSON lines that other tools wrote: a text and its labels on each line, under keys that a map names.

Each entry of a list of spans or relations is an item, and so is each other value of a line. What a key holds that the
map names in `jsonl` is read there. Any other value is an attribute of the line, or of the span or relation that has it,
so that the map must name it, too. Values that say nothing (null, empty text, lists and objects) are no items.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from annotate.article_metadata import METADATA, parse_value
from annotate.formats import rules
from annotate.formats.apply_mapping import is_span_id
from annotate.formats.document import (
    AnnotationOrigin,
    AttributeItem,
    Item,
    RawDocument,
    RelationItem,
    SpanItem,
    UnreadableItem,
    refused_document,
)
from annotate.formats.placement import OFFSET_UNITS
from annotate.ingest import make_article_id
from annotate.inventory import Inventory, MetadataField
from annotate.label_map import LabelMap, RowKeys
from annotate.model import MetadataValue, is_article_id
from annotate.offsets import OffsetTable, sha256
from annotate.util.escape import quote, shorten
from annotate.util.files import open_raw
from annotate.util.folders import find_files
from annotate.util.typed_values import convert_as

SUFFIX = ".jsonl"
DOCUMENT = "document"
"""What items refer to that are not on a span or relation."""
_ROWS_TO_TRY = 20
"""Number of lines of a file of which one must have a text."""
_HASH_DIGITS = 12
_DETAILS = ("title", "language", "author", "publisher", "date")
_ZERO_DIGITS = str.maketrans("123456789", "000000000")

Row = dict[str, Any]
Place = tuple[str, ...]
"""The keys that lead to a value of a line."""


class JsonRows:
    """Reads the JSON lines of another tool.

    Args:
        label_map: The map; its section `jsonl` has the keys of a line.
    """

    def __init__(self, label_map: LabelMap) -> None:
        self._keys = convert_as(label_map.jsonl or {}, RowKeys)
        self._mapped = frozenset(label_map.attributes)

    def read(self, folder: Path, inventory: Inventory | None = None) -> Iterator[RawDocument]:
        """Read the lines of all `.jsonl` files of a folder; their metadata, if the inventory declares fields."""
        for path in find_files(folder, SUFFIX):
            with open_raw(str(path), within=folder) as file:
                yield from self.read_lines(path.name, file, inventory.metadata if inventory else {})

    def list_annotators(self, folder: Path) -> set[str]:
        """Return the names of those who labelled, as the lines of a folder give them."""
        return {raw.origin.annotator for raw in self.read(folder) if raw.origin} if self._keys.annotator else set()

    def read_lines(
        self, file: str, lines: Iterable[bytes], fields: Mapping[str, MetadataField] = MappingProxyType({})
    ) -> Iterator[RawDocument]:
        """Read the lines of a file. It is refused as a whole if none of the first can be read.

        Args:
            file: The name of the file.
            lines: Its lines.
            fields: The fields of metadata that the inventory declares.
        """
        numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip(b"\xef\xbb\xbf \t\r\n"))
        first = list(islice(numbered, _ROWS_TO_TRY))
        tried = [self._read_line(file, number, line, fields) for number, line in first]
        unreadable = [raw.refusal for raw in tried if raw.refusal and raw.refusal.code == rules.unreadable.code]
        if len(tried) == len(unreadable) > 1:
            problem = f"line {unreadable[0].line} {unreadable[0].message}"
            problem = f"none of its first {len(tried)} lines can be read: {problem}"
            number = len(tried) + sum(1 for _ in numbered)
            yield refused_document("", file, next(rules.unreadable(file, None, problem)), number)
            return
        yield from tried
        for number, line in numbered:
            yield self._read_line(file, number, line, fields)

    def _read_line(self, file: str, number: int, line: bytes, fields: Mapping[str, MetadataField]) -> RawDocument:
        try:
            row = _parse(number, line)
            return _RowParser(file, number, row, self._keys, self._mapped, fields).parse(_find_text(row, self._keys))
        except (ValueError, RecursionError) as error:
            return refused_document("", file, next(rules.unreadable(file, None, explain_json_error(error))).at(number))


class _Value(NamedTuple):
    """A value of a line that says something, and the keys that lead to it."""

    place: Place
    value: Any


def _as_names(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _find(row: Row, name: str | None) -> _Value | None:
    """Return the value of a key, or of the keys that a name with dots leads along; None if it says nothing."""
    found = _find_any(row, name) if name is not None else None
    return None if found is None or _is_empty(found.value) else found


def _find_any(row: Row, name: str) -> _Value | None:
    place = (name,) if name in row else tuple(name.split("."))
    value: Any = row
    for key in place:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return _Value(place, value)


def _find_text(row: Row, keys: RowKeys) -> _Value:
    """Return the text of a line.

    Raises:
        ValueError: If it has none, or no list of spans, so that it may be a text that nobody labelled.
    """
    others = f"but the keys {', '.join(map(quote, islice(row, 12)))}"
    values = (found for name in _as_names(keys.text) if (found := _find(row, name)))
    text = next((found for found in values if isinstance(found.value, str)), None)
    if text is None:
        problem = f"has no text under {' or '.join(map(repr, _as_names(keys.text)))}, {others}"
        raise ValueError(f"{problem}; name the key in the map: jsonl: {{text: …}}")
    names = _as_names(keys.spans)
    if not any(_find_any(row, name) for name in (*names, *_as_names(keys.relations), *keys.accept)):
        problem = f"has no spans under {' or '.join(map(repr, names))}, {others}"
        raise ValueError(f"{problem}; name the key in the map: jsonl: {{spans: …}}, or add an empty list")
    return text


def explain_json_error(error: Exception) -> str:
    """Say what is wrong with JSON that `decode_json` refuses, and what to do."""
    if isinstance(error, RecursionError):
        return "has too many objects within each other; fix the line"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 at byte {error.start} of the line; convert the file first"
    if isinstance(error, UnicodeEncodeError):
        return "has half a character, an escape such as \\ud83d without the other half; fix the line"
    return shorten(str(error), 400)


def _parse(number: int, line: bytes) -> Row:
    """Parse a line.

    Raises:
        ValueError: If it is not a JSON object of valid text, or has a key twice.
        RecursionError: If its values are nested too deeply.
    """
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    text = line.decode("utf-8")
    try:
        row = decode_json(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at column {error.colno}; write one object a line") from error
    if not isinstance(row, dict):
        raise ValueError("is not a JSON object; write one object a line")  # noqa: TRY004 - a fault of the file
    return row


def decode_json(text: str) -> Any:
    """Decode JSON of another tool.

    Raises:
        ValueError: If it is not JSON of valid text, or has a key twice in one object.
        RecursionError: If its values are nested too deeply.
    """
    value = json.loads(text, object_pairs_hook=_require_unique, parse_constant=_refuse_constant)
    if "\\ud" in text.lower():
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _require_unique(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        count = Counter(key for key, _ in pairs)
        double = next(key for key in row if count[key] > 1)
        raise ValueError(f"has the key {quote(double)} twice in one object; fix the line")
    return row


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"has {name}, which is not JSON; fix the line")


class _RowParser:
    """Parses one line: finds what the keys of the map name, and makes attributes of everything else."""

    def __init__(
        self,
        file: str,
        line: int,
        row: Row,
        keys: RowKeys,
        mapped: frozenset[str],
        fields: Mapping[str, MetadataField],
    ) -> None:
        self._file, self._line, self._row, self._keys, self._mapped = file, line, row, keys, mapped
        self._fields = fields
        self._used: set[Place] = set()
        self._refs: list[str | None] = []
        """The ref of each span, by its index; None for one that cannot be read."""
        self._refs_by_id: dict[str, str] = {}
        self._refs_by_place: dict[tuple[int | None, int | None, str | None], set[str]] = {}
        """The offsets of spans, in the unit of the file, with their label and with None for it → their refs."""

    def parse(self, text: _Value) -> RawDocument:
        """Return the document of the line, whose text is `text`."""
        self._used.add(text.place)
        data = text.value.encode("utf-8")
        article_id = self._make_id(text.value)
        details: dict[str, Any] = {
            name: value for name in _DETAILS if (value := self._take_text(getattr(self._keys, name)))
        }
        metadata, unfit = self._take_metadata()
        if metadata:
            details[METADATA] = metadata
        names = _as_names(self._keys.annotator)
        annotator = next((name for key in names if (name := self._take_annotator(key))), "")
        refused = [refusal for key in self._keys.accept if (refusal := self._check_accepted(key))]
        items = (
            *unfit,
            *self._list_spans(text.value),
            *self._list_relations(),
            *self._list_others(self._row, self._used, DOCUMENT, ""),
        )
        if refused:
            return refused_document(article_id, self._file, refused[0], len(items))
        origin = AnnotationOrigin(annotator, "single pass", (), "") if annotator else None
        return RawDocument(article_id, self._file, data, items, None, origin, details, line=self._line)

    def _take(self, name: str | None) -> Any:
        """Return a value that the map names; None if it says nothing."""
        found = _find(self._row, name)
        if found is not None:
            self._used.add(found.place)
        return found.value if found else None

    def _take_text(self, name: str | None) -> str:
        """Return text or a whole number that the map names; anything else is left as an attribute."""
        found = _find(self._row, name)
        text = _as_id(found)
        if found and text:
            self._used.add(found.place)
        return text

    def _take_metadata(self) -> tuple[dict[str, MetadataValue], list[UnreadableItem]]:
        """Return the values of the fields that the map names, and a report of each that its field cannot have."""
        values, unfit = dict[str, MetadataValue](), list[UnreadableItem]()
        for name, key in self._keys.metadata.items():
            value = self._take(key)
            if value is None or name not in self._fields:
                continue
            field = self._fields[name]
            if field.type != "number":
                value = _as_id(_Value((), value)) or value
            values[name], fault = parse_value(field, value.strip() if isinstance(value, str) else value)
            if fault:
                del values[name]
                why = f"the field {name}, under {quote(key)}: {fault.message}; {fault.hint}"
                unfit.append(UnreadableItem(self._line, why))
        return values, unfit

    def _take_annotator(self, name: str) -> str:
        found = _find(self._row, name)
        is_unnamed = found is not None and str(found.value).translate(_ZERO_DIGITS) in self._keys.unnamed
        return "" if is_unnamed else self._take_text(name)

    def _check_accepted(self, key: str) -> Any:
        """Return a finding if the value of a key is not one with which labels are accepted."""
        value = self._take(key)
        if value is None or _as_text(value) in self._keys.accept[key]:
            return None
        return next(rules.not_accepted(self._file, None, self._line, key, _as_text(value)))

    def _make_id(self, text: str) -> str:
        """Return the id of the article: as the line gives it, or from its text, so that it is the same in each file."""
        prefix = self._keys.id_prefix
        name = self._take_text(self._keys.id)
        if name:
            article_id = f"{prefix}{name}"
            if is_article_id(article_id):
                return article_id
            if make_article_id(name):
                return make_article_id(article_id)
        return make_article_id(f"{prefix or 'text-'}{sha256(text)[:_HASH_DIGITS]}")

    def _list_entries(self, names: str | tuple[str, ...], noun: str) -> Iterator[tuple[str, Any] | UnreadableItem]:
        """Yield the entries of lists, with the name of each list."""
        for name in _as_names(names):
            found = _find(self._row, name)
            if found is None:
                continue
            self._used.add(found.place)
            if not isinstance(found.value, list):
                yield UnreadableItem(self._line, f"{quote(name)} is not a list of {noun}")
                continue
            for entry in found.value:
                yield name, entry

    def _list_spans(self, text: str) -> Iterator[Item]:
        keys, table = self._keys.span, OffsetTable(text)
        entries = list(self._list_entries(self._keys.spans, "spans"))
        order = keys.order or (keys.start, keys.end, keys.label)
        objects = [None if isinstance(entry, UnreadableItem) else _as_object(entry[1], order) for entry in entries]
        ids = [_as_id(_find(span, keys.id)) if span else "" for span in objects]
        valid_ids = set(filter(is_span_id, ids))
        free_refs = (ref for number in count(1) if (ref := f"s{number}") not in valid_ids)
        for entry, span, id_ in zip(entries, objects, ids, strict=True):
            if isinstance(entry, UnreadableItem):
                yield entry
                continue
            if span is None:
                yield UnreadableItem(self._line, _explain_entry(*entry, order))
                self._refs.append(None)
                continue
            ref = id_ if id_ in valid_ids else next(free_refs)
            items = list(self._parse_span(entry[0], span, ref, table))
            is_span = isinstance(items[0], SpanItem)
            self._refs.append(ref if is_span else None)
            if is_span and id_:
                self._refs_by_id.setdefault(id_, ref)
            yield from items

    def _parse_span(self, name: str, span: Row, ref: str, table: OffsetTable) -> Iterator[Item]:
        """Yield a span and its attributes; or else why it cannot be read."""
        keys = self._keys.span
        found = {key: _find(span, getattr(keys, key)) for key in ("start", "end", "label", "id", "text", "quote")}
        for key in ("text", "quote"):
            if (value := found[key]) and not isinstance(value.value, str):
                found[key] = None
        if found["start"] or found["end"]:
            # Offsets say where the span is, and its quote whether they are right.
            found["text"] = found["text"] or found["quote"]
            found["quote"] = None
        elif found["quote"]:
            found["occurrence"] = _find(span, keys.occurrence)
        used = {value.place for value in found.values() if value}
        start, end, label = (value.value if (value := found[key]) else None for key in ("start", "end", "label"))
        start, end = _as_offset(start), _as_offset(end)
        if (start is None or end is None) and not found["quote"]:
            problem = f"a span of {quote(name)} has no numbers under {quote(keys.start)} and {quote(keys.end)}"
            if not found["text"]:
                problem += f", and no words under {quote(keys.quote)}"
            yield UnreadableItem(self._line, problem)
            return
        if not isinstance(label, str | int) or isinstance(label, bool):
            yield UnreadableItem(self._line, f"a span of {quote(name)} has no label under {quote(keys.label)}")
            return
        if start is None or end is None:
            item = self._parse_quote(name, str(label), found, ref)
            yield item
            if isinstance(item, SpanItem):
                yield from self._list_others(span, used, ref, "span")
            return
        range_ = self._convert(table, start), self._convert(table, end)
        if range_[0] is None or range_[1] is None:
            unit = self._keys.offsets
            problem = f"a span from {start} to {end} is outside the text or cuts a character, counted in {unit}"
            yield UnreadableItem(self._line, problem)
            return
        for name_or_none in (str(label), None):
            self._refs_by_place.setdefault((start, end, name_or_none), set()).add(ref)
        words = found["text"].value if found["text"] else None
        yield SpanItem(self._line, ref, str(label), ((range_[0], range_[1]),), words, (ref,))
        yield from self._list_others(span, used, ref, "span")

    def _parse_quote(self, name: str, label: str, found: dict[str, _Value | None], ref: str) -> Item:
        """Return a span that is placed by its words; or else why it cannot be read."""
        words, value = found["quote"], found.get("occurrence")
        occurrence = _as_offset(value.value) if value else None
        if value and (occurrence is None or occurrence < 1):
            problem = f"a span of {quote(name)} has the occurrence {quote(value.value)}, which is no number from 1"
            return UnreadableItem(self._line, problem)
        return SpanItem(self._line, ref, label, (), words.value if words else "", (ref,), occurrence=occurrence)

    def _convert(self, table: OffsetTable, offset: int) -> int | None:
        unit = self._keys.offsets
        return offset if unit == "code points" else OFFSET_UNITS[unit](table, offset)

    def _list_relations(self) -> Iterator[Item]:
        keys = self._keys.relation
        order = keys.order or (keys.head, keys.tail, keys.label)
        for number, entry in enumerate(self._list_entries(self._keys.relations, "relations")):
            if isinstance(entry, UnreadableItem):
                yield entry
                continue
            relation = _as_object(entry[1], order)
            if relation is None:
                yield UnreadableItem(self._line, _explain_entry(*entry, order))
                continue
            found = {key: _find(relation, getattr(keys, key)) for key in ("head", "tail", "label")}
            head, tail, label = (value.value if (value := found[key]) else None for key in ("head", "tail", "label"))
            ends = self._find_end(head), self._find_end(tail)
            if not isinstance(label, str | int) or isinstance(label, bool):
                yield UnreadableItem(
                    self._line, f"a relation of {quote(entry[0])} has no label under {quote(keys.label)}"
                )
            elif not ends[0] or not ends[1]:
                end, name = (tail, keys.tail) if ends[0] else (head, keys.head)
                problem = f"the {quote(name)} of a relation, {quote(end)}, is not one span of the text"
                yield UnreadableItem(self._line, problem)
            else:
                ref, used = f"relation {number}", {value.place for value in found.values() if value}
                yield RelationItem(self._line, ref, str(label), ends[0], ends[1])
                yield from self._list_others(relation, used, ref, "relation")

    def _find_end(self, end: Any) -> str | None:
        """Return the ref of the span at an end of a relation: by its offsets, its id or its index."""
        keys = self._keys.span
        is_range = isinstance(end, list) and len(end) == 2
        order = (keys.start, keys.end) if is_range else keys.order or (keys.start, keys.end, keys.label)
        span = _as_object(end, order)
        if span is not None:
            start, last, label = (
                found.value if (found := _find(span, name)) else None for name in (keys.start, keys.end, keys.label)
            )
            place = _as_offset(start), _as_offset(last), None if label is None else str(label)
            refs = self._refs_by_place.get(place, set())
            return next(iter(refs)) if len(refs) == 1 else None
        if keys.id is not None and (id_ := _as_id(_Value((), end))):
            return self._refs_by_id.get(id_)
        index = _as_offset(end)
        return self._refs[index] if index is not None and 0 <= index < len(self._refs) else None

    def _list_others(self, row: Row, used: set[Place], target: str, layer: str) -> Iterator[AttributeItem]:
        """Yield an attribute for each value that was not used; those of an object one by one if the map lacks it."""
        stack: list[tuple[Place, Any]] = [((), row)]
        while stack:
            place, value = stack.pop()
            if place in used or (place and _is_empty(value)):
                continue
            name = ".".join(place)
            is_mapped = bool(place) and not self._mapped.isdisjoint((name, f"{layer}.{name}"))
            if isinstance(value, dict) and not is_mapped:
                stack += [((*place, key), inner) for key, inner in reversed(value.items())]
                continue
            is_plain_list = isinstance(value, list) and not any(isinstance(inner, list | dict) for inner in value)
            for inner in value if is_plain_list else (value,):
                if not _is_empty(inner):
                    yield AttributeItem(self._line, "", target, name, _as_text(inner), layer)


def _as_object(entry: Any, order: tuple[str, ...]) -> Row | None:
    """Return an entry of a list as an object; the values of a list have the names of `order`."""
    if isinstance(entry, list) and len(entry) == len(order):
        return dict(zip(order, entry, strict=True))
    return entry if isinstance(entry, dict) else None


def _explain_entry(name: str, entry: Any, order: tuple[str, ...]) -> str:
    if isinstance(entry, list):
        expected = ", ".join(order)
        return f"an entry of {quote(name)} is a list of {len(entry)}; `order` in the map names {len(order)}: {expected}"
    return f"an entry of {quote(name)}, {quote(entry)}, is no object or list, as a span or relation is"


def _as_offset(value: Any) -> int | None:
    """Return a whole number; pandas writes floats if a value of a column is missing."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _as_id(found: _Value | None) -> str:
    """Return a name or a whole number as text; "" for anything else."""
    if found is None:
        return ""
    if isinstance(found.value, str):
        return found.value
    number = _as_offset(found.value)
    return "" if number is None else str(number)


def _as_text(value: Any) -> str:
    """Return a value as it is in JSON; text as it is."""
    return value if isinstance(value, str) else shorten(json.dumps(value, ensure_ascii=False), 200)
