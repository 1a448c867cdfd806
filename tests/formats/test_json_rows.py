"""JSON lines of other tools: doccano, Prodigy, and any keys that a map names; shaped like real exports."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.formats import TOOLS, load_reader
from annotate.formats.apply_mapping import map_document
from annotate.formats.document import AnnotationOrigin
from annotate.formats.json_rows import JsonRows
from annotate.ingest import Details
from annotate.inventory import load_inventory
from annotate.label_map import LabelMap, SpanMap, load_map
from annotate.model import Annotation
from annotate.offsets import sha256
from tests.conftest import BASE, ROOT, Project
from tests.formats.test_placement import COUNTED
from tests.test_article_metadata import SECTION

TEXT = "🚢 Anna waits at the Old Pier."
OTHER_TEXT = "Ben sails to Quay Nine."
LABELS = load_inventory(BASE / "schema")
MAP = """\
spans: {PER: {label: Speaker}, LOC: {label: Quay}}
relations: {Near: {relation: lies_at}}
"""
TOKENS = [{"text": "🚢", "start": 0, "end": 1, "id": 0, "ws": True, "disabled": False}]
ANNA = {"start": 2, "end": 6, "token_start": 1, "token_end": 1, "label": "PER"}
PIER = {"start": 20, "end": 28, "token_start": 5, "token_end": 6, "label": "LOC"}
TASK: dict[str, Any] = {
    "text": TEXT, "_input_hash": -1285, "_task_hash": 901, "_is_binary": False, "_view_id": "relations",
    "_timestamp": 1690289516, "_annotator_id": "news-alex", "_session_id": "news-alex", "answer": "accept",
    "tokens": TOKENS, "spans": [{**ANNA, "text": "Anna", "type": "span"}, {**PIER, "text": "Old Pier", "type": "span"}],
    "relations": [{"head": 6, "child": 1, "head_span": PIER, "child_span": ANNA, "color": "#c5bdf4", "label": "Near"}],
}  # fmt: skip


def take_in(project: Project, format_: str, rows: "list[Any] | str", *words: str, text: str = MAP) -> Result:
    """Import lines, as the only file of a folder, into a corpus without articles."""
    for folder in ("others", "new"):
        project.path(folder).mkdir(exist_ok=True)
    project.path("new/annotators.yaml").write_bytes(project.path("corpus/annotators.yaml").read_bytes())
    project.path("map.yaml").write_text(text)
    lines = rows if isinstance(rows, str) else "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    project.path("others/all.jsonl").write_bytes(lines.encode("utf-8", "surrogateescape"))
    options = ["--corpus", "new", "--map", "map.yaml", "--report", "json"]
    return project.annotate("import", "others", "--format", format_, *options, *words)


def findings(result: Result) -> list[tuple[str, int | None]]:
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    counts = lines[-1]["lines"]
    assert counts["read"] == counts["taken"] + counts["left_out"] + counts["reported"], counts
    return [(line["code"], line["line"]) for line in lines[:-1]]


def counts(result: Result) -> tuple[int, int, int]:
    """Return how many items were taken, left out and reported."""
    line = json.loads(result.stdout.splitlines()[-1])["lines"]
    return line["taken"], line["left_out"], line["reported"]


def taken(project: Project, article_id: str, annotator: str = "anna") -> Annotation:
    return Corpus(project.path("new")).read_annotation(annotator, article_id)


def words_of(annotation: Annotation) -> list[tuple[str, str, str]]:
    return [(span.id, span.label, span.text) for span in annotation.spans]


BY_HASH = f"text-{sha256(TEXT)[:12]}"
AS_ANNA = ("--annotator", "anna")


@pytest.mark.parametrize("key", ["label", "labels", "entities"])
def test_doccano_spans(project: Project, key: str) -> None:
    rows = [
        {"id": 17, "text": TEXT, key: [[2, 6, "PER"], [20, 28, "LOC"]], "Comments": []},
        {"id": 18, "data": OTHER_TEXT, key: [[0, 3, "PER"]], "Comments": [], "page": None},
    ]
    result = take_in(project, "doccano", rows, *AS_ANNA)
    assert (result.exit_code, findings(result), counts(result)) == (0, [], (3, 0, 0)), result.output
    assert words_of(taken(project, "17")) == [("s1", "Speaker", "Anna"), ("s2", "Quay", "Old Pier")]
    assert words_of(taken(project, "18")) == [("s1", "Speaker", "Ben")]


QUOTED = "Anna waits at the pier. Anna sails from the Old Pier, and “Anna” it was."


def quote_spans(project: Project, *spans: Any, **keys: Any) -> Result:
    """Import a line whose spans have words in place of offsets."""
    row = {"text": QUOTED, "spans": spans, **keys}
    return take_in(project, "jsonl", [row], *AS_ANNA, text=f"{MAP}jsonl: {{span: {{id: id}}}}\n")


def test_spans_are_placed_by_their_words(project: Project) -> None:
    spans = [
        {"quote": "Anna", "occurrence": 2, "label": "PER", "id": "a"},
        {"quote": "Old Pier", "label": "LOC", "id": "b", "occurrence": None},
        {"quote": "Anna", "label": "PER", "id": "c", "start": 0, "end": 4},
    ]
    result = quote_spans(project, *spans, relations=[{"head": "b", "tail": "a", "label": "Near"}])
    assert (result.exit_code, findings(result), counts(result)) == (0, [], (4, 0, 0)), result.output
    (annotation,) = (taken(project, name) for name in Corpus(project.path("new")).article_ids())
    assert [(span.id, span.label, span.start, span.end, span.text) for span in annotation.spans] == [
        ("c", "Speaker", 0, 4, "Anna"),
        ("a", "Speaker", 24, 28, "Anna"),
        ("b", "Quay", 44, 52, "Old Pier"),
    ]
    assert [(relation.head, relation.tail) for relation in annotation.relations] == [("b", "a")]


@pytest.mark.parametrize(
    ("span", "code", "message"),
    [
        ({"quote": "Anna"}, "F210", "the text has 'Anna' 3 times, and no occurrence is given; give its occurrence, a"),
        ({"quote": "Anna", "occurrence": 4}, "F210", "the text has 'Anna' 3 times, not 4; correct the occurrence"),
        ({"quote": "Old", "occurrence": 2}, "F210", "the text has 'Old' once, not 2; leave the occurrence out"),
        ({"quote": "Ben"}, "F210", "the text does not have 'Ben'; quote words as the text has them"),
        ({"quote": "  "}, "F210", "a quote has no words; quote the words of the span"),
        ({"quote": "Anna", "occurrence": 0}, "F201", "'spans' has the occurrence 0, which is no number from 1"),
        ({"quote": "Anna", "occurrence": "all"}, "F201", "has the occurrence 'all', which is no number from 1"),
        ({"quote": ""}, "F201", "no numbers under 'start' and 'end', and no words under 'quote'; fix the line"),
        ({"quote": ["Anna"]}, "F201", "no words under 'quote'"),
        ({"quote": "Anna", "start": 3, "end": 7}, "F202", "offsets read 'a wa', not 'Anna'"),
        ({"quote": "Anna", "start": 3}, "F201", "has no numbers under 'start' and 'end'"),
    ],
)
def test_words_without_one_place_are_reported_and_counted(
    project: Project, span: dict[str, Any], code: str, message: str
) -> None:
    good = {"quote": "sails", "label": "PER"}
    result = quote_spans(project, good, {**span, "label": "PER", "rank": "master"})
    assert (result.exit_code, findings(result)[0]) == (1, (code, 1)), result.output
    assert message in result.output
    # The attribute of a span that cannot be read as one is not read; that of a span without a place is reported.
    assert counts(result) == (1, 0, 1 if code == "F201" else 2)


def test_small_differences_of_quotes_are_warnings(project: Project) -> None:
    spans = [{"quote": words, "label": "PER"} for words in ("old pier", '"Anna"', "sails  from")]
    result = quote_spans(project, *spans)
    assert (result.exit_code, findings(result), counts(result)) == (0, [("F211", 1)] * 3, (3, 0, 0)), result.output
    for words in ("(other case)", "(other quotation marks)", "(other white space)"):
        assert words in result.output


def test_an_occurrence_with_offsets_is_an_attribute_that_the_map_must_name(project: Project) -> None:
    result = quote_spans(project, {"quote": "Anna", "start": 0, "end": 4, "occurrence": 2, "label": "PER"})
    assert (findings(result), counts(result)) == ([("F205", 1)], (1, 0, 1)), result.output


def test_spans_with_words_may_be_lists(project: Project) -> None:
    row = {"text": QUOTED, "spans": [["sails", "PER"], ["Old Pier", "LOC"]]}
    text = f"{MAP}jsonl: {{span: {{order: [quote, label]}}}}\n"
    result = take_in(project, "jsonl", [row], *AS_ANNA, text=text)
    assert (result.exit_code, counts(result)) == (0, (2, 0, 0)), result.output


def test_doccano_relations(project: Project) -> None:
    row = {
        "id": 6400, "text": TEXT, "Comments": [],
        "entities": [
            {"id": 1662, "label": "LOC", "start_offset": 20, "end_offset": 28},
            {"id": 1663, "label": "PER", "start_offset": 2, "end_offset": 6},
        ],
        "relations": [{"id": 273, "from_id": 1662, "to_id": 1663, "type": "Near"}],
    }  # fmt: skip
    result = take_in(project, "doccano", [row], *AS_ANNA)
    # The number of the relation is left out: relations of a corpus have none.
    assert (result.exit_code, counts(result)) == (0, (3, 1, 0)), result.output
    annotation = taken(project, "6400")
    assert words_of(annotation) == [("1663", "Speaker", "Anna"), ("1662", "Quay", "Old Pier")]
    assert [(one.label, one.head, one.tail) for one in annotation.relations] == [("lies_at", "1662", "1663")]


def test_what_doccano_has_besides_is_reported_once_with_its_number(project: Project) -> None:
    rows = [
        {"id": number, "text": f"Anna waits {number}.", "label": [[0, 4, "PER"]], "Comments": ["unsure"],
         "source": {"page": number, "empty": ""}, "cats": ["news", "port"]}
        for number in range(1, 4)
    ]  # fmt: skip
    result = take_in(project, "doccano", rows, *AS_ANNA)
    assert result.exit_code == 1
    # Each line has a comment, a page and two categories.
    assert (findings(result), counts(result)) == ([("F205", line) for line in (1, 2, 3) for _ in range(4)], (3, 0, 12))
    shown = project.annotate(
        "import", "others", "--format", "doccano", *AS_ANNA, "--corpus", "new", "--map", "map.yaml"
    )
    assert [line for line in shown.output.splitlines() if "F205" in line] == [
        f"others/all.jsonl:1: F205 the map has no entry for attribute {name!r}; map it, or leave it out with null "
        f"({number} such lines in 1 file; this is the first)"
        for name, number in (("Comments", 3), ("source.page", 3), ("cats", 6))
    ]
    nulls = "attributes: {Comments: null, source: null, cats: null}\n"
    again = take_in(project, "doccano", rows, *AS_ANNA, text=MAP + nulls)
    assert (again.exit_code, counts(again)) == (0, (3, 12, 0)), again.output


def test_labels_of_whole_texts_are_reported(project: Project) -> None:
    result = take_in(project, "doccano", [{"id": 1, "text": TEXT, "label": ["news", "port"], "Comments": []}], *AS_ANNA)
    assert (result.exit_code, findings(result)) == (1, [("F201", 1), ("F201", 1)])
    assert not list(project.path("new").rglob("1.*"))


def test_prodigy(project: Project) -> None:
    result = take_in(project, "prodigy", [{**TASK, "meta": {"section": 2}}], *AS_ANNA)
    # The section is of no use to Prodigy: whether it is needed is for the map to say.
    assert findings(result) == [("F205", 1), ("F108", 1)]
    annotation = taken(project, BY_HASH)
    assert words_of(annotation) == [("s1", "Speaker", "Anna"), ("s2", "Quay", "Old Pier")]
    assert [(one.label, one.head, one.tail) for one in annotation.relations] == [("lies_at", "s2", "s1")]
    assert counts(result) == (3, 16, 1)


def test_answers_that_are_no_accept_are_left_out_and_counted(project: Project) -> None:
    rows = [
        {**TASK, "text": f"{TEXT} {answer}", "answer": answer} for answer in ("accept", "reject", "ignore", "reject")
    ]
    result = take_in(project, "prodigy", rows, *AS_ANNA)
    assert result.exit_code == 0
    assert findings(result) == [("F108", 1), ("F106", 2), ("F106", 3), ("F106", 4)]
    assert json.loads(result.stdout.splitlines()[-1])["texts"] == {
        "new": 1, "there already": 0, "refused": 0, "left out": 3,
    }  # fmt: skip
    assert len(list(project.path("new/articles").glob("*.txt"))) == 1
    every = take_in(project, "prodigy", rows[1:], *AS_ANNA, text=MAP + "jsonl: {accept: {answer: [accept, reject]}}\n")
    assert [code for code, _ in findings(every)] == ["F108", "F106", "F104"]  # the last has the text of the first


def test_the_labels_of_several_people_on_a_text_stay_apart(project: Project) -> None:
    rows = [TASK, {**TASK, "spans": TASK["spans"][:1], "relations": [], "_annotator_id": "news-bo"}]
    result = take_in(project, "prodigy", rows, *AS_ANNA)
    assert (result.exit_code, findings(result)) == (1, [("F107", 1), ("F107", 2)])
    assert not list(project.path("new").rglob("*.json"))
    people = "annotators: {news-alex: anna, news-bo: ben}\n"
    result = take_in(project, "prodigy", rows, text=MAP + people)
    assert (result.exit_code, findings(result)) == (0, []), result.output
    assert [len(taken(project, BY_HASH, name).spans) for name in ("anna", "ben")] == [2, 1]
    before = project.snapshot()
    again = take_in(project, "prodigy", rows, text=MAP + people)
    assert json.loads(again.stdout.splitlines()[-1])["texts"] == {"new": 0, "there already": 2, "refused": 0}
    assert project.snapshot() == before
    without = take_in(project, "prodigy", rows, text=MAP + "annotators: {news-alex: anna, news-bo: null}\n")
    assert json.loads(without.stdout.splitlines()[-1])["texts"]["left out"] == 1


def test_two_sets_of_labels_by_one_person_are_not_merged(project: Project) -> None:
    result = take_in(project, "prodigy", [TASK, {**TASK, "spans": TASK["spans"][:1], "relations": []}], *AS_ANNA)
    assert findings(result) == [("F108", 1), ("F104", 2)]
    assert "this import has labels of" in result.output
    assert len(taken(project, BY_HASH).spans) == 2


def test_sessions_without_a_name_are_of_the_annotator_that_is_given(project: Project) -> None:
    """Prodigy names such a session after the time at which it began: each of them would pass for a person."""
    times = ("2023-07-25_14-50-21", "2023-07-26_09-00-00")
    rows = [{**TASK, "text": f"{TEXT} {time}", "_annotator_id": time, "_session_id": time} for time in times]
    result = take_in(project, "prodigy", rows, *AS_ANNA)
    assert (result.exit_code, findings(result)) == (0, []), result.output
    nobody = take_in(project, "prodigy", rows)
    assert (nobody.exit_code, [code for code, _ in findings(nobody)]) == (1, ["F107", "F107"])
    assert "does not say who labelled it; name the annotator with --annotator" in nobody.output


@pytest.mark.parametrize("unit", ["code points", "UTF-16 units", "bytes of UTF-8"])
def test_offsets_in_each_unit(project: Project, unit: str) -> None:
    ends = [COUNTED[unit](TEXT, offset) if unit in COUNTED else offset for offset in (20, 28)]
    row = {"text": TEXT, "tags": [{"from": ends[0], "to": ends[1], "tag": "LOC"}, {"from": 0, "to": 999, "tag": "LOC"}]}
    keys = f"jsonl: {{spans: tags, span: {{start: from, end: to, label: tag}}, offsets: {unit}}}\n"
    result = take_in(project, "jsonl", [row], *AS_ANNA, text=MAP + keys)
    assert findings(result) == [("F202" if unit == "code points" else "F201", 1)]
    assert words_of(taken(project, BY_HASH)) == [("s1", "Quay", "Old Pier")]


def test_quoted_words_show_another_unit(project: Project) -> None:
    first, last = (COUNTED["UTF-16 units"](TEXT, offset) for offset in (20, 28))
    row = {
        "text": TEXT,
        "spans": [{"start": first, "end": last, "label": "LOC", "text": "Old Pier"}],
        "answer": "accept",
    }
    result = take_in(project, "prodigy", [row], *AS_ANNA)
    assert findings(result) == [("F202", 1)]
    assert "(diagnosis: UTF-16 units)" in result.output
    assert findings(take_in(project, "prodigy", [row], *AS_ANNA, "--fix")) == [("F203", 1)]
    assert words_of(taken(project, BY_HASH)) == [("s1", "Quay", "Old Pier")]


KEYS = """\
attributes: {span.note: {attribute: remark}, meta.batch: null}
annotators: {"7": ben}
jsonl:
  text: body
  id: meta.doc
  id_prefix: wire-
  title: meta.headline
  language: lang
  annotator: by
  spans: labels.entities
  span: {order: [label, start, end, note]}
  relations: labels.links
  relation: {head: from, tail: to, label: kind, order: [from, kind, to]}
