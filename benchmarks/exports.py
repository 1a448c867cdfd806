"""Made-up Label Studio exports of any size: tasks of 3,000 characters with 40 regions, 10 values and 25 relations.

The inventory is the one that the tests use (tests/base/schema). The same number gives the same task, on any machine.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

CHARACTERS = 3000
SPEAKERS = ("Captain Nour", "the pilot", "a deckhand", "the harbour master", "Müller", "العامل", "the clerk 😀")
VERBS = ("said", "denied", "reported", "believed", "wrote")
PLACES = ("the north quay", "berth 12", "the old pier", "the cold store", "the customs shed")
WORDS = ("crates were missing", "the crane had failed", "nobody was told", "it arrived on Friday 🚢", "the lock held")
FILL = "The tide turned before noon and the tugs waited outside the mole while gulls circled over the empty holds"


class _Page:
    """A text under way, with the result items of what is labelled in it."""

    def __init__(self, random_: random.Random, utf16: bool) -> None:
        self.random, self.utf16 = random_, utf16
        self.parts: list[str] = []
        self.length = 0
        self.items: list[dict[str, Any]] = []
        self.relations: list[dict[str, Any]] = []
        self.regions = 0

    def say(self, words: str) -> None:
        self.parts.append(words)
        self.length += len(words) + (sum(one > "\uffff" for one in words) if self.utf16 else 0)

    def label(self, words: str, layer: str, label: str, **value: tuple[str, Any]) -> str:
        """Write words and label them; `value` maps an attribute to its item's type and value."""
        self.regions += 1
        id_ = f"r{self.regions:03}_{self.random.getrandbits(24):06x}"
        start = self.length
        self.say(words)
        place = {"start": start, "end": self.length, "text": words}
        self.items.append(_item(id_, layer, "labels", {**place, "labels": [label]}))
        for name, (type_, content) in value.items():
            self.items.append(_item(id_, f"{label}.{name}", type_, {**place, type_: content}))
        return id_

    def relate(self, label: str, head: str, tail: str) -> None:
        self.relations.append(
            {"from_id": head, "to_id": tail, "type": "relation", "direction": "right", "labels": [label]}
        )


def _item(id_: str, control: str, type_: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "from_name": control, "to_name": "text", "type": type_, "origin": "manual", "value": value}


def task(number: int, line_end: str = "\n", utf16: bool = False) -> dict[str, Any]:
    """Task `number` of an export, its regions counted in UTF-16 units if `utf16`."""
    random_ = random.Random(number)  # noqa: S311 - no secret
    page = _Page(random_, utf16)
    utterances = [True] * 6 + [False] * 5
    random_.shuffle(utterances)
    for place, speaks in enumerate(utterances):
        speaker = None
        if speaks:
            rank = random_.choice(("master", "hand", "other"))
            speaker = page.label(random_.choice(SPEAKERS), "speech", "Speaker", rank=("choices", [rank]))
        else:
            page.say("It was")
        page.say(" ")
        verb = page.label(random_.choice(VERBS), "speech", "Verb")
        page.say(" that ")
        if speaker:
            page.relate("speaker", verb, speaker)
        page.relate("words", verb, page.label(random_.choice(WORDS), "speech", "Words"))
        page.say(". ")
        if place < 4:
            load = page.label("Some crates", "cargo", "Load", wording=("choices", ["vague"]))
            for _ in range(2):
                page.say(" at ")
                page.relate("lies_at", load, page.label(random_.choice(PLACES), "cargo", "Quay"))
            page.say(f". {line_end}")
        page.say(f"{FILL}. {FILL[: random_.randrange(60, 104)].rstrip()}. ")
    text = "".join(page.parts)
    text = (text + FILL * 30)[: CHARACTERS + text.count("\r")].rstrip()
    annotation = {
        "id": number,
        "completed_by": 1 + number % 3,
        "result": page.items + page.relations,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-01-02T03:04:05.678901Z",
        "updated_at": "2026-01-02T03:04:05.678901Z",
        "draft_created_at": None,
        "lead_time": 61.7,
        "prediction": {},
        "result_count": len(page.items),
        "unique_id": f"00000000-0000-4000-8000-{number:012d}",
        "task": number,
        "project": 1,
        "parent_prediction": None,
        "parent_annotation": None,
    }
    return {
        "id": number,
        "annotations": [annotation],
        "file_upload": None,
        "drafts": [],
        "predictions": [],
        "data": {"text": text, "article": f"made-up-{number:08}", "title": f"Made up {number}", "language": "en"},
        "meta": {},
        "created_at": "2026-01-02T03:04:05.678901Z",
        "updated_at": "2026-01-02T03:04:05.678901Z",
        "inner_id": number,
        "total_annotations": 1,
        "cancelled_annotations": 0,
        "total_predictions": 0,
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "project": 1,
        "updated_by": 1,
        "comment_authors": [],
    }


def tasks(count: int) -> Iterator[dict[str, Any]]:
    """Of a hundred tasks one has CRLF line ends and one is counted in UTF-16 units."""
    for number in range(1, count + 1):
        yield task(number, "\r\n" if number % 100 == 40 else "\n", number % 100 == 80)


def write(path: Path, count: int, lines: bool = False) -> None:
    """An export of `count` tasks: one JSON array, as a server gives it, or a task a line."""
    with path.open("wb") as file:
        for number, one in enumerate(tasks(count)):
            file.write(b"" if lines else b"[" if not number else b",")
            file.write(msgspec.json.encode(one) + (b"\n" if lines else b""))
        file.write(b"" if lines else b"]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--lines", action="store_true", help="a task a line instead of one array")
    given = parser.parse_args()
    write(given.path, given.count, given.lines)


if __name__ == "__main__":
    main()
