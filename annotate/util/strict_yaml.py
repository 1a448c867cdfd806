"""Strict YAML: dates stay strings, only true and false are booleans, numbers are finite, and no key occurs twice.

Time and memory grow with the length of the document, also where aliases repeat a value: a document that would be many
times as long with its aliases written out is refused before any value is made.
"""

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from annotate.util.escape import quote, shorten

_LONGEST_NUMBER = 100
"""Characters of a number. YAML 1.1 has numbers to the base 60, which take quadratic time, and hexadecimal ones."""
_LARGEST_EXPANSION, _FREE_EXPANSION = 10, 100_000
"""How many times as long a document may be with its aliases written out, and the characters that are always allowed."""
_LONGEST_PROBLEM = 200
_LONGEST_KEY = 100
_KEY = re.compile(r"[\s-]*+(?P<name>[^\s:'\"#][^:#]*+):\s")
"""The start of a line with a key."""


class YamlError(ValueError):
    """A document is not strict YAML.

    Attributes:
        hint: What to do about it; empty if that depends on the file.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        """Set the message, which names the line, and the hint."""
        super().__init__(message)
        self.hint = hint


class DuplicateKey(yaml.MarkedYAMLError):
    """A mapping has one key twice. A lenient loader would silently keep the last."""


class _Loader(yaml.SafeLoader):
    length = 0
    """Characters of the document."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if node.tag in _NUMBER_TAGS and isinstance(node.value, str) and len(node.value) > _LONGEST_NUMBER:
            problem = f"{quote(node.value)} is longer than {_LONGEST_NUMBER} characters; put it in quotes if it is text"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError) as error:
            problem = f"{quote(node.value)} is not a valid {quote(node.tag.rpartition(':')[2])[1:-1]}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _require_proportion(node, self.length)
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        value.encode("utf-8")  # a lone surrogate could not be written to any file
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                problem = "a key is a list or a mapping; write a word"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            if key in keys:
                raise DuplicateKey(problem=f"the key {quote(key)} appears twice", problem_mark=key_node.start_mark)
            keys.add(key)
        return super().construct_mapping(node, deep)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        number = super().construct_yaml_float(node)
        if not math.isfinite(number):
            problem = f"{shorten(node.value)} is not a finite number"
            raise yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)
        return number


def _require_proportion(root: yaml.Node, length: int) -> None:
    """Raise an error if the document is out of proportion with its aliases written out, or refers to itself.

    Args:
        root: The document.
        length: Its characters.
    """
    most = max(_FREE_EXPANSION, _LARGEST_EXPANSION * length)
    sizes: dict[yaml.Node, int] = {}
    open_nodes = set[yaml.Node]()
    nodes = [root]
    while nodes:
        node = nodes[-1]
        if node in sizes:
            nodes.pop()
            continue
        below = [] if isinstance(node, yaml.ScalarNode) else node.value
        children = [child for pair in below for child in pair] if isinstance(node, yaml.MappingNode) else below
        if node not in open_nodes:
            open_nodes.add(node)
            nodes += (child for child in children if child not in sizes)
            if not open_nodes.isdisjoint(children):
                problem = "a list or mapping contains itself through an alias; write it out"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
            continue
        nodes.pop()
        open_nodes.remove(node)
        sizes[node] = 1 + (sum(sizes[child] for child in children) if children else len(node.value))
        if sizes[node] > most:
            problem = f"its aliases stand for more than {_LARGEST_EXPANSION} times its length; use fewer"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


_NUMBER_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float")}
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map")}
_Loader.yaml_constructors = {
    tag: constructor for tag, constructor in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag in _TAGS
}
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp" and not (tag == "tag:yaml.org,2002:bool" and first not in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(data: bytes) -> Any:
    """Parse a YAML document.

    Args:
        data: The document, in UTF-8.

    Returns:
        A value that JSON can hold.

    Raises:
        YamlError: The data is not YAML or not UTF-8, has a key twice or one that is a list, holds a value that JSON
            does not have, such as .nan, or repeats a value by aliases too often. The message names the line.
    """
    try:
        text = data.decode("utf-8")
        loader = _Loader(text)
        loader.length = len(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise YamlError(f"is not UTF-8 (byte {error.start})") from error
    except yaml.MarkedYAMLError as error:
        raise _explain(error, text) from error
    except RecursionError as error:
        raise YamlError("is not YAML: it is nested too deeply") from error
    except yaml.YAMLError as error:
        raise YamlError(f"is not YAML: {shorten(str(error), _LONGEST_PROBLEM)}") from error


def _explain(error: yaml.MarkedYAMLError, text: str) -> YamlError:
    """Return the error in words that tell someone who wrote text without quotes to put it in quotes."""
    problem, mark = shorten(str(error.problem), _LONGEST_PROBLEM), error.problem_mark
    if mark is None:
        return YamlError(problem)
    line, hint = text.splitlines()[mark.line : mark.line + 1], ""
    key = _KEY.match(line[0][: min(mark.column, _LONGEST_KEY)]) if line else None
    if error.problem == "mapping values are not allowed here":
        if key:
            problem = "text with a colon is not in quotes"
            hint = f"put the text after `{shorten(key['name'])}:` in quotes"
        else:
            problem = "a key is not allowed here"
            hint = "align it with the keys above; if it is text with a colon, put the whole text in quotes"
    elif error.problem and error.problem.startswith("found character"):
        if "'\\t'" in error.problem:
            hint = "use spaces in place of the tab"
        else:
            hint = "put text that begins with this character in quotes"
    elif isinstance(error, yaml.composer.ComposerError) and str(error.problem).startswith("found undefined alias"):
        problem, hint = "text that begins with * is not in quotes", "put the text in quotes"
    elif error.problem and error.problem.startswith("expected <block end>, but found '<scalar>'"):
        problem, hint = "text goes on after a closing quotation mark", "put the whole text in quotes"
    return YamlError(f"line {mark.line + 1}: {problem}", hint)
