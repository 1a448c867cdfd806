"""Killed commands, broken answers and a full disk: the next run completes the work, byte for byte."""

import json
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.projects import (
    annotator_title,
    list_hidden_gold,
    require_project,
    save_hidden_gold,
    training_title,
)
from annotate.labelstudio.results import user_id_of
from annotate.labelstudio.state import State
from annotate.util.files import PART_SUFFIX
from tests.conftest import Project
from tests.labelstudio.loop import TITLES, Loop, write
from tests.labelstudio.proxy import Fault, Proxy, before
from tests.labelstudio.team import Team
from tests.labelstudio.toolkit import Limits, Toolkit, answers, assert_pulled, assert_pushed_once, fresh, labelled
from tests.service.practice import write_practice

pytestmark = pytest.mark.server


def choose_requests(count: int, size: int) -> list[int]:
    """Return at which of a command's requests it is killed: the same ones each time, and never the first."""
    return sorted(random.Random(20).sample(range(2, count + 1), size))  # noqa: S311 - not a secret


@pytest.fixture
def toolkit(project: Project, started: State, studio: Studio, proxy: Proxy) -> Toolkit:
    """For pushes: each test has a project of its own."""
    loop = Loop(project, started, studio)
    write(loop, 2)
    return Toolkit(loop, proxy)


class Pull(NamedTuple):
    """A project in which every article is labelled, and the files that a pull has to make."""

    toolkit: Toolkit
    made: dict[str, bytes]

    def again(self) -> Toolkit:
        """Remove everything that was pulled."""
        fresh(self.toolkit.loop)
        self.toolkit.undisturbed()
        return self.toolkit

    def assert_finished(self) -> None:
        self.toolkit.undisturbed()
        done = self.toolkit.run("pull")
        assert done.code == 0, done.err
        assert_pulled(self.toolkit, self.made)


@pytest.fixture(scope="module")
def pull(started: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pull]:
    """One for all pulls: they change nothing on the server."""
    where = find_server(started)
    with Studio(where) as studio, before(int(where.url.rsplit(":", 1)[1])) as proxy:
        loop = Loop(Project(tmp_path_factory.mktemp("pull") / "project"), started, studio)
        write(loop, 2)
        toolkit = Toolkit(loop, proxy)
        yield Pull(toolkit, labelled(toolkit))


def assert_push_finished(toolkit: Toolkit) -> None:
    toolkit.undisturbed()
    done = toolkit.run("push")
    assert done.code == 0, done.err
    assert_pushed_once(toolkit.loop)


def spoil(proxy: Proxy, every: int, *faults: Fault) -> list[Fault]:
    """Break every n-th answer until all faults have occurred; return the list of those that are left."""
    left = list(faults)
    proxy.faults = lambda count, request: left.pop(0) if count % every == 0 and left else None
    return left


def half_written(loop: Loop) -> list[str]:
    """Return the temporary files in the corpus and in `.studio/`."""
    return [path.name for root in (loop.corpus.root, loop.state.folder) for path in root.rglob(f".*{PART_SUFFIX}")]


def test_push_killed_after_the_server_did_a_request(toolkit: Toolkit) -> None:
    count = toolkit.requests("push")
    for wanted in choose_requests(count, 3):
        toolkit.undisturbed()
        toolkit.loop.title = next(TITLES)
        toolkit.proxy.after = toolkit.kill_after(wanted)
        assert toolkit.run("push").code == -signal.SIGKILL, wanted
        assert_push_finished(toolkit)


def test_push_killed_before_the_server_gets_a_request(toolkit: Toolkit) -> None:
    """Killed twice, the second time at a request that a push without changes makes as well; then completed."""
    counts = [toolkit.requests("push") for _ in range(2)]
    toolkit.loop.title = next(TITLES)
    for count in counts:
        toolkit.undisturbed()
        (wanted,) = choose_requests(count, 1)
        toolkit.proxy.faults = toolkit.kill_before(wanted)
        assert toolkit.run("push").code == -signal.SIGKILL, wanted
    assert_push_finished(toolkit)


def test_pull_killed_after_the_server_did_a_request(pull: Pull) -> None:
    pull.again()
    count = pull.toolkit.requests("pull")
    for wanted in choose_requests(count, 3):
        toolkit = pull.again()
        toolkit.proxy.after = toolkit.kill_after(wanted)
        assert toolkit.run("pull").code == -signal.SIGKILL, wanted
        pull.assert_finished()


def test_pull_killed_before_the_server_gets_a_request(pull: Pull) -> None:
    count = pull.again().requests("pull")
    for wanted in choose_requests(count, 2):
        toolkit = pull.again()
        toolkit.proxy.faults = toolkit.kill_before(wanted)
        assert toolkit.run("pull").code == -signal.SIGKILL, wanted
        pull.assert_finished()


def test_pull_killed_at_a_write(pull: Pull) -> None:
    for write_ in (3, 5, 9):
        assert pull.again().run("pull", limits=Limits(write=write_)).code == -signal.SIGKILL
        assert half_written(pull.toolkit.loop)
        pull.assert_finished()
        assert half_written(pull.toolkit.loop) == []


