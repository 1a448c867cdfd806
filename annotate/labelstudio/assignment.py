"""Which annotators label which articles, so that every pair of annotators shares articles to compare.

Each new article goes to the annotators with the fewest articles, and among those to the ones that have shared the
fewest. Swaps between articles then even out the pairs.
"""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from hashlib import sha256
from itertools import combinations
from typing import NamedTuple, TypeAlias

from annotate.errors import CannotRun
from annotate.util.escape import quote

Assignments: TypeAlias = Mapping[str, Collection[str]]
"""Article id → the annotators who have it."""
SWAP_PARTNERS = 32
"""Articles that a swap is tried with, at most, so that the time grows with the number of articles only."""
SWAP_ROUNDS = 4


class AssignmentPlan(NamedTuple):
    """Who labels what.

    Attributes:
        earlier: Article id → the annotators who had it before.
        new: Article id → the annotators to whom it is given now, in the order of the ids.
    """

    earlier: Assignments
    new: dict[str, tuple[str, ...]]

    def holders(self, article_id: str) -> list[str]:
        """Return all annotators of an article, in the order of their ids."""
        return sorted({*self.earlier.get(article_id, ()), *self.new.get(article_id, ())})

    def articles_of(self, annotator: str) -> list[str]:
        """Return the articles that are given to an annotator now, in the order of their ids."""
        return [article_id for article_id, annotators in self.new.items() if annotator in annotators]

    def count_articles(self) -> Counter[str]:
        """Return the number of articles of each annotator, earlier ones included."""
        return Counter(annotator for article_id in self._article_ids() for annotator in self.holders(article_id))

    def count_pairs(self) -> Counter[tuple[str, str]]:
        """Return the number of articles that each two annotators share, earlier ones included."""
        return Counter(
            (left, right)
            for article_id in self._article_ids()
            for left, right in combinations(self.holders(article_id), 2)
        )

    def _article_ids(self) -> set[str]:
        return {*self.earlier, *self.new}


def assign_all(article_ids: Sequence[str], annotators: Sequence[str], earlier: Assignments) -> AssignmentPlan:
    """Return the plan that gives every article to every annotator."""
    return assign_listed(dict.fromkeys(article_ids, annotators), earlier)


def assign_listed(listed: Assignments, earlier: Assignments) -> AssignmentPlan:
    """Return the plan that gives articles to the annotators of a list, those excepted who have them."""
    new = {
        article_id: tuple(sorted({*annotators} - {*earlier.get(article_id, ())}))
        for article_id, annotators in sorted(listed.items())
    }
    return AssignmentPlan(earlier, {article_id: annotators for article_id, annotators in new.items() if annotators})


def plan_overlap(
    article_ids: Collection[str],
    annotators: Collection[str],
    each: int,
    *,
    shared: int = 0,
    seed: int = 0,
    earlier: Assignments | None = None,
) -> AssignmentPlan:
    """Give each article to some of the annotators, so that all have as many, and all pairs share as many.

    The same arguments give the same plan, in whatever order they list articles and annotators.

    Args:
        article_ids: The articles.
        annotators: The annotators.
        each: Annotators for each article.
        shared: Number of the articles that all annotators get.
        seed: Seed of the choice.
        earlier: Who has which article already, other articles and annotators included. Nothing is taken away.

    Returns:
        The plan. Without earlier assignments, the numbers of articles of two annotators differ by at most 1.

    Raises:
        CannotRun: There are fewer annotators than each article needs, or fewer articles than are to be shared.
    """
    names, earlier = sorted(set(annotators)), earlier or {}
    if not 1 <= each <= len(names):
        hint = f"name at least {each} annotators, or choose a smaller number"
        raise CannotRun("--each", f"{each} of {len(names)} annotators is not possible", hint)
    ordered = sorted(set(article_ids), key=lambda article_id: sha256(f"{seed} {article_id}".encode()).digest())
    if shared > len(ordered):
        raise CannotRun("--shared", f"{shared} of {len(ordered)} articles is not possible", "choose a smaller number")
    planner = _Planner(names, earlier, random.Random(seed))  # noqa: S311 - no secret
    everyone = set(names)
    is_shared = {article_id for article_id in ordered if everyone <= set(earlier.get(article_id, ()))}
    unfinished = [article_id for article_id in ordered if len({*earlier.get(article_id, ())}) < each]
    finished = [article_id for article_id in ordered if article_id not in is_shared and article_id not in {*unfinished}]
    missing = max(shared - len(is_shared), 0)
    for article_id in [*unfinished, *finished][:missing]:
        planner.give_to_all(article_id)
    for article_id in unfinished[missing:]:
        planner.give(article_id, each)
    planner.even_out_pairs()
    return AssignmentPlan(earlier, {article_id: tuple(sorted(new)) for article_id, new in sorted(planner.new.items())})


