"""A labelling config of Label Studio becomes the draft of an inventory."""

from pathlib import Path

import pytest

from annotate.drafts import InventoryDraft, draft_from_config
from annotate.drafts.draft import DraftAttribute
from annotate.errors import CannotRun
from annotate.inventory import Inventory, load_inventory
from annotate.labelstudio.config import labelling_config
from tests.conftest import BASE

LABELS = '<Labels name="label" toName="text"><Label value="Person"/><Label value="Place"/></Labels>'
TEXT = '<Text name="text" value="$text"/>'


def read(*parts: str, labels: str = LABELS, text: str = TEXT) -> InventoryDraft:
    return draft_from_config(f"<View>{labels}{''.join(parts)}{text}</View>", "config.xml")


def attribute(*parts: str) -> DraftAttribute:
    draft = read(*parts)
    assert draft.notices == []
    (only,) = draft.attributes
    return only


def test_labels_keep_what_people_see() -> None:
    draft = read(
        labels='<Labels name="Main Layer" toName="text">'
        '<Label value="Person" background="red" hotkey="P" hint="A human being."/>'
        '<Label value="人物" background="#0f0" hotkey="p"/>'
        '<Label value="Old Pier" alias="pier" background="#FF0000" hotkey="u"/>'
        '<Label value="x" background="rgba(1,2,3,0.5)" hotkey="ctrl+1"/></Labels>'
    )
    assert [(layer.id, layer.title) for layer in draft.layers] == [("main_layer", "Main Layer")]
    rows = [(label.id, label.shown_as, label.hotkey, label.color) for label in draft.labels]
    assert rows == [
        ("Person", "", "p", "#ff0000"),
        ("RenWu", "人物", "", "#00ff00"),
        ("pier", "Old Pier", "", ""),
        ("x", "", "", ""),
    ]
    assert draft.labels[0].definition == "A human being."
    assert draft.label_map["layers"] == {"Main Layer": "main_layer"}
    assert list(draft.label_map["spans"]) == ["Person", "人物", "pier", "x"]
    assert draft.notices == []


def test_two_controls_are_two_layers() -> None:
    draft = read(labels=LABELS + '<Labels name="text2" toName="text"><Label value="Cue"/></Labels>')
    assert [(label.id, label.layer) for label in draft.labels] == [
        ("Person", "label"),
        ("Place", "label"),
        ("Cue", "text2"),
    ]


def test_tags_and_fields_are_read_in_any_case() -> None:
    xml = (
        '<view><labels Name="l" toname="t"><label Value="A"/></labels><text name="t" value="$t"/>'
        '<number name="n" toname="t" perregion="TRUE"/></view>'
    )
    draft = draft_from_config(xml, "config.xml")
    assert [label.id for label in draft.labels] == ["A"]
    assert [(each.id, each.type) for each in draft.attributes] == [("n", "number")]


@pytest.mark.parametrize(
    ("control", "type_"),
    [
        ('<TextArea name="a" {}/>', "text"),
        ('<DateTime name="a" {}/>', "text"),
        ('<Number name="a" {}/>', "number"),
        ('<Number name="a" step="1" {}/>', "number"),
        ('<Number name="a" step="0.5" min="0" {}/>', "number"),
        ('<Number name="a" step="1" min="-3" {}/>', "number"),
        ('<Number name="a" step="nan" min="0" {}/>', "number"),
        ('<Number name="a" step="1" min="0" {}/>', "integer"),
        ('<Rating name="a" maxRating="5" {}/>', "integer"),
        ('<Choices name="a" {}><Choice value="x"/></Choices>', "choice"),
        ('<Choices name="a" {}><View><Choice value="x"/></View></Choices>', "choice"),
        ('<Taxonomy name="a" {}><Choice value="x"/></Taxonomy>', "choice"),
    ],
)
def test_a_control_of_regions_is_an_attribute(control: str, type_: str) -> None:
    made = attribute(control.format('toName="text" perRegion="true"'))
    assert (made.id, made.type, made.labels, made.required) == ("a", type_, ["Person", "Place"], False)
    assert bool(made.values) == (type_ == "choice")


