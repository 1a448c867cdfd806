"""Maps: faults are named with their location, and the documented one is valid."""

import re
from pathlib import Path

from annotate.inventory import Inventory
from annotate.label_map import load_map
from tests.conftest import ROOT


def test_documented_map_fits_the_inventory(labels: Inventory, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "interchange.md").read_text()
    (block,) = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "map.yaml").write_text(block)
    assert set(load_map(tmp_path / "map.yaml", labels).events) == {"Say"}
