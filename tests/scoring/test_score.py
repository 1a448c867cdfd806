"""Scores: precision and recall by hand, and the same F1 as agreement's."""

import pytest

from annotate.agreement.measure import measure_agreement
from annotate.agreement.report import ALL
from annotate.agreement.study import read_study
from annotate.corpus import Corpus
from annotate.inventory import Inventory, load_inventory
from annotate.scoring.score import score
from annotate.scoring.score_tables import tabulate_scores
from tests.agreement.helpers import TEXT, annotation, span
from tests.conftest import BASE, ROOT

GOLD = "corpus/annotations/gold"
MASTER, SAID, CRATES = span("a", "Speaker", 0, 10), span("b", "Verb", 11, 15), span("c", "Load", 16, 25)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load_inventory(BASE / "schema")


def test_precision_and_recall_by_hand(inventory: Inventory) -> None:
    gold = annotation(MASTER, SAID, CRATES, ("speaker", "b", "a"))
    found = annotation(span("x", "Speaker", 4, 10), SAID, span("y", "Verb", 44, 50), ("speaker", "b", "x"))
    made = score(inventory, {"a": (TEXT, gold)}, {"a": found}, samples=10)
    rows = {row.name: row for row in made.labels}
    whole = rows[ALL]
    assert (whole.gold, whole.predicted) == (3, 3)
    assert [value.value for value in (whole.exact.precision, whole.exact.recall)] == [1 / 3, 1 / 3]
    assert [value.value for value in (whole.overlap.precision, whole.overlap.recall)] == [2 / 3, 2 / 3]
    verb = rows["Verb"].exact
    assert (verb.precision.value, verb.recall.value, verb.f1.value) == (1 / 2, 1, 2 / 3)
    assert (rows["Load"].exact.precision.note, rows["Load"].exact.recall.value) == ("nothing predicted", 0)
    speaker = next(row for row in made.relations if row.name == "speaker")
    assert (speaker.gold, speaker.predicted, speaker.all.f1.value) == (1, 1, 1)


def test_article_without_predictions_counts_as_nothing_found(inventory: Inventory) -> None:
    made = score(inventory, {"a": (TEXT, annotation(MASTER))}, {}, samples=10)
    assert made.unpredicted == ["a"]
    row = next(row for row in made.labels if row.name == "Speaker")
    assert (row.exact.recall.value, row.exact.f1.value, row.exact.precision.value) == (0, 0, None)


def test_f1_is_that_of_agreement() -> None:
    """The corpus's own versions: what a score and agreement both measure is the same number."""
    schema, corpus = load_inventory(ROOT / "schema"), Corpus(ROOT / "corpus")
    reader = corpus.annotation_sets()[-1]
    gold = {name: (corpus.read_text(name), corpus.read_annotation("gold", name)) for name in corpus.article_ids()}
    found = {name: corpus.read_annotation(reader, name) for name in gold}
    scores = score(schema, gold, found, samples=0)
    report = measure_agreement(read_study(corpus, schema, ["gold", reader]), samples=0)
    for ours, theirs in zip(scores.labels, report.labels, strict=True):
        assert (ours.exact.f1.value, ours.overlap.f1.value) == (theirs.exact.value, theirs.overlap.value)
    for arrow, other in zip(scores.relations, report.relations, strict=True):
        assert (arrow.all.f1.value, arrow.given_ends.value) == (other.all.value, other.given_ends.value)
    assert [row.name for row in scores.records] == list(schema.records)
    assert {table.name for table in tabulate_scores(scores)} >= {"labels", "relations", "records", "roles"}
