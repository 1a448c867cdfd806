"""S: the shape of a file. A file is UTF-8, can be parsed, matches its JSON Schema and is in canonical form."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.checks import metadata, vocabulary
from annotate.checks.vocabulary import problems
from annotate.errors import describe_os_error
from annotate.findings import Finding, Fix, Problem, Rule, rule
from annotate.schemas import UNDEFINED, Fault, explain
from annotate.schemas.lines import line_finder, repeated_keys
from annotate.util.escape import quote
from annotate.util.files import read_raw_if_present
from annotate.util.strict_yaml import parse_yaml

BOM = b"\xef\xbb\xbf"


class ParsedFile(NamedTuple):
    """The value of a file, or None where `findings` say why it cannot be used."""

    value: Any
    findings: list[Finding]


@rule("S101", advice="This annotation has characters that cannot be stored. Tell the lead of your project.")
def encoding(data: bytes) -> Iterator[Problem]:
    """A file of the corpus is UTF-8 without a byte order mark.

    Why: programs treat other encodings differently; some refuse the file, some shift every offset by one.
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


@rule("S102", advice="This annotation cannot be stored. Tell the lead of your project.")
def syntax(error: ValueError, data: bytes) -> Iterator[Problem]:
    """A JSON or YAML file can be parsed.

    Why: a file without a value cannot be checked any further.
    Fails: `{"id": "a",}`.
    Passes: `{"id": "a"}`.
    """
    # A YAML parser gives the line, which may be the one after the end; a JSON parser gives the byte.
    message, prefix = str(error), re.match(r"line (\d+): ", str(error))
    line = min(int(prefix[1]), len(data.splitlines()) or 1) if prefix else _line_of_json_error(message, data)
    message = message[prefix.end() :] if prefix else message
    hint = getattr(error, "hint", "") or "fix the syntax, or take the file from an earlier version"
    yield Problem(f"{message}; {hint}", line=line)


@rule("S103")
def duplicate_key(data: bytes) -> Iterator[Problem]:
    """No object in a JSON file has a key twice.

    Why: every parser silently keeps the last value; which one was meant is lost.
    Fails: `{"start": 3, "start": 5}`.
    Passes: `{"start": 5}`.
    """
    for key, line in dict(repeated_keys(data)).items():
        yield Problem(f"has the key {quote(key)} twice in one object; keep the one that is meant", line=line)


