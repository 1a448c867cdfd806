"""A pull on a real server replaces only labels that it pulled from the same user, and no project hides another."""

from typing import Any

import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import TITLES, Loop
from tests.labelstudio.team import VERB

pytestmark = pytest.mark.server


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    return Loop(project, started, studio)


def user_of(loop: Loop) -> int:
    """Return the user who is anna."""
    users = loop.state.annotators(loop.studio.address.name)
    return next(user_id for user_id, name in users.items() if name == "anna")


def span_ids(loop: Loop, annotator: str) -> list[str]:
    return [span.id for span in loop.corpus.read_annotation(annotator, "harbour").spans]


def test_labels_from_elsewhere_are_kept_unless_asked(loop: Loop) -> None:
    file = loop.corpus.annotation_path("anna", "harbour")
    before = file.read_bytes()
    loop.push()
    loop.submit("harbour", [VERB])
    kept = loop.annotate("pull", "--annotator", "anna")
    assert (kept.exit_code, file.read_bytes()) == (1, before), kept.output
    assert "annotations/anna/harbour.json: L110 " in kept.stderr
    assert "gold was made from them" in kept.stderr
    assert "0 written, 0 unchanged, 1 item quarantined" in kept.stdout
    assert "L110" in loop.annotate("status").output
    assert loop.annotate("pull", "--all").exit_code == 1
    assert file.read_bytes() == before
    replaced = loop.annotate("pull", "--replace")
    assert (replaced.exit_code, span_ids(loop, "anna")) == (0, ["v"]), replaced.output
    assert "annotations/anna/harbour.json: L111 " in replaced.stderr
    # From now on, they are the labels of this user.
    task_id = next(task["id"] for task in loop.tasks() if task["data"]["article"] == "harbour")
    (annotation,) = (loop.studio.get_task(task_id) or {})["annotations"]
    loop.studio.update_annotation(annotation["id"], [VERB | {"id": "w"}])
    again = loop.annotate("pull")
    assert (again.exit_code, span_ids(loop, "anna")) == (0, ["w"]), again.output


def test_no_user_is_a_model(loop: Loop) -> None:
    loop.push()
    loop.submit("market", [VERB])
    refused = loop.annotate("pull", "--annotator", "ben")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "lists 'ben' as a model, which is no user of the server; name the person" in refused.stderr
    assert "ben" not in loop.state.annotators(loop.studio.address.name).values()


def test_files_of_a_user_who_becomes_another_annotator_are_named(loop: Loop) -> None:
    loop.let_ben_label()
    loop.corpus.annotation_path("anna", "harbour").unlink()
    loop.push()
    loop.submit("harbour", [VERB])
    assert loop.annotate("pull", "--annotator", "anna").exit_code == 0
    user = user_of(loop)
    other = loop.annotate("pull", "--annotator", "ben", "--user", str(user), "--all")
    assert (other.exit_code, span_ids(loop, "ben")) == (0, ["v"]), other.output
    line = f"annotations/anna/harbour.json: was pulled from user {user}, who is ben from now on; "
    assert other.stderr.count(line) == 1
    assert "from now on" not in loop.annotate("pull", "--annotator", "ben", "--user", str(user)).stderr


def test_of_two_projects_the_newest_annotation_is_kept_whichever_is_pulled(loop: Loop) -> None:
    loop.corpus.annotation_path("anna", "harbour").unlink()
    first = loop.title
    loop.push()
    loop.submit("harbour", [VERB])
    assert loop.annotate("pull", "--annotator", "anna").exit_code == 0
    loop.title = second = next(TITLES)
    loop.push()
    loop.submit("harbour", [VERB | {"id": "w"}])
    for title, words in ((second, []), (first, ["--all"]), (second, ["--all"])):
        loop.title = title
        pulled = loop.annotate("pull", *words)
        assert (pulled.exit_code, span_ids(loop, "anna")) == (1, ["w"]), pulled.output
        assert pulled.stderr.count("L104 anna has several annotations of this article") == 1
        assert " in project " in pulled.stderr
        assert "1 item quarantined" in pulled.stdout
    task: Any = next(task for task in loop.tasks() if task["data"]["article"] == "harbour")
    for annotation in task["annotations"]:
        loop.studio.write("DELETE", f"api/annotations/{annotation['id']}/", subject="the annotation")
    resolved = loop.annotate("pull", "--all")
    assert (resolved.exit_code, span_ids(loop, "anna")) == (0, ["v"]), resolved.output
