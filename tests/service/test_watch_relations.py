"""`annotate studio watch` names relations on a real server, once, and never where a draft would go stale."""

from typing import Any

import pytest

from tests.labelstudio.team import VERB, Team
from tests.service.watching import SAYS, WORDS, correct, tasks, watch

pytestmark = pytest.mark.server

UNNAMED = SAYS | {"labels": []}


@pytest.fixture
def drawn(anna: Team) -> Team:
    """Anna drew an arrow from her verb to the words, and gave it no name; nothing else is left to say."""
    watch(anna)
    correct(anna, "anna", "harbour", [VERB, WORDS, UNNAMED])
    return anna


def arrows(team: Team) -> list[Any]:
    """The names of the relations of anna's annotation, as the server has them."""
    (annotation,) = tasks(team, "anna")["harbour"]["annotations"]
    return [item["labels"] for item in annotation["result"] if item["type"] == "relation"]


def test_a_relation_gets_its_only_name_at_the_next_poll(drawn: Team) -> None:
    assert arrows(drawn) == [[]]
    assert "1 task checked, 1 written; points: anna 0" in watch(drawn).stdout
    assert arrows(drawn) == [["words"]]
    task = tasks(drawn, "anna")["harbour"]
    assert (task["data"]["findings"], task["data"]["notice"]) == (0, "")
    (annotation,) = task["annotations"]
    assert [item for item in annotation["result"] if item["type"] != "relation"] == [VERB, WORDS]

    assert "checked" not in watch(drawn).stdout
    again = tasks(drawn, "anna")["harbour"]
    assert (again["updated_at"], again["annotations"][0]["updated_at"]) == (
        task["updated_at"],
        annotation["updated_at"],
    )


def test_a_relation_that_can_have_no_name_stays_without_one(drawn: Team) -> None:
    """From the words to the verb there is no relation, and the annotator reads what to do."""
    backwards = UNNAMED | {"from_id": "w", "to_id": "v"}
    correct(drawn, "anna", "harbour", [VERB, WORDS, backwards])
    watch(drawn)
    assert arrows(drawn) == [[]]
    assert tasks(drawn, "anna")["harbour"]["data"]["findings"] > 0


def test_a_task_with_a_draft_is_left_alone(drawn: Team) -> None:
    """The page would offer the draft, which lacks the name, as if it were newer."""
    drawn.work("anna", "harbour", "drafts", [VERB, WORDS, UNNAMED])
    (annotation,) = tasks(drawn, "anna")["harbour"]["annotations"]
    watch(drawn)
    assert arrows(drawn) == [[]]
    (after,) = tasks(drawn, "anna")["harbour"]["annotations"]
    assert after["updated_at"] == annotation["updated_at"]
    # Without the draft, the next change of the labels brings the name.
    (draft,) = drawn.studio.list_drafts(tasks(drawn, "anna")["harbour"]["id"]) or []
    with drawn.session("anna") as browser:
        assert browser.delete(f"/api/drafts/{draft['id']}/").status_code == 204
    correct(drawn, "anna", "harbour", [VERB, WORDS | {"meta": {"text": ["sure"]}}, UNNAMED])
    watch(drawn)
    assert arrows(drawn) == [["words"]]
