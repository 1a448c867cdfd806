"""Large projects a page at a time: compare holds two pages, and finds what it finds at once."""

import pytest

from annotate.labelstudio import client
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import prefetch
from annotate.labelstudio.predictions import LazySequence
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.test_loop import Loop


def test_ahead_keeps_items_and_their_order() -> None:
    assert list(prefetch(iter(range(1000)))) == list(range(1000))
    assert list(prefetch(iter([None, None]))) == [None, None]
    assert list(prefetch(iter(()))) == []


def test_ahead_raises_in_its_turn() -> None:
    items = prefetch(1 // number for number in (1, 0))
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)


def test_lazy_reads_what_is_looked_at_each_time() -> None:
    read: list[str] = []

    def upper(key: str) -> str:
        read.append(key)
        return key.upper()

    several = LazySequence(["a", "b", "c"], upper)
    assert (len(several), several.keys, read) == (3, ["a", "b", "c"], [])
    assert (several[-1], read) == ("C", ["c"])
    assert len(several[1:]) == 2
    assert read == ["c"]
    assert [*several, *several[:1]] == ["A", "B", "C", "A"]
    assert read == ["c", "a", "b", "c", "a"]


@pytest.mark.server
def test_compare_by_page(project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(project, started, studio)
    loop.push()
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    found = require_project(studio, loop.state, loop.title)
    seen: list[tuple[int, int]] = []
    tasks = list(studio.iterate_tasks(found.id, lambda done, total: seen.append((done, total)), "id,data"))
    assert seen == [(1, 2), (2, 2)]
    assert not any("annotations" in task or "predictions" in task for task in tasks)

    assert loop.annotate("compare").stdout.splitlines()[0] == "articles: 2 equal, 0 different"
    studio.import_tasks(
        found.id, [{"data": {"text": "x", "article": "harbour"}}, {"data": {"text": "x", "article": "other"}}]
    )
    differs = loop.annotate("compare")
    assert differs.exit_code == 1
    assert "harbour: the server has 2 tasks" in differs.stdout
    assert "the server has a task of no article of the corpus (other)" in differs.stdout
