"""Count the labels in each sentence of an article, so that no sentence is overlooked."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Coverage, Sentence

_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s++|(?<![。！？])[。！？]++[」』”’）]*+\s*+")
_WIDE_ENDS = "。！？"


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Split a text into sentences, as a draft that a person reads.

    A line is one sentence or several. Within a line, a sentence ends after a full stop, question mark, exclamation mark
    or ellipsis, with the quotation marks and brackets that close there, if white space and no lower-case letter follow;
    and after the wide signs of Chinese and Japanese, whatever follows. A dot after an abbreviation may end one, too.

    Args:
        text: The text of an article.

    Yields:
        The code points `[start, end)` of each sentence, in order, without the white space around it.
    """
    start = 0
    for line in text.split("\n"):
        begin, stop = start, start + len(line)
        for match in _SENTENCE_END.finditer(text, begin, stop):
            after = match.end()
            if match[0][0] in _WIDE_ENDS or not text[after : after + 1].islower():
                yield from _strip(text, begin, after)
                begin = after
        yield from _strip(text, begin, stop)
        start = stop + 1


def _strip(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    words = text[start:end]
    if words.strip():
        yield start + len(words) - len(words.lstrip()), start + len(words.rstrip())


def draft_coverage(article: Article, annotation: Annotation, inventory: Inventory, reason: str | None) -> Coverage:
    """List the sentences of an article with their labels; those without labels get a reason, if one is given."""
    nothing: dict[str, int] = {}  # the same for all: a long text has a million sentences
    sentences = tuple(
        Sentence(start=start, end=end, text=article.text[start:end], has=nothing, reason=reason)
        for start, end in split_sentences(article.text)
    )
    coverage = Coverage(article=article.id, text_sha256=article.text_sha256, sentences=sentences)
    return update_coverage(coverage, annotation, inventory)


def count_labels(
    sentences: Iterable[Sentence], annotation: Annotation, inventory: Inventory
) -> Iterator[dict[str, int]]:
    """Yield for each sentence the number of spans that start in it, by label, in the order of the inventory.

    Zeros are left out.
    """
    order = {label: index for index, label in enumerate(inventory.spans)}
    spans = sorted((span for span in annotation.spans if span.label in order), key=lambda span: span.start)
    starts = [span.start for span in spans]
    for sentence in sentences:
        first, stop = bisect_left(starts, sentence.start), bisect_left(starts, sentence.end)
        counts = Counter(span.label for span in spans[first:stop])
        yield {label: counts[label] for label in sorted(counts, key=order.__getitem__)}


def update_coverage(coverage: Coverage, annotation: Annotation, inventory: Inventory) -> Coverage:
    """Count the labels of each sentence again. A sentence that has labels loses its reason for having none.

    A sentence that does not change is the same object: a long text has a million of them.
    """

    def update_sentence(sentence: Sentence, has: dict[str, int]) -> Sentence:
        reason = None if has else sentence.reason
        if has == sentence.has and reason == sentence.reason:
            return sentence
        return msgspec.structs.replace(sentence, has=has, reason=reason)

    counts = count_labels(coverage.sentences, annotation, inventory)
    return msgspec.structs.replace(coverage, sentences=tuple(map(update_sentence, coverage.sentences, counts)))
