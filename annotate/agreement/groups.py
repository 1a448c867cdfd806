"""Agreement on a part of the articles: those with one value of a field, such as the language or the split."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from annotate.agreement.attribute_tallies import Missing
from annotate.agreement.bootstrap import SAMPLES
from annotate.agreement.measure import measure_agreement
from annotate.agreement.report import Report
from annotate.agreement.study import CorpusStudy
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.splits.propose import BALANCED, find_strata
from annotate.util.nouns import count_noun
from annotate.util.progress import StartStep, count_items, ignore_steps

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
    study: CorpusStudy,
    articles: Mapping[str, Sequence[str]],
    corpus: Corpus,
    field: str,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: StartStep = ignore_steps,
    *,
    by_article: bool = True,
    missing: Missing = "left-out",
) -> Iterator[ReportGroup]:
    """Measure the agreement on the articles with each value of a field.

    Dates count by their year, and numbers with more than four values by their quarter, as in `annotate split`.

    Args:
        study: The study.
        articles: The articles that are compared, with their annotators: those of the report on all of them.
        corpus: The corpus with the articles.
        field: A field of articles, one of their metadata, or `split`.
        samples: The number of bootstrap samples of each group.
        seed: The seed of the random numbers.
        progress: Called at the start of the step with its name and the number of groups.
        by_article: Whether to make the rows by article.
        missing: See `measure_agreement`.

    Yields:
        The groups in the order of their values, articles without a value last.

    Raises:
        CannotRun: If there is no such field.
    """
    values = _find_values(articles, study.inventory, corpus, field)
    groups = sorted({*values.values()}, key=_order_value)
    for value in count_items(groups, progress(f"measuring by {field}", len(groups))):
        of_value = {article_id for article_id in articles if values[article_id] == value}
        present = {annotator for article_id in of_value for annotator in articles[article_id]}
        group = study.select(of_value, [name for name in study.annotators if name in present])
        report = measure_agreement(group, samples, seed, by_article=by_article, missing=missing)
        report = msgspec.structs.replace(report, dependent=[])  # the report on all articles names them
        yield ReportGroup(field, None if value is None else str(value), report)


def _find_values(
    article_ids: Collection[str], inventory: Inventory, corpus: Corpus, field: str
) -> dict[str, str | int | float | None]:
    """Return the value of each article."""
    if field == SPLIT:
        splits = {article_id: split for split, ids in corpus.splits().items() for article_id in ids}
        return {article_id: splits.get(article_id) for article_id in article_ids}
    own = inventory.metadata
    if field not in (*BALANCED, *own):
        names = ", ".join((SPLIT, *BALANCED, *own))
        raise CannotRun(f"--by {field}", "is no field of articles", f"use one of: {names}")
    articles = map(corpus.read_article, article_ids)
    return {article_id: strata[-1][1] for article_id, strata in find_strata(articles, [field], inventory).items()}


def _order_value(value: str | int | float | None) -> tuple[bool, bool, float, str]:
    """Return a key that sorts numbers, ranges of numbers and words, and no value last."""
    text = "" if value is None else str(value)
    first = text.split(" to ")[0]
    try:
        return value is None, False, float(first), text
    except ValueError:
        return value is None, True, 0, text
