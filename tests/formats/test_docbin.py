"""DocBin: what spaCy reads of an export, and what is imported from spaCy."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import regex
import spacy
import srsly  # type: ignore[import-untyped]
from click.testing import Result
from spacy.tokens import Doc, DocBin, Span, SpanGroup, Token

from annotate.formats import docbin
from annotate.formats.document import LabelledArticle
from annotate.model import Span as ModelSpan
from tests.conftest import Project
from tests.formats.conftest import TEXT, codes, take_in, taken
from tests.graphs import ZOO, make_annotation, make_article


def test_spacy_reads_the_docbin(project: Project) -> None:
    assert project.annotate("export", "--format", "docbin", "--out", "out").exit_code == 0
    nlp = spacy.blank("en")
    docs = list(DocBin(store_user_data=True).from_disk(project.path("out/000000.spacy")).get_docs(nlp.vocab))
    assert {name: len(group) for name, group in docs[0].spans.items()} == {"speech": 7, "cargo": 3}
    assert [(span.text, span.label_, span.id_) for span in docs[1].spans["cargo"]] == [("Two to 3 carts", "Load", "s1")]
    assert docs[0].user_data["annotation"]["attributes"]["s4"] == {"wording": "exact", "least": 40, "most": 40}


@pytest.mark.parametrize(
    ("language", "text"), [("th", "หนังเรื่องนี้ DVD2 ดีมาก 😀\u3000สวย\n\nจบ"), ("km", "ភាសាខ្មែរ\u200bល្អ។")]
)
def test_letters_are_tokens_where_spacy_cannot_divide_a_text(language: str, text: str) -> None:
    """The tokenizer of no particular language took a clause for a word, so that nearly all spans were lost."""
    letters = [
        match.span() for match in regex.finditer(r"\X", text) if match[0][0].isalpha() and not match[0].isascii()
    ]
    label = next(iter(ZOO.spans))
    spans = [
        ModelSpan(id=f"s{start}", label=label, start=start, end=end, text=text[start:end]) for start, end in letters
    ]
    article = msgspec.structs.replace(make_article(text), language=language)
    document = LabelledArticle(article, make_annotation(text, spans, []))
    assert len(spans) > 4
    assert not [loss for loss in docbin.list_losses(document, ZOO) if loss.reason == "token edge"]
    assert docbin._make_doc(document, ZOO).text == text


def test_the_vocabulary_does_not_grow_with_the_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: each tokenizer kept the words of all articles that it had seen."""
    monkeypatch.setattr(docbin, "_MOST_WORDS", len(spacy.blank("en").vocab.strings) + 300)
    texts = [" ".join(f"{letter}{number}" for number in range(200)) for letter in "abcdefgh"]
    documents = [LabelledArticle(make_article(text, text[0]), make_annotation(text, [], [], text[0])) for text in texts]
    sizes = list[int]()

    def list_documents() -> Iterator[LabelledArticle]:
        for document in documents:
            yield document
            sizes.append(len(docbin._tokenizer(document.article.language).vocab.strings))

    docbin.write(tmp_path, list_documents(), ZOO)
    assert max(sizes) < min(sizes) + 2 * 200
    assert [raw.data.decode() for raw in docbin.read(tmp_path)] == texts


def test_entities_of_spacy(project: Project, others: Path) -> None:
    nlp = spacy.blank("en")
    doc = nlp.make_doc(TEXT)
    doc.ents = [span for span in (doc.char_span(2, 6, "PER"), doc.char_span(20, 28, "LOC")) if span]
    ghost = nlp.make_doc("A ghost.")
    ghost.spans["sc"] = [span for span in [ghost.char_span(2, 7, "GHOST")] if span]
    DocBin(docs=[doc, ghost]).to_disk(others / "Train.spacy")
    (others / "zero.spacy").write_bytes(b"nothing")
    result = take_in(project, "docbin")
    assert result.exit_code == 1
    assert codes(result) == ["F205", "F103"]
    assert [(one.label, one.text) for one in taken(project, "train-0").spans] == [
        ("Speaker", "Anna"),
        ("Quay", "Old Pier"),
    ]


def span_of(doc: Doc, start: int, end: int, label: str, **ids: str) -> Span:
    span = doc.char_span(start, end, label, **ids)  # type: ignore[arg-type]
    assert span is not None
    return span


def write_doc(others: Path, doc: Doc, name: str = "train") -> None:
    DocBin(docs=[doc], store_user_data=True).to_disk(others / f"{name}.spacy")


def counts(result: Result) -> dict[str, int]:
    counted: dict[str, int] = json.loads(result.stdout.splitlines()[-1])["lines"]
    return counted


def test_entities_in_no_group_are_taken(project: Project, others: Path) -> None:
    doc = spacy.blank("en")(TEXT)
    anna, pier = span_of(doc, 2, 6, "PER"), span_of(doc, 20, 28, "LOC")
    doc.spans["sc"] = [pier]
    doc.ents = [anna, pier]
    write_doc(others, doc)
    result = take_in(project, "docbin")
    assert counts(result) == {"read": 2, "taken": 2, "left_out": 0, "reported": 0}
    assert sorted(span.text for span in taken(project, "train-0").spans) == ["Anna", "Old Pier"]


