"""`annotate import --format prelabel`: labels of a model and the record of their run go into a corpus, or why not."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import Result

from annotate.checks import check
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model_run import AnswerTotals, ModelRun
from annotate.models.chat import AnswerFormat, ChatMessage, ChatRequest
from annotate.models.ledger import forget_answers
from annotate.models.model_names import remove_path
from annotate.models.private_folders import models_root
from annotate.models.prompts import ANSWER_MODES
from annotate.schemas import package_schema
from tests.conftest import Project, annotate
from tests.models.chat_server import Asked, ChatServer, Reply, answer
from tests.models.model_runs import READER, edit_record, write_run
from tests.models.oracle import Oracle

ANNOTATORS = "corpus/annotators.yaml"
PERSON_ENTRY = '{id: anna, kind: person, training: none, since: "2026"}'
MODEL_ENTRY = f'{{id: {READER}, kind: model, training: none, since: "2026"}}'
RUN = ModelRun(
    asked="Model 7",
    answered=("model-7-2026",),
    mode="json",
    started="2026-11-28T23:59:58Z",
    ended="2026-11-29T00:00:08Z",
    toolkit="0.2.0",
    prompt_sha256="0a" * 32,
    schema_sha256="1" * 64,
    inventory="1.0.0",
    inventory_sha256="",
    guidelines="1.1.0",
    prompt_left_out=("the page speech.md",),
    parameters={"temperature": 0.0, "seed": 7},
    formats={"schema": 10},
    usage=AnswerTotals(answers=10, input=1000, output=100, cost=1.75),
    corrections=AnswerTotals(answers=2, input=200, output=20, cost=0.5),
    currency="USD",
    articles=2,
    spans=0,
    relations=0,
    aligned={"case": 4},
    repaired=1,
    findings={"A104": 1},
    quarantined={"A301": 2},
)


def take(project: Project, *words: str, folder: str = "out") -> Result:
    result = project.annotate("import", folder, "--format", "prelabel", *words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def changed(project: Project, before: dict[str, bytes]) -> set[str]:
    after = project.snapshot()
    return {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}


def entry_of(project: Project, name: str = READER) -> Any:
    return project.corpus.read_annotators()[name]


def describe_findings(project: Project) -> list[str]:
    findings = check(project.corpus, project.inventory)
    return [finding.code for finding in findings if finding.code != "C108"]


def test_labels_and_record_are_taken(project: Project) -> None:
    write_run(project.root)
    before = project.snapshot()
    planned = take(project, "--plan")
    assert (planned.exit_code, project.snapshot()) == (0, before)
    assert f"{ANNOTATORS}: {READER} would be added. Run of 2026-11-28T23:59:58Z: asked for Model 7" in planned.output
    done = take(project)
    assert done.exit_code == 0, done.output
    assert "2 texts: 2 new, 0 there already, 0 refused." in done.stdout
    labels = {f"corpus/annotations/{READER}/{name}.json" for name in ("harbour", "market")}
    assert changed(project, before) == {ANNOTATORS, *labels}
    assert project.snapshot()[f"corpus/annotations/{READER}/market.json"] == before["out/market.json"]
    assert project.snapshot()[ANNOTATORS].startswith(before[ANNOTATORS].rstrip())
    entry = entry_of(project)
    made = [project.corpus.read_annotation(READER, name) for name in ("harbour", "market")]
    counts = {
        "spans": sum(len(each.spans) for each in made),
        "relations": sum(len(each.relations) for each in made),
        "inventory_sha256": entry.run.inventory_sha256,
    }
    assert entry.run == ModelRun(**{name: getattr(RUN, name) for name in RUN.__struct_fields__} | counts)
    assert (entry.kind, entry.model, entry.since, entry.until) == ("model", "model-7-2026", "2026-11-28", "2026-11-29")
    assert "the guidelines" in entry.training
    assert describe_findings(project) == []
    after = project.snapshot()
    again = take(project)
    assert (again.exit_code, project.snapshot()) == (0, after)
    assert "2 texts: 0 new, 2 there already, 0 refused." in again.stdout


def test_a_real_run_is_taken_without_its_endpoint(
    server: ChatServer, corpus: Corpus, labels: Inventory, project: Project
) -> None:
    oracle = Oracle(labels, "json")
    for gold in corpus.gold():
        oracle.learn(corpus.read_article(gold.article), gold)

    def script(asked: Asked) -> Reply:
        messages = tuple(ChatMessage(message["role"], message["content"]) for message in asked.body["messages"])
        return answer(oracle.answer(ChatRequest(messages=messages)).text)

    server.script = script
    out = project.path("out")
    words = ("--model", "/srv/weights/Small 7B.gguf", "--endpoint", server.url, "--out", str(out))
    assert annotate("prelabel", *words).exit_code == 0
    copy = project.path("copy")
    copy_corpus(corpus, copy)
    result = annotate("import", str(out), "--format", "prelabel", "--corpus", str(copy))
    assert result.exit_code == 0, result.output
    annotators = (copy / "annotators.yaml").read_text("utf-8")
    assert annotators.startswith((corpus.root / "annotators.yaml").read_text("utf-8").rstrip())
    run = Corpus(copy).read_annotators()["small-7b-gguf"].run
    assert run is not None
    assert (run.asked, run.articles) == ("Small 7B.gguf", 2)
    assert run.parameters == {"temperature": 0.0, "guideline_tokens": 12_000, "examples": "no"}
    for secret in ("127.0.0.1", "/srv", server.url):
        assert secret not in annotators
        assert secret not in (out / "record/run.json").read_text()
    assert [finding.code for finding in check(Corpus(copy), labels) if finding.is_error] == []


def write_again(project: Project, server: ChatServer, out: str, *words: str) -> Any:
    """Label with the model, and return the record."""
    options = ("--model", "m", "--endpoint", server.url, "--out", out, *words)
    result = project.annotate("prelabel", *options)
    assert result.exit_code == 0, result.output
    return json.loads(project.path(f"{out}/record/run.json").read_bytes())


def set_time_of_answers(day: str) -> None:
    """Date the kept answers, so that a later run of the same test is one of another day."""
    for number, path in enumerate(sorted(models_root().glob("answers/*/??/*.json"))):
        entry = json.loads(path.read_bytes()) | {"received": f"{day}T00:00:{number:02}Z"}
        path.write_text(json.dumps(entry))


def test_a_run_that_is_written_again_from_kept_answers_is_the_same_run(project: Project, server: ChatServer) -> None:
    server.script = lambda _: answer('{"spans": [], "relations": []}')
    project.path("prices.yaml").write_text("currency: EUR\nmodels:\n  m: {input: 1000, output: 1000}\n")
    first = write_again(project, server, "first", "--prices", "prices.yaml")
    assert (first["reused"]["answers"], first["sent"]["answers"]) == (0, first["requests"])
    set_time_of_answers("2026-01-05")
    second = write_again(project, server, "second", "--prices", "prices.yaml")
    assert (second["requests"], second["sent"]["answers"]) == (0, 0)
    last = f"2026-01-05T00:00:{first['requests'] - 1:02}Z"
    assert (second["started"], second["ended"]) == ("2026-01-05T00:00:00Z", last)
    assert take(project, folder="second").exit_code == 0
    entry = entry_of(project, "m")
    assert (entry.since, entry.until) == ("2026-01-05", "2026-01-05")
    assert (entry.run.usage.answers, entry.run.usage.cost) == (first["sent"]["answers"], first["sent"]["cost"])
    third = write_again(project, server, "third")  # without prices
    assert (third["currency"], third["started"]) == ("", second["started"])
    before = project.snapshot()
    again = take(project, folder="third")
    assert (again.exit_code, changed(project, before)) == (0, set()), again.output
    assert "2 texts: 0 new, 2 there already, 0 refused." in again.stdout


def test_another_run_of_the_same_model_is_not_the_same_run(project: Project, server: ChatServer) -> None:
    server.script = lambda _: answer('{"spans": [], "relations": []}')
    write_again(project, server, "first")
    set_time_of_answers("2026-01-05")
    write_again(project, server, "first")
    assert take(project, folder="first").exit_code == 0
    forget_answers()
    write_again(project, server, "second")
    result = take(project, folder="second")
    assert (result.exit_code, "has the labels of another run (m, 2026-01-05T00:00:00Z)" in result.stderr) == (2, True)


def test_modes_and_forms_of_answers_are_those_of_the_schema() -> None:
    run = json.loads(package_schema("annotators"))["properties"]["annotators"]["items"]["properties"]["run"]
    assert tuple(run["properties"]["mode"]["enum"]) == ANSWER_MODES
    assert tuple(run["properties"]["formats"]["propertyNames"]["enum"]) == get_args(AnswerFormat)


def test_a_run_on_which_all_labels_disagree_is_refused_as_a_whole(project: Project) -> None:
    out = write_run(project.root)
    edit_record(out, annotator="model-8")
    before = project.snapshot()
    for words in ((), ("--annotator", "model-9")):
        result = take(project, *words)
        assert (result.exit_code, changed(project, before)) == (2, set())
        problem = "out/record/run.json: annotator: 'model-8', and the labels are by 'model-7'; restore the field"
        assert problem in result.stderr


def copy_corpus(corpus: Corpus, target: Path) -> None:
    import shutil

    shutil.copytree(corpus.root, target)


def test_each_field_of_a_record_reaches_annotators_yaml_or_is_its_annotator() -> None:
    """A field that is added to the record needs a place, or a reason why it has none."""
    from annotate.models.run_record import RunRecord

    elsewhere = {"format", "annotator", "model", "settings"}  # settings are among the parameters
    of_command = {"requests", "sent", "reused"}  # the sum of the answers is the usage
    assert set(RunRecord.__struct_fields__) - elsewhere - of_command == set(ModelRun.__struct_fields__) - {
        "asked",
        "usage",
    }


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"endpoint": "http://example.org"}, "the whole file: Object contains unknown field endpoint; "),
        ({"format": "annotate model run 9"}, "has the format 'annotate model run 9'"),
        ({"spans": "12"}, "run.json: spans: expected int, got str"),
        ({"spans": 3}, "counts 3 spans and"),
        ({"articles": 3}, "counts 3 articles, and the folder has 2"),
        ({"left_out": [{"article": "market", "reason": "limit reached"}]}, "says that 'market' has no labels"),
        ({"quarantined": {"A301": 1}}, "has other entries than run.json counts"),
        ({"requests": -1}, "requests: -1 is less than 0"),
        ({"requests": 1 << 60}, "requests: "),
        ({"requests": 1 << 80}, "run.json"),
        ({"model": "x" * 600}, "run.json: model: has 600 characters"),
        ({"model": "x\x1b[2Jy"}, "run.json: model: 'x\\x1b[2Jy' does not fit"),
        ({"model": "a\u202eb"}, "run.json: model: "),
        ({"model": ""}, "run.json: model: is empty"),
        ({"answered": ["a\x07b"]}, "run.json: answered[0]: 'a\\x07b' does not fit"),
        ({"model": "anna@example.org"}, "run.json: model: has an e-mail address; remove it"),
        ({"answered": ["m"] * 1}, ""),
        ({"answered": [str(number) for number in range(101)]}, "answered: has 101 entries"),
        ({"prompt_sha256": "../../etc"}, "prompt_sha256: "),
        ({"started": "2026-02-30T00:00:00Z", "ended": "2026-03-01T00:00:00Z"}, "started: '2026-02-30T00:00:00Z' is"),
        ({"started": "yesterday"}, "started: "),
        ({"ended": "2026-11-27T00:00:00Z"}, "run.json: ended: '2026-11-27T00:00:00Z' is before started"),
        ({"inventory": "newest"}, "inventory: "),
        ({"findings": {"../x": 1}}, ""),
        ({"parameters": {"temperature": 0, "url": "x"}}, "run.json: parameters: Object contains unknown field url; "),
        ({"sent": {"answers": 1, "host": "x"}}, "run.json: sent: Object contains unknown field host; "),
        ({"sent": {"cost": -1}}, "sent.cost: -1.0 is less than 0"),
        ({"aligned": {"x" * 200: 1}}, "aligned: "),
        ({"annotator": "../up"}, "run.json: annotator: '../up', and the labels are by 'model-7'; restore the field"),
        ({"annotator": "anna"}, "--annotator gives the labels another name"),
        ({"started": "2099-01-01T00:00:00Z", "ended": "2099-01-02T00:00:00Z"}, "started: '2099-01-01T00:00:00Z' is"),
        ({"ended": "2099-01-01T00:00:00Z"}, "run.json: ended: '2099-01-01T00:00:00Z' is in the future"),
        ({"requests": 7}, "run.json: requests: 7, and sent counts 8 answers"),
        ({"corrections": {"answers": 11}}, "run.json: corrections: 11 answers, and sent and reused count 10"),
        ({"formats": {"schema": 6, "text": 5}}, "run.json: formats: 11 answers, and sent and reused count 10"),
        ({"reused": {"answers": 2, "without_usage": 3}}, "run.json: reused.without_usage: 3 of 2 answers"),
        ({"reused": {"input": -1}}, "run.json: reused.input: -1 is less than 0"),
        ({"reused": {"input": (1 << 53) - 1, "answers": 2}}, "run.json: the sum of sent and reused.input: "),
        ({"mode": "xml"}, "run.json: mode: 'xml' is unknown; "),
        ({"formats": {"weird": 9}}, "run.json: formats: 'weird' is unknown; "),
        ({"toolkit": "<b>x</b>"}, "run.json: toolkit: '<b>x</b>' does not fit"),
        ({"settings": {"temperature": 1.0, "seed": 7}}, "settings.temperature: 1.0, and parameters.temperature is"),
        ({"settings": {"temperature": 0.0}}, "run.json: settings.seed: not set, and parameters.seed is 7"),
        ({"settings": {"answers": "tags", "seed": 7}}, "run.json: settings.answers: 'tags', and mode is 'json'"),
        ({"settings": {"seed": 7, "temperature": 3}}, "run.json: settings.temperature: expected float <= 2.0"),
        ({"left_out": [{"article": "a", "reason": "10.0.0.3"}]}, "run.json: left_out[0].reason: '10.0.0.3' is unknown"),
        ({"left_out": [{"article": "../a", "reason": "limit reached"}]}, "left_out[0].article: '../a' does not"),
        ({"prompt_left_out": ["a", "see https://10.2.3.4/x <script>"]}, "prompt_left_out[1]: has an address; remove"),
        ({"prompt_left_out": ["see 10.2.3.4."]}, "run.json: prompt_left_out[0]: has an address; remove it"),
        ({"guidelines": "LOCALHOST"}, "run.json: guidelines: has an address; remove it"),
        ({"currency": "[::1]:80"}, "run.json: currency: has an address; remove it"),
        ({"answered": ["http://10.0.0.3:80/v1"]}, "run.json: answered[0]: has an address; remove it"),
        ({"answered": ["m", "gpu.example:8000"]}, "run.json: answered[1]: has an address; remove it"),
        ({"answered": ["/srv/weights/m.gguf"]}, "run.json: answered[0]: '/srv/weights/m.gguf' is a path"),
        ({"model": "owner/llama3.1-instruct:8b", "answered": ["m-v1.2.3:70b"]}, ""),
    ],
)  # fmt: skip
def test_a_record_of_a_stranger_is_refused_in_one_line(project: Project, fields: dict[str, Any], problem: str) -> None:
    out = write_run(project.root)
    edit_record(out, **fields)
    if "findings" in fields:
        (out / "record/findings.json").write_text(json.dumps([{"code": code} for code in fields["findings"]]))
        problem = "findings: "
    before = project.snapshot()
    result = take(project)
    if problem:
        assert (result.exit_code, changed(project, before)) == (2, set()), result.output
        assert problem in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith(("annotate: out/record/", "annotate: corpus/annotators.yaml"))
        assert result.stderr.isascii() or result.stderr.rstrip("\n").isprintable()
    else:
        assert result.exit_code == 0


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_broken_record_is_refused(project: Project, data: bytes) -> None:
    (write_run(project.root) / "record/run.json").write_bytes(data)
    before = project.snapshot()
    result = take(project)
    assert (result.exit_code, changed(project, before)) == (2, set())
    assert len(result.stderr.splitlines()) == 1


def test_links_are_not_followed(project: Project) -> None:
    out = write_run(project.root)
    secret = project.path("secret.json")
    secret.write_bytes((out / "record/run.json").read_bytes())
    (out / "record/run.json").unlink()
    (out / "record/run.json").symlink_to(secret)
    result = take(project)
    assert (result.exit_code, "is a link" in result.stderr) == (2, True)
    (out / "record/run.json").unlink()
    (out / "record/run.json").write_bytes(secret.read_bytes())
    (out / "other.json").symlink_to(secret)
    result = take(project)
    assert (result.exit_code, "out/other.json: F105 is a link" in result.stdout) == (1, True), result.output
    assert "2 texts: 2 new" in result.stdout
    project.path("linked").symlink_to(out)
    assert take(project, folder="linked").exit_code == 2


def spoil(project: Project, out: Path, name: str, old: str, new: str) -> None:
    path = out / f"{name}.json"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ('"article": "harbour"', '"article": "market"', "S106", "the file's name says"),
        (
            f'"annotator": "{READER}"',
            '"annotator": "anna"',
            "F117",
            "the labels are by 'anna', and those of the run by 'model-7'; restore",
        ),
        ('"process": "single pass"', '"process": "corrected"', "F117", "not a single pass of a program"),
        ('"inventory": "1.0.0"', '"inventory": "9.0.0"', "F117", "made with inventory 9.0.0"),
        ('"text_sha256": "', '"text_sha256": "0', "S104", "text_sha256"),
        ('"text_sha256": "e7', '"text_sha256": "00', "F117", "made on another text"),
        ('"label": "Speaker"', '"label": "Ghost"', "P201", "Ghost"),
        ('"start": 0,', '"start": 1,', "P103", ""),
        ('"spans": [', '"host": "x",\n"spans": [', "S104", "host"),
        ('"inventory": "1.0.0",', '"inventory": "1.0.0",\n"inventory": "1.0.0",', "S103", "twice"),
    ],
)
def test_labels_that_do_not_fit_are_listed_and_left_out(
    project: Project, old: str, new: str, code: str, words: str
) -> None:
    out = write_run(project.root)
    spoil(project, out, "harbour", old, new)
    before = project.snapshot()
    result = take(project)
    assert result.exit_code == 1, result.output
    [line] = {line for line in result.stdout.splitlines() if line.startswith("out/harbour.json:")}
    assert f" {code} " in line
    assert words in line
    assert "2 texts: 1 new, 0 there already, 1 refused." in result.stdout
    assert changed(project, before) == {ANNOTATORS, f"corpus/annotations/{READER}/market.json"}
    run = entry_of(project).run
    assert (run.articles, run.left_out) == (1, {"not imported": 1})
    assert describe_findings(project) == []


def test_labels_of_an_article_that_the_corpus_does_not_have(project: Project) -> None:
    out = write_run(project.root)
    (out / "harbor.json").write_text((out / "harbour.json").read_text().replace('"harbour"', '"harbor"'))
    (out / "harbour.json").unlink()
    result = take(project)
    assert result.exit_code == 1
    assert (
        "out/harbor.json: F117 there is no article 'harbor' in the corpus (did you mean 'harbour'?); add"
        in result.stdout
    )
    for name in ("Up", ".hidden"):
        (out / f"{name}.json").write_bytes((out / "harbor.json").read_bytes())
    edit_record(out, articles=3)
    result = take(project)
    assert "out/Up.json: " in result.stdout
    assert "out/.hidden.json: F110 is hidden" in result.stdout


def test_nothing_is_written_where_nothing_fits(project: Project) -> None:
    out = write_run(project.root)
    for name in ("harbour", "market"):
        spoil(project, out, name, '"process": "single pass"', '"process": "corrected"')
    before = project.snapshot()
    result = take(project)
    assert (result.exit_code, changed(project, before)) == (1, set())


def test_other_labels_are_refused_unless_they_are_replaced(project: Project) -> None:
    out = write_run(project.root)
    assert take(project).exit_code == 0
    edit_record(out, started="2026-11-29T08:00:00Z", ended="2026-11-29T09:00:00Z", answered=["model-7-new"])
    before = project.snapshot()
    refused = take(project)
    assert (refused.exit_code, changed(project, before)) == (2, set())
    assert "has the labels of another run (Model 7, 2026-11-28T23:59:58Z); name another annotator" in refused.stderr
    other = take(project, "--annotator", "model-8", "--plan")
    assert (other.exit_code, "model-8 would be added" in other.stdout) == (0, True), other.output
    replaced = take(project, "--replace")
    assert replaced.exit_code == 0, replaced.output
    assert changed(project, before) == {ANNOTATORS}
    entry = entry_of(project)
    assert (entry.model, entry.since, entry.run.started) == ("model-7-new", "2026-11-29", "2026-11-29T08:00:00Z")
    assert describe_findings(project) == []


def test_a_run_over_fewer_articles_does_not_replace_one_over_more(project: Project) -> None:
    write_run(project.root)
    assert take(project).exit_code == 0
    out = write_run(project.root, "less", ("market",))
    edit_record(out, started="2026-11-29T08:00:00Z", ended="2026-11-29T09:00:00Z")
    before = project.snapshot()
    result = take(project, "--replace", folder="less")
    assert (result.exit_code, changed(project, before)) == (2, set())
    assert f"corpus/annotations/{READER}: has labels of harbour that would not be those of this run" in result.stderr


def test_labels_that_were_changed_since_are_found_and_restored(project: Project) -> None:
    write_run(project.root)
    assert take(project).exit_code == 0
    path = f"corpus/annotations/{READER}/harbour.json"
    whole = project.path(path).read_bytes()
    labels = json.loads(whole)
    labels["relations"] = labels["relations"][1:]
    project.path(path).write_text(json.dumps(labels))
    assert project.annotate("check", "--fix").exit_code == 0
    assert "C703" in describe_findings(project)
    before = project.snapshot()
    refused = take(project)
    assert (refused.exit_code, changed(project, before)) == (1, set()), refused.output
    assert f"other labels of it by {READER} are in the corpus already; replace them" in refused.stdout
    assert take(project, "--replace").exit_code == 0
    assert project.path(path).read_bytes() == whole
    assert describe_findings(project) == []


def test_labels_without_a_record_need_a_declared_model(project: Project) -> None:
    out = write_run(project.root)
    (out / "record/run.json").unlink()
    before = project.snapshot()
    result = take(project)
    assert (result.exit_code, changed(project, before)) == (2, set())
    assert f"does not list '{READER}', and out has no record that says what made the labels" in result.stderr
    assert take(project, "--annotator", "anna").exit_code == 2
    done = take(project, "--annotator", "ben")
    assert done.exit_code == 0, done.output
    assert changed(project, before) == {f"corpus/annotations/ben/{name}.json" for name in ("harbour", "market")}


@pytest.mark.parametrize("name", ["gold", "Model 7", "../model"])
def test_names_that_are_no_pseudonym_are_refused(project: Project, name: str) -> None:
    write_run(project.root)
    before = project.snapshot()
    result = take(project, "--annotator", name)
    assert (result.exit_code, changed(project, before)) == (2, set())
    assert f"--annotator: '{name}' cannot be the pseudonym of a model; name one of lower-case letters" in result.stderr


def test_labels_without_a_record_are_not_those_of_a_run(project: Project) -> None:
    out = write_run(project.root)
    assert take(project).exit_code == 0
    (out / "record/run.json").unlink()
    before = project.snapshot()
    result = take(project, "--annotator", READER)
    assert (result.exit_code, changed(project, before)) == (2, set())
    assert f"has the run of '{READER}', and out has no record of a run; name another annotator" in result.stderr


def test_what_a_person_wrote_of_a_model_stays(project: Project) -> None:
    write_run(project.root)
    yaml = (
        "# Who labels.\nannotators:\n  - id: anna  # a person\n    kind: person\n    training: none\n    since: 2026\n"
    )
    mine = f"  # the model\n  - id: {READER}\n    kind: model\n    training: >-\n      Asked\n      by me.\n"
    mine += "    since: '2026-12'\n"
    tail = "    until: null\n# the end\n"
    project.path(ANNOTATORS).write_text(yaml.replace("2026\n", "'2026'\n") + mine + tail)
    assert take(project).exit_code == 0
    text = project.path(ANNOTATORS).read_text()
    assert text.startswith(yaml.replace("2026\n", "'2026'\n") + mine.replace("'2026-12'\n", '"2026-11-28"\n'))
    assert text.endswith("# the end\n")
    entry = entry_of(project)
    assert (entry.training, entry.since, entry.until) == ("Asked by me.", "2026-11-28", None)
    assert entry.run is not None


@pytest.mark.parametrize(
    "text",
    [
        "annotators: []",
        "annotators: []  # nobody yet\n",
        f"annotators: [{PERSON_ENTRY}]",
        f"annotators:\n- {PERSON_ENTRY}\n\n\n# end",
        f"annotators:\n  - {MODEL_ENTRY}\n  - {PERSON_ENTRY}\n",
        f"annotators:\n  - since: '2026'\n    kind: model\n    id: {READER}\n    until:\n    training: >-\n      a\n\n",
    ],
)
def test_any_list_of_annotators_can_be_edited(project: Project, text: str) -> None:
    write_run(project.root)
    project.path(ANNOTATORS).write_text(text)
    result = take(project)
    assert result.exit_code == 0, result.output
    entry = entry_of(project)
    assert entry.run is not None
    assert ("anna" in project.corpus.read_annotators()) == ("anna" in text)
    for comment in ("# nobody yet", "# end"):
        assert (comment in project.path(ANNOTATORS).read_text()) == (comment in text)
    project.path(f"corpus/annotations/{READER}/market.json").unlink()
    assert take(project).exit_code == 0
    assert entry_of(project) == entry


def test_aliases_are_left_to_the_user(project: Project) -> None:
    write_run(project.root)
    mine = f"{MODEL_ENTRY[:-1]}, model: &model old}}"
    other = MODEL_ENTRY.replace(READER, "other")[:-1]
    text = f"annotators:\n  - {mine}\n  - {other}, model: *model}}\n"
    project.path(ANNOTATORS).write_text(text)
    before = project.snapshot()
    result = take(project)
    assert (result.exit_code, changed(project, before)) == (2, set()), result.output
    assert "corpus/annotators.yaml: cannot be edited; write the entry of model-7 without aliases" in result.stderr


def test_a_changed_inventory_is_said(project: Project) -> None:
    write_run(project.root)
    path = project.path("schema/labels.yaml")
    path.write_text(f"{path.read_text()}# a comment\n")
    result = take(project)
    assert result.exit_code == 0
    assert (
        "out/record/run.json: F118 labels.yaml was changed since the run, and is still version 1.0.0" in result.stdout
    )


def test_options_of_other_formats_are_refused(project: Project) -> None:
    write_run(project.root)
    for words in (["--fix"], ["--map", "map.yaml"], ["--metadata", "x.csv"], ["--language", "en"]):
        result = take(project, *words)
        assert (result.exit_code, f"{words[0]} does not go with --format prelabel." in result.stderr) == (2, True)
    assert take(project, "--annotator", "a", "--annotator", "b").exit_code == 2
    report = take(project, "--report", "json")
    lines = [json.loads(line) for line in report.stdout.splitlines()]
    assert lines[0] == {"annotator": READER, "entry": "added"}
    assert lines[-1]["texts"] == {"new": 2, "there already": 0, "refused": 0}
    assert take(project, folder="corpus").exit_code == 2
    assert take(project, folder="nowhere").exit_code == 2


def test_the_dataset_says_what_labelled(project: Project) -> None:
    import pyarrow.parquet as pq

    write_run(project.root)
    assert take(project).exit_code == 0
    result = project.annotate("build", "--out", "dist")
    assert result.exit_code == 0, result.output
    [*files] = sorted(project.path("dist").rglob("annotations/*.parquet")) or sorted(
        project.path("dist").rglob("annotations*.parquet")
    )
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    models = {(row["annotator"], row["model"], row["prompt_sha256"]) for row in rows}
    assert models == {("anna", None, None), (READER, "model-7-2026", "0a" * 32)}
    card = project.path("dist/README.md").read_text("utf-8")
    assert "### Runs of models" in card
    assert "| 10 | 1,000 tokens sent, 100 received, 1.7500 USD |" in card
    croissant = json.loads(project.path("dist/croissant.json").read_bytes())
    [run] = [each for each in croissant["prov:wasGeneratedBy"] if "prov:startedAtTime" in each]
    assert (run["prov:label"], run["prov:startedAtTime"]) == (f"Labels of {READER}", "2026-11-28T23:59:58Z")
    assert "0a" * 32 in run["description"]
    assert "10 answers; 1,000 tokens sent, 100 received" in run["description"]


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("small-7b", "small-7b"),
        ("owner/small-7b", "owner/small-7b"),
        ("provider/models/small:7b", "provider/models/small:7b"),
        ("/home/anna/weights/small.gguf", "small.gguf"),
        ("~/weights/small.gguf", "small.gguf"),
        ("../weights/small.gguf", "small.gguf"),
        ("C:\\weights\\small.gguf", "small.gguf"),
        ("weights\\small.gguf", "small.gguf"),
        ("http://10.0.0.7:8080/small", "small"),
        ("/srv/small/", "small"),
        ("//", "unnamed"),
    ],
)
def test_names_of_models_have_no_path(name: str, public: str) -> None:
    assert remove_path(name) == public
