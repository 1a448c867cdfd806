"""Ids for names in any script.

An id is ASCII. A name that can be an id is its own. Any other is spelled in Latin letters, and numbered if another name
has that id.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

from anyascii import anyascii

from annotate.class_ids import NONE
from annotate.util.escape import has_unseen

IdKind = Literal["label", "attribute", "relation", "layer", "value"]

_LOWER = re.compile(r"[a-z][a-z0-9_]*")
_VALID = {
    "label": re.compile(r"[A-Za-z][A-Za-z0-9_-]*"),
    "attribute": _LOWER,
    "relation": _LOWER,
    "layer": _LOWER,
    "value": re.compile(r"[A-Za-z0-9_.+/-]+(?: [A-Za-z0-9_.+/-]+)*"),
}
_INVALID = {
    "label": re.compile(r"[^A-Za-z0-9_-]+"),
    "attribute": re.compile(r"[^a-z0-9_]+"),
    "relation": re.compile(r"[^a-z0-9_]+"),
    "layer": re.compile(r"[^a-z0-9_]+"),
    "value": re.compile(r"[^A-Za-z0-9_.+/ -]+"),
}
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST = 60
"""Characters of an id that is made; guideline pages are called like it."""


def assign_ids(names: Iterable[str], kind: IdKind, taken: Iterable[str] = ()) -> dict[str, str]:
    """Return an id for each name, the same for the same names in the same order.

    Args:
        names: The names, in any script.
        kind: What the ids are for. Those of labels and values may have capitals and hyphens, those of values
            spaces and signs, too.
        taken: Ids that are not to be used.

    Returns:
        Name → id. No two names have the same id, and a name that is a valid id has itself. No relation has the id of
        unrelated pairs.
    """
    distinct = list(dict.fromkeys(names))
    taken_ids = {*taken, NONE} if kind == "relation" else set(taken)
    ids = {name: name for name in distinct if _is_id(name, kind) and name not in taken_ids}
    unique = UniqueNames("_", taken_ids | ids.keys())
    return {name: ids[name] if name in ids else unique.add(_spell(name, kind)) for name in distinct}


class UniqueNames:
    """Numbers each name that is taken: `a`, `a_2`, `a_3`.

    Args:
        separator: What is between a name and its number.
        taken: Names that are taken.
    """

    def __init__(self, separator: str, taken: Iterable[str] = ()) -> None:
        self._separator, self._used = separator, set(taken)
        self._numbers: dict[str, int] = {}
        """The last number of each name, so that the next one is found at once."""

    def add(self, name: str) -> str:
        """Return a name, with a number if it is taken."""
        free, number = name, self._numbers.get(name, 1)
        while free in self._used:
            number += 1
            free = f"{name}{self._separator}{number}"
        self._numbers[name] = number
        self._used.add(free)
        return free


def _is_id(name: str, kind: IdKind) -> bool:
    return bool(_VALID[kind].fullmatch(name)) and len(name) <= _LONGEST


def _spell(name: str, kind: IdKind) -> str:
    """Return a name in the letters of an id."""
    text = " ".join(anyascii(unicodedata.normalize("NFKC", name)).split())
    if kind not in ("label", "value"):
        text = _WORD_START.sub("_", text).lower()
    ends = "_ " if kind == "value" else "_-"
    text = _INVALID[kind].sub("_", text).strip(ends)[:_LONGEST].rstrip(ends)
    return text if _VALID[kind].fullmatch(text) else f"{kind}_{text}".rstrip("_")


def clean_name(name: str) -> str:
    """Return a name as a screen shows it: on one line, trimmed, without characters that nobody sees."""
    visible = "".join(" " if has_unseen(character) or character == "\ufeff" else character for character in name)
    return " ".join(visible.split())
