"""A team whose labels are watched, with guidelines to name in what it is shown."""

import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.team import VERB, Team


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    folder = project.path("guidelines")
    folder.mkdir()
    (folder / "speech.md").write_text("# Who *speaks*\n\nA Verb is the word of saying.\n")
    (folder / "cargo.md").write_text("# Cargo\n\nCount.\n")
    return Team(project, started, studio)


@pytest.fixture
def anna(team: Team) -> Team:
    """Anna has a project of her own, and submitted a verb that no words belong to."""
    team.run("people", "add", "anna")
    team.run("assign", "anna")
    team.work("anna", "harbour", "annotations/", [VERB])
    return team
