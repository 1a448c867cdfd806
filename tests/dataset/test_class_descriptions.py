"""`classes.json` says what each class id, attribute and role of a dataset means."""

import json
from typing import Any

import msgspec
import pytest

from annotate import class_ids
from annotate.dataset.class_descriptions import encode_class_descriptions
from annotate.dataset.class_ids import list_class_columns
from annotate.dataset.tables import select_tables
from annotate.inventory import Inventory
from tests.conftest import Project
from tests.graphs import ZOO


def describe(inventory: Inventory) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(encode_class_descriptions(inventory, select_tables(inventory)))
    return described


@pytest.fixture(params=["made up", "zoo", "this corpus"])
def any_inventory(request: pytest.FixtureRequest, project: Project, labels: Inventory) -> Inventory:
    return {"made up": project.inventory, "zoo": ZOO, "this corpus": labels}[request.param]


def test_each_column_of_classes_names_a_list_with_its_ids(any_inventory: Inventory) -> None:
    described = describe(any_inventory)
    for name, table in select_tables(any_inventory).items():
        lists = described["tables"][name].get("classes", {})
        columns = dict(list_class_columns(table.features))
        assert lists.keys() == columns.keys()
        for path, names in columns.items():
            entries = described["classes"][lists[path]]
            assert [(entry["id"], entry["name"]) for entry in entries] == list(enumerate(names))
        assert described["tables"][name]["columns"].keys() == table.features.keys()


def test_labels_relations_and_values_have_their_definitions(any_inventory: Inventory) -> None:
    described = describe(any_inventory)
    definitions = {entry["name"]: entry["definition"] for entry in described["classes"]["spans"]}
    assert definitions == {name: label.definition for name, label in any_inventory.spans.items()}
    none, *relations = described["classes"]["relations"]
    assert (none["id"], none["name"]) == (0, class_ids.NONE)
    assert {entry["name"]: entry["definition"] for entry in relations} == {
        name: relation.definition for name, relation in any_inventory.relations.items()
    }
    for name, attribute in any_inventory.attributes.items():
        assert described["attributes"][name]["definition"] == attribute.definition
        values = described["classes"].get(f"attributes.{name}", [])
        assert {entry["name"]: entry["definition"] for entry in values} == attribute.values


def test_views_name_their_record_and_the_columns_of_each_role(any_inventory: Inventory) -> None:
    tables = describe(any_inventory)["tables"]
    views = {name for name, table in tables.items() if table.get("view_of") == "articles"}
    assert views == {"tokens", "relations", *any_inventory.records}
    for name, record in any_inventory.records.items():
        described = tables[name]["record"]
        assert (described["anchor"], list(described.get("roles", {}))) == (record.anchor, list(record.roles))
        for role in described.get("roles", {}).values():
            assert set(role["columns"]) <= tables[name]["columns"].keys()
        views_of_counts = described.get("views", {})
        assert {*described.get("attributes", []), *views_of_counts} <= tables[name]["columns"].keys()


def test_a_class_that_the_inventory_lost_is_retired(project: Project) -> None:
    names = project.inventory.class_names
    gone = msgspec.structs.replace(names, spans=(*names.spans, "Gone"), retired=("spans.Gone",))
    *_, last = describe(msgspec.structs.replace(project.inventory, committed_class_ids=gone))["classes"]["spans"]
    assert last == {"id": len(names.spans), "name": "Gone", "retired": True}
