"""Which labels are scored, and whether the pieces of a span are one span: an inventory with that alone.

Whatever a measure looks at, it looks for in the inventory. So labels that the inventory does not have are not scored,
and spans whose joining relation it does not have are not joined.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

from annotate.errors import CannotRun
from annotate.inventory import Inventory, RecordType, RelationLabel, Role
from annotate.util.escape import quote
from annotate.util.suggestions import list_choices

Pieces = Literal["joined", "separate"]
"""Whether the pieces of an interrupted span are one span, or each is a span by itself."""


class Selection(msgspec.Struct, frozen=True):
    """What is scored.

    Attributes:
        layers: Layers whose labels are scored.
        labels: Further labels that are scored; all if neither layers nor labels are named.
        pieces: Whether the pieces of a span are scored as one.
    """

    layers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    pieces: Pieces = "joined"


EVERYTHING = Selection()


def select_labels(inventory: Inventory, selection: Selection) -> Inventory:
    """Return an inventory with what is to be scored.

    Left out are relations that cannot join two spans with the chosen labels, records whose anchors have another label,
    and roles that depend on a relation or a record that is left out. Whole records are then compared without them.

    Args:
        inventory: The inventory of the labels.
        selection: What is scored.

    Raises:
        CannotRun: If a layer or a label is unknown.
    """
    layers, labels = selection.layers, selection.labels
    _require_known(layers, "layer", inventory.layers)
    _require_known(labels, "label", inventory.spans)
    if selection.pieces == "separate" and inventory.pieces:
        relations = {name: each for name, each in inventory.relations.items() if not each.joins_pieces}
        inventory = msgspec.structs.replace(inventory, relations=relations)
    if not layers and not labels:
        return inventory
    spans = {name: each for name, each in inventory.spans.items() if name in labels or each.layer in layers}
    relations = {name: _restrict(each, spans) for name, each in inventory.relations.items()}
    relations = {name: each for name, each in relations.items() if each.joins_pieces or (each.head and each.tail)}
    return msgspec.structs.replace(
        inventory,
        spans=spans,
        layers={
            name: layer
            for name, layer in inventory.layers.items()
            if any(label.name in spans for label in inventory.labels_of(name))
        },
        attributes={
            name: msgspec.structs.replace(each, labels=_keep(each.labels, spans))
            for name, each in inventory.attributes.items()
            if _keep(each.labels, spans)
        },
        relations=relations,
        intervals=tuple(each for each in inventory.intervals if each.label in spans),
        records=_select_records(inventory, spans, relations),
    )


def _require_known(names: Iterable[str], kind: str, known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise CannotRun(f"--{kind}", f"unknown {kind} {quote(name)}", f"choose from {list_choices(known)}")


def _keep(labels: Iterable[str], spans: Collection[str]) -> tuple[str, ...]:
    return tuple(label for label in labels if label in spans)


def _restrict(relation: RelationLabel, spans: Collection[str]) -> RelationLabel:
    return msgspec.structs.replace(relation, head=_keep(relation.head, spans), tail=_keep(relation.tail, spans))


def _select_records(inventory: Inventory, spans: Collection[str], relations: Collection[str]) -> dict[str, RecordType]:
    """Return the records with a chosen anchor, each with its roles that depend on nothing that is left out."""
    roles = {
        name: {role: each for role, each in type_.roles.items() if _has_relations(each, relations)}
        for name, type_ in inventory.records.items()
        if type_.anchor in spans
    }
    # A role that is left out may be one that a role of another record depends on.
    while roles != (kept := {name: _drop_dependent(each, roles) for name, each in roles.items()}):
        roles = kept
    return {
        name: msgspec.structs.replace(inventory.records[name], roles=each)
        for name, each in roles.items()
        if each or not inventory.records[name].roles
    }


def _has_relations(role: Role, relations: Collection[str]) -> bool:
    return all(name is None or name in relations for name in (role.relation, role.follow))


def _drop_dependent(roles: Mapping[str, Role], records: Mapping[str, Mapping[str, Role]]) -> dict[str, Role]:
    """Return the roles that depend on no record, or on roles that are there."""
    return {
        name: role
        for name, role in roles.items()
        if role.enclosing is None
        or {role.enclosing.within, role.enclosing.take} <= records.get(role.enclosing.record, {}).keys()
    }
