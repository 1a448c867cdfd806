"""Groups of articles that must stay in one split: bound by links or near-duplicate paragraphs, also through others."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import msgspec

from annotate.model import Links
from annotate.splits.near_duplicates import NearDuplicate

NEAR = "near-duplicate paragraphs"


class Bond(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Two article ids, in alphabetical order, and why they are bound: the kind of a link, or `NEAR`."""

    first: str
    second: str
    why: str

    def other(self, article_id: str) -> str:
        """Return the other article of the two."""
        return self.second if article_id == self.first else self.first


class BoundGroups(NamedTuple):
    """What binds the articles of a corpus.

    Attributes:
        groups: The groups of two articles or more, by id.
        why: The reasons of their bonds, each once.
        compared: Whether paragraphs were compared, not only links.
    """

    groups: tuple[list[str], ...] = ()
    why: tuple[str, ...] = ()
    compared: bool = False

    def holds_all(self, articles: int) -> bool:
        """Tell whether all of this number of articles are one group, so that none can be held out without a leak."""
        return any(len(group) == articles for group in self.groups)


def bonds_of_links(links: Links) -> list[Bond]:
    """Return a bond for every two articles of a link, of any kind; sorted, each once."""
    bonds = {
        Bond(first=first, second=second, why=link.kind)
        for link in links.links
        for first, second in combinations(sorted({passage.article for passage in link.passages}), 2)
    }
    return sorted(bonds)


def bonds_of_words(pairs: Iterable[NearDuplicate]) -> list[Bond]:
    """Return a bond for every two articles with near-duplicate paragraphs; sorted, each once."""
    article_ids = {(pair.first.article_id, pair.second.article_id) for pair in pairs}
    return sorted({Bond(first=min(ids), second=max(ids), why=NEAR) for ids in article_ids})


def groups(article_ids: Iterable[str], bonds: Iterable[Bond]) -> list[list[str]]:
    """Divide articles into groups with no bond between them.

    Args:
        article_ids: The articles; those that only a bond names are added.
        bonds: What binds them.

    Returns:
        The groups, sorted by their first article; each is sorted.
    """
    bound: dict[str, set[str]] = defaultdict(set)
    for article_id in article_ids:
        bound[article_id] = set()
    for bond in bonds:
        bound[bond.first].add(bond.second)
        bound[bond.second].add(bond.first)
    seen: set[str] = set()
    divided = []
    for article_id in sorted(bound):
        if article_id not in seen:
            group = _reachable(article_id, bound)
            seen |= group
            divided.append(sorted(group))
    return divided


def groups_among(article_ids: Iterable[str], bonds: Iterable[Bond]) -> list[list[str]]:
    """Return the same groups without articles that only a bond names, through which others may still be bound."""
    wanted = set(article_ids)
    divided = ([article_id for article_id in group if article_id in wanted] for group in groups(wanted, bonds))
    return [group for group in divided if group]


def _reachable(start: str, bound: dict[str, set[str]]) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = bound[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached
