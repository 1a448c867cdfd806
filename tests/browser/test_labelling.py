"""Labelling in a real browser: labels set by mouse and hotkey and submitted are pulled unchanged."""

import browser
import pytest
from playwright.sync_api import Page

from annotate.labelstudio.projects import annotator_title, require_project
from annotate.model import Annotation
from tests.browser import SCREENS
from tests.browser.conftest import SHOWN
from tests.labelstudio.team import Team

pytestmark = pytest.mark.browser


def begin(team: Team, page: Page, annotator: str) -> None:
    """Open the annotator's own project as they would."""
    made = require_project(team.studio, team.state, annotator_title(team.title, annotator))
    browser.open_stream(page, team.studio.url, made.id)


def pull(team: Team, annotator: str) -> None:
    folder, title = str(team.state.folder), annotator_title(team.title, annotator)
    done = team.project.annotate("studio", "pull", "--dir", folder, "--title", title)
    assert done.exit_code == 0, done.output


def relations(of: Annotation) -> set[tuple[str, str, str]]:
    """The relations of an annotation by the words of their ends."""
    words = {span.id: span.text for span in of.spans}
    return {(one.label, words[one.head], words[one.tail]) for one in of.relations}


def test_an_annotator_labels_an_article(team: Team) -> None:
    """The words labelled with mouse and keyboard, after an emoji as well, are those of the pulled annotation."""
    team.run("people", "add", "ben")
    team.run("assign", "ben", "--articles", "harbour")
    login = team.logins()["ben"]
    with browser.signed_in(team.studio.url, login.email, login.password) as page:
        begin(team, page, "ben")
        # The guidelines stand before the article until they are put away.
        page.locator("summary", has_text="Speech").click()
        page.get_by_text("A Verb is the word of saying, and no more.").wait_for()
        page.screenshot(path=SCREENS / "instructions.png")
        page.keyboard.press("Escape")
        page.locator("summary").first.wait_for(state="hidden")

        browser.label(page, "1", "a hand")
        browser.label_by_mouse(page, "Verb", "added")
        browser.label(page, "3", '"at the pier"')
        browser.label_by_mouse(page, "Load", "40 crates")
        # Attributes show for the selected region alone: those of its label.
        values, numbers = page.locator(".side label:visible"), page.locator(".side input[type=number]:visible")
        assert (values.count(), numbers.count()) == (0, 0)
        for words, expected, fields in (
            ("added", [], 0),
            ("a hand", list(team.project.inventory.attributes["rank"].values), 0),
            ("40 crates", list(team.project.inventory.attributes["wording"].values), 2),
        ):
            browser.click_words(page, words)
            assert [text.partition("[")[0] for text in values.all_inner_texts()] == expected, words
            assert numbers.count() == fields, words
            page.keyboard.press("Escape")
        browser.choose(page, "a hand", "hand")
        browser.choose(page, "40 crates", "exact", 40, 40)
        browser.relate(page, "added", "a hand", SHOWN["speaker"])
        browser.relate(page, "added", '"at the pier"', SHOWN["words"])
        page.mouse.move(700, 700)
        page.wait_for_timeout(500)
        page.screenshot(path=SCREENS / "labelled-by-hand.png")
        shown = page.locator(".relations-overlay text").all_text_contents()
        assert sorted(shown) == sorted([SHOWN["speaker"], SHOWN["words"]])
        browser.submit(page)
    pull(team, "ben")
    found = team.corpus.read_annotation("ben", "harbour")
    assert [(span.label, span.start, span.text, span.attributes, span.note) for span in found.spans] == [
        ("Load", 24, "40 crates", {"wording": "exact", "least": 40, "most": 40}, ""),
        ("Speaker", 65, "a hand", {"rank": "hand"}, ""),
        ("Verb", 72, "added", {}, ""),
        ("Words", 79, '"at the pier"', {}, ""),
    ]
    assert relations(found) == {("speaker", "added", "a hand"), ("words", "added", '"at the pier"')}
    checked = team.project.annotate("check")
    assert checked.exit_code == 0, checked.output


def test_a_long_article_keeps_the_labels_in_view(team: Team) -> None:
    """Scrolled to the last words of 40,000 characters, the labels are where a mouse reaches them, and they work."""
    text = "".join(f"Line {number}: the crates of quay {number} were counted twice.\n" for number in range(800))
    team.project.path("long.txt").write_text(f"{text}The last barge left at dusk.\n")
    assert team.project.annotate("add", "long.txt", "--id", "long", "--title", "A long day").exit_code == 0
    team.run("people", "add", "ben")
    team.run("assign", "ben", "--articles", "long")
    login = team.logins()["ben"]
    with browser.signed_in(team.studio.url, login.email, login.password) as page:
        begin(team, page, "ben")
        page.keyboard.press("Escape")
        page.mouse.move(400, 500)
        for _ in range(200):
            if browser.words_in_view(page, "The last barge"):
                break
            page.mouse.wheel(0, 800)
            page.wait_for_timeout(50)
        assert browser.words_in_view(page, "The last barge")
        for name in team.project.inventory.spans:
            assert browser.reachable(page.locator(".head .lsf-label", has_text=name)), name
        browser.label_by_mouse(page, "Load", "The last barge")
        browser.click_words(page, "The last barge")
        assert browser.reachable(page.locator(".side label:visible").first)
        browser.choose(page, "The last barge", "vague")
        page.screenshot(path=SCREENS / "long-article.png")
        browser.submit(page)
    pull(team, "ben")
    (span,) = team.corpus.read_annotation("ben", "long").spans
    assert (span.label, span.text, span.start) == ("Load", "The last barge", len(text))
