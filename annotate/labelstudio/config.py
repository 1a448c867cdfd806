"""The labelling config: what an annotator sees in Label Studio, made from the inventory and from nothing else.

One `Labels` control a layer, named as the layer; one control a label and attribute, named `Label.attribute`, which
shows while a region with that label is selected; the labels of relations. All regions lie on one `Text`.

The style sheet of the labelling screen, which Label Studio takes with the config.

The labels stay in sight above the text, the selected region's attributes beside both. Where versions are compared,
there are neither attributes nor arrows, and the texts have the room. The lines are so wide apart that the words on
the arrows of relations stand between them and hide nothing. White space is shown as it is: a browser quotes what it
shows, and the words quoted with a region are what its offsets are checked against. Colours are the server's own, so
that its dark mode works too; names in a label's colour, as in the lists of regions and relations, would be too faint
on one of the two grounds. The handles that resize a region are `area` elements, which Chromium hides of itself. No
`>` may stand here: the page takes the style out of the XML as it is escaped there.
"""

import xml.etree.ElementTree as ET
from typing import NamedTuple
from xml.parsers import expat

from annotate.errors import CannotRun
from annotate.inventory import Attribute, Inventory, SpanLabel

STYLE = """
.sheet { display: grid; grid-template-columns: minmax(0, 1fr) 276px; gap: 0 20px; align-items: start; }
.head { position: sticky; top: 0; z-index: 120; padding: 2px 0 6px; margin-bottom: 18px;
  background: var(--color-neutral-background); border-bottom: 1px solid var(--color-neutral-border); }
.head h3 { font-size: 17px; line-height: 1.3; margin: 2px 0 6px !important; }
.layers { display: flex; flex-wrap: wrap; gap: 4px 22px; }
.layer h4 { font-size: 12px; line-height: 1.2; margin: 0 0 3px !important; color: var(--color-neutral-content-subtle); }
.layer .lsf-labels { margin: 0; }
.layer .lsf-label { margin: 0 5px 4px 0; }
.layer .lsf-label__hotkey { color: inherit; }
.reading { max-width: 46em; }
.reading .lsf-richtext__container { font-size: 16px; line-height: 3; white-space: pre-wrap; }
.reading .htx-highlight area { display: block; }
.side { grid-column: 2; grid-row: 1 / span 2; position: sticky; top: 8px; max-height: calc(100vh - 160px);
  overflow-y: auto; }
.lsf-wrapper_viewAll .sheet { display: block; }
.lsf-wrapper_viewAll .side { display: none; }
.lsf-wrapper_viewAll .lsf-richtext__container { line-height: 2; }
.side h3 { font-size: 16px; margin: 0 0 6px !important; }
.side h4 { font-size: 13px; line-height: 1.2; margin: 10px 0 2px !important;
  color: var(--color-neutral-content-subtle); }
.side sup { opacity: 0.5; }
.side input[type="number"] { width: 7em; }
.relations-overlay rect[fill="#a0a"] { fill: #4b5563; stroke: var(--color-neutral-background); }
.lsf-labels-list, .lsf-labels-list span { color: var(--color-neutral-content) !important; }
.lsf-outliner-item__index, .lsf-detailed-region__index { background: none !important;
  border: 1px solid var(--color-neutral-border); }
.lsf-outliner-item__index, .lsf-detailed-region__index_value { color: var(--color-neutral-content) !important; }
"""


TEXT = "text"
"""Name of the one `Text`, and of the key of a task's data that it shows."""


def control_name(label: str, attribute: str) -> str:
    """The name of the control that holds an attribute of the regions with a label; neither name has a dot in it."""
    return f"{label}.{attribute}"


def attribute_controls(inventory: Inventory) -> dict[str, tuple[str, Attribute]]:
    """Control name → the label and the attribute that it stands for: the reverse of `control_name`."""
    return {
        control_name(label, attribute.name): (label, attribute)
        for label in inventory.spans
        for attribute in inventory.attributes_of(label)
    }


def relation_names(inventory: Inventory) -> dict[str, str]:
    """What a relation may be called on a server → its name: its words on the screen, and the bare name.

    Label Studio has one string for both what it shows and what it stores. The bare name is read as well, since a
    project that was made before the inventory had the words is full of it.
    """
    shown = {relation.words: name for name, relation in inventory.relations.items()}
    return shown | {name: name for name in inventory.relations}


