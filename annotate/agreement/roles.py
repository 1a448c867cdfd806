"""Agreement on whole records: aligned by their anchors, then scored role by role."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from annotate.agreement.bootstrap import Tally
from annotate.agreement.coefficients import BOTH, FIRST, SECOND
from annotate.agreement.matching import Pair, exact_counts, overlap, shared_characters, union
from annotate.agreement.spans import add_matching
from annotate.agreement.study import Comparison, Study
from annotate.inventory import RecordType
from annotate.records import Filler, Mention, Piece, Record, records_of


class RoleTallies(NamedTuple):
    """One role of aligned records: fillers with the same place, fillers that overlap, and characters covered.

    `characters` is what PARC's agreement on the spans of an attribution rests on: twice the characters that both
    have in the role, divided by the characters of each; Pareti, "PARC 3.0" (LREC 2016).
    """

    exact: Tally
    overlap: Tally
    characters: Tally


class RecordTallies(NamedTuple):
    """One type of record. `aligned` counts anchors that overlap, `anchors` those with the same place.

    `full_exact` and `full_overlap` count records that are the same in anchor and every role, by place or by overlap.
    """

    anchors: Tally
    aligned: Tally
    full_exact: Tally
    full_overlap: Tally
    roles: dict[str, RoleTallies]


class RecordCounter:
    """Counts the records of a study, which are made once for all types."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._records = {
            id(version): _by_anchor(records_of(version.graph, study.inventory))
            for text in study.texts
            for version in text.versions
        }

    def tallies(self, type_: RecordType) -> RecordTallies:
        """The counts of one type of record, over all pairs of annotators."""
        roles = {name: RoleTallies(Tally(), Tally(), Tally()) for name in type_.roles}
        made = RecordTallies(Tally(), Tally(), Tally(), Tally(), roles)
        for comparison in self._study.comparisons():
            add_matching(made.anchors, comparison, comparison.exact, {type_.anchor})
            add_matching(made.aligned, comparison, comparison.overlap, {type_.anchor})
            ours, theirs = (
                self._records[id(version)].get(type_.name, {}) for version in (comparison.first, comparison.second)
            )
            same = [pair for pair in comparison.overlap.pairs if pair[0].label == type_.anchor]
            for pair in same:
                _add(made, comparison, pair, ours[pair[0].id], theirs[pair[1].id])
            for side, anchors in ((FIRST, comparison.overlap.first_only), (SECOND, comparison.overlap.second_only)):
                for anchor in anchors:
                    if anchor.label == type_.anchor:
                        for tally in (made.full_exact, made.full_overlap):
                            tally.add(comparison.text.place(anchor), {side: 1})
        return made


def _by_anchor(found: dict[str, list[Record]]) -> dict[str, dict[str, Record]]:
    return {name: {record.anchor.id: record for record in list_} for name, list_ in found.items()}


def _add(made: RecordTallies, comparison: Comparison, pair: Pair, ours: Record, theirs: Record) -> None:
    place = comparison.text.place(*pair)
    by_place, by_overlap = pair[0].pieces == pair[1].pieces, True
    for name, tallies in made.roles.items():
        first, second = _mentions(ours.roles[name]), _mentions(theirs.roles[name])
        places = exact_counts([mention.pieces for mention in first], [mention.pieces for mention in second])
        # The role is what is compared: whether its filler has the same label, agreement on spans has counted.
        overlaps = overlap(first, second, same_label=False).counts
        by_place &= places[0] == places[1] == places[2]
        by_overlap &= overlaps[0] == overlaps[1] == overlaps[2]
        for tally, counts in (
            (tallies.exact, places),
            (tallies.overlap, overlaps),
            (tallies.characters, _characters(first, second)),
        ):
            tally.add(place, dict(zip((BOTH, FIRST, SECOND), counts, strict=True)))
    made.full_exact.add(place, {BOTH: by_place, FIRST: 1, SECOND: 1})
    made.full_overlap.add(place, {BOTH: by_overlap, FIRST: 1, SECOND: 1})


def _mentions(fillers: Iterable[Filler]) -> list[Mention]:
    return [filler.mention for filler in fillers]


def _characters(first: Sequence[Mention], second: Sequence[Mention]) -> tuple[int, int, int]:
    ours, theirs = (union(piece for mention in side for piece in mention.pieces) for side in (first, second))
    return shared_characters(ours, theirs), _size(ours), _size(theirs)


def _size(pieces: Iterable[Piece]) -> int:
    return sum(end - start for start, end in pieces)
