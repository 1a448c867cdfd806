"""The inventory: what it refuses, that both validators agree on what is generated from it, and its colours."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from annotate.annotation_schema import encode_annotation_schema, make_annotation_schema
from annotate.errors import CannotRun
from annotate.generate import label_table, labels_table, relation_table
from annotate.inventory import Attribute, Bounds, Inventory, _add_colours, load_inventory
from annotate.schemas import PACKAGE_SCHEMAS, explain, package_schema
from tests.colours import SIGHT, distance, luminance
from tests.conftest import BASE, ROOT, Project, annotate

LEAST_DISTANCE = 18
"""Distance in L*a*b* from which on two colours are told apart."""


SHOWN_LABELS = {"Speaker": "说话人", "Verb": "فعل القول", "Words": "3 words-or-more"}


def show_names(project: Project) -> None:
    """Give labels, an attribute and values of the made-up inventory other forms."""
    for name, shown in SHOWN_LABELS.items():
        project.replace("schema/labels.yaml", f"  {name}: {{layer", f"  {name}: {{shown_as: {shown}, layer")
    project.replace("schema/labels.yaml", "  rank:\n", "  rank:\n    shown_as: رتبة\n")
    project.replace("schema/labels.yaml", "master: commands", "master: {shown_as: 船长, definition: commands}")
    project.replace("schema/labels.yaml", "hand: works", "hand: {shown_as: Deck-hand 2, definition: works}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "version: 1.0.0",
            "version: 1.0.0\nlabel: x",
            "the whole file: 'label' does not belong here; remove it",
        ),
        ("version: 1.0.0", "version: one", "version: 'one' does not fit; write a version, as in 1.0.0"),
        ('hotkey: "2"', 'hotkey: "1"', "spans.Speaker.hotkey: '1' belongs to two labels; give each label its own"),
        ('hotkey: "2"', "hotkey: u", "spans.Verb.hotkey: 'u' is a key that Label Studio uses; choose another"),
        ("#222222", "#111111", "color: '#111111' belongs to two labels"),
        ("tail: [Words]", "tail: [Word]", "relations.words.tail: no span label is called 'Word'; use one of: Speaker"),
        ("head: [Load]", "head: [Cargo]", "relations.lies_at.head: no span label is called 'Cargo'"),
        (
            "claimants: [reporter]",
            "claimants: [witness]",
            "intervals[0].claimants: no role of a record is called 'witness'; use one of: speaker",
        ),
        ("layer: cargo", "layer: freight", "spans.Load.layer: no layer is called 'freight'"),
        ("labels: [Quay]", "labels: [Pier]", "attributes.remark.labels: no span label is called 'Pier'"),
        ("per_head: {most: 2}", "per_head: {least: 3, most: 2}", "relations.speaker.per_head: most is below least"),
        ("per_head: {most: 2}", "per_head: {most: 2.0}", "relations: expected int | null, got float; write"),
        (
            "  lies_at:\n",
            "  lies_at:\n    shown_as: words\n",
            "relations.lies_at.shown_as: 'words' means words already; give each its own",
        ),
        (
            "  lies_at:\n",
            "  lies_at:\n    shown_as: ' at'\n",
            "relations.lies_at.shown_as: ' at' does not fit; write one line with no white",
        ),
        ("  sayings:\n", "  loads:\n", "line 95: the key 'loads' appears twice; fix the YAML"),
        (
            "    type: text\n",
            "    type: text\n    scale: ordinal\n",
            "attributes.remark.scale: 'ordinal' does not fit the type 'text'; use one of: nominal; or leave it out",
        ),
        (
            "values: {master",
            "scale: interval\n    values: {master",
            "attributes.rank.scale: 'interval' does not fit the type 'choice'; use one of: nominal, ordinal; or leave",
        ),
        (
            "definition: The lower number.",
            "definition: The lower number.\n    minimum: 3\n    maximum: 2",
            "attributes.least.minimum: is above the maximum; swap or fix the two",
        ),
        (
            "definition: The lower number.",
            "definition: The lower number.\n    maximum: 2.5",
            "attributes.least.maximum: 2.5 is not a whole number from 0 on; write such a number",
        ),
        (
            "    type: text\n",
            "    type: text\n    maximum: 2\n",
            "attributes.remark.maximum: a text has no maximum; remove it, or make it a number",
        ),
        (
            "definition: The lower number.",
            "definition: The lower number.\n    minimum: few",
            "attributes.least.minimum: 'few' is text; write a number",
        ),
        (
            "values: {master",
            "scale: ratio\n    values: {master",
            "attributes.rank.scale: 'ratio' is unknown; use one of: nominal, ordinal, interval",
        ),
        ("minimum: least", "minimum: rank", "intervals[0].minimum: no integer attribute of Load is called 'rank'"),
        ("vague: none}", "exactly: none}", "intervals[0].readings: 'exactly', 'vague' is only in one of readings"),
        ("anchor: Verb", "anchor: Word", "records.sayings.anchor: no span label is called 'Word'"),
        ("{relation: words}", "{relation: lies_at}", "records.sayings.roles.words.relation: does not start from Verb"),
        ("within: words", "within: word", "records.loads.roles.reporter.enclosing.within: no role is called 'word'"),
        (
            "{relation: lies_at}",
            "{relation: lies_at, when: {rank: [master]}}",
            "records.loads.roles.quay.when: no choice attribute of Load is called 'rank'; use one of: wording",
        ),
        (
            "{relation: lies_at}",
            "{relation: lies_at, when: {least: ['1']}}",
            "records.loads.roles.quay.when: no choice attribute of Load is called 'least'",
        ),
        (
            "{relation: lies_at}",
            "{relation: lies_at, when: {wording: [exact, about]}}",
            "records.loads.roles.quay.when.wording: no value is called 'about'; use one of: exact, at least",
        ),
        (
            "{relation: lies_at}",
            "{relation: lies_at, when: {wording: []}}",
            "records.loads.roles.quay.when.wording: has 0 entries; give at least 1",
        ),
        (
            "vague: none}",
            "vague: none}\n    denied: {truth: [no]}",
            "intervals[0].denied: no choice attribute of Load is called 'truth'",
        ),
        (
            "vague: none}",
            "vague: none}\n    views: {low: {definition: D., source: S., count: [minimum], when: {wording: [never]}}}",
            "intervals[0].views.low.when.wording: no value is called 'never'",
        ),
        (
            "{relation: lies_at}",
            "{relation: lies_at, follow: means}",
            "records.loads.roles.quay.follow: no relation is called 'means'",
        ),
        (
            "{relation: lies_at}",
            "{relation: lies_at, follow: words}",
            "records.loads.roles.quay.follow: starts from no tail of 'lies_at'; take a relation that does",
        ),
        (
            "take: speaker}",
            "take: speaker}\n        follow: words",
            "records.loads.roles.reporter.follow: starts from no tail of 'reported_by'",
        ),
        (
            "{relation: lies_at}",
            "{when: {wording: [exact]}}",
            "records.loads.roles.quay: has none of: relation, enclosing; add at least one",
        ),
        (
            "        relation: reported_by\n",
            "        follow: words\n",
            "records.loads.roles.reporter.follow: the role has no 'relation' to follow from; add one, or remove",
        ),
        (
            "  continues:\n    definition: From",
            "  continues:\n    refers: true\n    definition: From",
            "relations.continues: 'refers' does not belong here; remove it",
        ),
        (
            "Verb: {layer: speech,",
            "Verb: {shown_as: Words, layer: speech,",
            "spans.Verb.shown_as: 'Words' means Words already; give each its own",
        ),
        (
            "Verb: {layer: speech,",
            "Verb: {shown_as: 'a\u202eb', layer: speech,",
            "spans.Verb.shown_as: 'a\\u202eb' does not fit; write one line with no white",
        ),
        (
            "  most:\n",
            "  most:\n    shown_as: least\n",
            "attributes.most.shown_as: 'least' means least already; give each its own",
        ),
        (
            "hand: works",
            "hand: {shown_as: master, definition: works}",
            "attributes.rank.values.hand.shown_as: 'master' means master already; give each its own",
        ),
        ("hand: works", "hand: {shown_as: Deck-hand}", "attributes.rank.values.hand: 'definition' is missing; add it"),
        ("values: {master: commands, hand: works, other: does neither}", "values: {}", "attributes.rank.values: "),
        (
            "type: text",
            "type: date",
            "attributes.remark.type: 'date' is unknown; use one of: choice, integer, number, text",
        ),
        (
            "hand: works",
            "hand: works, or helps",
            "attributes.rank.values.or helps: is null; put the text before it in quotes, since a comma within { }",
        ),
        (
            "hand: works",
            "hand: {shown_as: Hand, definition: works, or helps}",
            "attributes.rank.values.hand: 'or helps' does not belong here; put the text before it in quotes",
        ),
        ("title: Port news", "title: [", "line 5: "),
        ("title: Port news", "title: Port news\ntitle: Port", "the key 'title' appears twice"),
    ],
)
def test_faulty_inventory_is_one_line_with_location_and_hint(
    project: Project, old: str, new: str, message: str
) -> None:
    project.replace("schema/labels.yaml", old, new)
    result = project.annotate("check")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith("annotate: schema/labels.yaml: ")
    assert message in result.output


def test_labels_and_values_are_shown_in_any_script_and_keep_their_ids(project: Project) -> None:
    """Class ids and the schema of an annotation have the ids alone; tables have both."""
    project.annotate("generate")
    before = project.snapshot()
    show_names(project)
    inventory = project.inventory
    assert [label.display_name for label in inventory.spans.values()] == [*SHOWN_LABELS.values(), "Load", "Quay"]
    rank = inventory.attributes["rank"]
    assert (rank.display_name, [*map(rank.display_value, rank.values)]) == ("رتبة", ["船长", "Deck-hand 2", "other"])
    assert rank.values == {"master": "commands", "hand": "works", "other": "does neither"}
    assert project.annotate("generate", "--check").exit_code == 0
    assert project.snapshot() == before | {"schema/labels.yaml": project.path("schema/labels.yaml").read_bytes()}
    table = labels_table(inventory)
    assert "| [说话人 (\u0060Speaker\u0060)](speech.md) |" in table
    assert "| [Load](cargo.md)" in table
    assert "| رتبة (`rank`)" in label_table(inventory, "Speaker")
    assert "| Deck-hand 2 (`hand`)" in label_table(inventory, "Speaker")
    assert "Shown as: 说话人." in label_table(inventory, "Speaker")
    assert "| فعل القول" in relation_table(inventory)
    twice = msgspec.structs.replace(inventory.spans["Speaker"], shown_as="Speaker")
    same = msgspec.structs.replace(inventory, spans=inventory.spans | {"Speaker": twice})
    assert "Shown as" not in label_table(same, "Speaker")


def test_annotators_are_told_how_many_relations_lead_to_a_tail(project: Project) -> None:
    """Regression: `per_tail` was checked, and was in no guideline."""
    lies_at = msgspec.structs.replace(project.inventory.relations["lies_at"], per_tail=Bounds(least=1))
    relations = project.inventory.relations | {"lies_at": lies_at}
    table = relation_table(msgspec.structs.replace(project.inventory, relations=relations))
    (row,) = (line for line in table.splitlines() if line.startswith("| `lies_at` |"))
    assert "; to each tail: 1 or more |" in row


def test_more_labels_than_there_are_colours_share_some() -> None:
    """Regression: commands looked for a colour without end."""
    labels: dict[str, dict[str, Any]] = {f"L{number}": {} for number in range(6000)}
    _add_colours(labels, None)
    colours = [label["color"] for label in labels.values()]
    assert len(set(colours[:1000])) == 1000
    assert 4000 < len(set(colours)) < 6000


def test_any_number_of_labels_have_neither_a_hotkey_nor_a_colour(project: Project) -> None:
    """The colours of the labels without one differ, are legible, and stay when labels are added before them."""
    text = project.path("schema/labels.yaml").read_text("utf-8")
    text = text.replace(' hotkey: "5", color: "#555555",', "")
    project.path("schema/labels.yaml").write_text(text, "utf-8")
    project.annotate("generate")
    alone = project.inventory.spans["Quay"]
    assert (alone.hotkey, "Hotkey" in label_table(project.inventory, "Quay")) == ("", False)
    lines = "".join(
        f"  Kind{number}: {{layer: cargo, definition: A kind., guideline: cargo.md}}\n" for number in range(100)
    )
    project.path("schema/labels.yaml").write_text(text.replace("spans:\n", f"spans:\n{lines}"), "utf-8")
    colours = {name: label.color for name, label in project.inventory.spans.items()}
    assert colours["Quay"] == alone.color
    assert len(set(colours.values())) == len(colours) == 105
    for name, colour in colours.items():
        for background in ("#ffffff", "#1f1e1a") if name.startswith("Kind") else ():
            low, high = sorted((luminance(background), luminance(colour)))
            assert (high + 0.05) / (low + 0.05) >= 2, (name, colour)


def test_a_choice_can_have_one_value(project: Project) -> None:
    project.replace("schema/labels.yaml", "hand: works, other: does neither", "")
    assert project.inventory.attributes["rank"].values == {"master": "commands"}


LEAST = """version: 1.0.0
title: Port
about: Port news.
language: en
layers: {cargo: {title: Cargo, definition: What is shipped.}}
spans: {Load: {layer: cargo, definition: What is shipped., guideline: load.md}}
"""


def test_sections_that_are_empty_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(LEAST)
    assert annotate("init", "port", "--from-inventory", "mine.yaml", cwd=tmp_path).exit_code == 0
    people = "annotators: [{id: reader-1, kind: person, training: none, since: 2026-01-15}]\n"
    (tmp_path / "port/corpus/annotators.yaml").write_text(people)
    (tmp_path / "port/brat").mkdir()
    (tmp_path / "port/brat/one.txt").write_text("Three crates.")
    (tmp_path / "port/brat/one.ann").write_text("T1\tLoad 0 12\tThree crates\n")
    for words in (
        "import brat --format brat --annotator reader-1",
        "check",
        "adjudicate promote reader-1",
        "build --out dataset",
        "export --format csv --out tables",
        "release page --out page.html",
        "studio config",
    ):
        result = annotate(*words.split(), cwd=tmp_path / "port")
        assert result.exit_code == 0, (words, result.output)
    assert "Relations" not in (tmp_path / "port/page.html").read_text("utf-8")
    inventory = load_inventory(tmp_path / "port/schema")
    sections = (inventory.attributes, inventory.intervals, inventory.relations, inventory.records, inventory.metadata)
    assert sections == ({}, (), {}, {}, {})
    explicit = "attributes: {}\nintervals: []\nrelations: {}\nrecords: {}\nmetadata: {}\n"
    (tmp_path / "labels.yaml").write_text(LEAST + explicit)
    assert make_annotation_schema(inventory) == make_annotation_schema(load_inventory(tmp_path))


def test_all_keys_that_are_missing_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text("layers: {cargo: {}}\nspans: {Load: {layer: cargo, definition: Cargo., guideline: load.md}}\n")
    with pytest.raises(CannotRun) as caught:
        load_inventory(tmp_path)
    names = "'version', 'title', 'about' and 'language'"
    assert str(caught.value) == f"{path}: the whole file: {names} are missing; add them"
    path.write_text(LEAST.replace("title: Cargo, definition: What is shipped.", "", 1))
    with pytest.raises(CannotRun, match=r"layers\.cargo: 'title' and 'definition' are missing; add them"):
        load_inventory(tmp_path)


def test_missing_inventory_names_the_option(project: Project) -> None:
    result = project.annotate("check", "--schema", "nowhere")
    assert result.exit_code == 2
    assert result.output == (
        "annotate: nowhere/labels.yaml: no such file or directory; give the folder that holds it with --schema\n"
    )


def test_two_relations_cannot_join_pieces(project: Project) -> None:
    project.replace(
        "schema/labels.yaml",
        "records:",
        "  joins: {definition: Too., guideline: speech.md, joins_pieces: true}\n\nrecords:",
    )
    with pytest.raises(CannotRun, match=r"relations\.joins.joins_pieces: 'continues' joins pieces already"):
        load_inventory(project.schema)


def test_a_role_cannot_take_from_one_without_a_relation(project: Project) -> None:
    role = "{enclosing: {record: loads, within: quay, take: reporter}}"
    project.replace("schema/labels.yaml", "{relation: words}", f"{{relation: words}}\n      about: {role}")
    assert project.inventory.records["sayings"].roles["about"].relation is None
    project.replace("schema/labels.yaml", "within: words", "within: about")
    with pytest.raises(CannotRun, match=r"reporter\.enclosing\.within: the role 'about' has no 'relation'; name a"):
        load_inventory(project.schema)


def test_a_condition_on_enclosing_records_is_about_their_anchor(project: Project) -> None:
    """The anchors of the records around a load are verbs, which have no attribute in this inventory."""
    project.replace("schema/labels.yaml", "take: speaker}", "take: speaker, KEY: {wording: [exact]}}")
    path = project.path("schema/labels.yaml")
    text = path.read_text()
    for key in ("where", "passes_on"):
        path.write_text(text.replace("KEY", key))
        with pytest.raises(CannotRun, match=rf"enclosing\.{key}: no choice attribute of Verb is called 'wording'"):
            load_inventory(project.schema)
    path.write_text(text.replace("KEY", "where").replace("labels: [Load]", "labels: [Load, Verb]", 1))
    [rule] = [role.enclosing for role in project.inventory.records["loads"].roles.values() if role.enclosing]
    assert (rule.where, rule.passes_on) == ({"wording": ("exact",)}, {})


def test_a_role_cannot_both_follow_and_enclose(project: Project) -> None:
    project.replace(
        "schema/labels.yaml",
        "  lies_at:",
        "  of: {definition: D., guideline: cargo.md, head: [Speaker], tail: [Quay], refers: true}\n  lies_at:",
    )
    project.replace("schema/labels.yaml", "take: speaker}", "take: speaker}\n        follow: of")
    with pytest.raises(CannotRun, match=r"reporter\.follow: the role has 'enclosing' already; keep one"):
        load_inventory(project.schema)


def test_pieces_and_ends(labels: Inventory) -> None:
    assert labels.pieces == "continues"
    assert labels.relations["continues"].allows("any", "any")
    assert not labels.relations["continues"].allows("any", "other")
    small = load_inventory(BASE / "schema")
    assert small.relations["words"].allows("Verb", "Words")
    assert not small.relations["words"].allows("Words", "Verb")


@pytest.mark.parametrize("name", PACKAGE_SCHEMAS)
def test_package_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(package_schema(name)))


SMALL = load_inventory(BASE / "schema")
GATE = jsonschema_rs.Draft202012Validator(make_annotation_schema(SMALL))
REFERENCE = Draft202012Validator(make_annotation_schema(SMALL))
GOOD = json.loads((BASE / "corpus" / "annotations" / "gold" / "harbour.json").read_text("utf-8"))
ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, -1, 0, 1.0, 1.5, 10**30, "", "x", "s1", "../x", "a\0b", [], {}, [1], "gold", "exact", "Words", "Cart"]
)


@given(st.data())
def test_gate_and_reference_give_the_same_verdict(data: st.DataObject) -> None:
    """One value of a good annotation is replaced, or dropped: both validators must agree on what is left."""
    value = json.loads(json.dumps(GOOD))
    at: dict[str, object] = value
    while True:
        key = data.draw(st.sampled_from(list(at)))
        inner = at[key]
        if isinstance(inner, list) and inner and isinstance(inner[0], dict) and data.draw(st.booleans()):
            at = data.draw(st.sampled_from(inner))
        elif isinstance(inner, dict) and inner and data.draw(st.booleans()):
            at = inner
        else:
            break
    if data.draw(st.booleans()):
        at[key] = data.draw(ODD)
    else:
        del at[key]
    assert GATE.is_valid(value) == REFERENCE.is_valid(value)


def test_schema_accepts_what_the_store_writes() -> None:
    REFERENCE.check_schema(make_annotation_schema(SMALL))
    assert list(explain(GOOD, encode_annotation_schema(SMALL))) == []


def test_distance_of_black_and_white_and_of_a_known_confusion() -> None:
    assert distance("#000000", "#ffffff", "all cones") == pytest.approx(100, abs=0.1)
    assert distance("#c05050", "#6c7a3a", "no long") < distance("#c05050", "#6c7a3a", "all cones") / 2


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_labels_of_this_corpus_look_alike(labels: Inventory, sight: str) -> None:
    """Readers who lack one kind of cone can tell the labels apart as well."""
    close = [
        (left.name, right.name, round(difference))
        for left, right in combinations(labels.spans.values(), 2)
        if (difference := distance(left.color, right.color, sight)) < LEAST_DISTANCE
    ]
    assert close == []


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("background", ["#ffffff", "#1f1e1a"])
def test_source_and_content_are_told_apart_at_a_glance(labels: Inventory, sight: str, background: str) -> None:
    """The two labels with the longest spans, often side by side, as the page shows them: at an opacity of 30 %."""
    source, content = (_blend(labels.spans[name].color, background, 0.3) for name in ("Source", "Content"))
    assert distance(source, content, sight) >= LEAST_DISTANCE


def _blend(colour: str, background: str, opacity: float) -> str:
    channels = ((int(colour[start : start + 2], 16), int(background[start : start + 2], 16)) for start in (1, 3, 5))
    return "#" + "".join(f"{round(over * opacity + under * (1 - opacity)):02x}" for over, under in channels)


@pytest.mark.parametrize("background", ["#ffffff", "#1f1e1a"])
def test_label_names_can_be_read_in_light_and_dark_mode(labels: Inventory, background: str) -> None:
    """The contrast, as WCAG 2.2 defines it, of the coloured names in the list of regions is at least 2."""
    for label in labels.spans.values():
        low, high = sorted((luminance(background), luminance(label.color)))
        assert (high + 0.05) / (low + 0.05) >= 2, label.name


def test_a_role_is_asked_for_since_the_latest_name_that_decides_it(labels: Inventory) -> None:
    """The corpus's own inventory: 0.2.0 added an attribute that conditions read and a relation that is followed."""
    since = {
        f"{record.name}.{name}": labels.role_since(role)
        for record in labels.records.values()
        for name, role in record.roles.items()
    }
    conditional = {name for name, version in since.items() if version == "0.2.0"}
    assert conditional == {f"casualty_claims.{name}" for name in ("claimant", "denier", "speaker", "disputed_by")} | {
        "stances.claim"
    }
    assert {version for name, version in since.items() if name not in conditional} == {None}


