"""Labels move to the corrected text of their article, on a real server and in the corpus; killed, continued, undone."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.checks import find_errors
from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import adjudication_title, annotator_title, require_project
from annotate.labelstudio.results import iterate_entries
from annotate.labelstudio.state import State
from annotate.reanchoring.journal import iterate_dropped
from annotate.reanchoring.plan import read_task
from tests.conftest import Project
from tests.labelstudio.loop import Loop
from tests.labelstudio.team import Team, WholeTeam
from tests.labelstudio.toolkit import CONTEXT, END_TIMEOUT

pytestmark = pytest.mark.server

TYPOS = {"The harbour master": "Yesterday the harbor master", "lie at": "lay there at"}
CUT = {' and "some," a hand added, "at the pier"': ""}


def correct(project: Project, replacements: dict[str, str]) -> None:
    """Correct the source file, and replace it with the command."""
    text = project.path("corpus/sources/port.txt").read_text("utf-8")
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    project.path("new").mkdir(exist_ok=True)
    project.path("new/port.txt").write_text(text, "utf-8")
    done = project.annotate("add", "new/port.txt", "--replace")
    assert done.exit_code == 0, done.output
    assert "harbour: the text is corrected" in done.output
    assert "market: the text is the same" in done.output


def corpus_files(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.snapshot().items() if name.startswith("corpus/")}


def tasks_of(loop: Loop, *titles: str) -> dict[int, Any]:
    """Return the tasks of projects with all their entries, without what each write changes."""
    tasks = {}
    for title in titles or (loop.title,):
        for task in loop.studio.list_tasks(require_project(loop.studio, loop.state, title).id):
            whole = read_task(loop.studio, task["id"])
            assert whole is not None
            entries = [
                (kind, entry["id"], entry.get("completed_by"), entry.get("created_username"), entry["result"])
                for kind, entry in iterate_entries(whole)
            ]
            tasks[task["id"]] = (task["data"], sorted(entries, key=lambda entry: (entry[0], entry[1])))
    return tasks


def words_fit(task: Any) -> bool:
    data, entries = task
    regions = [item["value"] for *_, result in entries for item in result if item["type"] == "labels"]
    assert regions
    return all(data["text"][value["start"] : value["end"]] == value["text"] for value in regions)


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    """anna and ben labelled in projects of their own, both are adjudicated, and anna has a draft in the shared one."""
    made = WholeTeam(project, started, studio)
    made.push()
    items = made.items("harbour")
    made.run("people", "add", "anna", "ben")
    made.run("assign", "anna", "ben")
    made.work("anna", "harbour", "annotations/", items)
    made.work("ben", "harbour", "annotations/", items)
    made.work("anna", "harbour", "drafts", items[:4], made.title)
    made.run("pull")
    made.run("adjudicate", "--from", "anna,ben")
    return made


def titles(team: Team) -> list[str]:
    return [
        team.title,
        *(annotator_title(team.title, name) for name in ("anna", "ben")),
        adjudication_title(team.title),
    ]


def test_all_labels_of_an_article_follow_its_text(team: Team) -> None:
    before, snapshot = tasks_of(team, *titles(team)), corpus_files(team.project)
    found = team.project.annotate("check", "--strict")
    correct(team.project, TYPOS)
    assert team.project.annotate("check").exit_code == 1
    conflict = team.run("push", "--no-check", "--plan", code=1)
    assert "studio push --reanchor --plan" in conflict.output
    corrected = corpus_files(team.project)
    plan = team.run("push", "--reanchor", "--plan")
    assert corpus_files(team.project) == corrected
    assert tasks_of(team, *titles(team)) == before
    assert "move  harbour" in plan.output
    assert "Speaker 'The harbour master' → 'the harbor master'" in plan.output
    done = team.run("push", "--reanchor")
    assert "moved to the new text of harbour" in done.output
    after = tasks_of(team, *titles(team))
    assert after.keys() == before.keys()
    for number, task in after.items():
        assert [entry[:4] for entry in task[1]] == [entry[:4] for entry in before[number][1]]
        assert task[0]["text"] == team.corpus.read_text(task[0]["article"])
        assert not task[1] or words_fit(task)
        assert task[0].keys() == before[number][0].keys()
    checked = team.project.annotate("check", "--strict")
    assert (checked.exit_code, checked.output) == (found.exit_code, found.output)
    pulled = team.run("pull")
    assert "2 unchanged, 0 items" in pulled.output.replace("0 written, ", ""), pulled.output
    assert "0 conflict" in team.run("push", "--plan").output
    assert "0 update" in team.run("push", "--plan").output
    assert "nothing is to be moved" in team.run("push", "--reanchor").output
    assert (
        snapshot["corpus/annotations/gold/market.json"]
        == corpus_files(team.project)["corpus/annotations/gold/market.json"]
    )


def test_undo_restores_server_and_files(team: Team) -> None:
    before = tasks_of(team, *titles(team))
    correct(team.project, TYPOS)
    corrected = corpus_files(team.project)
    team.run("push", "--reanchor")
    undone = team.run("push", "--reanchor", "--undo")
    assert "the articles keep their new texts" in undone.output
    assert tasks_of(team, *titles(team)) == before
    assert corpus_files(team.project) == corrected
    assert "there is nothing to undo" in team.run("push", "--reanchor", "--undo", code=2).output


def test_article_with_labels_that_do_not_fit_is_left_alone_unless_they_may_be_dropped(team: Team) -> None:
    before = tasks_of(team, *titles(team))
    correct(team.project, CUT)
    corrected = corpus_files(team.project)
    refused = team.run("push", "--reanchor", code=1)
    assert "leave harbour" in refused.output
    assert re.search(
        r"no place: .* \(and \d+ more places\): Speaker 'a hand': its words were removed \(with 1 relation\)",
        refused.output,
    )
    assert refused.output.count("Speaker 'a hand'") == 1
    complete = team.run("push", "--reanchor", "--plan", "--all", code=1).output
    assert re.search(r"no place: .*anna.*: Speaker 'a hand': its words were removed \(with 1 relation\)", complete)
    assert "--drop-unfit" in refused.output
    assert tasks_of(team, *titles(team)) == before
    assert corpus_files(team.project) == corrected
    team.run("push", "--reanchor", "--drop-unfit")
    gold = team.corpus.read_annotation("gold", "harbour")
    assert [span.id for span in gold.spans] == ["s1", "s2", "s4", "s3", "s5", "s10"]
    assert not find_errors(gold, team.corpus.read_text("harbour"), team.project.inventory)
    assert all(words_fit(task) for task in tasks_of(team, *titles(team)).values() if task[1])
    dropped = [(labels.article, len(labels.items)) for _, labels in iterate_dropped(team.state)]
    assert dropped
    assert {article for article, _ in dropped} == {"harbour"}
    assert all(count for _, count in dropped)
    assert "that did not fit a corrected text: " in team.run("status").output
    team.run("push", "--reanchor", "--undo")
    assert tasks_of(team, *titles(team)) == before
    assert corpus_files(team.project) == corrected
    assert list(iterate_dropped(team.state)) == []


def test_undo_is_refused_after_new_work(team: Team) -> None:
    correct(team.project, TYPOS)
    team.run("push", "--reanchor")
    items = team.items("harbour")
    team.work("ben", "harbour", "annotations/", items, team.title)
    after, files = tasks_of(team, *titles(team)), corpus_files(team.project)
    assert "made or changed on the server since" in team.run("push", "--reanchor", "--undo", code=1).output
    assert (tasks_of(team, *titles(team)), corpus_files(team.project)) == (after, files)


def test_file_of_an_unknown_text_leaves_its_article_alone(team: Team) -> None:
    ben = team.corpus.read_annotation("ben", "harbour")
    team.corpus.write_annotation("ben", msgspec.structs.replace(ben, text_sha256="0" * 64))
    correct(team.project, TYPOS)
    before = tasks_of(team, *titles(team))
    assert "ben/harbour.json: was made on a text" in team.run("push", "--reanchor", code=1).output
    assert tasks_of(team, *titles(team)) == before


def dying(point: int, words: list[str], folder: Path) -> None:
    """Run a command that is killed before the write to disk or server with this number."""
    from annotate import cli
    from annotate.migration import transaction as migration
    from annotate.reanchoring import journal, transaction

    calls = 0

    def count(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return counted

    for module, name in (
        (journal, "_write_dropped"),
        (journal, "write_journal"),
        (transaction, "write_entry"),
        (transaction, "_write_data"),
        (migration, "_write_file"),
        (transaction, "set_phase"),
        (transaction, "remove_journal"),
    ):
        setattr(module, name, count(getattr(module, name)))
    os.chdir(folder)
    cli.cli(words)


def run_dying(loop: Loop, point: int, *words: str) -> int:
    """Run `push` in a process that is killed at a point; return its exit code, minus the signal."""
    whole = ["studio", "push", *words, "--title", loop.title, "--dir", str(loop.state.folder)]
    process = CONTEXT.Process(target=dying, args=(point, whole, loop.project.root))
    process.start()
    process.join(END_TIMEOUT)
    assert process.exitcode is not None
    return process.exitcode


def test_killed_it_is_continued_or_undone(project: Project, started: State, studio: Studio) -> None:
    loop = Loop(project, started, studio)
    loop.push()
    loop.submit("harbour", loop.items("harbour"))
    before = tasks_of(loop)
    correct(project, CUT)
    corrected = corpus_files(project)
    assert loop.annotate("push", "--reanchor", "--drop-unfit").exit_code == 0
    wanted = tasks_of(loop), corpus_files(project)
    assert loop.annotate("push", "--reanchor", "--undo").exit_code == 0
    assert (tasks_of(loop), corpus_files(project)) == (before, corrected)
    for point in (1, 2, 4, 6, 9):
        assert run_dying(loop, point, "--reanchor", "--drop-unfit") == -signal.SIGKILL
        has_begun = (loop.state.folder / "reanchor/forward.json").is_file()
        assert has_begun == (point > 2)
        if has_begun:
            assert "was interrupted" in loop.annotate("pull").output
        if point == 6:
            assert loop.annotate("push", "--reanchor", "--undo").exit_code == 0
            assert (tasks_of(loop), corpus_files(project)) == (before, corrected)
        assert loop.annotate("push", "--reanchor", "--drop-unfit").exit_code == 0
        assert (tasks_of(loop), corpus_files(project)) == wanted
        assert run_dying(loop, point, "--reanchor", "--undo") == -signal.SIGKILL
        assert loop.annotate("push", "--reanchor", "--undo").exit_code == 0
        assert (tasks_of(loop), corpus_files(project)) == (before, corrected)


def test_what_is_submitted_between_journal_and_server_moves_as_well(
    project: Project, started: State, studio: Studio
) -> None:
    loop = Loop(project, started, studio)
    loop.push()
    correct(project, TYPOS)
    assert run_dying(loop, 2, "--reanchor") == -signal.SIGKILL
    loop.submit("harbour", loop.items("harbour"))
    assert loop.annotate("push", "--reanchor").exit_code == 0
    assert all(map(words_fit, tasks_of(loop).values()))
    assert loop.annotate("push", "--reanchor", "--undo").exit_code == 0
    assert all(map(words_fit, tasks_of(loop).values()))