def test_push_survives_broken_answers(toolkit: Toolkit) -> None:
    """Requests are repeated after a look at what arrived, and one push is enough."""
    left = spoil(toolkit.proxy, 3, "500", "hang", "refuse", "cut", "lose")
    done = toolkit.run("push", limits=Limits(seconds=4))
    assert (done.code, left) == (0, []), done.err
    toolkit.undisturbed()
    assert_pushed_once(toolkit.loop)


def test_pull_survives_broken_answers(pull: Pull) -> None:
    toolkit = pull.again()
    left = spoil(toolkit.proxy, 2, "500", "cut", "refuse")
    done = toolkit.run("pull")
    assert (done.code, left) == (0, []), done.err
    toolkit.undisturbed()
    assert_pulled(toolkit, pull.made)


def assert_one_line(toolkit: Toolkit, words: str, end: str, fault: Fault) -> None:
    """Requests for paths with this end always fail: the command repeats them, then ends with one line."""
    toolkit.undisturbed()
    toolkit.proxy.faults = lambda count, request: fault if request.rstrip("/").endswith(end) else None
    done = toolkit.run(words, limits=Limits(seconds=2, delays=(0.1,)))
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert done.err.startswith(f"annotate: {toolkit.proxy.url}: ")
    assert sum(request.rstrip("/").endswith(end) for request in toolkit.proxy.seen) > 1


def test_push_without_answer_ends_with_one_line(toolkit: Toolkit) -> None:
    assert_one_line(toolkit, "push", "/import", "500")
    assert_one_line(toolkit, "push", "/tasks", "refuse")
    assert_push_finished(toolkit)


def test_pull_without_answer_ends_with_one_line(pull: Pull) -> None:
    toolkit = pull.again()
    faults: tuple[Fault, ...] = ("500", "cut", "refuse", "hang")
    for fault in faults:
        assert_one_line(toolkit, "pull", "/tasks", fault)
    pull.assert_finished()


def test_full_disk_during_pull_is_one_line_and_loses_no_label(pull: Pull) -> None:
    for room in (200, 3000):
        toolkit = pull.again()
        done = toolkit.run("pull", limits=Limits(most_bytes=room))
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        assert "file too large" in done.err.lower()
        assert answers(toolkit.loop).items() <= pull.made.items()
        pull.assert_finished()


class TeamToolkit(NamedTuple):
    """A team of anna and ben, who are users of the server, and its commands through the proxy."""

    team: Team
    toolkit: Toolkit

    @property
    def server(self) -> str:
        return self.toolkit.proxy.url

    def finish(self, *words: str) -> None:
        """Run a command that nothing disturbs."""
        self.toolkit.undisturbed()
        done = self.toolkit.run(*words)
        assert done.code == 0, done.err

    def kill_at_requests(self, *words: str, size: int) -> Iterator[int]:
        """Kill a command at some of its requests, in a new set of projects each time, and yield at which."""
        count = self.toolkit.requests(*words)
        for wanted in choose_requests(count, size):
            self.toolkit.undisturbed()
            self.team.title = next(TITLES)
            self.toolkit.proxy.after = self.toolkit.kill_after(wanted)
            assert self.toolkit.run(*words).code == -signal.SIGKILL, wanted
            yield wanted

    def list_articles(self, title: str) -> list[str]:
        """Return the articles of a project, of which there is one."""
        (project,) = self.team.studio.find_projects(title)
        return sorted(task["data"]["article"] for task in self.team.studio.list_tasks(project.id))


@pytest.fixture
def people(project: Project, started: State, studio: Studio, proxy: Proxy) -> TeamToolkit:
    shutil.rmtree(project.corpus.root / "annotations" / "anna")
    for article_id in ("harbour", "market"):
        gold = project.corpus.read_annotation("gold", article_id)
        project.corpus.write_annotation("gold", msgspec.structs.replace(gold, process="single pass", made_from=()))
    team = Team(project, started, studio)
    team.run("people", "add", "anna", "ben")
    team.state.save_annotators(proxy.url, team.state.annotators(LOCAL))
    write(team, 4)
    return TeamToolkit(team, Toolkit(team, proxy))


def test_assignment_that_was_killed_is_completed(people: TeamToolkit) -> None:
    """Each article goes to one of them, and none twice; as many for each, and gold that is hidden stays the same."""
    words = ["assign", "anna", "ben", "--each", "1", "--articles", "more-0,more-1,more-2,more-3"]
    words += ["--hidden-gold", "1", "--seed", "7", "--no-check"]
    for _ in people.kill_at_requests(*words, size=4):
        people.finish(*words)
        title = people.team.title
        plan = {name: people.list_articles(annotator_title(title, name)) for name in ("anna", "ben")}
        hidden = list_hidden_gold(people.team.state, people.server, title)
        assert {name: len(article_ids) for name, article_ids in hidden.items()} == {"anna": 1, "ben": 1}
        for name, article_ids in plan.items():
            assert len(article_ids) == 3
            assert set(article_ids) - {f"more-{number}" for number in range(4)} == set(hidden[name])
        both = [*plan["anna"], *plan["ben"]]
        assert sorted(each for each in both if each.startswith("more-")) == [f"more-{number}" for number in range(4)]


