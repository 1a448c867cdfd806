"""Migrations without a server: each kind of step over the made-up corpus, what is refused, and the way back."""

import re
from pathlib import Path

import pytest
from click.testing import Result

from annotate import inventory
from annotate.errors import CannotRun
from annotate.migration.annotations import count_uses, migrate_items
from annotate.migration.steps import Step, load_migration
from annotate.migration.yaml_files import apply_step, migrate_inventory
from tests.conftest import Project

HEAD = "from: 1.0.0\nto: 1.1.0\nsteps:\n"
RENAMES = """
  - {rename: label, from: Quay, to: Pier}
  - {rename: attribute, from: least, to: fewest}
  - {rename: value, attribute: rank, from: hand, to: worker}
  - {rename: value, attribute: wording, from: at least, to: "no"}
  - {rename: relation, from: lies_at, to: found_at}
  - {rename: relation, from: speaker, to: said_by}
"""
MERGE = "  - {merge: [Speaker, Quay], to: Party}\n"
SPLIT = """
  - split: Quay
    default: Quay
    into: {Quay: {definition: Where it is.}, Berth: {definition: A berth., hotkey: "6", color: "#666666"}}
    exceptions: {gold/harbour/s5: Berth}
"""


def run(project: Project, steps: str, *words: str) -> Result:
    path = project.path("steps.yaml")
    path.write_text(HEAD + steps)
    return project.annotate("studio", "migrate", str(path), "--no-server", *words)


def done(project: Project, steps: str) -> Result:
    """Migrate; the corpus is clean, and an undo gives every byte back."""
    before = corpus_files(project)
    result = run(project, steps)
    assert result.exit_code == 0, result.output
    assert project.inventory.version == "1.1.0"
    checked = project.annotate("check")
    assert checked.exit_code == 0, checked.output
    after = corpus_files(project)
    undone = project.annotate("studio", "migrate", "--undo")
    assert undone.exit_code == 0, undone.output
    assert corpus_files(project) == before
    again = run(project, steps)
    assert again.exit_code == 0, again.output
    assert corpus_files(project) == after
    return result


def corpus_files(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.snapshot().items() if name.startswith(("corpus/", "schema/"))}


def gold(project: Project) -> tuple[dict[str, tuple[str, dict[str, str | int]]], set[tuple[str, str, str]]]:
    found = project.corpus.read_annotation("gold", "harbour")
    assert found.inventory == "1.1.0"
    spans = {span.id: (span.label, span.attributes) for span in found.spans}
    return spans, {(one.label, one.head, one.tail) for one in found.relations}


def test_rename(project: Project) -> None:
    shown = done(project, RENAMES).stdout.splitlines()
    assert shown[0] == "rename label Quay → Pier: 2 spans, 0 relations, in 2 files"
    assert shown[4] == "rename relation lies_at → found_at: 0 spans, 2 relations, in 2 files"
    assert shown[6] == "schema/labels.yaml:73: still names Quay"
    assert shown[7] == "to change: 6 files, 0 projects, 0 annotations, 0 drafts, 0 predictions"
    spans, relations = gold(project)
    assert spans["s5"] == ("Pier", {})
    assert spans["s7"] == ("Speaker", {"rank": "worker"})
    assert spans["s10"] == ("Load", {"wording": "no", "fewest": 12})
    assert {("found_at", "s4", "s5"), ("said_by", "s2", "s1")} <= relations
    assert project.inventory.intervals[0].minimum == "fewest"
    assert project.inventory.intervals[0].readings["no"] == "lower"
    assert project.inventory.records["loads"].roles["quay"].relation == "found_at"


REWORD = "  - {reword: relation, name: lies_at, shown_as: where it lies}\n"


def test_reword(project: Project) -> None:
    """The words change, the corpus keeps the name; and again, over words that are there, in either style of YAML."""
    relations = {(one.label, one.head, one.tail) for one in project.corpus.read_annotation("gold", "harbour").relations}
    shown = done(project, REWORD).stdout.splitlines()
    assert shown[0] == "reword relation lies_at → where it lies: 0 spans, 0 relations, in 0 files"
    assert gold(project)[1] == relations
    text = project.path("schema/labels.yaml").read_text()
    assert "  lies_at:\n    shown_as: where it lies\n    definition: From a Load" in text
    step = Step(kind="reword", what="relation", names=("lies_at",), to="lies_at", shown_as="at: where?")
    assert '    shown_as: "at: where?"\n' in apply_step(text, step)
    flow = "relations:\n  lies_at: {definition: D., guideline: g.md, head: [A], tail: [B]}\nrecords: {}\n"
    assert '  lies_at: {shown_as: "at: where?", definition' in apply_step(flow, step)
    with pytest.raises(ValueError, match="no relation is called 'sits_at'"):
        apply_step(text, Step(kind="reword", what="relation", names=("sits_at",), to="sits_at", shown_as="x"))


