"""Old names that are left in text written by people: no step rewrites a sentence, so that the lines are listed."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from annotate.inventory import Inventory
from annotate.migration.yaml_edits import YamlDocument, compose_yaml, entries
from annotate.practice import FOLDER as PRACTICE_FOLDER

_GENERATED = re.compile(r"<!-- generated: (?:(?!<!-- generated: ).)*?<!-- /generated -->", re.DOTALL)
_NOTES = re.compile(r'"(?:note|reason)": "((?:[^"\\]|\\.)*)"')


class StaleName(NamedTuple):
    """An old name in a line of a file.

    Attributes:
        file: The file.
        line: The line, from 1.
        name: The old name.
        is_file_name: Whether the file itself has the name.
    """

    file: Path
    line: int
    name: str
    is_file_name: bool = False

    def __str__(self) -> str:
        """Return the name with its place: `guidelines/quay.md:3: still names Quay`."""
        return (
            f"{self.file}:{self.line}: {'the page is called after' if self.is_file_name else 'still names'} {self.name}"
        )


def removed_names(old: Inventory, new: Inventory) -> tuple[list[str], list[str]]:
    """Return the labels that the new inventory lacks, and the attributes, values and relations that it lacks."""

    def other_names(inventory: Inventory) -> set[str]:
        values = (value for attribute in inventory.attributes.values() for value in attribute.values)
        return {*inventory.attributes, *inventory.relations, *values}

    labels = [name for name in old.spans if name not in new.spans]
    return labels, sorted(other_names(old) - other_names(new) - set(new.spans))


def find_stale_names(files: Iterable[tuple[Path, str]], labels: list[str], others: list[str]) -> Iterator[StaleName]:
    """Yield the lines that name an old label as a word, or another old name in `code`.

    Args:
        files: The files with their text. Generated tables are left out; in JSON, and in YAML of `adjudication/`, only
            reasons and notes are looked at; in practice texts, not the text and its quotes.
        labels: The old labels.
        others: The old attributes, values and relations.
    """
    words = [(name, re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")) for name in labels]
    code = [(name, re.compile(rf"`(?:[\w-]+\.)?{re.escape(name)}`")) for name in others]
    for file, text in files:
        stem = re.sub(r"[_-]", "", file.stem).lower() if file.suffix == ".md" else ""
        named_after = [name for name in labels if stem == re.sub(r"[_-]", "", name).lower()]
        yield from (StaleName(file, 1, name, is_file_name=True) for name in named_after)
        for line, prose in _prose_lines(file, text):
            yield from (StaleName(file, line, name) for name, pattern in (*words, *code) if pattern.search(prose))


def _prose_lines(file: Path, text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that people wrote, with their numbers from 1."""
    if file.suffix == ".md":
        text = _GENERATED.sub(lambda match: "\n" * match[0].count("\n"), text)
    if file.suffix == ".yaml" and file.parent.name == "adjudication":
        # `annotate check` reports a file that is not YAML; all of its lines are looked at.
        with contextlib.suppress(ValueError):
            yield from _list_reasons(text)
            return
    if file.suffix == ".yaml" and file.parent.name == PRACTICE_FOLDER:
        text = _blank_quotes(text)
    for number, line in enumerate(text.splitlines(), 1):
        yield number, " ".join(_NOTES.findall(line)) if file.suffix == ".json" else line


def _list_reasons(text: str) -> list[tuple[int, str]]:
    """Return every `reason` in a document, with its line; a part that aliases repeat is looked at once.

    Raises:
        ValueError: The text is not YAML.
    """
    nodes, seen = [compose_yaml(text)], set[yaml.Node | None]()
    reasons = list[tuple[int, str]]()
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == "reason" and isinstance(value, yaml.ScalarNode):
                    reasons.append((value.start_mark.line + 1, value.value))
            nodes += (value for _, value in node.value)
    return sorted(reasons)


def _blank_quotes(text: str) -> str:
    """Return a practice text without its text and quotes, in which a word is not the name of a label; lines stay."""
    fields = entries(YamlDocument(text).root)
    nodes = [fields["text"][1], *(entries(span)["quote"][1] for span in fields["spans"][1].value)]
    parts, position = list[str](), 0
    for start, end in sorted({(node.start_mark.index, node.end_mark.index) for node in nodes}):
        parts += text[position:start], "\n" * text.count("\n", start, end)
        position = end
    return "".join([*parts, text[position:]])
