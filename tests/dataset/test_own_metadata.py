"""The columns, the card and the redaction of fields of articles that a corpus declares."""

import json

import pyarrow.parquet as pq
import pytest

from tests.conftest import Project

SECTION = """
metadata:
  party:
    type: choice
    required: true
    definition: The party that issued it.
    values: {left: of the left bank, crates: named as a word of the text}
  printed: {type: date, required: false, definition: When it was printed.}
  seats: {type: number, required: false, definition: How many seats the party has.}
  place: {type: text, required: false, definition: Where it was printed.}
"""


@pytest.fixture
def port(project: Project) -> Project:
    labels = project.path("schema/labels.yaml")
    labels.write_text(labels.read_text("utf-8") + SECTION, "utf-8")
    project.path("m.csv").write_text(
        "id,party,printed,seats,place\nharbour,crates,2017-06,2.5,at Café Quay\nmarket,left,,3,\n", "utf-8"
    )
    result = project.annotate("add", "--table", "m.csv")
    assert result.exit_code == 0, result.output
    return project


def test_articles_have_a_column_for_each_field(port: Project) -> None:
    result = port.annotate("build", "--out", "out")
    assert result.exit_code == 0, result.output
    tables = [pq.read_table(path) for path in sorted(port.path("out").rglob("articles/*.parquet"))]
    rows = {row["id"]: row for table in tables for row in table.to_pylist()}
    own = ("party", "printed", "seats", "place")
    assert {name: [row[column] for column in own] for name, row in rows.items()} == {
        "harbour": ["crates", "2017-06", 2.5, "at Café Quay"],
        "market": ["left", None, 3.0, None],
    }
    card = port.path("out/README.md").read_text("utf-8")
    section = card.partition("## Metadata\n")[2].partition("\n## ")[0]
    assert "| `left` | of the left bank | 1 |" in section
    assert '.to_pandas().join(own, on="article")' in section
    assert "| of publication, as the metadata state it |" in card
    assert "as the text gives it" not in card
    croissant = json.loads(port.path("out/croissant.json").read_text("utf-8"))
    fields = {field["name"]: field for part in croissant["recordSet"] for field in part["field"]}
    names = {name for name in fields if name.endswith("/party")}
    assert {name.partition("/")[0] for name in names} == {"articles"}
    assert {fields[name]["description"] for name in names} == {"The party that issued it. One of: left, crates."}


def test_copy_without_text_gives_the_same_dataset_back(port: Project) -> None:
    for words in ("build --out out", "build --out open --without-text"):
        assert port.annotate(*words.split()).exit_code == 0
    tables = [pq.read_table(path) for path in sorted(port.path("open").rglob("articles/*.parquet"))]
    rows = {row["id"]: row for table in tables for row in table.to_pylist()}
    assert [rows["harbour"][name] for name in ("party", "printed", "seats", "place")] == [
        "crates", "2017-06", 2.5, None,
    ]  # fmt: skip
    assert b"Caf\xc3\xa9" not in port.path("open/skeleton.jsonl").read_bytes()
    result = port.annotate("hydrate", "open", "--texts", "corpus/articles", "--out", "back")
    assert result.exit_code == 0, result.output
    for path in port.path("out").rglob("*.parquet"):
        assert port.path("back").joinpath(path.relative_to(port.path("out"))).read_bytes() == path.read_bytes()


def test_withheld_value_is_said_to_be_withheld(port: Project) -> None:
    """Regression: the card counted 0 values, and hydrate made each "…" without a word."""
    port.path("m.csv").write_text("id,place\nmarket,printed by A. B.\n", "utf-8")
    assert port.annotate("add", "--table", "m.csv").exit_code == 0
    assert port.annotate("build", "--out", "open", "--without-text").exit_code == 0
    card = port.path("open/README.md").read_text("utf-8")
    assert "notes and the words of spans are `None`, and so are the metadata `place`. Offsets" in card
    section = card.partition("## Metadata\n")[2].partition("\n## ")[0]
    assert "| **place** | text | Where it was printed. | withheld |" in section
    assert "This copy withholds each value of `place`: `None` does not mean there that no value is given." in section
    assert "| **printed** | date | When it was printed. | 1 |" in section
    words = ("hydrate", "open", "--texts", "corpus/articles", "--out", "back", "--report", "r.json")
    result = port.annotate(*words)
    assert result.exit_code == 0, result.output
    assert "  withheld, and not restored: place\n" in result.output
    reports = {row["article"]: row for row in json.loads(port.path("r.json").read_text("utf-8"))}
    assert [reports[name]["withheld"] for name in ("harbour", "market")] == [[], ["place"]]
    tables = [pq.read_table(path) for path in sorted(port.path("back").rglob("articles/*.parquet"))]
    rows = {row["id"]: row["place"] for table in tables for row in table.to_pylist()}
    assert rows == {"harbour": "at Café Quay", "market": None}
    card = port.path("back/README.md").read_text("utf-8")
    assert "**Not the published dataset:** 1 value of metadata withheld." in card
    assert "| `place` | 1 |" in card
    assert json.loads(port.path("back/manifest.json").read_text("utf-8"))["hydration"]["withheld"] == {"place": 1}


def test_corpus_without_fields_has_no_section(project: Project) -> None:
    assert project.annotate("build", "--out", "out").exit_code == 0
    assert "## Metadata" not in project.path("out/README.md").read_text("utf-8")
