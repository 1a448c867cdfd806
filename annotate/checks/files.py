"""S: the shape of a file, before anything in it is believed. JSON Schema says what can be said there.

On which line of a file a value stands: of what was parsed, only the place in the text is looked for.
"""

import json
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from annotate.checks import vocabulary
from annotate.checks.vocabulary import problems
from annotate.errors import describe_os_error
from annotate.findings import Finding, Fix, Problem, Rule, rule
from annotate.schemas import Fault, explain
from annotate.schemas import Path as Path_of_lines
from annotate.util.files import parse_yaml, read_raw_if_present

Finder = Callable[[Path_of_lines], int | None]

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

    def line(path: Path_of_lines) -> int | None:
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

    def line(path: Path_of_lines) -> int:
        node = root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == str(step)), node)
            elif isinstance(node, yaml.SequenceNode):
                node = node.value[int(step)]
        return node.start_mark.line + 1 if node else 1

    return line


BOM = b"\xef\xbb\xbf"


class Document(NamedTuple):
    """A file's value as parsed, or None where `findings` bar it from being read."""

    value: Any
    findings: list[Finding]


@rule("S101")
def encoding(data: bytes) -> Iterator[Problem]:
    """A file of the corpus is UTF-8 without a byte order mark.

    Why: readers differ in what they make of anything else; some refuse it, some shift every offset by one.
    Fails: a file that starts with the bytes EF BB BF, or that an editor saved as Windows-1252.
    Passes: the same file saved as UTF-8.
    """
    if data.startswith(BOM):
        yield Problem("starts with a byte order mark; save it as UTF-8 without one")
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield Problem(
            f"is not UTF-8 at byte {error.start}; save it as UTF-8", line=data[: error.start].count(b"\n") + 1
        )


@rule("S102")
def syntax(error: ValueError, data: bytes) -> Iterator[Problem]:
    """A JSON or YAML file can be parsed.

    Why: nothing can be said of a file that has no value.
    Fails: `{"id": "a",}`.
    Passes: `{"id": "a"}`.
    """
    # A parser of YAML says its line, which may be the one behind the end; one of JSON says its byte.
    message, place = str(error), re.match(r"line (\d+): ", str(error))
    line = min(int(place[1]), len(data.splitlines()) or 1) if place else _broken_at(message, data)
    message = message[place.end() :] if place else message
    yield Problem(f"{message}; fix the syntax, or take the file from an earlier version", line=line)


@rule("S103")
def duplicate_key(data: bytes) -> Iterator[Problem]:
    """No object in a JSON file has one key twice.

    Why: every parser keeps the last value, silently; which one was meant is lost.
    Fails: `{"start": 3, "start": 5}`.
    Passes: `{"start": 5}`.
    """
    keys = keys_twice(data)
    where = dict(keys_again(data)) if keys else {}
    for key in keys:
        yield Problem(f"has the key {key!r} twice in one object; keep the one that is meant", line=where.get(key))


