"""The format in docs/how-to/add-an-import-format.md works as it is printed there."""

import re
import tempfile
import types
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings

from annotate.formats.document import Format, LabelledArticle, SpanItem, UnreadableItem
from annotate.formats.export import export_part
from tests.conftest import ROOT
from tests.formats.strategies import documents
from tests.formats.test_round_trip import LABELS


@pytest.fixture(scope="module")
def tsv() -> Format:
    page = (ROOT / "docs" / "how-to" / "add-an-import-format.md").read_text("utf-8")
    source = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
    module = types.ModuleType("annotate.formats.tsv")
    exec(compile(source, "tsv.py", "exec"), vars(module))  # noqa: S102 - the page is our own
    return cast("Format", module)


def test_documents_come_back(tsv: Format) -> None:
    @settings(max_examples=60, deadline=None)
    @given(documents(LABELS))
    def come_back(document: LabelledArticle) -> None:
        with tempfile.TemporaryDirectory() as folder:
            ledger = export_part(tsv, "tsv", Path(folder), [document], LABELS, "anna")
        assert ledger.clean, ledger
        assert {kind for kind in ("text", "span") if ledger.facts.get(kind) and ledger.facts[kind].declared} == set()

    come_back()


def test_faults_are_findings(tsv: Format, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Anna waits.")
    (tmp_path / "a.tsv").write_text(f"\ufeffa\tPER\t0\t4\nb\tPER\nc\tPER\t0\t{'9' * 5000}\n")
    (tmp_path / "b.txt").write_text("Ben waits.")
    (tmp_path / "c.txt").write_text("Cleo waits.")
    (tmp_path / "c.tsv").write_bytes(b"\xff")
    (tmp_path / "d.tsv").write_text("a\tPER\t0\t4\n")
    read = list(tsv.read(tmp_path, LABELS))
    assert [document.refusal.code if document.refusal else None for document in read] == [None, "F102", "F103", "F101"]
    span, *others = read[0].items
    assert isinstance(span, SpanItem)
    assert span.ref == "a"
    assert [isinstance(item, UnreadableItem) for item in others] == [True, True]
