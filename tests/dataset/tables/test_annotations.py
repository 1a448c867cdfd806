"""The table of annotators' own labels: what they began with, and how long the work took."""

from pathlib import Path

import annotate
from tests.conftest import Project


def test_copies_and_times_are_columns(project: Project) -> None:
    market = "corpus/annotations/anna/market.json"
    began = '"process": "corrected",\n"made_from": ["ben"],\n"lead_time": 61.5,\n"origins": {"prediction": 1},'
    project.replace(market, '"process": "single pass",\n"made_from": [],', began)
    assert project.annotate("check").exit_code == 0
    done = project.annotate("build", "--out", "out")
    assert done.exit_code == 0, done.output
    rows = {str(row.columns["article"]): row.columns for row in annotate.load(project.path("out"), "annotations")}
    columns = ("process", "made_from", "lead_time")
    assert [rows["market"][name] for name in columns] == ["corrected", ["ben"], 61.5]
    assert [rows["harbour"][name] for name in columns] == ["single pass", [], None]
    card = Path(project.path("out/README.md")).read_text("utf-8")
    assert "seconds that the annotator worked on the article" in card
    # The commands that copy annotations keep what they began with.
    for format_ in ("jsonl", "csv"):
        exported = project.annotate("export", "--format", format_, "--annotator", "anna", "--out", f"out-{format_}")
        assert exported.exit_code == 0, exported.output
    assert "61.5" in project.path("out-csv/articles.csv").read_text("utf-8")
