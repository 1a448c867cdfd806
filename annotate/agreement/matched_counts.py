"""The matched and unmatched spans of two annotations, counted once by label and paragraph for all rows."""

from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple

from annotate.agreement.coefficients import BOTH, FIRST, SECOND
from annotate.agreement.matching import Matching
from annotate.agreement.tally import ParagraphKey

HALF = 0.5
"""What a pair that overlaps and differs in its pieces is worth in partial F1.

Chinchor and Sundheim, "MUC-5 Evaluation Metrics" (MUC-5, 1993), and SemEval-2013 task 9.1; here only for spans of one
label.
"""

Columns = Mapping[Hashable, Mapping[ParagraphKey, float]]
"""Numbers by key and paragraph, as `Tally.add_columns` takes them."""


class LabelMatches(NamedTuple):
    """The number of spans of one label, by paragraph.

    Attributes:
        both: Pairs, in the paragraph where the first of the two spans starts.
        first: Pairs, and spans of the first annotation without a counterpart.
        second: Pairs, and spans of the second annotation without a counterpart.
        differing: Pairs whose pieces differ.
    """

    both: dict[ParagraphKey, int]
    first: dict[ParagraphKey, int]
    second: dict[ParagraphKey, int]
    differing: dict[ParagraphKey, int]

    @property
    def columns(self) -> Columns:
        """The counts of F1."""
        return {BOTH: self.both, FIRST: self.first, SECOND: self.second}

    @property
    def partial_columns(self) -> Columns:
        """The counts of partial F1, for which a pair whose pieces differ is worth a half."""
        lost = {paragraph: (HALF - 1) * number for paragraph, number in self.differing.items()}
        both = {paragraph: number + lost.get(paragraph, 0) for paragraph, number in self.both.items()}
        return {BOTH: both, FIRST: self.first, SECOND: self.second}

    def total(self) -> dict[Hashable, float]:
        """Return the numbers of the whole text, by side."""
        return {side: sum(numbers.values()) for side, numbers in self.columns.items() if numbers}

    def add(self, others: "LabelMatches") -> None:
        """Add the numbers of other annotations."""
        for own, more in zip(self, others, strict=True):
            for paragraph, number in more.items():
                own[paragraph] = own.get(paragraph, 0) + number


def count_matched(matching: Matching, find_key: Callable[[int], ParagraphKey]) -> dict[str, LabelMatches]:
    """Count matched and unmatched mentions by label, that of the first mention of a pair, and by key.

    Args:
        matching: The matching.
        find_key: Returns the key of what begins at an offset, in code points.
    """
    counts: dict[str, LabelMatches] = {}
    for left, right in matching.pairs:
        matches = counts.get(left.label) or counts.setdefault(left.label, LabelMatches({}, {}, {}, {}))
        key = find_key(min(left.start, right.start))
        matches.both[key] = matches.both.get(key, 0) + 1
        if left.pieces != right.pieces:
            matches.differing[key] = matches.differing.get(key, 0) + 1
    for matches in counts.values():
        matches.first.update(matches.both)
        matches.second.update(matches.both)
    for is_second, mentions in enumerate((matching.first_only, matching.second_only)):
        for mention in mentions:
            matches = counts.get(mention.label) or counts.setdefault(mention.label, LabelMatches({}, {}, {}, {}))
            side, key = matches.second if is_second else matches.first, find_key(mention.start)
            side[key] = side.get(key, 0) + 1
    return counts
