"""A pull fetches what changed, resumes where it stopped, and keeps what it cannot take."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import client as module
from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.journal import PullJournal, fetch_changes
from annotate.labelstudio.lock import LOCK_FILE, lock_folder
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.pull import PullResult
from annotate.labelstudio.quarantine import iterate_quarantine
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop

pytestmark = pytest.mark.server


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    made = Loop(project, started, studio)
    made.push()
    shutil.rmtree(made.corpus.root / "annotations" / "anna")
    made.state.save_annotators(studio.address.name, {1: "anna", 2: "ben"})
    return made


def pulled(loop: Loop, *, everything: bool = False) -> tuple[int, PullResult]:
    project = require_project(loop.studio, loop.state, loop.title)
    count = sum(fetch_changes(loop.studio, PullJournal(loop.state), project.id, everything=everything))
    return count, loop.take()


def settle(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the overlap: the changes of the tests are all older than the last pull."""
    from datetime import timedelta

    from annotate.labelstudio import journal

    monkeypatch.setattr(journal, "OVERLAP", timedelta(0))


def draft(loop: Loop, article: str, items: Any) -> None:
    number = next(task["id"] for task in loop.tasks() if task["data"]["article"] == article)
    with loop.api() as api:
        answer = api.post(f"/api/tasks/{number}/drafts", json={"result": items})
        assert answer.status_code == 201, answer.text


def kept(loop: Loop, article: str) -> Any:
    return json.loads((loop.state.folder / "raw" / f"{article}.json").read_bytes())


