"""Rows: a row of `articles` holds its whole annotation; records have the values of their spans."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import Corpus, sort_annotation
from annotate.dataset import texts
from annotate.dataset.features import ARTICLES, PROCESSES
from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.tables import table_features
from annotate.dataset.tables.common import graph_columns
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, AttributeValue, Relation, Span
from tests.conftest import Project
from tests.dataset.helpers import build_rows
from tests.graphs import ZOO, make_annotation, make_article

BUILDER = TableBuilder(ZOO)
Row = dict[str, Any]


def test_tables_share_the_arrays_of_a_batch() -> None:
    """`articles` and `annotations` of the same labels show the same arrays, which take time and memory once."""
    text = "Ann said so."
    article = make_article(text)
    batch = BUILDER.batch_of_pairs([(article, make_annotation(text, [], []))])
    assert graph_columns(batch) is graph_columns(batch)
    assert graph_columns(batch) is not graph_columns(BUILDER.batch_of_pairs([(article, make_annotation(text, [], []))]))


def given_values(row: Row, attributes: list[str], features: Row) -> dict[str, AttributeValue]:
    values = {}
    for name in attributes:
        value = row[name]
        if value is not None:
            names = features[name].get("names")
            values[name] = names[value] if names else value
    return values


def back(row: Row, zoo: Inventory) -> Annotation:
    """The annotation of which a row of `articles` was made."""
    features = table_features(zoo)[ARTICLES]
    span_features = features["spans"]["feature"]
    spans = [
        Span(
            id=span["id"],
            label=span_features["label"]["names"][span["label"]],
            start=span["start"],
            end=span["end"],
            text=span["text"],
            attributes=given_values(span["attributes"], list(zoo.attributes), span_features["attributes"]),
            note=span["note"] or "",
        )
        for span in row["spans"]
    ]
    labels = features["relations"]["feature"]["label"]["names"]
    relations = [
        Relation(
            label=labels[one["label"]],
            head=spans[one["head"]].id,
            tail=spans[one["tail"]].id,
            note=one["note"] or "",
        )
        for one in row["relations"]
    ]
    return Annotation(
        article=row["id"],
        annotator=row["annotator"],
        process=PROCESSES[row["process"]],
        made_from=tuple(row["made_from"]),
        inventory=row["inventory"],
        text_sha256=row["text_sha256"],
        spans=tuple(spans),
        relations=tuple(relations),
    )


@st.composite
def annotations(draw: st.DrawFn) -> tuple[Article, Annotation]:
    text = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
    spans = []
    for number in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        label = draw(st.sampled_from(list(ZOO.spans)))
        attributes: dict[str, AttributeValue] = {}
        for attribute in ZOO.attributes_of(label):
            value: st.SearchStrategy[Any] = {
                "choice": st.sampled_from(list(attribute.values) or [""]),
                "integer": st.integers(0, 2**62),
                "text": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
            }[attribute.type]
            if draw(st.booleans()):
                attributes[attribute.name] = draw(value)
        note = draw(st.sampled_from(["", "n"]))
        spans.append(
            Span(
                id=f"s{number}",
                label=label,
                start=start,
                end=end,
                text=text[start:end],
                attributes=attributes,
                note=note,
            )
        )
    ids = [span.id for span in spans]
    ends = st.tuples(st.sampled_from(list(ZOO.relations)), st.sampled_from(ids or [""]), st.sampled_from(ids or [""]))
    arrows = draw(st.lists(ends, max_size=10, unique=True)) if ids else []
    relations = [Relation(label=label, head=head, tail=tail) for label, head, tail in arrows]
    return make_article(text), make_annotation(text, spans, relations)


@given(st.lists(annotations(), max_size=4))
@settings(deadline=None)
def test_annotations_come_back_from_the_rows_of_articles(batch: list[tuple[Article, Annotation]]) -> None:
    rows = build_rows(BUILDER, batch)[ARTICLES].to_pylist()
    assert [back(row, ZOO) for row in rows] == [sort_annotation(made) for _, made in batch]


@given(st.lists(annotations(), min_size=1, max_size=3))
@settings(deadline=None)
def test_offsets_in_rows_match_the_text(batch: list[tuple[Article, Annotation]]) -> None:
    tables = build_rows(BUILDER, batch)
    texts = dict(enumerate(one.text for one, _ in batch))
    assert {one.text for one, _ in batch} == {row["text"] for row in tables[ARTICLES].to_pylist()}
    for name, record in ZOO.records.items():
        for row in tables[name].to_pylist():
            mentions = [row, *(filler for role in record.roles for filler in row[role])]
            paragraph = row["paragraph"]
            assert any(
                text[paragraph["start"] : paragraph["end"]] == paragraph["text"]
                and all(
                    mention["text"] == " … ".join(text[piece["start"] : piece["end"]] for piece in mention["pieces"])
                    for mention in mentions
                )
                for text in texts.values()
            )
            assert paragraph["start"] <= row["start"]
            assert row["end"] <= paragraph["end"] or row["text"][-1] == "\n"


def test_a_batch_gives_the_same_rows_as_single_documents(corpus: Corpus, labels: Inventory) -> None:
    batch = [(one, corpus.read_annotation(GOLD, one.id)) for one in corpus.articles()]
    builder = TableBuilder(labels)
    together = build_rows(builder, batch)
    for name, table in together.items():
        assert table.to_pylist() == [row for pair in batch for row in build_rows(builder, [pair])[name].to_pylist()]


@given(st.lists(annotations(), max_size=4), st.integers(1, 40))
@settings(deadline=None)
def test_parts_give_the_rows_of_the_whole(batch: list[tuple[Article, Annotation]], size: int) -> None:
    builder = TableBuilder(ZOO, negatives=True)
    whole = build_rows(builder, batch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "PART", size)
        parts = list(builder.build_parts(builder.batch_of_pairs(batch)))
    assert list(dict.fromkeys(name for name, _ in parts)) == list(whole)
    for name, table in whole.items():
        assert pa.concat_tables(part for each, part in parts if each == name).to_pylist() == table.to_pylist()


def test_relations_that_repeat_a_text_are_built_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: each of 20,000 relations of one span has all words between, which took gigabytes."""
    monkeypatch.setattr(texts, "PART", 1000)
    seer = Span(id="k", label="Keeper", start=0, end=1, text="k")
    animals = [Span(id=f"a{at}", label="Animal", start=at, end=at + 1, text="x") for at in range(2, 400, 2)]
    text = "k\n" + "x\n" * len(animals)
    relations = [Relation(label="seen_by", head=span.id, tail="k") for span in animals]
    batch = BUILDER.batch_of_pairs([(make_article(text), make_annotation(text, [seer, *animals], relations))])
    parts = [rows for name, rows in BUILDER.build_parts(batch) if name == "relations"]
    lengths = [[len(row["context"]["text"]) for row in rows.to_pylist()] for rows in parts]
    assert sum(map(len, lengths)) == len(relations)
    assert all(sum(of_part[:-1]) < 1000 <= sum(of_part) for of_part in lengths[:-1])


def test_no_article_gives_typed_tables_without_a_row() -> None:
    for name, table in build_rows(BUILDER, []).items():
        assert len(table) == 0
        assert table.column_names == list(table_features(ZOO)[name])


def test_every_real_anchor_is_a_row_with_its_attributes(project: Project) -> None:
    made = project.inventory
    features = table_features(made)
    for one in project.corpus.articles():
        gold = project.corpus.read_annotation(GOLD, one.id)
        tables = build_rows(TableBuilder(made), [(one, gold)])
        by_id = {span.id: span for span in gold.spans}
        for name, record in made.records.items():
            attributes = [attribute.name for attribute in made.attributes_of(record.anchor)]
            for row in tables[name].to_pylist():
                span = by_id[row["span_id"]]
                assert row["id"] == f"{one.id}/{span.id}"
                assert row["article"] == one.id
                assert span.label == record.anchor
                assert given_values(row, attributes, features[name]) == span.attributes


def test_an_unknown_label_is_an_error_and_no_silent_loss() -> None:
    with pytest.raises(KeyError):
        build_rows(
            BUILDER,
            [
                (
                    make_article("abc"),
                    make_annotation("abc", [Span(id="s", label="Ghost", start=0, end=1, text="a")], []),
                )
            ],
        )
