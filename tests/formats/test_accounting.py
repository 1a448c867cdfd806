"""Whatever a file holds is taken, left out, or reported: each test knows what must become of each line.

The files hold what no map names, and what is broken. The tests count in the file itself, and not what a reader says
that it has read; and they look for what was taken in the annotation.
"""

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span, SpanGroup

from annotate.formats import load_format
from annotate.formats.apply_mapping import ItemCounts, MappedDocument, map_document
from annotate.formats.document import AnnotationOrigin
from annotate.ingest import Details
from annotate.inventory import load_inventory
from annotate.label_map import LabelMap, load_map
from annotate.offsets import sha256
from tests.conftest import BASE
from tests.formats.conftest import TEXT

LABELS = load_inventory(BASE / "schema")
ORIGIN = AnnotationOrigin("anna", "single pass", (), LABELS.version)
MAP = """
spans:
  Person: {label: Speaker}
  LOC: {label: Quay}
  Say: {label: Verb}
  Skip: null
relations: {Near: {relation: lies_at}, Skip: null}
events:
  Say: {label: Verb, roles: {Who: {relation: speaker}, At: null}}
  SkipEvent: null
attributes: {role: {attribute: rank, values: {boss: master}}, skip: null, cats: null}
normalizations: {Reference: {attribute: remark}, Skip: null, kb_id: null}
equivalences: {Same: {relation: lies_at}, Skip: null}
notes: {AnnotatorNotes: {to: note}, Skip: null}
"""
RANGES = {"Person": (2, 6), "LOC": (20, 28), "Say": (7, 12), "Skip": (13, 15), "Ghost": (16, 19)}
"""The words of each type in the text; no map names Ghost."""
Fate = Literal["taken", "left out", "reported"]


@pytest.fixture(scope="module")
def label_map(tmp_path_factory: pytest.TempPathFactory) -> LabelMap:
    path = tmp_path_factory.mktemp("map") / "map.yaml"
    path.write_text(MAP)
    return load_map(path, LABELS)


def import_files(format_: str, files: dict[str, bytes], label_map: LabelMap) -> list[MappedDocument]:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        documents = list(load_format(format_).read(Path(folder), LABELS))
    return [map_document(raw, label_map, LABELS, ORIGIN, Details()) for raw in documents]


def require_fates(mapped: MappedDocument, fates: list[Fate]) -> None:
    counts = Counter(fates)
    assert mapped.counts == ItemCounts(len(fates), counts["taken"], counts["left out"], counts["reported"])
    assert len(mapped.findings) >= counts["reported"]


class Facts(NamedTuple):
    """The numbers of what an annotation holds."""

    spans: int
    relations: int
    attributes: int
    notes: int


def count_facts(mapped: MappedDocument) -> Facts:
    annotation = mapped.annotation
    assert annotation is not None
    notes = [item.note for item in annotation.spans] + [item.note for item in annotation.relations]
    return Facts(
        len(annotation.spans),
        len(annotation.relations),
        sum(len(span.attributes) for span in annotation.spans),
        sum(map(bool, notes)),
    )


