"""An error that keeps a command from running is one line, and names a path as the user typed it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from annotate.corpus import find_parent_folder
from tests.conftest import BASE, Project


@pytest.fixture
def broken(project: Project) -> Project:
    """The made-up project, with a file and a folder in the way, and a citation that is no YAML."""
    project.path("file").write_text("x")
    project.path("full").mkdir()
    project.path("full/x").write_text("x")
    project.path("broken.cff").write_text("a: [")
    return project


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("check nowhere", "nowhere: no such folder"),
        ("check --schema nowhere", "nowhere/labels.yaml: no such file"),
        ("build --out dist --citation broken.cff", "broken.cff: line "),
        ("build --out full", "full: not a dataset folder that `annotate build` made"),
        ("build --out file", "file: is a file; choose another folder"),
        ("build --out file/x", "file/x: cannot be written: "),
        ("export --format brat --out full", "full: exists and is not empty"),
        ("export --format brat --out file/x", "file/x: cannot be written: "),
        ("import nowhere --format brat --annotator anna", "nowhere: no such folder"),
        ("adjudicate plan --from anna,zoe", "corpus/annotations: has no labels by 'zoe'"),
        ("score corpus/annotations/gold nowhere", "nowhere: no such file or folder"),
        ("diff full", "full: is neither a corpus folder nor a release"),
        ("convert full --out o", "full: is a folder"),
        ("convert file --out full", "full: is not empty"),
        ("hydrate full --texts corpus/articles --out o", "full/skeleton.jsonl: no such file"),
        ("release plan", "corpus: is not in a git repository"),
        ("release check 1.0.0 --schema nowhere", "corpus: is not in a git repository"),
        ("release verify full", "full: is not a release folder"),
    ],
)
def test_a_path_is_named_as_it_was_typed(broken: Project, words: str, message: str) -> None:
    result = broken.annotate(*words.split())
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith(f"annotate: {message}")
    assert str(broken.root.parent) not in result.output


def test_a_file_name_that_cannot_be_printed_is_one_line(broken: Project) -> None:
    broken.path("corpus/articles/" + os.fsdecode(b"\xff.json")).write_text("{}")
    test_a_path_is_named_as_it_was_typed(
        broken, "split", "corpus/articles/\\udcff.json: has a name that cannot be printed"
    )


@pytest.mark.parametrize(
    ("file", "words", "message"),
    [
        ("corpus/annotators.yaml", "adjudicate apply --as anna", "corpus/annotators.yaml: line 1: "),
        ("people.yaml", "convert export.json --out o --people people.yaml", "people.yaml: line 1: "),
        ("schema/labels.yaml", "check", "schema/labels.yaml: line 1: "),
    ],
)
def test_a_key_that_is_a_list_is_one_line(project: Project, file: str, words: str, message: str) -> None:
    project.path("export.json").write_text("[]")
    project.path(file).write_text("? [a]\n: b\n")
    result = project.annotate(*words.split())
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith(f"annotate: {message}")


def test_a_number_with_a_point_in_a_map_is_one_line(project: Project) -> None:
    project.path("brat").mkdir()
    project.path("map.yaml").write_text("spans:\n  a: {label: Load, attributes: {least: 1.0}}\n")
    result = project.annotate("import", "brat", "--format", "brat", "--annotator", "anna", "--map", "map.yaml")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith("annotate: map.yaml: spans.a.attributes.least: unknown value of least 1.0; ")


@pytest.mark.parametrize(("key", "message"), [("1", "the key 1 is not text"), ("null", "the key None is not text")])
def test_a_key_that_is_not_text_is_reported_with_its_location(project: Project, key: str, message: str) -> None:
    project.replace("schema/labels.yaml", "spans:\n", f"spans:\n  {key}: {{}}\n")
    assert project.annotate("check").output.startswith(
        f"annotate: schema/labels.yaml: spans: {message}; write it in quotes"
    )
    project.path("corpus/release.yaml").write_text(f"agreement: {{{key}: 1}}\n")
    project.path("schema/labels.yaml").write_bytes((BASE / "schema" / "labels.yaml").read_bytes())
    assert f"corpus/release.yaml:1: S104 agreement: {message}; write it in quotes" in project.annotate("check").output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("diff HEAD --schema ../..", "../..: is outside the git repository"),
        ("release check 1.0.0 --schema ../elsewhere", "../elsewhere: is not next to the corpus"),
        ("release cut 1.0.0 --out full", "full: is not ignored by git"),
    ],
)
def test_in_a_repository_as_well(broken: Project, words: str, message: str) -> None:
    author = ("-c", "user.name=maintainer", "-c", "user.email=maintainer@example.org")
    shutil.copytree(broken.schema, broken.root.parent / "elsewhere")
    for git in (("init", "-q"), ("add", "."), (*author, "commit", "-qm", "all")):
        subprocess.run(["git", *git], cwd=broken.root, check=True)
    test_a_path_is_named_as_it_was_typed(broken, words, message)


def test_the_default_citation_has_a_path_relative_to_the_working_folder(broken: Project) -> None:
    broken.path("broken.cff").rename(broken.path("CITATION.cff"))
    result = broken.annotate("build", "--out", "dist")
    assert result.exit_code == 1, result.output
    assert result.output.startswith("CITATION.cff:1: S102 ")


def test_parent_folder_is_spelled_as_typed_unless_it_is_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real" / "corpus").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/corpus")
    monkeypatch.chdir(tmp_path / "real")
    assert find_parent_folder(Path("corpus")) == Path()
    assert find_parent_folder(tmp_path / "real" / "corpus") == tmp_path / "real"
    assert find_parent_folder(tmp_path / "link") == tmp_path / "real"
    monkeypatch.chdir(tmp_path / "real" / "corpus")
    assert find_parent_folder(Path()).resolve() == find_parent_folder(Path("../corpus")).resolve() == tmp_path / "real"
