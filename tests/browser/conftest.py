"""One real Label Studio server for all tests in the browser, and a team with a made-up corpus on it."""

from collections.abc import Iterator

import pytest

from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.state import State
from tests.browser import SCREENS
from tests.conftest import Project
from tests.labelstudio.team import Team

SHOWN = {"speaker": "who says it", "words": "what is said", "lies_at": "where it lies"}
"""What the made-up corpus calls its relations on the screen."""


def show_relations_in_words(project: Project) -> None:
    """Let the inventory call its relations by words on the screen."""
    for name, words in SHOWN.items():
        project.replace("schema/labels.yaml", f"\n  {name}:\n", f"\n  {name}:\n    shown_as: {words}\n")


@pytest.fixture
def team(project: Project, started: State) -> Iterator[Team]:
    """Its inventory has its relations in words, and there are guidelines to read."""
    show_relations_in_words(project)
    folder = project.path("guidelines")
    folder.mkdir()
    (folder / "speech.md").write_text("# Speech\n\nA Verb is the word of saying, and *no more*.\n")
    (folder / "cargo.md").write_text("# Cargo\n\nCount what is counted.\n")
    SCREENS.mkdir(parents=True, exist_ok=True)
    with Studio(find_server(started)) as studio:
        yield Team(project, started, studio)
