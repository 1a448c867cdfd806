"""Counts of whole records: aligned by their anchors, then compared role by role."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from annotate.agreement.coefficients import BOTH, FIRST, SECOND
from annotate.agreement.matching import (
    Pair,
    count_characters,
    count_exact_matches,
    count_shared_characters,
    match_by_overlap,
    merge_pieces,
)
from annotate.agreement.span_tallies import add_matches
from annotate.agreement.study import Study
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.inventory import RecordType
from annotate.records import Filler, Mention, Record

_Numbers = tuple[int, int, int]
"""Numbers of both, of the first and of the second annotator."""
_SIDES = (BOTH, FIRST, SECOND)
_EQUAL_FILLER: _Numbers = (1, 1, 1)


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
            add_matches(tallies.anchors, comparison.exact_counts, (record_type.anchor,))
            add_matches(tallies.aligned, comparison.overlap_counts, (record_type.anchor,))
            first, second = (
                self._records[id(annotation)].get(record_type.name, {})
                for annotation in (comparison.first, comparison.second)
            )
            compared = {name: role for name, role in roles.items() if comparison.were_asked(since[name])}
            chosen = tallies._replace(roles=compared)
            for key, pair in comparison.select_placed((record_type.anchor,)):
                _add_roles(chosen, key, pair, first[pair[0].id], second[pair[1].id])
            matching = comparison.overlap.select_label(record_type.anchor)
            for side, anchors in ((FIRST, matching.first_only), (SECOND, matching.second_only)):
                for anchor in anchors:
                    key = comparison.article.find_key_at(anchor.start)
                    for tally in (tallies.full_exact, tallies.full_overlap):
                        tally.add(key, {side: 1})
        return tallies


def _index_by_anchor(records: dict[str, list[Record]]) -> dict[str, dict[str, Record]]:
    return {name: {record.anchor.id: record for record in of_type} for name, of_type in records.items()}


def _add_roles(tallies: RecordTallies, key: ParagraphKey, pair: Pair, first: Record, second: Record) -> None:
    same_pieces, all_overlap = pair[0].pieces == pair[1].pieces, True
    for name, role in tallies.roles.items():
        own, others = first.roles[name], second.roles[name]
        if not own and not others:
            continue
        exact, overlap, characters = _compare_fillers(_list_fillers(own), _list_fillers(others))
        same_pieces &= exact[0] == exact[1] == exact[2]
        all_overlap &= overlap[0] == overlap[1] == overlap[2]
        for tally, counts in ((role.exact, exact), (role.overlap, overlap), (role.characters, characters)):
            tally.add_numbers(key, _SIDES, counts)
    tallies.full_exact.add_numbers(key, _SIDES, (same_pieces, 1, 1))
    tallies.full_overlap.add_numbers(key, _SIDES, (all_overlap, 1, 1))


def _compare_fillers(left: Sequence[Mention], right: Sequence[Mention]) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Count the fillers of a role by equal pieces and by overlap, and the characters that they cover.

    Only the role is compared: whether a filler has the same label, the agreement on spans says.
    """
    if len(left) == len(right) == 1 and left[0].pieces == right[0].pieces and len(left[0].pieces) == 1:
        size = left[0].end - left[0].start  # as most have it, one in one piece
        return _EQUAL_FILLER, (1 if size else 0, 1, 1), (size, size, size)
    pieces = [[mention.pieces for mention in side] for side in (left, right)]
    if pieces[0] == pieces[1]:  # as most have it: each filler is matched with its equal, if it has characters
        size, number = _measure_characters(left), len(left)
        matched = sum(1 for mention in left if count_characters(mention))
        return (number, number, number), (matched, number, number), (size, size, size)
    overlap = match_by_overlap(left, right, same_label=False).counts
    return count_exact_matches(*pieces), overlap, _count_characters(left, right)


def _measure_characters(mentions: Iterable[Mention]) -> int:
    """Count the code points that mentions cover, each once."""
    pieces = merge_pieces(piece for mention in mentions for piece in mention.pieces)
    return sum(piece.end - piece.start for piece in pieces)


def _list_fillers(fillers: Iterable[Filler]) -> list[Mention]:
    return [filler.mention for filler in fillers]


def _count_characters(first: Sequence[Mention], second: Sequence[Mention]) -> tuple[int, int, int]:
    left, right = (merge_pieces(piece for mention in side for piece in mention.pieces) for side in (first, second))
    sizes = [sum(piece.end - piece.start for piece in pieces) for pieces in (left, right)]
    return count_shared_characters(left, right), sizes[0], sizes[1]
