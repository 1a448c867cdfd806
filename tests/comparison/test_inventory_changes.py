"""The changes that are listed for an inventory and for the dataset's columns."""

import shutil

import pytest

from annotate.comparison.inventory_changes import find_width_change
from annotate.comparison.semver import find_needed_version
from annotate.errors import CannotRun
from annotate.generate import generate_files
from annotate.inventory import load_inventory
from tests.comparison.conftest import Pair
from tests.conftest import annotate
from tests.migration.test_additions import ATTRIBUTE, HEAD, RELATION

FILE = "schema/labels.yaml"
Change = tuple[str, str, str, str]

CASES: list[tuple[str, str, list[Change]]] = [
    ("version: 1.0.0", "version: 1.0.1", [("presented", "inventory", "Port news", "version")]),
    ("version: 1.0.0", "version: 1.0.0\noldest: 1.0.0", [("presented", "inventory", "Port news", "oldest")]),
    ("guideline: speech.md}", "guideline: speech.md, since: 1.0.0}", [("presented", "label", "Speaker", "since")]),
    ("    type: text\n", "    type: text\n    scale: nominal\n", [("presented", "attribute", "remark", "scale")]),
    ('hotkey: "5"', 'hotkey: "6"', [("presented", "label", "Quay", "hotkey")]),
    ("definition: Who speaks.,", "definition: who speaks,", [("presented", "label", "Speaker", "definition")]),
    ("definition: Who speaks.,", "definition: Who talks.,", [("redefined", "label", "Speaker", "definition")]),
    ("layer: cargo, definition: Where", "layer: speech, definition: Where", [("changed", "label", "Quay", "layer")]),
    (
        "  Quay: {layer: cargo",
        '  Crane: {layer: cargo, definition: What lifts., hotkey: "7", color: "#777777", guideline: cargo.md}\n'
        "  Quay: {layer: cargo",
        [("added", "label", "Crane", "")],
    ),
    ("    labels: [Speaker]", "    labels: [Speaker, Words]", [("widened", "attribute", "rank", "labels")]),
    ("    labels: [Quay]", "    labels: [Load]", [("narrowed", "attribute", "remark", "labels")]),
    (
        "    type: text\n    required: false",
        "    type: text\n    required: true",
        [("narrowed", "attribute", "remark", "required")],
    ),
    ("    type: text", "    type: integer", [("retyped", "attribute", "remark", "type")]),
    (", other: does neither}", "}", [("removed", "value", "rank.other", "")]),
    ("hand: works", "sailor: works", [("renamed", "value", "rank.sailor", "")]),
    ("hand: works", "hand: toils", [("redefined", "value", "rank.hand", "definition")]),
    ("    tail: [Quay]", "    tail: [Words, Quay]", [("widened", "relation", "lies_at", "tail")]),
    ("    per_head: {most: 2}", "    per_head: {most: 1}", [("narrowed", "relation", "speaker", "per_head")]),
    ("    per_head: {most: 2}", "    per_head: {}", [("widened", "relation", "speaker", "per_head")]),
    ("    per_head: {least: 1}", "    per_head: {least: 0}", [("widened", "relation", "words", "per_head")]),
    ("  loads:\n", "  cargoes:\n", [("renamed", "record", "cargoes", "")]),
    ("      quay: {relation: lies_at}\n", "", [("removed", "role", "loads.quay", "")]),
    ("quay: {relation: lies_at}", "quay: {relation: reported_by}", [("changed", "role", "loads.quay", "relation")]),
    (
        "quay: {relation: lies_at}",
        "quay: {relation: lies_at, when: {wording: [exact]}}",
        [("changed", "role", "loads.quay", "when")],
    ),
    (
        "quay: {relation: lies_at}",
        "quay: {relation: lies_at}\n      other: {relation: lies_at, when: {wording: [exact]}}",
        [("added", "role", "loads.other", "")],
    ),
    (
        "vague: none}",
        "vague: none}\n    denied: {wording: [vague]}",
        [("changed", "interval", "Load.least.most", "denied")],
    ),
    ("    tail: [Quay]", "    tail: [Quay]\n    refers: true", [("narrowed", "relation", "lies_at", "refers")]),
    ("  Quay: {", "  Quay: {alone: true, ", [("widened", "label", "Quay", "alone")]),
    ("range: between", "range: none", [("changed", "interval", "Load.least.most", "readings")]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_change_of_the_inventory(pair: Pair, old: str, new: str, expected: list[Change]) -> None:
    pair.new.replace(FILE, old, new)
    found = pair.summary().inventory
    assert [(one.kind, one.what, one.name, one.field) for one in found] == expected


def test_a_renamed_label_is_renamed_in_every_file(pair: Pair) -> None:
    path = pair.new.path(FILE)
    text = path.read_text().replace("Speaker:", "Teller:").replace("[Speaker]", "[Teller]")
    path.write_text(text)
    gold = pair.new.path("corpus/annotations/gold/harbour.json")
    gold.write_text(gold.read_text().replace('"Speaker"', '"Teller"'))
    summary = pair.summary()
    assert [(one.kind, one.old, one.new) for one in summary.inventory] == [("renamed", "Speaker", "Teller")]
    assert summary.spans["Speaker"].renamed == 2
    assert summary.share.moved == 0
    assert find_needed_version(summary).level == "major"


def test_a_new_wording_with_its_reading_only_widens(pair: Pair) -> None:
    pair.new.replace(FILE, "vague: no number}", "vague: no number, about: roughly}")
    pair.new.replace(FILE, "vague: none}", "vague: none, about: both}")
    summary = pair.summary()
    assert {(one.kind, one.what) for one in summary.inventory} == {("added", "value"), ("widened", "interval")}
    assert {one.kind for one in summary.columns} == {"extended"}
    assert find_needed_version(summary).level == "minor"


def test_tighter_bounds_of_a_number_narrow(pair: Pair) -> None:
    bounded = "definition: The upper number.\n    minimum: {}\n    maximum: {}"
    pair.new.replace(FILE, "definition: The upper number.", bounded.format(1, 9))
    summary = pair.summary()
    assert [(one.kind, one.field) for one in summary.inventory] == [("narrowed", "minimum"), ("narrowed", "maximum")]
    assert find_needed_version(summary).level == "major"
    for field, old, new in (("minimum", 2, 1), ("minimum", 0, None), ("maximum", 8, 9.5), ("maximum", 8, None)):
        assert (find_width_change(field, old, new), find_width_change(field, new, old)) == ("widened", "narrowed")


def test_a_migration_that_adds_needs_a_minor_version(pair: Pair) -> None:
    """The attribute is named once; that all its labels have it now is no correction of them."""
    for side in ("old", "new"):
        assert annotate("generate", cwd=pair.folder / side).exit_code == 0
    pair.new.path("steps.yaml").write_text(HEAD + ATTRIBUTE + RELATION)
    migrated = pair.new.annotate("migrate", "steps.yaml", "--no-server")
    assert migrated.exit_code == 0, migrated.output
    changes, summary = pair.compared()
    assert [(one.kind, one.what, one.name) for one in summary.inventory if one.kind != "presented"] == [
        ("added", "attribute", "certainty"),
        ("added", "relation", "refers_to"),
    ]
    kinds = {kind for change in changes for span_change in change.spans for kind in span_change.kinds}
    assert kinds == {"extended"}
    assert (summary.share.moved, summary.articles.corrected) == (0, [])
    needed = find_needed_version(summary)
    assert needed.level == "minor"
    named = [reason for reason in needed.decisive_reasons if reason.code == "D202"]
    assert [reason.message for reason in named] == [
        "the attribute certainty was added, which each Load and Quay must have",
        "the relation refers_to was added",
    ]
    assert {reason.code for reason in needed.reasons} == {"D202", "D204", "D303"}


def test_a_corrected_span_with_an_added_attribute_is_a_correction(pair: Pair) -> None:
    pair.new.path("steps.yaml").write_text(HEAD + ATTRIBUTE)
    assert pair.new.annotate("migrate", "steps.yaml", "--no-server").exit_code == 0
    pair.respan("market", "s1", attributes={"wording": "range", "least": 2, "most": 4, "certainty": "asserted"})
    summary = pair.summary()
    assert (summary.spans["Load"].attributes, summary.share.moved, summary.articles.corrected) == (1, 1, ["market"])


CONDITIONS = (
    ("quay: {relation: lies_at}", "quay: {relation: lies_at, when: {wording: [exact, vague]}}"),
    (
        "vague: none}",
        "vague: none}\n    denied: {wording: [vague, exact]}\n"
        "    views: {low: {definition: D., source: S., count: [minimum], when: {wording: [vague]}}}",
    ),
)


STANDS_FOR = (
    "  lies_at:\n",
    "  stands_for: {definition: What it means., guideline: cargo.md, head: [Quay], tail: [Words], refers: true}\n"
    "  lies_at:\n",
)


def replace_in_both(pair: Pair, *replacements: tuple[str, str]) -> None:
    """Replace words in the inventories of both versions."""
    for old, new in replacements:
        pair.new.replace(FILE, old, new)
    shutil.copy(pair.new.path(FILE), pair.folder / "old" / FILE)


def test_a_condition_with_more_values_or_none_takes_other_spans(pair: Pair) -> None:
    replace_in_both(pair, *CONDITIONS)
    pair.new.replace(FILE, "{wording: [exact, vague]}", "{wording: [exact, vague, range]}")
    pair.new.replace(FILE, "    denied: {wording: [vague, exact]}\n", "")
    pair.new.replace(FILE, "when: {wording: [vague]}}", "when: {wording: [range]}}")
    summary = pair.summary()
    assert [(one.kind, one.what, one.field) for one in summary.inventory] == [
        ("changed", "role", "when"),
        ("changed", "interval", "denied"),
        ("changed", "view", "when"),
    ]
    needed = find_needed_version(summary)
    assert {reason.code for reason in needed.decisive_reasons} == {"D109"}


def test_the_order_of_values_in_a_condition_means_nothing(pair: Pair) -> None:
    replace_in_both(pair, *CONDITIONS)
    pair.new.replace(FILE, "{wording: [exact, vague]}", "{wording: [vague, exact]}")
    pair.new.replace(FILE, "denied: {wording: [vague, exact]}", "denied: {wording: [exact, vague]}")
    assert pair.summary().inventory == []


def test_conditions_and_followed_relations_keep_up_with_renamed_names(pair: Pair) -> None:
    followed = ("quay: {relation: lies_at,", "quay: {relation: lies_at, follow: stands_for,")
    replace_in_both(pair, *CONDITIONS, STANDS_FOR, followed)
    path = pair.new.path(FILE)
    text = path.read_text().replace("vague", "hazy").replace("stands_for", "means")
    for before, after in (("  wording:\n", "  manner:\n"), ("{wording:", "{manner:"), ("g: wording", "g: manner")):
        text = text.replace(before, after)
    path.write_text(text)
    assert {(one.kind, one.what) for one in pair.summary().inventory} == {
        ("renamed", "attribute"),
        ("renamed", "value"),
        ("renamed", "relation"),
    }


def test_a_role_that_follows_another_relation_reads_otherwise(pair: Pair) -> None:
    replace_in_both(pair, STANDS_FOR)
    pair.new.replace(FILE, "quay: {relation: lies_at", "quay: {relation: lies_at, follow: stands_for")
    assert [(one.kind, one.name, one.field) for one in pair.summary().inventory] == [
        ("changed", "loads.quay", "follow")
    ]


ABOUT = (
    (
        "  loads:\n",
        "  notes:\n    definition: One row a Load, too.\n    anchor: Load\n"
        "    roles: {at: {relation: lies_at}}\n  loads:\n",
    ),
    (
        "quay: {relation: lies_at}",
        "quay: {enclosing: {record: notes, within: at, take: at, where: {wording: [exact, vague]}}}",
    ),
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("where: {wording: [exact, vague]}", "where: {wording: [exact]}"),
        (", where: {wording: [exact, vague]}", ""),
        ("where: {wording: [exact, vague]}", "where: {wording: [exact, vague]}, passes_on: {wording: [vague]}"),
    ],
)
def test_other_records_around_fill_the_role_otherwise(pair: Pair, old: str, new: str) -> None:
    replace_in_both(pair, *ABOUT)
    pair.new.replace(FILE, old, new)
    summary = pair.summary()
    assert [(one.kind, one.name, one.field) for one in summary.inventory] == [("changed", "loads.quay", "enclosing")]
    assert {reason.code for reason in find_needed_version(summary).decisive_reasons} == {"D109"}


def test_a_role_without_a_relation_is_an_added_role(pair: Pair) -> None:
    """A column is added, and no row of another one changes."""
    role = "other: {enclosing: {record: sayings, within: words, take: speaker}}"
    pair.new.replace(FILE, "quay: {relation: lies_at}", f"quay: {{relation: lies_at}}\n      {role}")
    summary = pair.summary()
    assert [(one.kind, one.what, one.name) for one in summary.inventory] == [("added", "role", "loads.other")]
    assert "D202" in {reason.code for reason in find_needed_version(summary).decisive_reasons}


def test_renamed_names_and_another_order_leave_enclosing_records_the_same(pair: Pair) -> None:
    replace_in_both(pair, *ABOUT)
    path = pair.new.path(FILE)
    text = (
        path.read_text().replace("[exact, vague]", "[hazy, exact]").replace("vague", "hazy").replace("notes", "remarks")
    )
    path.write_text(text)
    assert {(one.kind, one.what) for one in pair.summary().inventory} == {("renamed", "value"), ("renamed", "record")}


def test_a_renamed_value_keeps_its_reading(pair: Pair) -> None:
    pair.new.replace(FILE, "vague: no number}", "hazy: no number}")
    pair.new.replace(FILE, "vague: none}", "hazy: none}")
    assert [(one.kind, one.what) for one in pair.summary().inventory] == [("renamed", "value")]


def test_class_ids_that_shift_are_reported(pair: Pair) -> None:
    pair.new.replace(FILE, "{master: commands, hand: works,", "{hand: works, master: commands,")
    summary = pair.summary()
    assert {one.kind for one in summary.columns} == {"shifted"}
    assert "D108" in {reason.code for reason in find_needed_version(summary).reasons}


def test_columns_come_and_go(pair: Pair) -> None:
    pair.new.replace(FILE, "      quay: {relation: lies_at}", "      pier: {relation: lies_at}")
    kinds = {(one.kind, one.column.partition("[]")[0]) for one in pair.summary().columns}
    assert kinds >= {("removed", "loads.quay"), ("added", "loads.pier")}
    assert {kind for kind, _ in kinds} == {"removed", "added"}


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("version: 1", "new:schema/labels.yaml: version"),
        ("version: [", "new:schema/labels.yaml: line"),
    ],
)
def test_inventory_that_cannot_be_loaded(pair: Pair, new: str, problem: str) -> None:
    pair.new.replace(FILE, "version: 1.0.0", new)
    with pytest.raises(CannotRun) as error:
        pair.summary()
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_inventory_that_is_not_there(pair: Pair) -> None:
    (pair.new.schema / "labels.yaml").rename(pair.new.schema / "other.yaml")
    with pytest.raises(CannotRun, match="is neither a corpus folder nor a release"):
        pair.summary()


def test_class_ids_before_none_was_class_0_are_shifted(pair: Pair) -> None:
    for schema in (pair.folder / "old/schema", pair.folder / "new/schema"):
        for path, text in generate_files(load_inventory(schema), schema, None).items():
            path.write_text(text, "utf-8")
    old = pair.folder / "old/schema/classes.json"
    old.write_text(old.read_text("utf-8").replace('    "none",\n', ""), "utf-8")
    columns = {(one.kind, one.column) for one in pair.summary().columns}
    assert columns == {("shifted", f"{name}.relations[].label") for name in ("articles", "annotations")}
