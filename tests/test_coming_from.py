"""The commands of docs/coming-from.md run on the files that the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from annotate.drafts.ids import assign_ids
from tests.conftest import ROOT

PAGE = (ROOT / "docs/coming-from.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_of_a_section_work(section: str, tmp_path: Path) -> None:
    """A block with a path is a file; a block of `sh` begins in the folder of the section."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    blocks = BLOCK.findall(SECTIONS[section])
    assert any(language == "sh" for language, *_ in blocks)
    for language, file, text in blocks:
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text, encoding="utf-8")
        elif language == "sh":
            words = ["bash", "-e", "-c", text]
            done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{text}: {done.stdout}{done.stderr}"


def test_ids_of_the_page_are_those_that_are_made() -> None:
    assert assign_ids(["地点"], "label") == {"地点": "DeDian"}
    assert assign_ids(["How sure?"], "attribute") == {"How sure?": "how_sure"}
