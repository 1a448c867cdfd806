"""A row as a reader sees it: a Python literal, shortened, with the names of classes beside their ids."""

import json
from collections.abc import Iterator
from typing import Any

from annotate.dataset.counts import Row
from annotate.dataset.features import Feature

LINE = 110
LONGEST_TEXT = 100
LONGEST_LIST = 2
MOST_ABSENT = 3
"""More columns without a value than this are named in one line, not shown."""


def shown(row: Row, features: Feature) -> str:
    """The row over several lines."""
    return "\n".join(_lines(row, features, "", "", ""))


def _text(value: str) -> str:
    return json.dumps(value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…", ensure_ascii=False)


def _lines(value: Any, feature: Feature, indent: str, name: str, comma: str) -> Iterator[str]:
    flat, notes = _flat(value, feature, "")
    line = f"{indent}{name}{flat}{comma}"
    if not isinstance(value, dict | list) or (len(line) <= LINE and indent and not _is_long(value)):
        yield line + (f"  # {', '.join(notes)}" if notes else "")
    elif isinstance(value, dict):
        yield f"{indent}{name}{{"
        absent = [key for key, part in value.items() if part is None]
        for key, part in value.items():
            if part is not None or len(absent) <= MOST_ABSENT:
                yield from _lines(part, feature[key], f"{indent}    ", f'"{key}": ', ",")
        if len(absent) > MOST_ABSENT:
            yield f"{indent}    # None: {', '.join(absent)}"
        yield f"{indent}}}{comma}"
    else:
        yield f"{indent}{name}["
        for part in value[:LONGEST_LIST]:
            yield from _lines(part, feature["feature"], f"{indent}    ", "", ",")
        if _is_long(value):
            yield f"{indent}    # and {len(value) - LONGEST_LIST} more"
        yield f"{indent}]{comma}"


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and len(value) > LONGEST_LIST


def _flat(value: Any, feature: Feature, name: str) -> tuple[str, list[str]]:
    """The value on one line, and the names of the classes in it."""
    if isinstance(value, dict):
        parts = {key: _flat(part, feature[key], key) for key, part in value.items()}
        inner = ", ".join(f'"{key}": {text}' for key, (text, _) in parts.items())
        return f"{{{inner}}}", [note for _, notes in parts.values() for note in notes]
    if isinstance(value, list):
        items = [_flat(part, feature["feature"], name) for part in value]
        return f"[{', '.join(text for text, _ in items)}]", [note for _, notes in items for note in notes]
    if isinstance(value, int) and feature.get("_type") == "ClassLabel":
        label = str(feature["names"][value])
        return str(value), [f"{name}: {label}" if name else label]
    return (_text(value) if isinstance(value, str) else repr(value)), []
