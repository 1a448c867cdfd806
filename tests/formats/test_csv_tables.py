"""CSV tables: what they hold, that they come back, and that a spreadsheet executes none of their cells."""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate import inventory
from annotate.corpus import Corpus
from annotate.formats import csv_tables
from annotate.formats.csv_tables import CsvDialect, TablesLedger, export_tables
from annotate.formats.document import LabelledArticle
from annotate.inventory import Inventory, MetadataField
from annotate.model import normal_number
from annotate.util.spreadsheets import Separator, defuse_cell, restore_cell
from tests.conftest import BASE, Project
from tests.formats.conftest import give
from tests.formats.strategies import documents
from tests.names import named_inventory
from tests.test_article_metadata import SECTION

LABELS = inventory.load_inventory(BASE / "schema")
FIELDS = yaml.safe_load(SECTION)["metadata"]
NAMED = msgspec.structs.replace(
    named_inventory(),
    metadata={name: msgspec.convert({"name": name, **field}, MetadataField) for name, field in FIELDS.items()},
)
SEPARATORS: tuple[Separator, ...] = (",", ";")
DIALECTS = [CsvDialect(separator, bom) for separator, bom in product(SEPARATORS, (False, True))]
FORMULAS = "=+-@\t\r＝＋－＠"
TABLES = ["articles", "attributes", "record_loads", "record_sayings", "relations", "spans"]
hostile = st.text(st.one_of(st.sampled_from(FORMULAS + "'\",;\n a"), st.characters(exclude_categories=["Cs"])))


def read(path: Path, **options: Any) -> pd.DataFrame:
    table: pd.DataFrame = pd.read_csv(path, keep_default_na=False, dtype=str, **options)
    return table


def export(out: Path, exported: Iterable[LabelledArticle], labels: Inventory, dialect: CsvDialect) -> TablesLedger:
    reader = give(exported, labels)
    return export_tables(out, sorted(reader.given), reader, dialect=dialect)


def test_tables_have_names_words_and_metadata(project: Project) -> None:
    project.replace("corpus/articles/harbour.json", '"title": "Harbour"', '"title": "Crates; at the pier"')
    result = project.annotate("export", "--format", "csv", "--out", "out")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in project.path("out").iterdir()) == sorted(
        ["certificate.json", *(f"{table}.csv" for table in TABLES)]
    )
    tables = {table: read(project.path(f"out/{table}.csv")) for table in TABLES}
    for name, table in tables.items():
        assert {*table[table["article"] == "harbour"]["title"]} == {"Crates; at the pier"}, name
    load = tables["spans"].loc[2].to_dict()
    expected = {
        "article": "harbour", "span": "s4", "label": "Load", "layer": "cargo", "start": "24", "end": "33",
        "words": "40 crates", "mention": "s4", "attribute_wording": "exact", "attribute_least": "40",
        "attribute_rank": "",
    }  # fmt: skip
    assert {name: load[name] for name in expected} == expected
    later_piece = tables["spans"].query("article == 'harbour' and span == 's9'").iloc[0]
    assert (later_piece["mention"], later_piece["words"]) == ("s6", '"at the pier"')
    relation = tables["relations"].iloc[0]
    assert [relation[name] for name in ("relation", "head_words", "tail_words", "tail_label")] == [
        "speaker", "said", "The harbour master", "Speaker",
    ]  # fmt: skip
    values = tables["attributes"].query("article == 'harbour' and span == 's10'")
    assert dict(zip(values["attribute"], values["value"], strict=True)) == {"wording": "at least", "least": "12"}
    sayings, loads = tables["record_sayings"], tables["record_loads"]
    assert list(sayings["speaker.words"])[:2] == ["The harbour master", "a hand"]
    assert list(sayings["words.words"])[1] == '"some," … "at the pier"'
    assert [loads.iloc[0][f"reporter.{column}"] for column in ("words", "spans", "distances", "through")] == [
        "The harbour master", "s1", "1", "s2",
    ]  # fmt: skip
    assert loads.iloc[0]["quay.words"] == "Café Quay"
    article = tables["articles"].iloc[0]
    annotation = project.corpus.read_annotation("gold", "harbour")
    assert (article["annotator"], article["process"]) == (annotation.annotator, annotation.process)
    assert article["spans"] == str(len(annotation.spans))


