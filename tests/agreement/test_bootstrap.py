"""Intervals: repeatable, wide for few units, and undefined without any."""

import random
from collections import defaultdict
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement.bootstrap import MIN_ARTICLES, Bootstrap
from annotate.agreement.coefficients import BOTH, FIRST, NOTHING, SECOND, Counts, f1
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.util.tables import Measure


def tally(hits: list[bool]) -> Tally:
    made = Tally()
    for number, hit in enumerate(hits):
        made.add((0, number), {BOTH: hit, FIRST: 1, SECOND: 1})
    return made


def test_same_seed_same_interval() -> None:
    hits = [number % 3 > 0 for number in range(40)]
    places = [(0, number) for number in range(40)]
    first, second = (Bootstrap(places, 30, seed=7).measure(tally(hits), f1) for _ in range(2))
    assert first == second
    assert first != Bootstrap(places, 30, seed=8).measure(tally(hits), f1)


def test_interval_of_a_share_is_near_the_normal_one() -> None:
    hits = [True] * 70 + [False] * 30
    found = Bootstrap([(0, number) for number in range(100)], samples=4000).measure(tally(hits), f1)
    assert found.value == pytest.approx(0.7)
    assert found.low == pytest.approx(0.7 - 1.96 * 0.0458, abs=0.015)
    assert found.high == pytest.approx(0.7 + 1.96 * 0.0458, abs=0.015)


def test_articles_are_drawn_if_there_are_enough() -> None:
    assert Bootstrap([(article, 0) for article in range(MIN_ARTICLES)]).unit == "articles"
    few = Bootstrap([(article, paragraph) for article in range(MIN_ARTICLES - 1) for paragraph in range(3)])
    assert (few.unit, few.unit_count) == ("paragraphs", 3 * (MIN_ARTICLES - 1))


@pytest.mark.parametrize("places", [[], [(0, 0)]])
def test_one_unit_has_a_value_and_no_interval(places: list[tuple[int, int]]) -> None:
    found = Bootstrap(places or [(0, 0)]).measure(tally([True] * len(places)), f1)
    assert found.value == (1.0 if places else None)
    assert (found.low, found.high) == (None, None)
    assert found.note


def test_no_samples_no_interval() -> None:
    found = Bootstrap([(0, 0), (0, 1)], samples=0).measure(tally([True, False]), f1)
    assert (found.value, found.low) == (0.5, None)


def test_note_of_an_empty_tally_can_be_given() -> None:
    assert Bootstrap([(0, 0), (0, 1)]).measure(Tally(), f1).note == NOTHING
    assert Bootstrap([(0, 0), (0, 1)]).measure(Tally(), f1, "no spans").note == "no spans"


def test_measure_that_few_samples_have_has_no_interval() -> None:
    found = Bootstrap([(0, number) for number in range(300)]).measure(tally([True, True]), f1)
    assert found.low is not None
    rare = Bootstrap([(0, number) for number in range(6)]).measure(
        tally([True, True]), lambda counts: 1.0 if counts.get(FIRST, 0) == 2 else "other"
    )
    assert rare.note == "no interval: too few paragraphs that have it"


def test_copies_of_one_paragraph_have_no_interval() -> None:
    """Regression: alpha of a single pair had the interval -0.75 to 0.00, from samples with that pair several times."""
    lonely = Bootstrap([(0, number) for number in range(3)]).measure(tally([True]), f1)
    assert (lonely.value, lonely.low, lonely.note) == (1, None, "no interval: too few paragraphs that have it")


@given(st.lists(st.booleans(), min_size=2, max_size=12))
def test_an_interval_holds_numbers_in_order(hits: list[bool]) -> None:
    found = Bootstrap([(0, number) for number in range(len(hits))], samples=50).measure(tally(hits), f1)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.high <= 1


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    """Counts of some articles; whole numbers, halves as partial matches have them, or thirds as alpha of four has."""
    part = draw(st.sampled_from([1, 2, 3]))
    made = Tally()
    places = st.tuples(st.integers(0, MIN_ARTICLES + 2), st.integers(0, 3))
    for place in draw(st.lists(places, min_size=1, max_size=40)):
        made.add(place, draw(st.dictionaries(st.sampled_from("abc"), st.integers(0, 50).map(lambda n: n / part))))
    return made


def one_by_one(places: list[ParagraphKey], tally: Tally, samples: int) -> list[dict[Hashable, float]]:
    """Return the counts of each sample, summed unit by unit."""
    whole = len({article for article, _ in places}) >= MIN_ARTICLES
    units = sorted({(article, 0) if whole else (article, paragraph) for article, paragraph in places})
    draw = random.Random(0)  # noqa: S311 - no secret
    of: dict[ParagraphKey, defaultdict[Hashable, float]] = {unit: defaultdict(float) for unit in units}
    for (article, paragraph), counts in tally.paragraphs.items():
        for key, number in counts.items():
            of[(article, 0) if whole else (article, paragraph)][key] += number
    drawn = [draw.choices(units, k=len(units)) for _ in range(samples)]
    return [{key: sum(of[unit][key] for unit in sample) for key in tally.total()} for sample in drawn]


