"""Marked spans bring others onto the screen: as an annotator sees it, and as the corpus then says who made them."""

from collections.abc import Iterator
from contextlib import contextmanager

import browser
import pytest
from playwright.sync_api import Page

from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.service.screens import DRAFT_DELAY
from tests.browser import SCREENS
from tests.browser.conftest import SHOWN
from tests.labelstudio.team import Team
from tests.service.test_related_spans import add_labelled

pytestmark = pytest.mark.browser

TEXT = """The harbour master said 20 crates lie at West Quay.
A hand said 5 carts lie at Old Quay.
All said: nothing was said."""
CONTENT, MASTER = "20 crates lie at West Quay", "The harbour master"


@contextmanager
def suggesting(team: Team, *words: str) -> Iterator[None]:
    """Serve suggestions in the background meanwhile."""
    folder = ("--dir", str(team.state.folder))
    started = team.project.annotate("studio", "suggest", "--background", *words, *folder)
    assert started.exit_code == 0, started.output
    try:
        yield
    finally:
        assert team.project.annotate("studio", "suggest", "--stop", *folder).exit_code == 0


def list_regions(page: Page) -> list[tuple[str, str, str]]:
    """Return the label, words and origin of each region on the screen."""
    items = page.evaluate("window.Htx.annotationStore.selected.serializeAnnotation()")
    return [
        (item["value"]["labels"][0], item["value"]["text"], item["origin"])
        for item in items
        if item["type"] == "labels"
    ]


def wait_for_regions(page: Page, count: int) -> None:
    """Wait until so many regions are on the screen."""
    page.wait_for_function(
        """count => window.Htx.annotationStore.selected.serializeAnnotation()
          .filter(item => item.type === 'labels').length === count""",
        arg=count,
    )


def wait_for_empty_draft(page: Page, studio: Studio, project_id: int) -> None:
    """Wait until the server has no region in the drafts of a project; a page saves its draft within five seconds."""
    for _ in range(120):
        drafts = [draft for task in studio.iterate_tasks_with_drafts(project_id) for draft in task["drafts"]]
        if not any(draft["result"] for draft in drafts):
            return
        page.wait_for_timeout(500)
    pytest.fail("the draft still has regions after a minute")


def test_marked_spans_bring_others(team: Team) -> None:
    """A marked verb brings its speaker, its words, and the other verbs; one undo takes all back."""
    add_labelled(team.project)
    team.project.path("day.txt").write_text(TEXT)
    assert team.project.annotate("add", "day.txt", "--title", "A day").exit_code == 0
    team.run("people", "add", "ben")
    team.run("assign", "ben", "--articles", "day", "--no-check")
    title = annotator_title(team.title, "ben")
    login = team.logins()["ben"]
    errors: list[str] = []
    helped = ("--assist", "related", "--assist", "occurrences", "--title", title)
    with suggesting(team, *helped), browser.signed_in(team.studio.url, login.email, login.password) as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        project = require_project(team.studio, team.state, title).id
        browser.open_stream(page, team.studio.url, project)
        page.locator("summary").first.wait_for()
        page.keyboard.press("Escape")
        page.locator("summary").first.wait_for(state="hidden")
        browser.label(page, "2", "said")  # without the switch, nothing is added
        page.wait_for_timeout(1000)
        assert list_regions(page) == [("Verb", "said", "manual")]
        page.keyboard.press("Control+z")
        page.get_by_text("Auto-Annotation").click()
        browser.label_by_mouse(page, "Verb", "said", 2)  # the switch has the focus, and takes no hotkeys of labels
        wait_for_regions(page, 6)
        page.screenshot(path=SCREENS / "assisted.png")
        assert sorted(list_regions(page)) == [
            ("Speaker", "A hand", "prediction"),
            ("Verb", "said", "manual"),
            *[("Verb", "said", "prediction")] * 3,
            ("Words", "5 carts lie at Old Quay", "prediction"),
        ]
        assert page.locator(f"{browser.TEXT} span[class*=htx-highlight]").count() >= 6
        browser.click_words(page, "said", 3)
        page.keyboard.press("Backspace")
        wait_for_regions(page, 5)
        page.wait_for_timeout(1500)
        wait_for_regions(page, 5)  # what was deleted does not come back
        for count in (6, 0):  # one undo for the deletion, and one for the marked span with all that it brought
            page.keyboard.press("Control+z")
            wait_for_regions(page, count)
        wait_for_empty_draft(page, team.studio, project)  # an undo is seen when the page has saved its draft
        page.wait_for_timeout(1000 * (DRAFT_DELAY + 2))
        browser.label(page, "3", CONTENT)
        wait_for_regions(page, 3)  # the verb, and through it the speaker
        page.mouse.move(700, 700)
        shown = page.locator(".relations-overlay text")
        shown.first.wait_for()
        assert shown.all_text_contents() == [SHOWN["speaker"]]
        browser.relate(page, "said", CONTENT, SHOWN["words"])
        page.mouse.move(700, 700)
        page.wait_for_timeout(500)
        page.screenshot(path=SCREENS / "assisted-related.png")
        browser.submit(page)
    assert not errors
    pulled = team.project.annotate("studio", "pull", "--dir", str(team.state.folder), "--title", title)
    assert pulled.exit_code == 0, pulled.output
    assert "L108" not in pulled.output
    made = team.corpus.read_annotation("ben", "day")
    assert (made.process, made.made_from, made.origins) == ("corrected", ("tagger",), {"manual": 1, "prediction": 2})
    words = {span.id: span.text for span in made.spans}
    assert sorted(words.values()) == sorted([MASTER, "said", CONTENT])
    assert {(relation.label, words[relation.head], words[relation.tail]) for relation in made.relations} == {
        ("speaker", "said", MASTER),
        ("words", "said", CONTENT),
    }
    # The config is the one that was pushed: a later push sees no change by others.
    pushed = team.project.annotate(
        "studio", "push", "--dir", str(team.state.folder), "--title", title, "--plan", "--no-check"
    )
    assert pushed.exit_code == 0, pushed.output
