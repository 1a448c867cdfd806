"""`annotate studio push --show FOLDER`: what is pushed of a folder of annotation files, and what prevents it."""

import pytest
from click.testing import Result

from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import find_project
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop

pytestmark = pytest.mark.server

FOLDER = "corpus/annotations/anna"


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    return Loop(project, started, studio)


def push(loop: Loop, *more: str) -> Result:
    return loop.annotate("push", "--no-check", "--show", str(loop.project.path(FOLDER)), *more)


def test_folder_is_pushed_under_its_annotators_name(loop: Loop) -> None:
    loop.project.path(f"{FOLDER}/harbour.json").unlink()
    planned = push(loop, "--plan")
    assert planned.exit_code == 0, planned.output
    assert "harbour: new, with no prediction" in planned.stdout
    done = push(loop)
    assert done.exit_code == 0, done.output
    assert "1 prediction written" in done.stdout
    shown = {task["data"]["article"]: [one["model_version"] for one in task["predictions"]] for task in loop.tasks()}
    assert shown == {"harbour": [], "market": ["anna 1.0.0"]}
    assert {item["value"]["text"] for item in loop.items("market")} == {"Two to 3 carts"}
    assert "2 unchanged; 0 predictions written" in push(loop).stdout


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ('"text_sha256": "', '"text_sha256": "00', 2, "was made on another text"),
        ('"start": 18', '"start": 17', 2, "its text differs from the article at"),
        ('"annotator": "anna"', '"annotator": "Anna <a@b.c>"', 2, "its annotator is not an id"),
        ('"label": "Load"', '"label": "Cargo"', 1, "in the labels, so nothing"),
        ('"least": 2', '"least": 4', 1, "in the labels, so nothing"),
    ],
)
def test_invalid_predictions_never_reach_the_server(loop: Loop, old: str, new: str, code: int, said: str) -> None:
    loop.project.replace(f"{FOLDER}/market.json", old, new)
    result = push(loop)
    assert result.exit_code == code
    assert said in result.stderr
    assert "a@b.c" not in result.output
    assert find_project(loop.studio, loop.state, loop.title) is None


def test_folder_and_no_predictions_exclude_each_other(loop: Loop) -> None:
    result = push(loop, "--no-predictions")
    assert (result.exit_code, "leave one of the two out" in result.stderr) == (2, True)


def test_former_name_of_the_option_means_the_same(loop: Loop) -> None:
    done = loop.annotate("push", "--no-check", "--predictions", str(loop.project.path(FOLDER)))
    assert (done.exit_code, "2 predictions written" in done.stdout) == (0, True), done.output
    assert "--predictions" not in loop.annotate("push", "--help").stdout
