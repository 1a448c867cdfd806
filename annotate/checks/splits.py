"""C4: splits. Articles that belong together are in one split.

Links are checked by `annotate check`. Near-duplicate paragraphs are searched for when a dataset is built or released.
"""

from collections.abc import Iterator, Mapping, Sequence

from annotate.corpus import Corpus
from annotate.findings import Finding, Problem, Rule, list_names, rule
from annotate.splits import SPLITS
from annotate.splits.groups import Bond, groups
from annotate.splits.propose import bonds_of
from annotate.util.escape import has_unseen, quote
from annotate.util.suggestions import suggest

MAX_NAMED = 5
"""Articles through which two are bound, that are named."""
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
    lines = {split: _number_lines(article_ids) for split, article_ids in splits.items()}
    crossing = _find_crossing_bonds(bonds, split_of)
    for group in groups((), bonds):
        in_splits = [article_id for article_id in group if article_id in split_of]
        for article_id in in_splits:
            split = split_of[article_id]
            if split != split_of[in_splits[0]]:
                line = lines[split][article_id]
                yield _problem(article_id, in_splits[0], group, crossing.get(article_id), split_of, line)


def _number_lines(article_ids: Sequence[str]) -> dict[str, int]:
    """Return the first line of each article in the file of a split."""
    lines: dict[str, int] = {}
    for line, article_id in enumerate(article_ids, 1):
        lines.setdefault(article_id, line)
    return lines


def _find_crossing_bonds(bonds: list[Bond], split_of: Mapping[str, str]) -> dict[str, Bond]:
    """Return the first bond of each article to an article in another split."""
    crossing: dict[str, Bond] = {}
    for bond in bonds:
        if bond.first in split_of and bond.second in split_of and split_of[bond.first] != split_of[bond.second]:
            crossing.setdefault(bond.first, bond)
            crossing.setdefault(bond.second, bond)
    return crossing


def _problem(
    article_id: str, first: str, group: list[str], bond: Bond | None, split_of: Mapping[str, str], line: int
) -> Problem:
    """Name the bond to an article in another split; if there is only one through others, name these."""
    split = split_of[article_id]
    other_id = bond.other(article_id) if bond else first
    why = bond.why if bond else f"one group, through {_list_others(group, article_id, other_id)}"
    return Problem(
        f"{quote(article_id)} is in {split}, and {quote(other_id)}, bound to it ({why}), in {split_of[other_id]}; "
        "keep them in one split",
        file=f"splits/{split}.txt",
        line=line,
        article=article_id,
    )


def _list_others(group: Sequence[str], article_id: str, other_id: str) -> str:
    """Return the first other articles of a group, and how many more there are."""
    # Each article of a long chain gets such a list: all names would make the output grow with the square.
    others = [id_ for id_ in group[: MAX_NAMED + 2] if id_ not in (article_id, other_id)][:MAX_NAMED]
    more = len(group) - 2 - len(others)
    return f"{', '.join(others)}{f' and {more:,} more' if more > 0 else ''}"


@rule("C402")
def unknown_split(names: Sequence[str]) -> Iterator[Problem]:
    """A split is called train, validation or test.

    Why: programs load these three by name. A dataset cannot be made with others, and under a misspelt name the articles
    of a split would be missing without a word.
    Fails: splits/trian.txt; splits/dev.txt; splits/Test.txt.
    Passes: splits/train.txt, splits/validation.txt and splits/test.txt, or some of them.
    """
    for name in names:
        if name not in SPLITS and not has_unseen(name):  # C121 reports characters that cannot be seen
            problem = f"{quote(name)} is no split{suggest(name, SPLITS)}"
            yield Problem(f"{problem}; rename the file, to {list_names(SPLITS)}", file=f"splits/{name}.txt")


RULES: tuple[Rule, ...] = (group_in_two_splits, unknown_split)
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
