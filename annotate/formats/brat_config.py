"""What a brat server needs to show an export, made from the inventory, and the map with which to import it again."""

import json
import re

import yaml

from annotate.inventory import Inventory
from annotate.label_map import NOTE_TYPE
from annotate.model import AttributeValue
from annotate.util.html import legible_on

ANNOTATION_CONF, MAP_FILE = "annotation.conf", "map.yaml"
IDS_TYPE = "SpanIds"
"""The type of the notes that give the ids of spans, if the numbers of T lines cannot."""


class ValueNames:
    """The names of attribute values in brat, which separates them by spaces, commas and bars.

    Since brat lists the values of an attribute, this also keeps the numbers that were written.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.values: dict[str, dict[str, str]] = {}
        """Attribute → name in brat → value of the inventory."""
        self.numbers: dict[str, set[int | float]] = {}
        for attribute_name, attribute in inventory.attributes.items():
            values: dict[str, str] = {}
            for value in attribute.values:
                name = re.sub(r"[^\w.+-]", "_", value, flags=re.ASCII)
                while name in values:
                    name += "_"
                values[name] = value
            self.values[attribute_name] = values
        self._names = {
            attribute: {value: name for name, value in values.items()} for attribute, values in self.values.items()
        }

    def name_value(self, attribute: str, value: AttributeValue) -> str:
        """Return the name of a value."""
        if not isinstance(value, str):
            self.numbers.setdefault(attribute, set()).add(value)
            return repr(value)
        return self._names[attribute][value]

    def read_numbers(self, annotation_conf: str) -> None:
        """Keep the numbers that a configuration lists, too."""
        for line in annotation_conf.splitlines():
            attribute, _, values = line.partition("\tArg:")
            if attribute in self.values and not self.values[attribute]:
                for number in values.partition(", Value:")[2].split("|"):
                    self.name_value(attribute, json.loads(number))


def configuration(inventory: Inventory, names: ValueNames) -> dict[str, str]:
    """Return the file name and text of each configuration file, and of the map."""
    return {
        ANNOTATION_CONF: _annotation_conf(inventory, names),
        "visual.conf": _visual_conf(inventory),
        MAP_FILE: _label_map(inventory, names),
    }


def _annotation_conf(inventory: Inventory, names: ValueNames) -> str:
    lines = ["[entities]", *inventory.spans, "", "[relations]"]
    for relation in inventory.relations.values():
        if relation.joins_pieces:
            lines += [f"{relation.name}\tArg1:{label}, Arg2:{label}" for label in inventory.spans]
        else:
            lines.append(f"{relation.name}\tArg1:{'|'.join(relation.head)}, Arg2:{'|'.join(relation.tail)}")
    lines += ["<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>", "", "[events]", "", "[attributes]"]
    for name, attribute in inventory.attributes.items():
        values = [*names.values[name], *map(str, sorted(names.numbers.get(name, ())))]
        if values:
            lines.append(f"{name}\tArg:{'|'.join(attribute.labels)}, Value:{'|'.join(values)}")
    return "".join(f"{line}\n" for line in lines)


def _visual_conf(inventory: Inventory) -> str:
    lines = ["[labels]"]
    lines += [f"{name} | {label.display_name.replace('_', ' ')}" for name, label in inventory.spans.items()]
    lines += [f"{name} | {name.replace('_', ' ')}" for name in (*inventory.relations, *inventory.attributes)]
    lines += ["", "[drawing]", "SPAN_DEFAULT\tfgColor:black, bgColor:lightgreen, borderColor:darken"]
    lines += ["ARC_DEFAULT\tcolor:black, arrowHead:triangle-5", "ATTRIBUTE_DEFAULT\tglyph:*"]
    for name, label in inventory.spans.items():
        lines.append(f"{name}\tfgColor:{legible_on(label.color)}, bgColor:{label.color}")
    return "".join(f"{line}\n" for line in lines)


def _label_map(inventory: Inventory, names: ValueNames) -> str:
    text_attributes = [name for name, attribute in inventory.attributes.items() if attribute.type == "text"]
    attributes: dict[str, dict[str, object]] = {}
    for attribute, values in names.values.items():
        if attribute not in text_attributes:
            renamed = {name: value for name, value in values.items() if name != value}
            attributes[attribute] = {"attribute": attribute} | ({"values": renamed} if renamed else {})
    notes: dict[str, dict[str, str]] = {NOTE_TYPE: {"to": "note"}, IDS_TYPE: {"to": "ids"}}
    notes |= {name: {"to": "attribute", "attribute": name} for name in text_attributes}
    label_map = {
        "spans": {name: {"label": name} for name in inventory.spans},
        "relations": {name: {"relation": name} for name in inventory.relations},
        "attributes": attributes,
        "notes": notes,
        "escaped": True,
    }
    return "# The map back to the inventory, for `annotate import --format brat`.\n" + yaml.safe_dump(
        label_map, sort_keys=False, allow_unicode=True
    )
