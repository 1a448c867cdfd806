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
    is_leaf = not isinstance(value, dict | list)
    parts = _list_parts(value, feature, "")
    flat = _join_parts(parts, None if is_leaf else LINE - len(indent) - len(name) - len(comma))
    if flat and (is_leaf or (indent and not _is_shortened(value))):
        line, notes = f"{indent}{name}{flat[0]}{comma}", flat[1]
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


def _join_parts(parts: Iterator[tuple[str, str]], longest: int | None) -> tuple[str, list[str]] | None:
    """Return a value on one line, and the names of the classes in it; None, and the rest is not read, if it is long."""
    texts, notes, length = list[str](), list[str](), 0
    for text, note in parts:
        length += len(text)
        if longest is not None and length > longest:
            return None
        texts.append(text)
        if note:
            notes.append(note)
    return "".join(texts), notes


def _list_parts(value: Any, feature: Feature, name: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a value on one line, each with the name of its class, or ""."""
    if isinstance(value, dict):
        for index, (key, part) in enumerate(value.items()):
            yield f'{", " if index else "{"}"{key}": ', ""
            yield from _list_parts(part, feature[key], key)
        yield "}" if value else "{}", ""
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield ", " if index else "[", ""
            yield from _list_parts(part, feature["feature"], name)
        yield "]" if value else "[]", ""
    elif isinstance(value, int) and feature.get("_type") == "ClassLabel":
        label = escape_terminal_line(str(feature["names"][value]))
        yield str(value), f"{name}: {label}" if name else label
    else:
        yield (show_text(value) if isinstance(value, str) else repr(value)), ""
