"""The measures of a system against gold, as counts.

From counts, two systems can be measured on the same samples, and a ceiling without any.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from annotate.agreement.attribute_tallies import tally_attribute
from annotate.agreement.coefficients import Counts, Value, f1, share
from annotate.agreement.interval_tallies import COMPATIBLE, DISTANCE, EQUAL, tally_interval
from annotate.agreement.measure import average_pairs, group_labels
from annotate.agreement.record_tallies import RecordCounter
from annotate.agreement.relation_tallies import tally_relations
from annotate.agreement.study import Study
from annotate.agreement.tally import Tally
from annotate.scoring.score import ARTICLES, RELATIONS, TOKENS, find_table, tally_labels
from annotate.scoring.token_tags import tally_tags

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


def list_tallies(study: Study, has_values: bool) -> Iterator[TalliedMeasure]:
    """Yield each measure of a system against gold.

    Args:
        study: Gold and the predictions of the system.
        has_values: Whether to yield measures of attributes and counts.
    """
    inventory = study.inventory
    for name, kind, labels in group_labels(inventory):
        for way, tally in zip((EXACT, PARTIAL, OVERLAP), tally_labels(study, labels), strict=True):
            yield TalliedMeasure(ARTICLES, name, kind, way, tally, f1)
    for tags in tally_tags(study):
        yield TalliedMeasure(TOKENS, tags.name, tags.kind, ENTITY, tags.entities, f1)
        yield TalliedMeasure(TOKENS, tags.name, tags.kind, "token F1", tags.tokens, f1)
    for label in inventory.relations.values():
        if not label.joins_pieces:
            relations = tally_relations(study, label)
            yield TalliedMeasure(RELATIONS, label.name, RELATION, F1, relations.all, f1)
            yield TalliedMeasure(RELATIONS, label.name, RELATION, "F1, ends matched", relations.given_ends, f1)
    for attribute in inventory.attributes.values() if has_values else ():
        table = find_table(inventory, attribute.labels)
        yield TalliedMeasure(
            table, attribute.name, "attribute", "equal", tally_attribute(study, attribute, "value").share, share
        )
    counter = RecordCounter(study)
    for name, type_ in inventory.records.items():
        records = counter.tally(type_)
        yield TalliedMeasure(name, name, RECORD, EXACT, records.full_exact, f1)
        yield TalliedMeasure(name, name, RECORD, OVERLAP, records.full_overlap, f1)
        for role, tallies in records.roles.items():
            yield TalliedMeasure(name, f"{name}.{role}", "role", EXACT, tallies.exact, f1)
            yield TalliedMeasure(name, f"{name}.{role}", "role", OVERLAP, tallies.overlap, f1)
    for interval in inventory.intervals if has_values else ():
        table, counts = find_table(inventory, [interval.label]), tally_interval(study, interval)
        for measure in (DISTANCE, EQUAL, COMPATIBLE):
            yield TalliedMeasure(table, interval.label, "counts", measure, counts, average_pairs(measure))
