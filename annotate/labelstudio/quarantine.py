"""The quarantine: items that were pulled and cannot be taken into the corpus, with the code and reason of each.

`aside/` has one file for each article. The file is replaced whenever the article is pulled, and removed once
all items of the article can be taken.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import msgspec

from annotate.findings import Finding
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.state import State

QUARANTINE_FOLDER = "aside"


class QuarantineReason(msgspec.Struct, frozen=True):
    """Why an item is quarantined: the code of a rule, its message, and the span with its words if known."""

    code: str
    message: str
    span: str | None = None
    words: str = ""


class QuarantineEntry(msgspec.Struct, frozen=True):
    """The quarantined items of one annotation or draft, as the server had them.

    `task` and `number` are the server's ids of the task and of the annotation or draft.
    """

    task: object
    kind: str
    number: object
    annotator: str | None
    reasons: list[QuarantineReason]
    items: list[Any]

    @classmethod
    def of(
        cls,
        task: JsonObject,
        kind: str,
        entry_id: object,
        annotator: str | None,
        findings: Sequence[Finding],
        items: Sequence[object],
    ) -> Self:
        """Return the entry for items of a task that some findings are about."""
        reasons = [QuarantineReason(finding.code, finding.message, finding.span, finding.words) for finding in findings]
        return cls(task.get("id"), kind, entry_id, annotator, reasons, list(items))


def write_quarantine(state: State, article_id: str, entries: Sequence[QuarantineEntry]) -> None:
    """Replace what is quarantined of an article."""
    if entries:
        state.write_bytes(f"{QUARANTINE_FOLDER}/{article_id}.json", msgspec.json.encode(entries) + b"\n")
    else:
        (state.folder / QUARANTINE_FOLDER / f"{article_id}.json").unlink(missing_ok=True)


def read_quarantine(state: State, article_id: str) -> list[QuarantineEntry]:
    """Return what is quarantined of an article."""
    return state.read(f"{QUARANTINE_FOLDER}/{article_id}.json", list[QuarantineEntry]) or []


def iterate_quarantine(state: State) -> Iterator[tuple[str, QuarantineEntry]]:
    """Yield everything that is quarantined, with its article id; tasks of no article have `pull.UNKNOWN_ARTICLE`."""
    for path in sorted((state.folder / QUARANTINE_FOLDER).glob("*.json")):
        for entry in read_quarantine(state, path.stem):
            yield path.stem, entry
