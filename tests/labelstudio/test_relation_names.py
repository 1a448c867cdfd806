"""The names of relations on a real server: applied to a project, refused if others are in use, read, and filled in."""

from typing import Any

import pytest

from annotate.errors import Refused
from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import read_vocabulary
from annotate.labelstudio.controls import Controls
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.relation_updates import write_relation_names
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop, push_bare

pytestmark = pytest.mark.server


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    return Loop(project, started, studio)


def shown_as(loop: Loop, words: str, before: str = "") -> None:
    old = f"    shown_as: {before}\n" if before else ""
    loop.project.replace("schema/labels.yaml", f"  speaker:\n{old}", f"  speaker:\n    shown_as: {words}\n")


def relations(loop: Loop) -> list[str]:
    """The labels of the relations of an article's first prediction, as the server has them."""
    return [item["labels"][0] for item in loop.items("harbour") if item["type"] == "relation"]


def test_new_words_are_applied_if_the_old_ones_are_unused(loop: Loop) -> None:
    def bare() -> None:
        push_bare(loop)

    bare()
    shown_as(loop, "who says it")
    bare()
    project = require_project(loop.studio, loop.state, loop.title)
    assert "who says it" in read_vocabulary(project.config).relations
    assert "speaker" not in read_vocabulary(project.config).relations
    loop.push()  # labels made with the words: other words are refused from here on
    assert relations(loop).count("who says it") == 2
    assert loop.differences()[1] == []
    shown_as(loop, "said by", "who says it")
    with pytest.raises(Refused, match=r"relation who says it \(2 in predictions\)"):
        bare()
    assert require_project(loop.studio, loop.state, loop.title).config == project.config


def test_relations_with_the_bare_name_block_new_words_and_are_still_read(loop: Loop) -> None:
    loop.let_ben_label()
    loop.push()
    loop.submit("harbour", loop.items("harbour"))
    shown_as(loop, "who says it")
    with pytest.raises(Refused, match=r"relation speaker \(2 in annotations, 2 in predictions\)"):
        loop.push()
    assert relations(loop).count("speaker") == 2
    assert loop.annotate("pull", "--annotator", "ben").exit_code == 0
    pulled, gold = (loop.corpus.read_annotation(who, "harbour") for who in ("ben", "gold"))
    assert pulled.relations == gold.relations
    assert [one for one in loop.differences()[1] if "relation" in one] == []


def test_relations_are_reworded_by_a_migration(loop: Loop) -> None:
    """Drawn with the bare name, then reworded twice: server and inventory follow, the corpus keeps the name."""
    loop.push()
    loop.submit("harbour", loop.items("harbour"))
    assert loop.annotate("pull", "--annotator", "anna").exit_code == 0
    before = loop.corpus.read_annotation("anna", "harbour").relations
    for number, words in enumerate(("who says it", "said by")):
        steps = f"steps:\n  - {{reword: relation, name: speaker, shown_as: {words}}}\n"
        loop.project.path("steps.yaml").write_text(f"from: 1.{number}.0\nto: 1.{number + 1}.0\n{steps}")
        done = loop.annotate("migrate", "steps.yaml")
        assert done.exit_code == 0, done.output
        assert f"reword relation speaker → {words}: 2 annotated, 0 pending, 2 predicted" in done.stdout
        assert relations(loop).count(words) == 2
        assert words in read_vocabulary(require_project(loop.studio, loop.state, loop.title).config).relations
        assert loop.corpus.read_annotation("anna", "harbour").relations == before
        assert loop.annotate("compare").exit_code == 0
    assert loop.annotate("migrate", "--undo").exit_code == 0
    assert relations(loop).count("who says it") == 2


def unnamed(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items as a browser writes them for an annotator who drew the relations and named none."""
    return [item | {"labels": []} if item["type"] == "relation" else item for item in items]


def submitted(loop: Loop) -> dict[str, Any]:
    """The task of an article with its annotations."""
    return next(task for task in loop.tasks() if task["data"]["article"] == "harbour")


def test_unnamed_relations_are_named_by_their_ends(loop: Loop) -> None:
    """A pull names them in the corpus and counts them; the server gets the shown names, and the next pull agrees."""
    loop.let_ben_label()
    shown_as(loop, "who says it")
    loop.push()
    before = loop.items("harbour")
    loop.submit("harbour", unnamed(before))
    pulled = loop.annotate("pull", "--annotator", "ben")
    assert pulled.exit_code == 0, pulled.output
    count = sum(item["type"] == "relation" for item in before)
    assert f"named {count} relations by their ends\n" in pulled.stdout
    assert "L407" not in pulled.output
    relations_of = {name: loop.corpus.read_annotation(name, "harbour").relations for name in ("ben", "gold")}
    assert relations_of["ben"] == relations_of["gold"] != ()

    project = require_project(loop.studio, loop.state, loop.title)
    offered = read_vocabulary(project.config).relations
    controls, task = Controls(loop.project.inventory), submitted(loop)
    number, author = task["annotations"][0]["id"], task["annotations"][0]["completed_by"]
    assert write_relation_names(loop.studio, task, controls, offered) == count
    after = submitted(loop)
    (annotation,) = after["annotations"]
    assert (annotation["id"], annotation["completed_by"]) == (number, author)
    assert annotation["result"] == before
    assert relations(loop).count("who says it") == 2
    assert write_relation_names(loop.studio, after, controls, offered) == 0
    assert write_relation_names(loop.studio, task, controls, offered) == 0, "it changed since it was fetched"
    again = loop.annotate("pull")
    assert (again.exit_code, "named" in again.stdout) == (0, False), again.output
    assert "0 written" in again.stdout


def test_relations_are_not_named_while_somebody_has_a_draft(loop: Loop) -> None:
    loop.push()
    items = unnamed(loop.items("harbour"))
    loop.submit("harbour", items)
    task = submitted(loop)
    with loop.api() as api:
        api.post(f"/api/tasks/{task['id']}/drafts", json={"result": items}).raise_for_status()
    assert write_relation_names(loop.studio, task, Controls(loop.project.inventory)) == 0
    assert submitted(loop)["annotations"][0]["result"] == items
