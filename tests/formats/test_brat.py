"""Any `.ann` file is read line by line, and each line is taken as a whole, left out or reported."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.formats import brat
from annotate.formats.apply_mapping import MappedDocument, map_document
from annotate.formats.document import AnnotationOrigin, RawDocument
from annotate.ingest import Details
from annotate.inventory import load_inventory
from annotate.label_map import AttributeMap, EventMap, LabelMap, NoteMap, RelationMap, SpanMap
from tests.conftest import BASE

INVENTORY = load_inventory(BASE / "schema")
TEXT = "Anna said that the crew took 40 crates."
MAP = LabelMap(
    spans={"Person": SpanMap("Speaker"), "Say": SpanMap("Verb"), "Comment": None},
    relations={"At": RelationMap("lies_at"), "Near": None},
    events={"Say": EventMap("Verb", {}, {"Agent": RelationMap("speaker"), "Time": None}), "Shout": None},
    attributes={"Rank": AttributeMap("rank")},
    equivalences={"Equiv": RelationMap("continues")},
    notes={"AnnotatorNotes": NoteMap("note"), "SpanIds": NoteMap("ids")},
)
SPANS = [(0, 4), (5, 9), (19, 23), (5, 5), (0, 9)]


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Lines that refer to each other and to what is missing, unmapped or left out."""
    numbers = st.integers(1, 3)
    refs = st.one_of(st.builds("{}{}".format, st.sampled_from("TTEER"), numbers), st.just("T4"))
    roles = st.lists(st.builds("{}:{}".format, st.sampled_from(["Agent", "Time", "Agent2", "By"]), refs), max_size=2)

    def choose(*names: str) -> str:
        return draw(st.sampled_from(names))

    result = []
    for _ in range(draw(st.integers(1, 12))):
        kind, number = choose(*"TTTEEER*A#"), draw(numbers)
        if kind == "T" and choose("", "", "unmapped"):
            result.append("T4\tGhost 0 4\tAnna")
        elif kind == "T":
            start, end = draw(st.sampled_from(SPANS))
            result.append(f"T{number}\t{choose('Person', 'Say', 'Comment')} {start} {end}\t{TEXT[start:end]}")
        elif kind == "E":
            fields = [f"{choose('Say', 'Say', 'Shout')}:T{draw(numbers)}", *draw(roles)]
            result.append(f"E{number}\t{' '.join(fields)}")
        elif kind == "R":
            result.append(f"R{number}\t{choose('At', 'Near')} Arg1:{draw(refs)} Arg2:{draw(refs)}")
        elif kind == "*":
            result.append(f"*\tEquiv {' '.join(draw(st.lists(refs, min_size=2, max_size=3)))}")
        elif kind == "A":
            result.append(f"A{number}\tRank {draw(refs)} {choose('master', 'king')}")
        else:
            result.append(f"#{number}\tAnnotatorNotes {draw(refs)}\tnote {number}")
    return result


def import_lines(ann: list[str]) -> MappedDocument:
    items = tuple(brat.parse("\n".join(ann)))
    raw = RawDocument("a", "a.ann", TEXT.encode(), items)
    origin = AnnotationOrigin("anna", "single pass", (), INVENTORY.version)
    return map_document(raw, MAP, INVENTORY, origin, Details())


@settings(max_examples=400, deadline=None)
@given(lines())
def test_a_reported_line_leaves_nothing_behind(ann: list[str]) -> None:
    """Without the lines that are reported the annotation is the same, and no line is reported."""
    mapped = import_lines(ann)
    reported = {finding.line for finding in mapped.findings}
    counts = mapped.counts
    assert counts.read == len(ann) == counts.taken + counts.left_out + counts.reported
    assert counts.reported == len(reported)
    rest = import_lines([line for number, line in enumerate(ann, 1) if number not in reported])
    assert rest.findings == []
    assert rest.annotation == mapped.annotation
    assert rest.counts == (counts.read - counts.reported, counts.taken, counts.left_out, 0)


@settings(max_examples=200, deadline=None)
@given(lines(), st.integers(0, 12))
def test_two_files_of_labels_are_one_series_of_lines(ann: list[str], cut: int) -> None:
    """What is taken and reported is the same as in one file, wherever the lines are divided."""
    whole = import_lines(ann)
    with tempfile.TemporaryDirectory() as folder:
        first, second = ann[:cut], ann[cut:]
        for name, data in (("a.txt", TEXT), ("a.a1", "\n".join(first)), ("a.a2", "\n".join(second))):
            Path(folder, name).write_text(data)
        (raw,) = brat.read(Path(folder))
    mapped = map_document(
        raw, MAP, INVENTORY, AnnotationOrigin("anna", "single pass", (), INVENTORY.version), Details()
    )
    assert (mapped.annotation, mapped.counts) == (whole.annotation, whole.counts)
    lines_before = {"a.a1": 0, "a.a2": max(len(first), 1)}
    places = [(finding.code, finding.file, finding.line) for finding in mapped.findings]
    shift = lines_before["a.a2"] - len(first)
    assert [(code, file == "a.a2", (line or 0) + lines_before[file]) for code, file, line in places] == [
        (
            finding.code,
            (finding.line or 0) > len(first),
            (finding.line or 0) + shift * ((finding.line or 0) > len(first)),
        )
        for finding in whole.findings
    ]


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_each_line_is_one_item(lines: str) -> None:
    """No line keeps the others from being read, and each that is not empty is one item."""
    items = list(brat.parse(lines))
    assert len(items) == sum(bool(line.strip()) for line in lines.removeprefix("\ufeff").split("\n"))


@pytest.mark.parametrize("line", ["R1\tAt Arg1:T1 Arg2:T2", "A1\tRank T1 master", "E1\tSay:T2", "*\tEquiv T1 T2"])
def test_words_after_the_fields_are_not_lost(line: str) -> None:
    """brat itself writes an empty column after some lines; words there are of another tool."""
    spans = ["T1\tPerson 0 4\tAnna", "T2\tSay 5 9\tsaid"]
    assert import_lines([*spans, f"{line}\t "]).counts.reported == 0
    mapped = import_lines([*spans, f"{line}\tbut not sure"])
    assert (mapped.counts.taken, mapped.counts.reported) == (2, 1)
    assert [(finding.line, "but not sure" in finding.message) for finding in mapped.findings] == [(3, True)]


def test_ids_that_notes_give_belong_to_one_span() -> None:
    """Relations name their ends by these ids: with one id for two spans, one of them would have the other's."""
    spans = ["T1\tPerson 0 4\tAnna", "T2\tSay 5 9\tsaid", "T3\tPerson 19 23\tcrew", "R1\tAt Arg1:T2 Arg2:T1"]
    mapped = import_lines([*spans, "#1\tSpanIds T1\ts2", "#2\tSpanIds T3\ts2", "#3\tSpanIds T1\tx"])
    assert mapped.annotation is not None
    assert [(span.id, span.text) for span in mapped.annotation.spans] == [
        ("s2", "Anna"),
        ("T2", "said"),
        ("T3", "crew"),
    ]
    assert [(relation.head, relation.tail) for relation in mapped.annotation.relations] == [("T2", "s2")]
    assert [(finding.code, finding.line) for finding in mapped.findings] == [("F208", 7), ("F201", 6)]
    assert (mapped.counts.read, mapped.counts.taken, mapped.counts.reported) == (7, 5, 2)
