"""A migration renames what foreign names become in a map, and keeps the foreign names."""

import pytest
import yaml

from annotate.label_map import load_map
from annotate.migration.map_files import migrate_map
from annotate.migration.steps import MigrationStep
from tests.conftest import Project

MAP = """\
# Ours.
spans:
  Person: {label: Speaker, attributes: {rank: master}}  # a boss
  Pier:
    label: Quay
  Ship: {label: Load}
events:
  Say: {label: Verb, roles: {Who: {relation: speaker}, Where: null}}
relations:
  by: {relation: speaker, reversed: true}
attributes:
  Rank: {attribute: rank, values: {Boss: master}}
  Note: {attribute: remark}
"""


def step(kind: str, what: str, name: str, to: str | None, attribute: str | None = None) -> MigrationStep:
    return MigrationStep(kind=kind, what=what, names=(name,), to=to, attribute=attribute)


@pytest.mark.parametrize(
    ("change", "old", "new", "notes"),
    [
        (step("rename", "label", "Quay", "Pier"), "label: Quay", "label: Pier", 0),
        (step("split", "label", "Load", "Crate"), "{label: Load}", "{label: Crate}", 1),
        (step("drop", "label", "Load", None), "Ship: {label: Load}", "Ship: null", 1),
        (step("drop", "label", "Quay", None), "    label: Quay", "    null", 1),
        (step("rename", "relation", "speaker", "said_by"), "relation: speaker", "relation: said_by", 0),
        (step("rename", "attribute", "remark", "comment"), "attribute: remark", "attribute: comment", 0),
        (step("rename", "attribute", "rank", "grade"), "attributes: {rank: master}", "attributes: {grade: master}", 0),
        (step("rename", "value", "master", "boss", "rank"), "{Boss: master}", "{Boss: boss, master: boss}", 0),
        (step("rename", "value", "hand", "worker", "rank"), "{Boss: master}", "{Boss: master, hand: worker}", 0),
        (step("drop", "value", "master", None, "rank"), "attributes: {rank: master}", "attributes: {}", 0),
        (step("add", "label", "Ship", None), "# Ours.", "# Ours.", 0),
    ],
    ids=str,
)
def test_a_step_renames_what_a_name_becomes(change: MigrationStep, old: str, new: str, notes: int) -> None:
    migrated = migrate_map(MAP, [change])
    assert old in MAP
    assert new in migrated.text
    assert len(migrated.notes) == notes
    before, after = yaml.safe_load(MAP), yaml.safe_load(migrated.text)
    assert {section: list(names) for section, names in after.items()} == {
        section: list(names) for section, names in before.items()
    }
    assert "  # a boss" in migrated.text


def test_the_maps_of_a_corpus_are_migrated_with_it(project: Project) -> None:
    (project.root / "schema/maps").mkdir()
    project.path("schema/maps/brat.yaml").write_text(MAP)
    project.path("rename.yaml").write_text(
        "from: 1.0.0\nto: 2.0.0\nsteps:\n- {rename: label, from: Quay, to: Pier}\n"
        "- {rename: value, attribute: rank, from: master, to: boss}\n- {rename: relation, from: speaker, to: said_by}\n"
    )
    done = project.annotate("migrate", "rename.yaml", "--no-server")
    assert done.exit_code == 0, done.output
    label_map = load_map(project.path("schema/maps/brat.yaml"), project.inventory)
    assert label_map.spans["Pier"].label == "Pier"  # type: ignore[union-attr]
    assert label_map.attributes["Rank"].values == {"Boss": "boss", "master": "boss"}  # type: ignore[union-attr]
    undone = project.annotate("migrate", "--undo", "--no-server")
    assert undone.exit_code == 0, undone.output
    assert project.path("schema/maps/brat.yaml").read_text() == MAP
