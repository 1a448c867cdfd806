"""What a brat server needs beside the files, made from the inventory: annotation.conf and visual.conf; and the map."""

import re

import yaml

from annotate.colours import legible_on
from annotate.formats.mapping import NOTE
from annotate.inventory import Inventory
from annotate.model import AttributeValue

MAP_FILE = "map.yaml"


class Names:
    """How values of attributes are written on a line: brat separates by space, comma and bar, so words lose theirs.

    Keeps the numbers that were written, since brat lists the values of an attribute.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.values: dict[str, dict[str, str]] = {}
        """Attribute → written value → the inventory's."""
        self.numbers: dict[str, set[int]] = {}
        for name, attribute in inventory.attributes.items():
            written: dict[str, str] = {}
            for value in attribute.values:
                word = re.sub(r"[^\w.+-]", "_", value, flags=re.ASCII)
                while word in written:
                    word += "_"
                written[word] = value
            self.values[name] = written
            if attribute.type == "integer":
                self.numbers[name] = set()
        self._words = {name: {value: word for word, value in known.items()} for name, known in self.values.items()}

    def value(self, name: str, value: AttributeValue) -> str:
        if isinstance(value, int):
            self.numbers.setdefault(name, set()).add(value)
            return str(value)
        return self._words[name][value]


def configuration(inventory: Inventory, names: Names, ids: str) -> dict[str, str]:
    """File name → text."""
    return {
        "annotation.conf": _annotation_conf(inventory, names),
        "visual.conf": _visual_conf(inventory),
        MAP_FILE: _map(inventory, names, ids),
    }


def _annotation_conf(inventory: Inventory, names: Names) -> str:
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
    lines += [f"{name} | {label.name.replace('_', ' ')}" for name, label in inventory.spans.items()]
    lines += [f"{name} | {name.replace('_', ' ')}" for name in (*inventory.relations, *inventory.attributes)]
    lines += ["", "[drawing]", "SPAN_DEFAULT\tfgColor:black, bgColor:lightgreen, borderColor:darken"]
    lines += ["ARC_DEFAULT\tcolor:black, arrowHead:triangle-5", "ATTRIBUTE_DEFAULT\tglyph:*"]
    for name, label in inventory.spans.items():
        lines.append(f"{name}\tfgColor:{legible_on(label.color)}, bgColor:{label.color}")
    return "".join(f"{line}\n" for line in lines)


def _map(inventory: Inventory, names: Names, ids: str) -> str:
    """The map with which `annotate import` reads the export back."""
    texts = [name for name, attribute in inventory.attributes.items() if attribute.type == "text"]
    attributes = {
        name: {"attribute": name} | ({"values": renamed} if (renamed := _renamed(names.values[name])) else {})
        for name in inventory.attributes
        if name not in texts
    }
    notes: dict[str, dict[str, str]] = {NOTE: {"to": "note"}, ids: {"to": "ids"}}
    notes |= {name: {"to": "attribute", "attribute": name} for name in texts}
    value = {
        "spans": {name: {"label": name} for name in inventory.spans},
        "relations": {name: {"relation": name} for name in inventory.relations},
        "attributes": attributes,
        "notes": notes,
        "escaped": True,
    }
    return "# The map back to the inventory, for `annotate import --format brat`.\n" + yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True
    )


def _renamed(values: dict[str, str]) -> dict[str, str]:
    return {word: value for word, value in values.items() if word != value}
