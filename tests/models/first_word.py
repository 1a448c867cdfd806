"""A small way to label: a request for each paragraph, whose first word the model repeats.

As a program, it is `annotate` with this way to label in place of the prompts made from the inventory.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Span
from annotate.models.chat import ChatAnswer, ChatMessage, ChatRequest
from annotate.models.labelling import (
    ArticleLabeller,
    LabelledArticle,
    LabellingDescription,
    LabelRequest,
    QuarantinedAnswer,
)

SCHEMA = {
    "type": "object",
    "properties": {"quote": {"type": "string"}},
    "required": ["quote"],
    "additionalProperties": False,
}


class FirstWordLabeller:
    """Labels the first word of each paragraph; asks twice, so that a run has two rounds of requests."""

    def __init__(self, article: Article, inventory: Inventory) -> None:
        self.article, self.inventory = article, inventory
        self.rounds = [plan(article), plan(article, "Again: ")]
        self.answers: dict[str, ChatAnswer] = {}

    def next_requests(self) -> Sequence[LabelRequest]:
        return self.rounds.pop(0) if self.rounds else []

    def take(self, request: LabelRequest, answer: ChatAnswer) -> None:
        self.answers[request.key] = answer

    def result(self) -> LabelledArticle:
        spans, quarantined, findings = list[Span](), list[QuarantinedAnswer](), list[Finding]()
        for key, answer in self.answers.items():
            if key.startswith("Again"):
                continue
            quote = read_quote(answer.text)
            start = self.article.text.find(quote) if quote else -1
            if start < 0:
                quarantined.append(QuarantinedAnswer("X1", key, answer.problem or "does not occur", answer.text))
                findings.append(Finding("X2", "warning", "", f"an answer was not taken: {answer.finish_reason}"))
                continue
            label = next(iter(self.inventory.spans))
            span = Span(id=f"s{len(spans) + 1}", label=label, start=start, end=start + len(quote), text=quote)
            spans.append(span)
        annotation = Annotation(
            article=self.article.id,
            annotator="nobody",
            process="single pass",
            made_from=(),
            inventory=self.inventory.version,
            text_sha256=self.article.text_sha256,
            spans=tuple(spans),
            relations=(),
        )
        return LabelledArticle(annotation, quarantined, findings, {"exact": len(spans)}, 0)


def read_quote(text: str) -> str:
    try:
        return msgspec.json.decode(text, type=dict[str, str]).get("quote", "")
    except msgspec.MsgspecError:
        return ""


def plan(article: Article, prefix: str = "") -> list[LabelRequest]:
    return [
        LabelRequest(f"{prefix}paragraph {number}", make_request(f"{prefix}{paragraph}"))
        for number, paragraph in enumerate(article.text.split("\n"), 1)
        if paragraph.strip()
    ]


def make_request(content: str, **options: Any) -> ChatRequest:
    messages = (ChatMessage("system", "Repeat the first word as JSON."), ChatMessage("user", content))
    return ChatRequest(messages=messages, **{"schema": SCHEMA, "max_tokens": 50, **options})


class FirstWordMethod:
    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory

    def describe(self) -> LabellingDescription:
        return LabellingDescription("json", "0" * 64, "1" * 64, "", ("the page speech.md",))

    def plan_article(self, article: Article) -> Sequence[LabelRequest]:
        return plan(article)

    def label_article(self, article: Article) -> ArticleLabeller:
        return FirstWordLabeller(article, self.inventory)


def load_method(_options: object, inventory: Inventory, _annotator: str) -> FirstWordMethod:
    return FirstWordMethod(inventory)


if __name__ == "__main__":
    from annotate.cli import main, prelabel_model

    prelabel_model.load_method = load_method  # type: ignore[assignment]
    main()
