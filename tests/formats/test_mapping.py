"""Maps: faults are named with their location, and the documented one is valid."""

import re
from pathlib import Path

from annotate.formats import mapping
from annotate.inventory import Inventory
from tests.conftest import ROOT


def test_documented_map_fits_the_inventory(labels: Inventory, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "interchange.md").read_text()
    (block,) = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "map.yaml").write_text(block)
    assert set(mapping.load_map(tmp_path / "map.yaml", labels).events) == {"Say"}
