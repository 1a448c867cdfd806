"""The data statement: a part of the card, with figures that are computed and never typed."""

import json
import re
from pathlib import Path

import pytest

from annotate.corpus import Corpus
from annotate.dataset.statement import fill_statement
from annotate.errors import CannotRun
from annotate.schemas import package_schema
from annotate.util.files import load_yaml
from tests.conftest import ROOT, Project, annotate

STATEMENT = "corpus/statement.yaml"


def test_statement_of_this_corpus_types_no_figure(corpus: Corpus) -> None:
    text = "\n".join(corpus.read_statement().values())
    assert re.findall(r"\b\d+\b", text) == []
    assert len(re.findall(r"\{\w+\}", text)) >= 5


def test_statement_of_this_corpus_tells_how_gold_was_decided(corpus: Corpus) -> None:
    def spans(annotator: str) -> set[tuple[object, ...]]:
        return {
            (name, span.label, span.start, span.end, *sorted(span.attributes.items()))
            for name in corpus.annotated_ids("gold")
            for span in corpus.read_annotation(annotator, name).spans
        }

    process = " ".join(corpus.read_statement()["process"].split())
    gold, first, second = map(spans, ("gold", "reader-5", "reader-6"))
    assert len({key[:4] for key in first ^ second}) == 3
    assert "They differed in three spans" in process
    assert len((first & second) - gold) == 1
    assert "in one span that they agreed on, the adjudicator corrected a value" in process


def test_figures_are_put_in_and_unknown_ones_refused(project: Project) -> None:
    project.path(STATEMENT).write_text("process: '{articles} of them, {spans} spans'\n")
    assert fill_statement(project.corpus, {"articles": 2, "spans": 1234}) == {"process": "2 of them, 1,234 spans"}
    project.path(STATEMENT).write_text("process: '{sources} of them'\n")
    with pytest.raises(CannotRun, match=r"unknown figure 'sources'; choose from: \{articles\}"):
        fill_statement(project.corpus, {"articles": 2})


def test_no_statement_is_an_empty_one(project: Project) -> None:
    assert project.corpus.read_statement() == {}


@pytest.mark.parametrize("text", ["# Nothing yet.\n", "limits: The reports are of one harbour.\n"])
def test_headings_are_optional(project: Project, text: str) -> None:
    """Regression: a statement with one heading was refused until all twelve were there."""
    project.path(STATEMENT).write_text(text)
    assert "No findings" in project.annotate("check").output
    assert project.annotate("build", "--out", "out").exit_code == 0
    card = project.path("out/README.md").read_text("utf-8")
    assert ("## Limitations\n\nThe reports are of one harbour." in card) == text.startswith("limits")
    assert "## Data statement" not in card


def test_template_and_docs_have_every_heading_and_figure(project: Project, tmp_path: Path) -> None:
    headings = list(json.loads(package_schema("statement"))["properties"])
    assert annotate("init", "new", cwd=tmp_path).exit_code == 0
    template = (tmp_path / "new" / STATEMENT).read_text("utf-8")
    assert Corpus(tmp_path / "new/corpus").read_statement() == {}
    examples = re.sub(r"^# (?=[a-z_]+: [>\[]|  )", "", template, flags=re.MULTILINE)
    project.path(STATEMENT).write_text(examples, "utf-8")
    values = load_yaml(project.path(STATEMENT), "", within=project.root)
    assert list(values) == headings
    assert project.annotate("build", "--out", "out").exit_code == 0
    page = (
        (ROOT / "docs/reference/formats.md")
        .read_text("utf-8")
        .partition("## The data statement\n")[2]
        .partition("\n## ")[0]
    )
    assert re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", page, re.MULTILINE) == [
        (heading, value.strip() if isinstance(value, str) else f"[{value[0]}]") for heading, value in values.items()
    ]
    project.path(STATEMENT).write_text("limits: '{nothing}'\n")
    refused = project.annotate("build", "--out", "again").output
    figures = set(re.findall(r"\{\w+\}", refused.partition("choose from")[2]))
    assert figures
    assert figures == {f"{{{name}}}" for name in re.findall(r"`\{(\w+)\}`", page)}
    assert figures == set(re.findall(r"\{\w+\}", template[: template.index("\n\n")]))


def test_misspelt_heading_is_a_finding(project: Project) -> None:
    project.path(STATEMENT).write_text("proces: x\n")
    result = project.annotate("check")
    assert result.exit_code == 1
    assert "corpus/statement.yaml:1: S104 the whole file: 'proces' does not belong here" in result.output


def test_card_has_statement_and_agreement(tmp_path: Path) -> None:
    result = annotate("build", "--out", str(tmp_path / "dataset"))
    assert result.exit_code == 0, result.output
    card = (tmp_path / "dataset" / "README.md").read_text("utf-8")
    assert "## Data statement" in card
    assert "- **Not for:** " in card
    assert re.search(r"^\| `Source` \| \d+ \| \d+ \| [01]\.\d\d \(", card, re.MULTILINE)


@pytest.mark.parametrize(
    "asked", ["{articles:>999999999}", "{articles.__class__}", "{articles!r}", "{articles[0]}", "{}"]
)
def test_a_figure_is_asked_for_by_its_name_alone(project: Project, asked: str) -> None:
    names = json.loads(package_schema("statement"))["properties"]
    project.path(STATEMENT).write_text(json.dumps(dict.fromkeys(names, f"About {asked}.")))
    with pytest.raises(CannotRun, match="unknown figure"):
        fill_statement(project.corpus, {"articles": 2})


@pytest.mark.parametrize("text", ["a } b", "a { b", "{articles"])
def test_a_brace_without_a_counterpart_is_said(project: Project, text: str) -> None:
    names = json.loads(package_schema("statement"))["properties"]
    project.path(STATEMENT).write_text(json.dumps(dict.fromkeys(names, text)))
    with pytest.raises(CannotRun, match=r"has a brace without a counterpart .*write {{ and }} for braces"):
        fill_statement(project.corpus, {"articles": 2})
