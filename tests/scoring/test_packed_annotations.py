"""Annotations that are kept as bytes."""

import pytest
from hypothesis import given

from annotate.model import Annotation
from annotate.scoring.packed_annotations import PackedAnnotations, PackedGold
from tests.agreement.helpers import annotation, span
from tests.strategies import annotations, texts


@given(texts.flatmap(annotations))
def test_a_packed_annotation_is_the_same(annotation: Annotation) -> None:
    packed = PackedAnnotations()
    packed["b"] = packed["a"] = annotation
    assert dict(packed) == {"a": annotation, "b": annotation}
    assert (list(packed), len(packed), "a" in packed, "c" in packed) == (["a", "b"], 2, True, False)
    gold = PackedGold({"a": "text", "b": "other"}, packed)
    assert dict(gold) == {"a": ("text", annotation), "b": ("other", annotation)}
    del packed["a"]
    with pytest.raises(KeyError):
        packed["a"]
    assert packed.get("a") is None


@pytest.mark.parametrize("value", [1 << 70, True, "\ud800", 2.0, 7])
def test_values_that_messagepack_cannot_hold_are_kept_too(value: str | float) -> None:
    packed = PackedAnnotations()
    packed["a"] = annotation(span("s1", "Verb", 0, 3, count=value))
    unpacked = packed["a"]
    [kept] = unpacked.spans[0].attributes.values()
    assert (kept, type(kept)) == (value, type(value))
    assert unpacked == annotation(span("s1", "Verb", 0, 3, count=value))
