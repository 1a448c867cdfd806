"""Near-duplicate paragraphs: MinHash finds candidates, and their exact Jaccard index decides.

A paragraph is a line of at least `MIN_WORDS` words. Its shingles are its runs of `SHINGLE_WORDS` words, in lower case
and without punctuation. The words are those of `annotate.tokens`. In a script without spaces, where each letter is a
token, two letters count as a word: a paragraph has at least 16, and a shingle has five, which are the fewest that
count as more than two words. A replaced word of two letters then changes the index as a replaced word does elsewhere.
Two paragraphs are near-duplicates if the Jaccard index of their sets of shingles is at least `THRESHOLD`. A paragraph
of 30 words is one after two single words were replaced (0.65), and just so after three (0.51). Paragraphs that merely
report the same event hardly share a run of three words. Shorter lines are bylines, credits and datelines, which
unrelated articles share.

The chance that a MinHash index of 64 bands of 2 hashes misses a pair at the threshold is (1 - 0.5^2)^64, one in 10^8.
The hashes are seeded, so that the same texts always give the same pairs. Paragraphs of articles that are in one group
already, directly or through others, are not compared: a line in thousands of articles, each time with another date,
costs one comparison an article.

The buckets are built from a table of hashes of 512 bytes a paragraph. `MinHashLSH` of datasketch keeps a set in a
dictionary for each paragraph and band: 20 KB a paragraph. It returns all candidates of a bucket, too, which for such a
line grow with the square of the articles.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from annotate.errors import CannotRun
from annotate.tokens import is_letter_without_spaces, list_words
from annotate.util.progress import StartStep, count_items, ignore_steps

MIN_WORDS = 8
SHINGLE_WORDS = 3
THRESHOLD = 0.5
BANDS, ROWS = 64, 2
SLOTS = 1 << 26
"""Size in bytes of the table that counts the articles of each shingle."""

Shingles = frozenset[tuple[str, ...]]
_Bucket = tuple[int, int]
"""A band, and the index of a bucket in it."""


class Paragraph(NamedTuple):
    """A line of an article: code points `[start, end)` of its text."""

    article_id: str
    start: int
    end: int


class NearDuplicate(NamedTuple):
    """Two paragraphs of different articles, in the order of their ids, and their Jaccard index."""

    first: Paragraph
    second: Paragraph
    jaccard: float


def shingles(text: str) -> Shingles:
    """Return the runs of three words of a paragraph; none if it is too short to be compared."""
    words = list_words(text.casefold())
    # In halves of a word.
    sizes = [1 if is_letter_without_spaces(word) else 2 for word in words]
    if sum(sizes) < 2 * MIN_WORDS:
        return frozenset()
    if min(sizes) == 2:
        return frozenset(zip(*(words[shift:] for shift in range(SHINGLE_WORDS)), strict=False))
    runs, end, size = [], 0, 0
    for start in range(len(words)):
        while size <= 2 * (SHINGLE_WORDS - 1) and end < len(words):
            size += sizes[end]
            end += 1
        if size > 2 * (SHINGLE_WORDS - 1):
            runs.append(tuple(words[start:end]))
        size -= sizes[start]
    return frozenset(runs)


def jaccard(left: Shingles, right: Shingles) -> float:
    """Return the Jaccard index, |A ∩ B| / |A ∪ B|; 0 for two empty sets."""
    both = len(left & right)
    return both / (len(left) + len(right) - both) if both else 0.0


def find_near_duplicates(
    article_ids: Iterable[str], read_text: Callable[[str], str], progress: StartStep = ignore_steps
) -> list[NearDuplicate]:
    """Find the near-duplicate paragraphs that bind articles into groups.

    The groups are those of all near-duplicates, but only as many pairs are returned as bind them, fewer than there are
    articles. Of paragraphs with the same words, only the first is compared with others.

    Args:
        article_ids: The articles to compare.
        read_text: Returns the text of an article. It is called twice for each article; the texts are not kept.
        progress: Called at the start of each step with its name and the number of articles, or None.

    Returns:
        The pairs, in the order of article ids.

    Raises:
        CannotRun: if datasketch is not installed and there are candidates.
    """
    ids = sorted(article_ids)
    counts = _count_shingles(count_items(ids, progress("counting words", len(ids))), read_text)
    candidates: dict[Shingles, list[Paragraph]] = {}
    for article_id in count_items(ids, progress("choosing paragraphs", len(ids))):
        text = read_text(article_id)
        for paragraph in _paragraphs(article_id, text):
            shingled = shingles(text[paragraph.start : paragraph.end])
            # |A ∩ B| is at most what A shares with any other article: below this, no index reaches the threshold.
            if shingled and sum(counts[_slot(words)] > 1 for words in shingled) >= THRESHOLD * len(shingled):
                candidates.setdefault(shingled, []).append(paragraph)
    progress("comparing paragraphs", None)
    groups = _Groups()
    pairs = [
        NearDuplicate(first, copy, 1.0)
        for first, *copies in candidates.values()
        for copy in copies
        if groups.join(first.article_id, copy.article_id)
    ]
    pairs += _edited_pairs({paragraphs[0]: shingled for shingled, paragraphs in candidates.items()}, groups)
    return sorted(pairs)


class _Groups:
    """Disjoint sets of articles (union-find), each known by its leader."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def leader(self, article_id: str) -> str:
        """Return the article that stands for the group of this one."""
        parents = self._parents
        while article_id in parents:
            # Halving the path keeps long chains cheap.
            if parents[article_id] in parents:
                parents[article_id] = parents[parents[article_id]]
            article_id = parents[article_id]
        return article_id

    def join(self, left: str, right: str) -> bool:
        """Join the groups of two articles; return whether they were in different groups before."""
        first, second = sorted((self.leader(left), self.leader(right)))
        if first != second:
            self._parents[second] = first
        return first != second


