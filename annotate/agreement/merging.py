"""The counts of batches of articles, merged in the order of the articles."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar

from annotate.agreement.bootstrap import MIN_ARTICLES
from annotate.agreement.coefficients import APART
from annotate.agreement.interval_tallies import DISTANCE
from annotate.agreement.tally import Tally

_FRACTIONAL = frozenset({APART, DISTANCE})
"""Keys of fractions: pairs of the values of four annotators, and distances of intervals."""

TalliedCounts = TypeVar("TalliedCounts")
"""Tallies, counters, lists and sets in named tuples and dictionaries, nested as they may be."""


class _CountedBatch(Protocol):
    """The counts of a batch of articles."""

    @property
    def paragraphs(self) -> Mapping[int, int]:
        """The number of paragraphs of each article, by its index."""


BatchCounts = TypeVar("BatchCounts", bound=_CountedBatch)


def find_tallies(counts: Any) -> Iterator[Tally]:
    """Yield each tally in named tuples and dictionaries."""
    if isinstance(counts, Tally):
        yield counts
    elif isinstance(counts, tuple) or (isinstance(counts, dict) and not isinstance(counts, Counter)):
        for value in counts.values() if isinstance(counts, dict) else counts:
            yield from find_tallies(value)


def fold_counts(counts: Any) -> None:
    """Fold each tally in named tuples and dictionaries; see `Tally.fold`."""
    for tally in find_tallies(counts):
        tally.fold()


def shrink_batch(counts: BatchCounts) -> BatchCounts:
    """Fold the tallies of a batch of `MIN_ARTICLES` or more, which is then sent and merged faster; return the counts.

    Only what is exact is folded, so that sums are the same; see `Tally.fold_exact`.
    """
    if len(counts.paragraphs) >= MIN_ARTICLES:
        for tally in find_tallies(counts):
            tally.fold_exact(_FRACTIONAL)
    return counts


def merge_counts(counts: TalliedCounts, later: TalliedCounts, is_folded: bool) -> None:
    """Add the counts of later articles.

    Args:
        counts: Tallies, counters, lists and sets, in named tuples and dictionaries. They are changed.
        later: The same of later articles; a dictionary may have other keys. They may be changed, too.
        is_folded: Whether the tallies of `counts` are folded.
    """
    if isinstance(counts, Tally) and isinstance(later, Tally):
        counts.merge(later)
    elif isinstance(counts, Counter | set) and isinstance(later, Counter | set):
        counts.update(later)
    elif isinstance(counts, list) and isinstance(later, list):
        counts.extend(later)
    elif isinstance(counts, dict) and isinstance(later, dict):
        for key, value in later.items():
            if key in counts:
                merge_counts(counts[key], value, is_folded)
            else:
                counts[key] = value
                if is_folded:
                    fold_counts(value)
    elif isinstance(counts, tuple) and isinstance(later, tuple):
        for own, new in zip(counts, later, strict=True):
            merge_counts(own, new, is_folded)
    elif counts is not None or later is not None:
        raise TypeError(f"cannot add {type(later).__name__} to {type(counts).__name__}")


def merge_batches(batches: Iterator[BatchCounts]) -> BatchCounts | None:
    """Return the counts of all batches; None without a batch.

    From `MIN_ARTICLES` on, of which a bootstrap draws articles, tallies are folded: their memory is that of a few
    numbers an article.

    Args:
        batches: The counts of each batch, in the order of the articles.
    """
    counts, is_folded = next(batches, None), False
    for batch in batches:
        if counts is not None:
            if not is_folded and len(counts.paragraphs) >= MIN_ARTICLES:
                is_folded = True
                fold_counts(counts)
            merge_counts(counts, batch, is_folded)
    return counts
