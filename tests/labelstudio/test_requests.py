"""What push, pull and status ask of a server where nothing changed, and that they overlook nothing that did."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import ServerAddress
from annotate.labelstudio.journal import PullJournal, fetch_changes
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.pushed_predictions import MARGIN, is_settled, is_untouched
from annotate.labelstudio.state import State
from annotate.labelstudio.status import ANNOTATION_FIELDS, TASK_FIELDS, read_status
from tests.conftest import Project
from tests.labelstudio.loop import Loop, on_server, write
from tests.labelstudio.proxy import Proxy
from tests.operations import LINEAR

pytestmark = pytest.mark.server
CREATED = "2026-01-02T03:04:05.678901Z"


@pytest.fixture
def loop(project: Project, started: State, studio: Studio, proxy: Proxy) -> Iterator[Loop]:
    """A pushed corpus; requests of its `studio` pass the proxy."""
    made = Loop(project, started, studio)
    write(made, 2)
    made.state.save_annotators(studio.address.name, {1: "anna"})
    made.push()
    with Studio(ServerAddress(proxy.url, studio.address.name, studio.address.token)) as made.studio:
        made.studio.find_projects(made.title)
        proxy.seen.clear()
        proxy.queries.clear()
        yield made


def fetched_fields(proxy: Proxy) -> list[set[str]]:
    """Return the fields that each list of tasks asked for."""
    queries = [parse_qs(urlsplit(path).query) for path in proxy.queries if path.startswith("/api/tasks?")]
    return [set(query.get("include", ["all"])[0].split(",")) for query in queries]


def test_push_with_nothing_to_do_fetches_no_results(loop: Loop, proxy: Proxy) -> None:
    for _ in range(2):
        assert loop.push().unchanged == loop.corpus.article_ids()
        assert [request.split("/")[2] for request in proxy.seen] == ["projects", "projects", "tasks"]
        assert fetched_fields(proxy) == [{"id", "data", "created_at", "updated_at"}]
        proxy.seen.clear()
        proxy.queries.clear()


def test_push_without_labels_fetches_no_predictions(loop: Loop, proxy: Proxy) -> None:
    (loop.corpus.root / "annotations" / "gold" / "harbour.json").unlink()
    (loop.corpus.root / "annotations" / "gold" / "market.json").unlink()
    loop.push()
    assert fetched_fields(proxy) == [{"id", "data"}]


def change_prediction(loop: Loop, task: dict[str, Any]) -> None:
    with loop.api() as api:
        changed = {"result": task["predictions"][0]["result"][:1]}
        api.patch(f"/api/predictions/{task['predictions'][0]['id']}/", json=changed).raise_for_status()


def delete_prediction(loop: Loop, task: dict[str, Any]) -> None:
    loop.studio.delete_prediction(task["predictions"][0]["id"])


def delete_in_the_list(loop: Loop, task: dict[str, Any]) -> None:
    with loop.api() as api:
        chosen = {"selectedItems": {"all": False, "included": [task["id"]]}, "project": task["project"]}
        where = {"id": "delete_tasks_predictions", "project": task["project"]}
        api.post("/api/dm/actions", params=where, json=chosen).raise_for_status()


def replace_by_import(loop: Loop, task: dict[str, Any]) -> None:
    """Neither the action nor the import changes the time of the task, nor the number of its predictions."""
    delete_in_the_list(loop, task)
    old = task["predictions"][0]
    new = [{"task": task["id"], "model_version": old["model_version"], "result": old["result"][:1]}]
    with loop.api() as api:
        api.post(f"/api/projects/{task['project']}/import/predictions", json=new).raise_for_status()


def replace_task(loop: Loop, task: dict[str, Any]) -> None:
    loop.studio.delete_task(task["id"])
    old = task["predictions"][0]
    prediction = {"model_version": old["model_version"], "result": old["result"][:1]}
    loop.studio.import_tasks(task["project"], [{"data": task["data"], "predictions": [prediction]}])


@pytest.mark.parametrize(
    "act", [change_prediction, delete_prediction, delete_in_the_list, replace_by_import, replace_task]
)
def test_push_restores_predictions_that_others_changed(loop: Loop, act: Callable[[Loop, dict[str, Any]], None]) -> None:
    loop.push()
    tasks = {task["data"]["article"]: task for task in loop.tasks()}
    act(loop, tasks["harbour"])
    result = loop.push()
    assert result.updated == ["harbour"]
    assert "harbour" not in loop.push().updated
    after = next(task for task in loop.tasks() if task["data"]["article"] == "harbour")
    (prediction,) = after["predictions"]
    assert prediction["result"] == tasks["harbour"]["predictions"][0]["result"]


def test_push_finds_changed_data_of_tasks(loop: Loop) -> None:
    loop.push()
    task = next(task for task in loop.tasks() if task["data"]["article"] == "market")
    loop.studio.update_task_data(task["id"], task["data"] | {"title": "Another"})
    assert loop.push().updated == ["market"]


@pytest.mark.parametrize(
    ("updated", "untouched", "settled"),
    [
        (CREATED, True, True),
        ("2026-01-02T03:04:05.678931Z", True, True),
        ("2026-01-02T03:04:06.678931Z", False, True),
        ("2026-01-02T03:59:59.000000Z", False, False),
        (None, False, False),
        ("soon", False, False),
    ],
)
def test_time_of_a_change_counts_once_it_is_past(updated: str | None, untouched: bool, settled: bool) -> None:
    task = {"created_at": CREATED, "updated_at": updated}
    assert is_untouched(task) == untouched
    assert is_settled(task, "2026-01-02T04:00:00.000000Z") == settled
    assert is_settled(task, None) == untouched
    assert MARGIN.total_seconds() == 120


def pulled(loop: Loop) -> int:
    project = require_project(loop.studio, loop.state, loop.title)
    count = sum(fetch_changes(loop.studio, PullJournal(loop.state), project.id))
    loop.take()
    return count


def draft(loop: Loop, article: str, items: Any) -> None:
    number = next(task["id"] for task in loop.tasks() if task["data"]["article"] == article)
    with loop.api() as api:
        api.post(f"/api/tasks/{number}/drafts", json={"result": items}).raise_for_status()


def test_second_pull_fetches_nothing_and_later_ones_every_change(loop: Loop, proxy: Proxy) -> None:
    """All within the overlap, in which every task is listed again."""
    items = loop.items("harbour")
    loop.submit("harbour", items)
    draft(loop, "market", items[:1])
    assert pulled(loop) == 4
    proxy.queries.clear()
    assert (pulled(loop), pulled(loop)) == (0, 0)
    assert {frozenset(fields) for fields in fetched_fields(proxy)} == {frozenset({"id", "updated_at", "draft_exists"})}

    annotation = next(task for task in loop.tasks() if task["annotations"])["annotations"][0]["id"]
    loop.studio.update_annotation(annotation, items[:1])
    assert (pulled(loop), pulled(loop)) == (1, 0)
    draft(loop, "more-0", items[:1])
    assert (pulled(loop), pulled(loop)) == (1, 0)
    draft(loop, "market", items[:2])
    assert (pulled(loop), pulled(loop)) == (1, 0)
    with loop.api() as api:
        api.delete(f"/api/annotations/{annotation}/").raise_for_status()
    assert (pulled(loop), pulled(loop)) == (1, 0)
    loop.submit("market", items)
    assert (pulled(loop), pulled(loop)) == (1, 0)
    loop.studio.delete_task(next(task["id"] for task in loop.tasks() if task["data"]["article"] == "market"))
    assert pulled(loop) == 0


def test_status_lists_a_project_once_and_no_results(loop: Loop, proxy: Proxy) -> None:
    loop.submit("harbour", loop.items("harbour"), lead_time=20)
    loop.submit("market", [], lead_time=40)
    proxy.queries.clear()
    status = read_status(loop.studio, loop.state, loop.title, {1: "anna"})
    assert sorted(status.lead_times["anna"]) == [20, 40]
    assert fetched_fields(proxy) == [set(TASK_FIELDS.split(","))]

    loop.submit("harbour", [], lead_time=30)
    loop.submit("market", [], was_cancelled=True)
    proxy.queries.clear()
    status = read_status(loop.studio, loop.state, loop.title, {1: "anna"})
    assert sorted(status.lead_times["anna"]) == [20, 30, 40]
    assert fetched_fields(proxy) == [set(TASK_FIELDS.split(",")), set(ANNOTATION_FIELDS.split(","))]
    project = require_project(loop.studio, loop.state, loop.title)
    tasks = [task for page in loop.studio.task_pages(project.id, fields=ANNOTATION_FIELDS) for task in page]
    assert {key for task in tasks for annotation in task["annotations"] for key in annotation} <= set(
        ANNOTATION_FIELDS.split(",")
    )


def count_requests(loop: Loop, proxy: Proxy, number: int) -> dict[str, int]:
    """Return the requests of each step on a project of its own with at least so many tasks."""
    loop.title = f"{loop.title} {number}"
    write(loop, number)
    counts = {}
    steps: dict[str, Callable[[], object]] = {
        "first push": loop.push,
        "push with nothing to do": loop.push,
        "first pull": lambda: pulled(loop),
        "second pull": lambda: pulled(loop),
        "status": lambda: read_status(loop.studio, loop.state, loop.title, {1: "anna"}),
    }
    for name, step in steps.items():
        proxy.seen.clear()
        step()
        counts[name] = len(proxy.seen)
    return counts


def test_requests_grow_linearly(loop: Loop, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and batches have two tasks, so that the requests depend on the number of tasks."""
    monkeypatch.setattr("annotate.labelstudio.client.PAGE_SIZE", 2)
    monkeypatch.setattr("annotate.labelstudio.push_plan.PAGE_SIZE", 2)
    monkeypatch.setattr("annotate.labelstudio.push.BATCH_SIZE", 2)
    few, many = (count_requests(loop, proxy, number) for number in (10, 22))  # 12 and 24 tasks
    for name, number in few.items():
        assert many[name] <= LINEAR * number, (name, number, many[name])
        assert number >= 6, name  # one request for each page


