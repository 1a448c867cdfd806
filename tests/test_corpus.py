"""A corpus that is read and written has the same bytes, for this corpus and for generated annotations."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import (
    Corpus,
    encode_annotation,
    encode_article,
    encode_sorted_annotation,
    encode_source,
    sort_annotation,
)
from annotate.errors import CannotRun
from annotate.model import Annotation, Article, SourceFile
from tests.conftest import BASE, Project
from tests.strategies import annotations


def test_whole_corpus_round_trips_byte_for_byte(corpus: Corpus) -> None:
    for folder in (corpus, Corpus(BASE / "corpus")):
        for name in folder.article_ids():
            article = folder.read_article(name)
            assert encode_article(article) == folder.article_path(name).read_bytes()
            assert article.text.encode() == folder.text_path(name).read_bytes()
        for annotation_set in folder.annotation_sets():
            for name in folder.annotated_ids(annotation_set):
                annotation = folder.read_annotation(annotation_set, name)
                assert encode_annotation(annotation) == folder.annotation_path(annotation_set, name).read_bytes()
        for file in folder.source_files():
            assert encode_source(folder.read_source(file)) == folder.source_record_path(file).read_bytes()


@given(annotations())
def test_annotation_round_trips(annotation: Annotation) -> None:
    data = encode_annotation(annotation)
    decoded = msgspec.json.decode(data, type=Annotation)
    assert encode_annotation(decoded) == data
    assert decoded == sort_annotation(annotation)


HOSTILE = st.sampled_from(['}, {"id": ', '"}, {"id": "', "}, {", '\\"}, {"label": ', "},\n{", "id", "a: b, c"])


@given(annotations(), st.lists(HOSTILE, min_size=1))
def test_line_breaks_are_between_items_and_nowhere_else(annotation: Annotation, words: list[str]) -> None:
    """The bytes are those of each item encoded alone, whatever its strings hold."""
    spans = tuple(
        msgspec.structs.replace(
            span,
            text=words[number % len(words)] + span.text,
            note=words[-number % len(words)],
            attributes={word: 1 if number % 2 else word for word in words},
        )
        for number, span in enumerate(annotation.spans)
    )
    annotation = msgspec.structs.replace(annotation, spans=spans)
    lines = [line.rstrip(b",") for line in encode_sorted_annotation(annotation).split(b"\n")]
    items = [msgspec.json.format(msgspec.json.encode(item), indent=0) for item in (*spans, *annotation.relations)]
    assert [line for line in lines if line.startswith(b"{") and line != b"{"] == items
    assert msgspec.json.decode(encode_sorted_annotation(annotation), type=Annotation) == annotation


@given(annotations())
def test_each_span_and_relation_has_its_own_line(annotation: Annotation) -> None:
    lines = encode_annotation(annotation).split(b"\n")
    assert sum(line.startswith(b'{"id": ') for line in lines) == len(annotation.spans)
    assert sum(line.startswith(b'{"label": ') for line in lines) == len(annotation.relations)
    assert lines[-1] == b""


def test_all_fields_of_an_article_and_a_source_file_are_written(project: Project) -> None:
    article = project.corpus.read_article("harbour")
    assert b"metadata" not in encode_article(article)
    own = msgspec.structs.replace(article, metadata={"year": "2017", "seats": 2.0, "party": "left"})
    written = msgspec.json.decode(encode_article(own))
    assert [*written, "text"] == list(Article.__struct_fields__)
    assert b'"metadata": {"party": "left", "seats": 2, "year": "2017"},' in encode_article(own)
    source = project.corpus.read_source("port.txt")
    assert list(msgspec.json.decode(encode_source(source))) == list(SourceFile.__struct_fields__)


def test_missing_corpus_is_reported_in_one_line() -> None:
    with pytest.raises(CannotRun, match=r"^nowhere: no such folder; .*annotate init"):
        Corpus("nowhere")


def test_malformed_files_are_reported_in_one_line(project: Project) -> None:
    path = project.path("corpus/annotations/anna/market.json")
    path.write_bytes(b'{"spans": [')
    with pytest.raises(CannotRun, match=r"market\.json: cannot be read"):
        project.corpus.read_annotation("anna", "market")
    path.write_bytes(b"[" * 100_000)
    with pytest.raises(CannotRun, match=r"market\.json: cannot be read"):
        project.corpus.read_annotation("anna", "market")
    project.path("corpus/annotators.yaml").write_text("annotators: [")
    with pytest.raises(CannotRun, match=r"annotators.yaml: line 1"):
        project.corpus.read_annotators()