def test_reference_lists_every_key_and_its_example_is_an_inventory(tmp_path: Path) -> None:
    """A key of the schema that docs/reference/formats.md does not explain, or an allowed value, fails."""
    page = (ROOT / "docs" / "reference" / "formats.md").read_text("utf-8")
    reference = page[page.index("### Reference of labels.yaml") : page.index("### Conditions")]
    example = reference.split("```yaml\n")[1].partition("```\n")[0]
    tables = reference.replace(example, "")
    named = set(re.findall(r"`([a-z_]+)`", tables)) | set(re.findall(r"([a-z_]+): ", tables))

    def collect(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(collect, value))
        if not isinstance(value, dict):
            return set()
        names = {*value.get("properties", {}), *value.get("enum", [])}
        return names.union(*map(collect, value.values()))

    assert collect(json.loads(package_schema("inventory"))) - named == set()
    (tmp_path / "labels.yaml").write_text(example, "utf-8")
    loaded = load_inventory(tmp_path)
    assert {attribute.type for attribute in loaded.attributes.values()} == {"choice", "integer", "number", "text"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "per_head: {most: 1}",
            "per_head: most",
            "relations.reports.per_head: 'most' is text; write an object with any of: least, most",
        ),
        (
            "type: number",
            "type: float",
            "attributes.price.type: 'float' is unknown; use one of: choice, integer, number, text",
        ),
        ('color: "#336699"', "color:", 'spans.Farm.color: is null; write a colour in quotes, as in "#336699"'),
        (
            'hotkey: "2"',
            "hotkey: 2",
            'spans.Yield.hotkey: 2 is a number; write one digit or lower-case letter in quotes, as in "1"',
        ),
    ],
)
def test_refused_value_names_the_allowed_ones(tmp_path: Path, old: str, new: str, message: str) -> None:
    page = (ROOT / "docs" / "reference" / "formats.md").read_text("utf-8")
    example = page[page.index("### Reference of labels.yaml") :].split("```yaml\n")[1].split("```")[0]
    assert old in example
    (tmp_path / "labels.yaml").write_text(example.replace(old, new, 1), "utf-8")
    with pytest.raises(CannotRun) as refused:
        load_inventory(tmp_path)
    assert f"{refused.value.problem}; {refused.value.hint}" == message


