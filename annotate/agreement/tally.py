"""Additive counts by paragraph: what measures and their intervals are computed from."""

from collections import defaultdict
from collections.abc import Hashable

from annotate.agreement.coefficients import BOTH, FIRST, SECOND, Counts

ParagraphKey = tuple[int, int]
"""The index of an article, and the index of a paragraph in it."""

IN_BOTH: Counts = {BOTH: 1, FIRST: 1, SECOND: 1}


class Tally:
    """Additive counts, kept apart by paragraph.

    Attributes:
        paragraphs: The counts of each paragraph that has any.
    """

    def __init__(self) -> None:
        self.paragraphs: dict[ParagraphKey, defaultdict[Hashable, float]] = {}

    def add(self, paragraph: ParagraphKey, counts: Counts) -> None:
        """Add counts to those of a paragraph."""
        _add(self.paragraphs.setdefault(paragraph, defaultdict(float)), counts)

    def total(self) -> dict[Hashable, float]:
        """Return the counts of all paragraphs."""
        total: defaultdict[Hashable, float] = defaultdict(float)
        for counts in self.paragraphs.values():
            _add(total, counts)
        return dict(total)

    def by_article(self) -> dict[int, dict[Hashable, float]]:
        """Return the counts of each article that has any, by its index; one pass over the paragraphs."""
        totals: defaultdict[int, defaultdict[Hashable, float]] = defaultdict(lambda: defaultdict(float))
        for (article, _), counts in self.paragraphs.items():
            _add(totals[article], counts)
        return {article: dict(counts) for article, counts in totals.items()}


def _add(total: defaultdict[Hashable, float], counts: Counts) -> None:
    for key, number in counts.items():
        total[key] += number
