"""Compare a large project with the corpus, a page at a time."""

import pytest

from annotate.labelstudio import client
from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop


@pytest.mark.server
def test_compare_by_page(project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(project, started, studio)
    loop.push()
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    found = require_project(studio, loop.state, loop.title)
    seen: list[tuple[int, int]] = []
    tasks = list(studio.iterate_tasks(found.id, lambda done, total: seen.append((done, total)), "id,data"))
    assert seen == [(1, 2), (2, 2)]
    assert not any("annotations" in task or "predictions" in task for task in tasks)

    assert loop.annotate("compare").stdout.splitlines()[0] == "articles: 2 equal, 0 different"
    studio.import_tasks(
        found.id,
        [
            {"data": {"text": "x", "article": "harbour", "notice": ""}},
            {"data": {"text": "x", "article": "other", "notice": ""}},
        ],
    )
    differs = loop.annotate("compare")
    assert differs.exit_code == 1
    assert "harbour: the server has 2 tasks" in differs.stdout
    assert "the server has a task of no article of the corpus (other)" in differs.stdout
