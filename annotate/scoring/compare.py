"""Two systems against one gold: how far apart they are, by a paired bootstrap over the same samples."""

from collections.abc import Iterator, Mapping

import msgspec

from annotate.agreement.bootstrap import SAMPLES, Bootstrap
from annotate.agreement.coefficients import Value
from annotate.agreement.interval_tallies import DISTANCE
from annotate.agreement.report import Sampling
from annotate.agreement.study_counts import list_paragraphs
from annotate.agreement.tables import show_name
from annotate.agreement.tally import Tally
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.scoring.score import (
    Ceiling,
    SharedLabels,
    has_attributes,
)
from annotate.scoring.score_counts import Gold, count_predictions
from annotate.scoring.selection import EVERYTHING, Selection, select_labels
from annotate.scoring.tallied_measures import PARTIAL, TalliedMeasure, list_tallies
from annotate.util.parallel import LazyPool
from annotate.util.tables import NO_VALUE, Measure, Row, Table, make_table

FIRST_SYSTEM, SECOND_SYSTEM = "A", "B"


class ComparedSystem(msgspec.Struct, frozen=True):
    """One of the systems.

    Attributes:
        name: What the user calls it, such as the path of its predictions.
        unpredicted: The articles of gold without predictions.
        predicts_attributes: Whether it predicts values of attributes. Unless both systems do, there are no rows of
            attributes and counts.
        ceiling: The most that predictions in its form can reach; None if the form holds everything.
        shared: The labels that gold was made from and that raise its scores, or those of others.
    """

    name: str
    unpredicted: list[str]
    predicts_attributes: bool
    ceiling: Ceiling | None = None
    shared: list[SharedLabels] = []


class ComparedMeasure(msgspec.Struct, frozen=True):
    """One measure of both systems.

    Attributes:
        table: The table of the dataset that the measure is about.
        name: The label, layer, column, relation, attribute, record, or role as `record.role`.
        kind: The kind of a row of spans or tags, as in `annotate score`; else `relation`, `attribute`, `record`, `role`
            or `counts`.
        measure: What is measured.
        first: The value of the first system; None if it is not defined.
        second: The value of the second system; None if it is not defined.
        difference: First minus second, with its interval.
        first_better: The share of samples in which the first system is better; one with equal values counts half.
        p: The p value of the null hypothesis that the systems do not differ; see `bootstrap.PairedDifference`.
    """

    table: str
    name: str
    kind: str
    measure: str
    first: float | None
    second: float | None
    difference: Measure
    first_better: float | None
    p: float | None


class ComparedScores(msgspec.Struct, frozen=True):
    """What `annotate score --compare` reports; the field names are those of the JSON.

    Attributes:
        systems: The two systems.
        articles: The articles of gold.
        sampling: How the intervals were made.
        selection: What is scored.
        measures: The measures, a row each.
    """

    systems: tuple[ComparedSystem, ComparedSystem]
    articles: list[str]
    sampling: Sampling
    selection: Selection
    measures: list[ComparedMeasure]

    def with_ceilings(self, first: Ceiling | None, second: Ceiling | None) -> "ComparedScores":
        """Return the scores with the ceilings of the two systems."""
        pairs = zip(self.systems, (first, second), strict=True)
        left, right = (msgspec.structs.replace(system, ceiling=ceiling) for system, ceiling in pairs)
        return msgspec.structs.replace(self, systems=(left, right))

    def with_shared(self, first: list[SharedLabels], second: list[SharedLabels]) -> "ComparedScores":
        """Return the scores with the labels that gold shares with each of the two systems."""
        pairs = zip(self.systems, (first, second), strict=True)
        left, right = (msgspec.structs.replace(system, shared=shared) for system, shared in pairs)
        return msgspec.structs.replace(self, systems=(left, right))


def compare_systems(
    inventory: Inventory,
    gold: Gold,
    first: Mapping[str, Annotation],
    second: Mapping[str, Annotation],
    samples: int = SAMPLES,
    seed: int = 0,
    selection: Selection = EVERYTHING,
    names: tuple[str, str] = (FIRST_SYSTEM, SECOND_SYSTEM),
    pool: LazyPool | None = None,
) -> ComparedScores:
    """Compare the scores of two systems against the same gold.

    A sample draws articles or paragraphs as the intervals of `score` do, and both systems are measured on it. What the
    measures are, `score` says.

    Args:
        inventory: The inventory.
        gold: The text and the gold annotation of each article, by article id.
        first: The annotations that the first system predicts, by article id.
        second: The annotations that the second system predicts, by article id.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.
        selection: What is scored.
        names: What the systems are called.
        pool: The processes that count; None for new ones.

    Returns:
        The measures of both systems, with their differences.

    Raises:
        CannotRun: If the selection names a layer or a label that the inventory does not have.
    """
    chosen = select_labels(inventory, selection)
    counted = [count_predictions(chosen, gold, system, pool) for system in (first, second)]
    bootstrap = Bootstrap(list_paragraphs(counted[0].paragraphs), samples, seed)
    has_values = has_attributes(first) and has_attributes(second)
    left, right = ({row.key: row for row in list_tallies(counts, chosen, has_values)} for counts in counted)
    # A column of tags that only one of the systems uses has no counts of the other.
    measures = [
        _compare_measure(
            bootstrap,
            left.get(key) or right[key]._replace(tally=Tally()),
            right.get(key) or left[key]._replace(tally=Tally()),
        )
        for key in dict.fromkeys((*left, *right))
    ]
    return ComparedScores(
        systems=(_describe_system(names[0], gold, first), _describe_system(names[1], gold, second)),
        articles=list(gold),
        sampling=Sampling(bootstrap.unit, bootstrap.unit_count, samples, seed),
        selection=selection,
        measures=measures,
    )


def _describe_system(name: str, gold: Gold, predicted: Mapping[str, Annotation]) -> ComparedSystem:
    unpredicted = [article_id for article_id in gold if article_id not in predicted]
    return ComparedSystem(name, unpredicted, has_attributes(predicted))


def _compare_measure(bootstrap: Bootstrap, first: TalliedMeasure, second: TalliedMeasure) -> ComparedMeasure:
    compared = bootstrap.compare(first.tally, second.tally, first.estimate)
    better = compared.first_higher
    return ComparedMeasure(
        table=first.table,
        name=first.name,
        kind=first.kind,
        measure=first.measure,
        first=_drop_reason(first.estimate(first.tally.total())),
        second=_drop_reason(second.estimate(second.tally.total())),
        difference=compared.difference,
        first_better=1 - better if first.measure == DISTANCE and better is not None else better,
        p=compared.p,
    )


def _drop_reason(value: Value) -> float | None:
    return None if isinstance(value, str) else value


def tabulate_comparison(comparison: ComparedScores) -> Iterator[Table]:
    """Yield a table of measures for each table of the dataset; those that neither system has are left out."""
    for table in dict.fromkeys(row.table for row in comparison.measures):
        rows: list[Row] = [
            [
                show_name(row.name, row.kind),
                row.measure,
                Measure(row.first),
                Measure(row.second),
                row.difference,
                Measure(row.first_better),
                NO_VALUE if row.p is None else f"{row.p:.3f}",
            ]
            for row in comparison.measures
            if row.table == table and row.measure != PARTIAL and (row.first is not None or row.second is not None)
        ]
        if rows:
            yield make_table(
                table,
                f"Table {table}",
                ["of", "measure", FIRST_SYSTEM, SECOND_SYSTEM, "difference", "A better", "p"],
                rows,
            )
