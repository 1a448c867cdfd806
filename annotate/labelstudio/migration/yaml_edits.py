"""Edits of a YAML file in place: what is not named stays as it is, with comments, order and style."""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

import yaml

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*[A-Za-z0-9_-]|[A-Za-z]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class Edit(NamedTuple):
    """Put `text` where `[start, end)` was."""

    start: int
    end: int
    text: str


def edited(text: str, edits: list[Edit]) -> str:
    """The text with the edits made; one that lies within another is part of it."""
    outer = [one for one in edits if not any(_within(one, other) for other in edits)]
    for one in sorted(set(outer), reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def _within(one: Edit, other: Edit) -> bool:
    return one != other and other.start <= one.start and one.end <= other.end and not other.text


class Tree:
    """The nodes of a YAML document that is a mapping, with their places; raises ValueError for another."""

    def __init__(self, text: str) -> None:
        self.text = text
        node = yaml.compose(text, yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            raise ValueError("is no mapping")  # noqa: TRY004 - as of any file that is broken
        self.root = node

    def at(self, *path: str) -> yaml.Node:
        node: yaml.Node = self.root
        for key in path:
            node = entries(node)[key][1]
        return node

    def keys(self, *path: str) -> list[str]:
        return list(entries(self.at(*path)))

    def end(self, node: yaml.Node) -> int:
        """Where a node ends; PyYAML counts what follows a block in."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        end: int = node.end_mark.index
        return end

    def line_end(self, node: yaml.Node) -> int:
        """Where the line ends that a node ends on."""
        line = self.text.find("\n", self.end(node))
        return len(self.text) if line < 0 else line

    def copied(self, node: yaml.Node, edit: Edit) -> str:
        """The text of a node, with one edit made within."""
        return self.text[node.start_mark.index : edit.start] + edit.text + self.text[edit.end : self.end(node)]

    def removed(self, mapping: yaml.Node, key: str) -> Edit:
        """Take an entry out of a mapping, with its comma or its lines."""
        listed = list(entries(mapping).values())
        at = list(entries(mapping)).index(key)
        return self._cut(mapping, at, [(one.start_mark.index, self.end(other)) for one, other in listed])

    def item_removed(self, sequence: yaml.Node, at: int) -> Edit:
        """Take an item out of a sequence."""
        return self._cut(sequence, at, [(one.start_mark.index, self.end(one)) for one in sequence.value])

    def _cut(self, collection: yaml.Node, at: int, places: Sequence[tuple[int, int]]) -> Edit:
        start, end = places[at]
        if not isinstance(collection, yaml.CollectionNode) or not collection.flow_style:
            line = self.text.find("\n", end) if self.text[end - 1] != "\n" else end - 1
            return Edit(self.text.rfind("\n", 0, start) + 1, len(self.text) if line < 0 else line + 1, "")
        if at + 1 < len(places):
            return Edit(start, places[at + 1][0], "")
        return Edit(places[at - 1][1] if at else start, end, "")


def entries(node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Key → its node and that of its value."""
    return {key.value: (key, value) for key, value in node.value}


def scalar(node: yaml.Node, new: str) -> Edit:
    return Edit(node.start_mark.index, node.end_mark.index, quoted(new))


def quoted(word: str) -> str:
    """A word as YAML has it: plain where it cannot be misread."""
    plain = _PLAIN.fullmatch(word) or re.fullmatch(r"\d+\.\d+\.\d+", word)
    return word if plain and word.lower() not in _WORDS else json.dumps(word, ensure_ascii=False)
