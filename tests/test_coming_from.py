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


OWN_INVENTORY = "An inventory of your own"
"""The section with the corpus that sections without `annotate init` go on with."""


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_of_a_section_work(section: str, tmp_path: Path) -> None:
    """A block with a path is a file; a block of `sh` begins in the folder of the section."""
    commands = [text for language, _, text in BLOCK.findall(SECTIONS[section]) if language == "sh"]
    assert commands
    begins_anew = any("annotate init " in text for text in commands)
    for name in [section] if begins_anew else [OWN_INVENTORY, section]:
        run_blocks(SECTIONS[name], tmp_path)


def run_blocks(text: str, folder: Path) -> None:
    """Write the files of a section and run its commands, in their order."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for language, file, block in BLOCK.findall(text):
        if file:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(block, encoding="utf-8")
        elif language == "sh":
            words = ["bash", "-e", "-c", block]
            done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"


def test_parts_that_the_page_leads_to_exist() -> None:
    titles = re.findall(r"^###? (.+)$", PAGE, re.MULTILINE)
    anchors = {title.lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


def test_ids_of_the_page_are_those_that_are_made() -> None:
    assert assign_ids(["地点"], "label") == {"地点": "DeDian"}
    assert assign_ids(["How sure?"], "attribute") == {"How sure?": "how_sure"}