def _paragraphs(article_id: str, text: str) -> Iterator[Paragraph]:
    return (Paragraph(article_id, line.start(), line.end()) for line in re.finditer(r"[^\n]+", text))


def _count_shingles(article_ids: Iterable[str], read_text: Callable[[str], str]) -> bytearray:
    """Count the articles that have a shingle, up to 2, by the shingle's slot; collisions only raise the count."""
    counts = bytearray(SLOTS)
    for article_id in article_ids:
        text = read_text(article_id)
        lines = (text[paragraph.start : paragraph.end] for paragraph in _paragraphs(article_id, text))
        for slot in {_slot(words) for line in lines for words in shingles(line)}:
            counts[slot] = min(counts[slot] + 1, 2)
    return counts


def _slot(words: tuple[str, ...]) -> int:
    return crc32(" ".join(words).encode()) % SLOTS


def _edited_pairs(paragraphs: Mapping[Paragraph, Shingles], groups: _Groups) -> Iterator[NearDuplicate]:
    """Yield pairs that differ in some words and join two groups."""
    members: dict[_Bucket, dict[str, list[Paragraph]]] = defaultdict(dict)
    for paragraph, buckets in zip(paragraphs, _buckets(list(paragraphs.values())), strict=True):
        by_leaders = [members[bucket] for bucket in buckets]
        for by_leader in by_leaders:
            _merge(by_leader, groups)
        compared: set[Paragraph] = set()
        for leader, others in [item for by_leader in by_leaders for item in by_leader.items()]:
            for candidate in others:
                if groups.leader(leader) == groups.leader(paragraph.article_id):
                    break
                if candidate not in compared:
                    compared.add(candidate)
                    index = jaccard(paragraphs[paragraph], paragraphs[candidate])
                    if index >= THRESHOLD:
                        groups.join(paragraph.article_id, candidate.article_id)
                        yield NearDuplicate(min(paragraph, candidate), max(paragraph, candidate), index)
        for by_leader in by_leaders:
            by_leader.setdefault(groups.leader(paragraph.article_id), []).append(paragraph)


def _merge(by_leader: dict[str, list[Paragraph]], groups: _Groups) -> None:
    """Merge the members of a bucket whose groups were joined since."""
    for old in [leader for leader in by_leader if groups.leader(leader) != leader]:
        new = groups.leader(old)
        shorter, longer = sorted((by_leader.pop(old), by_leader.setdefault(new, [])), key=len)
        longer += shorter
        by_leader[new] = longer


def _buckets(paragraphs: Sequence[Shingles]) -> list[list[_Bucket]]:
    """Return for each paragraph the buckets that it shares with another: one for each band in which they agree."""
    buckets: list[list[_Bucket]] = [[] for _ in paragraphs]
    if len(paragraphs) < 2:
        return buckets
    try:
        from datasketch import MinHash
    except ImportError as error:
        raise CannotRun(
            "datasketch", "is not installed", "near-duplicates need it: pip install 'contested-claims[dataset]'"
        ) from error
    hashes = np.empty((len(paragraphs), BANDS, ROWS), np.uint32)
    empty = MinHash(num_perm=BANDS * ROWS)
    for index, shingled in enumerate(paragraphs):
        # A copy shares the permutations, which take longer to draw than a paragraph takes to hash.
        hashed = empty.copy()
        hashed.update_batch([" ".join(words).encode() for words in sorted(shingled)])
        hashes[index] = hashed.hashvalues.reshape(BANDS, ROWS)
    for band in range(BANDS):
        _, bucket, sizes = np.unique(hashes[:, band], axis=0, return_inverse=True, return_counts=True)
        bucket = bucket.reshape(-1)  # numpy 2.0 gives it another shape
        for index in np.flatnonzero(sizes[bucket] > 1).tolist():
            buckets[index].append((band, int(bucket[index])))
    return buckets
