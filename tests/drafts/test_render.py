"""The files that are made from a draft are valid, whatever it was made from."""

import random
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.drafts import InventoryDraft, draft_from_brat, draft_from_config, render_draft
from annotate.drafts.ids import clean_name
from annotate.errors import CannotRun
from annotate.inventory import Inventory, load_inventory
from annotate.label_map import LabelMap, load_map
from annotate.util.escape import has_unseen
from tests.drafts.test_init_command import BRAT, CONFIG

names = st.text(
    st.one_of(
        st.sampled_from("aAbZ19_-.:#'\"{}[],&*!|>%@` /\\é人\u202e\u2028\x85\ufeff🚢~?<="),
        st.characters(categories=["L"]),
    ),
    min_size=1,
    max_size=12,
) | st.sampled_from(["yes", "null", "~", "1", "1.5", "2026-01-01", "=", "<<", "on", "1:30", "../up", "x" * 200, "- a"])


def load(draft: InventoryDraft, folder: Path) -> tuple[Inventory, LabelMap]:
    """Load what a draft is written as; each path is below the folder, and each line can be read."""
    for path, text in render_draft(draft).items():
        assert not has_unseen(text.replace("\n", ""))
        target = folder / path
        assert folder in target.resolve().parents
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    inventory = load_inventory(folder / "schema")
    return inventory, load_map(folder / f"schema/maps/{draft.format}.yaml", inventory)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    labels=st.lists(names.filter(clean_name), min_size=1, max_size=8, unique=True),
    values=st.lists(names.filter(clean_name), min_size=1, max_size=6, unique=True),
    relations=st.lists(names.filter(clean_name), max_size=6, unique=True),
    controls=st.lists(names, max_size=4, unique=True),
    hints=st.lists(names, min_size=1, max_size=3),
)
def test_any_config_makes_a_valid_inventory_and_map(
    labels: list[str], values: list[str], relations: list[str], controls: list[str], hints: list[str], tmp_path: Path
) -> None:
    root = ET.Element("View")
    ET.SubElement(root, "Text", {"name": "the text", "value": "$text"})
    group = ET.SubElement(root, "Labels", {"name": "the labels", "toName": "the text"})
    for number, label in enumerate(labels):
        ET.SubElement(group, "Label", {"value": label, "hint": hints[number % len(hints)]})
    for number, control in enumerate(controls):
        fields = {"name": f"c {control}", "toName": "the text", "perRegion": "true"}
        choices = ET.SubElement(root, "Choices", fields)
        for value in values[: number + 1]:
            ET.SubElement(choices, "Choice", {"value": value, "alias": value})
    group = ET.SubElement(root, "Relations")
    for relation in relations:
        ET.SubElement(group, "Relation", {"value": relation})
    draft = draft_from_config(ET.tostring(root, encoding="unicode"), "config.xml")
    inventory, label_map = load(draft, tmp_path)
    assert list(label_map.spans) == labels
    assert {entry.label for entry in label_map.spans.values() if entry} == inventory.spans.keys()
    assert {entry.attribute for entry in label_map.attributes.values() if entry} == inventory.attributes.keys()
    assert {entry.relation for entry in label_map.relations.values() if entry} == inventory.relations.keys()
    assert label_map.text == "the text"


brat_names = names.map(lambda name: "".join(char for char in name if char not in "|,:<>!#[]-") or "x").map(
    lambda name: "".join(name.split()) or "y"
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    entities=st.lists(brat_names, min_size=1, max_size=6, unique=True),
    events=st.lists(brat_names, max_size=4, unique=True),
    relations=st.lists(brat_names, max_size=4, unique=True),
    roles=st.lists(brat_names, min_size=1, max_size=3, unique=True),
    attributes=st.lists(brat_names, max_size=4, unique=True),
)
def test_any_configuration_of_brat_makes_a_valid_inventory_and_map(
    entities: list[str],
    events: list[str],
    relations: list[str],
    roles: list[str],
    attributes: list[str],
    tmp_path: Path,
) -> None:
    lines = ["[entities]", *entities, "[relations]"]
    lines += [f"{name}\tArg1:<ENTITY>, Arg2:<ANY>, <REL-TYPE>:symmetric-transitive" for name in relations]
    lines += ["[events]", *(f"{name}\t{', '.join(f'{role}*:<ANY>' for role in roles)}" for name in events)]
    lines += ["[attributes]", *(f"{name}\tArg:<ANY>, Value:{'|'.join(roles)}" for name in attributes)]
    draft = draft_from_brat("\n".join(lines), "annotation.conf")
    inventory, label_map = load(draft, tmp_path)
    assert list(label_map.spans) == entities
    assert list(label_map.events) == events
    assert list(label_map.relations) == list(label_map.equivalences) == relations
    assert inventory.pieces
    assert len(inventory.attributes) == len(attributes)


def make_or_explain(make: Callable[[str, str], InventoryDraft], text: str) -> InventoryDraft | str:
    try:
        return make(text, "conf")
    except CannotRun as error:
        return str(error)


@pytest.mark.parametrize("seed", range(12))
def test_a_mutated_configuration_is_one_line_or_valid(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - a seed gives the same mutations
    signs = [*"<>/='\"$,:|!\t\n ", "\u202e", "<ENTITY>", "perRegion", "Label", "text", "whenTagName", "[events]"]
    for number in range(40):
        make, text = rng.choice([(draft_from_config, CONFIG), (draft_from_brat, BRAT)])
        for _ in range(rng.randint(1, 4)):
            start = rng.randrange(len(text))
            end = min(start + rng.choice([0, 1, 5, 20]), len(text))
            text = text[:start] + rng.choice(["", rng.choice(signs), text[end : end + 15]]) + text[end:]
        draft = make_or_explain(make, text)
        if isinstance(draft, str):
            assert draft.startswith("conf")
            assert "\n" not in draft
        elif draft.labels:
            load(draft, tmp_path / str(number))


def test_pages_differ_by_more_than_their_case() -> None:
    draft = draft_from_brat("[entities]\nperson\nPerson\nPERSON\n", "annotation.conf")
    pages = [path for path in render_draft(draft) if path.startswith("guidelines/")]
    assert pages == [f"guidelines/labels/{name}.md" for name in ("person", "person-2", "person-3")]


def test_comments_are_above_what_they_explain() -> None:
    xml = (
        '<View><Text name="text" value="$t"/><Labels name="l" toName="text"><Label value="A"/></Labels>'
        '<Choices name="whole" toName="text"><Choice value="x"/></Choices><Relations><Relation value="r"/></Relations>'
        "</View>"
    )
    files = render_draft(draft_from_config(xml, "config.xml"))
    assert (
        "  # Choices for a whole task: an inventory describes spans.\n  whole: null\n"
        in files["schema/maps/labelstudio.yaml"]
    )
    assert "narrow head and tail.\n  r:\n" in files["schema/labels.yaml"]


@pytest.mark.parametrize("made", ["attributes", "relations"])
def test_an_empty_section_is_an_empty_mapping(made: str) -> None:
    xml = '<View><Text name="text" value="$t"/><Labels name="l" toName="text"><Label value="A"/></Labels></View>'
    assert f"\n{made}: {{}}\n" in render_draft(draft_from_config(xml, "config.xml"))["schema/labels.yaml"]
