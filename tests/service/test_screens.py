"""What is on a page that asks for help, and answers that the page can take."""

from functools import partial
from typing import Any

import pytest

from annotate.labelstudio.suggested_regions import find_suggester, name_region
from annotate.labelstudio.tasks import result_items
from annotate.model import Relation, Span
from annotate.service.proposals import propose
from annotate.service.screens import DRAFT_DELAY, ScreenMemory, find_saved_items, make_answer
from tests.conftest import Project
from tests.service.test_occurrences import place
from tests.tagger.test_tagger import make_article

VERSION = "machine 1.0.0 v1"


def region(id_: str, label: str = "Verb", start: int = 0, end: int = 4) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "said", "labels": [label]}
    return {"id": id_, "type": "labels", "from_name": "speech", "to_name": "text", "value": value}


class Clock:
    """A time that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> ScreenMemory:
    return ScreenMemory(clock)


def ask(
    memory: ScreenMemory, regions: list[dict[str, Any]], task: dict[str, Any] | None = None
) -> tuple[str, set[str]]:
    """Return the marked region and the ids of all; "" if there is nothing to answer."""
    screen = memory.read(task or {"id": 1}, regions, VERSION)
    if screen is None:
        return "", set()
    return screen.marked["id"], {item["id"] for item in screen.items if isinstance(item, dict) and "id" in item}


def test_the_new_region_is_the_marked_one(memory: ScreenMemory) -> None:
    assert ask(memory, [region("a")]) == ("a", {"a"})
    assert ask(memory, [region("a"), region("b", start=9, end=13)]) == ("b", {"a", "b"})


def test_a_region_is_answered_once(memory: ScreenMemory) -> None:
    """Label Studio asks again after a deletion: what was deleted must not come back."""
    assert ask(memory, [region("a"), region("b")])[0] == "b"
    assert ask(memory, [region("a")])[0] == ""
    assert ask(memory, [region("a", start=1)])[0] == "a", "it was moved"
    assert ask(memory, [region("a", "Load", start=1)])[0] == "a", "it has another label"
    assert ask(memory, [region("a", start=1)])[0] == ""
    assert ask(memory, [region("a")], {"id": 2})[0] == "a", "it is in another task"


def test_what_was_answered_is_not_marked_by_anyone(memory: ScreenMemory) -> None:
    assert ask(memory, [region("a")])[0] == "a"
    memory.add({"id": 1}, [region("new")])
    assert ask(memory, [region("a"), region("new")]) == ("", set())


def test_regions_of_the_draft_are_on_the_page_and_not_marked(memory: ScreenMemory) -> None:
    """After a restart of the service, or when the page is opened again, old regions come with the new one."""
    draft = {"result": [region("a"), region("s", "Speaker")], "updated_at": "2026-01-02"}
    older = {"result": [region("old")], "updated_at": "2026-01-01"}
    task = {"id": 1, "drafts": [older, draft]}
    assert ask(memory, [region("new", start=9), region("a")], task) == ("new", {"new", "a", "s"})
    assert ask(memory, [region("a")], task)[0] == ""


def test_without_a_draft_the_annotation_or_our_prediction_counts() -> None:
    entries = [{"result": [region("x")], "id": 5}, {"result": [region("a"), region("y")], "id": 6}]
    predictions = [
        {"result": [region("other")], "model_version": "gold 1.0.0"},
        {"result": [region("p")], "model_version": VERSION},
    ]
    task = {"annotations": entries, "predictions": predictions}
    assert find_saved_items(task, {"a"}, VERSION) == entries[1]["result"]
    assert find_saved_items(task, {"b"}, VERSION) == predictions[1]["result"]
    assert find_saved_items({"annotations": entries}, {"b"}, VERSION) == []


def test_changes_are_remembered_until_a_draft_has_them(memory: ScreenMemory, clock: Clock) -> None:
    ask(memory, [region("s", "Speaker")])
    memory.add({"id": 1}, [region("w", "Words")])
    assert ask(memory, [region("a")]) == ("a", {"a", "s", "w"})
    assert ask(memory, [region("c")], {"id": 2}) == ("c", {"c"}), "pages of another task are others"
    clock.now = DRAFT_DELAY
    assert ask(memory, [region("b")]) == ("b", {"b"})


def test_what_left_the_page_is_not_on_it_though_a_draft_or_a_request_had_it(memory: ScreenMemory) -> None:
    ask(memory, [region("a")])
    answer = [region("w", "Words"), region("b", start=9), region("c", start=20)]
    memory.add({"id": 1}, answer)
    assert ask(memory, [region("a"), region("b", start=9)]) == ("", set()), "one was deleted"
    task = {"id": 1, "drafts": [{"result": [region("s", "Speaker"), *answer]}]}
    assert ask(memory, [region("y", "Words")], task) == ("y", {"a", "b", "y", "s"})
    assert ask(memory, [region("q", "Load")], task) == ("q", {"q", "a", "b", "y", "s"}), "the draft is an old one"
    redone = [region("c", start=20), region("d", start=30)]
    assert ask(memory, redone, task) == ("d", {"q", "y", "s", "c", "d"})


def test_what_was_deleted_is_not_on_the_page(memory: ScreenMemory) -> None:
    ask(memory, [region("a")])
    memory.add({"id": 1}, [region("s", "Speaker"), region("b", start=9), region("c", start=20)])
    assert ask(memory, [region("a"), region("c", start=20)]) == ("", set())
    assert ask(memory, [region("q", "Load")]) == ("q", {"q", "a", "s", "c"})


@pytest.mark.parametrize(
    "task",
    [
        {},
        {"id": [1], "drafts": 3, "annotations": "x", "predictions": {}},
        {"id": {}, "drafts": [None, {"result": 3}, {"result": [None, 5, {"id": 3}], "updated_at": 5}]},
        {"id": 1, "annotations": [{"result": [7]}], "predictions": [{"result": [None], "model_version": VERSION}]},
    ],
)
def test_hostile_tasks(memory: ScreenMemory, task: dict[str, Any]) -> None:
    odd = [None, 5, {"type": "labels"}, {"type": "labels", "id": "q"}, region("a") | {"value": {"labels": [[]]}}]
    screen = memory.read(task, odd, VERSION)
    assert screen is not None
    assert screen.marked["id"] == "a"


def test_answers_are_marked_as_suggested(project: Project) -> None:
    """New ids name the annotator; relations to regions of the page are left out, since the page breaks on them."""
    text = "A hand said so, so."
    article = make_article(text)
    drawn = Span(id="mine", label="Verb", start=7, end=11, text="said")
    spans = [
        place(text, "A hand", label="Speaker", id_="p1"),
        place(text, "so", label="Words", id_="p2"),
        place(text, "so", 2, "Verb", id_="p3"),
    ]
    relations = [
        Relation(label="speaker", head="mine", tail="p1"),
        Relation(label="words", head="mine", tail="p2"),
        Relation(label="words", head="p3", tail="p2"),
    ]
    spans[0].attributes["rank"] = "hand"
    added = propose("tagger", article, project.inventory, [*spans, drawn], relations)
    answers = [make_answer(added, [drawn], partial(result_items, inventory=project.inventory)) for _ in range(2)]
    regions = [item for item in answers[0] if item["type"] == "labels"]
    assert [item["value"]["text"] for item in regions] == ["A hand", "so", "so"]
    assert {item["origin"] for item in regions} == {"prediction"}
    ids = [item["id"] for item in regions]
    assert {find_suggester(id_) for id_ in ids} == {"tagger"}
    assert [item["id"] for item in answers[0] if item["type"] == "choices"] == [ids[0]]
    assert [(item["from_id"], item["to_id"]) for item in answers[0] if item["type"] == "relation"] == [(ids[2], ids[1])]
    others = {item["id"] for item in answers[1] if item["type"] == "labels"}
    assert not others & set(ids), "the page breaks on an id that it has"


def test_ids_of_others_name_no_suggester() -> None:
    assert find_suggester(name_region("a-b_c--d", "0123456789")) == "a-b_c--d"
    for id_ in ("s1", "s1~2", "A1FWbowu-2", "tagger--xyz", "Tagger--0123456789", "--0123456789", 5, None, ""):
        assert find_suggester(id_) is None, id_
