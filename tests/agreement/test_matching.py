"""Matching: exact against nervaluate, overlap by its properties and against a look at every pair."""

import random
from collections.abc import Callable
from itertools import product
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement import overlap_search
from annotate.agreement.coefficients import BOTH, FIRST, SECOND, f1
from annotate.agreement.matching import (
    Matching,
    count_characters,
    count_exact_matches,
    count_shared_characters,
    list_mentions,
    match_by_overlap,
    match_exactly,
    merge_pieces,
)
from annotate.inventory import Inventory
from annotate.records import Graph, Mention, Piece
from tests.agreement.helpers import annotation, mention, span
from tests.conftest import Project

pieces = st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


@st.composite
def versions(draw: st.DrawFn) -> list[Mention]:
    drawn = draw(st.lists(st.tuples(st.sampled_from("AB"), st.lists(pieces, min_size=1, max_size=3)), max_size=8))
    return [mention(label, *sorted(where), name=f"m{number}") for number, (label, where) in enumerate(drawn)]


def pairs(matching: Matching) -> set[tuple[str, str]]:
    return {(one.id, other.id) for one, other in matching.pairs}


def places(matching: Matching) -> list[tuple[object, ...]]:
    return sorted((one.label, *sorted((one.pieces, other.pieces))) for one, other in matching.pairs)


@given(versions(), versions())
def test_overlap_is_one_to_one_and_within_a_label(first: list[Mention], second: list[Mention]) -> None:
    found = match_by_overlap(first, second)
    both, ours, theirs = found.counts
    assert (ours, theirs) == (len(first), len(second))
    assert len({one.id for one, _ in found.pairs}) == len({two.id for _, two in found.pairs}) == both
    assert all(one.label == two.label and count_shared_characters(one.pieces, two.pieces) for one, two in found.pairs)
    # Greedy leaves no pair that could still be made.
    for one, two in product(found.first_only, found.second_only):
        assert one.label != two.label or not count_shared_characters(one.pieces, two.pieces)


@given(versions(), versions())
def test_order_of_sides_does_not_matter(first: list[Mention], second: list[Mention]) -> None:
    assert places(match_by_overlap(first, second)) == places(match_by_overlap(second, first))
    assert places(match_exactly(first, second)) == places(match_exactly(second, first))
    assert places(match_by_overlap(first, second)) == places(match_by_overlap(first[::-1], second[::-1]))


@given(versions(), versions())
def test_exact_matches_are_overlap_matches(first: list[Mention], second: list[Mention]) -> None:
    inside = [one for one in match_exactly(first, second).pairs if count_characters(one[0])]
    same = [one for one in match_by_overlap(first, second).pairs if one[0].pieces == one[1].pieces]
    assert len(inside) == len(same)
    assert len(match_by_overlap(first, second).pairs) >= len(inside)


@given(versions())
def test_annotation_matches_itself_completely(version: list[Mention]) -> None:
    assert match_exactly(version, version).counts == (len(version),) * 3
    covering = [one for one in version if count_characters(one)]
    assert match_by_overlap(covering, covering).counts == (len(covering),) * 3


@given(versions(), versions())
def test_counts_are_those_of_the_matching(first: list[Mention], second: list[Mention]) -> None:
    keys = [[(one.label, one.pieces) for one in side] for side in (first, second)]
    assert count_exact_matches(keys[0], keys[1]) == match_exactly(first, second).counts


