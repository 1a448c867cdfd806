"""Paragraphs that are nearly the same: candidates by MinHash, each then proved by its exact Jaccard index.

A paragraph is a line of at least `LEAST_WORDS` words; its shingles are its runs of `SHINGLE` words, in lower case and
without punctuation. Two paragraphs are near-duplicates where the Jaccard index of their sets of shingles is `ALIKE` or
more. In a paragraph of 30 words that is so after two single words were replaced (0.65), and after three just so (0.51);
paragraphs that only tell of the same thing share hardly a run of three words. Shorter lines are bylines, credits and
datelines, which articles share that have nothing else in common.

A pair at the threshold escapes a MinHash index of 64 bands of 2 hashes with the chance (1 - 0.5^2)^64, one in 10^8;
the hashes are seeded, so that the same texts always give the same pairs. What is in one group already, at once or
through others, is not compared: a line that thousands of articles carry, each with another date, is no work.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from annotate.errors import CannotRun

LEAST_WORDS = 8
SHINGLE = 3
ALIKE = 0.5
BANDS, ROWS = 64, 2
SLOTS = 1 << 26
"""Counters of shingles, a byte each."""

_WORD = re.compile(r"\w+")

Shingles = frozenset[tuple[str, ...]]
_Bucket = tuple[int, int]
"""A band, and a number in it."""


class Paragraph(NamedTuple):
    """A line of an article: code points `[start, end)` of its text."""

    article: str
    start: int
    end: int


class Near(NamedTuple):
    """Two paragraphs of different articles, in the order of their ids, and their Jaccard index."""

    first: Paragraph
    second: Paragraph
    jaccard: float


def shingles(text: str) -> Shingles:
    """The runs of three words of a paragraph; none where it is too short to be compared."""
    words = _WORD.findall(text.casefold())
    if len(words) < LEAST_WORDS:
        return frozenset()
    return frozenset(zip(*(words[shift:] for shift in range(SHINGLE)), strict=False))


def jaccard(one: Shingles, other: Shingles) -> float:
    """|A ∩ B| / |A ∪ B|; 0 for two empty sets."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def near_duplicates(articles: Iterable[str], read: Callable[[str], str]) -> list[Near]:
    """Near-duplicate paragraphs that bind the articles into groups, in the order of ids; `read` gives a text by id.

    The groups are those of all near-duplicates; the pairs are so many as bind them, fewer than there are articles. Of
    paragraphs with the same words, only the first is compared with others: what is bound to it is bound to all.
    Each text is read twice and not kept. Raises CannotRun where datasketch is not installed and anything may be alike.
    """
    names = sorted(articles)
    shared = _shared(names, read)
    alike: dict[Shingles, list[Paragraph]] = {}
    for article in names:
        text = read(article)
        for paragraph in _paragraphs(article, text):
            found = shingles(text[paragraph.start : paragraph.end])
            # |A ∩ B| is at most what A shares with any other article: below this, no index reaches the threshold.
            if found and sum(shared[_slot(words)] > 1 for words in found) >= ALIKE * len(found):
                alike.setdefault(found, []).append(paragraph)
    groups = _Groups()
    pairs = [
        Near(first, copy, 1.0)
        for first, *copies in alike.values()
        for copy in copies
        if groups.join(first.article, copy.article)
    ]
    pairs += _edited({places[0]: found for found, places in alike.items()}, groups)
    return sorted(pairs)


class _Groups:
    """Articles that are joined, at once or through others."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def leader(self, article: str) -> str:
        """The one that stands for the group of an article."""
        above = self._above
        while article in above:
            # Halving the way up keeps long chains cheap.
            if above[article] in above:
                above[article] = above[above[article]]
            article = above[article]
        return article

    def join(self, one: str, other: str) -> bool:
        """Whether they were in two groups until now."""
        first, second = self.leader(one), self.leader(other)
        if first != second:
            self._above[max(first, second)] = min(first, second)
        return first != second


def _paragraphs(article: str, text: str) -> Iterator[Paragraph]:
    return (Paragraph(article, line.start(), line.end()) for line in re.finditer(r"[^\n]+", text))


def _shared(names: Iterable[str], read: Callable[[str], str]) -> bytearray:
    """How many articles have a shingle, by its slot, counted up to 2. Shingles in one slot only add to the count."""
    counts = bytearray(SLOTS)
    for name in names:
        text = read(name)
        lines = (text[one.start : one.end] for one in _paragraphs(name, text))
        for slot in {_slot(words) for line in lines for words in shingles(line)}:
            counts[slot] = min(counts[slot] + 1, 2)
    return counts


def _slot(words: tuple[str, ...]) -> int:
    return crc32(" ".join(words).encode()) % SLOTS


def _edited(paragraphs: Mapping[Paragraph, Shingles], groups: _Groups) -> Iterator[Near]:
    """Pairs that are alike but not the same, and join two groups."""
    members: dict[_Bucket, dict[str, list[Paragraph]]] = defaultdict(dict)
    for paragraph, buckets in zip(paragraphs, _buckets(list(paragraphs.values())), strict=True):
        here = [members[bucket] for bucket in buckets]
        for parts in here:
            _merge(parts, groups)
        seen: set[Paragraph] = set()
        for leader, others in [part for parts in here for part in parts.items()]:
            for other in others:
                if groups.leader(leader) == groups.leader(paragraph.article):
                    break
                if other not in seen:
                    seen.add(other)
                    index = jaccard(paragraphs[paragraph], paragraphs[other])
                    if index >= ALIKE:
                        groups.join(paragraph.article, other.article)
                        yield Near(min(paragraph, other), max(paragraph, other), index)
        for parts in here:
            parts.setdefault(groups.leader(paragraph.article), []).append(paragraph)


def _merge(parts: dict[str, list[Paragraph]], groups: _Groups) -> None:
    """Put together the parts of a bucket whose groups were joined since."""
    for old in [name for name in parts if groups.leader(name) != name]:
        moved = parts.pop(old)
        kept = parts.setdefault(groups.leader(old), [])
        longer, shorter = (kept, moved) if len(kept) >= len(moved) else (moved, kept)
        parts[groups.leader(old)] = longer
        longer += shorter


def _buckets(paragraphs: Sequence[Shingles]) -> list[list[_Bucket]]:
    """For each paragraph the buckets that it shares with another: one a band in which their MinHashes agree."""
    found: list[list[_Bucket]] = [[] for _ in paragraphs]
    if len(paragraphs) < 2:
        return found
    try:
        from datasketch import MinHash
    except ImportError as error:
        raise CannotRun(
            "datasketch", "is not installed", "near-duplicates need it: pip install 'contested-claims[dataset]'"
        ) from error
    hashes = np.empty((len(paragraphs), BANDS, ROWS), np.uint32)
    empty = MinHash(num_perm=BANDS * ROWS)
    for number, shingled in enumerate(paragraphs):
        # A copy shares the permutations, which take longer to draw than a paragraph takes to hash.
        hashed = empty.copy()
        hashed.update_batch([" ".join(words).encode() for words in sorted(shingled)])
        hashes[number] = hashed.hashvalues.reshape(BANDS, ROWS)
    for band in range(BANDS):
        _, at, sizes = np.unique(hashes[:, band], axis=0, return_inverse=True, return_counts=True)
        at = at.reshape(-1)  # one version of numpy gives it another shape
        for number in np.flatnonzero(sizes[at] > 1).tolist():
            found[number].append((band, int(at[number])))
    return found
