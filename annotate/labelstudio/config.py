"""The labelling config: what an annotator sees in Label Studio, generated from the inventory and nothing else.

There is one `Labels` control for each layer, with the layer's name; one control for each label and attribute, named
`Label.attribute`, which shows while a region with that label is selected; and the labels of relations. All regions are
on one `Text`. Above it, a box shows the notice of a task, if it has one. The outermost element names the version of the
inventory, which the page does not show.

`templates/labelling.css` is the style sheet, which is part of the config. It keeps the labels in sight above the text
and the attributes of the selected region next to it. The attributes hang from the labels and take no space of their
own, so that the text stays where it is when a region is selected. Where annotations are compared, there are neither
attributes nor relations, and the texts get the space. White space is shown as it is, because a browser quotes what it
shows, and offsets are checked against the quoted words. Colours are the server's own, so that its dark mode works as
well; names in a label's colour, as in the lists of regions and relations, would be too faint on one of the two
backgrounds. The handles that resize a region are `area` elements, which Chromium hides by default. The style must not
contain `>`: the page takes it from the XML with its escapes.

The names on the arrows of relations hide no words: they are small and moved into the gap between two lines. An arrow
that runs left of the text has its name left of it, in the margin; it is known by the corners of its path.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

from annotate.errors import CannotRun
from annotate.inventory import Attribute, Inventory, SpanLabel
from annotate.labelstudio.hotkeys import Hotkeys, assign_hotkeys
from annotate.util.escape import quote, replace_unseen_in_xml
from annotate.util.html import read_template

TEXT = "text"
"""The name of the one `Text` control, and of the key of a task's data that it shows."""
NOTICE = "notice"
"""The name of the box above the text, and of the key of a task's data that it shows as HTML; see `notices`."""
DECIDED = "decided-differences"
"""The name of the control in which an adjudicator ticks differences. With its hyphens, no layer can have it."""
DIFFERENCES = "differences"
"""The key of a task's data with the choices of the control `DECIDED`, in a project for adjudication."""
TAXONOMY_SEPARATOR = "/"
"""Between the parts of the path that is the value of an entry of a taxonomy."""
NAME_MARGIN, PIXELS_PER_LETTER, WIDEST_MARGIN = 6, 5, 160
"""The margin left of the text: without names, for each letter of the longest name, and at most."""

_TASK_KEY = re.compile(r"\$([\w[\].{}])", re.ASCII)
"""How the value of a key of a task's data is written in a `value`; the page puts it, or nothing, in its place."""
_WORD_JOINER = "\u2060"
_VERSION = re.compile(r' idAttr="inventory-([0-9]+\.[0-9]+\.[0-9]+)"')
"""How a config names the version of its inventory."""


def control_name(label: str, attribute: str) -> str:
    """Return the name of the control for an attribute of regions with a label; neither name contains a dot."""
    return f"{label}.{attribute}"


def attribute_controls(inventory: Inventory) -> dict[str, tuple[str, Attribute]]:
    """Return the label and the attribute of each control, by name: the inverse of `control_name`."""
    return {
        control_name(label, attribute.name): (label, attribute)
        for label in inventory.spans
        for attribute in inventory.attributes_of(label)
    }


def relation_names(inventory: Inventory) -> dict[str, str]:
    """Return the relation for each of its labels on a server: what the screen shows (`shown_as`), and the name.

    Label Studio shows the same string that it stores. The name is accepted as well, since projects that were created
    before the inventory had `shown_as` contain it.
    """
    shown = {relation.display_name: name for name, relation in inventory.relations.items()}
    return shown | {name: name for name in inventory.relations}


