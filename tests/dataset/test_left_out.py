"""Labels with errors are left out of a dataset, and the card and the manifest name them."""

import json
import shutil

import pyarrow.parquet as pq

import annotate
from annotate.dataset.folder import CARD, MANIFEST
from annotate.dataset.publication import explain_stale
from annotate.release.rebuild import rebuild_dataset
from tests.checks.test_severity import forget_words, waive
from tests.conftest import Project, read_files

LEFT_OUT = [{"annotator": "anna", "article": "harbour", "codes": ["R105", "R107"]}]
ROW = "| `anna` | `harbour` | `R105`, `R107` |"
LINE = "left out: the labels of anna for harbour (R105, R107)\n"


def rows(project: Project, folder: str, table: str = "annotations") -> list[str]:
    files = sorted(project.path(f"{folder}/data/{table}").iterdir())
    return sorted(name for file in files for name in pq.read_table(file, columns=["id"])["id"].to_pylist())


def manifest(project: Project, folder: str) -> list[object]:
    left_out: list[object] = json.loads(project.path(f"{folder}/{MANIFEST}").read_text())["passes_left_out"]
    return left_out


def test_a_pass_with_errors_is_left_out_and_named(project: Project) -> None:
    assert project.annotate("build", "--out", "whole").exit_code == 0
    assert (rows(project, "whole"), manifest(project, "whole")) == (["harbour/anna", "market/anna"], [])
    forget_words(project)
    built = project.annotate("build", "--out", "dist")
    assert (built.exit_code, LINE in built.stderr) == (0, True), built.output
    assert rows(project, "dist") == ["market/anna"]
    assert rows(project, "dist", "articles") == ["harbour", "market"]
    assert manifest(project, "dist") == LEFT_OUT
    card, whole = (project.path(f"{folder}/{CARD}").read_text() for folder in ("dist", "whole"))
    assert "## Labels left out\n\n" in card
    assert ROW in card.splitlines()
    assert "Labels left out" not in whole
    as_json = json.loads(project.annotate("build", "--out", "dist", "--format", "json").stdout)
    assert as_json["passes_left_out"] == LEFT_OUT


def test_waived_labels_are_in_the_dataset(project: Project) -> None:
    forget_words(project)
    waive(project, code="R105", severity="warning")
    assert project.annotate("build", "--out", "dist").exit_code == 0
    assert manifest(project, "dist") == [{**LEFT_OUT[0], "codes": ["R107"]}]
    waivers = project.path("corpus/waivers.yaml")
    waivers.write_text(waivers.read_text() + "- {code: R107, reason: So is this.}\n")
    built = project.annotate("build", "--out", "dist")
    assert (built.exit_code, "left out" in built.output) == (0, False)
    assert (rows(project, "dist"), manifest(project, "dist")) == (["harbour/anna", "market/anna"], [])


def test_errors_in_gold_still_stop_the_build(project: Project) -> None:
    forget_words(project)
    forget_words(project, "gold")
    built = project.annotate("build", "--out", "dist")
    assert built.exit_code == 1
    assert "corpus/annotations/gold/harbour.json:" in built.output
    assert "corpus/annotations/anna/" not in built.output
    assert not project.path("dist").exists()


def test_without_gold_an_article_with_errors_is_left_out(project: Project) -> None:
    shutil.rmtree(project.path("corpus/annotations/gold"))
    shutil.rmtree(project.path("corpus/coverage"))
    forget_words(project)
    built = project.annotate("build", "--out", "dist")
    assert (built.exit_code, LINE in built.stderr) == (0, True), built.output
    for table in ("articles", "annotations"):
        assert [name.partition("/")[0] for name in rows(project, "dist", table)] == ["market"]
    project.path("corpus/annotations/anna/market.json").unlink()
    refused = project.annotate("build", "--out", "dist")
    assert refused.exit_code == 2
    assert "has no labels without errors, and no gold; correct the errors" in refused.stderr


def test_hydration_gives_the_dataset_with_text(project: Project) -> None:
    forget_words(project)
    assert project.annotate("build", "--out", "dist").exit_code == 0
    assert project.annotate("build", "--without-text", "--out", "open").exit_code == 0
    assert manifest(project, "open") == LEFT_OUT
    assert rows(project, "open") == ["market/anna"]
    done = project.annotate("hydrate", "open", "--texts", "corpus/articles", "--out", "hydrated")
    assert done.exit_code == 0, done.output
    assert read_files(project.path("hydrated")) == read_files(project.path("dist"))


def test_a_dataset_that_is_built_again_leaves_out_the_same(project: Project) -> None:
    forget_words(project)
    made = annotate.build(project.corpus, project.inventory, project.path("dist"))
    assert [(each.annotator, each.article) for each in made.passes_left_out] == [("anna", "harbour")]
    again = project.path("again")
    rebuild_dataset(project.corpus, project.schema, project.path("dist"), None, again, made.passes_left_out)
    assert explain_stale(project.path("dist"), again) is None


def test_many_are_counted_in_the_card(project: Project) -> None:
    labels = project.path("corpus/annotations/anna/harbour.json").read_text()
    entries = project.path("corpus/annotators.yaml").read_text()
    for number in range(60):
        name = f"reader-{number:02}"
        entries += f'  - {{id: {name}, kind: person, training: none, since: "2026-01-01"}}\n'
        folder = project.path(f"corpus/annotations/{name}")
        folder.mkdir()
        (folder / "harbour.json").write_text(labels.replace('"anna"', f'"{name}"'))
        forget_words(project, name)
    project.path("corpus/annotators.yaml").write_text(entries)
    built = project.annotate("build", "--out", "dist")
    assert built.exit_code == 0, built.output
    assert built.stderr.count("left out: the labels of reader-") == 20
    assert "… 40 more annotations (the manifest lists them)\n" in built.stderr
    card = project.path(f"dist/{CARD}").read_text()
    assert card.count("| `harbour` | `R105`, `R107` |") == 50
    assert "10 more are in `manifest.json`, key `passes_left_out`." in card
    assert len(manifest(project, "dist")) == 60
