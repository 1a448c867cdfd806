"""Everything that `annotate agree` says, as plain data: one row a label, attribute, relation, record and count.

A study → its report: every measure of it, with intervals.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import combinations

import msgspec

from annotate.agreement.bootstrap import LEVEL, SAMPLES, Bootstrap, Tally
from annotate.agreement.coefficients import BOTH, NOTHING, Counts, Value, agr, alpha, f1, kappa, share, unitizing_alpha
from annotate.agreement.counts import (
    COMPATIBLE,
    DISTANCE,
    EQUAL,
    PAIRS,
    RecordCounter,
    SpanCounter,
    SpanTallies,
    add_matching,
    attribute_tallies,
    confusion,
    interval_tally,
    relation_tallies,
)
from annotate.agreement.study import Study
from annotate.util.tables import Measure


class Pairwise(msgspec.Struct, frozen=True):
    """F1 of two annotators; for two in all, the same as the row's."""

    first: str
    second: str
    exact: float | None
    overlap: float | None


class LabelRow(msgspec.Struct, frozen=True):
    """Spans of one label, of a layer, or of all labels. `exact` and `overlap` are F1 over all pairs of annotators.

    `exact_mean` and `overlap_mean` are means of the pairs that have a value, where `pairs` are more than one.
    """

    name: str
    kind: str
    spans: dict[str, int]
    exact: Measure
    overlap: Measure
    alpha: Measure
    unitizing: Measure
    kappa: Measure
    pairs: list[Pairwise]
    exact_mean: float | None
    overlap_mean: float | None


class AttributeRow(msgspec.Struct, frozen=True):
    """One attribute, on `matched` pairs of spans. `values`: what the first has, what the second has, how often."""

    name: str
    labels: tuple[str, ...]
    matched: int
    share: Measure
    alpha: Measure
    kappa: Measure
    values: list[tuple[str | int, str | int, int]]


class RelationRow(msgspec.Struct, frozen=True):
    """One relation; `same`, `retargeted`, `alone` and `loose` as in `relations.Arrows`, over all pairs."""

    name: str
    relations: dict[str, int]
    given_ends: Measure
    all: Measure
    same: int
    retargeted: int
    alone: dict[str, int]
    loose: int


class CountRow(msgspec.Struct, frozen=True):
    """Counts as intervals, on `matched` pairs of spans: mean distance, and shares equal and compatible."""

    label: str
    matched: int
    distance: Measure
    equal: Measure
    compatible: Measure


class RoleRow(msgspec.Struct, frozen=True):
    """One role of aligned records: fillers by place, by overlap, and PARC's share of characters."""

    name: str
    exact: Measure
    overlap: Measure
    characters: Measure


class RecordRow(msgspec.Struct, frozen=True):
    """One type of record. `agr` is the mean of the two directed agreements on which records there are."""

    name: str
    anchor: str
    records: dict[str, int]
    anchors: Measure
    aligned: Measure
    agr: Measure
    full_exact: Measure
    full_overlap: Measure
    roles: list[RoleRow]


class ArticleRow(msgspec.Struct, frozen=True):
    """One label in one article; a label that nobody has there has no row."""

    article: str
    label: str
    spans: dict[str, int]
    exact: float | None
    overlap: float | None
    alpha: float | None
    unitizing: float | None


class Confused(msgspec.Struct, frozen=True):
    """How many spans have these two labels from two annotators; None: no span there."""

    first: str | None
    second: str | None
    spans: int


class Sampling(msgspec.Struct, frozen=True):
    """How the intervals were made: units of this kind drawn anew so many times."""

    drawn: str
    units: int
    samples: int
    seed: int
    level: float = LEVEL


class Report(msgspec.Struct, frozen=True):
    """Agreement of some annotators; `articles` are those compared, with who labelled them, `alone` the others."""

    annotators: tuple[str, ...]
    units: str
    articles: dict[str, list[str]]
    alone: list[str]
    sampling: Sampling
    labels: list[LabelRow]
    attributes: list[AttributeRow]
    relations: list[RelationRow]
    records: list[RecordRow]
    counts: list[CountRow]
    confusion: list[Confused]
    by_article: list[ArticleRow]

    def label(self, name: str) -> LabelRow:
        """The row of a span label; raises KeyError."""
        for row in self.labels:
            if row.kind == "label" and row.name == name:
                return row
        raise KeyError(name)


