"""What an answer of a model says, whatever its form: spans that quote words, relations between them, and faults.

The readers of both forms hand each item to a `ModelAnswer`, which takes it or quarantines it.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from annotate.findings import Rule
from annotate.inventory import Attribute, Inventory
from annotate.model import AttributeValue, normal_number
from annotate.models import rules
from annotate.models.labelling import QuarantinedAnswer

_LEAST_LIMIT = 100
"""The number of items that an answer can have even about a shorter text."""
_MOST_DIGITS = 30
"""Digits of a number in text; a longer one is no value of an attribute."""


class AnsweredSpan(NamedTuple):
    """A span of an answer.

    Attributes:
        id: The id that the model chose.
        label: A label of the inventory.
        quote: The words.
        occurrence: Which of the places of the words in the paragraph is meant, counted from 1; None if not given.
        attributes: The values that the inventory allows.
        raw: The span as the model wrote it.
        position: The code points `[start, end)` in the text that was asked about, where tags give it.
    """

    id: str
    label: str
    quote: str
    occurrence: int | None
    attributes: dict[str, AttributeValue]
    raw: str
    position: tuple[int, int] | None = None


class AnsweredRelation(NamedTuple):
    """A relation of an answer: a label of the inventory, the ids of its ends, and how the model wrote it."""

    label: str
    head: str
    tail: str
    raw: str


class ModelAnswer:
    """Collects what is taken of an answer, and quarantines the rest.

    Args:
        request: The key of the request, for what is quarantined.
        inventory: The inventory.
        relations: The labels of relations that the request asks for.
        length: The number of characters that were asked about, which limits the number of items.

    Attributes:
        spans: The spans.
        relations: The relations; their ends may still be no spans.
        quarantined: What was not taken.
        ambiguous: The ids that several spans have.
    """

    def __init__(self, request: str, inventory: Inventory, relations: Collection[str], length: int) -> None:
        self.request, self._inventory, self._asked = request, inventory, frozenset(relations)
        self.spans: list[AnsweredSpan] = []
        self.relations: list[AnsweredRelation] = []
        self.quarantined: list[QuarantinedAnswer] = []
        self.ambiguous = set[str]()
        self._ids = set[str]()
        self._most = max(length, _LEAST_LIMIT)
        self._unread = 0

    def finish(self) -> None:
        """Quarantine the items after the limit as one, after all items were handed in."""
        if self._unread:
            number, self._unread, self._most = self._unread, 0, self._most + 1
            self.quarantine(rules.too_many_items, "", self.request, number, self._most - 1)

    def _has_room(self) -> bool:
        """Return whether another item can be read; count it if not."""
        has_room = max(len(self.spans), len(self.relations), len(self.quarantined)) < self._most
        self._unread += not has_room
        return has_room

    def quarantine(self, rule: Rule, raw: str, *arguments: object) -> None:
        """Keep a part that cannot be taken, with the message that the rule has for the arguments."""
        if len(self.quarantined) >= self._most:
            self._unread += 1
            return
        reason = rules.describe(rule, *arguments)
        self.quarantined.append(QuarantinedAnswer(rule.code, self.request, reason, raw[: rules.LONGEST_RAW]))

    def take_span(
        self,
        id_: object,
        label: object,
        quote: object,
        occurrence: object,
        attributes: Iterable[tuple[object, object]],
        raw: str,
        *,
        position: tuple[int, int] | None = None,
        is_text: bool = False,
    ) -> None:
        """Take a span, or quarantine it or some of its attributes.

        Args:
            id_: Its id.
            label: Its label.
            quote: Its words.
            occurrence: Which of the places of the words is meant, or None.
            attributes: Names and values.
            raw: The span as the model wrote it.
            position: Its code points in the text that was asked about, if they are known.
            is_text: Whether values of all types are written as text.
        """
        if not self._has_room():
            return
        if not isinstance(label, str) or not isinstance(quote, str) or type(occurrence) not in (int, type(None)):
            self.quarantine(rules.item_unreadable, raw, "a span lacks its label, its quote or its occurrence")
        elif label not in self._inventory.spans:
            self.quarantine(rules.label_undefined, raw, label)
        elif not isinstance(id_, str) or not id_ or id_ in self._ids:
            if isinstance(id_, str):
                self.ambiguous.add(id_)
            self.quarantine(rules.id_repeated, raw, id_)
        else:
            self._ids.add(id_)
            values = self._read_attributes(label, attributes, raw, is_text)
            number = occurrence if isinstance(occurrence, int) else None
            self.spans.append(AnsweredSpan(id_, label, quote, number, values, raw, position))

    def take_relation(self, label: object, head: object, tail: object, raw: str) -> None:
        """Take a relation, or quarantine it.

        Args:
            label: Its label.
            head: The id of its head.
            tail: The id of its tail.
            raw: The relation as the model wrote it.
        """
        if not self._has_room():
            return
        if not isinstance(label, str) or not isinstance(head, str) or not isinstance(tail, str):
            self.quarantine(rules.item_unreadable, raw, "a relation lacks its label, its head or its tail")
        elif label not in self._asked:
            self.quarantine(rules.relation_undefined, raw, label)
        else:
            self.relations.append(AnsweredRelation(label, head, tail, raw))

    def _read_attributes(
        self, label: str, attributes: Iterable[tuple[object, object]], raw: str, is_text: bool
    ) -> dict[str, AttributeValue]:
        own = {attribute.name: attribute for attribute in self._inventory.attributes_of(label)}
        values: dict[str, AttributeValue] = {}
        for name, value in attributes:
            attribute = own.get(name) if isinstance(name, str) else None
            if value is None:
                continue
            if attribute is None:
                self.quarantine(rules.attribute_undefined, raw, label, name)
                continue
            if value == "" and attribute.type == "text":
                continue  # a text that is empty has no value, as null has none
            read = _read_number(value, attribute) if is_text else value
            if attribute.type in ("integer", "number"):
                number = normal_number(read)
                read = read if number is None else number
            if attribute.allows(read) and attribute.name not in values:
                values[attribute.name] = _as_value(read)
            else:
                self.quarantine(rules.value_undefined, raw, attribute.name, value, attribute.value_hint)
        return values


def _read_number(value: object, attribute: Attribute) -> object:
    """Return a value that is written as text, as a number if its attribute has numbers and it is one."""
    if attribute.type not in ("integer", "number") or not isinstance(value, str) or len(value) > _MOST_DIGITS:
        return value
    try:
        return float(value) if attribute.type == "number" else int(value)
    except ValueError:
        return value


def _as_value(value: Any) -> AttributeValue:
    """Return a value that an attribute allows, with its type."""
    checked: AttributeValue = value
    return checked
