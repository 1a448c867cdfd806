"""Practice texts follow a migration: labels, attributes and relations change, words and reasons stay."""

import pytest
import yaml

from annotate.migration.practice_files import migrate_practice
from annotate.migration.steps import MigrationStep
from annotate.practice import PracticeText, read_practice_texts
from tests.conftest import Project
from tests.migration.test_migrate_command import corpus_files, migrate_undo_migrate, run
from tests.service.practice import PRACTICE, write_practice

FILE = "guidelines/practice/barrels.yaml"
BLOCK = """\
title: In block style
# Two spans of the same word.
text: A hand said so.
spans:
  - id: hand
    label: Speaker
    quote: A hand
    attributes:
      rank: hand
    why: A Speaker, not a Quay.  # why
  - id: said
    label: Verb
    quote: said
relations:
  - label: speaker
    head: said
    tail: hand
"""
MIGRATION = """
  - {rename: label, from: Quay, to: Pier}
  - {rename: attribute, from: least, to: fewest}
  - {rename: value, attribute: rank, from: hand, to: worker}
  - {rename: relation, from: speaker, to: said_by}
  - {drop: relation, name: lies_at, confirm: true}
  - add: attribute
    name: certainty
    entry: {labels: [Verb], type: choice, required: true, definition: How sure., values: {sure: yes it is, unsure: no}}
    default: sure
"""


def step(kind: str, what: str, name: str, to: str | None, **more: object) -> MigrationStep:
    return MigrationStep(kind=kind, what=what, names=(name,), to=to, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [PRACTICE, BLOCK, yaml.safe_dump(yaml.safe_load(PRACTICE), default_flow_style=True)])
@pytest.mark.parametrize(
    "change",
    [
        step("rename", "label", "Speaker", "Person"),
        step("drop", "label", "Speaker", None),
        step("drop", "label", "Verb", None),
        MigrationStep(kind="merge", what="label", names=("Speaker", "Verb"), to="Party"),
        step("rename", "attribute", "rank", "grade"),
        step("drop", "attribute", "rank", None),
        step("rename", "value", "hand", "worker", attribute="rank"),
        step("drop", "value", "hand", None, attribute="rank"),
        step("rename", "relation", "speaker", "said_by"),
        step("drop", "relation", "speaker", None),
        step("split", "label", "Speaker", "Crew", exceptions={"practice-barrels/hand": "Master"}),
        step("add", "attribute", "certainty", "certainty", entry={"labels": ["Speaker", "Verb"]}, default="sure"),
        step("reword", "label", "Speaker", "Speaker", shown_as="who speaks"),
    ],
    ids=str,
)
def test_text_changes_as_its_contents_do(text: str, change: MigrationStep) -> None:
    migrated = migrate_practice(text, "practice-barrels", [change])
    assert yaml.safe_load(migrated.text) == expected(yaml.safe_load(text), change)
    assert ("# Two spans" in migrated.text) == ("# Two spans" in text)
    assert migrated.notes == ()


def expected(file: dict[str, object], change: MigrationStep) -> dict[str, object]:
    """Change the contents of a practice text by the rules of a step, not its text."""
    spans, relations = [], []
    for span in file["spans"]:  # type: ignore[attr-defined]
        label = change.relabel(span["label"], "gold", "practice-barrels", span["id"])
        attributes: dict[str, object] = {}
        for name, value in span.get("attributes", {}).items():
            new_name, new_value = change.rename("attribute", name), change.rename("value", value, name)
            if new_name and new_value is not None:
                attributes[new_name] = new_value
        if label and (default := change.default_for(label)):
            attributes[change.names[0]] = default
        if label:
            others = {key: value for key, value in span.items() if key != "attributes"}
            spans.append({**others, "label": label} | ({"attributes": attributes} if attributes else {}))
    ids = {span["id"] for span in spans}
    for relation in file["relations"]:  # type: ignore[attr-defined]
        name = change.rename("relation", relation["label"])
        if name and {relation["head"], relation["tail"]} <= ids:
            relations.append({**relation, "label": name})
    return file | {"spans": spans, "relations": relations}


