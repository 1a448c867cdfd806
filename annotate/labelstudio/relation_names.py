"""Name the relations that were drawn without a name, where the labels of the two ends allow exactly one.

`results` names them in what is taken from a server or an export. `name_relations` names them in result items;
`relation_updates` writes those to the server.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from annotate.labelstudio.controls import Controls


def find_relation_name(
    controls: Controls, head_labels: Iterable[str], tail_labels: Iterable[str], offered: Collection[str] | None = None
) -> str | None:
    """Return the name of the one relation that a pair of labels allows, as items have it; None if it is not one.

    The direction is the drawn one. Where a map leaves out relations, an unnamed one may be one of these, so there is
    no name.

    Args:
        controls: The controls that the items come from.
        head_labels: The labels of the region where the relation starts, as the inventory has them.
        tail_labels: The labels of the region where it ends.
        offered: The names to choose from, such as those of a labelling config; by default all that `controls` has.
    """
    if controls.left_out_relations:
        return None
    relations = controls.inventory.relations
    pairs = [(head, tail) for head in head_labels for tail in tail_labels]
    names: dict[tuple[str, bool, str, str], str] = {}
    for name, entry in controls.relations.items():
        for head, tail in pairs:
            first, second = (tail, head) if entry.reversed else (head, tail)
            if (offered is None or name in offered) and relations[entry.relation].allows(first, second):
                names.setdefault((entry.relation, entry.reversed, head, tail), name)
    return next(iter(names.values())) if len(names) == 1 else None


def is_unnamed(item: Mapping[str, Any]) -> bool:
    """Return whether an item is a relation without a name, as the browser writes it."""
    return item.get("type") == "relation" and item.get("labels") in (None, [])


def name_relations(
    items: Sequence[object], controls: Controls, offered: Collection[str] | None = None
) -> list[object] | None:
    """Return the items of a result with a name for each unnamed relation that can have only one.

    Args:
        items: The items as the server has them; they are not changed.
        controls: The controls that they come from.
        offered: The names that the project's labelling config has; see `find_relation_name`.

    Returns:
        All items, in their order; None if no relation gets a name.
    """
    unnamed = [index for index, item in enumerate(items) if isinstance(item, dict) and is_unnamed(item)]
    if not unnamed:
        return None
    labels = _labels_by_region(items, controls)
    named = list(items)
    for index in unnamed:
        item: Any = items[index]
        ends = [item.get("from_id"), item.get("to_id")]
        if item.get("direction") == "left":
            ends.reverse()
        is_readable = item.get("direction") in ("right", "left", None) and all(isinstance(end, str) for end in ends)
        if not is_readable or ends[0] == ends[1]:
            continue
        name = find_relation_name(controls, labels.get(ends[0], ()), labels.get(ends[1], ()), offered)
        if name is not None:
            named[index] = {**item, "labels": [name]}
    return named if any(named[index] is not items[index] for index in unnamed) else None


def _labels_by_region(items: Iterable[object], controls: Controls) -> dict[str, dict[str, None]]:
    """Return the labels of each region, as the inventory has them."""
    labels: dict[str, dict[str, None]] = {}
    for region_id, label in _region_labels(items, controls):
        labels.setdefault(region_id, {})[label] = None
    return labels


def _region_labels(items: Iterable[object], controls: Controls) -> Iterator[tuple[str, str]]:
    for item in items:
        if not isinstance(item, dict) or item.get("type") != "labels":
            continue
        region_id, control, value = item.get("id"), item.get("from_name"), item.get("value")
        names = value.get("labels") if isinstance(value, dict) else None
        if not (isinstance(region_id, str) and region_id and isinstance(control, str) and isinstance(names, list)):
            continue
        known = controls.layers.get(control, {})
        for name in names:
            if isinstance(name, str) and name in known:
                yield region_id, known[name].label