def test_training_that_was_killed_is_completed(people: TeamToolkit) -> None:
    write_practice(people.team.project)
    words = ["train", "anna", "--articles", "market"]
    for _ in people.kill_at_requests(*words, size=3):
        people.finish(*words)
        assert people.list_articles(training_title(people.team.title, "anna")) == ["market", "practice-barrels"]


def test_import_of_people_that_was_killed_is_completed(people: TeamToolkit, tmp_path: Path) -> None:
    """Before each of its writes: what the folder had stays, and what the file has is added once."""
    state, server, toolkit = people.team.state, people.server, people.toolkit
    users = {name: user_id for user_id, name in state.annotators(LOCAL).items()}
    toolkit.run("assign", "anna", "--no-check")
    project_id = require_project(people.team.studio, state, annotator_title(people.team.title, "anna")).id
    earlier = {str(project_id): [{"version": "0.9.0", "until": "2026-01-01T00:00:00Z"}]}
    entry = {"users": users, "removed": ["ben"], "hidden_gold": {"Port news": {"anna": ["market"]}}}
    file = tmp_path / "people.json"
    file.write_text(json.dumps({"version": 1, "people": {"local": entry | {"config_versions": earlier}}}))

    def read_records() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in state.folder.glob("[!.]*.json")}

    save_hidden_gold(state, server, "Port news", "ben", ["harbour"])
    first = read_records()
    people.finish("people", "import", str(file))
    complete, kills = read_records(), 0
    assert complete.keys() - first.keys() == {"config-versions.json", "removed.json"}
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        for name in complete:
            (state.folder / name).unlink()
        for name, data in first.items():
            (state.folder / name).write_bytes(data)
        kills += 1
        code = toolkit.run("people", "import", str(file), limits=Limits(write=kills)).code
        for name, data in read_records().items():
            assert data in (first.get(name), complete[name]), (kills, name)
        people.finish("people", "import", str(file))
        assert read_records() == complete, kills
    assert code == 0
    assert kills > len(complete.keys() - first.keys()) + 2


def test_removal_that_was_killed_is_completed(people: TeamToolkit) -> None:
    toolkit, state = people.toolkit, people.team.state
    toolkit.run("assign", "anna", "--no-check")
    words = ["people", "remove", "anna", "--yes"]
    count = toolkit.requests(*words)
    for wanted in range(2, count + 1):
        state.save_removed_annotators(people.server, [])
        toolkit.undisturbed()
        toolkit.proxy.after = toolkit.kill_after(wanted)
        assert toolkit.run(*words).code == -signal.SIGKILL, wanted
        people.finish(*words)
        assert state.removed_annotators(people.server) == ["anna"]


def test_restore_that_was_killed_is_completed(people: TeamToolkit) -> None:
    """Labels are put back once, and still say what they began with, whether `restore` or `pull` comes next."""
    team, toolkit = people.team, people.toolkit
    team.push()
    team.clear_labels()
    (task,) = [task for task in team.tasks() if task["data"]["article"] == "harbour"]
    (gold,) = task["predictions"]
    items = [item | {"origin": "prediction"} for item in gold["result"]]
    team.work("anna", "harbour", "annotations/", items, project=team.title, parent_prediction=gold["id"])
    people.finish("pull")
    path = team.project.path("corpus/annotations/anna/harbour.json")
    before, own = path.read_bytes(), team.corpus.read_annotation("anna", "harbour")
    assert (own.process, own.made_from) == ("corrected", ("gold",))

    def list_submitted() -> list[dict[str, object]]:
        return [entry for task in team.tasks() for entry in task["annotations"]]

    def delete() -> None:
        with team.api() as api:
            for entry in list_submitted():
                api.delete(f"/api/annotations/{entry['id']}/").raise_for_status()
        people.finish("pull")

    delete()
    count = toolkit.requests("restore", "anna")
    post = next(index for index, request in enumerate(toolkit.proxy.seen, 1) if request.startswith("POST"))
    for wanted in (post - 1, post, *range(post + 1, count + 1)):
        for then in ("restore", "pull"):
            delete()
            toolkit.undisturbed()
            toolkit.proxy.after = toolkit.kill_after(wanted)
            assert toolkit.run("restore", "anna").code == -signal.SIGKILL, wanted
            if then == "restore":
                people.finish("restore", "anna")
            people.finish("pull")
            assert path.read_bytes() == before, (wanted, then)
            people.finish("restore", "anna")
            (entry,) = list_submitted()
            assert user_id_of(entry) == {name: user for user, name in team.state.annotators(LOCAL).items()}["anna"]
