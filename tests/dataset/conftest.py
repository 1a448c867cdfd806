"""Shared by the tests of the dataset: a second made-up inventory, and `datasets` with a temporary cache."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotate import inventory
from annotate.inventory import Inventory

Load = Callable[..., Any]


@pytest.fixture(scope="session")
def zoo() -> Inventory:
    return inventory.load_inventory(Path(__file__).parent / "zoo")


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """`datasets.load_dataset`, quiet, with no network and with a cache of its own."""
    import datasets

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
        datasets.disable_progress_bars()
        theirs = datasets.load_dataset

        def loaded(*words: str, **options: Any) -> Any:
            return theirs(*words, cache_dir=str(tmp_path / "cache"), **options)

        yield loaded