@given(st.lists(pieces), st.lists(pieces))
def test_shared_characters_are_those_in_both(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    ours, theirs = ({at for piece in side for at in range(*piece)} for side in (first, second))
    made = [[Piece(*piece) for piece in side] for side in (first, second)]
    assert count_shared_characters(*made) == len(ours & theirs)
    assert sum(end - start for start, end in merge_pieces(made[0])) == len(ours)


@given(versions(), versions(), st.sampled_from([0.25, 0.5, 1.0]))
def test_min_dice_is_dice_over_sets_of_characters(first: list[Mention], second: list[Mention], least: float) -> None:
    for one in first:
        for other in second:
            ours, theirs = ({at for piece in side.pieces for at in range(*piece)} for side in (one, other))
            alike = bool(ours & theirs) and 2 * len(ours & theirs) / (len(ours) + len(theirs)) >= least
            assert bool(match_by_overlap([one], [other], same_label=False, min_dice=least).pairs) == alike


def match_all_pairs(first: list[Mention], second: list[Mention], same_label: bool, min_dice: float) -> Matching:
    """Match as `match_by_overlap` says it does: sort all pairs, and take each whose mentions are still free."""
    order = attrgetter("pieces", "label", "id")
    rows = []
    for (one, left), (two, right) in product(enumerate(first), enumerate(second)):
        shared = count_shared_characters(left.pieces, right.pieces)
        total = count_characters(left) + count_characters(right)
        if shared and 2 * shared >= min_dice * total and (left.label == right.label or not same_label):
            place = sorted([order(left), order(right)])
            rows.append((-shared, total, left.pieces != right.pieces, place, left.id, right.id, one, two))
    free = [set(range(len(side))) for side in (first, second)]
    taken = []
    for *_, one, two in sorted(rows):
        if one in free[0] and two in free[1]:
            taken.append((first[one], second[two]))
            free[0].remove(one)
            free[1].remove(two)
    return Matching(
        sorted(
            taken,
            key=lambda pair: (
                min(pair[0].start, pair[1].start),
                pair[0].pieces,
                pair[1].pieces,
                order(pair[0]),
                pair[1].id,
            ),
        ),
        *(sorted([side[index] for index in left], key=order) for side, left in zip((first, second), free, strict=True)),
    )


@given(versions(), versions(), st.booleans(), st.sampled_from([0, 0.25, 0.5, 1.0]), st.sampled_from([1, 2, 16]))
def test_overlap_takes_the_best_of_all_pairs(
    first: list[Mention], second: list[Mention], same_label: bool, least: float, leaf_size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlap_search, "LEAF_SIZE", leaf_size)
        found = match_by_overlap(first, second, same_label, least)
    assert found == match_all_pairs(first, second, same_label, least)


def test_overlap_takes_the_best_of_all_pairs_among_many() -> None:
    """Enough spans for several levels of boxes, from close together to far apart."""
    draw = random.Random(0)  # noqa: S311 - no secret
    for width in (10, 60, 400):
        first, second = (
            [
                mention(draw.choice("AB"), *((at, at + draw.randrange(1, 20)) for at in starts), name=f"{side}{number}")
                for number, starts in enumerate(draw_starts(draw, width) for _ in range(90))
            ]
            for side in "ab"
        )
        for same_label, least in product((True, False), (0, 0.5)):
            found = match_by_overlap(first, second, same_label, least)
            assert found == match_all_pairs(first, second, same_label, least)


def draw_starts(draw: random.Random, width: int) -> list[int]:
    """Return where one piece starts, or two, as a quarter of the spans have."""
    start = draw.randrange(width)
    return [start, start + 25][: draw.choice([1, 1, 1, 2])]


Bounds = list[tuple[int, int]]


def list_nested(size: int) -> tuple[Bounds, Bounds]:
    return [(at, 4 * size - at) for at in range(0, 2 * size, 2)], [(at, 4 * size - at) for at in range(1, 2 * size, 2)]


def list_sliding(size: int) -> tuple[Bounds, Bounds]:
    return [(at, at + size) for at in range(size)], [(at, at + size + 1) for at in range(size)]


def list_copies(size: int) -> tuple[Bounds, Bounds]:
    return [(0, 10)] * size, [(0, 11)] * size


def list_equal(size: int) -> tuple[Bounds, Bounds]:
    bounds = [(at, 4 * size - at) for at in range(size)]
    return bounds, bounds


def list_random(size: int) -> tuple[Bounds, Bounds]:
    draw = random.Random(size)  # noqa: S311 - no secret
    first, second = ([(draw.randrange(size), size + 1 + draw.randrange(size)) for _ in range(size)] for _ in range(2))
    return first, second


@pytest.mark.parametrize("list_bounds", [list_nested, list_sliding, list_copies, list_equal, list_random])
def test_cost_grows_with_the_spans_not_with_the_pairs(
    list_bounds: Callable[[int], tuple[Bounds, Bounds]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All spans overlap. Counted are the mentions that are compared, and the boxes that are looked at."""
    steps = 0

    def count_calls(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: object) -> Any:
            nonlocal steps
            steps += 1
            return function(*args)

        return wrapper

    monkeypatch.setattr(overlap_search.Extent, "count_shared", count_calls(overlap_search.Extent.count_shared))
    for name in ("find_limit", "tighten"):
        monkeypatch.setattr(overlap_search._Box, name, count_calls(getattr(overlap_search._Box, name)))
    costs = []
    for size in (1000, 2000):
        first, second = (
            [mention("A", at, name=f"{number:04}") for number, at in enumerate(side)] for side in list_bounds(size)
        )
        steps = 0
        assert len(match_by_overlap(first, second).pairs) == size
        costs.append(steps)
    assert costs[0] < 150 * 1000
    assert costs[1] <= 2.3 * costs[0]


@pytest.mark.parametrize(
    ("loser", "winner"),
    [((0, 4), (3, 12)), ((0, 20), (0, 12)), ((8, 12), (-2, 2))],
    ids=["most shared characters", "fewest characters outside", "first in the text"],
)
def test_overlap_prefers(loser: tuple[int, int], winner: tuple[int, int]) -> None:
    matching = match_by_overlap(
        [mention("A", (0, 10), name="a")], [mention("A", loser, name="x"), mention("A", winner, name="y")]
    )
    assert pairs(matching) == {("a", "y")}


def test_spans_that_touch_do_not_overlap() -> None:
    assert match_by_overlap([mention("A", (0, 4))], [mention("A", (4, 8))]).pairs == []


def test_min_dice_does_not_match_a_short_span_in_a_long_one() -> None:
    long, short = [mention("A", (0, 100))], [mention("B", (0, 5))]
    assert len(match_by_overlap(long, short, same_label=False).pairs) == 1
    assert match_by_overlap(long, short, same_label=False, min_dice=0.5).pairs == []


def test_pieces_count_as_one_span(project: Project) -> None:
    whole = annotation(span("s1", "Words", 0, 3), span("s2", "Words", 10, 14), ("continues", "s2", "s1"))
    inventory: Inventory = project.inventory
    (joined,) = list_mentions(Graph(whole, inventory), inventory)
    assert joined.pieces == ((0, 3), (10, 14))
    other = list_mentions(Graph(annotation(span("t", "Words", 0, 3)), inventory), inventory)
    assert match_exactly([joined], other).pairs == []
    assert match_by_overlap([joined], other).counts == (1, 1, 1)
    assert list_mentions(Graph(annotation(span("s", "Unheard of", 0, 3)), inventory), inventory) == []


Drawn = list[tuple[str, int, int]]


@st.composite
def apart(draw: st.DrawFn) -> list[Drawn]:
    """Documents with spans that do not overlap: of others, nervaluate may pair one with the wrong one first."""
    made = []
    for _ in range(draw(st.integers(1, 3))):
        bounds = sorted(draw(st.sets(st.integers(0, 25), max_size=12)))
        found = zip(bounds[::2], bounds[1::2], strict=False)
        made.append([(draw(st.sampled_from("AB")), start, end) for start, end in found])
    return made


@given(apart(), apart())
def compare_with_nervaluate(first: list[Drawn], second: list[Drawn]) -> None:
    import nervaluate

    both = min(len(first), len(second))
    first, second = first[:both], second[:both]
    documents = [
        [[{"label": label, "start": start, "end": end - 1} for label, start, end in found] for found in side]
        for side in (first, second)
    ]
    result = nervaluate.Evaluator(*documents, tags=["A", "B"], loader="dict").evaluate()
    counts: dict[object, float] = {BOTH: 0, FIRST: 0, SECOND: 0}
    for ours, theirs in zip(first, second, strict=True):
        for key, number in zip((BOTH, FIRST, SECOND), count_exact_matches(ours, theirs), strict=True):
            counts[key] += number
    value = f1(counts)
    expected = result["overall"]["strict"].f1
    assert (0 if isinstance(value, str) else value) == pytest.approx(expected or 0, abs=1e-9)
    for label, found in result["entities"].items():
        sides = [
            [(number, *one) for number, spans in enumerate(side) for one in spans if one[0] == label]
            for side in (first, second)
        ]
        both_have, ours_have, theirs_have = count_exact_matches(*sides)
        assert 2 * both_have / (ours_have + theirs_have) == pytest.approx(found["strict"].f1, abs=1e-9)


def test_exact_f1_is_that_of_nervaluate() -> None:
    compare_with_nervaluate()
