"""`annotate agree` on a small corpus: what it prints, writes, refuses, and when it fails."""

import csv
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import msgspec
import pytest

from annotate.agreement.explanations import ANNOTATOR, EXPLANATIONS
from annotate.agreement.measure import measure_agreement
from annotate.agreement.study import read_study
from annotate.agreement.tables import tabulate_report
from annotate.labelstudio.location import open_state
from annotate.model import Annotation, Span
from annotate.offsets import sha256
from tests.conftest import ROOT, Project, annotate


def labelled(project: Project, annotator: str, article: str, change: dict[str, tuple[int, int] | None]) -> None:
    """Give an annotator anna's labels, with some spans moved or (None) left out."""
    theirs = project.corpus.read_annotation("anna", article)
    text = project.corpus.read_text(article)

    def moved(span: Span) -> Span:
        start, end = change.get(span.id) or (span.start, span.end)
        return msgspec.structs.replace(span, start=start, end=end, text=text[start:end])

    gone = {name for name, place in change.items() if place is None}
    spans = tuple(moved(span) for span in theirs.spans if span.id not in gone)
    relations = tuple(one for one in theirs.relations if not gone & {one.head, one.tail})
    made: Annotation = msgspec.structs.replace(theirs, annotator=annotator, spans=spans, relations=relations)
    project.corpus.write_annotation(annotator, made)


@pytest.fixture
def two(project: Project) -> Project:
    """anna and ben, who lacks one Speaker and has a shorter Load."""
    labelled(project, "ben", "harbour", {"s7": None, "s10": (103, 111)})
    labelled(project, "ben", "market", {})
    return project


def test_text_has_a_row_for_each_label(two: Project) -> None:
    result = two.annotate("agree")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith(
        "anna, ben: 2 articles with labels of two or more. Models: ben. People: anna. Alpha and kappa count tokens"
    )
    (speaker,) = (line.split() for line in lines if line.split()[:1] == ["Speaker"])
    assert speaker[1:4] == ["2", "1", "0.67"]
    assert "nan" not in result.output.lower()
    assert "By article" not in result.output
    assert "By article" in two.annotate("agree", "--by-article").output


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Speaker", "Voice", "spans 'Speaker'"),
        ("rank", "grade", "2 values of 'rank'"),
        ("hand", "sailor", "1 value 'hand' of 'rank'"),
        ("lies_at", "moored_at", "relation"),
    ],
)
def test_labels_that_do_not_fit_the_inventory_are_refused(two: Project, old: str, new: str, problem: str) -> None:
    """Regression: after a rename in labels.yaml alone, the table left out the spans without a word."""
    inventory = two.path("schema/labels.yaml")
    inventory.write_text(re.sub(rf"\b{old}\b", new, inventory.read_text()))
    for words in (
        ["agree"],
        ["agree", "--gamma"],
        ["agree", "--with-gold"],
        ["adjudicate", "plan", "--from", "anna,ben"],
    ):
        before = two.snapshot()
        result = two.annotate(*words)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
        assert "has names that the inventory lacks: " in result.stderr
        assert problem in result.stderr
        assert f"{old!r}" in result.stderr
        assert "rename them everywhere with a migration (docs/how-to/migrations.md)" in result.stderr
        assert two.snapshot() == before


def test_numbers_that_the_inventory_does_not_allow_are_refused(two: Project) -> None:
    two.replace("corpus/annotations/anna/harbour.json", '"least": 12', '"least": -12')
    result = two.annotate("agree")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    assert "has values that the inventory does not allow: 1 value -12 of 'least'; correct them" in result.stderr


def test_coverage_does_not_count_labels_that_the_inventory_lacks(project: Project) -> None:
    inventory = project.path("schema/labels.yaml")
    inventory.write_text(re.sub(r"\bSpeaker\b", "Voice", inventory.read_text()))
    before = project.snapshot()
    result = project.annotate("coverage", "--write")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    assert "has names that the inventory lacks: 2 spans 'Speaker'" in result.stderr
    assert project.snapshot() == before


