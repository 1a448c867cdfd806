"""The measures on annotations small enough to work out by hand, and on any annotations at all."""

import math
from collections.abc import Hashable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate import inventory as inventories
from annotate.agreement.measure import NO_SPANS, TWO_ONLY, measure_agreement
from annotate.agreement.page import render_page
from annotate.agreement.report import ALL, Report
from annotate.agreement.study import make_study, read_study
from annotate.agreement.tables import tabulate_report
from annotate.agreement.tally import Tally
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.release.agreement import agreement_table
from tests.agreement.helpers import TEXT, annotation, compared, span
from tests.conftest import BASE, Project
from tests.strategies import annotations, texts

MASTER, SAID, CRATES, LIE, QUAY = (4, 10), (11, 15), (16, 25), (16, 41), (33, 41)


@pytest.fixture(scope="module")
def base() -> Inventory:
    return inventories.load_inventory(BASE / "schema")


def report_of(inventory: Inventory, *versions: Annotation, text: str = TEXT) -> Report:
    return measure_agreement(compared(inventory, *versions, text=text), samples=20)


def test_label_rows(base: Inventory) -> None:
    first = annotation(span("a", "Load", 16, 25), span("b", "Quay", 33, 41), span("c", "Load", 60, 64))
    second = annotation(span("a", "Load", 16, 21), span("b", "Quay", 33, 41))
    report = report_of(base, first, second)
    load = report.label("Load")
    assert load.spans == {"anna": 2, "ben": 1}
    assert load.exact.value == 0
    assert load.overlap.value == pytest.approx(2 / 3)
    assert report.label("Quay").exact.value == report.label("Quay").alpha.value == 1
    assert report.label("Verb").overlap.note == report.label("Verb").alpha.note == NO_SPANS
    cargo = next(row for row in report.labels if row.name == "cargo")
    assert cargo.kind == "layer"
    assert cargo.exact.value == pytest.approx(2 / 5)
    everything = next(row for row in report.labels if row.name == ALL)
    assert everything.spans == {"anna": 3, "ben": 2}


def test_alpha_counts_tokens_or_characters(base: Inventory) -> None:
    """TEXT has 24 tokens; "40 crates lie" against "40 crates" differs in one of them."""
    first, second = annotation(span("a", "Load", 16, 29)), annotation(span("a", "Load", 16, 25))
    value = report_of(base, first, second).label("Load").alpha.value
    ones, size = 5, 48
    assert value == pytest.approx(1 - (size - 1) * 2 / (size**2 - ones**2 - (size - ones) ** 2))
    by_character = measure_agreement(
        make_study(base, [("a", TEXT, {"anna": first, "ben": second})], "characters"), samples=0
    )
    ones, size = 22, 2 * len(TEXT)
    expected = 1 - (size - 1) * 8 / (size**2 - ones**2 - (size - ones) ** 2)
    assert by_character.label("Load").alpha.value == pytest.approx(expected)


def test_more_than_two_annotators(base: Inventory) -> None:
    here, gone = annotation(span("a", "Load", *CRATES)), annotation()
    report = report_of(base, here, here, gone)
    load = report.label("Load")
    assert load.exact.value == pytest.approx(2 * 1 / (2 + 1 + 1))
    assert [pair.exact for pair in load.pairs] == [1, 0, 0]
    assert load.exact_mean == pytest.approx(1 / 3)
    assert load.kappa.note == TWO_ONLY
    assert [table.name for table in tabulate_report(report)][:2] == ["labels", "pairs"]


def test_articles_that_some_have_not_labelled(base: Inventory) -> None:
    here, gone = annotation(span("a", "Load", *CRATES)), annotation()
    found = make_study(
        base,
        [
            ("a", TEXT, {"anna": here, "ben": here}),
            ("b", TEXT, {"anna": here, "carla": gone}),
            ("c", TEXT, {"ben": here}),
        ],
    )
    report = measure_agreement(found, samples=20)
    assert report.alone == ["c"]
    assert report.articles == {"a": ["anna", "ben"], "b": ["anna", "carla"]}
    assert report.label("Load").spans == {"anna": 2, "ben": 1, "carla": 0}
    assert report.label("Load").exact.value == pytest.approx(2 * 1 / (2 + 2 - 1))
    assert [(pair.first, pair.second, pair.exact) for pair in report.label("Load").pairs] == [
        ("anna", "ben", 1),
        ("anna", "carla", 0),
        ("ben", "carla", None),
    ]
    assert {(row.article, row.exact) for row in report.by_article if row.label == "Load"} == {("a", 1), ("b", 0)}


