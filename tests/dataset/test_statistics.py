"""Counts of filled columns: a struct is filled if any of its parts is, and a list if it has an item."""

import pyarrow as pa

from annotate.dataset.features import INTEGER, STRING, Feature, arrow_schema, list_of
from annotate.dataset.statistics import Counts


def test_filled_rows_are_counted_in_structs_and_lists() -> None:
    features: Feature = {
        "certain": {"start": INTEGER, "text": STRING},
        "some": {"start": INTEGER, "parts": list_of(INTEGER)},
        "list": list_of(STRING),
    }
    rows = [
        {"certain": {"start": 0, "text": None}, "some": {"start": None, "parts": []}, "list": ["a"]},
        {"certain": {"start": 1, "text": "a"}, "some": {"start": None, "parts": [1]}, "list": None},
        {"certain": {"start": 2, "text": None}, "some": {"start": 3, "parts": None}, "list": []},
        {"certain": {"start": 3, "text": None}, "some": None, "list": ["a", "b"]},
    ]
    counts = Counts()
    table = pa.Table.from_pylist(rows, arrow_schema(features))
    counts.add_rows("train", {"things": table})
    assert counts.filled == {("things", "certain"): 4, ("things", "some"): 2, ("things", "list"): 2}
    assert counts.examples["things"].row == rows[0]
    counts = Counts()
    counts.add_rows("train", {"things": table[1:]})
    assert counts.filled == {("things", "certain"): 3, ("things", "some"): 2, ("things", "list"): 1}
