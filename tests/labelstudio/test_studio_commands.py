"""All steps on a real server: push, compare, label, pull; a second time; and refusals on the way."""

import http.cookiejar
import json
import re
import stat
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import replace

import msgspec
import pytest

from annotate.errors import CannotRun, Refused
from annotate.labelstudio import server
from annotate.labelstudio.annotators import identify_user
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import ServerAddress
from annotate.labelstudio.journal import user_ids
from annotate.labelstudio.projects import find_project, require_project
from annotate.labelstudio.push import PushResult, push
from annotate.labelstudio.state import State
from annotate.model import Relation, Span
from tests.conftest import Project
from tests.labelstudio.loop import TITLES, Loop, push_bare

pytestmark = pytest.mark.server


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    return Loop(project, started, studio)


def enrich(loop: Loop) -> None:
    """Add labels that are hard to transfer: a text attribute, notes, two labels on the same words."""
    gold = loop.corpus.read_annotation("gold", "harbour")
    spans = [
        msgspec.structs.replace(span, attributes={"remark": "two\nlines & <b>"}, note="a 🚢\nnote")
        if span.label == "Quay"
        else span
        for span in gold.spans
    ]
    extra = Span(id="x1", label="Quay", start=24, end=33, text="40 crates")
    relations = [msgspec.structs.replace(relation, note="sure") for relation in gold.relations]
    more = Relation(label="lies_at", head="s4", tail="x1")
    loop.corpus.write_annotation(
        "gold", msgspec.structs.replace(gold, spans=(*spans, extra), relations=(*relations, more))
    )


def test_push_compare_label_and_pull(loop: Loop) -> None:
    enrich(loop)
    first = loop.push()
    assert (first.created, first.predictions, first.conflicts) == (["harbour", "market"], 2, [])
    equal, differences = loop.differences()
    assert differences == []
    assert equal == {"articles": 2, "spans": 12, "relations": 7}

    before = loop.tasks()
    second = loop.push()
    assert (second.created, second.updated, second.unchanged, second.predictions) == ([], [], ["harbour", "market"], 0)
    assert loop.tasks() == before

    # A person starts from the prediction and submits; the browser drops the notes of relations.
    items = [
        {key: value for key, value in item.items() if key != "meta" or "id" in item} for item in loop.items("harbour")
    ]
    loop.submit("harbour", items)
    identify_user(loop.corpus, loop.state, loop.studio.address.name, user_ids(loop.tasks()), "anna", None)
    done = loop.pull()
    assert (done.written, done.quarantined, done.findings) == (["anna/harbour"], 0, [])
    gold, anna = (loop.corpus.read_annotation(who, "harbour") for who in ("gold", "anna"))
    assert anna.spans == gold.spans
    assert {(one.label, one.head, one.tail) for one in anna.relations} == {
        (one.label, one.head, one.tail) for one in gold.relations
    }
    assert loop.differences()[1] == []

    again = loop.pull()
    assert (again.written, again.unchanged) == ([], ["anna/harbour"])
    raw = loop.state.folder / "raw" / "harbour.json"
    assert stat.S_IMODE(raw.stat().st_mode) == 0o600
    assert json.loads(raw.read_bytes())[0]["annotations"][0]["result"] == items


def test_relation_notes_survive_a_pull(loop: Loop) -> None:
    loop.push()
    loop.submit("harbour", loop.items("harbour"))
    server_name = loop.studio.address.name
    identify_user(loop.corpus, loop.state, server_name, user_ids(loop.tasks()), "anna", None)
    loop.pull()
    anna = loop.corpus.read_annotation("anna", "harbour")
    noted = tuple(msgspec.structs.replace(relation, note="sure") for relation in anna.relations)
    loop.corpus.write_annotation("anna", msgspec.structs.replace(anna, relations=noted))
    done = loop.pull()
    assert done.unchanged == ["anna/harbour"]


def test_changed_labels_are_updated_and_changed_texts_are_not(loop: Loop) -> None:
    loop.push()
    enrich(loop)
    changed = loop.push()
    assert (changed.updated, changed.unchanged, changed.predictions) == (["harbour"], ["market"], 1)
    assert [len(task["predictions"]) for task in loop.tasks()] == [1, 1]
    assert loop.differences()[1] == []

    article = loop.corpus.read_article("market")
    text = article.text + " More."
    loop.corpus.write_article(msgspec.structs.replace(article, text=text, text_sha256="0" * 64))
    conflict = loop.push()
    assert [words.split(":")[0] for words in conflict.conflicts] == ["market"]
    assert [task["data"]["text"] for task in loop.tasks()][1] == article.text
    assert any("market: the text differs" in words for words in loop.differences()[1])


