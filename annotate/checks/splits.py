"""C4: splits. Articles that belong together are in one split.

Links are checked by `annotate check`. Near-duplicate paragraphs are searched for when a dataset is built or released.
"""

from collections.abc import Iterator, Mapping, Sequence

from annotate.corpus import Corpus
from annotate.findings import Finding, Problem, Rule, rule
from annotate.splits.groups import Bond, groups
from annotate.splits.propose import bonds_of

Splits = Mapping[str, Sequence[str]]
"""Split → the ids of its articles."""


@rule("C401", waivable=True)
def group_in_two_splits(bonds: list[Bond], splits: Splits) -> Iterator[Problem]:
    """Articles that report one incident, repeat one text or dispute one another are in one split.

    Why: a system that was trained on one of them has seen what it is tested on.
    Fails: two articles of a link in links.json, one in train.txt, the other in test.txt; at `annotate build` also two
    articles with a near-duplicate paragraph; in both cases also articles that are bound through a third.
    Passes: the whole group in one file of splits/, as `annotate split` proposes.
    """
    # The first split that lists an article counts: an article in two splits is C107.
    split_of: dict[str, str] = {}
    for split, article_ids in splits.items():
        for article_id in article_ids:
            split_of.setdefault(article_id, split)
    for group in groups((), bonds):
        in_splits = [article_id for article_id in group if article_id in split_of]
        for article_id in in_splits:
            if split_of[article_id] != split_of[in_splits[0]]:
                yield _problem(article_id, in_splits[0], group, bonds, split_of, splits)


def _problem(
    article_id: str, first: str, group: list[str], bonds: list[Bond], split_of: Mapping[str, str], splits: Splits
) -> Problem:
    """Name the bond to an article in another split; if there is only one through others, name these."""
    split = split_of[article_id]
    bond = next(
        (
            bond
            for bond in bonds
            if article_id in (bond.first, bond.second) and split_of.get(bond.other(article_id), split) != split
        ),
        None,
    )
    other_id = bond.other(article_id) if bond else first
    why = (
        bond.why
        if bond
        else f"one group, through {', '.join(id_ for id_ in group if id_ not in (article_id, other_id))}"
    )
    return Problem(
        f"{article_id!r} is in {split}, and {other_id!r}, bound to it ({why}), in {split_of[other_id]}; "
        "keep them in one split",
        file=f"splits/{split}.txt",
        line=list(splits[split]).index(article_id) + 1,
        article=article_id,
    )


RULES: tuple[Rule, ...] = (group_in_two_splits,)
SEARCHED_LATER = frozenset({group_in_two_splits.code})
"""Codes that `annotate build` looks for in more places than `annotate check`."""


def find_leaks(corpus: Corpus) -> list[Finding]:
    """Find articles with near-duplicate paragraphs or links in two splits.

    Returns:
        The findings; none where the corpus has fewer than two splits.
    """
    splits = corpus.splits()
    if len(splits) < 2:
        return []
    article_ids = {article_id for ids in splits.values() for article_id in ids}
    return list(group_in_two_splits("", None, bonds_of(corpus, article_ids), splits))
