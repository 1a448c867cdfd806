"""`annotate init --from-…`: from a foreign configuration, or an inventory alone, to labels in a corpus."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import Result

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.model import Annotation
from tests.conftest import annotate, has_only_unwritten_pages, read_files

CONFIG = """\
<View>
  <Labels name="names" toName="words">
    <Label value="Person" hotkey="1" background="red"/><Label value="地点" alias="P-2"/><Label value="Old Pier"/>
  </Labels>
  <Labels name="talk" toName="words"><Label value="谁在说"/></Labels>
  <Text name="words" value="$body"/>
  <View visibleWhen="region-selected" whenLabelValue="Person">
    <Choices name="How sure?" toName="words" perRegion="true">
      <Choice value="ganz größer"/><Choice value="no"/>
    </Choices>
    <Number name="Age" toName="words" perRegion="true" step="1" min="0"/>
    <Number name="share" toName="words" perRegion="true"/>
    <TextArea name="remark" toName="words" perRegion="true"/>
    <Rating name="stars" toName="words" perRegion="true"/>
    <DateTime name="born" toName="words" perRegion="true"/>
    <Taxonomy name="kind" toName="words" perRegion="true">
      <Choice value="Human"><Choice value="A child"/></Choice>
    </Taxonomy>
  </View>
  <Choices name="mood" toName="words"><Choice value="good"/></Choices>
  <Relations><Relation value="lives: at"/></Relations>
