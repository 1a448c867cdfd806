"""Hidden gold in ordinary work, on a real server: it looks like any other article, and shows quality by week."""

import re
import shutil

import msgspec
import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import NOTICE
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.projects import HIDDEN_GOLD_FILE, annotator_title, list_hidden_gold, require_project
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import result_items
from annotate.offsets import sha256
from annotate.service.hidden_gold import hide_gold
from tests.conftest import Project
from tests.labelstudio.team import Team


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    """A corpus in which nobody but gold has labels, which were made by someone else."""
    shutil.rmtree(project.corpus.root / "annotations" / "anna")
    for article_id in ("harbour", "market"):
        gold = project.corpus.read_annotation("gold", article_id)
        project.corpus.write_annotation("gold", msgspec.structs.replace(gold, process="single pass", made_from=()))
    return Team(project, started, studio)


def add_articles(project: Project, count: int) -> list[str]:
    """Add articles with gold."""
    made, gold = project.corpus.read_article("market"), project.corpus.read_annotation("gold", "market")
    for number in range(count):
        article_id, text = f"more-{number}", f"{made.text} {number}"
        article = msgspec.structs.replace(made, id=article_id, text=text, text_sha256=sha256(text))
        project.corpus.write_article(article)
        labels = msgspec.structs.replace(gold, article=article_id, text_sha256=sha256(text))
        project.corpus.write_annotation("gold", labels)
    return [f"more-{number}" for number in range(count)]


def test_choice_is_stable_and_prefers_what_is_not_assigned(project: Project) -> None:
    more = add_articles(project, 6)
    state = State(project.root / ".studio")
    state.create_folder()

    def hide(annotator: str, count: int, seed: int, seen: tuple[str, ...] = ()) -> list[str]:
        return hide_gold(project.corpus, state, LOCAL, "News", annotator, ["market"], count, seed, seen)

    first = hide("ben", 2, 7)
    assert first == hide("ben", 2, 7)
    assert set(first) == set(hide("ben", 1, 99)), "those that were chosen stay"
    hidden = list_hidden_gold(state, LOCAL, "News")["ben"]
    assert len(hidden) == 2
    assert set(first) == {"market", *hidden}
    assert set(hidden) <= {*more, "harbour"}
    more_hidden = set(hide("ben", 3, 7))
    assert more_hidden > set(first)
    assert list_hidden_gold(state, LOCAL, "Other") == {}
    # Anna has labelled harbour and market, and practised on all but two others.
    chosen = hide("anna", 2, 7, tuple(more[2:]))
    assert set(chosen) == {"market", more[0], more[1]}


def test_too_few_articles_are_refused(team: Team) -> None:
    refused = team.run("assign", "anna", "--hidden-gold", "3", code=2)
    assert "--hidden-gold: 2 articles with gold, unknown to anna; 3 are needed" in refused.stderr


@pytest.mark.server
def test_hidden_articles_look_like_any_other(team: Team) -> None:
    team.run("people", "add", "anna")
    done = team.run("assign", "anna", "--articles", "market", "--hidden-gold", "1", "--seed", "7")
    assert "anna: 2 articles new" in done.stdout
    assert "harbour" not in done.output
    project = require_project(team.studio, team.state, annotator_title(team.title, "anna"))
    tasks = team.studio.list_tasks(project.id)
    assert {task["data"]["article"] for task in tasks} == {"harbour", "market"}
    shown = [(sorted(task["data"]), task["predictions"], task["annotations"], task["data"][NOTICE]) for task in tasks]
    assert shown[0] == shown[1]
    assert shown[0][1:] == ([], [], "")
    path = team.state.folder / HIDDEN_GOLD_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert "anna: 0 articles new" in team.run("assign", "anna", "--articles", "market", "--hidden-gold", "1").stdout


@pytest.mark.server
def test_quality_by_week(team: Team) -> None:
    assert "no hidden gold article was submitted" in team.run("quality", code=2).stderr
    team.run("people", "add", "anna")
    team.run("assign", "anna", "--articles", "market", "--hidden-gold", "2")
    inventory = team.project.inventory
    for article_id, left_out in (("harbour", 2), ("market", 0)):
        gold = team.corpus.read_annotation("gold", article_id)
        spans = gold.spans[left_out:]
        kept = {span.id for span in spans}
        relations = tuple(each for each in gold.relations if {each.head, each.tail} <= kept)
        labels = msgspec.structs.replace(gold, spans=spans, relations=relations)
        team.work("anna", article_id, "annotations/", result_items(labels, inventory))
    rows = [line.split(",") for line in team.run("quality", "--format", "csv").stdout.splitlines()]
    assert rows[0] == ["annotator", "week", "articles", "gold", "labelled", "strict F1", "overlap F1"]
    assert len(rows) == 2
    assert re.fullmatch(r"\d{4}-W\d\d", rows[1][1])
    gold_spans, own_spans = int(rows[1][3]), int(rows[1][4])
    assert gold_spans - own_spans == 2
    assert float(rows[1][5]) == pytest.approx(2 * own_spans / (gold_spans + own_spans), abs=1e-5)
    # The labels are pulled like all others: nobody saw gold.
    team.project.replace("schema/labels.yaml", f"title: {inventory.title}", f"title: {team.title}")
    team.project.annotate("studio", "pull", "--dir", str(team.state.folder))
    assert team.corpus.annotated_ids("anna") == ["harbour", "market"]
    assert team.corpus.read_annotation("anna", "harbour").made_from == ()
    # Gold that was made from these labels measures nothing.
    gold = team.corpus.read_annotation("gold", "market")
    team.corpus.write_annotation(
        "gold", msgspec.structs.replace(gold, process="adjudicated", made_from=("anna", "ben"))
    )
    again = team.run("quality")
    assert "market, anna: left out, since gold was made from labels of anna" in again.stderr
    assert re.search(r"anna +\d{4}-W\d\d +1 ", again.stdout)
