"""Rows of the dataset's table `articles` → annotations, for `annotate score`: class ids or names, from any library."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotate.agreement.score import labelled
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span

Row = Mapping[str, Any]
MEND = "write it as a row of the table articles has it"


def of_row(row: Row, where: str, text: str, inventory: Inventory) -> Annotation:
    """The spans and relations of a row; what else it has is not looked at.

    Raises CannotRun for an unknown label, attribute or value, for a span outside of the text or with other words than
    stand there, and for a relation to no span.
    """
    spans = [
        _span(one, number, f"{where}, span {number}", text, inventory)
        for number, one in enumerate(_listed(row, "spans", where))
    ]
    ids = {span.id for span in spans}
    if len(ids) < len(spans):
        raise CannotRun(where, "two spans have one id", "give each its own, or none")
    ties = [
        _relation(one, f"{where}, relation {number}", spans, ids, inventory)
        for number, one in enumerate(_listed(row, "relations", where))
    ]
    return labelled(str(row.get("id")), text, inventory, spans, ties)


def named(value: Any, names: Sequence[str], known: Mapping[str, Any], what: str, where: str) -> str:
    """The name of a class that is given by its id or its name; only those that the inventory still knows."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        value = names[value]
    if not isinstance(value, str) or value not in known:
        raise CannotRun(where, f"no {what} is called {value!r}", f"use one of: {', '.join(known)}")
    return value


def _listed(row: Row, name: str, where: str) -> list[Mapping[str, Any]]:
    found = row.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise CannotRun(where, f"{name} is no list of objects", MEND)
    return found


def _span(one: Mapping[str, Any], number: int, where: str, text: str, inventory: Inventory) -> Span:
    label = named(one.get("label"), inventory.classes.spans, inventory.spans, "span label", where)
    start, end = one.get("start"), one.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        raise CannotRun(where, f"{start}–{end} is no place in the text", "count code points from 0, the end half open")
    words = text[start:end]
    if one.get("text") not in (None, words):
        raise CannotRun(where, f"its words do not stand at {start}–{end}", "count code points from 0")
    return Span(
        id=str(one.get("id") or f"s{number}"),
        label=label,
        start=start,
        end=end,
        text=words,
        attributes=_attributes(one.get("attributes") or {}, where, inventory),
    )


def _attributes(values: Mapping[str, Any], where: str, inventory: Inventory) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for name, value in values.items():
        if value is None:
            continue
        if name not in inventory.attributes:
            raise CannotRun(where, f"no attribute is called {name!r}", f"use of: {', '.join(inventory.attributes)}")
        attribute = inventory.attributes[name]
        if attribute.type == "choice":
            found[name] = named(value, inventory.classes.attributes[name], attribute.values, f"value of {name}", where)
        else:
            found[name] = value
    return found


def _relation(
    one: Mapping[str, Any], where: str, spans: Sequence[Span], ids: set[str], inventory: Inventory
) -> Relation:
    label = named(one.get("label"), inventory.classes.relations, inventory.relations, "relation", where)
    ends = []
    for end in ("head", "tail"):
        value = one.get(f"{end}_id", one.get(end))
        if isinstance(value, int) and 0 <= value < len(spans):
            value = spans[value].id
        if value not in ids:
            raise CannotRun(where, f"its {end} {value!r} is no span of the row", "name a span by its place or its id")
        ends.append(str(value))
    return Relation(label=label, head=ends[0], tail=ends[1])
