"""The controls that result items may come from, and what their labels and values mean in the inventory.

A project that this toolkit created has the controls of the generated labelling config. A project made elsewhere has
others; a map says which of them carries which layer or attribute, and which label or value means what. The names of the
generated config are valid with a map, too, unless it says otherwise.
"""

from collections.abc import Mapping
from typing import NamedTuple

from annotate.inventory import Attribute, Inventory
from annotate.label_map import LabelMap, RelationMap, SpanMap
from annotate.labelstudio.config import DECIDED, TEXT, Vocabulary, attribute_controls, relation_names
from annotate.model import AttributeValue

VALUE_KEYS = {
    "choices": "choices",
    "taxonomy": "taxonomy",
    "number": "number",
    "rating": "rating",
    "textarea": TEXT,
    "datetime": "datetime",
}
"""Type of an item → the key of the value in it."""
ITEM_TYPES = {
    "choice": ("choices", "taxonomy"),
    "integer": ("number", "rating"),
    "number": ("number", "rating"),
    "text": ("textarea", "datetime"),
}
"""Type of an attribute → the types of its items; the generated labelling config has the first."""

_OWN_NAMES = LabelMap()


class AttributeControl(NamedTuple):
    """A control for an attribute of regions.

    Attributes:
        labels: The labels of the spans that the attribute belongs to.
        attribute: The attribute.
        values: Value in the item → value in the inventory; values that are the same are not in it.
    """

    labels: tuple[str, ...]
    attribute: Attribute
    values: Mapping[str, AttributeValue] = {}


class Controls:
    """The controls of a labelling config.

    Args:
        inventory: The inventory.
        label_map: What the names of a config made elsewhere mean; by default the config is the generated one.

    Attributes:
        inventory: The inventory.
        is_mapped: Whether a map was given.
        text: The name of the `Text` control.
        fields: The keys of a task's data.
        layers: Name of a `Labels` control → its labels, as items have them → what each becomes.
        attributes: Name of a control → the attribute of the regions.
        relations: Label of relations, as items have it → what it becomes.
        left_out_controls: The names of the controls whose items are no labels, or are left out by the map.
        left_out_labels: The labels whose regions the map leaves out.
        left_out_relations: The labels of the relations that the map leaves out.
    """

    def __init__(self, inventory: Inventory, label_map: LabelMap | None = None) -> None:
        self.inventory, self.is_mapped = inventory, label_map is not None
        label_map = label_map or _OWN_NAMES
        self.text, self.fields = label_map.text, label_map.fields
        layers = {**{layer: layer for layer in inventory.layers}, **label_map.layers}
        self.layers = {
            control: _labels_of(inventory, layer, label_map) for control, layer in layers.items() if layer is not None
        }
        self.attributes = {
            name: AttributeControl((label,), attribute)
            for name, (label, attribute) in attribute_controls(inventory).items()
        }
        for name, entry in label_map.attributes.items():
            self.attributes.pop(name, None)
            if entry is not None:
                attribute = inventory.attributes[entry.attribute]
                self.attributes[name] = AttributeControl(attribute.labels, attribute, entry.values)
        own_relations = {shown: RelationMap(name) for shown, name in relation_names(inventory).items()}
        self.relations = {
            shown: entry for shown, entry in {**own_relations, **label_map.relations}.items() if entry is not None
        }
        # What an adjudicator ticks is read by `adjudication`, and is no label.
        self.left_out_controls = {DECIDED} | _list_left_out(label_map.layers) | _list_left_out(label_map.attributes)
        self.left_out_labels = _list_left_out(label_map.spans)
        self.left_out_relations = _list_left_out(label_map.relations)


def _labels_of(inventory: Inventory, layer: str, label_map: LabelMap) -> dict[str, SpanMap]:
    """Return what each label of a control becomes: those of the layer, by their own names and by those of the map."""
    labels = {label.name: SpanMap(label.name) for label in inventory.labels_of(layer)}
    for shown, entry in label_map.spans.items():
        labels.pop(shown, None)
        if entry is not None and inventory.spans[entry.label].layer == layer:
            labels[shown] = entry
    return labels


def _list_left_out(entries: Mapping[str, object | None]) -> frozenset[str]:
    return frozenset(name for name, entry in entries.items() if entry is None)


def list_unmapped(vocabulary: Vocabulary, controls: Controls) -> list[str]:
    """Return the names of a labelling config that mean nothing here, and that no map leaves out."""
    known_controls = controls.layers.keys() | controls.attributes.keys() | controls.left_out_controls
    names = sorted(vocabulary.controls.keys() - known_controls)
    for control, value in sorted(vocabulary.values):
        is_label = control in controls.layers
        if is_label and value not in controls.layers[control] and value not in controls.left_out_labels:
            names.append(f"{control}: {value}")
        elif control in controls.attributes:
            attribute, values = controls.attributes[control][1:]
            if attribute.values and values.get(value, value) not in attribute.values:
                names.append(f"{control}: {value}")
    known_relations = controls.relations.keys() | controls.left_out_relations
    return names + [f"relation {name}" for name in sorted(vocabulary.relations - known_relations)]
