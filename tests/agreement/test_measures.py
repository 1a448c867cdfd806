"""The measures on annotations small enough to work out by hand, and on any annotations at all."""

import math
from collections.abc import Hashable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate import inventory as inventories
from annotate.agreement.disagreements import find_disagreements
from annotate.agreement.interval_tallies import Bounds, are_compatible, measure_distance
from annotate.agreement.measure import NO_MATCH, NO_RELATIONS, NO_SPANS, TWO_ONLY, measure_agreement
from annotate.agreement.page import render_page
from annotate.agreement.relation_tallies import compare_relations
from annotate.agreement.report import ALL, Report
from annotate.agreement.study import make_study
from annotate.agreement.tables import tabulate_report
from annotate.agreement.tally import Tally
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.release.agreement import agreement_table
from tests.agreement.helpers import TEXT, annotation, compared, span
from tests.conftest import BASE
from tests.strategies import annotations, texts

MASTER, SAID, CRATES, LIE, QUAY = (4, 10), (11, 15), (16, 25), (16, 41), (33, 41)


@pytest.fixture(scope="module")
def base() -> Inventory:
    return inventories.load(BASE / "schema")


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


def test_attributes_of_matched_spans(base: Inventory) -> None:
    first = annotation(span("a", "Speaker", *MASTER, rank="master"), span("b", "Speaker", 43, 49, rank="hand"))
    second = annotation(span("a", "Speaker", *MASTER, rank="master"), span("b", "Speaker", 45, 49, rank="other"))
    rows = {row.name: row for row in report_of(base, first, second).attributes}
    assert (rows["rank"].matched, rows["rank"].share.value) == (2, 0.5)
    assert rows["rank"].kappa.value == pytest.approx((0.5 - 0.25) / 0.75)
    assert rows["rank"].values == [("master", "master", 1), ("hand", "other", 1)]
    assert rows["least"].share.note == rows["least"].alpha.note == NO_MATCH


def test_an_attribute_that_one_has_not_set_is_a_difference(base: Inventory) -> None:
    first, second = annotation(span("a", "Load", *CRATES, least=40)), annotation(span("a", "Load", *CRATES))
    rows = {row.name: row for row in report_of(base, first, second).attributes}
    assert (rows["least"].matched, rows["least"].share.value) == (1, 0)
    assert (rows["most"].matched, rows["most"].share.value) == (0, None)


def test_relations_are_told_apart(base: Inventory) -> None:
    spans = [span("v", "Verb", *SAID), span("w", "Verb", 50, 55), span("m", "Speaker", *MASTER)]
    spans += [span("h", "Speaker", 43, 49), span("l", "Words", *LIE)]
    first = annotation(*spans, ("speaker", "v", "m"), ("speaker", "w", "h"), ("words", "v", "l"))
    second = annotation(*spans[:4], ("speaker", "v", "h"), ("speaker", "w", "h"), ("speaker", "w", "m"))
    comparison = compared(base, first, second).articles[0].comparisons[0]
    speaker = compare_relations(comparison, base.relations["speaker"])
    assert [(one.head.id, one.tail.id, other.tail.id) for one, other in speaker.retargeted] == [("v", "m", "h")]
    assert [(one.head.id, one.tail.id) for one, _ in speaker.same] == [("w", "h")]
    assert (speaker.first_only, [arrow.tail.id for arrow in speaker.second_only]) == ([], ["m"])
    words = compare_relations(comparison, base.relations["words"])
    assert [arrow.tail.id for arrow in words.first_loose] == ["l"]
    rows = {row.name: row for row in report_of(base, first, second).relations}
    assert rows["speaker"].given_ends.value == rows["speaker"].all.value == pytest.approx(2 * 1 / (2 + 3))
    assert (rows["speaker"].same, rows["speaker"].retargeted, rows["speaker"].alone) == (1, 1, {"anna": 0, "ben": 1})
    assert (rows["words"].given_ends.value, rows["words"].all.value, rows["words"].loose) == (None, 0, 1)
    assert rows["lies_at"].given_ends.note == NO_RELATIONS
    assert "continues" not in rows


def test_records_are_scored_role_by_role(base: Inventory) -> None:
    spans = [span("v", "Verb", *SAID), span("m", "Speaker", *MASTER)]
    first = annotation(*spans, span("l", "Words", *LIE), ("speaker", "v", "m"), ("words", "v", "l"))
    second = annotation(*spans, span("l", "Words", 16, 29), ("speaker", "v", "m"), ("words", "v", "l"))
    (sayings, loads) = report_of(base, first, second).records
    assert (sayings.anchors.value, sayings.agr.value) == (1, 1)
    assert (sayings.full_exact.value, sayings.full_overlap.value) == (0, 1)
    roles = {role.name: role for role in sayings.roles}
    assert roles["speaker"].exact.value == roles["speaker"].characters.value == 1
    assert (roles["words"].exact.value, roles["words"].overlap.value) == (0, 1)
    assert roles["words"].characters.value == pytest.approx(2 * 13 / (25 + 13))
    assert loads.full_exact.note == "no records"
    assert loads.roles[0].exact.note == "no records"


