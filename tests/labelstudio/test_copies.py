"""Labels that began as a copy say so, from the server to the corpus, and do not count as independent there."""

import msgspec
import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from annotate.model import Annotation
from tests.conftest import Project
from tests.labelstudio.team import Team

pytestmark = pytest.mark.server


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    return Team(project, started, studio)


def shown(team: Team) -> str:
    return require_project(team.studio, team.state, team.title).shown


def prediction(team: Team, article: str, name: str) -> int:
    """The number of a prediction by the beginning of its name."""
    task = next(task for task in team.tasks() if task["data"]["article"] == article)
    return int(next(each["id"] for each in task["predictions"] if each["model_version"].startswith(name)))


def labels(team: Team, annotator: str, article: str = "market") -> Annotation:
    return team.corpus.read_annotation(annotator, article)


def write_folder(team: Team, annotator: str) -> str:
    """Write a folder with labels by an annotator of the article market, and return its path."""
    folder = team.project.path(f"out/{annotator}")
    folder.mkdir(parents=True)
    data = msgspec.structs.replace(labels(team, "anna"), annotator=annotator, relations=())
    (folder / "market.json").write_bytes(msgspec.json.encode(data))
    return str(folder)


def test_project_shows_what_the_last_push_shows(team: Team) -> None:
    bare = team.run("push", "--no-check")
    assert "annotators start from: the bare text\n" in bare.stdout
    assert [task["predictions"] for task in team.tasks()] == [[], []]

    planned = team.run("push", "--no-check", "--show", "gold", "--plan")
    assert "annotators start from: gold 1.0.0 (before: the bare text); labels that begin so are not" in planned.stdout
    assert shown(team) == ""
    team.run("push", "--no-check", "--show", "gold")
    assert shown(team) == "gold 1.0.0"

    folder = write_folder(team, "model-1")
    told = team.run("push", "--no-check", "--show", folder)
    assert "annotators start from: model-1 1.0.0 (before: gold 1.0.0)" in told.stdout
    assert "annotators.yaml: does not list 'model-1'; list it" in told.stderr
    assert shown(team) == "model-1 1.0.0"
    assert len(next(task for task in team.tasks() if task["data"]["article"] == "market")["predictions"]) == 2

    # A push without --show removes nothing, and says what the project shows.
    kept = team.run("push", "--no-check")
    assert "annotators start from: model-1 1.0.0; the project shows it, and a push without --show leaves" in kept.stdout
    assert (shown(team), "0 predictions written" in kept.stdout) == ("model-1 1.0.0", True)
    team.run("push", "--no-check", "--show", "gold")
    assert shown(team) == "gold 1.0.0"

    # A project in which the setting was emptied shows predictions only in an article opened from the list.
    team.studio.update_project(require_project(team.studio, team.state, team.title).id, {"model_version": ""})
    assert "an article opened from the list starts from its newest" in team.run("push", "--no-check", "--plan").stdout


def test_what_can_not_be_shown_is_refused(team: Team) -> None:
    several = team.project.path("out/several")
    several.mkdir(parents=True)
    for article, name in (("market", "model-1"), ("harbour", "model-2")):
        data = msgspec.structs.replace(labels(team, "anna", article), annotator=name)
        (several / f"{article}.json").write_bytes(msgspec.json.encode(data))
    assert "has labels by 2 annotators (model-1, model-2)" in team.run("push", "--show", str(several), code=2).stderr
    twice = team.run("push", "--show", "gold", "--no-predictions", code=2)
    assert "leave one of the two out" in twice.stderr
    for article in ("market", "harbour"):
        team.project.path(f"corpus/annotations/gold/{article}.json").unlink()
    assert "has no gold labels; make some" in team.run("push", "--no-check", "--show", "gold", code=2).stderr
    assert team.studio.find_projects(team.title) == []


