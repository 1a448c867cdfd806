"""Folds for corpora too small to hold out a part for good: each article is tested on once."""

from collections.abc import Iterable, Sequence

import msgspec

from annotate.splits.groups import Bond, groups_among


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