ALL = "all labels"
NO_SPANS, NO_MATCH, NO_RELATIONS, NO_RECORDS = "no spans", "no matched spans", "no relations", "no records"
TWO_ONLY = "defined for two annotators"
ONE_LABEL = "defined for one label"

Step = Callable[[str], None]


def measure(
    study: Study,
    samples: int = SAMPLES,
    seed: int = 0,
    step: Step = lambda what: None,
    *,
    by_article: bool = True,
    only_labels: bool = False,
) -> Report:
    """The report of a study. `step` is told what is being worked on.

    Rows by article are left out unless `by_article`; with `only_labels` all but the rows of labels, layers left out.
    """
    bootstrap = Bootstrap(study.places, samples, seed)
    labels, articles = _labels(study, bootstrap, step, by_article and not only_labels, layers=not only_labels)
    report = Report(
        annotators=study.annotators,
        units=study.units,
        articles={text.article: [version.annotator for version in text.versions] for text in study.texts},
        alone=study.alone,
        sampling=Sampling(bootstrap.by, bootstrap.number, samples, seed),
        labels=labels,
        attributes=[],
        relations=[],
        records=[],
        counts=[],
        confusion=[],
        by_article=articles,
    )
    if only_labels:
        return report
    step("attributes, relations and records")
    records = RecordCounter(study)
    return msgspec.structs.replace(
        report,
        attributes=list(attribute_rows(study, bootstrap)),
        relations=list(_relations(study, bootstrap)),
        records=[record_row(study, bootstrap, records, name) for name in study.inventory.records],
        counts=list(count_rows(study, bootstrap)),
        confusion=[Confused(one, other, number) for (one, other), number in confusion(study).most_common()],
    )


def _labels(
    study: Study, bootstrap: Bootstrap, step: Step, by_article: bool, layers: bool
) -> tuple[list[LabelRow], list[ArticleRow]]:
    counter, inventory = SpanCounter(study), study.inventory
    groups = [(name, "label", [name]) for name in inventory.spans]
    if layers:
        groups += [(name, "layer", [label.name for label in inventory.labels_of(name)]) for name in inventory.layers]
    groups.append((ALL, "all", list(inventory.spans)))
    rows, articles = [], list[ArticleRow]()
    for name, kind, labels in groups:
        step(name)
        tallies = counter.tallies(labels)
        rows.append(_label(study, bootstrap, tallies, name, kind, labels))
        if by_article and kind in ("label", "all"):
            articles += _by_article(study, tallies, name, labels)
    order = {text.article: number for number, text in enumerate(study.texts)}
    return rows, sorted(articles, key=lambda row: order[row.article])


def _label(
    study: Study, bootstrap: Bootstrap, tallies: SpanTallies, name: str, kind: str, labels: Collection[str]
) -> LabelRow:
    spans = {
        annotator: sum(mention.label in labels for mention in study.mentions(annotator))
        for annotator in study.annotators
    }
    any_spans = any(spans.values())

    def positional(tally: Tally, estimate: Callable[[Counts], Value]) -> Measure:
        return bootstrap.measure(tally, estimate) if any_spans else Measure(None, note=NO_SPANS)

    exact = bootstrap.measure(tallies.exact, f1, NO_SPANS)
    overlap = bootstrap.measure(tallies.overlap, f1, NO_SPANS)
    if len(study.annotators) == 2:
        pairs = [Pairwise(*study.annotators, exact.value, overlap.value)]
    else:
        pairs = list(_pairs(study, labels))
    return LabelRow(
        name=name,
        kind=kind,
        spans=spans,
        exact=exact,
        overlap=overlap,
        alpha=positional(tallies.alpha, alpha),
        unitizing=positional(tallies.unitizing, unitizing_alpha) if kind == "label" else Measure(None, note=ONE_LABEL),
        kappa=positional(tallies.kappa, kappa) if tallies.kappa else Measure(None, note=TWO_ONLY),
        pairs=pairs,
        exact_mean=_mean([pair.exact for pair in pairs]),
        overlap_mean=_mean([pair.overlap for pair in pairs]),
    )


def _pairs(study: Study, labels: Collection[str]) -> Iterator[Pairwise]:
    for first, second in combinations(study.annotators, 2):
        exact, overlap = Tally(), Tally()
        for comparison in study.comparisons():
            if (comparison.first.annotator, comparison.second.annotator) == (first, second):
                add_matching(exact, comparison, comparison.exact, labels)
                add_matching(overlap, comparison, comparison.overlap, labels)
        yield Pairwise(first, second, _number(f1(exact.total())), _number(f1(overlap.total())))


