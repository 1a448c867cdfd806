"""The result items of a server after the steps of a migration."""

import pytest

from annotate.migration.annotations import count_uses, migrate_attributes, migrate_items
from annotate.migration.steps import MigrationStep, load_migration
from annotate.migration.yaml_files import migrate_inventory
from tests.conftest import Project


@pytest.mark.parametrize(
    ("step", "labels", "new_labels", "uses"),
    [
        ("{reword: relation, name: speaker, shown_as: said by}", ["who says it"], ["said by"], 1),
        ("{reword: relation, name: speaker, shown_as: said by}", ["speaker"], ["said by"], 1),
        ("{reword: relation, name: lies_at, shown_as: lies where}", ["speaker", "odd"], ["who says it", "odd"], 0),
        ("{rename: relation, from: speaker, to: talker}", ["who says it"], ["who says it"], 1),
        ("{drop: relation, name: reported_by, confirm: true}", ["reported"], None, 1),
    ],
)
def test_relations_on_a_server_are_found_by_words_and_name(
    project: Project, step: str, labels: list[str], new_labels: list[str] | None, uses: int
) -> None:
    project.replace("schema/labels.yaml", "  speaker:\n", "  speaker:\n    shown_as: who says it\n")
    project.replace("schema/labels.yaml", "  reported_by:\n", "  reported_by:\n    shown_as: reported\n")
    path = project.path("steps.yaml")
    path.write_text(f"from: 1.0.0\nto: 1.1.0\nsteps:\n  - {step}\n")
    migration = load_migration(path)
    text = project.path("schema/labels.yaml").read_text()
    inventories = migrate_inventory(project.schema, text, migration)[1]
    item = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": labels}
    result = migrate_items(migration.steps, inventories, [item], "gold", "harbour")
    assert result == ([item | {"labels": new_labels}] if new_labels else [])
    assert count_uses(migration.steps[0], project.inventory, [item]) == uses


def test_items_that_are_not_of_the_inventory_stay(project: Project) -> None:
    inventories = [project.inventory, project.inventory]
    items: list[object] = [3, {"type": "labels"}, {"type": "relation", "from_id": [], "labels": ["nothing"]}, None]
    step = MigrationStep(kind="drop", what="label", names=("Quay",))
    assert migrate_items([step], inventories, items, "anna", "harbour") == items


def test_no_value_of_a_decision_stays_no_value() -> None:
    """None in a decision follows a renamed attribute, and is not taken for a dropped value."""
    rename = MigrationStep(kind="rename", what="attribute", names=("remark",), to="note")
    drop = MigrationStep(kind="drop", what="value", names=("hand",), attribute="rank")
    assert migrate_attributes([rename, drop], {"remark": None, "rank": "hand"}) == {"note": None}