def test_pairs_that_the_first_article_lacks(project: Project) -> None:
    """Carla labelled the first article, anna only the second: each pair is measured all the same."""
    for article_id, names in (("harbour", ("ben", "carla")), ("market", ("anna", "ben"))):
        labels = project.corpus.read_annotation("gold", article_id)
        for name in names:
            own = msgspec.structs.replace(labels, annotator=name, process="single pass", made_from=())
            project.corpus.write_annotation(name, own)
    project.path("corpus/annotations/anna/harbour.json").unlink()
    report = measure_agreement(read_study(project.corpus, project.inventory), samples=0)
    assert [(pair.first, pair.second, pair.exact) for pair in report.label("Load").pairs] == [
        ("anna", "ben", 1),
        ("anna", "carla", None),
        ("ben", "carla", 1),
    ]


def test_only_what_is_requested_is_measured(base: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {name: annotation(span("a", "Load", *CRATES), span("b", "Words", *LIE)) for name in ("anna", "ben")}
    found = make_study(base, [(article, TEXT, versions) for article in ("a", "b")])
    whole = measure_agreement(found, samples=20)
    assert msgspec.structs.replace(whole, by_article=[]) == measure_agreement(found, samples=20, by_article=False)
    monkeypatch.setattr("annotate.agreement.study_counts.count_confusion", None)
    less = measure_agreement(found, samples=20, brief=True)
    assert less.labels == [row for row in whole.labels if row.kind != "layer"]
    assert agreement_table(less, base) == agreement_table(whole, base)
    assert (less.attributes, less.relations, less.records) == (whole.attributes, whole.relations, whole.records)
    rest = (less.counts, less.confusion, less.by_article)
    assert not any(rest)


def test_totals_by_article_take_one_pass_over_the_paragraphs(base: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    """With twice as many articles, the totals read twice as many paragraphs."""
    seen: list[int] = []
    by_article, total = Tally.by_article, Tally.total

    def counted(tally: Tally) -> dict[int, dict[Hashable, float]]:
        seen.append(len(tally.paragraphs))
        return by_article(tally)

    def counted_total(tally: Tally) -> dict[Hashable, float]:
        seen.append(len(tally.paragraphs))
        return total(tally)

    monkeypatch.setattr(Tally, "by_article", counted)
    monkeypatch.setattr(Tally, "total", counted_total)
    totals = []
    for articles in (10, 20):
        versions = {name: annotation(span("a", "Load", *CRATES)) for name in ("anna", "ben")}
        measure_agreement(make_study(base, [(f"a{n}", TEXT, versions) for n in range(articles)]), samples=0)
        totals.append(sum(seen))
        seen.clear()
    assert totals[1] == 2 * totals[0] > 0


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for each in value.values() for number in numbers(each)]
    if isinstance(value, list):
        return [number for each in value for number in numbers(each)]
    return [value] if isinstance(value, float) else []


@st.composite
def rounds(draw: st.DrawFn) -> tuple[str, list[Annotation]]:
    text = draw(texts)
    return text, draw(st.lists(annotations(text), min_size=2, max_size=3))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rounds())
def test_any_annotations_have_values_or_reasons(drawn: tuple[str, list[Annotation]]) -> None:
    text, versions = drawn
    inventory = inventories.load_inventory(BASE / "schema")
    found = compared(inventory, *versions, text=text)
    report = measure_agreement(found, samples=5)
    plain = msgspec.to_builtins(report)
    assert all(math.isfinite(number) for number in numbers(plain))
    for rows in (report.labels, report.attributes, report.relations, report.counts):
        for row in rows:
            for value in msgspec.structs.asdict(row).values():
                if hasattr(value, "note") and value.value is None:
                    assert value.note
    assert "".join(render_page(report, found)).endswith("</html>\n")
    assert all(
        len(row) == len(table.columns) for table in tabulate_report(report, by_article=True) for row in table.rows
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rounds())
def test_order_of_annotators_does_not_matter(drawn: tuple[str, list[Annotation]]) -> None:
    text, versions = drawn
    inventory = inventories.load_inventory(BASE / "schema")
    there, back = (report_of(inventory, *each, text=text) for each in (versions, versions[::-1]))
    for row, other in zip(there.labels, back.labels, strict=True):
        for name in ("exact", "overlap", "alpha", "unitizing", "kappa"):
            assert getattr(row, name).value == pytest.approx(getattr(other, name).value)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rounds())
def test_equal_annotations_agree_completely(drawn: tuple[str, list[Annotation]]) -> None:
    text, (version, *_) = drawn
    inventory = inventories.load_inventory(BASE / "schema")
    report = report_of(inventory, version, version, text=text)
    for row in report.labels:
        for name in ("exact", "alpha", "unitizing", "kappa"):
            assert getattr(row, name).value in (None, pytest.approx(1))
    for relation in report.relations:
        assert (relation.retargeted, sum(relation.alone.values())) == (0, 0)
