"""The labelling screen with this corpus: gold is shown, and all words are readable in light and dark mode."""

import browser
import pytest
from contrast import contrasts
from playwright.sync_api import Page

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.labelstudio import push, server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.instructions import render_instructions
from annotate.labelstudio.predictions import corpus_predictions
from annotate.labelstudio.push_plan import PushRequest
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.state import State
from tests.browser import ROOT, SCREENS
from tests.labelstudio.loop import TITLES

pytestmark = pytest.mark.browser
STORE = "window.Htx.annotationStore.selected"
PARTS = (".head", ".side", ".reading .lsf-htx-richtext", ".relations-overlay", ".lsf-outliner", ".lsf-detailed-region")
READABLE = 4.5
"""The contrast that the Web Content Accessibility Guidelines 2.2 ask of a text (level AA)."""

HIDDEN = 2
"""How many pixels of a line may lie under the words on an arrow: less than its letters leave free."""


def readable(page: Page, part: str, dark: bool) -> None:
    """All words of a part have the contrast, on a ground that is dark in the dark mode only."""
    found = contrasts(page, part)
    assert found, part
    assert found[0].ratio >= READABLE, (part, dark, found[:3])
    darker = sum(one.ground < 0.18 for one in found)  # the luminance of middle grey
    assert (darker > len(found) / 2) == dark or part == ".relations-overlay", (part, dark, found)


def test_gold_is_shown_and_all_words_are_readable(started: State, corpus: Corpus, labels: Inventory) -> None:
    login, article = server.load_credentials(started), corpus.article_ids()[0]
    gold = corpus.read_annotation("gold", article)
    SCREENS.mkdir(parents=True, exist_ok=True)
    with Studio(find_server(started)) as studio:
        request = PushRequest(
            corpus=corpus,
            inventory=labels,
            article_ids=corpus.article_ids(),
            predictions=corpus_predictions(corpus, labels),
            title=next(TITLES),
            instructions=render_instructions(ROOT / "guidelines", labels),
        )
        done = push.push(studio, started, request)
        tasks = {str(article_id_of(task)): task["id"] for task in studio.list_tasks(done.project.id)}
        with browser.signed_in(studio.url, login.username, login.password) as page:
            browser.open_task(page, studio.url, done.project.id, tasks[article])
            page.wait_for_selector(".htx-highlight")
            assert page.evaluate(f"{STORE}.regions.length") == len(gold.spans)
            assert page.evaluate(f"{STORE}.relationStore.relations.length") == len(gold.relations)
            words = {relation.display_name for relation in labels.relations.values()}
            shown = set(page.locator(".relations-overlay text").all_text_contents())
            assert shown == {labels.relations[one.label].display_name for one in gold.relations} <= words
            assert browser.covered(page) <= HIDDEN
            span = max(gold.spans, key=lambda span: len(span.attributes))
            for mode in ("light", "dark"):
                if mode == "dark":
                    page.keyboard.press("Escape")
                    browser.dark(page)
                # A selected region is drawn over; the text is measured as it is read.
                readable(page, ".reading .lsf-htx-richtext", mode == "dark")
                browser.select_region(page, span.id)
                for part in PARTS:
                    if part != ".reading .lsf-htx-richtext":
                        readable(page, part, mode == "dark")
                values = page.locator(".side label:visible").all_inner_texts()
                for value in (value for value in span.attributes.values() if isinstance(value, str)):
                    assert any(value in text for text in values), value
                page.screenshot(path=SCREENS / f"labelling-{mode}.png")
            page.get_by_role("button", name="Instructions").click()
            page.locator("summary").first.wait_for()
            for label in labels.spans:
                assert page.locator("summary", has_text=label).count() >= 1
            page.locator("summary").nth(1).click()
            readable(page, ".guidelines", dark=True)
            page.screenshot(path=SCREENS / "instructions-dark.png")
