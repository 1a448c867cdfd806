"""The article of a task, and what becomes of a task: it is accepted whole, or quarantined with its findings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from annotate.convert import rules
from annotate.findings import Finding
from annotate.ingest import Details
from annotate.label_map import TaskFields
from annotate.model import Article, SourceRange, is_article_id
from annotate.offsets import sha256

_ADDRESS = re.compile(r"(?:https?|s3|gs|azure-blob)://\S+|/data/\S+")

_EPOCH, _NO_TIME = datetime(1970, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{1,18}")

Rank: TypeAlias = tuple[bool, datetime, int, str]
"""Whether an annotation is ground truth, its time, its id as a number, and its id; the highest represents its task."""


class AcceptedTask(NamedTuple):
    """A task that goes to the tables.

    Attributes:
        article: The article of the task.
        first: Index of its first annotation among the documents of its batch; there is one for each annotator.
        last: Index after its last annotation.
        chosen: Index of the annotation that represents the article: the ground truth, else the newest, else the one
            with the highest number. None if there are no annotations.
        findings: Findings; each is a warning or waived.
        is_unsubmitted: Whether there are labels, but only in skipped annotations and drafts.
    """

    article: Article
    first: int
    last: int
    chosen: int | None
    findings: tuple[Finding, ...]
    is_unsubmitted: bool = False


class QuarantinedTask(NamedTuple):
    """A task that was not accepted, with the id of its article, if it has a usable one, and the reasons."""

    article_id: str | None
    findings: tuple[Finding, ...]


def rank_annotation(is_ground_truth: bool, times: Iterable[object], annotation_id: object) -> Rank:
    """Return the rank of an annotation among those of its task.

    Args:
        is_ground_truth: Whether it is marked as ground truth.
        times: When it was made or changed, the best one first; the first that is a time counts.
        annotation_id: Its id.
    """
    time = next((time for time in map(parse_time, times) if time is not None), _NO_TIME)
    id_ = str(annotation_id)
    return is_ground_truth, time, int(id_) if _NUMBER.fullmatch(id_) else -1, id_


def parse_time(value: object) -> datetime | None:
    """Return a time in ISO 8601 or in seconds since 1970; None for anything else. Without a zone it is UTC."""
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value.strip())
            return time if time.tzinfo else time.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(seconds=value)
    except (ValueError, OverflowError):
        pass
    return None


def highest_rank(ranks: Sequence[Rank], first: int = 0) -> int | None:
    """Return the index of the highest rank, counted from `first`; None if there are no ranks."""
    return first + ranks.index(max(ranks)) if ranks else None


class ArticleReader(NamedTuple):
    """Reads articles from the data of tasks; `details` is the metadata of articles whose tasks give none."""

    fields: TaskFields
    details: Details

    def read_article(
        self, data: Mapping[str, Any], task_id: object, file: str, where: str
    ) -> Article | QuarantinedTask:
        """Read the article of a task; its text is taken as it is in the export.

        Args:
            data: The task's data.
            task_id: The id of the task, from which the article's id is made if the data has none.
            file: The name of the export.
            where: What findings call the task.
        """
        article_id = data.get(self.fields.article)
        if article_id is None and isinstance(task_id, int | str):
            article_id = f"task-{task_id}"
        if not isinstance(article_id, str) or not is_article_id(article_id):
            return QuarantinedTask(None, tuple(rules.id_missing(file, None, where, article_id)))
        text = data.get(self.fields.text)
        if not isinstance(text, str) or not text.strip() or _ADDRESS.fullmatch(text.strip()):
            return QuarantinedTask(
                article_id, tuple(rules.text_missing(file, article_id, where, self.fields.text, text))
            )
        title, language = data.get(self.fields.title), data.get(self.fields.language)
        details, digest = self.details, sha256(text)
        return Article(
            id=article_id,
            title=title if isinstance(title, str) else details.title,
            language=language if isinstance(language, str) else details.language,
            author=details.author,
            publisher=details.publisher,
            date=details.date,
            rights=details.rights,
            source=SourceRange(file=file, sha256=digest, start=0, end=len(text)),
            text_sha256=digest,
            text=text,
        )
