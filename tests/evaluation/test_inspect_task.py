"""The task for Inspect scores what `annotate score` scores, in an environment with the wheel and Inspect."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.bare_environments import BareEnvironment
from tests.conftest import ROOT, Project

RUN_TASK = str(Path(__file__).with_name("run_task.py"))
PARTLY_WRONG = {
    "harbour": [
        # Two spans are right, one has a wrong boundary, one is nowhere, one has an unknown label; words are around it.
        """Here it is:
```json
{"spans": [
  {"id": "a", "label": "Verb", "quote": "said", "occurrence": 1, "attributes": {}},
  {"id": 2, "label": "Speaker", "quote": "harbour master", "occurrence": 1, "attributes": {"rank": "master"}},
  {"id": "w", "label": "Words", "quote": "40 crates lie at Café Quay 🚢", "occurrence": 1, "attributes": {}},
  {"id": "c", "label": "Quay", "quote": "never written", "occurrence": 1, "attributes": {}},
  {"id": "d", "label": "Nope", "quote": "said", "occurrence": 1, "attributes": {}}],
 "relations": [{"label": "speaker", "head": "a", "tail": 2}, {"label": "words", "head": "a", "tail": "w"},
  {"label": "speaker", "head": "d", "tail": 2}]}
```"""
    ],
    "market": ["I cannot help with that."],
}


SCENARIOS = {
    "gold": "gold",
    "partly wrong": PARTLY_WRONG,
    "two epochs": {name: ['{"spans": [], "relations": []}', *answers] for name, answers in PARTLY_WRONG.items()},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The made-up corpus with its dataset in `ds`."""
    project = Project(tmp_path_factory.mktemp("evaluation") / "project")
    assert project.annotate("build", "--out", "ds").exit_code == 0
    return project


@pytest.fixture(scope="module")
def results(evaluation_environment: BareEnvironment, project: Project) -> Any:
    """What the task makes of each scenario. All run in one process, since Inspect takes seconds to import."""
    project.path("scenarios.json").write_text(json.dumps(SCENARIOS), "utf-8")
    evaluation_environment.run("python", RUN_TASK, "ds", "schema", "scenarios.json", "out.json", cwd=project.root)
    return json.loads(project.path("out.json").read_text("utf-8"))


def score_labels(project: Project, labels: list[dict[str, Any]]) -> dict[str, float]:
    """Score labels with `annotate score`, and return its figures by the names of the task."""
    project.path("labels").mkdir(exist_ok=True)
    for annotation in labels:
        project.path(f"labels/{annotation['article']}.json").write_text(json.dumps(annotation), "utf-8")
    result = project.annotate("score", "ds", "labels", "--format", "json", "--samples", "0")
    assert result.exit_code == 0, result.output
    scores = json.loads(result.stdout)
    figures = {}
    for row in scores["labels"]:
        name = "" if row["kind"] == "all" else f" {row['name']}"
        for kind in ("exact", "partial", "overlap") if row["kind"] != "label" else ("exact",):
            figures[f"{kind}_f1{name}"] = row[kind]["f1"]["value"]
    figures |= {f"relation_f1 {row['name']}": row["all"]["f1"]["value"] for row in scores["relations"]}
    figures |= {f"attribute_share {row['name']}": row["share"]["value"] for row in scores["attributes"]}
    figures |= {f"record_f1 {row['name']}": row["full_exact"]["value"] for row in scores["records"]}
    figures |= {f"count_equal {row['label']}": row["equal"]["value"] for row in scores["counts"]}
    return {name: value for name, value in figures.items() if value is not None}


def split_counts(metrics: dict[str, float]) -> tuple[dict[str, float], list[float]]:
    """Return the scores, and the numbers of what was quarantined and of findings."""
    counts = ("quarantined", "findings")
    return {name: value for name, value in metrics.items() if name not in counts}, [metrics[name] for name in counts]


def test_gold_scores_one_and_as_annotate_score(project: Project, results: Any) -> None:
    result = results["gold"]
    scores, counts = split_counts(result["metrics"])
    assert counts == [0, 0]
    assert scores == score_labels(project, result["labels"])
    assert set(scores.values()) == {1}
    assert "exact_f1" in scores
    assert all(value["gold"] == value["predicted"] == value["found"] for value in result["values"])
    assert len(result["metadata"]["prompt_sha256"]) == 64


def test_partly_wrong_answers_score_as_annotate_score(project: Project, results: Any) -> None:
    result = results["partly wrong"]
    scores, counts = split_counts(result["metrics"])
    assert counts == [4, 0]
    assert scores == score_labels(project, result["labels"])
    assert 0 < scores["exact_f1"] < scores["overlap_f1"] < 1
    assert [value["predicted"] for value in result["values"]] == [3, 0]
    assert [value["found"] for value in result["values"]] == [2, 0]
    assert [line.split(": ")[:2] for line in result["explanations"][0].splitlines()] == [
        ["paragraph 1", "A203"],
        ["paragraph 1", "A301"],
        ["paragraph 1", "A402"],
    ]
    assert result["explanations"][1].startswith("paragraph 1: A103: paragraph 1: the answer has no JSON object")


def test_epochs_have_the_mean_of_their_scores(results: Any) -> None:
    once, twice = (results[name]["metrics"]["exact_f1"] for name in ("partly wrong", "two epochs"))
    assert twice == pytest.approx(once / 2)


def test_inspect_finds_the_task_by_its_name(evaluation_environment: BareEnvironment, project: Project) -> None:
    """What keeps it from running is one line."""
    words = ["inspect", "eval", "annotate/label_articles", "--model", "mockllm/model", "--no-score"]
    words += ["-T", "dataset=ds", "--log-dir", "logs", "--display", "none"]
    words += ["-T", "split=nowhere"]
    done = evaluation_environment.run(*words, cwd=project.root, status=1)
    assert done.stderr.strip().splitlines() == ["Error: ds: has no split 'nowhere'; choose from train, test, all"]


def test_other_commands_need_no_inspect(wheel_alone: BareEnvironment, project: Project) -> None:
    done = wheel_alone.run("annotate", "score", "ds", "ds", "--samples", "5", cwd=project.root)
    assert "all labels" in done.stdout


def test_labels_of_a_log_are_read_as_the_page_says(
    evaluation_environment: BareEnvironment, project: Project, results: Any
) -> None:
    page = (ROOT / "docs" / "how-to" / "evaluation.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    evaluation_environment.run("python", "-c", code.replace('"logs"', '"logs/gold"'), cwd=project.root)
    read = {path.stem: json.loads(path.read_text("utf-8")) for path in project.path("answers").iterdir()}
    assert read == {labels["article"]: labels for labels in results["gold"]["labels"]}


def test_options_of_the_page_are_those_of_the_task() -> None:
    page = (ROOT / "docs" / "how-to" / "evaluation.md").read_text("utf-8")
    tree = ast.parse((ROOT / "annotate" / "evaluation" / "inspect_task.py").read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    names = [argument.arg for argument in functions["label_articles"].args.args]
    assert re.findall(r"^\| `(\w+)=", page, re.MULTILINE) == names
