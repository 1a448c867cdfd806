"""Which labels are copies: labels that began with those of someone else do not agree with them independently.

A pass is `corrected` if its annotator began with labels that existed. Its sources are what it was made from, and what
that was made from in turn. Two passes are independent unless one of them is corrected and they have a source in common,
where each pass is a source of itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from annotate.bare_gold import LabelOrigin, describe_origin, find_origin
from annotate.corpus import Corpus
from annotate.errors import Refused
from annotate.model import GOLD, Annotation
from annotate.util.nouns import count_noun

INCLUDE = "--include-corrected"
"""The option of the commands that count copies as independent."""
_UNKNOWN = ""
"""The source of labels whose source is not known. It may be any."""
_MOST_ARTICLES = 5
"""Articles that a message names."""


class DependentPass(msgspec.Struct, frozen=True):
    """A corrected pass that is not independent of others.

    Attributes:
        article: The article.
        annotator: Who corrected.
        made_from: What the annotator began with; empty if that is not known.
        others: The annotators of whose labels it is not independent.
    """

    article: str
    annotator: str
    made_from: tuple[str, ...]
    others: tuple[str, ...]


def find_dependent(corpus: Corpus, article_id: str, annotations: Mapping[str, Annotation]) -> list[DependentPass]:
    """Return the corrected passes of an article that are not independent of the others.

    Args:
        corpus: The corpus, which has the labels that they were made from.
        article_id: The article.
        annotations: Its annotations by annotation set.
    """
    origins = {name: describe_origin(annotation) for name, annotation in annotations.items()}
    copies = {name for name, origin in origins.items() if origin.was_shown_labels}
    if not copies:
        return []
    known: dict[str, LabelOrigin | None] = {**origins}
    sources = {name: trace_sources(corpus, article_id, name, known) for name in annotations}
    passes = []
    for name, annotation in annotations.items():
        if name in copies:
            others = tuple(other for other in annotations if other != name and _share(sources[name], sources[other]))
            if others:
                passes.append(DependentPass(article_id, name, annotation.made_from, others))
    return passes


def find_shared_pairs(
    corpus: Corpus, article_id: str, annotations: Mapping[str, Annotation]
) -> Iterator[frozenset[str]]:
    """Yield the pairs of annotation sets of which one was made from the other, or both from the same labels.

    Other than `find_dependent`, this counts gold and the labels that it was made from.

    Args:
        corpus: The corpus, which has the labels that they were made from.
        article_id: The article.
        annotations: Its annotations by annotation set.
    """
    origins = {name: describe_origin(annotation) for name, annotation in annotations.items()}
    if not any(origin.made_from or origin.was_shown_labels for origin in origins.values()):
        return
    known: dict[str, LabelOrigin | None] = {**origins}
    sources = {name: trace_sources(corpus, article_id, name, known) for name in annotations}
    for first, second in combinations(annotations, 2):
        if _share(sources[first], sources[second]):
            yield frozenset({first, second})


def find_sources(corpus: Corpus, annotation: Annotation) -> list[str] | None:
    """Return the annotation sets that a corrected pass began with, directly or not; None if the first is not known.

    Args:
        corpus: The corpus, which has the labels that they were made from.
        annotation: The pass. One that is not corrected began with nothing.
    """
    origin = describe_origin(annotation)
    if not origin.was_shown_labels:
        return []
    if not origin.made_from:
        return None
    sources = trace_sources(corpus, annotation.article, annotation.annotator, {annotation.annotator: origin})
    return sorted(sources - {annotation.annotator, _UNKNOWN})


def describe_sources(made_from: Sequence[str] | None) -> str:
    """Return whose labels a pass began with, in words; that this is unknown, if `made_from` is empty."""
    return f"those of {', '.join(made_from)}" if made_from else "labels whose maker is not known"


def _share(left: set[str], right: set[str]) -> bool:
    return not left.isdisjoint(right) or _UNKNOWN in left or _UNKNOWN in right


def trace_sources(corpus: Corpus | None, article_id: str, name: str, known: dict[str, LabelOrigin | None]) -> set[str]:
    """Return an annotation set and all that its labels were made from, directly or not.

    Args:
        corpus: The corpus that has their labels; None if only `known` has.
        article_id: The article.
        name: The annotation set.
        known: How annotations of the article came about, by annotation set. What is read is added; None for what is
            absent.

    Returns:
        The annotation sets; an empty name among them if labels were shown whose maker is not known.
    """
    sources, pending = set[str](), [name]
    while pending:
        source = pending.pop()
        if source in sources:
            continue
        sources.add(source)
        if source not in known:
            known[source] = find_origin(corpus, article_id, source) if corpus else None
        origin = known[source]
        if origin is not None:
            pending += origin.made_from
            if origin.was_shown_labels and not origin.made_from:
                sources.add(_UNKNOWN)
    return sources


def list_independent(corpus: Corpus) -> dict[str, list[str]]:
    """Return who labelled each article independently of all others who labelled it.

    Args:
        corpus: The corpus, whose annotators.yaml lists those who count.

    Returns:
        Article id → annotators in the order of their ids, for each article that one of them labelled.

    Raises:
        CannotRun: An annotation cannot be read.
    """
    annotations: dict[str, dict[str, Annotation]] = {}
    for name in sorted(set(corpus.read_annotators()) - {GOLD}):
        for article_id in corpus.annotated_ids(name):
            annotations.setdefault(article_id, {})[name] = corpus.read_annotation(name, article_id)
    independent: dict[str, list[str]] = {}
    for article_id, by_annotator in sorted(annotations.items()):
        copies = {each.annotator for each in find_dependent(corpus, article_id, by_annotator)}
        independent[article_id] = [name for name in by_annotator if name not in copies]
    return independent


def describe_dependent(passes: Iterable[DependentPass]) -> list[str]:
    """Return a sentence for each annotator and what the labels began with."""
    articles: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in passes:
        articles.setdefault((each.annotator, each.made_from), []).append(each.article)
    return [
        f"the labels of {annotator} in {count_noun(len(ids), 'article')} ({_list_articles(ids)}) began with "
        f"{describe_sources(made_from)}"
        for (annotator, made_from), ids in articles.items()
    ]


def _list_articles(article_ids: Sequence[str]) -> str:
    more = len(article_ids) - _MOST_ARTICLES
    return ", ".join(article_ids[:_MOST_ARTICLES]) + (f" and {more:,} more" if more > 0 else "")


def require_independent(corpus: Corpus, annotators: Sequence[str], article_ids: Iterable[str]) -> None:
    """Check that the labels of annotators are independent, so that what they agree on is confirmed by both.

    Args:
        corpus: The corpus.
        annotators: The annotators, who have labelled all of the articles.
        article_ids: The articles.

    Raises:
        Refused: Labels of one of them began with those of another, or with the same.
    """
    passes = [
        each
        for article_id in article_ids
        for each in find_dependent(
            corpus, article_id, {name: corpus.read_annotation(name, article_id) for name in annotators}
        )
    ]
    if passes:
        first, *rest = describe_dependent(passes)
        more = f", and {len(rest)} more like this" if rest else ""
        hint = f"name annotators who began with the bare text, or add {INCLUDE}"
        raise Refused(",".join(annotators), f"are not independent: {first}{more}", hint)
