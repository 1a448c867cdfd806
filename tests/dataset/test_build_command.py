"""`annotate build` on bad input: one line, the right exit code, and existing files stay."""

import json
import shutil

import msgspec
import pyarrow.parquet as pq
import pytest

from annotate.dataset.build import build
from annotate.dataset.folder import CARD
from annotate.model import GOLD
from tests.conftest import Project, read_files


def test_a_stale_card_is_written_again(project: Project) -> None:
    assert project.annotate("build", "--out", "dist").exit_code == 0
    fresh = read_files(project.path("dist"))
    project.path(f"dist/{CARD}").write_text("---\nconfigs: []\n---\nof another version\n")
    assert project.annotate("build", "--out", "dist").exit_code == 0
    assert read_files(project.path("dist")) == fresh


@pytest.mark.parametrize("script", ["dataset.py", "data/articles/load.py"])
def test_a_script_in_the_folder_is_neither_kept_in_it_nor_lost(project: Project, script: str) -> None:
    """`datasets` refuses a folder with a loading script, which may have been written by hand."""
    assert project.annotate("build", "--out", "dist").exit_code == 0
    project.path(f"dist/{script}").write_text("import datasets\n")
    before = read_files(project.path("dist"))
    result = project.annotate("build", "--out", "dist")
    assert result.exit_code == 2
    assert f"{script}: was not made by `annotate build` and would be lost; move it away" in " ".join(
        result.output.split()
    )
    assert read_files(project.path("dist")) == before


def test_a_corpus_without_an_article_is_refused(project: Project) -> None:
    project.path("corpus/links.json").unlink()
    for name in ("articles", "annotations", "splits", "sources", "coverage"):
        shutil.rmtree(project.path(f"corpus/{name}"), ignore_errors=True)
    result = project.annotate("build", "--out", "dist")
    assert result.exit_code == 2
    assert "has no articles; add some with `annotate add`" in result.output
    assert not project.path("dist").exists()


def test_labels_that_nothing_uses_keep_their_classes_and_are_named_in_the_card(project: Project) -> None:
    for path in project.path("corpus/annotations/gold").iterdir():
        gold = project.corpus.read_annotation(GOLD, path.stem)
        bare = msgspec.structs.replace(gold, spans=gold.spans[:1], relations=())
        project.corpus.write_annotation(GOLD, bare)
    build(project.corpus, project.inventory, project.path("dist"))
    card = project.path(f"dist/{CARD}").read_text("utf-8")
    (rare,) = [line for line in card.splitlines() if line.startswith("- Fewer than")]
    names = {*project.inventory.spans, *project.inventory.relations} - {project.inventory.pieces}
    assert all(f"`{name}`" in rare for name in names)
    file = next(project.path("dist/data/articles").glob("train-*"))
    features = json.loads(pq.read_schema(file).metadata[b"huggingface"])["info"]["features"]
    assert features["spans"]["feature"]["label"]["names"] == list(project.inventory.spans)
