"""Answers of models: gold comes back as it was, and what cannot be read is left out and reported."""

import json

import msgspec
import pytest

from annotate.corpus import Corpus
from annotate.evaluation.answers import parse_answer, write_answer
from annotate.evaluation.task_data import TaskData
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation
from annotate.scoring.score import make_prediction
from tests.conftest import BASE

TEXT = "The master said so.\n\nHe said it twice: he said."


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load_inventory(BASE / "schema")


def list_ends(annotation: Annotation) -> list[tuple[str, str, str]]:
    return [(each.label, each.head, each.tail) for each in annotation.relations]


@pytest.mark.parametrize("name", ["base", "own"])
def test_gold_comes_back_from_an_answer(name: str, corpus: Corpus, labels: Inventory, inventory: Inventory) -> None:
    source, names = (Corpus(BASE / "corpus"), inventory) if name == "base" else (corpus, labels)
    gold = {a.article: (source.read_text(a.article), a) for a in source.gold()}
    answers = {
        article_id: parse_answer(write_answer(annotation, text), article_id, text, names)
        for article_id, (text, annotation) in gold.items()
    }
    assert all(answer.is_readable and answer.problems == [] for answer in answers.values())
    data = TaskData(names, gold, {})
    annotations = data.convert_rows({article_id: answer.row for article_id, answer in answers.items()})
    assert annotations.keys() == gold.keys()
    for article_id, (_, annotation) in gold.items():
        without_notes = tuple(msgspec.structs.replace(span, note="") for span in annotation.spans)
        assert annotations[article_id].spans == without_notes
        assert list_ends(annotations[article_id]) == list_ends(annotation)
    assert {row.exact.f1.value for row in data.score_rows({k: a.row for k, a in answers.items()}).labels} == {1}


def test_occurrences_are_counted_within_a_paragraph(inventory: Inventory) -> None:
    spans = [
        {"id": "a", "label": "Verb", "paragraph": 2, "quote": "said", "occurrence": 2},
        {"id": "b", "label": "Verb", "paragraph": None, "quote": "said", "occurrence": 2},
        {"id": "c", "label": "Verb", "paragraph": 99, "quote": "said", "occurrence": 1},
    ]
    answer = parse_answer(json.dumps({"spans": spans, "relations": None}), "a", TEXT, inventory)
    assert [span.get("scope") for span in answer.row["spans"]] == [[21, 47], None, None]


@pytest.mark.parametrize(
    "answer", ["", "No.", "[]", "{", '{"spans": [], "spans": []}', "{" * 100_000, '{"a": "\\ud800"}', "```json\n```"]
)
def test_an_answer_without_an_object_has_no_labels(answer: str, inventory: Inventory) -> None:
    assert parse_answer(answer, "a", TEXT, inventory) == ({"id": "a", "spans": [], "relations": []}, False, [])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"spans": 1}, "spans is not a list"),
        ({"spans": ["said"]}, "spans, item 0: is not an object"),
        ({"spans": [{"label": "Verb", "quote": "said"}]}, "span 0: its id None is missing, or another span has it"),
        ({"spans": [{"id": "a", "label": ["Verb"], "quote": "so"}]}, "span 'a': unknown span label ['Verb']"),
        ({"spans": [{"id": "a", "label": "Verb", "quote": 5}]}, "span 'a': quote is neither words nor a list of words"),
        (
            {"spans": [{"id": "a", "label": "Verb", "quote": "so", "occurrence": "1"}]},
            "span 'a': occurrence '1' is not a number from 1",
        ),
        (
            {"spans": [{"id": "a", "label": "Verb", "quote": "so", "attributes": []}]},
            "span 'a': attributes is not an object",
        ),
        (
            {"spans": [{"id": "a", "label": "Verb", "quote": "so", "attributes": {"mood": "x"}}]},
            "span 'a': attribute 'mood': is unknown",
        ),
        ({"relations": [{"label": "speaker", "head": "x"}]}, "relation 0: its head 'x' is not a span of the row"),
        ({"relations": {"a": 1}}, "relations is not a list"),
    ],
)
def test_what_cannot_be_read_is_reported(value: object, problem: str, inventory: Inventory) -> None:
    answer = parse_answer(json.dumps(value), "a", TEXT, inventory)
    assert answer.is_readable
    assert answer.problems == [problem]
    gold = {"a": (TEXT, make_prediction("a", TEXT, inventory))}
    assert TaskData(inventory, gold, {}).score_rows({"a": answer.row}).unpredicted == []
