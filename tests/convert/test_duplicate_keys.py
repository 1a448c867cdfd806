"""Keys are counted in bytes as a parser sees them; other spellings of a key are found."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.convert.duplicate_keys import KeyCounter, may_repeat_keys
from annotate.schemas.lines import repeated_keys

KEYS = ("value", "to_id", "labels", "choices", "annotations")
words = st.sampled_from([*KEYS, "x", "notlabels", 'say "labels": x', "\\", ":", 'labels":', "é🚢", "\n"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=5
)
values = st.recursive(
    st.none() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
tasks = st.lists(st.dictionaries(words, values, min_size=1, max_size=4), min_size=1, max_size=4)


def counted(value: Any, key: str) -> int:
    if isinstance(value, list):
        return sum(counted(one, key) for one in value)
    if isinstance(value, dict):
        return (key in value) + sum(counted(one, key) for one in value.values())
    return 0


def joined(parts: list[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """Return the parts joined, with bytes around and between them, and their positions."""
    data, places = b'{"labels": 1},', []
    for part in parts:
        places.append((len(data), len(data) + len(part)))
        data += part + b",\n"
    return data + b'{"labels": 1}', places


@given(tasks, st.booleans(), st.sampled_from([None, 1]))
@settings(max_examples=300, deadline=None)
def test_keys_are_counted_as_a_parser_sees_them(export: list[Any], plain: bool, indent: int | None) -> None:
    keys = KeyCounter(*joined([json.dumps(task, ensure_ascii=plain, indent=indent).encode() for task in export]))
    for key in KEYS:
        assert keys.count(key.encode()).tolist() == [counted(task, key) for task in export]


@given(tasks)
@settings(deadline=None)
def test_output_of_an_encoder_has_no_variants(export: list[Any]) -> None:
    """An escape or white space in a string may be mistaken for a variant of a key; a variant is never missed."""
    keys = KeyCounter(*joined([json.dumps(task, ensure_ascii=False).encode() for task in export]))
    strings = [json.dumps(task, ensure_ascii=False) for task in export]
    for otherwise, text in zip(keys.may_have_variants().tolist(), strings, strict=True):
        assert not otherwise or "\\" in text


@pytest.mark.parametrize(
    "other",
    [
        b'{"x": 1, "labels" : 2}',
        b'{"x": 1, "labels"\n : 2}',
        b'{"x": 1, "l\\u0061bels": 2}',
        b'{"x": 1, "\\u006cabels": 2}',
    ],
    ids=["a space", "a line", "an escape", "an escape at once"],
)
def test_variant_of_a_key_is_found(other: bytes) -> None:
    plain = b'{"x": "a : b", "labels": "\\u00e9 \\u2028 \\\\u0041"}'
    keys = KeyCounter(*joined([plain.replace(b"\\\\u0041", b""), other, plain.replace(b"\\\\u0041", b"")]))
    assert keys.count(b"labels").tolist() == [1, 0, 1]
    assert keys.may_have_variants().tolist() == [False, True, False]


class Pairs(list[tuple[str, Any]]):
    """An object that may have a key twice."""


def encoded(value: Any, plain: bool, before: str) -> str:
    if isinstance(value, Pairs):
        pairs = (f"{json.dumps(key, ensure_ascii=plain)}{before}: {encoded(one, plain, before)}" for key, one in value)
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(encoded(one, plain, before) for one in value)}]"
    return json.dumps(value, ensure_ascii=plain)


doubled = st.recursive(
    st.none() | words,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(words, inner), max_size=4).map(Pairs),
    max_leaves=8,
)


@given(doubled, st.booleans(), st.sampled_from(["", " "]))
@settings(max_examples=300, deadline=None)
def test_no_duplicate_key_is_missed(value: Any, plain: bool, before: str) -> None:
    data = encoded(value, plain, before).encode()
    if list(repeated_keys(data)):
        assert may_repeat_keys(data, msgspec.json.decode(data))


def test_duplicate_key_is_found_after_a_variant_at_the_beginning() -> None:
    data = b'{"a" :1,"b":2,"b":3}'
    assert may_repeat_keys(data, msgspec.json.decode(data))
    assert not may_repeat_keys(b'{"a":1,"b":3}', {"a": 1, "b": 3})


def test_empty_data_have_no_keys() -> None:
    assert KeyCounter(b"", []).count(b"labels").tolist() == []
    assert KeyCounter(b"{}", [(0, 2)]).count(b"labels").tolist() == [0]
    assert KeyCounter(b"{}", [(0, 2)]).may_have_variants().tolist() == [False]
