"""Matching: exact against nervaluate, overlap by its properties and against a look at every pair."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement.coefficients import BOTH, FIRST, SECOND, f1
from annotate.agreement.matching import (
    Matching,
    exact,
    exact_counts,
    length,
    mentions,
    overlap,
    shared_characters,
    union,
)
from annotate.inventory import Inventory
from annotate.records import Mention, Piece
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
    found = overlap(first, second)
    both, ours, theirs = found.counts
    assert (ours, theirs) == (len(first), len(second))
    assert len({one.id for one, _ in found.pairs}) == len({two.id for _, two in found.pairs}) == both
    assert all(one.label == two.label and shared_characters(one.pieces, two.pieces) for one, two in found.pairs)
    # Greedy leaves no pair that could still be made.
    for one, two in product(found.first_only, found.second_only):
        assert one.label != two.label or not shared_characters(one.pieces, two.pieces)


@given(versions(), versions())
def test_neither_side_comes_first(first: list[Mention], second: list[Mention]) -> None:
    assert places(overlap(first, second)) == places(overlap(second, first))
    assert places(exact(first, second)) == places(exact(second, first))
    assert places(overlap(first, second)) == places(overlap(first[::-1], second[::-1]))


@given(versions(), versions())
def test_what_is_exact_overlaps(first: list[Mention], second: list[Mention]) -> None:
    inside = [one for one in exact(first, second).pairs if length(one[0])]
    same = [one for one in overlap(first, second).pairs if one[0].pieces == one[1].pieces]
    assert len(inside) == len(same)
    assert len(overlap(first, second).pairs) >= len(inside)


@given(versions())
def test_all_of_it_is_the_same_as_itself(version: list[Mention]) -> None:
    assert exact(version, version).counts == (len(version),) * 3
    covering = [one for one in version if length(one)]
    assert overlap(covering, covering).counts == (len(covering),) * 3


@given(versions(), versions())
def test_counts_are_those_of_the_matching(first: list[Mention], second: list[Mention]) -> None:
    keys = [[(one.label, one.pieces) for one in side] for side in (first, second)]
    assert exact_counts(keys[0], keys[1]) == exact(first, second).counts


@given(st.lists(pieces), st.lists(pieces))
def test_shared_characters_are_those_in_both(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    ours, theirs = ({at for piece in side for at in range(*piece)} for side in (first, second))
    made = [[Piece(*piece) for piece in side] for side in (first, second)]
    assert shared_characters(*made) == len(ours & theirs)
    assert sum(end - start for start, end in union(made[0])) == len(ours)


@given(versions(), versions(), st.sampled_from([0.25, 0.5, 1.0]))
def test_least_is_that_of_dice_over_sets_of_characters(
    first: list[Mention], second: list[Mention], least: float
) -> None:
    for one in first:
        for other in second:
            ours, theirs = ({at for piece in side.pieces for at in range(*piece)} for side in (one, other))
            alike = bool(ours & theirs) and 2 * len(ours & theirs) / (len(ours) + len(theirs)) >= least
            assert bool(overlap([one], [other], same_label=False, least=least).pairs) == alike


def test_most_characters_first_then_least_outside_then_first_in_the_text() -> None:
    first = [mention("A", (0, 10), name="a")]
    assert pairs(overlap(first, [mention("A", (0, 4), name="x"), mention("A", (3, 12), name="y")])) == {("a", "y")}
    assert pairs(overlap(first, [mention("A", (0, 20), name="x"), mention("A", (0, 12), name="y")])) == {("a", "y")}
    assert pairs(overlap(first, [mention("A", (8, 12), name="x"), mention("A", (-2, 2), name="y")])) == {("a", "y")}


def test_spans_that_touch_do_not_overlap() -> None:
    assert overlap([mention("A", (0, 4))], [mention("A", (4, 8))]).pairs == []


def test_least_dice_keeps_a_short_span_in_a_long_one_apart() -> None:
    long, short = [mention("A", (0, 100))], [mention("B", (0, 5))]
    assert len(overlap(long, short, same_label=False).pairs) == 1
    assert overlap(long, short, same_label=False, least=0.5).pairs == []


def test_pieces_count_as_one_span(project: Project) -> None:
    whole = annotation(span("s1", "Words", 0, 3), span("s2", "Words", 10, 14), ("continues", "s2", "s1"))
    inventory: Inventory = project.inventory
    (joined,) = mentions(whole, inventory)
    assert joined.pieces == ((0, 3), (10, 14))
    other = mentions(annotation(span("t", "Words", 0, 3)), inventory)
    assert exact([joined], other).pairs == []
    assert overlap([joined], other).counts == (1, 1, 1)
    assert mentions(annotation(span("s", "Unheard of", 0, 3)), inventory) == []


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
        for key, number in zip((BOTH, FIRST, SECOND), exact_counts(ours, theirs), strict=True):
            counts[key] += number
    value = f1(counts)
    expected = result["overall"]["strict"].f1
    assert (0 if isinstance(value, str) else value) == pytest.approx(expected or 0, abs=1e-9)
    for label, found in result["entities"].items():
        sides = [
            [(number, *one) for number, spans in enumerate(side) for one in spans if one[0] == label]
            for side in (first, second)
        ]
        both_have, ours_have, theirs_have = exact_counts(*sides)
        assert 2 * both_have / (ours_have + theirs_have) == pytest.approx(found["strict"].f1, abs=1e-9)


def test_exact_f1_is_that_of_nervaluate() -> None:
    compare_with_nervaluate()
