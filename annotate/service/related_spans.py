"""Propose what belongs to a marked span: the spans at the other ends of its relations, and the relations."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Literal

import msgspec

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Relation, Span
from annotate.service.proposals import DrawnSpans, propose
from annotate.service.suggestions import MarkedRegions, Suggester
from annotate.service.trained_models import ArticleModels
from annotate.tagger.related import RelatedSpanFinder, Role, train_roles
from annotate.tagger.tagger import ANNOTATOR, TrainingSet

MOST_KEPT = 50
"""Articles whose suggested labels are kept."""


class TrainedAssistant:
    """Proposes what belongs to a marked span, as labelled articles teach it.

    A span that is on the screen already is not proposed again, but its relation is. Nothing is proposed where the
    marked span has the relation already. What belongs to a proposed span by another relation is proposed as well: the
    words that are said bring the verb, and through it the speaker.

    Args:
        corpus: The corpus, which has the texts and the labels of the beginning.
        inventory: The inventory.

    Raises:
        CannotRun: The library that trains is not installed.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self._inventory = inventory
        self._finders = ArticleModels(corpus, self._train)

    @property
    def annotator(self) -> str:
        """The id of the tagger."""
        return ANNOTATOR

    def _train(self, training: TrainingSet) -> RelatedSpanFinder:
        return RelatedSpanFinder(training, train_roles(training, self._inventory))

    def learn(self, annotations: Sequence[Annotation]) -> None:
        """Learn from annotations that were submitted or changed."""
        self._finders.learn(annotations)

    def assist(self, article: Article, regions: MarkedRegions) -> Annotation:
        """Return the spans and relations that belong to the marked span."""
        finder = self._finders.find(article.id)
        marked = next((span for span in regions.drawn.spans if span.id == regions.marked), None)
        if finder is None or marked is None:
            return propose(self.annotator, article, self._inventory)
        proposals = _Proposals(self.annotator, article, self._inventory, regions.drawn)
        text = article.text

        def propose_related(near: Span, known: str = "") -> Iterator[tuple[str, Span]]:
            for role, start, end, attributes in finder.find(text, near):
                words = text[start:end]
                span = Span(id="", label=role.label, start=start, end=end, text=words, attributes=attributes)
                if role.relation != known and (new := proposals.add(near, role, span)) is not None:
                    yield role.relation, new

        for relation, new in list(propose_related(marked)):
            list(propose_related(new, relation))
        return proposals.collect()


class SuggestedAssistant:
    """Proposes what belongs to a marked span by the labels that a suggester gives the article.

    The suggested span with the same label that overlaps the marked one most tells what belongs to it, and what belongs
    to that by another relation.

    Args:
        suggester: Labels articles.
        inventory: The inventory.
    """

    def __init__(self, suggester: Suggester, inventory: Inventory) -> None:
        self._suggester, self._inventory, self._guard = suggester, inventory, Lock()
        self._suggested = OrderedDict[tuple[str, str, str], Annotation | None]()

    @property
    def annotator(self) -> str:
        """The id of whoever labels articles."""
        return self._suggester.annotator

    def assist(self, article: Article, regions: MarkedRegions) -> Annotation:
        """Return the spans and relations that belong to the marked span.

        Raises:
            CannotRun: The article cannot be labelled now.
        """
        marked = next((span for span in regions.drawn.spans if span.id == regions.marked), None)
        suggested = self._suggest(article)
        twin = marked and suggested and _find_twin(suggested, marked)
        if marked is None or suggested is None or not twin:
            return propose(self.annotator, article, self._inventory)
        proposals = _Proposals(self.annotator, article, self._inventory, regions.drawn)
        for relation, span, new in list(_propose_linked(proposals, suggested, twin, marked)):
            list(_propose_linked(proposals, suggested, span, new, relation))
        return proposals.collect()

    def _suggest(self, article: Article) -> Annotation | None:
        """Return the labels of an article, which is marked many times, from memory if it was labelled before."""
        key = self._suggester.version(), article.id, article.text_sha256
        with self._guard:
            if key in self._suggested:
                return self._suggested[key]
        suggested = self._suggester.suggest(article)
        with self._guard:
            self._suggested[key] = suggested
            while len(self._suggested) > MOST_KEPT:
                self._suggested.popitem(last=False)
        return suggested


class _Proposals:
    """Collects spans and relations, without what the screen has."""

    def __init__(self, annotator: str, article: Article, inventory: Inventory, drawn: Annotation) -> None:
        self._annotator, self._article, self._inventory = annotator, article, inventory
        self._drawn_ids = {(span.label, span.start, span.end): span.id for span in drawn.spans}
        self._drawn = DrawnSpans(article.text, drawn.spans)
        self._filled = {(relation.label, "tail", relation.head) for relation in drawn.relations}
        self._filled |= {(relation.label, "head", relation.tail) for relation in drawn.relations}
        self._spans = dict[tuple[str, int, int], Span]()
        self._relations = dict[Relation, None]()

    def add(self, near: Span, role: Role, span: Span) -> Span | None:
        """Add a span that is related to another one, and the relation.

        Args:
            near: A span on the screen, or one that was added.
            role: The relation, and which end of it the span is.
            span: The span; its id does not count.

        Returns:
            The span with its id; None if nothing was added, or if the span is not new.
        """
        label = self._inventory.relations.get(role.relation)
        ends = (near.label, span.label) if role.end == "tail" else (span.label, near.label)
        is_filled = (role.relation, role.end, near.id) in self._filled
        if label is None or label.joins_pieces or not label.allows(*ends) or is_filled:
            return None
        key = (span.label, span.start, span.end)
        id_ = self._drawn_ids.get(key) or (self._spans[key].id if key in self._spans else None)
        new = None
        if id_ is None:
            if self._drawn.has_label_at(*key) or self._drawn.would_cross(span.start, span.end):
                return None
            id_ = f"p{len(self._spans) + 1}"
            new = self._spans[key] = msgspec.structs.replace(span, id=id_, note="")
        head, tail = (near.id, id_) if role.end == "tail" else (id_, near.id)
        self._relations[Relation(label=role.relation, head=head, tail=tail)] = None
        return new

    def collect(self) -> Annotation:
        """Return all that was added."""
        return propose(self._annotator, self._article, self._inventory, self._spans.values(), self._relations)


def _propose_linked(
    proposals: _Proposals, suggested: Annotation, twin: Span, near: Span, known: str = ""
) -> Iterator[tuple[str, Span, Span]]:
    """Add what suggested relations link to a span.

    Args:
        proposals: Where to add it.
        suggested: The suggested labels.
        twin: The suggested span.
        near: The span in its place.
        known: The relation that is not followed.

    Yields:
        The relation, the suggested span at its other end, and the one that was added for it.
    """
    spans = {span.id: span for span in suggested.spans}
    for relation in suggested.relations:
        end: Literal["head", "tail"] = "tail" if relation.head == twin.id else "head"
        other = spans.get(relation.tail if end == "tail" else relation.head)
        if twin.id not in (relation.head, relation.tail) or other is None or relation.label == known:
            continue
        new = proposals.add(near, Role(near.label, relation.label, end, other.label), other)
        if new is not None:
            yield relation.label, other, new


def _find_twin(suggested: Annotation, marked: Span) -> Span | None:
    """Return the suggested span with the label of the marked one that shares most code points with it."""
    shared = [
        (min(span.end, marked.end) - max(span.start, marked.start), -(span.end - span.start), span.id, span)
        for span in suggested.spans
        if span.label == marked.label and span.start < marked.end and marked.start < span.end
    ]
    return max(shared)[-1] if shared else None
