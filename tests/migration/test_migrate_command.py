"""`annotate migrate` without a server: each kind of step, what is refused, and undo."""

import re
from base64 import b64encode

import msgspec
import pytest
from click.testing import Result

from annotate.labelstudio.location import open_state
from annotate.labelstudio.lock import MIGRATION_FOLDER
from annotate.migration.transaction import MigrationJournal
from annotate.model import AttributeValue
from tests.checks.test_severity import forget_words
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
    return project.annotate("migrate", str(path), "--no-server", *words)


def migrate_undo_migrate(project: Project, steps: str) -> Result:
    """Migrate: the corpus has no errors, an undo restores every byte, and migrating again gives the same bytes."""
    before = corpus_files(project)
    result = run(project, steps)
    assert result.exit_code == 0, result.output
    assert project.inventory.version == "1.1.0"
    checked = project.annotate("check")
    assert checked.exit_code == 0, checked.output
    after = corpus_files(project)
    undone = project.annotate("migrate", "--undo")
    assert undone.exit_code == 0, undone.output
    assert corpus_files(project) == before
    again = run(project, steps)
    assert again.exit_code == 0, again.output
    assert corpus_files(project) == after
    return result


def corpus_files(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.snapshot().items() if name.startswith(("corpus/", "schema/"))}


def read_gold(
    project: Project, version: str = "1.1.0"
) -> tuple[dict[str, tuple[str, dict[str, AttributeValue]]], set[tuple[str, str, str]]]:
    annotation = project.corpus.read_annotation("gold", "harbour")
    assert annotation.inventory == version
    spans = {span.id: (span.label, span.attributes) for span in annotation.spans}
    return spans, {(relation.label, relation.head, relation.tail) for relation in annotation.relations}


def test_words_that_a_rename_keeps_are_listed(project: Project) -> None:
    """The words that people see of a renamed label, and the title of its page, stay and are listed; maps are not."""
    project.replace("schema/labels.yaml", "  Quay: {", "  Quay: {shown_as: berth, ")
    page = project.inventory.spans["Quay"].guideline
    project.path(f"guidelines/{page}").parent.mkdir(parents=True, exist_ok=True)
    project.path(f"guidelines/{page}").write_text("# Where it lies\n")
    project.path("schema/maps").mkdir(exist_ok=True)
    project.path("schema/maps/jsonl.yaml").write_text("spans:\n  Quay: {label: Quay}\n")
    project.annotate("generate")
    lines = run(project, "  - {rename: label, from: Quay, to: Pier}\n", "--plan").output.splitlines()
    assert any(re.fullmatch(r"schema/labels\.yaml:\d+: Pier is still shown as 'berth'; .*", line) for line in lines)
    assert f"guidelines/{page}:1: the page of Pier is still titled 'Where it lies'" in lines
    assert not [line for line in lines if "maps/jsonl.yaml" in line]
    steps = "  - {rename: label, from: Quay, to: Pier}\n  - {reword: label, name: Pier, shown_as: pier}\n"
    assert "still shown as" not in run(project, steps, "--plan").output


