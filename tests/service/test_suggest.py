"""`annotate studio suggest` on a real server: projects show suggestions while it runs, and pulls know who made them."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.corpus import Corpus, encode_annotation
from annotate.labelstudio import server
from annotate.labelstudio.location import record_named_folder
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.labelstudio.state import State
from annotate.model import Annotation
from annotate.models.chat import ChatMessage, ChatRequest
from annotate.service.backend import SuggestionRequest
from annotate.service.background import SUGGEST, find_service, stop_service
from annotate.service.registration import TITLE_PREFIX, list_registrations
from annotate.service.suggest import ServiceRequest, SuggestionService
from tests.conftest import Project
from tests.labelstudio.loop import push_bare
from tests.labelstudio.team import VERB, Team
from tests.models.chat_server import MODEL, Asked, Reply, answer, serve_chat
from tests.models.oracle import Oracle
from tests.service.suggesting import CorpusSuggester, Running, serve

pytestmark = pytest.mark.server


@pytest.fixture
def labels(team: Team) -> str:
    """A folder with the labels of a model that is in annotators.yaml, for one of the articles."""
    write_labels(team.project, "harbour")
    ben = "  - {id: ben, kind: person"
    machine = '  - {id: machine, kind: model, training: none, since: "2026-01-01"}'
    team.project.replace("corpus/annotators.yaml", ben, f"{machine}\n{ben}")
    push_bare(team)
    return "out"


def write_labels(project: Project, *article_ids: str) -> None:
    folder = project.path("out")
    folder.mkdir()
    for article_id in article_ids:
        made = msgspec.structs.replace(project.corpus.read_annotation("anna", article_id), annotator="machine")
        (folder / f"{article_id}.json").write_bytes(encode_annotation(made))


def open_task(team: Team, article_id: str, title: str = "") -> dict[str, Any]:
    """Open a task from the list of a project, as a browser does."""
    project = require_project(team.studio, team.state, title or team.title)
    tasks = team.studio.list_tasks(project.id)
    number = next(task["id"] for task in tasks if task["data"]["article"] == article_id)
    with team.api() as api:
        return dict(api.get(f"/api/tasks/{number}/").json())


def next_task(team: Team) -> dict[str, Any]:
    """Open the task that *Label All Tasks* begins with."""
    project = require_project(team.studio, team.state, team.title)
    with team.api() as api:
        return dict(api.get(f"/api/projects/{project.id}/next").json())


def backends(team: Team, title: str = "") -> list[str]:
    project = require_project(team.studio, team.state, title or team.title)
    return [str(each["title"]) for each in team.studio.list_backends(project.id)]


def test_suggestions_are_corrected_and_pulled(team: Team, labels: str) -> None:
    with Running(team, "--from", labels) as running:
        task = open_task(team, "harbour")
        (prediction,) = task["predictions"]
        assert prediction["model_version"].startswith("machine 1.0.0 ")
        assert [each["id"] for each in next_task(team)["predictions"]] == [prediction["id"]]
        assert open_task(team, "market")["predictions"] == [], "there is no file for it"
        status = team.annotate("status").stdout
        assert f"suggestions: process {running.process.pid}, port " in status
        assert f"; shown in: {team.title}\n" in status
        project = require_project(team.studio, team.state, team.title)
        assert team.studio.list_webhooks(project.id) == []
        assert project.shown == f"{TITLE_PREFIX}machine"
        items = [item | {"origin": "prediction"} for item in prediction["result"]]
        team.submit("harbour", items[:-1], parent_prediction=prediction["id"], lead_time=12)
        with team.api() as api:
            secret = api.get("/api/current-user/token").json()["token"]
        password_is_set = backends(team)
        assert password_is_set == [f"{TITLE_PREFIX}machine"]
    assert secret not in running.output
    assert "Traceback" not in running.output
    assert running.output.splitlines()[-3:] == [
        f"project {project.id}, {team.title}: shows no new suggestions",
        "",
        "Aborted!",
    ]
    assert running.process.returncode == 130
    assert backends(team) == []
    assert require_project(team.studio, team.state, team.title).shown == ""
    assert list_registrations(team.state, team.studio.address.name) == {}

    team.run("people", "add", "anna")
    user = team.tasks()[0]["annotations"][0]["completed_by"]
    team.state.save_annotators(team.studio.address.name, {user: "anna"})
    team.clear_labels()
    team.run("pull")
    pulled = team.corpus.read_annotation("anna", "harbour")
    assert (pulled.process, pulled.made_from, pulled.lead_time) == ("corrected", ("machine",), 12)
    assert pulled.origins == {"prediction": len(pulled.spans)}


def test_other_projects_stay_bare(team: Team, labels: str) -> None:
    team.run("people", "add", "anna")
    team.run("assign", "anna")
    own = annotator_title(team.title, "anna")
    with Running(team, "--from", labels) as running:
        assert "independent" not in running.output
        assert len(open_task(team, "harbour")["predictions"]) == 1
        assert open_task(team, "harbour", own)["predictions"] == []
        assert backends(team, own) == []
    team.project.replace("schema/labels.yaml", "title: Port news", f"title: {team.title}")
    with Running(team, "--from", labels, "--title", own) as running:
        assert f"'{own}': labels are then not independent of the suggestions, and count as corrected" in running.output
        assert len(open_task(team, "harbour", own)["predictions"]) == 1


def test_a_killed_service_is_replaced_and_removed(team: Team, labels: str) -> None:
    title = f"{TITLE_PREFIX}machine"
    with Running(team, "--from", labels) as running:
        second = team.annotate("suggest", "--from", labels)
        assert second.exit_code == 2
        assert "only one service of suggestions runs in a folder" in second.output
        running.end(signal.SIGKILL)
    assert backends(team) == [title]
    assert open_task(team, "harbour")["predictions"] == [], "the article opens all the same"
    assert "suggestions: not running, and 1 project asks for them" in team.annotate("status").stdout
    with Running(team, "--from", labels):
        assert backends(team) == [title]
        assert len(open_task(team, "harbour")["predictions"]) == 1
    with Running(team, "--from", labels) as running:
        running.end(signal.SIGKILL)
    stopped = team.project.annotate("studio", "suggest", "--stop", "--dir", str(team.state.folder))
    assert stopped.exit_code == 0, stopped.output
    assert stopped.stdout.endswith("shows no new suggestions\nno suggestions were served\n")
    assert backends(team) == []


def test_what_a_project_showed_before_is_shown_again(team: Team, labels: str) -> None:
    team.run("push", "--show", "gold")
    with Running(team, "--from", labels):
        assert require_project(team.studio, team.state, team.title).shown == f"{TITLE_PREFIX}machine"
    assert require_project(team.studio, team.state, team.title).shown == "gold 1.0.0"


def test_a_changed_config_pauses_suggestions(team: Team, labels: str) -> None:
    project = require_project(team.studio, team.state, team.title)
    with Running(team, "--from", labels) as running:
        changed = project.config.replace("Verb", "Werb", 1)
        team.studio.update_project(project.id, {"label_config": changed})
        running.wait_for("none while the config is another")
        assert open_task(team, "harbour")["predictions"] == []
        team.studio.update_project(project.id, {"label_config": project.config})
    assert team.annotate("suggest", "--from", "nowhere").exit_code == 2


def test_what_keeps_a_service_from_running(team: Team, labels: str) -> None:
    def suggest(*words: str) -> tuple[int, str]:
        done = team.project.annotate("studio", "suggest", *words, "--dir", str(team.state.folder))
        return done.exit_code, done.output

    shown = ("--title", team.title)
    for words, problem in (
        ((), "say what suggests: --from, --model or --assist"),
        (("--from", labels, "--model", "m"), "say what suggests: --from or --model, and not both"),
        (("--from", labels, "--seed", "1"), "--seed needs --model"),
        (("--from", "nowhere", *shown), "nowhere"),
        (("--from", "baseline", *shown), "baseline.yaml"),
        (("--model", "m", "--endpoint", "http://models.example.org/v1", *shown), "is not encrypted"),
        (("--from", labels, "--title", "Nothing"), "there is no project 'Nothing'"),
        (("--from", labels, "--public-url", "http://h.example.org", *shown), "is not encrypted"),
        (("--from", labels, "--public-url", "https://a:b@h.example.org", *shown), "is not the address of a host"),
    ):
        code, output = suggest(*words)
        assert code in (1, 2), output
        assert problem in output
        assert "Traceback" not in output
    assert backends(team) == []


def test_a_backend_of_someone_else_is_left_alone(team: Team, labels: str) -> None:
    project = require_project(team.studio, team.state, team.title)
    with serve(team.project, CorpusSuggester(team.corpus)) as other, team.api() as api:
        other.backend.project_ids = {project.id}
        settings = {"title": "mine", "url": f"http://127.0.0.1:{other.server.port}", "project": project.id}
        login = {"basic_auth_user": other.server.login.user, "basic_auth_pass": other.server.login.password}
        api.post("/api/ml/", json=settings | login | {"auth_method": "BASIC_AUTH"})
        assert backends(team) == ["mine"]
        refused = team.annotate("suggest", "--from", labels)
    assert refused.exit_code == 1
    assert "asks another machine-learning backend already ('mine')" in refused.output
    assert team.annotate("suggest", "--from", labels).exit_code == 1, "also while it does not answer"
    assert team.project.annotate("studio", "suggest", "--stop", "--dir", str(team.state.folder)).exit_code == 0
    assert backends(team) == ["mine"]


def test_a_model_suggests_in_the_background(team: Team) -> None:
    push_bare(team)
    oracle = Oracle(team.project.inventory, "json", "labels", 1)
    for gold in team.corpus.gold():
        oracle.learn(team.corpus.read_article(gold.article), gold)

    def script(asked: Asked) -> Reply:
        messages = tuple(ChatMessage(message["role"], message["content"]) for message in asked.body["messages"])
        return answer(oracle.answer(ChatRequest(messages=messages)).text)

    stop = ("studio", "suggest", "--stop", "--dir", str(team.state.folder))
    with serve_chat(script) as chat:
        words = ("--model", MODEL, "--endpoint", chat.url, "--temperature", "none", "--background")
        try:
            started = team.annotate("suggest", *words)
            assert started.exit_code == 0, started.output
            assert "does not list 'test-model-1-5'" in (team.state.folder / SUGGEST.log).read_text("utf-8")
            assert not chat.asked, "no article was opened yet"
            (prediction,) = open_task(team, "harbour")["predictions"]
            assert prediction["model_version"].startswith("test-model-1-5 1.0.0 ")
            gold = team.corpus.read_annotation("gold", "harbour")
            regions = [item["value"]["text"] for item in prediction["result"] if item["type"] == "labels"]
            assert sorted(regions) == sorted(span.text for span in gold.spans)
            assert {asked.body.get("temperature") for asked in chat.asked} == {None}
        finally:
            stopped = team.project.annotate(*stop)
    assert stopped.stdout.endswith("stopped\n")
    assert backends(team) == []
    assert find_service(team.state, SUGGEST) is None


class Learner(CorpusSuggester):
    """A suggester that notes what it learns."""

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        self.learnt: list[tuple[str, str, int]] = []

    def learn(self, annotations: Sequence[Annotation]) -> None:
        self.learnt += [(each.annotator, each.article, len(each.spans)) for each in annotations]


def test_a_learner_gets_what_was_submitted(team: Team, labels: str) -> None:
    team.run("people", "add", "anna")
    team.work("anna", "harbour", "annotations/", [VERB], team.title)
    learner, lines = Learner(team.corpus), list[str]()
    service = SuggestionService(
        ServiceRequest(team.state, str(team.project.schema), [team.title], team.title),
        SuggestionRequest(team.corpus, team.project.inventory, learner),
        lambda line, _: lines.append(line),
    )
    projects = [require_project(team.studio, team.state, team.title)]
    service.learn(team.studio, projects)
    assert learner.learnt == [("anna", "harbour", 1)]
    team.work("anna", "market", "annotations/", [], team.title)
    service.learn(team.studio, projects)
    assert ("anna", "market", 0) in learner.learnt
    assert lines == []


def test_background_and_a_server_of_an_earlier_version(
    project: Project, begin: Callable[[State], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(project.root / ".studio")
    begin(state)
    record_named_folder(state.folder)
    folder = ("--dir", str(state.folder))
    write_labels(project, "harbour")
    suggest = ("studio", "suggest", "--from", "out", "--background", *folder)
    environment = server.server_environment
    monkeypatch.setattr(
        server,
        "server_environment",
        lambda *words: {k: v for k, v in environment(*words).items() if not k.endswith("ML_BLOCK_LOCAL_IP")},
    )
    try:
        assert project.annotate("studio", "up", "--no-watch", *folder).exit_code == 0
        assert project.annotate("studio", "push", *folder).exit_code == 0
        refused = project.annotate(*suggest)
        assert refused.exit_code == 2
        assert "was started by an earlier version" in refused.output
        assert "annotate studio down && annotate studio up" in refused.output
        assert find_service(state, SUGGEST) is None

        monkeypatch.undo()
        project.annotate("studio", "down", *folder)
        assert project.annotate("studio", "up", "--no-watch", *folder).exit_code == 0
        started = project.annotate(*suggest)
        assert started.exit_code == 0, started.output
        process = find_service(state, SUGGEST)
        assert process is not None
        assert f"suggesting in the background: process {process.pid}, log " in started.stdout
        again = project.annotate(*suggest)
        assert (again.exit_code, "are served already" in again.output) == (2, True)
    finally:
        down = project.annotate("studio", "down", *folder)
        stop_service(state, SUGGEST)
    assert down.stdout == "stopped\n"
    assert find_service(state, SUGGEST) is None
    assert list_registrations(state, "local") == {}, Path(state.folder / SUGGEST.log).read_text("utf-8")
