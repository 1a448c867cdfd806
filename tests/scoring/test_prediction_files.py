"""`annotate score` on rows of the dataset and BIO tags gives the same as on annotation files."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT, Project, annotate

GOLD = "corpus/annotations/gold"


def scores(project: Project, *words: str) -> dict[str, Any]:
    result = project.annotate("score", *words, "--format", "json", "--samples", "20")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return {**found, "shared": []}  # not every form names an annotator


def f1(found: dict[str, Any], name: str = "all labels", how: str = "exact") -> float | None:
    value: float | None = next(row for row in found["labels"] if row["name"] == name)[how]["f1"]["value"]
    return value


@pytest.fixture
def dataset(project: Project) -> Path:
    assert project.annotate("build", "--out", "ds").exit_code == 0
    return project.path("ds")


def rows(dataset: Path, table: str) -> list[dict[str, Any]]:
    found = [row for file in (dataset / "data" / table).iterdir() for row in pq.read_table(file).to_pylist()]
    return sorted(found, key=lambda row: str(row["id"]))


def lines(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_rows_of_articles_score_like_annotation_files(project: Project, dataset: Path) -> None:
    """The dataset's gold against itself, with and without the corpus folder."""
    files = scores(project, GOLD, GOLD)
    assert f1(files) == 1
    assert scores(project, "ds", "ds") == files
    everything = rows(dataset, "articles")
    assert scores(project, GOLD, lines(project.path("p.jsonl"), everything)) == files
    pq.write_table(pa.Table.from_pylist(everything), project.path("p.parquet"))
    assert scores(project, "ds", "p.parquet", "--corpus", "nowhere") == files


@pytest.mark.parametrize("name", ["p.parquet", "p.jsonl"])
def test_rows_written_by_pandas_score_the_same(project: Project, dataset: Path, name: str) -> None:
    """It makes floats of numbers and class ids where one of a column is missing."""
    import pandas as pd

    frame = pd.concat([pd.read_parquet(file) for file in (dataset / "data" / "articles").iterdir()])
    if name.endswith("parquet"):
        frame.to_parquet(project.path(name))
    else:
        frame.to_json(project.path(name), orient="records", lines=True)
    assert re.search(r'"rank":\s?\d\.0', json.dumps(frame["spans"].map(list).tolist(), default=str))
    assert scores(project, "ds", name) == scores(project, "ds", "ds")


def test_export_scores_like_annotation_files(project: Project) -> None:
    """File or folder, as gold or as predictions; as gold it brings its texts along."""
    files = scores(project, GOLD, GOLD)
    assert project.annotate("export", "--format", "jsonl", "--out", "out").exit_code == 0
    assert scores(project, GOLD, "out") == scores(project, "out/annotations.jsonl", GOLD) == files
    assert scores(project, "out", "out", "--corpus", "nowhere") == files
    export = project.path("out/annotations.jsonl")
    export.write_text(export.read_text().replace("Two to 3", "Two of 3"))
    refused = project.annotate("score", GOLD, "out")
    assert (
        refused.exit_code,
        "out/annotations.jsonl:2, span 0: read as lines of an export; its text differs from the article at"
        in refused.stderr,
    ) == (
        2,
        True,
    )


def test_pieces_count_once_and_the_output_says_so(project: Project) -> None:
    gold = [project.corpus.read_annotation("gold", name) for name in ("harbour", "market")]
    written = sum(len(one.spans) for one in gold)
    pieces = sum(tie.label == project.inventory.pieces for one in gold for tie in one.relations)
    assert pieces
    said = project.annotate("score", GOLD, GOLD).output
    for side in ("gold", "predicted"):
        assert f"{side}: {written} spans as written, {written - pieces} where the pieces of one span count once" in said
    assert scores(project, GOLD, GOLD)["written"] == {"gold": written, "predicted": written}
    nothing = lines(project.path("p.jsonl"), [{"id": "harbour", "spans": []}])
    assert project.annotate("score", GOLD, nothing).output.count("spans as written") == 1


def test_rows_with_names_and_without_ids(project: Project, dataset: Path) -> None:
    row = {
        "id": "harbour",
        "spans": [
            {"label": "Verb", "start": 19, "end": 23},
            {"label": "Speaker", "start": 4, "end": 18, "attributes": {"rank": "master"}},
        ],
        "relations": [{"label": "speaker", "head": 0, "tail": 1}],
    }
    found = scores(project, "ds", lines(project.path("p.jsonl"), [row]))
    assert found["unpredicted"] == ["market"]
    # 2 Speakers and 2 Verbs in gold; found are 1 Verb and the end of 1 Speaker.
    assert [f1(found, "Speaker", how) for how in ("exact", "partial", "overlap")] == [0, 1 / 3, 2 / 3]
    assert f1(found, "Verb") == pytest.approx(2 / 3)
    assert next(row for row in found["relations"] if row["name"] == "speaker")["all"]["precision"]["value"] == 1
    assert found["attributes"][0]["share"]["value"] == 1


