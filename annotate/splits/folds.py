"""Folds for corpora too small to hold out a part for good: each article is tested on once."""

from collections.abc import Iterable, Sequence

import msgspec

from annotate.splits.groups import Bond, groups


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """Train on all articles but `held_out`, test on those; `bound` are the others that share something with them."""

    held_out: list[str]
    bound: list[str] = []


class Folds(msgspec.Struct, frozen=True, kw_only=True):
    """`by_group` leaks nothing, and is empty where all articles are one group: nothing would be left to train on.

    `by_article` holds out one article at a time; where a fold has `bound`, the training part has texts or incidents
    of the test: leave these out too, or say that they were in.
    """

    groups: list[list[str]]
    bonds: list[Bond]
    by_group: list[Fold]
    by_article: list[Fold]


def folds(articles: Iterable[str], bonds: Sequence[Bond]) -> Folds:
    """Leave one group out, and leave one article out, for these articles and the bonds among them."""
    known = set(articles)
    among = [bond for bond in bonds if {bond.first, bond.second} <= known]
    # Through an article that is not in the dataset two others may yet be bound.
    found = [kept for group in groups(known, bonds) if (kept := [name for name in group if name in known])]
    return Folds(
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


def encode(found: Folds) -> bytes:
    """As JSON, a group, bond or fold a line."""
    parts = [f'  "{name}": {_lines(getattr(found, name))}' for name in Folds.__struct_fields__]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _lines(items: list[object]) -> str:
    lines = (msgspec.json.format(msgspec.json.encode(item), indent=0).decode() for item in items)
    return "[\n    " + ",\n    ".join(lines) + "\n  ]" if items else "[]"
