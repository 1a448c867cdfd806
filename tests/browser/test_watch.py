"""Findings in a real browser: the box above the article, the tab of the list of tasks, and the summary page."""

import browser
import pytest

from annotate.labelstudio.projects import annotator_title, require_project
from annotate.service.watcher import TAB
from tests.browser import SCREENS
from tests.browser.conftest import SHOWN
from tests.labelstudio.team import VERB, Team

pytestmark = pytest.mark.browser

LOAD = {
    "id": "l",
    "from_name": "cargo",
    "to_name": "text",
    "type": "labels",
    "value": {"start": 24, "end": 33, "text": "40 crates", "labels": ["Load"]},
}


def test_an_annotator_sees_what_to_look_at(team: Team) -> None:
    team.run("people", "add", "ben")
    team.run("assign", "ben")
    team.work("ben", "harbour", "annotations/", [VERB, LOAD])
    done = team.annotate("watch", "--once")
    assert done.exit_code == 0, done.output
    login = team.logins()["ben"]
    project = require_project(team.studio, team.state, annotator_title(team.title, "ben"))
    (task,) = (task for task in team.studio.list_tasks(project.id) if task["data"]["article"] == "harbour")
    with browser.signed_in(team.studio.url, login.email, login.password) as page:
        page.goto(f"{team.studio.url}/projects/{project.id}/data?task={task['id']}")
        box = page.locator(".notice details")
        box.wait_for()
        words = box.inner_text()
        assert "said" in words
        assert f"Draw the relation ‘{SHOWN['words']}’ from it" in words
        assert "Speech" in words
        page.wait_for_timeout(1500)
        page.screenshot(path=SCREENS / "findings-box.png")

        page.goto(f"{team.studio.url}/projects/{project.id}/data")
        page.get_by_text(TAB, exact=True).first.click()
        page.get_by_text("Tasks: 1 / 2").wait_for()
        page.screenshot(path=SCREENS / "findings-tab.png")

        page.set_content((team.state.folder / "findings" / "ben.html").read_text("utf-8"))
        assert page.get_by_role("link").get_attribute("href") == (
            f"{team.studio.url}/projects/{project.id}/data?task={task['id']}"
        )
        page.screenshot(path=SCREENS / "findings-page.png")
