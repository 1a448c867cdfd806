"""An annotator's way, in a real browser: the screen shows what was pushed, and what is labelled there comes back.

Needs Debian's chromium; `make browser-test` runs it.
"""

import sys
from collections.abc import Iterator

import pytest

from annotate.inventory import Inventory
from annotate.labelstudio import pull, push, server
from annotate.labelstudio.client import Project, Studio, address
from annotate.labelstudio.instructions import instructions
from annotate.labelstudio.results import article_of
from annotate.labelstudio.state import State
from annotate.model import Annotation
from annotate.store import Corpus
from tests.conftest import ROOT
from tests.conftest import Project as Copy

sys.path.insert(0, str(ROOT / "tools"))
import browser

pytestmark = pytest.mark.browser
SCREENS = ROOT / "dist" / "screens"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    state = State(tmp_path_factory.mktemp("studio") / ".studio")
    server.up(state)
    yield state
    server.down(state)


def pushed(
    studio: Studio, state: State, corpus: Corpus, labels: Inventory, title: str, gold: bool
) -> tuple[Project, dict[str, int]]:
    """A project with the corpus in it, and article → number of its task."""
    done = push.push(
        studio,
        state,
        labels,
        list(corpus.articles()),
        push.predictions(corpus, labels) if gold else {},
        title=title,
        instructions=instructions(ROOT / "guidelines", labels) if gold else "",
    )
    return done.project, {str(article_of(task)): task["id"] for task in studio.tasks(done.project)}


def test_screen_shows_gold_and_the_attributes_of_a_selected_region(
    started: State, corpus: Corpus, labels: Inventory
) -> None:
    login, article = server.credentials(started), corpus.article_ids()[0]
    gold = corpus.read_annotation("gold", article)
    with Studio(address(started)) as studio:
        project, tasks = pushed(studio, started, corpus, labels, "With gold", gold=True)
        with browser.signed_in(studio.url, login.username, login.password) as page:
            browser.open_task(page, studio.url, project.number, tasks[article])
            page.wait_for_selector(".htx-highlight")
            store = "window.Htx.annotationStore.selected"
            assert page.evaluate(f"{store}.regions.length") == len(gold.spans)
            assert page.evaluate(f"{store}.relationStore.relations.length") == len(gold.relations)
            span = max(gold.spans, key=lambda span: len(span.attributes))
            browser.select_region(page, span.id)
            shown = page.locator(".side label:visible").all_inner_texts()
            for value in (value for value in span.attributes.values() if isinstance(value, str)):
                assert any(value in text for text in shown), value
            # Kept to be looked at, in light and in dark.
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENS / "labelling-light.png")
            page.get_by_text("Light", exact=True).click()
            page.wait_for_timeout(500)
            page.screenshot(path=SCREENS / "labelling-dark.png")
            page.get_by_role("button", name="Instructions").click()
            page.locator("summary").first.wait_for()
            for label in labels.spans:
                assert page.locator("summary", has_text=label).count() >= 1


def test_what_is_labelled_by_hand_comes_back(started: State, project: Copy) -> None:
    """Words behind an emoji are labelled with mouse and keyboard, and are the same words in the pulled annotation."""
    login, small = server.credentials(started), project.inventory
    with Studio(address(started)) as studio:
        made, tasks = pushed(studio, started, project.corpus, small, "By hand", gold=False)
        with browser.signed_in(studio.url, login.username, login.password) as page:
            browser.open_task(page, studio.url, made.number, tasks["harbour"])
            for hotkey, words in (("1", "a hand"), ("2", "added"), ("3", '"at the pier"')):
                browser.label(page, hotkey, words)
            browser.choose(page, "a hand", "hand")
            browser.relate(page, "added", "a hand", "speaker")
            browser.relate(page, "added", '"at the pier"', "words")
            browser.submit(page)
        raw = studio.tasks(made)
        pull.name_user(project.corpus, started, studio.where.name, raw, "ben", None)
        done = pull.pull(project.corpus, small, started, studio.where.name, raw)
    assert (done.set_aside, done.written) == (0, ["ben/harbour"])
    found: Annotation = project.corpus.read_annotation("ben", "harbour")
    assert [(span.label, span.text, span.attributes) for span in found.spans] == [
        ("Speaker", "a hand", {"rank": "hand"}),
        ("Verb", "added", {}),
        ("Words", '"at the pier"', {}),
    ]
    ids = {span.id: span.text for span in found.spans}
    assert {(one.label, ids[one.head], ids[one.tail]) for one in found.relations} == {
        ("speaker", "added", "a hand"),
        ("words", "added", '"at the pier"'),
    }
    assert project.annotate("check").exit_code == 0, project.annotate("check").output