def test_ids_of_patterns_are_no_ids_of_spans(project: Project, others: Path) -> None:
    nlp = spacy.blank("en")
    pattern = {"label": "PER", "pattern": "Anna", "id": "Anna Berg"}
    nlp.add_pipe("entity_ruler").add_patterns([pattern])  # type: ignore[attr-defined]
    write_doc(others, nlp("Anna waits for Anna."))
    result = take_in(project, "docbin")
    assert (result.exit_code, counts(result)) == (0, {"read": 4, "taken": 2, "left_out": 2, "reported": 0})
    assert [span.id for span in taken(project, "train-0").spans] == ["s1", "s2"]


def test_knowledge_base_ids_are_reported(project: Project, others: Path) -> None:
    """Also that of an entity which is in a group without it."""
    doc = spacy.blank("en")(TEXT)
    doc.spans["sc"] = [span_of(doc, 2, 6, "PER")]
    doc.ents = [span_of(doc, 2, 6, "PER", kb_id="Q1"), span_of(doc, 20, 28, "LOC", kb_id="Q2")]
    write_doc(others, doc)
    result = take_in(project, "docbin")
    assert (result.exit_code, codes(result)) == (1, ["F205", "F205"])
    assert counts(result) == {"read": 4, "taken": 2, "left_out": 0, "reported": 2}


def test_link_of_an_entity_that_is_on_the_second_of_two_equal_spans_is_counted_once(
    project: Project, others: Path
) -> None:
    """Two groups have the same words, and the entity there links them as the second does."""
    doc = spacy.blank("en")(TEXT)
    doc.spans["gold"] = [span_of(doc, 2, 6, "PER")]
    doc.spans["sc"] = [span_of(doc, 2, 6, "PER", kb_id="Q1")]
    doc.ents = [span_of(doc, 2, 6, "PER", kb_id="Q1")]
    write_doc(others, doc)
    result = take_in(project, "docbin", "--plan")
    assert counts(result) == {"read": 3, "taken": 2, "left_out": 0, "reported": 1}


def test_what_is_on_no_span_is_reported_or_left_out_by_the_map(project: Project, others: Path) -> None:
    Token.set_extension("grade", default=0, force=True)
    doc = spacy.blank("en")(TEXT)
    doc[0]._.grade = 2
    doc[1].lemma_, doc[1].tag_ = "anna", "NNP"
    doc.cats = {"sad": 1.0}
    doc.spans["sc"] = SpanGroup(doc, attrs={"scores": [0.5]}, spans=[span_of(doc, 2, 6, "PER")])
    doc.user_data["annotation"] = ["of another tool"]
    user_data: dict[Any, Any] = doc.user_data
    user_data[7] = "x"
    write_doc(others, doc)
    result = take_in(project, "docbin", "--plan")
    named = {line["message"].split("'")[1] for line in map(json.loads, result.stdout.splitlines()) if "code" in line}
    assert named == {"tag", "lemma", "cats", "scores", "grade", "annotation", "7"}
    attributes = "".join(f"  {name!r}: null\n" for name in sorted(named))
    project.path("map.yaml").write_text(f"spans: {{PER: {{label: Speaker}}}}\nattributes:\n{attributes}")
    result = take_in(project, "docbin")
    assert (result.exit_code, counts(result)) == (0, {"read": 8, "taken": 1, "left_out": 7, "reported": 0})


@pytest.mark.parametrize(
    "value",
    [
        3,
        "x",
        {"article": 3},
        {"article": "a", "attributes": [], "notes": {}, "relations": []},
        {"article": "a", "attributes": {}, "notes": {}, "relations": [["at", "s1"]]},
    ],
)
def test_user_data_of_others_is_one_finding(project: Project, others: Path, value: object) -> None:
    doc = spacy.blank("en")(TEXT)
    doc.user_data["annotation"] = value
    write_doc(others, doc)
    assert codes(take_in(project, "docbin")) == ["F205"]


def test_entities_added_to_an_export_get_ids_of_their_own(project: Project, others: Path) -> None:
    doc = spacy.blank("en")(TEXT)
    doc.spans["speech"] = [span_of(doc, 2, 6, "PER", span_id="s1")]
    doc.ents = [span_of(doc, 20, 28, "LOC")]
    doc.user_data["annotation"] = {"article": "one", "attributes": {}, "notes": {"s9": "lost"}, "relations": []}
    write_doc(others, doc)
    assert codes(take_in(project, "docbin")) == ["F201"]
    assert [(span.id, span.text) for span in taken(project, "one").spans] == [("s1", "Anna"), ("s2", "Old Pier")]


FIELDS = ("attrs", "tokens", "spaces", "lengths", "strings", "cats", "flags", "span_groups", "user_data")
VALUES: tuple[object, ...] = ([], None, b"x", 3, {}, ["a"], [None], [b"\xc1"], {"a": 1})


@pytest.mark.parametrize("field", FIELDS)
def test_damaged_docbin_is_one_line(project: Project, others: Path, field: str) -> None:
    doc = spacy.blank("en")(TEXT)
    doc.spans["sc"] = [span_of(doc, 2, 6, "PER")]
    doc.user_data["x"] = 1
    whole = srsly.msgpack_loads(zlib.decompress(DocBin(docs=[doc], store_user_data=True).to_bytes()))
    for number, value in enumerate(VALUES):
        data = zlib.compress(srsly.msgpack_dumps({**whole, field: value}))
        (others / f"{number}.spacy").write_bytes(data)
    result = take_in(project, "docbin", "--plan")
    assert not isinstance(result.exception, Exception), result.exception
    assert result.exit_code == 1
    assert set(codes(result)) <= {"F103", "F104", "F205"}
    assert "F103" in codes(result)