class BratFile:
    """The lines of an `.ann` file, and what must become of each."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fates: list[Fate] = []
        self.of: dict[str, Fate] = {}
        """The id of each line → what becomes of it."""
        self.types: dict[str, str] = {}
        self.ranks, self.remarks, self.used_triggers = set[str](), set[str](), set[str]()
        self.noted = set[str]()
        self.spans = self.relations = 0

    def __repr__(self) -> str:
        return "".join(f"{line!r}: {fate}\n" for line, fate in zip(self.lines, self.fates, strict=True))

    def add(self, line: str, fate: Fate, ref: str = "") -> None:
        self.lines.append(line)
        self.fates.append(fate)
        if ref:
            self.of[ref] = fate

    def find_fate(self, name: str, mapped: str, *targets: str) -> Fate:
        """Return what becomes of a line with one name in the map that refers to other lines."""
        if name not in (mapped, "Skip", "skip"):
            return "reported"
        if name != mapped or "left out" in map(self.of.get, targets):
            return "left out"
        return "taken" if all(self.of.get(target) == "taken" for target in targets) else "reported"

    def facts(self) -> Facts:
        return Facts(self.spans, self.relations, len(self.ranks) + len(self.remarks), len(self.noted))


BROKEN_LINES = (
    "T1",
    "T90\tPerson\tAnna",
    "T91\tPerson 2\tAnna",
    "X1\tPerson 2 6\tAnna",
    "A91",
    "R91\tNear Arg1:T1",
    "R92\tNear Arg1:T1 Arg2:T2\tand a remark",
    "E91\tSay",
    "E92\tSay:T1 Who:T2\tand a remark",
    "A92\trole T1 boss\tand a remark",
    "*\tSame T1",
    "*\tSame T1 T2\tand a remark",
    "N91\tReference T1 nothing",
    "#",
    "no tab",
)


@st.composite
def brat_files(draw: st.DrawFn) -> BratFile:
    file = BratFile()
    for number in range(1, draw(st.integers(2, 6)) + 1):
        ref, type_, fault = f"T{number}", draw(st.sampled_from(sorted(RANGES))), draw(st.integers(0, 5))
        start, end = RANGES[type_]
        words = TEXT[start:end]
        end = start if fault == 0 else end + 1 if fault == 1 else end
        fate: Fate = "left out" if type_ == "Skip" else "reported" if type_ == "Ghost" or fault < 2 else "taken"
        file.types[ref] = type_
        file.spans += fate == "taken"
        file.add(f"{ref}\t{type_} {start} {end}\t{words}", fate, ref)
    spans = st.sampled_from([*file.types, "T80"])
    for number in range(1, draw(st.integers(0, 3)) + 1):
        # A trigger whose type no map names has the type of its event; tests/formats/test_import_command.py has it.
        trigger = draw(spans.filter(lambda span: file.types.get(span) != "Ghost"))
        ref = f"E{number}"
        type_ = draw(st.sampled_from(["Say", "SkipEvent", "Ghost"]))
        role = draw(st.sampled_from([None, "Who", "Who2", "At", "Ghost"]))
        filler = draw(spans)
        fate = "left out" if type_ == "SkipEvent" or file.of.get(trigger) == "left out" else "taken"
        if type_ == "Ghost":
            fate = "reported"
        elif fate == "taken":
            is_filled = role in (None, "At") or (role != "Ghost" and file.of.get(filler) in ("taken", "left out"))
            fate = "taken" if file.of.get(trigger) == "taken" and is_filled else "reported"
        if fate == "taken":
            is_first = file.types[trigger] == "Say" and trigger not in file.used_triggers
            file.used_triggers.update([trigger] if is_first else [])
            file.spans += not is_first
            file.relations += role in ("Who", "Who2") and file.of[filler] == "taken"
        file.types[ref] = "Say"
        file.add(f"{ref}\t{type_}:{trigger}{f' {role}:{filler}' if role else ''}", fate, ref)
    anything = st.sampled_from([*file.types, "T80"])
    for number in range(1, draw(st.integers(0, 3)) + 1):
        name, head, tail = draw(st.sampled_from(["Near", "Skip", "Ghost"])), draw(anything), draw(anything)
        fate = file.find_fate(name, "Near", head, tail)
        file.relations += fate == "taken"
        ending = draw(st.sampled_from(["", "\t", " ", "\r"]))
        file.add(f"R{number}\t{name} Arg1:{head} Arg2:{tail}{ending}", fate, f"R{number}")
    for number in range(1, draw(st.integers(0, 4)) + 1):
        name, target = draw(st.sampled_from(["role", "skip", "ghost"])), draw(anything)
        fate = "left out" if file.of.get(target) == "left out" else file.find_fate(name, "role", target)
        if fate == "taken" and (file.types[target] != "Person" or target in file.ranks):
            fate = "reported"
        file.ranks.update([target] if fate == "taken" else [])
        file.add(f"{draw(st.sampled_from('AM'))}{number}\t{name} {target} boss", fate)
    for number in range(1, draw(st.integers(0, 2)) + 1):
        name, target = draw(st.sampled_from(["Reference", "Skip", "Ghost"])), draw(anything)
        fate = "left out" if file.of.get(target) == "left out" else file.find_fate(name, "Reference", target)
        if fate == "taken" and (file.types[target] != "LOC" or target in file.remarks):
            fate = "reported"
        file.remarks.update([target] if fate == "taken" else [])
        file.add(f"N{number}\t{name} {target} Atlas:{number}\tthe name in the atlas", fate)
    for number in range(1, draw(st.integers(0, 3)) + 1):
        name, target = (
            draw(st.sampled_from(["AnnotatorNotes", "Skip", "Ghost"])),
            draw(st.sampled_from([*file.of, "T80"])),
        )
        fate = file.find_fate(name, "AnnotatorNotes", target)
        file.noted.update([target] if fate == "taken" else [])
        file.add(f"#{number}\t{name} {target}\tsure\tof it", fate)
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(["Same", "Skip", "Ghost"]))
        members = draw(st.lists(anything, min_size=2, max_size=3, unique=True))
        kept = [member for member in members if file.of.get(member) != "left out"]
        fate = file.find_fate(name, "Same", *kept) if name == "Ghost" or len(kept) > 1 else "left out"
        file.relations += (len(kept) - 1) * (fate == "taken")
        file.add(f"*\t{name} {' '.join(members)}", fate)
    for line in draw(st.lists(st.sampled_from(BROKEN_LINES), max_size=2)):
        file.add(line, "reported")
    if draw(st.booleans()):
        file.add(file.lines[0], "reported")  # its id is that of another line
    order = draw(st.permutations(range(len(file.lines) - 1)))
    file.lines[1:] = [file.lines[index + 1] for index in order]
    file.fates[1:] = [file.fates[index + 1] for index in order]
    return file


@given(file=brat_files(), blank=st.sampled_from(["", "\n", " \t \n"]))
def test_brat(file: BratFile, blank: str, label_map: LabelMap) -> None:
    lines = blank.join(f"{line}\n" for line in file.lines)
    (mapped,) = import_files("brat", {"a.txt": TEXT.encode(), "a.ann": lines.encode()}, label_map)
    require_fates(mapped, file.fates)
    if "taken" in file.fates:
        assert count_facts(mapped) == file.facts()


CHUNKS = ("B-PER", "I-PER", "E-PER", "S-PER", "L-PER", "B-LOC", "I-LOC", "I-Skip", "B-Ghost", "M-Ghost", "O", "O", "O")
BROKEN_TAGS = ("X-PER", "B-", "PER", "o", "B_PER")


@given(
    sentences=st.lists(
        st.lists(
            st.tuples(st.sampled_from("abcé🚢#"), st.sampled_from(CHUNKS * 3 + BROKEN_TAGS)), min_size=1, max_size=6
        ),
        min_size=1,
        max_size=4,
    ),
    separator=st.sampled_from([" ", "\t"]),
    first=st.sampled_from(["", "# newdoc\n", "-DOCSTART- NN O\n\n", "-DOCSTART-\tNN\tO\n\n"]),
    broken=st.lists(st.sampled_from(["a NN O O", "a"]), max_size=1),
)
def test_conll(
    sentences: list[list[tuple[str, str]]], separator: str, first: str, broken: list[str], label_map: LabelMap
) -> None:
    """A span begins where the evaluation script of the CoNLL shared tasks begins one: conlleval, `startOfChunk`."""
    fates: list[Fate] = ["reported"]  # the column of parts of speech, which no map names
    spans = 0
    for sentence in sentences:
        last_prefix, last_label = "O", ""
        for _, tag in sentence:
            prefix, _, label = tag.partition("-")
            if tag in BROKEN_TAGS:
                fates.append("reported")
                prefix, label = "O", ""
            if prefix in "BS" or (prefix != "O" and (last_prefix in "OESL" or label != last_label)):
                fates.append({"PER": "taken", "LOC": "taken", "Skip": "left out"}.get(label, "reported"))  # type: ignore[arg-type]
                spans += label in ("PER", "LOC")
            last_prefix, last_label = prefix, label
    fates += ["reported"] * len(broken)
    # A "#" is a token if it has a tag, and there is another token; else its line is a comment.
    sentences = [[("a" if tag in BROKEN_TAGS else form, tag) for form, tag in sentence] for sentence in sentences]
    sentences[0][0] = ("a", sentences[0][0][1])
    lines = ["\n".join(separator.join((form, "NN", tag)) for form, tag in sentence) for sentence in sentences]
    extra = [line.replace(" ", separator) for line in broken] if sum(map(len, sentences)) > 2 else []
    fates = fates if extra or not broken else fates[: -len(broken)]
    text = first + "\n\n".join(["\n".join([lines[0], *extra]), *lines[1:]]) + "\n"
    conll_map = LabelMap(spans={**label_map.spans, "PER": label_map.spans["Person"]})
    (mapped,) = import_files("bio", {"a.conll": text.encode()}, conll_map)
    require_fates(mapped, fates)
    if spans:
        assert count_facts(mapped) == Facts(spans, 0, 0, 0)


@st.composite
def spacy_docs(draw: st.DrawFn) -> tuple[Doc, list[Fate], int]:
    """A document of spaCy with spans in groups and entities, and what must become of what it holds."""
    doc = spacy.blank("xx").make_doc("Anna waits at the Old Pier .")
    fates: list[Fate] = []
    fate_of: dict[str, Fate] = {"Person": "taken", "LOC": "taken", "Skip": "left out", "Ghost": "reported"}
    types = st.sampled_from(sorted(fate_of))

    def draw_span(start: int, end: int) -> Span:
        entry, pattern = draw(st.sampled_from(["", "Q1"])), draw(st.sampled_from(["", "p"]))
        return Span(doc, start, end, draw(types), kb_id=entry, span_id=pattern)

    grouped = set[tuple[int, int, str]]()
    spans: list[Span] = []
    for name in draw(st.lists(st.sampled_from(["sc", "gold"]), unique=True)):
        starts = draw(st.lists(st.integers(0, 5), max_size=3))
        group = [draw_span(start, start + draw(st.integers(1, 7 - start))) for start in starts]
        doc.spans[name] = SpanGroup(doc, spans=group)
        spans += group
    grouped = {(span.start, span.end, span.label_) for span in spans}
    starts = draw(st.lists(st.integers(0, 6), unique=True, max_size=3))
    entities = [draw_span(start, start + 1) for start in starts]
    doc.ents = entities
    linked = {(span.start, span.end, span.label_, span.kb_id_) for span in spans}
    for span in spans:
        fates += [fate_of[span.label_]] + ["left out"] * (bool(span.kb_id_) + bool(span.id_))
    for span in doc.ents:
        is_new = (span.start, span.end, span.label_) not in grouped
        fates += [fate_of[span.label_]] * is_new + ["left out"] * (bool(span.id_) * is_new)
        has_link = span.kb_id_ and (is_new or (span.start, span.end, span.label_, span.kb_id_) not in linked)
        fates += ["left out"] * bool(has_link)
    taken = fates.count("taken")
    if draw(st.booleans()):
        doc.cats = {"sad": 1.0}
        fates.append("left out")
    for key in draw(st.lists(st.sampled_from(["a", "b"]), unique=True)):
        doc.user_data[key] = 1
        fates.append("reported")
    for name in draw(st.lists(st.sampled_from(["lemma_", "tag_", "pos_"]), unique=True)):
        setattr(doc[1], name, "NOUN")
        fates.append("reported")
    if draw(st.booleans()):
        doc[2].is_sent_start = True
        fates.append("left out")  # as the sentences of other formats: tools add them to every text
    return doc, fates, taken


@given(made=spacy_docs())
def test_docbin(made: tuple[Doc, list[Fate], int], label_map: LabelMap) -> None:
    doc, fates, spans = made
    data = DocBin(docs=[doc], store_user_data=True).to_bytes()
    (mapped,) = import_files("docbin", {"a.spacy": data}, label_map)
    require_fates(mapped, fates)
    if spans:
        assert count_facts(mapped) == Facts(spans, 0, 0, 0)


SPAN = {"id": "s1", "label": "Person", "start": 2, "end": 6, "text": "Anna"}


def make_row(spans: list[dict[str, Any]], relations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a line of JSON."""
    digest = sha256(TEXT)
    source = {"file": "a.txt", "sha256": digest, "start": 0, "end": len(TEXT)}
    article = {
        "id": "a",
        "title": None,
        "language": "en",
        "author": None,
        "publisher": None,
        "date": None,
        "rights": "Us.",
        "source": source,
        "text_sha256": digest,
        "text": TEXT,
    }
    annotation = {
        "article": "a",
        "annotator": "anna",
        "process": "single pass",
        "made_from": [],
        "inventory": LABELS.version,
        "text_sha256": digest,
        "spans": spans,
        "relations": relations,
    }
    return {"article": article, "annotation": annotation}