@pytest.mark.parametrize(
    ("step", "drawn", "becomes", "uses"),
    [
        ("{reword: relation, name: speaker, shown_as: said by}", ["who says it"], ["said by"], 1),
        ("{reword: relation, name: speaker, shown_as: said by}", ["speaker"], ["said by"], 1),
        ("{reword: relation, name: lies_at, shown_as: lies where}", ["speaker", "odd"], ["who says it", "odd"], 0),
        ("{rename: relation, from: speaker, to: talker}", ["who says it"], ["who says it"], 1),
        ("{drop: relation, name: reported_by, confirm: true}", ["reported"], None, 1),
    ],
)
def test_relations_on_a_server_are_known_by_words_and_name(
    project: Project, step: str, drawn: list[str], becomes: list[str] | None, uses: int
) -> None:
    project.replace("schema/labels.yaml", "  speaker:\n", "  speaker:\n    shown_as: who says it\n")
    project.replace("schema/labels.yaml", "  reported_by:\n", "  reported_by:\n    shown_as: reported\n")
    path = project.path("steps.yaml")
    path.write_text(f"{HEAD}  - {step}\n")
    migration = load_migration(path)
    text = project.path("schema/labels.yaml").read_text()
    inventories = migrate_inventory(project.schema, text, migration)[1]
    item = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": drawn}
    result = migrate_items(migration.steps, inventories, [item], "gold", "harbour")
    assert result == ([item | {"labels": becomes}] if becomes else [])
    assert count_uses(migration.steps[0], project.inventory, [item]) == uses


