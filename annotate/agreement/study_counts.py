"""All counts of a study, from which its measures are computed: a batch of articles at a time, in several processes."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from annotate.agreement.attribute_tallies import AttributeTallies, Missing, tally_attribute
from annotate.agreement.coefficients import Value, add_counts, alpha, f1, unitizing_alpha
from annotate.agreement.independence import DependentPass
from annotate.agreement.interval_tallies import tally_interval
from annotate.agreement.kinds import PairTallies, tally_gaps, tally_kinds
from annotate.agreement.merging import merge_batches, shrink_batch
from annotate.agreement.record_tallies import RecordCounter, RecordTallies
from annotate.agreement.relation_tallies import RelationTallies, tally_relations
from annotate.agreement.report import ALL, ArticleRow
from annotate.agreement.span_tallies import (
    PairCounts,
    SpanCounter,
    SpanTallies,
    UnlabelledTallies,
    count_confusion,
)
from annotate.agreement.study import ArticleBatch, CorpusStudy, Study, StudyReader
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.inventory import Inventory
from annotate.util.parallel import count_cores, count_workers, map_in_order, process_pool, without_garbage_collection
from annotate.util.progress import Advance, StartStep, ignore_steps
from annotate.versions import is_older

ENOUGH = 60
"""Articles for which starting a process pays."""


class Scope(NamedTuple):
    """What is counted.

    Attributes:
        by_article: Whether the rows by article are made.
        brief: Whether layers, counts, and kinds of annotators, and the confusion of labels are left out.
        missing: What a value of an attribute is that only one of two annotators has set; see `measure_agreement`.
    """

    by_article: bool = True
    brief: bool = False
    missing: Missing = "left-out"


class AskedAnnotations(NamedTuple):
    """What annotators were asked for.

    Attributes:
        versions: The number of annotations by annotator and version of the inventory.
        pairs: The versions of two annotations of an article that were compared.
    """

    versions: Counter[tuple[str, str]]
    pairs: set[tuple[str, str]]

    def count_left_out(self, since: str | None) -> dict[str, int]:
        """Return the number of annotations that are older than what a version added, by annotator who has any."""
        left_out: Counter[str] = Counter()
        for (annotator, version), number in self.versions.items():
            if is_older(version, since):
                left_out[annotator] += number
        return dict(left_out)

    def were_asked(self, since: str | None) -> bool:
        """Return whether two annotators of an article were asked for what a version added."""
        return any(not any(is_older(version, since) for version in pair) for pair in self.pairs)


class LabelCounts(NamedTuple):
    """The counts of spans with some labels.

    Attributes:
        tallies: Those of all pairs of annotators together.
        exact: Those of each pair by equal pieces, all articles together; nothing for two annotators.
        overlap: The same by overlap.
    """

    tallies: SpanTallies
    exact: PairCounts
    overlap: PairCounts


class StudyCounts(NamedTuple):
    """The counts of a study, or of a part of its articles.

    Attributes:
        articles: The articles that are compared, with their annotators.
        paragraphs: The number of paragraphs of each of them, by its index.
        alone: The articles that only one of the annotators has labelled.
        dependent: The passes that are left out because they are not independent of the others.
        asked: What annotators were asked for.
        spans: The number of spans by annotator and label.
        labels: The counts of each row of labels, by its name and kind.
        unlabelled: The counts of all positions without labels, which those of each label are on top of.
        by_article: The rows by article.
        attributes: The counts of each attribute.
        relations: The counts of each relation.
        records: The counts of each type of record.
        intervals: The counts of each interval, by its index in the inventory.
        confusion: The number of spans by the labels of two annotators.
        kinds: The counts of pairs of annotators by their kinds.
        gaps: The counts of each model with people, and of these with each other.
    """

    articles: dict[str, list[str]]
    paragraphs: dict[int, int]
    alone: list[str]
    dependent: list[DependentPass]
    asked: AskedAnnotations
    spans: Counter[tuple[str, str]]
    labels: dict[tuple[str, str], LabelCounts]
    unlabelled: UnlabelledTallies
    by_article: list[ArticleRow]
    attributes: dict[str, AttributeTallies]
    relations: dict[str, RelationTallies]
    records: dict[str, RecordTallies]
    intervals: dict[int, Tally]
    confusion: Counter[tuple[str | None, str | None]]
    kinds: dict[tuple[str, str], PairTallies]
    gaps: dict[str, tuple[PairTallies, PairTallies]]


class StudyCounter:
    """Reads a batch of articles and counts them; can be sent to another process.

    Args:
        reader: Reads the articles.
        scope: What is counted.
    """

    def __init__(self, reader: StudyReader, scope: Scope) -> None:
        self._reader, self._scope = reader, scope

    def __call__(self, batch: ArticleBatch) -> StudyCounts:
        """Return the counts of a batch.

        Raises:
            CannotRun: If labels do not fit their text or the inventory.
        """
        with without_garbage_collection():  # an article and its pairs refer to each other, and are freed afterwards
            return shrink_batch(count_study(self._reader.read(batch), self._scope))


def count_agreement(study: Study | CorpusStudy, scope: Scope, progress: StartStep = ignore_steps) -> StudyCounts:
    """Count a study; the number of processes, one for each core, does not affect the counts.

    Args:
        study: The study.
        scope: What is counted.
        progress: Called at the start of the step with its name and its number of articles.

    Raises:
        CannotRun: If labels of a corpus do not fit their text or the inventory, or no article has labels of two.
    """
    if isinstance(study, Study):
        return count_study(study, scope)
    workers = count_workers(study.article_count, ENOUGH, count_cores())
    advance = progress("counting articles", study.article_count)
    with (
        process_pool(workers) as executor,
        contextlib.closing(
            map_in_order(executor, StudyCounter(study.reader, scope), study.batches(), workers)
        ) as batches,
    ):
        counts = merge_batches(_count_batches(batches, advance))
    if counts is None:
        counts = count_study(study.reader.read(ArticleBatch(0, [])), scope)
    study.require_articles(counts.articles, counts.dependent)
    return counts


def _count_batches(batches: Iterable[StudyCounts], advance: Advance) -> Iterator[StudyCounts]:
    """Yield the counts of each batch, and advance by its articles: the last batch is smaller than the others."""
    for batch in batches:
        yield batch
        advance(len(batch.paragraphs))


def count_study(study: Study, scope: Scope) -> StudyCounts:
    """Count a study, or a batch of its articles, that is in memory."""
    unlabelled, labels, by_article = _count_labels(study, scope)
    counter, inventory = RecordCounter(study), study.inventory
    annotations = [annotation for article in study.articles for annotation in article.annotations]
    return StudyCounts(
        articles={
            article.id: [annotation.annotator for annotation in article.annotations] for article in study.articles
        },
        paragraphs=count_paragraphs(study),
        alone=list(study.alone),
        dependent=list(study.dependent),
        asked=count_asked(study),
        spans=Counter((each.annotator, mention.label) for each in annotations for mention in each.mentions),
        labels=labels,
        unlabelled=unlabelled,
        by_article=by_article,
        attributes=count_attributes(study, scope.missing),
        relations={
            label.name: tally_relations(study, label)
            for label in inventory.relations.values()
            if not label.joins_pieces  # the spans that it joins are compared as one
        },
        records={name: counter.tally(type_) for name, type_ in inventory.records.items()},
        intervals={} if scope.brief else count_intervals(study),
        confusion=Counter() if scope.brief else count_confusion(study),
        kinds={} if scope.brief else tally_kinds(study),
        gaps={} if scope.brief else tally_gaps(study),
    )


def count_paragraphs(study: Study) -> dict[int, int]:
    """Return the number of paragraphs of each article, by its index."""
    return {article.index: len(article.paragraphs) for article in study.articles}


def list_paragraphs(numbers: Mapping[int, int]) -> list[ParagraphKey]:
    """Return the keys of all paragraphs, from their number in each article."""
    return [(article, paragraph) for article, number in numbers.items() for paragraph in range(number)]


def count_asked(study: Study) -> AskedAnnotations:
    """Count the annotations of a study by what their annotators were asked for."""
    annotations = (annotation for article in study.articles for annotation in article.annotations)
    return AskedAnnotations(
        Counter((each.annotator, each.version) for each in annotations),
        {(pair.first.version, pair.second.version) for pair in study.comparisons()},
    )


def count_attributes(study: Study, missing: Missing) -> dict[str, AttributeTallies]:
    """Count the values of each attribute; a missing value counts as one on a nominal scale at most."""
    return {
        name: tally_attribute(study, attribute, missing if attribute.level == "nominal" else "left-out")
        for name, attribute in study.inventory.attributes.items()
    }


def count_intervals(study: Study) -> dict[int, Tally]:
    """Count the distances of each interval."""
    return {index: tally_interval(study, interval) for index, interval in enumerate(study.inventory.intervals)}


def group_labels(inventory: Inventory, layers: bool = True) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the name, the kind and the labels of each row: span labels, layers if wanted, and all labels."""
    kinds = (("label", inventory.spans), ("layer", inventory.layers if layers else ()), ("all", (ALL,)))
    for kind, names in kinds:
        for name in names:
            yield name, kind, select_row_labels(inventory, name, kind)


