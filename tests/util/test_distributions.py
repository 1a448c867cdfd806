"""Another distribution with our import name is named in one line."""

import sys
from pathlib import Path

import pytest

from annotate.util.distributions import find_name_clash


def install(folder: Path, name: str, file: str) -> None:
    # The file has to exist: Python 3.12 and importlib_metadata, which dask brings, leave missing files out.
    (folder / file).parent.mkdir()
    (folder / file).touch()
    info = folder / f"{name}-9.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.1\n")
    (info / "RECORD").write_text(f"{file},,\n")


def test_without_another_distribution_there_is_nothing_to_say() -> None:
    assert find_name_clash() is None


@pytest.mark.parametrize(("file", "clashes"), [("annotate/__init__.py", True), ("other/__init__.py", False)])
def test_the_other_distribution_is_named_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, clashes: bool
) -> None:
    install(tmp_path, "annotate", file)
    monkeypatch.syspath_prepend(str(tmp_path))
    line = find_name_clash()
    assert (line is not None) == clashes
    assert "annotate" in sys.modules
    if line:
        assert line.startswith("the distribution annotate 9.1 ")
        assert "\n" not in line
