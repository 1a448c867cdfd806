"""Where prose still names what a migration took away: shown, and left to people, since no step rewrites a sentence."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from annotate.inventory import Inventory

_GENERATED = re.compile(r"<!-- generated: .*?<!-- /generated -->", re.DOTALL)
_NOTES = re.compile(r'"(?:note|reason)": "((?:[^"\\]|\\.)*)"')


class Mention(NamedTuple):
    """A line, counted from 1, and the old name in it; `page`: the file itself is called so."""

    file: Path
    line: int
    name: str
    page: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'the page is called after' if self.page else 'still names'} {self.name}"


def gone(before: Inventory, after: Inventory) -> tuple[list[str], list[str]]:
    """Labels that the new inventory does not have; and attributes, values and relations."""

    def others(one: Inventory) -> set[str]:
        values = (value for attribute in one.attributes.values() for value in attribute.values)
        return {*one.attributes, *one.relations, *values}

    labels = [name for name in before.spans if name not in after.spans]
    return labels, sorted(others(before) - others(after) - set(after.spans))


def mentions(files: Mapping[Path, str], labels: list[str], others: list[str]) -> Iterator[Mention]:
    """The lines of files that name a label as a word, or another old name in `code`; generated tables are left out.

    Of YAML in `adjudication/` and of JSON, only reasons and notes are prose.
    """
    bounded = [(name, re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")) for name in labels]
    quoted = [(name, re.compile(rf"`(?:[\w-]+\.)?{re.escape(name)}`")) for name in others]
    for file, text in files.items():
        named = [name for name in labels if file.suffix == ".md" and file.stem.lower() == name.lower()]
        yield from (Mention(file, 1, name, page=True) for name in named)
        for line, words in _prose(file, text):
            yield from (Mention(file, line, name) for name, pattern in (*bounded, *quoted) if pattern.search(words))


def _prose(file: Path, text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that people wrote, with their numbers."""
    if file.suffix == ".md":
        text = _GENERATED.sub(lambda found: "\n" * found[0].count("\n"), text)
    if file.suffix == ".yaml" and file.parent.name == "adjudication":
        yield from _reasons(yaml.compose(text, yaml.SafeLoader))
        return
    for number, line in enumerate(text.splitlines(), 1):
        yield number, " ".join(_NOTES.findall(line)) if file.suffix == ".json" else line


def _reasons(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Every `reason` below a node."""
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _reasons(one)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "reason" and isinstance(value, yaml.ScalarNode):
                yield value.start_mark.line + 1, value.value
            else:
                yield from _reasons(value)
