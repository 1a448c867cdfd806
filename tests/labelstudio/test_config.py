"""The labelling config: made from the inventory, accepted by Label Studio's own reader, read back without surprises."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.errors import CannotRun
from annotate.inventory import Inventory, Layer
from annotate.labelstudio.config import (
    DECIDED,
    DIFFERENCES,
    attribute_controls,
    control_name,
    is_adjudication_config,
    labelling_config,
    read_config,
    read_config_version,
    read_vocabulary,
    relation_names,
    without_config_version,
)
from annotate.labelstudio.results import Mapper, Origin
from annotate.labelstudio.tasks import Prediction, encode_prediction
from tests.conftest import Project
from tests.names import SHOWN_LABELS, named_inventory


def label_interface(config: str) -> Any:
    """Label Studio's own reader of configs."""
    from label_studio_sdk import label_interface as module

    reader: Any = vars(module)["LabelInterface"]
    return reader(config)


def test_config_is_what_label_studio_reads(labels: Inventory) -> None:
    interface = label_interface(labelling_config(labels))
    interface.validate()
    assert set(labels.layers) <= {control.name for control in interface.controls}
    for layer in labels.layers:
        assert set(interface.get_control(layer).labels) == {label.name for label in labels.labels_of(layer)}


def test_an_adjudicator_has_a_control_for_decided_differences(project: Project) -> None:
    shared, own = (labelling_config(project.inventory, adjudication=adjudication) for adjudication in (False, True))
    assert (is_adjudication_config(shared), is_adjudication_config(own)) == (False, True)
    interface = label_interface(own)
    interface.validate()
    control = interface.get_control(DECIDED)
    assert (control.tag, control.attr["choice"], control.attr["value"]) == ("Choices", "multiple", f"${DIFFERENCES}")
    old, new = read_vocabulary(shared), read_vocabulary(own)
    assert (old.list_losses(new), new.list_losses(old)) == ([], [DECIDED])
    # The page gives out free hotkeys in the order of the controls: the attributes keep theirs.
    assert list(new.controls) == [*old.controls, DECIDED]
    # Its items are no labels, in whatever project they are.
    ticks = {"id": "t", "from_name": DECIDED, "to_name": "text", "type": "choices", "value": {"choices": ["1"]}}
    text, gold = project.corpus.read_text("harbour"), project.corpus.read_annotation("gold", "harbour")
    made = encode_prediction(Prediction("gold 1.0.0", gold), project.inventory)["result"]
    origin = Origin("harbour", "gold", "f")
    read, findings, quarantined, left_out = Mapper(project.inventory).map_result(
        [*made, ticks], text, origin, gold.text_sha256
    )
    assert read is not None
    assert (read.spans, findings, quarantined, left_out) == (gold.spans, (), (), {DECIDED: 1})


def test_predictions_are_valid_for_the_config(project: Project) -> None:
    loaded = project.inventory
    interface = label_interface(labelling_config(loaded))
    for annotation in project.corpus.gold():
        made = encode_prediction(Prediction("gold 1.0.0", annotation), loaded)
        assert interface.validate_prediction(made, return_errors=True) == []


def test_config_has_the_whole_inventory(labels: Inventory) -> None:
    config = labelling_config(labels)
    said = read_vocabulary(config)
    assert said.relations == {relation.display_name for relation in labels.relations.values()}
    assert set(said.controls) == {*labels.layers, *attribute_controls(labels)}
    for label in labels.spans.values():
        assert (label.layer, label.name) in said.values
        assert label.definition.replace("&", "&amp;").replace('"', "&quot;") in config
    for name, (label_name, attribute) in attribute_controls(labels).items():
        assert name == control_name(label_name, attribute.name)
        assert {value for control, value in said.values if control == name} == set(attribute.values)
    assert labelling_config(labels) == config
    assert read_config_version(config) == labels.version
    other = labelling_config(msgspec.structs.replace(labels, version="10.20.30"))
    assert read_config_version(other) == "10.20.30"
    assert without_config_version(other) == without_config_version(config)
    assert read_config_version(without_config_version(config)) is None


