"""What a task is made of, and the instructions that come of it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.evaluation.task_data import TaskData, load_task_data
from annotate.inventory import Inventory
from annotate.models.guideline_pages import read_guidelines
from annotate.models.labeller import PromptedLabelling
from annotate.models.pass_settings import PassSettings
from annotate.models.prompts import write_prompt
from tests.conftest import ROOT, Project, annotate


def build(project: Project, *words: str) -> str:
    assert project.annotate("build", "--out", "ds", *words).exit_code == 0
    return str(project.path("ds"))


def load(dataset: str, schema: str | None, guidelines: str | None, split: str, **settings: Any) -> TaskData:
    return load_task_data(dataset, schema, guidelines, split, PassSettings(**settings))


def read_instructions(data: TaskData) -> str:
    article = data.make_article(next(iter(data.gold)))
    return data.labelling.plan_article(article)[0].chat.messages[0].content


def test_instructions_name_all_that_the_inventory_has(project: Project) -> None:
    inventory = project.inventory
    text = read_instructions(load(build(project), str(project.schema), "", "all"))
    for name in (*inventory.spans, *inventory.attributes, "speaker", "words", "lies_at", "continues"):
        assert f"`{name}`" in text
    definitions = [label.definition for label in inventory.spans.values()]
    definitions += [attribute.definition for attribute in inventory.attributes.values()]
    assert [definition for definition in definitions if definition not in text] == []
    for attribute in inventory.attributes.values():
        assert all(f"`{value}`: {definition}" in text for value, definition in attribute.values.items())


def test_a_model_is_told_what_prelabel_tells_it(corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    """The prompts of the task are those of a run over the corpus, which quote no article."""
    assert annotate("build", "--out", str(tmp_path / "ds")).exit_code == 0
    dataset, schema = str(tmp_path / "ds"), str(ROOT / "schema")
    data = load(dataset, schema, None, "test", guideline_tokens=24_000, examples=True)
    texts = [article.text for article in corpus.articles()]
    pages = read_guidelines(ROOT / "guidelines", labels)
    prompt = write_prompt(labels, pages, budget=24_000, texts=texts, examples=True)
    labelling = PromptedLabelling(prompt, "model")
    assert data.gold.keys() <= set(corpus.article_ids())
    for article_id in data.gold:
        requests = data.labelling.plan_article(data.make_article(article_id))
        assert requests == labelling.plan_article(corpus.read_article(article_id))
    assert "> *(constructed)*" in read_instructions(data)
    assert data.labelling.describe().left_out[0].endswith(" places of the guidelines with words of articles")
    assert "# Guidelines" not in read_instructions(load(dataset, schema, "", "test"))


def test_the_inventory_of_the_dataset_comes_first(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder `schema` of the dataset; without it, the one of the current folder."""
    dataset = build(project)
    monkeypatch.chdir(project.root)
    shutil.rmtree(Path(dataset) / "schema", ignore_errors=True)
    assert load(dataset, None, None, "all").inventory.title == "Port news"
    shutil.copytree(project.schema, Path(dataset) / "schema")
    project.replace("ds/schema/labels.yaml", "title: Port news", "title: Other news")
    load_task_data.cache_clear()
    assert load(dataset, None, None, "all").inventory.title == "Other news"


@pytest.mark.parametrize(
    ("words", "split", "problem"),
    [
        ((), "nowhere", "has no split 'nowhere'"),
        (("--without-text",), "all", "is a dataset without texts"),
    ],
)
def test_a_dataset_that_cannot_be_evaluated_is_refused(
    words: tuple[str, ...], split: str, problem: str, project: Project
) -> None:
    dataset = build(project, *words)
    with pytest.raises(CannotRun, match=problem):
        load(dataset, str(project.schema), "", split)


def test_a_folder_that_is_no_dataset_and_a_missing_page_are_refused(project: Project) -> None:
    with pytest.raises(CannotRun, match="is no dataset folder of this version"):
        load(str(project.root), str(project.schema), "", "all")
    dataset = build(project)
    with pytest.raises(CannotRun, match=r"speech\.md"):
        load(dataset, str(project.schema), str(project.root), "all")
    project.path("speech.md").symlink_to("/etc/hostname")
    with pytest.raises(CannotRun, match=r"speech\.md"):
        load(dataset, str(project.schema), str(project.root), "all")
