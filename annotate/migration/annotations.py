"""What the steps of a migration make of an annotation of the corpus, and of the result items of a server.

The same steps rewrite both. On a server, items that the inventory does not have stay as they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from annotate.inventory import Inventory
from annotate.labelstudio.config import control_name, relation_names
from annotate.labelstudio.config_usage import used_names
from annotate.labelstudio.tasks import attribute_content
from annotate.migration.steps import MigrationStep
from annotate.model import Annotation, AttributeValue, Relation, Span

Item = dict[str, Any]
ValueOrNone = TypeVar("ValueOrNone", AttributeValue, AttributeValue | None)


def migrate_annotation(
    steps: Sequence[MigrationStep], annotation: Annotation, annotation_set: str, new_version: str
) -> Annotation:
    """Return an annotation of the corpus after the steps.

    Args:
        steps: The steps.
        annotation: The old annotation.
        annotation_set: `gold`, or the annotator's id.
        new_version: The version that it has afterwards; see `Migration.version_after`.
    """
    spans, relations = list(annotation.spans), list(annotation.relations)
    for step in steps:
        spans = [new for span in spans if (new := _migrate_span(step, span, annotation_set, annotation.article))]
        span_ids = {span.id for span in spans}
        relations = [
            Relation(label=label, head=relation.head, tail=relation.tail, note=relation.note)
            for relation in relations
            if (label := step.rename("relation", relation.label)) and {relation.head, relation.tail} <= span_ids
        ]
    return msgspec.structs.replace(annotation, spans=tuple(spans), relations=tuple(relations), inventory=new_version)


def _migrate_span(step: MigrationStep, span: Span, annotation_set: str, article_id: str) -> Span | None:
    label = step.relabel(span.label, annotation_set, article_id, span.id)
    if label is None:
        return None
    return msgspec.structs.replace(span, label=label, attributes=_migrate_own_attributes(step, label, span.attributes))


def migrate_span_attributes(
    steps: Sequence[MigrationStep], label: str, attributes: Mapping[str, AttributeValue]
) -> dict[str, AttributeValue]:
    """Return the attributes of a span after the steps, with those that they add.

    Args:
        steps: The steps.
        label: The old label of the span, which no exception names.
        attributes: Its old attributes.
    """
    new: dict[str, AttributeValue] = dict(attributes)
    new_label: str | None = label
    for step in steps:
        new_label = step.rename("label", new_label) if new_label is not None else None
        new = _migrate_own_attributes(step, new_label or "", new)
    return new


def _migrate_own_attributes(
    step: MigrationStep, label: str, attributes: Mapping[str, AttributeValue]
) -> dict[str, AttributeValue]:
    """Return the attributes of a span after a step, which may add one with its default; `label` is the new one.

    A value that the span has already is kept.
    """
    new, default = migrate_attributes([step], attributes), step.default_for(label)
    if default is not None:
        new.setdefault(step.names[0], default)
    return new


def migrate_attributes(steps: Sequence[MigrationStep], attributes: Mapping[str, ValueOrNone]) -> dict[str, ValueOrNone]:
    """Return the attributes of a span after the steps, without what the steps add to those that it has.

    None, with which a decision says that gold has no value, stays.
    """
    new = dict(attributes)
    for step in steps:
        old, new = new, {}
        for name, value in old.items():
            new_name = step.rename("attribute", name)
            if new_name is None:
                continue
            if not isinstance(value, str):
                new[new_name] = value
            elif (new_value := step.rename("value", value, name)) is not None:
                new[new_name] = new_value
    return new


def migrate_label(
    steps: Sequence[MigrationStep], label: str, annotation_set: str = "", article_id: str = "", span_id: str = ""
) -> str | None:
    """Return the new label of a span, or, without its place, of a span that no exception names; None if dropped."""
    new: str | None = label
    for step in steps:
        new = step.relabel(new, annotation_set, article_id, span_id) if new is not None else None
    return new


def migrate_relation(steps: Sequence[MigrationStep], name: str) -> str | None:
    """Return the new name of a relation; None if it is dropped."""
    new: str | None = name
    for step in steps:
        new = step.rename("relation", new) if new is not None else None
    return new


def count_uses(step: MigrationStep, inventory: Inventory, result: object) -> int:
    """Count the labels, attributes and relations among result items that a step changes or drops.

    For an added attribute with a default, count the labels that get it.

    Args:
        step: The step.
        inventory: The inventory before the step.
        result: The result items of an entry on the server.
    """
    relations = relation_names(inventory)

    def is_affected(control: str, value: str | None) -> bool:
        label, _, attribute = control.partition(".")
        if step.kind == "reword" and step.what != "relation":
            return False  # the server has the names
        if step.kind == "add":
            return control in inventory.layers and value is not None and step.default_for(value) is not None
        if step.what == "label":
            return control in inventory.layers and value in step.names
        if step.what == "relation":
            return not control and relations.get(str(value)) in step.names
        if label not in inventory.spans:
            return False
        if step.what == "attribute":
            return value is None and attribute in step.names
        return step.what == "value" and attribute == step.attribute and value in step.names

    return sum(is_affected(control, value) for control, value in used_names(result))


def migrate_items(
    steps: Sequence[MigrationStep],
    inventories: Sequence[Inventory],
    result: object,
    annotation_set: str,
    article_id: str,
) -> list[object]:
    """Return the result items of an entry on a server after the steps.

    Args:
        steps: The steps.
        inventories: The inventory before each step, and the one after the last.
        result: The result items. What is not an item, or not of the inventory, stays as it is.
        annotation_set: `gold`, an annotator's id, or the name of a model.
        article_id: The article.
    """
    items = list(result) if isinstance(result, list) else []
    for step, before, after in zip(steps, inventories, inventories[1:], strict=False):
        items = list(_migrate_items(step, before, after, items, annotation_set, article_id))
    return items


def _migrate_items(
    step: MigrationStep, before: Inventory, after: Inventory, old: list[object], annotation_set: str, article_id: str
) -> Iterator[object]:
    if step.kind == "add":
        yield from _add_defaults(step, after, old)
        return
    new = [_migrate_item(step, before, after, item, annotation_set, article_id) for item in old]
    remaining = [item for item, old_item in zip(new, old, strict=True) if item is not None or old_item is None]
    dropped_regions = set(_region_ids(old)) - set(_region_ids(remaining))
    for item in remaining:
        ends = [item.get(key) for key in ("from_id", "to_id", "id")] if isinstance(item, dict) else []
        if not any(end in dropped_regions for end in ends if isinstance(end, str)):
            yield item


def _add_defaults(step: MigrationStep, after: Inventory, items: list[object]) -> Iterator[object]:
    """Yield the items, and the default of an added attribute after the last item of each region that gets it."""
    regions = [_region_id(item) for item in items]
    last_index = {region_id: index for index, region_id in enumerate(regions)}
    present = {
        (region_id, str(item.get("from_name")))
        for region_id, item in zip(regions, items, strict=True)
        if isinstance(item, dict)
    }
    defaults: dict[str | None, list[Item]] = {}
    for region_id, item in zip(regions, items, strict=True):
        if region_id is not None and isinstance(item, dict):
            new_items = _default_items(step, after, item)
            defaults.setdefault(region_id, []).extend(
                new for new in new_items if (region_id, new["from_name"]) not in present
            )
    for index, (region_id, item) in enumerate(zip(regions, items, strict=True)):
        yield item
        if last_index[region_id] == index:
            yield from defaults.get(region_id, ())


def _region_id(item: object) -> str | None:
    """Return the id of the region that an item is, or is an attribute of; None for anything else."""
    id_ = item.get("id") if isinstance(item, dict) and item.get("type") != "relation" else None
    return id_ if isinstance(id_, str) else None


def _default_items(step: MigrationStep, after: Inventory, item: Item) -> Iterator[Item]:
    """Yield the items of an added attribute for the labels of a region."""
    value, layer = item.get("value"), str(item.get("from_name"))
    labels = value.get("labels") if isinstance(value, dict) and item.get("type") == "labels" else None
    if not isinstance(value, dict) or not isinstance(labels, list) or layer not in after.layers:
        return
    for label in labels:
        default = step.default_for(label)
        if default is not None:
            item_type, content = attribute_content(after.attributes[step.names[0]].type, default)
            new_value = {key: part for key, part in value.items() if key != "labels"} | content
            yield item | {"from_name": control_name(label, step.names[0]), "type": item_type, "value": new_value}


def _region_ids(items: list[object]) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item.get("type") == "labels" and isinstance(item.get("id"), str):
            yield item["id"]


def _migrate_item(
    step: MigrationStep, before: Inventory, after: Inventory, item: object, annotation_set: str, article_id: str
) -> object:
    """Return one item after a step; None if it is dropped."""
    if not isinstance(item, dict):
        return item
    if item.get("type") == "relation":
        labels = item.get("labels")
        new = _rename_each(labels, lambda words: _reword_relation(step, before, after, words))
        return item | {"labels": new} if new else (None if labels else item)
    value, control = item.get("value"), item.get("from_name")
    if not isinstance(value, dict) or not isinstance(control, str):
        return item
    span_id = str(item.get("id"))
    if control in before.layers and item.get("type") == "labels":
        new = _rename_each(value.get("labels"), lambda name: step.relabel(name, annotation_set, article_id, span_id))
        if not new:
            return None if value.get("labels") else item
        layer = after.spans[new[0]].layer if new[0] in after.spans else control
        return item | {"from_name": layer, "value": value | {"labels": new}}
    label, _, attribute = control.partition(".")
    if label not in before.spans or attribute not in before.attributes:
        return item
    new_label, new_attribute = (
        step.relabel(label, annotation_set, article_id, span_id),
        step.rename("attribute", attribute),
    )
    if new_label is None or new_attribute is None:
        return None
    new_item = item | {"from_name": control_name(new_label, new_attribute)}
    if item.get("type") != "choices":
        return new_item
    choices = _rename_each(value.get("choices"), lambda name: step.rename("value", name, attribute))
    return new_item | {"value": value | {"choices": choices}} if choices or not value.get("choices") else None


def _reword_relation(step: MigrationStep, before: Inventory, after: Inventory, words: str) -> str | None:
    """Return what a relation is shown as after a step; None if it is dropped. Unknown words stay."""
    name = relation_names(before).get(words)
    if name is None:
        return words
    new = step.rename("relation", name)
    return after.relations[new].display_name if new else None


def _rename_each(names: object, rename: Callable[[str], str | None]) -> list[Any]:
    """Return names after a step, each once, in their order; what is not a string stays."""
    new: list[Any] = []
    for name in names if isinstance(names, list) else []:
        new_name = rename(name) if isinstance(name, str) else name
        if new_name is not None and new_name not in new:
            new.append(new_name)
    return new
