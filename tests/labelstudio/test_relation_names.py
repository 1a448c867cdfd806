"""The display names of relations on a real server: applied to a project, refused if others are in use, and read."""

import pytest

from annotate.errors import Refused
from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import read_vocabulary
from annotate.labelstudio.projects import require_project
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
