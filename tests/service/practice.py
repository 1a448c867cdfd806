"""A practice text of the made-up corpus, and items as a browser submits them."""

from typing import Any

from tests.conftest import Project

TITLE = "Barrels at the pier"
TEXT = "A hand said 7 barrels lie at the pier. The master said nothing."
PRACTICE = f"""\
title: {TITLE}
text: {TEXT}
spans:
  - {{id: hand, label: Speaker, quote: A hand, attributes: {{rank: hand}}}}
  - {{id: said, label: Verb, quote: said, occurrence: 1}}
  - {{id: words, label: Words, quote: 7 barrels lie at the pier, why: The whole clause <b>without</b> the full stop.}}
  - {{id: barrels, label: Load, quote: 7 barrels, attributes: {{wording: exact, least: 7, most: 7}}}}
  - {{id: pier, label: Quay, quote: the pier}}
relations:
  - {{label: speaker, head: said, tail: hand}}
  - {{label: words, head: said, tail: words}}
  - {{label: lies_at, head: barrels, tail: pier, why: The arrow starts at what is counted.}}
"""


def write_practice(project: Project, content: str = PRACTICE, name: str = "barrels") -> None:
    """Write a practice text, with the pages that the inventory names."""
    folder = project.path("guidelines/practice")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(content, "utf-8")
    for page, title in (("speech", "Who speaks"), ("cargo", "What is counted")):
        project.path(f"guidelines/{page}.md").write_text(f"# {title}\n\nRead this.\n")


def region(id_: str, layer: str, label: str, words: str, text: str = TEXT, note: str = "") -> dict[str, Any]:
    """Return the item of a region, as a browser submits it."""
    start = text.index(words)
    value = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
    item = {"id": id_, "from_name": layer, "to_name": "text", "type": "labels", "origin": "manual", "value": value}
    return item | ({"meta": {"text": [note]}} if note else {})


def choice(of: dict[str, Any], control: str, value: str) -> dict[str, Any]:
    """Return the item of a choice for a region."""
    place = {key: of["value"][key] for key in ("start", "end", "text")}
    return {
        "id": of["id"],
        "from_name": control,
        "to_name": "text",
        "type": "choices",
        "value": {**place, "choices": [value]},
    }


def number(of: dict[str, Any], control: str, value: int) -> dict[str, Any]:
    """Return the item of a number for a region."""
    place = {key: of["value"][key] for key in ("start", "end", "text")}
    return {
        "id": of["id"],
        "from_name": control,
        "to_name": "text",
        "type": "number",
        "value": {**place, "number": value},
    }


def arrow(label: str, head: str, tail: str) -> dict[str, Any]:
    """Return the item of a relation."""
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": [label]}


def right_answer() -> list[dict[str, Any]]:
    """Return the items of all labels of the practice text."""
    hand, barrels = region("h", "speech", "Speaker", "A hand"), region("b", "cargo", "Load", "7 barrels")
    return [
        hand,
        choice(hand, "Speaker.rank", "hand"),
        region("s", "speech", "Verb", "said"),
        region("w", "speech", "Words", "7 barrels lie at the pier"),
        barrels,
        choice(barrels, "Load.wording", "exact"),
        number(barrels, "Load.least", 7),
        number(barrels, "Load.most", 7),
        region("p", "cargo", "Quay", "the pier"),
        arrow("speaker", "s", "h"),
        arrow("words", "s", "w"),
        arrow("lies_at", "b", "p"),
    ]


def wrong_answer() -> list[dict[str, Any]]:
    """Return the items of labels with one difference of each kind, and an arrow without a name.

    It is drawn the wrong way, so that its ends allow no name.
    """
    hand, barrels = region("h", "speech", "Speaker", "A hand"), region("b", "cargo", "Load", "7 barrels")
    return [
        hand,
        choice(hand, "Speaker.rank", "master"),
        region("s", "speech", "Verb", "said"),
        region("w", "speech", "Words", "7 barrels lie at the pier."),
        region("m", "speech", "Speaker", "The master"),
        barrels,
        choice(barrels, "Load.wording", "exact"),
        number(barrels, "Load.least", 7),
        number(barrels, "Load.most", 7),
        region("p", "cargo", "Quay", "the pier"),
        arrow("speaker", "s", "h"),
        arrow("words", "s", "w"),
        arrow("", "p", "b") | {"labels": []},
    ]
