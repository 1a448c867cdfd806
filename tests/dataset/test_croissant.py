"""croissant.json: valid for `mlcroissant`, which reads through it the rows that the Parquet files hold."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest

from annotate.corpus import Corpus
from annotate.dataset.build import build
from annotate.dataset.folder import CROISSANT, MANIFEST, read_manifest
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.offsets import sha256
from tests.conftest import ROOT, Project

# `mlcroissant` 1.1 parses through what its own dependency calls old.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

RELEASED = """\
cff-version: 1.2.0
message: Cite it.
title: Port news
license: CC-BY-4.0
authors:
  - family-names: Doe
    given-names: Jane
  - name: The Harbour Office
date-released: 2026-03-04
repository-code: https://example.org/port
keywords: [ports]
"""


@pytest.fixture
def folder(corpus: Corpus, labels: Inventory, tmp_path: Path) -> Path:
    build(corpus, labels, tmp_path / "out", ROOT / "CITATION.cff")
    return tmp_path / "out"


def document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / CROISSANT).read_text("utf-8"))
    return found


def plain(value: Any) -> Any:
    """A record of `mlcroissant` as the row it is: bytes as text, keys as the last part of a field's id."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, list):
        return [plain(one) for one in value]
    return {key.split("/", 2)[-1]: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def at(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row[name]
    return row


def wanted(fields: list[dict[str, Any]], row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the row's value for each field, from the Parquet file."""
    for field in fields:
        name = field["@id"].split("/", 2)[-1]
        paths = [one["@id"].split("/", 2)[-1].partition("/")[2] for one in field.get("subField", ())]
        if not paths:
            yield name, row[name]
        elif isinstance(row[name], list):
            yield name, [{f"{name}/{path}": at(one, path) for path in paths} for one in row[name]]
        else:
            yield name, {f"{name}/{path}": at(row[name], path) for path in paths}


def test_every_table_reads_through_mlcroissant_as_it_is(folder: Path) -> None:
    dataset = mlcroissant.Dataset(str(folder / CROISSANT))
    record_sets = document(folder)["recordSet"]
    manifest = read_manifest(folder)
    assert manifest is not None
    assert [one["@id"] for one in record_sets] == [f"{table.config}/{table.split}" for table in manifest.tables]
    for record_set, table in zip(record_sets, manifest.tables, strict=True):
        rows = pq.read_table(folder / table.file).to_pylist()
        records = [plain(record) for record in dataset.records(record_set["@id"])]
        assert records == [dict(wanted(record_set["field"], row)) for row in rows]


def test_columns_that_croissant_cannot_hold_are_named(folder: Path) -> None:
    """A column is a field, or its record set's description says that it is not."""
    for record_set in document(folder)["recordSet"]:
        file = record_set["field"][0].get("source", {}).get("fileObject", {})["@id"]
        fields = {field["@id"].split("/", 2)[-1] for field in record_set["field"]}
        for column in set(pq.read_schema(folder / file).names) - fields:
            assert column in record_set["description"].split("Lists within lists")[1]


def test_nothing_but_the_missing_day_of_release_is_to_be_wished_for(folder: Path) -> None:
    issues = mlcroissant.Dataset(str(folder / CROISSANT)).metadata.ctx.issues
    assert not issues.errors
    assert [warning for warning in issues.warnings if "datePublished" not in warning] == []


def test_a_released_corpus_has_no_warning(project: Project) -> None:
    path = project.path("CITATION.cff")
    path.write_text(RELEASED)
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n\n## 1.0.0\n")
    build(project.corpus, project.inventory, project.root / "out", path)
    metadata = mlcroissant.Dataset(str(project.root / "out" / CROISSANT)).metadata
    assert not metadata.ctx.issues.errors
    assert not metadata.ctx.issues.warnings
    assert metadata.date_published is not None
    assert metadata.date_published.date().isoformat() == "2026-03-04"
    assert [type(one).__name__ for one in metadata.creators] == ["Person", "Organization"]
    assert [one.name for one in metadata.creators] == ["Jane Doe", "The Harbour Office"]


def test_the_data_statement_is_in_croissant(folder: Path, corpus: Corpus) -> None:
    """Each heading of the data statement is in a responsible-AI field, and `mlcroissant` reads those."""
    found = document(folder)
    assert "http://mlcommons.org/croissant/RAI/1.0" in found["conformsTo"]
    said = " ".join(str(value) for name, value in found.items() if name.startswith("rai:"))
    missing = [heading for heading, text in corpus.read_statement().items() if text.split("{")[0].strip() not in said]
    assert missing == []
    metadata = mlcroissant.Dataset(str(folder / CROISSANT)).metadata
    assert metadata.data_collection
    assert metadata.data_annotation_protocol
    assert metadata.data_limitations
    assert metadata.machine_annotation_tools


def test_files_are_named_with_their_hashes(folder: Path) -> None:
    found = document(folder)
    for file in found["distribution"]:
        data = (folder / file["contentUrl"]).read_bytes()
        assert (file["sha256"], file["contentSize"]) == (sha256(data), f"{len(data)} B")
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.croissant_sha256 == sha256((folder / CROISSANT).read_bytes())


def test_a_file_that_changed_does_not_read(folder: Path) -> None:
    """`mlcroissant` holds each file to the hash that croissant.json gives."""
    file = folder / document(folder)["distribution"][0]["contentUrl"]
    file.write_bytes(file.read_bytes()[:-1] + b"2")
    with pytest.raises(Exception, match="during the operation Download"):
        list(mlcroissant.Dataset(str(folder / CROISSANT)).records("articles/test"))


def test_a_croissant_without_a_manifest_is_not_ours(project: Project) -> None:
    out = project.root / "out"
    build(project.corpus, project.inventory, out)
    build(project.corpus, project.inventory, out)
    (out / MANIFEST).unlink()
    with pytest.raises(CannotRun, match="not a dataset folder"):
        build(project.corpus, project.inventory, out)
    assert (out / CROISSANT).is_file()
