"""The data of a task made elsewhere → a source file and its article, as `annotate add` would make them."""

import re
from collections.abc import Mapping
from typing import Any

from annotate.ingest import ArticleRejected, Cut, Details, Intake, cut_articles
from annotate.label_map import TaskFields
from annotate.labelstudio.results import Item, article_id_of
from annotate.util.escape import quote

BOUNDARIES = "One task, one article."
_SHOWN_KEYS = 8
_ADDRESS = re.compile(r"(?:https?|s3|gs|azure-blob)://\S+|/data/\S+")


def read_text(data: Mapping[str, Any], fields: TaskFields) -> str | None:
    """Return the text of a task; None if its data have none, or an address in place of it."""
    text = data.get(fields.text)
    is_text = isinstance(text, str) and text.strip() and not _ADDRESS.fullmatch(text.strip())
    return str(text) if is_text else None


def make_intake(task: Item, fields: TaskFields, details: Details) -> Intake:
    """Make the source file and the article of a task.

    Args:
        task: The raw task.
        fields: The keys of its data.
        details: Metadata of the article; those of the data take precedence.

    Raises:
        ArticleRejected: If the task has no usable id or text, or the article would not pass `annotate check`.
    """
    article_id = article_id_of(task, fields)
    if article_id is None:
        raise ArticleRejected("has no id that can be a file name")
    text = read_text(task["data"], fields)
    if text is None:
        hint = "put the text there, or name its key with `fields` in the map"
        raise ArticleRejected(f"has no text in data.{fields.text} (keys: {quote_keys(task['data'])}); {hint}")
    return cut_articles(
        f"{article_id}.txt",
        text.encode(),
        [Cut(article_id, 0, len(text))],
        details._replace(**read_metadata(task["data"], fields)),
        BOUNDARIES,
    )


def quote_keys(data: Mapping[str, Any]) -> str:
    """Return the first keys of a task's data, quoted, for a message."""
    return ", ".join(map(quote, [*data][:_SHOWN_KEYS])) or "none"


def read_metadata(data: Mapping[str, Any], fields: TaskFields) -> dict[str, Any]:
    """Return the title, on one line, and the language of a text, as far as the data of its task have them."""
    values = {"title": fields.find(data, "title"), "language": fields.find(data, "language")}
    return {name: " ".join(value.split()) for name, value in values.items() if isinstance(value, str) and value.strip()}
