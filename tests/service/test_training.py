"""`annotate studio train` on a real server: practice, differences from gold once submitted, and F1 for the lead."""

import re
from typing import Any

import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import NOTICE
from annotate.labelstudio.notices import NoticeVersion
from annotate.labelstudio.projects import require_project, training_title
from annotate.labelstudio.results import Mapper, Origin
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import FINDINGS
from annotate.offsets import sha256
from annotate.practice import read_practice_texts
from annotate.service.training import compare_with_gold, render_training_notice
from tests.conftest import Project
from tests.labelstudio.team import Team
from tests.service.practice import TEXT, right_answer, write_practice, wrong_answer

ARTICLE = "practice-barrels"


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    write_practice(project)
    return Team(project, started, studio)


def find_task(team: Team, annotator: str, article_id: str = ARTICLE) -> dict[str, Any]:
    project = require_project(team.studio, team.state, training_title(team.title, annotator))
    return next(task for task in team.studio.list_tasks(project.id) if task["data"]["article"] == article_id)


def practise(team: Team, annotator: str, items: list[dict[str, Any]], article_id: str = ARTICLE) -> None:
    team.work(annotator, article_id, "annotations/", items, project=training_title(team.title, annotator))


def test_differences_are_in_words_with_the_rule_and_the_page(project: Project) -> None:
    write_practice(project)
    inventory = project.inventory
    practice = read_practice_texts(project.path("guidelines"), inventory)[ARTICLE]
    origin = Origin(ARTICLE, "anna", "anna.json")
    titles = {"speech.md": "Who speaks", "cargo.md": "What is counted"}

    def compare(items: list[dict[str, Any]]) -> Any:
        mapped = Mapper(inventory).map_result(items, TEXT, origin, sha256(TEXT))
        assert mapped.annotation is not None
        return compare_with_gold(mapped.annotation, practice.gold, TEXT, inventory, titles)

    assert compare(right_answer()) == []
    items = compare(wrong_answer())
    assert [(item.words, item.message, item.guideline) for item in items] == [
        ("A hand", "Speaker: other values.", "Who speaks"),
        (
            "7 barrels lie at the pier",
            "Words: other words. The whole clause <b>without</b> the full stop.",
            "Who speaks",
        ),
        (
            "7 barrels → the pier",
            "lies_at: you do not have it. The arrow starts at what is counted.",
            "What is counted",
        ),
        ("The master", "Speaker: not in gold.", "Who speaks"),
    ]
    assert items[0].versions == [
        NoticeVersion("you", "Speaker “A hand” (rank: master)"),
        NoticeVersion("gold", "Speaker “A hand” (rank: hand)"),
    ]
    assert items[1].versions[0].labels == "Words “7 barrels lie at the pier.”"
    assert items[2].versions == [], "words and message say it"
    assert items[3].versions[1] == NoticeVersion("gold", "nothing")
    html = render_training_notice(items, 1)
    assert "&lt;b&gt;without&lt;/b&gt;" in html
    assert "<summary>4 differences from gold</summary>" in html
    assert "Not compared: 1 item that cannot be read" in html
    other_label = [
        item if item.get("id") != "p" or "value" not in item else quay_as_speaker(item) for item in right_answer()
    ]
    assert "Another label." in [item.message for item in compare(other_label)]


def quay_as_speaker(item: dict[str, Any]) -> dict[str, Any]:
    return item | {"from_name": "speech", "value": item["value"] | {"labels": ["Verb"]}}


@pytest.mark.server
def test_gold_is_shown_once_submitted_and_not_before(team: Team) -> None:
    team.run("people", "add", "anna", "ben")
    made = team.run("train", "anna", "ben", "--articles", "harbour").stdout
    assert re.fullmatch(r"anna: 2 texts new, http\S+\nben: 2 texts new, http\S+\n", made)
    assert "anna: 0 texts new" in team.run("train", "anna").stdout
    task = find_task(team, "anna")
    assert (task["data"]["text"], task["predictions"], task["data"][NOTICE]) == (TEXT, [], "")
    team.work("anna", ARTICLE, "drafts", wrong_answer(), project=training_title(team.title, "anna"))
    assert team.run("train", "--review").stdout == "0 texts submitted, 0 boxes updated\n"
    assert find_task(team, "anna")["data"] == task["data"]
    practise(team, "anna", wrong_answer())
    told = team.run("train", "--review").stdout
    assert told == f"1 text submitted, 1 box updated\nanna: {ARTICLE}, 4 differences\n"
    data = find_task(team, "anna")["data"]
    assert data == task["data"] | {NOTICE: data[NOTICE], FINDINGS: 4}
    assert "<b>gold</b> Speaker “A hand” (rank: hand)" in data[NOTICE]
    # Whoever has not submitted sees no gold, and a poll without news writes nothing.
    for annotator, article_id in (("ben", ARTICLE), ("anna", "harbour")):
        assert find_task(team, annotator, article_id)["data"][NOTICE] == ""
    updated = find_task(team, "anna")["updated_at"]
    assert team.run("train", "--review").stdout == "1 text submitted, 0 boxes updated\n"
    assert find_task(team, "anna")["updated_at"] == updated


