"""Groups: each article is in one, and all that is bound together is in the same."""

from hypothesis import given
from hypothesis import strategies as st

from annotate.model import Link, Links, Passage
from annotate.splits.groups import Bond, bonds_of_links, groups
from tests.splits.helpers import BONDS, IDS


@given(st.sets(IDS, min_size=1), BONDS)
def test_each_article_is_in_one_group_and_no_bond_crosses_groups(articles: set[str], bonds: list[Bond]) -> None:
    groups_ = groups(articles, bonds)
    names = [name for group in groups_ for name in group]
    assert sorted(names) == sorted(articles | {end for bond in bonds for end in (bond.first, bond.second)})
    assert all((bond.first in group) == (bond.second in group) for bond in bonds for group in groups_)


def test_links_of_any_kind_bind_all_their_articles() -> None:
    passages = tuple(Passage(article=name, start=0, end=1, text="x") for name in "cabc")
    bonds = bonds_of_links(Links(links=(Link(kind="disputes", passages=passages, note=""),)))
    assert [(bond.first, bond.second) for bond in bonds] == [("a", "b"), ("a", "c"), ("b", "c")]
