"""Edits of a YAML file in its text: what is not edited stays as it is, byte for byte.

A round trip with ruamel.yaml would not do: it joins flow collections and plain scalars that go over several lines, and
keeps a comment with the entry before it, so that the comment of the next section is lost with a removed entry.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import yaml

from annotate.util.escape import shorten

_LONGEST_REASON = 200
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*[A-Za-z0-9_-]|[A-Za-z]|\d+\.\d+\.\d+")
_PLAIN_PROSE = re.compile(r"""[A-Za-z][A-Za-z0-9_ ,.;()"'/-]*[A-Za-z0-9_.)"'-]""")
"""Prose that needs no quotes in block style, unless it is a word of `_NOT_PLAIN`."""
_NOT_PLAIN = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""Words that a YAML 1.1 parser reads as something other than a string."""


class YamlEdit(NamedTuple):
    """Put `text` in place of the code points `[start, end)`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Sequence[YamlEdit]) -> str:
    """Return the text with the edits made; an edit within a removal is part of it."""
    outermost = {edit for edit in edits if not any(_is_within_removal(edit, other) for other in edits)}
    for edit in sorted(outermost, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _is_within_removal(edit: YamlEdit, other: YamlEdit) -> bool:
    return edit != other and other.start <= edit.start and edit.end <= other.end and not other.text


def entries(node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Return the entries of a mapping: key → the nodes of key and value."""
    return {key.value: (key, value) for key, value in node.value}


def replace_scalar(node: yaml.Node, new: str) -> YamlEdit:
    """Return the edit that puts a word in place of a scalar."""
    return YamlEdit(node.start_mark.index, node.end_mark.index, quote_scalar(new))


def quote_scalar(word: str) -> str:
    """Return a word as YAML: plain if it is a string for every parser, otherwise in double quotes."""
    if _PLAIN.fullmatch(word) and word.lower() not in _NOT_PLAIN:
        return word
    return json.dumps(word, ensure_ascii=False)


def encode_flow(value: object) -> str:
    """Return a value as YAML in flow style, on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{quote_scalar(str(key))}: {encode_flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(encode_flow, value))}]"
    if isinstance(value, float):
        # YAML 1.1 reads an exponent only after a point.
        digits, exponent, power = repr(value).partition("e")
        return f"{digits}.0e{power}" if exponent and "." not in digits else f"{digits}{exponent}{power}"
    return quote_scalar(value) if isinstance(value, str) else json.dumps(value, default=str)


def encode_block(key: str, value: object, column: int) -> str:
    """Return an entry of a mapping as YAML; a mapping with text in it has its entries on lines of their own.

    Args:
        key: The key.
        value: The value.
        column: The column of the key, from 0.
    """
    if isinstance(value, str) and _PLAIN_PROSE.fullmatch(value) and value.lower() not in _NOT_PLAIN:
        return f"{quote_scalar(key)}: {value}"
    if not isinstance(value, Mapping) or not any(isinstance(entry, str) for entry in value.values()):
        return f"{quote_scalar(key)}: {encode_flow(value)}"
    lines = (encode_block(str(name), entry, column + 2) for name, entry in value.items())
    return "".join([f"{quote_scalar(key)}:", *(f"\n{' ' * (column + 2)}{line}" for line in lines)])


def describe_line(node: yaml.Node) -> str:
    """Return the line of a node for a message: `line 3`."""
    return f"line {node.start_mark.line + 1}"


def is_flow(node: yaml.Node) -> bool:
    """Return whether a node is a collection in flow style, `[a, b]` or `{a: b}`."""
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def compose_yaml(text: str) -> yaml.Node | None:
    """Return the root of a document; None if it is empty.

    Raises:
        ValueError: The text is not YAML.
    """
    try:
        node: yaml.Node | None = yaml.compose(text, yaml.SafeLoader)
    except RecursionError as error:
        raise ValueError("is not YAML: it is nested too deeply") from error
    except yaml.YAMLError as error:
        raise ValueError(f"is not YAML: {shorten(str(error), _LONGEST_REASON)}") from error
    return node


