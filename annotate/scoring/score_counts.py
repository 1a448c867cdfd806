"""The counts of predictions against gold, from which scores are computed: a batch of articles at a time.

Gold is the first of two annotators and the system the second, so what agreement counts is used as it is.
"""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from annotate.agreement.attribute_tallies import AttributeTallies, tally_attribute
from annotate.agreement.merging import merge_batches, shrink_batch
from annotate.agreement.record_tallies import RecordCounter, RecordTallies
from annotate.agreement.relation_tallies import RelationTallies, tally_relations
from annotate.agreement.span_tallies import MatchCounter
from annotate.agreement.study import BATCH, Study, make_study
from annotate.agreement.study_counts import (
    ENOUGH,
    AskedAnnotations,
    count_asked,
    count_intervals,
    count_paragraphs,
    group_labels,
)
from annotate.agreement.tally import Tally
from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span
from annotate.offsets import sha256
from annotate.scoring.packed_annotations import PackedAnnotation, PackedAnnotations, PackedGold
from annotate.util.parallel import LazyPool, count_cores, count_workers, lazy_pool, without_garbage_collection

if TYPE_CHECKING:
    from annotate.scoring.token_tags import TagCounter

GOLD_SIDE, SYSTEM_SIDE = "gold", "predicted"

Gold = Mapping[str, tuple[str, Annotation]]
"""Article id → the text and the gold annotation."""


class GoldArticle(NamedTuple):
    """An article of gold and what a system predicts for it; None for nothing."""

    id: str
    text: str
    gold: Annotation
    predicted: Annotation | None


class GoldBatch(NamedTuple):
    """Articles that are counted at the same time, and the index of the first."""

    first_index: int
    articles: list[GoldArticle]


class PackedBatch(NamedTuple):
    """A batch as bytes, which are sent to another process in a tenth of the time of objects.

    Attributes:
        first_index: The index of the first article.
        articles: The id of each article, its text, its gold annotation, and what a system predicts for it.
    """

    first_index: int
    articles: list[tuple[str, str, PackedAnnotation, PackedAnnotation | None]]

    def unpack(self) -> GoldBatch:
        """Return the batch."""
        return GoldBatch(
            self.first_index,
            [
                GoldArticle(article_id, text, gold.unpack(), None if predicted is None else predicted.unpack())
                for article_id, text, gold, predicted in self.articles
            ],
        )


class MatchTallies(NamedTuple):
    """The counts of spans with some labels, by the three ways to match them; see `SpanScore`."""

    exact: Tally
    partial: Tally
    overlap: Tally


class TagTallies(NamedTuple):
    """The counts of a column of tags, of all columns of a layer, or of all columns.

    Attributes:
        entities: The spans that the tags give: both sides have one if its label and its tokens are the same.
        tokens: The labels of tokens; a token of two spans with one label has it once.
        unfit: By side, the number of spans that no column of tags holds.
    """

    entities: Tally
    tokens: Tally
    unfit: Counter[str]


class ScoreCounts(NamedTuple):
    """The counts of predictions against gold, or of a part of the articles.

    Attributes:
        paragraphs: The number of paragraphs of each article, by its index.
        asked: What the annotators of both sides were asked for.
        spans: The number of spans by side and label.
        written: The number of spans by side as they are written, each piece by itself.
        labels: The counts of each row of labels, by its name and kind.
        tags: The counts of each row of tags, by its name and kind.
        relations: The counts of each relation.
        attributes: The counts of each attribute.
        records: The counts of each type of record.
        intervals: The counts of each interval, by its index in the inventory.
    """

    paragraphs: dict[int, int]
    asked: AskedAnnotations
    spans: Counter[tuple[str, str]]
    written: Counter[str]
    labels: dict[tuple[str, str], MatchTallies]
    tags: dict[tuple[str, str], TagTallies]
    relations: dict[str, RelationTallies]
    attributes: dict[str, AttributeTallies]
    records: dict[str, RecordTallies]
    intervals: dict[int, Tally]


