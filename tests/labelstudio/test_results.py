"""Each fault of a result item: its finding, the quarantined item, and the rest, which is taken."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import sort_annotation
from annotate.findings import Finding
from annotate.inventory import load_inventory
from annotate.label_map import LabelMap, RelationMap
from annotate.labelstudio import rules
from annotate.labelstudio.entries import user_of
from annotate.labelstudio.relation_names import name_relations
from annotate.labelstudio.results import (
    MappedResult,
    Mapper,
    annotator_of,
    article_id_of,
    describe_diagnoses,
    user_id_of,
)
from annotate.labelstudio.tasks import result_items as result_of
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.offsets import sha256
from tests.conftest import BASE
from tests.strategies import texts, to_utf16

TEXT = "A 🚢 hand said 40 crates lie at the pier."
INVENTORY = load_inventory(BASE / "schema")
MAPPER = Mapper(INVENTORY)
Item = dict[str, Any]


def region(id_: str, words: str, *labels: str, layer: str = "speech", **value: Any) -> Item:
    start = TEXT.index(words)
    place = {"start": start, "end": start + len(words), "text": words, "labels": list(labels)}
    return {"id": id_, "from_name": layer, "to_name": "text", "type": "labels", "value": place | value}


def attribute(id_: str, control: str, type_: str, value: Any) -> Item:
    key = {"choices": "choices", "number": "number", "textarea": "text"}.get(type_, type_)
    return {
        "id": id_,
        "from_name": control,
        "to_name": "text",
        "type": type_,
        "value": {"start": 0, "end": 1, key: value},
    }


def relation(head: Any, tail: Any, *labels: Any, **more: Any) -> Item:
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": list(labels), **more}


def task(*items: Any, **entry: Any) -> dict[str, Any]:
    annotation = {"id": 7, "completed_by": 3, "result": list(items), "was_cancelled": False} | entry
    return {"id": 1, "data": {"text": TEXT, "article": "harbour"}, "annotations": [annotation]}


def read(*items: Any, **entry: Any) -> MappedResult:
    (mapped,) = MAPPER.map_task(task(*items, **entry), TEXT, {3: "anna"})
    return mapped


HAND, VERB = region("h", "A 🚢 hand", "Speaker"), region("v", "said", "Verb")
LOAD, QUAY = region("l", "40 crates", "Load", layer="cargo"), region("q", "the pier", "Quay", layer="cargo")
BOTH = region("b", "hand", "Speaker"), region("b", "hand", "Load", layer="cargo")


def test_valid_items_are_taken_completely() -> None:
    mapped = read(
        relation("v", "h", "speaker", meta={"text": ["sure"]}),
        attribute("h", "Speaker.rank", "choices", ["hand"]),
        attribute("l", "Load.least", "number", 40.0),
        attribute("q", "Quay.remark", "textarea", ["two", "lines"]),
        HAND | {"meta": {"text": ["a note"]}},
        VERB,
        LOAD,
        QUAY,
    )
    assert mapped[:4] == ("annotation", 7, 3, None)
    assert (mapped.findings, mapped.quarantined) == ((), ())
    assert mapped.annotation is not None
    assert mapped.annotation.annotator == "anna"
    assert mapped.annotation.text_sha256 == sha256(TEXT)
    assert mapped.annotation.relations == (Relation(label="speaker", head="v", tail="h", note="sure"),)
    by_id = {span.id: span for span in mapped.annotation.spans}
    assert by_id["h"] == Span(
        id="h", label="Speaker", start=0, end=8, text="A 🚢 hand", attributes={"rank": "hand"}, note="a note"
    )
    assert by_id["l"].attributes == {"least": 40}
    assert type(by_id["l"].attributes["least"]) is int
    assert by_id["q"].attributes == {"remark": "two\nlines"}


FAULTS: list[tuple[str, list[Any], int, int]] = [  # code, items, how many of them are quarantined, spans taken
    ("L201", ["no object", HAND], 1, 1),
    ("L201", [HAND | {"id": None}, VERB], 1, 1),
    ("L201", [HAND | {"value": None}, VERB], 1, 1),
    ("L201", [HAND | {"type": "rectanglelabels"}, VERB], 1, 1),
    ("L202", [HAND | {"from_name": "label"}], 1, 0),
    ("L202", [HAND | {"from_name": ["speech"]}], 1, 0),
    ("L214", [HAND | {"to_name": "audio"}], 1, 0),
    ("L202", [HAND, attribute("h", "Speaker.age", "number", 3)], 1, 1),
    ("L203", [region("h", "hand", "Sailor")], 1, 0),
    ("L203", [region("h", "hand", "Load")], 1, 0),
    ("L203", [region("h", "hand", "Speaker", "Sailor")], 1, 1),
    ("L204", [region("h", "hand")], 1, 0),
    ("L204", [region("h", "hand", "Speaker", labels="Speaker")], 1, 0),
    ("L205", [region("h", "hand", "Speaker", start="/div[1]/text()[1]")], 1, 0),
    ("L205", [region("h", "hand", "Speaker", start=4.0)], 1, 0),
    ("L205", [region("h", "hand", "Speaker", end=True)], 1, 0),
    ("L205", [region("h", "hand", "Speaker", end=None)], 1, 0),
    ("L206", [region("h", "hand", "Speaker", start=-5)], 1, 0),
    ("L206", [region("h", "hand", "Speaker", end=99999)], 1, 0),
    ("L206", [region("h", "hand", "Speaker", text="foot")], 1, 0),
    ("L206", [region("h", "hand", "Speaker", text=None)], 1, 0),
    ("L207", [region("h", "A", "Speaker", text=None)], 0, 1),
    ("L208", [region("h", "hand", "Speaker", start=5, end=9)], 0, 1),
    ("L209", [region("h", "hand", "Speaker"), region("h", "said", "Verb")], 1, 1),
    ("L209", [region("h", "hand", "Speaker", "Speaker")], 1, 1),
    ("L210", [HAND | {"meta": {"colour": "red", "text": ["x"]}}], 1, 1),
    ("L210", [HAND | {"meta": "red"}], 1, 1),
    ("L210", [HAND | {"meta": {"text": 1}}], 1, 1),
    ("L212", [HAND | {"parentID": "x"}], 0, 1),
    ("L301", [attribute("h", "Speaker.rank", "choices", ["hand"])], 1, 0),
    ("L302", [VERB, attribute("v", "Speaker.rank", "choices", ["hand"])], 1, 1),
    ("L201", [HAND, attribute("h", "Speaker.rank", "number", 3)], 1, 1),
    ("L303", [HAND, attribute("h", "Speaker.rank", "choices", ["captain"])], 1, 1),
    ("L303", [HAND, attribute("h", "Speaker.rank", "choices", [])], 1, 1),
    ("L303", [HAND, attribute("h", "Speaker.rank", "choices", [["hand"]])], 1, 1),
    ("L303", [QUAY, attribute("q", "Quay.remark", "textarea", [""])], 1, 1),
    ("L304", [HAND, attribute("h", "Speaker.rank", "choices", ["hand", "other"])], 1, 1),
    ("L305", [LOAD, attribute("l", "Load.least", "number", 2.5)], 1, 1),
    ("L305", [LOAD, attribute("l", "Load.least", "number", True)], 1, 1),
    ("L305", [LOAD, attribute("l", "Load.least", "number", None)], 1, 1),
    ("L306", [LOAD, *(attribute("l", "Load.least", "number", number) for number in (1, 2))], 1, 1),
    ("L401", [HAND, relation("x", "h", "speaker")], 1, 1),
    ("L401", [HAND, relation("h", None, "speaker")], 1, 1),
    ("L402", [HAND, VERB, relation("h", "v")], 1, 2),
    ("L402", [HAND, VERB, relation("v", "h", direction="bi")], 1, 2),
    ("L402", [HAND, VERB, relation("v", "h", labels="speaker")], 1, 2),
    ("L402", [HAND, relation("h", "h")], 1, 1),
    ("L402", [HAND, VERB, {key: value for key, value in relation("h", "v").items() if key != "labels"}], 1, 2),
    ("L403", [HAND, VERB, relation("v", "h", "owner")], 1, 2),
    ("L404", [HAND, VERB, relation("v", "h", "speaker", direction="bi")], 1, 2),
    ("L405", [*BOTH, QUAY, relation("b", "q", "speaker")], 1, 3),
    ("L406", [HAND, VERB, relation("v", "h", "speaker"), relation("h", "v", "speaker", direction="left")], 1, 2),
    ("L407", [HAND, VERB, relation("v", "h")], 0, 2),
    ("L407", [HAND, VERB, {key: value for key, value in relation("v", "h").items() if key != "labels"}], 0, 2),
]


@pytest.mark.parametrize(("code", "items", "aside", "taken"), FAULTS)
def test_fault_gives_its_finding_and_the_rest_is_taken(code: str, items: list[Any], aside: int, taken: int) -> None:
    mapped = read(*items)
    assert [finding.code for finding in mapped.findings] == [code]
    assert len(mapped.quarantined) == aside
    assert all(any(kept is item for item in items) for kept in mapped.quarantined)
    assert mapped.annotation is not None
    assert len(mapped.annotation.spans) == taken
    in_one_line(mapped.findings)


def test_relation_without_a_name_gets_the_only_one_that_its_ends_allow() -> None:
    """In the drawn direction alone; `continues` joins spans with the same label."""
    later = region("g", "hand", "Speaker")
    named = read(HAND, VERB, later, relation("v", "h"), relation("g", "v", direction="left"), relation("g", "h"))
    assert named.annotation is not None
    ends = {(each.label, each.head, each.tail) for each in named.annotation.relations}
    assert ends == {("speaker", "v", "h"), ("speaker", "v", "g"), ("continues", "g", "h")}
    assert [finding.code for finding in named.findings] == ["L407"] * 3
    assert "its ends allow only 'speaker'" in named.findings[0].message
    # Two labels on one region are two spans: both may start one.
    both = read(*BOTH, QUAY, HAND, VERB, relation("b", "q"), relation("v", "b"), relation("b", "h"))
    assert both.annotation is not None
    assert [each.label for each in both.annotation.relations] == ["lies_at", "speaker"]
    assert [finding.code for finding in both.findings] == ["L407", "L407", "L402"]


def test_several_relations_between_two_labels_leave_a_relation_without_a_name() -> None:
    other = msgspec.structs.replace(INVENTORY.relations["speaker"], name="thanks")
    inventory = msgspec.structs.replace(INVENTORY, relations=INVENTORY.relations | {"thanks": other})
    (mapped,) = Mapper(inventory).map_task(task(HAND, VERB, relation("v", "h")), TEXT)
    assert [finding.code for finding in mapped.findings] == ["L402"]


def test_a_map_names_relations_unless_it_leaves_some_out() -> None:
    reversed_ = {"said by": RelationMap("speaker", reversed=True)}
    for relations, code in ((reversed_, "L407"), ({**reversed_, "likes": None}, "L402")):
        mapper = Mapper(INVENTORY, label_map=LabelMap(relations=relations))
        (mapped,) = mapper.map_task(task(HAND, VERB, relation("h", "v")), TEXT)
        assert [finding.code for finding in mapped.findings] == [code]
        assert mapped.annotation is not None
        ends = [(each.label, each.head, each.tail) for each in mapped.annotation.relations]
        assert ends == ([("speaker", "v", "h")] if code == "L407" else [])


@pytest.mark.parametrize("hostile", [None, 3, [], {}, ["h"], "", "x" * 9, {"labels": 3}])
def test_items_of_any_shape_stay_as_they_are_when_relations_are_named(hostile: Any) -> None:
    controls = MAPPER.controls
    odd: list[Any] = [hostile, {"type": "relation", "from_id": hostile, "to_id": hostile, "labels": []}]
    odd += [HAND | {key: hostile} for key in ("from_name", "value", "type", "id")]
    assert name_relations(odd, controls) is None
    drawn = [*odd, HAND, VERB, relation("v", "h", meta={"text": ["sure"]}), relation("v", "h", direction="bi")]
    before = msgspec.json.encode(drawn)
    expected = [*drawn[:-2], relation("v", "h", "speaker", meta={"text": ["sure"]}), drawn[-1]]
    assert name_relations(drawn, controls) == expected
    assert msgspec.json.encode(drawn) == before
    assert name_relations(drawn, controls, offered=["words"]) is None


def in_one_line(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        assert "\n" not in finding.message
        assert finding.file == "annotations/anna/harbour.json"
        assert finding.article == "harbour"


def test_severity_shows_whether_an_item_was_left_out() -> None:
    """Only errors quarantine items, except for duplicates and for remarks, whose region is taken."""
    for code, _, aside, _ in FAULTS:
        rule = next(rule for rule in rules.RULES if rule.code == code)
        assert (rule.severity == "error") == (aside > 0 and code not in ("L210", "L406"))


def test_every_rule_is_tested() -> None:
    elsewhere = {"L211", "L213", "L101", "L102", "L103", "L104", "L105", "L106", "L107", "L108", "L109"}
    elsewhere |= {"L110", "L111"}
    assert {rule.code for rule in rules.RULES} == {code for code, *_ in FAULTS} | elsewhere


HYBRID = region("h", "hand", "Speaker", end=9)
"""Its start is counted in code points, and its end in UTF-16 units, where the emoji before it is two."""


def test_hybrid_offsets_are_quarantined_and_fixed_on_request() -> None:
    left = read(HYBRID)
    assert ([finding.code for finding in left.findings], left.quarantined) == (["L206"], (HYBRID,))
    assert "'hand '" in left.findings[0].message
    assert "' han'" not in left.findings[0].message
    assert "hybrid" in left.findings[0].message
    assert "--fix" in left.findings[0].message
    mapper = Mapper(INVENTORY, fix_offsets=True)
    (fixed,) = mapper.map_task(task(HYBRID), TEXT, {3: "anna"})
    assert ([finding.code for finding in fixed.findings], fixed.quarantined) == (["L211"], ())
    assert fixed.annotation is not None
    assert [(span.start, span.end, span.text) for span in fixed.annotation.spans] == [(4, 8, "hand")]
    in_one_line(left.findings + fixed.findings)


@pytest.mark.parametrize(
    ("words", "trimmed"), [("hand ", "hand"), (" 40 crates ", "40 crates"), ("hand", "hand"), (" ", " ")]
)
def test_white_space_at_the_ends_is_left_out_on_request(words: str, trimmed: str) -> None:
    item = region("h", words, "Speaker")
    for fix, expected in ((False, words), (True, trimmed)):
        (mapped,) = Mapper(INVENTORY, fix_offsets=fix).map_task(task(item), TEXT, {3: "anna"})
        assert mapped.annotation is not None
        [span] = mapped.annotation.spans
        assert (span.text, TEXT[span.start : span.end]) == (expected, expected)
        assert [finding.code for finding in mapped.findings] == ["L213"] * (expected != words)
        assert mapped.quarantined == ()
        in_one_line(mapped.findings)


def test_region_without_words_behind_an_emoji_is_named_as_such() -> None:
    [finding] = read(region("h", "hand", "Speaker", text=None)).findings
    assert finding.message.startswith(
        "the region 4–8 quotes no words, so it is unknown how its offsets were counted: code points read 'hand', "
        "UTF-16 units read ' han'; "
    )


def test_completions_are_annotations() -> None:
    raw = task(HAND)
    raw["completions"] = [annotation | {"id": 8} for annotation in raw.pop("annotations")]
    [mapped] = MAPPER.map_task(raw, TEXT, {3: "anna"})
    assert (mapped.kind, mapped.id, mapped.user_id, mapped.findings) == ("annotation", 8, 3, ())
    assert spans(mapped) == {("h", "Speaker")}
    skipped = read(HAND, skipped=True)
    assert [finding.code for finding in skipped.findings] == ["L105"]


def test_offsets_are_counted_by_diagnosis() -> None:
    mapper = Mapper(INVENTORY)
    items = [HAND, VERB, HYBRID | {"id": "x"}, region("u", "said", "Verb", start=10, end=14), region("t", "A", "Words")]
    raw = task(*items) | {"predictions": [{"result": [HAND]}]}
    list(mapper.map_task(raw, TEXT))
    assert mapper.diagnoses == {"code points": 3, "hybrid": 1, "UTF-16": 1}
    assert describe_diagnoses(mapper.diagnoses) == "offsets: 3 code points, 1 UTF-16, 1 hybrid"
    assert describe_diagnoses({}) == "offsets: none"


def spans(mapped: MappedResult) -> set[tuple[str, str]]:
    assert mapped.annotation is not None
    return {(span.id, span.label) for span in mapped.annotation.spans}


def test_each_label_of_a_region_is_a_span() -> None:
    mapped = read(
        *BOTH,
        region("b~2", "said", "Verb"),
        QUAY,
        attribute("b", "Speaker.rank", "choices", ["hand"]),
        attribute("b", "Load.least", "number", 1),
        relation("b", "q", "lies_at"),
        relation("b~2", "b", "speaker"),
    )
    assert mapped.findings == ()
    assert spans(mapped) == {("b", "Speaker"), ("b~3", "Load"), ("b~2", "Verb"), ("q", "Quay")}
    assert mapped.annotation is not None
    assert {span.id: dict(span.attributes) for span in mapped.annotation.spans if span.attributes} == {
        "b": {"rank": "hand"},
        "b~3": {"least": 1},
    }
    assert {(one.label, one.head, one.tail) for one in mapped.annotation.relations} == {
        ("lies_at", "b~3", "q"),
        ("speaker", "b~2", "b"),
    }


def test_relation_with_disallowed_ends_is_taken() -> None:
    mapped = read(HAND, VERB, relation("h", "v", "speaker"))
    assert mapped.findings == ()
    assert mapped.annotation is not None
    assert mapped.annotation.relations == (Relation(label="speaker", head="h", tail="v"),)


def test_direction_left_swaps_the_ends() -> None:
    for item in (relation("h", "v", "speaker", direction="left"), relation("v", "h", "speaker", direction=None)):
        mapped = read(HAND, VERB, item)
        assert mapped.annotation is not None
        assert mapped.annotation.relations == (Relation(label="speaker", head="v", tail="h"),)


def test_each_label_of_a_relation_is_a_relation() -> None:
    words = region("w", "40 crates lie", "Words")
    mapped = read(VERB, words, relation("v", "w", "words", "speaker", "owner"))
    assert mapped.annotation is not None
    assert [one.label for one in mapped.annotation.relations] == ["speaker", "words"]
    assert [finding.code for finding in mapped.findings] == ["L403"]


def test_skipped_empty_and_drafts() -> None:
    skipped = read(HAND, was_cancelled=True)
    assert (skipped.annotation, [f.code for f in skipped.findings], skipped.quarantined) == (None, ["L105"], (HAND,))
    empty = read()
    assert empty.annotation is not None
    assert ([f.code for f in empty.findings], empty.quarantined) == (["L107"], ())
    raw = {"data": {"text": TEXT, "article": "harbour"}, "drafts": [{"id": 1, "result": [HAND], "user": "x"}, 5]}
    (draft,) = MAPPER.map_task(raw, TEXT)
    assert (draft.kind, draft.annotation, [f.code for f in draft.findings]) == ("draft", None, ["L106"])
    in_one_line(skipped.findings + empty.findings)


@pytest.mark.parametrize("result", [None, "[]", 3, {"a": 1}])
def test_result_must_be_a_list(result: Any) -> None:
    mapped = read(result=result)
    assert (mapped.annotation, [f.code for f in mapped.findings]) == (None, ["L103"])
    assert mapped.quarantined == (result,)


def test_task_with_another_text_gives_nothing() -> None:
    (mapped,) = MAPPER.map_task(task(HAND), TEXT + " ")
    assert (mapped.annotation, [f.code for f in mapped.findings], mapped.quarantined) == (None, ["L102"], (HAND,))


@pytest.mark.parametrize(
    "article", ["../x", "/etc/passwd", "a/b", "a\0b", "", ".", "..", "A", "a" * 101, "a\n", None, 3, ["a"], "ä", "-a"]
)
def test_unsafe_article_id_is_rejected(article: Any) -> None:
    raw = {"data": {"text": TEXT, "article": article}}
    assert article_id_of(raw) is None
    with pytest.raises(ValueError, match="names no article"):
        list(MAPPER.map_task(raw, TEXT))


@pytest.mark.parametrize("raw", [{}, {"data": None}, {"data": []}, {"data": {}}])
def test_task_without_data_has_no_article(raw: dict[str, Any]) -> None:
    assert article_id_of(raw) is None


def test_users_map_to_annotators() -> None:
    assert [user_id_of({"completed_by": who}) for who in (3, {"id": 3, "email": "x"}, None, "x", {})] == [
        3,
        3,
        None,
        None,
        None,
    ]
    entries: list[Item] = [
        {"completed_by": {"id": 3, "email": "x"}},
        {"completed_by": {"email": "x", "username": "y"}},
        {"completed_by": "x"},
        {"created_username": "x, 3"},
        {"completed_by": None, "created_username": "x"},
        {"completed_by": [3]},
        {},
    ]
    assert [user_of(entry) for entry in entries] == [3, "x", "x", 3, "x", None, None]
    assert [annotator_of(user, {3: "anna", "x": "ben"}) for user in (3, "x", "y")] == ["anna", "ben", "user-unknown"]
    assert [annotator_of(user, {3: "anna"}) for user in (3, 4, None)] == ["anna", "user-4", "user-unknown"]


@st.composite
def labelled(draw: st.DrawFn) -> tuple[str, Annotation]:
    """An annotation that the inventory of the tests allows, with any spans and any relations between them."""
    text = draw(texts)
    offsets = st.integers(0, len(text))
    made: list[Span] = []
    for number in range(draw(st.integers(0, 6))):
        start, end = sorted((draw(offsets), draw(offsets)))
        label = draw(st.sampled_from(list(INVENTORY.spans)))
        values: dict[str, AttributeValue] = {}
        for entry in INVENTORY.attributes_of(label):
            kinds: dict[str, st.SearchStrategy[AttributeValue]]
            kinds = {"choice": st.sampled_from(list(entry.values) or [""]), "integer": st.integers(0, 9), "text": texts}
            if draw(st.booleans()):
                values[entry.name] = draw(kinds[entry.type])
        note = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
        made.append(
            Span(id=f"s{number}", label=label, start=start, end=end, text=text[start:end], attributes=values, note=note)
        )
    ids = st.sampled_from([span.id for span in made]) if made else st.nothing()
    names = st.sampled_from(list(INVENTORY.relations))
    arrows = draw(st.lists(st.tuples(names, ids, ids), max_size=5 if made else 0, unique=True))
    relations = tuple(Relation(label=label, head=head, tail=tail) for label, head, tail in arrows)
    return text, Annotation(
        article="a",
        annotator="anna",
        process="single pass",
        made_from=(),
        inventory=INVENTORY.version,
        text_sha256=sha256(text),
        spans=tuple(made),
        relations=relations,
    )


def back(text: str, items: list[Item]) -> MappedResult:
    raw = {"data": {"text": text, "article": "a"}, "annotations": [{"completed_by": 3, "result": items}]}
    (mapped,) = MAPPER.map_task(raw, text, {3: "anna"})
    return mapped


@given(labelled())
def test_annotation_to_items_and_back_is_the_same(made: tuple[str, Annotation]) -> None:
    text, annotation = made
    items = result_of(annotation, INVENTORY)
    for given_items in (items, items[::-1]):
        mapped = back(text, given_items)
        assert mapped.annotation == sort_annotation(annotation)
        assert mapped.quarantined == ()
        assert {finding.code for finding in mapped.findings} <= {"L107"}


@given(labelled())
def test_offsets_in_utf16_come_back_as_code_points_or_as_a_finding(made: tuple[str, Annotation]) -> None:
    text, annotation = made
    items = result_of(annotation, INVENTORY)
    for item in items:
        if "value" in item:
            item["value"] |= {key: to_utf16(text, item["value"][key]) for key in ("start", "end")}
    mapped = back(text, items)
    assert mapped.annotation is not None
    for span in mapped.annotation.spans:
        assert text[span.start : span.end] == span.text
    taken = {span.id for span in mapped.annotation.spans}
    said = {finding.span for finding in mapped.findings if finding.code == "L206"}
    assert taken | said == {span.id for span in annotation.spans}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 50)
    | st.floats(allow_nan=False)
    | st.sampled_from(["h", "labels", "text", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "labels", "start"]), inner),
    max_leaves=6,
)
KEYS = ("id", "type", "from_name", "to_name", "value", "meta", "labels", "direction", "from_id", "to_id")


@given(st.lists(st.sampled_from([HAND, VERB, LOAD, QUAY, relation("v", "h", "speaker")]), max_size=4), st.data())
def test_any_item_is_mapped_or_reported(items: list[Item], data: st.DataObject) -> None:
    """Malformed items never raise; each is in the annotation, or quarantined with a finding."""
    spoilt = [item | {data.draw(st.sampled_from(KEYS)): data.draw(json_values)} for item in items]
    mapped = read(*spoilt)
    assert mapped.annotation is not None
    taken = len(mapped.annotation.spans) + len(mapped.annotation.relations)
    assert taken + len(mapped.quarantined) >= len(spoilt)
    assert not mapped.quarantined or mapped.findings
