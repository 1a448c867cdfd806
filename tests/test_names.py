"""A corpus with shown forms, numbers and a choice of one value goes through every command, and files have its ids."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotate.corpus import Corpus
from annotate.formats import FORMATS
from annotate.labelstudio.results import Mapper, Origin
from annotate.labelstudio.tasks import result_items
from annotate.model import Annotation, AttributeValue
from tests.conftest import Project, annotate
from tests.convert.test_convert_command import exported
from tests.names import add_values, show_names
from tests.test_baseline import SMALL

TOKENS = {"bio", "docbin"}
"""Formats that do not carry all attributes."""


@pytest.fixture
def named(project: Project) -> Project:
    show_names(project.schema)
    add_values(project)
    assert project.annotate("generate").exit_code == 0
    return project


def weights(annotation: Annotation) -> list[AttributeValue]:
    return [span.attributes["weight"] for span in annotation.spans if span.label == "Load"]


def all_weights(project: Project, annotation_set: str) -> list[AttributeValue]:
    annotations = (project.corpus.read_annotation(annotation_set, name) for name in ("harbour", "market"))
    return [weight for annotation in annotations for weight in weights(annotation)]


def test_the_corpus_is_clean_and_canonical(named: Project) -> None:
    result = named.annotate("check", "--strict")
    assert result.exit_code == 0, result.output
    assert list(map(repr, all_weights(named, "gold"))) == ["0.1", "1e+300", "3"]
    schema = json.loads(named.path("schema/annotation.schema.json").read_text())
    assert "说话人" not in json.dumps(schema, ensure_ascii=False)


def test_numbers_are_float64_in_the_dataset_and_class_ids_have_the_names(named: Project) -> None:
    result = named.annotate("build", "--out", "out")
    assert result.exit_code == 0, result.output
    tables = [pq.read_table(path) for path in sorted(named.path("out/data/articles").glob("*.parquet"))]
    spans = [span for table in tables for row in table.to_pylist() for span in row["spans"]]
    assert sorted(span["attributes"]["weight"] for span in spans if span["attributes"]["weight"] is not None) == sorted(
        map(float, all_weights(named, "gold"))
    )
    field = tables[0].schema.field("spans").type.value_type.field("attributes").type
    assert (field.field("weight").type, field.field("state").type) == (pa.float64(), pa.int64())
    features = json.loads(tables[0].schema.metadata[b"huggingface"])["info"]["features"]["spans"]["feature"]
    assert features["attributes"]["weight"] == {"dtype": "float64", "_type": "Value"}
    assert features["attributes"]["state"] == {"names": ["open"], "_type": "ClassLabel"}
    assert features["label"]["names"] == ["Speaker", "Verb", "Words", "Load", "Quay"]
    card = named.path("out/README.md").read_text("utf-8")
    assert "说话人 1A (`Speaker`)" in card
    assert "Deck-hand 2 (`hand`)" in card
    again = named.annotate("build", "--out", "again")
    assert again.exit_code == 0
    assert named.path("out/manifest.json").read_bytes() == named.path("again/manifest.json").read_bytes()


@pytest.mark.parametrize("format_", FORMATS)
def test_labels_come_back_from_each_format(named: Project, format_: str) -> None:
    assert named.annotate("export", "--format", format_, "--annotator", "anna", "--out", "out").exit_code == 0
    other = named.path("other")
    other.mkdir()
    (other / "annotators.yaml").write_bytes(named.path("corpus/annotators.yaml").read_bytes())
    result = named.annotate("import", "out", "--format", format_, "--annotator", "anna", "--corpus", "other")
    assert result.exit_code == 0, result.output
    for name in ("harbour", "market"):
        was, now = named.corpus.read_annotation("anna", name), Corpus(other).read_annotation("anna", name)
        if format_ not in TOKENS:
            assert now.spans == was.spans
            assert list(map(repr, weights(now))) == list(map(repr, weights(was)))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_export_of_label_studio_is_converted(named: Project, workers: int) -> None:
    """The items have ids, and numbers of all sizes."""
    tasks = exported(named.corpus, named.schema)
    named.path("export.json").write_text(json.dumps(tasks, ensure_ascii=False), "utf-8")
    result = named.annotate("convert", "export.json", "--out", "out", "--workers", str(workers))
    assert result.exit_code == 0, result.output
    rows = [
        row for path in named.path("out/data/articles").glob("*.parquet") for row in pq.read_table(path).to_pylist()
    ]
    found = {row["id"]: [span["attributes"]["weight"] for span in row["spans"] if span["label"] == 3] for row in rows}
    assert found == {name: weights(named.corpus.read_annotation("gold", name)) for name in ("harbour", "market")}


@pytest.mark.parametrize("value", ["x", None, True, [2.5], float("inf"), float("nan")])
def test_a_number_of_an_item_is_finite(named: Project, value: object) -> None:
    gold, text = named.corpus.read_annotation("gold", "harbour"), named.corpus.read_text("harbour")
    items = result_items(gold, named.inventory)
    numbers = [item for item in items if item.get("from_name") == "Load.weight"]
    for item in numbers:
        item["value"]["number"] = value
    read, findings, quarantined, *_ = Mapper(named.inventory).map_result(
        items, text, Origin("harbour", "gold", "f"), gold.text_sha256
    )
    assert read is not None
    assert ([finding.code for finding in findings], list(quarantined)) == (["L305"] * len(numbers), numbers)
    assert not any("weight" in span.attributes for span in read.spans)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, '"2.5"', "true", "null"])
def test_a_file_with_a_number_that_is_not_finite_is_refused(named: Project, value: str) -> None:
    named.replace("corpus/annotations/anna/market.json", '"weight": -2.75', f'"weight": {value}')
    for command in (
        ["check"],
        ["build", "--out", "out"],
        ["export", "--format", "brat", "--annotator", "anna", "--out", "o"],
    ):
        result = named.annotate(*command)
        assert result.exit_code in (1, 2), (command, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not named.path("out").exists()
    assert not named.path("o").exists()


def test_a_number_has_one_form(named: Project) -> None:
    path = named.path("corpus/annotations/gold/market.json")
    before = path.read_bytes()
    named.replace("corpus/annotations/gold/market.json", '"weight": 3', '"weight": 3.0e0')
    assert "S107" in named.annotate("check").output
    assert named.annotate("check", "--fix").exit_code == 0
    assert path.read_bytes() == before


def test_agreement_takes_numbers_for_interval_data_and_says_where_a_measure_is_undefined(named: Project) -> None:
    ben = named.path("corpus/annotations/ben")
    ben.mkdir()
    for name in ("harbour", "market"):
        gold = named.path(f"corpus/annotations/gold/{name}.json").read_text("utf-8")
        gold = gold.replace('"annotator": "anna"', '"annotator": "ben"').replace(
            '"made_from": ["anna"]', '"made_from": []'
        )
        (ben / f"{name}.json").write_text(gold.replace('"adjudicated"', '"single pass"'), "utf-8")
    result = named.annotate("agree", "--format", "json")
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(result.output)["attributes"]}
    assert (rows["least"]["scale"], rows["least"]["alpha"]["value"]) == ("interval", 1)
    assert -1 <= rows["weight"]["alpha"]["value"] < 1
    assert rows["weight"]["share"]["value"] == 0
    assert rows["rank"]["scale"] == "nominal"
    state = rows["state"]
    assert (state["share"]["value"], state["alpha"]["value"], state["alpha"]["note"]) == (1, None, "one category only")
    text = named.annotate("agree")
    assert text.exit_code == 0
    assert re.search(r"weight +Load +interval ", text.output)


def test_predictions_with_numbers_are_scored(named: Project) -> None:
    assert named.annotate("export", "--format", "jsonl", "--annotator", "gold", "--out", "out").exit_code == 0
    result = named.annotate("score", "corpus/annotations/gold", "out/annotations.jsonl", "--format", "json")
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(result.output)["attributes"]}
    assert (rows["weight"]["share"]["value"], rows["weight"]["alpha"]["value"]) == (1, 1)
    assert named.annotate("build", "--out", "data").exit_code == 0
    (test,) = named.path("data/data/articles").glob("test-*.parquet")
    assert named.annotate("score", "corpus/annotations/gold", str(test)).exit_code == 0


def test_a_new_shown_form_is_presentation(named: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    show_names(other.schema)
    add_values(other)
    other.annotate("generate")
    for old, new in (("说话人 1A", "讲话者"), ("رتبة", "Rank"), ("Deck-hand 2", "Hand")):
        other.replace("schema/labels.yaml", old, new)
    result = annotate("diff", str(named.root), str(other.root), "--format", "json")
    assert result.exit_code in (0, 1), result.output
    changes = json.loads(result.output)["summary"]["inventory"]
    assert [(change["kind"], change["what"], change["name"], change["field"]) for change in changes] == [
        ("presented", "label", "Speaker", "shown_as"),
        ("presented", "attribute", "rank", "shown_as"),
        ("presented", "value", "rank.hand", "shown_as"),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("-2.75", -2.75),
        ("3.0", 3),
        ("heavy", "weight is a finite number, not 'heavy'"),
        (".inf", ".inf is not a finite number"),
        ("true", "expected int | float | str, got bool"),
    ],
)
def test_a_baseline_sets_a_number(named: Project, value: str, expected: object) -> None:
    setting = f"  Load: [{{set: {{weight: {value}, wording: vague}}}}]\n"
    text = f"{SMALL}{setting}"
    named.path("schema/baseline.yaml").write_text(text)
    result = named.annotate("prelabel", "--out", "out")
    if isinstance(expected, str):
        assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
        assert expected in result.output
        assert not named.path("out").exists()
    else:
        assert result.exit_code == 0, result.output


def test_a_map_gives_numbers(named: Project) -> None:
    """The words of another format are numbers only if they write one, and the value of a flag may be one."""
    folder = named.path("others")
    folder.mkdir()
    text = "Crates fell. Sacks fell. Barrels fell. Boxes fell."
    (folder / "new.txt").write_text(text)
    words = ["Crates", "Sacks", "Barrels", "Boxes"]
    values = ["2.50", "-1e3", "NaN", None]
    lines = []
    for number, (word, value) in enumerate(zip(words, values, strict=True), 1):
        start = text.index(word)
        lines.append(f"T{number}\tLoad {start} {start + len(word)}\t{word}")
        lines.append(f"A{2 * number}\twording T{number} vague")
        lines.append(f"A{2 * number + 1}\tmass T{number}{f' {value}' if value else ''}")
    (folder / "new.ann").write_text("\n".join(lines) + "\n")
    named.path("map.yaml").write_text(
        "spans: {Load: {label: Load}}\n"
        "attributes: {wording: {attribute: wording}, mass: {attribute: weight, flag: 0.5}}\n"
    )
    result = named.annotate("import", "others", "--format", "brat", "--map", "map.yaml", "--annotator", "anna")
    assert "others/new.ann" in result.output or "new.ann" in result.output
    assert "'NaN'" in result.output
    spans = named.corpus.read_annotation("anna", "new").spans
    assert [span.attributes.get("weight") for span in spans] == [2.5, -1000, None, 0.5]


def test_pages_show_what_people_see(named: Project) -> None:
    for words in (
        ("release", "page", "--out", "release.html"),
        ("agree", "--with-gold", "--format", "html", "--out", "agreement.html"),
    ):
        result = named.annotate(*words)
        assert result.exit_code == 0, result.output
    release = named.path("release.html").read_text("utf-8")
    assert re.search('">说话人 1A</span> <small>Speaker</small>', release)
    assert ">说话人 1A&nbsp;1</a>" in release
    assert "رتبة: <b>船长</b>" in release
    agreement = named.path("agreement.html").read_text("utf-8")
    assert "说话人 1A (Speaker)" in agreement
    assert "رتبة (rank)" in agreement
