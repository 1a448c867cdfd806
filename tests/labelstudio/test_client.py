"""The requests of the client, and the server that it uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import client
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / ".studio")


@pytest.mark.server
def test_existing_tasks_are_looked_up_in_runs(
    project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids within a page's length are looked up together; other tasks between them do not count."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    loop = Loop(project, started, studio)
    made = loop.push().project
    studio.import_tasks(made.id, [{"data": {"text": "x", "article": str(number)}} for number in range(6)])
    numbers = [task["id"] for task in studio.list_tasks(made.id)]
    studio.delete_task(numbers[4])
    wanted = {*numbers[:2], *numbers[4:7], numbers[-1] + 99}
    asked, ask = list[int](), studio.task_pages

    def noted(project_id: int, *, after_id: int, **more: Any) -> Iterator[list[dict[str, Any]]]:
        asked.append(after_id + 1)
        return ask(project_id, after_id=after_id, **more)

    monkeypatch.setattr(studio, "task_pages", noted)
    assert studio.existing_tasks(made.id, wanted) == {*numbers[:2], *numbers[5:7]}
    assert asked == [numbers[0], numbers[4], numbers[-1] + 99]
    with loop.api() as api:
        api.delete(f"/api/projects/{made.id}/").raise_for_status()
    assert studio.existing_tasks(made.id, wanted) == set()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (URL_VARIABLE, TOKEN_VARIABLE):
        monkeypatch.delenv(name, raising=False)


def test_address_without_token_is_rejected(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match="no server is running; start one with `annotate studio up`"):
        find_server(state)
    monkeypatch.setenv(URL_VARIABLE, "http://example.org/")
    with pytest.raises(CannotRun, match=f"{TOKEN_VARIABLE} is not set"):
        find_server(state)
    monkeypatch.setenv(TOKEN_VARIABLE, "a-secret")
    found = find_server(state)
    assert (found.url, found.name, found.token) == ("http://example.org", "http://example.org", "a-secret")
    assert "a-secret" not in repr(found)
    monkeypatch.delenv(URL_VARIABLE)
    with pytest.raises(CannotRun, match=f"{URL_VARIABLE} is not set"):
        find_server(state)
