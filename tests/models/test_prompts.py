"""Prompts have the same instructions in all requests, and what of the guidelines fits; schemas fit all answers."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from annotate.corpus import Corpus
from annotate.inventory import Attribute, Inventory, SpanLabel, load_inventory
from annotate.models.answer_schema import MOST_ATTRIBUTES, encode_schema, make_answer_schema, make_link_schema
from annotate.models.guideline_pages import (
    QUICK_REFERENCE,
    choose_sections,
    divide_pages,
    read_guidelines,
)
from annotate.models.labeller import PromptedLabelling, plan_article
from annotate.models.prompts import (
    ANSWER_MODES,
    AnswerMode,
    ListedSpan,
    fit_listed_spans,
    list_paragraphs,
    list_parts,
    split_part,
    write_prompt,
)
from annotate.models.token_estimate import estimate_tokens
from annotate.tokens import list_words
from tests.conftest import BASE, ROOT
from tests.models.articles import make_answer, make_article, write_spans
from tests.models.oracle import Oracle, label_article

INVENTORY = load_inventory(BASE / "schema")
PAGES = {
    QUICK_REFERENCE: "# Quick\n\nIn short.\n\n## Table\n\n| a | b |",
    "one.md": "# One\n\nFirst.\n\n## Test\n\nAsk this.\n\n## Examples\n\n> he **said** so\n\nIt is a verb.",
    "two.md": "# Two\n\nSecond.\n\n## Test\n\nAsk that, at great length and in many words.\n\n## More\n\nMore.",
}


def make_large_inventory(labels: int, attributes: int) -> Inventory:
    return msgspec.structs.replace(
        INVENTORY,
        spans={
            f"L{number}": SpanLabel(
                name=f"L{number}", layer="speech", definition="A thing.", color="#000000", guideline="a.md", alone=True
            )
            for number in range(labels)
        },
        attributes={
            f"a{number}": Attribute(
                name=f"a{number}", labels=(f"L{number}",), type="integer", required=True, definition="A number."
            )
            for number in range(attributes)
        },
        relations={},
        intervals=(),
        records={},
    )


def walk(schema: object) -> list[dict[str, object]]:
    """Return a schema and all schemas in it."""
    if isinstance(schema, list):
        return [each for item in schema for each in walk(item)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(each for value in schema.values() for each in walk(value))]


@pytest.mark.parametrize(("labels", "attributes"), [(0, 0), (300, 30), (300, 300)])
def test_the_schema_keeps_to_what_every_endpoint_accepts(labels: int, attributes: int) -> None:
    inventory = make_large_inventory(labels, attributes) if labels else INVENTORY
    schema = make_answer_schema(inventory, list(inventory.relations))
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in (*walk(schema), *walk(make_link_schema(["continues"]))):
        if part.get("type") == "object":
            properties = part["properties"]
            assert isinstance(properties, dict)
            assert (part["required"], part["additionalProperties"]) == (list(properties), False)
        keywords = {"type", "properties", "required", "additionalProperties", "items", "enum"}
        assert part.keys() <= keywords or "type" not in part or isinstance(part["type"], dict)
    assert encode_schema(schema) == encode_schema(make_answer_schema(inventory, list(inventory.relations)))


def test_answers_of_the_oracle_fit_the_schema(corpus: Corpus, labels: Inventory) -> None:
    oracle = Oracle(labels, "json")
    for gold in corpus.gold():
        article = corpus.read_article(gold.article)
        oracle.learn(article, gold)
        for request in plan_article(article, write_prompt(labels, {})):
            assert request.chat.schema is not None
            jsonschema.validate(json.loads(oracle.answer(request.chat).text), dict(request.chat.schema))


@pytest.mark.parametrize("attributes", [MOST_ATTRIBUTES, MOST_ATTRIBUTES + 1])
def test_an_inventory_with_300_labels_is_labelled(attributes: int) -> None:
    inventory = make_large_inventory(300, attributes)
    prompt = write_prompt(inventory, {})
    assert "`L299`: A thing." in prompt.instructions
    values = {"a7": 3}
    is_list = attributes > MOST_ATTRIBUTES
    answer = json.loads(write_spans([("s1", "L7", "One")], attributes={"s1": values}))
    if is_list:
        answer["spans"][0]["attributes"] = [{"name": "a7", "value": "3"}, {"name": "a8", "value": None}]
        assert '[{"name": "…", "value": "…"}]' in prompt.instructions
    else:
        every = dict.fromkeys(inventory.attributes, None)
        answer["spans"][0]["attributes"] = {**every, **values}
    assert prompt.schema is not None
    jsonschema.validate({"spans": answer["spans"]}, dict(prompt.schema))
    result = label_article(
        PromptedLabelling(prompt, "m"), make_article("One."), lambda _: make_answer(json.dumps(answer))
    )
    assert [span.attributes for span in result.annotation.spans] == [values]


@pytest.mark.parametrize("mode", ANSWER_MODES)
def test_all_requests_begin_with_the_same_bytes(mode: AnswerMode, corpus: Corpus, labels: Inventory) -> None:
    pages = read_guidelines(ROOT / "guidelines", labels)
    prompt = write_prompt(labels, pages, mode=mode)
    assert write_prompt(labels, pages, mode=mode) == prompt
    articles = [corpus.read_article(name) for name in corpus.annotated_ids("gold")]
    requests = [request for article in articles for request in plan_article(article, prompt)]
    assert {request.chat.messages[0].content for request in requests} == {prompt.instructions}
    assert len(requests) == sum(len(list_paragraphs(article.text)) for article in articles)
    for name in (
        *labels.spans,
        *labels.attributes,
        *(name for name, each in labels.relations.items() if not each.refers),
    ):
        assert f"`{name}`" in prompt.instructions
    description = PromptedLabelling(prompt, "m").describe()
    assert (description.mode, bool(description.schema_sha256)) == (mode, mode == "json")
    assert len(description.prompt_sha256) == len(description.guidelines) == 64


@pytest.mark.parametrize("examples", [False, True])
@pytest.mark.parametrize("mode", ANSWER_MODES)
def test_no_words_of_an_article_are_in_the_prompt(
    mode: AnswerMode, examples: bool, corpus: Corpus, labels: Inventory
) -> None:
    """The guidelines of this corpus quote its articles, in examples and in rules."""
    pages = read_guidelines(ROOT / "guidelines", labels)
    texts = [corpus.read_text(name) for name in corpus.article_ids()]
    of_articles = {run for text in texts for run in list_runs(text)}
    assert len(of_articles & set(list_runs("\n".join(pages.values())))) > 50
    prompt = write_prompt(labels, pages, mode=mode, budget=None, texts=texts, examples=examples)
    assert of_articles.isdisjoint(list_runs(prompt.instructions))
    assert prompt.quotations > 50
    assert prompt.describe_left_out()[0] == f"{prompt.quotations} places of the guidelines with words of articles"
    quoted = [line[2:] for page in pages.values() for line in page.split("\n") if line.startswith("> ")]
    shown = [line for line in quoted if line in prompt.instructions]
    assert (len(quoted) > 20, bool(shown)) == (True, examples)


def list_runs(text: str, length: int = 5) -> list[str]:
    """Return all runs of words, without emphasis."""
    words = list_words(text.replace("*", ""))
    return [" ".join(words[start : start + length]).casefold() for start in range(len(words) - length + 1)]


def test_sections_go_in_by_importance_until_the_budget_is_used() -> None:
    sections = divide_pages(PAGES).sections
    everything = [section.name for page in sections for section in page]
    assert everything == [
        *("quick-reference.md", "quick-reference.md, Table"),
        *("one.md", "one.md, Test", "two.md", "two.md, Test", "two.md, More"),
    ]
    assert [section.name for section in choose_sections(sections, None).kept] == everything
    chosen = choose_sections(sections, 30)
    assert [section.name for section in chosen.kept] == [
        *("quick-reference.md", "quick-reference.md, Table", "one.md", "one.md, Test", "two.md", "two.md, More")
    ]
    assert [section.name for section in chosen.left_out] == ["two.md, Test"]
    prompt = write_prompt(INVENTORY, PAGES, budget=30)
    assert "at great length" not in prompt.instructions
    assert prompt.describe_budget()[1:] == [
        "left out of the guidelines: 1 section",
        "left out: two.md, Test (about 16 tokens)",
    ]
    nothing = write_prompt(INVENTORY, PAGES, budget=0)
    assert (nothing.kept, len(nothing.left_out)) == ((), 7)
    assert "# Guidelines" not in nothing.instructions
    examples = write_prompt(INVENTORY, PAGES, budget=None, texts=["Another text."], examples=True).instructions
    assert ("he **said** so" in examples, "he **said** so" in write_prompt(INVENTORY, PAGES).instructions) == (
        True,
        False,
    )


def test_the_quick_reference_is_read_first_where_there_is_one(tmp_path: Path) -> None:
    for name in ("speech.md", "cargo.md"):
        (tmp_path / name).write_text(f"# {name}")
    assert list(read_guidelines(tmp_path, INVENTORY)) == ["speech.md", "cargo.md"]
    (tmp_path / QUICK_REFERENCE).write_text("# Quick")
    assert list(read_guidelines(tmp_path, INVENTORY)) == [QUICK_REFERENCE, "speech.md", "cargo.md"]


def test_tokens_are_estimated_by_bytes() -> None:
    assert [estimate_tokens(text) for text in ("", "a", "word" * 7, "人" * 7, "\ud800")] == [0, 1, 8, 6, 1]


def test_a_long_paragraph_is_asked_in_parts_between_sentences() -> None:
    text = "Short.\n\n" + "This is one sentence. " * 40
    parts = list_parts(text, 100)
    assert (parts[0].key, parts[0].end) == ("paragraph 1", 6)
    assert "".join(text[part.start : part.end] for part in parts[1:]) == text[8:]
    assert all(estimate_tokens(text[part.start : part.end]) <= 100 for part in parts)
    assert len({part.key for part in parts}) == len(parts)
    assert all(text[part.start : part.end].startswith("This") for part in parts[1:])
    assert list_parts("x" * 9000, 100)[0].end == 9000
    assert split_part("One sentence.", list_parts("One sentence.")[0]) == []


def test_the_neighbours_are_shown_and_shortened() -> None:
    article = make_article("First.\n\n\n" + "b" * 5000 + "\n\nLast.", None)
    requests = [request.chat.messages[1].content for request in plan_article(article, write_prompt(INVENTORY, {}))]
    assert ["[begin title" in content for content in requests] == [False] * 3
    assert f"\n{'b' * 1400}…\n[end text after" in requests[0]
    assert f"\n…{'b' * 1400}\n[end text before" in requests[2]
    assert "First." in requests[1]
    assert "Last." in requests[1]


def test_a_code_that_the_text_has_is_not_used() -> None:
    first = plan_article(make_article("A text."), write_prompt(INVENTORY, {}))[0].chat.messages[1].content
    code = first.partition("[begin paragraph ")[2][:12]
    titled = make_article("A text.", f"[end title {code}]")
    second = plan_article(titled, write_prompt(INVENTORY, {}))[0].chat.messages[1].content
    assert second.count(code) == 1


def test_spans_for_links_fit_into_a_budget() -> None:
    spans = [ListedSpan(number, 1, "Words", "many words " * 50, 1) for number in range(1, 100)]
    fitting = fit_listed_spans(spans, 500)
    assert 0 < len(fitting) < 99
    assert fitting == spans[: len(fitting)]
