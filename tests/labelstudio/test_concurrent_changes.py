"""Changes on the server during a command: deleted tasks and projects, an edited config, a late import, a dead server.

Nothing is overwritten or lost, and each case is reported in one line.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.quarantine import iterate_quarantine
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop, on_server, write
from tests.labelstudio.proxy import Proxy, before
from tests.labelstudio.toolkit import Limits, Toolkit, answers, assert_pulled, assert_pushed_once, labelled

pytestmark = pytest.mark.server


@pytest.fixture
def toolkit(project: Project, started: State, studio: Studio, proxy: Proxy) -> Toolkit:
    return Toolkit(Loop(project, started, studio), proxy)


def number(loop: Loop) -> int:
    return require_project(loop.studio, loop.state, loop.title).id


def test_task_deleted_between_listing_and_reading(toolkit: Toolkit) -> None:
    """The task is taken as it was listed; missing drafts are ignored."""
    made, loop = labelled(toolkit), toolkit.loop
    first = loop.tasks()[0]
    with loop.api() as api:
        assert api.post(f"/api/tasks/{first['id']}/drafts", json={"result": []}).status_code == 201
    toolkit.undisturbed()

    def delete(count: int, request: str) -> None:
        if request.startswith("GET /api/tasks") and loop.studio.has_task(first["id"]):
            loop.studio.delete_task(first["id"])

    toolkit.proxy.after = delete
    done = toolkit.run("pull")
    assert done.code == 0, done.err
    assert f"GET /api/tasks/{first['id']}/drafts" in toolkit.proxy.seen
    assert answers(loop) == made
    assert article_id_of(first) not in on_server(loop)


def test_project_deleted_between_two_pages(toolkit: Toolkit) -> None:
    """The pull ends with one line; the next takes what was fetched; a push creates the project again."""
    write(toolkit.loop, 2)
    made, loop = labelled(toolkit), toolkit.loop
    gone, pages = number(loop), list[str]()
    toolkit.undisturbed()

    def delete(count: int, request: str) -> None:
        if request == "GET /api/tasks":
            pages.append(request)
            if len(pages) == 1:
                with loop.api() as api:
                    api.delete(f"/api/projects/{gone}/").raise_for_status()

    toolkit.proxy.after = delete
    done = toolkit.run("pull")
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    toolkit.undisturbed()
    done = toolkit.run("pull")
    assert done.code == 2
    lines = [line for line in done.err.splitlines() if " L107 " not in line and "no longer on the server" not in line]
    assert lines == [
        f"annotate: {toolkit.proxy.url}: there is no project {loop.title!r} (any more); "
        "create it with `annotate studio push`"
    ]
    first = {name: made[name] for name in sorted(made)[:2]}
    assert answers(loop) == first
    assert toolkit.run("push").code == 0
    assert_pushed_once(loop)
    assert toolkit.run("pull").code == 0
    assert answers(loop) == first


def test_config_edited_by_hand_is_noticed_and_never_overwritten(toolkit: Toolkit) -> None:
    loop = toolkit.loop
    made = labelled(toolkit)
    ours = require_project(loop.studio, loop.state, loop.title).config
    edited = ours.replace('<Label value="Verb"', '<Label value="Rumour"/>\n<Label value="Verb"', 1)
    assert edited != ours
    with loop.api() as api:
        api.patch(f"/api/projects/{number(loop)}/", json={"label_config": edited}).raise_for_status()
    there = require_project(loop.studio, loop.state, loop.title).config
    told = "the labelling config was changed on the server (it has speech: Rumour); put the change into the inventory"

    loop.project.replace("schema/labels.yaml", "about: ", "about: Now ")  # the inventory goes on meanwhile
    for words in (["push"], ["push", "--plan"]):
        refused = toolkit.run(*words)
        assert (refused.code, refused.err.count("\n")) == (1, 1), refused.err
        assert refused.err.startswith(f"annotate: project {number(loop)}: {told}")
    assert require_project(loop.studio, loop.state, loop.title).config == there
    status = toolkit.run("status")
    assert (status.code, told in status.out) == (1, True)

    task = next(task for task in loop.tasks() if article_id_of(task) == "market")
    work, items = task["annotations"][0]["id"], loop.items("market")
    item = {"id": "r", "from_name": "speech", "to_name": "text", "type": "labels"}
    place = {"start": 0, "end": 3, "text": task["data"]["text"][:3], "labels": ["Rumour"]}

    def submit(result: object) -> None:
        with loop.api() as api:
            api.patch(f"/api/annotations/{work}/", json={"result": result}).raise_for_status()

    submit([*items, item | {"value": place}])
    done = toolkit.run("pull")
    assert done.code == 1
    assert sum(told in line for line in done.err.splitlines()) == 1
    ((article, entry),) = iterate_quarantine(loop.state)
    assert (article, entry.reasons[0].code, entry.items) == ("market", "L203", [item | {"value": place}])
    assert answers(loop) == made

    refused = toolkit.run("push", "--restore-config")
    assert refused.code == 1
    assert "speech: Rumour (1 in annotations)" in refused.err
    submit(items)
    assert toolkit.run("push", "--restore-config").code == 0
    assert require_project(loop.studio, loop.state, loop.title).config == ours
    assert toolkit.run("pull", "--all").code == 0
    assert answers(loop) == made


def test_late_import_makes_no_duplicate(toolkit: Toolkit) -> None:
    """The server completes an import after the timeout, and before the toolkit repeats it."""
    imported = list[str]()

    def late(count: int, request: str) -> float:
        if request.endswith("/import"):
            imported.append(request)
            return 1.4 if len(imported) == 1 else 0
        return 0

    write(toolkit.loop, 2)
    toolkit.proxy.delay = late
    done = toolkit.run("push", limits=Limits(seconds=1))
    assert done.code == 0, done.err
    assert len(imported) == 2  # two batches, none of them twice
    assert_pushed_once(toolkit.loop)


def test_duplicates_are_reported_and_dropped_if_without_work(toolkit: Toolkit) -> None:
    """An import after all pauses: reported at once or by the next push; `--drop-doubles` removes tasks without work."""
    loop, imported = toolkit.loop, list[str]()

    def late(count: int, request: str) -> float:
        imported.append(request) if request.endswith("/import") else None
        return 4 if request.endswith("/import") and len(imported) == 1 else 0

    toolkit.proxy.delay = late
    toolkit.run("push", limits=Limits(seconds=1))
    toolkit.undisturbed()
    for _ in range(50):
        if len(on_server(loop)) > len(loop.corpus.article_ids()):
            break
        time.sleep(0.2)
    assert on_server(loop) == ["harbour", "harbour", "market", "market"]
    told = toolkit.run("push")
    assert told.code == 1
    assert told.err.count("`annotate studio push --drop-doubles` removes duplicates without work") == 2
    assert len(on_server(loop)) == 4  # nothing is removed unasked

    by_article = {
        name: [one["id"] for one in loop.tasks() if article_id_of(one) == name] for name in ("harbour", "market")
    }
    with loop.api() as api:  # the later of one has a draft, both of the other are labelled
        api.post(f"/api/tasks/{by_article['harbour'][1]}/drafts", json={"result": []}).raise_for_status()
        for task in by_article["market"]:
            api.post(f"/api/tasks/{task}/annotations/", json={"result": []}).raise_for_status()
    dropped = toolkit.run("push", "--drop-doubles")
    assert dropped.code == 1
    first, second = by_article["harbour"]
    assert dropped.out.splitlines()[0] == f"removed: task {first} of harbour, which has task {second}"
    assert on_server(loop) == ["harbour", "market", "market"]
    with loop.api() as api:
        work = next(task for task in loop.tasks() if task["id"] == by_article["market"][1])["annotations"][0]["id"]
        api.delete(f"/api/annotations/{work}/").raise_for_status()
    assert toolkit.run("push", "--drop-doubles").code == 0
    assert_pushed_once(loop)
    assert by_article["market"][0] in [task["id"] for task in loop.tasks()]


@pytest.fixture
def mortal(begin: Callable[[State], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """Yield a second server, which the test kills."""
    state = State(tmp_path_factory.mktemp("mortal") / ".studio")
    begin(state)
    server.start(state)
    yield state
    server.stop(state)


def kill(state: State) -> None:
    process = server.find_running(state)
    assert process
    os.kill(process.pid, signal.SIGKILL)
    while server.is_healthy(process.port):
        time.sleep(0.05)


def test_server_killed_and_started_again(project: Project, mortal: State) -> None:
    """The server dies during a push and during a pull, and restarts on the same port."""
    where = find_server(mortal)
    port = urlsplit(where.url).port
    assert port
    with Studio(where) as studio, before(port) as proxy:
        loop = Loop(project, mortal, studio)
        write(loop, 2)
        toolkit, killed = Toolkit(loop, proxy), list[str]()

        def kill_at(end: str) -> None:
            toolkit.undisturbed()
            killed.clear()

            def at(count: int, request: str) -> None:
                if request.endswith(end) and not killed:
                    killed.append(request)
                    kill(mortal)

            proxy.after = at

        kill_at("/import")
        done = toolkit.run("push")
        assert killed
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        assert server.start(mortal).port == port
        toolkit.undisturbed()
        assert toolkit.run("push").code == 0
        assert_pushed_once(loop)

        fresh_corpus = labelled(toolkit)
        kill_at("/tasks")
        done = toolkit.run("pull")
        assert killed
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        assert server.start(mortal).port == port
        toolkit.undisturbed()
        done = toolkit.run("pull")
        assert done.code == 0, done.err
        assert_pulled(toolkit, fresh_corpus)
