"""croissant.json: valid for `mlcroissant`, which reads through it the rows that the Parquet files hold."""

import json
import re
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
from annotate.schemas import package_schema
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


MINIMAL = (
    "rai:dataLimitations",
    "rai:dataBiases",
    "rai:personalSensitiveInformation",
    "rai:dataUseCases",
    "rai:dataSocialImpact",
    "rai:hasSyntheticData",
    "prov:wasDerivedFrom",
    "prov:wasGeneratedBy",
)
"""The fields that NeurIPS 2026 asks for beside those of Croissant itself."""
FURTHER = (
    "rai:annotationsPerItem",
    "rai:annotatorDemographics",
    "rai:dataAnnotationAnalysis",
    "rai:dataAnnotationPlatform",
    "rai:dataAnnotationProtocol",
    "rai:dataCollection",
    "rai:dataCollectionMissingData",
    "rai:dataCollectionRawData",
    "rai:dataCollectionType",
    "rai:dataImputationProtocol",
    "rai:dataPreprocessingProtocol",
    "rai:dataReleaseMaintenancePlan",
    "rai:machineAnnotationTools",
)


def responsible(found: dict[str, Any]) -> list[str]:
    """The fields of the responsible-AI vocabulary and of provenance."""
    return sorted(name for name in found if name.startswith(("rai:", "prov:")))


def test_fields_that_neurips_asks_for_are_there(folder: Path) -> None:
    found = document(folder)
    assert found["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    missing = [name for name in MINIMAL if name not in found or found[name] == "Not stated."]
    assert missing == []
    assert found["rai:hasSyntheticData"] is True
    annotation = found["prov:wasGeneratedBy"][-1]
    assert {agent["@type"] for agent in annotation["prov:wasAssociatedWith"]} == {"prov:SoftwareAgent"}


def test_a_full_statement_fills_every_field_of_the_docs(project: Project) -> None:
    keys = json.loads(package_schema("statement"))["properties"]
    lists = {"language_creators": ["found"], "source_datasets": ["extended|harbour/reports"]}
    statement = {key: lists.get(key, f"Words on {key}.") for key in keys}
    project.path("corpus/statement.yaml").write_text(json.dumps(statement))
    project.replace("corpus/annotators.yaml", "kind: person", "kind: model, model: Reader 3.1")
    built = project.annotate("build", "--out", "out")
    assert built.exit_code == 0, built.output
    found = document(project.root / "out")
    assert responsible(found) == sorted((*MINIMAL, *FURTHER))
    page = (ROOT / "docs" / "how-to" / "publishing.md").read_text("utf-8").partition("## Responsible-AI fields\n")[2]
    assert responsible(found) == sorted(re.findall(r"`((?:rai|prov):\w+)`", page.partition("\n## ")[0]))
    missing = [key for key in keys if key not in lists and f"Words on {key}." not in json.dumps(found)]
    assert missing == []
    assert found["prov:wasDerivedFrom"][0]["@id"] == "https://huggingface.co/datasets/harbour/reports"
    agents = found["prov:wasGeneratedBy"][-1]["prov:wasAssociatedWith"]
    [model] = [agent for agent in agents if "Model: Reader 3.1." in agent["description"]]
    assert model["@type"] == "prov:SoftwareAgent"
    assert "model: Reader 3.1" in project.path("out/README.md").read_text("utf-8")
    assert not mlcroissant.Dataset(str(project.root / "out" / CROISSANT)).metadata.ctx.issues.errors


def test_what_is_unknown_is_not_stated(project: Project) -> None:
    build(project.corpus, project.inventory, project.root / "out")
    found = document(project.root / "out")
    assert {name for name in responsible(found) if found[name] == "Not stated."} == set(MINIMAL[:5])
    assert "rai:hasSyntheticData" not in found
    assert [entity["prov:label"] for entity in found["prov:wasDerivedFrom"]] == ["2 articles; publisher: not stated"]
    assert found["prov:wasGeneratedBy"][0]["description"] == "Not stated."
    assert {agent["@type"] for agent in found["prov:wasGeneratedBy"][-1]["prov:wasAssociatedWith"]} == {"prov:Person"}
    project.path("corpus/statement.yaml").write_text("language_creators: [found]\n")
    build(project.corpus, project.inventory, project.root / "out")
    assert document(project.root / "out")["rai:hasSyntheticData"] is False


def test_files_have_an_address_where_the_dataset_has_one(project: Project) -> None:
    path = project.path("CITATION.cff")
    address = "https://huggingface.co/datasets/harbour/port-news"
    path.write_text(f"{RELEASED}repository: {address}/\ndoi: 10.5281/zenodo.1\n")
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n\n## 1.0.0\n")
    build(project.corpus, project.inventory, project.root / "out", path)
    found = document(project.root / "out")
    assert (found["url"], found["identifier"]) == (address, "https://doi.org/10.5281/zenodo.1")
    for file in found["distribution"]:
        assert file["url"] == f"{address}/resolve/1.0.0/{file['contentUrl']}"
        assert file["sha256"] == sha256((project.root / "out" / file["contentUrl"]).read_bytes())
    path.write_text(f"{RELEASED}repository: https://huggingface.co/harbour/model\n")
    build(project.corpus, project.inventory, project.root / "out", path)
    found = document(project.root / "out")
    assert found["url"] == "https://example.org/port"
    assert not [file for file in found["distribution"] if "url" in file]


def test_day_of_another_version_is_not_the_day_of_this_one(project: Project) -> None:
    path = project.path("CITATION.cff")
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n\n## 1.1.0 (not released)\n")
    for version, released in (("1.1.0", True), ("1.0.0", False)):
        path.write_text(f"{RELEASED}version: {version}\n")
        build(project.corpus, project.inventory, project.root / "out", path)
        assert ("datePublished" in document(project.root / "out")) is released


def test_licence_is_that_of_the_labels_and_the_texts_have_rights_of_their_own(project: Project) -> None:
    path = project.path("CITATION.cff")
    path.write_text(RELEASED)
    build(project.corpus, project.inventory, project.root / "out", path)
    link, texts = document(project.root / "out")["license"]
    assert link == "https://creativecommons.org/licenses/by/4.0/"
    assert texts["@type"] == "sc:CreativeWork"
    assert project.annotate("build", "--without-text", "--out", "open").exit_code == 0
    assert document(project.root / "open")["license"] == link
