"""All measures of a study, with intervals."""

from collections.abc import Callable, Collection, Iterator
from itertools import combinations

import msgspec

from annotate.agreement.attribute_tallies import ESTIMATES, Missing, tally_attribute
from annotate.agreement.bootstrap import SAMPLES, Bootstrap
from annotate.agreement.coefficients import (
    BOTH,
    NOTHING,
    Counts,
    Value,
    agr,
    alpha,
    f1,
    kappa,
    share,
    unitizing_alpha,
)
from annotate.agreement.interval_tallies import COMPATIBLE, DISTANCE, EQUAL, PAIRS, find_since, tally_interval
from annotate.agreement.record_tallies import RecordCounter
from annotate.agreement.relation_tallies import tally_relations
from annotate.agreement.report import (
    ALL,
    ArticleRow,
    AttributeRow,
    ConfusionRow,
    CountRow,
    LabelRow,
    PairRow,
    RecordRow,
    RelationRow,
    Report,
    RoleRow,
    Sampling,
)
from annotate.agreement.span_tallies import SpanCounter, SpanTallies, add_matching, count_confusion
from annotate.agreement.study import Study
from annotate.agreement.tally import Tally
from annotate.inventory import Attribute, Inventory
from annotate.util.tables import Measure

NO_SPANS, NO_MATCH, NO_RELATIONS, NO_RECORDS = "no spans", "no matched spans", "no relations", "no records"
NO_TWO_VALUES = "no matched spans with two values"
NO_VALUES = "no matched spans with a value"
NOT_ASKED = "no article in which two annotators looked for it"
TWO_ONLY = "defined for two annotators"
ONE_LABEL = "defined for one label"


def measure_agreement(
    study: Study,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Callable[[str], None] = lambda what: None,
    *,
    by_article: bool = True,
    brief: bool = False,
    missing: Missing = "left-out",
) -> Report:
    """Measure the agreement of a study.

    Args:
        study: The study.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.
        progress: Called with what is about to be measured.
        by_article: Whether to make the rows by article.
        brief: Whether to leave out the rows of layers and counts, and the confusion of labels.
        missing: What a value is that only one of two annotators has set. A `value` counts in the rows of attributes on
            a nominal scale; on the others it is left out of all columns, so that a row is about one number of pairs.

    Returns:
        The report.
    """
    bootstrap = Bootstrap(study.paragraphs, samples, seed)
    labels, articles = _measure_labels(study, bootstrap, progress, by_article and not brief, not brief)
    report = Report(
        annotators=study.annotators,
        units=study.units,
        missing=missing,
        articles={
            article.id: [annotation.annotator for annotation in article.annotations] for article in study.articles
        },
        alone=study.alone,
        dependent=list(study.dependent),
        sampling=Sampling(bootstrap.unit, bootstrap.unit_count, samples, seed),
        labels=labels,
        attributes=[],
        relations=[],
        records=[],
        counts=[],
        confusion=[],
        by_article=articles,
    )
    progress("attributes")
    attributes = [
        measure_attribute(study, bootstrap, attribute, missing if attribute.level == "nominal" else "left-out")
        for attribute in study.inventory.attributes.values()
    ]
    progress("relations and records")
    report = msgspec.structs.replace(
        report,
        attributes=attributes,
        relations=list(_measure_relations(study, bootstrap)),
        records=list(measure_records(study, bootstrap)),
    )
    if brief:
        return report
    return msgspec.structs.replace(
        report,
        counts=list(measure_counts(study, bootstrap)),
        confusion=[ConfusionRow(*labels, number) for labels, number in count_confusion(study).most_common()],
    )


