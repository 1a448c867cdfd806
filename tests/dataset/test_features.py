"""Features: the same as `datasets` makes of them, for any inventory, and no two columns of one name."""

from typing import Any

import msgspec
import pytest

from annotate.dataset.features import arrow_schema
from annotate.dataset.tables import table_features
from annotate.dataset.tables.records import role_labels
from annotate.errors import CannotRun
from annotate.inventory import Attribute, Inventory
from tests.conftest import Project


@pytest.fixture(params=["corpus", "base", "zoo"])
def any_inventory(request: pytest.FixtureRequest, labels: Inventory, project: Project, zoo: Inventory) -> Inventory:
    found: dict[str, Inventory] = {"corpus": labels, "base": project.inventory, "zoo": zoo}
    return found[request.param]


def test_schemas_are_those_of_datasets(any_inventory: Inventory) -> None:
    from datasets import Features

    for features in table_features(any_inventory).values():
        theirs = Features.from_dict(features)
        assert arrow_schema(features).equals(theirs.arrow_schema, check_metadata=True)
        assert theirs.to_dict() == features
        assert Features.from_arrow_schema(arrow_schema(features)) == theirs


def test_there_is_a_table_for_articles_and_one_for_each_record(any_inventory: Inventory) -> None:
    always = ["articles", "annotations", "tokens", "relations", "links"]
    assert list(table_features(any_inventory)) == [*always, *any_inventory.records]


def test_class_ids_are_places_in_the_inventory(zoo: Inventory) -> None:
    spans = table_features(zoo)["articles"]["spans"]["feature"]
    assert spans["label"]["names"] == list(zoo.spans)
    assert spans["attributes"]["mood"]["names"] == ["calm", "wild"]
    assert spans["attributes"]["legs"] == {"dtype": "int64", "_type": "Value"}


def test_a_role_has_a_label_only_where_there_is_a_choice(zoo: Inventory) -> None:
    tables = table_features(zoo)
    assert tables["tastes"]["liked"]["feature"]["label"]["names"] == list(zoo.spans)
    assert "label" not in tables["animals"]["colour"]["feature"]


def test_a_role_has_a_distance_and_a_way_only_where_it_may_be_filled_from_around(zoo: Inventory) -> None:
    animals = table_features(zoo)["animals"]
    assert {"distance", "through"} <= animals["seer"]["feature"].keys()
    assert {"distance", "through"}.isdisjoint(animals["colour"]["feature"])
    assert role_labels(zoo, zoo.records["animals"], "seer") == ["Keeper"]


def renamed(zoo: Inventory, **changes: Any) -> Inventory:
    return msgspec.structs.replace(zoo, **changes)


@pytest.mark.parametrize("name", ["text", "paragraph", "colour"])
def test_an_attribute_that_clashes_with_a_column_is_refused(zoo: Inventory, name: str) -> None:
    attribute = Attribute(name=name, labels=("Animal",), type="text", required=False, definition="d")
    with pytest.raises(CannotRun, match=rf"records\.animals: two columns would be called '{name}'"):
        table_features(renamed(zoo, attributes={**zoo.attributes, name: attribute}))


def test_a_record_called_as_the_table_of_articles_is_refused(zoo: Inventory) -> None:
    with pytest.raises(CannotRun, match="articles"):
        table_features(
            renamed(zoo, records={"articles": msgspec.structs.replace(zoo.records["sayings"], name="articles")})
        )


def test_an_inventory_without_attributes_has_a_schema(zoo: Inventory) -> None:
    from datasets import Features

    bare = renamed(zoo, attributes={})
    for features in table_features(bare).values():
        assert arrow_schema(features).equals(Features.from_dict(features).arrow_schema, check_metadata=True)
