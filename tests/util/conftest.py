"""Shared by the tests of files and of folders."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files, folders, hidden names and links, as a clone may have them."""
    for name in ("b.json", "a.b.json", "a.txt", ".hidden.json", "deep/c.json", ".in/d.json", "é\n.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "again").symlink_to(tmp_path / "deep", target_is_directory=True)
    (tmp_path / "link.json").symlink_to("b.json")
    (tmp_path / "broken.json").symlink_to("nowhere")
    return tmp_path
