"""`annotate doubts`: the notes of annotators, from a submission in Label Studio to the report."""

import csv
import io
import json

import msgspec
import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.team import Team
from tests.service.practice import region

NOTE = "Is the master | a *speaker*\nhere?"


def add_notes(project: Project) -> None:
    labels = project.corpus.read_annotation("anna", "harbour")
    spans = tuple(
        msgspec.structs.replace(span, note={"s1": NOTE, "s5": "=1+1"}.get(span.id, "")) for span in labels.spans
    )
    relations = tuple(
        msgspec.structs.replace(each, note="Or the sacks?" if each.label == "lies_at" else "")
        for each in labels.relations
    )
    project.corpus.write_annotation("anna", msgspec.structs.replace(labels, spans=spans, relations=relations))


def test_notes_are_listed_by_label_with_the_page(project: Project) -> None:
    assert project.annotate("doubts").stdout == "no notes\n"
    add_notes(project)
    done = project.annotate("doubts", "--format", "json")
    found = json.loads(done.stdout)
    assert [(each["label"], each["words"], each["guideline"]) for each in found] == [
        ("Speaker", "The harbour master", "speech.md"),
        ("Quay", "Café Quay", "cargo.md"),
        ("lies_at", "40 crates → Café Quay", "cargo.md"),
    ]
    assert found[0]["note"] == NOTE
    assert {(each["article"], each["annotator"]) for each in found} == {("harbour", "anna")}
    by_article = json.loads(project.annotate("doubts", "--by", "article", "--format", "json").stdout)
    assert [each["start"] for each in by_article] == sorted(each["start"] for each in found)
    assert project.annotate("doubts", "--annotators", "gold").stdout == "no notes\n"
    assert project.annotate("doubts", "--annotators", "nobody").exit_code == 2


def test_notes_are_only_words_in_each_format(project: Project) -> None:
    add_notes(project)
    rows = list(csv.DictReader(io.StringIO(project.annotate("doubts", "--format", "csv").stdout)))
    assert [row["note"] for row in rows] == [NOTE.replace("\n", "\\n"), "'=1+1", "Or the sacks?"]
    markdown = project.annotate("doubts", "--format", "markdown").stdout
    assert r"Is the master \| a \*speaker\*" in markdown
    text = project.annotate("doubts").stdout
    assert text.startswith("3 notes\n")
    assert "a *speaker*\\nhere?" in text


@pytest.mark.server
def test_note_written_in_label_studio_reaches_the_report(project: Project, started: State, studio: Studio) -> None:
    team = Team(project, started, studio)
    team.run("people", "add", "ben")
    team.run("assign", "ben", "--articles", "harbour")
    text = team.corpus.read_text("harbour")
    items = [region("a", "speech", "Verb", "said", text, note="Said, or told?")]
    team.work("ben", "harbour", "annotations/", items)
    project.replace("schema/labels.yaml", f"title: {project.inventory.title}", f"title: {team.title}")
    pulled = project.annotate("studio", "pull", "--dir", str(team.state.folder))
    assert pulled.exit_code == 0, pulled.output
    (doubt,) = json.loads(project.annotate("doubts", "--format", "json").stdout)
    assert (doubt["annotator"], doubt["words"], doubt["note"]) == ("ben", "said", "Said, or told?")
