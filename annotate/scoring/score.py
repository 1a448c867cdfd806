"""A system's labels against gold: precision, recall and F1, with the matching and the intervals of agreement.

Gold is the first of two annotators and the system the second, so what agreement counts of attributes, records and
counts is used as it is. An article without predictions counts as one in which the system found nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

import msgspec

from annotate.agreement.bootstrap import SAMPLES, Bootstrap
from annotate.agreement.coefficients import FIRST, SECOND, Counts, Value, f1, precision, share
from annotate.agreement.measure import measure_attribute, measure_counts, measure_records
from annotate.agreement.report import AttributeRow, CountRow, RecordRow, Sampling
from annotate.agreement.study_counts import list_paragraphs
from annotate.agreement.tally import Tally
from annotate.findings import list_names
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.scoring.score_counts import GOLD_SIDE, SYSTEM_SIDE, Gold, ScoreCounts, count_predictions
from annotate.scoring.selection import EVERYTHING, Selection, select_labels
from annotate.util.nouns import count_noun
from annotate.util.parallel import LazyPool
from annotate.util.tables import Measure

SIDES = GOLD_SIDE, SYSTEM_SIDE
ARTICLES, TOKENS, RELATIONS = "articles", "tokens", "relations"
"""Tables of the dataset."""
NO_GOLD, NO_PREDICTION = "nothing in gold", "nothing predicted"


class Score(msgspec.Struct, frozen=True):
    """Precision, recall and F1; a measure whose denominator is zero has no value."""

    precision: Measure
    recall: Measure
    f1: Measure


class SpanScore(msgspec.Struct, frozen=True):
    """Spans of one label, of a layer, or of all labels.

    Attributes:
        name: The label, the layer, or `all labels`.
        kind: `label`, `layer` or `all`.
        gold: The number of spans in gold.
        predicted: The number of predicted spans.
        exact: A span is found if one with its label and pieces is predicted.
        partial: As `overlap`, but a pair that differs in its pieces is worth a half.
        overlap: A span is found if one with its label that overlaps it is predicted.
        left_out: By side, the number of annotations that are older than the label, and do not count.
        table: The table of the dataset that has the spans.
    """

    name: str
    kind: str
    gold: int
    predicted: int
    exact: Score
    partial: Score
    overlap: Score
    left_out: dict[str, int] = {}
    table: str = ARTICLES


class TokenScore(msgspec.Struct, frozen=True):
    """Tags of a column of the table `tokens`, of the columns of a layer, or of all columns.

    Attributes:
        name: The column, the layer, or `all layers`.
        kind: `column`, `layer` or `all`.
        gold: The number of spans that the tags of gold give.
        predicted: The number of spans that the tags of the system give.
        entities: A span is found if one with its label and its tokens is predicted, as `seqeval` counts in a column.
        tokens: A label of a token is found if the token has it in the predictions.
        unfit: By side, the number of spans that no column of tags holds, and that do not count here.
        table: The table of the dataset that has the tags.
    """

    name: str
    kind: str
    gold: int
    predicted: int
    entities: Score
    tokens: Score
    unfit: dict[str, int] = {}
    table: str = TOKENS


class RelationScore(msgspec.Struct, frozen=True):
    """One relation label.

    Attributes:
        name: The relation label.
        gold: The number of relations in gold.
        predicted: The number of predicted relations.
        all: All relations, their ends matched by overlap.
        given_ends: F1 of the relations whose two ends were found.
        left_out: By side, the number of annotations that are older than the relation, and do not count.
        table: The table of the dataset that has the relations.
    """

    name: str
    gold: int
    predicted: int
    all: Score
    given_ends: Measure
    left_out: dict[str, int] = {}
    table: str = RELATIONS


class AttributeScore(AttributeRow, frozen=True):
    """One attribute, as agreement measures it, and the table of the dataset that has a column for it."""

    table: str = ARTICLES


class RecordScore(RecordRow, frozen=True):
    """One type of record, as agreement measures it, and the table of the dataset that has a row for each record."""

    table: str = ""


class CountScore(CountRow, frozen=True):
    """Counts as intervals, as agreement measures them, and the table of the dataset that has columns for them."""

    table: str = ARTICLES


AttributeOrCount = TypeVar("AttributeOrCount", AttributeScore, CountScore)


class CeilingRow(msgspec.Struct, frozen=True):
    """The F1 of gold that was written in the form of the predictions and read back; see `Scores` for the rows.

    Attributes:
        table: The table of the dataset of the row.
        name: The name of the row.
        kind: The kind of a row of spans or tags; else `relation` or `record`.
        exact: Exact F1 of spans, F1 of entities of tags, or F1 of whole records by equal pieces; None of relations.
        overlap: The same by overlap, or F1 of relations; None of tags.
    """

    table: str
    name: str
    kind: str
    exact: float | None
    overlap: float | None


class Ceiling(msgspec.Struct, frozen=True):
    """The most that predictions in a form can reach, since the form does not hold all of gold.

    Attributes:
        forms: The forms in which the predictions were read.
        rows: A row for each row of labels, tokens, relations and records.
    """

    forms: tuple[str, ...]
    rows: list[CeilingRow]

    @property
    def overall(self) -> CeilingRow:
        """The row of all span labels."""
        return next(row for row in self.rows if (row.table, row.kind) == (ARTICLES, "all"))


class SharedLabels(msgspec.Struct, frozen=True):
    """Labels that gold was made from and that raise scores.

    Attributes:
        annotation_set: Whose labels these are; `gold` if the predictions began with gold.
        articles: The articles of gold in which that is so.
        is_scored: Whether the predictions are these labels or were made from them, too. Otherwise an annotator behind
            gold was shown these labels, which raises the scores of whoever made them.
    """

    annotation_set: str
    articles: list[str]
    is_scored: bool

    def describe(self) -> str:
        """Return in a sentence what is too high, and where."""
        where = f"{count_noun(len(self.articles), 'article')} ({list_names(self.articles)})"
        name = self.annotation_set
        if self.is_scored:
            return f"scores are too high: gold and the predictions both come from the labels of {name} in {where}"
        return f"gold of {where} began with labels of {name}, whose own scores would be too high"


class Scores(msgspec.Struct, frozen=True):
    """Everything that `annotate score` reports; the field names are those of the JSON.

    Attributes:
        annotators: The two sides.
        articles: The articles of gold.
        unpredicted: The articles of gold without predictions.
        written: The number of spans of each side as they are written, each piece by itself; a row of `labels` counts
            the pieces of one span once.
        sampling: How the intervals were made.
        selection: What is scored.
        labels: A row for each span label, each layer, and all labels.
        tokens: A row for each layer, for each of its columns of tags, and for all layers.
        relations: A row for each relation label.
        attributes: A row for each attribute.
        records: A row for each type of record.
        counts: A row for each label with counts.
        ceiling: The most that predictions in their form can reach; None if the form holds everything.
        shared: The labels that gold was made from and that raise scores.
    """

    annotators: tuple[str, ...]
    articles: list[str]
    unpredicted: list[str]
    written: dict[str, int]
    sampling: Sampling
    selection: Selection
    labels: list[SpanScore]
    tokens: list[TokenScore]
    relations: list[RelationScore]
    attributes: list[AttributeScore]
    records: list[RecordScore]
    counts: list[CountScore]
    ceiling: Ceiling | None = None
    shared: list[SharedLabels] = []


def score(
    inventory: Inventory,
    gold: Gold,
    predicted: Mapping[str, Annotation],
    samples: int = SAMPLES,
    seed: int = 0,
    selection: Selection = EVERYTHING,
    pool: LazyPool | None = None,
) -> Scores:
    """Score predictions against gold; both must be made on the same texts.

    Args:
        inventory: The inventory.
        gold: The text and the gold annotation of each article, by article id.
        predicted: The predicted annotations by article id. Those of articles without gold are not scored.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.
        selection: What is scored.
        pool: The processes that count; None for new ones.

    Returns:
        The scores.

    Raises:
        CannotRun: If the selection names a layer or a label that the inventory does not have.
    """
    chosen = select_labels(inventory, selection)
    counted = count_predictions(chosen, gold, predicted, pool)
    bootstrap, asked = Bootstrap(list_paragraphs(counted.paragraphs), samples, seed), counted.asked
    attributes = (
        AttributeScore(
            **msgspec.structs.asdict(measure_attribute(counted.attributes[name], asked, bootstrap, attribute, "value")),
            table=find_table(chosen, attribute.labels),
        )
        for name, attribute in chosen.attributes.items()
    )
    counts = (
        CountScore(**msgspec.structs.asdict(row), table=find_table(chosen, [row.label]))
        for row in measure_counts(counted.intervals, chosen, asked, bootstrap)
    )
    predicts_attributes = has_attributes(predicted)
    return Scores(
        annotators=SIDES,
        articles=list(gold),
        unpredicted=[article_id for article_id in gold if article_id not in predicted],
        written={side: counted.written[side] for side in SIDES},
        sampling=Sampling(bootstrap.unit, bootstrap.unit_count, samples, seed),
        selection=selection,
        labels=list(_score_labels(counted, chosen, bootstrap)),
        tokens=list(_score_tokens(counted, bootstrap)),
        relations=list(_score_relations(counted, chosen, bootstrap)),
        attributes=[_keep_predicted(row, predicts_attributes) for row in attributes],
        records=[
            RecordScore(**msgspec.structs.asdict(row), table=row.name)
            for row in measure_records(counted.records, counted.spans, SIDES, chosen, asked, bootstrap)
        ],
        counts=[_keep_predicted(row, predicts_attributes) for row in counts],
    )


def has_attributes(predicted: Mapping[str, Annotation]) -> bool:
    """Return whether a system predicts attributes, which systems that write tags cannot."""
    return any(span.attributes for annotation in predicted.values() for span in annotation.spans)


def find_table(inventory: Inventory, labels: Collection[str]) -> str:
    """Return the table of the records that have an anchor with one of the labels; `articles` if there are none."""
    return next((name for name, type_ in inventory.records.items() if type_.anchor in labels), ARTICLES)


def _keep_predicted(row: AttributeOrCount, predicts_attributes: bool) -> AttributeOrCount:
    """Drop the measures of a row on attributes if the system predicts none."""
    if predicts_attributes:
        return row
    nothing = Measure(None, note=NO_PREDICTION)
    return msgspec.structs.replace(
        row, **{name: nothing for name in row.__struct_fields__ if isinstance(getattr(row, name), Measure)}
    )


def score_tally(bootstrap: Bootstrap, tally: Tally) -> Score:
    """Return precision, recall and F1 of counts, with their intervals."""
    return Score(
        precision=_measure_ratio(bootstrap, tally, precision, NO_PREDICTION),
        recall=_measure_ratio(bootstrap, tally, share, NO_GOLD),
        f1=bootstrap.measure(tally, f1),
    )


def _measure_ratio(bootstrap: Bootstrap, tally: Tally, estimate: Callable[[Counts], Value], if_zero: str) -> Measure:
    measure = bootstrap.measure(tally, estimate)
    return Measure(None, note=if_zero) if measure.value is None else measure


def _score_labels(counted: ScoreCounts, inventory: Inventory, bootstrap: Bootstrap) -> Iterator[SpanScore]:
    for (name, kind), tallies in counted.labels.items():
        total = tallies.exact.total()
        yield SpanScore(
            name=name,
            kind=kind,
            gold=int(total.get(FIRST, 0)),
            predicted=int(total.get(SECOND, 0)),
            exact=score_tally(bootstrap, tallies.exact),
            partial=score_tally(bootstrap, tallies.partial),
            overlap=score_tally(bootstrap, tallies.overlap),
            left_out=counted.asked.count_left_out(inventory.spans[name].since) if kind == "label" else {},
        )


def _score_tokens(counted: ScoreCounts, bootstrap: Bootstrap) -> Iterator[TokenScore]:
    for (name, kind), tallies in counted.tags.items():
        total = tallies.entities.total()
        if kind == "column" and not total:
            continue
        yield TokenScore(
            name=name,
            kind=kind,
            gold=int(total.get(FIRST, 0)),
            predicted=int(total.get(SECOND, 0)),
            entities=score_tally(bootstrap, tallies.entities),
            tokens=score_tally(bootstrap, tallies.tokens),
            unfit={name: tallies.unfit[side] for side, name in ((FIRST, GOLD_SIDE), (SECOND, SYSTEM_SIDE))},
        )


def _score_relations(counted: ScoreCounts, inventory: Inventory, bootstrap: Bootstrap) -> Iterator[RelationScore]:
    for name, tallies in counted.relations.items():
        yield RelationScore(
            name=name,
            gold=tallies.total[GOLD_SIDE],
            predicted=tallies.total[SYSTEM_SIDE],
            all=score_tally(bootstrap, tallies.all),
            given_ends=bootstrap.measure(tallies.given_ends, f1),
            left_out=counted.asked.count_left_out(inventory.relations[name].since),
        )
