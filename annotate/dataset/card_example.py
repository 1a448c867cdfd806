"""A row as the card shows it: a Python literal, shortened, with the names of classes beside their ids."""

import json
from collections.abc import Iterator
from typing import Any

from annotate.dataset.features import Feature
from annotate.dataset.statistics import Row
from annotate.util.escape import escape_terminal_line

LINE = 110
"""Most characters of a value on one line."""
MAX_TEXT = 100
"""Most characters of a string."""
MAX_ITEMS = 2
"""Most items of a list."""
MAX_EMPTY = 3
"""Most columns without a value that are shown; more are named in one line."""


def show_row(row: Row, features: Feature) -> str:
    """Return a row as Python source of several lines."""
    return "\n".join(_show_lines(row, features, "", "", ""))


def show_text(value: str) -> str:
    """Return a string as a literal, shortened."""
    return json.dumps(value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}…", ensure_ascii=False)


def _show_lines(value: Any, feature: Feature, indent: str, name: str, comma: str) -> Iterator[str]:
    flat, notes = _show_flat(value, feature, "")
    line = f"{indent}{name}{flat}{comma}"
    if not isinstance(value, dict | list) or (len(line) <= LINE and indent and not _is_shortened(value)):
        yield line + (f"  # {', '.join(notes)}" if notes else "")
    elif isinstance(value, dict):
        yield f"{indent}{name}{{"
        empty = [key for key, part in value.items() if part is None]
        for key, part in value.items():
            if part is not None or len(empty) <= MAX_EMPTY:
                yield from _show_lines(part, feature[key], f"{indent}    ", f'"{key}": ', ",")
        if len(empty) > MAX_EMPTY:
            yield f"{indent}    # None: {', '.join(empty)}"
        yield f"{indent}}}{comma}"
    else:
        yield f"{indent}{name}["
        for part in value[:MAX_ITEMS]:
            yield from _show_lines(part, feature["feature"], f"{indent}    ", "", ",")
        if _is_shortened(value):
            yield f"{indent}    # and {len(value) - MAX_ITEMS} more"
        yield f"{indent}]{comma}"


def _is_shortened(value: Any) -> bool:
    return isinstance(value, list) and len(value) > MAX_ITEMS


def _show_flat(value: Any, feature: Feature, name: str) -> tuple[str, list[str]]:
    """Return the value on one line, and the names of the classes in it."""
    if isinstance(value, dict):
        parts = {key: _show_flat(part, feature[key], key) for key, part in value.items()}
        inner = ", ".join(f'"{key}": {text}' for key, (text, _) in parts.items())
        return f"{{{inner}}}", [note for _, notes in parts.values() for note in notes]
    if isinstance(value, list):
        items = [_show_flat(part, feature["feature"], name) for part in value]
        return f"[{', '.join(text for text, _ in items)}]", [note for _, notes in items for note in notes]
    if isinstance(value, int) and feature.get("_type") == "ClassLabel":
        label = escape_terminal_line(str(feature["names"][value]))
        return str(value), [f"{name}: {label}" if name else label]
    return (show_text(value) if isinstance(value, str) else repr(value)), []
