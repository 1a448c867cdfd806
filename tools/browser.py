"""A real browser at a Label Studio server: signing in, labelling by mouse and keyboard, taking pictures."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SIZE = (1440, 900)
TIMEOUT = 60_000
"""Milliseconds that an element of the page may take to appear; drawing takes long while other jobs run."""
TEXT = ".reading .lsf-htx-richtext"
"""The text of the article; the box above it is of the same kind."""

# Where the n-th occurrence of some words starts and ends on the screen. Line breaks of the text are <br> in the page.
PLACE = """([words, nth]) => {
  const root = document.querySelector('.reading .lsf-htx-richtext')
    || document.querySelector('.lsf-htx-richtext');
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL);
  const nodes = []; let all = '';
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) { nodes.push([node, all.length]); all += node.data; }
    else if (node.nodeName === 'BR') all += '\\n';
  }
  let at = -1;
  for (let i = 0; i < nth; i++) at = all.indexOf(words, at + 1);
  if (at < 0) throw new Error('not in the text: ' + JSON.stringify(words) + ' / ' + JSON.stringify(all));
  const box = (offset) => {
    const [node, from] = nodes.findLast(([node, from]) => from <= offset && offset < from + node.length);
    let length = node.data.codePointAt(offset - from) > 0xffff ? 2 : 1;
    const range = document.createRange();
    range.setStart(node, offset - from); range.setEnd(node, Math.min(offset - from + length, node.length));
    range.startContainer.parentElement.scrollIntoView({block: 'center'});
    return range;
  };
  const last = all.codePointAt(at + words.length - 2) > 0xffff ? at + words.length - 2 : at + words.length - 1;
  const first = box(at), final = box(last);
  const a = first.getBoundingClientRect(), b = final.getBoundingClientRect();
  // A letter that is read from right to left starts at its right edge.
  const leftwards = (offset) => /[\u0590-\u08ff]/.test(all[offset]);
  const from = leftwards(at) ? a.right - 0.5 : a.left + 0.5, to = leftwards(last) ? b.left + 0.5 : b.right - 0.5;
  return [from, (a.top + a.bottom) / 2, to, (b.top + b.bottom) / 2];
}"""

# How far, in pixels, the words on the arrows of relations reach into a line of the text, at most.
COVERED = """() => {
  const words = [...document.querySelectorAll('.relations-overlay text')];
  const boxes = words.map((one) => one.previousElementSibling.getBoundingClientRect());
  const walker = document.createTreeWalker(document.querySelector('.reading .lsf-htx-richtext'), NodeFilter.SHOW_TEXT);
  const lines = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement instanceof SVGElement || !node.data.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    lines.push(...range.getClientRects());
  }
  const depth = (box, line) => box.left < line.right && line.left < box.right
    ? Math.min(box.bottom, line.bottom) - Math.max(box.top, line.top) : 0;
  return Math.max(0, ...boxes.flatMap((box) => lines.map((line) => depth(box, line))));
}"""


@contextmanager
def signed_in(url: str, username: str, password: str) -> Iterator[Page]:
    """A page at a server, signed in; the browser keeps nothing."""
    with sync_playwright() as playwright:
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.set_default_timeout(TIMEOUT)
        page.goto(f"{url}/user/login/")
        page.fill("input[name=email]", username)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda address: "/login" not in address)
        yield page
        browser.close()


def open_task(page: Page, url: str, project: int, task: int) -> None:
    """Open a task for labelling and wait until its text is drawn; the instructions, shown first, are closed."""
    page.goto(f"{url}/projects/{project}/data?task={task}")
    page.wait_for_selector(TEXT)
    page.wait_for_timeout(1500)
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)


def open_stream(page: Page, url: str, project: int) -> None:
    """Begin to label a project as its annotators do: one article after the other. The instructions are shown first."""
    page.goto(f"{url}/projects/{project}/data?labeling=1")
    page.wait_for_selector(TEXT)
    page.wait_for_timeout(1500)


def dark(page: Page) -> None:
    """Go over to the dark mode."""
    page.get_by_text("Light", exact=True).click()
    page.locator("html[data-color-scheme=dark]").wait_for()
    page.wait_for_timeout(500)


def drag(page: Page, words: str, nth: int = 1) -> None:
    """Drag the mouse over the n-th occurrence of some words."""
    left, top, right, bottom = page.evaluate(PLACE, [words, nth])
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move((left + right) / 2, (top + bottom) / 2, steps=4)
    page.mouse.move(right, bottom, steps=4)
    page.mouse.up()
    page.wait_for_timeout(400)


def click_words(page: Page, words: str, nth: int = 1) -> None:
    left, top, _, _ = page.evaluate(PLACE, [words, nth])
    page.mouse.click(left + 3, top)
    page.wait_for_timeout(400)


def resize(page: Page, region: str, side: str, words: str) -> None:
    """Select a region by the words it begins with and drag its left or right handle to that side of other words."""
    page.keyboard.press("Escape")
    click_words(page, region)
    left, top, right, _ = page.evaluate(PLACE, [words, 1])
    handle = page.locator(f"{TEXT} .__resize_{side}").bounding_box()
    assert handle is not None  # noqa: S101 - the style sheet shows the handles
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    end = right if side == "right" else left
    page.mouse.move((handle["x"] + end) / 2, top, steps=5)
    page.mouse.move(end, top, steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")


def label(page: Page, hotkeys: str, words: str, nth: int = 1) -> None:
    """Choose labels by their hotkeys and drag over the words."""
    page.keyboard.press("Escape")
    for hotkey in hotkeys:
        page.keyboard.press(hotkey)
    drag(page, words, nth)
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)


def label_by_mouse(page: Page, name: str, words: str, nth: int = 1) -> None:
    """Choose a label by a click on it and drag over the words."""
    page.keyboard.press("Escape")
    page.locator(".head .lsf-label").filter(has_text=re.compile(rf"^{re.escape(name)}\W*\w$")).click()
    drag(page, words, nth)
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)


def choose(page: Page, words: str, *values: str | int, nth: int = 1) -> None:
    """Select a region by its words and give it values: choices by their text, numbers in the order of their fields."""
    page.keyboard.press("Escape")
    click_words(page, words, nth)
    numbers = 0
    for value in values:
        if isinstance(value, int):
            page.locator(".side input[type=number]:visible").nth(numbers).fill(str(value))
            numbers += 1
        else:
            text = re.compile(rf"^{re.escape(value)}(\[\S+\])?$")
            page.locator(".side label:visible").filter(has_text=text).last.click()
        page.wait_for_timeout(150)
    # In a field, Escape leaves neither the field nor the region: the next hotkey would be typed into the field.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")


def select_region(page: Page, region: str) -> None:
    """Select a region by its id, also where others lie over it, and bring it into the middle of the screen."""
    page.evaluate(
        """id => {
          const annotation = window.Htx.annotationStore.selected;
          const region = annotation.regions.find(region => region.cleanId === id);
          annotation.selectArea(region);
          document.querySelector(`[class*="htx-highlight-${id}-"]`).scrollIntoView({block: 'center'});
        }""",
        region,
    )
    page.wait_for_timeout(800)


def relate(page: Page, head: str, tail: str, name: str | None = None, turns: int = 0) -> None:
    """Draw a relation between regions, by the words they begin with, and give it a name from the list of relations.

    `turns` is how often its direction is turned: once gives both ways, twice gives left.
    """
    page.keyboard.press("Escape")
    click_words(page, head)
    page.keyboard.press("Alt+r")
    page.wait_for_timeout(300)
    click_words(page, tail)
    page.keyboard.press("Escape")
    page.locator("#Relations-draggable").click()
    item = page.locator(".lsf-relations__item").last
    for _ in range(turns):
        item.locator(".lsf-relations__icon").click()
        page.wait_for_timeout(200)
    if name is not None:
        item.hover()
        item.get_by_label(re.compile("Relation Label|Show|Edit")).first.click()
        item.locator(".lsf-relation-meta button, .lsf-relation-meta [role=combobox]").first.click()
        page.get_by_role("option").filter(has_text=re.compile(rf"^{re.escape(name)}$")).click()
        page.wait_for_timeout(300)
    page.keyboard.press("Escape")
    page.locator("#Regions-draggable").click()


def submit(page: Page) -> None:
    """Submit, and wait until the server has it; fails where the page asks for a missing attribute."""
    with page.expect_response(lambda one: one.request.method == "POST" and "/annotations" in one.url) as answer:
        page.click("button:has-text('Submit')")
    assert answer.value.ok, answer.value.status  # noqa: S101


def update(page: Page) -> None:
    """Update what was submitted before, and wait until the server has it."""
    with page.expect_response(lambda one: one.request.method == "PATCH" and "/annotations" in one.url) as answer:
        page.click("button:has-text('Update')")
    assert answer.value.ok, answer.value.status  # noqa: S101


def covered(page: Page) -> float:
    """How far, in pixels, the words on the arrows of relations reach into a line of the text, at most."""
    depth: float = page.evaluate(COVERED)
    return depth


def words_in_view(page: Page, words: str) -> bool:
    """Whether some words of the text, which is drawn whole, are on the screen as it is scrolled."""
    found = page.locator(TEXT).get_by_text(words)
    return reachable(found) if found.count() else False


def reachable(found: Locator) -> bool:
    """Whether an element is inside the window, with nothing over its middle: a click there would meet it."""
    box = found.bounding_box()
    if box is None or box["y"] < 0 or box["y"] + box["height"] > SIZE[1] or box["x"] + box["width"] > SIZE[0]:
        return False
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    met: bool = found.evaluate("(own, [x, y]) => own.contains(document.elementFromPoint(x, y))", middle)
    return met
