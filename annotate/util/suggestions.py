"""What somebody may have meant who wrote a name that does not exist."""

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from itertools import islice
from typing import TypeVar

from annotate.util.escape import quote, shorten

_MOST_CHOICES = 30
"""Names to choose from that are listed; an inventory may have thousands."""
T = TypeVar("T")

_MOST_NAMES = 5_000
"""Names that are compared; more would take longer than a message is worth."""
_LONGEST_NAME = 100
_ALIKE = 0.75
"""The least similarity, as `difflib` measures it: 1 for the same name, 0 for one without a common letter."""


def list_choices(names: Collection[T], show: Callable[[T], str] = str) -> str:
    """Return the names to choose from, as in `a, b, c … (22 more)`, in time that does not depend on their number.

    Args:
        names: The names.
        show: Returns the words for a name.
    """
    listed = ", ".join(shorten(show(name)) for name in islice(names, _MOST_CHOICES))
    return listed if len(names) <= _MOST_CHOICES else f"{listed} … ({len(names) - _MOST_CHOICES:,} more)"


def find_similar(name: str, names: Iterable[str]) -> str | None:
    """Return the name that is most like another one; None if none is much like it.

    Args:
        name: The name that does not exist. Case does not matter, nor does a space, hyphen or underscore.
        names: The names that exist.
    """
    folded: dict[str, str] = {}
    for each in islice(names, _MOST_NAMES):
        folded.setdefault(_fold(each), each)
    matches = get_close_matches(_fold(name), folded, 1, _ALIKE) if name and len(name) <= _LONGEST_NAME else []
    return folded[matches[0]] if matches else None


def suggest(name: str, names: Iterable[str]) -> str:
    """Return " (did you mean …?)", to put after what says that a name does not exist; "" if no name is much like it.

    Args:
        name: The name that does not exist.
        names: The names that exist.
    """
    similar = find_similar(name, names)
    return "" if similar is None else f" (did you mean {quote(similar)}?)"


def _fold(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " -_")
