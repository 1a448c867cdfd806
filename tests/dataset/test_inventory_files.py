"""A dataset brings its inventory and its guidelines, so that it can be used without the repository."""

import json
import shutil
from pathlib import Path

import pytest

from annotate.dataset.folder import MANIFEST, read_manifest
from annotate.errors import CannotRun
from annotate.redaction.skeleton import STRETCH, open_skeleton
from tests.conftest import Project, annotate, read_files

PAGE = "guidelines/labels/quoting.md"
COPIED = 30
"""Characters of an article that a page of the guidelines repeats."""


@pytest.fixture
def quoting(project: Project) -> Project:
    """A project whose guidelines have a page that quotes an article, over the end of a line, and one that does not."""
    project.path("guidelines/labels").mkdir(parents=True, exist_ok=True)
    text = next(iter(project.corpus.articles())).text
    start = text.index(" ", 10) + 1
    words = text[start : start + COPIED]
    project.path(PAGE).write_text(f"# Quoting\n\nAs in **{words}**, which is copied.\n", "utf-8")
    project.path("guidelines/plain.md").write_text("# Plain\n\nEach page says one thing.\n", "utf-8")
    return project


def test_inventory_and_guidelines_are_in_the_folder_and_in_the_manifest(quoting: Project) -> None:
    assert quoting.annotate("generate").exit_code == 0
    assert quoting.annotate("build", "--out", "ds").exit_code == 0
    files, manifest = read_files(quoting.path("ds")), read_manifest(quoting.path("ds"))
    assert manifest is not None
    own = {name for name in files if name.startswith(("schema/", "guidelines/"))}
    assert {"schema/labels.yaml", "schema/classes.json", PAGE, "guidelines/plain.md"} <= own
    assert {*own, "classes.json"} == set(manifest.files)
    assert all(files[name] == quoting.path(name).read_bytes() for name in own)
    assert quoting.annotate("build", "--out", "ds").exit_code == 0, "the folder is recognised and replaced"
    quoting.path("ds/guidelines/mine.md").write_text("mine")
    assert quoting.annotate("build", "--out", "ds").exit_code == 2


def test_pages_that_quote_articles_are_left_out_with_the_texts_and_come_back(quoting: Project) -> None:
    quoted = quoting.path(PAGE).read_text("utf-8").split("**")[1]
    assert quoting.annotate("build", "--out", "full").exit_code == 0
    built = quoting.annotate("build", "--without-text", "--out", "open")
    assert built.exit_code == 0
    assert "Left out of the guidelines: 1 page, with words of articles" in built.output
    manifest = read_manifest(quoting.path("open"))
    assert manifest is not None
    assert manifest.pages_left_out == 1
    assert PAGE not in manifest.files
    assert "guidelines/plain.md" in manifest.files
    skeleton = quoting.path("open/skeleton.jsonl").read_text("utf-8")
    assert "which is copied" in skeleton
    stretches = [quoted[at : at + STRETCH] for at in range(len(quoted) - STRETCH + 1)]
    assert not any(json.dumps(stretch)[1:-1] in skeleton for stretch in stretches)
    result = quoting.annotate("hydrate", "open", "--texts", "corpus/articles", "--out", "again")
    assert result.exit_code == 0, result.output
    assert read_files(quoting.path("again")) == read_files(quoting.path("full"))


def test_a_skeleton_writes_no_page_elsewhere(quoting: Project) -> None:
    assert quoting.annotate("build", "--without-text", "--out", "open").exit_code == 0
    path = quoting.path("open/skeleton.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"plain.md"', b'"../plain.md"'))
    with pytest.raises(CannotRun, match=r"names '\.\./plain\.md', which it must not write"):
        open_skeleton(path)


@pytest.mark.parametrize("gold", ["ds", "ds/data/articles"])
def test_a_dataset_is_scored_without_the_repository(project: Project, tmp_path: Path, gold: str) -> None:
    assert project.annotate("build", "--out", "ds").exit_code == 0
    shutil.move(project.path("ds"), tmp_path / "elsewhere/ds")
    result = annotate("score", gold, "ds", "--format", "json", cwd=tmp_path / "elsewhere")
    assert result.exit_code == 0, result.output
    row = next(row for row in json.loads(result.stdout)["labels"] if row["kind"] == "all")
    assert row["exact"]["f1"]["value"] == 1


@pytest.mark.parametrize("schema", ["mine", "mine/labels.yaml"])
def test_a_dataset_of_an_earlier_toolkit_needs_the_inventory(project: Project, tmp_path: Path, schema: str) -> None:
    assert project.annotate("build", "--out", "ds").exit_code == 0
    shutil.move(project.path("ds"), tmp_path / "elsewhere/ds")
    shutil.move(tmp_path / "elsewhere/ds/schema", tmp_path / "elsewhere/mine")
    result = annotate("score", "ds", "ds", cwd=tmp_path / "elsewhere")
    assert (result.exit_code, result.output) == (
        2,
        "annotate: ds: comes without labels.yaml, and neither does this folder have one in schema; give the "
        "labels.yaml of its version with --schema\n",
    )
    result = annotate("score", "ds", "ds", "--schema", schema, "--samples", "0", cwd=tmp_path / "elsewhere")
    assert result.exit_code == 0, result.output


def test_gold_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    result = annotate("score", "nowhere", "nowhere", cwd=tmp_path)
    message = "annotate: nowhere: no such file or folder; name annotation files, a dataset, or rows of one\n"
    assert (result.exit_code, result.output) == (2, message)


def test_a_dataset_of_a_later_format_is_refused(project: Project) -> None:
    assert project.annotate("build", "--out", "ds").exit_code == 0
    project.replace(f"ds/{MANIFEST}", '"annotate dataset 1"', '"annotate dataset 2"')
    result = project.annotate("score", "ds", "ds")
    assert (result.exit_code, result.output) == (
        2,
        "annotate: ds/manifest.json: has the format 'annotate dataset 2', which is later than this toolkit reads; "
        "install the version of the toolkit that made it, or a later one\n",
    )


def test_the_schema_is_named_by_its_folder_or_its_file(project: Project) -> None:
    assert project.annotate("check", "--schema", "schema/labels.yaml").exit_code == 0
    result = project.annotate("check", "--schema", "corpus/annotators.yaml")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
