"""`annotate studio watch` on a real server: what is submitted in training is shown against gold, and once."""

import signal

import pytest

from annotate.labelstudio.config import NOTICE
from annotate.labelstudio.projects import training_title
from annotate.labelstudio.tasks import FINDINGS
from tests.labelstudio.team import VERB, Team
from tests.service.practice import PRACTICE, right_answer, write_practice, wrong_answer
from tests.service.test_training import ARTICLE, find_task, practise
from tests.service.watching import Running, tasks, watch

pytestmark = pytest.mark.server

DIFFERENCES = f"training: ben, {ARTICLE}: 4 differences from gold"


@pytest.fixture
def ben(team: Team) -> Team:
    """Ben practises, and submitted a wrong answer."""
    write_practice(team.project)
    team.run("people", "add", "ben")
    team.run("train", "ben")
    practise(team, "ben", wrong_answer())
    return team


def test_a_submission_gets_its_notice_and_the_next_poll_writes_nothing(ben: Team) -> None:
    assert DIFFERENCES in watch(ben).stdout
    task = find_task(ben, "ben")
    assert task["data"][FINDINGS] == 4
    assert "<b>gold</b> Speaker “A hand” (rank: hand)" in task["data"][NOTICE]
    assert "training" not in watch(ben).stdout
    assert find_task(ben, "ben")["updated_at"] == task["updated_at"]


def test_a_running_watch_follows_corrections_and_practice_texts(ben: Team) -> None:
    """A practice text that is broken is reported; labels are checked meanwhile, and it is compared again once fixed."""
    ben.run("assign", "ben")
    watching = Running(ben)
    try:
        watching.wait_for(DIFFERENCES)
        write_practice(ben.project, "text: [\n")
        watching.wait_for("barrels.yaml")
        ben.work("ben", "harbour", "annotations/", [VERB])
        watching.wait_for("points: ben 1")
        assert tasks(ben, "ben")["harbour"]["data"][FINDINGS] == 1
        # The new gold is what ben has: one difference less.
        write_practice(ben.project, PRACTICE.replace("rank: hand", "rank: master"))
        watching.wait_for("the problem is over")
        watching.wait_for(f"training: ben, {ARTICLE}: 3 differences from gold")
        number = find_task(ben, "ben")["annotations"][0]["id"]
        with ben.session("ben") as browser:
            answer = browser.patch(f"/api/annotations/{number}/", json={"result": right_answer()})
            assert answer.status_code == 200, answer.text
        watching.wait_for(f"training: ben, {ARTICLE}: 1 difference from gold")
        assert find_task(ben, "ben")["data"][FINDINGS] == 1
        told = watching.log.read_text("utf-8")
        assert told.count("barrels.yaml") == 1
        assert "the watch goes on" in told
        assert "Traceback" not in told
    finally:
        watching.end(signal.SIGKILL)


def test_what_others_submit_is_reported_once(ben: Team) -> None:
    ben.run("people", "add", "anna")
    ben.work("anna", ARTICLE, "annotations/", right_answer(), project=training_title(ben.title, "ben"))
    watching = Running(ben)
    try:
        watching.wait_for(f"{ARTICLE}: what anna submitted is left out")
        practise(ben, "ben", right_answer())
        watching.wait_for(f"training: ben, {ARTICLE}: 0 differences from gold")
        assert watching.log.read_text("utf-8").count("what anna submitted is left out") == 1
    finally:
        watching.end(signal.SIGKILL)
