"""The examples in the comments of the files that `annotate init` writes, to be replaced by words of one's own."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import yaml

_EXAMPLE_LINE = re.compile(r"# ?((?: *(?:- )?[a-z][a-z_-]*:(?: .*)?)|  .*)")
"""A line of a commented-out example: a key, or what is indented below it. Other comments explain."""


@cache
def template_examples(path: str) -> frozenset[str]:
    """Return the texts of the examples in the comments of a file that `annotate init` writes.

    A value of one word, such as a licence, is left out: it may well be the author's.

    Args:
        path: The file, relative to the new corpus, such as `CITATION.cff`.
    """
    file = resources.files("annotate").joinpath("corpus_templates", "common", *path.split("/"))
    lines = (_EXAMPLE_LINE.fullmatch(line) for line in file.read_text(encoding="utf-8").splitlines())
    examples = yaml.safe_load("\n".join(line[1] for line in lines if line))
    return frozenset(text for _, text in list_texts(examples) if " " in text)


def list_texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a value of YAML with their keys, as `authors.1.name`; line ends in them count as spaces."""
    if isinstance(value, str):
        yield name, " ".join(value.split())
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from list_texts(child, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, child in enumerate(value, 1):
            yield from list_texts(child, f"{name}.{number}")
