"""`build --eval`: the file by which the Hub recognises a benchmark."""

import ast

import pytest
import yaml

from annotate.dataset.eval_file import EVAL_FILE, FRAMEWORK, TASK
from annotate.dataset.folder import own_files, read_manifest
from annotate.offsets import sha256
from annotate.release.rebuild import rebuild_dataset
from tests.conftest import ROOT, Project, read_files


def test_it_is_written_only_when_asked_for(project: Project) -> None:
    assert project.annotate("build", "--out", "dist", "--eval").exit_code == 0
    data = project.path(f"dist/{EVAL_FILE}").read_bytes()
    assert yaml.safe_load(data) == {
        "name": project.inventory.title,
        "description": project.inventory.about,
        "evaluation_framework": FRAMEWORK,
        "tasks": [{"id": TASK, "config": "articles", "split": "test"}],
    }
    manifest = read_manifest(project.path("dist"))
    assert manifest
    assert manifest.eval_sha256 == sha256(data)
    assert EVAL_FILE in own_files(manifest)
    rebuild_dataset(project.corpus, project.schema, project.path("dist"), None, project.path("again"))
    assert read_files(project.path("again")) == read_files(project.path("dist"))
    assert project.annotate("build", "--out", "dist").exit_code == 0
    assert not project.path(f"dist/{EVAL_FILE}").exists()


def test_it_names_a_task_of_this_package() -> None:
    tree = ast.parse((ROOT / "annotate" / "evaluation" / "inspect_task.py").read_text("utf-8"))
    tasks = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    assert TASK in tasks


def test_a_title_stays_in_its_place(project: Project) -> None:
    title = "- a: b # c {tasks: []}"
    project.replace("schema/labels.yaml", "title: Port news", f'title: "{title}"')
    project.annotate("build", "--out", "dist", "--eval")
    content = yaml.safe_load(project.path(f"dist/{EVAL_FILE}").read_bytes())
    assert (content["name"], len(content["tasks"])) == (project.inventory.title, 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "eval.yaml: no article with labels is in the split test; list the articles to evaluate on"),
        (("--without-text",), "--eval needs the texts; leave out --without-text"),
    ],
)
def test_it_is_refused_where_nothing_can_be_evaluated(words: tuple[str, ...], message: str, project: Project) -> None:
    for file in (project.corpus.root / "splits").iterdir():
        file.unlink()
    result = project.annotate("build", "--out", "dist", "--eval", *words)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert not project.path("dist").exists()