def declare_metadata(project: Project, section: str = SECTION) -> None:
    labels = project.path("schema/labels.yaml")
    labels.write_text(labels.read_text("utf-8") + section, "utf-8")


def test_each_table_has_the_metadata_that_the_inventory_declares(project: Project) -> None:
    declare_metadata(project)
    project.path("m.csv").write_text("id,party,seats,printed,place\nharbour,left,-2.5,2017-06,=1+1\nmarket,right,,,\n")
    assert project.annotate("add", "--table", "m.csv").exit_code == 0
    result = project.annotate("export", "--format", "csv", "--out", "out")
    assert result.exit_code == 0, result.output
    expected = {"party": "left", "printed": "2017-06", "seats": "-2.5", "place": "'=1+1"}
    for name in TABLES:
        rows = read(project.path(f"out/{name}.csv")).query("article == 'harbour'")
        assert {field: {*rows[f"metadata_{field}"]} for field in expected} == {
            field: {value} for field, value in expected.items()
        }, name
    market = read(project.path("out/articles.csv")).query("article == 'market'").iloc[0]
    assert [market[f"metadata_{field}"] for field in expected] == ["right", "", "", ""]


def test_metadata_without_a_cell_are_counted(project: Project) -> None:
    declare_metadata(project)
    unfit = '"metadata": {"party": "left", "place": "", "seats": "few", "printed": 2017, "colour": "red"}, "rights"'
    project.replace("corpus/articles/harbour.json", '"rights"', unfit)
    result = project.annotate("export", "--format", "csv", "--out", "out", "--report", "json")
    assert result.exit_code == 0, result.output
    ledger = json.loads(result.output)
    assert ledger["facts"]["metadata"]["declared"] == {"unfit metadata": 3}
    assert "labels.yaml does not declare" in ledger["losses"]["unfit metadata"]
    harbour = read(project.path("out/articles.csv")).query("article == 'harbour'").iloc[0]
    assert (harbour["metadata_party"], harbour["metadata_seats"], harbour["metadata_printed"]) == ("left", "few", "")


def metadata_of(labels: Inventory) -> st.SearchStrategy[dict[str, str | int | float]]:
    """Values for declared fields, and for one that is not declared."""
    line = hostile.filter(lambda value: value != "")
    number = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: normal_number(value) or 0)
    shapes = {name: number if field.type == "number" else line for name, field in labels.metadata.items()}
    return st.fixed_dictionaries({}, optional={**shapes, "colour": st.one_of(line, number)})


def test_ledger_says_what_is_lost_and_counts_rows(project: Project) -> None:
    report = project.annotate("export", "--format", "csv", "--out", "out", "--report", "json")
    ledger = json.loads(report.output)
    assert ledger == json.loads(project.path("out/certificate.json").read_text())
    assert {kind for kind, counts in ledger["facts"].items() if counts["declared"]} == {"text"}
    assert list(ledger["losses"]) == ["text"]
    assert ledger["rows"].keys() == {*TABLES}
    assert ledger["rows"] == {table: len(read(project.path(f"out/{table}.csv"))) for table in TABLES}
    assert ledger["facts"]["record"]["exported"] == ledger["rows"]["record_loads"] + ledger["rows"]["record_sayings"]
    assert (ledger["defused"], ledger["long_cells"]) == (0, 0)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("labels", [LABELS, NAMED], ids=["base", "named"])
def test_random_documents_come_back(labels: Inventory, dialect: CsvDialect) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(documents(labels), hostile, hostile, metadata_of(labels))
    def come_back(document: LabelledArticle, title: str, note: str, metadata: dict[str, str | int | float]) -> None:
        article = msgspec.structs.replace(document.article, title=title or None, metadata=metadata)
        spans = tuple(msgspec.structs.replace(span, note=note) for span in document.annotation.spans)
        annotation = msgspec.structs.replace(document.annotation, spans=spans)
        with tempfile.TemporaryDirectory() as folder:
            ledger = export(Path(folder) / "out", [LabelledArticle(article, annotation)], labels, dialect)
        assert ledger.clean, ledger
        for kind, counts in ledger.facts.items():
            lost = counts.exported if kind == "text" else ("colour" in metadata) * (kind == "metadata")
            assert counts.carried == counts.exported - lost, (kind, counts)

    come_back()