def select_row_labels(inventory: Inventory, name: str, kind: str) -> list[str]:
    """Return the labels of a row of `group_labels`."""
    if kind == "layer":
        return [label.name for label in inventory.labels_of(name)]
    return [name] if kind == "label" else list(inventory.spans)


def _count_labels(
    study: Study, scope: Scope
) -> tuple[UnlabelledTallies, dict[tuple[str, str], LabelCounts], list[ArticleRow]]:
    counter, counts = SpanCounter(study), dict[tuple[str, str], LabelCounts]()
    for name, kind, labels in group_labels(study.inventory, not scope.brief):
        tallies = counter.tally_label(name) if kind == "label" else counter.tally(labels)
        pairs = counter.count_pairs(labels) if len(study.annotators) > 2 else ({}, {})
        counts[name, kind] = LabelCounts(tallies, *pairs)
    unlabelled = counter.tally_unlabelled()
    has_rows = scope.by_article and not scope.brief
    return unlabelled, counts, _measure_by_article(study, unlabelled, counts) if has_rows else []


def _measure_by_article(
    study: Study, unlabelled: UnlabelledTallies, counts: Mapping[tuple[str, str], LabelCounts]
) -> list[ArticleRow]:
    """Return the rows of each article, those of labels in the order of the inventory and then that of all labels."""
    no_positions, no_units = unlabelled.alpha.by_article(), unlabelled.unitizing.by_article()
    rows = list[ArticleRow]()
    spans = {
        article.index: [Counter(mention.label for mention in each.mentions) for each in article.annotations]
        for article in study.articles
    }
    by_index = {article.index: article for article in study.articles}
    present: defaultdict[str, list[int]] = defaultdict(list)
    for index, of_annotators in spans.items():
        for label in dict.fromkeys(chain.from_iterable(of_annotators)):
            present[label].append(index)
        if any(of_annotators):
            present[ALL].append(index)
    for (name, kind), (tallies, *_) in counts.items():
        if kind == "layer" or name not in present:
            continue
        exact, overlap = tallies.exact.by_article(), tallies.overlap.by_article()
        positions, units = tallies.alpha.by_article(), tallies.unitizing.by_article()
        for index in present[name]:
            article = by_index[index]
            of_label = positions.get(index, {})
            rows.append(
                ArticleRow(
                    article=article.id,
                    label=name,
                    spans={
                        annotation.annotator: numbers.total() if kind == "all" else numbers[name]
                        for annotation, numbers in zip(article.annotations, spans[index], strict=True)
                    },
                    exact=drop_reason(f1(exact.get(index, {}))),
                    overlap=drop_reason(f1(overlap.get(index, {}))),
                    alpha=drop_reason(alpha(of_label if kind == "all" else add_counts(no_positions[index], of_label))),
                    unitizing=None
                    if kind == "all"
                    else drop_reason(unitizing_alpha(add_counts(no_units[index], units.get(index, {})))),
                )
            )
    order = {article.id: article.index for article in study.articles}
    return sorted(rows, key=lambda row: order[row.article])


def drop_reason(value: Value) -> float | None:
    """Return a number; None for the reason why there is none."""
    return None if isinstance(value, str) else value
