"""A system's labels against gold: precision, recall and F1, with the matching and the intervals of agreement.

Gold is the first of two annotators and the system the second, so what agreement counts of records, attributes and
counts is taken over as it is. An article without predictions counts as one in which the system found nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from annotate.agreement.bootstrap import SAMPLES, Bootstrap, Tally
from annotate.agreement.coefficients import BOTH, FIRST, SECOND, Counts, Value, f1
from annotate.agreement.counts import RecordCounter, add_matching, add_partly, relation_tallies
from annotate.agreement.report import (
    ALL,
    AttributeRow,
    CountRow,
    RecordRow,
    Sampling,
    attribute_rows,
    count_rows,
    record_row,
)
from annotate.agreement.study import Study, study
from annotate.agreement.tables import name_row, tabulate_attributes, tabulate_counts, tabulate_records, tabulate_roles
from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span
from annotate.offsets import sha256
from annotate.util.tables import Column, Measure, Table, make_table

GOLD_SIDE, SYSTEM_SIDE = "gold", "predicted"
Row = TypeVar("Row", AttributeRow, CountRow)
NO_GOLD, NO_PREDICTION = "nothing in gold", "nothing predicted"


class Score(msgspec.Struct, frozen=True):
    """What was found of what is there. A measure has no value where there is nothing to divide by."""

    precision: Measure
    recall: Measure
    f1: Measure


class SpanScore(msgspec.Struct, frozen=True):
    """Spans of one label, of a layer, or of all labels: found at their exact place, or overlapping it.

    `partial` counts what overlaps without being the same as half found.
    """

    name: str
    kind: str
    gold: int
    predicted: int
    exact: Score
    partial: Score
    overlap: Score


class RelationScore(msgspec.Struct, frozen=True):
    """One relation: all of them, its ends matched by overlap; and F1 of those whose two ends were found."""

    name: str
    gold: int
    predicted: int
    all: Score
    given_ends: Measure


class Scores(msgspec.Struct, frozen=True):
    """Everything that `annotate score` says; `unpredicted` are articles of gold that the system left out.

    `written` counts the spans of each side as they are written, each piece by itself: a row of `labels` counts the
    pieces of one span once.
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
    """Score predictions, by article id, against gold (text and labels); both made on the same texts."""
    texts = [
        (article, text, {GOLD_SIDE: labels, SYSTEM_SIDE: predicted.get(article) or labelled(article, text, inventory)})
        for article, (text, labels) in gold.items()
    ]
    told = any(span.attributes for labels in predicted.values() for span in labels.spans)
    compared = study(inventory, texts, "characters")
    bootstrap = Bootstrap(compared.places, samples, seed)
    counter = RecordCounter(compared)
    return Scores(
        annotators=(GOLD_SIDE, SYSTEM_SIDE),
        articles=list(gold),
        unpredicted=[article for article in gold if article not in predicted],
        written={side: sum(len(versions[side].spans) for _, _, versions in texts) for side in (GOLD_SIDE, SYSTEM_SIDE)},
        sampling=Sampling(bootstrap.by, bootstrap.number, samples, seed),
        labels=list(_labels(compared, bootstrap)),
        relations=list(_relations(compared, bootstrap)),
        attributes=[_told(row, told) for row in attribute_rows(compared, bootstrap)],
        records=[record_row(compared, bootstrap, counter, name) for name in inventory.records],
        counts=[_told(row, told) for row in count_rows(compared, bootstrap)],
    )


def _told(row: Row, told: bool) -> Row:
    """A row on attributes, with no measure where the system has not `told` any, as tags cannot."""
    if told:
        return row
    nothing = Measure(None, note=NO_PREDICTION)
    return msgspec.structs.replace(
        row, **{name: nothing for name in row.__struct_fields__ if isinstance(getattr(row, name), Measure)}
    )


def labelled(
    article: str, text: str, inventory: Inventory, spans: Sequence[Span] = (), relations: Sequence[Relation] = ()
) -> Annotation:
    """An annotation of a system's labels, which may be none."""
    return Annotation(
        article=article,
        annotator=SYSTEM_SIDE,
        process="single pass",
        made_from=(),
        inventory=inventory.version,
        text_sha256=sha256(text),
        spans=tuple(spans),
        relations=tuple(relations),
    )


def _of(side: str, why: str) -> Callable[[Counts], Value]:
    return lambda found: found.get(BOTH, 0) / found[side] if found.get(side) else why


def scored(bootstrap: Bootstrap, tally: Tally) -> Score:
    """Precision, recall and F1 of counts, with their intervals."""
    return Score(
        precision=bootstrap.measure(tally, _of(SECOND, NO_PREDICTION)),
        recall=bootstrap.measure(tally, _of(FIRST, NO_GOLD)),
        f1=bootstrap.measure(tally, f1),
    )


def _labels(compared: Study, bootstrap: Bootstrap) -> Iterator[SpanScore]:
    inventory = compared.inventory
    groups = [(name, "label", [name]) for name in inventory.spans]
    groups += [(name, "layer", [label.name for label in inventory.labels_of(name)]) for name in inventory.layers]
    for name, kind, chosen in [*groups, (ALL, "all", list(inventory.spans))]:
        exact, partly, overlap = Tally(), Tally(), Tally()
        for comparison in compared.comparisons():
            add_matching(exact, comparison, comparison.exact, chosen)
            add_partly(partly, comparison, chosen)
            add_matching(overlap, comparison, comparison.overlap, chosen)
        numbers = exact.total()
        yield SpanScore(
            name=name,
            kind=kind,
            gold=int(numbers.get(FIRST, 0)),
            predicted=int(numbers.get(SECOND, 0)),
            exact=scored(bootstrap, exact),
            partial=scored(bootstrap, partly),
            overlap=scored(bootstrap, overlap),
        )


def _relations(compared: Study, bootstrap: Bootstrap) -> Iterator[RelationScore]:
    for label in compared.inventory.relations.values():
        if label.joins_pieces:
            continue  # what it joins is scored as one span
        tallies = relation_tallies(compared, label)
        yield RelationScore(
            name=label.name,
            gold=tallies.total[GOLD_SIDE],
            predicted=tallies.total[SYSTEM_SIDE],
            all=scored(bootstrap, tallies.all),
            given_ends=bootstrap.measure(tallies.given_ends, f1),
        )


def tabulate_scores(scores: Scores) -> Iterator[Table]:
    """The tables of a score; those with no row are left out. Intervals of precision and recall are in the JSON."""
    plain = [Column(name, hides_interval=True) for name in ("P", "R", "P", "R")]
    spans = make_table(
        "labels",
        "Spans",
        ["label", *scores.annotators, *plain[:2], "exact F1", "partial F1", *plain[2:], "overlap F1"],
        [
            [name_row(row), row.gold, row.predicted, *_cells(row.exact), row.partial.f1, *_cells(row.overlap)]
            for row in scores.labels
        ],
    )
    relations = make_table(
        "relations",
        "Relations",
        ["relation", *scores.annotators, *plain[:2], "F1", Column("F1, ends matched", hides_interval=True)],
        [[row.name, row.gold, row.predicted, *_cells(row.all), row.given_ends] for row in scores.relations],
    )
    candidates = [
        spans,
        relations,
        tabulate_attributes(scores),
        tabulate_records(scores),
        tabulate_roles(scores),
        tabulate_counts(scores),
    ]
    return (table for table in candidates if table.rows)


def _cells(found: Score) -> list[Measure]:
    return [found.precision, found.recall, found.f1]