def test_others_predictions_are_left_alone(loop: Loop) -> None:
    loop.push()
    number = loop.tasks()[0]["id"]
    with loop.api() as api:
        api.post("/api/predictions/", json={"task": number, "result": [], "model_version": "model 3"})
    enrich(loop)
    loop.push()
    assert {entry["model_version"] for entry in loop.tasks()[0]["predictions"]} == {"model 3", "gold 1.0.0"}


def test_config_that_orphans_labels_is_refused(loop: Loop) -> None:
    loop.push()
    loop.project.replace("schema/labels.yaml", "master: commands, hand: works", "master: commands, worker: works")

    def again() -> PushResult:
        return push_bare(loop)

    before = find_project(loop.studio, loop.state, loop.title)
    with pytest.raises(Refused, match=r"uses 1 of what .*: Speaker\.rank: hand \(1 in predictions\); "):
        again()
    loop.submit("harbour", loop.items("harbour"))
    number = loop.tasks()[0]["id"]
    with loop.api() as api:
        api.post(f"/api/tasks/{number}/drafts", json={"result": loop.items("harbour")}).raise_for_status()
    with pytest.raises(Refused, match=r"hand \(1 in annotations, 1 in drafts, 1 in predictions\); "):
        again()
    after = find_project(loop.studio, loop.state, loop.title)
    assert before is not None
    assert after is not None
    assert before.config == after.config


def test_pull_refuses_unidentified_users(loop: Loop) -> None:
    loop.corpus.annotation_path("anna", "market").unlink()
    loop.let_ben_label()
    loop.push()
    loop.submit("market", [])
    before = loop.project.snapshot()
    refused = loop.annotate("pull")
    assert refused.exit_code == 1
    assert re.fullmatch(r"annotate: user \d+ of the server: is not known as an annotator; .*\n", refused.stderr)
    assert "@" not in refused.output
    unlisted = loop.annotate("pull", "--annotator", "carla")
    assert (unlisted.exit_code, "does not list 'carla'" in unlisted.stderr) == (2, True)
    assert (
        loop.project.snapshot().items()
        >= {name: data for name, data in before.items() if name.startswith("corpus/")}.items()
    )
    named = loop.annotate("pull", "--annotator", "anna")
    assert named.exit_code == 0, named.output
    assert "written: annotations/anna/market.json" in named.stdout
    other = loop.annotate("pull", "--annotator", "ben", "--user", "99")
    assert other.exit_code == 0, other.output
    stolen = loop.annotate("pull", "--annotator", "anna", "--user", "98")
    assert stolen.exit_code == 1


def test_quarantined_items_are_listed_counted_and_kept(loop: Loop) -> None:
    loop.clear_labels()
    loop.push()
    place = {"start": 4, "end": 11, "text": "harbour"}
    good = {
        "id": "g",
        "from_name": "speech",
        "to_name": "text",
        "type": "labels",
        "value": place | {"labels": ["Verb"]},
    }
    beyond = {"start": -5, "end": 99999, "text": "harbour", "labels": ["Verb"]}
    bad = good | {"id": "b", "value": beyond}
    lost = {"type": "relation", "from_id": "g", "to_id": "nowhere", "direction": "right", "labels": ["words"]}
    loop.submit("harbour", [good, bad, lost])
    loop.submit("harbour", [good])
    loop.submit("market", [good], was_cancelled=True)
    with loop.api() as api:
        number = require_project(loop.studio, loop.state, loop.title).id
        for article in ("../../etc/passwd", "lighthouse", None):
            data = {"text": "x", "title": "x", "notice": "", "article": article}
            api.post(f"/api/projects/{number}/import", json=[data]).raise_for_status()
    done = loop.annotate("pull", "--annotator", "anna")
    assert done.exit_code == 1, done.output
    codes = re.findall(r"\b(L\d+)\b", done.stderr)
    assert sorted(codes) == ["L101", "L101", "L101", "L104", "L105", "L206", "L401"]
    assert "1 written, 0 unchanged, 3 items quarantined" in done.stdout
    spans = loop.corpus.read_annotation("anna", "harbour").spans
    assert [(span.id, span.text) for span in spans] == [("g", "harbour")]
    kept = {path.name for path in (loop.state.folder / "raw").iterdir()}
    assert kept == {"harbour.json", "market.json", ".unknown.json"}
    assert loop.annotate("compare").exit_code == 1


