"""`annotate studio pull --fix` on a real server: offsets are counted by diagnosis, and fixed only on request."""

import re

import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop
from tests.strategies import to_utf16

pytestmark = pytest.mark.server


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    return Loop(project, started, studio)


def test_pull_counts_diagnoses_and_fixes_on_request(loop: Loop) -> None:
    loop.push()
    text = loop.corpus.read_text("harbour")
    items = [item for item in loop.items("harbour") if item["type"] == "labels"]
    # One offset in each unit, as after a drag, of a region after an emoji.
    moved = next(item for item in items if to_utf16(text, item["value"]["start"]) != item["value"]["start"])
    before = moved["value"]["end"]
    moved["value"]["end"] = to_utf16(text, before)
    loop.submit("harbour", items)
    left = loop.annotate("pull", "--annotator", "anna")
    assert left.exit_code == 1
    assert f"offsets: {len(items) - 1} code points, 1 hybrid" in left.stdout
    assert "repeat the command with --fix" in left.stderr
    commands = loop.annotate("pull", "--all", "--format", "github")
    assert commands.exit_code == 1
    assert re.search(r"^::error file=\S+,title=L2\d\d::", commands.stdout, re.MULTILINE)
    assert not re.search(r"^[^:]+: L2\d\d ", commands.output, re.MULTILINE)
    assert moved["id"] not in {span.id for span in loop.corpus.read_annotation("anna", "harbour").spans}
    fixed = loop.annotate("pull", "--fix")
    assert fixed.exit_code == 0, fixed.output
    assert "L211" in fixed.stderr
    ends = {span.id: span.end for span in loop.corpus.read_annotation("anna", "harbour").spans}
    assert ends[moved["id"]] == before
