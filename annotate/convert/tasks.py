"""The article of a task, and what becomes of a task: it is accepted whole, or quarantined with its findings."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from annotate.convert import rules
from annotate.findings import Finding
from annotate.ingest import Details
from annotate.label_map import TaskFields
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.task_articles import quote_keys, read_metadata, read_text
from annotate.model import Article, SourceRange
from annotate.offsets import sha256


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
        left_out: The number of items that the map leaves out, by the name that it gives them, and of predictions.
    """

    article: Article
    first: int
    last: int
    chosen: int | None
    findings: tuple[Finding, ...]
    is_unsubmitted: bool = False
    left_out: Mapping[str, int] = {}


class QuarantinedTask(NamedTuple):
    """A task that was not accepted, with the id of its article, if it has a usable one, and the reasons."""

    article_id: str | None
    findings: tuple[Finding, ...]


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
        article_id = article_id_of({"data": data, "id": task_id}, self.fields)
        if article_id is None:
            named = self.fields.find(data, "article")
            return QuarantinedTask(None, tuple(rules.id_missing(file, None, where, named)))
        text = read_text(data, self.fields)
        if text is None:
            value = data.get(self.fields.text)
            finding = rules.text_missing(file, article_id, where, self.fields.text, value, quote_keys(data))
            return QuarantinedTask(article_id, tuple(finding))
        details, digest = self.details._replace(**read_metadata(data, self.fields)), sha256(text)
        return Article(
            id=article_id,
            title=details.title,
            language=details.language,
            author=details.author,
            publisher=details.publisher,
            date=details.date,
            rights=details.rights,
            source=SourceRange(file=file, sha256=digest, start=0, end=len(text)),
            text_sha256=digest,
            text=text,
        )