class YamlDocument:
    """The nodes of a YAML document that is a mapping.

    Attributes:
        text: The text.
        root: The node of the mapping.
    """

    def __init__(self, text: str) -> None:
        """Parse a document.

        Raises:
            ValueError: The document is not YAML, or not a mapping.
        """
        self.text = text
        node = compose_yaml(text)
        if not isinstance(node, yaml.MappingNode):
            raise ValueError("is not a mapping")  # noqa: TRY004 - it is the contents that are wrong
        self.root = node

    def get(self, *path: str) -> yaml.Node:
        """Return the value at a path of keys."""
        node: yaml.Node = self.root
        for key in path:
            node = entries(node)[key][1]
        return node

    def keys(self, *path: str) -> list[str]:
        """Return the keys of the mapping at a path."""
        return list(entries(self.get(*path)))

    def end(self, node: yaml.Node) -> int:
        """Return the end of a node; PyYAML's own includes what follows a block."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        end: int = node.end_mark.index
        return end

    def line_start(self, index: int) -> int:
        """Return the start of the line that an index is in."""
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, node: yaml.Node) -> int:
        """Return the end of the line that a node ends in, without its line break."""
        # The end of a block scalar, and of an empty value, is after the line break.
        end = self.text.find("\n", len(self.text[: self.end(node)].rstrip()))
        return len(self.text) if end < 0 else end

    def copy_with(self, node: yaml.Node, edit: YamlEdit) -> str:
        """Return the text of a node with one edit made in it."""
        return self.text[node.start_mark.index : edit.start] + edit.text + self.text[edit.end : self.end(node)]

    def remove_entry(self, mapping: yaml.Node, key: str) -> YamlEdit:
        """Return the edit that removes an entry of a mapping, with its comma or its lines."""
        index = list(entries(mapping)).index(key)
        ranges = [(key_node.start_mark.index, self.end(value)) for key_node, value in mapping.value]
        return self._remove(mapping, index, ranges)

    def remove_item(self, sequence: yaml.Node, index: int) -> YamlEdit:
        """Return the edit that removes an item of a sequence, with its comma or its lines."""
        ranges = [(item.start_mark.index, self.end(item)) for item in sequence.value]
        return self._remove(sequence, index, ranges)

    def remove_items(self, sequence: yaml.Node, indices: Sequence[int]) -> Iterator[YamlEdit]:
        """Yield the edits that remove several items of a sequence, with their commas or lines.

        Args:
            sequence: The sequence.
            indices: The indices of the items, in ascending order.
        """
        ranges = [(item.start_mark.index, self.end(item)) for item in sequence.value]
        if indices and len(indices) == len(ranges):
            yield YamlEdit(sequence.start_mark.index, self.end(sequence), "[]")
            return
        removed = set(indices)
        # After the last item of a sequence in flow style that stays, the comma before an item goes with it.
        last_kept = max((index for index in range(len(ranges)) if index not in removed), default=-1)
        for index in indices:
            if is_flow(sequence) and index > last_kept:
                yield YamlEdit(ranges[index - 1][1], ranges[index][1], "")
            else:
                yield self._remove(sequence, index, ranges)

    def _remove(self, collection: yaml.Node, index: int, ranges: Sequence[tuple[int, int]]) -> YamlEdit:
        start, end = ranges[index]
        if not is_flow(collection):
            # The end of an empty value may be the line break itself.
            line_end = self.text.find("\n", end) if self.text[end - 1] != "\n" else end - 1
            return YamlEdit(self.line_start(start), len(self.text) if line_end < 0 else line_end + 1, "")
        if index + 1 < len(ranges):
            return YamlEdit(start, ranges[index + 1][0], "")
        return YamlEdit(ranges[index - 1][1] if index else start, end, "")

    def insert_after(self, collection: yaml.Node, item: yaml.Node, texts: Sequence[str]) -> YamlEdit:
        """Return the edit that puts items or entries after another one of the same collection.

        Args:
            collection: The mapping or sequence.
            item: The item, or the value of the entry, to insert after.
            texts: What to insert, each without comma, dash or indentation.
        """
        if is_flow(collection):
            end, separator = self.end(item), ", "
        else:
            first = collection.value[0]
            if isinstance(first, tuple):
                # In a sequence, what is before the first key of a mapping is the dash of the item.
                indentation = " " * first[0].start_mark.column
            else:
                start = first.start_mark.index
                indentation = self.text[self.line_start(start) : start]
            end, separator = self.line_end(item), f"\n{indentation}"
        return YamlEdit(end, end, "".join(separator + text for text in texts))

    def insert_entry(self, mapping: yaml.Node, after: str | None, key: str, value: object) -> YamlEdit:
        """Return the edit that puts an entry into a mapping, in the style of its neighbour.

        Args:
            mapping: The mapping.
            after: The key to put it after; None to put it last.
            key: The new key.
            value: Its value.
        """
        present = entries(mapping)
        if not present:
            start = mapping.start_mark.index + 1
            return YamlEdit(start, start, f"{quote_scalar(key)}: {encode_flow(value)}")
        name, neighbour = present[after if after is not None else next(reversed(present))]
        if is_flow(mapping) or is_flow(neighbour):
            return self.insert_after(mapping, neighbour, [f"{quote_scalar(key)}: {encode_flow(value)}"])
        return self.insert_after(mapping, neighbour, [encode_block(key, value, name.start_mark.column)])
