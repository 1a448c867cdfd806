"""`annotate studio watch` on a real server: findings reach the annotators, and nothing else changes."""

import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from annotate.labelstudio import journal, lock
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.labelstudio.views import DEFAULT
from annotate.service.background import find_watch, stop_watch
from annotate.service.memory import find_own_writes
from annotate.service.watcher import TAB
from tests.conftest import read_files
from tests.convert.test_label_map import MAP
from tests.labelstudio.proxy import Proxy
from tests.labelstudio.team import VERB, Team
from tests.labelstudio.test_foreign_project import ForeignProject
from tests.service.watching import SAYS, WORDS, Running, correct, tasks, watch

pytestmark = pytest.mark.server

NO_WORDS = "This Verb has no Words. Draw the relation ‘words’ from it, or delete it."


def page(team: Team, annotator: str) -> str:
    return (team.state.folder / "findings" / f"{annotator}.html").read_text("utf-8")


def test_findings_appear_and_disappear(anna: Team) -> None:
    before = read_files(anna.corpus.root)
    done = watch(anna)
    assert "1 task checked, 1 written; points: anna 1\n" in done.stdout
    data = tasks(anna, "anna")["harbour"]["data"]
    assert data["findings"] == 1
    assert ("<q>said</q>" in data["notice"], NO_WORDS in data["notice"], "Who *speaks*" in data["notice"]) == (
        True,
        True,
        True,
    )
    shown = page(anna, "anna")
    task_id = tasks(anna, "anna")["harbour"]["id"]
    assert (NO_WORDS in shown, f"/data?task={task_id}" in shown) == (True, True)
    assert tasks(anna, "anna")["market"]["data"]["notice"] == ""

    correct(anna, "anna", "harbour", [VERB, WORDS, SAYS])
    assert "1 task checked, 1 written; points: anna 0" in watch(anna).stdout
    data = tasks(anna, "anna")["harbour"]["data"]
    assert (data["findings"], data["notice"]) == (0, "")
    assert "There is nothing to look at." in page(anna, "anna")
    assert read_files(anna.corpus.root) == before


def test_a_task_is_written_only_when_its_findings_change(anna: Team) -> None:
    watch(anna)
    written = tasks(anna, "anna")["harbour"]["updated_at"]
    assert "checked" not in watch(anna).stdout
    correct(anna, "anna", "harbour", [{**VERB, "meta": {"text": ["sure"]}}])
    assert "1 task checked, 0 written" in watch(anna).stdout
    changed = tasks(anna, "anna")["harbour"]["updated_at"]
    assert changed > written
    anna.project.replace("guidelines/speech.md", "Who *speaks*", "Speech")
    assert "1 task checked, 1 written" in watch(anna).stdout
    assert "Speech" in tasks(anna, "anna")["harbour"]["data"]["notice"]


def test_next_pull_does_not_fetch_what_only_the_watch_changed(anna: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "OVERLAP", timedelta(0))
    title = annotator_title(anna.title, "anna")
    anna.clear_labels()
    time.sleep(1.1)  # the server's clock, as it tells it, has whole seconds

    def pull() -> str:
        done = anna.project.annotate("studio", "pull", "--dir", str(anna.state.folder), "--title", title)
        assert done.exit_code == 0, done.output
        return done.stdout.splitlines()[-1]

    assert pull().startswith("2 tasks fetched")
    time.sleep(1.1)
    assert "1 written" in watch(anna, "--title", anna.title).stdout
    assert pull().startswith("0 tasks fetched")
    correct(anna, "anna", "harbour", [VERB, WORDS])
    watch(anna)
    assert pull().startswith("1 tasks fetched")
    assert [span.label for span in anna.corpus.read_annotation("anna", "harbour").spans] == ["Verb", "Words"]


def test_labels_submitted_while_the_watch_writes_are_pulled(anna: Team, proxy: Proxy) -> None:
    """The watch remembers its write only if the labels are still those that it checked."""

    def submit(count: int, request: str) -> None:
        if request.startswith("PATCH /api/tasks/"):
            proxy.after = lambda count, request: None
            correct(anna, "anna", "harbour", [VERB, WORDS])

    proxy.after = submit
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL_VARIABLE, proxy.url)
        patch.setenv(TOKEN_VARIABLE, anna.studio.address.token)
        server = proxy.url
        anna.state.save_annotators(server, anna.state.annotators("local"))
        for title, number in anna.state.project_ids("local").items():
            anna.state.save_project_id(server, title, number)
        patch.setattr("annotate.service.watcher.labelling_titles", lambda *_: [annotator_title(anna.title, "anna")])
        assert "1 written" in watch(anna).stdout
        number = require_project(anna.studio, anna.state, annotator_title(anna.title, "anna")).id
        assert find_own_writes(anna.state, server, number) == {}
        watch(anna)
        (write,) = find_own_writes(anna.state, server, number).values()
        assert write.before < write.written


def test_shared_project_shows_counts_only(anna: Team) -> None:
    """The second annotator's first submission takes the words away that the first one saw."""
    anna.push()
    first = [VERB]
    anna.work("anna", "harbour", "annotations/", first, project=anna.title)
    watch(anna)
    assert "<q>said</q>" in tasks(anna)["harbour"]["data"]["notice"]
    anna.run("people", "add", "ben")
    anna.work("ben", "market", "annotations/", [], project=anna.title)
    watch(anna)
    data = tasks(anna)["harbour"]["data"]
    assert data["findings"] == 1
    assert ("said" in data["notice"], "Verb" in data["notice"], "summary page" in data["notice"]) == (
        False,
        False,
        True,
    )
    assert NO_WORDS in page(anna, "anna")
    assert "There is nothing to look at." in page(anna, "ben")
    # Her own project still has the words.
    assert "<q>said</q>" in tasks(anna, "anna")["harbour"]["data"]["notice"]