@given(tallies())
def test_samples_are_those_of_adding_one_by_one(made: Tally) -> None:
    places = [(article, paragraph) for article in range(MIN_ARTICLES + 3) for paragraph in range(4)]
    for chosen in (places, [place for place in places if place[0] < 2]):
        inside = Tally()
        for place, counts in made.paragraphs.items():
            if place in chosen:
                inside.add(place, counts)
        seen: list[dict[Hashable, float]] = []

        def note(counts: Counts, seen: list[dict[Hashable, float]] = seen) -> float:
            seen.append(dict(counts))
            return 0.0

        Bootstrap(chosen, samples=30).measure(inside, note)
        assert seen[0] == inside.total()
        counted = [place for place, counts in inside.paragraphs.items() if any(counts.values())]
        units = {place[0] if chosen == places else place for place in counted}
        assert seen[1:] == (one_by_one(chosen, inside, 30) if len(units) > 1 else [])


SIDES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12)
"""For each paragraph: what gold has, and how many of these the first and the second system find."""


def tally_side(counts: list[tuple[int, int, int]], side: int) -> Tally:
    made = Tally()
    for number, row in enumerate(counts):
        made.add((0, number), {BOTH: min(row[0], row[side]), FIRST: row[0], SECOND: row[side]})
    return made


def pair(counts: list[tuple[int, int, int]], samples: int = 60) -> tuple[Bootstrap, Tally, Tally]:
    places = [(0, number) for number in range(len(counts))]
    return Bootstrap(places, samples), tally_side(counts, 1), tally_side(counts, 2)


@given(SIDES)
def test_a_system_does_not_differ_from_itself(counts: list[tuple[int, int, int]]) -> None:
    bootstrap, first, _ = pair(counts)
    compared = bootstrap.compare(first, tally_side(counts, 1), f1)
    if compared.difference.low is None:
        assert (compared.difference.value, compared.first_higher, compared.p) in ((None, None, None), (0, None, None))
        assert compared.difference.note
    else:
        assert compared == ((Measure(0, 0, 0)), 0.5, 1)


@given(SIDES)
def test_systems_may_be_swapped(counts: list[tuple[int, int, int]]) -> None:
    bootstrap, first, second = pair(counts)
    there, back = bootstrap.compare(first, second, f1), bootstrap.compare(second, first, f1)
    assert there.p == back.p
    if there.difference.value is None:
        assert back == there
        return
    assert back.difference.value == -there.difference.value
    if there.difference.low is None or there.difference.high is None or there.first_higher is None:
        assert back.difference.low is None
        return
    assert back.first_higher == pytest.approx(1 - there.first_higher)
    assert back.difference.low == pytest.approx(-there.difference.high)
    assert back.difference.high == pytest.approx(-there.difference.low)


@given(SIDES, st.integers(0, 5))
def test_difference_is_that_of_the_same_samples(counts: list[tuple[int, int, int]], seed: int) -> None:
    """Each sample drawn by itself, and both systems measured on it."""
    places = [(0, number) for number in range(len(counts))]
    generator = random.Random(seed)  # noqa: S311 - as the bootstrap
    sides = tally_side(counts, 1), tally_side(counts, 2)
    compared = Bootstrap(places, 40, seed).compare(*sides, f1)
    differences = []
    for _ in range(40):
        drawn = generator.choices(range(len(counts)), k=len(counts))
        values = []
        for side in sides:
            total: defaultdict[Hashable, float] = defaultdict(float)
            for number in drawn:
                for key, count in side.paragraphs[0, number].items():
                    total[key] += count
            values.append(f1(total))
        if not any(isinstance(value, str) for value in values):
            differences.append(float(values[0]) - float(values[1]))
    if compared.p is None:
        counted = [row for row in counts if any(row)]
        assert len(differences) < 20 or compared.difference.value is None or len(counted) < 2
        return
    measured = compared.difference.value
    assert measured is not None
    extreme = sum(abs(each - measured) >= abs(measured) - 1e-9 for each in differences)
    assert compared.p == pytest.approx((1 + extreme) / (1 + len(differences)))
    higher = sum(each > 1e-9 for each in differences) + sum(abs(each) <= 1e-9 for each in differences) / 2
    assert compared.first_higher == pytest.approx(higher / len(differences))


def test_a_clear_difference_is_significant_and_a_small_one_is_not() -> None:
    clear = [(4, 4, 1)] * 30 + [(4, 3, 2)] * 10
    bootstrap, first, second = pair(clear, 500)
    compared = bootstrap.compare(first, second, f1)
    assert (compared.first_higher, compared.p) == (1, 1 / 501)
    bootstrap, first, second = pair([(4, 4, 3), (4, 3, 4)] * 20 + [(4, 4, 3)], 500)
    assert (bootstrap.compare(first, second, f1).p or 0) > 0.3


def test_systems_without_samples_or_values_have_no_p() -> None:
    counts = [(1, 1, 0), (1, 0, 1)]
    bootstrap, first, second = pair(counts, 0)
    assert bootstrap.compare(first, second, f1)[1:] == (None, None)
    assert bootstrap.compare(first, Tally(), f1).difference == Measure(None, note=NOTHING)
