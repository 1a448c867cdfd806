"""The dataset folder of whole corpora: `load_dataset` returns the corpus's values, and builds have equal bytes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from annotate.corpus import Corpus
from annotate.dataset import shards
from annotate.dataset.build import build
from annotate.dataset.features import ARTICLES
from annotate.dataset.folder import CARD, CROISSANT, MANIFEST, read_manifest
from annotate.dataset.inputs import corpus_version, skeleton_header
from annotate.dataset.logical_hash import logical_sha256
from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.tables import table_features
from annotate.dataset.tables.links import LinkRow
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Link, Links, Passage
from annotate.offsets import sha256
from tests.conftest import ROOT, Project, annotate, read_files
from tests.dataset.conftest import Load
from tests.dataset.helpers import build_rows

Row = dict[str, Any]


def expected(corpus: Corpus, inventory: Inventory, ids: list[str]) -> dict[str, list[Row]]:
    """The rows of every table for articles of one split; a link is there where all its articles are."""
    ids = sorted(ids)
    builder = TableBuilder(inventory, annotators=corpus.read_annotators())
    articles = {name: corpus.read_article(name) for name in ids}
    gold = [(articles[name], corpus.read_annotation(GOLD, name)) for name in ids]
    own = [
        (articles[name], corpus.read_annotation(annotation_set, name))
        for name in ids
        for annotation_set in corpus.annotation_sets()
        if annotation_set != GOLD and name in corpus.annotated_ids(annotation_set)
    ]
    titles = {name: article.title for name, article in articles.items()}
    links = [
        LinkRow(link, titles)
        for link in corpus.read_links().links
        if {passage.article for passage in link.passages} <= set(ids)
    ]
    made = {**build_rows(builder, gold), **build_rows(builder, own, "annotators"), **builder.build_links(links)}
    return {name: table.to_pylist() for name, table in made.items()}


def front_matter(folder: Path) -> Row:
    text = (folder / CARD).read_text("utf-8")
    found: Row = yaml.safe_load(text.split("---\n")[1])
    return found


def assert_loads(folder: Path, corpus: Corpus, inventory: Inventory, load: Load) -> None:
    """Every table and split that has rows loads, typed, with the values of the corpus."""
    from datasets import Features

    splits = corpus.splits() or {"train": corpus.annotated_ids(GOLD)}
    loaded = {
        entry["config_name"]: load(str(folder), entry["config_name"]) for entry in front_matter(folder)["configs"]
    }
    for split, articles in load(str(folder)).items():
        assert articles.features == loaded[ARTICLES][split].features
    for name, features in table_features(inventory).items():
        for split, ids in splits.items():
            rows = expected(corpus, inventory, ids)[name]
            if not rows:
                assert split not in loaded.get(name, {})
                continue
            table = loaded[name][split]
            assert table.features == Features.from_dict(features)
            assert list(table) == rows


def test_the_corpus_loads(corpus: Corpus, labels: Inventory, tmp_path: Path, load: Load) -> None:
    build(corpus, labels, tmp_path / "out")
    assert_loads(tmp_path / "out", corpus, labels, load)


def test_another_corpus_with_other_labels_loads(project: Project, tmp_path: Path, load: Load) -> None:
    build(project.corpus, project.inventory, tmp_path / "out")
    assert_loads(tmp_path / "out", project.corpus, project.inventory, load)
    assert set(front_matter(tmp_path / "out")["configs"][0]["data_files"][0]) == {"split", "path"}


def test_parquet_is_typed_without_its_card(corpus: Corpus, labels: Inventory, tmp_path: Path, load: Load) -> None:
    from datasets import Features

    build(corpus, labels, tmp_path / "out")
    for name, features in table_features(labels).items():
        file = str(next((tmp_path / "out" / "data" / name).glob("test-*.parquet")))
        assert load("parquet", data_files=file)["train"].features == Features.from_dict(features)


def test_two_builds_give_the_same_bytes(project: Project, tmp_path: Path) -> None:
    build(project.corpus, project.inventory, tmp_path / "one")
    build(project.corpus, project.inventory, tmp_path / "one")
    # The same corpus, its files made in another order, in another place.
    copied = tmp_path / "elsewhere" / "corpus"
    for path in sorted((project.root / "corpus").rglob("*"), reverse=True):
        if path.is_file():
            target = copied / path.relative_to(project.root / "corpus")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    build(Corpus(copied), project.inventory, tmp_path / "two" / "deep")
    assert read_files(tmp_path / "one") == read_files(tmp_path / "two" / "deep")


def test_another_corpus_at_the_same_relative_path(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build does not reuse data of another corpus built earlier in the same process."""
    for place, annotators in (("one", ["anna"]), ("two", ["anna", "ben"])):
        shutil.copytree(project.root, tmp_path / place)
        monkeypatch.chdir(tmp_path / place)
        for name in annotators[1:]:
            shutil.copytree("corpus/annotations/anna", f"corpus/annotations/{name}")
            for path in Path("corpus/annotations", name).iterdir():
                path.write_text(path.read_text().replace('"anna"', f'"{name}"'))
        build(Corpus(Path("corpus")), project.inventory, "out")
        found = pq.ParquetDataset("out/data/annotations").read().column("annotator").to_pylist()
        assert sorted(set(found)) == annotators


