"""Agreement on a part of the articles: those with one value of a field, such as the language or the split."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from annotate.agreement.attribute_tallies import Missing
from annotate.agreement.bootstrap import SAMPLES
from annotate.agreement.measure import measure_agreement
from annotate.agreement.report import Report
from annotate.agreement.study import Study
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.splits.propose import BALANCED, find_strata
from annotate.util.nouns import count_noun

SPLIT = "split"
"""The field that is not of articles: the split that lists them."""
NO_GROUP = "no value"
"""How articles without a value are shown."""


class ReportGroup(NamedTuple):
    """The agreement on the articles with one value of a field.

    Attributes:
        field: The field; None for all articles.
        value: The value; None for articles without one.
        report: The agreement.
    """

    field: str | None
    value: str | None
    report: Report

    @property
    def heading(self) -> str:
        """The field, the value and the number of articles."""
        articles = count_noun(len(self.report.articles), "article")
        return f"{self.field}: {NO_GROUP if self.value is None else self.value} ({articles})"

    @property
    def about(self) -> str:
        """What the intervals are drawn from: groups of few articles have paragraphs."""
        sampling = self.report.sampling
        return f"Intervals: samples of {count_noun(sampling.units, sampling.drawn.removesuffix('s'))}."


def measure_groups(
    study: Study,
    corpus: Corpus,
    field: str,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Callable[[str], None] = lambda what: None,
    *,
    by_article: bool = True,
    missing: Missing = "left-out",
) -> Iterator[ReportGroup]:
    """Measure the agreement on the articles with each value of a field.

    Dates count by their year, and numbers with more than four values by their quarter, as in `annotate split`.

    Args:
        study: The study.
        corpus: The corpus with the articles.
        field: A field of articles, one of their metadata, or `split`.
        samples: The number of bootstrap samples of each group.
        seed: The seed of the random numbers.
        progress: Called with what is about to be measured.
        by_article: Whether to make the rows by article.
        missing: See `measure_agreement`.

    Yields:
        The groups in the order of their values, articles without a value last.

    Raises:
        CannotRun: If there is no such field.
    """
    values = _find_values(study, corpus, field)
    for value in sorted({*values.values()}, key=_order_value):
        articles = [article for article in study.articles if values[article.id] == value]
        present = {annotation.annotator for article in articles for annotation in article.annotations}
        group = study._replace(
            articles=articles,
            alone=[],
            dependent=(),
            annotators=tuple(name for name in study.annotators if name in present),
        )
        progress(f"{field}: {NO_GROUP if value is None else value}")
        report = measure_agreement(group, samples, seed, by_article=by_article, missing=missing)
        yield ReportGroup(field, None if value is None else str(value), report)


def _find_values(study: Study, corpus: Corpus, field: str) -> dict[str, str | int | float | None]:
    """Return the value of each article."""
    if field == SPLIT:
        splits = {article_id: split for split, ids in corpus.splits().items() for article_id in ids}
        return {article.id: splits.get(article.id) for article in study.articles}
    own = study.inventory.metadata
    if field not in (*BALANCED, *own):
        names = ", ".join((SPLIT, *BALANCED, *own))
        raise CannotRun(f"--by {field}", "is no field of articles", f"use one of: {names}")
    articles = (corpus.read_article(article.id) for article in study.articles)
    return {article_id: strata[-1][1] for article_id, strata in find_strata(articles, [field], study.inventory).items()}


def _order_value(value: str | int | float | None) -> tuple[bool, bool, float, str]:
    """Return a key that sorts numbers, ranges of numbers and words, and no value last."""
    text = "" if value is None else str(value)
    first = text.split(" to ")[0]
    try:
        return value is None, False, float(first), text
    except ValueError:
        return value is None, True, 0, text