def test_rows_of_tokens_score_all_spans_that_tags_can_hold(project: Project, dataset: Path) -> None:
    """Class ids as the table has them; columns of two layers. Only a later piece is a span of its own in tags."""
    tokens = rows(dataset, "tokens")
    found = scores(project, GOLD, lines(project.path("p.jsonl"), tokens))
    assert [f1(found, name) for name in ("Speaker", "Verb", "Load", "Quay")] == [1, 1, 1, 1]
    assert f1(found, "Words", "overlap") == pytest.approx(2 * 2 / (2 + 3))
    assert {row["alpha"]["note"] for row in found["attributes"]} == {"nothing predicted"}
    assert {row["distance"]["value"] for row in found["counts"]} == {None}
    some = [{key: row[key] for key in ("article", "tokens", "cargo_1")} for row in reversed(tokens)]
    fewer = scores(project, GOLD, lines(project.path("q.jsonl"), some[::-1]))
    assert (f1(fewer, "Load"), f1(fewer, "Speaker")) == (1, 0)


def test_bio_scores_like_rows_of_tokens(project: Project) -> None:
    assert project.annotate("export", "--format", "bio", "--out", "bio").exit_code == 0
    found = scores(project, GOLD, "bio")
    assert [f1(found, name) for name in ("Speaker", "Verb", "Load")] == [1, 1, 1]
    # A system's own file: no places, and tokens cut in another way.
    words = ["Two O", "to B-Load", "3 I-Load", "car I-Load", "ts I-Load"]
    text = project.corpus.read_text("market").split("Two to 3 carts")
    around = [[f"{word} O" for word in part.split()] for part in text]
    project.path("market.conll").write_text("\n".join([*around[0], *words, "", *around[1]]), encoding="utf-8")
    found = scores(project, GOLD, "market.conll")
    assert [f1(found, "Load", how) for how in ("exact", "overlap")] == [0, pytest.approx(2 / 4)]


def without_form(message: str) -> str:
    """What an error says apart from the form that was recognised."""
    return re.sub(r"read as [^;]*; ", "", message)


Spoil = Callable[[list[dict[str, Any]]], object]


def _of(change: Callable[[dict[str, Any]], object]) -> Spoil:
    """A change of the second row."""
    return lambda rows: change(rows[1])


