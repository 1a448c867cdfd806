"""Many articles: a table and split in several files, which readers see as one."""

import json
import shutil
from itertools import groupby
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest
import yaml

from annotate.dataset import shards
from annotate.dataset.build import build
from annotate.dataset.folder import CARD, CROISSANT, Manifest
from annotate.dataset.shards import Part
from annotate.dataset.writer import totals
from annotate.offsets import sha256
from tests.conftest import Project, annotate
from tests.dataset.conftest import Load


@pytest.fixture
def many(project: Project, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Manifest]:
    """The dataset of a corpus without splits, a file an article."""
    shutil.rmtree(project.path("corpus/splits"))
    monkeypatch.setattr(shards, "PART", 1)
    out = project.path("many")
    return out, build(project.corpus, project.inventory, out)


def metadata(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / CARD).read_text("utf-8").split("---\n")[1])
    return found


def test_parts_are_few_of_much_the_same_size_and_a_split_without_an_article_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shards, "PART", 3)
    assert shards.divide({"train": ["a", "b", "c", "d"], "validation": ["e", "f", "g"], "test": []}) == [
        Part("train", 0, 2, ("a", "b")),
        Part("train", 1, 2, ("c", "d")),
        Part("validation", 0, 1, ("e", "f", "g")),
        Part("test", 0, 1, ()),
    ]


def test_load_dataset_gives_the_rows_of_many_files_as_those_of_one(
    project: Project, many: tuple[Path, Manifest], load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    whole = build(project.corpus, project.inventory, project.path("whole"))
    out, made = many
    assert len(made.tables) > len(whole.tables)
    for table in whole.tables:
        if table.rows:
            rows = [load(str(folder), table.config, split=table.split) for folder in (out, project.path("whole"))]
            assert rows[0].features == rows[1].features
            assert rows[0].to_list() == rows[1].to_list()


def test_the_card_shows_the_rows_that_it_says(many: tuple[Path, Manifest], load: Load) -> None:
    """Its numbers of rows, sizes and the place of each row go by all files of a split."""
    out, made = many
    for info in metadata(out)["dataset_info"]:
        files = [table for table in made.tables if table.config == info["config_name"]]
        [split] = info["splits"]
        assert split["num_examples"] == sum(table.rows for table in files)
        assert info["download_size"] == sum((out / table.file).stat().st_size for table in files)
        assert load(str(out), info["config_name"], split=split["name"]).num_rows == split["num_examples"]


def test_each_file_is_in_the_manifest_and_all_of_a_table_have_one_hash(many: tuple[Path, Manifest]) -> None:
    out, made = many
    assert {table.file for table in made.tables} == {
        path.relative_to(out).as_posix() for path in out.rglob("*.parquet")
    }
    for total, (_, some) in zip(
        totals(made.tables), groupby(made.tables, lambda table: (table.config, table.split)), strict=True
    ):
        files = list(some)
        if len(files) == 1:
            assert total == files[0]
        else:
            assert sorted(out.glob(total.file)) == [out / table.file for table in files]
            assert total.logical_sha256 == sha256("".join(f"{table.logical_sha256}\n" for table in files))


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_croissant_reads_all_files_of_a_table(many: tuple[Path, Manifest]) -> None:
    out, made = many
    dataset = mlcroissant.Dataset(str(out / CROISSANT))
    assert not dataset.metadata.ctx.issues.errors
    described = json.loads((out / CROISSANT).read_bytes())
    hashes = {one["contentUrl"]: one["sha256"] for one in described["distribution"] if "contentUrl" in one}
    assert hashes == {table.file: table.sha256 for table in made.tables}
    for total in totals(made.tables):
        if total.rows:
            ids = [id_ for path in out.glob(total.file) for id_ in pq.read_table(path)["id"].to_pylist()]
            name = f"{total.config}/{total.split}"
            found = [record[f"{name}/id"].decode() for record in dataset.records(name)]
            assert sorted(found) == sorted(ids)


def test_an_old_dataset_is_replaced_whatever_its_number_of_files(
    project: Project, many: tuple[Path, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    out, _ = many
    run = annotate("build", "corpus", "--schema", "schema", "--out", out.name, cwd=project.root)
    assert run.exit_code == 0, run.output
    assert len(list(out.glob("data/articles/*"))) == 1
