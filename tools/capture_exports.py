"""Captures the exports that the tests map: a real server, a real browser, labels made by mouse and keyboard.

Writes tests/labelstudio/exports/<case>.json, one task each as the server's raw JSON export has it, without addresses,
names and times, and beside them the inventory they were made with. Takes two minutes; run it after an update of Label
Studio, then look at the diff.

    python tools/capture_exports.py
    python tools/capture_exports.py --expected     writes anew what the tests expect of each, from what is there
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import browser
import httpx
import msgspec
from browser import choose, label, relate, submit
from playwright.sync_api import Page

from annotate import inventory
from annotate.labelstudio import server
from annotate.labelstudio.config import labelling_config
from annotate.labelstudio.results import Mapper
from annotate.labelstudio.state import State

ROOT = Path(__file__).parents[1]
EXPORTS = ROOT / "tests" / "labelstudio" / "exports"
DROPPED = {  # who and when: of no use to a test, and nothing to publish
    "created_username",
    "created_ago",
    "created_at",
    "updated_at",
    "draft_created_at",
    "lead_time",
    "unique_id",
    "last_comment_updated_at",
    "comment_authors",
    "avatar",
    "user",
    "annotations_results",
    "predictions_results",
    "completed_at",
    "avg_lead_time",
}

Case = tuple[str, Callable[[Page], None]]


def emoji(page: Page) -> None:
    label(page, "1", "A witness")
    choose(page, "A witness", "person", "unnamed")
    label(page, "2", "said")
    choose(page, "said", "assertion", "positive")
    label(page, "3", "👩‍👩‍👧 that 12 people died")
    choose(page, "👩‍👩‍👧 that", "indirect")
    label(page, "6", "12 people died")
    choose(page, "12 people", "killed", "exact", 12, 12, "unknown", "incident")
    relate(page, "said", "A witness", "source")
    relate(page, "said", "👩‍👩‍👧 that", "content")
    submit(page)


def combining(page: Page) -> None:
    label(page, "0", "Re\u0301publique")
    label(page, "t", "été")
    submit(page)


def leftwards(page: Page) -> None:
    """Scripts that are read from right to left, with a number inside; in the order of the text, not of the screen."""
    label(page, "8", "דובר הצבא")
    label(page, "7", "12 אזרחים")
    label(page, "0", "قال")
    label(page, "9", "قُتلوا")
    submit(page)


def crlf(page: Page) -> None:
    label(page, "7", "The SDF")
    label(page, "0", "Raqqa.\n\nIt")  # a browser shows CR and LF as a line end each
    submit(page)


def spaces(page: Page) -> None:
    label(page, "7", "The  SDF   force")
    label(page, "0", "Raqqa")
    submit(page)


def newlines(page: Page) -> None:
    label(page, "7", "the army.\nThe army")
    label(page, "0", "Raqqa.\n\nThere")
    submit(page)


def labels(page: Page) -> None:
    label(page, "24", "denied")
    choose(page, "denied", "denial", "positive")  # of several labels the page shows the attributes of the first alone
    label(page, "5", "the strike")
    label(page, "1", "The army")
    choose(page, "The army", "organisation", "unnamed")
    relate(page, "denied", "the strike", "towards")
    relate(page, "denied", "The army", "source")
    submit(page)


def dragged(page: Page) -> None:
    """A region behind an emoji is made longer over another by its right handle; of another the left one is dragged.

    The second drag made a new region, whose quoted words are longer than its place.
    """
    label(page, "7", "The army")
    browser.resize(page, "The army", "right", "denied")
    label(page, "8", "👩‍👩‍👧 on the rebels")
    browser.resize(page, "👩‍👩‍👧 on", "left", "the rebels")
    submit(page)


def relabelled(page: Page) -> None:
    label(page, "1", "The army")
    choose(page, "The army", "organisation", "unnamed")
    browser.click_words(page, "The army")
    page.keyboard.press("8")
    page.keyboard.press("Escape")
    submit(page)


def relations(page: Page) -> None:
    label(page, "7", "The army")
    label(page, "8", "the rebels")
    label(page, "0", "Raqqa")
    relate(page, "The army", "the rebels")
    relate(page, "the rebels", "Raqqa", "place", turns=1)
    relate(page, "Raqqa", "The army", "victim", turns=2)
    submit(page)


def note(page: Page) -> None:
    label(page, "7", "The army")
    browser.click_words(page, "The army")
    page.get_by_label("Edit region's meta").or_(page.locator(".lsf-region-actions__group button").nth(1)).first.click()
    page.keyboard.type("unsure of this")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    submit(page)


def skipped(page: Page) -> None:
    page.goto(
        page.url.partition("?")[0] + "?labeling=1"
    )  # skipping is for the stream, which starts with the first task
    page.wait_for_selector(".lsf-htx-richtext")
    page.wait_for_timeout(1500)
    label(page, "7", "The army")
    page.click("button:has-text('Skip')")
    page.wait_for_timeout(2000)


def empty(page: Page) -> None:
    submit(page)


def draft(page: Page) -> None:
    label(page, "7", "The army")
    page.wait_for_timeout(6000)  # drafts are saved by themselves after a while


UNSTYLED = {"collapsed"}
"""Cases labelled without our style sheet, which shows white space as it is: a browser quotes what it shows."""

ARMY = "The army denied the strike on the rebels in Raqqa.\n"
CASES: dict[str, Case] = {
    "skipped": (ARMY, skipped),
    "emoji": ("😀 A witness said 👩‍👩‍👧 that 12 people died.\nThe army denied it.\n", emoji),
    "combining": ("Cafe\u0301 de la Re\u0301publique, en été.\n", combining),
    "leftwards": ("😀 דובר הצבא אמר כי 12 אזרחים נהרגו.\nقال متحدث إنّ 12 شخصًا قُتلوا.\n", leftwards),
    "crlf": ("First line.\r\nThe SDF took Raqqa.\r\nIt said so.\r\n", crlf),
    "spaces": ("So  it was. The  SDF   force took  Raqqa.\n", spaces),
    "collapsed": ("So  it was. The  SDF   force took  Raqqa.\n", spaces),
    "newlines": ("It was the army.\nThe army was in Raqqa.\n\nThere it was.\n", newlines),
    "labels": (ARMY, labels),
    "dragged": ("😀 The army 🚢 denied the strike 👩‍👩‍👧 on the rebels in Raqqa.\n", dragged),
    "relabelled": (ARMY, relabelled),
    "relations": (ARMY, relations),
    "note": (ARMY, note),
    "empty": (ARMY, empty),
    "draft": (ARMY, draft),
}


def cleaned(value: Any) -> Any:
    """A raw task without who and when; users are left as their numbers."""
    if isinstance(value, list):
        return [cleaned(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "email" in value and "id" in value:
        return value["id"]
    return {key: cleaned(entry) for key, entry in value.items() if key not in DROPPED}


def project(api: httpx.Client, config: str, names: list[str]) -> dict[str, tuple[int, int]]:
    """Make a project with a task a case; case → number of the project and of the task."""
    number = api.post("/api/projects/", json={"title": "exports", "label_config": config}).json()["id"]
    data = [
        {"data": {"text": CASES[name][0], "article": name, "title": name, "text_sha256": "", "language": "en"}}
        for name in names
    ]
    api.post(f"/api/projects/{number}/import", json=data)
    tasks = api.get("/api/tasks", params={"project": number, "page_size": 100}).json()["tasks"]
    return {task["data"]["article"]: (number, task["id"]) for task in tasks}


def expect() -> None:
    """Write what each export maps to beside it; look at the diff before it is committed."""
    mapper = Mapper(inventory.load_inventory(EXPORTS))
    for path in sorted(EXPORTS.glob("*.json")):
        raw = json.loads(path.read_text("utf-8"))
        mapped = [entry._asdict() for entry in mapper.map_task(raw, raw["data"]["text"])]
        text = json.dumps(msgspec.to_builtins(mapped), indent=1, ensure_ascii=False)
        (EXPORTS / "expected" / path.name).write_text(text + "\n", "utf-8")


def main(names: list[str]) -> None:
    config = labelling_config(inventory.load_inventory(ROOT / "schema"))
    bare = re.sub(r"<Style>.*?</Style>", "", config, flags=re.DOTALL)
    chosen = names or list(CASES)
    with tempfile.TemporaryDirectory() as folder:
        state = State(folder)
        url = server.start(state).url
        try:
            login = server.load_credentials(state)
            with httpx.Client(base_url=url, headers={"Authorization": f"Token {login.token}"}, trust_env=False) as api:
                places = project(api, config, [name for name in chosen if name not in UNSTYLED])
                places |= project(api, bare, [name for name in chosen if name in UNSTYLED])
                with browser.signed_in(url, login.username, login.password) as page:
                    for name in chosen:
                        browser.open_task(page, url, *places[name])
                        try:
                            CASES[name][1](page)
                        except Exception:
                            page.screenshot(path=f"capture-{name}.png")
                            raise
                        print(name)
                for name, (_, task) in places.items():
                    raw = api.get(f"/api/tasks/{task}", params={"fields": "all"}).json()
                    text = json.dumps(cleaned(raw), indent=1, ensure_ascii=False, sort_keys=True)
                    (EXPORTS / f"{name}.json").write_text(text + "\n", "utf-8")
        finally:
            server.stop(state)
    shutil.copy(ROOT / "schema" / inventory.INVENTORY_FILE, EXPORTS / inventory.INVENTORY_FILE)


if __name__ == "__main__":
    if sys.argv[1:] == ["--expected"]:
        expect()
    else:
        main(sys.argv[1:])