def test_a_corpus_without_a_server_needs_no_option(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    project.path("steps.yaml").write_text(HEAD + "  - {rename: label, from: Quay, to: Pier}\n")
    for words in (["migrate"], ["studio", "migrate"]):
        planned = project.annotate(*words, "steps.yaml", "--plan")
        assert planned.exit_code == 0, planned.output
        assert planned.output.startswith("this corpus has no label server: only its files change\n")
    state = open_state(project.corpus.root)
    state.create_folder()
    state.write("project.json", {})
    refused = project.annotate("migrate", "steps.yaml", "--plan")
    assert (refused.exit_code, "or give --no-server if no project has these labels" in refused.output) == (2, True)


def test_rename(project: Project) -> None:
    shown = migrate_undo_migrate(project, RENAMES).stdout.splitlines()
    assert shown[0] == "rename label Quay → Pier: 2 spans, 0 relations, in 2 files"
    assert shown[4] == "rename relation lies_at → found_at: 0 spans, 2 relations, in 2 files"
    assert shown[6] == "migrated to inventory 1.1.0: 6 files, 0 projects, 0 annotations, 0 drafts, 0 predictions"
    assert shown[7] == "schema/labels.yaml:74: still names Quay"
    spans, relations = read_gold(project)
    assert spans["s5"] == ("Pier", {})
    assert spans["s7"] == ("Speaker", {"rank": "worker"})
    assert spans["s10"] == ("Load", {"wording": "no", "fewest": 12})
    assert {("found_at", "s4", "s5"), ("said_by", "s2", "s1")} <= relations
    assert project.inventory.intervals[0].minimum == "fewest"
    assert project.inventory.intervals[0].readings["no"] == "lower"
    assert project.inventory.records["loads"].roles["quay"].relation == "found_at"


DROP_RANKS = "".join(
    f"  - {{drop: value, attribute: rank, name: {name}, confirm: true}}\n" for name in ("master", "hand", "other", "x")
)
REWORD = "  - {reword: relation, name: lies_at, shown_as: where it lies}\n"


def test_reword(project: Project) -> None:
    """The words change, and the corpus keeps the name."""
    annotation = project.corpus.read_annotation("gold", "harbour")
    relations = {(relation.label, relation.head, relation.tail) for relation in annotation.relations}
    shown = migrate_undo_migrate(project, REWORD).stdout.splitlines()
    assert shown[0] == "reword relation lies_at → where it lies: 0 spans, 0 relations, in 0 files"
    assert read_gold(project)[1] == relations
    text = project.path("schema/labels.yaml").read_text()
    assert "  lies_at:\n    shown_as: where it lies\n    definition: From a Load" in text


def test_reword_other_names(project: Project) -> None:
    """Neither labels nor class ids change."""
    project.annotate("generate")
    class_ids = project.path("schema/classes.json").read_bytes()
    before = read_spans(project)
    steps = """
  - {reword: label, name: Speaker, shown_as: 说话人}
  - {reword: attribute, name: rank, shown_as: رتبة}
  - {reword: value, attribute: rank, name: hand, shown_as: Deck-hand 2}
"""
    shown = migrate_undo_migrate(project, steps).stdout.splitlines()
    assert shown[:3] == [
        "reword label Speaker → 说话人: 0 spans, 0 relations, in 0 files",
        "reword attribute rank → رتبة: 0 spans, 0 relations, in 0 files",
        "reword value hand of rank → Deck-hand 2: 0 spans, 0 relations, in 0 files",
    ]
    assert read_spans(project) == before
    assert project.path("schema/classes.json").read_bytes() == class_ids
    rank = project.inventory.attributes["rank"]
    assert (project.inventory.spans["Speaker"].display_name, rank.display_name, rank.display_value("hand")) == (
        "说话人",
        "رتبة",
        "Deck-hand 2",
    )


def read_spans(project: Project) -> list[tuple[str, dict[str, AttributeValue]]]:
    return [(span.label, span.attributes) for span in project.corpus.read_annotation("gold", "harbour").spans]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{reword: value, name: hand, shown_as: x}", "steps[0]: 'attribute' is missing"),
        ("{reword: value, attribute: rank, name: captain, shown_as: x}", "no value is called 'captain'"),
        ("{reword: label, name: Verb, shown_as: Words}", "'Words' means Words already"),
        ("{reword: record, name: sayings, shown_as: x}", "steps[0].reword: 'record' is unknown"),
    ],
)
def test_a_reword_that_does_not_fit_is_refused(project: Project, step: str, message: str) -> None:
    before = project.snapshot()
    result = run(project, f"  - {step}\n")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert message in result.output
    project.path("steps.yaml").unlink()
    assert project.snapshot() == before


def test_the_labels_of_a_split_have_names_of_their_own(project: Project) -> None:
    """The old label keeps its shown form, its colour and its hotkey."""
    project.replace("schema/labels.yaml", "  Load: {layer", "  Load: {shown_as: Ladung, layer")
    project.replace("schema/labels.yaml", ' hotkey: "5",', "")
    steps = """
  - split: Load
    into: {Load: {}, Freight: {definition: In bulk., shown_as: 货物}}
    default: Load
    anchors: {loads: Load}
  - split: Quay
    into: {Quay: {hotkey: "5"}, Pier: {definition: Of wood.}}
    default: Quay
"""
    assert run(project, steps).exit_code == 0
    spans = project.inventory.spans
    assert [(name, label.display_name, label.hotkey) for name, label in spans.items()][3:] == [
        ("Load", "Ladung", "4"),
        ("Freight", "货物", ""),
        ("Quay", "Quay", "5"),
        ("Pier", "Pier", ""),
    ]
    assert len({label.color for label in spans.values()}) == len(spans)


