"""Names as people see them, in a real browser: any script, without hotkeys, many of them; the server has the ids."""

import browser
import pytest
from playwright.sync_api import Page

from annotate.labelstudio.projects import annotator_title, require_project
from tests.browser import SCREENS
from tests.labelstudio.team import Team
from tests.names import SHOWN_LABELS, show_names

pytestmark = pytest.mark.browser

ON_SCREEN = {name: shown.replace("$", "$\u2060") for name, shown in SHOWN_LABELS.items()}
MANY = 60
"""More labels than there are keys."""


def show_many_names(team: Team) -> None:
    """Give names of the made-up inventory other forms, and add labels without a hotkey."""
    show_names(team.project.schema)
    path = team.project.schema / "labels.yaml"
    more = "".join(
        f"  Kind{number}: {{layer: cargo, shown_as: '货物 {number}', definition: A kind., guideline: cargo.md}}\n"
        for number in range(MANY - 2)
    )
    text = path.read_text("utf-8")
    path.write_text(text.replace("\nattributes:", f"{more}\nattributes:", 1), "utf-8")


def begin(team: Team, page: Page) -> None:
    project = require_project(team.studio, team.state, annotator_title(team.title, "ben"))
    browser.open_stream(page, team.studio.url, project.id)
    page.keyboard.press("Escape")


def test_names_of_any_script_are_labelled_and_stored_by_their_ids(team: Team) -> None:
    show_many_names(team)
    team.run("people", "add", "ben")
    team.run("assign", "ben", "--articles", "harbour")
    login = team.logins()["ben"]
    with browser.signed_in(team.studio.url, login.email, login.password) as page:
        begin(team, page)
        page.locator("summary").first.wait_for(state="hidden")
        for shown in ON_SCREEN.values():
            assert browser.reachable(page.locator(".head .lsf-label", has_text=shown)), shown
        page.screenshot(path=SCREENS / "many-labels.png")
        browser.label(page, "1", "a hand")
        browser.label_by_mouse(page, ON_SCREEN["Verb"], "added")
        browser.label_by_mouse(page, ON_SCREEN["Load"], "40 crates")
        page.locator(".head .lsf-label", has_text="货物 57").click()
        browser.drag(page, "pier")
        page.keyboard.press("Escape")
        browser.choose(page, "a hand", "Deck-hand 2")
        browser.choose(page, "40 crates", "exact")
        browser.click_words(page, "40 crates")
        assert page.locator(".side h4:visible", has_text="Weight, t").count() == 1
        for field, value in enumerate(("-2.75", "40", "40")):
            page.locator(".side input[type=number]:visible").nth(field).fill(value)
        page.screenshot(path=SCREENS / "shown-names.png")
        page.keyboard.press("Escape")
        browser.submit(page)
        project = require_project(team.studio, team.state, annotator_title(team.title, "ben"))
        (task,) = team.studio.list_tasks(project.id)
        browser.open_task(page, team.studio.url, project.id, task["id"])
        listed = page.locator(".lsf-outliner-item__title").all_inner_texts()
        assert {words.partition("\n")[0] for words in listed} == {*ON_SCREEN.values(), "货物 57"}
        browser.click_words(page, "a hand")
        assert page.locator(".side label:visible").filter(has_text="Deck-hand 2").locator("input").is_checked()
    pulled = team.project.annotate("studio", "pull", "--dir", str(team.state.folder), "--title", project.title)
    assert pulled.exit_code == 0, pulled.output
    spans = team.corpus.read_annotation("ben", "harbour").spans
    assert [(span.label, span.text, span.attributes) for span in spans] == [
        ("Load", "40 crates", {"weight": -2.75, "wording": "exact", "least": 40, "most": 40}),
        ("Speaker", "a hand", {"rank": "hand"}),
        ("Verb", "added", {}),
        ("Kind57", "pier", {}),
    ]