@pytest.mark.parametrize(
    ("table", "spoil", "says"),
    [
        ("articles", lambda rows: [row.update(id="pier") for row in rows[:1]] + [rows.pop()], "its article is unknown"),
        ("articles", lambda rows: rows.append(rows[0]), "appears twice"),
        ("articles", _of(lambda row: row.update(text_sha256="0" * 64)), "p.jsonl:2: was made on another text"),
        ("articles", _of(lambda row: row.update(spans=3)), "p.jsonl:2: spans is not a list of objects"),
        ("articles", _of(lambda row: row.pop("spans")), "column spans is missing"),
        (
            "articles",
            _of(lambda row: row["spans"][0].update(label="Shout")),
            "unknown span label 'Shout'; choose from",
        ),
        ("articles", _of(lambda row: row["spans"][0].update(label=99)), "unknown span label 99"),
        (
            "articles",
            _of(lambda row: row["spans"][0].update(end=10**6)),
            "span 0: 18–1000000 is not a range of the text",
        ),
        ("articles", _of(lambda row: row["spans"][0].update(start=17)), "its text differs from the article at 17–32"),
        ("articles", _of(lambda row: row["spans"][0]["attributes"].update(mood="x")), "unknown attribute 'mood'"),
        (
            "articles",
            _of(lambda row: row["spans"][0]["attributes"].update(wording="x")),
            "unknown value of wording",
        ),
        ("articles", _of(lambda row: row["spans"].append(row["spans"][0])), "two spans have the same id"),
        (
            "articles",
            _of(lambda row: row["relations"].append({"label": "words", "head": 0, "tail": 9})),
            "its tail 9 is not a span of the row",
        ),
        (
            "articles",
            _of(lambda row: row["relations"].append({"label": "words", "head": 0, "tail": ["s1"]})),
            "its tail ['s1'] is not a span of the row",
        ),
        ("articles", _of(lambda row: row["spans"][0].update(start=True)), "span 0: start True is not a whole number"),
        ("articles", _of(lambda row: row["spans"][0].update(attributes=["x"])), "span 0: attributes is not an object"),
        (
            "articles",
            _of(lambda row: row["spans"][0]["attributes"].update(least="two")),
            "span 0: 'two' is not a value of least; least is of type integer",
        ),
        ("tokens", _of(lambda row: row["tokens"].pop()), "speech_1 has"),
        ("tokens", lambda rows: rows.pop(), "tokens, and the text continues at"),
        ("tokens", _of(lambda row: row.update(tokens=["x"] * len(row["tokens"]))), "token 0: the text has"),
        (
            "tokens",
            _of(lambda row: row.update(speech_1=["B-Shout"] * len(row["tokens"]))),
            "unknown span label 'Shout'",
        ),
        ("tokens", _of(lambda row: row.update(speech_1=[77] * len(row["tokens"]))), "unknown tag 77"),
        ("tokens", _of(lambda row: row.update(speech_1=["X-Verb"] * len(row["tokens"]))), "'X-Verb' is not a BIO tag"),
        ("tokens", lambda rows: [row.update(article="pier") for row in rows], "its article is unknown ('pier')"),
    ],
)
def test_rows_that_do_not_fit_are_one_line(
    project: Project, dataset: Path, table: str, spoil: Spoil, says: str
) -> None:
    found = rows(dataset, table)
    if table == "tokens":
        found = [{key: row[key] for key in ("article", "number", "tokens", "speech_1")} for row in found]
    spoil(found)
    lines(project.path("p.jsonl"), found)
    result = project.annotate("score", GOLD, "p.jsonl")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, ""), result.output
    assert says in without_form(result.stderr)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("p.txt", b"a", "unknown file type '.txt'"),
        ("p.csv", b"a", "p.csv: is a file of tables for spreadsheets, which has several; name its folder"),
        ("p.ann", b"a", "p.ann: is a file of brat, which has several; name its folder"),
        ("p.xmi", b"a", "p.xmi: is a file of XMI, which has several; name its folder"),
        ("p.spacy", b"a", "p.spacy: is a file of DocBin of spaCy, which has several; name its folder"),
        ("p.json", b"3", "p.json: 3 is not an object; write a list of rows"),
        ("p.json", b"{", "p.json: is not JSON: "),
        ("p.json", b'{"a": [], "a": []}', "p.json: has the key 'a' twice in one object"),
        ("p.jsonl", b"\x89PNG\r\n", "is not UTF-8 at byte 0"),
        ("p.jsonl", '{"id": "harbour"}'.encode("utf-16"), "is UTF-16, not UTF-8"),
        ("p.jsonl", b'{"x": 1}', "is a row of no form that is known, with 'x'; give id and spans"),
        ("p.jsonl", b"[]", "p.jsonl:1: [] is not an object; write one JSON object a line"),
        ("p.jsonl", b"{", "p.jsonl:1: "),
        ("p.jsonl", b"\xff", "is not UTF-8"),
        ("p.parquet", b"PAR1", "is not Parquet"),
        ("harbour.conll", b"The\n", "harbour.conll:1: has 0 columns of tags"),
        ("harbour.conll", b"The O\nharbour O O\n", "harbour.conll:2: has 2 columns of tags"),
        ("harbour.conll", b"The O\nport O\n", "harbour.conll:2: the text has 'harb' at 4, not the token 'port'"),
        ("harbour.conll", b"The O\nharbour Verb\n", "harbour: 2 tokens, and the text continues at 12"),
        ("pier.conll", b"The O\n", "its article is unknown ('pier')"),
    ],
)
def test_files_that_do_not_fit_are_one_line(project: Project, name: str, data: bytes, says: str) -> None:
    project.path(name).write_bytes(data)
    result = project.annotate("score", GOLD, name)
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, ""), result.output
    assert says in without_form(result.stderr)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"pier boss", b"pi\xe9r boss", "p.parquet, row 1, column 'title': is not UTF-8 at byte 2; write it again"),
        (b"title", b"t\xeftle", r"p.parquet: the name of column b't\xeftle' is not UTF-8; write it again"),
    ],
)
def test_parquet_that_is_not_utf8_is_one_line(project: Project, old: bytes, new: bytes, says: str) -> None:
    table = pa.table({"id": ["harbour", "market"], "title": ["a", "pier boss"], "spans": [list[str](), list[str]()]})
    pq.write_table(table, project.path("p.parquet"), use_dictionary=False, compression="none")
    data = project.path("p.parquet").read_bytes()
    assert old in data
    project.path("p.parquet").write_bytes(data.replace(old, new))
    result = project.annotate("score", GOLD, "p.parquet")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, ""), result.output
    assert says in result.stderr


def test_missing_path_is_an_error() -> None:
    result = annotate("score", GOLD, "nowhere")
    assert (result.exit_code, "no such file or folder" in result.stderr) == (2, True)


def test_docs_describe_every_key_of_the_json(project: Project) -> None:
    """docs/reference/scoring.md is where the JSON is described."""
    page = (ROOT / "docs/reference/scoring.md").read_text(encoding="utf-8")

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return {name for name, inner in value.items()} | {n for inner in value.values() for n in names(inner)}
        return {name for inner in value for name in names(inner)} if isinstance(value, list) else set()

    assert not [name for name in sorted(names(scores(project, GOLD, GOLD))) if f"`{name}`" not in page]


def test_examples_in_the_docs_print_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(
        re.findall(r"```python\n(.*?)```", (ROOT / "docs/reference/scoring.md").read_text(encoding="utf-8"), re.DOTALL)
    )
    exec(code, {})  # noqa: S102 - our own page
    assert capsys.readouterr().out.splitlines() == re.findall(r"value\)  # (.*)", code)
