"""What becomes of a task: it is taken whole, with its article and labels, or set aside; and how its article is made."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from annotate.convert import rules
from annotate.corpus import is_id
from annotate.findings import Finding
from annotate.ingest import Details
from annotate.model import Article, SourceRange
from annotate.offsets import sha256

_ADDRESS = re.compile(r"(?:https?|s3|gs|azure-blob)://\S+|/data/\S+")

Rank: TypeAlias = tuple[bool, str, str]
"""How far an annotation stands for its task: ground truth before others, newer ones before older ones, by number."""


class Fields(NamedTuple):
    """The keys of a task's data that hold the article's text, id, title and language."""

    text: str = "text"
    article: str = "article"
    title: str = "title"
    language: str = "language"


class Taken(NamedTuple):
    """A task that is taken: its article, and findings that are warnings.

    `first` to `last` are the numbers of its documents, an annotator's labels each; `chosen` is that of the one which
    stands for the article: the one marked as ground truth, else the newest. There may be none.
    """

    article: Article
    first: int
    last: int
    chosen: int | None
    findings: tuple[Finding, ...]


class SetAside(NamedTuple):
    """A task that is not taken, and why."""

    article: str | None
    findings: tuple[Finding, ...]


def highest(ranks: Sequence[Rank], first: int = 0) -> int | None:
    """The number of the annotation that stands for its task, of those from `first` on; None where there is none."""
    return first + ranks.index(max(ranks)) if ranks else None


class Articles(NamedTuple):
    """Makes articles of what tasks hold; `details` are those of articles that say nothing else."""

    fields: Fields
    details: Details

    def of(self, data: Mapping[str, Any], number: object, file: str, where: str) -> Article | SetAside:
        """The article of a task's data, its text as it stands there."""
        id_ = data.get(self.fields.article)
        if id_ is None and isinstance(number, int | str):
            id_ = f"task-{number}"
        if not isinstance(id_, str) or not is_id(id_):
            return SetAside(None, tuple(rules.id_missing(file, None, where, id_)))
        text = data.get(self.fields.text)
        if not isinstance(text, str) or not text.strip() or _ADDRESS.fullmatch(text.strip()):
            return SetAside(id_, tuple(rules.text_missing(file, id_, where, self.fields.text, text)))
        title, language = data.get(self.fields.title), data.get(self.fields.language)
        known, digest = self.details, sha256(text)
        return Article(
            id=id_,
            title=title if isinstance(title, str) else known.title,
            language=language if isinstance(language, str) else known.language,
            author=known.author,
            publisher=known.publisher,
            date=known.date,
            rights=known.rights,
            source=SourceRange(file=file, sha256=digest, start=0, end=len(text)),
            text_sha256=digest,
            text=text,
        )