@rule("S104", advice="This annotation has something that cannot be stored. Tell the lead of your project.")
def off_schema(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """A file has the fields and types that its JSON Schema asks for, and no others.

    Why: a field that is missing, misspelt or of another type would be misread or ignored.
    Fails: an annotation without `spans`; `"start": "12"`; `"start": 12.0`, which JSON Schema alone accepts.
    Passes: `"start": 12`.
    Guideline: the files in schema/ whose names end in .schema.json
    """
    yield from problems(faults, value)


@rule("S105", advice="This label cannot be stored under its number. Delete it, and label the words again.")
def unsafe_id(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """An id, and a file name in the metadata, is a plain name and cannot be a path.

    Why: ids become file names. `../`, an absolute path or a NUL would read or write outside the corpus.
    Fails: `"id": "../secrets"`, `"file": "/etc/passwd"`.
    Passes: `"id": "raqqa-2017"`: lower-case letters, digits, hyphens and underscores, at most 100 of them.
    """
    yield from problems(faults, value)


@rule("S106")
def file_name(value: Any, key: str, expected: str) -> Iterator[Problem]:
    """A file is named after the id in it.

    Why: an article, an annotation or a source file is found by its name; a copy under another name would be read as
    that other one.
    Fails: `articles/a.json` with `"id": "b"`.
    Passes: `articles/b.json` with `"id": "b"`.
    """
    if value[key] != expected:
        yield Problem(
            f"{key} is {quote(value[key])}, but the file's name says {quote(expected)}; rename one of the two"
        )


@rule("S107", "warning", waivable=True)
def not_canonical(data: bytes, canonical: bytes) -> Iterator[Problem]:
    """A file is in canonical form: the order of keys, spans by offset, one span, relation or id a line, LF at the end.

    Why: the difference between two versions then shows what changed, and nothing else.
    Fails: the same JSON, indented by an editor; a split with CR LF, a blank line or two ids in a line.
    Passes: what `annotate check --fix` writes.
    """
    if data != canonical:
        lines = enumerate(zip(data.split(b"\n"), canonical.split(b"\n"), strict=False), 1)
        line = next((number for number, (actual, expected) in lines if actual != expected), None)
        yield Problem("is not in canonical form; `annotate check --fix` rewrites it", line=line, fix=Fix())


@rule("S108")
def unreadable_file(reason: str) -> Iterator[Problem]:
    """Every path of corpus, schema and guidelines is a readable regular file or a folder, and annotators.yaml exists.

    Why: a file that cannot be read cannot be checked; without this finding it would count as missing, or as correct.
    A link could lead to any file of this computer, whose words would be shown and published; so none is followed.
    Fails: a folder called links.json; a symbolic link, wherever it leads; a pipe; a text without read permission.
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


def read_file(root: str | Path, file: str, article_id: str | None) -> tuple[bytes | None, list[Finding]]:
    """Read a file of the corpus at `root`.

    Returns:
        Its bytes, or None where there is no file or it cannot be read; and the finding that it cannot be read.
    """
    try:
        return read_raw_if_present(f"{root}/{file}", within=root), []
    except OSError as error:
        return None, list(unreadable_file(file, article_id, describe_os_error(error)))


def parse_file(file: str, article_id: str | None, data: bytes, schema: str) -> ParsedFile:
    """Parse a file and validate it.

    Faults in the vocabulary of the inventory (an unknown label, a missing attribute) have the codes that the schema
    gives them; a file with such faults alone still has a value.

    Args:
        file: The path of the file, relative to the corpus.
        article_id: The article that findings name.
        data: The bytes of the file.
        schema: The JSON text of its schema.
    """
    encoding_findings = list(encoding(file, article_id, data))
    if encoding_findings:
        return ParsedFile(None, encoding_findings)
    try:
        value = parse_yaml(data) if file.endswith(".yaml") else _parse_json(data)
    except ValueError as error:
        return ParsedFile(None, list(syntax(file, article_id, error, data)))
    faults = list_faults(value, schema)
    if not faults:
        return ParsedFile(value, [])
    find_line = line_finder(file, data)
    faults = [fault._replace(line=find_line(fault.path)) for fault in faults]
    findings = [
        *off_schema(file, article_id, [fault for fault in faults if fault.rule is None], value),
        *unsafe_id(file, article_id, [fault for fault in faults if fault.rule == unsafe_id.code], value),
    ]
    rules = {rule.code: rule for rule in (*vocabulary.RULES, *metadata.RULES)}
    in_vocabulary = [
        finding
        for fault in faults
        if fault.rule in rules
        for finding in rules[fault.rule](file, article_id, [fault], value)
    ]
    return ParsedFile(None if findings else value, findings + in_vocabulary)


def list_faults(value: Any, schema: str) -> list[Fault]:
    """Return where a value does not match its schema, each mistake once.

    A field that is missing next to one that the schema does not define is most often the same field, misspelt.

    Args:
        value: The value.
        schema: The JSON text of the schema.
    """
    faults = list(explain(value, schema))
    misspelt = {(fault.rule, fault.location) for fault in faults if fault.keyword == UNDEFINED}
    return [fault for fault in faults if fault.missing is None or (fault.rule, fault.location) not in misspelt]


def _parse_json(data: bytes) -> Any:
    """Return the value of a JSON document; raise ValueError with a message of one line."""
    try:
        return msgspec.json.decode(data)
    except RecursionError as error:
        raise ValueError("is nested too deeply to be a file of a corpus") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"is no JSON: {str(error).removeprefix('JSON is malformed: ')}") from error


def _line_of_json_error(message: str, data: bytes) -> int | None:
    """Return the line of a syntax error from the parser's message, or else from a second parser."""
    if byte := re.search(r"\(byte (\d+)\)\Z", message):
        return data.count(b"\n", 0, int(byte[1])) + 1
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        pass
    return None
