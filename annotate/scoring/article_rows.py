"""Rows with the spans and relations of an article as annotations: class ids or names, from any library.

A span has offsets, or quotes its words. `annotate.scoring.table_rows` and `annotate.scoring.pipeline_output` make such
rows of other forms.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, pairwise
from typing import Any, NamedTuple

import msgspec

from annotate.class_ids import CLASS_IDS_FILE, NONE
from annotate.errors import CannotRun
from annotate.formats.document import Pieces
from annotate.formats.placement import OFFSET_UNITS, check_offsets
from annotate.inventory import Inventory
from annotate.model import PROCESSES, Annotation, AttributeValue, Relation, Span, normal_number
from annotate.offsets import OffsetTable
from annotate.quotes import DIFFERENCES, PlacedQuote, QuotedText
from annotate.records import PIECE_SEPARATOR
from annotate.scoring.score_counts import make_prediction
from annotate.util.escape import quote
from annotate.util.suggestions import list_choices
from annotate.versions import is_older, is_version

Row = Mapping[str, Any]
NOWHERE = (0, 0)
"""The range of a span whose quote the text does not have: it overlaps no span of gold, and counts as predicted."""


class RowPart(NamedTuple):
    """A span or a relation of a row, and the file and the place in it, for errors."""

    where: str
    values: Row


class ArticleParts(NamedTuple):
    """The spans and relations of an article.

    Attributes:
        article_id: The article id.
        where: The file and the place in it, for errors.
        spans: The spans: `label`, `start` and `end` or else `quote`; perhaps `id`, `text`, `pieces`, `attributes`.
        relations: The relations: `label`, and the ends as `head_id` and `tail_id`, or `head` and `tail`.
        version: The version of the inventory, if an earlier one was used.
        process: How the labels were made, if the row says so.
        made_from: The annotators whose labels they were made from, if the row says so.
    """

    article_id: str
    where: str
    spans: Sequence[RowPart]
    relations: Sequence[RowPart] = ()
    version: object = None
    process: object = None
    made_from: object = None


class QuoteTally:
    """Counts the quotes that are not in the text as they are written."""

    def __init__(self) -> None:
        self.differing = 0
        self.differences = Counter[str]()
        self.unplaced = Counter[str]()
        self.example = ""
        """The first quote without a place, and why."""

    def messages(self) -> Iterator[str]:
        """Yield a message for each kind of quotes that were counted."""
        if self.differing:
            kinds = ", ".join(f"{kind} {self.differences[kind]}" for kind in DIFFERENCES if self.differences[kind])
            differ = "1 quote differs" if self.differing == 1 else f"{self.differing:,} quotes differ"
            yield f"{differ} from the text ({kinds}); placed all the same"
        if number := self.unplaced.total():
            reasons = ", ".join(f"{reason} {times}" for reason, times in sorted(self.unplaced.items()))
            have = "1 quote has" if number == 1 else f"{number:,} quotes have"
            yield f"{have} no place ({reasons}), the first at {self.example}; each counts as a wrong prediction"


def convert_article_row(row: Row, where: str, text: str, inventory: Inventory) -> Annotation:
    """Convert a row of the table `articles` to an annotation.

    Args:
        row: The row; only `id`, `spans`, `relations`, `process`, `made_from` and an earlier version of the `inventory`
            are used.
        where: The file and the row, for errors.
        text: The text of the article.
        inventory: The inventory.

    Raises:
        CannotRun: For an unknown label, attribute or value, a span outside of the text or with other words than the
            text has there, and a relation whose head or tail is not a span of the row.
    """
    return convert_parts(split_article_row(row, str(row.get("id")), where), text, inventory)


def split_article_row(row: Row, article_id: str, where: str) -> ArticleParts:
    """Return the spans and relations of a row.

    Raises:
        CannotRun: If they are not lists of objects.
    """
    return ArticleParts(
        article_id,
        where,
        [RowPart(f"{where}, span {index}", span) for index, span in enumerate(_list_objects(row, "spans", where))],
        [
            RowPart(f"{where}, relation {index}", relation)
            for index, relation in enumerate(_list_objects(row, "relations", where))
        ],
        row.get("inventory"),
        row.get("process"),
        row.get("made_from"),
    )


def convert_parts(parts: ArticleParts, text: str, inventory: Inventory, tally: QuoteTally | None = None) -> Annotation:
    """Convert the spans and relations of an article to an annotation.

    Args:
        parts: The spans and relations.
        text: The text of the article.
        inventory: The inventory.
        tally: Counts quotes that are not in the text as they are written.

    Raises:
        CannotRun: As for `convert_article_row`.
    """
    converter = _PartConverter(text, inventory, tally or QuoteTally())
    first_ids: list[str] = []
    used_ids = {str(span["id"]) for _, span in parts.spans if span.get("id") is not None}
    free_ids = (id_ for number in count() if (id_ := f"s{number}") not in used_ids)
    for where, span in parts.spans:
        id_ = next(free_ids) if span.get("id") is None else str(span["id"])
        first_ids.append(id_)
        converter.add_span(span, id_, where, free_ids)
    if len(set(first_ids)) < len(first_ids):
        raise CannotRun(parts.where, "two spans have the same id", "give each span its own id, or none")
    for where, relation in parts.relations:
        converter.add_relation(relation, where, first_ids)
    annotation = make_prediction(parts.article_id, text, inventory, converter.spans, converter.relations)
    made_from = parts.made_from if isinstance(parts.made_from, list) else []
    process = dict(enumerate(PROCESSES)).get(parts.process) if type(parts.process) is int else parts.process
    if process in PROCESSES and all(isinstance(name, str) for name in made_from):
        annotation = msgspec.structs.replace(annotation, process=process, made_from=tuple(made_from))
    version = parts.version
    is_earlier = isinstance(version, str) and is_version(version) and is_older(version, inventory.version)
    return msgspec.structs.replace(annotation, inventory=version) if is_earlier else annotation


def find_invalid_parts(parts: ArticleParts, text: str, inventory: Inventory) -> list[tuple[RowPart, CannotRun]]:
    """Return the spans and relations that `convert_parts` would refuse, and why.

    A relation is refused, too, if one of its ends is.

    Args:
        parts: The spans and relations; each span has an id of its own.
        text: The text of the article.
        inventory: The inventory.
    """
    converter = _PartConverter(text, inventory, QuoteTally())
    ids = [str(span["id"]) for _, span in parts.spans]
    free_ids = (id_ for number in count() if (id_ := f"s{number}") not in ids)
    invalid: list[tuple[RowPart, CannotRun]] = []
    for part, id_ in zip(parts.spans, ids, strict=True):
        try:
            converter.add_span(part.values, id_, part.where, free_ids)
        except CannotRun as error:
            invalid.append((part, error))
    for part in parts.relations:
        try:
            converter.add_relation(part.values, part.where, ids)
        except CannotRun as error:
            invalid.append((part, error))
    return invalid


def resolve_class(value: Any, class_names: Sequence[str], current: Mapping[str, Any], kind: str, where: str) -> str:
    """Return the name of a class that is given by its id or its name.

    Args:
        value: The id or the name.
        class_names: The names of all classes, in the order of their ids.
        current: What the inventory still has, by name.
        kind: What the classes are, for errors.
        where: The file and the place in it, for errors.

    Raises:
        CannotRun: If the inventory has no such class.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(class_names):
        value = class_names[value]
    if value is None:
        raise CannotRun(where, f"{kind} is missing", f"choose from {list_choices(current)}")
    if not isinstance(value, str) or value not in current:
        raise CannotRun(where, f"unknown {kind} {quote(value)}", f"choose from {list_choices(current)}")
    return value