def test_json_has_everything(two: Project) -> None:
    result = two.annotate("agree", "--format", "json", "--units", "characters")
    report = json.loads(result.output)
    assert (report["annotators"], report["units"]) == (["anna", "ben"], "characters")
    row = next(row for row in report["labels"] if row["name"] == "Load")
    assert row["exact"]["value"] == pytest.approx(2 / 3)
    assert row["overlap"]["value"] == 1
    assert row["exact"]["low"] <= row["exact"]["value"] <= row["exact"]["high"]
    assert {"attributes", "relations", "records", "counts", "confusion", "by_article", "sampling"} <= report.keys()
    assert "NaN" not in result.output


def test_same_command_same_output(two: Project) -> None:
    first, second = (two.annotate("agree", "--format", "json").output for _ in range(2))
    assert first == second
    assert two.annotate("agree", "--format", "json", "--seed", "1").output != first


def test_gold_and_choice_of_annotators(two: Project) -> None:
    with_gold = json.loads(two.annotate("agree", "--with-gold", "--format", "json").output)
    assert with_gold["annotators"] == ["anna", "ben", "gold"]
    chosen = json.loads(two.annotate("agree", "--annotators", "gold, ben", "--format", "json").output)
    assert chosen["annotators"] == ["gold", "ben"]


def test_gate(two: Project) -> None:
    assert two.annotate("agree", "--fail-under", "Speaker=0.6", "--fail-under", "Load=1").exit_code == 0
    result = two.annotate("agree", "--fail-under", "Speaker=0.7", "--fail-under", "Load=0.9")
    assert result.exit_code == 1
    assert result.stderr == "below --fail-under: Speaker 0.667, not 0.7\n"


def test_gate_holds_for_each_article(two: Project) -> None:
    labelled(two, "ben", "market", {"s1": None})
    assert two.annotate("agree", "--fail-under", "Load=0.7").exit_code == 0
    result = two.annotate("agree", "--by-article", "--fail-under", "Load=0.7")
    assert (result.exit_code, result.stderr) == (1, "below --fail-under: Load in market 0.000, not 0.7\n")


def test_an_unused_label_fails_its_gate(two: Project) -> None:
    for name in ("anna", "ben"):
        labelled(two, name, "harbour", {"s5": None})
    result = two.annotate("agree", "--fail-under", "Quay=0.1")
    assert (result.exit_code, result.stderr) == (1, "below --fail-under: Quay no spans, not 0.1\n")


