"""Migration files."""

from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.migration.steps import load_migration


def test_broken_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("from: 1.0.0\nfrom: 1.0.0\n")
    with pytest.raises(CannotRun, match="appears twice"):
        load_migration(path)
