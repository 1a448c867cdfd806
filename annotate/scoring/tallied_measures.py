"""The measures of a system against gold, as counts.

From counts, two systems can be measured on the same samples, and a ceiling without any.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from annotate.agreement.coefficients import Counts, Value, f1, share
from annotate.agreement.interval_tallies import COMPATIBLE, DISTANCE, EQUAL
from annotate.agreement.measure import average_pairs
from annotate.agreement.tally import Tally
from annotate.inventory import Inventory
from annotate.scoring.score import ARTICLES, RELATIONS, TOKENS, find_table
from annotate.scoring.score_counts import ScoreCounts

EXACT, PARTIAL, OVERLAP, ENTITY, F1 = "exact F1", "partial F1", "overlap F1", "entity F1", "F1"
"""Measures."""
RELATION, RECORD = "relation", "record"
"""Kinds of rows."""


class TalliedMeasure(NamedTuple):
    """A measure of one system, as counts.

    Attributes:
        table: The table of the dataset that the measure is about.
        name: The label, layer, column, relation, attribute, record, or role as `record.role`.
        kind: The kind of a row of spans or tags, `RELATION`, `RECORD`, `attribute`, `role` or `counts`.
        measure: What is measured.
        tally: The counts.
        estimate: Computes the measure from counts.
    """

    table: str
    name: str
    kind: str
    measure: str
    tally: Tally
    estimate: Callable[[Counts], Value]

    @property
    def key(self) -> tuple[str, ...]:
        """What measure it is."""
        return self.table, self.name, self.kind, self.measure


def list_tallies(counts: ScoreCounts, inventory: Inventory, has_values: bool) -> Iterator[TalliedMeasure]:
    """Yield each measure of a system against gold.

    Args:
        counts: The counts of gold and the predictions of the system.
        inventory: The inventory with what is scored.
        has_values: Whether to yield measures of attributes and counts.
    """
    for (name, kind), tallies in counts.labels.items():
        for way, tally in zip((EXACT, PARTIAL, OVERLAP), tallies, strict=True):
            yield TalliedMeasure(ARTICLES, name, kind, way, tally, f1)
    for (name, kind), tags in counts.tags.items():
        if kind != "column" or tags.entities.total():
            yield TalliedMeasure(TOKENS, name, kind, ENTITY, tags.entities, f1)
            yield TalliedMeasure(TOKENS, name, kind, "token F1", tags.tokens, f1)
    for name, relations in counts.relations.items():
        yield TalliedMeasure(RELATIONS, name, RELATION, F1, relations.all, f1)
        yield TalliedMeasure(RELATIONS, name, RELATION, "F1, ends matched", relations.given_ends, f1)
    for name, values in counts.attributes.items() if has_values else ():
        table = find_table(inventory, inventory.attributes[name].labels)
        yield TalliedMeasure(table, name, "attribute", "equal", values.share, share)
    for name, records in counts.records.items():
        yield TalliedMeasure(name, name, RECORD, EXACT, records.full_exact, f1)
        yield TalliedMeasure(name, name, RECORD, OVERLAP, records.full_overlap, f1)
        for role, fillers in records.roles.items():
            yield TalliedMeasure(name, f"{name}.{role}", "role", EXACT, fillers.exact, f1)
            yield TalliedMeasure(name, f"{name}.{role}", "role", OVERLAP, fillers.overlap, f1)
    for index, distances in counts.intervals.items() if has_values else ():
        label = inventory.intervals[index].label
        for measure in (DISTANCE, EQUAL, COMPATIBLE):
            yield TalliedMeasure(
                find_table(inventory, [label]), label, "counts", measure, distances, average_pairs(measure)
            )
