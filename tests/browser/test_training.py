"""Training in a real browser: no gold before the text is submitted, the differences above it afterwards; a doubt."""

import browser
import pytest

from annotate.labelstudio.projects import require_project, training_title
from tests.browser import SCREENS
from tests.labelstudio.team import Team
from tests.service.practice import write_practice

pytestmark = pytest.mark.browser

NOTE = "Or is the hand too vague to be a speaker?"


def test_an_annotator_practises(team: Team) -> None:
    write_practice(team.project)
    team.run("people", "add", "ben")
    team.run("train", "ben")
    project = require_project(team.studio, team.state, training_title(team.title, "ben"))
    login = team.logins()["ben"]
    with browser.signed_in(team.studio.url, login.email, login.password) as page:
        (task,) = team.studio.list_tasks(project.id)
        browser.open_task(page, team.studio.url, project.id, task["id"])
        assert page.locator(".notice summary").count() == 0
        browser.label(page, "1", "A hand")
        browser.click_words(page, "A hand")
        page.locator(".side label:visible", has_text="master").click()
        page.screenshot(path=SCREENS / "training-region.png")
        page.locator("[aria-label*='meta' i]").first.click()
        page.locator("textarea:visible").last.fill(NOTE)
        page.locator("textarea:visible").last.press("Enter")
        page.screenshot(path=SCREENS / "doubt.png")
        browser.label(page, "2", "said")
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(2000)
        assert "ben: practice-barrels, " in team.run("train", "--review").stdout
        browser.open_task(page, team.studio.url, project.id, task["id"])
        page.locator(".notice summary").wait_for()
        page.screenshot(path=SCREENS / "training.png")
        shown = page.locator(".notice").inner_text()
    assert "differences from gold" in shown
    assert "Speaker “A hand” (rank: master)" in shown
    assert "Speaker “A hand” (rank: hand)" in shown
    (task,) = team.studio.list_tasks(project.id)
    notes = [item["meta"] for item in task["annotations"][0]["result"] if item.get("meta")]
    assert notes[0] == {"text": [NOTE]}