@pytest.mark.parametrize("annotator", ["gold", "reader-1"])
def test_the_real_corpus_comes_back(annotator: str, corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    names = corpus.annotated_ids(annotator)
    real = [LabelledArticle(corpus.read_article(name), corpus.read_annotation(annotator, name)) for name in names]
    ledger = export(tmp_path / "out", real, labels, CsvDialect())
    assert ledger.clean, ledger
    assert {kind for kind, counts in ledger.facts.items() if counts.declared} == {"text"}


@given(hostile, st.sampled_from(SEPARATORS))
def test_defused_cells_come_back(text: str, separator: Separator) -> None:
    cell = defuse_cell(text, separator)
    assert restore_cell(cell, separator) == text
    assert not is_formula(cell)


def test_what_is_defused() -> None:
    for sign in FORMULAS:
        assert defuse_cell(f"{sign}1+1") == f"'{sign}1+1"
        assert defuse_cell(f"a;{sign}1+1") == f"a;'{sign}1+1"
        assert defuse_cell(f" {sign}1") == f"' {sign}1"
    assert defuse_cell("\t=1", ",") == "'\t'=1"
    for harmless in ("1+1", "a=b", "'tis", "5,- Euro", "a, -b", "", "'"):
        assert defuse_cell(harmless) == harmless
    assert defuse_cell("5,- Euro", ";") == "5,'- Euro"


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet might execute a cell; it takes a number as a number."""
    try:
        float(cell)
    except ValueError:
        return cell.lstrip(" ").startswith(tuple(FORMULAS)) or cell.startswith(tuple("\t\r"))
    return False


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_cell_is_executed_whatever_separator_a_spreadsheet_expects(dialect: CsvDialect) -> None:
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(documents(NAMED), hostile, hostile)
    def stay_words(document: LabelledArticle, title: str, note: str) -> None:
        article = msgspec.structs.replace(document.article, title=title, author=note, rights=title)
        spans = tuple(msgspec.structs.replace(span, note=note) for span in document.annotation.spans)
        annotation = msgspec.structs.replace(document.annotation, spans=spans)
        with tempfile.TemporaryDirectory() as folder:
            export(Path(folder) / "out", [LabelledArticle(article, annotation)], NAMED, dialect)
            files = [path.read_bytes().decode(dialect.encoding) for path in Path(folder, "out").glob("*.csv")]
        for text, separator in product(files, ",;\t"):
            cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
            # With another separator, the line end of a row may begin what is read as a cell.
            assert [cell for cell in cells if is_formula(cell.removeprefix("\r\n"))] == []

    stay_words()


def test_formulas_are_defused_and_counted(project: Project) -> None:
    formula = '=HYPERLINK("http://127.0.0.1:9/","x")'
    project.replace("corpus/articles/market.json", '"title": "Harbour"', f'"title": {json.dumps(formula)}')
    project.replace("corpus/annotations/gold/harbour.json", '"text": "said"', '"text": "said", "note": "-1+cmd|x"')
    result = project.annotate("export", "--format", "csv", "--out", "out")
    assert result.exit_code == 0, result.output
    tables = [read(project.path(f"out/{table}.csv")) for table in TABLES]
    count = sum((table["article"] == "market").sum() for table in tables) + 1
    assert f"{count} cells got an apostrophe before what a spreadsheet would execute" in result.output
    assert json.loads(project.path("out/certificate.json").read_text())["defused"] == count
    assert "'-1+cmd|x" in set(read(project.path("out/spans.csv"))["note"])
    assert all(f"'{formula}" in set(table["title"]) for table in tables if "market" in set(table["article"]))


def test_numbers_below_zero_stay_numbers(project: Project) -> None:
    weight = "  weight: {labels: [Load], type: number, required: false, definition: In tonnes.}\n"
    project.replace("schema/labels.yaml", "attributes:\n", f"attributes:\n{weight}")
    project.replace("corpus/annotations/gold/harbour.json", '"least": 12', '"weight": -12.5, "least": 12')
    result = project.annotate("export", "--format", "csv", "--out", "out")
    assert result.exit_code == 0, result.output
    assert "-12.5" in set(read(project.path("out/spans.csv"))["attribute_weight"])
    assert "-12.5" in set(read(project.path("out/attributes.csv"))["value"])
    assert "\n0 cells got" in result.output


def test_long_cells_and_tables_are_counted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, length in (("harbour", 32_767), ("market", 200_000)):
        file = f"corpus/articles/{name}.json"
        project.replace(file, '"title": "Harbour"', f'"title": "{"a" * length}"')
    monkeypatch.setattr(csv_tables, "TABLE_LENGTH", 3)
    result = project.annotate("export", "--format", "csv", "--out", "out")
    assert result.exit_code == 0, result.output
    long = sum((read(project.path(f"out/{table}.csv"))["title"].str.len() > 32_767).sum() for table in TABLES)
    assert f"{long} cells have more than 32,767 characters, which a spreadsheet cuts" in result.output
    assert "spans.csv has more rows than a sheet, which shows 2" in result.output
    assert "articles.csv has more" not in result.output
    assert csv.field_size_limit() < 200_000, "the limit is as before"


def test_byte_order_mark_and_semicolons_on_request(project: Project) -> None:
    words = ["export", "--format", "csv", "--out"]
    assert project.annotate(*words, "plain").exit_code == 0
    assert project.annotate(*words, "marked", "--bom", "--separator", "semicolon").exit_code == 0
    for table in TABLES:
        plain, marked = (project.path(f"{folder}/{table}.csv") for folder in ("plain", "marked"))
        assert plain.read_bytes().startswith(b"article,title,")
        assert marked.read_bytes().startswith(b"\xef\xbb\xbfarticle;title;")
        assert read(plain).equals(read(marked, sep=";"))


@pytest.mark.parametrize("option", ["--bom", "--separator=semicolon"])
def test_options_of_csv_are_refused_with_other_formats(project: Project, option: str) -> None:
    result = project.annotate("export", "--format", "jsonl", "--out", "out", option)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert f"{option.partition('=')[0]}: is not for --format jsonl; leave it out" in result.output
    assert not project.path("out").exists()


def test_labels_that_do_not_fit_are_not_exported(project: Project) -> None:
    project.replace("corpus/annotations/gold/harbour.json", '"label": "Quay"', '"label": "Pier"')
    result = project.annotate("export", "--format", "csv", "--out", "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "span s5 has the unknown label 'Pier'" in result.output
    assert not project.path("out").exists()


@pytest.mark.parametrize(
    ("table", "column", "kinds"),
    [
        ("spans", "words", {"row"}),
        ("spans", "label", {"span", "attribute", "id"}),
        ("spans", "attribute_least", {"attribute"}),
        ("attributes", "value", {"attribute"}),
        ("relations", "tail_span", {"relation", "id"}),
        ("record_loads", "quay.words", {"record"}),
        ("articles", "title", {"metadata"}),
        ("articles", "annotator", {"who"}),
    ],
)
def test_a_loss_that_is_not_declared_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, table: str, column: str, kinds: set[str]
) -> None:
    """A faulty writer that writes another value into one column of one table."""
    right = csv_tables._list_rows

    def faulty(document: LabelledArticle, labels: Inventory) -> Iterable[Any]:
        for row in right(document, labels):
            cell = row.cells.get(column)
            yield row._replace(cells={**row.cells, column: 99}) if row.table == table and cell else row

    writing = csv_tables.write_tables

    def write(*about: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(csv_tables, "_list_rows", faulty)
            writing(*about)

    monkeypatch.setattr(csv_tables, "write_tables", write)
    result = project.annotate("export", "--format", "csv", "--out", "out", "--report", "json")
    ledger: Mapping[str, Any] = json.loads(result.stdout)
    assert {kind for kind, counts in ledger["facts"].items() if counts["undeclared"]} >= kinds
    assert (result.exit_code, project.path("out").exists()) == ((1, False) if kinds else (0, True))


@pytest.mark.parametrize("part", [" ", "'", ',"', ";'", "\t", "=", "a;"])
def test_defusing_takes_time_linear_in_the_cell(part: str) -> None:
    cell = part * 200_000
    for separator in (",", ";"):
        assert restore_cell(defuse_cell(cell, separator), separator) == cell


def test_an_attribute_may_have_the_name_of_a_column(tmp_path: Path) -> None:
    tmp_path.joinpath("spans.csv").write_text("article,span,label,start,end,attribute_label\na,s1,Speaker,0,4,master\n")
    labels = msgspec.structs.replace(LABELS, attributes={"label": LABELS.attributes["rank"]})
    (row,) = csv_tables.read_labels(tmp_path, labels)
    assert (row.cells["label"], row.attributes) == ("Speaker", {"label": "master"})
