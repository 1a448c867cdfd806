"""Articles made for tests of models, and answers that a test writes by hand."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from annotate.model import Article, SourceRange
from annotate.models.chat import ChatAnswer, FinishReason
from annotate.offsets import sha256


def make_article(text: str, title: str | None = "A title") -> Article:
    return Article(
        id="a",
        title=title,
        language="en",
        author=None,
        publisher=None,
        date=None,
        rights="ours",
        source=SourceRange(file="a.txt", sha256=sha256(text), start=0, end=len(text)),
        text_sha256=sha256(text),
        text=text,
    )


def make_answer(text: str, finish_reason: FinishReason = "stop", **fields: Any) -> ChatAnswer:
    return ChatAnswer(text=text, finish_reason=finish_reason, format="schema", **fields)


def write_spans(
    spans: Iterable[tuple[str, str, str]],
    relations: Iterable[tuple[str, str, str]] = (),
    attributes: Mapping[str, Mapping[str, object]] | None = None,
) -> str:
    """Write an answer of spans (id, label, quote), relations (label, head, tail) and the attributes of some ids."""
    return json.dumps(
        {
            "spans": [
                {
                    "id": id_,
                    "label": label,
                    "quote": quote,
                    "occurrence": None,
                    "attributes": dict((attributes or {}).get(id_, {})),
                }
                for id_, label, quote in spans
            ],
            "relations": [{"label": label, "head": head, "tail": tail} for label, head, tail in relations],
        },
        ensure_ascii=False,
    )