def test_values_have_ids_and_the_map_their_names() -> None:
    draft = read(
        '<Choices name="Kind of it" toName="text" perRegion="true" required="true">'
        '<Choice value="größer" hint="It is larger."/><Choice value="Good" alias="1"/><Choice value="no"/></Choices>'
    )
    (made,) = draft.attributes
    assert (made.id, made.shown_as, made.required) == ("kind_of_it", "Kind of it", True)
    assert [(value.id, value.shown_as) for value in made.values] == [
        ("grosser", "größer"),
        ("1", "Good"),
        ("no", ""),
    ]
    assert made.values[0].definition == "It is larger."
    assert draft.label_map["attributes"] == {"Kind of it": {"attribute": "kind_of_it", "values": {"größer": "grosser"}}}


@pytest.mark.parametrize(
    ("leaves_only", "values"),
    [("false", ["Old", "Old/Pier", "Old/Quay", "New"]), ("true", ["Old/Pier", "Old/Quay", "New"])],
)
def test_a_value_of_a_taxonomy_is_a_path(leaves_only: str, values: list[str]) -> None:
    made = attribute(
        f'<Taxonomy name="a" toName="text" perRegion="true" leafsOnly="{leaves_only}">'
        '<Choice value="Old"><Choice value="Pier"/><Choice value="Quay"/></Choice><Choice value="New"/></Taxonomy>'
    )
    assert [value.id for value in made.values] == values


@pytest.mark.parametrize(
    ("before", "on_control", "after", "labels"),
    [
        ("", 'whenLabelValue="Person"', "", ["Person"]),
        ("", 'whenLabelValue="Place,Person"', "", ["Person", "Place"]),
        ("", 'whenTagName="label"', "", ["Person", "Place"]),
        ("", 'whenTagName="other"', "", ["Cue, Quote"]),
        ("", 'whenLabelValue="Cue, Quote"', "", ["Cue, Quote"]),
        ('<View visibleWhen="region-selected" whenLabelValue="Person">', "", "</View>", ["Person"]),
        ('<View whenTagName="label"><View>', 'whenLabelValue="Place"', "</View></View>", ["Place"]),
        ('<View visibleWhen="choice-selected" whenTagName="kind" whenChoiceValue="x">', "", "</View>", ["Place"]),
    ],
)
def test_a_condition_restricts_the_labels(before: str, on_control: str, after: str, labels: list[str]) -> None:
    draft = read(
        '<Labels name="other" toName="text"><Label value="Cue, Quote"/></Labels>',
        '<Choices name="kind" toName="text" perRegion="true" whenLabelValue="Place"><Choice value="x"/></Choices>',
        f'{before}<Rating name="a" toName="text" perRegion="true" {on_control}/>{after}',
    )
    shown = {label.id: label.shown_as or label.id for label in draft.labels}
    assert [shown[label] for label in draft.attributes[-1].labels] == labels


def test_relations_join_all_labels_until_they_are_narrowed() -> None:
    draft = read('<Relations><Relation value="lives in"/><Relation value="near"/><Relation value="near"/></Relations>')
    assert [(each.id, each.shown_as) for each in draft.relations] == [("lives_in", "lives in"), ("near", "")]
    assert all(each.head == each.tail == ["Person", "Place"] and "narrow" in each.comment for each in draft.relations)
    assert draft.label_map["relations"] == {"lives in": {"relation": "lives_in"}, "near": {"relation": "near"}}


def test_the_map_names_the_text_and_its_field() -> None:
    draft = read(
        labels=LABELS.replace('toName="text"', 'toName="words"'),
        text='<Text name="words" value="$body"/><Text name="shown" value="$title"/>',
    )
    assert draft.label_map["text"] == "words"
    assert draft.label_map["fields"] == {"text": "body"}
    assert draft.notices == []