def test_only_what_a_step_names_is_edited(project: Project) -> None:
    project.replace("schema/labels.yaml", "spans:\n", "spans: # kept\n  # kept too\n")
    before = project.path("schema/labels.yaml").read_text().splitlines()
    assert run(project, "  - {rename: label, from: Quay, to: Pier}\n").exit_code == 0
    after = project.path("schema/labels.yaml").read_text().splitlines()
    changed = {old: new for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {old: re.sub(r"\bQuay(?=[\]:])", "Pier", old).replace("1.0.0", "1.1.0") for old in changed}
    assert len(changed) == 4


def test_merge(project: Project) -> None:
    """Labels of two layers are merged, unless only one of them must have an attribute."""
    refused = run(project, MERGE)
    assert (refused.exit_code, "P204" in refused.stderr) == (1, True), refused.output
    migrate_undo_migrate(project, "  - {drop: attribute, name: rank, confirm: true}\n" + MERGE)
    spans, relations = read_gold(project)
    assert [spans[id_] for id_ in ("s1", "s5", "s7")] == [("Party", {})] * 3
    assert {("speaker", "s2", "s1"), ("lies_at", "s4", "s5")} <= relations
    loaded = project.inventory
    assert list(loaded.spans) == ["Party", "Verb", "Words", "Load"]
    assert loaded.relations["lies_at"].tail == loaded.attributes["remark"].labels == ("Party",)


def test_relation_that_a_role_is_filled_through_cannot_be_dropped_alone(project: Project) -> None:
    refused = run(project, "  - {drop: relation, name: words, confirm: true}\n")
    assert (refused.exit_code, "no role is called" in refused.stderr) == (2, True), refused.output


def test_split(project: Project) -> None:
    """The versions of annotations stay: nobody told the labels of the split apart."""
    migrate_undo_migrate(project, SPLIT)
    assert read_gold(project, "1.0.0")[0]["s5"][0] == "Berth"
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
    """The step names the anchor of the record; both labels have the interval."""
    if flow:
        text = project.path("schema/labels.yaml").read_text()
        begin, end = text.index("intervals:"), text.index("relations:")
        fields = "label: Load, minimum: least, maximum: most, wording: wording"
        readings = "{exact: both, at least: lower, at most: upper, range: between, vague: none}"
        interval = f"intervals: [{{{fields}, readings: {readings}}}]\n\n"
        project.path("schema/labels.yaml").write_text(text[:begin] + interval + text[end:])
    migrate_undo_migrate(project, FREIGHT)
    assert read_gold(project, "1.0.0")[0]["s4"][0] == "Freight"
    loaded = project.inventory
    assert [interval.label for interval in loaded.intervals] == ["Load", "Freight"]
    assert loaded.intervals[0].readings == loaded.intervals[1].readings
    assert loaded.records["loads"].anchor == "Load"


def test_anchor_moves_to_another_label(project: Project) -> None:
    migrate_undo_migrate(project, FREIGHT.replace("{loads: Load}", "{loads: Freight}"))
    assert project.inventory.records["loads"].anchor == "Freight"


def test_drop_of_a_label_after_its_record(project: Project) -> None:
    migrate_undo_migrate(project, NO_LOADS)
    loaded = project.inventory
    assert (list(loaded.records), loaded.intervals, "Load" in loaded.spans) == (["sayings"], (), False)
    assert {"least", "most", "wording"}.isdisjoint(loaded.attributes)


def test_dropped_record_leaves_no_enclosing_role(project: Project) -> None:
    migrate_undo_migrate(project, "  - {drop: record, name: sayings, confirm: true}\n")
    roles = project.inventory.records["loads"].roles
    assert (list(project.inventory.records), roles["reporter"].enclosing) == (["loads"], None)


def test_drop(project: Project) -> None:
    steps = """
  - {drop: relation, name: lies_at, confirm: true}
  - {drop: label, name: Quay, confirm: true}
  - {drop: attribute, name: most, confirm: true}
  - {drop: value, attribute: rank, name: other, confirm: true}
"""
    shown = migrate_undo_migrate(project, steps).stdout
    assert "drop label Quay: 2 spans, 0 relations, in 2 files" in shown
    spans, relations = read_gold(project)
    assert "s5" not in spans
    assert spans["s4"][1] == {"wording": "exact", "least": 40}
    assert "lies_at" not in {label for label, _, _ in relations}
    loaded = project.inventory
    assert {"remark", "most"}.isdisjoint(loaded.attributes)
    assert (loaded.intervals, list(loaded.records["loads"].roles)) == ((), ["reporter"])


def test_annotation_of_another_version_is_refused(project: Project) -> None:
    project.replace("corpus/annotations/anna/harbour.json", '"inventory": "1.0.0"', '"inventory": "0.9.0"')
    refused = run(project, RENAMES)
    assert (refused.exit_code, "C109" in refused.stderr, "fix the corpus first" in refused.stderr) == (1, True, True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  party:", "  bloc:", "M101 metadata: 'party' does not belong here"),
        ("  party: {type: text, required: false, definition: Whose it is.}\n", "", "M101 "),
    ],
)
def test_field_of_metadata_that_only_the_inventory_lost(project: Project, old: str, new: str, words: str) -> None:
    """A migration neither repairs nor loses what the articles have, and keeps the fields that are declared."""
    labels, article = project.path("schema/labels.yaml"), project.path("corpus/articles/harbour.json")
    section = "\nmetadata: # of the press\n  party: {type: text, required: false, definition: Whose it is.}\n"
    section += "  seats: {type: number, required: false, definition: Of the party.}\n"
    labels.write_text(labels.read_text() + section)
    assert project.annotate("add", "--table", write_table(project, "party")).exit_code == 0
    valid, before = labels.read_text(), article.read_bytes()
    labels.write_text(valid.replace(old, new))
    refused = run(project, RENAMES)
    assert (refused.exit_code, refused.stderr.count("\n"), words in refused.stderr) == (1, 1, True), refused.stderr
    labels.write_text(valid)
    assert run(project, RENAMES).exit_code == 0
    assert labels.read_text().endswith(section)
    assert article.read_bytes() == before