</View>
"""
WORDS = "👩 Anna waits at the Old Pier."


def region(id_: str, control: str, label: str, quoted: str) -> dict[str, Any]:
    start = WORDS.index(quoted)
    value = {"start": start, "end": start + len(quoted), "text": quoted, "labels": [label]}
    return {"id": id_, "from_name": control, "to_name": "words", "type": "labels", "value": value}


def answer(control: str, type_: str, value: object) -> dict[str, Any]:
    key = {"textarea": "text"}.get(type_, type_)
    return {"id": "r1", "from_name": control, "to_name": "words", "type": type_, "value": {key: value}}


RESULT = [
    region("r1", "names", "Person", "Anna"),
    region("r2", "names", "P-2", "the Old Pier"),
    region("r3", "names", "Old Pier", "Old Pier"),
    region("r4", "talk", "谁在说", "waits"),
    answer("How sure?", "choices", ["ganz größer"]),
    answer("Age", "number", 7),
    answer("share", "number", -0.5),
    answer("remark", "textarea", ["she\nwaits"]),
    answer("stars", "rating", 4),
    answer("born", "datetime", "2001-02-03"),
    answer("kind", "taxonomy", [["Human", "A child"]]),
    answer("mood", "choices", ["good"]),
    {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right", "labels": ["lives: at"]},
]


def check_fresh(folder: Path, *others: str) -> None:
    assert has_only_unwritten_pages(folder, *others)
    result = annotate("generate", "--check", cwd=folder)
    assert result.exit_code == 0, result.output


def init(folder: Path, option: str, text: str) -> Result:
    (folder / "theirs").mkdir(exist_ok=True)
    (folder / "theirs/conf").write_text(text)
    return annotate("init", "corpus-of-theirs", option, "theirs/conf", cwd=folder)


def test_a_config_is_ready_for_its_export(tmp_path: Path) -> None:
    result = init(tmp_path, "--from-config", CONFIG)
    assert result.exit_code == 0
    assert result.stderr == ("theirs/conf: Choices for a whole task: 1 (mood) left out; an inventory describes spans\n")
    assert "2 layers, 4 labels, 7 attributes, 1 relation" in result.stdout
    folder = tmp_path / "corpus-of-theirs"
    check_fresh(folder)
    task = {"id": 12, "data": {"body": WORDS}, "annotations": [{"id": 1, "completed_by": 3, "result": RESULT}]}
    (folder / "export.json").write_text(json.dumps([task]))
    result = annotate("convert", "export.json", "--out", "dist/dataset", cwd=folder)
    assert result.exit_code == 0, result.output
    assert "\nleft out: " in result.output
    assert not [path for path in (folder / "dist/dataset/aside").glob("*.jsonl") if path.read_bytes()]
    labels = list(load_inventory(folder / "schema").spans)
    (file,) = (folder / "dist/dataset/data/annotations").glob("*.parquet")
    (row,) = pq.read_table(file).to_pylist()
    spans = [(labels[span["label"]], span["text"]) for span in row["spans"]]
    assert spans == [("Person", "Anna"), ("SheiZaiShuo", "waits"), ("P-2", "the Old Pier"), ("Old_Pier", "Old Pier")]
    expected = {
        "how_sure": 0,
        "age": 7,
        "share": -0.5,
        "remark": "she\nwaits",
        "stars": 4,
        "born": "2001-02-03",
        "kind": 1,
    }
    assert row["spans"][0]["attributes"] == expected
    assert [(labels[row["spans"][each["head"]]["label"]], each["label"]) for each in row["relations"]] == [
        ("Person", 1)
    ]


BRAT = """\
[entities]
Person
Old-Pier
Место
[relations]
lives-at\tArg1:Person, Arg2:Old-Pier
Same\tArg1:Person, Arg2:Person, <REL-TYPE>:symmetric-transitive
[events]
Wait\tWho+:Person, Where?:Old-Pier|Место
[attributes]
Negated\tArg:Wait
Sure\tArg:<ENTITY>, Value:very|höchst
"""
ANN = """\
T1\tPerson 2 6\tAnna
T2\tOld-Pier 20 28\tOld Pier
T3\tМесто 16 19;24 28\tthe Pier
T4\tWait 7 12\twaits
T5\tPerson 2 3\tA
E1\tWait:T4 Who:T1 Who2:T5 Where:T3
R1\tlives-at Arg1:T1 Arg2:T2
*\tSame T1 T5
A1\tNegated E1
A2\tSure T2 höchst
#1\tAnnotatorNotes T1\tshe
"""


ANNOTATORS = "annotators:\n- {id: reader, kind: person, training: none, since: 2026-01-15}\n"


def read_brat(folder: Path) -> Annotation:
    (folder / "others").mkdir()
    (folder / "others/news.txt").write_text(WORDS)
    (folder / "others/news.ann").write_text(ANN)
    (folder / "corpus/annotators.yaml").write_text(ANNOTATORS)
    result = annotate("import", "others", "--format", "brat", "--annotator", "reader", cwd=folder)
    assert result.exit_code == 0, result.output
    assert "11 lines: 11 taken" in result.output
    return Corpus(folder / "corpus").read_annotation("reader", "news")


def test_a_configuration_of_brat_is_ready_for_its_files(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/visual.conf").write_text("[labels]\n")
    result = init(tmp_path, "--from-brat", BRAT)
    assert (result.exit_code, result.stderr) == (0, "theirs/visual.conf: is not read\n")
    folder = tmp_path / "corpus-of-theirs"
    check_fresh(folder)
    annotation = read_brat(folder)
    names = {span.id: f"{span.label} {span.text}" for span in annotation.spans}
    assert sorted(names.values()) == [
        "Mesto Pier", "Mesto the", "Old-Pier Old Pier", "Person A", "Person Anna", "Wait waits",
    ]  # fmt: skip
    relations = {(each.label, names[each.head], names[each.tail]) for each in annotation.relations}
    assert relations == {
        ("who", "Wait waits", "Person Anna"),
        ("who", "Wait waits", "Person A"),
        ("where", "Wait waits", "Mesto the"),
        ("continues", "Mesto Pier", "Mesto the"),
        ("lives_at", "Person Anna", "Old-Pier Old Pier"),
        ("same", "Person A", "Person Anna"),
    }
    attributes = {names[span.id]: dict(span.attributes) for span in annotation.spans if span.attributes}
    assert attributes == {"Wait waits": {"negated": "present"}, "Old-Pier Old Pier": {"sure": "hochst"}}
    assert annotate("check", cwd=folder).exit_code == 0


def test_the_map_of_a_folder_comes_before_that_of_the_corpus(tmp_path: Path) -> None:
    assert init(tmp_path, "--from-brat", BRAT).exit_code == 0
    folder = tmp_path / "corpus-of-theirs"
    (folder / "schema/maps/brat.yaml").write_text("spans: {Person: null}\n")
    (folder / "others").mkdir()
    (folder / "others/map.yaml").write_text("spans: {Person: {label: Person}}\n")
    (folder / "others/news.txt").write_text(WORDS)
    (folder / "others/news.ann").write_text("T1\tPerson 2 6\tAnna\n")
    (folder / "corpus/annotators.yaml").write_text(ANNOTATORS)
    words = ["import", "others", "--format", "brat", "--annotator", "reader", "--plan"]
    assert "1 taken" in annotate(*words, cwd=folder).output
    (folder / "others/map.yaml").unlink()
    assert "1 left out, " in annotate(*words, cwd=folder).output


def test_an_interrupted_command_is_completed_by_itself(tmp_path: Path) -> None:
    assert init(tmp_path, "--from-config", CONFIG).exit_code == 0
    whole = read_files(tmp_path / "corpus-of-theirs")
    for name in ("schema/labels.yaml", "schema/maps/labelstudio.yaml", "guidelines/labels/person.md"):
        (tmp_path / "corpus-of-theirs" / name).unlink()
    assert init(tmp_path, "--from-config", CONFIG).exit_code == 0
    assert read_files(tmp_path / "corpus-of-theirs") == whole
    (tmp_path / "corpus-of-theirs/schema/labels.yaml").unlink()
    other = init(tmp_path, "--from-config", CONFIG.replace("Old Pier", "New Pier"))
    assert (other.exit_code, "exists and is not empty" in other.stderr) == (2, True)


@pytest.mark.parametrize(
    ("option", "text", "error"),
    [
        ("--from-config", "<View/>", "theirs/conf: there is no label in it that an inventory can have"),
        ("--from-config", "[entities]", "theirs/conf: the labelling config is not XML"),
        ("--from-config", "", "theirs/conf: the labelling config is not XML"),
        ("--from-config", '<!DOCTYPE a [<!ENTITY b "c">]><View/>', "declares a document type"),
        ("--from-config", "<View><Lables/></View>", "Label Studio has no tag <Lables>"),
        ("--from-brat", CONFIG, "theirs/conf: there is no label in it that an inventory can have"),
        ("--from-brat", "[entities]\n", "theirs/conf: there is no label in it that an inventory can have"),
        ("--from-brat", "[relations]\nR Arg1\n", "theirs/conf:2: 'Arg1' is not NAME:TYPE"),
        ("--from-brat", "[entities]\n" + "x" * 4_000_000, "is larger than 4,000,000 bytes"),
    ],
)
def test_a_faulty_configuration_writes_nothing(tmp_path: Path, option: str, text: str, error: str) -> None:
    result = init(tmp_path, option, text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert error in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output
    assert not (tmp_path / "corpus-of-theirs").exists()


def test_what_is_left_out_is_said_before_a_refusal(tmp_path: Path) -> None:
    result = init(tmp_path, "--from-config", '<View><Image name="i" value="$i"/><Image name="j" value="$j"/></View>')
    assert (result.exit_code, result.stderr.splitlines()) == (
        2,
        [
            "theirs/conf: Image: 2 (i, j) left out; the inventory labels plain text",
            "annotate: theirs/conf: there is no label in it that an inventory can have; "
            "name one that labels words of plain text",
        ],
    )


INVENTORY = """\
version: 0.1.0
title: Port news
about: Names in short news from a port.
language: en
layers: {names: {title: Names, definition: Who and what is named.}}
spans:
  Person: {layer: names, definition: The name of a human being., guideline: who.md, shown_as: "[a](b)"}
  Ship: {layer: names, definition: The name of a ship., guideline: who.md}
  Place: {layer: names, definition: The name of a place., guideline: how-to-label.md}
