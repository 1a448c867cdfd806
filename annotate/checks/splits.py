"""C4: splits: what is bound together stays together.

What only a corpus that is shipped is asked for: no near-duplicate paragraphs in two splits.
"""

from collections.abc import Iterator, Mapping, Sequence

from annotate.corpus import Corpus
from annotate.findings import Finding, Problem, Rule, rule
from annotate.splits.groups import Bond, groups

Lists = Mapping[str, Sequence[str]]


@rule("C401")
def group_in_two_splits(bonds: list[Bond], splits: Lists) -> Iterator[Problem]:
    """Articles that tell of one incident, repeat one text or dispute one another are in one split.

    Why: a system that was trained on one of them has seen what it is tested on.
    Fails: two articles of a link of links.json, one in train.txt, the other in test.txt; at `annotate build` also two
    with a paragraph that is nearly the same; both also through a third article that is bound to either.
    Passes: the whole group in one file of splits/, as `annotate split` proposes.
    """
    # The first list that has an article counts: one in two lists is C107.
    home: dict[str, str] = {}
    for split, names in splits.items():
        for name in names:
            home.setdefault(name, split)
    for group in groups((), bonds):
        placed = [name for name in group if name in home]
        for name in placed:
            if home[name] != home[placed[0]]:
                yield _problem(name, placed, group, bonds, home, splits)


def _problem(
    name: str, placed: list[str], group: list[str], bonds: list[Bond], home: Mapping[str, str], splits: Lists
) -> Problem:
    """What binds the article to another split: a bond of its own where there is one, else its group."""
    own = next((bond for bond in bonds if _torn(bond, name, home)), None)
    other = own.other(name) if own else placed[0]
    through = "" if own else f", through {', '.join(one for one in group if one not in (name, other))}"
    why = own.why if own else "one group"
    return Problem(
        f"{name!r} is in {home[name]}, and {other!r}, bound to it ({why}{through}), in {home[other]}; "
        "keep them in one split",
        file=f"splits/{home[name]}.txt",
        line=list(splits[home[name]]).index(name) + 1,
        article=name,
    )


def _torn(bond: Bond, name: str, home: Mapping[str, str]) -> bool:
    return name in (bond.first, bond.second) and home.get(bond.other(name), home[name]) != home[name]


RULES: tuple[Rule, ...] = (group_in_two_splits,)


def leaks(corpus: Corpus) -> list[Finding]:
    """Near-duplicate paragraphs that stand in two splits; none is looked for where there are not two."""
    from annotate.splits.propose import bonds_of

    splits = corpus.splits()
    if len(splits) < 2:
        return []
    placed = {name for names in splits.values() for name in names}
    return list(group_in_two_splits("", None, bonds_of(corpus, placed), splits))
