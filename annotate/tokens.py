"""BIO tags: what they are called, back from them to spans, and where the tokens that carry them stand in a text.

B begins a span, I goes on with it, O is outside of all: IOB2, as in Tjong Kim Sang, "Introduction to the CoNLL-2002
Shared Task" (CoNLL 2002).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

OUTSIDE = "O"


class Run(NamedTuple):
    """The tokens `[start, end)` are a span with this label."""

    label: str
    start: int
    end: int


class Misplaced(ValueError):  # noqa: N818 - it says what is the matter
    """Tokens that are not those of a text; `number` is the first that is not, or how many there are."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(problem)
        self.number = number


def tag_names(labels: Iterable[str]) -> list[str]:
    """The classes of a layer's tags; a label's B is odd, its I the one after."""
    return [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def is_tag(tag: str) -> bool:
    """Whether it is O, or B or I with a label."""
    kind, _, name = tag.partition("-")
    return tag == OUTSIDE or (kind in ("B", "I") and bool(name))


def runs(tags: Sequence[str]) -> Iterator[Run]:
    """The spans of a row of tags. An I that goes on with nothing begins a span.

    Raises Misplaced, with the number of the token, for what is no tag.
    """
    label, start = "", 0
    for number, tag in enumerate([*tags, OUTSIDE]):
        kind, _, name = tag.partition("-")
        if not is_tag(tag):
            raise Misplaced(number, f"{tag!r} is no tag of BIO")
        if label and (kind != "I" or name != label):
            yield Run(label, start, number)
            label = ""
        if name and not label:
            label, start = name, number


def places(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where the words stand, in code points `[start, end)`: one after the other, with nothing but white space between.

    Any tokenizer's words will do that are cut from the text as they are. Raises Misplaced for other words, and where
    the text goes on behind the last.
    """
    found: list[tuple[int, int]] = []
    at = 0
    for number, word in enumerate(words):
        at = _next(text, at)
        if not word or not text.startswith(word, at):
            there = text[at : at + max(len(word), 1)]
            raise Misplaced(number, f"the text has {there!r} at {at}, not the token {word!r}")
        found.append((at, at + len(word)))
        at += len(word)
    at = _next(text, at)
    if at < len(text):
        raise Misplaced(len(found), f"{len(found)} tokens, and the text goes on at {at} with {text[at : at + 20]!r}")
    return found


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