attributes: {}
intervals: []
relations:
  sails_to: {definition: From a ship to its port., head: [Ship], tail: [Place], guideline: below/sails.md}
records: {}
"""


def test_an_inventory_alone_makes_a_corpus_with_the_pages_that_it_names(tmp_path: Path) -> None:
    result = init(tmp_path, "--from-inventory", INVENTORY)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert "1 layer, 3 labels, 0 attributes, 1 relation." in result.stdout
    folder = tmp_path / "corpus-of-theirs"
    check_fresh(folder, "C510")  # a page of ours, which has no table of a label of theirs
    assert (folder / "schema/labels.yaml").read_text() == INVENTORY
    pages = {path.relative_to(folder / "guidelines").as_posix(): path for path in (folder / "guidelines").rglob("*.md")}
    assert sorted(pages) == ["README.md", "below/sails.md", "how-to-label.md", "who.md"]
    who = pages["who.md"].read_text()
    assert "The name of a human being." in who
    assert "The name of a ship." in who
    assert "# \\[a\\]" in who
    (folder / "guidelines/who.md").unlink()
    assert init(tmp_path, "--from-inventory", INVENTORY).exit_code == 0
    assert pages["who.md"].read_text() == who


def test_an_inventory_that_would_keep_a_dataset_from_being_built_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.yaml").write_text(INVENTORY)
    result = annotate("init", "below/new", "--from-inventory", "labels.yaml", cwd=tmp_path)
    assert result.exit_code == 0
    assert "labels.yaml: a folder with labels.yaml is taken for the schema of a corpus" in result.stderr


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (INVENTORY.replace("{layer: names", "{layer: no", 1), "theirs/conf: spans.Person.layer: no layer is called"),
        (INVENTORY.replace("language: en\n", ""), "theirs/conf: the whole file: 'language' is missing"),
        ("a: b: c\n", "theirs/conf: line 1: "),
    ],
)
def test_an_inventory_that_is_not_valid_is_refused_by_its_own_name(tmp_path: Path, text: str, problem: str) -> None:
    result = init(tmp_path, "--from-inventory", text)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert f"annotate: {problem}" in result.output
    assert not (tmp_path / "corpus-of-theirs").exists()


@pytest.mark.parametrize("option", ["--from-config", "--from-brat", "--from-inventory"])
def test_only_a_readable_file_is_read(tmp_path: Path, option: str) -> None:
    (tmp_path / "latin").write_bytes("[entities]\nMü\n".encode("latin-1"))
    (tmp_path / "folder").mkdir()
    for name, problem in (
        ("missing", "no such file"),
        ("folder", "is a directory"),
        ("/dev/zero", "is not a regular file"),
        ("latin", "is not UTF-8 at byte 12"),
    ):
        result = annotate("init", "new", option, name, cwd=tmp_path)
        assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
        assert problem in result.output
        assert not (tmp_path / "new").exists()


def test_one_configuration_is_read(tmp_path: Path) -> None:
    result = annotate("init", "new", "--from-config", "a", "--from-brat", "b", cwd=tmp_path)
    assert (result.exit_code, "choose one of them" in result.output) == (2, True)


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    config = (
        '<View><Text name="t" value="$t"/><Labels name="../l" toName="t">'
        '<Label value="../../x&#x202e;\'#}{" hint="&lt;script&gt; [a](b) &#x202e;"/></Labels></View>'
    )
    result = init(tmp_path, "--from-config", config)
    assert result.exit_code == 0
    folder = tmp_path / "corpus-of-theirs"
    check_fresh(folder)
    assert [path.name for path in (folder / "guidelines/labels").iterdir()] == ["x.md"]
    for data in read_files(folder).values():
        assert "\u202e" not in data.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus-of-theirs", "theirs"]


@pytest.mark.parametrize("option", ["--from-config", "--from-brat", "--from-studio"])
def test_an_empty_name_is_no_missing_option(tmp_path: Path, option: str) -> None:
    done = annotate("init", "new", option, "", cwd=tmp_path)
    assert done.exit_code == 2, done.output
    assert not (tmp_path / "new").exists()
