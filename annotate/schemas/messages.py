"""The errors of a JSON Schema validator in plain words: what is wrong with a value, and what to do."""

import json
from collections.abc import Callable, Iterable
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

from annotate.schemas.patterns import END, FILE_NAME, NAMES_WITH_SLASH, PROSE, SINGLE_LINE, TRIMMED_LINE
from annotate.util.escape import quote

Said = tuple[str, str]
"""What is wrong, and what to do."""


class Error(NamedTuple):
    """One error of a validator.

    `keyword` is the keyword of `schema` that `instance`, the value at `path`, does not satisfy; `asked` is the
    keyword's value and `message` the validator's own.
    """

    keyword: str
    asked: Any
    instance: Any
    schema: dict[str, Any]
    path: tuple[str | int, ...]
    message: str


def error_of(error: Any, value: Any, schema: dict[str, Any]) -> Error:
    """Return an error of `jsonschema_rs` on `value`, which was validated against `schema`."""
    *within, keyword = error.schema_path
    path = tuple(error.instance_path)
    # For an error on the name of a property, it gives the object.
    kind = error.kind
    instance = kind.error.instance if kind.name == "propertyNames" else reduce(getitem, path, value)
    subschema = reduce(getitem, within, schema)
    return Error(keyword, subschema[keyword], instance, subschema, path, error.message)


FORMS = {
    f"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?{END}": "lower-case letters, digits, hyphens and underscores, as in market-2",
    f"^[A-Za-z0-9_~-]+{END}": "letters, digits, hyphens and underscores, as in s1",
    f"^[A-Za-z][A-Za-z0-9_-]*{END}": "letters, digits, hyphens and underscores, a letter first",
    f"^[a-z][a-z0-9_]*{END}": "lower-case letters, digits and underscores, a letter first",
    rf"^[0-9]+\.[0-9]+\.[0-9]+{END}": "a version, as in 1.0.0",
    f"^[0-9a-f]{{64}}{END}": "a SHA-256, 64 of the characters 0 to 9 and a to f",
    f"^[0-9]{{4}}(-[0-9]{{2}}(-[0-9]{{2}})?)?{END}": "a year, a month or a day, as in 2017, 2017-06 or 2017-06-30",
    f"^[a-z]{{2,3}}{END}": "the code of a language, as in en",
    f"^[a-z]{{2,3}}(-[A-Za-z0-9]+)*{END}": "the code of a language, as in en or pt-BR",
    rf"^[A-Za-z0-9_/-]+\.md{END}": "the path of a Markdown file, as in labels/load.md",
    f"^#[0-9a-fA-F]{{6}}{END}": "a colour, as in #336699",
    f"^[0-9a-z]{END}": "one digit or lower-case letter",
    FILE_NAME: "the name of a file, without a folder",
    SINGLE_LINE: "one line without control characters (in YAML, >- folds it)",
    PROSE: "text without control characters",
    TRIMMED_LINE: "one line with no white space at its ends",
    NAMES_WITH_SLASH: "two or three names with a slash between them",
}
"""Each pattern of the schemas, in words."""

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}

_MACHINE = 1 << 62
"""Larger bounds are those of 64-bit integers, and are not shown."""


def said(error: Error) -> Said:
    """Return the message and the hint of an error. An unknown keyword has the message of the validator."""
    words = _WORDS.get(error.keyword)
    return words(error) if words else (error.message, "fix it after its JSON Schema")


def extra(error: Error) -> list[str]:
    """Return the fields of an object that its schema does not define."""
    defined = error.schema.get("properties", {})
    return [name for name in error.instance if name not in defined]


def missing(error: Error) -> str:
    """Return the required field that is missing. The validator gives an error for each."""
    return str(next(name for name in error.asked if error.message.startswith(json.dumps(name, ensure_ascii=False))))


def wanted(schema: dict[str, Any]) -> str:
    """Describe what a schema accepts."""
    if "enum" in schema:
        return f"one of: {_listed(schema['enum'])}"
    if "const" in schema:
        return _plain(schema["const"])
    types = schema.get("type", "string" if "pattern" in schema else [])
    parts = [_wanted_of(schema, type_) for type_ in ([types] if isinstance(types, str) else types)]
    return " or ".join(parts) or "what its JSON Schema asks for"


def _wanted_of(schema: dict[str, Any], type_: str) -> str:
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "at least"), ("maximum", "at most"))
        if key in schema and schema[key] < _MACHINE  # a bound of 64-bit integers helps no reader
    ]
    if type_ in ("integer", "number") and bounds:
        return f"{_TYPES[type_]} of {' and '.join(bounds)}"
    if type_ == "string" and "pattern" in schema:
        return FORMS.get(schema["pattern"], f"what matches {schema['pattern']}")
    if type_ == "object" and schema.get("required"):
        return f"an object with: {_listed(schema['required'])}"
    return _TYPES[type_]


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(_plain, values))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, (bool, int, float)) else quote(value)


def _type(error: Error) -> Said:
    value, shown = error.instance, _shown(error.instance)
    if value is None or isinstance(value, bool):
        return f"is {shown}", _write(error)
    kinds = {str: "string", int: "number", float: "number", list: "array", dict: "object"}
    kind = kinds.get(type(value))
    return f"{shown} is {_TYPES[kind] if kind else 'of another type'}", _write(error)


def _write(error: Error) -> str:
    return f"write {wanted(error.schema)}"


def _enum(error: Error) -> Said:
    return (
        f"{_shown(error.instance)} is unknown",
        f"use {wanted(error.schema)}" if error.asked else "remove it",
    )


def _const(error: Error) -> Said:
    return f"{_shown(error.instance)} is not allowed", _write(error)


def _unfit(error: Error) -> Said:
    return f"{_shown(error.instance)} does not fit", _write(error)


def _required(error: Error) -> Said:
    name = missing(error)
    asked = error.schema.get("properties", {}).get(name)
    return f"{name!r} is missing", f"add it, {wanted(asked)}" if asked else "add it"


def _additional(error: Error) -> Said:
    names = extra(error)
    free = [name for name in error.schema.get("properties", {}) if name not in error.instance]
    does, it = ("does", "it") if len(names) == 1 else ("do", "them")
    return (
        f"{', '.join(map(repr, names))} {does} not belong here",
        f"remove {it}, or use one of: {_listed(free)}" if free else f"remove {it}",
    )


def _bounded(error: Error) -> Said:
    side = "less" if error.keyword == "minimum" else "more"
    return f"{_shown(error.instance)} is {side} than {error.asked}", _write(error)


def _length(error: Error) -> Said:
    least, has = error.keyword == "minLength", len(error.instance)
    if least and not has:
        return "is empty", "fill it in"
    return f"has {_counted(has, 'character')}", f"write {error.asked} at {'least' if least else 'most'}"


def _few(error: Error) -> Said:
    return f"has {_counted(len(error.instance), 'entry', 'entries')}", f"give at least {error.asked}"


def _counted(number: int, one: str, more: str = "") -> str:
    return f"1 {one}" if number == 1 else f"{number} {more or one + 's'}"


def _twice(error: Error) -> Said:
    entries = error.instance
    twin = next((entry for place, entry in enumerate(entries) if entry in entries[:place]), entries)
    return f"has {_shown(twin)} twice", "keep each entry once"


_WORDS: dict[str, Callable[[Error], Said]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _unfit,
    "not": _unfit,
    "required": _required,
    "additionalProperties": _additional,
    "minimum": _bounded,
    "maximum": _bounded,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _few,
    "minProperties": _few,
    "uniqueItems": _twice,
}