def test_relations_show_words_and_are_read_by_words_or_name(project: Project) -> None:
    """Label Studio shows the string that it stores; older projects have the bare name."""
    before = read_vocabulary(labelling_config(project.inventory))
    project.replace("schema/labels.yaml", "  speaker:\n", "  speaker:\n    shown_as: who says it\n")
    loaded = project.inventory
    after = read_vocabulary(labelling_config(loaded))
    assert after.relations == before.relations - {"speaker"} | {"who says it"}
    assert before.list_losses(after) == ["relation speaker"]
    assert relation_names(loaded) == {name: name for name in loaded.relations} | {"who says it": "speaker"}
    gold = project.corpus.read_annotation("gold", "harbour")
    made = encode_prediction(Prediction("gold 1.0.0", gold), loaded)
    drawn = [item["labels"] for item in made["result"] if item["type"] == "relation"]
    assert drawn.count(["who says it"]) == sum(one.label == "speaker" for one in gold.relations) > 0
    assert ["speaker"] not in drawn
    assert label_interface(labelling_config(loaded)).validate_prediction(made, return_errors=True) == []
    text, origin = project.corpus.read_text("harbour"), Origin("harbour", "gold", "f")
    for items in (made["result"], encode_prediction(Prediction("gold 1.0.0", gold), bare(loaded))["result"]):
        read, findings, aside, _ = Mapper(loaded).map_result(items, text, origin, gold.text_sha256)
        assert read is not None
        assert (read.spans, read.relations) == (gold.spans, gold.relations)
        assert (list(findings), list(aside)) == ([], [])


def bare(loaded: Inventory) -> Inventory:
    """An inventory without words for its relations."""
    plain = {name: msgspec.structs.replace(one, shown_as="") for name, one in loaded.relations.items()}
    return msgspec.structs.replace(loaded, relations=plain)


def test_required_attributes_are_requested(project: Project) -> None:
    for element in read_config(labelling_config(project.inventory)).iter():
        control = attribute_controls(project.inventory).get(element.get("name", ""))
        if control:
            assert element.get("perRegion") == "true"
            assert (element.get("required") == "true") == control[1].required
            assert bool(element.get("requiredMessage")) == control[1].required


def test_definitions_are_escaped(project: Project) -> None:
    project.replace("schema/labels.yaml", "definition: Who speaks.,", "definition: '<b> & \"Ö\" ]]>',")
    label = next(element for element in read_config(labelling_config(project.inventory)).iter("Label"))
    assert label.get("hint") == '<b> & "Ö" ]]>'


def test_layer_named_text_is_rejected(project: Project) -> None:
    layer = Layer(name="text", title="Text", definition="The text.")
    inventory = msgspec.structs.replace(project.inventory, layers={"text": layer})
    with pytest.raises(CannotRun, match="a layer cannot have the name 'text'"):
        labelling_config(inventory)


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><View>&a;</View>',
        '<!DOCTYPE View SYSTEM "file:///etc/hostname"><View/>',
        "<!DOCTYPE View><View/>",
        "<View>",
        "",
        "no XML",
        "<View>\ud800</View>",
    ],
)
def test_config_with_a_document_type_or_invalid_xml_is_rejected(xml: str) -> None:
    with pytest.raises(ValueError, match="the labelling config"):
        read_config(xml)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "shift_jis", "no-such-encoding", "hex", "ascii"])
def test_encoding_that_a_config_declares_does_not_matter(encoding: str) -> None:
    """The server gives text, of which no byte is left to be decoded."""
    xml = f'<?xml version="1.0" encoding="{encoding}"?><View name="Café"/>'
    assert read_config(xml).get("name") == "Café"


def test_lost_vocabulary_is_listed(project: Project) -> None:
    before = read_vocabulary(labelling_config(project.inventory))
    for old, new in (
        ("values: {master: commands, hand: works, other: does neither}", "values: {master: commands, hand: works}"),
        ("  lies_at:", "  stands_at:"),
        ("relation: lies_at", "relation: stands_at"),
        ("  Quay: {layer", "  Pier: {layer"),
        ("tail: [Quay]", "tail: [Pier]"),
        ("labels: [Quay]", "labels: [Pier]"),
    ):
        project.replace("schema/labels.yaml", old, new)
    after = read_vocabulary(labelling_config(project.inventory))
    lost = before.list_losses(after)
    assert lost == ["Quay.remark", "Speaker.rank: other", "cargo: Quay", "relation lies_at"]
    assert before.list_losses(before) == []


def test_configs_of_other_origin_are_read(tmp_path: Path) -> None:
    xml = '<View><Labels name="l" toName="t"><Label value="A" alias="b"/></Labels><Text name="t" value="$t"/></View>'
    assert read_vocabulary(xml).values == {("l", "b")}
    assert isinstance(read_config(xml), ET.Element)