@pytest.mark.server
def test_corrected_labels_have_no_differences(team: Team) -> None:
    team.run("people", "add", "ben")
    team.run("train", "ben")
    practise(team, "ben", wrong_answer())
    team.run("train", "--review")
    task = find_task(team, "ben")
    with team.session("ben") as browser:
        number = task["annotations"][0]["id"]
        answer = browser.patch(f"/api/annotations/{number}/", json={"result": right_answer()})
        assert answer.status_code == 200, answer.text
    team.run("train", "--review")
    data = find_task(team, "ben")["data"]
    assert "No difference from gold" in data[NOTICE]
    assert data[FINDINGS] == 0


@pytest.mark.server
def test_lead_sees_f1_per_annotator_and_label(team: Team) -> None:
    assert "there is no training project" in team.run("train", "--report", code=2).stderr
    team.run("people", "add", "anna", "ben")
    team.run("train", "anna", "ben")
    practise(team, "anna", wrong_answer())
    table = team.run("train", "--report", "--format", "csv").stdout
    rows = [line.split(",") for line in table.splitlines()]
    assert rows[0] == ["annotator", "label", "gold", "labelled", "strict F1", "overlap F1"]
    by_label = {row[1]: row[2:] for row in rows[1:]}
    assert {row[0] for row in rows[1:]} == {"anna"}
    assert by_label["Words"] == ["1", "1", "0.0", "1.0"]
    assert by_label["Speaker"] == ["1", "2", "0.666667", "0.666667"]
    assert by_label["lies_at"] == ["1", "0", "–", "0.0"]
    shown = team.run("train", "--report").stdout
    assert "anna: 1 of 1 article submitted" in shown
    assert "ben: 0 of 1 article submitted" in shown


@pytest.mark.server
def test_labels_of_training_do_not_reach_the_corpus(team: Team) -> None:
    team.project.replace("schema/labels.yaml", f"title: {team.project.inventory.title}", f"title: {team.title}")
    team.run("people", "add", "ben")
    team.run("train", "ben", "--articles", "harbour")
    practise(team, "ben", right_answer())
    practise(team, "ben", [], "harbour")
    title = training_title(team.title, "ben")
    shown = team.run("status").stdout
    assert re.search(r"training project \d+ of ben: 2 of 2 submitted; http", shown)
    assert "harbour" not in shown
    team.run("assign", "ben")
    folder = ["--dir", str(team.state.folder)]
    pulled = team.project.annotate("studio", "pull", *folder)
    assert pulled.exit_code == 0, pulled.output
    assert team.corpus.annotated_ids("ben") == []
    refused = team.project.annotate("studio", "pull", "--title", title, *folder)
    assert refused.exit_code == 1
    assert "is a training project" in refused.stderr
    assert team.corpus.annotated_ids("ben") == []


@pytest.mark.server
def test_what_others_submit_is_reported(team: Team) -> None:
    team.run("people", "add", "anna", "ben")
    team.run("train", "anna")
    team.work("ben", ARTICLE, "annotations/", right_answer(), project=training_title(team.title, "anna"))
    told = team.run("train", "--review")
    assert told.stdout == "0 texts submitted, 0 boxes updated\n"
    assert f"{ARTICLE}: what ben submitted is left out" in told.stderr


@pytest.mark.server
def test_impossible_training_is_refused(team: Team) -> None:
    assert "needs one of" in team.run("train", code=2).stderr
    assert "needs one of" in team.run("train", "anna", "--report", code=2).stderr
    assert "has no gold labels of 'lighthouse'" in team.run("train", "anna", "--articles", "lighthouse", code=2).stderr
    write_practice(team.project, "title: x\ntext: One.\nspans: [{id: a, label: Crate, quote: One}]\n")
    assert "1 error in the gold labels" in team.run("train", "anna", code=1).stderr
    team.project.path("guidelines/practice/barrels.yaml").unlink()
    assert "there is nothing to practise on" in team.run("train", "anna", code=2).stderr
    assert team.studio.find_projects(training_title(team.title, "anna")) == []