def test_only_what_a_step_names_is_touched(project: Project) -> None:
    project.replace("schema/labels.yaml", "spans:\n", "spans: # kept\n  # kept too\n")
    before = project.path("schema/labels.yaml").read_text().splitlines()
    assert run(project, "  - {rename: label, from: Quay, to: Pier}\n").exit_code == 0
    after = project.path("schema/labels.yaml").read_text().splitlines()
    changed = {old: new for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {old: re.sub(r"\bQuay(?=[\]:])", "Pier", old).replace("1.0.0", "1.1.0") for old in changed}
    assert len(changed) == 4


def test_merge(project: Project) -> None:
    """Labels of two layers; what only one of them must have keeps them apart."""
    refused = run(project, MERGE)
    assert (refused.exit_code, "P204" in refused.stderr) == (1, True), refused.output
    done(project, "  - {drop: attribute, name: rank, confirm: true}\n" + MERGE)
    spans, relations = gold(project)
    assert [spans[id_] for id_ in ("s1", "s5", "s7")] == [("Party", {})] * 3
    assert {("speaker", "s2", "s1"), ("lies_at", "s4", "s5")} <= relations
    loaded = project.inventory
    assert list(loaded.spans) == ["Party", "Verb", "Words", "Load"]
    assert loaded.relations["lies_at"].tail == loaded.attributes["remark"].labels == ("Party",)


def test_relation_that_a_table_takes_from_cannot_go_alone(project: Project) -> None:
    refused = run(project, "  - {drop: relation, name: words, confirm: true}\n")
    assert (refused.exit_code, "no role is called" in refused.stderr) == (2, True), refused.output


def test_split(project: Project) -> None:
    done(project, SPLIT)
    assert gold(project)[0]["s5"][0] == "Berth"
    anna = project.corpus.read_annotation("anna", "harbour")
    assert next(span for span in anna.spans if span.id == "s5").label == "Quay"
    loaded = project.inventory
    assert loaded.spans["Quay"].definition == "Where it is."
    assert (loaded.spans["Berth"].layer, loaded.spans["Berth"].guideline) == ("cargo", "cargo.md")
    assert loaded.relations["lies_at"].tail == loaded.attributes["remark"].labels == ("Quay", "Berth")


FREIGHT = """
  - split: Load
    default: Load
    into: {Load: {}, Freight: {definition: Counted in bulk., hotkey: "6", color: "#666666"}}
    exceptions: {gold/harbour/s4: Freight}
    anchors: {loads: Load}
"""
NO_LOADS = """
  - {drop: relation, name: lies_at, confirm: true}
  - {drop: label, name: Quay, confirm: true}
  - {drop: record, name: loads, confirm: true}
  - {drop: relation, name: reported_by, confirm: true}
  - {drop: label, name: Load, confirm: true}
"""


@pytest.mark.parametrize("flow", [False, True])
def test_split_of_a_label_with_a_record_and_an_interval(project: Project, flow: bool) -> None:
    """The record's anchor is said; both labels have the interval."""
    if flow:
        text = project.path("schema/labels.yaml").read_text()
        begin, end = text.index("intervals:"), text.index("relations:")
        fields = "label: Load, minimum: least, maximum: most, wording: wording"
        readings = "{exact: both, at least: lower, at most: upper, range: between, vague: none}"
        one = f"intervals: [{{{fields}, readings: {readings}}}]\n\n"
        project.path("schema/labels.yaml").write_text(text[:begin] + one + text[end:])
    done(project, FREIGHT)
    assert gold(project)[0]["s4"][0] == "Freight"
    loaded = project.inventory
    assert [one.label for one in loaded.intervals] == ["Load", "Freight"]
    assert loaded.intervals[0].readings == loaded.intervals[1].readings
    assert loaded.records["loads"].anchor == "Load"


def test_anchor_moves_to_another_label(project: Project) -> None:
    done(project, FREIGHT.replace("{loads: Load}", "{loads: Freight}"))
    assert project.inventory.records["loads"].anchor == "Freight"


def test_drop_of_a_label_after_its_record(project: Project) -> None:
    done(project, NO_LOADS)
    loaded = project.inventory
    assert (list(loaded.records), loaded.intervals, "Load" in loaded.spans) == (["sayings"], (), False)
    assert {"least", "most", "wording"}.isdisjoint(loaded.attributes)


def test_drop_of_a_record_that_another_looks_into(project: Project) -> None:
    done(project, "  - {drop: record, name: sayings, confirm: true}\n")
    roles = project.inventory.records["loads"].roles
    assert (list(project.inventory.records), roles["reporter"].enclosing) == (["loads"], None)


def test_drop(project: Project) -> None:
    steps = """
  - {drop: relation, name: lies_at, confirm: true}
  - {drop: label, name: Quay, confirm: true}
  - {drop: attribute, name: most, confirm: true}
  - {drop: value, attribute: rank, name: other, confirm: true}
"""
    shown = done(project, steps).stdout
    assert "drop label Quay: 2 spans, 0 relations, in 2 files" in shown
    spans, relations = gold(project)
    assert "s5" not in spans
    assert spans["s4"][1] == {"wording": "exact", "least": 40}
    assert "lies_at" not in {label for label, _, _ in relations}
    loaded = project.inventory
    assert {"remark", "most"}.isdisjoint(loaded.attributes)
    assert (loaded.intervals, list(loaded.records["loads"].roles)) == ((), ["reporter"])


def test_an_annotation_of_another_version_is_looked_through_first(project: Project) -> None:
    project.replace("corpus/annotations/anna/harbour.json", '"inventory": "1.0.0"', '"inventory": "0.9.0"')
    refused = run(project, RENAMES)
    assert (refused.exit_code, "C109" in refused.stderr, "fix the corpus first" in refused.stderr) == (1, True, True)


def test_plan_changes_nothing(project: Project) -> None:
    before = corpus_files(project)
    shown = run(project, RENAMES, "--plan")
    assert (shown.exit_code, corpus_files(project)) == (0, before)
    assert project.annotate("studio", "migrate", "--undo").exit_code == 2


@pytest.mark.parametrize(
    ("steps", "exit_code", "words"),
    [
        ("  - {rename: label, from: Pier, to: Quay}", 2, "no label is called 'Pier'"),
        ("  - {rename: label, from: Quay, to: Load}", 2, "a label is called 'Load' already"),
        ("  - {rename: value, from: hand, to: worker}", 2, "'attribute' is missing; add it"),
        ("  - {rename: value, attribute: least, from: hand, to: worker}", 2, "no choice attribute is called 'least'"),
        ("  - {drop: label, name: Quay}", 2, "'confirm' is missing; add it, true"),
        ("  - {drop: label, name: Quay, confirm: true}", 2, "after drop label Quay: relations.lies_at.tail"),
        ("  - {drop: value, attribute: rank, name: hand, confirm: true}", 1, "the migration causes them"),
        ("  - {split: Quay, into: {Quay: {}, Pier: {}}, default: Berth}", 2, "'Berth' is not among the labels"),
        ("  - {split: Load, into: {Load: {}, Pier: {}}, default: Load}", 2, "as in anchors: {loads: Load}"),
        ("  - {split: Quay, into: {Quay: {}, B: {}}, default: B, anchors: {loads: B}}", 2, "is not a record of Quay"),
        ("  - {split: Load, into: {Load: {}, B: {}}, default: B, anchors: {loads: C}}", 2, "'C' is not among"),
        ("  - {merge: [Verb, Load], to: Both}", 2, "would anchor the records sayings and loads; put a step before"),
        ("  - {drop: label, name: Load, confirm: true}", 2, "put a step before it: {drop: record, name: loads, "),
        ("  - {drop: record, name: Load, confirm: true}", 2, "no record is called 'Load'; there are: sayings, loads"),
        ("  - {merge: [Quay, Load]}", 2, "'to' is missing; add it, text"),
        ("  - {melt: label}", 2, "'drop' is missing; add it, one of: label, "),
    ],
)
def test_refused(project: Project, steps: str, exit_code: int, words: str) -> None:
    before = corpus_files(project)
    result = run(project, steps)
    assert (result.exit_code, words in result.stderr) == (exit_code, True), result.output
    assert result.stderr.count("\n") == 1
    assert corpus_files(project) == before


def test_other_version_and_errors_are_refused(project: Project) -> None:
    assert run(project, RENAMES.replace("Quay", "Quay")).exit_code == 0
    again = run(project, RENAMES)
    assert (again.exit_code, "the inventory is 1.1.0" in again.stderr) == (2, True)
    assert project.annotate("studio", "migrate", "--undo").exit_code == 0
    project.replace("corpus/annotations/gold/harbour.json", '"text": "said"', '"text": "sang"')
    unclean = run(project, RENAMES)
    assert (unclean.exit_code, "fix the corpus first" in unclean.stderr) == (1, True)


def test_undo_leaves_what_was_changed_since(project: Project) -> None:
    assert run(project, RENAMES).exit_code == 0
    project.replace("schema/labels.yaml", "Who speaks.", "Whoever speaks.")
    before = corpus_files(project)
    refused = project.annotate("studio", "migrate", "--undo")
    assert (refused.exit_code, "was changed since" in refused.stderr) == (1, True)
    assert corpus_files(project) == before


def test_inventory_of_this_repository_is_edited_in_place(labels: inventory.Inventory, tmp_path: Path) -> None:
    """Every name of it can be renamed, and the result still loads."""
    from tests.conftest import ROOT

    text = (ROOT / "schema" / "labels.yaml").read_text("utf-8")
    steps = [Step(kind="rename", what="label", names=(name,), to=f"{name}X") for name in labels.spans]
    steps += [Step(kind="rename", what="attribute", names=(name,), to=f"{name}_x") for name in labels.attributes]
    steps += [Step(kind="rename", what="relation", names=(name,), to=f"{name}_x") for name in labels.relations]
    values = [(one.name, value) for one in labels.attributes.values() for value in one.values]
    steps = [
        Step(kind="rename", what="value", attribute=name, names=(value,), to=f"{value} x") for name, value in values
    ] + steps
    for step in steps:
        text = apply_step(text, step)
    (tmp_path / "labels.yaml").write_text(text, "utf-8")
    loaded = inventory.load(tmp_path)
    assert list(loaded.spans) == [f"{name}X" for name in labels.spans]
    assert list(loaded.relations) == [f"{name}_x" for name in labels.relations]
    for record in labels.records.values():
        assert loaded.records[record.name].classes == (f"{record.classes}_x" if record.classes else None)


def test_items_that_are_not_ours_stay(project: Project) -> None:
    loaded = project.inventory
    odd: list[object] = [3, {"type": "labels"}, {"type": "relation", "from_id": [], "labels": ["nothing"]}, None]
    step = Step(kind="drop", what="label", names=("Quay",))
    assert migrate_items([step], [loaded, loaded], odd, "anna", "harbour") == odd


def test_broken_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("from: 1.0.0\nfrom: 1.0.0\n")
    with pytest.raises(CannotRun, match="appears twice"):
        load_migration(path)
