"""The recipes of docs/how-to/recipes.md run as they are, in the folder of a researcher, with known figures."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from annotate.corpus import Corpus
from annotate.quotes import QuotedText
from tests.conftest import ROOT
from tests.docs_blocks import DOCS, list_sections, read_blocks, read_section

PAGE = DOCS / "how-to/recipes.md"


def list_blocks(title: str, language: str) -> list[str]:
    """Return the blocks of a language in the section with a title."""
    return [block.text for block in read_section(PAGE, title) if block.language == language]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the corpus, with the dataset that the first block of the page builds."""
    folder = tmp_path_factory.mktemp("recipes")
    for name in ("corpus", "schema", "guidelines"):
        shutil.copytree(ROOT / name, folder / name)
    (command,) = list_blocks("", "sh")
    run(shlex.split(command), folder)
    return folder


def run(words: list[str], cwd: Path, **env: str) -> list[str]:
    """Run a program offline; it prints nothing on standard error."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "HF_HOME": str(cwd / "cache"), **env}
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def run_section(title: str, clone: Path, **env: str) -> list[str]:
    return run([sys.executable, "-c", "\n".join(list_blocks(title, "python"))], clone, **env)


def test_every_block_of_the_page_runs() -> None:
    assert list_sections(PAGE) == [
        "Fine-tune a tagger",
        "Ask a language model",
        "Inference and questions",
        "Disagreement",
    ]
    assert {block.language for block in read_blocks(PAGE)} == {"sh", "python"}
    assert sum(len(list_blocks(title, "sh")) for title in list_sections(PAGE)) == 1


def test_tags_of_subwords_lead_back_to_the_spans(clone: Path) -> None:
    assert run_section("Fine-tune a tagger", clone) == ["1.0"]


@pytest.fixture
def model() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A server that answers each paragraph with what gold has there; its address, and the requests."""
    corpus = Corpus(ROOT / "corpus")
    labels = {"Casualty", "Victim", "Perpetrator", "Means", "Place", "Time"}
    answers: dict[str, str] = {}
    for article_id in corpus.annotated_ids("gold"):
        text, annotation = corpus.read_text(article_id), corpus.read_annotation("gold", article_id)
        quoted, start = QuotedText(text), 0
        for paragraph in text.split("\n"):
            scope = (start, start + len(paragraph))
            answers[paragraph] = json.dumps(
                [
                    {
                        "label": span.label,
                        "quote": span.text,
                        "occurrence": quoted.find_occurrence(span.start, span.end, scope),
                    }
                    for span in annotation.spans
                    if span.label in labels and scope[0] <= span.start and span.end <= scope[1]
                ]
            )
            start += len(paragraph) + 1
    requests: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(request)
            answer = answers.get(request["messages"][1]["content"], "I cannot find this paragraph.")
            body = json.dumps({"choices": [{"message": {"role": "assistant", "content": answer}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", requests
    server.shutdown()
    thread.join()
    server.server_close()


def test_quotes_of_a_model_that_knows_gold_have_the_scores_of_gold(
    clone: Path, model: tuple[str, list[dict[str, object]]]
) -> None:
    title, (address, requests) = "Ask a language model", model
    assert run_section(title, clone, OPENAI_BASE_URL=address, MODEL="scripted", no_proxy="127.0.0.1") == []
    assert len(requests) > 10
    prompt = json.dumps(requests[0])
    assert "Not this label" in prompt, "the guidelines are in the prompt"
    (command,) = list_blocks(title, "sh")
    scores = json.loads("\n".join(run([*shlex.split(command), "--format", "json", "--samples", "0"], clone)))
    values = {row["name"]: row["exact"]["f1"]["value"] for row in scores["labels"]}
    assert {values[label] for label in ("Victim", "Means", "Place", "Time")} == {1.0}
    assert values["Source"] == 0


def test_pairs_follow_from_the_records(clone: Path) -> None:
    lines = run_section("Inference and questions", clone)
    assert len(lines) == 3
    assert [line.partition(" | ")[0] for line in lines[:2]] == ["entailment", "entailment"]
    assert lines[2].partition(" | ")[0] in ("neutral", "contradiction")
    assert all(re.fullmatch(r"\w+ \| .+ says that at least \d+ people were \w+\.", line) for line in lines)


def test_disagreement_is_that_of_the_annotators(clone: Path) -> None:
    lines = run_section("Disagreement", clone)
    pairs = [line.split() for line in lines if line.startswith("reader-")]
    assert pairs
    assert all(0 < float(value) <= 1 for _, _, value in pairs)
    assert sum("'Cue': " in line for line in lines) == len(Corpus(ROOT / "corpus").annotated_ids("gold"))
