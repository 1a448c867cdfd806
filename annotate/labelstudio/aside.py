"""What was pulled and cannot be taken into the corpus: kept in `.studio/aside/` with code and reason, by article.

An article's file is written anew whenever the article is pulled, and goes once all of it can be taken.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from annotate.findings import Finding
from annotate.labelstudio.client import Raw
from annotate.labelstudio.state import State

FOLDER = "aside"


class Reason(msgspec.Struct, frozen=True):
    """Why something was set aside: the code of a rule, and its message."""

    code: str
    message: str
    span: str | None = None


class Aside(msgspec.Struct, frozen=True):
    """One annotation or draft of which something was set aside; `items` are as the server gave them."""

    task: object
    kind: str
    number: object
    annotator: str | None
    reasons: list[Reason]
    items: list[Any]


def of(
    task: Raw, kind: str, number: object, annotator: str | None, findings: Sequence[Finding], items: Sequence[object]
) -> Aside:
    """What is kept of items that could not be taken."""
    reasons = [Reason(finding.code, finding.message, finding.span) for finding in findings]
    return Aside(task.get("id"), kind, number, annotator, reasons, list(items))


def put(state: State, article: str, found: Sequence[Aside]) -> None:
    """Write what was set aside of an article, or remove its file where there is nothing."""
    if found:
        state.write_bytes(f"{FOLDER}/{article}.json", msgspec.json.encode(found) + b"\n")
    else:
        (state.folder / FOLDER / f"{article}.json").unlink(missing_ok=True)


def get(state: State, article: str) -> list[Aside]:
    """What is set aside of an article."""
    return state.read(f"{FOLDER}/{article}.json", list[Aside]) or []


def listed(state: State) -> Iterator[tuple[str, Aside]]:
    """Article (`.unknown`: none of the corpus) and what was set aside of it, over all pulls."""
    for path in sorted((state.folder / FOLDER).glob("*.json")):
        for entry in get(state, path.stem):
            yield path.stem, entry
