"""The errors of a JSON Schema validator in plain words: what is wrong with a value, and what to do."""

import json
from collections.abc import Callable, Collection
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

from annotate.schemas.patterns import (
    DATE,
    END,
    FILE_NAME,
    LANGUAGE_CODE,
    LANGUAGE_TAG,
    NAMES_WITH_SLASH,
    PROSE,
    SINGLE_LINE,
    TIME,
    TRIMMED_LINE,
)
from annotate.util.escape import quote
from annotate.util.nouns import count_noun
from annotate.util.suggestions import list_choices

Explanation = tuple[str, str]
"""The message, which is what is wrong, and the hint, which is what to do."""


class Error(NamedTuple):
    """One error of a validator.

    `keyword` is the keyword of `schema` that `instance`, the value at `path`, does not satisfy; `expected` is the
    keyword's value and `message` the validator's own.
    """

    keyword: str
    expected: Any
    instance: Any
    schema: dict[str, Any]
    path: tuple[str | int, ...]
    message: str


LONG_ENUM = 50
"""Values of an `enum` with which an error is large."""


def replace_long_enums(schema: Any) -> Any:
    """Return a schema that accepts the same, with `if` and `else` in place of each `enum` of many values.

    `jsonschema_rs` copies all values of an `enum` into each error: as many unknown labels as there are known ones would
    take time and memory by the square of their number. `read_error` undoes it. The schemas have no `if` of their own.
    """
    if isinstance(schema, list):
        return [replace_long_enums(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    enum = schema.get("enum")
    if isinstance(enum, list) and len(enum) > LONG_ENUM:
        rest = {name: value for name, value in schema.items() if name != "enum"}
        return {**replace_long_enums(rest), "if": {"enum": enum}, "else": False}
    return {name: replace_long_enums(value) for name, value in schema.items()}


def read_error(error: Any, value: Any, schema: dict[str, Any]) -> Error:
    """Return an error of `jsonschema_rs` on `value`, which was validated against `replace_long_enums(schema)`."""
    *within, keyword = error.schema_path
    if keyword == "else":
        keyword = "enum"
    path = tuple(error.instance_path)
    # For an error on the name of a property, it gives the object.
    kind = error.kind
    instance = kind.error.instance if kind.name == "propertyNames" else reduce(getitem, path, value)
    subschema = reduce(getitem, within, schema)
    return Error(keyword, subschema[keyword], instance, subschema, path, error.message)


_LANGUAGE = "the code of a language, not of a country (ja is Japanese, zh Chinese, uk Ukrainian)"

FORMS = {
    f"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?{END}": "lower-case letters, digits, hyphens and underscores, as in market-2",
    f"^[A-Za-z0-9_~-]+{END}": "letters, digits, hyphens and underscores, as in s1",
    f"^[A-Za-z][A-Za-z0-9_-]*{END}": "letters, digits, hyphens and underscores, a letter first",
    f"^[A-Za-z][A-Za-z0-9_-]*@[0-9]{{1,12}}-[0-9]{{1,12}}{END}": "a span as Label@start-end, as in Label@0-12",
    f"^[a-z0-9_-]*{END}": "lower-case letters, digits, hyphens and underscores, as in wire-",
    f"^[a-z][a-z0-9_]*{END}": "lower-case letters, digits and underscores, a letter first",
    rf"^[0-9]+\.[0-9]+\.[0-9]+{END}": "a version, as in 1.0.0",
    rf"^[0-9]+\.[0-9][0-9A-Za-z.+-]*{END}": "a version of the toolkit, as in 0.2.0 or 0.2.0rc1",
    f"^[0-9a-f]{{64}}{END}": "a SHA-256, 64 of the characters 0 to 9 and a to f",
    DATE: "a year, a month or a day, as in 2017, 2017-06 or 2017-06-30",
    TIME: "a time in UTC, as in 2017-06-30T12:00:00Z",
    f"^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]){END}": "a day, as in 2017-06-30",
    f"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{END}": "a day, as in 2017-06-30",
    rf"^1\.[0-9]\.[0-9]{END}": "a version of the Citation File Format, as in 1.2.0",
    r"^10\.[0-9]{4}": "a DOI without an address before it, as in 10.5281/zenodo.1003150",
    "^(https?|s?ftp)://": "an address, as in https://example.org",
    rf"^https://orcid\.org/([0-9]{{4}}-){{3}}[0-9]{{3}}[0-9X]{END}": "an ORCID as an address, as in "
    "https://orcid.org/0000-0002-1825-0097",
    rf"^[^@ ]+@[^@ ]+\.[^@ ]+{END}": "an e-mail address",
    f"^[A-Z][0-9]{{3}}{END}": "the code of a rule, as in P401",
    LANGUAGE_CODE: f"{_LANGUAGE}, as in en",
    LANGUAGE_TAG: f"{_LANGUAGE}, as in en or pt-BR",
    rf"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\.md{END}": "a path of a Markdown file in guidelines/, as in labels/load.md",
    f"^#[0-9a-fA-F]{{6}}{END}": 'a colour in quotes, as in "#336699"',
    f"^[0-9a-z]{END}": 'one digit or lower-case letter in quotes, as in "1"',
    FILE_NAME: "the name of a file, without a folder",
    SINGLE_LINE: "one line without control characters (in YAML, >- folds it)",
    PROSE: "text without control characters",
    TRIMMED_LINE: "one line with no white space at its ends",
    rf"^(original|extended\|[A-Za-z0-9][A-Za-z0-9_./-]*){END}": "original, or extended|NAME",
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

_MOST_NAMES = 10
"""Unknown fields that a message lists."""

_LARGEST_BOUND = 1 << 62
"""Larger bounds are those of 64-bit integers, and are not shown."""


def explain_error(error: Error) -> Explanation:
    """Return the message and the hint of an error. An unknown keyword has the message of the validator."""
    explain = _EXPLAINERS.get(error.keyword)
    return explain(error) if explain else (error.message, "fix it after its JSON Schema")


def undefined_fields(error: Error) -> list[str]:
    """Return the fields of an object that its schema does not define."""
    defined = error.schema.get("properties", {})
    return [name for name in error.instance if name not in defined]


def missing_field(error: Error) -> str:
    """Return the required field that is missing. The validator gives an error for each."""
    return str(next(name for name in error.expected if error.message.startswith(json.dumps(name, ensure_ascii=False))))


def describe_expected(schema: dict[str, Any]) -> str:
    """Describe what a schema accepts."""
    if "enum" in schema:
        return f"one of: {_join_values(schema['enum'])}"
    if "const" in schema:
        return _format_value(schema["const"])
    types = schema.get("type", "string" if "pattern" in schema else [])
    parts = [_describe_type(schema, type_) for type_ in ([types] if isinstance(types, str) else types)]
    return " or ".join(parts) or "what its JSON Schema asks for"


def _describe_type(schema: dict[str, Any], type_: str) -> str:
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "at least"), ("maximum", "at most"))
        if key in schema and abs(schema[key]) < _LARGEST_BOUND  # a bound of 64 bits helps no reader
    ]
    if type_ in ("integer", "number") and bounds:
        return f"{_TYPES[type_]} of {' and '.join(bounds)}"
    if type_ == "string" and "pattern" in schema:
        return FORMS.get(schema["pattern"], f"what matches {schema['pattern']}")
    if type_ == "object" and schema.get("required"):
        return f"an object with: {_join_values(schema['required'])}"
    if type_ == "object" and schema.get("properties"):
        return f"an object with any of: {_join_values(schema['properties'])}"
    return _TYPES[type_]


