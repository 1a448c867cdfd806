"""All measures of a study, with intervals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from annotate.agreement.attribute_tallies import ESTIMATES, AttributeTallies, Missing, tally_interval_alpha
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
from annotate.agreement.interval_tallies import COMPATIBLE, DISTANCE, EQUAL, PAIRS, find_since
from annotate.agreement.kinds import measure_gaps, measure_kinds
from annotate.agreement.record_tallies import RecordTallies
from annotate.agreement.report import (
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
from annotate.agreement.study import CorpusStudy, Study
from annotate.agreement.study_counts import (
    AskedAnnotations,
    Scope,
    StudyCounts,
    count_agreement,
    drop_reason,
    list_paragraphs,
    select_row_labels,
)
from annotate.agreement.tally import Tally
from annotate.inventory import Attribute, Inventory
from annotate.util.progress import StartStep, count_items, ignore_steps
from annotate.util.tables import Measure

NO_SPANS, NO_MATCH, NO_RELATIONS, NO_RECORDS = "no spans", "no matched spans", "no relations", "no records"
NO_TWO_VALUES = "no matched spans with two values"
NO_VALUES = "no matched spans with a value"
NOT_ASKED = "no article in which two annotators looked for it"
TWO_ONLY = "defined for two annotators"
ONE_LABEL = "defined for one label"


def measure_agreement(
    study: Study | CorpusStudy,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: StartStep = ignore_steps,
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
        progress: Called at the start of each step with its name, and its number of articles or of rows.
        by_article: Whether to make the rows by article.
        brief: Whether to leave out the rows of layers, counts, and kinds of annotators, and the confusion of labels.
        missing: What a value is that only one of two annotators has set. A `value` counts in the rows of attributes on
            a nominal scale; on the others it is left out of all columns, so that a row is about one number of pairs.

    Returns:
        The report.

    Raises:
        CannotRun: If labels of a corpus do not fit their text or the inventory, or no article has labels of two.
    """
    scope = Scope(by_article, brief, missing)
    return measure_study_counts(study, count_agreement(study, scope, progress), scope, samples, seed, progress)


def measure_study_counts(
    study: Study | CorpusStudy,
    counts: StudyCounts,
    scope: Scope,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: StartStep = ignore_steps,
) -> Report:
    """Measure the agreement of a study from its counts; its articles are not looked at.

    Args:
        study: The study.
        counts: Its counts.
        scope: What was counted.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.
        progress: Called at the start of each step with its name, and its number of articles or of rows.
    """
    missing = scope.missing
    inventory, bootstrap = study.inventory, Bootstrap(list_paragraphs(counts.paragraphs), samples, seed)
    labels = [
        _measure_label(counts, inventory, study.annotators, bootstrap, name, kind)
        for name, kind in count_items(counts.labels, progress("measuring labels", len(counts.labels)))
    ]
    attributes = [
        measure_attribute(
            counts.attributes[name],
            counts.asked,
            bootstrap,
            attribute,
            missing if attribute.level == "nominal" else "left-out",
        )
        for name, attribute in count_items(
            inventory.attributes.items(), progress("measuring attributes", len(inventory.attributes))
        )
    ]
    progress("measuring relations and records", None)
    report = Report(
        annotators=study.annotators,
        units=study.units,
        missing=missing,
        articles=counts.articles,
        alone=counts.alone,
        dependent=counts.dependent,
        sampling=Sampling(bootstrap.unit, bootstrap.unit_count, samples, seed),
        labels=labels,
        attributes=attributes,
        relations=list(_measure_relations(counts, inventory, study.annotators, bootstrap)),
        records=list(
            measure_records(counts.records, counts.spans, study.annotators, inventory, counts.asked, bootstrap)
        ),
        counts=[],
        confusion=[],
        by_article=counts.by_article,
    )
    if scope.brief:
        return report
    progress("measuring models, people and gold", None)
    return msgspec.structs.replace(
        report,
        counts=list(measure_counts(counts.intervals, inventory, counts.asked, bootstrap)),
        confusion=[ConfusionRow(*labels, number) for labels, number in counts.confusion.most_common()],
        kinds=dict(study.kinds),
        kind_pairs=measure_kinds(counts.kinds, study.annotators, study.kinds, bootstrap),
        model_gaps=list(measure_gaps(counts.gaps, bootstrap)),
    )


