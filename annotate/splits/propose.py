"""A split for each article that has none: with its group where that has one, else by what the splits lack.

Folds for corpora too small to hold out a part for good: each article is tested on once.

All bonds of a corpus, and its split lists put back on disk.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from annotate.corpus import Corpus
from annotate.offsets import sha256
from annotate.splits.groups import Bond, bonds_of_links, bonds_of_words, groups, groups_among
from annotate.splits.near_duplicates import near_duplicates
from annotate.util.files import write_atomically

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


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """Train on all articles but `held_out`, test on those; `bound` are the others that share something with them."""

    held_out: list[str]
    bound: list[str] = []


class Folds(msgspec.Struct, frozen=True, kw_only=True):
    """`by_group` leaks nothing, and is empty where all articles are one group: nothing would be left to train on.

    `by_article` holds out one article at a time; where a fold has `bound`, the training part has texts or incidents
    of the test: leave these out too, or say that they were in. `note` says in words what the folds are good for.
    """

    note: str
    groups: list[list[str]]
    bonds: list[Bond]
    by_group: list[Fold]
    by_article: list[Fold]


def folds(articles: Iterable[str], bonds: Sequence[Bond]) -> Folds:
    """Leave one group out, and leave one article out, for these articles and the bonds among them."""
    known = set(articles)
    among = [bond for bond in bonds if {bond.first, bond.second} <= known]
    found = groups_among(known, bonds)
    return Folds(
        note=_note(found),
        groups=found,
        bonds=among,
        by_group=[Fold(held_out=group) for group in found] if len(found) > 1 else [],
        by_article=[
            Fold(held_out=[name], bound=[other for other in group if other != name])
            for group in found
            for name in group
        ]
        if len(known) > 1
        else [],
    )


def _note(found: Sequence[Sequence[str]]) -> str:
    """What may be done with folds of these groups."""
    if sum(map(len, found)) == 1:
        return "there is one article: nothing is left to train on where it is held out"
    if one_group(found):
        return (
            f"all {len(found[0])} articles are one group: no fold is free of leaks, and a score on a held-out article"
            " is no estimate for unseen news"
        )
    alone = all(len(group) == 1 for group in found)
    return (
        "no two articles are known to share anything" if alone else "by_group leaks nothing that is known to be shared"
    )


def one_group(found: Sequence[Sequence[str]]) -> bool:
    """Whether several articles are all bound together, so that nothing can be held out without a leak."""
    return len(found) == 1 and len(found[0]) > 1


def encode(found: Folds) -> bytes:
    """As JSON, a group, bond or fold a line."""
    note, *lists = Folds.__struct_fields__
    parts = [f'  "{note}": {msgspec.json.encode(found.note).decode()}']
    parts += [f'  "{name}": {_lines(getattr(found, name))}' for name in lists]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _lines(items: list[object]) -> str:
    lines = (msgspec.json.format(msgspec.json.encode(item), indent=0).decode() for item in items)
    return "[\n    " + ",\n    ".join(lines) + "\n  ]" if items else "[]"


def bonds_of(corpus: Corpus, articles: Iterable[str]) -> list[Bond]:
    """What binds the articles of a corpus: its links, and the near-duplicate paragraphs of these articles."""
    near = near_duplicates(articles, corpus.read_text)
    return sorted({*bonds_of_links(corpus.read_links()), *bonds_of_words(near)})


def write(corpus: Corpus, proposal: Proposal) -> list[str]:
    """Write the lists that have something new; their names. Each file is written whole or not at all."""
    lists = proposal.lists()
    for split in proposal.new:
        path = corpus.root / "splits" / f"{split}.txt"
        write_atomically(path, "".join(f"{name}\n" for name in lists[split]).encode())
    return list(proposal.new)
