"""`annotate prelabel --model` in a process of its own, against a scripted endpoint."""

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from annotate.annotation_files import read_annotation_folder
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.models.chat import ChatMessage, ChatRequest
from annotate.models.private_folders import models_root
from annotate.models.session import MOST_TOO_LONG
from tests.conftest import ROOT, Project, annotate, read_files
from tests.models.chat_server import MODEL, Asked, ChatServer, Reply, answer, error, first_words, serve_chat
from tests.models.oracle import Oracle
from tests.models.test_oracle import describe_labels

KEY = "sk-secret-0123456789"
REQUESTS = 8
"""Both articles have four paragraphs together, each of which is asked about twice."""
LIMIT_HINT = "run the command again, or raise it; the answers so far are kept"
GUIDELINES_MISSING = "guidelines: no such folder; the model gets the definitions of labels.yaml alone\n"
PRICES = f"currency: USD\nmodels:\n  {MODEL}: {{input: 1000, output: 10000, cached: 0}}\n"
DEFAULTS = {
    "answers": "json",
    "guideline_tokens": 12_000,
    "examples": False,
    "temperature": 0.0,
    "seed": None,
    "max_tokens": None,
}
"""The settings of a run without options."""


def start(project: Project, server: ChatServer | str, *words: str, **options: Any) -> "subprocess.Popen[str]":
    url = server if isinstance(server, str) else server.url
    command = [sys.executable, "-m", "tests.models.first_word", "prelabel", "--model", MODEL, "--endpoint", url, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ANNOTATE_MODEL_KEY": KEY, "PYTHONDONTWRITEBYTECODE": "1"}
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, cwd=project.root, env=environment, text=True, **options)


