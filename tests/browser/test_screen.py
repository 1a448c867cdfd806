"""The labelling screen with this corpus on a small window: room for the text, keys, handles, arrows, and no jumps."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import browser
import pytest
from playwright.sync_api import Page

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.labelstudio import push, server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.hotkeys import SHIFT, assign_hotkeys
from annotate.labelstudio.notices import NoticeItem, NoticeVersion, render_notice
from annotate.labelstudio.predictions import corpus_predictions
from annotate.labelstudio.push_plan import PushRequest
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.state import State
from annotate.model import Annotation
from tests.browser import SCREENS
from tests.browser.test_colours import HIDDEN
from tests.labelstudio.loop import TITLES

pytestmark = pytest.mark.browser
SMALL, USUAL = {"width": 1280, "height": 650}, {"width": 1440, "height": 900}
LINES = 12

# The tops of the lines of the text that are whole between the labels and the buttons, as the page is scrolled.
VISIBLE_LINES = """() => {
  const top = document.querySelector('.head').getBoundingClientRect().bottom;
  const bottom = document.querySelector('.lsf-bottombar').getBoundingClientRect().top;
  const range = document.createRange();
  range.selectNodeContents(document.querySelector('.reading .lsf-htx-richtext'));
  const inside = [...range.getClientRects()].filter((box) => box.width && box.top >= top && box.bottom <= bottom);
  const tops = inside.map((box) => box.top).sort((a, b) => a - b);
  return tops.filter((top, index) => index === 0 || top - tops[index - 1] > 5);
}"""
# Where each piece of the text is, without the handles.
PIECES = """() => {
  const walker = document.createTreeWalker(document.querySelector('.reading .lsf-htx-richtext'), NodeFilter.SHOW_TEXT);
  const places = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(node);
    places.push(...[...range.getClientRects()].map((box) => [box.left, box.top]));
  }
  return places;
}"""
# The lines of the selected region, and its two handles: left, top, right, bottom.
HANDLES = """() => {
  const box = ({left, top, right, bottom}) => [left, top, right, bottom];
  const lines = [...document.querySelectorAll('.reading .htx-highlight.__active')]
    .flatMap((part) => [...part.getClientRects()]).filter((line) => line.width > 3).map(box);
  return [lines, ...['left', 'right'].map((side) =>
    box(document.querySelector(`.reading .__resize_${side}`).getBoundingClientRect()))];
}"""
# The names on the arrows: the box around each, the text in it, and the part of the page that shows arrows.
NAMES = """() => {
  const box = ({left, top, right, bottom}) => [left, top, right, bottom];
  const view = document.querySelector('.lsf-main-view').getBoundingClientRect();
  return [[view.left, view.right], [...document.querySelectorAll('.relations-overlay text')].map((text) =>
    [text.textContent, box(text.previousElementSibling.getBoundingClientRect()), box(text.getBoundingClientRect())])];
}"""
CONTROLS = """id => window.Htx.annotationStore.selected.regions.find((region) => region.cleanId === id)
  .results.map((result) => result.from_name.name)"""


class Screen(NamedTuple):
    """A page at a project with this corpus and its gold, and where its first article is."""

    page: Page
    studio: Studio
    project: int
    task: dict[str, Any]
    gold: Annotation

    def open(self, size: Any) -> Page:
        """Open the article in a window of a size, and wait until its arrows are drawn."""
        self.page.set_viewport_size(size)
        browser.open_task(self.page, self.studio.url, self.project, self.task["id"])
        self.page.wait_for_selector(".relations-overlay g")
        return self.page


@pytest.fixture(scope="module")
def screen(started: State, corpus: Corpus, labels: Inventory) -> Iterator[Screen]:
    login, article = server.load_credentials(started), corpus.article_ids()[0]
    SCREENS.mkdir(parents=True, exist_ok=True)
    with Studio(find_server(started)) as studio:
        request = PushRequest(
            corpus=corpus,
            inventory=labels,
            article_ids=[article],
            predictions=corpus_predictions(corpus, labels),
            title=next(TITLES),
        )
        project = push.push(studio, started, request).project
        (task,) = studio.list_tasks(project.id)
        assert article_id_of(task) == article
        with browser.signed_in(studio.url, login.username, login.password) as page:
            yield Screen(page, studio, project.id, task, corpus.read_annotation("gold", article))


def test_twelve_lines_fit_between_labels_and_buttons(screen: Screen) -> None:
    """Also beside the list of tasks, and while attributes show."""
    page = screen.open(SMALL)
    span = max(screen.gold.spans, key=lambda span: len(span.attributes))
    browser.select_region(page, span.id)
    page.screenshot(path=SCREENS / "small-window.png")
    assert len(page.evaluate(VISIBLE_LINES)) >= LINES
    page.keyboard.press("Escape")


def test_a_notice_leaves_room_for_the_text(screen: Screen) -> None:
    """Eight points, with words that have no place to break; without points there is no box."""
    assert not screen.open(SMALL).locator(".notice").is_visible()
    versions = (NoticeVersion("anna", "Source"), NoticeVersion("ben", "nothing"))
    items = [NoticeItem("w" * 300, "Draw a relation.", "Cue", versions if number == 2 else ()) for number in range(8)]
    data = screen.task["data"]
    try:
        screen.studio.update_task_data(screen.task["id"], data | {"notice": render_notice("To look at", items)})
        page = screen.open(SMALL)
        box = page.locator(".notice").bounding_box()
        assert box is not None
        assert box["height"] <= 0.26 * SMALL["height"]
        assert page.evaluate(
            "() => { const box = document.querySelector('.notice'); return box.scrollWidth <= box.clientWidth; }"
        )
        assert len(page.evaluate(VISIBLE_LINES)) >= LINES // 2
        assert page.get_by_text("<details").count() == 0, "the list of tasks does not show the notice"
        page.screenshot(path=SCREENS / "notice.png")
    finally:
        screen.studio.update_task_data(screen.task["id"], data)


def test_the_text_stays_where_it_is_when_a_span_is_selected(screen: Screen) -> None:
    page = screen.open(SMALL)
    for label in ("Casualty", "Content", "Source"):
        span = next(span for span in screen.gold.spans if span.label == label and len(span.text) < 60)
        page.keyboard.press("Escape")
        left, top, _, _ = page.evaluate(browser.PLACE, [span.text, 1])
        before = page.evaluate(PIECES)
        page.mouse.click(left + 3, top)
        page.locator(f"{browser.TEXT} .__active").first.wait_for()
        page.wait_for_timeout(400)
        after = page.evaluate(PIECES)
        assert len(after) == len(before)
        moved = max(abs(a - b) for old, new in zip(before, after, strict=True) for a, b in zip(old, new, strict=True))
        assert moved < 1, (label, moved)
    page.keyboard.press("Escape")


def test_handles_are_at_the_ends_of_a_region_and_resize_it(screen: Screen) -> None:
    page = screen.open(USUAL)
    for span in sorted(screen.gold.spans, key=lambda span: -len(span.text))[:2]:
        browser.select_region(page, span.id)
        lines, left, right = page.evaluate(HANDLES)
        first, last = min(lines, key=lambda line: (line[1], line[0])), max(lines, key=lambda line: (line[1], line[2]))
        assert last[1] > first[1], "the region has several lines"
        for handle, edge, line in ((left, first[0], first), (right, last[2], last)):
            assert min(abs(handle[0] - edge), abs(handle[2] - edge)) <= 8, (span.id, handle, line)
            assert min(handle[3], line[3]) - max(handle[1], line[1]) > 10, (span.id, handle, line)
        page.screenshot(path=SCREENS / "handles.png")
        page.keyboard.press("Escape")
    browser.label(page, "2", "Smoke rises")
    browser.resize(page, "Smoke rises", "right", "airstrike")
    words = "window.Htx.annotationStore.selected.regions.at(-1).text"
    assert page.evaluate(words) == "Smoke rises after an US airstrike"
    browser.resize(page, "Smoke rises", "left", "rises")
    assert page.evaluate(words) == "rises after an US airstrike"


@pytest.mark.parametrize("size", [SMALL, USUAL], ids=["small", "usual"])
def test_names_of_arrows_are_whole_and_hide_no_words(screen: Screen, size: dict[str, int]) -> None:
    page = screen.open(size)
    (left, right), names = page.evaluate(NAMES)
    assert len(names) == len(screen.gold.relations)
    for name, box, text in names:
        assert left <= box[0] <= text[0] < text[2] <= box[2] <= right, name
        assert box[1] - 1 <= text[1] < text[3] <= box[3] + 1, name
    assert browser.covered(page) <= HIDDEN


def test_each_value_has_a_key_that_sets_it_and_nothing_else(screen: Screen, labels: Inventory) -> None:
    page, hotkeys = screen.open(SMALL), assign_hotkeys(labels)
    for label in labels.spans.values():
        attributes = [attribute for attribute in labels.attributes_of(label.name) if attribute.values]
        if not attributes:
            continue
        span = next(span for span in screen.gold.spans if span.label == label.name)
        browser.select_region(page, span.id)
        for attribute in attributes:
            for value in attribute.values:
                key = hotkeys.values[label.name, attribute.name, value]
                button = page.locator(".side label:visible").filter(has_text=f"{value}[{key}]").locator("input")
                for _ in range(1 + button.is_checked()):  # the key of a value that is set unsets it
                    page.keyboard.press(key.replace(SHIFT, "Shift"))
                assert button.is_checked(), (label.name, value, key)
        controls = [name for name in page.evaluate(CONTROLS, span.id) if "." in name]
        expected = {f"{label.name}.{attribute.name}" for attribute in labels.attributes_of(label.name)}
        assert set(controls) <= expected
        assert len(controls) == len(set(controls))
        page.keyboard.press("Escape")


def test_no_button_skips_an_article(screen: Screen) -> None:
    browser.open_stream(screen.page, screen.studio.url, screen.project)
    screen.page.get_by_role("button", name="Submit").first.wait_for()
    assert screen.page.get_by_role("button", name="Skip").count() == 0
    assert screen.page.get_by_test_id("bottombar-skip-button").count() == 0