def test_copies_say_so_after_a_pull(team: Team) -> None:
    """Copied from gold, from a colleague, and labelled on the bare text; with the time of each."""
    team.run("push", "--no-check", "--show", "gold")
    team.clear_labels()
    team.run("people", "add", "anna", "ben")
    gold = team.items("market")
    own = {"lead_time": 61.26, "parent_prediction": prediction(team, "market", "gold")}
    team.work("anna", "market", "annotations/", [item | {"origin": "prediction"} for item in gold], team.title, **own)
    team.work("anna", "harbour", "annotations/", team.items("harbour"), team.title, lead_time=30)
    first = next(task["annotations"][0]["id"] for task in team.tasks() if task["data"]["article"] == "harbour")
    team.work("ben", "harbour", "annotations/", team.items("harbour"), team.title, parent_annotation=first)
    status = team.run("status")
    lines = status.stdout.splitlines()
    assert "anna: 2 done, 0 draft, 0 skipped, 0 left; 46 s an article (median), 2 min in all" in lines, "\n".join(
        lines[-12:]
    )
    assert "ben: 1 done, 0 draft, 0 skipped, 0 left; 1 s an article (median), 1 s in all" in status.stdout
    team.run("pull")
    market = labels(team, "anna")
    assert (market.process, market.made_from, market.lead_time) == ("corrected", ("gold",), 61.3)
    assert market.origins == {"prediction": 1}
    bare, copied = labels(team, "anna", "harbour"), labels(team, "ben", "harbour")
    assert (bare.process, bare.made_from, bare.lead_time, bare.origins) == ("single pass", (), 30.0, {})
    assert (copied.process, copied.made_from, copied.lead_time) == ("corrected", ("anna",), 1.0)
    # The gold of the example was made from labels that now began with it.
    assert ": C124 × 1.\n" in team.project.annotate("check").output

    agreed = team.project.annotate("agree")
    assert agreed.exit_code == 2
    assert "the labels of ben in 1 article (harbour) began with those of anna" in agreed.stderr
    assert team.project.annotate("agree", "--include-corrected").exit_code == 0
    refused = team.run("adjudicate", "--from", "anna,ben", code=1)
    assert "are not independent: the labels of ben in 1 article (harbour) began with those of anna" in refused.stderr
    team.run("adjudicate", "--from", "anna,ben", "--include-corrected")


def test_beginning_is_kept_when_the_server_forgets_it(team: Team) -> None:
    """A push of changed gold deletes the old prediction, and with it what the annotation began with."""
    team.run("push", "--no-check", "--show", "gold")
    team.clear_labels()
    items, number = team.items("market"), prediction(team, "market", "gold")
    team.submit("market", items, parent_prediction=number)
    team.run("pull", "--annotator", "anna", code=0)
    assert labels(team, "anna").made_from == ("gold",)
    team.studio.delete_prediction(number)
    task = next(task for task in team.tasks() if task["data"]["article"] == "market")
    assert task["annotations"][0]["parent_prediction"] is None
    for _ in range(2):
        kept = team.run("pull", "--all")
        assert labels(team, "anna").made_from == ("gold",)
        assert "L108" not in kept.stderr
    # Another annotation, made on the bare text, did not begin so.
    with team.api() as api:
        api.delete(f"/api/annotations/{task['annotations'][0]['id']}/")
    team.submit("market", [item | {"id": f"new-{item['id']}"} for item in items])
    team.run("pull")
    assert labels(team, "anna").process == "single pass"


def test_unknown_beginning_is_reported(team: Team) -> None:
    team.run("push", "--no-check", "--show", "gold")
    team.clear_labels()
    items, number = team.items("market"), prediction(team, "market", "gold")
    team.submit("market", [item | {"origin": "prediction"} for item in items], parent_prediction=number, lead_time=-5)
    team.studio.delete_prediction(number)
    told = team.run("pull", "--annotator", "anna")
    assert "L108 anna began with a prediction, which the server does not name; the labels were taken as" in told.stderr
    assert "L109 lead_time is -5.0, which cannot be read" in told.stderr
    found = labels(team, "anna")
    assert (found.process, found.made_from, found.origins) == ("corrected", (), {"prediction": 1})


def test_compare_fails_where_labels_are_missing(team: Team) -> None:
    team.run("push", "--no-check")
    assert "compared 0 of " in team.run("compare").stdout
    missing = team.run("compare", "--labels", "gold", code=1)
    assert "market, prediction gold 1.0.0: the server has none" in missing.stdout
    team.run("push", "--no-check", "--show", "gold")
    last = team.run("compare", "--labels", "gold").stdout.splitlines()[-1]
    spans = sum(len(gold.spans) for gold in team.corpus.gold())
    assert last == f"compared {spans} of {spans} spans of gold"
