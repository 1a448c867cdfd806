"""Compare a server with the corpus: texts by hash and by characters, labels one by one."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.label_map import LabelMap
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.predictions import Predictions
from annotate.labelstudio.results import MappedResult, Mapper, annotator_of, article_id_of
from annotate.labelstudio.tasks import Prediction
from annotate.model import Annotation, Article, Span
from annotate.offsets import sha256

Key = TypeVar("Key", str, tuple[str, str, str])


@dataclass
class ServerComparison:
    """How many items of each kind are equal and different, and the differences in words.

    `characters` counts the characters of the equal texts. `expected_spans` counts the spans of the labels that the
    server should have, `compared_spans` those of the labels that it has. `missing` names the labels that it lacks.
    """

    equal: Counter[str] = field(default_factory=Counter)
    different: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    differences: list[str] = field(default_factory=list)
    expected_spans: int = 0
    compared_spans: int = 0
    missing: list[str] = field(default_factory=list)

    def add_difference(self, kind: str, message: str) -> None:
        """Count a difference."""
        self.different[kind] += 1
        self.differences.append(message)

    def merge(self, other: "ServerComparison") -> None:
        """Add the counts and differences of another comparison."""
        self.equal.update(other.equal)
        self.different.update(other.different)
        self.characters += other.characters
        self.differences += other.differences
        self.expected_spans += other.expected_spans
        self.compared_spans += other.compared_spans
        self.missing += other.missing


def compare_with_server(
    corpus: Corpus,
    inventory: Inventory,
    article_ids: Sequence[str],
    predictions: Predictions,
    tasks: Iterable[JsonObject],
    annotators: Mapping[int, str],
    label_map: LabelMap | None = None,
    *,
    is_partial: bool = False,
    requires_predictions: bool = True,
) -> ServerComparison:
    """Compare raw tasks with the corpus: texts, the predictions that were pushed, and what annotators submitted.

    One task at a time is in memory. The labels of an article with several tasks are not compared.

    Args:
        corpus: The corpus.
        inventory: The inventory that labels must be in.
        article_ids: The articles that the server should have.
        predictions: The predictions that the server should have.
        tasks: The tasks of the server.
        annotators: The annotator of each user id of the server.
        label_map: What the names of a project made elsewhere mean.
        is_partial: Whether the tasks may be of some of the articles only, as in a project of one annotator.
        requires_predictions: Whether a prediction that the server lacks is a difference. Articles may have been pushed
            without.
    """
    mapper = Mapper(inventory, label_map=label_map)
    expected = set(article_ids)
    comparisons: dict[str, ServerComparison] = {}
    task_counts: Counter[str] = Counter()
    for task in tasks:
        article_id = article_id_of(task, mapper.fields) or ""
        task_counts[article_id] += 1
        if article_id in expected and task_counts[article_id] == 1:
            article, comparison = corpus.read_article(article_id), ServerComparison()
            comparisons[article_id] = comparison
            if _compare_text(article, mapper.find_text(task, article.text), comparison):
                results = list(mapper.map_task(task, article.text, annotators))
                _compare_predictions(article_id, predictions.get(article_id, ()), results, comparison)
                _compare_annotations(corpus, article_id, results, annotators, comparison)
    total = ServerComparison()
    for article_id in sorted(task_counts.keys() - expected):
        named = article_id or "none named"
        total.add_difference("articles", f"the server has a task of no article of the corpus ({named})")
    for article_id in article_ids:
        count = task_counts[article_id]
        if count == 1:
            total.merge(comparisons.pop(article_id))
        elif count or not is_partial:
            total.add_difference("articles", f"{article_id}: the server has {count or 'no'} task{'s' * bool(count)}")
    if requires_predictions:
        for message in total.missing:
            total.add_difference("annotations", message)
    return total


def _compare_text(article: Article, text: str | None, comparison: ServerComparison) -> bool:
    if text is None or sha256(article.text) != article.text_sha256:
        comparison.add_difference("articles", f"{article.id}: the text differs")
        return False
    comparison.equal["articles"] += 1
    comparison.characters += len(article.text)
    return True


def _compare_predictions(
    article_id: str, expected: Sequence[Prediction], results: Sequence[MappedResult], comparison: ServerComparison
) -> None:
    for prediction in expected:
        candidates = [
            result.annotation
            for result in results
            if result.kind == "prediction" and result.model_version == prediction.name
        ]
        where = f"{article_id}, prediction {prediction.name}"
        here = prediction.annotation
        comparison.expected_spans += len(here.spans)
        if not candidates:
            comparison.missing.append(f"{where}: the server has none")
        elif len(candidates) > 1 or candidates[0] is None:
            comparison.add_difference("annotations", f"{where}: the server has {len(candidates)}")
        else:
            comparison.compared_spans += len(here.spans)
            _compare_labels(where, here, candidates[0], comparison, with_notes=True)


def _compare_annotations(
    corpus: Corpus,
    article_id: str,
    results: Sequence[MappedResult],
    annotators: Mapping[int, str],
    comparison: ServerComparison,
) -> None:
    for result in results:
        if result.kind == "annotation" and result.annotation is not None:
            annotator = annotator_of(result.user_id, annotators)
            where = f"{article_id}, annotation by {annotator}"
            if not corpus.annotation_path(annotator, article_id).is_file():
                comparison.add_difference("annotations", f"{where}: not pulled yet")
            else:
                here = corpus.read_annotation(annotator, article_id)
                _compare_labels(where, here, result.annotation, comparison, with_notes=False)
        for finding in result.findings:
            if finding.severity == "error":
                comparison.add_difference("items", f"{article_id}: {finding.code} {finding.message}")


def _compare_labels(
    where: str, here: Annotation, there: Annotation, comparison: ServerComparison, *, with_notes: bool
) -> None:
    """Compare spans by id and relations by their ends; the browser drops the notes of relations."""

    def spans(annotation: Annotation) -> dict[str, Span]:
        return {span.id: span for span in annotation.spans}

    def relations(annotation: Annotation) -> dict[tuple[str, str, str], str]:
        return {
            (relation.label, relation.head, relation.tail): relation.note if with_notes else ""
            for relation in annotation.relations
        }

    _count("spans", where, spans(here), spans(there), comparison)
    _count("relations", where, relations(here), relations(there), comparison)


def _count(
    kind: str, where: str, here: Mapping[Key, object], there: Mapping[Key, object], comparison: ServerComparison
) -> None:
    for key, message in _differences(here, there):
        shown = f"{key[0]} {key[1]} → {key[2]}" if isinstance(key, tuple) else key
        comparison.add_difference(kind, f"{where}: {kind[:-1]} {shown} {message}")
    comparison.equal[kind] += sum(1 for key, value in here.items() if key in there and there[key] == value)


def _differences(here: Mapping[Key, object], there: Mapping[Key, object]) -> Iterator[tuple[Key, str]]:
    for key, value in here.items():
        if key not in there:
            yield key, "is not on the server"
        elif there[key] != value:
            yield key, "differs"
    yield from ((key, "is on the server only") for key in there if key not in here)
