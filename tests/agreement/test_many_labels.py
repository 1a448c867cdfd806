"""The cost of agreement grows with the labels and the spans, not with their product; draws are those of `random`."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.agreement.bootstrap import Bootstrap
from annotate.agreement.coefficients import (
    Unit,
    add_counts,
    alpha_counts,
    count_gaps,
    kappa_counts,
    unitizing_changes,
    unitizing_counts,
)
from annotate.agreement.measure import measure_agreement
from annotate.agreement.positions import count_patterns, cover_positions
from annotate.agreement.span_tallies import ParagraphPatterns, SpanCounter, group_by_label
from annotate.agreement.study import Study, make_study
from annotate.agreement.tally import Tally
from annotate.inventory import load_inventory
from annotate.model import Annotation, Span
from benchmarks.growth_cases import prepare_many_labels
from tests.agreement.helpers import annotation, mention
from tests.conftest import BASE
from tests.operations import LINEAR, count_calls
from tests.strategies import annotations, texts


def make_labelled_study(folder: Path, labels: int) -> Study:
    """Return a study of one article with a span of each of many labels, as two annotators have it."""
    prepare_many_labels(folder, labels)
    text = (folder / "corpus" / "articles" / "one.txt").read_text("utf-8")
    inventory = load_inventory(folder / "schema")
    names = [name for name in inventory.spans if name.startswith("L") and name[1:].isdigit()]
    starts = [text.index(f"word{name[1:]}") for name in names]
    spans = [
        Span(id=f"s{name}", label=name, start=start, end=start + 4 + len(name[1:]), text="", attributes={})
        for name, start in zip(names, starts, strict=True)
    ]
    versions = dict.fromkeys(("anna", "ben"), annotation(*spans, text=text))
    return make_study(inventory, [("one", text, versions)])


def test_agreement_is_linear_in_labels(tmp_path: Path) -> None:
    """Regression: each label counted all paragraphs, and each position was decoded against all labels."""
    calls = []
    for labels in (60, 120):
        study = make_labelled_study(tmp_path / str(labels), labels)
        calls.append(count_calls(lambda study=study: measure_agreement(study, samples=20)))  # type: ignore[misc]
    assert calls[1] <= LINEAR * calls[0]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_label_adds_to_unlabelled_positions_what_it_changes(data: st.DataObject) -> None:
    """Both parts together are the counts of all paragraphs."""
    text = data.draw(texts)
    versions: list[Annotation] = data.draw(st.lists(annotations(text), min_size=2, max_size=4))
    inventory = load_inventory(BASE / "schema")
    study = make_study(inventory, [("a", text, dict(zip("abcd", versions, strict=False)))])
    (article,) = study.articles
    counter = SpanCounter(study)
    unlabelled = counter.tally_unlabelled()
    mentions = [each.mentions for each in article.annotations]
    patterns = [ParagraphPatterns(each, len(mentions), {}) for each in count_patterns(mentions, article.positions)]
    for label in inventory.spans:
        units = [
            [Unit(*piece, True) for piece in cover_positions(group_by_label(each).get(label, ()), article.positions)]
            for each in mentions
        ]
        dense = unitizing_counts(units, article.positions.size, article.positions.paragraphs)
        tallies = counter.tally_label(label)
        for paragraph, in_paragraph in enumerate(patterns):
            projected = in_paragraph.project(frozenset({label}))
            expected = [(unlabelled.alpha, tallies.alpha, alpha_counts(projected))]
            expected.append((unlabelled.unitizing, tallies.unitizing, dense[paragraph]))
            if unlabelled.kappa is not None and tallies.kappa is not None:
                expected.append((unlabelled.kappa, tallies.kappa, kappa_counts(projected)))
            for below, above, whole in expected:
                key = article.index, paragraph
                both = add_counts(below.paragraphs.get(key, {}), above.paragraphs.get(key, {}))
                assert {k: n for k, n in both.items() if n} == {k: n for k, n in whole.items() if n}


def test_units_cost_nothing_where_there_are_none() -> None:
    units = [[Unit(25, 35, True)], [Unit(28, 35, True)]]
    changes = unitizing_changes(units, range(0, 1_000_000, 10))
    assert list(changes) == [2, 3]
    dense = unitizing_counts(units, 60, range(0, 60, 10))
    assert dense[2] == pytest.approx(add_counts(count_gaps(2, 10), changes[2]))
    assert dense[4] == count_gaps(2, 10)


def test_more_spans_than_a_field_of_bits_can_count_are_open_at_a_position() -> None:
    """Regression: at the 65,536th open span of a label, its count overflowed the field of bits that held it."""
    from annotate.agreement.positions import Positions

    spans = [mention("Load", (0, 2)) for _ in range(1 << 16)]
    assert count_patterns([spans, []], Positions(3, [0])) == [
        {(frozenset({"Load"}), frozenset()): 2, (frozenset(), frozenset()): 1}
    ]


@given(st.integers(2, 700), st.integers(0, 2**40))
def test_units_are_drawn_as_by_random(units: int, seed: int) -> None:
    bootstrap = Bootstrap([(0, number) for number in range(units)], samples=3, seed=seed)
    generator = random.Random(seed)  # noqa: S311 - as the bootstrap
    drawn = [generator.choices(range(units), k=units) for _ in range(3)]
    assert [sample.tolist() for sample in bootstrap._draw_samples()] == drawn
    numbers = [np.bincount(sample, minlength=units).tolist() for sample in drawn]
    assert bootstrap._multiplicity.T.tolist() == numbers


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=30), st.sampled_from([1, 3]))
def test_counts_on_top_of_others_are_measured_like_their_sum(numbers: list[tuple[int, int]], part: int) -> None:
    """Also thirds, whose sums depend on their order."""
    below, above, whole = Tally(), Tally(), Tally()
    for index, (low, high) in enumerate(numbers):
        below.add((0, index), {"a": low + 1, "b": low})
        above.add((0, index), {"a": high / part})
        whole.add((0, index), {"a": low + 1 + high / part, "b": low})
    bootstrap = Bootstrap([(0, index) for index in range(len(numbers))], samples=20)
    for _ in range(2):  # the second time with what was kept of those below
        seen = bootstrap.measure(above, lambda counts: counts["a"] - counts["b"], below=below)
        assert seen == bootstrap.measure(whole, lambda counts: counts["a"] - counts["b"]) or part == 3
        assert seen.value == pytest.approx(sum(1 + high / part for _, high in numbers))
