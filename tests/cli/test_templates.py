"""`annotate init --template`: each inventory to begin with makes a corpus without findings."""

import re
import runpy
from pathlib import Path

import pytest

from annotate.class_ids import load_class_ids
from annotate.cli.init import TEMPLATES
from annotate.dataset.citation import parse_licence, read_citation
from annotate.inventory import load_inventory
from annotate.release.rules import TEMPLATE_TEXTS
from annotate.util.files import load_yaml
from tests.conftest import ROOT, annotate, has_only_unwritten_pages

CLAIMS = runpy.run_path(str(ROOT / "tools" / "claims_template.py"))


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_makes_a_corpus_without_findings(tmp_path: Path, template: str) -> None:
    assert annotate("init", "new", "--template", template, cwd=tmp_path).exit_code == 0
    new = tmp_path / "new"
    assert annotate("check", cwd=new).exit_code == 0
    assert has_only_unwritten_pages(new)
    assert annotate("generate", "--check", cwd=new).exit_code == 0
    inventory = load_inventory(new / "schema")
    assert inventory.version == "0.1.0"
    assert annotate("studio", "config", cwd=new).exit_code == 0


def test_new_corpus_has_what_a_release_needs(tmp_path: Path) -> None:
    assert annotate("init", "new", cwd=tmp_path).exit_code == 0
    new = tmp_path / "new"
    path = new / "CITATION.cff"
    assert (read_citation(path).authors, read_citation(path).bibtex) == ((), None)
    assert not any(text in path.read_text("utf-8") for text in TEMPLATE_TEXTS)
    assert parse_licence(load_yaml(path, "", within=new)) is None
    path.write_text(path.read_text("utf-8").replace("# license: CC-BY-4.0", "license: CC-BY-4.0"), "utf-8")
    assert parse_licence(load_yaml(path, "", within=new))
    assert load_yaml(new / "corpus/release.yaml", "", within=new) == {"agreement": {"least": 0.8}}
    assert "/dist/\n" in (new / ".gitignore").read_text("utf-8")


def test_nothing_of_a_template_remains_after_its_labels_were_replaced(tmp_path: Path) -> None:
    assert annotate("init", "new", cwd=tmp_path).exit_code == 0
    new = tmp_path / "new"
    empty = (ROOT / "annotate/corpus_templates/empty/schema/labels.yaml").read_text("utf-8")
    (new / "schema/labels.yaml").write_text(empty.replace("Label:", "Pledge:").replace("label.md", "pledge.md"))
    assert annotate("generate", "--fix", cwd=new).exit_code == 0
    assert has_only_unwritten_pages(new)
    class_ids = load_class_ids(new / "schema")
    assert class_ids is not None
    assert [names for _, names in class_ids.lists()] == [("Pledge",), ("Pledge",), ("none",)]
    assert [path.name for path in (new / "guidelines/labels").iterdir()] == ["pledge.md"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_how_to_page_explains_relations_only_where_there_are_any(tmp_path: Path, template: str) -> None:
    assert annotate("init", "new", "--template", template, cwd=tmp_path).exit_code == 0
    page = (tmp_path / "new/guidelines/how-to-label.md").read_text("utf-8")
    relations = load_inventory(tmp_path / "new/schema").relations
    assert ("| Relation | On the screen |" in page) == ("Alt+R" in page) == bool(relations)
    assert ("elation" in re.sub("<!--.*?-->", "", page)) == bool(relations)


def test_how_to_page_follows_the_inventory(tmp_path: Path) -> None:
    assert annotate("init", "new", cwd=tmp_path).exit_code == 0
    new = tmp_path / "new"
    page, labels = new / "guidelines/how-to-label.md", new / "schema/labels.yaml"
    assert "Alt+R" in page.read_text("utf-8")
    text = labels.read_text("utf-8")
    labels.write_text(f"{text[: text.index('relations:')]}relations: {{}}\nrecords: {{}}\n", "utf-8")
    assert "guidelines/how-to-label.md" in annotate("check", cwd=new).output
    assert annotate("generate", cwd=new).exit_code == 0
    assert "Alt+R" not in page.read_text("utf-8")
    assert has_only_unwritten_pages(new)


def test_build_of_a_new_corpus_says_what_to_do(tmp_path: Path) -> None:
    assert annotate("init", "new", cwd=tmp_path).exit_code == 0
    new = tmp_path / "new"
    refused = annotate("build", "--out", "out", cwd=new)
    assert (refused.exit_code, refused.output) == (
        2,
        "annotate: corpus/articles: has no articles; add some with `annotate add`\n",
    )
    (new / "a.txt").write_text("Anna Berg left.\n")
    assert annotate("add", "a.txt", cwd=new).exit_code == 0
    refused = annotate("build", "--out", "out", cwd=new)
    assert refused.exit_code == 2
    assert refused.output.startswith("annotate: corpus/annotations: has no labels; label the articles")


@pytest.mark.parametrize("option", ["--from-config", "--from-brat", "--from-studio"])
def test_template_and_draft_exclude_each_other(tmp_path: Path, option: str) -> None:
    result = annotate("init", "new", "--template", "empty", option, "x", cwd=tmp_path)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert not (tmp_path / "new").exists()


def test_unknown_template_names_those_that_exist(tmp_path: Path) -> None:
    result = annotate("init", "new", "--template", "nope", cwd=tmp_path)
    assert result.exit_code == 2
    assert "'nope' is not one of 'empty', 'entities', 'relations', 'quotations', 'claims'" in result.output
    assert not (tmp_path / "new").exists()


def test_two_records_with_one_name_are_refused(tmp_path: Path) -> None:
    assert annotate("init", "new", cwd=tmp_path).exit_code == 0
    path = tmp_path / "new/schema/labels.yaml"
    text = path.read_text("utf-8")
    record = text[text.index("  memberships:") :]
    path.write_text(text + record, "utf-8")
    result = annotate("check", cwd=tmp_path / "new")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "memberships" in result.output


def test_template_of_claims_is_this_inventory_without_examples() -> None:
    """After a change of the inventory or the guidelines, run `tools/claims_template.py`."""
    files = {
        path.relative_to(CLAIMS["TEMPLATE"]).as_posix(): path.read_text("utf-8")
        for path in CLAIMS["TEMPLATE"].rglob("*")
        if path.is_file()
    }
    assert files == CLAIMS["make_template"]()
    assert not any(line.startswith(">") for text in files.values() for line in text.split("\n"))