@pytest.mark.parametrize(
    ("part", "notice", "section"),
    [
        ('<Choices name="a" toName="text" perRegion="true" choice="multiple"><Choice value="x"/></Choices>',
         'Choices with choice="multiple": 1 (a) left out; an attribute has one value', "attributes"),
        ('<Choices name="a" toName="text"><Choice value="x"/></Choices>',
         "Choices for a whole task: 1 (a) left out; an inventory describes spans", "attributes"),
        ('<View visibleWhen="no-region-selected"><TextArea name="a" toName="text" perRegion="true"/></View>',
         "TextArea that no label shows: 1 (a) left out; its conditions fit no label of the text", "attributes"),
        ('<Number name="a" toName="text" perRegion="true" whenLabelValue="Nobody"/>',
         "Number that no label shows: 1 (a) left out; its conditions fit no label of the text", "attributes"),
        ('<Choices name="a" toName="text" perRegion="true" value="$options"/>',
         "Choices with values from the tasks: 1 (a) left out; the config does not say which they are", "attributes"),
        ('<Taxonomy name="a" toName="text" perRegion="true" apiUrl="https://example.org"/>',
         "Taxonomy with values from the tasks: 1 (a) left out; the config does not say which they are", "attributes"),
        ('<Labels name="a" toName="text" value="$labels"/>',
         "Labels with values from the tasks: 1 (a) left out; the config does not say which they are", "layers"),
        ('<Pairwise name="a" toName="text"/>',
         "Pairwise for a whole task: 1 (a) left out; an inventory describes spans", "attributes"),
        ('<Ranker name="a" toName="text" perRegion="true"/>',
         "Ranker: 1 (a) left out; an inventory has no such attribute", "attributes"),
        ('<RectangleLabels name="a" toName="text"><Label value="Person"/></RectangleLabels>',
         "RectangleLabels: 1 (a) left out; the inventory labels plain text", "layers"),
    ],
)  # fmt: skip
def test_what_is_left_out_is_said_and_in_the_map(part: str, notice: str, section: str) -> None:
    draft = read(part)
    assert draft.notices == [notice]
    entries = draft.label_map[section]
    assert isinstance(entries, dict)
    assert entries["a"] is None
    assert draft.comments[section, "a"]
    assert not draft.attributes


def test_each_kind_is_said_once_with_its_count() -> None:
    draft = read(
        *(f'<Choices name="c{number}" toName="text"><Choice value="x"/></Choices>' for number in range(5)),
        '<HyperText name="page" value="$page"/><Labels name="on_page" toName="page"><Label value="Person"/></Labels>',
    )
    assert draft.notices == [
        "Labels on something else: 1 (on_page) left out; the inventory labels plain text",
        "Choices for a whole task: 5 (c0, c1, c2 …) left out; an inventory describes spans",
        "HyperText: 1 (page) left out; the inventory labels plain text",
    ]


@pytest.mark.parametrize(
    "xml",
    [
        "<View/>",
        f"<View>{TEXT}</View>",
        '<View><Image name="i" value="$i"/><Labels name="l" toName="i"><Label value="A"/></Labels></View>',
        '<View><HyperText name="h" value="$h"/><HyperTextLabels name="l" toName="h"><Label value="A"/>'
        "</HyperTextLabels></View>",
    ],
)
def test_a_config_without_labels_on_text_makes_no_labels(xml: str) -> None:
    assert draft_from_config(xml, "config.xml").labels == []


def test_a_text_from_an_address_is_said() -> None:
    draft = read(text='<Text name="text" value="$file" valueType="url"/>')
    assert draft.notices == [
        "<Text name='text'> loads its text from an address; put the text itself into the tasks, as 'file'"
    ]


