"""What the steps of a migration make of an annotation of the corpus, and of the result items of a server. Pure.

The same steps rewrite both; on a server, what is not ours is left as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from annotate.inventory import Inventory
from annotate.labelstudio import config_usage
from annotate.labelstudio.config import control_name, relation_names
from annotate.migration.steps import Step
from annotate.model import Annotation, AttributeValue, Relation, Span

Item = dict[str, Any]


def annotation(steps: Sequence[Step], old: Annotation, version: str, after: str) -> Annotation:
    """An annotation of folder `version` (gold, or an annotator) after the steps, made with inventory `after`."""
    spans, relations = list(old.spans), list(old.relations)
    for step in steps:
        spans = [new for span in spans if (new := _span(step, span, version, old.article))]
        left = {span.id for span in spans}
        relations = [
            Relation(label=label, head=relation.head, tail=relation.tail, note=relation.note)
            for relation in relations
            if (label := step.becomes("relation", relation.label)) and {relation.head, relation.tail} <= left
        ]
    return msgspec.structs.replace(old, spans=tuple(spans), relations=tuple(relations), inventory=after)


def _span(step: Step, span: Span, version: str, article: str) -> Span | None:
    label = step.label(span.label, version, article, span.id)
    if label is None:
        return None
    return msgspec.structs.replace(span, label=label, attributes=attributes([step], span.attributes))


def attributes(steps: Sequence[Step], old: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """Attributes of a span after the steps."""
    now = dict(old)
    for step in steps:
        before, now = now, {}
        for name, value in before.items():
            new = step.becomes("value", value, name) if isinstance(value, str) else value
            key = step.becomes("attribute", name)
            if key is not None and new is not None:
                now[key] = new
    return now


def label(steps: Sequence[Step], name: str, version: str = "", article: str = "", span: str = "") -> str | None:
    """The new label of a span, or of any span that nothing else is known of."""
    now: str | None = name
    for step in steps:
        now = step.label(now, version, article, span) if now is not None else None
    return now


def relation(steps: Sequence[Step], name: str) -> str | None:
    """The new name of a relation."""
    now: str | None = name
    for step in steps:
        now = step.becomes("relation", now) if now is not None else None
    return now


def version_of(kind: str, raw: Mapping[str, Any], maker: str) -> str:
    """The version that an entry on a server is of: a prediction's by its name, anything else by who made it."""
    return str(raw.get("model_version")).partition(" ")[0] if kind == "prediction" else maker


def uses(step: Step, before: Inventory, result: object) -> int:
    """How many labels, attributes or relations among result items a step changes or drops."""
    relations = relation_names(before)

    def used(control: str, value: str | None) -> bool:
        on_label, _, attribute = control.partition(".")
        if step.what == "label":
            return control in before.layers and value in step.names
        if step.what == "relation":
            return not control and relations.get(str(value)) in step.names
        if on_label not in before.spans:
            return False
        if step.what == "attribute":
            return value is None and attribute in step.names
        return step.what == "value" and attribute == step.attribute and value in step.names

    return sum(used(control, value) for control, value in config_usage.used_names(result))


def items(
    steps: Sequence[Step], inventories: Sequence[Inventory], result: object, version: str, article: str
) -> list[object]:
    """The result items of an entry on a server after the steps; `inventories` are those before each step and the last.

    What is not of the inventory, or no item at all, stays as it is.
    """
    now = list(result) if isinstance(result, list) else []
    for step, before, after in zip(steps, inventories, inventories[1:], strict=False):
        now = list(_items(step, before, after, now, version, article))
    return now


def _items(
    step: Step, before: Inventory, after: Inventory, old: list[object], version: str, article: str
) -> Iterator[object]:
    regions = set(_regions(old))
    kept: list[object] = []
    for item in old:
        new = _item(step, before, after, item, version, article)
        if new is not None or item is None:
            kept.append(new)
    gone = regions - set(_regions(kept))
    for item in kept:
        ends = [item.get(key) for key in ("from_id", "to_id", "id")] if isinstance(item, dict) else []
        if not any(end in gone for end in ends if isinstance(end, str)):
            yield item


def _regions(items: list[object]) -> Iterator[str]:
    """The ids of the regions among items."""
    for item in items:
        if isinstance(item, dict) and item.get("type") == "labels" and isinstance(item.get("id"), str):
            yield item["id"]


def _item(step: Step, before: Inventory, after: Inventory, item: object, version: str, article: str) -> object:
    """One item after a step; None if nothing of it is left."""
    if not isinstance(item, dict):
        return item
    if item.get("type") == "relation":
        labels = item.get("labels")
        new = _renamed(labels, lambda words: _words(step, before, after, words))
        return item | {"labels": new} if new else (None if labels else item)
    value, control = item.get("value"), item.get("from_name")
    if not isinstance(value, dict) or not isinstance(control, str):
        return item
    span = str(item.get("id"))
    if control in before.layers and item.get("type") == "labels":
        new = _renamed(value.get("labels"), lambda name: step.label(name, version, article, span))
        if not new:
            return None if value.get("labels") else item
        layer = after.spans[new[0]].layer if new[0] in after.spans else control
        return item | {"from_name": layer, "value": value | {"labels": new}}
    label, _, attribute = control.partition(".")
    if label not in before.spans or attribute not in before.attributes:
        return item
    new_label, new_name = step.label(label, version, article, span), step.becomes("attribute", attribute)
    if new_label is None or new_name is None:
        return None
    changed = item | {"from_name": control_name(new_label, new_name)}
    if item.get("type") != "choices":
        return changed
    choices = _renamed(value.get("choices"), lambda name: step.becomes("value", name, attribute))
    return changed | {"value": value | {"choices": choices}} if choices or not value.get("choices") else None


def _words(step: Step, before: Inventory, after: Inventory, words: str) -> str | None:
    """What a relation is called on the server after a step, None if it is dropped; one that nobody knows stays."""
    name = relation_names(before).get(words)
    if name is None:
        return words
    new = step.becomes("relation", name)
    return after.relations[new].words if new else None


def _renamed(names: object, becomes: Any) -> list[Any]:
    """Names after a step, each once, in their order; what is no name stays."""
    new: list[Any] = []
    for name in names if isinstance(names, list) else []:
        now = becomes(name) if isinstance(name, str) else name
        if now is not None and now not in new:
            new.append(now)
    return new
