"""On which line of a file a value stands: of what was parsed, only the place in the text is looked for."""

import json
import re
from bisect import bisect
from collections.abc import Callable, Iterator
from functools import cache

import yaml

from annotate.schemas import Path

Finder = Callable[[Path], int | None]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=str)  # a number of any length will do


def finder(file: str, data: bytes) -> Finder:
    """What gives the line of each value of a JSON or YAML file that was parsed; None where it cannot be told."""
    text = data.decode("utf-8")
    return _in_yaml(text) if file.endswith(".yaml") else _in_json(text)


def keys_again(data: bytes) -> Iterator[tuple[str, int]]:
    """Each key of a JSON document that stood in its object before, with its line."""
    text = data.decode("utf-8")
    containers = [_after(text, 0)]
    while containers:
        seen: set[str | int] = set()
        for name, begin, value in _members(text, containers.pop()):
            if name in seen:
                yield str(name), text.count("\n", 0, begin) + 1
            seen.add(name)
            if text[value] in "[{":
                containers.append(value)


def _in_json(text: str) -> Finder:
    ends = [end.start() for end in re.finditer("\n", text)]

    @cache
    def members(at: int) -> dict[str | int, int]:
        """Where each value of an object or a list begins."""
        return {name: value for name, _, value in _members(text, at)}

    def line(path: Path) -> int | None:
        at = _after(text, 0)
        try:
            for step in path:
                at = members(at).get(step, at)
        except RecursionError:
            return None
        return bisect(ends, at) + 1

    return line


def _members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Each member of an object or a list: its key or number, where it begins, and where its value does."""
    named = text[at] == "{"
    at = _after(text, at + 1)
    number = 0
    while text[at] not in "]}":
        name: str | int = number
        begin = value = at
        if named:
            name, at = _DECODER.raw_decode(text, at)
            value = _after(text, _after(text, at) + 1)
        yield name, begin, value
        number += 1
        at = _after(text, _DECODER.raw_decode(text, value)[1])
        at = _after(text, at + 1) if text[at] == "," else at


def _after(text: str, at: int) -> int:
    """The first place from one on that is no white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _in_yaml(text: str) -> Finder:
    root = yaml.compose(text, yaml.SafeLoader)

    def line(path: Path) -> int:
        node = root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == str(step)), node)
            elif isinstance(node, yaml.SequenceNode):
                node = node.value[int(step)]
        return node.start_mark.line + 1 if node else 1

    return line
