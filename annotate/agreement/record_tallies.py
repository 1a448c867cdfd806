"""Counts of whole records: aligned by their anchors, then compared role by role."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from annotate.agreement.coefficients import BOTH, FIRST, SECOND
from annotate.agreement.matching import (
    Pair,
    count_exact_matches,
    count_shared_characters,
    match_by_overlap,
    merge_pieces,
)
from annotate.agreement.span_tallies import add_matching
from annotate.agreement.study import AnnotationPair, Study
from annotate.agreement.tally import Tally
from annotate.inventory import RecordType
from annotate.records import Filler, Mention, Record


class RoleTallies(NamedTuple):
    """The counts of one role of aligned records.

    Attributes:
        exact: Fillers with the same pieces.
        overlap: Fillers that overlap.
        characters: Characters that the fillers cover: of both, of the first, of the second. Their F1 is the agreement
            that PARC reports on the spans of an attribution; Pareti, "PARC 3.0" (LREC 2016).
    """

    exact: Tally
    overlap: Tally
    characters: Tally


class RecordTallies(NamedTuple):
    """The counts of one type of record.

    Attributes:
        anchors: Anchors with the same pieces.
        aligned: Anchors that overlap.
        full_exact: Records with the same anchor and the same fillers in every role, by their pieces.
        full_overlap: The same by overlap.
        roles: The counts of each role.
    """

    anchors: Tally
    aligned: Tally
    full_exact: Tally
    full_overlap: Tally
    roles: dict[str, RoleTallies]


class RecordCounter:
    """Counts the records of a study; they are built once for all types."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._records = {
            id(annotation): _index_by_anchor(annotation.graph.records())
            for article in study.articles
            for annotation in article.annotations
        }

    def tally(self, record_type: RecordType) -> RecordTallies:
        """Count the records of a type, over all pairs of annotators.

        A role that a relation or attribute newer than an annotation decides does not count, in whole records neither.
        """
        roles = {name: RoleTallies(Tally(), Tally(), Tally()) for name in record_type.roles}
        since = {name: self._study.inventory.role_since(role) for name, role in record_type.roles.items()}
        tallies = RecordTallies(Tally(), Tally(), Tally(), Tally(), roles)
        for comparison in self._study.comparisons(self._study.inventory.spans[record_type.anchor].since):
            add_matching(tallies.anchors, comparison, comparison.exact, {record_type.anchor})
            add_matching(tallies.aligned, comparison, comparison.overlap, {record_type.anchor})
            first, second = (
                self._records[id(annotation)].get(record_type.name, {})
                for annotation in (comparison.first, comparison.second)
            )
            compared = {name: role for name, role in roles.items() if comparison.were_asked(since[name])}
            for pair in comparison.overlap.pairs:
                if pair[0].label == record_type.anchor:
                    _add_roles(
                        tallies._replace(roles=compared), comparison, pair, first[pair[0].id], second[pair[1].id]
                    )
            for side, anchors in ((FIRST, comparison.overlap.first_only), (SECOND, comparison.overlap.second_only)):
                for anchor in anchors:
                    if anchor.label == record_type.anchor:
                        for tally in (tallies.full_exact, tallies.full_overlap):
                            tally.add(comparison.article.find_paragraph(anchor), {side: 1})
        return tallies


def _index_by_anchor(records: dict[str, list[Record]]) -> dict[str, dict[str, Record]]:
    return {name: {record.anchor.id: record for record in of_type} for name, of_type in records.items()}


def _add_roles(tallies: RecordTallies, comparison: AnnotationPair, pair: Pair, first: Record, second: Record) -> None:
    paragraph = comparison.article.find_paragraph(*pair)
    same_pieces, all_overlap = pair[0].pieces == pair[1].pieces, True
    for name, role in tallies.roles.items():
        left, right = _list_fillers(first.roles[name]), _list_fillers(second.roles[name])
        exact = count_exact_matches([mention.pieces for mention in left], [mention.pieces for mention in right])
        # Only the role is compared: whether a filler has the same label, the agreement on spans says.
        overlap = match_by_overlap(left, right, same_label=False).counts
        same_pieces &= exact[0] == exact[1] == exact[2]
        all_overlap &= overlap[0] == overlap[1] == overlap[2]
        for tally, counts in (
            (role.exact, exact),
            (role.overlap, overlap),
            (role.characters, _count_characters(left, right)),
        ):
            tally.add(paragraph, dict(zip((BOTH, FIRST, SECOND), counts, strict=True)))
    tallies.full_exact.add(paragraph, {BOTH: same_pieces, FIRST: 1, SECOND: 1})
    tallies.full_overlap.add(paragraph, {BOTH: all_overlap, FIRST: 1, SECOND: 1})


def _list_fillers(fillers: Iterable[Filler]) -> list[Mention]:
    return [filler.mention for filler in fillers]


def _count_characters(first: Sequence[Mention], second: Sequence[Mention]) -> tuple[int, int, int]:
    left, right = (merge_pieces(piece for mention in side for piece in mention.pieces) for side in (first, second))
    sizes = [sum(piece.end - piece.start for piece in pieces) for pieces in (left, right)]
    return count_shared_characters(left, right), sizes[0], sizes[1]
