"""Proposed splits, in which groups of articles stay together, and folds for corpora too small to hold out a part."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from annotate.corpus import Corpus, encode_split
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Article, MetadataValue
from annotate.offsets import sha256
from annotate.splits.groups import Bond, bonds_of_links, bonds_of_words, groups, groups_among
from annotate.splits.near_duplicates import find_near_duplicates
from annotate.util.files import write_together
from annotate.util.progress import StartStep, ignore_steps

Splits = Mapping[str, Sequence[str]]
"""Split → the ids of its articles."""

Stratum = tuple[str, MetadataValue | None]
"""A field of articles, and a value."""

Strata = Mapping[str, Sequence[Stratum]]
"""Article id → its strata."""

BALANCED = ("language", "publisher", "author", "date")
"""The fields of every article that splits can be balanced by."""


_QUARTERS = 4


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal for the splits of a corpus. It only adds to the present lists.

    Attributes:
        kept: The present lists, by split.
        new: The articles to add, by split.
        torn: The groups that are in several splits already. Their new articles are in no list: any split would leak.
    """

    kept: dict[str, list[str]]
    new: dict[str, list[str]]
    torn: list[list[str]]

    def lists(self) -> dict[str, list[str]]:
        """Return the proposed list of each split: the present articles in their order, then the new ones."""
        return {split: [*self.kept.get(split, ()), *self.new.get(split, ())] for split in {**self.kept, **self.new}}


def propose(
    article_ids: Iterable[str],
    bonds: Iterable[Bond],
    current: Splits,
    ratios: Mapping[str, float],
    strata: Strata | None = None,
) -> Proposal:
    """Propose a split for each article that is in none; articles that are in a split never move.

    A group with a part in a split follows that part. The other groups go, the largest first, to the split that is
    furthest below its share. Groups of one size are in the order of the hash of their ids, so that the same articles
    always give the same lists, and neither the name nor the age of an article decides.

    With strata, the groups with the rarest stratum come first, since others can still make up for what is common. Each
    goes to the split that lacks most of its rarest stratum; in a tie, of the next one. A stratum of one group does
    not count. This is iterative stratification
    (Sechidis, Tsoumakas and Vlahavas 2011), but for whole groups.

    Args:
        article_ids: The articles of the corpus.
        bonds: What binds them.
        current: The present splits.
        ratios: The share of each split; their sum does not matter.
        strata: The strata of each article, whose proportions the splits keep; see `find_strata`.
    """
    in_corpus = set(article_ids)
    splits_of: dict[str, set[str]] = {article_id: set() for article_id in in_corpus}
    for split, listed in current.items():
        for article_id in in_corpus.intersection(listed):
            splits_of[article_id].add(split)
    sizes = {split: len(in_corpus.intersection(listed)) for split, listed in current.items()}
    shares = {split: ratio / sum(ratios.values()) * len(in_corpus) for split, ratio in ratios.items()}
    new: dict[str, list[str]] = {}
    torn, unplaced = [], []
    for group in groups(in_corpus, (bond for bond in bonds if {bond.first, bond.second} <= in_corpus)):
        splits = sorted(set().union(*(splits_of[article_id] for article_id in group)))
        added = [article_id for article_id in group if not splits_of[article_id]]
        if len(splits) > 1:
            torn.append(group)
        elif splits and added:
            new.setdefault(splits[0], []).extend(added)
            sizes[splits[0]] += len(added)
        elif added:
            unplaced.append(added)
    unplaced.sort(key=lambda group: (-len(group), sha256("\n".join(group))))
    if strata:
        placed = {split: [*in_corpus.intersection(listed)] for split, listed in current.items()}
        for split, added in new.items():
            placed[split] = [*placed.get(split, ()), *added]
        for split, balanced in _balance(unplaced, placed, ratios, strata):
            new.setdefault(split, []).extend(balanced)
        unplaced = []
    for group in unplaced:
        split = max(shares, key=lambda split: shares[split] - sizes.get(split, 0))
        new.setdefault(split, []).extend(group)
        sizes[split] = sizes.get(split, 0) + len(group)
    return Proposal(
        kept={split: list(listed) for split, listed in current.items()},
        new={split: sorted(added) for split, added in new.items()},
        torn=torn,
    )