def group_labels(inventory: Inventory, layers: bool = True) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the name, the kind and the labels of each row: span labels, layers if wanted, and all labels."""
    for name in inventory.spans:
        yield name, "label", [name]
    for name in inventory.layers if layers else ():
        yield name, "layer", [label.name for label in inventory.labels_of(name)]
    yield ALL, "all", list(inventory.spans)


def _measure_labels(
    study: Study, bootstrap: Bootstrap, progress: Callable[[str], None], by_article: bool, layers: bool
) -> tuple[list[LabelRow], list[ArticleRow]]:
    counter, rows, article_rows = SpanCounter(study), list[LabelRow](), list[ArticleRow]()
    for name, kind, labels in group_labels(study.inventory, layers):
        progress(name)
        tallies = counter.tally(labels)
        rows.append(_measure_label(study, bootstrap, tallies, name, kind, labels))
        if by_article and kind != "layer":
            article_rows += _measure_by_article(study, tallies, name, labels)
    order = {article.id: article.index for article in study.articles}
    return rows, sorted(article_rows, key=lambda row: order[row.article])


def _measure_label(
    study: Study, bootstrap: Bootstrap, tallies: SpanTallies, name: str, kind: str, labels: Collection[str]
) -> LabelRow:
    spans = {
        annotator: sum(mention.label in labels for mention in study.mentions(annotator))
        for annotator in study.annotators
    }
    has_spans, has_one_label = any(spans.values()), kind == "label"
    no_spans = _explain_empty(study, study.inventory.spans[name].since, NO_SPANS) if has_one_label else NO_SPANS

    def measure_positions(tally: Tally, estimate: Callable[[Counts], Value]) -> Measure:
        return bootstrap.measure(tally, estimate) if has_spans else Measure(None, note=no_spans)

    exact = bootstrap.measure(tallies.exact, f1, no_spans)
    overlap = bootstrap.measure(tallies.overlap, f1, no_spans)
    if len(study.annotators) == 2:
        pairs = [PairRow(*study.annotators, exact.value, overlap.value)]
    else:
        pairs = list(_measure_pairs(study, labels))
    return LabelRow(
        name=name,
        kind=kind,
        spans=spans,
        exact=exact,
        overlap=overlap,
        alpha=measure_positions(tallies.alpha, alpha),
        unitizing=measure_positions(tallies.unitizing, unitizing_alpha)
        if has_one_label
        else Measure(None, note=ONE_LABEL),
        kappa=measure_positions(tallies.kappa, kappa) if tallies.kappa else Measure(None, note=TWO_ONLY),
        pairs=pairs,
        exact_mean=_average([pair.exact for pair in pairs]),
        overlap_mean=_average([pair.overlap for pair in pairs]),
        left_out=study.count_left_out(study.inventory.spans[name].since) if has_one_label else {},
    )


def _explain_empty(study: Study, since: str | None, reason: str) -> str:
    """Return why nothing was counted of what a version added: nobody was asked together, or the given reason."""
    return NOT_ASKED if next(study.comparisons(since), None) is None else reason


def _measure_pairs(study: Study, labels: Collection[str]) -> Iterator[PairRow]:
    for first, second in combinations(study.annotators, 2):
        exact, overlap = Tally(), Tally()
        for comparison in study.comparisons():
            if (comparison.first.annotator, comparison.second.annotator) == (first, second):
                asked = study.asked_labels(labels, (comparison.first, comparison.second))
                add_matching(exact, comparison, comparison.exact, asked)
                add_matching(overlap, comparison, comparison.overlap, asked)
        yield PairRow(first, second, _drop_reason(f1(exact.total())), _drop_reason(f1(overlap.total())))


def _average(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def _drop_reason(value: Value) -> float | None:
    return None if isinstance(value, str) else value


def _measure_by_article(study: Study, tallies: SpanTallies, name: str, labels: Collection[str]) -> Iterator[ArticleRow]:
    exact, overlap = tallies.exact.by_article(), tallies.overlap.by_article()
    positions, units = tallies.alpha.by_article(), tallies.unitizing.by_article()
    for article in study.articles:
        index = article.index
        spans = {annotation.annotator: len(annotation.select_mentions(labels)) for annotation in article.annotations}
        if any(spans.values()):
            yield ArticleRow(
                article=article.id,
                label=name,
                spans=spans,
                exact=_drop_reason(f1(exact.get(index, {}))),
                overlap=_drop_reason(f1(overlap.get(index, {}))),
                alpha=_drop_reason(alpha(positions.get(index, {}))),
                unitizing=None if name == ALL else _drop_reason(unitizing_alpha(units.get(index, {}))),
            )


def measure_attribute(
    study: Study, bootstrap: Bootstrap, attribute: Attribute, missing: Missing = "left-out"
) -> AttributeRow:
    """Return the row of an attribute.

    Args:
        study: The study.
        bootstrap: Its samples.
        attribute: The attribute.
        missing: What a value is that only one of two annotators has set; see `tally_attribute`.
    """
    tallies = tally_attribute(study, attribute, missing)
    no_match = _explain_empty(study, attribute.since, NO_MATCH)
    if_empty = NO_TWO_VALUES if tallies.one_only else NO_VALUES if tallies.is_set.total() else no_match
    return AttributeRow(
        name=attribute.name,
        labels=attribute.labels,
        scale=attribute.level,
        matched=tallies.values.total() - (0 if missing == "value" else tallies.one_only),
        one_only=tallies.one_only,
        share=bootstrap.measure(tallies.share, share, if_empty),
        alpha=bootstrap.measure(tallies.alpha, ESTIMATES[attribute.level], if_empty),
        kappa=bootstrap.measure(tallies.kappa, kappa, if_empty) if tallies.kappa else Measure(None, note=TWO_ONLY),
        values=[(*values, number) for values, number in tallies.values.most_common()],
        is_set=bootstrap.measure(tallies.is_set, alpha, no_match),
        left_out=study.count_left_out(attribute.since),
    )


def _measure_relations(study: Study, bootstrap: Bootstrap) -> Iterator[RelationRow]:
    for label in study.inventory.relations.values():
        if label.joins_pieces:
            continue  # the spans that it joins are compared as one
        tallies = tally_relations(study, label)
        # One whose counterpart was not looked for is in the total, and is not compared.
        no_relations = _explain_empty(study, label.since, NO_RELATIONS)
        if_empty = "no relations between matched spans" if tallies.all.total() else no_relations
        yield RelationRow(
            name=label.name,
            relations={annotator: tallies.total[annotator] for annotator in study.annotators},
            given_ends=bootstrap.measure(tallies.given_ends, f1, if_empty),
            all=bootstrap.measure(tallies.all, f1, no_relations),
            same=tallies.numbers["same"],
            retargeted=tallies.numbers["retargeted"],
            alone={annotator: tallies.alone[annotator] for annotator in study.annotators},
            loose=tallies.numbers["loose"],
            left_out=study.count_left_out(label.since),
        )


def measure_counts(study: Study, bootstrap: Bootstrap) -> Iterator[CountRow]:
    """Yield the row of each label with counts."""
    for interval in study.inventory.intervals:
        tally, since = tally_interval(study, interval), find_since(study.inventory, interval)
        no_match = _explain_empty(study, since, NO_MATCH)
        yield CountRow(
            label=interval.label,
            matched=int(tally.total().get(PAIRS, 0)),
            distance=bootstrap.measure(tally, average_pairs(DISTANCE), no_match),
            equal=bootstrap.measure(tally, average_pairs(EQUAL), no_match),
            compatible=bootstrap.measure(tally, average_pairs(COMPATIBLE), no_match),
            left_out=study.count_left_out(since),
        )


def average_pairs(key: str) -> Callable[[Counts], Value]:
    """Return the estimate that divides the count `key` of `interval_tallies` by the number of pairs."""
    return lambda counts: counts[key] / counts[PAIRS] if counts.get(PAIRS) else NOTHING


def measure_records(study: Study, bootstrap: Bootstrap) -> Iterator[RecordRow]:
    """Yield the row of each type of record."""
    counter = RecordCounter(study)
    for name, record_type in study.inventory.records.items():
        tallies = counter.tally(record_type)
        if_empty = "no fillers in aligned records" if tallies.aligned.total().get(BOTH) else NO_RECORDS
        yield RecordRow(
            name=name,
            anchor=record_type.anchor,
            records={
                annotator: sum(mention.label == record_type.anchor for mention in study.mentions(annotator))
                for annotator in study.annotators
            },
            anchors=bootstrap.measure(tallies.anchors, f1, NO_RECORDS),
            aligned=bootstrap.measure(tallies.aligned, f1, NO_RECORDS),
            agr=bootstrap.measure(tallies.aligned, agr, NO_RECORDS),
            full_exact=bootstrap.measure(tallies.full_exact, f1, NO_RECORDS),
            full_overlap=bootstrap.measure(tallies.full_overlap, f1, NO_RECORDS),
            roles=[
                RoleRow(
                    role,
                    bootstrap.measure(counts.exact, f1, if_empty),
                    bootstrap.measure(counts.overlap, f1, if_empty),
                    bootstrap.measure(counts.characters, f1, if_empty),
                    study.count_left_out(study.inventory.role_since(record_type.roles[role])),
                )
                for role, counts in tallies.roles.items()
            ],
        )
