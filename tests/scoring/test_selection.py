"""Which labels are scored: what is left out with labels that are not chosen, and that each piece may be a span."""

import json
from typing import Any

import pytest

from annotate.errors import CannotRun
from annotate.inventory import Inventory, load_inventory
from annotate.scoring.score import score
from annotate.scoring.selection import EVERYTHING, Selection, select_labels
from tests.agreement.helpers import TEXT, annotation, span
from tests.conftest import BASE, ROOT, Project

GOLD = "corpus/annotations/gold"
MASTER, SAID, WORDS = span("a", "Speaker", 0, 10), span("b", "Verb", 11, 15), span("c", "Words", 16, 41)
CRATES, QUAY = span("d", "Load", 16, 25), span("e", "Quay", 33, 41)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load_inventory(BASE / "schema")


def test_everything_is_the_inventory_itself(inventory: Inventory) -> None:
    assert select_labels(inventory, EVERYTHING) is inventory


def test_a_layer_has_its_own_relations_attributes_and_records(inventory: Inventory) -> None:
    chosen = select_labels(inventory, Selection(layers=("speech",)))
    assert list(chosen.spans) == ["Speaker", "Verb", "Words"]
    assert list(chosen.layers) == ["speech"]
    assert list(chosen.relations) == ["speaker", "words", "continues"]
    assert list(chosen.attributes) == ["rank"]
    assert {name: list(type_.roles) for name, type_ in chosen.records.items()} == {"sayings": ["speaker", "words"]}
    assert chosen.intervals == ()


def test_a_role_that_needs_another_record_is_left_out_with_it(inventory: Inventory) -> None:
    """A reporter may be the speaker of the words around a load."""
    chosen = select_labels(inventory, Selection(("cargo",), ("Speaker",)))
    assert list(chosen.relations) == ["lies_at", "reported_by", "continues"]
    assert {name: list(type_.roles) for name, type_ in chosen.records.items()} == {"loads": ["quay"]}
    chosen = select_labels(inventory, Selection(("cargo",), ("Speaker", "Verb", "Words")))
    assert {name: list(type_.roles) for name, type_ in chosen.records.items()} == {
        name: list(type_.roles) for name, type_ in inventory.records.items()
    }
    assert list(select_labels(inventory, Selection(labels=("Load",))).records) == []


def test_a_relation_counts_only_between_chosen_labels() -> None:
    """In this corpus, a stance is towards a content, a target or a casualty."""
    inventory = load_inventory(ROOT / "schema")
    chosen = select_labels(inventory, Selection(layers=("stance",)))
    assert {name: (each.head, each.tail) for name, each in chosen.relations.items() if not each.joins_pieces} == {
        "towards": (("Stance",), ("Target",))
    }
    for layer in inventory.layers:
        select_labels(inventory, Selection(layers=(layer,)))
    for label in inventory.spans:
        select_labels(inventory, Selection(labels=(label,)))


def test_other_labels_do_not_count(inventory: Inventory) -> None:
    gold = annotation(MASTER, SAID, WORDS, CRATES, QUAY, ("speaker", "b", "a"), ("lies_at", "d", "e"))
    found = annotation(CRATES, QUAY, ("lies_at", "d", "e"))
    scores = score(inventory, {"a": (TEXT, gold)}, {"a": found}, 0, selection=Selection(layers=("cargo",)))
    assert {row.name: (row.gold, row.predicted) for row in scores.labels} == {
        "Load": (1, 1),
        "Quay": (1, 1),
        "cargo": (2, 2),
        "all labels": (2, 2),
    }
    assert scores.written == {"gold": 2, "predicted": 2}
    assert [row.name for row in scores.relations] == ["lies_at"]
    assert [(row.name, row.full_exact.value) for row in scores.records] == [("loads", 1)]
    assert next((row.name, row.gold, row.entities.f1.value) for row in scores.tokens) == ("cargo", 2, 1)


def test_pieces_are_one_span_or_several(inventory: Inventory) -> None:
    later = span("f", "Words", 43, 60)
    gold = annotation(WORDS, later, ("continues", "f", "c"))
    found = annotation(WORDS)
    joined, separate = (
        score(inventory, {"a": (TEXT, gold)}, {"a": found}, 0, selection=Selection(pieces=pieces))
        for pieces in ("joined", "separate")
    )
    rows = [next(row for row in scores.labels if row.name == "Words") for scores in (joined, separate)]
    assert [(row.gold, row.exact.f1.value) for row in rows] == [(1, 0), (2, 2 / 3)]
    assert [scores.written["gold"] for scores in (joined, separate)] == [2, 2]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(("speach",)), "--layer: unknown layer 'speach'; choose from speech, cargo"),
        (Selection((), ("verb",)), "--label: unknown label 'verb'; choose from Speaker, Verb, Words, Load, Quay"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(
    inventory: Inventory, selection: Selection, message: str
) -> None:
    with pytest.raises(CannotRun) as refused:
        select_labels(inventory, selection)
    assert str(refused.value) == message


@pytest.mark.parametrize("option", ["--layer", "--label"])
def test_command_refuses_unknown_names_and_writes_nothing(project: Project, option: str) -> None:
    result = project.annotate("score", GOLD, GOLD, option, "Nope", "--out", "score.txt")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert f"unknown {option[2:]} 'Nope'; choose from" in result.stderr
    assert not project.path("score.txt").exists()


def test_command_says_what_it_scored(project: Project) -> None:
    words = ("--layer", "speech", "--label", "Load", "--pieces", "separate")
    result = project.annotate("score", GOLD, GOLD, *words, "--format", "json", "--samples", "0")
    scores: dict[str, Any] = json.loads(result.stdout)
    assert scores["selection"] == {"layers": ["speech"], "labels": ["Load"], "pieces": "separate"}
    assert [row["name"] for row in scores["labels"]] == [
        *("Speaker", "Verb", "Words", "Load"),
        *("speech", "cargo", "all labels"),
    ]
