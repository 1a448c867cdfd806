"""`labels.yaml` after a step: only the places that the step names are edited."""

from pathlib import Path

import pytest

from annotate import inventory
from annotate.errors import CannotRun
from annotate.migration.steps import MigrationStep
from annotate.migration.yaml_edits import encode_flow
from annotate.migration.yaml_files import apply_step
from tests.conftest import BASE, ROOT


def test_reworded_relation_is_edited_in_either_style_of_yaml() -> None:
    text = (BASE / "schema" / "labels.yaml").read_text()
    text = text.replace("  lies_at:\n", "  lies_at:\n    shown_as: where it lies\n")
    step = MigrationStep(kind="reword", what="relation", names=("lies_at",), to="lies_at", shown_as="at: where?")
    assert '    shown_as: "at: where?"\n' in apply_step(text, step)
    flow = "relations:\n  lies_at: {definition: D., guideline: g.md, head: [A], tail: [B]}\nrecords: {}\n"
    assert '  lies_at: {shown_as: "at: where?", definition' in apply_step(flow, step)
    with pytest.raises(ValueError, match="no relation is called 'sits_at'"):
        apply_step(text, MigrationStep(kind="reword", what="relation", names=("sits_at",), to="sits_at", shown_as="x"))


@pytest.mark.parametrize(
    ("what", "name", "old", "new"),
    [
        ("label", "Verb", "  Verb: {layer:", "  Verb: {shown_as: 动词, layer:"),
        ("attribute", "rank", "  rank:\n    labels", "  rank:\n    shown_as: 动词\n    labels"),
        ("value", "hand", "hand: works,", "hand: {shown_as: 动词, definition: works},"),
    ],
)
def test_reworded_names_are_edited(what: str, name: str, old: str, new: str) -> None:
    text = (BASE / "schema" / "labels.yaml").read_text()
    attribute = "rank" if what == "value" else None
    words = '"动词"'
    step = MigrationStep(kind="reword", what=what, names=(name,), to=name, attribute=attribute, shown_as="动词")
    assert str(step) == f"reword {what} {name}{' of rank' if attribute else ''} → 动词"
    reworded = apply_step(text, step)
    assert reworded == text.replace(old, new.replace("动词", words))
    again = MigrationStep(kind="reword", what=what, names=(name,), to=name, attribute=attribute, shown_as="x y")
    assert apply_step(reworded, again) == reworded.replace(words, "x y")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("values:\n      hand: >-\n        works\n        hard\n      other: none\n",
         "values:\n      hand: {shown_as: Deck-hand, definition: works hard}\n      other: none\n"),
        ("values:\n      hand:\n        definition: works\n      other: none\n",
         "values:\n      hand:\n        shown_as: Deck-hand\n        definition: works\n      other: none\n"),
    ],
)  # fmt: skip
def test_reworded_values_are_edited_in_each_style(values: str, expected: str) -> None:
    text = f"attributes:\n  rank:\n    {values}relations: {{}}\n"
    step = MigrationStep(
        kind="reword", what="value", names=("hand",), to="hand", attribute="rank", shown_as="Deck-hand"
    )
    assert apply_step(text, step) == text.replace(values, expected)


def test_every_name_of_this_repository_can_be_renamed(labels: inventory.Inventory, tmp_path: Path) -> None:
    """Every name can be renamed, and the result still loads."""
    text = (ROOT / "schema" / "labels.yaml").read_text("utf-8")
    steps = [MigrationStep(kind="rename", what="label", names=(name,), to=f"{name}X") for name in labels.spans]
    steps += [
        MigrationStep(kind="rename", what="attribute", names=(name,), to=f"{name}_x") for name in labels.attributes
    ]
    steps += [MigrationStep(kind="rename", what="relation", names=(name,), to=f"{name}_x") for name in labels.relations]
    values = [(attribute.name, value) for attribute in labels.attributes.values() for value in attribute.values]
    steps = [
        MigrationStep(kind="rename", what="value", attribute=name, names=(value,), to=f"{value} x")
        for name, value in values
    ] + steps
    for step in steps:
        text = apply_step(text, step)
    (tmp_path / "labels.yaml").write_text(text, "utf-8")
    loaded = inventory.load_inventory(tmp_path)
    assert list(loaded.spans) == [f"{name}X" for name in labels.spans]
    assert list(loaded.relations) == [f"{name}_x" for name in labels.relations]
    for record in labels.records.values():
        assert loaded.records[record.name].classes == (f"{record.classes}_x" if record.classes else None)