def test_a_pull_fetches_the_results_of_changed_tasks_alone(loop: Loop, proxy: Proxy) -> None:
    write(loop, 10)
    loop.push()
    pulled(loop)
    for article in ("harbour", "more-3"):
        loop.submit(article, [])
    proxy.queries.clear()
    assert (pulled(loop), fetched_fields(proxy).count({"all"})) == (2, 1)
    proxy.queries.clear()
    assert (pulled(loop), fetched_fields(proxy).count({"all"})) == (0, 0)


def test_an_import_has_as_many_tasks_as_fit(loop: Loop, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that is larger than an import may be is imported alone."""
    sizes = []
    for limit in (1, 10**9):
        monkeypatch.setattr("annotate.labelstudio.push.BATCH_BYTES", limit)
        loop.title = f"{loop.title} {limit}"
        proxy.seen.clear()
        assert loop.push().created == loop.corpus.article_ids() == on_server(loop)
        sizes.append(sum(request.endswith("/import") for request in proxy.seen))
    assert sizes == [4, 1]


def test_a_first_push_asks_nothing_of_a_new_project(loop: Loop, proxy: Proxy) -> None:
    loop.title = f"{loop.title} new"
    loop.push()
    numbers = [re.sub(r"\d+", "N", request) for request in proxy.seen]
    assert numbers == [
        "GET /api/projects/",
        "POST /api/projects/",
        "POST /api/dm/views/",
        "POST /api/projects/N/import",
        "GET /api/projects/N/model-versions",
    ]
