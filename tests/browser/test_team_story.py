"""Three annotators, an adjudicator and a lead in two days: training, mistakes, findings, corrections, and gold.

Each step is a test that goes on where the one before it ended. `dist/screens/story-….png` are the screens in order, and
`dist/screens/story.txt` has the commands with what they print.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import browser
import msgspec
import pytest
from click.testing import Result
from playwright.sync_api import Page

from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.location import record_named_folder
from annotate.labelstudio.projects import adjudication_title, annotator_title, require_project, training_title
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import result_items
from annotate.service.watcher import TAB
from tests.browser import SCREENS
from tests.browser.conftest import SHOWN, show_relations_in_words
from tests.conftest import Project
from tests.labelstudio.team import WholeTeam
from tests.service.practice import PRACTICE, arrow, choice, number, region, right_answer, write_practice

pytestmark = pytest.mark.browser

PEOPLE = ("anna", "ben", "carla", "dora")
TEXTS = {
    "ferry": 'The ferry captain said 30 passengers wait at North Pier. A cook replied "the soup is cold".\n',
    "crane": "The foreman said at least 20 pallets stand at East Dok. Nobody else spoke.\n",
    "storm": "The warden warned that 5 boats drift near Long Quay. A fisher counted 7 nets.\n",
}
"""The articles to label. In one, the name of a quay is misspelled."""

Labels = tuple[dict[str, tuple[str, str, dict[str, str | int]]], tuple[tuple[str, str, str], ...]]
EXACT = {"wording": "exact"}
RIGHT: dict[str, Labels] = {
    "ferry": (
        {
            "captain": ("Speaker", "The ferry captain", {"rank": "master"}),
            "said": ("Verb", "said", {}),
            "wait": ("Words", "30 passengers wait at North Pier", {}),
            "passengers": ("Load", "30 passengers", EXACT | {"least": 30, "most": 30}),
            "pier": ("Quay", "North Pier", {}),
            "cook": ("Speaker", "A cook", {"rank": "hand"}),
            "replied": ("Verb", "replied", {}),
            "soup": ("Words", '"the soup is cold"', {}),
        },
        (
            ("speaker", "said", "captain"),
            ("words", "said", "wait"),
            ("lies_at", "passengers", "pier"),
            ("speaker", "replied", "cook"),
            ("words", "replied", "soup"),
        ),
    ),
    "crane": (
        {
            "foreman": ("Speaker", "The foreman", {"rank": "master"}),
            "said": ("Verb", "said", {}),
            "stand": ("Words", "at least 20 pallets stand at East Dok", {}),
            "pallets": ("Load", "at least 20 pallets", {"wording": "at least", "least": 20}),
            "dock": ("Quay", "East Dok", {}),
        },
        (("speaker", "said", "foreman"), ("words", "said", "stand"), ("lies_at", "pallets", "dock")),
    ),
    "storm": (
        {
            "warden": ("Speaker", "The warden", {"rank": "other"}),
            "warned": ("Verb", "warned", {}),
            "drift": ("Words", "5 boats drift near Long Quay", {}),
            "boats": ("Load", "5 boats", EXACT | {"least": 5, "most": 5}),
            "quay": ("Quay", "Long Quay", {}),
            "nets": ("Load", "7 nets", EXACT | {"least": 7, "most": 7}),
        },
        (("speaker", "warned", "warden"), ("words", "warned", "drift"), ("lies_at", "boats", "quay")),
    ),
}
"""What is to be labelled in each article: spans by a name, and relations between them."""


COLOURS = {"#111111": "#1f6fb4", "#222222": "#8a4fbf", "#333333": "#2e8b57", "#444444": "#c77700", "#555555": "#b03060"}
DOUBT = "Is a cook one of the hands?"


class Story(WholeTeam):
    """A team with all that it printed and showed, in order."""

    def __init__(self, project: Project, started: State, studio: Studio) -> None:
        super().__init__(project, started, studio)
        # The server's own folder: whoever leaves is taken off its database.
        self.state = started
        record_named_folder(self.state.folder)
        people = "".join(f'  - {{id: {name}, kind: person, training: none, since: "2026-01-01"}}\n' for name in PEOPLE)
        project.path("corpus/annotators.yaml").write_text(f"annotators:\n{people}", "utf-8")
        self.steps: list[str] = []
        self._screens = 0
        self._record = SCREENS / "story.txt"
        self._record.write_text("", "utf-8")

    def lead(self, *words: str, code: int = 0) -> str:
        """Run a command, write what it printed into the record, and return that."""
        is_studio = words[0] == "studio"
        done: Result = self.run(*words[1:], code=code) if is_studio else self.project.annotate(*words)
        with self._record.open("a", encoding="utf-8") as record:
            record.write(f"$ annotate {' '.join(words)}\n{done.output.rstrip()}\n\n")
        assert done.exit_code == code, done.output
        return done.output

    def photograph(self, page: Page, name: str) -> None:
        """Take a picture of what is on the screen."""
        self._screens += 1
        page.mouse.move(700, 890)
        page.wait_for_timeout(500)
        page.screenshot(path=SCREENS / f"story-{self._screens:02}-{name}.png")

    @contextmanager
    def desk(self, person: str) -> Iterator[Page]:
        """Yield a page at which somebody has signed in."""
        login = self.logins()[person]
        with browser.signed_in(self.studio.url, login.email, login.password) as page:
            yield page

    def tasks_of(self, title: str) -> dict[str, dict[str, Any]]:
        """Return the tasks of a project by their article."""
        project = require_project(self.studio, self.state, title)
        return {task["data"]["article"]: task for task in self.studio.list_tasks(project.id)}

    def open(self, page: Page, title: str, article: str) -> None:
        """Open an article from the list of tasks."""
        task = self.tasks_of(title)[article]
        browser.open_task(page, self.studio.url, task["project"], task["id"])

    def items(self, article: str, *without: str, **instead: dict[str, str | int]) -> list[dict[str, Any]]:
        """Return the labels of an article as a browser submits them, without some, and with other attributes."""
        spans, relations = RIGHT[article]
        text, inventory = self.corpus.read_article(article).text, self.project.inventory
        items = []
        for name, (label, words, attributes) in spans.items():
            if name in without:
                continue
            shown = words if words in text else words.replace("East Dok", "East Dock")
            span = region(name, inventory.spans[label].layer, label, shown, text)
            items.append(span)
            for attribute, value in (attributes | instead.get(name, {})).items():
                control = f"{label}.{attribute}"
                made = number(span, control, value) if isinstance(value, int) else choice(span, control, value)
                items.append(made)
        kept = [(label, *ends) for label, *ends in relations if f"{label}:{ends[0]}" not in without]
        names = {item["id"] for item in items}
        return items + [arrow(SHOWN[label], head, tail) for label, head, tail in kept if {head, tail} <= names]

    def gold_items(self, article: str, *without: str) -> list[dict[str, Any]]:
        """Return gold of an article as a browser submits it, without some spans."""
        gold = self.corpus.read_annotation("gold", article)
        spans = tuple(span for span in gold.spans if span.id not in without)
        return result_items(msgspec.structs.replace(gold, spans=spans), self.project.inventory)


@pytest.fixture(scope="module")
def story(started: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    project = Project(tmp_path_factory.mktemp("story") / "project")
    show_relations_in_words(project)
    for grey, colour in COLOURS.items():
        project.replace("schema/labels.yaml", grey, colour)
    SCREENS.mkdir(parents=True, exist_ok=True)
    for old in SCREENS.glob("story-*.png"):
        old.unlink()
    with Studio(find_server(started)) as studio:
        yield Story(project, started, studio)


@pytest.fixture(autouse=True)
def in_order(story: Story, request: pytest.FixtureRequest) -> Iterator[None]:
    """Skip a step unless all steps before it have passed."""
    all_steps = [name for name in vars(request.module) if name.startswith("test_")]
    step = request.function.__name__
    missing = [name for name in all_steps[: all_steps.index(step)] if name not in story.steps]
    if missing:
        pytest.skip(f"goes on where {missing[0]} ends, which has not passed")
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed == failed:
        story.steps.append(step)


def test_the_lead_sets_up(story: Story) -> None:
    """There is gold of two articles, which dora labelled; three articles are to be labelled."""
    write_practice(story.project, PRACTICE.replace("<b>without</b>", "without"))
    for article in ("harbour", "market"):
        gold = story.corpus.read_annotation("gold", article)
        gold = msgspec.structs.replace(gold, annotator="dora", process="single pass", made_from=())
        story.corpus.write_annotation("gold", gold)
        story.project.path(f"corpus/annotations/anna/{article}.json").unlink()
    for article, text in TEXTS.items():
        story.project.path(f"{article}.txt").write_text(text, "utf-8")
    story.lead("add", *(f"{article}.txt" for article in TEXTS))
    story.lead("check")
    assert story.studio.url in story.lead("studio", "up", "--no-watch")
    added = story.lead("studio", "people", "add", *PEOPLE)
    assert all(name in added for name in PEOPLE)
    assert "anna" in story.lead("studio", "train", "anna", "ben", "carla")


def test_anna_practises(story: Story) -> None:
    title = training_title(story.title, "anna")
    with story.desk("anna") as page:
        story.open(page, title, "practice-barrels")
        assert page.locator(".notice summary").count() == 0
        browser.label(page, "1", "A hand")
        browser.choose(page, "A hand", "master")
        browser.label(page, "2", "said")
        browser.label(page, "3", "7 barrels lie at the pier.")
        browser.relate(page, "said", "A hand", SHOWN["speaker"])
        story.photograph(page, "practice")
        browser.submit(page)
        assert "practice-barrels" in story.lead("studio", "watch", "--once")
        story.open(page, title, "practice-barrels")
        page.locator(".notice summary").wait_for()
        shown = page.locator(".notice").inner_text()
        story.photograph(page, "practice-differences")
    assert "differences from gold" in shown
    story.work("ben", "practice-barrels", "annotations/", right_answer(), training_title(story.title, "ben"))
    report = story.lead("studio", "train", "--report")
    assert "anna" in report
    assert "ben" in report


def test_each_article_goes_to_two(story: Story) -> None:
    """Each also gets an article with gold, which no command names."""
    words = ("studio", "assign", "anna", "ben", "carla", "--articles", ",".join(TEXTS), "--each", "2", "--seed", "7")
    plan = story.lead(*words, "--plan")
    assert "3 articles to assign; 0 by all; nothing was changed" in plan
    assigned = story.lead(*words, "--hidden-gold", "1")
    for name in ("anna", "ben", "carla"):
        assert f"{name}: 3 articles new" in assigned
    assert not {"harbour", "market"} & set(assigned.replace(":", " ").split())
    articles = {name: set(story.tasks_of(annotator_title(story.title, name))) & set(TEXTS) for name in PEOPLE[:3]}
    assert articles == {"anna": {"ferry", "storm"}, "ben": {"ferry", "crane"}, "carla": {"crane", "storm"}}


def test_day_one(story: Story) -> None:
    """Anna forgets to connect a verb, and gives an arrow no name; ben overlooks words; carla does not finish."""
    title = annotator_title(story.title, "anna")
    with story.desk("anna") as page:
        story.open(page, title, "ferry")
        browser.label(page, "1", "The ferry captain")
        browser.choose(page, "The ferry captain", "master")
        browser.label(page, "2", "said")
        browser.label(page, "3", "30 passengers wait at North Pier")
        browser.label(page, "4", "30 passengers")
        browser.choose(page, "30 passengers", "exact", 30, 30)
        browser.label(page, "5", "North Pier")
        browser.label(page, "1", "A cook")
        browser.choose(page, "A cook", "hand")
        browser.label(page, "2", "replied")
        browser.label(page, "3", '"the soup is cold"')
        browser.relate(page, "said", "The ferry captain", SHOWN["speaker"])
        browser.relate(page, "said", "wait at", SHOWN["words"])
        browser.relate(page, "30 passengers", "North Pier")
        browser.relate(page, "replied", "A cook", SHOWN["speaker"])
        story.photograph(page, "day-one")
        browser.submit(page)
    story.work("anna", "storm", "annotations/", story.items("storm", "nets"))
    story.work("anna", "market", "annotations/", story.gold_items("market"))
    story.work("ben", "ferry", "annotations/", story.items("ferry", "soup", cook={"rank": "other"}))
    story.work("ben", "crane", "annotations/", story.items("crane"))
    story.work("ben", "harbour", "annotations/", story.gold_items("harbour", "s10"))
    story.work("carla", "crane", "annotations/", story.items("crane", foreman={"rank": "hand"}))


def test_findings_reach_the_annotators(story: Story) -> None:
    watched = story.lead("studio", "watch", "--once")
    assert "anna 2" in watched
    title = annotator_title(story.title, "anna")
    task = story.tasks_of(title)["ferry"]
    with story.desk("anna") as page:
        story.open(page, title, "ferry")
        box = page.locator(".notice details")
        box.wait_for()
        words = box.inner_text()
        assert "replied" in words
        assert f"Draw the relation ‘{SHOWN['words']}’ from it" in words
        # The arrow without a name has one now.
        assert SHOWN["lies_at"] in page.locator(".relations-overlay text").all_text_contents()
        story.photograph(page, "findings")
        page.goto(f"{story.studio.url}/projects/{task['project']}/data")
        page.get_by_text(TAB, exact=True).first.click()
        page.get_by_text("Tasks: 1 / 3").wait_for()
        story.photograph(page, "findings-tab")
        page.set_content((story.state.folder / "findings" / "anna.html").read_text("utf-8"))
        link = page.get_by_role("link").first
        assert str(link.get_attribute("href")).endswith(f"/projects/{task['project']}/data?task={task['id']}")
        story.photograph(page, "findings-page")


def test_anna_corrects_what_she_sees(story: Story) -> None:
    """She also notes a doubt."""
    title = annotator_title(story.title, "anna")
    with story.desk("anna") as page:
        story.open(page, title, "ferry")
        browser.relate(page, "replied", '"the soup', SHOWN["words"])
        browser.click_words(page, "A cook")
        page.locator("[aria-label*='meta' i]").first.click()
        page.locator("textarea:visible").last.fill(DOUBT)
        page.locator("textarea:visible").last.press("Enter")
        story.photograph(page, "corrected")
        browser.update(page)
        assert "anna 0" in story.lead("studio", "watch", "--once")
        story.open(page, title, "ferry")
        assert page.locator(".notice details").count() == 0
        story.photograph(page, "no-findings")


def test_the_lead_pulls(story: Story) -> None:
    """Ben's mistake is a warning: it stops nobody."""
    pulled = story.lead("studio", "pull")
    checked = story.lead("check")
    assert "corpus/annotations/ben/ferry.json" in checked
    status = story.lead("studio", "status")
    assert "carla: 1 done, 0 draft, 0 skipped, 2 left" in status
    assert pulled


