"""Passes are alike if they claim independence, have more than twenty spans, and differ in fewer than 1 of 100 items."""

import msgspec
import pytest

from annotate.checks.independence import MOST_PASSES, AlikePasses, check_independence, find_alike
from annotate.model import Annotation, Relation, Span


def make_pass(spans: int, changed: int = 0, annotator: str = "anna", relations: int = 0) -> Annotation:
    """Return a pass of which some spans have another value than in a pass without changes."""
    return Annotation(
        article="a",
        annotator=annotator,
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256="0" * 64,
        spans=tuple(
            Span(
                id=f"{annotator}{index}",
                label="Load",
                start=2 * index,
                end=2 * index + 1,
                text="x",
                attributes={"wording": "vague" if index < changed else "exact"},
            )
            for index in range(spans)
        ),
        relations=tuple(
            Relation(label="next", head=f"{annotator}{index}", tail=f"{annotator}{index + 1}")
            for index in range(relations)
        ),
    )


@pytest.mark.parametrize(
    ("spans", "relations", "changed", "is_alike"),
    [
        (20, 0, 0, False),
        (21, 0, 0, True),
        (21, 0, 1, False),
        (100, 0, 1, False),
        (101, 0, 1, True),
        (60, 41, 1, True),
        (60, 40, 1, False),
        (200, 0, 2, False),
        (201, 0, 2, True),
    ],
)
def test_thresholds(spans: int, relations: int, changed: int, is_alike: bool) -> None:
    passes = {
        "anna": make_pass(spans, relations=relations),
        "ben": make_pass(spans, changed, "ben", relations=relations),
    }
    findings = list(check_independence("a", passes))
    assert bool(findings) == is_alike
    assert all(finding.file == "annotations/ben/a.json" for finding in findings)


def test_a_missing_span_or_relation_is_one_difference() -> None:
    whole = make_pass(150, relations=60)
    fewer = msgspec.structs.replace(whole, spans=whole.spans[:-1], relations=whole.relations[:-1])
    assert list(find_alike({"anna": whole, "ben": fewer})) == [AlikePasses("anna", "ben", 2, 210)]


@pytest.mark.parametrize(
    "fields",
    [
        {"process": "corrected", "made_from": ("anna",)},
        {"process": "corrected"},
        {"process": "promoted", "made_from": ("anna",)},
        {"origins": {"prediction": 3}},
        {"made_from": ("anna",)},
    ],
)
def test_only_passes_that_claim_independence_are_compared(fields: dict[str, object]) -> None:
    copy = msgspec.structs.replace(make_pass(30, annotator="ben"), **fields)
    assert list(check_independence("a", {"anna": make_pass(30), "ben": copy})) == []
    assert list(check_independence("a", {"anna": make_pass(30), "gold": make_pass(30), "carla": None})) == []


def test_each_copy_is_named_once() -> None:
    passes = {name: make_pass(30, annotator=name) for name in ("dora", "anna", "carla", "ben")}
    pairs = [(pair.first, pair.second) for pair in find_alike(passes)]
    assert pairs == [("anna", "ben"), ("anna", "carla"), ("anna", "dora")]


def test_copies_are_found_among_more_passes_than_are_compared() -> None:
    passes = {}
    for number in range(MOST_PASSES + 1):
        labels = make_pass(21)
        spans = tuple(msgspec.structs.replace(span, label=f"Load{number}") for span in labels.spans)
        passes[f"p{number:04}"] = msgspec.structs.replace(labels, spans=spans)
    passes["q"] = passes[f"p{MOST_PASSES:04}"]
    assert [(pair.first, pair.second) for pair in find_alike(passes)] == [(f"p{MOST_PASSES:04}", "q")]
