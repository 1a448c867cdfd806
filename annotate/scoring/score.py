"""A system's labels against gold: precision, recall and F1, with the matching and the intervals of agreement.

Gold is the first of two annotators and the system the second, so what agreement counts of attributes, records and
counts is used as it is. An article without predictions counts as one in which the system found nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from annotate.agreement.bootstrap import SAMPLES, Bootstrap
from annotate.agreement.coefficients import BOTH, FIRST, SECOND, Counts, Value, f1
from annotate.agreement.measure import group_labels, measure_attribute, measure_counts, measure_records
from annotate.agreement.relation_tallies import tally_relations
from annotate.agreement.report import AttributeRow, CountRow, RecordRow, Sampling
from annotate.agreement.span_tallies import HALF, add_matching
from annotate.agreement.study import Study, make_study
from annotate.agreement.tables import (
    describe_left_out,
    show_name,
    tabulate_attributes,
    tabulate_counts,
    tabulate_records,
    tabulate_roles,
)
from annotate.agreement.tally import Tally
from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span
from annotate.offsets import sha256
from annotate.util.tables import Column, Measure, Table, make_table

GOLD_SIDE, SYSTEM_SIDE = "gold", "predicted"
AttributeOrCountRow = TypeVar("AttributeOrCountRow", AttributeRow, CountRow)
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
    """

    name: str
    kind: str
    gold: int
    predicted: int
    exact: Score
    partial: Score
    overlap: Score
    left_out: dict[str, int] = {}


class RelationScore(msgspec.Struct, frozen=True):
    """One relation label.

    Attributes:
        name: The relation label.
        gold: The number of relations in gold.
        predicted: The number of predicted relations.
        all: All relations, their ends matched by overlap.
        given_ends: F1 of the relations whose two ends were found.
        left_out: By side, the number of annotations that are older than the relation, and do not count.
    """

    name: str
    gold: int
    predicted: int
    all: Score
    given_ends: Measure
    left_out: dict[str, int] = {}


class Scores(msgspec.Struct, frozen=True):
    """Everything that `annotate score` reports; the field names are those of the JSON.

    Attributes:
        annotators: The two sides.
        articles: The articles of gold.
        unpredicted: The articles of gold without predictions.
        written: The number of spans of each side as they are written, each piece by itself; a row of `labels` counts
            the pieces of one span once.
        sampling: How the intervals were made.
        labels: A row for each span label, each layer, and all labels.
        relations: A row for each relation label.
        attributes: A row for each attribute.
        records: A row for each type of record.
        counts: A row for each label with counts.
    """

    annotators: tuple[str, ...]
    articles: list[str]
    unpredicted: list[str]
    written: dict[str, int]
    sampling: Sampling
    labels: list[SpanScore]
    relations: list[RelationScore]
    attributes: list[AttributeRow]
    records: list[RecordRow]
    counts: list[CountRow]


def score(
    inventory: Inventory,
    gold: Mapping[str, tuple[str, Annotation]],
    predicted: Mapping[str, Annotation],
    samples: int = SAMPLES,
    seed: int = 0,
) -> Scores:
    """Score predictions against gold; both must be made on the same texts.

    Args:
        inventory: The inventory.
        gold: The text and the gold annotation of each article, by article id.
        predicted: The predicted annotations by article id. Those of articles without gold are not scored.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.

    Returns:
        The scores.
    """
    entries = [
        (
            article_id,
            text,
            {
                GOLD_SIDE: annotation,
                SYSTEM_SIDE: predicted.get(article_id) or make_prediction(article_id, text, inventory),
            },
        )
        for article_id, (text, annotation) in gold.items()
    ]
    has_attributes = any(span.attributes for annotation in predicted.values() for span in annotation.spans)
    study = make_study(inventory, entries, "characters")
    bootstrap = Bootstrap(study.paragraphs, samples, seed)
    return Scores(
        annotators=(GOLD_SIDE, SYSTEM_SIDE),
        articles=list(gold),
        unpredicted=[article_id for article_id in gold if article_id not in predicted],
        written={
            side: sum(len(annotations[side].spans) for _, _, annotations in entries)
            for side in (GOLD_SIDE, SYSTEM_SIDE)
        },
        sampling=Sampling(bootstrap.unit, bootstrap.unit_count, samples, seed),
        labels=list(_score_labels(study, bootstrap)),
        relations=list(_score_relations(study, bootstrap)),
        attributes=[
            _keep_predicted(measure_attribute(study, bootstrap, attribute, "value"), has_attributes)
            for attribute in study.inventory.attributes.values()
        ],
        records=list(measure_records(study, bootstrap)),
        counts=[_keep_predicted(row, has_attributes) for row in measure_counts(study, bootstrap)],
    )