def parse_share(value: str, articles: int) -> int:
    """Return the number of articles that a count or a fraction names: 20, 0.1 or 10%.

    Raises:
        CannotRun: It is neither.
    """
    text, percent = (value.strip().removesuffix("%"), value.strip().endswith("%"))
    is_number = text.replace(".", "", 1).isdecimal() and text.isascii() and len(text) <= 12
    number = Fraction(text) / (100 if percent else 1) if is_number else Fraction(-1)
    if is_number and not percent and "." not in text:
        return int(number)
    if not 0 <= number <= 1:
        raise CannotRun("--shared", f"{quote(value)} is neither a count nor a fraction", "write 20, 0.1 or 10%")
    return round(number * articles)


class _Planner:
    """Assignments in progress.

    Attributes:
        new: Article id → the annotators to whom it is given, in the order of the choice.
    """

    def __init__(self, annotators: Sequence[str], earlier: Assignments, generator: random.Random) -> None:
        self.annotators, self.earlier, self.random = annotators, earlier, generator
        self.new: dict[str, list[str]] = {}
        self._swappable: list[str] = []
        self._loads: Counter[str] = Counter()
        self._pairs: Counter[frozenset[str]] = Counter()
        for holders in earlier.values():
            self._count(sorted(set(holders)))

    def _count(self, holders: Sequence[str]) -> None:
        self._loads.update(holders)
        self._pairs.update(map(frozenset, combinations(holders, 2)))

    def give_to_all(self, article_id: str) -> None:
        """Give an article to all annotators."""
        self._give(article_id, [name for name in self.annotators if name not in self.earlier.get(article_id, ())])

    def give(self, article_id: str, each: int) -> None:
        """Give an article to as many annotators as it lacks: those with the fewest articles, then shared ones."""
        holders = set(self.earlier.get(article_id, ()))
        chosen: list[str] = []
        while len(holders) < each:
            candidates = [name for name in self.annotators if name not in holders]
            if not candidates:
                break
            self.random.shuffle(candidates)
            least = min(candidates, key=lambda name: (self._loads[name], self._shared(name, holders)))
            chosen.append(least)
            holders.add(least)
        self._give(article_id, chosen)
        self._swappable.append(article_id)

    def _give(self, article_id: str, chosen: list[str]) -> None:
        if not chosen:
            return
        before = sorted(set(self.earlier.get(article_id, ())))
        self._loads.update(chosen)
        self._pairs.update(frozenset((name, holder)) for name in chosen for holder in before)
        self._pairs.update(map(frozenset, combinations(chosen, 2)))
        self.new[article_id] = chosen

    def _shared(self, annotator: str, others: Collection[str]) -> int:
        return sum(self._pairs[frozenset((annotator, other))] for other in others)

    def even_out_pairs(self) -> None:
        """Swap annotators between articles as long as that brings the numbers of shared articles closer together.

        A swap changes no annotator's number of articles.
        """
        article_ids = [article_id for article_id in self._swappable if article_id in self.new]
        for _ in range(SWAP_ROUNDS):
            is_changed = False
            for article_id in article_ids:
                if self._is_uneven():
                    is_changed |= self._swap(article_id, article_ids)
            if not is_changed:
                return

    def _is_uneven(self) -> bool:
        counts = [self._pairs[frozenset(pair)] for pair in combinations(self.annotators, 2)]
        return bool(counts) and max(counts) - min(counts) > 1

    def _swap(self, article_id: str, article_ids: Sequence[str]) -> bool:
        """Make the first swap of an article with another that helps; return whether there is one."""
        partners = self.random.sample(article_ids, min(SWAP_PARTNERS, len(article_ids)))
        return any(
            self._swap_if_better(article_id, given, partner, taken)
            for partner in partners
            for given in tuple(self.new[article_id])
            for taken in tuple(self.new[partner])
        )

    def _swap_if_better(self, article_id: str, given: str, partner: str, taken: str) -> bool:
        """Swap two annotators of two articles if the sum of the squares of the pairs' counts becomes smaller."""
        own, other = self._holders(article_id) - {given}, self._holders(partner) - {taken}
        if taken in own or given in other or taken == given:
            return False
        change: Counter[frozenset[str]] = Counter()
        for holders, out, into in ((own, given, taken), (other, taken, given)):
            for holder in holders:
                change[frozenset((holder, out))] -= 1
                change[frozenset((holder, into))] += 1
        if sum(2 * self._pairs[pair] * step + step * step for pair, step in change.items()) >= 0:
            return False
        for pair, step in change.items():
            self._pairs[pair] += step
        for name, out, into in ((article_id, given, taken), (partner, taken, given)):
            self.new[name] = [into if each == out else each for each in self.new[name]]
        return True

    def _holders(self, article_id: str) -> set[str]:
        return {*self.earlier.get(article_id, ()), *self.new.get(article_id, ())}
