"""A migration of a live project on a real server: complete, killed at any point and continued, undone, refused."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.config_usage import used_names
from annotate.labelstudio.lock import MIGRATION_FOLDER
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.results import iterate_entries
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop
from tests.labelstudio.toolkit import CONTEXT, END_TIMEOUT
from tests.service.practice import write_practice

pytestmark = pytest.mark.server

STEPS = """\
from: 1.0.0
to: 1.1.0
steps:
  - {rename: label, from: Load, to: Freight}
  - {rename: attribute, from: least, to: fewest}
  - {rename: value, attribute: wording, from: range, to: from-to}
  - {rename: relation, from: lies_at, to: found_at}
  - split: Words
    default: Words
    into: {Words: {}, Aside: {definition: What is said by the way., hotkey: "6", color: "#666666"}}
    exceptions: {harbour/s3: Aside}
  - {drop: attribute, name: rank, confirm: true}
  - {merge: [Speaker, Quay], to: Party}
"""


def dying(point: int, words: list[str], folder: Path) -> None:
    """Run a command that is killed before the write to disk or server with this number."""
    from annotate import cli
    from annotate.migration import transaction

    calls = 0

    def count(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return counted

    for name in ("_write_journal", "write_entry", "_write_settings", "_write_file", "_set_phase"):
        setattr(transaction, name, count(getattr(transaction, name)))
    os.chdir(folder)
    cli.cli(words)


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    """A project with a submitted annotation, a draft, predictions of the toolkit and of another model."""
    write_practice(project)
    made = Loop(project, started, studio)
    made.push()
    made.submit("harbour", made.items("harbour"))
    assert made.annotate("pull", "--annotator", "anna").exit_code == 0
    task = next(task["id"] for task in made.tasks() if task["data"]["article"] == "market")
    with made.api() as api:
        items = made.items("market")
        api.post(f"/api/tasks/{task}/drafts", json={"result": items}).raise_for_status()
        other = {"task": task, "result": items, "model_version": "model 3"}
        api.post("/api/predictions/", json=other).raise_for_status()
    project.path("steps.yaml").write_text(STEPS)
    return made


def contents(loop: Loop) -> tuple[dict[str, bytes], str, Any]:
    """Return every file of corpus, schema and guidelines, the config, and every result on the server."""
    folders = ("corpus/", "schema/", "guidelines/")
    files = {name: data for name, data in loop.project.snapshot().items() if name.startswith(folders)}
    project = require_project(loop.studio, loop.state, loop.title)
    results = sorted(
        (kind, entry["id"], entry["result"], entry.get("model_version"))
        for task in loop.studio.iterate_tasks_with_drafts(project.id)
        for kind, entry in iterate_entries(task)
    )
    return files, project.config, results


def killed(loop: Loop, point: int, *words: str, every: bool = False) -> None:
    """Run `migrate` for one project, or for every one, in a process that dies before the write with this number."""
    title = [] if every else ["--title", loop.title]
    command = ["migrate", *words, "--dir", str(loop.state.folder), *title]
    process = CONTEXT.Process(target=dying, args=(point, command, loop.project.root))
    process.start()
    process.join(END_TIMEOUT)
    assert process.exitcode == -signal.SIGKILL


def check_and_compare(loop: Loop) -> None:
    checked = loop.project.annotate("check")
    assert checked.exit_code == 0, checked.output
    compared = loop.annotate("compare")
    assert compared.exit_code == 0, compared.output


def test_migrate_and_undo(loop: Loop) -> None:
    before = contents(loop)
    planned = loop.annotate("migrate", "steps.yaml", "--plan")
    assert planned.exit_code == 0, planned.output
    assert "to change: 8 files, 1 projects, 1 annotations, 1 drafts, 3 predictions" in planned.stdout
    assert contents(loop) == before
    done = loop.annotate("migrate", "steps.yaml")
    assert done.exit_code == 0, done.output
    check_and_compare(loop)
    pushed = loop.annotate("push", "--show", "gold")
    assert "0 predictions written\n" in pushed.stdout, pushed.output
    results = contents(loop)[2]
    for kind, _, items, version in results:
        names = set(used_names(items))
        assert names, kind
        assert {("cargo", "Load"), ("Load.least", None), ("Speaker.rank", None), ("", "lies_at")}.isdisjoint(names)
        assert version in (None, "", "gold 1.1.0", "model 3")
    draft = next(items for kind, _, items, _ in results if kind == "draft")
    assert {("cargo", "Freight"), ("Freight.fewest", None), ("Freight.wording", "from-to")} <= set(used_names(draft))
    submitted = next(items for kind, _, items, _ in results if kind == "annotation")
    assert {("speech", "Aside"), ("speech", "Party"), ("", "found_at")} <= set(used_names(submitted))

    refused = loop.annotate("migrate", "steps.yaml")
    assert (refused.exit_code, "the inventory is 1.1.0" in refused.stderr) == (2, True)
    undone = loop.annotate("migrate", "--undo")
    assert undone.exit_code == 0, undone.output
    assert contents(loop) == before
    check_and_compare(loop)


def test_killed_resumed_undone(loop: Loop) -> None:
    before = contents(loop)
    for point in (1, 5, 15):
        killed(loop, point, "steps.yaml")
        begun = (loop.state.folder / MIGRATION_FOLDER / "forward.json").is_file()
        assert begun == (point > 1)
        resumed = loop.annotate("migrate", "steps.yaml")
        assert resumed.exit_code == 0, resumed.output
        check_and_compare(loop)
        killed(loop, point, "--undo")
        undone = loop.annotate("migrate", "--undo")
        assert undone.exit_code == 0, undone.output
        assert contents(loop) == before
    killed(loop, 7, "steps.yaml")
    assert contents(loop) != before
    assert loop.annotate("migrate", "--undo").exit_code == 0
    assert contents(loop) == before


def test_labelled_between_kill_and_resume(loop: Loop) -> None:
    """An annotation submitted after the kill is migrated; after one submitted later, undo is refused."""
    old = loop.items("market")
    killed(loop, 3, "steps.yaml")
    loop.submit("market", old)
    assert loop.annotate("migrate").exit_code == 0
    uses = [used_names(items) for kind, _, items, _ in contents(loop)[2] if kind == "annotation"]
    assert [("cargo", "Load") in set(names) for names in uses] == [False, False]
    loop.submit("market", [])
    after = contents(loop)
    refused = loop.annotate("migrate", "--undo")
    assert (refused.exit_code, "since the migration: annotation" in refused.stderr) == (1, True), refused.output
    assert contents(loop) == after


def test_wrong_state_of_the_server_is_refused(loop: Loop) -> None:
    path = loop.project.path("drop.yaml")
    drop = "  - {drop: attribute, name: most, confirm: true}\n"
    path.write_text(f"from: 1.0.0\nto: 1.1.0\nsteps:\n{drop}")
    before = contents(loop)
    draft = loop.annotate("migrate", "drop.yaml")
    assert (draft.exit_code, "which is in no corpus, would lose labels" in draft.stderr) == (1, True), draft.output
    loop.submit("market", [])
    pending = loop.annotate("migrate", "steps.yaml")
    assert (pending.exit_code, "server and corpus differ" in pending.stderr) == (1, True), pending.output
    assert contents(loop)[:2] == before[:2]
    with loop.api() as api:
        number = require_project(loop.studio, loop.state, loop.title).id
        config = before[1].replace('value="lies_at"', 'value="by_hand"')
        api.patch(f"/api/projects/{number}/", json={"label_config": config}).raise_for_status()
    edited = loop.annotate("migrate", "steps.yaml")
    assert (edited.exit_code, "another labelling config" in edited.stderr) == (1, True), edited.output
    loop.title = "no such project"
    missing = loop.annotate("migrate", "steps.yaml")
    assert (missing.exit_code, "there is no project" in missing.stderr) == (2, True), missing.output