def require_number(values: Row, name: str, where: str) -> int:
    """Return an offset or another whole number of a row.

    Raises:
        CannotRun: If it is missing, or is no whole number.
    """
    value = values.get(name)
    if value is None:
        raise CannotRun(where, f"{name} is missing", "give start and end in code points, or quote the words in `quote`")
    if isinstance(value, str):
        raise CannotRun(where, f"{name} {quote(value)} is text, not a number", "write numbers without quotation marks")
    if type(value) is not int:
        raise CannotRun(where, f"{name} {quote(value)} is not a whole number", "count code points from 0")
    return value


def _list_objects(row: Row, name: str, where: str) -> list[Mapping[str, Any]]:
    objects = row.get(name) or []
    if not isinstance(objects, list) or not all(isinstance(item, dict) for item in objects):
        raise CannotRun(where, f"{name} is not a list of objects", "write it as in a row of the table articles")
    return objects


class _PartConverter:
    """Converts the spans and relations of one article."""

    def __init__(self, text: str, inventory: Inventory, tally: QuoteTally) -> None:
        self._text, self._inventory, self._tally = text, inventory, tally
        self._quoted, self._offsets = QuotedText(text), OffsetTable(text)
        self._relation_names = {NONE: None, **inventory.relations}
        self.spans: list[Span] = []
        self.relations: list[Relation] = []
        self._ids: set[str] = set()

    def add_span(self, values: Row, id_: str, where: str, free_ids: Iterable[str]) -> None:
        """Add a span, or one for each of its pieces and the relations that join them."""
        inventory = self._inventory
        label = resolve_class(values.get("label"), inventory.class_ids.spans, inventory.spans, "span label", where)
        attributes = values.get("attributes") or {}
        if not isinstance(attributes, dict):
            raise CannotRun(where, "attributes is not an object", "write it as in a row of the table articles")
        attributes = _convert_attributes(attributes, where, inventory)
        pieces = self._find_pieces(values, where)
        if len(pieces) > 1 and inventory.pieces is None:
            hint = "write the pieces as spans of their own"
            raise CannotRun(where, "it has pieces, and no relation of the inventory joins pieces", hint)
        ids = [id_, *(next(iter(free_ids)) for _ in pieces[1:])]
        self._ids.update(ids)
        for piece_id, (start, end) in zip(ids, pieces, strict=True):
            words = self._text[start:end]
            self.spans.append(Span(id=piece_id, label=label, start=start, end=end, text=words, attributes=attributes))
        if inventory.pieces:
            self.relations += [
                Relation(label=inventory.pieces, head=later, tail=first) for first, later in pairwise(ids)
            ]

    def add_relation(self, values: Row, where: str, first_ids: Sequence[str]) -> None:
        """Add a relation. An end that is a number is the index of a span."""
        inventory = self._inventory
        classes = inventory.class_ids.relations
        label = resolve_class(values.get("label"), classes, self._relation_names, "relation label", where)
        if label == NONE:
            hint = f"write its name; class ids are those of {CLASS_IDS_FILE}"
            raise CannotRun(where, f"its label is {quote(NONE)}, the class of spans that no relation joins", hint)
        ends = []
        for end in ("head", "tail"):
            value = values.get(f"{end}_id", values.get(end))
            if type(value) is int and 0 <= value < len(first_ids):
                value = first_ids[value]
            if not isinstance(value, str) or value not in self._ids:
                raise CannotRun(where, f"its {end} {quote(value)} is not a span of the row", "name one by index or id")
            ends.append(str(value))
        self.relations.append(Relation(label=label, head=ends[0], tail=ends[1]))

    def _find_pieces(self, values: Row, where: str) -> Pieces:
        if values.get("quote") is not None and values.get("start") is None:
            return self._place_quotes(values, where)
        pieces = values.get("pieces")
        if isinstance(pieces, list) and len(pieces) > 1:
            ranges = [piece if isinstance(piece, dict) else _name_ends(piece, where) for piece in pieces]
        else:
            ranges = [values]
        found = tuple((require_number(each, "start", where), require_number(each, "end", where)) for each in ranges)
        words = values.get("text")
        for start, end in found:
            if not 0 <= start < end <= len(self._text):
                why = self._diagnose(found, words)
                problem, hint = f"{start}–{end} is not a range of the text{why}", "the end half open"
                raise CannotRun(where, problem, f"count code points from 0, {hint}")
        actual = PIECE_SEPARATOR.join(self._text[start:end] for start, end in found)
        if words not in (None, actual):
            why = self._diagnose(found, words)
            problem = f"its text differs from the article at {found[0][0]}–{found[-1][1]}{why}"
            raise CannotRun(where, problem, "count code points from 0")
        return found

    def _diagnose(self, pieces: Pieces, words: object) -> str:
        """Say what wrong offsets may have counted; "" if that is unknown."""
        if isinstance(words, str) and len(pieces) == 1:
            wrong = check_offsets(self._offsets, pieces, words)
            return f" (diagnosis: {wrong.diagnosis})" if wrong and wrong.diagnosis != "unknown" else ""
        end = pieces[-1][1]
        units = [unit for unit, convert in OFFSET_UNITS.items() if convert(self._offsets, end) is not None]
        return f" (it may be one in {' or '.join(units)})" if units and end > len(self._text) else ""

    def _place_quotes(self, values: Row, where: str) -> Pieces:
        quotes, occurrences = values["quote"], values.get("occurrence")
        quotes = quotes if isinstance(quotes, list) else [quotes]
        occurrences = occurrences if isinstance(occurrences, list) else [occurrences] * len(quotes)
        if not quotes or not all(isinstance(words, str) for words in quotes):
            raise CannotRun(where, "quote is neither words nor a list of words", "quote the words of the span")
        if len(occurrences) != len(quotes):
            raise CannotRun(where, "occurrence and quote differ in length", "give each piece its occurrence, or null")
        scope = values.get("scope")
        if scope is not None:
            ends = _name_ends(scope, where)
            scope = require_number(ends, "start", where), require_number(ends, "end", where)
        pieces: list[tuple[int, int]] = []
        differences: set[str] = set()
        for words, occurrence in zip(quotes, occurrences, strict=True):
            if occurrence is not None and (type(occurrence) is not int or occurrence < 1):
                raise CannotRun(
                    where, f"occurrence {quote(occurrence)} is not a number from 1", "count from 1, or leave it out"
                )
            placed = self._quoted.place(words, occurrence, scope)
            if not isinstance(placed, PlacedQuote):
                self._tally.unplaced[placed.reason] += 1
                self._tally.example = self._tally.example or f"{where}: {placed.describe(words, occurrence)}"
                return (NOWHERE,)
            pieces.append((placed.start, placed.end))
            differences.update(placed.differences)
        self._tally.differing += bool(differences)
        self._tally.differences.update(differences)
        return tuple(pieces)


def _name_ends(pair: Any, where: str) -> Row:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise CannotRun(where, f"{quote(pair)} is not a start and an end", "write [start, end]")
    return dict(zip(("start", "end"), pair, strict=True))


def _convert_attributes(values: Mapping[str, Any], where: str, inventory: Inventory) -> dict[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = {}
    for name, value in values.items():
        if value is None:
            continue
        attribute = inventory.attributes[resolve_class(name, (), inventory.attributes, "attribute", where)]
        if attribute.type == "choice":
            class_names = inventory.class_ids.attributes[name]
            value = resolve_class(value, class_names, attribute.values, f"value of {name}", where)
        elif not attribute.allows(value):
            raise CannotRun(where, f"{quote(value)} is not a value of {name}", f"{name} is of type {attribute.type}")
        elif attribute.type == "number":
            value = normal_number(value)
        attributes[name] = value
    return attributes
