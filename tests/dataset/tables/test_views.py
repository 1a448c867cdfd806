"""Count views: what a policy makes of labelled numbers and vague words, and what the inventory may declare."""

from typing import Any

import pytest

from annotate import inventory
from annotate.corpus import Corpus
from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.tables.views import number_reader
from annotate.errors import CannotRun
from annotate.inventory import Interval, Inventory, View
from annotate.model import GOLD
from tests.conftest import Project
from tests.dataset.helpers import build_rows

WORDS = {"tens": 10, "dozens": 12, "thousands": 1000, "tens of thousands": 10000}
INTERVAL = Interval(label="L", minimum="low", maximum="high", wording="how", readings={})


@pytest.mark.parametrize(
    ("text", "attributes", "lowest", "highest"),
    [
        ("three men", {"low": 3, "high": 3, "how": "exact"}, 3, 3),
        ("at least 5", {"low": 5, "how": "open"}, 5, 5),
        ("at most 5", {"high": 5, "how": "open"}, None, 5),
        ("Dozens of people", {"how": "vague"}, 12, 12),
        ("dozens, perhaps thousands", {"how": "vague"}, 12, 1000),
        ("tens  of\nthousands", {"how": "vague"}, 10000, 10000),
        ("tendons", {"how": "vague"}, None, None),
        ("dozens, it is not known", {"how": "unknown"}, None, None),
        ("nobody", {"low": 0, "high": 0, "how": "exact"}, 0, 0),
    ],
)
def test_the_first_that_there_is(
    text: str, attributes: dict[str, Any], lowest: int | None, highest: int | None
) -> None:
    view = View(name="v", definition="d", source="s", words=WORDS, words_for=("vague",))
    assert number_reader(INTERVAL, view, ("minimum", "words"), min)(text, attributes) == lowest
    assert number_reader(INTERVAL, view, ("maximum", "minimum", "words"), max)(text, attributes) == highest


def test_a_view_with_a_condition_has_no_number_for_other_spans() -> None:
    view = View(name="v", definition="d", source="s", words=WORDS, words_for=("vague",), when={"real": ("yes", "so")})
    read_number = number_reader(INTERVAL, view, ("minimum", "words"), min)
    assert read_number("three", {"low": 3, "how": "exact", "real": "so"}) == 3
    assert read_number("three", {"low": 3, "how": "exact", "real": "no"}) is None
    assert read_number("dozens", {"how": "vague"}) is None


def test_the_views_of_the_corpus_are_columns_next_to_its_labels(corpus: Corpus, labels: Inventory) -> None:
    builder = TableBuilder(labels, ["casualty_claims"])
    seen = 0
    for one in corpus.articles():
        for row in build_rows(builder, [(one, corpus.read_annotation(GOLD, one.id))])["casualty_claims"].to_pylist():
            numbers = {row["conservative"], row["min_max"]["minimum"]}
            assert row["minimum"] is None or numbers in ({row["minimum"]}, {None})
            ends = row["min_max"]["minimum"], row["min_max"]["maximum"]
            assert None in ends or ends[0] <= ends[1]
            seen += row["conservative"] is not None
    assert seen


def test_the_class_to_tell_is_the_attribute(corpus: Corpus, labels: Inventory) -> None:
    builder = TableBuilder(labels, ["stances"])
    features = builder.tables["stances"].features
    assert features["label"] == features["position"]
    for one in corpus.articles():
        for row in build_rows(builder, [(one, corpus.read_annotation(GOLD, one.id))])["stances"].to_pylist():
            assert row["label"] == row["position"]
            assert row["target_text"] == "; ".join(target["text"] for target in row["target"])


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("words_for: [vague]", "words_for: [woolly]", "no wording is called 'woolly'"),
        ("count: [minimum, words]", "count: [median]", "median"),
        ("classes: position", "classes: polarity", "no choice attribute of Stance is called 'polarity'"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused(
    project: Project, labels_yaml: str, old: str, new: str, problem: str
) -> None:
    assert old in labels_yaml
    project.path("schema/labels.yaml").write_text(labels_yaml.replace(old, new, 1))
    with pytest.raises(CannotRun, match=problem):
        inventory.load_inventory(project.path("schema"))


@pytest.fixture
def labels_yaml() -> str:
    from tests.conftest import ROOT

    return (ROOT / "schema" / "labels.yaml").read_text("utf-8")
