"""What a tagger sees of a word: its form, its last letters, its neighbours, and whether it is in quotation marks."""

from collections.abc import Sequence
from typing import TypeAlias

Features: TypeAlias = dict[str, str | bool]
"""The features of a word, by name."""

QUOTATION_MARKS = frozenset('“”„«»"')
_REACH = 2
"""The number of neighbours on each side."""


def describe_words(words: Sequence[str]) -> list[Features]:
    """Return the features of each word of a paragraph.

    Args:
        words: The tokens of the paragraph in order; see `annotate.tokens`.
    """
    lower = ["<s>"] * _REACH + [word.lower() for word in words] + ["</s>"] * _REACH
    neighbours = [step for step in range(-_REACH, _REACH + 1) if step]
    is_quoted, described = False, list[Features]()
    for index, word in enumerate(words):
        is_quoted ^= word in QUOTATION_MARKS
        features: Features = {
            "word": lower[index + _REACH],
            "end": word[-3:].lower(),
            "form": "title" if word.istitle() else "digits" if word.isdigit() else "other",
            "quoted": is_quoted,
        }
        features |= {f"{step:+d}": lower[index + _REACH + step] for step in neighbours}
        described.append(features)
    return described
