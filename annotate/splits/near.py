"""Paragraphs that are nearly the same: candidates by MinHash, each then proved by its exact Jaccard index.

A paragraph is a line of at least `LEAST_WORDS` words; its shingles are its runs of `SHINGLE` words, in lower case and
without punctuation. Two paragraphs are near-duplicates where the Jaccard index of their sets of shingles is `ALIKE` or
more. In a paragraph of 30 words that is so after two single words were replaced (0.65), and after three just so (0.51);
paragraphs that only tell of the same thing share hardly a run of three words. Shorter lines are bylines, credits and
datelines, which articles share that have nothing else in common.

A pair at the threshold escapes a MinHash index of 64 bands of 2 hashes with the chance (1 - 0.5^2)^64, one in 10^8;
the hashes are seeded, so that the same texts always give the same pairs.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple
from zlib import crc32

from annotate.errors import CannotRun

LEAST_WORDS = 8
SHINGLE = 3
ALIKE = 0.5
BANDS, ROWS = 64, 2
SLOTS = 1 << 26
"""Counters of shingles, a byte each."""

_WORD = re.compile(r"\w+")

Shingles = frozenset[tuple[str, ...]]


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
    """The near-duplicate paragraphs of different articles, in the order of ids and places; `read` gives a text by id.

    Of paragraphs with the same words, each is compared with the first alone: what is chained to one is near to all.
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
    pairs = list(_edited({places[0]: found for found, places in alike.items()}))
    for first, *copies in alike.values():
        pairs += [Near(first, copy, 1.0) for copy in copies if copy.article != first.article]
    return sorted(pairs)


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


def _edited(paragraphs: Mapping[Paragraph, Shingles]) -> Iterator[Near]:
    """Pairs that are alike but not the same."""
    for one, other in _candidates(paragraphs):
        index = jaccard(paragraphs[one], paragraphs[other])
        if one.article != other.article and index >= ALIKE:
            yield Near(min(one, other), max(one, other), index)


def _candidates(paragraphs: Mapping[Paragraph, Shingles]) -> set[tuple[Paragraph, Paragraph]]:
    """Pairs whose MinHashes agree in one band or more; one paragraph has nothing to agree with."""
    if len(paragraphs) < 2:
        return set()
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError as error:
        raise CannotRun(
            "datasketch", "is not installed", "near-duplicates need it: pip install 'contested-claims[dataset]'"
        ) from error
    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    found: set[tuple[Paragraph, Paragraph]] = set()
    empty = MinHash(num_perm=BANDS * ROWS)
    for paragraph, shingled in paragraphs.items():
        # A copy shares the permutations, which take longer to draw than a paragraph takes to hash.
        hashed = empty.copy()
        hashed.update_batch([" ".join(words).encode() for words in sorted(shingled)])
        found.update((other, paragraph) for other in index.query(hashed))
        index.insert(paragraph, hashed, check_duplication=False)
    return found
