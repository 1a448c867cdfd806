"""Which of several annotations is taken."""

from datetime import UTC, datetime

import pytest

from annotate.labelstudio.rank import highest_rank, parse_time, rank_annotation

NOON = datetime(2021, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2021-03-01T12:00:00Z",
        "2021-03-01T12:00:00",
        "2021-03-01 12:00:00.000000",
        "2021-03-01T14:00:00+02:00",
        "20210301T120000Z",
        1614600000,
        1614600000.0,
    ],
)
def test_times_are_read_in_any_zone(written: object) -> None:
    assert parse_time(written) == NOON


@pytest.mark.parametrize(
    "written", [None, "", "2 minutes", True, [], float("inf"), float("nan"), 10**30, "1614600000x"]
)
def test_anything_else_is_no_time(written: object) -> None:
    assert parse_time(written) is None


RANKS: list[tuple[str, tuple[bool, list[object], object], tuple[bool, list[object], object]]] = [
    ("ground truth", (False, ["2022-01-01T00:00:00Z"], 9), (True, ["2021-01-01T00:00:00Z"], 1)),
    ("fraction", (False, ["2021-03-01T10:00:00Z"], 9), (False, ["2021-03-01T10:00:00.500000Z"], 1)),
    ("zone", (False, ["2021-03-01T10:00:00+02:00"], 9), (False, ["2021-03-01T09:30:00+00:00"], 1)),
    ("created_at", (False, [None, "2021-01-01T00:00:00Z"], 9), (False, ["", "2022-01-01T00:00:00Z"], 1)),
    ("a time and none", (False, [None, None], 9), (False, ["2021-01-01T00:00:00Z"], 1)),
    ("number", (False, [], 99_999), (False, [], 100_000)),
    ("number as text", (False, [], "99999"), (False, [], "100000")),
    ("no id", (False, [], None), (False, [], 1)),
]
"""What decides → an annotation, and the one that represents the task."""


@pytest.mark.parametrize(("lower", "higher"), [(lower, higher) for _, lower, higher in RANKS])
def test_annotations_are_ranked(
    lower: tuple[bool, list[object], object], higher: tuple[bool, list[object], object]
) -> None:
    for pair, index in (((lower, higher), 1), ((higher, lower), 0)):
        assert highest_rank([rank_annotation(*annotation) for annotation in pair]) == index