@pytest.mark.parametrize("name", ["Load", "Quay"])
def test_comments_around_a_dropped_label_stay(name: str) -> None:
    """The comment before it, and the one of the next section."""
    text = (BASE / "schema" / "labels.yaml").read_text()
    text = text.replace("  Quay: {", "  # before Quay\n  Quay: {").replace(
        "\nattributes:", "\n# of attributes\nattributes:"
    )
    for what, dropped in (
        ("record", "sayings"),
        ("record", "loads"),
        ("relation", "lies_at"),
        ("relation", "reported_by"),
    ):
        text = apply_step(text, MigrationStep(kind="drop", what=what, names=(dropped,)))
    new = apply_step(text, MigrationStep(kind="drop", what="label", names=(name,)))
    assert f"  {name}:" not in new
    assert "  # before Quay\n" in new
    assert "\n\n# of attributes\nattributes:\n" in new


LEAST = """# Port news.
version: 1.0.0
title: Port
about: Port news.
language: en
layers:
  cargo: {title: Cargo, definition: What is shipped.}
spans:
  Load: {layer: cargo, definition: What is shipped., guideline: load.md}  # in tonnes
  Quay:
    layer: cargo
    definition: Where.
    guideline: quay.md
"""


@pytest.mark.parametrize("end", ["", "# The end.\n", "...\n"])
def test_sections_that_are_left_out_appear_only_with_an_entry(end: str) -> None:
    text = LEAST + end
    dropped = apply_step(text, MigrationStep(kind="drop", what="label", names=("Quay",)))
    assert dropped == LEAST.partition("  Quay")[0] + end
    entry = {"labels": ["Load"], "type": "text", "required": False, "definition": "How."}
    added = apply_step(text, MigrationStep(kind="add", what="attribute", names=("mood",), entry=entry))
    assert added.removesuffix(end) == f"{LEAST}attributes: {{mood: {encode_flow(entry)}}}\n"


