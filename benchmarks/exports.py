"""Made-up Label Studio exports of any size: tasks of 3,000 characters with 40 regions, 10 values and 25 relations.

The inventory is the one of the tests (tests/base/schema). The same number gives the same task on any machine.

Spans nest, coincide and come in pieces as often as in this repository's corpus. Counted over the 951 spans of the ten
annotations in corpus/annotations (gold and four readers, two articles each), and over the tasks 1 to 700:

| spans | corpus | here |
|---|---:|---:|
| later pieces (heads of `continues`) | 27 (2.8 %) | 2.9 % |
| nested: strictly within the range of another span | 336 (35.3 %) | 34.6 % |
| coinciding: same range as another span | 50 (5.3 %) | 5.0 % |
| crossing: partly within another span | 0 | 0 |
"""

import argparse
import random
from collections.abc import Iterator
from contextlib import contextmanager
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
    """A text in the making, and the result items of the regions in it."""

    def __init__(self, random_: random.Random, utf16: bool) -> None:
        self.random, self.utf16 = random_, utf16
        self.parts: list[str] = []
        self.length = 0
        self.items: list[dict[str, Any]] = []
        self.relations: list[dict[str, Any]] = []
        self.regions = 0

    def say(self, words: str) -> None:
        """Append words to the text."""
        self.parts.append(words)
        self.length += len(words) + (sum(character > "\uffff" for character in words) if self.utf16 else 0)

    @contextmanager
    def region(self, layer: str, label: str, **attributes: tuple[str, Any]) -> Iterator[str]:
        """Label what is said within the block.

        Args:
            layer: The name of the control.
            label: The name of the label.
            attributes: The type and the value of the result item of each attribute.

        Yields:
            The id of the region.
        """
        self.regions += 1
        id_ = f"r{self.regions:03}_{self.random.getrandbits(24):06x}"
        start, first_part, first_item = self.length, len(self.parts), len(self.items)
        yield id_
        place = {"start": start, "end": self.length, "text": "".join(self.parts[first_part:])}
        # An annotator labels an outer region before those within it.
        self.items[first_item:first_item] = [
            _item(id_, layer, "labels", {**place, "labels": [label]}),
            *(
                _item(id_, f"{label}.{name}", type_, {**place, type_: content})
                for name, (type_, content) in attributes.items()
            ),
        ]

    def label(self, words: str, layer: str, label: str, **attributes: tuple[str, Any]) -> str:
        """Say words and label them; return the id of the region."""
        with self.region(layer, label, **attributes) as id_:
            self.say(words)
        return id_

    def relate(self, label: str, head: str, tail: str) -> None:
        self.relations.append(
            {"from_id": head, "to_id": tail, "type": "relation", "direction": "right", "labels": [label]}
        )

    def speaker(self) -> str:
        rank = self.random.choice(("master", "hand", "other"))
        return self.label(self.random.choice(SPEAKERS), "speech", "Speaker", rank=("choices", [rank]))

    def verb(self, speaker: str | None) -> str:
        """Say a word of saying, with its relation to the speaker."""
        self.say(" ")
        verb = self.label(self.random.choice(VERBS), "speech", "Verb")
        if speaker:
            self.relate("speaker", verb, speaker)
        return verb

    def load(self, quays: int) -> str:
        """Say what lies at so many quays; return the id of the load."""
        load = self.label("some crates", "cargo", "Load", wording=("choices", ["vague"]))
        for _ in range(quays):
            self.say(" at ")
            self.relate("lies_at", load, self.label(self.random.choice(PLACES), "cargo", "Quay"))
        return load


def _item(id_: str, control: str, type_: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "from_name": control, "to_name": "text", "type": type_, "origin": "manual", "value": value}


def _utterances(page: _Page, pieces: int, line_end: str) -> None:
    """Say ten utterances, one of them with another within it: four on loads, one or two interrupted."""
    random_ = page.random
    has_speaker = [True] * 5 + [False] * 5
    random_.shuffle(has_speaker)
    load = ""
    for index, speaks in enumerate(has_speaker):
        if not speaks:
            page.say("It was")
        verb = page.verb(page.speaker() if speaks else None)
        page.say(" that ")
        with page.region("speech", "Words") as words:
            page.relate("words", verb, words)
            page.say("on that day ")
            if index < 4:
                # Each later piece, and the quay that coincides with a speaker, takes the place of a quay here.
                load = page.load(2 - (index == 3) - (index < pieces))
            elif index == 4:
                # The speaker is named after a quay: two spans with the same range.
                with page.region("speech", "Speaker", rank=("choices", ["other"])) as speaker:
                    page.relate("lies_at", load, page.label(random_.choice(PLACES), "cargo", "Quay"))
                inner = page.verb(speaker)
                page.say(" ")
                page.relate("words", inner, page.label(random_.choice(WORDS), "speech", "Words"))
            else:
                page.say(random_.choice(WORDS))
        if index >= 10 - pieces:
            page.say(", so the record has it, ")
            page.relate("continues", page.label(random_.choice(WORDS), "speech", "Words"), words)
        page.say(f". {line_end}" if index < 4 else ". ")
        page.say(f"{FILL}. {FILL[: random_.randrange(60, 104)].rstrip()}. ")


def task(number: int, line_end: str = "\n", utf16: bool = False) -> dict[str, Any]:
    """Return task `number` of an export, its regions counted in UTF-16 units if `utf16`."""
    page = _Page(random.Random(number), utf16)  # noqa: S311 - no secret
    _utterances(page, 2 if number % 7 == 0 else 1, line_end)
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
    """Yield tasks from number 1 on; one in a hundred has CRLF line ends, and one is counted in UTF-16 units."""
    for number in range(1, count + 1):
        yield task(number, "\r\n" if number % 100 == 40 else "\n", number % 100 == 80)


def write(path: Path, count: int, lines: bool = False) -> None:
    """Write an export of `count` tasks: one JSON array, as a server gives it, or a task a line."""
    with path.open("wb") as file:
        for index, task_ in enumerate(tasks(count)):
            file.write(b"" if lines else b"[" if not index else b",")
            file.write(msgspec.json.encode(task_) + (b"\n" if lines else b""))
        file.write(b"" if lines else b"]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--lines", action="store_true", help="a task a line instead of one array")
    options = parser.parse_args()
    write(options.path, options.count, options.lines)


if __name__ == "__main__":
    main()
