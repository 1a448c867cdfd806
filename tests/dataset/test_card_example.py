"""A row as the card shows it: cut before it is written on one line."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.card_example import LINE, MAX_ITEMS, _join_parts, _list_parts, show_row, show_text
from annotate.dataset.features import Feature

NAMES = ["Cue", "Source"]
CLASS: Feature = {"_type": "ClassLabel", "names": NAMES}
PLAIN: Feature = {"_type": "Value"}
SCALARS = st.tuples(st.just(PLAIN), st.sampled_from(["", "words", "x" * 120, 1.5, None, 7])) | st.tuples(
    st.just(CLASS), st.sampled_from([0, 1, None])
)


def nest(children: st.SearchStrategy[tuple[Feature, Any]]) -> st.SearchStrategy[tuple[Feature, Any]]:
    """Make lists and objects of values, each with its feature."""
    lists = st.tuples(children, st.integers(0, 5)).map(
        lambda drawn: ({"_type": "List", "feature": drawn[0][0]}, [drawn[0][1]] * drawn[1])
    )
    objects = st.dictionaries(st.sampled_from("abcdef"), children).map(
        lambda parts: (
            {key: feature for key, (feature, _) in parts.items()},
            {key: value for key, (_, value) in parts.items()},
        )
    )
    return lists | objects


VALUES = st.recursive(SCALARS, nest, max_leaves=12)


def write_flat(value: Any, feature: Feature, name: str) -> tuple[str, list[str]]:
    """Write a value on one line without a limit: the definition."""
    if isinstance(value, dict):
        parts = {key: write_flat(part, feature[key], key) for key, part in value.items()}
        inner = ", ".join(f'"{key}": {text}' for key, (text, _) in parts.items())
        return f"{{{inner}}}", [note for _, notes in parts.values() for note in notes]
    if isinstance(value, list):
        items = [write_flat(part, feature["feature"], name) for part in value]
        return f"[{', '.join(text for text, _ in items)}]", [note for _, notes in items for note in notes]
    if isinstance(value, int) and feature.get("_type") == "ClassLabel":
        return str(value), [f"{name}: {NAMES[value]}" if name else NAMES[value]]
    return (show_text(value) if isinstance(value, str) else repr(value)), []


@given(VALUES)
def test_a_value_is_written_on_one_line_if_it_fits(drawn: tuple[Feature, Any]) -> None:
    feature, value = drawn
    flat = write_flat(value, feature, "")
    assert _join_parts(_list_parts(value, feature, ""), None) == flat
    assert _join_parts(_list_parts(value, feature, ""), LINE) == (flat if len(flat[0]) <= LINE else None)


class CountedList(list[Any]):
    """A list that counts the items that are read one after the other."""

    read = 0

    def __iter__(self) -> Iterator[Any]:
        for item in super().__iter__():
            self.read += 1
            yield item


def test_a_long_list_is_cut_before_it_is_written() -> None:
    tokens = CountedList(["word"] * 100_000)
    features: Feature = {"tokens": {"_type": "List", "feature": {"_type": "Value"}}}
    assert show_row({"tokens": tokens}, features).endswith(f"# and {100_000 - MAX_ITEMS} more\n    ],\n}}")
    assert 0 < tokens.read <= 2 * LINE