@st.composite
def json_rows(draw: st.DrawFn) -> tuple[dict[str, Any], list[Fate], Facts]:
    """A line of JSON with spans, their attributes and notes, and relations; and what must become of each."""
    file, spans, relations = BratFile(), list[dict[str, Any]](), list[dict[str, Any]]()
    notes = 0
    for number in range(1, draw(st.integers(1, 5)) + 1):
        id_, type_, is_right = f"s{number}", draw(st.sampled_from(sorted(RANGES))), draw(st.integers(0, 4)) > 0
        start, end = RANGES[type_]
        text = TEXT[start:end] if is_right else "elsewhere"
        span: dict[str, Any] = {"id": id_, "label": type_, "start": start, "end": end, "text": text}
        fate: Fate = "left out" if type_ == "Skip" else "reported" if type_ == "Ghost" or not is_right else "taken"
        file.add("", fate, id_)
        file.spans += fate == "taken"
        span["attributes"] = dict.fromkeys(draw(st.sets(st.sampled_from(["role", "skip", "ghost"]))), "boss")
        for name in span["attributes"]:
            outcome = "left out" if fate == "left out" else file.find_fate(name, "role", id_)
            outcome = "reported" if outcome == "taken" and type_ != "Person" else outcome
            file.ranks.update([id_] if outcome == "taken" else [])
            file.add("", outcome)
        if draw(st.booleans()):
            span["note"] = "sure"
            file.add("", fate)
            notes += fate == "taken"
        spans.append(span)
    ends = st.sampled_from([*file.of, "s80"])
    for number in range(draw(st.integers(0, 4))):
        name, head, tail = draw(st.sampled_from(["Near", "Skip", "Ghost"])), draw(ends), draw(ends)
        relation = {"label": name, "head": head, "tail": tail}
        fate = file.find_fate(name, "Near", head, tail)
        file.add("", fate, f"relation {number}")
        file.relations += fate == "taken"
        if draw(st.booleans()):
            relation["note"] = "sure"
            file.add("", fate)
            notes += fate == "taken"
        relations.append(relation)
    return make_row(spans, relations), file.fates, Facts(*file.facts()[:3], notes)


@given(made=json_rows())
def test_jsonl(made: tuple[dict[str, Any], list[Fate], Facts], label_map: LabelMap) -> None:
    row, fates, facts = made
    (mapped,) = import_files("jsonl", {"a.jsonl": json.dumps(row).encode()}, label_map)
    require_fates(mapped, fates)
    if "taken" in fates:
        assert count_facts(mapped) == facts


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"spans":', '"spans": [], "spans":', "has the key 'spans' twice"),
        ('"label": "Person"', '"label": "Ghost", "label": "Person"', "has the key 'label' twice"),
        ('"attributes": {', '"attributes": {"role": "x", ', "has the key 'role' twice"),
    ],
)
def test_key_that_occurs_twice_is_not_read_once(label_map: LabelMap, old: str, new: str, says: str) -> None:
    """A parser keeps one of the two values."""
    row = json.dumps(make_row([{**SPAN, "attributes": {"role": "boss"}}], []))
    assert old in row
    (mapped,) = import_files("jsonl", {"a.jsonl": row.replace(old, new).encode()}, label_map)
    assert (mapped.intake, mapped.counts) == (None, ItemCounts(read=1, reported=1))
    assert says in mapped.findings[0].message
