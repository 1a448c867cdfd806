"""Articles that must stay together: bound by a link or by near-duplicate paragraphs, at once or through others."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import msgspec

from annotate.model import Links
from annotate.splits.near_duplicates import Near

NEAR = "near-duplicate paragraphs"


class Bond(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Two articles, in the order of their ids, and what they share: the kind of a link, or nearly the same words."""

    first: str
    second: str
    why: str

    def other(self, article: str) -> str:
        return self.second if article == self.first else self.first


class Shared(NamedTuple):
    """The groups of two articles or more that are bound together, and by what, each word once.

    `compared` is False where only links were looked at, and no words.
    """

    groups: tuple[list[str], ...] = ()
    why: tuple[str, ...] = ()
    compared: bool = False

    def holds_all(self, articles: int) -> bool:
        """Whether so many articles are one group, so that nothing can be held out without a leak."""
        return any(len(group) == articles for group in self.groups)


def bonds_of_links(links: Links) -> list[Bond]:
    """A bond for each two articles of a link, whatever its kind; sorted, each once."""
    found = {
        Bond(first=first, second=second, why=link.kind)
        for link in links.links
        for first, second in combinations(sorted({passage.article for passage in link.passages}), 2)
    }
    return sorted(found)


def bonds_of_words(pairs: Iterable[Near]) -> list[Bond]:
    """A bond for each two articles with near-duplicate paragraphs; sorted, each once."""
    ends = {(near.first.article, near.second.article) for near in pairs}
    return sorted({Bond(first=min(pair), second=max(pair), why=NEAR) for pair in ends})


def groups(articles: Iterable[str], bonds: Iterable[Bond]) -> list[list[str]]:
    """The articles, parted into groups with no bond between them; each sorted, and sorted by their first.

    An article that only a bond names counts as well.
    """
    bound: dict[str, set[str]] = defaultdict(set)
    for name in articles:
        bound[name] = set()
    for bond in bonds:
        bound[bond.first].add(bond.second)
        bound[bond.second].add(bond.first)
    seen: set[str] = set()
    found = []
    for name in sorted(bound):
        if name not in seen:
            group = _reached(name, bound)
            seen |= group
            found.append(sorted(group))
    return found


def groups_among(articles: Iterable[str], bonds: Iterable[Bond]) -> list[list[str]]:
    """The same groups without the articles that only a bond names; through these, two others may yet be bound."""
    known = set(articles)
    found = ([name for name in group if name in known] for group in groups(known, bonds))
    return [group for group in found if group]


def _reached(start: str, bound: dict[str, set[str]]) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = bound[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached
