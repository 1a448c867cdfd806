"""The fast path reads the same spans and relations as the slow path, which has no findings on them."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.columns import AnnotationMeta, Documents
from annotate.corpus import Corpus
from annotate.labelstudio.controls import Controls
from annotate.labelstudio.results import ResultReader
from annotate.labelstudio.results_fast import FastChoice, FastReader, Item
from annotate.labelstudio.tasks import result_items
from annotate.model import Relation, Span, normal_number
from tests.conftest import BASE
from tests.labelstudio.test_results import BOTH, HAND, INVENTORY, LOAD, MAPPER, QUAY, TEXT, VERB, attribute, relation
from tests.names import named_inventory

CORPUS = Corpus(BASE / "corpus")
META = AnnotationMeta("a", "anna", "single pass", (), "1.0.0", "0" * 64)
PARTS: list[dict[str, Any]] = [
    HAND, VERB, LOAD, QUAY, *BOTH,
    attribute("h", "Speaker.rank", "choices", ["hand"]),
    attribute("h", "Speaker.rank", "choices", ["hand", "master"]),
    attribute("h", "Speaker.rank", "choices", ["nobody"]),
    attribute("h", "Speaker.rank", "number", 1),
    attribute("h", "Nothing.rank", "choices", ["hand"]),
    attribute("l", "Load.least", "number", 40),
    attribute("l", "Load.least", "number", 40.0),
    attribute("q", "Quay.remark", "textarea", ["words"]),
    attribute("q", "Quay.remark", "textarea", ["two", "lines"]),
    attribute("z", "Quay.remark", "textarea", ["words"]),
    relation("v", "h", "speaker"),
    relation("v", "h", "speaker", direction="left"),
    relation("v", "h", "speaker", direction=None),
    relation("v", "z", "speaker"),
    relation("l", "q", "lies_at", "reported_by"),
    relation("l", "q"),
    relation("l", "q", "nothing"),
]  # fmt: skip
CHANGES: list[dict[str, Any]] = [
    {}, {}, {}, {"meta": {"text": ["a note"]}}, {"meta": {}}, {"to_name": "image"}, {"from_name": "cargo"}, {"id": ""},
    {"type": "rectanglelabels"}, {"value": None}, {"labels": None},
    {"value": {"start": 2, "end": 3, "text": "🚢", "labels": ["Speaker"]}},
    {"value": {"start": 2, "end": 3, "labels": ["Speaker"]}}, {"value": {"start": 2.0, "end": 3, "text": "🚢"}},
    {"value": {"start": -1, "end": 99, "text": "x", "labels": ["Verb"]}},
]  # fmt: skip
items = st.builds(lambda part, change: part | change, st.sampled_from(PARTS), st.sampled_from(CHANGES))


Labels = tuple[list[Span], list[Relation]]


def read_fast(raw_items: list[Any], controls: Controls = MAPPER.controls) -> Labels | None:
    """Return the spans and relations that the fast path reads; None if it rejects the items."""
    with contextlib.suppress(msgspec.ValidationError):
        [read] = read_fast_many([msgspec.convert(raw_items, list[Item])], controls)
        return read
    return None


def read_fast_many(results: list[list[Item]], controls: Controls) -> list[Labels | None]:
    """Read many results at once; None for each that the fast path rejects."""
    columns = FastReader(controls)
    for items_ in results:
        columns.add(items_)
    labels = columns.columns()
    documents = Documents(controls.inventory, [META] * len(results), labels.spans, labels.relations)
    for number, (items_, choices) in enumerate(zip(results, labels.choices.tolist(), strict=True)):
        assert choices == sum(isinstance(item, FastChoice) for item in items_) * (number not in labels.irregular)
    found: list[Labels | None] = []
    for number in range(len(results)):
        made = None if number in labels.irregular else documents.annotation(number)
        found.append((list(made.spans), list(made.relations)) if made else None)
    return found


def is_valid(labels: Labels, text: str) -> bool:
    """Return whether the prefilter would accept words, values and relations, which the fast path does not check."""
    spans, relations = labels
    return (
        all(0 <= span.start <= span.end and text[span.start : span.end] == span.text for span in spans)
        and all(
            value in (INVENTORY.attributes[name].values or (value,))
            for span in spans
            for name, value in span.attributes.items()
        )
        and len({(one.label, one.head, one.tail) for one in relations}) == len(relations)
    )


def read_slow(raw_items: list[Any], text: str) -> ResultReader:
    reading = ResultReader(MAPPER.controls, text, "f", "a")
    reading.read_items(raw_items)
    return reading


@given(st.lists(items, max_size=7))
@settings(max_examples=600, deadline=None)
def test_both_paths_read_the_same(raw_items: list[Any]) -> None:
    read, reading = read_fast(raw_items), read_slow(raw_items, TEXT)
    if read is not None and is_valid(read, TEXT):
        assert read == (list(reading.spans), list(reading.relations.values()))
        assert (reading.findings, reading.quarantined) == ([], [])
        assert set(reading.diagnoses) <= {"code points"}


def test_both_paths_read_the_words_of_relations() -> None:
    words = msgspec.structs.replace(INVENTORY.relations["speaker"], shown_as="who says it")
    shown = msgspec.structs.replace(INVENTORY, relations=INVENTORY.relations | {"speaker": words})
    for written in ("who says it", "speaker"):
        drawn = [HAND, VERB, relation("v", "h", written)]
        read = read_fast(drawn, Controls(shown))
        reading = ResultReader(Controls(shown), TEXT, "f", "a")
        reading.read_items(drawn)
        assert read == (list(reading.spans), list(reading.relations.values()))
        assert [one.label for one in reading.relations.values()] == ["speaker"]
    assert read_fast([HAND, VERB, relation("v", "h", "who says it")]) is None


def test_fast_path_reads_what_the_toolkit_writes() -> None:
    for name in CORPUS.annotated_ids("gold"):
        annotation = CORPUS.read_annotation("gold", name)
        without_notes = [item for item in result_items(annotation, INVENTORY) if "meta" not in item]
        read = read_fast(without_notes)
        assert read is not None
        assert len(read[0]) == sum(item.get("type") == "labels" for item in without_notes) > 0


@given(st.lists(st.lists(items, max_size=4), max_size=5))
@settings(max_examples=200, deadline=None)
def test_results_are_read_independently(raw_items: list[list[Any]]) -> None:
    results = []
    for one in raw_items:
        with contextlib.suppress(msgspec.ValidationError):
            results.append(msgspec.convert(one, list[Item]))
    alone = [read_fast_many([one], MAPPER.controls)[0] for one in results]
    assert read_fast_many(results, MAPPER.controls) == alone


@pytest.mark.parametrize("value", [0, -3, 2.5, 3.0, -0.0, 1e300, 2**53 + 1, 10**400, "3", True, None, [1]])
@pytest.mark.parametrize("control", ["Load.weight", "Load.least"])
def test_both_paths_read_the_same_numbers(control: str, value: object) -> None:
    controls = Controls(named_inventory())
    raw_items = [LOAD, attribute("l", control, "number", value)]
    read, reading = read_fast(raw_items, controls), ResultReader(controls, TEXT, "f", "a")
    reading.read_items(raw_items)
    if read is not None:
        assert list(map(repr, read[0])) == list(map(repr, reading.spans))
        assert reading.findings == []
    if control == "Load.weight" and type(value) in (int, float) and normal_number(value) is not None:
        assert read is not None