def test_ids_are_stored_and_other_forms_shown() -> None:
    """Label Studio's own reader knows labels and choices by their ids."""
    inventory = named_inventory()
    config = labelling_config(inventory)
    interface = label_interface(config)
    interface.validate()
    assert {control: set(interface.get_control(control).labels) for control in ("speech", "Speaker.rank")} == {
        "speech": {"Speaker", "Verb", "Words"},
        "Speaker.rank": {"master", "hand", "other"},
    }
    root = read_config(config)
    labels = {element.get("alias", element.get("value")): element.get("value") for element in root.iter("Label")}
    shown = {str(name): str(value).replace("\u2060", "") for name, value in labels.items()}
    assert shown == {name: SHOWN_LABELS.get(name, name) for name in inventory.spans}
    assert "alias" not in next(element for element in root.iter("Label") if element.get("value") == "Quay").attrib
    assert {element.get("whenLabelValue") for element in root.iter() if "whenLabelValue" in element.attrib} == {
        "Speaker",
        "Load",
        "Quay",
    }
    (weight,) = (element for element in root.iter("Number") if element.get("name") == "Load.weight")
    assert (weight.get("step"), weight.get("min")) == ("any", None)
    hotkeys = [element.get("hotkey") for element in root.iter("Label")]
    assert hotkeys == ["1", "2", "3", "4", "5"]
    assert read_vocabulary(config).values == read_vocabulary(labelling_config(without_shown_forms(inventory))).values


def without_shown_forms(inventory: Inventory) -> Inventory:
    spans = {name: msgspec.structs.replace(label, shown_as="") for name, label in inventory.spans.items()}
    return msgspec.structs.replace(inventory, spans=spans)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("US$text", "US$\u2060text"),
        ("$x", "$\u2060x"),
        ("a $[0] $b", "a $\u2060[0] $\u2060b"),
        ("price in $", None),
        ("$价", None),
    ],
)
def test_a_dollar_sign_is_shown(project: Project, name: str, value: str | None) -> None:
    """The page puts a field of the task in place of `$` and a name. A mark without width keeps the two apart."""
    project.replace("schema/labels.yaml", "  Verb: {layer", f"  Verb: {{shown_as: '{name}', layer")
    project.replace("schema/labels.yaml", "hand: works", f"'{name}': works")
    config = read_config(labelling_config(project.inventory))
    (label,) = (element for element in config.iter("Label") if element.get("alias") == "Verb")
    assert label.get("value") == (value or name)
    (choice,) = (element for element in config.iter("Choice") if name in (element.get("alias"), element.get("value")))
    assert choice.attrib == {"value": value or name, "hotkey": "w", "hint": "works"} | (
        {"alias": name} if value else {}
    )


def test_values_are_what_items_have() -> None:
    """A nested choice is stored as its path, and what comes from the data of a task is not known."""
    config = (
        '<View><Taxonomy name="kind" toName="text"><Choice value="Ship"><Choice value="Barge" alias="b"/></Choice>'
        "</Taxonomy>"
        '<Taxonomy name="leaf" toName="text" leafsOnly="true"><Choice value="A"><View><Choice value="B"/></View>'
        "</Choice></Taxonomy>"
        '<Labels name="label" toName="text"><Label value="$own"/><Label value="Pier"/></Labels></View>'
    )
    assert read_vocabulary(config).values == {
        ("kind", "Ship"),
        ("kind", "Ship/b"),
        ("leaf", "A/B"),
        ("label", "Pier"),
    }


def test_bounds_of_numbers_are_those_of_their_controls() -> None:
    labels = named_inventory()
    bounded = {
        name: msgspec.structs.replace(labels.attributes["least"], name=name, labels=("Load",), type=type_, **bounds)
        for name, type_, bounds in (
            ("least", "integer", {"maximum": 12}),
            ("most", "integer", {"minimum": 1}),
            ("weight", "number", {"minimum": -0.5, "maximum": 2}),
        )
    }
    inventory = msgspec.structs.replace(labels, attributes={**labels.attributes, **bounded})
    root = read_config(labelling_config(inventory))
    controls = {str(element.get("name")): element for element in root.iter("Number")}
    bounds = {name: tuple(map(element.get, ("min", "max", "step"))) for name, element in controls.items()}
    assert bounds == {
        "Load.least": ("0", "12", "1"),
        "Load.most": ("1", None, "1"),
        "Load.weight": ("-0.5", "2", "any"),
    }