def write_table(project: Project, field: str) -> str:
    path = project.path("metadata.csv")
    path.write_text(f"id,{field}\nharbour,Harbour Party\n")
    return str(path)


def test_plan_changes_nothing(project: Project) -> None:
    before = corpus_files(project)
    shown = run(project, RENAMES, "--plan")
    assert (shown.exit_code, corpus_files(project)) == (0, before)
    assert project.annotate("migrate", "--undo").exit_code == 2


@pytest.mark.parametrize(
    ("steps", "exit_code", "words"),
    [
        ("  - {rename: label, from: Pier, to: Quay}", 2, "no label is called 'Pier'"),
        ("  - {rename: label, from: Quay, to: Load}", 2, "a label is called 'Load' already"),
        ("  - {rename: value, from: hand, to: worker}", 2, "'attribute' is missing; add it"),
        ("  - {rename: value, attribute: least, from: hand, to: worker}", 2, "no choice attribute is called 'least'"),
        ("  - {drop: label, name: Quay}", 2, "'confirm' is missing; add it, true"),
        ("  - {drop: label, name: Quay, confirm: true}", 2, "put a step before it: {drop: relation, name: lies"),
        ("  - {add: value, attribute: rank, name: x, definition: X}\n" + DROP_RANKS, 2, "drop the attribute in its"),
        ("  - {drop: value, attribute: rank, name: hand, confirm: true}", 1, "the migration causes them"),
        ("  - {split: Quay, into: {Quay: {}, Pier: {}}, default: Berth}", 2, "'Berth' is not among the labels"),
        ("  - {split: Load, into: {Load: {}, Pier: {}}, default: Load}", 2, "as in anchors: {loads: Load}"),
        ("  - {split: Quay, into: {Quay: {}, B: {}}, default: B, anchors: {loads: B}}", 2, "is not a record of Quay"),
        ("  - {split: Load, into: {Load: {}, B: {}}, default: B, anchors: {loads: C}}", 2, "'C' is not among"),
        ("  - {merge: [Verb, Load], to: Both}", 2, "would anchor the records sayings and loads; put a step before"),
        ("  - {drop: label, name: Load, confirm: true}", 2, "put a step before it: {drop: record, name: loads, "),
        ("  - {drop: record, name: Load, confirm: true}", 2, "no record is called 'Load'; there are: sayings, loads"),
        ("  - {merge: [Quay, Load]}", 2, "'to' is missing; add it, one line without "),
        ("  - {rename: metadata, from: party, to: bloc}", 2, "steps[0].rename: a migration changes no metadata of art"),
        ("  - {drop: metadata, name: party, confirm: true}", 2, "in labels.yaml and in the articles' files; `annotate"),
        ("  - {melt: label}", 2, "steps[0]: has none of: rename, merge, split, drop, reword, add; "),
    ],
)
def test_wrong_step_is_refused_in_one_line(project: Project, steps: str, exit_code: int, words: str) -> None:
    before = corpus_files(project)
    result = run(project, steps)
    assert (result.exit_code, words in result.stderr) == (exit_code, True), result.output
    assert result.stderr.count("\n") == 1
    assert corpus_files(project) == before


