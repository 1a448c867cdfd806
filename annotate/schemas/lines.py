"""The line of a value in a JSON or YAML file: parsed values have none, so the file's text is searched for it."""

import json
import re
from bisect import bisect
from collections.abc import Callable, Collection, Iterator
from functools import cache

import msgspec
import yaml

from annotate.schemas import Path

LineFinder = Callable[[Path], int | None]
"""The line, from 1 on, of the value at a path; None where it cannot be told."""

_WHITE_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=str)  # an integer may have more digits than Python converts
_ID = re.compile(rb'"id": (?=("(?:[^"\\]|\\.)*+"))', re.DOTALL)


def line_finder(file: str, data: bytes) -> LineFinder:
    """Return what finds the line of each value of a file that can be parsed.

    Args:
        file: The name of the file, which tells YAML from JSON.
        data: Its bytes, in UTF-8.
    """
    text = data.decode("utf-8")
    return _yaml_lines(text) if file.endswith(".yaml") else _json_lines(text)


def repeated_keys(data: bytes) -> Iterator[tuple[str, int]]:
    """Yield each key of a JSON document that its object has already, and the line of the later one.

    Raises:
        ValueError: for what is no JSON.
        RecursionError: for values that are nested too deeply.
    """
    text = data.decode("utf-8")
    line_ends = _line_ends(text)
    root = _skip_white_space(text, 0)
    containers = [root] if text[root] in "[{" else []
    while containers:
        seen: set[str | int] = set()
        for key, offset, value in _members(text, containers.pop()):
            if key in seen:
                yield str(key), bisect(line_ends, offset) + 1
            seen.add(key)
            if text[value] in "[{":
                containers.append(value)


def find_id_lines(data: bytes, ids: Collection[str]) -> dict[str, int]:
    """Return the line of each id in a JSON file, from 1 on, for any number of ids in linear time.

    It is the line of the first `"id": ` with the id, or else that of the first place where the id is in quotes. An id
    that is nowhere has no line.

    Args:
        data: The bytes of the file, in UTF-8.
        ids: The ids.
    """
    by_token = {msgspec.json.encode(id_): id_ for id_ in ids}
    offsets: dict[str, int] = {}
    for match in _ID.finditer(data):
        if match[1] in by_token:
            offsets.setdefault(by_token[match[1]], match.start())
    others = {token for token, id_ in by_token.items() if id_ not in offsets}
    for token, offset in _find_tokens(data, others) if others else ():
        offsets.setdefault(by_token[token], offset)
    lines: dict[str, int] = {}
    line, last = 1, 0
    for id_, offset in sorted(offsets.items(), key=lambda item: item[1]):
        line += data.count(b"\n", last, offset)
        lines[id_], last = line, offset
    return lines


def _find_tokens(data: bytes, tokens: Collection[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield each place that has one of some JSON strings, also within another string or between two, with its offset.

    Whichever quotation mark a JSON string is looked for at, it ends at the next one that is not escaped.
    """
    sizes = {len(token) for token in tokens}
    starts: list[int] = []
    last, quote = -1, data.find(b'"')
    while quote >= 0:
        segment = data[last + 1 : quote]
        if (len(segment) - len(segment.rstrip(b"\\"))) % 2 == 0:
            for start in starts:
                if quote + 1 - start in sizes and (token := data[start : quote + 1]) in tokens:
                    yield token, start
            starts.clear()
        starts.append(quote)
        last, quote = quote, data.find(b'"', quote + 1)


def _line_ends(text: str) -> list[int]:
    return [match.start() for match in re.finditer("\n", text)]


def _json_lines(text: str) -> LineFinder:
    line_ends = _line_ends(text)

    @cache
    def members(offset: int) -> dict[str | int, int]:
        return {key: value for key, _, value in _members(text, offset)}

    def find_line(path: Path) -> int | None:
        offset = _skip_white_space(text, 0)
        try:
            for step in path:
                offset = members(offset).get(step, offset)
        except RecursionError:
            return None
        return bisect(line_ends, offset) + 1

    return find_line


def _members(text: str, offset: int) -> Iterator[tuple[str | int, int, int]]:
    """Yield each member of the object or list at an offset: its key or index, and the offsets of key and value."""
    has_keys = text[offset] == "{"
    offset = _skip_white_space(text, offset + 1)
    index = 0
    while text[offset] not in "]}":
        key: str | int = index
        start = value = offset
        if has_keys:
            key, offset = _DECODER.raw_decode(text, offset)
            value = _skip_white_space(text, _skip_white_space(text, offset) + 1)
        yield key, start, value
        index += 1
        offset = _skip_white_space(text, _DECODER.raw_decode(text, value)[1])
        offset = _skip_white_space(text, offset + 1) if text[offset] == "," else offset


def _skip_white_space(text: str, offset: int) -> int:
    match = _WHITE_SPACE.match(text, offset)
    return match.end() if match else offset


def _yaml_lines(text: str) -> LineFinder:
    @cache  # most documents are valid, and then nobody asks for a line
    def compose() -> yaml.Node | None:
        root: yaml.Node | None = yaml.compose(text, yaml.SafeLoader)
        return root

    @cache
    def values(node: yaml.MappingNode) -> dict[str, yaml.Node]:
        return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}

    def find_line(path: Path) -> int:
        node = compose()
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = values(node).get(str(step), node)
            elif isinstance(node, yaml.SequenceNode):
                node = node.value[int(step)]
        return node.start_mark.line + 1 if node else 1

    return find_line
