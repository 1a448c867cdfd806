"""Shared by the tests of the readers: a project with files of others and an empty corpus to import them into."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from click.testing import Result

from annotate.corpus import Corpus
from annotate.formats.document import LabelledArticle
from annotate.formats.export import DocumentReader
from annotate.inventory import Inventory
from annotate.model import Annotation
from tests.conftest import BASE, Project


class GivenDocuments(DocumentReader):
    """Gives documents that are in memory, in the place of those of a corpus, without checking them."""

    given: Mapping[str, LabelledArticle] = {}

    def read(self, article_id: str) -> LabelledArticle:
        return self.given[article_id]

    def count_bytes(self, article_id: str) -> int:
        return len(self.given[article_id].article.text.encode())


def give(documents: Iterable[LabelledArticle], labels: Inventory) -> GivenDocuments:
    reader = GivenDocuments(Corpus(BASE / "corpus"), "anna", labels)
    reader.given = {document.article.id: document for document in documents}
    return reader


TEXT = "🚢 Anna waits at the Old Pier."


@pytest.fixture
def others(project: Project) -> Path:
    """An empty folder of others' files, an empty corpus, and a map for both."""
    project.path("new").mkdir()
    project.path("new/annotators.yaml").write_bytes(project.path("corpus/annotators.yaml").read_bytes())
    project.path("map.yaml").write_text(
        "spans: {Person: {label: Speaker}, PER: {label: Speaker}, LOC: {label: Quay}}\n"
        "relations: {Near: {relation: lies_at}}\n"
        "attributes: {role: {attribute: rank, values: {boss: master}}, value: null}\n"
    )
    project.path("others").mkdir()
    return project.path("others")


def take_in(project: Project, format_: str, *words: str) -> Result:
    options = ["--annotator", "anna", "--corpus", "new", "--map", "map.yaml", "--report", "json"]
    return project.annotate("import", "others", "--format", format_, *options, *words)


def codes(result: Result) -> list[str]:
    return [line["code"] for line in map(json.loads, result.stdout.splitlines()) if "code" in line]


def taken(project: Project, name: str) -> Annotation:
    return Corpus(project.path("new")).read_annotation("anna", name)