def test_one_annotators_mistake_stops_no_migration(project: Project) -> None:
    forget_words(project)
    migrate_undo_migrate(project, RENAMES)


def test_mistakes_that_a_migration_causes_are_refused(project: Project) -> None:
    """Two spans with two labels at one place are fine; with one label, one of them is too many (P105)."""
    forget_words(project)
    verb = '{"id": "s8", "label": "Verb"'
    quay = '{"id": "s11", "label": "Quay", "start": 65, "end": 71, "text": "a hand"},\n'
    project.replace("corpus/annotations/anna/harbour.json", verb, f"{quay}{verb}")
    project.replace("corpus/annotations/anna/harbour.json", '{"label": "speaker", "head": "s8", "tail": "s7"},\n', "")
    before = corpus_files(project)
    refused = run(project, "  - {drop: attribute, name: rank, confirm: true}\n" + MERGE)
    assert refused.exit_code == 1
    assert "1 errors (annotations/anna/harbour.json: P105" in refused.stderr
    assert "the migration causes them; change its steps" in refused.stderr
    assert corpus_files(project) == before


def test_other_version_and_errors_are_refused(project: Project) -> None:
    assert run(project, RENAMES).exit_code == 0
    again = run(project, RENAMES)
    assert (again.exit_code, "the inventory is 1.1.0" in again.stderr) == (2, True)
    assert project.annotate("migrate", "--undo").exit_code == 0
    project.replace("corpus/annotations/gold/harbour.json", '"text": "said"', '"text": "sang"')
    unclean = run(project, RENAMES)
    assert (unclean.exit_code, "fix the corpus first" in unclean.stderr) == (1, True)


def test_undo_is_refused_after_a_change(project: Project) -> None:
    assert run(project, RENAMES).exit_code == 0
    project.replace("schema/labels.yaml", "Who speaks.", "Whoever speaks.")
    before = corpus_files(project)
    refused = project.annotate("migrate", "--undo")
    assert (refused.exit_code, "was changed by another program" in refused.stderr) == (1, True)
    assert corpus_files(project) == before


def test_a_journal_of_toolkit_0_1_is_undone(project: Project) -> None:
    """Its files are not compressed."""
    before = corpus_files(project)
    assert run(project, RENAMES).exit_code == 0
    path = open_state(project.corpus.root).folder / MIGRATION_FOLDER / "done.json"
    journal = msgspec.json.decode(path.read_bytes())
    packed = msgspec.json.decode(path.read_bytes(), type=MigrationJournal).files
    assert all(
        file.is_packed and len(file.old) < len(file.unpack("old")) for file in packed if len(file.unpack("old")) > 500
    )
    journal["files"] = [
        {"path": file.path, **{side: b64encode(file.unpack(side)).decode() for side in ("old", "new")}}
        for file in packed
    ]
    path.write_bytes(msgspec.json.encode(journal))
    undone = project.annotate("migrate", "--undo")
    assert undone.exit_code == 0, undone.output
    assert corpus_files(project) == before