def test_counts_as_intervals(base: Inventory) -> None:
    first = annotation(span("a", "Load", 16, 25, least=40, most=40), span("b", "Load", 60, 64, least=50))
    second = annotation(span("a", "Load", 16, 25, least=30), span("b", "Load", 60, 64, least=50))
    (row,) = report_of(base, first, second).counts
    assert (row.matched, row.equal.value, row.compatible.value) == (2, 0.5, 1)
    assert row.distance.value == pytest.approx((10 / 40 + 1) / 2 / 2)


bounds = st.tuples(*(st.none() | st.integers(-3, 60) for _ in range(2)))


@given(bounds, bounds, bounds)
def test_distance_of_intervals_is_a_metric(one: Bounds, two: Bounds, three: Bounds) -> None:
    assert measure_distance(one, two) == measure_distance(two, one)
    assert 0 <= measure_distance(one, two) <= 1
    assert (measure_distance(one, two) == 0) == (one == two)
    if not any(value is not None and value < 0 for value in (*one, *two, *three)):
        assert measure_distance(one, three) <= measure_distance(one, two) + measure_distance(two, three) + 1e-12


def test_open_ends() -> None:
    assert measure_distance((50, None), (50, None)) == measure_distance((None, None), (None, None)) == 0
    assert measure_distance((50, None), (50, 50)) == 0.5
    assert are_compatible((50, None), (60, 60))
    assert not are_compatible((50, None), (None, 49))


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


def test_only_what_is_asked_for_is_measured(base: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {name: annotation(span("a", "Load", *CRATES), span("b", "Words", *LIE)) for name in ("anna", "ben")}
    found = make_study(base, [(article, TEXT, versions) for article in ("a", "b")])
    whole = measure_agreement(found, samples=20)
    assert msgspec.structs.replace(whole, by_article=[]) == measure_agreement(found, samples=20, by_article=False)
    monkeypatch.setattr("annotate.agreement.measure.RecordCounter", None)
    less = measure_agreement(found, samples=20, only_labels=True)
    assert less.labels == [row for row in whole.labels if row.kind != "layer"]
    assert agreement_table(less) == agreement_table(whole)
    rest = (less.attributes, less.relations, less.records, less.counts, less.confusion, less.by_article)
    assert not any(rest)


def test_each_place_is_looked_at_once_for_all_articles(base: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the articles, twice the places that totals by article go through."""
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


def test_confusion_of_labels(base: Inventory) -> None:
    first = annotation(span("a", "Load", *CRATES), span("b", "Words", *LIE), span("c", "Quay", *QUAY))
    second = annotation(span("a", "Quay", *CRATES), span("b", "Words", *LIE))
    cells = {(cell.first, cell.second): cell.spans for cell in report_of(base, first, second).confusion}
    assert cells == {("Words", "Words"): 1, ("Load", "Quay"): 1, ("Quay", None): 1}


def test_disagreements_in_the_order_of_the_text(base: Inventory) -> None:
    spans = [span("v", "Verb", *SAID), span("m", "Speaker", *MASTER, rank="master"), span("h", "Speaker", 43, 49)]
    first = annotation(*spans, span("l", "Load", *CRATES), ("speaker", "v", "m"))
    second = annotation(spans[0], span("m", "Speaker", *MASTER, rank="hand"), spans[2], span("q", "Quay", *CRATES))
    ((text, found),) = find_disagreements(compared(base, first, second))
    assert text.id == "a"
    assert [(one.kinds, one.subject) for one in found] == [
        (("attributes",), "Speaker"),
        (("relation",), "speaker"),
        (("label",), "Load or Quay"),
    ]
    assert found[0].sides[0].attributes == (("rank", "master"),)


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
def test_any_annotations_give_numbers_or_reasons(drawn: tuple[str, list[Annotation]]) -> None:
    text, versions = drawn
    inventory = inventories.load(BASE / "schema")
    found = compared(inventory, *versions, text=text)
    report = measure_agreement(found, samples=5)
    plain = msgspec.to_builtins(report)
    assert all(math.isfinite(number) for number in numbers(plain))
    for rows in (report.labels, report.attributes, report.relations, report.counts):
        for row in rows:
            for value in msgspec.structs.asdict(row).values():
                if hasattr(value, "note") and value.value is None:
                    assert value.note
    assert render_page(report, found).endswith("</html>\n")
    assert all(
        len(row) == len(table.columns) for table in tabulate_report(report, by_article=True) for row in table.rows
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rounds())
def test_who_comes_first_does_not_matter(drawn: tuple[str, list[Annotation]]) -> None:
    text, versions = drawn
    inventory = inventories.load(BASE / "schema")
    there, back = (report_of(inventory, *each, text=text) for each in (versions, versions[::-1]))
    for row, other in zip(there.labels, back.labels, strict=True):
        for name in ("exact", "overlap", "alpha", "unitizing", "kappa"):
            assert getattr(row, name).value == pytest.approx(getattr(other, name).value)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rounds())
def test_equals_agree_wholly(drawn: tuple[str, list[Annotation]]) -> None:
    text, (version, *_) = drawn
    inventory = inventories.load(BASE / "schema")
    report = report_of(inventory, version, version, text=text)
    for row in report.labels:
        for name in ("exact", "alpha", "unitizing", "kappa"):
            assert getattr(row, name).value in (None, pytest.approx(1))
    for relation in report.relations:
        assert (relation.retargeted, sum(relation.alone.values())) == (0, 0)