def test_doubts_are_listed(story: Story) -> None:
    doubts = story.lead("doubts")
    assert DOUBT in doubts
    assert "A cook" in doubts


def test_a_corrected_text_keeps_its_labels(story: Story) -> None:
    corrected = story.project.path("corrected")
    corrected.mkdir()
    (corrected / "crane.txt").write_text(TEXTS["crane"].replace("East Dok", "East Dock"), "utf-8")
    assert "crane: the text is corrected" in story.lead("add", "corrected/crane.txt", "--replace")
    plan = story.lead("studio", "push", "--reanchor", "--plan")
    assert "East Dok" in plan
    story.lead("studio", "push", "--reanchor")
    for name in ("ben", "carla"):
        (quay,) = (s for s in story.corpus.read_annotation(name, "crane").spans if s.label == "Quay")
        assert quay.text == "East Dock"
    with story.desk("carla") as page:
        story.open(page, annotator_title(story.title, "carla"), "crane")
        story.photograph(page, "corrected-text")
        words = page.evaluate("window.Htx.annotationStore.selected.regions.map(one => one.text)")
    assert "East Dock" in words


def test_deleted_labels_come_back(story: Story) -> None:
    """Ben deletes his annotation by mistake."""
    title = annotator_title(story.title, "ben")
    (annotation,) = story.tasks_of(title)["ferry"]["annotations"]
    with story.session("ben") as session:
        assert session.delete(f"/api/annotations/{annotation['id']}/").status_code == 204
    path = story.project.path("corpus/annotations/ben/ferry.json")
    before = path.read_bytes()
    lost = "ben's labels of ferry (7 spans) are in the corpus and no longer on the server"
    assert lost in story.lead("studio", "pull")
    assert lost in story.lead("studio", "status", code=1)
    story.lead("studio", "restore", "ben", "ferry")
    (restored,) = story.tasks_of(title)["ferry"]["annotations"]
    assert len([item for item in restored["result"] if item["type"] == "labels"]) == 7
    assert "no longer on the server" not in story.lead("studio", "pull")
    assert path.read_bytes() == before