@rule("S104")
def off_schema(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """A file has the fields and types that its JSON Schema asks for, and nothing more.

    Why: a field that is missing, misspelt or of another type would be read as something else, or not at all.
    Fails: an annotation without `spans`; `"start": "12"`; `"start": 12.0`, which JSON Schema alone would let pass.
    Passes: `"start": 12`.
    Guideline: the files in schema/ whose names end in .schema.json
    """
    yield from problems(faults, value)


@rule("S105")
def unsafe_id(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """An id, and a file's name in the metadata, is a plain name that can be no path.

    Why: ids become file names. `../`, an absolute path or a NUL would read or write outside the corpus.
    Fails: `"id": "../secrets"`, `"file": "/etc/passwd"`.
    Passes: `"id": "raqqa-2017"`: lower-case letters, digits, hyphens and underscores, 100 at most.
    """
    yield from problems(faults, value)


@rule("S106")
def file_name(value: Any, key: str, expected: str) -> Iterator[Problem]:
    """A file is named after the id in it.

    Why: an article, an annotation or a source file is found by its name; a copy under another name is read as it.
    Fails: `articles/a.json` with `"id": "b"`.
    Passes: `articles/b.json` with `"id": "b"`.
    """
    if value[key] != expected:
        yield Problem(f"{key} is {value[key]!r}, but the file's name says {expected!r}; rename one of the two")


@rule("S107", "warning")
def not_canonical(data: bytes, canonical: bytes) -> Iterator[Problem]:
    """A file is in canonical form: key order, one span or relation a line, spans by place, LF at the end.

    Why: so that the difference between two versions shows what changed, and nothing else.
    Fails: the same JSON, indented by an editor.
    Passes: what `annotate check --fix` writes.
    """
    if data != canonical:
        line = next(
            (
                number
                for number, (a, b) in enumerate(zip(data.split(b"\n"), canonical.split(b"\n"), strict=False), 1)
                if a != b
            ),
            None,
        )
        yield Problem("is not in canonical form; `annotate check --fix` rewrites it", line=line, fix=Fix())


@rule("S108")
def unreadable_file(reason: str) -> Iterator[Problem]:
    """What stands where a corpus has a file is one, and can be read; annotators.yaml is always there.

    Why: what cannot be read is not checked either; unsaid, it would pass for what is not there, or for what is right.
    Fails: a folder called links.json; a link to a file that is gone; a text that its reader has no right to.
    Passes: a file that can be read; no links.json at all.
    """
    yield Problem(f"{reason}; put a file in its place that can be read")


RULES: tuple[Rule, ...] = (
    encoding,
    syntax,
    duplicate_key,
    off_schema,
    unsafe_id,
    file_name,
    not_canonical,
    unreadable_file,
)


def contents(root: str | Path, file: str, article: str | None) -> tuple[bytes | None, list[Finding]]:
    """The bytes of a file of the corpus at `root`, None where there is nothing, or nothing that can be read.

    The findings say that it cannot be read.
    """
    try:
        return read_raw_if_present(f"{root}/{file}"), []
    except OSError as error:
        return None, list(unreadable_file(file, article, describe_os_error(error)))


def keys_twice(data: bytes) -> list[str]:
    """The keys that stand twice in an object of a JSON document, each once."""
    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                twice.append(key)
            seen.add(key)

    json.loads(data, object_pairs_hook=note)
    return list(dict.fromkeys(twice))


def _broken_at(message: str, data: bytes) -> int | None:
    """The line on which a document is no JSON, if the message on it or a second parser says where."""
    if byte := re.search(r"\(byte (\d+)\)$", message):
        return data.count(b"\n", 0, int(byte[1])) + 1
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        pass
    return None


def parse_json(data: bytes) -> Any:
    """The value of a JSON document; raises ValueError with one line."""
    try:
        return msgspec.json.decode(data)
    except RecursionError as error:
        raise ValueError("is nested too deeply to be a file of a corpus") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"is no JSON: {str(error).removeprefix('JSON is malformed: ')}") from error


def document(file: str, article: str | None, data: bytes, schema_text: str) -> Document:
    """Parse a file and hold it against its schema.

    Faults of the inventory's vocabulary (an unknown label, a missing attribute) are found here too, under the codes
    that the schema gives them; they do not bar the file from being read.
    """
    broken = list(encoding(file, article, data))
    if broken:
        return Document(None, broken)
    try:
        value = parse_yaml(data) if file.endswith(".yaml") else parse_json(data)
    except ValueError as error:
        return Document(None, list(syntax(file, article, error, data)))
    faults = list(explain(value, schema_text))
    if not faults:
        return Document(value, [])
    line_of = finder(file, data)
    faults = [fault._replace(line=line_of(fault.path)) for fault in faults]
    findings = [
        *off_schema(file, article, [fault for fault in faults if fault.rule is None], value),
        *unsafe_id(file, article, [fault for fault in faults if fault.rule == unsafe_id.code], value),
    ]
    by_code = {rule.code: rule for rule in vocabulary.RULES}
    words = [
        found
        for fault in faults
        if fault.rule in by_code
        for found in by_code[fault.rule](file, article, [fault], value)
    ]
    return Document(None if findings else value, findings + words)