def conditional_labels() -> str:
    """The made-up inventory with a condition of each kind, and a role that follows a relation."""
    text = (ROOT / "tests" / "invalid" / "R117-within-what-it-means" / "schema" / "labels.yaml").read_text("utf-8")
    for old, new in (
        (
            "quay: {relation: lies_at}",
            "quay: {relation: lies_at, follow: stands_for, when: {truth: [there, supposed]}}",
        ),
        (
            "    denied: {truth: [denied]}\n",
            "    denied: {truth: [denied]}\n"
            "    views:\n"
            "      low:\n"
            "        definition: The lower number.\n"
            "        source: Ours.\n"
            "        count: [minimum]\n"
            "        when:\n"
            "          truth: [there]\n",
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def load_after(tmp_path: Path, *steps: MigrationStep) -> inventory.Inventory:
    text = conditional_labels()
    for step in steps:
        text = apply_step(text, step)
    (tmp_path / "labels.yaml").write_text(text, "utf-8")
    return inventory.load_inventory(tmp_path)


def test_conditions_keep_up_with_renamed_attributes_values_and_relations(tmp_path: Path) -> None:
    loaded = load_after(
        tmp_path,
        MigrationStep(kind="rename", what="value", attribute="truth", names=("there",), to="so it is"),
        MigrationStep(kind="rename", what="attribute", names=("truth",), to="fact"),
        MigrationStep(kind="rename", what="relation", names=("stands_for",), to="means"),
    )
    role, [interval] = loaded.records["loads"].roles["quay"], loaded.intervals
    assert (role.when, role.follow) == ({"fact": ("so it is", "supposed")}, "means")
    assert interval.denied == {"fact": ("denied",)}
    assert interval.views["low"].when == {"fact": ("so it is",)}


def test_a_dropped_value_leaves_the_conditions_that_have_others(tmp_path: Path) -> None:
    loaded = load_after(tmp_path, MigrationStep(kind="drop", what="value", attribute="truth", names=("supposed",)))
    assert loaded.records["loads"].roles["quay"].when == {"truth": ("there",)}


def test_a_dropped_relation_takes_the_follow_of_roles_along(tmp_path: Path) -> None:
    loaded = load_after(tmp_path, MigrationStep(kind="drop", what="relation", names=("stands_for",)))
    assert loaded.records["loads"].roles["quay"].follow is None


def test_a_condition_goes_with_the_label_that_it_is_about(tmp_path: Path) -> None:
    loaded = load_after(
        tmp_path,
        MigrationStep(kind="drop", what="relation", names=("lies_at",)),
        MigrationStep(kind="drop", what="relation", names=("reported_by",)),
        MigrationStep(kind="drop", what="label", names=("Load",)),
    )
    assert loaded.intervals == ()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            MigrationStep(kind="drop", what="attribute", names=("truth",)),
            r"drop attribute truth: a condition needs it \(line \d+\); take the condition out first",
        ),
        (
            MigrationStep(kind="drop", what="value", attribute="truth", names=("denied",)),
            r"drop value denied of truth: a condition asks for it alone \(line \d+\); take the condition out first",
        ),
    ],
)
def test_what_a_condition_needs_is_not_dropped(step: MigrationStep, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        apply_step(conditional_labels(), step)


def load_disputes_after(tmp_path: Path, *steps: MigrationStep) -> inventory.Inventory:
    """Return the inventory of the corpus, which has roles for who claims and disputes harm, after the steps."""
    text = (ROOT / "schema" / "labels.yaml").read_text("utf-8")
    for step in steps:
        text = apply_step(text, step)
    (tmp_path / "labels.yaml").write_text(text, "utf-8")
    return inventory.load_inventory(tmp_path)


def test_conditions_on_enclosing_records_keep_up_with_renamed_names(tmp_path: Path) -> None:
    loaded = load_disputes_after(
        tmp_path,
        MigrationStep(kind="rename", what="attribute", names=("position",), to="side"),
        MigrationStep(kind="rename", what="value", attribute="side", names=("deny",), to="against"),
        MigrationStep(kind="rename", what="value", attribute="type", names=("belief",), to="thought"),
        MigrationStep(kind="drop", what="value", attribute="type", names=("perception",)),
    )
    roles = loaded.records["casualty_claims"].roles
    disputed_by, claimant = roles["disputed_by"].enclosing, roles["claimant"].enclosing
    assert disputed_by is not None
    assert claimant is not None
    assert disputed_by.where == {"side": ("against",), "about": ("truth",)}
    assert claimant.passes_on["type"] == ("assertion", "accusation", "thought")


def test_what_a_condition_on_enclosing_records_needs_is_not_dropped(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="drop attribute about: a condition needs it"):
        load_disputes_after(tmp_path, MigrationStep(kind="drop", what="attribute", names=("about",)))


def test_a_role_that_only_a_dropped_record_fills_goes_with_it(tmp_path: Path) -> None:
    loaded = load_disputes_after(tmp_path, MigrationStep(kind="drop", what="record", names=("stances",)))
    roles = loaded.records["casualty_claims"].roles
    assert "disputed_by" not in roles
    assert roles["claimant"].enclosing is not None


def test_a_relation_that_enclosing_records_need_is_not_dropped(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"disputed_by\.enclosing\.take: no role is called 'holder'"):
        load_disputes_after(tmp_path, MigrationStep(kind="drop", what="relation", names=("holder",)))


def test_a_dropped_reference_leaves_the_role_that_followed_it(tmp_path: Path) -> None:
    loaded = load_disputes_after(tmp_path, MigrationStep(kind="drop", what="relation", names=("refers_to",)))
    assert loaded.records["stances"].roles["claim"].follow is None
    assert "disputed_by" in loaded.records["casualty_claims"].roles


def test_a_record_goes_with_its_last_role(tmp_path: Path) -> None:
    text = (BASE / "schema" / "labels.yaml").read_text()
    text = text.replace("        relation: reported_by\n", "").replace("      quay: {relation: lies_at}\n", "")
    text = apply_step(text, MigrationStep(kind="drop", what="record", names=("sayings",)))
    (tmp_path / "labels.yaml").write_text(text, "utf-8")
    assert inventory.load_inventory(tmp_path).records == {}


@pytest.mark.parametrize(
    ("claimants", "also_in_speeches", "expected"),
    [
        ("    claimants: [reporter]\n", "", ""),
        ("    claimants: [reporter, speaker]\n", "", "    claimants: [speaker]\n"),
        ("    claimants: [speaker]\n", "", "    claimants: [speaker]\n"),
        (
            "    claimants: [speaker, reporter]\n",
            "      reporter: {relation: told_by}\n",
            "    claimants: [speaker, reporter]\n",
        ),
    ],
)  # fmt: skip
def test_roles_of_a_dropped_record_leave_the_claimants(claimants: str, also_in_speeches: str, expected: str) -> None:
    loads = "  loads:\n    anchor: Load\n    roles:\n      reporter: {relation: reported_by}\n"
    speeches = "  speeches:\n    anchor: Verb\n    roles:\n      speaker: {relation: speaker}\n" + also_in_speeches
    text = f"intervals:\n  - label: Load\n{claimants}relations: {{}}\nrecords:\n{speeches}{loads}"
    step = MigrationStep(kind="drop", what="record", names=("loads",))
    assert apply_step(text, step) == text.replace(loads, "").replace(claimants, expected)
