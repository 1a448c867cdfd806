"""Findings in a real browser: the box above the article, the tab of the list of tasks, and the summary page."""

import browser
import pytest
from contrast import contrasts
from playwright.sync_api import sync_playwright

from annotate.labelstudio.projects import annotator_title, require_project
from annotate.service.advice import Point
from annotate.service.pages import TaskSummary, render_pages
from annotate.service.watcher import TAB
from tests.browser import SCREENS
from tests.browser.conftest import SHOWN
from tests.browser.test_colours import READABLE
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


def test_the_summary_page_fits_any_width_and_is_readable_in_both_modes() -> None:
    """Titles and words may have no place to break; on paper, the page is light."""
    long = Point("R105", "q" * 80, "m" * 80, "g" * 80)
    tasks = [TaskSummary(title, "http://127.0.0.1/projects/1/data?task=1", [long]) for title in ("Harbour", "w" * 200)]
    html = render_pages({"ben": tasks}, "Port news")["ben.html"].decode("utf-8")
    SCREENS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
        page = chromium.new_page()
        page.set_content(html)
        for scheme, media in (("light", "screen"), ("dark", "screen"), ("dark", "print")):
            page.emulate_media(color_scheme=scheme, media=media)  # type: ignore[arg-type]
            for width in (1280, 720, 420):
                page.set_viewport_size({"width": width, "height": 700})
                assert page.evaluate("document.documentElement.scrollWidth") == width
            found = contrasts(page, "body")
            assert found[0].ratio >= READABLE, (scheme, media, found[0])
            is_dark = [one.ground < 0.18 for one in found]
            assert is_dark == [(scheme, media) == ("dark", "screen")] * len(found)
            page.screenshot(path=SCREENS / f"findings-page-{scheme}-{media}.png")
        chromium.close()
