"""Recognises what is not a task of a raw export, so that a finding can name it and say what to do."""

from collections.abc import Iterator, Mapping
from typing import Any

from annotate.convert import rules
from annotate.findings import Finding
from annotate.labelstudio.entries import ANNOTATION_KEYS
from annotate.labelstudio.results import ENTRY_KINDS
from annotate.util.escape import quote

_RAW_EXPORT = "export the project as JSON"
_DEEPEST_WRAPPER = 4
_JSON_MIN_KEYS = {"annotation_id", "annotator"}


def describe_shape(value: object) -> tuple[str, str] | None:
    """Return what a JSON value without `data` is, and what to do; None if it is not recognised."""
    if isinstance(value, list):
        return ("a list of tasks within the list", "put its tasks into one list") if any(map(_is_task, value)) else None
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("result"), list):
        if _is_task(value.get("task")):
            return "an annotation with its task inside, as a target storage writes it", _RAW_EXPORT
        return "an annotation without its task", _RAW_EXPORT
    if path := _find_task_list(value):
        return f"an object that holds a list of tasks as {quote('.'.join(path))}", "put its tasks alone into a list"
    if any(map(_is_task, value.values())):
        return "an object whose values are tasks", "put the tasks into a list"
    if not _JSON_MIN_KEYS.isdisjoint(value) or any(map(_is_region_list, value.values())):
        return "an item of a JSON_MIN export, which has no relations", f"{_RAW_EXPORT}, not as JSON_MIN"
    return None


def find_results(task: Mapping[str, Any]) -> str | None:
    """Return the key of a task without annotations that holds results all the same; None if there is none."""
    known = {*ANNOTATION_KEYS, *ENTRY_KINDS.values(), "data", "meta"}
    for key, content in task.items():
        if key == "result" and isinstance(content, list) and content:
            return key
        entries = content if isinstance(content, list) else [content]
        if key not in known and any(isinstance(entry, dict) and entry.get("result") for entry in entries):
            return key
    return None


def _find_task_list(value: object, depth: int = _DEEPEST_WRAPPER) -> list[str] | None:
    """Return the keys that lead to a list of tasks, such as `projects` and `tasks`; None if there is none."""
    if isinstance(value, list) and any(map(_is_task, value)):
        return []
    if depth:
        for key, content in value.items() if isinstance(value, dict) else ():
            path = _find_task_list(content, depth - 1)
            if path is not None:
                return [key, *path]
        for content in value if isinstance(value, list) else ():
            path = _find_task_list(content, depth - 1)
            if path is not None:
                return path
    return None


def _is_task(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("data"), dict)


def _is_region_list(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) and {"start", "end"} <= item.keys() for item in value)


def describe_file(data: bytes) -> str:
    """Return what a file is that begins with neither a task nor an array."""
    first_line = data.split(b"\n", 1)[0]
    if data.startswith(b"PK\x03\x04"):
        return "is a ZIP archive, which has to be unpacked"
    if data.startswith(b"<"):
        return "looks like XML or HTML"
    if data.startswith(b"-DOCSTART-"):
        return "looks like CoNLL, which has no relations (`annotate import` reads it)"
    if b"{" not in first_line and any(first_line.count(mark) for mark in (b",", b"\t", b";")):
        return "looks like CSV or TSV, which have no relations"
    return "begins with neither a task nor an array"


def report_no_task(value: object, file: str, where: str) -> Iterator[Finding]:
    """Yield a finding on a JSON value that has no `data`.

    Args:
        value: The value.
        file: The name of the export.
        where: What the finding calls it.
    """
    shape = describe_shape(value)
    if shape:
        yield from rules.other_shape(file, None, where, *shape)
    else:
        yield from rules.task_unreadable(file, None, where, "it has no data")


def report_other_results(task: Mapping[str, Any], file: str, article_id: str, where: str) -> Iterator[Finding]:
    """Yield a finding on a task without annotations if its labels are under another key.

    Args:
        task: The task.
        file: The name of the export.
        article_id: The id of its article.
        where: What the finding calls it.
    """
    if key := find_results(task):
        yield from rules.other_shape(file, article_id, where, f"a task whose labels are in {quote(key)}", _RAW_EXPORT)
