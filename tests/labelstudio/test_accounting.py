"""Each item of a result is in the annotation, left out by the map and counted, or quarantined; `convert` loses none.

The tests count the items in the task itself.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.convert.reader import BatchReader, TaskBatch
from annotate.convert.tasks import AcceptedTask
from annotate.ingest import Details
from annotate.label_map import LabelMap, TaskFields
from annotate.labelstudio.results import Mapper
from annotate.model import Annotation
from tests.labelstudio.test_results import (
    HAND,
    INVENTORY,
    LOAD,
    QUAY,
    TEXT,
    VERB,
    Item,
    attribute,
    region,
    relation,
    task,
)

KNOWN = (
    *(HAND, VERB, LOAD, QUAY),
    region("w", "lie", "Words"),
    attribute("h", "Speaker.rank", "choices", ["hand"]),
    attribute("l", "Load.wording", "choices", ["exact"]),
    attribute("l", "Load.least", "number", 40),
    attribute("l", "Load.most", "number", 40),
    attribute("q", "Quay.remark", "textarea", ["wet"]),
    relation("v", "h", "speaker"),
    relation("v", "w", "words"),
    relation("l", "q", "lies_at"),
)
UNKNOWN: tuple[Any, ...] = (
    region("x", "A", "Sailor"),
    region("y", "A", "Speaker", layer="ner"),
    HAND | {"id": "z", "type": "hypertextlabels"},
    attribute("h", "sentiment", "choices", ["good"]),
    attribute("h", "stars", "rating", 3),
    attribute("l", "kind", "taxonomy", [["a", "b"]]),
    attribute("l", "when", "datetime", "2026-01-01"),
    {"id": "t1", "from_name": "topic", "to_name": "text", "type": "choices", "value": {"choices": ["war"]}},
    {"id": "t2", "from_name": "summary", "to_name": "text", "type": "textarea", "value": {"text": ["It was."]}},
    {"id": "t3", "from_name": "pair", "to_name": "text,other", "type": "pairwise", "value": {"selected": "left"}},
    {"id": "t4", "type": "chat", "value": {}},
    relation("v", "h", "blames"),
    relation("h", "nowhere", "speaker"),
    {"type": "relation"},
    "no object",
    None,
    7,
)
LEFT_OUT: tuple[Item, ...] = (
    region("k", "crates", "Gone", layer="old"),
    attribute("h", "Speaker.mood", "choices", ["good"]),
    relation("h", "l", "near"),
)
MAP = LabelMap(layers={"old": None}, attributes={"Speaker.mood": None}, relations={"near": None})
MAPPERS = {False: Mapper(INVENTORY), True: Mapper(INVENTORY, label_map=MAP)}


def count_facts(annotation: Annotation) -> int:
    values = sum(len(span.attributes) for span in annotation.spans)
    return len(annotation.spans) + len(annotation.relations) + values


@st.composite
def results(draw: st.DrawFn) -> list[Any]:
    """Items in any order, each at most once; most of what they refer to is there."""
    others = draw(st.sets(st.integers(0, len(UNKNOWN) - 1), max_size=draw(st.sampled_from([0, 3, len(UNKNOWN)]))))
    missing = draw(st.sets(st.integers(0, len(KNOWN) - 1), max_size=draw(st.sampled_from([0, 3, len(KNOWN)]))))
    known = [item for number, item in enumerate(KNOWN) if number not in missing]
    left_out = draw(st.sampled_from([(), LEFT_OUT, LEFT_OUT[1:]]))
    return draw(st.permutations([*known, *left_out, *(UNKNOWN[number] for number in others)]))


@pytest.mark.parametrize("is_mapped", [False, True])
@given(items=results())
def test_each_item_is_taken_left_out_or_quarantined(is_mapped: bool, items: list[Any]) -> None:
    (mapped,) = MAPPERS[is_mapped].map_task(task(*items), TEXT, {3: "anna"})
    assert mapped.annotation is not None
    left_out = sum(mapped.left_out.values())
    assert count_facts(mapped.annotation) + left_out + len(mapped.quarantined) == len(items)
    assert all(any(raw is item for item in items) for raw in mapped.quarantined)
    assert len(mapped.findings) >= len(mapped.quarantined)
    assert left_out == sum(item in items for item in LEFT_OUT) or not is_mapped


@pytest.mark.parametrize("is_mapped", [False, True])
@example(items=[*KNOWN, *LEFT_OUT], keys="annotations")
@given(items=results(), keys=st.sampled_from(["annotations", "completions"]))
def test_task_is_converted_whole_or_quarantined(is_mapped: bool, items: list[Any], keys: str) -> None:
    """Whatever is not in the labels of an accepted task was left out by the map."""
    exported = task(*items)
    exported[keys] = exported.pop("annotations")
    data = msgspec.json.encode(exported)
    people: Mapping[int | str, str] = {3: "anna"}
    label_map = MAP if is_mapped else None
    reader = BatchReader(INVENTORY, TaskFields(), people, Details(), label_map=label_map)
    result = reader.read_batch(TaskBatch(data, list(pairwise([0, len(data)])), 0), "export.json")
    (outcome,) = result.tasks
    if not isinstance(outcome, AcceptedTask):
        assert any(finding.severity == "error" for finding in outcome.findings)
        assert not is_mapped or items != [*KNOWN, *LEFT_OUT], outcome.findings
        return
    labels = [result.documents.annotation(index) for index in range(outcome.first, outcome.last)]
    left_out = sum(item in items for item in LEFT_OUT) if is_mapped else 0
    assert sum(map(count_facts, labels)) + left_out == len(items)