@pytest.mark.parametrize(
    ("xml", "problem"),
    [
        ("<View>", "the labelling config is not XML: no element found"),
        ('<!DOCTYPE v [<!ENTITY a "b">]><View/>', "declares a document type (v)"),
        ("<View><Lables/><lables/><Foo/></View>", "Label Studio has no tag <Lables>, <lables>, <Foo>"),
        (f'<View>{LABELS}{TEXT}<Labels name="b" toName="text"><Label value="Place"/></Labels></View>',
         "the label 'Place' is in <Labels name='label'> and <Labels name='b'>"),
        (f'<View>{TEXT}<Labels name="b" toName="text"><Label/></Labels></View>',
         "<Labels name='b'>: a Label has no value"),
        (f'<View>{TEXT}<Labels name="b" toName="text"><Label value=" "/></Labels></View>',
         "<Labels name='b'>: a Label has no value"),
        (f'<View>{LABELS}{TEXT}<Relations><Relation/></Relations></View>', "a Relation has no value"),
        (f'<View>{LABELS}{TEXT}<Choices name="c" toName="text" perRegion="true"><Choice/></Choices></View>',
         "<Choices name='c'>: a Choice has no value"),
        ('<View><Text name="a" value="$a"/><Text name="b" value="$b"/>'
         '<Labels name="l" toName="a"><Label value="A"/></Labels>'
         '<Labels name="m" toName="b"><Label value="B"/></Labels>'
         "</View>", "the Text objects 'a' and 'b' both have labels"),
        ('<View><Text name="a" value="$a"/><Text name="b" value="$b"/>'
         '<Labels name="l" toName="a,b"><Label value="A"/></Labels></View>', "'a' and 'b' both have labels"),
        (f"<View>{LABELS}</View>", "<Labels name='label'> is for 'text', which no object is called"),
        ('<View whenTagName="a">' * 101 + "</View>" * 101, "more than 100 conditions are nested in each other"),
        (f'<View>{LABELS}{TEXT}<Taxonomy name="c" toName="text" perRegion="true">' + '<Choice value="abcd">' * 300
         + "</Choice>" * 300 + "</Taxonomy></View>", "<Taxonomy name='c'>: 'abcd/abcd/"),
        (f'<View>{TEXT}<Labels name="b" toName="text"><Label value="' + "x" * 1001 + '"/></Labels></View>',
         "is too long; give it a shorter value"),
        (f'<View>{LABELS}{TEXT}<Number toName="text"/></View>', "<Number name=''> has no name"),
        (f'<View>{LABELS}{TEXT}<Number name="text" toName="text"/></View>', "has the name of another tag"),
    ],
)  # fmt: skip
def test_a_faulty_config_is_one_line(xml: str, problem: str) -> None:
    with pytest.raises(CannotRun) as caught:
        draft_from_config(xml, "config.xml")
    assert str(caught.value).startswith("config.xml: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_depth_and_number_are_bounded() -> None:
    deep = "<View>" * 20_000 + TEXT + LABELS + "</View>" * 20_000
    assert len(draft_from_config(deep, "config.xml").labels) == 2
    labels = "".join(f'<Label value="{number}"/>' for number in range(1001))
    relations = "".join(f'<Relation value="{number}"/>' for number in range(100))
    with pytest.raises(CannotRun, match="its attributes and relations name 1001 labels up to 201 times"):
        read(labels=f'<Labels name="l" toName="text">{labels}</Labels><Relations>{relations}</Relations>')


def test_a_value_from_the_tasks_is_said() -> None:
    draft = read(
        labels='<Labels name="l" toName="text"><Label value="A"/><Label value="$more"/></Labels>'
        '<Choices name="c" toName="text" perRegion="true"><Choice value="x"/><Choice value="$y"/></Choices>'
    )
    assert draft.notices == [
        "Label with a value from the tasks: 1 ($more) left out; the config does not say which they are",
        "Choice with a value from the tasks: 1 ($y) left out; the config does not say which they are",
    ]


def test_a_field_within_a_field_is_said() -> None:
    assert read(text='<Text name="text" value="$doc.body"/>').notices == [
        "<Text name='text'> shows '$doc.body'; the map can only name a field of a task itself"
    ]


@pytest.mark.parametrize(
    "folder", [BASE / "schema", Path("schema"), Path("annotate/corpus_templates/relations/schema")]
)
def test_the_own_config_gives_the_inventory_back(folder: Path) -> None:
    """A control `Label.attribute` of the toolkit is the attribute, and the same one on several labels is one."""
    inventory: Inventory = load_inventory(folder)
    draft = draft_from_config(labelling_config(inventory), "config.xml")
    assert [layer.id for layer in draft.layers] == list(inventory.layers)
    assert {label.id: (label.layer, label.color, label.definition) for label in draft.labels} == {
        name: (label.layer, label.color, label.definition) for name, label in inventory.spans.items()
    }
    made = {
        each.id: (sorted(each.labels), each.type, each.required, {value.id: value.definition for value in each.values})
        for each in draft.attributes
    }
    expected = {
        name: (sorted(each.labels), each.type, each.required, each.values)
        for name, each in inventory.attributes.items()
    }
    assert made == expected
    names = {each.shown_as or each.id for each in draft.relations}
    assert names == {each.display_name for each in inventory.relations.values()}
    assert draft.notices == []


@pytest.mark.parametrize("key", ["article", "title", "language"])
def test_the_key_of_the_text_holds_nothing_else(key: str) -> None:
    draft = read(text=f'<Text name="text" value="${key}"/>')
    assert draft.label_map["fields"] == {"text": key, key: None}
