"""JSON Schema: the shapes of the toolkit's own files, and why a value does not match one.

`jsonschema-rs` decides and gives the errors; `messages` puts them into words. The tests hold its verdict to that of
`jsonschema`, the reference implementation, which takes 200 times as long to find two errors among the 89 spans of an
annotation (26 ms against 0.13 ms).
A schema may name the rule that a keyword stands for: `"x-rules": {"enum": "P203"}`.
It may name the version that added a required field: `"x-since": {"kind": "0.2.0"}`.
"""

import json
import pathlib
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.schemas.messages import explain_error, missing_field, read_error, replace_long_enums, undefined_fields
from annotate.util.escape import quote, shorten
from annotate.util.typed_values import convert_as

T = TypeVar("T")

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PACKAGE_SCHEMAS = (
    "inventory",
    "article",
    "annotators",
    "source",
    "coverage",
    "links",
    "statement",
    "migration",
    "import-map",
    "release",
    "waivers",
    "adjudication",
    "practice",
)

UNDEFINED = "additionalProperties"
"""The keyword that a field does not satisfy which the schema does not define."""
LONGEST_MESSAGE = 240
_LONGEST_KEY = 100
"""Characters of a key that a location shows."""

Schema = dict[str, Any]
Path = tuple[str | int, ...]
"""The keys and indices that lead to a value."""
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


class Fault(NamedTuple):
    """A location where a value does not match its schema.

    Attributes:
        location: The location in words.
        message: What is wrong.
        hint: What to do.
        rule: The code that the schema gives for the keyword, if it gives one.
        path: The path to the value.
        line: The line in the file, from 1 on, if known.
        missing: The name of a required field that is missing.
        keyword: The keyword of JSON Schema that the value does not satisfy; empty where its keys cannot be JSON.
        since: For a field that is missing, the version that the schema says has added it (`x-since`).
    """

    location: str
    message: str
    hint: str
    rule: str | None
    path: Path
    line: int | None = None
    since: str | None = None
    missing: str | None = None
    keyword: str = ""


@lru_cache
def package_schema(name: str) -> str:
    """Return the JSON text of a schema of the package: one of `PACKAGE_SCHEMAS`, or `citation`, which corpora lack."""
    return resources.files(__name__).joinpath(f"{name}.schema.json").read_text("utf-8")


@lru_cache(maxsize=32)
def compile_schema(schema: str) -> tuple[Any, Schema]:
    """Return the compiled validator of a schema, and the schema as a value, for `read_error`."""
    import jsonschema_rs

    value: Schema = json.loads(schema)
    return jsonschema_rs.Draft202012Validator(replace_long_enums(value)), value


def explain(value: Any, schema: str) -> Iterator[Fault]:
    """Explain where a parsed value does not match a schema.

    Args:
        value: What was parsed from JSON or YAML.
        schema: The JSON text of the schema, which has no `$ref`.

    Yields:
        Each fault, in the order of the paths to them.
    """
    validator, schema_value = compile_schema(schema)
    try:
        if validator.is_valid(value):
            return
        errors = [read_error(error, value, schema_value) for error in validator.iter_errors(value)]
    except ValueError:  # a key that JSON cannot have, which the validator rejects
        for path in _irregular_keys(value, (), set()):
            *parent, key = path
            location = _format_location(tuple(parent))
            yield Fault(location, f"the key {quote(key)} is not text", "write it in quotes", None, tuple(parent))
        return
    for error in sorted(errors, key=lambda error: [str(part) for part in error.path]):
        rule = error.schema.get("x-rules", {}).get(error.keyword)
        message, hint = (shorten(part, LONGEST_MESSAGE) for part in explain_error(error))
        path = (*error.path, undefined_fields(error)[0]) if error.keyword == UNDEFINED else error.path
        missing = missing_field(error) if error.keyword == "required" else None
        since = error.schema.get("x-since", {}).get(missing) if missing is not None else None
        location, keyword = _format_location(error.path), error.keyword
        yield Fault(location, message, hint, rule, path, since=since, missing=missing, keyword=keyword)


def explain_conversion_error(error: msgspec.ValidationError) -> Fault:
    """Explain why a value cannot be converted that matches its schema, such as `1.0` for an integer.

    Args:
        error: The error of the conversion. For an attribute it gives only the location of the attributes.
    """
    message, _, where = str(error).partition(" - at `$")
    path = tuple(int(number) if number else name for name, number in _STEP.findall(where.partition("[...]")[0]))
    problem = shorten(message.replace("`", "").replace("Expected", "expected"), LONGEST_MESSAGE)
    return Fault(_format_location(path), problem, "write whole numbers without a point, words in quotes", None, path)


def require_valid(path: str | pathlib.Path, value: Any, schema: str) -> None:
    """Require that the parsed value of a file matches one of the package's schemas.

    Args:
        path: The file that the value was read from.
        value: The parsed JSON or YAML.
        schema: The schema's name in `PACKAGE_SCHEMAS`.

    Raises:
        CannotRun: For the first fault, with its location in the value; all fields that are missing there are one fault.
    """
    faults = list(explain(value, package_schema(schema)))
    for fault in faults:
        missing = [other.missing for other in faults if other.path == fault.path and other.missing is not None]
        if fault.missing is not None and len(missing) > 1:
            *names, last = map(quote, missing)
            raise CannotRun(path, f"{fault.location}: {', '.join(names)} and {last} are missing", "add them")
        raise CannotRun(path, f"{fault.location}: {fault.message}", fault.hint)


def convert_value(path: str | pathlib.Path, value: Any, type_: type[T], hint: str = "", *, strict: bool = True) -> T:
    """Convert the parsed value of a file to a type of the model.

    Args:
        path: The file that the value was read from.
        value: The parsed JSON or YAML.
        type_: The type to convert to.
        hint: What to do about a value that does not fit; by default what fits the error.
        strict: Whether text is refused where the type has a number.

    Raises:
        CannotRun: With the location of a value that does not fit the type.
    """
    try:
        return convert_as(value, type_, strict=strict)
    except msgspec.ValidationError as error:
        fault = explain_conversion_error(error)
        raise CannotRun(path, f"{fault.location}: {fault.message}", hint or fault.hint) from error


def _irregular_keys(value: Any, path: tuple[Any, ...], seen: set[int]) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of keys that are not strings. A value that YAML aliases repeat is searched once."""
    if not isinstance(value, dict | list) or id(value) in seen:
        return
    seen.add(id(value))
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict) and not isinstance(key, str):
            yield (*path, key)
        yield from _irregular_keys(entry, (*path, key), seen)


def _format_location(path: Path) -> str:
    names = (f"[{part}]" if isinstance(part, int) else f".{shorten(str(part), _LONGEST_KEY)}" for part in path)
    location = "".join(names)
    return location.removeprefix(".") or "the whole file"