def run(project: Project, server: ChatServer | str, *words: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, output and errors."""
    process = start(project, server, *words)
    output, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors, errors
    assert KEY not in output + errors
    return process.returncode, output, errors


def read_record(project: Project, name: str = "run", out: str = "out") -> Any:
    return json.loads(project.path(f"{out}/record/{name}.json").read_bytes())


def slowly(asked: Asked, seconds: float = 0.5) -> Reply:
    time.sleep(seconds)
    return first_words(asked)


def count_paragraphs(project: Project) -> int:
    return sum(bool(line.strip()) for article in project.corpus.articles() for line in article.text.split("\n"))


def test_a_run_writes_labels_and_how_they_were_made(project: Project, server: ChatServer) -> None:
    assert 2 * count_paragraphs(project) == REQUESTS
    project.path("prices.yaml").write_text(PRICES)
    words = ("--out", "out", "--prices", "prices.yaml", "--seed", "7", "--concurrency", "2")
    code, output, errors = run(project, server, *words)
    assert (code, errors) == (0, ""), errors
    assert output.splitlines() == [
        "2 articles, 4 spans, 0 relations written to out by test-model-1-5",
        "Requests: 8 sent; 0 answers kept from earlier",
        "Tokens: 800 sent, 80 received; 1.1200 USD",
    ]
    files = read_files(project.path("out"))
    assert sorted(files) == [
        ".annotate-output.json",
        "harbour.json",
        "market.json",
        "record/findings.json",
        "record/quarantine.json",
        "record/run.json",
    ]
    read = list(read_annotation_folder(project.path("out"), project.corpus.find_text))
    assert [file.annotation.annotator for file in read] == ["test-model-1-5"] * 2
    assert [span.text for span in read[0].annotation.spans] == ["The", "At"]
    record = read_record(project)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record.pop("started"))
    assert record.pop("ended")
    assert re.fullmatch("[0-9a-f]{64}", record.pop("inventory_sha256"))
    assert record.pop("toolkit")
    sent = {"answers": 8, "input": 800, "output": 80, "cached": 480}
    nothing = {"without_usage": 0, "estimated_input": 0, "estimated_output": 0}
    assert record == {
        "format": "annotate model run 1",
        "annotator": "test-model-1-5",
        "model": MODEL,
        "answered": ["test-model-2026"],
        "mode": "json",
        "prompt_sha256": "0" * 64,
        "schema_sha256": "1" * 64,
        "inventory": "1.0.0",
        "guidelines": "",
        "prompt_left_out": ["the page speech.md"],
        "parameters": {"temperature": 0.0, "seed": 7},
        "formats": {"schema": 8},
        "requests": 8,
        "sent": {**sent, **nothing, "cost": pytest.approx(1.12)},
        "reused": {**dict.fromkeys(sent, 0), **nothing, "cost": 0.0},
        "corrections": {**dict.fromkeys(sent, 0), **nothing, "cost": 0.0},
        "currency": "USD",
        "articles": 2,
        "left_out": [],
        "spans": 4,
        "relations": 0,
        "aligned": {"exact": 4},
        "repaired": 0,
        "findings": {},
        "quarantined": {},
        "settings": {**DEFAULTS, "seed": 7},
    }
    everything = b"".join(files.values())
    assert KEY.encode() not in everything
    assert b"127.0.0.1" not in everything
    [local] = [json.loads(path.read_bytes()) for path in (models_root() / "runs").iterdir()]
    assert (local["endpoint"], local["requests"], local["outcome"]) == (server.url, 8, "complete")
    for path in models_root().rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
        assert path.is_dir() or KEY.encode() not in path.read_bytes()


def test_a_second_run_sends_nothing_and_writes_the_same(project: Project, server: ChatServer) -> None:
    assert run(project, server, "--out", "out")[0] == 0
    labels = {name: data for name, data in read_files(project.path("out")).items() if "run.json" not in name}
    code, output, _ = run(project, server, "--out", "out")
    assert (code, len(server.asked)) == (0, REQUESTS)
    assert "Requests: 0 sent; 8 answers kept from earlier" in output
    assert {name: data for name, data in read_files(project.path("out")).items() if "run.json" not in name} == labels
    assert read_record(project)["reused"]["input"] == 800
    assert annotate("prelabel", "--forget", cwd=project.root).output == "8 answers deleted\n"
    assert run(project, server, "--out", "out")[0] == 0
    assert len(server.asked) == 2 * REQUESTS


def test_a_killed_run_repeats_no_paid_request(project: Project, server: ChatServer) -> None:
    """Kill after each number of answers: those that were written are not asked for again."""
    paid = 0

    def script(asked: Asked) -> Reply:
        nonlocal paid
        if len(server.asked) - paid > 2:
            time.sleep(60)
        return first_words(asked)

    server.script = script
    runs = 0
    while True:
        before = {json.dumps(asked.body) for asked in server.asked[:paid]}
        process = start(project, server, "--out", "out", "--concurrency", "1")
        deadline = time.monotonic() + 60
        while process.poll() is None and len(server.asked) - paid < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        if process.poll() is not None:
            break
        process.kill()
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert not project.path("out").exists()
        assert not before & {json.dumps(asked.body) for asked in server.asked[paid:]}
        server.asked.pop()  # the one that got no answer
        paid += 2
        runs += 1
        assert len(list(models_root().glob("answers/*/??/*.json"))) == paid
    output, errors = process.communicate()
    assert (process.returncode, runs) == (0, 3), errors
    assert "Requests: 2 sent; 6 answers kept from earlier" in output
    assert len({json.dumps(asked.body) for asked in server.asked}) == len(server.asked) == REQUESTS


def test_an_interrupted_run_keeps_its_answers_and_the_folder(project: Project, server: ChatServer) -> None:
    assert run(project, server, "--out", "out")[0] == 0
    before = read_files(project.path("out"))
    annotate("prelabel", "--forget", cwd=project.root)
    server.asked.clear()
    server.script = lambda asked: slowly(asked, 0.2 if len(server.asked) < 3 else 0.0)
    process = start(project, server, "--out", "out", "--concurrency", "2")
    while len(server.asked) < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, "")
    assert [line for line in errors.split("\n") if line] == [
        "out is as it was; the answers so far are kept, and the same command goes on from there",
        "Aborted!",
    ]
    assert read_files(project.path("out")) == before
    assert len(list(models_root().glob("answers/*/??/*.json"))) == 2  # those in flight, which may be paid for
    assert run(project, server, "--out", "out")[0] == 0
    assert len(server.asked) == REQUESTS


def test_an_interrupted_run_ends_at_once(project: Project, server: ChatServer) -> None:
    server.script = lambda asked: slowly(asked, 0.0 if len(server.asked) < 2 else 60.0)
    process = start(project, server, "--out", "out", "--concurrency", "2")
    while len(server.asked) < 3:
        time.sleep(0.01)
    start_time = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - start_time < 3  # a second where nothing else runs
    assert not project.path("out").exists()
    assert len(list(models_root().glob("answers/*/??/*.json"))) == 1


def test_a_run_stops_at_a_number_of_requests(project: Project, server: ChatServer) -> None:
    code, output, errors = run(project, server, "--out", "out", "--max-requests", "7", "--concurrency", "1")
    assert (code, len(server.asked)) == (1, 7)
    assert errors == f"market: left out: --max-requests: reached: 7 were sent; {LIMIT_HINT}\n"
    assert output.startswith("1 article, 2 spans, 0 relations written")
    assert read_record(project)["left_out"] == [{"article": "market", "reason": "limit reached"}]
    assert not project.path("out/market.json").exists()
    code, output, errors = run(project, server, "--out", "out", "--max-requests", "1")
    assert (code, errors, len(server.asked)) == (0, "", REQUESTS)
    assert project.path("out/market.json").exists()
    assert run(project, server, "--out", "out", "--max-requests", "0")[0] == 0


def test_a_run_stops_at_a_price(project: Project, server: ChatServer) -> None:
    project.path("prices.yaml").write_text(PRICES)
    words = ("--out", "out", "--concurrency", "1", "--prices", "prices.yaml", "--max-cost")
    code, _, errors = run(project, server, *words, "1.0")
    assert code == 1
    assert re.fullmatch(
        r"market: left out: --max-cost: reached: 0\.\d+ spent, and the next request may cost 0\.\d+; run .*\n",
        errors,
    )
    cost = read_record(project)["sent"]["cost"]
    assert 0 < cost <= 1
    assert cost == pytest.approx(0.14 * len(server.asked))
    code, _, errors = run(project, server, "--out", "new", "--max-cost", "1")
    assert (code, errors) == (
        2,
        "annotate: --max-cost: needs the price of the model; name a price table with --prices\n",
    )


def test_without_any_label_nothing_is_written(project: Project, server: ChatServer) -> None:
    code, output, errors = run(project, server, "--out", "out", "--max-requests", "0")
    assert (code, output) == (1, "")
    assert errors == f"annotate: --max-requests: reached: 0 were sent; {LIMIT_HINT}\n"
    assert not project.path("out").exists()


def test_an_error_of_all_requests_ends_the_run_at_once(project: Project, server: ChatServer) -> None:
    server.script = lambda _: error(401, f"wrong key {KEY}")
    code, output, errors = run(project, server, "--out", "out", "--concurrency", "1")
    assert (code, output, len(server.asked)) == (2, "", 1)
    assert errors.startswith(f"annotate: {server.url}: rejects the key (401); set ANNOTATE_MODEL_KEY")


def test_a_model_whose_context_is_too_short_for_all_is_named(project: Project, server: ChatServer) -> None:
    too_long = error(400, "This model's maximum context length is 512 tokens", "context_length_exceeded")
    server.script = lambda _: too_long
    project.path("prices.yaml").write_text(PRICES)
    code, output, errors = run(project, server, "--out", "out", "--prices", "prices.yaml", "--max-cost", "9")
    assert (code, output) == (2, "")
    assert errors == (
        f"annotate: {server.url}: refuses every request as longer than the model's context; "
        "lower --guideline-tokens, or give the model a longer context\n"
    )
    assert not project.path("out").exists()
    server.script = lambda asked: too_long if "At least" in asked.content else first_words(asked)
    assert run(project, server, "--out", "out")[0] == 0
    sent = read_record(project)["sent"]  # a request that is refused has no price
    assert (sent["answers"], sent["without_usage"], read_record(project)["formats"]) == (6, 0, {"schema": 6})


def test_no_more_is_sent_to_a_model_whose_context_is_too_short(project: Project, server: ChatServer) -> None:
    project.annotate("add", *write_articles(project, MOST_TOO_LONG), "--rights", "ours")
    server.script = lambda _: error(400, "Prompt is too long", "context_length_exceeded")
    code, _, errors = run(project, server, "--out", "out", "--concurrency", "1")
    assert (code, errors.count("\n")) == (2, 1)
    assert "refuses every request as longer" in errors
    assert MOST_TOO_LONG <= len(server.asked) <= MOST_TOO_LONG + REQUESTS


def write_articles(project: Project, number: int) -> list[str]:
    """Write texts of one line, and return their paths."""
    paths = [project.path(f"new{index}.txt") for index in range(number)]
    for index, path in enumerate(paths):
        path.write_text(f"Anna left the port for the {index}. time.")
    return list(map(str, paths))


def test_an_article_whose_requests_fail_is_named_and_the_others_are_labelled(
    project: Project, server: ChatServer
) -> None:
    server.script = lambda asked: error(400, "bad words") if "At least" in asked.content else first_words(asked)
    code, output, errors = run(project, server, "--out", "out", "--concurrency", "1")
    assert code == 2, output  # the first article failed, and an error that all would meet ends the run
    busy = error(429, "slow down", **{"Retry-After": "3600"})
    server.script = lambda asked: busy if "At least" in asked.content else first_words(asked)
    process = start(project, server, "--out", "out", "--timeout", "5")
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert re.fullmatch(
        r"harbour: left out: http://127\.0\.0\.1:\d+/v1: answers 429: slow down; run .* again in 3600 seconds; .*\n",
        errors,
    )
    assert read_record(project)["left_out"] == [{"article": "harbour", "reason": "requests failed"}]
    assert "127.0.0.1" not in json.dumps(read_record(project))


def test_what_is_not_taken_is_counted_and_kept(project: Project, server: ChatServer) -> None:
    no_json, refusal = answer("no JSON\n\x1b[31m"), answer(None, refusal="I will not.")
    other_words = answer('{"quote": "Zed"}', usage=False)

    def script(asked: Asked) -> Reply:
        if asked.content.startswith("Again"):
            return first_words(asked)
        return refusal if "At least" in asked.content else no_json if "harbour master" in asked.content else other_words

    server.script = script
    code, output, errors = run(project, server, "--out", "out", "--concurrency", "1")
    problem = "answered, and no label of its answers could be taken"
    assert (code, errors) == (1, f"{MODEL}: {problem}; see out/record/quarantine.json\n")
    assert "Quarantined: 4 (X1 4); see out/record" in output
    assert "Findings: 4 (X2 4); see out/record" in output
    assert "estimated for 2 answers" in output
    rows = read_record(project, "quarantine")
    assert [(row["article"], row["request"], row["raw"]) for row in rows] == [
        ("harbour", "paragraph 1", "no JSON\n\x1b[31m"),
        ("harbour", "paragraph 2", ""),
        ("market", "paragraph 1", '{"quote": "Zed"}'),
        ("market", "paragraph 2", '{"quote": "Zed"}'),
    ]
    findings = read_record(project, "findings")
    assert findings[1] == {
        "article": "harbour",
        "code": "X2",
        "severity": "warning",
        "span": None,
        "message": "an answer was not taken: refusal",
    }


def test_two_runs_at_once(project: Project, server: ChatServer) -> None:
    second_has_ended = threading.Event()

    def answer_late(asked: Asked) -> Reply:
        second_has_ended.wait(120)
        return first_words(asked)

    server.script = answer_late
    first = start(project, server, "--out", "out", "--concurrency", "1", "--timeout", "300")
    while not server.asked:
        time.sleep(0.01)
    code, _, errors = run(project, server, "--out", "other")
    second_has_ended.set()
    assert code == 2
    assert f"process {first.pid}" in errors
    assert "is writing to it; wait until it ends, then try again" in errors
    assert first.wait(60) == 0
    first.communicate()
    assert len(server.asked) == REQUESTS


def test_two_models_at_once(project: Project, server: ChatServer) -> None:
    server.script = slowly
    first = start(project, server, "--out", "out")
    code, output, errors = run(project, server, "--out", "other", "--model", "another-model")
    assert (code, errors) == (0, "")
    assert output.startswith("2 articles, 4 spans, 0 relations written to other by another-model")
    output, errors = first.communicate(timeout=60)
    assert (first.returncode, errors) == (0, "")
    assert len(server.asked) == 2 * REQUESTS
    code, _, errors = run(project, server, "--out", "out", "--model", "another-model")
    assert (code, errors, len(server.asked)) == (0, "", 2 * REQUESTS)


def test_answers_to_an_older_prompt_are_not_used(project: Project, server: ChatServer) -> None:
    server.script = lambda _: answer('{"spans": [], "relations": []}')
    words = ("prelabel", "--model", MODEL, "--endpoint", server.url, "--out", "out")

    def count_sent() -> int:
        before = len(server.asked)
        done = project.annotate(*words)
        assert done.exit_code == 0, done.output
        return len(server.asked) - before

    number = count_sent()
    prompt = read_record(project)["prompt_sha256"]
    assert (number, count_sent()) == (REQUESTS // 2, 0)
    inventory = project.path("schema/labels.yaml").read_text()
    label = project.inventory.spans[next(iter(project.inventory.spans))]
    project.replace("schema/labels.yaml", label.definition, f"{label.definition} Not in titles.")
    assert count_sent() == number
    assert read_record(project)["prompt_sha256"] != prompt
    for span in project.inventory.spans.values():
        page = project.path(f"guidelines/{span.guideline}")
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"# {span.name}\n\nLabel with care.\n")
    assert count_sent() == number
    shutil.rmtree(project.path("guidelines"))
    project.path("schema/labels.yaml").write_text(inventory)
    assert count_sent() == 0  # the first answers are kept
    assert project.annotate("prelabel", "--forget").output == f"{3 * number} answers deleted\n"


def test_requests_are_sent_at_once(project: Project, server: ChatServer) -> None:
    server.script = slowly
    assert run(project, server, "--out", "out", "--concurrency", "3")[0] == 0
    assert server.most_at_once == 3


def test_a_plan_sends_nothing(project: Project, server: ChatServer) -> None:
    project.path("prices.yaml").write_text(PRICES)
    code, output, errors = run(project, server, "--plan", "--prices", "prices.yaml")
    assert (code, errors, server.asked) == (0, "", [])
    lines = output.splitlines()
    assert lines[0] == f"Texts of 2 articles would be sent to this machine ({server.url})"
    assert lines[1] == f"Model: {MODEL}; annotator: test-model-1-5"
    assert lines[2] == "Requests: at least 4; 0 more are answered already"
    assert re.fullmatch(r"Tokens: about \d+ of requests \(3\.5 bytes a token\); of answers at most 200", lines[3])
    assert re.fullmatch(r"Price: about 0\.\d+ USD for the requests, and at most 2\.0000 USD for the answers", lines[4])
    assert lines[5:] == ["Left out of the prompt: the page speech.md"]
    assert not models_root().exists()
    assert not project.path("out").exists()
    run(project, server, "--out", "out")
    assert "Requests: at least 0; 4 more are answered already" in run(project, server, "--plan")[1]


def test_nothing_is_sent_to_a_new_host_without_consent(
    project: Project, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scripted server is the proxy to a host that does not exist."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    host = "http://models.example/v1"
    code, _, errors = run(project, host, "--out", "out")
    assert (code, errors) == (
        1,
        "annotate: --endpoint: is not encrypted: others on the way could read the texts and the "
        "key; use https, or send them all the same with --insecure-http\n",
    )
    words = ("--insecure-http", "--out", "out")
    code, _, errors = run(project, host, *words)
    assert (code, server.asked) == (1, [])
    assert errors == (
        "annotate: models.example: the texts of 2 articles would be sent to this host for the first time; "
        "look at --plan, then allow it with --yes\n"
    )
    assert f"would be sent to models.example ({host})" in run(project, host, "--insecure-http", "--plan")[1]
    assert answer_question(project, host, words, "n") == 1
    assert not server.asked
    assert answer_question(project, host, words, "y") == 0
    assert len(server.asked) == REQUESTS
    assert run(project, host, *words)[0] == 0  # the answer is remembered
    (models_root() / "hosts.json").unlink()
    assert run(project, host, *words, "--yes")[0] == 0


def answer_question(project: Project, url: str, words: tuple[str, ...], reply: str) -> int:
    """Run the command on a terminal, answer its question, and return its exit code."""
    ours, theirs = pty.openpty()
    process = start(project, url, *words, stdin=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"remembered for this host [y/N]:" not in shown:
        assert select.select([ours], [], [], 60)[0], shown
        shown += os.read(ours, 1000)
    assert b"Send the texts of 2 articles to models.example?" in shown
    os.write(ours, f"{reply}\n".encode())
    while process.poll() is None:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                os.read(ours, 1000)
            except OSError:  # the other end is closed
                break
    process.communicate(timeout=60)
    os.close(ours)
    return process.returncode


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--plan", "--plan needs --model."),
        ("--out out --max-requests 3", "--max-requests needs --model."),
        ("--out out --endpoint http://localhost", "--endpoint needs --model."),
        ("--model m", "Missing option '--out'."),
        ("--model m --out out", "--endpoint: is missing, and ANNOTATE_MODEL_URL is not set; name one such as"),
        ("--model m --out corpus/x --endpoint http://localhost/v1", "is inside corpus, which is never written to"),
        ("--model ??? --out out --endpoint http://localhost/v1", "'' cannot be the pseudonym of a model; name one of"),
        ("--model gold --out out --endpoint http://localhost/v1", "'gold' cannot be the pseudonym of a model"),
        ("--model m --annotator Ann --out out --endpoint http://localhost/v1", "--annotator: 'Ann' cannot be"),
        ("--model m --temperature warm --out out", "Invalid value for '--temperature'"),
        ("--model m --key-file none --out out --endpoint http://localhost/v1", "none: cannot be read: no such file"),
    ],
)
def test_wrong_options_are_one_line(
    project: Project, words: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annotate.cli import prelabel_model
    from tests.models.first_word import load_method

    monkeypatch.setattr(prelabel_model, "load_method", load_method)
    before = project.snapshot()
    done = project.annotate("prelabel", *words.split())
    assert done.exit_code == 2, done.output
    assert message in done.output
    assert project.snapshot() == before


def test_a_folder_of_others_is_refused_before_anything_is_sent(project: Project, server: ChatServer) -> None:
    project.path("out").mkdir()
    project.path("out/mine.txt").write_text("mine")
    code, _, errors = run(project, server, "--out", "out")
    assert (code, server.asked) == (2, []), errors
    assert project.path("out/mine.txt").read_text() == "mine"


def test_an_unreachable_endpoint_is_one_line(project: Project) -> None:
    with serve_chat() as gone:
        pass
    code, output, errors = run(project, gone, "--out", "out")
    assert (code, output) == (2, "")
    assert errors == f"annotate: {gone.url}: cannot be reached; check that it runs and that the address is right\n"


@pytest.mark.parametrize("mode", ["json", "tags"])
def test_gold_comes_back_whole_from_an_endpoint_that_knows_it(
    mode: Any, server: ChatServer, corpus: Corpus, labels: Inventory, tmp_path: Path
) -> None:
    oracle = Oracle(labels, mode, "labels", 1)
    for gold in corpus.gold():
        oracle.learn(corpus.read_article(gold.article), gold)

    def script(asked: Asked) -> Reply:
        messages = tuple(ChatMessage(message["role"], message["content"]) for message in asked.body["messages"])
        return answer(oracle.answer(ChatRequest(messages=messages)).text)

    server.script = script
    words = ("--model", MODEL, "--endpoint", server.url, "--answers", mode, "--out", str(tmp_path / "out"))
    done = annotate("prelabel", *words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Quarantined" not in done.output
    made = {
        file.annotation.article: file.annotation for file in read_annotation_folder(tmp_path / "out", corpus.find_text)
    }
    assert list(made) == [gold.article for gold in corpus.gold()]
    for gold in corpus.gold():
        assert describe_labels(made[gold.article]) == describe_labels(gold)
    formats = json.loads((tmp_path / "out/record/run.json").read_bytes())["formats"]
    assert set(formats) == ({"schema"} if mode == "json" else {"schema", "text"})
    plan = annotate("prelabel", *words[:-2], "--plan").output
    assert "Requests: at least 0; " in plan
    assert "Left out of the prompt: " in plan


def test_without_guidelines_a_model_gets_the_inventory(project: Project, server: ChatServer) -> None:
    done = project.annotate("prelabel", "--model", MODEL, "--endpoint", server.url, "--plan")
    assert (done.exit_code, done.stderr) == (0, GUIDELINES_MISSING)


def test_the_record_has_the_cost_and_the_gain_of_corrections(project: Project, server: ChatServer) -> None:
    def script(asked: Asked) -> Reply:
        is_correction = len(asked.body["messages"]) > 2
        return answer('{"spans": [], "relations": []}' if is_correction else "I see nothing.")

    server.script = script
    project.path("prices.yaml").write_text(PRICES)
    words = ("prelabel", "--model", MODEL, "--endpoint", server.url, "--prices", "prices.yaml", "--out", "out")
    for sent in (4, 0):  # the second time, all answers are kept ones
        done = project.annotate(*words)
        assert (done.exit_code, done.stderr) == (0, GUIDELINES_MISSING)
        assert "Corrections: 4 problems removed by 4 answers; 400 sent, 40 received; 0.5600 USD" in done.output
        record = read_record(project)
        assert (record["sent"]["answers"], record["corrections"]["answers"]) == (2 * sent, 4)
        assert (record["repaired"], record["quarantined"]) == (4, {})


def test_a_model_of_which_nothing_can_be_taken_is_a_failure(project: Project, server: ChatServer) -> None:
    server.script = lambda _: answer("Sure! I will not.")
    done = project.annotate("prelabel", "--model", MODEL, "--endpoint", server.url, "--out", "out")
    assert done.exit_code == 1
    problem = "answered, and no label of its answers could be taken"
    assert done.stderr == f"{GUIDELINES_MISSING}{MODEL}: {problem}; see out/record/quarantine.json\n"
    assert read_record(project)["quarantined"] == {"A103": 4}


def test_a_run_over_some_articles_deletes_no_labels_of_others(project: Project, server: ChatServer) -> None:
    assert run(project, server, "--out", "out")[0] == 0
    before = read_files(project.path("out"))
    code, output, errors = run(project, server, "--out", "out", "--articles", "market")
    assert (code, output) == (2, "")
    assert errors == (
        "annotate: out: has labels of 1 article that this run leaves out, such as harbour, and would be replaced; "
        "name another folder with --out\n"
    )
    assert read_files(project.path("out")) == before