def _balance(
    groups: Sequence[Sequence[str]], placed: Splits, ratios: Mapping[str, float], strata: Strata
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield a split and a group for each group, so that the splits have all strata in proportion.

    Args:
        groups: The groups to place; of equally rare ones, the first comes first.
        placed: The articles that are in a split already.
        ratios: The share of each split.
        strata: The strata of each article.
    """
    counts = {
        split: Counter(stratum for article_id in placed.get(split, ()) for stratum in strata[article_id])
        for split in ratios
    }
    in_group = [Counter(stratum for article_id in group for stratum in strata[article_id]) for group in groups]
    totals = sum((*counts.values(), *in_group), Counter[Stratum]())
    for group in in_group:
        for stratum in [stratum for stratum in group if totals[stratum] == group[stratum] and stratum[0]]:
            # It is in no proportion, and would send every article with such a stratum to the largest split.
            del group[stratum]
    whole = sum(ratios.values())

    def list_lacks(split: str, group: Counter[Stratum]) -> list[float]:
        """Return which part of each stratum of a group the split lacks, that of the rarest stratum first."""
        rarest_first = sorted(group, key=lambda stratum: (totals[stratum], str(stratum)))
        # Rounded, so that a difference of floating point decides nothing.
        return [round(ratios[split] / whole - counts[split][stratum] / totals[stratum], 9) for stratum in rarest_first]

    for index in sorted(range(len(groups)), key=lambda index: min(totals[stratum] for stratum in in_group[index])):
        split = max(ratios, key=lambda split: list_lacks(split, in_group[index]))
        counts[split] += in_group[index]
        yield split, groups[index]


def find_strata(
    articles: Iterable[Article], fields: Sequence[str], inventory: Inventory | None, option: str = "--balance"
) -> Strata:
    """Return the strata of each article: its value in each field, and one that all articles are in.

    A date counts by its year. Numbers with more than four values count by their quarter. The articles without a value
    are a stratum, too.

    Args:
        articles: The articles.
        fields: Fields of every article, such as `language`, or fields of metadata.
        inventory: The inventory, which declares the fields of metadata.
        option: The option that named the fields, for the error.

    Raises:
        CannotRun: If there is no such field.
    """
    own = inventory.metadata if inventory else {}
    for name in fields:
        if name not in (*BALANCED, *own):
            raise CannotRun(
                f"{option} {name}", "is no field of articles", f"use one of: {', '.join((*BALANCED, *own))}"
            )
    dates = {"date", *(name for name, field in own.items() if field.type == "date")}

    def list_values(article: Article) -> Iterator[MetadataValue | None]:
        for name in fields:
            value = getattr(article, name) if name in BALANCED else article.metadata.get(name)
            yield value[:4] if name in dates and isinstance(value, str) else value

    values = {article.id: tuple(list_values(article)) for article in articles}
    columns = [
        _divide_numbers(column) if name in own and own[name].type == "number" else column
        for name, column in zip(fields, zip(*values.values(), strict=True), strict=bool(values))
    ]
    rows = zip(*columns, strict=True) if columns else iter([()] * len(values))
    return {
        article_id: (("", None), *zip(fields, row, strict=True)) for article_id, row in zip(values, rows, strict=True)
    }


def _divide_numbers(values: Sequence[MetadataValue | None]) -> list[MetadataValue | None]:
    """Return the quarter of each number, as its least and greatest one; the numbers themselves if there are up to four.

    Equal numbers are in one quarter, so that quarters may differ in size.
    """
    numbers = sorted(value for value in values if isinstance(value, int | float))
    if len({*numbers}) <= _QUARTERS:
        return [*values]
    cuts = [numbers[len(numbers) * quarter // _QUARTERS] for quarter in range(1, _QUARTERS)]
    by_quarter: dict[int, list[int | float]] = {}
    for number in numbers:
        by_quarter.setdefault(bisect_right(cuts, number), []).append(number)
    names: dict[int, MetadataValue] = {
        quarter: f"{inner[0]} to {inner[-1]}" if inner[0] != inner[-1] else inner[0]
        for quarter, inner in by_quarter.items()
    }
    return [names[bisect_right(cuts, value)] if isinstance(value, int | float) else value for value in values]


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """A fold: test on `held_out`, train on all other articles, of which `bound` share something with the held out."""

    held_out: list[str]
    bound: list[str] = []


class Folds(msgspec.Struct, frozen=True, kw_only=True):
    """The folds of a corpus.

    Attributes:
        note: What the folds are good for, in words.
        groups: The groups of articles.
        bonds: What binds them.
        by_group: Folds that hold out one group each and leak nothing; none if all articles are one group.
        by_article: Folds that hold out one article each. Where a fold has `bound`, the training part has texts or
            incidents of the test: leave these articles out, or report that they were in.
    """

    note: str
    groups: list[list[str]]
    bonds: list[Bond]
    by_group: list[Fold]
    by_article: list[Fold]


def folds(article_ids: Iterable[str], bonds: Sequence[Bond]) -> Folds:
    """Return the folds that leave one group out, and those that leave one article out."""
    wanted = set(article_ids)
    divided = groups_among(wanted, bonds)
    return Folds(
        note=_note(divided),
        groups=divided,
        bonds=[bond for bond in bonds if {bond.first, bond.second} <= wanted],
        by_group=[Fold(held_out=group) for group in divided] if len(divided) > 1 else [],
        by_article=[
            Fold(held_out=[article_id], bound=[other for other in group if other != article_id])
            for group in divided
            for article_id in group
        ]
        if len(wanted) > 1
        else [],
    )


def _note(divided: Sequence[Sequence[str]]) -> str:
    """Say what the folds of these groups are good for."""
    if sum(map(len, divided)) == 1:
        return "there is one article: nothing is left to train on where it is held out"
    if is_one_group(divided):
        return (
            f"all {len(divided[0])} articles are one group: no fold is free of leaks, and a score on a held-out article"
            " is no estimate for unseen articles"
        )
    alone = all(len(group) == 1 for group in divided)
    return (
        "no two articles are known to share anything" if alone else "by_group leaks nothing that is known to be shared"
    )


def is_one_group(divided: Sequence[Sequence[str]]) -> bool:
    """Tell whether several articles are one group, so that none can be held out without a leak."""
    return len(divided) == 1 and len(divided[0]) > 1


def encode_folds(folds: Folds) -> bytes:
    """Return the folds as JSON with a group, bond or fold a line."""
    note, *lists = Folds.__struct_fields__
    parts = [f'  "{note}": {msgspec.json.encode(folds.note).decode()}']
    parts += [f'  "{name}": {_lines(getattr(folds, name))}' for name in lists]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _lines(items: list[object]) -> str:
    lines = (msgspec.json.format(msgspec.json.encode(item), indent=0).decode() for item in items)
    return "[\n    " + ",\n    ".join(lines) + "\n  ]" if items else "[]"


def bonds_of(corpus: Corpus, article_ids: Iterable[str], progress: StartStep = ignore_steps) -> list[Bond]:
    """Return what binds articles of a corpus: its links, and near-duplicate paragraphs of the given articles.

    Args:
        corpus: The corpus.
        article_ids: The articles.
        progress: Called at the start of each step with its name and the number of articles, or None.
    """
    near = find_near_duplicates(article_ids, corpus.read_text, progress)
    return sorted({*bonds_of_links(corpus.read_links()), *bonds_of_words(near)})


def write_splits(corpus: Corpus, proposal: Proposal, old: Mapping[str, bytes]) -> list[str]:
    """Write the lists that change, together.

    Args:
        corpus: The corpus, whose lock the caller holds since it read the lists.
        proposal: The proposal.
        old: The bytes that were read of the file of each split.

    Returns:
        The names of the lists that were written.

    Raises:
        CannotRun: If a list cannot be written.
        Refused: If a list was changed since it was read. Nothing is written.
    """
    lists = proposal.lists()
    write_together(
        [
            corpus.prepare_file(
                corpus.split_path(split),
                encode_split(lists[split]),
                old.get(split),
            )
            for split in proposal.new
        ]
    )
    return list(proposal.new)