@pytest.mark.parametrize("gate", ["Nobody=0.5", "Load", "Load=x", "Load=1.5", "=1", "Load=nan"])
def test_malformed_gate_is_one_line(two: Project, gate: str) -> None:
    result = two.annotate("agree", "--fail-under", gate)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "has labels by anna only; agreement needs two or more annotators"),
        (["--annotators", "anna"], "has labels by anna only"),
        (["--annotators", "anna,zoe"], "has no labels by 'zoe'; choose from: anna, gold"),
        (["--studio-url", "x", "--format", "html", "--with-gold"], "'x' is not a web address"),
        (["nowhere"], "no such folder"),
    ],
)
def test_errors_are_one_line(project: Project, words: list[str], says: str) -> None:
    result = project.annotate("agree", *words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert says in result.output


def test_no_common_article_and_another_text_are_errors(project: Project) -> None:
    labelled(project, "ben", "market", {})
    project.path("corpus/annotations/anna/market.json").unlink()
    assert "no article has labels of two of anna, ben" in project.annotate("agree").output
    labelled(project, "ben", "harbour", {})
    project.replace("corpus/annotations/ben/harbour.json", '"text_sha256": "e7', '"text_sha256": "00')
    result = project.annotate("agree")
    assert result.exit_code == 2
    assert "ben/harbour.json: was made on another text" in result.output


def test_empty_annotations_have_a_report(two: Project) -> None:
    everything = {span.id: None for span in two.corpus.read_annotation("anna", "harbour").spans}
    for name in ("anna", "ben"):
        labelled(two, name, "market", {"s1": None})
    for name in ("ben", "anna"):
        labelled(two, name, "harbour", dict(everything))
    result = two.annotate("agree", "--by-article")
    assert result.exit_code == 0, result.output
    assert "– no spans: Speaker, Verb, Words, Load, Quay" in result.output
    assert two.annotate("agree", "--format", "html").exit_code == 0


class Reader(HTMLParser):
    """Tags with their attributes, and all words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def add_markup(project: Project) -> None:
    """Put markup into an article's text; the hashes are set right again."""
    path = project.corpus.text_path("harbour")
    old = project.corpus.read_article("harbour")
    path.write_text(old.text.replace("a hand added", "<b>'&amp;\" a"), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert len(text) == len(old.text)
    for name in ("anna", "ben"):
        found = project.corpus.read_annotation(name, "harbour")
        spans = tuple(msgspec.structs.replace(one, text=text[one.start : one.end]) for one in found.spans)
        project.corpus.write_annotation(name, msgspec.structs.replace(found, spans=spans, text_sha256=sha256(text)))


def test_page_needs_no_other_file_and_escapes_text(two: Project) -> None:
    add_markup(two)
    result = two.annotate("agree", "--format", "html", "--out", "agreement.html")
    assert (result.exit_code, result.stdout) == (0, "")
    page = two.path("agreement.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//|url\(|@import", page)
    reader = read(page)
    assert {tag for tag, _ in reader.tags}.isdisjoint({"script", "link", "img", "iframe", "b'", "form"})
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on") or name == "src"]
    assert "<b>'&amp;\" a" in reader.words
    for words in ("anna", "ben", "only one has the span", "same label, other words", "not there"):
        assert words in reader.words
    targets = {attributes["id"] for _, attributes in reader.tags if "id" in attributes}
    links = {str(attributes["href"]) for tag, attributes in reader.tags if tag == "a"}
    assert {f"#{target}" for target in targets} >= links


def test_texts_of_the_page_have_the_language_of_their_article(two: Project) -> None:
    two.replace("corpus/articles/harbour.json", '"language": "en"', '"language": "ja"')
    assert '<p class="text" lang="ja" dir="auto">' in two.annotate("agree", "--format", "html").output


def test_page_links_to_the_task(two: Project) -> None:
    open_state(two.root / "corpus").write("raw/harbour.json", [{"id": 7, "project": 3}])
    result = two.annotate("agree", "--format", "html", "--studio-url", "http://localhost:8080/")
    links = [attributes["href"] for tag, attributes in read(result.output).tags if tag == "a"]
    assert "http://localhost:8080/projects/3/data?task=7" in links


def test_missing_value_counts_by_option(two: Project) -> None:
    two.replace("corpus/annotations/ben/harbour.json", '"least": 40, ', "")
    (left_out,) = (line.split() for line in two.annotate("agree").output.splitlines() if line.startswith("  least "))
    counted = json.loads(two.annotate("agree", "--missing", "value", "--format", "json").output)
    row = next(row for row in counted["attributes"] if row["name"] == "least")
    assert left_out[2:5] == ["interval", str(row["matched"]), "1"]  # one number of pairs a row
    assert counted["missing"] == "value"
    assert [40, None, 1] in row["values"]
    assert "A missing value of an attribute counts" in two.annotate("agree", "--missing", "value").output


def test_confusion_of_values_as_text_and_on_the_page(two: Project) -> None:
    two.replace("corpus/annotations/ben/harbour.json", '"rank": "master"', '"rank": "hand"')
    assert "Confusion" not in two.annotate("agree").output
    text = two.annotate("agree", "--confusion").output
    assert "Confusion of labels" in text
    assert "rows: anna; columns: ben" in text
    lines = text[text.index("Confusion of rank") :].splitlines()
    assert [line.split() for line in lines[2:6:2]] == [["master", "hand"], ["master", "0", "1"]]
    page = two.annotate("agree", "--format", "html").output
    assert "Confusion of rank" in read(page).words
    assert 'id="confusion-rank"' in page
    assert "What the columns mean" in read(page).words


def test_columns_are_explained_on_demand_and_in_the_docs(two: Project) -> None:
    result = annotate("agree", "--explain")
    assert result.exit_code == 0, result.output
    study = read_study(two.corpus, two.inventory)
    report = measure_agreement(study, 5)
    docs = (ROOT / "docs" / "explanation" / "agreement.md").read_text("utf-8")
    assert {"uα", "alpha, set"} <= {each.column for table in EXPLANATIONS.values() for each in table.columns}
    for table in tabulate_report(report, by_article=True):
        explained = EXPLANATIONS[table.name]
        assert explained.title in docs
        columns = {column.column for column in (*explained.columns, *EXPLANATIONS["labels"].columns)}
        for column in table.columns:
            name = re.sub(r"\b(anna|ben)\b", ANNOTATOR, column.name)
            assert name in columns, (table.name, column.name)
    for table_explanation in EXPLANATIONS.values():
        for row in table_explanation.columns:
            assert f"  {row.column}: {row.meaning}." in result.output
            assert f"| {row.column} | {row.meaning} | {row.source} |".replace("|  |", "| |") in docs, row.column


def test_tables_for_a_paper_have_all_intervals(two: Project) -> None:
    markdown = two.annotate("agree", "--format", "markdown").output
    assert "## Spans\n\n| label | anna | ben | exact F1 | overlap F1 | alpha | kappa |\n" in markdown
    assert re.search(
        r"^\| Load \| 3 \| 3 \| 0\.67 \(\d\.\d\d–1\.00\) .* \d\.\d\d \(\d\.\d\d–\d\.\d\d\) \|$", markdown, re.MULTILINE
    )
    rows = list(csv.DictReader(io.StringIO(two.annotate("agree", "--format", "csv", "--by-article").output)))
    report = json.loads(two.annotate("agree", "--format", "json").output)
    speaker = next(row for row in report["labels"] if row["name"] == "Load")
    (kappa,) = (row for row in rows if (row["table"], row["row"], row["column"]) == ("labels", "Load", "kappa"))
    for name in ("value", "low", "high"):
        assert float(kappa[name]) == pytest.approx(speaker["kappa"][name], abs=1e-6)
    assert (kappa["by"], kappa["group"], kappa["articles"]) == ("", "", "2")
    assert {row["article"] for row in rows if row["table"] == "by-article"} == {"harbour", "market"}
    assert any(row["note"] for row in rows if not row["value"])


def test_agreement_by_a_field_of_articles(two: Project) -> None:
    report = json.loads(two.annotate("agree", "--by", "split", "--format", "json").output)
    assert {group["value"]: list(group["report"]["articles"]) for group in report["by"]} == {
        split: ids for split, ids in two.corpus.splits().items() if ids
    }
    text = two.annotate("agree", "--by", "split").output
    assert re.search(r"^split: \w+ \(1 article\)$", text, re.MULTILINE)
    assert "## language: en (2 articles)" in two.annotate("agree", "--by", "language", "--format", "markdown").output
    groups = list(csv.DictReader(io.StringIO(two.annotate("agree", "--by", "language", "--format", "csv").output)))
    assert {(row["by"], row["group"], row["articles"]) for row in groups} == {("", "", "2"), ("language", "en", "2")}
    result = two.annotate("agree", "--by", "nothing")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "--by nothing: is no field of articles; use one of: split, language," in result.output
    two.replace("corpus/articles/harbour.json", '"publisher": null', r'"publisher": "=1+1 \u001b[31m"')
    hostile = [
        two.annotate("agree", "--by", "publisher", "--format", name).output for name in ("text", "markdown", "csv")
    ]
    assert not any("\x1b" in output for output in hostile)
    assert "publisher,'=1+1" in hostile[-1]
    assert "--by does not go with --format html" in two.annotate("agree", "--by", "split", "--format", "html").output


def test_help_has_examples() -> None:
    result = annotate("agree", "--help")
    assert any(line.strip() == "annotate agree" for line in result.output.splitlines())


def test_nothing_heavy_is_imported_for_help() -> None:
    code = (
        "import sys\nfrom annotate.cli import agree\nsys.exit('msgspec' in sys.modules or 'rich.table' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