def _join_values(values: Collection[Any]) -> str:
    return list_choices(values, _format_value)


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _show_value(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, (bool, float)) else quote(value)


_CUT_TEXT_HINT = "put the text before it in quotes, since a comma within { } ends it"


def _is_cut_text(name: str | int, value: Any) -> bool:
    """Return whether a field may be the end of a text in a flow mapping of YAML, which a comma cut in two."""
    return value is None and isinstance(name, str) and " " in name


def _explain_type(error: Error) -> Explanation:
    value, shown = error.instance, _show_value(error.instance)
    if error.path and _is_cut_text(error.path[-1], value):
        return f"is {shown}", _CUT_TEXT_HINT
    if value is None or isinstance(value, bool):
        return f"is {shown}", _suggest(error)
    kinds = {str: "string", int: "number", float: "number", list: "array", dict: "object"}
    kind = kinds.get(type(value))
    return f"{shown} is {_TYPES[kind] if kind else 'of another type'}", _suggest(error)


def _suggest(error: Error) -> str:
    return f"write {describe_expected(error.schema)}"


def _explain_enum(error: Error) -> Explanation:
    return (
        f"{_show_value(error.instance)} is unknown",
        f"use {describe_expected(error.schema)}" if error.expected else "remove it",
    )


def _explain_const(error: Error) -> Explanation:
    return f"{_show_value(error.instance)} is not allowed", _suggest(error)


