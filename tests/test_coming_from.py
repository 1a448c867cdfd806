"""The commands of docs/how-to/coming-from.md run on the files that the page shows."""

import re
from pathlib import Path

import pytest

from annotate.drafts.ids import assign_ids
from tests.conftest import ROOT
from tests.docs_blocks import PageRunner, list_sections, make_environment, read_section

PATH = ROOT / "docs/how-to/coming-from.md"
PAGE = PATH.read_text("utf-8")

OWN_INVENTORY = "An inventory of your own"
"""The section with the corpus that sections without `annotate init` go on with."""


@pytest.mark.parametrize("section", list_sections(PATH))
def test_commands_of_a_section_work(section: str, tmp_path: Path) -> None:
    """A block of `sh` begins in the folder of the section."""
    commands = [block.text for block in read_section(PATH, section) if block.language == "sh"]
    assert commands
    begins_anew = any("annotate init " in text for text in commands)
    folder = tmp_path / "work"
    folder.mkdir()
    environment = make_environment(tmp_path / "home")
    for name in [section] if begins_anew else [OWN_INVENTORY, section]:
        for block in read_section(PATH, name):
            PageRunner(folder, environment).run_page([block])


def test_parts_that_the_page_leads_to_exist() -> None:
    titles = re.findall(r"^###? (.+)$", PAGE, re.MULTILINE)
    anchors = {title.lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


def test_ids_of_the_page_are_those_that_are_made() -> None:
    assert assign_ids(["地点"], "label") == {"地点": "DeDian"}
    assert assign_ids(["How sure?"], "attribute") == {"How sure?": "how_sure"}
