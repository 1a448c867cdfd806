"""The card's section on its splits: what is held out, what articles share, folds, and what a score on them is worth.

All of it is computed from the corpus, so that a card never promises more than its articles can hold.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from annotate.dataset.facts import FEW, Facts, counted, loadable
from annotate.dataset.features import ARTICLES
from annotate.dataset.tables.tokens import TOKENS
from annotate.splits.corpus import bonds_of
from annotate.splits.groups import NEAR, Shared, bonds_of_links, groups_among
from annotate.store import Corpus

SHOWN = 20
"""Groups of articles that the card names."""
COMPARED = 1_000
"""Up to so many articles, their paragraphs are compared for the card; `annotate split` compares those of any number."""


def shared(corpus: Corpus, splits: Mapping[str, Sequence[str]]) -> Shared:
    """What binds the articles of the dataset: links, and near-duplicate paragraphs where they are few enough.

    Raises CannotRun where paragraphs may be near-duplicates and datasketch, which tells, is not installed.
    """
    inside = {name for names in splits.values() for name in names}
    compared = len(inside) <= COMPARED
    bonds = bonds_of(corpus, inside) if compared else bonds_of_links(corpus.read_links())
    within = {bond.why for bond in bonds if {bond.first, bond.second} <= inside}
    return Shared(
        tuple(group for group in groups_among(inside, bonds) if len(group) > 1), tuple(sorted(within)), compared
    )


def split_note(facts: Facts) -> str:
    """The splits in half a line, for the card's first screen."""
    counts = facts.counts
    if _held_out(facts):
        sizes = ", ".join(f"`{split}` {counted(number, 'article')}" for split, number in counts.articles.items())
        return f"{sizes}; no article is in two."
    none = f"{' and '.join(f'`{split}`' for split in counts.articles)} only; nothing is held out for testing"
    number = counts.articles.total()
    if number == 1:
        return f"{none}, as there is one article."
    if _one_group(facts):
        return f"{none}, and no fold is free of leaks: all {number:,} articles are one group. See [Splits](#splits)."
    return f"{none}. [Folds](#splits) hold out one article or group of articles at a time."


def splits(facts: Facts) -> str:
    """The section, with code that makes folds where nothing is held out for good."""
    note = split_note(facts).replace(" See [Splits](#splits).", "").replace("[Folds](#splits)", "Folds")
    parts = [f"{note[0].upper()}{note[1:]}", _bound(facts), _worth(facts)]
    if facts.left_out:
        parts.append(f"Left out, for want of settled labels or of a split: {counted(facts.left_out, 'article')}.")
    return "\n\n".join(part for part in ("## Splits", " ".join(filter(None, parts)), _folds(facts)) if part)


def _held_out(facts: Facts) -> bool:
    return len(facts.counts.articles) > 1


def _one_group(facts: Facts) -> bool:
    return facts.shared is not None and facts.shared.holds_all(facts.counts.articles.total())


def _bound(facts: Facts) -> str:
    """Which articles share something, and what; how far was looked."""
    number, found = facts.counts.articles.total(), facts.shared
    if number == 1:
        return ""
    if found is None:
        return (
            "Which articles tell of one incident or repeat one another was not looked at: any split or fold may leak."
        )
    unseen = "" if found.compared else " Their paragraphs were not compared here: `annotate split --folds` does that."
    if not found.groups:
        what = "a link or a near-duplicate paragraph" if found.compared else "a link"
        return f"No two articles share {what}.{unseen}"
    links = [f"`{name}`" for name in found.why if name != NEAR]
    why = " and ".join([f"links ({', '.join(links)})"] * bool(links) + [NEAR] * (NEAR in found.why))
    if _one_group(facts):
        return (
            f"What binds them, at once or through others: {why}. Whichever is held out, what was trained on tells of"
            f" the same incidents or has some of the same words.{unseen}"
        )
    shown = "; ".join(", ".join(f"`{name}`" for name in group) for group in found.groups[:SHOWN])
    more = f"; and {len(found.groups) - SHOWN:,} more groups" if len(found.groups) > SHOWN else ""
    return f"These are bound together by {why or 'articles that are not in the dataset'}: {shown}{more}.{unseen}"


def _worth(facts: Facts) -> str:
    """What the splits are good for, and what a score on them says."""
    counts, found = facts.counts.articles, facts.shared
    if _held_out(facts):
        few = ", ".join(f"`{name}` has {number:,}" for name, number in [*counts.items()][1:] if number < FEW)
        return f"With fewer than {FEW} articles held out ({few}), a score says little of other articles." if few else ""
    if counts.total() == 1:
        return "It is good to look at and to write rules and prompts on; a score on it says nothing of other articles."
    if _one_group(facts):
        return (
            "The articles are good to look at, to write rules and prompts on, and as one of several sets; a score on a"
            " held-out article is no estimate for unseen news. Leaving one article out shows that a system runs: give"
            " such a figure with this leak, or not at all."
        )
    if found is None:
        return "To evaluate, hold out whole articles: rows of one share their writer, their events and their annotator."
    number = counts.total() - sum(len(group) - 1 for group in found.groups)
    few = f" With {number:,} folds, give each fold's figure beside the mean." if number < FEW else ""
    held = (
        "Articles that are bound together are held out together"
        if found.groups
        else "One article is held out at a time"
    )
    return f"{held}: nothing that is known to be shared is both trained and tested on.{few}"


class _Fold(NamedTuple):
    """How the code in the card tells the folds apart."""

    comment: str
    first: dict[str, str]


def _folds(facts: Facts) -> str:
    """Code that makes folds with `load_dataset` alone: what is bound is held out as a whole, unless that is all."""
    found, number = facts.shared, facts.counts.articles.total()
    if _held_out(facts) or number < 2:
        return ""
    if found is not None and len(found.groups) > SHOWN:
        return "The folds are many: `annotate split --folds` prints them as JSON."
    if _one_group(facts):
        fold = _Fold("# Leave one article out. It leaks: all articles are one group.", {})
    elif found is None:
        fold = _Fold("# Leave one article out.", {})
    else:
        fold = _Fold(
            "# Leave one group of articles out." if found.groups else "# Leave one article out.",
            {name: group[0] for group in found.groups for name in group},
        )
    config, key = (TOKENS, "article") if TOKENS in loadable(facts) else (ARTICLES, "id")
    group = f"first = {fold.first!r}  # article: the first of those that it is bound to\n" if fold.first else ""
    of = f'first.get(row["{key}"], row["{key}"])' if fold.first else f'row["{key}"]'
    return f"""```python
from datasets import load_dataset

{fold.comment}
{group}rows = load_dataset(dataset, "{config}", split="{next(iter(facts.counts.articles))}")
for held_out in sorted({{{of} for row in rows}}):
    train = rows.filter(lambda row: {of} != held_out)
    test = rows.filter(lambda row: {of} == held_out)
```"""
