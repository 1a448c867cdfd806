"""`annotate prelabel --score`: a zero-shot evaluation of a server that knows gold."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.models.chat import ChatMessage, ChatRequest
from tests.conftest import ROOT, Project, annotate
from tests.models.chat_server import MODEL, Asked, ChatServer, Reply, answer
from tests.models.oracle import Oracle

NOTHING = '{"spans": [], "relations": []}'


@pytest.fixture
def gold_server(server: ChatServer, corpus: Corpus, labels: Inventory) -> ChatServer:
    """A server that knows the gold labels of this corpus."""
    oracle = Oracle(labels, "json")
    for gold in corpus.gold():
        oracle.learn(corpus.read_article(gold.article), gold)

    def script(asked: Asked) -> Reply:
        messages = tuple(ChatMessage(message["role"], message["content"]) for message in asked.body["messages"])
        return answer(oracle.answer(ChatRequest(messages=messages)).text)

    server.script = script
    return server


def evaluate(server: ChatServer, out: Path, *words: str, cwd: Path = ROOT) -> Any:
    words = ("--model", MODEL, "--endpoint", server.url, "--out", str(out), "--samples", "20", *words)
    return annotate("prelabel", *words, cwd=cwd)


def test_one_command_labels_and_prints_the_scores(gold_server: ChatServer, tmp_path: Path) -> None:
    done = evaluate(gold_server, tmp_path / "out", "--settings", "schema/model-pass.yaml", "--score", "gold")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("2 articles, 195 spans, ")
    assert lines[2].startswith("Tokens: 3,900 sent, 390 received")
    assert lines[3:5] == ["Scored against gold", "2 articles; intervals from 37 paragraphs"]
    scored = annotate("score", "corpus/annotations/gold", str(tmp_path / "out"), "--samples", "20", cwd=ROOT)
    assert "all labels" in scored.stdout
    assert done.stdout.endswith(scored.stdout)


def test_json_has_the_record_and_the_scores(gold_server: ChatServer, tmp_path: Path) -> None:
    done = evaluate(gold_server, tmp_path / "out", "--score", "gold", "--articles", "r*", "--format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert list(result) == ["against", "is_partial", "not_labelled", "without_gold", "run", "scores"]
    assert (result["against"], result["is_partial"], result["not_labelled"]) == ("gold", False, [])
    assert result["run"] == json.loads((tmp_path / "out/record/run.json").read_bytes())
    assert result["scores"]["articles"] == ["raqqa-phosphorus"]
    assert [row["exact"]["f1"]["value"] for row in result["scores"]["labels"] if row["kind"] == "all"] == [1]


def test_articles_that_were_not_labelled_are_not_scored(gold_server: ChatServer, tmp_path: Path) -> None:
    words = ("--score", "gold", "--max-requests", "25", "--concurrency", "1")
    done = evaluate(gold_server, tmp_path / "out", *words, "--format", "markdown")
    assert done.exit_code == 1
    assert done.stderr.startswith("syria-fronts: left out: --max-requests: reached: 25 were sent")
    partial = "PARTIAL: 1 of 2 articles could not be labelled, and are not scored: syria-fronts"
    assert f"\n- {partial}\n- 1 article; intervals from 21 paragraphs\n" in done.stdout
    assert "\n| all labels | 97 | 97 | 1.00 " in done.stdout
    done = evaluate(gold_server, tmp_path / "out", *words, "--format", "json", "--max-requests", "0")
    assert (done.exit_code, json.loads(done.stdout)["not_labelled"]) == (1, ["syria-fronts"])


def test_articles_without_gold_are_named(project: Project, server: ChatServer) -> None:
    project.path("corpus/annotations/gold/market.json").unlink()
    server.script = lambda _: answer(NOTHING)
    done = evaluate(server, project.path("out"), "--score", "gold", cwd=project.root)
    assert done.exit_code == 0, done.output
    assert "not scored, since gold has not labelled them: market\n1 article; " in done.stdout
    done = evaluate(server, project.path("out"), "--score", "gold", "--articles", "market", cwd=project.root)
    assert done.exit_code == 2, done.output
    assert "--score: gold has labelled none of the articles; " in done.stderr


def test_the_patterns_are_scored_by_the_same_options(tmp_path: Path) -> None:
    words = ("prelabel", "--out", str(tmp_path / "out"), "--score", "reader-5", "--samples", "0", "--articles", "s*")
    done = annotate(*words, cwd=ROOT)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("1 articles, ")
    assert "\nScored against reader-5\n1 article; " in done.stdout
    done = annotate(*words, "--format", "json", cwd=ROOT)
    assert (json.loads(done.stdout)["run"], json.loads(done.stdout)["scores"]["articles"]) == (None, ["syria-fronts"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--out out --format json", "--format needs --score."),
        ("--out out --samples 5", "--samples needs --score."),
        ("--out out --score nobody", "has no labels by 'nobody'; choose from: "),
        ("--out out --score ../gold", "has no labels by '../gold'; choose from: "),
        (
            "--out out --articles harbor",
            "has no article 'harbor' (did you mean 'harbour'?); name articles by their ids",
        ),
        ("--model m --endpoint http://127.0.0.1:1/v1 --out out --articles [", "has no article '['; name articles"),
        ("--model m --endpoint http://127.0.0.1:1/v1 --out out --score nobody", "has no labels by 'nobody'"),
        ("--settings none.yaml --show-prompt", "none.yaml: no such file or directory; name a settings file with"),
        ("--settings typo.yaml --show-prompt", "typo.yaml: "),
        ("--settings low.yaml --show-prompt", "low.yaml: "),
        ("--settings list.yaml --show-prompt", "list.yaml: "),
        ("--settings typo.yaml --out out", "--settings needs --model."),
        ("--show-prompt --format markdown", "--show-prompt: has no format markdown; choose from text, json"),
    ],
)
def test_wrong_options_are_one_line(project: Project, words: str, message: str) -> None:
    project.path("typo.yaml").write_text("temprature: 0\n")
    project.path("low.yaml").write_text("max_tokens: 0\n")
    project.path("list.yaml").write_text("- answers\n")
    before = project.snapshot()
    done = project.annotate("prelabel", *words.split())
    assert done.exit_code == 2, done.output
    assert message in done.output
    assert "Traceback" not in done.output
    assert project.snapshot() == before


def test_options_come_before_the_settings_file(project: Project, server: ChatServer) -> None:
    server.script = lambda _: answer(NOTHING)
    project.path("pass.yaml").write_text("temperature: null\nseed: 3\nmax_tokens: 700\nguideline_tokens: 0\n")
    words = ("--settings", "pass.yaml", "--seed", "4", "--examples")
    assert evaluate(server, project.path("out"), "--score", "gold", *words, cwd=project.root).exit_code == 0
    record = json.loads(project.path("out/record/run.json").read_bytes())
    assert record["settings"] == {
        "answers": "json",
        "guideline_tokens": 0,
        "examples": True,
        "temperature": None,
        "seed": 4,
        "max_tokens": 700,
    }
    body = server.asked[0].body
    assert ("temperature" in body, body["seed"], body["max_tokens"]) == (False, 4, 700)
    # What the record has is a settings file: the pass is repeated from it without a request.
    project.path("again.yaml").write_text(json.dumps(record["settings"]))
    count = len(server.asked)
    repeated = ("--settings", "again.yaml", "--score", "gold")
    assert evaluate(server, project.path("out"), *repeated, cwd=project.root).exit_code == 0
    again = json.loads(project.path("out/record/run.json").read_bytes())
    assert (again["settings"], again["prompt_sha256"]) == (record["settings"], record["prompt_sha256"])
    assert len(server.asked) == count


def test_options_have_the_defaults_of_the_settings() -> None:
    from annotate.cli.model_options import SETTINGS
    from annotate.cli.prelabel import command
    from annotate.models.pass_settings import PassSettings

    defaults = msgspec.structs.asdict(PassSettings())
    assert list(defaults) == list(SETTINGS)
    options = {parameter.name: parameter.default for parameter in command.params}
    given = {name: value if isinstance(value := options[name], str | int) else None for name in SETTINGS}
    assert {**given, "temperature": float(str(given["temperature"]))} == defaults


def test_the_prompt_is_shown_as_it_is_sent(gold_server: ChatServer, tmp_path: Path) -> None:
    words = ("prelabel", "--settings", "schema/model-pass.yaml", "--articles", "raqqa*", "--show-prompt")
    shown = annotate(*words, "--format", "json", cwd=ROOT)
    assert (shown.exit_code, shown.stderr, gold_server.asked) == (0, "", [])
    requests = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [request["article"] for request in requests] == ["raqqa-phosphorus"] * 21
    done = evaluate(gold_server, tmp_path / "out", *words[1:5], "--score", "gold")
    assert done.exit_code == 0, done.output
    sent = [asked.body["messages"] for asked in gold_server.asked]
    assert all(request["messages"] in sent for request in requests)
    text = annotate(*words, cwd=ROOT).stdout
    assert text.count("\n===== raqqa-phosphorus, paragraph ") == 21
    assert text.startswith("===== every request, system (about ")
    assert requests[0]["messages"][0]["content"] in text
    assert requests[20]["messages"][1]["content"] in text


def test_the_settings_of_the_repository_leave_no_section_out(corpus: Corpus) -> None:
    words = ("prelabel", "--model", MODEL, "--endpoint", "http://127.0.0.1:1/v1", "--plan")
    plan = annotate(*words, "--settings", "schema/model-pass.yaml", cwd=ROOT)
    assert plan.exit_code == 0, plan.output
    left_out = [line for line in plan.stdout.splitlines() if line.startswith("Left out of the prompt: ")]
    assert len(left_out) == 1
    assert left_out[0].endswith(" places of the guidelines with words of articles")
