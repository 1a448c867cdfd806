"""The findings on a corpus do not depend on the number of processes, nor on how many files are checked at once."""

import pytest

from annotate.checks import check, runner
from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from tests.conftest import BASE, ROOT


def test_findings_are_the_same_with_several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CHUNK", 1)
    corpus, inventory = Corpus(ROOT / "corpus"), load_inventory(BASE / "schema")
    alone = list(check(corpus, inventory))
    assert len(alone) > 100
    assert list(check(corpus, inventory, workers=2)) == alone


@pytest.mark.parametrize("bytes_", [0, 20_000], ids=["one by one", "some together"])
def test_findings_are_the_same_whatever_is_looked_at_together(bytes_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, inventory = Corpus(ROOT / "corpus"), load_inventory(BASE / "schema")
    together = list(check(corpus, inventory))
    monkeypatch.setattr(runner, "BATCH_BYTES", bytes_)
    assert list(check(corpus, inventory)) == together
