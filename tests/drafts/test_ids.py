"""Ids for names in any script."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.drafts.ids import IdKind, assign_ids, clean_name

PATTERNS: dict[IdKind, str] = {
    "label": "[A-Za-z][A-Za-z0-9_-]*",
    "attribute": "[a-z][a-z0-9_]*",
    "relation": "[a-z][a-z0-9_]*",
    "layer": "[a-z][a-z0-9_]*",
    "value": "[A-Za-z0-9_.+/-]+( [A-Za-z0-9_.+/-]+)*",
}


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("label", "Non-GPE", "Non-GPE"),
        ("label", "人物", "RenWu"),
        ("label", "Übersicht", "Ubersicht"),
        ("label", "Место", "Mesto"),
        ("label", "ＰＥＲ", "PER"),
        ("label", "1990s", "label_1990s"),
        ("label", "-", "label"),
        ("label", "../../etc/passwd", "etc_passwd"),
        ("attribute", "isNegated", "is_negated"),
        ("attribute", "Age in Years", "age_in_years"),
        ("relation", "org:founded-by", "org_founded_by"),
        ("relation", "Located", "located"),
        ("value", "at least", "at least"),
        ("value", "sehr  böse", "sehr bose"),
        ("value", "+", "+"),
        ("value", "-1", "-1"),
        ("value", "😀", "grinning"),
        ("value", "L1", "L1"),
        ("value", "1", "1"),
        ("value", "City/Große Stadt", "City/Grosse Stadt"),
    ],
)
def test_an_id_can_be_read(kind: IdKind, name: str, expected: str) -> None:
    assert assign_ids([name], kind) == {name: expected}


def test_a_name_that_is_an_id_has_itself_wherever_it_comes() -> None:
    ids = assign_ids(["Old Pier", "Old/Pier", "Old_Pier", "Old_Pier_2", "???", "!!!"], "label")
    assert list(ids.values()) == ["Old_Pier_3", "Old_Pier_4", "Old_Pier", "Old_Pier_2", "label", "label_2"]


def test_taken_ids_are_not_used() -> None:
    assert assign_ids(["text", "Text"], "layer", taken=["text"]) == {"text": "text_2", "Text": "text_3"}


@given(st.lists(st.text(max_size=80), max_size=20), st.sampled_from(list(PATTERNS)))
def test_ids_are_valid_distinct_and_stable(names: list[str], kind: IdKind) -> None:
    ids = assign_ids(names, kind)
    assert ids.keys() == set(names)
    assert len(set(ids.values())) == len(ids)
    assert all(re.fullmatch(PATTERNS[kind], id_) and len(id_) <= 75 for id_ in ids.values())
    assert assign_ids([*names, *names], kind) == ids


def test_a_name_is_shown_on_one_line() -> None:
    assert clean_name(" a\n\u202eb\t\x1b[31m\ufeff ") == "a b [31m"
