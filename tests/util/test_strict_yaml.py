"""YAML is parsed strictly."""

import re

import pytest

from annotate.util.strict_yaml import parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [("on: 1", {"on": 1}), ("a: no", {"a": "no"}), ("a: 2026-01-02", {"a": "2026-01-02"}), ("a: true", {"a": True})],
)
def test_values_mean_what_they_look_like(text: str, value: object) -> None:
    assert parse_yaml(text.encode()) == value


def test_duplicate_key_is_rejected() -> None:
    with pytest.raises(ValueError, match="line 2: the key 'a' appears twice"):
        parse_yaml(b"a: 1\na: 2\n")


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1.0e+999"])
def test_number_that_is_not_finite_is_rejected(number: str) -> None:
    """A bound of `.nan` would never hold, since it compares as neither less nor more."""
    with pytest.raises(ValueError, match=re.escape(f"line 1: {number} is not a finite number")):
        parse_yaml(f"a: {number}\n".encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n? [a]\n: b", "line 2: a key is a list or a mapping"),
        ("- {b: 1}\n- {{a: 1}: b}", "line 2: a key is a list or a mapping"),
        ("a: {b, [c]}", "line 1: a key is a list or a mapping"),
        ("a: !!set {b}", "line 1: could not determine a constructor"),
        ("a: !!int b", "line 1: 'b' is not a valid int"),
        ("a: !!bool b", "line 1: 'b' is not a valid bool"),
        ('a: "\\ud800"', "line 1: '.ud800' is not a valid str"),
    ],
)
def test_value_that_json_cannot_hold_is_rejected_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_yaml(text.encode())
