"""JSON lines: the same rows as the files of the corpus; broken lines."""

import json
from pathlib import Path

import pytest

from annotate.corpus import Corpus, encode_annotation
from annotate.formats import jsonl
from annotate.formats.document import LabelledArticle
from annotate.inventory import Inventory
from tests.conftest import Project


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
