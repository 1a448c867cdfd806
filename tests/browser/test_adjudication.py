"""Adjudication in a real browser: a tab for each annotator's version, a start with what all agree on, and gold."""

import browser
import pytest
from playwright.sync_api import Page

from annotate.labelstudio.config import DECIDED
from annotate.labelstudio.projects import adjudication_title, require_project
from annotate.model import Annotation
from tests.browser import SCREENS
from tests.browser.conftest import SHOWN
from tests.browser.test_labelling import relations
from tests.labelstudio.team import Team, labelled

pytestmark = pytest.mark.browser
EDGES = "one => { const {top, left, right} = one.getBoundingClientRect(); return [top, left, right]; }"
CARLA = 'annotators:\n  - {id: carla, kind: person, training: none, since: "2026-01-01"}\n'


TICKS = ["1. Speaker: The harbour master", "2. Quay: Café Quay", "3. where it lies: 40 crates → Café Quay"]


def unticked(page: Page) -> int:
    """The number of differences that the screen counts as not ticked."""
    content = page.evaluate("getComputedStyle(document.querySelector('.decided'), '::after').content")
    assert content == 'counter(unticked) " not ticked"'
    return page.locator(".decided input:not(:checked)").count()


def regions(page: Page) -> list[str]:
    """The words of the regions in the tab that is open."""
    found: list[str] = page.evaluate("window.Htx.annotationStore.selected.regions.map(one => one.text)")
    return sorted(found)


def words(of: Annotation) -> list[str]:
    return sorted(span.text for span in of.spans)


def test_adjudicator_resolves_a_disagreement(team: Team) -> None:
    """Ben lacks the quay and gives the harbour master another rank; carla works through the list of differences.

    She agrees with anna on both, and ticks one of them as decided.
    """
    team.project.replace("corpus/annotators.yaml", "annotators:\n", CARLA)
    anna, ben = labelled(team.project)
    team.run("adjudicate", "--from", "anna,ben")
    team.run("people", "add", "carla")
    made = require_project(team.studio, team.state, adjudication_title(team.title))
    (task,) = team.studio.list_tasks(made.id)
    login = team.logins()["carla"]
    with browser.signed_in(team.studio.url, login.email, login.password) as page:
        browser.open_task(page, team.studio.url, made.id, task["id"])
        # In her own tab, what both have is in place: all but the quay and its relation.
        assert regions(page) == words(ben)
        for version, annotation in (("anna 1.0.0", anna), ("ben 1.0.0", ben), ("agreed 1.0.0", ben)):
            page.get_by_text(version, exact=True).click()
            page.wait_for_timeout(800)
            assert regions(page) == words(annotation), version
        page.get_by_text("Compare All").click()
        texts = page.locator(browser.TEXT)
        texts.nth(3).wait_for()
        assert texts.count() == 4
        assert abs(texts.nth(0).evaluate(EDGES)[0] - texts.nth(1).evaluate(EDGES)[0]) < 1
        assert texts.nth(0).evaluate(EDGES)[2] < texts.nth(1).evaluate(EDGES)[1]
        assert {"anna 1.0.0", "ben 1.0.0"} <= set(page.get_by_text("1.0.0").all_inner_texts())
        page.screenshot(path=SCREENS / "adjudication-versions.png")

        browser.open_stream(page, team.studio.url, made.id)
        page.keyboard.press("Escape")
        page.wait_for_selector(".htx-highlight")
        assert regions(page) == words(ben)
        notice = page.locator(".notice")
        assert "3 differences to decide" in notice.inner_text()
        assert notice.locator("ol > li").count() == 3
        assert "anna rank: master" in " ".join(notice.locator("ol > li").first.inner_text().split())
        assert notice.locator("em").all_inner_texts() == ["Speech", "Cargo", "Cargo"]
        ticks = page.locator(".decided label")
        assert [text.rpartition("[")[0] or text for text in ticks.all_inner_texts()] == TICKS
        assert unticked(page) == 3
        page.screenshot(path=SCREENS / "adjudication-differences.png")
        browser.click_words(page, "The harbour master")
        assert page.locator(".side input:checked").count() == 0
        page.keyboard.press("Escape")
        browser.choose(page, "The harbour master", "master")
        browser.label(page, "5", "Café Quay")
        ticks.first.click()
        assert unticked(page) == 2
        browser.relate(page, "40 crates", "Café Quay", SHOWN["lies_at"])
        page.mouse.move(700, 700)
        page.wait_for_timeout(500)
        page.screenshot(path=SCREENS / "adjudication-settled.png")
        browser.submit(page)
    (task,) = team.studio.list_tasks(made.id)
    submitted = [item["value"] for item in task["annotations"][0]["result"] if item.get("from_name") == DECIDED]
    assert submitted == [{"choices": [task["data"]["differences"][0]["alias"]]}]
    done = team.run("adjudicate", "--pull", "--as", "carla")
    where = f"corpus/annotations/gold/harbour.json (task {task['id']})"
    assert done.stdout == f"written: {where}: {len(anna.spans)} spans, 6 relations\n"
    gold = team.corpus.read_annotation("gold", "harbour")
    assert (gold.process, gold.made_from, gold.annotator) == ("adjudicated", ("anna", "ben"), "carla")
    places = [{(one.label, one.start, one.end, *one.attributes.items()) for one in of.spans} for of in (gold, anna)]
    assert places[0] == places[1]
    assert len(gold.spans) == len(anna.spans)
    assert relations(gold) == relations(anna)
    assert len(gold.relations) == len(anna.relations)