def _measure_label(
    counts: StudyCounts, inventory: Inventory, annotators: Sequence[str], bootstrap: Bootstrap, name: str, kind: str
) -> LabelRow:
    tallies, exact_pairs, overlap_pairs = counts.labels[name, kind]
    labels = select_row_labels(inventory, name, kind)
    spans = {annotator: sum(counts.spans[annotator, label] for label in labels) for annotator in annotators}
    has_spans, has_one_label = any(spans.values()), kind == "label"
    no_spans = _explain_empty(counts.asked, inventory.spans[name].since, NO_SPANS) if has_one_label else NO_SPANS

    def measure_positions(tally: Tally, estimate: Callable[[Counts], Value], unlabelled: Tally | None) -> Measure:
        if not has_spans:
            return Measure(None, note=no_spans)
        return bootstrap.measure(tally, estimate, below=unlabelled if has_one_label else None)

    exact = bootstrap.measure(tallies.exact, f1, no_spans)
    overlap = bootstrap.measure(tallies.overlap, f1, no_spans)
    if len(annotators) == 2:
        pairs = [PairRow(annotators[0], annotators[1], exact.value, overlap.value)]
    else:
        pairs = [
            PairRow(
                first,
                second,
                drop_reason(f1(exact_pairs.get((first, second), {}))),
                drop_reason(f1(overlap_pairs.get((first, second), {}))),
            )
            for first, second in combinations(annotators, 2)
        ]
    return LabelRow(
        name=name,
        kind=kind,
        spans=spans,
        exact=exact,
        overlap=overlap,
        alpha=measure_positions(tallies.alpha, alpha, counts.unlabelled.alpha),
        unitizing=measure_positions(tallies.unitizing, unitizing_alpha, counts.unlabelled.unitizing)
        if has_one_label
        else Measure(None, note=ONE_LABEL),
        kappa=measure_positions(tallies.kappa, kappa, counts.unlabelled.kappa)
        if tallies.kappa
        else Measure(None, note=TWO_ONLY),
        pairs=pairs,
        exact_mean=_average([pair.exact for pair in pairs]),
        overlap_mean=_average([pair.overlap for pair in pairs]),
        left_out=counts.asked.count_left_out(inventory.spans[name].since) if has_one_label else {},
    )


def _explain_empty(asked: AskedAnnotations, since: str | None, reason: str) -> str:
    """Return why nothing was counted of what a version added: nobody was asked together, or the given reason."""
    return reason if asked.were_asked(since) else NOT_ASKED