"""


def test_keys_of_any_tool(project: Project) -> None:
    row = {
        "body": TEXT, "lang": "fr", "by": 7, "meta": {"doc": "A/12", "headline": "Port", "batch": {"n": 1, "m": 2}},
        "labels": {"entities": [["LOC", 20, 28, "old"], {"label": "PER", "start": 2.0, "end": 6.0}],
                   "links": [[0, "Near", 1], [0, "Near", 5], ["x", "Near", 0], [0, 1], {"from": 0, "to": 1},
                             {"from": [20, 28], "to": {"start": 2, "end": 6}, "kind": "Near", "sure": True}]},
    }  # fmt: skip
    result = take_in(project, "jsonl", [row], text=MAP + KEYS)
    assert findings(result) == [("F201", 1)] * 4 + [("F205", 1)]
    assert counts(result) == (5, 1, 5)
    article = Corpus(project.path("new")).read_article("wire-a-12")
    assert (article.title, article.language) == ("Port", "fr")
    annotation = taken(project, "wire-a-12", "ben")
    assert [span.attributes for span in annotation.spans] == [{}, {"remark": "old"}]
    assert {(one.label, one.head, one.tail) for one in annotation.relations} == {("lies_at", "s1", "s2")}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes at column"),
        ("[]", "is not a JSON object"),
        ("\udcff", "is not UTF-8 at byte 0"),
        ('{"text": "\\ud83d"}', "has half a character"),
        ('{"text": "a", "text": "b"}', "has the key 'text' twice"),
        ('{"text": "Anna", "spans": [], "spans": [[0, 4, "PER"]]}', "has the key 'spans' twice"),
        ('{"text": "a", "score": NaN}', "has NaN, which is not JSON"),
        ('{"title": "a"}', "has no text under 'text'"),
        ('{"text": 5}', "has no text under 'text'"),
        ('{"text": ' + "[" * 100_000, "has too many objects within each other"),
        ('{"text": "a", "n": ' + "1" * 5000 + "}", "Exceeds the limit"),
    ],
)  # fmt: skip
def test_a_broken_line_is_reported_and_the_others_are_read(project: Project, line: str, problem: str) -> None:
    good = json.dumps({"text": TEXT, "spans": [ANNA]})
    result = take_in(project, "prodigy", f"\ufeff{good}\r\n\n{line}\n", *AS_ANNA)
    assert (result.exit_code, findings(result)) == (1, [("F103", 3)]), result.output
    assert problem in json.loads(result.stdout.splitlines()[0])["message"]
    assert words_of(taken(project, BY_HASH)) == [("s1", "Speaker", "Anna")]


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ("Anna", "F201"), (None, "F201"), ([2, 6], "F201"), ([2, 6, "PER", 1], "F201"), ({}, "F201"),
        ({"start": 2, "end": 6}, "F201"), ({"start": 2, "end": 6, "label": None}, "F201"),
        ({"start": 2, "end": 6, "label": ["PER"]}, "F201"), ({"start": "2", "end": 6, "label": "PER"}, "F201"),
        ({"start": 2.5, "end": 6, "label": "PER"}, "F201"), ({"start": True, "end": 6, "label": "PER"}, "F201"),
        ({"start": 6, "end": 2, "label": "PER"}, "F202"), ({"start": 2, "end": 2, "label": "PER"}, "F202"),
        ({"start": -1, "end": 6, "label": "PER"}, "F202"), ({"start": 2, "end": 10**30, "label": "PER"}, "F202"),
        ({"start": 2, "end": 6, "label": "ORG"}, "F205"), ({"start": 2, "end": 6, "label": 4}, "F205"),
        ({"start": 2, "end": 6, "label": "PER", "text": "Ben"}, "F202"),
    ],
)  # fmt: skip
def test_each_bad_span_is_reported(project: Project, span: Any, code: str) -> None:
    result = take_in(project, "prodigy", [{"text": TEXT, "spans": [span, PIER]}], *AS_ANNA)
    assert (result.exit_code, findings(result)) == (1, [(code, 1)]), result.output
    assert words_of(taken(project, BY_HASH))[0][1:] == ("Quay", "Old Pier")


def test_a_file_of_another_kind_is_one_line(project: Project) -> None:
    rows = [{"id": number, "content": f"Text {number}", "label": [[0, 4, "PER"]]} for number in range(50)]
    for format_, hint in (("jsonl", "use --format doccano or prodigy"), ("doccano", "jsonl: {text: …}")):
        result = take_in(project, format_, rows, *AS_ANNA)
        assert (result.exit_code, findings(result), counts(result)) == (1, [("F103", None)], (0, 0, 50)), format_
        assert hint in json.loads(result.stdout.splitlines()[0])["message"]
    fitting = take_in(project, "doccano", rows, *AS_ANNA, text=MAP + "jsonl: {text: content}\n")
    assert (fitting.exit_code, counts(fitting)) == (0, (50, 0, 0))


def test_texts_without_a_list_of_spans_are_no_texts_with_nothing_to_label(project: Project) -> None:
    rows = [{"id": number, "text": f"Text {number}."} for number in range(30)]
    result = take_in(project, "doccano", rows, *AS_ANNA)
    assert (findings(result), counts(result)) == ([("F103", None)], (0, 0, 30))
    assert "line 1 has no spans under 'label' or 'labels' or 'entities', but the keys 'id', 'text'; " in result.output
    result = take_in(project, "doccano", [{**rows[0], "label": []}, *rows[1:3]], *AS_ANNA)
    assert (findings(result), counts(result)) == ([("F103", 2), ("F103", 3)], (0, 0, 2))
    # A task of Prodigy has no list if nothing was marked, but it has an answer.
    assert take_in(project, "prodigy", [{"text": TEXT, "answer": "accept"}], *AS_ANNA).exit_code == 0
    assert taken(project, BY_HASH).spans == ()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (json.dumps([TASK, TASK], indent=1).encode(), "is not JSON: Expecting value at column"),
        (
            "\n".join([json.dumps(TASK)] * 3).encode("utf-16"),
            "is not UTF-8 at byte 0 of the line; convert the file first",
        ),
        (b"text,label\nAnna,PER\nBen,PER\n", "is not JSON: Expecting value at column 1"),
    ],
)
def test_a_file_that_is_no_json_lines_is_one_line(project: Project, data: bytes, problem: str) -> None:
    take_in(project, "prodigy", [])
    project.path("others/all.jsonl").write_bytes(data)
    words = ["--format", "prodigy", *AS_ANNA, "--corpus", "new", "--report", "json"]
    result = project.annotate("import", "others", *words)
    assert (result.exit_code, findings(result)) == (1, [("F103", None)])
    assert f"lines can be read: line 1 {problem}" in result.output


@pytest.mark.parametrize(
    ("words", "text", "message"),
    [
        (["--format", "brat"], MAP, "annotate: --annotator: is missing, and files of brat do not say who labelled; "),
        (["--format", "prodigy"], MAP + "annotators: {a: zoe, b: max}\n", "there is no annotator 'max', 'zoe'; enter "),
        (["--format", "doccano"], MAP + "jsonl: {offsets: bytes}\n", "jsonl.offsets"),
        (["--format", "doccano"], MAP + "jsonl: {spams: label}\n", "spams"),
        (["--format", "doccano"], MAP + "jsonl: {id_prefix: A/}\n", "jsonl.id_prefix"),
    ],
)
def test_what_cannot_run_is_one_line(project: Project, words: list[str], text: str, message: str) -> None:
    assert take_in(project, "doccano", [TASK], *AS_ANNA, "--plan").exit_code == 1
    project.path("map.yaml").write_text(text)
    result = project.annotate("import", "others", "--corpus", "new", "--map", "map.yaml", *words)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert message in result.output
    assert not list(project.path("new").glob("articles/*"))


FIELDS_MAP = MAP + "jsonl: {id: id, metadata: {party: meta.party, printed: year, seats: seats, place: place}}\n"


def declare_metadata(project: Project, section: str = SECTION) -> None:
    labels = project.path("schema/labels.yaml")
    labels.write_text(labels.read_text("utf-8") + section, "utf-8")


@pytest.mark.parametrize("format_", ["doccano", "jsonl"])
def test_metadata_that_the_inventory_declares(project: Project, format_: str) -> None:
    declare_metadata(project)
    rows = [
        {"id": "one", "text": TEXT, "spans": [[2, 6, "PER"]], "meta": {"party": "left"}, "year": 2017, "seats": "2.5"},
        {"id": "two", "text": OTHER_TEXT, "spans": [], "meta": {"party": "right"}, "seats": 3, "place": " Pier "},
    ]
    if format_ == "doccano":
        rows = [{**row, "label": row["spans"]} for row in rows]
        for row in rows:
            del row["spans"]
    result = take_in(project, format_, rows, "--annotator", "anna", text=FIELDS_MAP)
    assert (result.exit_code, findings(result)) == (0, []), result.output
    corpus = Corpus(project.path("new"))
    assert corpus.read_article("one").metadata == {"party": "left", "printed": "2017", "seats": 2.5}
    assert corpus.read_article("two").metadata == {"party": "right", "seats": 3, "place": "Pier"}
    rows[0]["seats"] = 4
    again = take_in(project, format_, rows, "--annotator", "anna", "--replace", text=FIELDS_MAP)
    assert again.exit_code == 0, again.output
    assert corpus.read_article("one").metadata["seats"] == 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"year": "30/06/2017"},
            "the field printed, under 'year': '30/06/2017' does not fit; write a year",
        ),
        ({"seats": "few"}, "under 'seats': 'few' is text; write a number"),
        ({"seats": True}, "under 'seats': is true; write a number"),
        ({"place": ["Pier"]}, "under 'place': ['Pier'] is a list; write one line"),
        ({"place": "a\nb"}, "under 'place': 'a\\nb' does not fit"),
    ],
)
def test_metadata_that_do_not_fit_are_reported(project: Project, values: dict[str, Any], message: str) -> None:
    declare_metadata(project)
    row = {"id": "one", "text": TEXT, "spans": [[2, 6, "PER"]], "meta": {"party": "left"}, **values}
    result = take_in(project, "jsonl", [row], "--annotator", "anna", text=FIELDS_MAP)
    assert findings(result) == [("F201", 1)], result.output
    assert message in json.loads(result.stdout.splitlines()[0])["message"]
    assert Corpus(project.path("new")).read_article("one").metadata == {"party": "left"}


def test_article_without_a_required_field_is_refused(project: Project) -> None:
    declare_metadata(project)
    row = {"id": "one", "text": TEXT, "spans": [[2, 6, "PER"]], "meta": {"party": "centre"}}
    result = take_in(project, "jsonl", [row], "--annotator", "anna", text=FIELDS_MAP)
    assert (result.exit_code, "lacks the metadata that labels.yaml requires, party" in result.stdout) == (1, True)


@pytest.mark.parametrize("section", [SECTION, ""])
def test_map_names_only_metadata_that_are_declared(project: Project, section: str) -> None:
    declare_metadata(project, section)
    text = MAP + "jsonl: {metadata: {colour: colour}}\n"
    result = take_in(project, "jsonl", [], "--annotator", "anna", text=text)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "map.yaml: jsonl.metadata.colour: unknown field of metadata 'colour'; use one of: " in result.output


@pytest.mark.parametrize("tool", TOOLS)
def test_ready_maps_are_valid(tool: str) -> None:
    path = Path(load_reader.__code__.co_filename).with_name("presets") / f"{tool}.yaml"
    assert load_map(path, LABELS).jsonl


def test_documented_sections_are_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "interchange.md").read_text()
    blocks = re.findall(r"^```yaml\n((?:jsonl|annotators):.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    (tmp_path / "map.yaml").write_text("spans: {}\n" + "".join(blocks))
    label_map = load_map(tmp_path / "map.yaml", LABELS)
    assert label_map.jsonl
    assert JsonRows(label_map)


numbers = st.one_of(st.booleans(), st.integers(-3, 10**20), st.floats(allow_nan=False, allow_infinity=False))
scalars = st.one_of(st.none(), numbers, st.text(max_size=4))
keys = st.one_of(st.sampled_from(["a", "b", "meta", "id", "a.b", "text", "head", "label"]), st.text(max_size=3))
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3))
)
extras = st.dictionaries(keys, values, max_size=4)


def count_values(value: Any, skipped: tuple[str, ...] = ()) -> int:
    """Count what an object says, apart from some of its keys: the values in it and in the objects within it."""
    number = 0
    for key, inner in value.items():
        if key in skipped or inner is None or inner in ("", [], {}):
            continue
        if isinstance(inner, dict):
            number += count_values(inner)
        elif isinstance(inner, list) and not any(isinstance(one, list | dict) for one in inner):
            number += sum(one is not None and one != "" for one in inner)
        else:
            number += 1
    return number


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_value_is_taken_left_out_or_reported(data: st.DataObject) -> None:
    """Features that no map names, in lines, spans and relations: what is taken and reported is all there is."""
    used = {"spans": ("start", "end", "label"), "relations": ("head", "tail", "label")}
    spans = [{**data.draw(extras), "start": 2, "end": 6, "label": "PER"} for _ in range(data.draw(st.integers(0, 3)))]
    relations = [
        {**data.draw(extras), "head": 0, "tail": 0, "label": "Near"} for _ in range(data.draw(st.integers(0, 2)))
    ]
    broken = data.draw(st.lists(st.one_of(scalars, st.just([1, 2])), max_size=2))
    row = {**data.draw(extras), "text": TEXT, "spans": [*spans, *broken], "relations": relations if spans else []}
    reader = load_reader("jsonl", LabelMap(spans={"PER": SpanMap("Speaker")}, jsonl={}))
    line = json.dumps(row, ensure_ascii=False).encode("utf-8")
    (raw,) = JsonRows(reader.label_map).read_lines("a.jsonl", [line])
    expected = count_values(row, ("text", "spans", "relations")) + len(spans) + len(broken)
    expected += sum(count_values(span, used["spans"]) for span in spans)
    expected += sum(count_values(one, used["relations"]) + 1 for one in relations if spans)
    assert len(raw.items) == expected
    mapped = map_document(
        raw, reader.label_map, LABELS, AnnotationOrigin("anna", "single pass", (), "1.0.0"), Details()
    )
    assert mapped.counts.taken == len(spans)
    assert mapped.counts.read == mapped.counts.taken + mapped.counts.reported == expected


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_line_ends_in_an_exception(data: st.DataObject) -> None:
    """Values of other types at every place of a line of doccano or Prodigy."""
    row: dict[str, Any] = json.loads(json.dumps({**TASK, "id": 5, "label": [[0, 1, "PER"]], "entities": [dict(ANNA)]}))
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = row
        for _ in range(data.draw(st.integers(0, 3))):
            inner = [
                one for one in (place.values() if isinstance(place, dict) else place) if isinstance(one, list | dict)
            ]
            place = data.draw(st.sampled_from(inner)) if inner else place
        if isinstance(place, dict):
            place[data.draw(st.one_of(st.sampled_from(sorted(place) or ["a"]), keys))] = data.draw(values)
        elif place:
            place[data.draw(st.integers(0, len(place) - 1))] = data.draw(values)
    line = json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for tool in TOOLS:
        reader = load_reader(tool, LabelMap(spans={"PER": SpanMap("Speaker")}))
        for raw in JsonRows(reader.label_map).read_lines("a.jsonl", [line]):
            origin = AnnotationOrigin("anna", "single pass", (), "1.0.0")
            mapped = map_document(raw, reader.label_map, LABELS, origin, Details())
            numbers = mapped.counts
            assert numbers.read == numbers.taken + numbers.left_out + numbers.reported


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("integer", 40, 40), ("integer", "40", 40), ("integer", -1, None), ("integer", 1.5, None),
        ("number", -0.5, -0.5), ("number", 3, 3), ("number", 1e-07, 1e-07), ("number", 2e300, 2e300),
        ("text", 5, "5"), ("text", True, "true"), ("text", {"a": [1]}, '{"a": [1]}'),
    ],
)  # fmt: skip
def test_values_of_spans(project: Project, type_: str, value: Any, expected: Any) -> None:
    """Attributes of each type, from numbers, text, and objects that the map names as a whole."""
    project.replace("schema/labels.yaml", "labels: [Quay]\n    type: text", f"labels: [Quay]\n    type: {type_}")
    row = {"text": TEXT, "spans": [{**PIER, "extra": value}]}
    result = take_in(project, "prodigy", [row], *AS_ANNA, text=MAP + "attributes: {extra: {attribute: remark}}\n")
    assert [code for code, _ in findings(result)] == ([] if expected is not None else ["F209"]), result.output
    (span,) = taken(project, BY_HASH).spans
    assert span.attributes == ({} if expected is None else {"remark": expected})


def test_maps_of_the_schema_folder(project: Project) -> None:
    row = {"id": 1, "text": TEXT, "label": [[2, 6, "PER"]]}
    take_in(project, "doccano", [row], *AS_ANNA, "--plan")
    project.path("schema/maps").mkdir()
    project.path("map.yaml").rename(project.path("schema/maps/doccano.yaml"))
    words = ["import", "others", "--format", "doccano", "--corpus", "new", *AS_ANNA]
    assert project.annotate(*words, "--plan").exit_code == 0
    project.path("others/map.yaml").write_text("spans: {PER: null}\n")
    assert "1 left out, " in project.annotate(*words, "--plan").output


def test_messages_on_spans_that_quote_no_words(project: Project) -> None:
    row = {"id": 1, "text": f" {TEXT}", "label": [[0, 1, "PER"], [3, 99, "PER"], [3, 7, "PER"]]}
    result = take_in(project, "doccano", [row], *AS_ANNA)
    assert [json.loads(line)["message"] for line in result.stdout.splitlines()[:-1]] == [
        "' ' is outside the article, or begins or ends within one of its characters; fix the offsets",
        "offsets are outside the text; fix the offsets",
    ]
    assert words_of(taken(project, "1")) == [("s3", "Speaker", "Anna")]


@pytest.mark.parametrize(
    "kept", [[], [0, 1, 2, 3], [0, 1, 2, 3, 4], [5], [0, 5], [0, 1, 5], [0, 1, 2, 5], [0, 1, 2, 3, 5]]
)
def test_an_interrupted_import_of_several_people_is_resumed(project: Project, kept: list[int]) -> None:
    """Killed at any time: the labels of one person may be written before those of another, and before the article."""
    rows = [TASK, {**TASK, "_annotator_id": "news-bo"}]
    text = MAP + "annotators: {news-alex: anna, news-bo: ben}\n"
    assert take_in(project, "prodigy", rows, text=text).exit_code == 0
    whole = project.snapshot()
    files = [
        *(
            f"sources/{BY_HASH}.txt",
            f"sources/{BY_HASH}.txt.json",
            f"articles/{BY_HASH}.txt",
            f"articles/{BY_HASH}.json",
        ),
        *(f"annotations/{name}/{BY_HASH}.json" for name in ("anna", "ben")),
    ]
    for index in {*range(6)} - {*kept}:
        project.path(f"new/{files[index]}").unlink()
    assert take_in(project, "prodigy", rows, text=text).exit_code == 0
    assert project.snapshot() == whole
