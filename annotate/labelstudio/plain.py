"""The fast way from result items to spans and relations, for results in which nothing is out of the ordinary.

Items are decoded into types, which is most of the reading. What is as a browser or `tasks` writes it (one label a
region, offsets in code points, values of the inventory, relations between regions that are there) is mapped in one
pass. For anything else the answer is None, and `items.Reading` looks at every item and explains; the tests hold the two
to the same spans and relations.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from annotate.labelstudio.config import TEXT
from annotate.labelstudio.items import VALUES, Controls
from annotate.model import AttributeValue, Relation, Span


class Value(msgspec.Struct, gc=False):
    """The value of an item, with the keys that the toolkit's controls use; a text area has a list in `text`."""

    start: int = -1
    end: int = -1
    text: str | list[str] | None = None
    labels: list[str] | None = None
    choices: list[str] | None = None
    number: int | None = None


class Item(msgspec.Struct, gc=False):
    """A result item: a region, an attribute of a region, or a relation."""

    type: str = ""
    id: str = ""
    from_name: str = ""
    to_name: str = ""
    value: Value | None = None
    from_id: str = ""
    to_id: str = ""
    direction: str | None = None
    labels: list[str] | None = None
    meta: Any = None


Labels = tuple[list[Span], list[Relation]]


def plain(items: Sequence[Item], text: str, controls: Controls) -> Labels | None:
    """The spans and relations of the items of one result, in their order; None where something needs a closer look."""
    places: dict[str, tuple[str, int, int, str]] = {}
    others: list[Item] = []
    relations: list[Item] = []
    layers, length = controls.layers, len(text)
    for item in items:
        kind, value = item.type, item.value
        if item.meta:
            return None
        if kind == "relation":
            relations.append(item)
        elif value is None or item.to_name != TEXT:
            return None
        elif kind == "labels":
            start, end, words, labels = value.start, value.end, value.text, value.labels
            if (
                labels is None
                or len(labels) != 1
                or labels[0] not in layers.get(item.from_name, ())
                or not 0 <= start <= end <= length
                or text[start:end] != words
                or item.id in places
                or not item.id
            ):
                return None
            places[item.id] = labels[0], start, end, words
        else:
            others.append(item)
    values = _values(others, places, controls)
    drawn = _relations(relations, places, controls)
    if values is None or drawn is None:
        return None
    spans = [
        Span(id=id_, label=label, start=start, end=end, text=words, attributes=values.get(id_, {}))
        for id_, (label, start, end, words) in places.items()
    ]
    return spans, drawn


def _values(
    items: Sequence[Item], places: dict[str, tuple[str, int, int, str]], controls: Controls
) -> dict[str, dict[str, AttributeValue]] | None:
    found: dict[str, dict[str, AttributeValue]] = {}
    for item in items:
        control, place, value = controls.attributes.get(item.from_name), places.get(item.id), item.value
        if control is None or place is None or value is None or control[0] != place[0]:
            return None
        attribute = control[1]
        if item.type != VALUES[attribute.type][0]:
            return None
        given: AttributeValue | None = value.number
        if attribute.type != "integer":
            words = value.choices if attribute.type == "choice" else value.text
            given = words[0] if isinstance(words, list) and len(words) == 1 else None
            if not given or (attribute.values and given not in attribute.values):
                return None
        values = found.setdefault(item.id, {})
        if given is None or attribute.name in values:
            return None
        values[attribute.name] = given
    return found


def _relations(
    items: Sequence[Item], places: dict[str, tuple[str, int, int, str]], controls: Controls
) -> list[Relation] | None:
    known = controls.relations
    drawn: dict[tuple[str, str, str], Relation] = {}
    for item in items:
        head, tail, labels = item.from_id, item.to_id, item.labels
        label = known.get(labels[0]) if labels is not None and len(labels) == 1 else None
        if item.direction != "right" or label is None or head not in places or tail not in places:
            return None
        drawn[label, head, tail] = Relation(label=label, head=head, tail=tail)
    return list(drawn.values()) if len(drawn) == len(items) else None