def labelling_config(inventory: Inventory, *, adjudication: bool = False) -> str:
    """Return the config as XML, the same bytes for the same inventory.

    Args:
        inventory: The inventory.
        adjudication: Whether it is for adjudication, where one ticks the differences that are decided.

    Raises:
        CannotRun: A layer has the name of the text or of the notice, or a name has a character that XML cannot hold.
    """
    for name in (TEXT, NOTICE):
        if name in inventory.layers:
            problem = f"a layer cannot have the name {quote(name)} in Label Studio"
            raise CannotRun("labels.yaml", problem, "give it another name")
    hotkeys = assign_hotkeys(inventory)
    root = ET.Element("View", {"className": "sheet", "idAttr": f"inventory-{inventory.version}"})
    ET.SubElement(root, "Style").text = f"\n{read_template('labelstudio/labelling.css')}{_names_margin(inventory)}"
    header = ET.SubElement(root, "View", {"className": "head"})
    ET.SubElement(header, "Header", {"value": "$title", "size": "4"})
    layers = ET.SubElement(header, "View", {"className": "layers"})
    for layer in inventory.layers.values():
        box = ET.SubElement(layers, "View", {"className": "layer"})
        ET.SubElement(box, "Header", {"value": _show(layer.title), "size": "6"})
        labels = ET.SubElement(box, "Labels", {"name": layer.name, "toName": TEXT, "choice": "single"})
        for label in inventory.labels_of(layer.name):
            ET.SubElement(labels, "Label", _label_fields(label, hotkeys))
    side = ET.SubElement(header, "View", {"className": "side"})
    for label in inventory.spans.values():
        _add_attributes(side, inventory, label, hotkeys)
    if adjudication:
        _add_ticks(side)
    notice = ET.SubElement(root, "View", {"className": "notice"})
    ET.SubElement(notice, "HyperText", {"name": NOTICE, "value": f"${NOTICE}", "inline": "true"})
    reading = ET.SubElement(root, "View", {"className": "reading"})
    ET.SubElement(reading, "Text", {"name": TEXT, "value": f"${TEXT}", "granularity": "symbol"})
    relations = ET.SubElement(root, "Relations", {"choice": "single"})
    for relation in inventory.relations.values():
        ET.SubElement(relations, "Relation", {"value": relation.display_name})
    ET.indent(root)
    try:
        return replace_unseen_in_xml(ET.tostring(root, encoding="unicode")) + "\n"
    except ValueError as error:
        raise CannotRun("labels.yaml", str(error), "remove it") from error


def _names_margin(inventory: Inventory) -> str:
    """Return the style for the margin left of the text, where arrows between lines have their names."""
    longest = max((len(relation.display_name) for relation in inventory.relations.values()), default=0)
    return f".sheet {{ --names: {min(NAME_MARGIN + PIXELS_PER_LETTER * longest, WIDEST_MARGIN)}px; }}\n"


def _show(text: str) -> str:
    """Return a `value` that the page shows as the text, with a mark without width in what looks like a task's key."""
    return _TASK_KEY.sub(lambda match: f"${_WORD_JOINER}{match[1]}", text)


def _label_fields(label: SpanLabel, hotkeys: Hotkeys) -> dict[str, str]:
    fields = _name_fields(label.name, label.display_name) | {"background": label.color}
    return fields | _hotkey_field(hotkeys.labels.get(label.name)) | {"hint": label.definition}


def _hotkey_field(hotkey: str | None) -> dict[str, str]:
    return {} if hotkey is None else {"hotkey": hotkey}


def _name_fields(name: str, shown: str) -> dict[str, str]:
    """Return the fields of a label or choice that the server stores as its name, and shows in another form."""
    value = _show(shown)
    return {"value": name} if value == name else {"value": value, "alias": name}


def _add_attributes(side: ET.Element, inventory: Inventory, label: SpanLabel, hotkeys: Hotkeys) -> None:
    """Add the controls of a label's attributes, in a box that shows while a region with the label is selected."""
    attributes = inventory.attributes_of(label.name)
    if not attributes:
        return
    # The condition names only the label, which is unique over all layers: for a region with several labels, the page
    # looks at one control only.
    condition = {"visibleWhen": "region-selected", "whenLabelValue": label.name}
    box = ET.SubElement(side, "View", condition)
    ET.SubElement(box, "Header", {"value": _show(label.display_name), "size": "4"})
    for attribute in attributes:
        ET.SubElement(box, "Header", {"value": _show(attribute.display_name), "size": "6"})
        _add_control(box, label, attribute, hotkeys)


def _add_ticks(side: ET.Element) -> None:
    """Add the control for decided differences, after all others: the page gives out free hotkeys in this order.

    The style sheet shows it first.
    """
    box = ET.SubElement(side, "View", {"className": "decided"})
    ET.SubElement(box, "Header", {"value": "Decided", "size": "4"})
    ET.SubElement(box, "Header", {"value": "Tick each difference that you have decided.", "size": "6"})
    fields = {"name": DECIDED, "toName": TEXT, "choice": "multiple", "value": f"${DIFFERENCES}"}
    ET.SubElement(box, "Choices", fields)