def test_project_made_elsewhere_is_not_changed(team: Team, tmp_path: Path) -> None:
    foreign = ForeignProject(team)
    (team.project.schema / "maps").mkdir()
    (team.project.schema / "maps" / "labelstudio.yaml").write_text(MAP)
    team.state.save_annotators("local", {1: "anna"})
    task = foreign.tasks()[0]
    (annotation,) = task["annotations"]
    relations = [item for item in annotation["result"] if item["type"] == "relation"]
    kept = [item for item in annotation["result"] if item not in relations]
    with team.api() as api:
        api.patch(f"/api/annotations/{annotation['id']}/", json={"result": kept})
    before = foreign.state()
    pages = tmp_path / "pages"
    done = watch(team, "--pages", str(pages))
    assert "2 tasks checked, 0 written" in done.stdout
    assert foreign.state() == before
    assert team.studio.list_views(foreign.id) == []
    assert "has no Words" in (pages / "anna.html").read_text("utf-8")
    (pages / "mine.txt").write_text("not a page of the watch")
    with team.api() as api:
        api.patch(f"/api/annotations/{annotation['id']}/", json={"result": []})
    refused = team.annotate("watch", "--once", "--pages", str(pages))
    assert (refused.exit_code, "mine.txt" in refused.stderr) == (2, True), refused.output


def test_tab_of_the_data_manager(anna: Team) -> None:
    project = require_project(anna.studio, anna.state, annotator_title(anna.title, "anna"))
    assert [view["data"]["title"] for view in anna.studio.list_views(project.id)] == [DEFAULT]
    watch(anna)
    watch(anna)
    views = anna.studio.list_views(project.id)
    assert [view["data"]["title"] for view in views] == [DEFAULT, TAB]
    with anna.api() as api:
        listed = api.get("/api/tasks", params={"project": project.id, "view": views[1]["id"]}).json()
    assert [task["id"] for task in listed["tasks"]] == [tasks(anna, "anna")["harbour"]["id"]]
    with anna.api() as api:
        api.delete(f"/api/dm/views/{views[1]['id']}/")
    anna.work("anna", "market", "annotations/", [VERB])
    watch(anna)
    assert len(anna.studio.list_views(project.id)) == 1  # someone removed it


def test_other_commands_wait_for_the_watch(anna: Team) -> None:
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from annotate.labelstudio.lock import *; from annotate.labelstudio.state import State\n"
            "with lock_folder(State(sys.argv[1]), sys.argv[2]): print('held', flush=True); time.sleep(2)",
            str(anna.state.folder),
            "watch",
        ],
        stdout=subprocess.PIPE,
    ) as held:
        assert held.stdout
        held.stdout.readline()
        begin = time.monotonic()
        with lock_folder(anna.state, "pull"):
            assert time.monotonic() - begin > 0.5
            assert b'"pull"' in (anna.state.folder / lock.LOCK_FILE).read_bytes()
            # The watch itself does not wait for others: its next poll comes soon.
            refused = anna.annotate("watch", "--once")
            assert (refused.exit_code, "`annotate studio pull` is running" in refused.stderr) == (2, True)


def test_a_killed_watch_is_continued_and_a_signal_ends_it(anna: Team) -> None:
    watching = Running(anna)
    try:
        watching.wait_for("points: anna 1")
        other = anna.annotate("watch", "--once")
        assert (other.exit_code, "only one watch runs in a folder" in other.stderr) == (2, True)
        watching.end(signal.SIGKILL)
        correct(anna, "anna", "harbour", [])
        watching = Running(anna)
        watching.wait_for("1 task checked, 1 written; points: anna 0")
        assert watching.end(signal.SIGTERM) == 143
        assert tasks(anna, "anna")["harbour"]["data"]["findings"] == 0
        assert "Traceback" not in watching.log.read_text("utf-8")
    finally:
        watching.end(signal.SIGKILL)


def test_a_server_that_is_down_is_reported_once(anna: Team) -> None:
    record = (anna.state.folder / "server.json").read_bytes()
    (anna.state.folder / "server.json").unlink()  # as after `annotate studio down`
    watching = Running(anna)
    try:
        watching.wait_for("no server is running")
        time.sleep(3)
        (anna.state.folder / "server.json").write_bytes(record)
        watching.wait_for("the problem is over")
        assert tasks(anna, "anna")["harbour"]["data"]["findings"] == 1
        assert watching.end(signal.SIGINT) == 130
        told = watching.log.read_text("utf-8")
        assert (told.count("no server is running"), "Traceback" in told) == (1, False)
    finally:
        watching.end(signal.SIGKILL)


def test_up_starts_the_watch_and_down_stops_it(anna: Team) -> None:
    """The server of the tests runs on: only the watch is started and stopped."""
    try:
        told = anna.annotate("up", "--no-watch").stdout
        assert ("already running" in told, "watching" in told, find_watch(anna.state)) == (True, False, None)
        assert "\nwatching labels: pages in " in anna.annotate("up").stdout
        assert "already watching labels" in anna.annotate("up").stdout
        assert "\nwatch: process " in anna.annotate("status").stdout
        (anna.state.folder / "server.json").unlink()
        assert anna.annotate("down").stdout == "no server was running\n"
        assert find_watch(anna.state) is None
    finally:
        stop_watch(anna.state)
