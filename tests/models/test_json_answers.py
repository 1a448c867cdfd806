"""Answers in JSON: words around the object, ids as numbers, and answers without end."""

import json
import time

import pytest

from annotate.inventory import load_inventory
from annotate.models.chat import ChatAnswer
from annotate.models.json_answers import read_json_answer, read_link_answer
from annotate.models.labeller import LINK, PromptedLabelling
from annotate.models.labelling import LabelRequest
from annotate.models.model_answer import ModelAnswer
from annotate.models.prompts import LINK_TOKENS, write_prompt
from tests.conftest import BASE
from tests.models.articles import make_answer, make_article, write_spans
from tests.models.oracle import label_article
from tests.models.test_oracle import REFERRING

INVENTORY = load_inventory(BASE / "schema")
OBJECT = (
    '{"spans": [{"id": 1, "label": "Verb", "quote": "said", "occurrence": 2, "attributes": null}], "relations": null}'
)


def read(answer: str) -> ModelAnswer:
    return read_json_answer(answer, "paragraph 1", INVENTORY, ("words",), 500)


@pytest.mark.parametrize("answer", [OBJECT, f"```json\n{OBJECT}\n```", f"Sure! Here it is:\n{OBJECT}\nAnything else?"])
def test_an_object_is_found_among_words(answer: str) -> None:
    result = read(answer)
    [span] = result.spans
    assert (span.id, span.label, span.quote, span.occurrence) == ("1", "Verb", "said", 2)
    assert result.quarantined == []


def test_each_faulty_item_is_kept_as_it_was_written() -> None:
    items = [3, {"id": "s1"}, {"id": "s2", "label": "Verb", "quote": "said", "occurrence": True, "attributes": {}}]
    item = {"id": "s3", "label": "Verb", "quote": "said", "occurrence": None, "attributes": "none"}
    result = read(json.dumps({"spans": [*items, item], "relations": [{"label": "words", "head": 1.5, "tail": "s1"}]}))
    assert [span.id for span in result.spans] == ["s3"]
    assert [each.code for each in result.quarantined] == ["A201"] * 5
    assert [each.raw for each in result.quarantined[:3]] == ["3", '{"id": "s1"}', json.dumps(items[2])]


def test_the_links_of_an_answer_have_numbers() -> None:
    answer = '{"links": [{"label": "continues", "head": 2, "tail": 1}, {"label": "words", "head": 2, "tail": 1}]}'
    result = read_link_answer(answer, LINK, INVENTORY, ("continues",), 500)
    assert [(each.head, each.tail) for each in result.relations] == [("2", "1")]
    assert [each.code for each in result.quarantined] == ["A401"]


@pytest.mark.parametrize("quote", ["said", "not here"])
def test_an_answer_without_end_takes_little_time(quote: str) -> None:
    spans = [(f"s{number}", "Verb", f"{quote}{' ' * (number % 7)}") for number in range(12_000)]
    answer = write_spans(spans, [("words", "s0", f"s{number}") for number in range(5_000)])
    assert len(answer) > 1_000_000
    start = time.process_time()
    prompt = write_prompt(INVENTORY, {})
    result = label_article(
        PromptedLabelling(prompt, "m"), make_article("She said so. " * 20), lambda _: make_answer(answer)
    )
    assert time.process_time() - start < 60
    assert result.annotation.spans == ()
    assert "A107" in {item.code for item in result.quarantined}


def test_spans_that_do_not_fit_into_the_request_for_links_are_named() -> None:
    count = LINK_TOKENS // 20
    words = "crates of the finest quality that were ever counted, the clerk said"
    text = "\n".join(f"{number} {words}" for number in range(count))
    labelling = PromptedLabelling(write_prompt(REFERRING, {}), "m")

    def answer(request: LabelRequest) -> ChatAnswer:
        if request.key == LINK:
            return make_answer('{"links": []}')
        words = request.chat.messages[1].content.split("\n")[-2]
        crates, clerk = words.split(",")[0], "the clerk"
        spans = [("s1", "Load", crates), ("s2", "Speaker", clerk), ("s3", "Verb", "said")]
        attributes = {"s1": {"wording": "vague"}, "s2": {"rank": "other"}}
        return make_answer(write_spans(spans, [("speaker", "s3", "s2")], attributes))

    result = label_article(labelling, make_article(text), answer)
    assert "A106" in [finding.code for finding in result.findings]
