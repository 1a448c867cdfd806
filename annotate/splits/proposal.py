"""A split for each article that has none: with its group where that has one, else by what the splits lack."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from annotate.offsets import sha256
from annotate.splits.groups import Bond, groups

Lists = Mapping[str, Sequence[str]]
"""Split → ids of its articles."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What would be written: `new` alone changes, and is only ever added to the lists there are.

    `torn` are the groups that stand in two splits already; their new articles are placed nowhere: any place leaks.
    """

    kept: dict[str, list[str]]
    new: dict[str, list[str]]
    torn: list[list[str]]

    def lists(self) -> dict[str, list[str]]:
        """Each split as it would be: what was there, in its order, then what is new."""
        return {split: [*self.kept.get(split, ()), *self.new.get(split, ())] for split in {**self.kept, **self.new}}


def propose(articles: Iterable[str], bonds: Iterable[Bond], given: Lists, ratios: Mapping[str, float]) -> Proposal:
    """Place the articles that no list has yet; those that one has never move.

    A group of which a part is in a split follows it. The others are taken the largest first, those of one size in the
    order of the hash of their ids, and go to the split that is furthest below its share; so the same articles always
    give the same lists, and neither an article's name nor its age decides.
    """
    known = set(articles)
    homes: dict[str, set[str]] = {name: set() for name in known}
    for split, names in given.items():
        for name in known.intersection(names):
            homes[name].add(split)
    placed = {split: len(known.intersection(names)) for split, names in given.items()}
    share = {split: ratio / sum(ratios.values()) * len(known) for split, ratio in ratios.items()}
    new: dict[str, list[str]] = {}
    torn, waiting = [], []
    for group in groups(known, (bond for bond in bonds if {bond.first, bond.second} <= known)):
        there = sorted(set().union(*(homes[name] for name in group)))
        fresh = [name for name in group if not homes[name]]
        if len(there) > 1:
            torn.append(group)
        elif there and fresh:
            new.setdefault(there[0], []).extend(fresh)
            placed[there[0]] += len(fresh)
        elif fresh:
            waiting.append(fresh)
    for group in sorted(waiting, key=lambda group: (-len(group), sha256("\n".join(group)))):
        split = max(share, key=lambda split: share[split] - placed.get(split, 0))
        new.setdefault(split, []).extend(group)
        placed[split] = placed.get(split, 0) + len(group)
    return Proposal(
        kept={split: list(names) for split, names in given.items()},
        new={split: sorted(names) for split, names in new.items()},
        torn=torn,
    )
