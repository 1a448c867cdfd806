"""Counts by paragraph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement.bootstrap import MIN_ARTICLES
from annotate.agreement.tally import Tally


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    """Counts of some articles; whole numbers, halves as partial matches have them, or thirds as alpha of four has."""
    part = draw(st.sampled_from([1, 2, 3]))
    made = Tally()
    places = st.tuples(st.integers(0, MIN_ARTICLES + 2), st.integers(0, 3))
    for place in draw(st.lists(places, min_size=1, max_size=40)):
        made.add(place, draw(st.dictionaries(st.sampled_from("abc"), st.integers(0, 50).map(lambda n: n / part))))
    return made


@given(tallies())
def test_counts_by_article_are_those_of_its_paragraphs(made: Tally) -> None:
    found = made.by_article()
    assert found.keys() == {article for article, _ in made.paragraphs}
    for article, counts in found.items():
        alone = Tally()
        for place, part in made.paragraphs.items():
            if place[0] == article:
                alone.add(place, part)
        # Thirds are added in another order here.
        assert counts == pytest.approx(alone.total(), rel=1e-12)