def labeling_config(inventory: Inventory) -> str:
    """The config as XML, the same bytes for the same inventory; raises CannotRun for a layer called as the text is."""
    if TEXT in inventory.layers:
        raise CannotRun("labels.yaml", f"a layer cannot be called {TEXT!r} in Label Studio", "give it another name")
    root = ET.Element("View", {"className": "sheet"})
    ET.SubElement(root, "Style").text = STYLE
    head = ET.SubElement(root, "View", {"className": "head"})
    ET.SubElement(head, "Header", {"value": "$title", "size": "4"})
    layers = ET.SubElement(head, "View", {"className": "layers"})
    for layer in inventory.layers.values():
        box = ET.SubElement(layers, "View", {"className": "layer"})
        ET.SubElement(box, "Header", {"value": layer.title, "size": "6"})
        labels = ET.SubElement(box, "Labels", {"name": layer.name, "toName": TEXT, "choice": "single"})
        for label in inventory.labels_of(layer.name):
            ET.SubElement(labels, "Label", _label(label))
    reading = ET.SubElement(root, "View", {"className": "reading"})
    ET.SubElement(reading, "Text", {"name": TEXT, "value": f"${TEXT}", "granularity": "symbol"})
    side = ET.SubElement(root, "View", {"className": "side"})
    for label in inventory.spans.values():
        _attributes(side, inventory, label)
    relations = ET.SubElement(root, "Relations", {"choice": "single"})
    for relation in inventory.relations.values():
        ET.SubElement(relations, "Relation", {"value": relation.words})
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _label(label: SpanLabel) -> dict[str, str]:
    return {"value": label.name, "background": label.color, "hotkey": label.hotkey, "hint": label.definition}


def _attributes(side: ET.Element, inventory: Inventory, label: SpanLabel) -> None:
    """The controls of a label's attributes, with a heading, in a box that shows while such a region is selected."""
    attributes = inventory.attributes_of(label.name)
    if not attributes:
        return
    # By label alone, which is unique over all layers: of a region with several labels, the page looks at one control.
    shown = {"visibleWhen": "region-selected", "whenLabelValue": label.name}
    box = ET.SubElement(side, "View", shown)
    ET.SubElement(box, "Header", {"value": label.name, "size": "4"})
    for attribute in attributes:
        ET.SubElement(box, "Header", {"value": attribute.name, "size": "6"})
        _control(box, label, attribute)


def _control(box: ET.Element, label: SpanLabel, attribute: Attribute) -> None:
    fields = {
        "name": control_name(label.name, attribute.name),
        "toName": TEXT,
        "perRegion": "true",
        "whenLabelValue": label.name,
    }
    if attribute.required:
        fields |= {"required": "true", "requiredMessage": f"Give each {label.name} its {attribute.name}."}
    if attribute.type == "choice":
        choices = ET.SubElement(box, "Choices", fields | {"choice": "single-radio", "showInline": "true"})
        for value, definition in attribute.values.items():
            ET.SubElement(choices, "Choice", {"value": value, "hint": definition})
    elif attribute.type == "integer":
        ET.SubElement(box, "Number", fields | {"min": "0", "step": "1"})
    else:
        ET.SubElement(box, "TextArea", fields | {"maxSubmissions": "1", "editable": "true", "rows": "2"})


class Vocabulary(NamedTuple):
    """What labels can be made with a config: its controls, the values of each, and the labels of relations."""

    controls: dict[str, str]
    values: frozenset[tuple[str, str]]
    relations: frozenset[str]

    def lost(self, new: "Vocabulary") -> list[str]:
        """What this one has and the new one has not, in words; labels made with it would be orphaned."""
        gone = [name for name, tag in self.controls.items() if new.controls.get(name) != tag]
        values = [f"{name}: {value}" for name, value in sorted(self.values - new.values) if name not in gone]
        return [*sorted(gone), *values, *(f"relation {name}" for name in sorted(self.relations - new.relations))]


def read_config(xml: str) -> ET.Element:
    """A labelling config from elsewhere as an element tree.

    Raises ValueError for what is no XML, and for any document type declaration: entities are declared there and
    nowhere else, and a config needs none.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(xml.encode("utf-8"), True)
        return ET.fromstring(xml)  # noqa: S314 - a document type was refused just above
    except (expat.ExpatError, ET.ParseError, UnicodeEncodeError) as error:
        raise ValueError(f"the labelling config is no XML: {error}") from error


def _refuse(name: str, *_: object) -> None:
    raise ValueError(f"the labelling config declares a document type ({name}), which may hide entities")


def vocabulary(xml: str) -> Vocabulary:
    """The vocabulary of a labelling config, ours or a server's; raises ValueError as `read_config` does."""
    controls: dict[str, str] = {}
    values: set[tuple[str, str]] = set()
    relations: set[str] = set()
    for element in read_config(xml).iter():
        name = element.get("name")
        if element.tag == "Relations":
            relations |= {child.get("value", "") for child in element.iter("Relation")}
        elif name is not None and element.get("toName") is not None:
            controls[name] = element.tag
            values |= {
                (name, child.get("alias", child.get("value", "")))
                for child in element.iter()
                if child.tag in ("Label", "Choice")
            }
    return Vocabulary(controls, frozenset(values), frozenset(relations))