def _add_control(box: ET.Element, label: SpanLabel, attribute: Attribute, hotkeys: Hotkeys) -> None:
    fields = {
        "name": control_name(label.name, attribute.name),
        "toName": TEXT,
        "perRegion": "true",
        "whenLabelValue": label.name,
    }
    if attribute.required:
        fields |= {
            "required": "true",
            "requiredMessage": f"Give each {label.display_name} its {attribute.display_name}.",
        }
    if attribute.type == "choice":
        choices = ET.SubElement(box, "Choices", fields | {"choice": "single-radio", "showInline": "true"})
        for value, definition in attribute.values.items():
            choice = _name_fields(value, attribute.display_value(value))
            hotkey = hotkeys.values.get((label.name, attribute.name, value))
            ET.SubElement(choices, "Choice", choice | _hotkey_field(hotkey) | {"hint": definition})
    elif attribute.type == "integer":
        bounds = {"min": str(attribute.minimum or 0), **_maximum_field(attribute)}
        ET.SubElement(box, "Number", fields | bounds | {"step": "1"})
    elif attribute.type == "number":
        least = {} if attribute.minimum is None else {"min": str(attribute.minimum)}
        ET.SubElement(box, "Number", fields | least | _maximum_field(attribute) | {"step": "any"})
    else:
        ET.SubElement(box, "TextArea", fields | {"maxSubmissions": "1", "editable": "true", "rows": "2"})


def _maximum_field(attribute: Attribute) -> dict[str, str]:
    return {} if attribute.maximum is None else {"max": str(attribute.maximum)}


def read_config_version(config: str) -> str | None:
    """Return the version of the inventory that a config was made from; None if it does not name one."""
    match = _VERSION.search(config)
    return match[1] if match else None


def without_config_version(config: str) -> str:
    """Return a config without the version of its inventory, to compare what it shows."""
    return _VERSION.sub("", config, count=1)


def is_adjudication_config(config: str) -> bool:
    """Return whether a config, of any origin, has the control for decided differences."""
    return f' name="{DECIDED}"' in config


class Vocabulary(NamedTuple):
    """What a config has: its controls (name → tag), their values as (control, value), and the labels of relations."""

    controls: dict[str, str]
    values: frozenset[tuple[str, str]]
    relations: frozenset[str]

    def list_losses(self, new: "Vocabulary") -> list[str]:
        """Return what this config has and the new one lacks, in words; labels made with it would be orphaned."""
        controls = [name for name, tag in self.controls.items() if new.controls.get(name) != tag]
        values = [f"{name}: {value}" for name, value in sorted(self.values - new.values) if name not in controls]
        return [*sorted(controls), *values, *(f"relation {name}" for name in sorted(self.relations - new.relations))]


def read_config(xml: str) -> ET.Element:
    """Parse a labelling config of any origin.

    Raises:
        ValueError: The config is not XML, or has a document type declaration: entities are declared there, and a config
            needs none.
    """
    # The text is decoded already: the encoding that it declares, which may be none at all, says nothing any more.
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _reject_doctype
    try:
        parser.Parse(xml.encode("utf-8"), True)
        return ET.fromstring(xml)  # noqa: S314 - a document type was rejected above
    except (expat.ExpatError, ET.ParseError, UnicodeEncodeError) as error:
        raise ValueError(f"the labelling config is not XML: {error}") from error


def _reject_doctype(name: str, *_: object) -> None:
    raise ValueError(f"the labelling config declares a document type ({name}), which may hide entities")


def read_vocabulary(xml: str) -> Vocabulary:
    """Return the vocabulary of a labelling config, ours or a server's.

    Raises:
        ValueError: See `read_config`.
    """
    controls: dict[str, str] = {}
    values: set[tuple[str, str]] = set()
    relations: set[str] = set()
    for element in read_config(xml).iter():
        name = element.get("name")
        if element.tag == "Relations":
            relations |= {child.get("value", "") for child in element.iter("Relation")}
        elif name is not None and element.get("toName") is not None:
            controls[name] = element.tag
            values |= {(name, value) for value in _list_values(element)}
    return Vocabulary(controls, frozenset(values), frozenset(relations))


def _list_values(control: ET.Element) -> Iterator[str]:
    """Yield the values of a control as items have them; that of a nested choice is its path.

    A value that comes from the data of a task is not known here.
    """
    leaves_only = control.get("leafsOnly", "").lower() == "true"
    stack = [("", child) for child in control]
    while stack:
        above, element = stack.pop()
        if element.tag in ("Label", "Choice"):
            own = element.get("alias", element.get("value", ""))
            if own.startswith("$"):
                continue
            if not (leaves_only and any(child.tag == "Choice" for child in element.iter() if child is not element)):
                yield above + own
            above += own + TAXONOMY_SEPARATOR
        stack += [(above, child) for child in element]
