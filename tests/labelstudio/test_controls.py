"""A map gives the names of a config made elsewhere their meaning: both paths read what they read of our own names."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.label_map import AttributeMap, LabelMap, RelationMap, SpanMap, TaskFields
from annotate.labelstudio.controls import Controls
from annotate.labelstudio.relation_names import is_unnamed
from annotate.labelstudio.results import MappedResult, Mapper, ResultReader, article_id_of
from annotate.model import Span
from tests.labelstudio.test_results import (
    HAND,
    INVENTORY,
    LOAD,
    MAPPER,
    QUAY,
    TEXT,
    VERB,
    attribute,
    region,
    relation,
)
from tests.labelstudio.test_results_fast import is_valid, items, read_fast, read_slow

LAYERS = {"talk": "speech", "FREIGHT": "cargo"}
LABELS = {"谁在说": "Speaker", "A verb": "Verb", "1 load": "Load", "QUAY-2": "Quay"}
RELATIONS = {"is said by": "speaker"}
ATTRIBUTES = {"Rang": ("Speaker", "rank"), "at least": ("Load", "least"), "Comment": ("Quay", "remark")}
VALUES = {"HAND (dock)": "hand"}
MAP = LabelMap(
    text="content",
    fields=TaskFields(text="body", article="ref"),
    layers=LAYERS | {"mood": None},
    spans={shown: SpanMap(label) for shown, label in LABELS.items()}
    | {"Noise": None, "Boss": SpanMap("Speaker", {"rank": "master"})},
    relations={shown: RelationMap(name) for shown, name in RELATIONS.items()}
    | {"says": RelationMap("speaker", reversed=True), "near": None, "with": RelationMap("speaker", both_ways=True)},
    attributes={shown: AttributeMap(name, VALUES) for shown, (_, name) in ATTRIBUTES.items()} | {"sentiment": None},
)
MAPPED = Mapper(INVENTORY, label_map=MAP)


def rename(item: Any) -> Any:
    """Return an item as the other project would have it; what is not in the map keeps its name."""
    names = {ours: theirs for table in (LAYERS, LABELS, RELATIONS, VALUES) for theirs, ours in table.items()}
    names |= {f"{label}.{name}": theirs for theirs, (label, name) in ATTRIBUTES.items()}
    item = copy.deepcopy(item)
    for holder in (item, item.get("value")):
        for key in ("from_name", "labels", "choices") if isinstance(holder, dict) else ():
            value = holder.get(key)
            if isinstance(value, list):
                holder[key] = [names.get(name, name) for name in value]
            elif isinstance(value, str):
                holder[key] = names.get(value, value)
    if item.get("to_name") == "text":
        item["to_name"] = "content"
    return item


@given(st.lists(items, max_size=7))
@settings(max_examples=300, deadline=None)
def test_both_paths_read_renamed_items_as_they_read_our_own(raw_items: list[Any]) -> None:
    # Which name a relation without one gets depends on the map.
    raw_items = [item for item in raw_items if not (isinstance(item, dict) and is_unnamed(item))]
    renamed, expected = [rename(item) for item in raw_items], read_slow(raw_items, TEXT)
    reading = ResultReader(MAPPED.controls, TEXT, "f", "a")
    reading.read_items(renamed)
    assert list(reading.spans) == list(expected.spans)
    assert list(reading.relations.values()) == list(expected.relations.values())
    assert [finding.code for finding in reading.findings] == [finding.code for finding in expected.findings]
    assert [rename(item) for item in expected.quarantined] == reading.quarantined
    read = read_fast(renamed, MAPPED.controls)
    assert (read is None) == (read_fast(raw_items) is None)
    if read is not None and is_valid(read, TEXT):
        assert read == (list(reading.spans), list(reading.relations.values()))


def read_mapped(*items_: Any) -> MappedResult:
    task = {
        "id": 5,
        "data": {"body": TEXT, "ref": "harbour"},
        "annotations": [{"id": 7, "completed_by": 3, "result": list(items_)}],
    }
    (mapped,) = MAPPED.map_task(task, TEXT, {3: "anna"})
    return mapped


def test_a_map_implies_attributes_unless_an_item_has_them() -> None:
    boss = rename(HAND) | {"value": HAND["value"] | {"labels": ["Boss"]}}
    assert [span.attributes for span in spans_of(read_mapped(boss))] == [{"rank": "master"}]
    other = rename(attribute("h", "Speaker.rank", "choices", ["hand"]))
    assert [span.attributes for span in spans_of(read_mapped(boss, other))] == [{"rank": "hand"}]
    assert read_fast([boss], MAPPED.controls) is None


def test_a_reversed_relation_swaps_its_ends() -> None:
    mapped = read_mapped(rename(HAND), rename(VERB), relation("h", "v", "says"))
    assert mapped.annotation is not None
    assert [(each.head, each.tail) for each in mapped.annotation.relations] == [("v", "h")]


def test_a_relation_in_both_directions_becomes_two_if_the_map_says_so() -> None:
    mapped = read_mapped(rename(HAND), rename(VERB), relation("v", "h", "with", direction="bi"))
    assert mapped.annotation is not None
    assert [(each.head, each.tail) for each in mapped.annotation.relations] == [("h", "v"), ("v", "h")]
    refused = read_mapped(rename(HAND), rename(VERB), relation("v", "h", "is said by", direction="bi"))
    assert [finding.code for finding in refused.findings] == ["L404"]


@pytest.mark.parametrize(
    ("left_out", "counts"),
    [
        ([attribute("whole", "sentiment", "choices", ["sad"])], {"sentiment": 1}),
        ([region("n", "40", "bad", layer="mood"), attribute("n", "Rang", "choices", ["x"])], {"mood": 2}),
        ([region("n", "40", "Noise", layer="talk"), relation("n", "h", "is said by")], {"Noise": 2}),
        ([relation("v", "h", "near")], {"near": 1}),
    ],
)
def test_what_the_map_leaves_out_is_counted(left_out: list[Any], counts: dict[str, int]) -> None:
    left_out = [item | ({"to_name": "content"} if "to_name" in item else {}) for item in left_out]
    mapped = read_mapped(*left_out, rename(HAND), rename(VERB))
    assert (mapped.findings, mapped.quarantined, mapped.left_out) == ((), (), counts)
    assert [span.label for span in spans_of(mapped)] == ["Speaker", "Verb"]


def test_items_of_other_kinds_of_controls_become_values() -> None:
    taxonomy = attribute("h", "Rang", "taxonomy", [["HAND (dock)"]])
    rating = attribute("l", "at least", "rating", 4)
    date = attribute("q", "Comment", "datetime", "2026-11-28")
    mapped = read_mapped(*map(rename, (HAND, LOAD, QUAY, taxonomy, rating, date)))
    assert mapped.findings == ()
    assert [span.attributes for span in spans_of(mapped)] == [{"rank": "hand"}, {"least": 4}, {"remark": "2026-11-28"}]


def test_one_control_serves_every_label_of_its_attribute() -> None:
    wide = (*INVENTORY.attributes["rank"].labels, "Verb")
    rank = msgspec.structs.replace(INVENTORY.attributes["rank"], labels=wide)
    inventory = msgspec.structs.replace(INVENTORY, attributes=INVENTORY.attributes | {"rank": rank})
    controls = Controls(inventory, MAP)
    drawn = [*map(rename, (HAND, VERB)), *(rename(attribute(id_, "Speaker.rank", "choices", ["hand"])) for id_ in "hv")]
    reading = ResultReader(controls, TEXT, "f", "a")
    reading.read_items(drawn)
    assert [span.attributes for span in reading.spans] == [{"rank": "hand"}] * 2
    assert read_fast(drawn, controls) == (list(reading.spans), [])


def test_a_task_of_another_project_is_named_by_its_data_or_its_number() -> None:
    assert article_id_of({"id": 5, "data": {"ref": "harbour"}}, MAPPED.fields) == "harbour"
    assert article_id_of({"id": 5, "data": {}}, MAPPED.fields) == "task-5"
    assert article_id_of({"id": 5, "data": {"ref": "../x"}}, MAPPED.fields) is None
    assert article_id_of({"id": 5, "data": {"ref": 12}}, MAPPED.fields) == "12"
    assert article_id_of({"id": 5, "data": {"article": "x"}}, TaskFields(article=None)) == "task-5"
    assert MAPPER.fields is None
    assert article_id_of({"id": 5, "data": {}}) is None


def spans_of(mapped: MappedResult) -> tuple[Span, ...]:
    assert mapped.annotation is not None
    return mapped.annotation.spans
