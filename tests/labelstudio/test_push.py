"""A push carries out its plan exactly once, whatever fails between here and the server."""

from dataclasses import replace

import msgspec
import pytest

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio import push as module
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import ServerAddress
from annotate.labelstudio.instructions import render_instructions
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.predictions import corpus_predictions
from annotate.labelstudio.projects import find_project
from annotate.labelstudio.push_plan import PushRequest, plan_push
from annotate.labelstudio.state import State
from annotate.model import Article
from annotate.offsets import sha256
from tests.checks.test_severity import forget_words
from tests.conftest import ROOT, Project
from tests.labelstudio.loop import Loop, on_server, write
from tests.labelstudio.proxy import Fault, Proxy

pytestmark = pytest.mark.server


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    return Loop(project, started, studio)


def through(proxy: Proxy, loop: Loop, seconds: float = 30) -> Studio:
    where = loop.studio.address
    return Studio(ServerAddress(proxy.url, where.name, where.token), timeout=seconds, delays=(0.05, 0.1, 0.2))


def change(loop: Loop, article: str) -> Article:
    made = loop.corpus.read_article(article)
    text = made.text + " More."
    loop.corpus.write_article(msgspec.structs.replace(made, text=text, text_sha256=sha256(text)))
    return made


def test_list_of_tasks_hides_technical_columns(loop: Loop) -> None:
    """A notice, shown as its HTML, would make the list unreadable; a tab that someone set up stays."""
    project = loop.push().project
    (view,) = loop.studio.list_views(project.id)
    hidden = view["data"]["hiddenColumns"]["explore"]
    assert {"tasks:data.notice", "tasks:data.text"} <= set(hidden)
    assert not {"tasks:data.title", "tasks:data.findings"} & set(hidden)
    with loop.api() as api:
        own = {"project": project.id, "data": {"title": "Mine", "hiddenColumns": {"explore": [], "labeling": []}}}
        api.patch(f"/api/dm/views/{view['id']}/", json=own).raise_for_status()
    loop.push()
    assert [view["data"]["title"] for view in loop.studio.list_views(project.id)] == ["Mine"]


def test_plan_changes_nothing_and_push_carries_it_out(loop: Loop) -> None:
    planned = loop.annotate("push", "--plan", "--no-check", "--show", "gold")
    assert planned.exit_code == 0, planned.output
    assert planned.stdout.splitlines() == [
        f"project: create {loop.title}",
        "annotators start from: gold 1.0.0; labels that begin so are not independent",
        "create   harbour: new, with 1 prediction",
        "create   market: new, with 1 prediction",
        "2 create, 0 update, 0 skip, 0 conflict",
    ]
    assert find_project(loop.studio, loop.state, loop.title) is None
    done = loop.push()
    # The two differ only in what annotators read, which is the project's.
    again = loop.annotate("push", "--plan", "--no-check", "--show", "gold").stdout.splitlines()
    assert again[0] == f"project: update {done.project.id}"
    assert again[-1] == "0 create, 0 update, 2 skip, 0 conflict"

    change(loop, "market")
    gold = loop.corpus.read_annotation("gold", "harbour")
    loop.corpus.write_annotation("gold", msgspec.structs.replace(gold, relations=()))
    write(loop, 1)
    before_ = loop.tasks()
    planned = loop.annotate("push", "--plan", "--no-check", "--show", "gold")
    assert planned.exit_code == 1
    assert [line.split(":")[0].split() for line in planned.stdout.splitlines()[2:-1]] == [
        ["update", "harbour"],
        ["conflict", "market"],
        ["create", "more-0"],
    ]
    assert planned.stdout.splitlines()[-1] == "1 create, 1 update, 0 skip, 1 conflict"
    assert loop.tasks() == before_
    done = loop.push()
    assert (done.created, done.updated, done.unchanged, len(done.conflicts)) == (["more-0"], ["harbour"], [], 1)
    assert loop.tasks()[1] == before_[1]


@pytest.mark.parametrize(
    ("file", "wanted", "given", "code"),
    [
        ("annotations/gold/harbour.json", '"label": "Load"', '"label": "Cargo"', "P201"),
        ("annotations/gold/harbour.json", "{", "", "S102"),
        ("articles/market.json", "{", "", "S102"),
    ],
)
def test_errors_in_the_corpus_end_a_push_before_any_change(
    loop: Loop, file: str, wanted: str, given: str, code: str
) -> None:
    """The corpus is checked while the server lists its tasks; failures of that part are not reported."""
    loop.push()
    write(loop, 1)
    before_, path = loop.tasks(), loop.corpus.root / file
    path.write_text(path.read_text().replace(wanted, given, 1))
    for words in (("push",), ("push", "--plan"), ("push", "--drop-doubles")):
        refused = loop.annotate(*words)
        assert refused.exit_code == 1, refused.output
        assert f"{file}: {code} " in refused.stderr
        assert refused.stderr.count(" errors in the corpus; fix them, or push with --no-check") == 1
        assert refused.stdout == ""
        assert loop.tasks() == before_


def test_one_annotators_mistake_stops_no_push(loop: Loop) -> None:
    forget_words(loop.project)
    warning = "2 warnings (2 errors in the labels of anna count as warnings); see `annotate check`"
    for words in (("push", "--plan"), ("push",)):
        done = loop.annotate(*words)
        assert done.exit_code == 0, done.output
        assert done.stderr.splitlines()[0].endswith(f"corpus: {warning}"), done.stderr
        assert done.stderr.count("warning") == 2
    assert {task["data"]["article"] for task in loop.tasks()} == {"harbour", "market"}
    assert "R105" not in done.output
    assert warning not in loop.annotate("push", "--no-check").output


