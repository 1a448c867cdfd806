"""The table `tokens`: tags and `unfit` together hold every span; offsets are code points of the article."""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.tables.tokens import column_name
from annotate.dataset.tagging import CROSSES, CUTS, DEEP, LEVELS, PIECE, REASONS
from annotate.dataset.tokens import Tokenizer
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, Relation, Span
from annotate.tokens import tokenize
from tests.dataset.helpers import build_rows
from tests.dataset.test_table_builder import annotations
from tests.graphs import ZOO, make_annotation, make_article

Row = dict[str, Any]
Place = tuple[str, int, int]
BUILDER = TableBuilder(ZOO, ["tokens"])
FEATURES = BUILDER.tables["tokens"].features
TOKENIZE = Tokenizer()


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


def rows_of(builder: TableBuilder, one: Article, made: Annotation) -> list[Row]:
    rows: list[Row] = build_rows(builder, [(one, made)])["tokens"].to_pylist()
    return rows


def assert_whole(builder: TableBuilder, one: Article, made: Annotation) -> None:
    """Every span is in the tags, or in `unfit` with a reason; a later piece is in both; nothing else is tagged."""
    features = builder.tables["tokens"].features
    labels = features["unfit"]["feature"]["label"]["names"]
    said: Counter[Place] = Counter()
    for row in rows_of(builder, one, made):
        said.update(tagged(row, features))
        for span in row["unfit"]:
            assert one.text[span["start"] : span["end"]] == span["text"]
            if REASONS[span["reason"]] != PIECE:
                said[labels[span["label"]], span["start"], span["end"]] += 1
        assert row["text"] == one.text[row["start"] : row["end"]]
        for token, start, end in zip(row["tokens"], row["starts"], row["ends"], strict=True):
            assert one.text[start:end] == token
    assert said == Counter((span.label, span.start, span.end) for span in made.spans)


def test_no_span_of_the_corpus_is_lost(corpus: Corpus, labels: Inventory) -> None:
    builder = TableBuilder(labels, ["tokens"])
    for one in corpus.articles():
        assert_whole(builder, one, corpus.read_annotation(GOLD, one.id))


@given(annotations())
@settings(deadline=None)
def test_no_span_is_lost(pair: tuple[Article, Annotation]) -> None:
    assert_whole(BUILDER, *pair)


@st.composite
def crowded(draw: st.DrawFn) -> tuple[Article, Annotation]:
    """Short lines of few signs, with many spans in the same places; some are later pieces."""
    text = draw(st.text(st.sampled_from("ab_. \n\x1cé😀映\u0301"), min_size=1, max_size=14))
    places = [(start, end) for end in range(1, len(text) + 1) for start in range(end)]
    labels = st.sampled_from(["Animal", "Colour", "Words"])
    drawn = draw(st.lists(st.tuples(labels, st.sampled_from(places)), max_size=12))
    spans = [span(text, label, *place, f"s{number}") for number, (label, place) in enumerate(drawn)]
    pairs = list(pairwise(spans))
    joined = draw(st.lists(st.sampled_from(pairs), max_size=3, unique_by=lambda pair: pair[0].id)) if pairs else []
    labels_of_ties = st.sampled_from(["more", "likes"])
    ties = [Relation(label=draw(labels_of_ties), head=head.id, tail=tail.id) for head, tail in joined]
    return make_article(text), make_annotation(text, spans, ties)


def stated(one: Article, made: Annotation) -> Iterator[Row]:
    """Return the rows of an article by the simplest implementation of the rules."""
    later = {tie.head for tie in made.relations if tie.label == "more"}
    lines, start = [], 0
    for line in one.text.split("\n"):
        if line.strip():
            lines.append((start, [(start + first, start + end) for first, end in tokenize(line)], line))
        start += len(line) + 1
    lines = lines or [(0, [], one.text)]
    for number, (start, places, line) in enumerate(lines):
        behind = lines[number + 1][0] if number + 1 < len(lines) else len(one.text)
        spans = [span for span in made.spans if (not number or start <= span.start) and span.start < behind]
        spans.sort(key=lambda one: (one.start, -one.end, list(ZOO.spans).index(one.label), one.id))
        tags = {
            column_name(layer, level): ["O"] * len(places) for layer in ZOO.layers for level in range(1, LEVELS + 1)
        }
        unfit: list[tuple[str, str]] = []
        for span in spans:
            covered = [at for at, place in enumerate(places) if place[0] < span.end and place[1] > span.start]
            columns = (tags[column_name(ZOO.spans[span.label].layer, level)] for level in range(1, LEVELS + 1))
            free = next((tags for tags in columns if all(tags[at] == "O" for at in covered)), None)
            if span.start < start or span.end > start + len(line):
                unfit.append((span.id, CROSSES))
            elif not covered or (places[covered[0]][0], places[covered[-1]][1]) != (span.start, span.end):
                unfit.append((span.id, CUTS))
            elif free is None:
                unfit.append((span.id, DEEP))
            else:
                for at in covered:
                    free[at] = f"{'B' if at == covered[0] else 'I'}-{span.label}"
                unfit += [(span.id, PIECE)] * (span.id in later)
        yield {
            "number": number,
            "start": start,
            "end": start + len(line),
            "text": line,
            "tokens": [one.text[first:end] for first, end in places],
            "starts": [first for first, _ in places],
            "ends": [end for _, end in places],
            **tags,
            "unfit": unfit,
        }


