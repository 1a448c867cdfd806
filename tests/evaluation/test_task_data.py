"""What a task is made of, and the instructions that come of it."""

import shutil
from pathlib import Path

import pytest

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.evaluation.prompt import shorten_page, show_article, write_instructions
from annotate.evaluation.task_data import load_task_data
from annotate.inventory import Inventory
from annotate.tokens import list_words
from tests.conftest import ROOT, Project, annotate


def build(project: Project, *words: str) -> str:
    assert project.annotate("build", "--out", "ds", *words).exit_code == 0
    return str(project.path("ds"))


def test_instructions_name_all_that_the_inventory_has(project: Project) -> None:
    inventory = project.inventory
    text = write_instructions(inventory, {})
    for name in (*inventory.spans, *inventory.relations, *inventory.attributes):
        assert f"`{name}`" in text
    definitions = [label.definition for label in inventory.spans.values()]
    definitions += [label.definition for label in inventory.relations.values()]
    definitions += [attribute.definition for attribute in inventory.attributes.values()]
    assert [definition for definition in definitions if definition not in text] == []
    for attribute in inventory.attributes.values():
        assert all(f"`{value}`: {definition}" in text for value, definition in attribute.values.items())


def test_guidelines_give_no_answer_away(corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    """This corpus has examples of its own articles on its pages."""
    assert annotate("build", "--out", str(tmp_path / "ds")).exit_code == 0
    data = load_task_data(str(tmp_path / "ds"), str(ROOT / "schema"), None, "test")
    assert list(data.pages)[:2] == ["labels/source.md", "labels/cue.md"]
    articles = [f" {' '.join(list_words(article.text)).casefold()} " for article in corpus.articles()]
    instructions = write_instructions(labels, data.pages)
    for line in instructions.splitlines():
        words = list_words(line.replace("**", "")) if line.startswith(">") else []
        for index in range(len(words) - 4):
            run = " ".join(words[index : index + 5]).casefold()
            assert not any(f" {run} " in article for article in articles), line
    assert "> *(constructed)*" in instructions
    assert "generated: label" not in instructions
    without = load_task_data(str(tmp_path / "ds"), str(ROOT / "schema"), "", "test")
    assert without.pages == {}


def test_a_quotation_is_left_out_with_what_explains_it() -> None:
    page = "# Verb\n\n> The master **said** so.\n\nIt is the verb.\n\n> He sang.\n\nOwn.\n\n## Not\n\n> so.\n\nText."
    assert shorten_page(page, ["The master said so."]) == "# Verb\n\n> He sang.\n\nOwn.\n\n## Not"
    assert shorten_page(page, []) == page


def test_paragraphs_have_numbers() -> None:
    assert show_article("One.\n\n \nTwo\nthree.\n") == "[1] One.\n\n[2] Two\n\n[3] three."


def test_the_inventory_of_the_dataset_comes_first(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder `schema` of the dataset; without it, the one of the current folder."""
    dataset = build(project)
    monkeypatch.chdir(project.root)
    shutil.rmtree(Path(dataset) / "schema", ignore_errors=True)
    assert load_task_data(dataset, None, None, "all").inventory.title == "Port news"
    shutil.copytree(project.schema, Path(dataset) / "schema")
    project.replace("ds/schema/labels.yaml", "title: Port news", "title: Other news")
    load_task_data.cache_clear()
    assert load_task_data(dataset, None, None, "all").inventory.title == "Other news"


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
        load_task_data(dataset, str(project.schema), "", split)


def test_a_folder_that_is_no_dataset_and_a_missing_page_are_refused(project: Project) -> None:
    with pytest.raises(CannotRun, match="is no dataset folder of this version"):
        load_task_data(str(project.root), str(project.schema), "", "all")
    dataset = build(project)
    with pytest.raises(CannotRun, match=r"speech\.md"):
        load_task_data(dataset, str(project.schema), str(project.root), "all")
    project.path("speech.md").symlink_to("/etc/hostname")
    with pytest.raises(CannotRun, match=r"speech\.md"):
        load_task_data(dataset, str(project.schema), str(project.root), "all")
