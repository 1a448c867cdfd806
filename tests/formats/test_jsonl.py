"""JSON lines: the same rows as the files of the corpus; broken lines."""

import json
import shutil
from pathlib import Path

import pytest

from annotate.corpus import Corpus, encode_annotation
from annotate.formats import jsonl
from annotate.formats.document import LabelledArticle
from annotate.inventory import Inventory
from tests.conftest import Project
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
    assert "this file was made with 1.0.0: run `annotate studio migrate` with the migration to 1.1.0" in checked.stdout