def _average(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def measure_attribute(
    tallies: AttributeTallies,
    asked: AskedAnnotations,
    bootstrap: Bootstrap,
    attribute: Attribute,
    missing: Missing = "left-out",
) -> AttributeRow:
    """Return the row of an attribute.

    Args:
        tallies: Its counts.
        asked: What annotators were asked for.
        bootstrap: The samples of the study.
        attribute: The attribute.
        missing: What a value is that only one of two annotators has set; see `tally_attribute`.
    """
    no_match = _explain_empty(asked, attribute.since, NO_MATCH)
    if_empty = NO_TWO_VALUES if tallies.one_only else NO_VALUES if tallies.is_set.total() else no_match
    counted = tally_interval_alpha(tallies) if attribute.level == "interval" else tallies.alpha
    return AttributeRow(
        name=attribute.name,
        labels=attribute.labels,
        scale=attribute.level,
        matched=tallies.values.total() - (0 if missing == "value" else tallies.one_only),
        one_only=tallies.one_only,
        share=bootstrap.measure(tallies.share, share, if_empty),
        alpha=bootstrap.measure(counted, ESTIMATES[attribute.level], if_empty),
        kappa=bootstrap.measure(tallies.kappa, kappa, if_empty) if tallies.kappa else Measure(None, note=TWO_ONLY),
        values=[(*values, number) for values, number in tallies.values.most_common()],
        is_set=bootstrap.measure(tallies.is_set, alpha, no_match),
        left_out=asked.count_left_out(attribute.since),
    )


def _measure_relations(
    counts: StudyCounts, inventory: Inventory, annotators: Sequence[str], bootstrap: Bootstrap
) -> Iterator[RelationRow]:
    for name, tallies in counts.relations.items():
        since = inventory.relations[name].since
        # One whose counterpart was not looked for is in the total, and is not compared.
        no_relations = _explain_empty(counts.asked, since, NO_RELATIONS)
        if_empty = "no relations between matched spans" if tallies.all.total() else no_relations
        yield RelationRow(
            name=name,
            relations={annotator: tallies.total[annotator] for annotator in annotators},
            given_ends=bootstrap.measure(tallies.given_ends, f1, if_empty),
            all=bootstrap.measure(tallies.all, f1, no_relations),
            same=tallies.numbers["same"],
            retargeted=tallies.numbers["retargeted"],
            alone={annotator: tallies.alone[annotator] for annotator in annotators},
            loose=tallies.numbers["loose"],
            left_out=counts.asked.count_left_out(since),
        )


def measure_counts(
    tallies: Mapping[int, Tally], inventory: Inventory, asked: AskedAnnotations, bootstrap: Bootstrap
) -> Iterator[CountRow]:
    """Yield the row of each label with counts.

    Args:
        tallies: The counts of each interval, by its index in the inventory.
        inventory: The inventory.
        asked: What annotators were asked for.
        bootstrap: The samples of the study.
    """
    for index, tally in tallies.items():
        interval = inventory.intervals[index]
        since = find_since(inventory, interval)
        no_match = _explain_empty(asked, since, NO_MATCH)
        yield CountRow(
            label=interval.label,
            matched=int(tally.total().get(PAIRS, 0)),
            distance=bootstrap.measure(tally, average_pairs(DISTANCE), no_match),
            equal=bootstrap.measure(tally, average_pairs(EQUAL), no_match),
            compatible=bootstrap.measure(tally, average_pairs(COMPATIBLE), no_match),
            left_out=asked.count_left_out(since),
        )


def average_pairs(key: str) -> Callable[[Counts], Value]:
    """Return the estimate that divides the count `key` of `interval_tallies` by the number of pairs."""
    return lambda counts: counts[key] / counts[PAIRS] if counts.get(PAIRS) else NOTHING


def measure_records(
    records: Mapping[str, RecordTallies],
    spans: Mapping[tuple[str, str], int],
    annotators: Sequence[str],
    inventory: Inventory,
    asked: AskedAnnotations,
    bootstrap: Bootstrap,
) -> Iterator[RecordRow]:
    """Yield the row of each type of record.

    Args:
        records: The counts of each type.
        spans: The number of spans by annotator and label.
        annotators: The annotators.
        inventory: The inventory.
        asked: What annotators were asked for.
        bootstrap: The samples of the study.
    """
    for name, tallies in records.items():
        record_type = inventory.records[name]
        if_empty = "no fillers in aligned records" if tallies.aligned.total().get(BOTH) else NO_RECORDS
        yield RecordRow(
            name=name,
            anchor=record_type.anchor,
            records={annotator: spans.get((annotator, record_type.anchor), 0) for annotator in annotators},
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
                    asked.count_left_out(inventory.role_since(record_type.roles[role])),
                )
                for role, counts in tallies.roles.items()
            ],
        )