class ScoreCounter:
    """Counts a batch of articles; can be sent to another process.

    Args:
        inventory: The inventory with what is scored.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    @cached_property
    def _tags(self) -> "TagCounter":
        from annotate.scoring.token_tags import TagCounter  # loads pyarrow, which `annotate.metrics` does without

        return TagCounter(self._inventory)

    def __call__(self, batch: GoldBatch | PackedBatch) -> ScoreCounts:
        """Return the counts of a batch."""
        with without_garbage_collection():  # an article and its pairs refer to each other, and are freed afterwards
            return shrink_batch(self._count(batch.unpack() if isinstance(batch, PackedBatch) else batch))

    def _count(self, batch: GoldBatch) -> ScoreCounts:
        inventory = self._inventory
        study = study_predictions(inventory, batch)
        counter, matches = RecordCounter(study), MatchCounter(study)
        annotations = [annotation for article in study.articles for annotation in article.annotations]
        written: Counter[str] = Counter()
        for each in annotations:
            written[each.annotator] += sum(len(mention.pieces) for mention in each.mentions)
        return ScoreCounts(
            paragraphs=count_paragraphs(study),
            asked=count_asked(study),
            spans=Counter((each.annotator, mention.label) for each in annotations for mention in each.mentions),
            written=written,
            labels={(name, kind): _tally_labels(matches, labels) for name, kind, labels in group_labels(inventory)},
            tags=self._tags.tally(study),
            relations={
                label.name: tally_relations(study, label)
                for label in inventory.relations.values()
                if not label.joins_pieces  # the spans that it joins are scored as one
            },
            attributes={
                name: tally_attribute(study, attribute, "value") for name, attribute in inventory.attributes.items()
            },
            records={name: counter.tally(type_) for name, type_ in inventory.records.items()},
            intervals=count_intervals(study),
        )


def count_predictions(
    inventory: Inventory, gold: Gold, predicted: Mapping[str, Annotation], pool: LazyPool | None = None
) -> ScoreCounts:
    """Count predictions against gold; the number of processes, one for each core, does not affect the counts.

    Args:
        inventory: The inventory with what is scored.
        gold: The text and the gold annotation of each article, by article id.
        predicted: The predicted annotations by article id; an article without one has nothing.
        pool: The processes; None for new ones.
    """
    counter, workers = ScoreCounter(inventory), count_workers(len(gold), ENOUGH, count_cores())
    with (
        lazy_pool() if pool is None else contextlib.nullcontext(pool) as processes,
        contextlib.closing(processes.map(counter, _list_batches(gold, predicted), workers)) as batches,
    ):
        counts = merge_batches(batches)
    return counter(GoldBatch(0, [])) if counts is None else counts


def _list_batches(gold: Gold, predicted: Mapping[str, Annotation]) -> Iterator[GoldBatch | PackedBatch]:
    article_ids = list(gold)
    for start in range(0, len(article_ids), BATCH):
        chosen = article_ids[start : start + BATCH]
        if isinstance(gold, PackedGold) and isinstance(predicted, PackedAnnotations):
            texts, labels = gold.texts, gold.annotations.packed
            packed = [(each, texts[each], labels[each], predicted.packed.get(each)) for each in chosen]
            yield PackedBatch(start, packed)
        else:
            yield GoldBatch(start, [GoldArticle(each, *gold[each], predicted.get(each)) for each in chosen])


def study_predictions(inventory: Inventory, batch: GoldBatch) -> Study:
    """Make a study of gold and predictions; an article without predictions is one in which nothing was found."""
    entries = [
        (id_, text, {GOLD_SIDE: gold, SYSTEM_SIDE: predicted or make_prediction(id_, text, inventory)})
        for id_, text, gold, predicted in batch.articles
    ]
    return make_study(inventory, entries, "characters", (GOLD_SIDE, SYSTEM_SIDE), batch.first_index, is_batch=True)


def make_prediction(
    article_id: str, text: str, inventory: Inventory, spans: Sequence[Span] = (), relations: Sequence[Relation] = ()
) -> Annotation:
    """Make an annotation of a system's labels, which may be none."""
    return Annotation(
        article=article_id,
        annotator=SYSTEM_SIDE,
        process="single pass",
        made_from=(),
        inventory=inventory.version,
        text_sha256=sha256(text),
        spans=tuple(spans),
        relations=tuple(relations),
    )


def _tally_labels(counter: MatchCounter, labels: Collection[str]) -> MatchTallies:
    """Count the spans with one of the labels."""
    tallies = MatchTallies(Tally(), Tally(), Tally())
    for matched in counter.list_matched(labels):
        tallies.exact.add_columns(matched.exact.columns)
        tallies.partial.add_columns(matched.overlap.partial_columns)
        tallies.overlap.add_columns(matched.overlap.columns)
    return tallies
