"""A model that knows gold: it answers each request with the gold labels, in the form that was asked for."""

import json
import random
import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any, Literal

from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Span
from annotate.models.chat import ChatAnswer, ChatRequest
from annotate.models.labeller import PromptedLabelling
from annotate.models.labelling import LabelledArticle, LabelRequest
from annotate.models.prompts import AnswerMode, ListedSpan, list_paragraphs, show_listed_span
from annotate.models.tagged_answers import RELATIONS, SPANS, escape_text, name_key
from annotate.offsets import sha256
from annotate.quotes import QuotedText

Order = Literal["text", "labels"]
_BLOCK = re.compile(r"\[begin ([a-z ]+) ([0-9a-f]{12})\]\n(.*?)\n\[end \1 \2\]", re.DOTALL)
_PARAGRAPH = re.compile(r"paragraph (\d+), which is last here")
_LINE = re.compile(r"(\d+)\. paragraph (\d+)")


class Oracle:
    """Answers with gold.

    Args:
        inventory: The inventory.
        mode: The form of its answers.
        order: Whether spans come in the order of the text, or label by label.
        seed: Shuffles the ids of the spans; None for ids in the order of the text.
    """

    def __init__(self, inventory: Inventory, mode: AnswerMode, order: Order = "text", seed: int | None = None) -> None:
        self.inventory, self.mode, self.order, self.seed = inventory, mode, order, seed
        self.gold: dict[str, tuple[Article, Annotation]] = {}
        self.requests = 0

    def learn(self, article: Article, gold: Annotation) -> None:
        self.gold[sha256(article.text)[:12]] = article, gold

    def answer(self, request: ChatRequest) -> ChatAnswer:
        """Return the whole answer to a request; any endpoint can serve it, since it reads the messages alone."""
        self.requests += 1
        content = request.messages[1].content
        blocks = {match[1]: (match[2], match[3]) for match in _BLOCK.finditer(content)}
        code, words = blocks["spans"] if "spans" in blocks else blocks["paragraph"]
        article, gold = self.gold[code]
        if "spans" in blocks:
            text = self.link(article, gold, words)
        else:
            [number] = _PARAGRAPH.findall(content)
            start, end = list_paragraphs(article.text)[int(number) - 1]
            words = unescape(words) if self.mode == "tags" else words
            first = article.text.index(words, start, end)
            text = self.label(article, gold, (first, first + len(words)))
        return ChatAnswer(text=text, finish_reason="stop", format="schema", model="oracle")

    def label(self, article: Article, gold: Annotation, scope: tuple[int, int]) -> str:
        spans = [span for span in gold.spans if scope[0] <= span.start and span.end <= scope[1]]
        spans.sort(key=lambda span: (span.start, -span.end))
        ids = self.choose_ids(spans)
        if self.order == "labels":
            spans.sort(key=lambda span: list(self.inventory.spans).index(span.label))
        relations = [
            {"label": each.label, "head": ids[each.head], "tail": ids[each.tail]}
            for each in gold.relations
            if each.head in ids and each.tail in ids and not self.inventory.relations[each.label].refers
        ]
        if self.seed is not None:
            random.Random(self.seed).shuffle(relations)  # noqa: S311
        if self.mode == "tags":
            return self.write_tags(article.text, spans, ids, relations, scope)
        items = [self.describe(article.text, span, ids, scope) for span in spans]
        return json.dumps({"spans": items, "relations": relations}, ensure_ascii=False)

    def choose_ids(self, spans: list[Span]) -> dict[str, str]:
        numbers = list(range(1, len(spans) + 1))
        if self.seed is not None:
            random.Random(self.seed).shuffle(numbers)  # noqa: S311
        return {span.id: f"s{number}" for span, number in zip(spans, numbers, strict=True)}

    def describe(self, text: str, span: Span, ids: Mapping[str, str], scope: tuple[int, int]) -> dict[str, Any]:
        return {
            "id": ids[span.id],
            "label": span.label,
            "quote": text[span.start : span.end],
            "occurrence": QuotedText(text).find_occurrence(span.start, span.end, scope),
            "attributes": {name: span.attributes.get(name) for name in self.inventory.attributes},
        }

    def write_tags(
        self,
        text: str,
        spans: list[Span],
        ids: Mapping[str, str],
        relations: list[dict[str, str]],
        scope: tuple[int, int],
    ) -> str:
        """Write the paragraph with tags; a span that crosses an earlier one goes into the second list."""
        nested: list[Span] = []
        crossing: list[Span] = []
        for span in sorted(spans, key=lambda span: (span.start, -span.end)):
            crosses = any((span.start < other.end and other.start < span.end < other.end) or
                          other.start < span.start < other.end < span.end for other in nested
                          if not (other.start <= span.start and span.end <= other.end))  # fmt: skip
            (crossing if crosses else nested).append(span)
        opened: dict[int, list[str]] = {}
        closed: dict[int, list[str]] = {}
        for span in nested:
            values = {name_key("id", self.inventory): ids[span.id], **span.attributes}
            opened.setdefault(span.start, []).append(f"<{span.label} {write_values(values)}>")
            closed.setdefault(span.end, []).insert(0, f"</{span.label}>")
        lines = [
            "".join(
                "".join(closed.get(offset, []))
                + "".join(opened.get(offset, []))
                + escape_text(text[offset : offset + 1])
                for offset in range(scope[0], scope[1])
            )
            + "".join(closed.get(scope[1], []))
        ]
        if crossing:
            lines.append(SPANS)
        for span in crossing:
            item = self.describe(text, span, ids, scope)
            own = {name_key(name, self.inventory): item[name] for name in ("id", "quote", "occurrence")}
            lines.append(f"<{span.label} {write_values({**own, **span.attributes})}/>")
        if relations:
            lines.append(RELATIONS)
        lines += [f'<{each["label"]} head="{each["head"]}" tail="{each["tail"]}"/>' for each in relations]
        return "\n".join(lines)

    def link(self, article: Article, gold: Annotation, listed: str) -> str:
        """Draw the relations of gold between spans that are listed."""
        numbers: dict[str, int] = {}
        paragraphs, quoted = list_paragraphs(article.text), QuotedText(article.text)
        for line in listed.split("\n"):
            match = _LINE.match(line)
            assert match, line
            number, paragraph = int(match[1]), int(match[2])
            scope = paragraphs[paragraph - 1]
            lines = {
                span.id: show_listed_span(
                    ListedSpan(
                        number,
                        paragraph,
                        span.label,
                        span.text,
                        quoted.find_occurrence(span.start, span.end, scope),
                    )
                )
                for span in gold.spans
                if scope[0] <= span.start and span.end <= scope[1] and span.id not in numbers
            }
            same = [id_ for id_, shown in lines.items() if line == shown or line.startswith(f"{shown} (in: ")]
            assert same, line
            numbers[max(same, key=lambda id_: len(lines[id_]))] = number
        links = [
            {"label": each.label, "head": numbers[each.head], "tail": numbers[each.tail]}
            for each in gold.relations
            if each.head in numbers
            and each.tail in numbers
            and (self.inventory.relations[each.label].refers or self.inventory.relations[each.label].joins_pieces)
        ]
        return json.dumps({"links": links})


def write_values(values: Mapping[str, object]) -> str:
    return " ".join(f'{name}="{escape_text(str(value)).replace(chr(34), "&quot;")}"' for name, value in values.items())


def label_article(
    labelling: PromptedLabelling, article: Article, answer: Callable[[LabelRequest], ChatAnswer], limit: int = 10_000
) -> LabelledArticle:
    """Label an article with answers from a function, the last request of each round first."""
    labeller = labelling.label_article(article)
    while requests := labeller.next_requests():
        for request in reversed(requests):
            limit -= 1
            assert limit, "the labeller asks without end"
            labeller.take(request, answer(request))
    return labeller.result()
