"""The published wording of a stretch that a copy has in another typography.

A skeleton has only hashes of the published words. If the copy differs in nothing but white space, quotation marks and
dashes, the usual ways to set these are tried; a wording is returned only if its hash is the published one.
"""

import re
from collections.abc import Iterator
from itertools import product

from annotate.redaction.fingerprints import Fingerprint, FoldedText, short_hash

_DOUBLE, _SINGLE, _DASH = re.compile('[“”„‟«»″"]'), re.compile("[‘’‚‛‹›′`´']"), re.compile("[‐‑‒–—―−-]")
_BEFORE_OPENING = "([“‘\"'"
_QUOTES = (('"', '"', "'", "'"), ("“", "”", "‘", "’"), ("„", "“", "‚", "‘"), ("«", "»", "‹", "›"))
_DASHES = ("-", "–", "—")
_SPACES = (" ", "\n", "\n\n", "\u00a0")


def find_published_wording(words: str, fingerprint: Fingerprint, salt: bytes) -> str | None:
    """Return the published words of a stretch.

    Args:
        words: The words of the copy there.
        fingerprint: The fingerprint of the published stretch.
        salt: The salt of the article's hashes.

    Returns:
        The words whose hash is the published one; None if no usual typography has it, or if other words were published.
    """
    if not has_same_words(words, fingerprint, salt):
        return None
    length = fingerprint.end - fingerprint.start
    settings = (wording for wording in _typeset(words) if len(wording) == length)
    return next((wording for wording in settings if short_hash(wording, salt) == fingerprint.exact), None)


def has_same_words(words: str, fingerprint: Fingerprint, salt: bytes) -> bool:
    """Tell whether words differ from the published ones only in white space, quotation marks and dashes."""
    return short_hash(FoldedText(words).text, salt) == fingerprint.folded


def _typeset(words: str) -> Iterator[str]:
    """Yield the words in the usual typographies."""
    quoted = [words, *(_set_quotes(words, *marks) for marks in _QUOTES)]
    for text, dash, space in product(quoted, ("", *_DASHES), ("", *_SPACES)):
        dashed = _DASH.sub(dash, text) if dash else text
        yield re.sub(r"\s+", space, dashed) if space else dashed


def _set_quotes(words: str, *marks: str) -> str:
    parts: list[str] = []
    for index, letter in enumerate(words):
        opening = not index or parts[-1].isspace() or parts[-1] in _BEFORE_OPENING
        if _DOUBLE.fullmatch(letter):
            letter = marks[0] if opening else marks[1]
        elif _SINGLE.fullmatch(letter):
            letter = marks[2] if opening else marks[3]
        parts.append(letter)
    return "".join(parts)