def test_the_manifest_says_what_is_there(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = build(project.corpus, project.inventory, out)
    assert read_manifest(out) == made
    assert made.inventory == project.inventory.version
    assert {CARD, CROISSANT, MANIFEST, *(table.file for table in made.tables), *made.files} == set(read_files(out))
    assert made.files == {name: sha256((out / name).read_bytes()) for name in made.files}
    assert made.card_sha256 == sha256((out / CARD).read_bytes())
    for table in made.tables:
        data = (out / table.file).read_bytes()
        assert (table.sha256, table.bytes) == (sha256(data), len(data))
        assert table.logical_sha256 == logical_sha256(out / table.file)


def test_a_split_file_with_no_labelled_article_is_no_split_to_load(
    project: Project, tmp_path: Path, load: Load
) -> None:
    project.path("corpus/splits/validation.txt").write_text("")
    build(project.corpus, project.inventory, tmp_path / "out")
    assert_loads(tmp_path / "out", project.corpus, project.inventory, load)


def test_without_split_files_everything_is_train(project: Project, tmp_path: Path, load: Load) -> None:
    shutil.rmtree(project.path("corpus/splits"))
    made = build(project.corpus, project.inventory, tmp_path / "out")
    assert {table.split for table in made.tables} == {"train"}
    assert made.articles == 2
    assert_loads(tmp_path / "out", project.corpus, project.inventory, load)
    assert "nothing is held out" in (tmp_path / "out" / CARD).read_text("utf-8")


def test_an_unlabelled_article_is_left_out_and_counted(project: Project, tmp_path: Path) -> None:
    project.path("corpus/annotations/gold/market.json").unlink()
    made = build(project.corpus, project.inventory, tmp_path / "out")
    assert made.articles == 1
    card = (tmp_path / "out" / CARD).read_text("utf-8")
    assert "Left out, since they have no settled labels or no split: 1 article." in card


def test_nothing_labelled_is_refused(project: Project, tmp_path: Path) -> None:
    shutil.rmtree(project.path("corpus/annotations/gold"))
    with pytest.raises(CannotRun, match="holds no labels"):
        build(project.corpus, project.inventory, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_split_that_cannot_be_loaded_is_refused(project: Project, tmp_path: Path) -> None:
    project.path("corpus/splits/dev.txt").write_text("")
    with pytest.raises(
        CannotRun, match=r"dev\.txt: cannot be loaded as a split; use one of the names train\.txt, valid"
    ):
        build(project.corpus, project.inventory, tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("# Changes\n\n## 1.2.3 (not released)\n\n## 1.2.2\n", "1.2.3"),
        ("## [0.1.0] - 2026-01-01\n", "0.1.0"),
        ("nothing\n", None),
    ],
)
def test_the_version_is_the_newest_of_the_changelog(project: Project, text: str, version: str | None) -> None:
    project.path("corpus/CHANGELOG.md").write_text(text)
    assert corpus_version(project.corpus) == version


def test_the_command_writes_and_reports(project: Project) -> None:
    result = project.annotate("build", "--out", "dist/dataset")
    assert result.exit_code == 0, result.output
    assert re.search(r"articles +train +1 ", result.output)
    assert "Written to dist/dataset" in result.output
    again = project.annotate("build", "corpus", "--out", "dist/dataset", "--format", "json")
    data = json.loads(again.output)
    assert data["folder"] == "dist/dataset"
    assert data["tables"][0]["config"] == ARTICLES


def test_the_command_writes_nothing_where_the_checks_find_errors(project: Project) -> None:
    project.replace("corpus/annotations/gold/harbour.json", '"start": ', '"start": 9')
    result = project.annotate("build", "--out", "dist")
    assert result.exit_code == 1
    assert "harbour.json" in result.output
    assert "nothing was written" in result.output
    assert not project.path("dist").exists()
    findings = json.loads(project.annotate("build", "--out", "dist", "--format", "json").output)
    assert {finding["severity"] for finding in findings} == {"error"}


def test_the_command_refuses_a_folder_of_others(project: Project) -> None:
    result = project.annotate("build", "--out", "schema")
    assert result.exit_code == 2
    assert "schema: is inside schema, which is never written to" in result.output
    assert project.path("schema/labels.yaml").is_file()


def test_the_commands_help_has_an_example() -> None:
    assert "annotate build --out dist/dataset" in annotate("build", "--help").output


def test_the_show_script_loads_every_table(project: Project, tmp_path: Path) -> None:
    build(project.corpus, project.inventory, tmp_path / "out")
    script = ROOT / "tools" / "show_dataset.py"
    run = subprocess.run([sys.executable, script, tmp_path / "out"], capture_output=True, text=True, check=True)
    for name in table_features(project.inventory):
        assert name in run.stdout
    assert run.stderr == ""
    missing = subprocess.run([sys.executable, script, tmp_path / "no"], capture_output=True, text=True, check=False)
    assert missing.returncode == 2
    assert "annotate build" in missing.stderr


def test_tables_are_chosen_by_name(project: Project) -> None:
    result = project.annotate("build", "--out", "dist", "--config", "relations", "--config", "links")
    assert result.exit_code == 0, result.output
    manifest = read_manifest(project.path("dist"))
    assert manifest is not None
    assert {table.config for table in manifest.tables} == {ARTICLES, "relations", "links"}


def test_a_table_that_does_not_exist_is_named_with_those_that_do(project: Project) -> None:
    result = project.annotate("build", "--out", "dist", "--config", "relation")
    assert result.exit_code == 2
    line = " ".join(result.output.split())
    assert "relation: unknown table; choose from: articles, annotations, tokens, relations, links" in line
    assert not project.path("dist").exists()


def test_a_link_between_splits_is_in_the_one_held_out_furthest(project: Project, tmp_path: Path, load: Load) -> None:
    """So that no training row quotes an article of another split."""
    assert {split: names for split, names in project.corpus.splits().items() if names} == {
        "train": ["harbour"],
        "test": ["market"],
    }
    passages = tuple(
        Passage(article=name, start=0, end=9, text=project.corpus.read_text(name)[:9]) for name in ("harbour", "market")
    )
    across = Link(kind="same incident", passages=passages, note="both")
    within = Link(kind="repeats", passages=(passages[0], passages[0]), note="twice")
    project.corpus.write_links(Links(links=(across, within)))
    build(project.corpus, project.inventory, tmp_path / "out", tables=["links"])
    loaded = load(str(tmp_path / "out"), "links")
    assert [row["note"] for row in loaded["train"]] == ["twice"]
    (row,) = loaded["test"]
    assert row["id"] == "same incident: harbour:0-9, market:0-9"
    assert [passage["article"] for passage in row["passages"]] == ["harbour", "market"]


def test_every_table_loads_without_the_toolkit(corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    """In a process that cannot import the toolkit and knows of no folder but the dataset's."""
    out = tmp_path / "out"
    build(corpus, labels, out)
    code = f"""
import sys, sysconfig
sys.path = [path for path in sys.path if path not in ("", {str(ROOT)!r})]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
try:
    import annotate
except ImportError:
    pass
else:
    sys.exit("the toolkit is here")
import datasets
for name in datasets.get_dataset_config_names({str(out)!r}):
    for split, rows in datasets.load_dataset({str(out)!r}, name, cache_dir={str(tmp_path / "cache")!r}).items():
        print(name, split, rows.num_rows)
"""
    quiet = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "HF_HOME": str(tmp_path / "home")}
    run = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=quiet
    )
    assert run.returncode == 0, run.stderr
    manifest = read_manifest(out)
    assert manifest is not None
    wanted = [f"{table.config} {table.split} {table.rows}" for table in manifest.tables if table.rows]
    assert sorted(run.stdout.splitlines()) == sorted(wanted)


