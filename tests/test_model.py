"""The form of an article's id is the same in the model and in every JSON Schema."""

import json
from typing import Any

import pytest

from annotate.model import ARTICLE_ID_LENGTH, ARTICLE_ID_PATTERN, is_article_id, normal_number
from annotate.schemas import package_schema


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("article", ("id",)),
        ("coverage", ("article",)),
        ("annotators", ("annotators", "items", "properties", "id")),
    ],
)
def test_schemas_have_the_pattern_of_the_model(schema: str, path: tuple[str, ...]) -> None:
    value: Any = json.loads(package_schema(schema))["properties"]
    for key in path:
        value = value[key]
    assert value["pattern"] == ARTICLE_ID_PATTERN
    assert value.get("maxLength", ARTICLE_ID_LENGTH) == ARTICLE_ID_LENGTH


@pytest.mark.parametrize(
    ("names", "are_ids"),
    [(["market-2", "a", "a" * 100], True), (["a" * 101, "", "../x", "a-", "Ä", "a\n", "_a"], False)],
)
def test_an_id_is_a_safe_file_name(names: list[str], are_ids: bool) -> None:
    assert {is_article_id(name) for name in names} == {are_ids}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2.0, 2), (2.5, 2.5), (-3, -3), (2**53, 2**53), (2**53 + 1, None), (2**60, 2.0**60), (10**400, None)],
)
def test_a_number_is_kept_exactly_or_refused(value: float, expected: float | None) -> None:
    number = normal_number(value)
    assert (number, type(number)) == (expected, type(expected))