def test_push_creates_what_was_planned(loop: Loop) -> None:
    write(loop, 3)
    planned = plan_push(loop.studio, loop.state, loop.push_request())
    done = loop.push()
    assert [step.article_id for step in planned.steps if step.action == "create"] == done.created


def test_second_push_of_this_corpus_changes_nothing(
    started: State, studio: Studio, corpus: Corpus, labels: Inventory
) -> None:
    """The server strips the config and cleans the instructions; a former push found a difference every time."""
    request = PushRequest(
        corpus=corpus,
        inventory=labels,
        article_ids=corpus.article_ids(),
        predictions=corpus_predictions(corpus, labels),
        title="This corpus",
        instructions=render_instructions(ROOT / "guidelines", labels),
    )
    module.push(studio, started, request)
    second = plan_push(studio, started, request)
    assert (second.project_action, {step.action for step in second.steps}) == ("skip", {"skip"})


@pytest.mark.parametrize("fault", ["refuse", "500", "503", "lose", "hang"])
def test_interrupted_import_creates_each_task_once(
    loop: Loop, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    write(loop, 3)
    monkeypatch.setattr(module, "BATCH_SIZE", 2)
    direct = loop.studio
    imported = [0]

    def spoil(count: int, request: str) -> Fault | None:
        if request.endswith("/import"):
            imported[0] += 1
            return fault if imported[0] == 2 else None
        return None

    proxy.faults = spoil
    with through(proxy, loop, 3 if fault == "hang" else 30) as loop.studio:
        loop.push()
    loop.studio = direct
    assert imported[0] == (4 if fault in ("refuse", "503", "500") else 3)
    assert on_server(loop) == loop.corpus.article_ids()
    assert loop.push().unchanged == loop.corpus.article_ids()


def test_failing_import_ends_with_one_line(loop: Loop, proxy: Proxy) -> None:
    loop.push()
    write(loop, 2)
    direct = loop.studio
    proxy.faults = lambda count, request: "500" if request.endswith("/import") else None
    with (
        through(proxy, loop) as loop.studio,
        pytest.raises(CannotRun, match=r"answers 500: .*; .*run the command again"),
    ):
        loop.push()
    assert sum(request.endswith("/import") for request in proxy.seen) == 4
    loop.studio = direct
    assert loop.push().created == ["more-0", "more-1"]
    assert on_server(loop) == loop.corpus.article_ids()


def test_project_is_created_once_after_a_lost_answer(loop: Loop, proxy: Proxy) -> None:
    direct = loop.studio
    proxy.once("lose", "POST /api/projects/")
    with through(proxy, loop) as loop.studio:
        loop.push()
    loop.studio = direct
    assert len(loop.studio.find_projects(loop.title)) == 1
    assert on_server(loop) == loop.corpus.article_ids()


@pytest.mark.parametrize("fault", ["refuse", "503", "lose", "cut"])
@pytest.mark.parametrize(
    "request_", ["POST /api/predictions", "DELETE /api/predictions", "PATCH /api/tasks", "GET /api/"]
)
def test_interrupted_update_is_completed(loop: Loop, proxy: Proxy, request_: str, fault: Fault) -> None:
    loop.push()
    gold = loop.corpus.read_annotation("gold", "harbour")
    loop.corpus.write_annotation("gold", msgspec.structs.replace(gold, relations=()))
    article = loop.corpus.read_article("harbour")
    loop.corpus.write_article(msgspec.structs.replace(article, title="Another title"))
    direct = loop.studio
    with through(proxy, loop) as loop.studio:
        loop.studio.find_projects(loop.title)
        proxy.once(fault, request_)
        loop.push()
    loop.studio = direct
    assert loop.push().unchanged == ["harbour", "market"]
    assert [len(task["predictions"]) for task in loop.tasks()] == [1, 1]
    assert loop.tasks()[0]["data"]["title"] == "Another title"


def test_failing_list_ends_with_one_line(loop: Loop, proxy: Proxy) -> None:
    loop.push()
    direct = loop.studio
    proxy.faults = lambda count, request: "503" if request.startswith("GET /api/tasks") else None
    with through(proxy, loop) as loop.studio, pytest.raises(CannotRun, match="answers 503"):
        loop.push()
    assert sum(request.startswith("GET /api/tasks") for request in proxy.seen) == 4
    loop.studio = direct


def test_deleted_task_is_created_again(loop: Loop) -> None:
    loop.push()
    loop.studio.delete_task(loop.tasks()[0]["id"])
    assert loop.push().created == ["harbour"]


def test_two_pushes_at_once(loop: Loop) -> None:
    with lock_folder(loop.state, "pull"):
        busy = loop.annotate("push")
    assert busy.exit_code == 2
    assert "`annotate studio pull` is running (process " in busy.stderr
    assert busy.stderr.count("\n") == 1


def test_a_push_hides_the_button_that_skips(loop: Loop) -> None:
    """Also in a project that was pushed before the button was hidden."""
    project = loop.push().project
    assert loop.studio.get_settings(project.id)["show_skip_button"] is False
    assert plan_push(loop.studio, loop.state, replace(loop.push_request(), instructions="<p>Read.</p>"))[1] == "skip"
    loop.studio.update_project(project.id, {"show_skip_button": True})
    loop.push()
    assert loop.studio.get_settings(project.id)["show_skip_button"] is False