def test_what_a_person_must_look_at_is_noted() -> None:
    split = step("split", "label", "Speaker", "Crew", into={"Crew": {}, "Master": {}})
    (note,) = migrate_practice(BLOCK, "practice-barrels", [split]).notes
    assert note == (
        "line 6: span 'hand' was Speaker, which was split; it becomes Crew, unless an exception names "
        "practice-barrels/hand"
    )
    drops = [step("drop", "label", name, None) for name in ("Speaker", "Verb")]
    emptied = migrate_practice(BLOCK, "practice-barrels", drops)
    assert emptied.notes == ("line 1: has no labels any more",)
    assert yaml.safe_load(emptied.text)["spans"] == yaml.safe_load(emptied.text)["relations"] == []


def read_barrels(project: Project) -> PracticeText:
    return read_practice_texts(project.path("guidelines"), project.inventory)["practice-barrels"]


def test_practice_texts_of_a_corpus_are_migrated_with_it(project: Project) -> None:
    """With a plan that changes nothing, and an undo that restores every byte."""
    write_practice(project, PRACTICE.replace("The whole clause", "What lies at the Quay. The whole clause"))
    before = project.path(FILE).read_bytes(), corpus_files(project)
    planned = run(project, MIGRATION, "--plan")
    assert planned.exit_code == 0, planned.output
    assert f"{FILE}:6: still names Quay" in planned.stdout
    assert (project.path(FILE).read_bytes(), corpus_files(project)) == before
    migrate_undo_migrate(project, MIGRATION)
    _, gold, problems = read_barrels(project)
    assert problems == []
    assert {span.label for span in gold.spans} == {"Speaker", "Verb", "Words", "Load", "Pier"}
    by_id = {span.id: span.attributes for span in gold.spans}
    assert by_id["hand"] == {"rank": "worker"}
    assert by_id["said"] == {"certainty": "sure"}
    assert by_id["barrels"] == {"wording": "exact", "fewest": 7, "most": 7}
    assert {relation.label for relation in gold.relations} == {"said_by", "words"}
    checked = project.annotate("check")
    assert "practice" not in checked.output, checked.output
    assert project.annotate("migrate", "--undo", "--no-server").exit_code == 0
    assert (project.path(FILE).read_bytes(), corpus_files(project)) == before


def test_words_of_a_text_are_no_names_of_labels(project: Project) -> None:
    write_practice(
        project, PRACTICE.replace("lie at the pier", "lie at Quay").replace("quote: the pier", "quote: Quay")
    )
    planned = run(project, "  - {rename: label, from: Quay, to: Pier}\n", "--plan")
    assert planned.exit_code == 0, planned.output
    assert FILE not in planned.output


@pytest.mark.parametrize(
    ("old", "new", "steps", "code", "message"),
    [
        ("rank: hand}", "rank: cook}", "", 1, "practice/barrels.yaml: P203 "),
        ("quote: A hand", "quote: The hand", "", 1, "practice/barrels.yaml: C508 "),
        ("rank: hand}", "rank: other}", "  - {drop: value, attribute: rank, name: other, confirm: true}\n", 1, "P204 "),
        (
            "rank: hand}",
            "rank: &rank hand}, why: *rank",
            "",
            2,
            f"{FILE}: line 4 is repeated by an alias; write it out",
        ),
    ],
)
def test_faults_refuse_the_migration(project: Project, old: str, new: str, steps: str, code: int, message: str) -> None:
    assert old in PRACTICE
    write_practice(project, PRACTICE.replace(old, new, 1))
    before = project.snapshot()
    refused = run(project, steps or "  - {rename: label, from: Quay, to: Pier}\n")
    assert (refused.exit_code, refused.output.count("\n"), message in refused.output) == (code, 1, True), refused.output
    assert "the migration causes them" in refused.output or not steps
    assert {**project.snapshot(), "steps.yaml": b""} == {**before, "steps.yaml": b""}