def _keep_predicted(row: AttributeOrCountRow, has_attributes: bool) -> AttributeOrCountRow:
    """Drop the measures of a row on attributes if the system predicts none, as systems that write tags cannot."""
    if has_attributes:
        return row
    nothing = Measure(None, note=NO_PREDICTION)
    return msgspec.structs.replace(
        row, **{name: nothing for name in row.__struct_fields__ if isinstance(getattr(row, name), Measure)}
    )


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


def score_tally(bootstrap: Bootstrap, tally: Tally) -> Score:
    """Return precision, recall and F1 of counts, with their intervals."""
    return Score(
        precision=bootstrap.measure(tally, _divide_by(SECOND, NO_PREDICTION)),
        recall=bootstrap.measure(tally, _divide_by(FIRST, NO_GOLD)),
        f1=bootstrap.measure(tally, f1),
    )


def _divide_by(side: str, if_zero: str) -> Callable[[Counts], Value]:
    return lambda counts: counts.get(BOTH, 0) / counts[side] if counts.get(side) else if_zero


def _score_labels(study: Study, bootstrap: Bootstrap) -> Iterator[SpanScore]:
    for name, kind, labels in group_labels(study.inventory):
        exact, partial, overlap = Tally(), Tally(), Tally()
        for comparison in study.comparisons():
            asked = study.asked_labels(labels, (comparison.first, comparison.second))
            add_matching(exact, comparison, comparison.exact, asked)
            add_matching(partial, comparison, comparison.overlap, asked, differing=HALF)
            add_matching(overlap, comparison, comparison.overlap, asked)
        total = exact.total()
        yield SpanScore(
            name=name,
            kind=kind,
            gold=int(total.get(FIRST, 0)),
            predicted=int(total.get(SECOND, 0)),
            exact=score_tally(bootstrap, exact),
            partial=score_tally(bootstrap, partial),
            overlap=score_tally(bootstrap, overlap),
            left_out=study.count_left_out(study.inventory.spans[name].since) if kind == "label" else {},
        )


def _score_relations(study: Study, bootstrap: Bootstrap) -> Iterator[RelationScore]:
    for label in study.inventory.relations.values():
        if label.joins_pieces:
            continue  # the spans that it joins are scored as one
        tallies = tally_relations(study, label)
        yield RelationScore(
            name=label.name,
            gold=tallies.total[GOLD_SIDE],
            predicted=tallies.total[SYSTEM_SIDE],
            all=score_tally(bootstrap, tallies.all),
            given_ends=bootstrap.measure(tallies.given_ends, f1),
            left_out=study.count_left_out(label.since),
        )


def tabulate_scores(scores: Scores) -> Iterator[Table]:
    """Yield the tables of scores that have rows; the intervals of precision and recall are left to the JSON."""
    both = Column("P", hides_interval=True), Column("R", hides_interval=True)
    tables = [
        make_table(
            "labels",
            "Spans",
            ["label", *scores.annotators, *both, "exact F1", "partial F1", *both, "overlap F1"],
            [
                [
                    show_name(row.name, row.kind),
                    row.gold,
                    row.predicted,
                    *_list_measures(row.exact),
                    row.partial.f1,
                    *_list_measures(row.overlap),
                ]
                for row in scores.labels
            ],
            describe_left_out({row.name: row.left_out for row in scores.labels}),
        ),
        make_table(
            "relations",
            "Relations",
            ["relation", *scores.annotators, *both, "F1", Column("F1, ends matched", hides_interval=True)],
            [[row.name, row.gold, row.predicted, *_list_measures(row.all), row.given_ends] for row in scores.relations],
            describe_left_out({row.name: row.left_out for row in scores.relations}),
        ),
        tabulate_attributes(scores),
        tabulate_records(scores),
        tabulate_roles(scores),
        tabulate_counts(scores),
    ]
    return (table for table in tables if table.rows)


def _list_measures(score: Score) -> list[Measure]:
    return [score.precision, score.recall, score.f1]