def test_second_pull_fetches_only_changes(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    settle(loop, monkeypatch)
    loop.submit("harbour", loop.items("harbour"))
    time.sleep(1.1)  # the server's clock, as it tells it, has whole seconds
    assert pulled(loop)[0] == 2
    nothing, done = pulled(loop)
    assert (nothing, done) == (0, PullResult([], [], [], 0))
    loop.submit("market", loop.items("market"))
    count, done = pulled(loop)
    assert (count, done.written) == (1, ["anna/market"])
    everything, done = pulled(loop, everything=True)
    assert (everything, done.unchanged) == (2, ["anna/harbour", "anna/market"])


def test_drafts_and_skipped_tasks_are_kept_raw(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(loop, monkeypatch)
    items = loop.items("harbour")
    loop.submit("harbour", items, was_cancelled=True)
    pulled(loop)
    assert kept(loop, "harbour")[0]["annotations"][0]["was_cancelled"] is True
    draft(loop, "market", items[:1])  # changes no time of the task
    assert pulled(loop)[0] >= 1
    assert kept(loop, "market")[0]["drafts"][0]["result"] == items[:1]
    assert not loop.corpus.annotation_path("anna", "harbour").exists()
    assert not loop.corpus.annotation_path("anna", "market").exists()


def test_quarantine_is_listed_until_the_item_is_fixed(loop: Loop) -> None:
    items = loop.items("market")
    lost = {"type": "relation", "from_id": "nowhere", "to_id": "nowhere", "direction": "right", "labels": ["words"]}
    loop.submit("market", [*items, lost])
    for _ in range(2):
        assert loop.annotate("pull").exit_code == 1
        told = loop.annotate("status")
        assert told.exit_code == 1
        assert "quarantined: market, task" in told.stdout
        assert "anna: L401" in told.stdout
    ((article, entry),) = iterate_quarantine(loop.state)
    assert (article, entry.items) == ("market", [lost])
    annotation = next(task for task in loop.tasks() if task["annotations"])["annotations"][0]["id"]
    with loop.api() as api:
        assert api.patch(f"/api/annotations/{annotation}/", json={"result": items}).status_code == 200
    assert loop.annotate("pull").exit_code == 0
    assert loop.annotate("status").exit_code == 0


def test_deleted_task_of_no_article_leaves_the_quarantine(loop: Loop) -> None:
    number = require_project(loop.studio, loop.state, loop.title).id
    with loop.api() as api:
        data = {"text": "x", "title": "x", "notice": "", "article": "lighthouse"}
        api.post(f"/api/projects/{number}/import", json=[data]).raise_for_status()
    assert loop.annotate("pull").exit_code == 1
    loop.studio.delete_task(loop.tasks()[-1]["id"])
    assert loop.annotate("pull").exit_code == 0


def test_fetch_resumes_where_it_stopped(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_SIZE", 1)
    for article in ("harbour", "market"):
        loop.submit(article, loop.items(article))
    project, journal, name = (
        require_project(loop.studio, loop.state, loop.title),
        PullJournal(loop.state),
        loop.studio.address.name,
    )
    assert next(fetch_changes(loop.studio, journal, project.id)) == 1
    mark = journal.checkpoint(name, project.id)
    assert mark.since is None
    assert mark.began
    assert mark.last > 0
    count, done = pulled(loop)
    assert (count, done.written) == (1, ["anna/harbour", "anna/market"])
    after = journal.checkpoint(name, project.id)
    assert (after.since, after.began, after.last) == (mark.began, None, 0)
    assert journal.page_paths() == []


def test_fetch_reports_progress_and_each_page(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_SIZE", 1)
    project, journal = require_project(loop.studio, loop.state, loop.title), PullJournal(loop.state)
    seen: list[tuple[int, int]] = []
    kept: list[tuple[Path, object]] = []
    fetched = fetch_changes(
        loop.studio,
        journal,
        project.id,
        progress=lambda done, total: seen.append((done, total)),
        on_page=lambda path, page: kept.append((path, [task["data"]["article"] for task in page.tasks])),
    )
    assert list(fetched) == [1, 1]
    assert seen == [(1, 2), (2, 2)]
    assert kept == list(zip(journal.page_paths(), (["harbour"], ["market"]), strict=True))


def test_deleting_the_servers_database_loses_no_label(
    project: Project, tmp_path: Path, begin: Callable[[State], None]
) -> None:
    """A separate server is stopped, loses its data, and starts empty."""
    state = State(tmp_path / ".studio")
    begin(state)
    server.start(state)
    try:
        with Studio(find_server(state)) as studio:
            loop = Loop(project, state, studio)
            loop.push()
            shutil.rmtree(loop.corpus.root / "annotations" / "anna")
            loop.state.save_annotators(studio.address.name, {1: "anna"})
            loop.submit("harbour", loop.items("harbour"))
            draft(loop, "market", loop.items("market"))
            _, done = pulled(loop)
            assert done.written == ["anna/harbour"]
            labels, drafts = loop.corpus.read_annotation("anna", "harbour"), kept(loop, "market")[0]["drafts"]
        server.stop(state)
        shutil.rmtree(state.data)
        begin(state)
        server.start(state)
        loop.state.write_bytes("server.json", (state.folder / "server.json").read_bytes())
        with Studio(find_server(loop.state)) as loop.studio:
            assert loop.studio.find_projects(loop.title) == []
            loop.push()
            pulled(loop, everything=True)
            assert loop.corpus.read_annotation("anna", "harbour") == labels
            assert drafts in [task["drafts"] for task in kept(loop, "market")]
    finally:
        server.stop(state)


def test_broken_journal_is_named_and_not_removed(loop: Loop) -> None:
    loop.state.write_bytes("journal/00000001.json", b'{"server": "local", "users": [1], "tasks": [{"secret"')
    broken = loop.annotate("pull")
    assert broken.exit_code == 2
    assert "00000001.json: cannot be read (DecodeError); move it away" in broken.stderr
    assert "secret" not in broken.output
    assert (loop.state.folder / "journal" / "00000001.json").exists()


HOLD = """
import sys
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.state import State
with lock_folder(State(sys.argv[1]), "pull"):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def holder(loop: Loop) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-c", HOLD, str(loop.state.folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_two_pulls_at_once(loop: Loop, holder: "subprocess.Popen[str]") -> None:
    busy = loop.annotate("pull")
    assert busy.exit_code == 2
    assert f"`annotate studio pull` is running (process {holder.pid}, since " in busy.stderr
    assert busy.stderr.count("\n") == 1
    holder.kill()
    holder.wait()
    assert (loop.state.folder / LOCK_FILE).stat().st_size > 0  # what the dead one left
    assert loop.annotate("pull").exit_code == 0


def test_lock_is_released(loop: Loop) -> None:
    for _ in range(2):
        with (
            lock_folder(loop.state, "pull"),
            pytest.raises(CannotRun, match="is running"),
            lock_folder(loop.state, "push"),
        ):
            pass


def test_waiting_pages_do_not_pile_up(loop: Loop) -> None:
    """Each pull fetches tasks with a draft again, also while an earlier page waits for its user to be identified."""
    loop.state.save_annotators(loop.studio.address.name, {})
    loop.submit("harbour", [])
    draft(loop, "market", [])
    sizes = []
    for _ in range(4):
        refused = loop.annotate("pull")
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
        assert "; 2 tasks in the journal until then" in refused.stderr
        sizes.append(len(PullJournal(loop.state).page_paths()))
    assert sizes[1:] == [sizes[1]] * 3
    tasks = [task["id"] for path in PullJournal(loop.state).page_paths() for task in read_tasks(loop, path)]
    assert sorted(tasks) == sorted(task["id"] for task in loop.tasks())
    assert loop.annotate("pull", "--annotator", "anna").exit_code == 0
    assert PullJournal(loop.state).page_paths() == []


def read_tasks(loop: Loop, path: Path) -> list[Any]:
    return PullJournal(loop.state).read_page(path).tasks


def test_draft_of_a_known_annotator_has_their_name(loop: Loop) -> None:
    draft(loop, "market", loop.items("market")[:1])
    _, result = pulled(loop)
    message = "anna has a draft that was not submitted; it was not taken"
    assert [(each.file, each.message) for each in result.findings] == [("annotations/anna/market.json", message)]