def _explain_pattern(error: Error) -> Explanation:
    return f"{_show_value(error.instance)} does not fit", _suggest(error)


def _explain_required(error: Error) -> Explanation:
    name = missing_field(error)
    expected = error.schema.get("properties", {}).get(name)
    return f"{quote(name)} is missing", f"add it, {describe_expected(expected)}" if expected else "add it"


def _explain_any(error: Error) -> Explanation:
    names = [name for schema in error.expected for name in schema.get("required", [])]
    return f"has none of: {_join_values(names)}", "add at least one"


def _explain_one_of(error: Error) -> Explanation:
    *others, last = map(_describe_alternative, error.expected)
    return f"{_show_value(error.instance)} does not fit", f"write {', '.join(others)} or {last}"


def _describe_alternative(schema: dict[str, Any]) -> str:
    """Describe an alternative of a schema; an object as it is written, with the values that its fields can have."""
    required = schema.get("required", [])
    if required and "properties" not in schema:
        return " and ".join(required)
    if not required:
        return describe_expected(schema)
    values: dict[str, list[Any]] = {}
    for name in required:
        field = schema["properties"].get(name, {})
        values[name] = field.get("enum", [field["const"]] if "const" in field else ["…"])
    words = (f"{name}: {' or '.join(map(_format_value, allowed))}" for name, allowed in values.items())
    return f"{{{', '.join(words)}}}"


def _explain_additional(error: Error) -> Explanation:
    names = undefined_fields(error)
    shown = [*map(quote, names[:_MOST_NAMES]), *(["…"] if len(names) > _MOST_NAMES else [])]
    free = [name for name in error.schema.get("properties", {}) if name not in error.instance]
    does, it = ("does", "it") if len(names) == 1 else ("do", "them")
    if all(_is_cut_text(name, error.instance[name]) for name in names):
        return f"{', '.join(shown)} {does} not belong here", _CUT_TEXT_HINT
    return (
        f"{', '.join(shown)} {does} not belong here",
        f"remove {it}, or use one of: {_join_values(free)}" if free else f"remove {it}",
    )


def _explain_bound(error: Error) -> Explanation:
    side = "less" if error.keyword == "minimum" else "more"
    return f"{_show_value(error.instance)} is {side} than {error.expected}", _suggest(error)


def _explain_length(error: Error) -> Explanation:
    least, has = error.keyword == "minLength", len(error.instance)
    if least and not has:
        return "is empty", "fill it in"
    return f"has {count_noun(has, 'character')}", f"write {error.expected} at {'least' if least else 'most'}"


def _explain_few(error: Error) -> Explanation:
    return f"has {count_noun(len(error.instance), 'entry', 'entries')}", f"give at least {error.expected}"


def _explain_many(error: Error) -> Explanation:
    return f"has {count_noun(len(error.instance), 'entry', 'entries')}", f"give at most {error.expected}"


def _explain_duplicate(error: Error) -> Explanation:
    entries = error.instance
    seen: set[str] = set()
    duplicate: Any = entries
    for entry in entries:
        key = json.dumps(entry, sort_keys=True)
        if key in seen:
            duplicate = entry
            break
        seen.add(key)
    return f"has {_show_value(duplicate)} twice", "keep each entry once"


_EXPLAINERS: dict[str, Callable[[Error], Explanation]] = {
    "type": _explain_type,
    "enum": _explain_enum,
    "const": _explain_const,
    "pattern": _explain_pattern,
    "not": _explain_pattern,
    "required": _explain_required,
    "anyOf": _explain_any,
    "oneOf": _explain_one_of,
    "additionalProperties": _explain_additional,
    "minimum": _explain_bound,
    "maximum": _explain_bound,
    "minLength": _explain_length,
    "maxLength": _explain_length,
    "minItems": _explain_few,
    "minProperties": _explain_few,
    "maxItems": _explain_many,
    "maxProperties": _explain_many,
    "uniqueItems": _explain_duplicate,
}