def in_names(row: Row) -> Row:
    """A row of the table, with names for class ids and a span by its id, as `stated` has it."""
    columns = [name for name in row if name.rpartition("_")[2].isdigit()]
    tags = {name: [FEATURES[name]["feature"]["names"][number] for number in row[name]] for name in columns}
    unfit = [(one["id"], REASONS[one["reason"]]) for one in row["unfit"]]
    return (
        {name: row[name] for name in row if name not in ("id", "article", "annotator", "process")}
        | tags
        | {"unfit": unfit}
    )


@given(st.lists(crowded() | annotations(), max_size=4))
@settings(deadline=None, max_examples=300)
def test_rows_are_what_the_rules_say(batch: list[tuple[Article, Annotation]]) -> None:
    table = build_rows(BUILDER, batch)["tokens"]
    table.validate(full=True)
    assert [in_names(row) for row in table.to_pylist()] == [row for pair in batch for row in stated(*pair)]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\x1c"])
def test_an_article_with_nothing_to_read_has_one_row(text: str) -> None:
    """A separator is white space, too."""
    blank, other = make_article(text, "blank"), make_article("Be calm.")
    first, second = build_rows(
        BUILDER, [(blank, make_annotation(text, [], [])), (other, make_annotation("Be calm.", [], []))]
    )["tokens"].to_pylist()
    assert (first["id"], first["text"], first["tokens"]) == ("blank/0", text, [])
    assert (second["id"], second["tokens"]) == ("a/0", ["Be", "calm", "."])


def found(text: str) -> list[tuple[str, tuple[int, int]]]:
    words, starts, ends = TOKENIZE(text)
    return list(zip(words.to_pylist(), zip(starts.tolist(), ends.tolist(), strict=True), strict=True))


@given(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.text(st.sampled_from("a_.é\u0301\u200d\x1c😀 \n\u00a0映ーﾊﾞกำ้"))
)
@example("")
@example("U.S.-led\u00a0“raid”, 1,200")
@example("नमस्ते दुनिया")
@example("a😀b 👩‍👧🏽 c")
@example("\u0301映\u0301\u0301a\u0301 \u0301映")
@settings(deadline=None)
def test_tokens_are_those_of_tokenize(text: str) -> None:
    assert found(text) == [(text[start:end], (start, end)) for start, end in tokenize(text)]


def test_a_character_tokenizes_the_same_next_to_any_other() -> None:
    """All characters of most scripts, and a sample of the rest: each alone, doubled, and next to every kind."""
    codes = [*range(0x3100), *(code for code in range(0x3100, sys.maxunicode, 97) if not 0xD800 <= code < 0xE000)]
    text = "".join(f" {one} {one}{one}a{one}_{one}.{one}é映{one}\u0301{one}\n" for one in map(chr, codes))
    starts, ends = np.array(tokenize(text)).T
    tokens = TOKENIZE(text)
    assert np.array_equal(tokens.starts, starts)
    assert np.array_equal(tokens.ends, ends)


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
    tokens = found(text)
    assert all(text[start:end] == token for token, (start, end) in tokens)
    covered = {place for _, (start, end) in tokens for place in range(start, end)}
    assert {place for place, sign in enumerate(text) if not sign.isspace()} <= covered


def span(text: str, label: str, start: int, end: int, name: str) -> Span:
    return Span(id=name, label=label, start=start, end=end, text=text[start:end])


def reasons(rows: list[Row]) -> dict[str, str]:
    return {one["id"]: REASONS[one["reason"]] for row in rows for one in row["unfit"]}


def test_spans_that_tags_cannot_hold_are_listed_with_the_reason() -> None:
    text = "Anna says the lion sleeps.\n\nBe calm."
    nested = [span(text, "Words", 10, 25, f"n{number}") for number in range(LEVELS + 1)]
    spans = [
        span(text, "Animal", 14, 17, "half"),
        span(text, "Keeper", 0, 4, "first"),
        span(text, "Keeper", 5, 9, "second"),
        span(text, "Colour", 19, 30, "long"),
        *nested,
    ]
    made = make_annotation(text, spans, [Relation(label="more", head="second", tail="first")])
    rows = rows_of(BUILDER, make_article(text), made)
    assert [row["number"] for row in rows] == [0, 1]
    found = reasons(rows)
    assert found.pop(f"n{LEVELS}") == "too many overlap"
    assert found == {"half": "cuts a token", "second": "later piece", "long": "crosses paragraphs"}


def test_spans_in_a_script_without_spaces_cut_no_token() -> None:
    """映像がとても美しい was one token, and no span in it had tags."""
    text = "映像がとても美しい"
    spans = [span(text, "Animal", 0, 2, "a"), span(text, "Keeper", 3, 9, "b")]
    made = make_annotation(text, spans, [])
    assert not reasons(rows_of(BUILDER, make_article(text), made))
    assert_whole(BUILDER, make_article(text), made)


def test_the_schema_does_not_hang_on_the_data() -> None:
    names = [column_name(layer, level) for layer in ZOO.layers for level in range(1, LEVELS + 1)]
    table = build_rows(BUILDER, [])["tokens"]
    assert set(names) <= set(table.column_names)
    text = "a b"
    made = make_annotation(text, [span(text, "Animal", 0, 3, "x")], [])
    assert build_rows(BUILDER, [(make_article(text), made)])["tokens"].schema.equals(table.schema, check_metadata=True)
