"""The backend of suggestions, asked over HTTP as Label Studio asks it, and as strangers would."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.errors import CannotRun
from annotate.labelstudio.results import Mapper
from annotate.labelstudio.tasks import result_items
from annotate.model import Annotation, Article, Relation, Span
from annotate.service import backend_server
from annotate.service.suggestions import MarkedRegions
from tests.conftest import Project
from tests.service.suggesting import PROJECT, TOKEN, CorpusSuggester, Service, make_task, serve

SET_UP = {"project": f"{PROJECT}.1700000000", "schema": "<View/>", "hostname": "http://h", "access_token": TOKEN}
UID = f"{PROJECT}.1"


@pytest.fixture
def suggester(project: Project) -> CorpusSuggester:
    return CorpusSuggester(project.corpus)


@pytest.fixture
def service(project: Project, suggester: CorpusSuggester) -> Iterator[Service]:
    with serve(project, suggester) as service:
        yield service


def test_health_setup_and_version(service: Service) -> None:
    assert service.ask("GET", "/health")[1]["status"] == "UP"
    assert service.ask("POST", "/setup", SET_UP) == (200, {"model_version": "machine 1.0.0 v1"})
    assert service.ask("GET", "/versions") == (200, {"versions": ["machine 1.0.0 v1"]})
    assert service.ask("POST", "/webhook", {"action": "ANNOTATION_CREATED", "task": {}})[0] == 200
    assert service.backend.news.is_set()


def test_the_token_is_not_kept(service: Service) -> None:
    assert service.ask("POST", "/setup", SET_UP)[0] == 200
    held = [vars(service.backend), vars(service.backend._request.suggester), vars(service.server), service.lines]
    assert TOKEN not in repr(held)


def test_each_task_gets_its_labels(project: Project, service: Service, suggester: CorpusSuggester) -> None:
    tasks = [make_task(project, "harbour", 1), make_task(project, "market", 2)]
    results = service.predict(tasks)
    for article_id, (prediction,) in zip(("harbour", "market"), results, strict=True):
        made = project.corpus.read_annotation("anna", article_id)
        assert prediction["result"] == result_items(made, project.inventory)
        assert prediction["model_version"] == "machine 1.0.0 v1"
    assert service.predict(tasks) == results
    assert suggester.asked == ["harbour", "market"], "each was made once"
    assert service.lines == []


def test_a_task_without_labels_has_no_prediction(project: Project, service: Service) -> None:
    (project.corpus.annotation_path("anna", "market")).unlink()
    assert service.predict([make_task(project, "market")]) == [[]]
    assert service.lines == []


@pytest.mark.parametrize("path", ["/health", "/setup", "/predict", "/webhook", "/versions", "/"])
@pytest.mark.parametrize("authorization", [None, "Basic bGFiZWwtc3R1ZGlvOg==", "Token x", "Basic é"])
def test_nobody_else_is_answered(service: Service, path: str, authorization: str | None) -> None:
    for method in ("GET", "POST"):
        status, answer = service.ask(method, path, SET_UP if method == "POST" else None, Authorization=authorization)
        assert (status, list(answer)) == (401, ["error"])
    assert not service.backend.news.is_set()


def test_only_names_of_the_service_are_answered(service: Service) -> None:
    port = service.server.port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", "suggest.example.org"):
        assert service.ask("GET", "/health", Host=host)[0] == 200, host
    for host in ("evil.example.org", f"evil.example.org:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil.org", ""):
        assert service.ask("GET", "/health", Host=host)[0] == 403, host


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/predict", [], 400),
        ("/predict", "x", 400),
        ("/predict", {}, 403),
        ("/predict", {"project": UID}, 400),
        ("/predict", {"project": UID, "tasks": {}}, 400),
        ("/predict", {"project": "8.1", "tasks": []}, 403),
        ("/predict", {"project": [PROJECT], "tasks": []}, 403),
        ("/predict", {"project": "9" * 5000, "tasks": []}, 403),
        ("/predict", {"project": "٧.1", "tasks": []}, 403),
        ("/setup", {"project": None}, 403),
        ("/nothing", {}, 404),
    ],
)
def test_wrong_requests(service: Service, path: str, body: Any, status: int) -> None:
    got, answer = service.ask("POST", path, body)
    assert (got, list(answer)) == (status, ["error"])
    assert "Traceback" not in str(answer)


def test_wrong_tasks_have_no_labels_and_keep_none_from_others(project: Project, service: Service) -> None:
    good = make_task(project, "harbour")
    wrong: list[Any] = [
        None,
        1,
        "x",
        [],
        {},
        {"id": 1, "data": []},
        {"id": 2, "data": {"article": "../../etc/passwd", "text": "x"}},
        {"id": 3, "data": {"article": "nowhere", "text": "x"}},
        {"id": 4, "data": {"article": ["harbour"]}},
        make_task(project, "market", 5, text="Another text."),
        make_task(project, "market", 6) | {"project": PROJECT + 1},
    ]
    results = service.predict([*wrong, good, *wrong])
    assert results[: len(wrong)] == results[len(wrong) + 1 :] == [[]] * len(wrong)
    assert len(results[len(wrong)]) == 1
    lines = list(service.lines)
    assert "task 3: is of article nowhere, which the corpus does not have" in lines
    assert "task 5: has another text than article market of the corpus" in lines
    assert "task 6: is of another project" in lines
    service.predict(wrong)
    assert service.lines == lines, "each problem is reported once"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "data", "project", "text", "article", "result", "drafts"]), children)
    ),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=st.lists(json_values, max_size=4), context=json_values)
def test_any_json_has_a_result_for_each_task(service: Service, tasks: list[Any], context: Any) -> None:
    assert all(result == [] for result in service.predict(tasks, params={"context": context}))
    assert not any("failed" in line for line in service.lines)


def test_bodies_that_are_none(service: Service) -> None:
    assert service.ask("POST", "/predict", raw=b"[" * 100_000)[0] == 400
    assert service.ask("POST", "/predict", raw=b"{\xff}")[0] == 400
    assert service.ask("POST", "/predict", raw=b"")[0] == 400
    large = {"Content-Length": str(backend_server.LARGEST_BODY + 1)}
    assert send(service, "POST /predict HTTP/1.1", large).startswith(b"HTTP/1.0 413")
    assert send(service, "POST /predict HTTP/1.1", {"Content-Length": "-1"}).startswith(b"HTTP/1.0 411")
    assert send(service, "POST /predict HTTP/1.1", {"Transfer-Encoding": "chunked"}).startswith(b"HTTP/1.0 411")
    assert b"not a request" in send(service, "HELLO", {})
    assert service.ask("GET", "/health")[0] == 200


def send(service: Service, first: str, headers: dict[str, str]) -> bytes:
    """Send a request without its body; return the beginning of the answer."""
    host = f"127.0.0.1:{service.server.port}"
    lines = [
        first,
        *(f"{k}: {v}" for k, v in ({"Host": host, "Authorization": service.authorization} | headers).items()),
    ]
    with socket.create_connection(("127.0.0.1", service.server.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.makefile("rb").read()


def test_slow_and_many_connections(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_server, "READ_SECONDS", 2)
    address = ("127.0.0.1", service.server.port)
    slow = [socket.create_connection(address, timeout=20) for _ in range(backend_server.MOST_CONNECTIONS)]
    deadline = time.monotonic() + 20
    while len(service.server.reading) < len(slow):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with socket.create_connection(address, timeout=20) as one_too_many:
        assert one_too_many.recv(1) == b""
    for connection in slow:
        assert connection.recv(1) == b"", "it is ended although nothing arrived"
        connection.close()
    while service.server.reading:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert service.ask("GET", "/health")[0] == 200


def test_a_slow_suggestion_is_there_the_next_time(project: Project, suggester: CorpusSuggester) -> None:
    go = threading.Event()
    suggester.delay = lambda: go.wait(30)
    with serve(project, suggester, patience=0.3) as service:
        tasks = [make_task(project, "harbour"), make_task(project, "market")]
        assert service.predict(tasks) == [[], []]
        go.set()
        deadline = time.monotonic() + 20
        while not all(service.predict(tasks)):
            assert time.monotonic() < deadline
        assert sorted(suggester.asked) == ["harbour", "market"], "each was made once"
        assert any("take longer" in line for line in service.lines)


@pytest.mark.parametrize("error", [CannotRun("model", "does not answer", "wait"), ValueError("secret")])
def test_an_article_that_fails_is_asked_again(project: Project, suggester: CorpusSuggester, error: Exception) -> None:
    failures = iter([error])

    def delay() -> None:
        if failure := next(failures, None):
            raise failure

    suggester.delay = delay
    with serve(project, suggester) as service:
        tasks = [make_task(project, "harbour"), make_task(project, "market")]
        first = service.predict(tasks)
        assert (first[0], len(first[1])) == ([], 1)
        assert len(service.lines) == 1
        assert "secret" not in service.lines[0]
        assert [len(result) for result in service.predict(tasks)] == [1, 1]


def test_labels_that_do_not_fit_are_not_shown(project: Project, suggester: CorpusSuggester) -> None:
    made = project.corpus.read_annotation("anna", "harbour")
    span = made.spans[0]
    for wrong in (
        msgspec.structs.replace(made, text_sha256="0" * 64),
        msgspec.structs.replace(made, article="market"),
        msgspec.structs.replace(made, spans=(msgspec.structs.replace(span, label="Nothing"),), relations=()),
        msgspec.structs.replace(made, spans=(msgspec.structs.replace(span, text="x"),), relations=()),
        msgspec.structs.replace(made, relations=(Relation(label="words", head=span.id, tail="none"),)),
    ):
        suggester.suggest = lambda _, wrong=wrong: wrong  # type: ignore[method-assign,misc]
        with serve(project, suggester) as service:
            assert service.predict([make_task(project, "harbour")]) == [[]]
            assert service.lines == ["harbour: its suggestions are of another text or inventory"]


def test_nothing_is_suggested_while_the_service_is_paused(project: Project, service: Service) -> None:
    service.backend.paused = "none while the config is another"
    assert service.predict([make_task(project, "harbour")]) == [[]]
    service.backend.paused = ""
    assert len(service.predict([make_task(project, "harbour")])[0]) == 1


class Neighbour:
    """Marks the word after the marked span, and relates the marked span to it if that is a Verb."""

    annotator = "neighbour"

    def __init__(self) -> None:
        self.regions: list[MarkedRegions] = []

    def assist(self, article: Article, regions: MarkedRegions) -> Annotation:
        self.regions.append(regions)
        marked = next(span for span in regions.drawn.spans if span.id == regions.marked)
        start = marked.end + 1
        end = start + len(article.text[start:].split(maxsplit=1)[0])
        span = Span(id="s1", label="Words", start=start, end=end, text=article.text[start:end])
        relations = (Relation(label="words", head=marked.id, tail="s1"),) if marked.label == "Verb" else ()
        return msgspec.structs.replace(regions.drawn, annotator=self.annotator, spans=(span,), relations=relations)


def region(id_: str, label: str, start: int, end: int, text: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"id": id_, "from_name": "speech", "to_name": "text", "type": "labels", "value": value}


def test_help_with_a_marked_span(project: Project) -> None:
    neighbour = Neighbour()
    with serve(project, None, neighbour) as service:
        task = make_task(project, "harbour")
        drawn = [region("s1x", "Speaker", 0, 18, "The harbour master")]
        task["drafts"] = [
            {"updated_at": "2026-01-01T00:00:00Z", "result": []},
            {"updated_at": "2026-01-02T00:00:00Z", "result": drawn},
        ]
        context = {"result": [region("v", "Verb", 19, 23, "said")]}
        (answer,) = service.predict([task], params={"context": context})
        (regions,) = neighbour.regions
        assert regions.marked == "v"
        assert {span.id: span.label for span in regions.drawn.spans} == {"s1x": "Speaker", "v": "Verb"}
        # The page breaks on a relation to a region that was just drawn.
        (span_item,) = answer["result"]
        assert (span_item["value"]["text"], span_item["value"]["labels"]) == ("40", ["Words"])
        assert span_item["id"] not in ("s1", "s1x", "v")
        assert span_item["origin"] == "prediction"
        assert service.predict([task], params={"context": context}) == [[]], "it was answered"
        text = project.corpus.read_text("harbour")
        combined = {**task, "annotations": [{"id": 1, "result": [*drawn, *context["result"], *answer["result"]]}]}
        (mapped,) = [each for each in Mapper(project.inventory).map_task(combined, text) if each.kind == "annotation"]
        assert mapped.annotation
        assert (len(mapped.annotation.spans), len(mapped.annotation.relations)) == (3, 0)
        assert (mapped.annotation.process, mapped.annotation.made_from) == ("corrected", ("neighbour",))
        assert service.predict([task]) == [[]], "without a suggester, an article that is opened gets nothing"


@pytest.mark.parametrize("items", [[], [1], [{"id": []}], [{"id": "v"}]])
def test_no_help_where_nothing_is_marked(project: Project, items: list[Any]) -> None:
    with serve(project, None, Neighbour()) as service:
        task = make_task(project, "harbour") | {"drafts": [None, {"result": 1}, {"result": [1, {"id": {}}]}]}
        assert service.predict([task], params={"context": {"result": items}}) == [[]]
        assert service.lines == []


@pytest.mark.parametrize("items", [[region("v", "Verb", 19, 9999, "said")], [region("v", "X", 19, 23, "said")]])
def test_no_help_with_what_cannot_be_read(project: Project, items: list[Any]) -> None:
    with serve(project, None, Neighbour()) as service:
        task = make_task(project, "harbour") | {"drafts": [None, {"result": 1}, {"result": [1, {"id": {}}]}]}
        assert service.predict([task], params={"context": {"result": items}}) == [[]]
        assert service.lines == ["harbour: the marked span cannot be read"]
