"""JSON lines: the same rows as the files of the corpus; broken lines."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from annotate.corpus import Corpus, encode_annotation
from annotate.formats import jsonl
from annotate.formats.document import LabelledArticle
from annotate.inventory import Inventory
from tests.conftest import Project, read_files
from tests.migration.test_additions import ATTRIBUTE
from tests.migration.test_additions import run as migrate


def test_lines_of_jsonl_are_the_files_of_the_corpus(corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    names = corpus.annotated_ids("gold")
    jsonl.write(
        tmp_path,
        [LabelledArticle(corpus.read_article(name), corpus.read_annotation("gold", name)) for name in names],
        labels,
    )
    lines = (tmp_path / jsonl.FILE).read_bytes().splitlines()
    import msgspec

    for name, line in zip(names, lines, strict=True):
        row = msgspec.json.decode(line, type=jsonl.Row)
        assert encode_annotation(row.annotation) == corpus.annotation_path("gold", name).read_bytes()
        assert row.article == corpus.read_article(name)


@pytest.mark.parametrize("line", ["{", "[]", '{"article": {}, "annotation": {}}', "\ufeff{}", "\xff", "[" * 5000])
def test_broken_json_lines(project: Project, others: Path, line: str) -> None:
    good = project.annotate("export", "--format", "jsonl", "--annotator", "anna", "--out", "out")
    assert good.exit_code == 0
    rows = project.path("out/annotations.jsonl").read_text("utf-8").splitlines()
    bad = line.encode("latin-1" if line == "\xff" else "utf-8")
    (others / "a.jsonl").write_bytes(b"\n".join([rows[0].encode(), bad, rows[1].encode()]))
    project.path("map.yaml").unlink()
    words = ["--format", "jsonl", "--annotator", "anna", "--corpus", "new", "--report", "json"]
    result = project.annotate("import", "others", *words)
    assert result.exit_code == 1
    (finding, counts) = [json.loads(one) for one in result.stdout.splitlines()]
    assert (finding["code"], finding["file"], finding["line"]) == ("F103", "others/a.jsonl", 2)
    assert counts["texts"] == {"new": 2, "there already": 0, "refused": 1}
    assert counts["lines"]["reported"] == 1


@pytest.mark.parametrize("format_", ["jsonl", "brat"])
def test_imported_labels_keep_the_version_that_they_were_made_with(project: Project, format_: str) -> None:
    """Labels from before an addition were not looked at for it, and an import of the same labels changes nothing."""
    assert project.annotate("init", "new").exit_code == 0
    shutil.copy(project.path("corpus/annotators.yaml"), project.path("new/corpus/annotators.yaml"))
    exported = project.annotate("export", "--format", format_, "--annotator", "anna", "--out", "out")
    assert exported.exit_code == 0, exported.output
    words = ["import", "out", "--format", format_, "--annotator", "anna", "--corpus", "new/corpus"]
    assert project.annotate(*words).exit_code == 0
    assert migrate(project, ATTRIBUTE).exit_code == 0
    again = project.annotate(*words)
    assert "0 new, 2 there already, 0 refused" in again.output, again.output
    project.path("new/corpus/annotations/anna/harbour.json").unlink()
    assert project.annotate(*words).exit_code == 0
    new = Corpus(project.path("new/corpus"))
    versions = [new.read_annotation("anna", article_id).inventory for article_id in ("harbour", "market")]
    assert versions == ["1.0.0" if format_ == "jsonl" else "1.1.0", "1.0.0"]
    checked = project.annotate("check", "new/corpus")
    assert "this file was made with 1.0.0: run `annotate migrate` with the migration to 1.1.0" in checked.stdout


def import_exports(project: Project, names: list[str], *words: str) -> Result:
    """Export annotation sets and import all of them, at once, into a corpus without articles."""
    project.path("all").mkdir(exist_ok=True)
    project.path("new").mkdir(exist_ok=True)
    shutil.copy(project.path("corpus/annotators.yaml"), project.path("new/annotators.yaml"))
    for name in names:
        assert (
            project.annotate("export", "--format", "jsonl", "--annotator", name, "--out", f"of/{name}").exit_code == 0
        )
        shutil.copy(project.path(f"of/{name}/annotations.jsonl"), project.path(f"all/{name}.jsonl"))
    return project.annotate("import", "all", "--format", "jsonl", "--corpus", "new", *words)


@pytest.mark.parametrize("names", [["anna", "gold"], ["gold", "anna"]])
def test_annotator_process_and_sources_come_back(project: Project, names: list[str]) -> None:
    """Regression: gold became a single pass of the annotator that `--annotator` named."""
    result = import_exports(project, names)
    assert result.exit_code == 0, result.output
    assert read_files(project.path("new/annotations")) == read_files(project.path("corpus/annotations"))
    assert project.annotate("check", "new").exit_code == 0
    before = project.snapshot()
    again = project.annotate("import", "all", "--format", "jsonl", "--corpus", "new")
    assert "2 texts, 4 annotations: 0 new, 4 there already, 0 refused." in again.output
    assert project.snapshot() == before


def test_what_a_named_annotator_overrides_is_said(project: Project) -> None:
    result = import_exports(project, ["gold"], "--annotator", "ben")
    assert result.exit_code == 0
    assert (
        "all/gold.jsonl:1: F108 labels by 'anna' are imported as those of ben; that they are adjudicated from anna is "
        "not kept (2 such lines in 1 file; this is the first)" in result.output
    )
    annotation = Corpus(project.path("new")).read_annotation("ben", "harbour")
    assert (annotation.process, annotation.made_from) == ("single pass", ())


def test_names_of_annotators_are_mapped_in_what_gold_was_made_from(project: Project) -> None:
    project.path("map.yaml").write_text(json.dumps({"spans": {}, "annotators": {"anna": "ben"}}))
    assert import_exports(project, ["gold"], "--map", "map.yaml").exit_code == 0
    annotation = Corpus(project.path("new")).read_annotation("gold", "market")
    assert (annotation.annotator, annotation.process, annotation.made_from) == ("ben", "adjudicated", ("ben",))


def test_the_range_in_a_source_file_is_declared_as_lost(project: Project) -> None:
    result = project.annotate("export", "--format", "jsonl", "--out", "out", "--report", "json")
    ledger = json.loads(result.stdout)
    assert ledger["facts"]["metadata"]["declared"] == {"source": 2}
    assert ledger["facts"]["who"]["declared"] == {}


def edit_line(project: Project, change: Callable[[dict[str, Any]], Any]) -> list[tuple[str, str]]:
    """Import a line after a change; return the codes and messages of the findings."""
    assert project.annotate("export", "--format", "jsonl", "--annotator", "anna", "--out", "out").exit_code == 0
    path = project.path("out/annotations.jsonl")
    row = json.loads(path.read_text("utf-8").splitlines()[0])
    change(row)
    path.write_text(json.dumps(row), "utf-8")
    project.path("new").mkdir()
    shutil.copy(project.path("corpus/annotators.yaml"), project.path("new/annotators.yaml"))
    result = project.annotate("import", "out", "--format", "jsonl", "--corpus", "new", "--report", "json")
    (*found, counts) = map(json.loads, result.stdout.splitlines())
    assert sum(counts["lines"].values()) == 2 * counts["lines"]["read"]
    return [(line["code"], line["message"]) for line in found]


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row["article"].update(section="news"),
        lambda row: row["annotation"].update(minutes=5),
        lambda row: row["annotation"]["spans"][0].update(score=0.5),
        lambda row: row["annotation"]["relations"][0].update(score=0.5),
    ],
)
def test_keys_that_others_added_are_reported(project: Project, change: Callable[[dict[str, Any]], Any]) -> None:
    """Regression: they were dropped without a word."""
    assert [code for code, _ in edit_line(project, change)] == ["F205"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda row: row["annotation"].update(article="market"), "has labels of 'market' and the text of 'harbour'"),
        (lambda row: row["annotation"].update(text_sha256="0" * 64), "has labels that were made on another text"),
        (lambda row: row["article"].update(text="Anna."), "has labels that were made on another text"),
    ],
)
def test_labels_of_another_text_are_refused(
    project: Project, change: Callable[[dict[str, Any]], Any], problem: str
) -> None:
    ((code, message),) = edit_line(project, change)
    assert code == "F103"
    assert problem in message
