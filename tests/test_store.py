"""The store: load → save gives the same bytes, over the whole corpus and over anything Hypothesis thinks of."""

import fcntl
import re
import stat
from pathlib import Path

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
from annotate.util.files import PART_SUFFIX, FileToWrite, remove_leftovers, write_atomically, write_files
from annotate.util.strict_yaml import parse_yaml
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
def test_items_are_set_apart_where_they_are_and_nowhere_else(annotation: Annotation, words: list[str]) -> None:
    """Bytes written all at once are those of each item written by itself, whatever stands in its strings."""
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
def test_one_span_or_relation_a_line(annotation: Annotation) -> None:
    lines = encode_annotation(annotation).split(b"\n")
    assert sum(line.startswith(b'{"id": ') for line in lines) == len(annotation.spans)
    assert sum(line.startswith(b'{"label": ') for line in lines) == len(annotation.relations)
    assert lines[-1] == b""


def test_fields_that_an_article_and_a_source_file_have_are_all_written(project: Project) -> None:
    article = project.corpus.read_article("harbour")
    written = msgspec.json.decode(encode_article(article))
    assert [*written, "text"] == list(Article.__struct_fields__)
    source = project.corpus.read_source("port.txt")
    assert list(msgspec.json.decode(encode_source(source))) == list(SourceFile.__struct_fields__)


def test_write_takes_a_mode_and_leaves_nothing_beside(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "a.json", b"new", mode=0o600)
    assert stat.S_IMODE((tmp_path / "deep" / "a.json").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_files_are_written_together_and_none_of_them_half(tmp_path: Path) -> None:
    several = [
        FileToWrite(tmp_path / folder / f"{number}.json", b"new", 0o600) for number in range(150) for folder in "ab"
    ]
    write_files(several)
    assert {file.path.read_bytes() for file in several} == {b"new"}
    assert {stat.S_IMODE(file.path.stat().st_mode) for file in several} == {0o600}

    (tmp_path / "c").write_bytes(b"no folder")
    with pytest.raises(CannotRun, match=r"c/3\.json: cannot be written: file exists"):
        write_files([several[0]._replace(data=b"newer"), FileToWrite(tmp_path / "c" / "3.json", b"new")])
    assert several[0].path.read_bytes() == b"new"
    assert sorted(tmp_path.rglob("*")) == sorted({tmp_path / "c", *(file.path for file in several)} | _folders(several))


def _folders(files: list[FileToWrite]) -> set[Path]:
    return {file.path.parent for file in files}


def test_missing_corpus_is_one_line() -> None:
    with pytest.raises(CannotRun, match=r"^nowhere: no such folder; .*annotate init"):
        Corpus("nowhere")


def test_broken_files_are_one_line(project: Project) -> None:
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


@pytest.mark.parametrize(
    ("text", "value"),
    [("on: 1", {"on": 1}), ("a: no", {"a": "no"}), ("a: 2026-01-02", {"a": "2026-01-02"}), ("a: true", {"a": True})],
)
def test_yaml_means_what_it_looks_like(text: str, value: object) -> None:
    assert parse_yaml(text.encode()) == value


def test_yaml_with_a_key_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: the key 'a' appears twice"):
        parse_yaml(b"a: 1\na: 2\n")


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1.0e+999"])
def test_yaml_with_a_number_that_is_not_finite_is_refused(number: str) -> None:
    """`.nan` is not less than anything: as a bound it would bind nothing."""
    with pytest.raises(ValueError, match=re.escape(f"line 1: {number} is not a finite number")):
        parse_yaml(f"a: {number}\n".encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n? [a]\n: b", "line 2: a key is a list or a mapping"),
        ("- {b: 1}\n- {{a: 1}: b}", "line 2: a key is a list or a mapping"),
        ("a: {b, [c]}", "line 1: a key is a list or a mapping"),
        ("a: !!set {b}", "line 1: could not determine a constructor"),
        ("a: !!int b", "line 1: 'b' is not a valid int"),
        ("a: !!bool b", "line 1: 'b' is not a valid bool"),
        ('a: "\\ud800"', "line 1: '.ud800' is no str"),
    ],
)
def test_yaml_that_no_json_could_say_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_yaml(text.encode())


def test_what_a_killed_writer_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    """A file that somebody writes just now is held by its lock; a dead process holds none."""
    ours = [tmp_path / "deep" / f".a.json.12ab_678{PART_SUFFIX}", tmp_path / "but" / f".b.json.abcdefgh{PART_SUFFIX}"]
    others = [
        tmp_path / name for name in (".gitignore", ".a.json.swp", f"a.json{PART_SUFFIX}", "a.json", f".a{PART_SUFFIX}")
    ]
    written = tmp_path / f".c.json.abcdefgh{PART_SUFFIX}"
    for path in (*ours, *others, written):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    with written.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_leftovers(tmp_path, but="but")
    assert {path for path in (*ours, *others, written) if path.exists()} == {ours[1], *others, written}
    remove_leftovers(tmp_path / "nowhere")