def _mean(values: list[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _number(value: Value) -> float | None:
    return None if isinstance(value, str) else value


def _by_article(study: Study, tallies: SpanTallies, name: str, labels: Collection[str]) -> Iterator[ArticleRow]:
    exact, overlap = tallies.exact.by_article(), tallies.overlap.by_article()
    positional, units = tallies.alpha.by_article(), tallies.unitizing.by_article()
    for text in study.texts:
        spans = {version.annotator: len(version.labelled(labels)) for version in text.versions}
        if any(spans.values()):
            yield ArticleRow(
                article=text.article,
                label=name,
                spans=spans,
                exact=_number(f1(exact.get(text.number, {}))),
                overlap=_number(f1(overlap.get(text.number, {}))),
                alpha=_number(alpha(positional.get(text.number, {}))),
                unitizing=None if name == ALL else _number(unitizing_alpha(units.get(text.number, {}))),
            )


def attribute_rows(study: Study, bootstrap: Bootstrap) -> Iterator[AttributeRow]:
    for attribute in study.inventory.attributes.values():
        tallies = attribute_tallies(study, attribute)
        yield AttributeRow(
            name=attribute.name,
            labels=attribute.labels,
            matched=tallies.values.total(),
            share=bootstrap.measure(tallies.share, share, NO_MATCH),
            alpha=bootstrap.measure(tallies.alpha, alpha, NO_MATCH),
            kappa=bootstrap.measure(tallies.kappa, kappa, NO_MATCH) if tallies.kappa else Measure(None, note=TWO_ONLY),
            values=[(*values, number) for values, number in tallies.values.most_common()],
        )


def _relations(study: Study, bootstrap: Bootstrap) -> Iterator[RelationRow]:
    for label in study.inventory.relations.values():
        if label.joins_pieces:
            continue  # what it joins is compared as one span
        tallies = relation_tallies(study, label)
        matched = NO_RELATIONS if not tallies.total.total() else "no relations between matched spans"
        yield RelationRow(
            name=label.name,
            relations={annotator: tallies.total[annotator] for annotator in study.annotators},
            given_ends=bootstrap.measure(tallies.given_ends, f1, matched),
            all=bootstrap.measure(tallies.all, f1, NO_RELATIONS),
            same=tallies.numbers["same"],
            retargeted=tallies.numbers["retargeted"],
            alone={annotator: tallies.alone[annotator] for annotator in study.annotators},
            loose=tallies.numbers["loose"],
        )


def count_rows(study: Study, bootstrap: Bootstrap) -> Iterator[CountRow]:
    def mean(key: str) -> Callable[[Counts], Value]:
        return lambda counts: counts[key] / counts[PAIRS] if counts.get(PAIRS) else NOTHING

    for interval in study.inventory.intervals:
        tally = interval_tally(study, interval)
        yield CountRow(
            label=interval.label,
            matched=int(tally.total().get(PAIRS, 0)),
            distance=bootstrap.measure(tally, mean(DISTANCE), NO_MATCH),
            equal=bootstrap.measure(tally, mean(EQUAL), NO_MATCH),
            compatible=bootstrap.measure(tally, mean(COMPATIBLE), NO_MATCH),
        )


def record_row(study: Study, bootstrap: Bootstrap, counter: RecordCounter, name: str) -> RecordRow:
    type_ = study.inventory.records[name]
    tallies = counter.tallies(type_)
    numbers: Counter[str] = Counter()
    for annotator in study.annotators:
        numbers[annotator] = sum(mention.label == type_.anchor for mention in study.mentions(annotator))
    empty = NO_RECORDS if not tallies.aligned.total().get(BOTH) else "nobody fills it in aligned records"
    return RecordRow(
        name=name,
        anchor=type_.anchor,
        records=dict(numbers),
        anchors=bootstrap.measure(tallies.anchors, f1, NO_RECORDS),
        aligned=bootstrap.measure(tallies.aligned, f1, NO_RECORDS),
        agr=bootstrap.measure(tallies.aligned, agr, NO_RECORDS),
        full_exact=bootstrap.measure(tallies.full_exact, f1, NO_RECORDS),
        full_overlap=bootstrap.measure(tallies.full_overlap, f1, NO_RECORDS),
        roles=[
            RoleRow(
                role,
                bootstrap.measure(counts.exact, f1, empty),
                bootstrap.measure(counts.overlap, f1, empty),
                bootstrap.measure(counts.characters, f1, empty),
            )
            for role, counts in tallies.roles.items()
        ],
    )
