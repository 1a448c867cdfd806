"""Models, people and gold: how far models agree with people, next to how far people agree with each other.

The agreement of people with each other is the ceiling: a model that agrees with people as far as they do is as near to
them as one more of them. All values are F1 over all labels, on the samples of the report.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from annotate.agreement.bootstrap import Bootstrap
from annotate.agreement.coefficients import f1
from annotate.agreement.report import KindPair, ModelGap
from annotate.agreement.span_tallies import add_matches
from annotate.agreement.study import AnnotationPair, Kind, Study
from annotate.agreement.tally import Tally

PEOPLE = "all people"
"""The name of all people together, which no annotator can have."""
MOST_PEOPLE = 10
"""With more people, two of them have no row of their own, but all people together have."""
_NO_SPANS = "no spans"
_ORDER: tuple[tuple[Kind, Kind], ...] = (
    ("model", "gold"),
    ("model", "person"),
    ("person", "gold"),
    ("person", "person"),
    ("model", "model"),
)
"""The kinds of pairs that are compared, in the order in which they are shown."""


class PairTallies(NamedTuple):
    """The counts of some pairs of annotations, taken together, with their annotators and articles."""

    exact: Tally
    overlap: Tally
    annotators: set[frozenset[str]]
    articles: set[str]
    shared: set[str]


def _make_tallies() -> PairTallies:
    return PairTallies(Tally(), Tally(), set(), set(), set())


def _add(tallies: PairTallies, study: Study, pair: AnnotationPair) -> None:
    asked = study.asked_labels(study.inventory.spans, (pair.first, pair.second))
    add_matches(tallies.exact, pair.exact_counts, asked)
    add_matches(tallies.overlap, pair.overlap_counts, asked)
    annotators = frozenset({pair.first.annotator, pair.second.annotator})
    tallies.annotators.add(annotators)
    tallies.articles.add(pair.article.id)
    if (pair.article.id, annotators) in study.shared:
        tallies.shared.add(pair.article.id)


def tally_kinds(study: Study) -> dict[tuple[str, str], PairTallies]:
    """Count the matched spans of models with gold and people, and of these with each other.

    Args:
        study: The study, with the kinds of its annotators.

    Returns:
        The counts by the two annotators, those of all people by `PEOPLE`; nothing without a model, or of models alone.
    """
    kinds = study.kinds
    present = {kinds[name] for name in study.annotators if name in kinds}
    if "model" not in present or present <= {"model", "unknown"}:
        return {}
    by_pair: defaultdict[tuple[str, str], PairTallies] = defaultdict(_make_tallies)
    people = [name for name in study.annotators if kinds.get(name) == "person"]
    for pair in study.comparisons():
        names = _order_pair(study, pair)
        if names is None:
            continue
        for key in {names, tuple(PEOPLE if name in people else name for name in names)}:
            _add(by_pair[key[0], key[1]], study, pair)
    return dict(by_pair)


def measure_kinds(
    by_pair: Mapping[tuple[str, str], PairTallies],
    annotators: Sequence[str],
    kinds: Mapping[str, Kind],
    bootstrap: Bootstrap,
) -> list[KindPair]:
    """Measure the agreement of models with gold and people, and of these with each other.

    Args:
        by_pair: The counts of `tally_kinds`.
        annotators: The annotators of the study, in their order.
        kinds: Annotator → what the annotator is.
        bootstrap: The samples of the study.

    Returns:
        A row for each pair with an article in common, and one for all people of several.
    """
    people = [name for name in annotators if kinds.get(name) == "person"]
    rows = []
    for order, of_kinds in enumerate(_ORDER):
        for (first, second), tallies in by_pair.items():
            row_kinds = _find_kind(kinds, first), _find_kind(kinds, second)
            if row_kinds == of_kinds and not _is_repeated((first, second), tallies, people):
                exact = bootstrap.measure(tallies.exact, f1, _NO_SPANS)
                overlap = bootstrap.measure(tallies.overlap, f1, _NO_SPANS)
                counts = len(tallies.articles), len(tallies.shared)
                rows.append(
                    (
                        order,
                        _rank(annotators, first, second),
                        KindPair(first, second, row_kinds, *counts, exact, overlap),
                    )
                )
    return [row for *_, row in sorted(rows, key=lambda each: each[:2])]


def _order_pair(study: Study, pair: AnnotationPair) -> tuple[str, str] | None:
    """Return the two annotators, the model first and gold last; None if the kind of one is not known."""
    first, second = pair.first.annotator, pair.second.annotator
    for names in ((first, second), (second, first)):
        if (study.kinds.get(names[0]), study.kinds.get(names[1])) in _ORDER:
            return names
    return None


def _find_kind(kinds: Mapping[str, Kind], name: str) -> Kind:
    return "person" if name == PEOPLE else kinds[name]


def _is_repeated(names: tuple[str, str], tallies: PairTallies, people: Collection[str]) -> bool:
    """Return whether other rows say what a row says: people together if they are one pair, a pair of many people."""
    if PEOPLE in names:
        return len(tallies.annotators) < 2
    return len(people) > MOST_PEOPLE and set(names) <= set(people)


def _rank(annotators: Sequence[str], first: str, second: str) -> tuple[int, int]:
    """Return the positions of two annotators; all people together come last."""
    last = len(annotators)
    index = {name: position for position, name in enumerate(annotators)}
    return index.get(first, last), index.get(second, last)


def tally_gaps(study: Study) -> dict[str, tuple[PairTallies, PairTallies]]:
    """Count the matched spans of each model with people, and of people with each other.

    Both are of the articles that the model and two people or more have labelled.

    Args:
        study: The study, with the kinds of its annotators.

    Returns:
        Model → its counts with people, and those of people with each other.
    """
    gaps: dict[str, tuple[PairTallies, PairTallies]] = {}
    for model in study.annotators:
        if study.kinds.get(model) != "model":
            continue
        with_people, among_people = gaps[model] = _make_tallies(), _make_tallies()
        for article in study.articles:
            people = {each.annotator for each in article.annotations if study.kinds.get(each.annotator) == "person"}
            if len(people) < 2 or model not in {each.annotator for each in article.annotations}:
                continue
            for pair in article.comparisons:
                names = {pair.first.annotator, pair.second.annotator}
                if names <= people:
                    _add(among_people, study, pair)
                elif model in names and names & people:
                    _add(with_people, study, pair)
    return gaps


def measure_gaps(gaps: Mapping[str, tuple[PairTallies, PairTallies]], bootstrap: Bootstrap) -> Iterator[ModelGap]:
    """Measure how far each model is from people, next to people from each other.

    Both values are of the same texts, so that their difference is, too.

    Args:
        gaps: The counts of `tally_gaps`.
        bootstrap: The samples of the study.

    Yields:
        Two rows for each model that has such articles: by equal pieces, and by overlap.
    """
    for model, sides in gaps.items():
        articles = len(sides[0].articles)
        for measure in ("exact", "overlap") if articles else ():
            left, right = (tallies.exact if measure == "exact" else tallies.overlap for tallies in sides)
            difference, _, p = bootstrap.compare(left, right, f1)
            yield ModelGap(
                model=model,
                articles=articles,
                measure="exact" if measure == "exact" else "overlap",
                with_people=bootstrap.measure(left, f1, _NO_SPANS),
                among_people=bootstrap.measure(right, f1, _NO_SPANS),
                difference=difference,
                p=p,
            )