def test_carla_leaves(story: Story) -> None:
    """Her storm goes to ben, who labels it."""
    assert "storm" in story.lead("studio", "people", "remove", "carla", "--yes")
    story.project.replace(
        "corpus/annotators.yaml",
        'carla, kind: person, training: none, since: "2026-01-01"',
        'carla, kind: person, training: none, since: "2026-01-01", until: "2026-01-02"',
    )
    story.lead("studio", "assign", "anna", "ben", "--articles", ",".join(TEXTS), "--each", "2", "--seed", "7")
    assert "storm" in story.tasks_of(annotator_title(story.title, "ben"))
    story.work("ben", "storm", "annotations/", story.items("storm"))
    story.lead("studio", "watch", "--once")
    story.lead("studio", "pull")
    story.lead("studio", "status")


def test_agreement(story: Story) -> None:
    agreed = story.lead("agree", "--samples", "0")
    assert "anna" in agreed
    story.lead("agree", "--samples", "0", "--format", "html", "--out", "agreement.html")


def test_dora_decides(story: Story) -> None:
    """She works through the list of what differs; what she forgot is named, and nothing is written for it."""
    story.lead("studio", "adjudicate")
    title = adjudication_title(story.title)
    assert set(story.tasks_of(title)) == set(TEXTS)
    story.work("dora", "crane", "annotations/", story.items("crane"), title)
    story.work("dora", "storm", "annotations/", story.items("storm", "nets"), title)
    task = story.tasks_of(title)["ferry"]
    with story.desk("dora") as page:
        browser.open_stream(page, story.studio.url, task["project"])
        page.keyboard.press("Escape")
        page.wait_for_selector(".htx-highlight")
        shown = page.locator(".notice").inner_text()
        assert "3 differences to decide" in shown
        story.photograph(page, "differences")
        browser.choose(page, "A cook", "hand")
        browser.label(page, "3", '"the soup is cold"')
        browser.relate(page, "replied", '"the soup', SHOWN["words"])
        page.locator(".decided label").first.click()
        story.photograph(page, "decided")
        browser.submit(page)
        pulled = story.lead("studio", "adjudicate", "--pull", "--as", "dora", code=1)
        assert "1 of 1 difference undecided (1. Load: 7 nets)" in pulled
        assert "storm" not in story.corpus.annotated_ids("gold")
        story.open(page, title, "storm")
        page.locator(".decided label").first.click()
        story.photograph(page, "ticked")
        browser.update(page)
    story.lead("studio", "adjudicate", "--pull", "--as", "dora")
    for article in TEXTS:
        gold = story.corpus.read_annotation("gold", article)
        assert (gold.process, gold.annotator) == ("adjudicated", "dora")
    assert [span.text for span in story.corpus.read_annotation("gold", "storm").spans if span.label == "Load"] == [
        "5 boats"
    ]


def test_quality_on_hidden_gold(story: Story) -> None:
    quality = story.lead("studio", "quality")
    rows = [line.split() for line in quality.splitlines()]
    assert [row[0] for row in rows if row[:1] in (["anna"], ["ben"], ["carla"])] == ["anna", "ben"]


def test_gold_is_built(story: Story) -> None:
    """A dataset leaves out the labels of ben that break a rule, until he has corrected them."""
    story.lead("split", "--write")
    story.lead("coverage", "--init", "--reason", "nobody speaks, and nothing is counted")
    strict = story.lead("check", "--strict", code=1)
    assert "corpus/annotations/ben/ferry.json" in strict
    assert "ben" in story.lead("build", "--out", "dist")
    title = annotator_title(story.title, "ben")
    (annotation,) = story.tasks_of(title)["ferry"]["annotations"]
    with story.session("ben") as session:
        answer = session.patch(f"/api/annotations/{annotation['id']}/", json={"result": story.items("ferry")})
        assert answer.status_code == 200
    story.lead("studio", "watch", "--once")
    story.lead("studio", "pull")
    story.lead("check", "--strict")
    story.lead("build", "--out", "dist")
    story.lead("studio", "status")
