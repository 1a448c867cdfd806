"""Documents that are written in a format and read back are unchanged, except for declared losses."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from annotate import inventory
from annotate.corpus import Corpus
from annotate.formats import FORMATS, load_format
from annotate.formats.document import LabelledArticle
from annotate.formats.export import DocumentReader, export_documents, export_part
from annotate.formats.ledger import Ledger
from annotate.inventory import Inventory
from tests.conftest import BASE
from tests.formats.strategies import documents
from tests.names import named_inventory

LABELS = inventory.load_inventory(BASE / "schema")
CARRIED = {
    "brat": {"text", "span", "id", "attribute", "note", "relation"},
    "xmi": {"text", "span", "id", "attribute", "note", "relation"},
    "jsonl": {"text", "span", "id", "attribute", "note", "relation", "who"},
    "docbin": {"text"},
    "bio": set[str](),
}
"""What each format carries whole, whatever the document."""
LOST = {"brat": {"metadata", "who"}, "xmi": {"metadata", "who"}, "docbin": {"metadata", "who"}, "jsonl": {"metadata"}}
"""What formats that carry all labels of the real corpus lose of it."""
EXAMPLES = {"xmi": 80, "jsonl": 200, "docbin": 60}
"""Number of random documents for each format; 150 for the others."""


def ledger_of(format_: str, document: LabelledArticle, labels: Inventory = LABELS) -> Ledger:
    with tempfile.TemporaryDirectory() as folder:
        return export_part(load_format(format_), format_, Path(folder), [document], labels, "anna")


@pytest.mark.parametrize(("labels", "share"), [(LABELS, 1), (named_inventory(), 2)], ids=["base", "named"])
@pytest.mark.parametrize("format_", FORMATS)
def test_random_documents_come_back(format_: str, labels: Inventory, share: int) -> None:
    @settings(
        max_examples=EXAMPLES.get(format_, 150) // share, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(documents(labels))
    def come_back(document: LabelledArticle) -> None:
        ledger = ledger_of(format_, document, labels)
        assert ledger.clean, ledger
        for kind in CARRIED.get(format_, set()) & ledger.facts.keys():
            line = ledger.facts[kind]
            assert (line.exported, line.declared) == (line.carried, {}), (kind, ledger)

    come_back()


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("annotator", ["gold", "reader-1", "reader-2", "reader-3", "reader-4"])
def test_the_real_corpus_comes_back(
    format_: str, annotator: str, corpus: Corpus, labels: Inventory, tmp_path: Path
) -> None:
    names = corpus.annotated_ids(annotator)
    ledger = export_documents(format_, tmp_path / "out", names, DocumentReader(corpus, annotator, labels))
    assert ledger.clean, ledger
    assert ledger.documents == len(names) >= 1
    lost = {kind for kind, line in ledger.facts.items() if line.declared}
    assert lost == LOST.get(format_, lost)
    assert ledger.facts["span"].carried > 0
    if format_ == "bio":
        assert {"id", "attribute", "relation"} <= lost