@pytest.mark.parametrize("text", [True, False])
def test_any_number_of_workers_gives_the_same_bytes(
    corpus: Corpus, labels: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bool
) -> None:
    """One file and one process for each article, so that the work is divided."""
    monkeypatch.setattr(shards, "PART", 1)
    monkeypatch.setattr("annotate.dataset.build.ENOUGH", 1)
    skeleton = None if text else skeleton_header(corpus, str(ROOT / "schema"), None)
    for workers in (1, 3):
        build(corpus, labels, tmp_path / str(workers), skeleton=skeleton, workers=workers)
    assert len(corpus.annotated_ids(GOLD)) > 1
    assert read_files(tmp_path / "1") == read_files(tmp_path / "3")


def test_bytes_do_not_depend_on_how_many_articles_are_in_memory_at_once(
    corpus: Corpus, labels: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus, labels, tmp_path / "whole")
    monkeypatch.setattr(shards, "BATCH", 1)
    build(corpus, labels, tmp_path / "single")
    assert read_files(tmp_path / "single") == read_files(tmp_path / "whole")


def test_a_file_that_a_worker_cannot_read_is_named_and_nothing_is_left(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "PART", 1)
    monkeypatch.setattr("annotate.dataset.build.ENOUGH", 1)
    project.path("corpus/annotations/gold/market.json").write_text("{")
    with pytest.raises(CannotRun, match=r"gold/market\.json: cannot be read"):
        build(project.corpus, project.inventory, tmp_path / "out", workers=3)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith("out") or path.name.startswith(".out")]
