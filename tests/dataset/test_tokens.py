"""The table `tokens`: tags and `unfit` together hold every span; offsets are code points of the article."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from annotate.dataset.rows import TableMaker
from annotate.dataset.tables.tokens import LEVELS, REASONS, column, tokenizer
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, Relation, Span
from annotate.store import Corpus
from tests.dataset.test_rows import ZOO, annotation, annotations, article

Row = dict[str, Any]
Place = tuple[str, int, int]
MAKER = TableMaker(ZOO, ["tokens"])


def tagged(row: Row, features: Row) -> list[Place]:
    """The spans that the tags of a row say: label, start and end in the article."""
    found: list[Place] = []
    for name in (name for name in features if name.rpartition("_")[2].isdigit()):
        names = features[name]["feature"]["names"]
        before = "O"
        for number, start, end in zip(row[name], row["starts"], row["ends"], strict=True):
            tag = names[number]
            if tag[0] == "B":
                found.append((tag[2:], start, end))
            elif tag[0] == "I":
                assert before[2:] == tag[2:]
                found[-1] = (*found[-1][:2], end)
            before = tag
    return found


def rows_of(make: TableMaker, one: Article, made: Annotation) -> list[Row]:
    rows: list[Row] = make([(one, made)])["tokens"].to_pylist()
    return rows


def assert_whole(make: TableMaker, one: Article, made: Annotation) -> None:
    """Every span is in the tags, or in `unfit` with a reason; a later piece is in both; nothing else is tagged."""
    features = make.tables["tokens"].features
    labels = features["unfit"]["feature"]["label"]["names"]
    said: Counter[Place] = Counter()
    for row in rows_of(make, one, made):
        said.update(tagged(row, features))
        for span in row["unfit"]:
            assert one.text[span["start"] : span["end"]] == span["text"]
            if REASONS[span["reason"]] != "later piece":
                said[labels[span["label"]], span["start"], span["end"]] += 1
        assert row["text"] == one.text[row["start"] : row["end"]]
        for token, start, end in zip(row["tokens"], row["starts"], row["ends"], strict=True):
            assert one.text[start:end] == token
    assert said == Counter((span.label, span.start, span.end) for span in made.spans)


def test_no_span_of_the_corpus_is_lost(corpus: Corpus, labels: Inventory) -> None:
    make = TableMaker(labels, ["tokens"])
    for one in corpus.articles():
        assert_whole(make, one, corpus.read_annotation(GOLD, one.id))


@given(annotations())
@settings(deadline=None)
def test_no_span_is_lost(pair: tuple[Article, Annotation]) -> None:
    assert_whole(MAKER, *pair)


@pytest.mark.parametrize(
    "text",
    [
        "a😀b 👩‍👧🏽 c",
        "e\u0301te\u0301 und",
        "नमस्ते दुनिया",
        "U.S.-led\u00a0“raid”, 1,200",
        "\u200bx \U00010348y",
        "\u0643\u064e\u062a\u064e\u0628.",
    ],
)
def test_offsets_are_code_points(text: str) -> None:
    found = tokenizer()(text)
    assert all(text[start:end] == token for token, (start, end) in found)
    covered = {place for _, (start, end) in found for place in range(start, end)}
    assert {place for place, sign in enumerate(text) if not sign.isspace()} <= covered


def span(text: str, label: str, start: int, end: int, name: str) -> Span:
    return Span(id=name, label=label, start=start, end=end, text=text[start:end])


def reasons(rows: list[Row]) -> dict[str, str]:
    return {one["id"]: REASONS[one["reason"]] for row in rows for one in row["unfit"]}


def test_what_tags_cannot_say_is_listed_with_its_reason() -> None:
    text = "Anna says the lion sleeps.\n\nBe calm."
    nested = [span(text, "Words", 10, 25, f"n{number}") for number in range(LEVELS + 1)]
    spans = [
        span(text, "Animal", 14, 17, "half"),
        span(text, "Keeper", 0, 4, "first"),
        span(text, "Keeper", 5, 9, "second"),
        span(text, "Colour", 19, 30, "long"),
        *nested,
    ]
    made = annotation(text, spans, [Relation(label="more", head="second", tail="first")])
    rows = rows_of(MAKER, article(text), made)
    assert [row["number"] for row in rows] == [0, 1]
    found = reasons(rows)
    assert found.pop(f"n{LEVELS}") == "too many overlap"
    assert found == {"half": "cuts a token", "second": "later piece", "long": "crosses paragraphs"}


def test_the_schema_does_not_hang_on_the_data() -> None:
    names = [column(layer, level) for layer in ZOO.layers for level in range(1, LEVELS + 1)]
    table = MAKER([])["tokens"]
    assert set(names) <= set(table.column_names)
    text = "a b"
    made = annotation(text, [span(text, "Animal", 0, 3, "x")], [])
    assert MAKER([(article(text), made)])["tokens"].schema.equals(table.schema, check_metadata=True)