def test_commands(loop: Loop) -> None:
    assert loop.annotate("status").output.splitlines()[2] == "project: none; create it with `annotate studio push`"
    pushed = loop.annotate("push", "--show", "gold")
    assert pushed.exit_code == 0, pushed.output
    assert "2 articles new, 0 updated, 0 unchanged; 2 predictions written" in pushed.stdout
    compared = loop.annotate("compare")
    assert compared.exit_code == 0, compared.output
    assert compared.stdout.splitlines()[0] == "articles: 2 equal, 0 different"
    told = loop.annotate("status")
    assert told.exit_code == 0
    assert ": 2 tasks, 2 predictions, 0 submitted, 0 skipped, 0 with a draft; http" in told.stdout.splitlines()[2]
    assert told.stdout.splitlines()[3:] == ["2 articles; no one has begun"]
    again = loop.annotate("up", "--no-watch")
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, f"already running: {loop.studio.url}")
    other = loop.annotate("up", "--port", "1")
    assert (other.exit_code, "already runs, on that port" in other.stderr) == (2, True)
    (loop.state.folder / "project.json").unlink()
    loop.title = next(TITLES)
    assert loop.annotate("push", "--no-predictions").exit_code == 0
    assert [task["predictions"] for task in loop.tasks()] == [[], []]
    for result in (pushed, compared, told, again):
        assert server.load_credentials(loop.state).token not in result.output
        assert server.load_credentials(loop.state).password not in result.output


def test_push_refuses_a_corpus_with_errors(loop: Loop) -> None:
    loop.project.replace("corpus/annotations/gold/harbour.json", '"text": "said"', '"text": "sang"')
    refused = loop.annotate("push")
    assert refused.exit_code == 1
    assert " 1 error in the corpus; fix them" in refused.stderr
    assert find_project(loop.studio, loop.state, loop.title) is None


def test_deleted_project_is_created_again(loop: Loop) -> None:
    number = loop.push().project.id
    with loop.api() as api:
        api.delete(f"/api/projects/{number}/")
    with pytest.raises(CannotRun, match="there is no project"):
        loop.tasks()
    assert loop.annotate("compare").exit_code != 0
    assert loop.push().project.id != number


def test_wrong_token(loop: Loop, started: State) -> None:
    where = find_server(started)
    with Studio(ServerAddress(where.url, "x", "0" * 40)) as studio, pytest.raises(CannotRun) as caught:
        studio.find_projects("x y z")
    assert str(caught.value).startswith(f"{where.url}: rejects the token; ")
    assert "000" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.filterwarnings("ignore:The `parse_obj` method is deprecated")  # the SDK, where it renews such a token
def test_personal_token(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer kind of token is exchanged for one that expires within minutes."""
    with loop.api() as api:
        answer = api.post("/api/token/")
        if answer.status_code != 201:
            settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True}
            api.post("/api/jwt/settings", json=settings).raise_for_status()
            answer = api.post("/api/token/")
        token = answer.json()["token"]
    monkeypatch.setenv("LABEL_STUDIO_URL", loop.studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", token)
    where = find_server(loop.state)
    with Studio(where) as studio:
        assert studio.find_projects("no such title") == []


def test_sign_up_is_disabled(started: State) -> None:
    url = f"{find_server(started).url}/user/signup/"
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
    with opener.open(url) as page:
        page.read()
    token = next((cookie.value for cookie in jar if cookie.name == "csrftoken"), "") or ""
    form = {"email": "new@example.org", "password": "a-long-password", "csrfmiddlewaretoken": token}
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), {"Referer": url})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(request)
    assert caught.value.code == 403
    with caught.value as refused:
        assert token
        assert b"CSRF" not in refused.read()


def test_server_is_private(started: State) -> None:
    import psutil

    assert stat.S_IMODE(started.folder.stat().st_mode) == 0o700
    for name in ("credentials.json", "server.json", "server.log"):
        assert stat.S_IMODE((started.folder / name).stat().st_mode) == 0o600
    found = server.find_running(started)
    assert found is not None
    listening = [
        one.laddr.ip for one in psutil.Process(found.pid).net_connections() if one.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]
    # Python and Label Studio look for modules and settings in the current folder, which no one else can fill.
    assert psutil.Process(found.pid).cwd() == "/"
    login = server.load_credentials(started)
    log = (started.folder / "server.log").read_text("utf-8")
    assert login.token not in log
    assert login.password not in log


def test_large_push_goes_in_batches(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    from annotate.labelstudio import push as module

    monkeypatch.setattr(module, "BATCH_SIZE", 1)
    seen: list[tuple[int, int]] = []
    push_bare(loop, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_long_and_ambiguous_titles_are_rejected(loop: Loop) -> None:
    with pytest.raises(CannotRun, match="takes titles of 3 to 50"):
        push(loop.studio, loop.state, replace(loop.push_request(), title="x" * 51))
    for _ in range(2):
        loop.studio.create_project(loop.title, {})
    with pytest.raises(Refused, match=r"several projects have this title \(\d+, \d+\)"):
        find_project(loop.studio, loop.state, loop.title)


def test_down_stops_what_up_started(started: State) -> None:
    """Last, because it stops the server that the other tests share; `up` uses the same port again."""
    before = server.find_running(started)
    assert before is not None
    assert server.stop(started) is True
    assert server.find_running(started) is None
    assert not server.is_healthy(before.port)
    again = server.start(started)
    assert (again.port, again.is_new) == (before.port, True)