def test_a_relation_may_say_that_it_neither_joins_pieces_nor_refers(project: Project) -> None:
    plain = load_inventory(project.schema)
    project.replace("schema/labels.yaml", "head: [Load]", "joins_pieces: false\n    refers: false\n    head: [Load]")
    assert load_inventory(project.schema).relations == plain.relations


def test_a_corpus_without_relations_has_no_table_of_them(project: Project) -> None:
    inventory = msgspec.structs.replace(load_inventory(project.schema), relations={})
    assert relation_table(inventory) == ""


@pytest.mark.parametrize(
    ("type_", "minimum", "maximum", "allowed", "refused", "hint"),
    [
        ("integer", None, None, (0, 7), (-1, 2.5, True), "write a whole number from 0 on"),
        ("integer", 1, 5, (1, 5), (0, 6), "write a whole number from 1 to 5"),
        ("integer", None, 5, (0, 5), (-1, 6), "write a whole number from 0 to 5"),
        ("number", -1.5, None, (-1.5, 1e300), (-1.6, "1"), "write a number from -1.5 on"),
        ("number", None, 1, (-1e300, 0.5), (1.5,), "write a number up to 1"),
        ("number", None, None, (-1e300, 0.5), (float("nan"),), "write a number"),
    ],
)
def test_bounds_of_a_number(
    type_: Any, minimum: Any, maximum: Any, allowed: tuple[Any, ...], refused: tuple[Any, ...], hint: str
) -> None:
    attribute = Attribute(
        name="share", labels=("Load",), type=type_, required=False, definition="", minimum=minimum, maximum=maximum
    )
    assert [value for value in allowed if not attribute.allows(value)] == []
    assert [value for value in refused if attribute.allows(value)] == []
    assert attribute.value_hint == hint
