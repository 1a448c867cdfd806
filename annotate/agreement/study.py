"""What is compared: the articles that two or more annotators have labelled, with their annotations side by side."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property, partial
from itertools import combinations
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from annotate.agreement.bootstrap import MIN_ARTICLES
from annotate.agreement.independence import (
    INCLUDE,
    DependentPass,
    describe_dependent,
    find_dependent,
    find_shared_pairs,
)
from annotate.agreement.matched_counts import LabelMatches, count_matched
from annotate.agreement.matching import Matching, Pair, list_mentions, match_by_overlap, match_exactly
from annotate.agreement.positions import Positions, Units, find_paragraphs, find_positions
from annotate.agreement.tally import ParagraphKey
from annotate.annotation_files import require_known_names
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.records import Graph, Mention, text_order
from annotate.versions import is_older

BATCH = 50
"""Articles of a study of a corpus that are in memory at once, in each process."""

Kind: TypeAlias = Literal["person", "model", "gold", "unknown"]
"""What an annotator is, as annotators.yaml says; `unknown` if it does not."""


class MentionRelation(NamedTuple):
    """A relation between two mentions of one annotation."""

    head: Mention
    tail: Mention


class ComparedAnnotation:
    """One annotator's annotation of one article, in the shapes that measures need.

    Attributes:
        annotator: The annotator.
        graph: The graph of the annotation.
        mentions: Its mentions, in the order of the text.
        version: The version of the inventory that its labels were looked at with.
    """

    def __init__(self, annotator: str, annotation: Annotation, inventory: Inventory) -> None:
        self.annotator = annotator
        self.graph = Graph(annotation, inventory)
        self.mentions = list_mentions(self.graph, inventory)
        self.version = annotation.inventory

    def was_asked(self, since: str | None) -> bool:
        """Return whether the annotator was asked for what a version of the inventory added; None is the first one.

        An older annotation has nothing of it, or a default that a migration set.
        """
        return not is_older(self.version, since)

    @cached_property
    def relations(self) -> dict[str, list[MentionRelation]]:
        """The relations that the inventory allows, by label: in the order of their heads, then of their tails."""
        order = {mention.id: index for index, mention in enumerate(self.mentions)}
        by_label: defaultdict[str, list[MentionRelation]] = defaultdict(list)
        for relation, head, tail in self.graph.related:
            by_label[relation.label].append(MentionRelation(head, tail))
        for relations in by_label.values():
            relations.sort(key=lambda each: (order[each.head.id], text_order(each.tail)))
        return dict(by_label)


class AnnotationPair:
    """Two annotations of one article and the matchings of their mentions."""

    def __init__(self, article: "ComparedArticle", first: ComparedAnnotation, second: ComparedAnnotation) -> None:
        self.article, self.first, self.second = article, first, second

    def were_asked(self, since: str | None) -> bool:
        """Return whether both annotators were asked for what a version of the inventory added."""
        return self.first.was_asked(since) and self.second.was_asked(since)

    @cached_property
    def exact(self) -> Matching:
        """The matching by equal label and equal pieces."""
        return match_exactly(self.first.mentions, self.second.mentions)

    @cached_property
    def overlap(self) -> Matching:
        """The matching by equal label and overlap."""
        return match_by_overlap(self.first.mentions, self.second.mentions)

    @cached_property
    def exact_counts(self) -> dict[str, LabelMatches]:
        """The counts of `exact` by label."""
        return count_matched(self.exact, self.article.find_key_at)

    @cached_property
    def overlap_counts(self) -> dict[str, LabelMatches]:
        """The counts of `overlap` by label."""
        return count_matched(self.overlap, self.article.find_key_at)

    @cached_property
    def placed_pairs(self) -> list[tuple[ParagraphKey, Pair]]:
        """The pairs of `overlap` with the key of what begins where the first of the two spans does."""
        find = self.article.find_key_at
        return [(find(min(left.start, right.start)), (left, right)) for left, right in self.overlap.pairs]

    @cached_property
    def _placed_by_label(self) -> dict[str, list[tuple[ParagraphKey, Pair]]]:
        by_label: defaultdict[str, list[tuple[ParagraphKey, Pair]]] = defaultdict(list)
        for placed in self.placed_pairs:
            by_label[placed[1][0].label].append(placed)
        return dict(by_label)

    def select_placed(self, labels: Collection[str]) -> Sequence[tuple[ParagraphKey, Pair]]:
        """Return the `placed_pairs` with one of the labels, in the order of the text."""
        if len(labels) == 1:
            return self._placed_by_label.get(next(iter(labels)), ())
        return [placed for placed in self.placed_pairs if placed[1][0].label in labels]

    @cached_property
    def partners(self) -> tuple[dict[str, str], dict[str, str]]:
        """Id of each mention of the first annotation → that of its pair in `overlap`, and the reverse."""
        pairs = self.overlap.pairs
        return {left.id: right.id for left, right in pairs}, {right.id: left.id for left, right in pairs}


class ComparedArticle:
    """An article with two or more annotations.

    Attributes:
        index: Its index among the articles that were read for the study: the order of the articles.
        id: The article id.
        text: Its text.
        annotations: Its annotations, in the order of the study's annotators.
        positions: The positions of its text.
        paragraphs: The keys of its paragraphs.
        comparisons: Each pair of its annotations.
        is_one_unit: Whether whole numbers are counted by article, and not by paragraph.
    """

    def __init__(
        self,
        index: int,
        id_: str,
        text: str,
        annotations: Sequence[ComparedAnnotation],
        units: Units,
        is_one_unit: bool = False,
    ) -> None:
        self.index, self.id, self.text, self.annotations = index, id_, text, annotations
        self.is_one_unit = is_one_unit
        self.positions: Positions = find_positions(text, units)
        self._paragraphs = find_paragraphs(text)
        self.paragraphs: list[ParagraphKey] = [(index, paragraph) for paragraph in range(len(self._paragraphs))]
        self.comparisons = [AnnotationPair(self, *pair) for pair in combinations(annotations, 2)]

    def find_paragraph_at(self, offset: int) -> ParagraphKey:
        """Return the paragraph at an offset, in code points."""
        return self.paragraphs[bisect_right(self._paragraphs, offset) - 1]

    def find_key_at(self, offset: int) -> ParagraphKey:
        """Return the key of whole numbers of what begins at an offset, in code points.

        It is that of the paragraph. Where whole numbers are counted by article, it is that of the first paragraph, as
        in `Tally.fold`; fractions are never counted so, since their sums depend on the order.
        """
        return self.paragraphs[0] if self.is_one_unit else self.find_paragraph_at(offset)


class Study(NamedTuple):
    """What is compared with what.

    Attributes:
        inventory: The inventory.
        annotators: The annotators, in the order in which they are shown and paired.
        units: What alpha and kappa count.
        articles: The articles that two or more of the annotators have labelled.
        alone: The ids of the articles that only one of them has labelled.
        dependent: The passes that are left out because they are not independent of the others.
        kinds: Annotator → what the annotator is; empty if nothing says it.
        shared: An article id and two annotators, for each pair of which one was made from the labels of the other, or
            both from the same labels.
    """

    inventory: Inventory
    annotators: tuple[str, ...]
    units: Units
    articles: list[ComparedArticle]
    alone: list[str]
    dependent: Sequence[DependentPass] = ()
    kinds: Mapping[str, Kind] = MappingProxyType({})
    shared: Collection[tuple[str, frozenset[str]]] = ()

    def comparisons(self, since: str | None = None) -> Iterator[AnnotationPair]:
        """Yield each pair of annotations of each article that were both asked for what a version added."""
        comparisons = (comparison for article in self.articles for comparison in article.comparisons)
        return (comparison for comparison in comparisons if comparison.were_asked(since))

    def asked_labels(self, labels: Collection[str], annotations: Iterable[ComparedAnnotation]) -> frozenset[str]:
        """Return those of the labels that all of the annotators were asked for."""
        spans, asked = self.inventory.spans, list(annotations)
        return frozenset(label for label in labels if all(each.was_asked(spans[label].since) for each in asked))


def make_study(
    inventory: Inventory,
    entries: Sequence[tuple[str, str, dict[str, Annotation]]],
    units: Units = "tokens",
    annotators: Sequence[str] = (),
    first_index: int = 0,
    *,
    is_batch: bool = False,
) -> Study:
    """Make a study of annotations.

    Args:
        inventory: The inventory.
        entries: An article id, its text, and its annotations by annotator.
        units: What alpha and kappa count.
        annotators: The annotators, in the order in which they are shown and paired; those who are missing follow in
            the order of their appearance.
        first_index: The index of the first article, if there are earlier ones.
        is_batch: Whether its counts will be folded; see `merging.shrink_batch`.
    """
    compared = sum(len(annotations) > 1 for _, _, annotations in entries)
    is_one_unit = is_batch and compared >= MIN_ARTICLES
    annotators = tuple(dict.fromkeys([*annotators, *(name for _, _, annotations in entries for name in annotations)]))
    articles = [
        ComparedArticle(
            index,
            article_id,
            text,
            [ComparedAnnotation(name, annotations[name], inventory) for name in annotators if name in annotations],
            units,
            is_one_unit,
        )
        for index, (article_id, text, annotations) in enumerate(entries, first_index)
        if len(annotations) > 1
    ]
    alone = [article_id for article_id, _, annotations in entries if len(annotations) == 1]
    return Study(inventory, annotators, units, articles, alone)


class ArticleToRead(NamedTuple):
    """An article of a corpus with those who labelled it.

    Attributes:
        id: The article id.
        annotators: The annotators in the corpus.
        models: The labels of models that the corpus does not have, by annotator.
    """

    id: str
    annotators: tuple[str, ...]
    models: dict[str, Annotation]


class ArticleBatch(NamedTuple):
    """Articles that are in memory at the same time, and the index of the first."""

    first_index: int
    articles: list[ArticleToRead]


class StudyReader(NamedTuple):
    """Reads articles of a corpus as studies; can be sent to another process.

    Attributes:
        corpus: The corpus.
        inventory: The inventory.
        annotators: The annotators, in the order in which they are shown and paired.
        units: What alpha and kappa count.
        include_corrected: Whether passes that began with the labels of others count as independent of them.
        kinds: Annotator → what the annotator is.
    """

    corpus: Corpus
    inventory: Inventory
    annotators: tuple[str, ...]
    units: Units
    include_corrected: bool
    kinds: dict[str, Kind]

    def read(self, batch: ArticleBatch) -> Study:
        """Return the study of a batch of articles.

        Raises:
            CannotRun: If labels do not fit their text or the inventory.
        """
        corpus, read = self.corpus, partial(_read_fitting, self.corpus, self.inventory)
        entries, dependent, shared = [], list[DependentPass](), set[tuple[str, frozenset[str]]]()
        for article_id, names, models in batch.articles:
            text = corpus.read_text(article_id)
            digest = sha256(text)
            annotations = {
                name: models[name] if name in models else read(name, article_id, len(text), digest)
                for name in (*names, *models)
            }
            shared |= {(article_id, pair) for pair in find_shared_pairs(corpus, article_id, annotations)}
            if not self.include_corrected:
                for each in find_dependent(corpus, article_id, annotations.copy()):
                    dependent.append(each)
                    del annotations[each.annotator]
            entries.append((article_id, text, annotations))
        study = make_study(self.inventory, entries, self.units, self.annotators, batch.first_index, is_batch=True)
        return study._replace(dependent=dependent, kinds=self.kinds, shared=shared)


class CorpusStudy:
    """The study of a corpus: its articles are read when they are counted or shown, and not kept.

    Attributes:
        reader: Reads its articles.
    """

    def __init__(
        self,
        reader: StudyReader,
        labelled: Mapping[str, Set[str]],
        models: Mapping[str, Mapping[str, Annotation]] = MappingProxyType({}),
        article_ids: Set[str] | None = None,
    ) -> None:
        """Make a study.

        Args:
            reader: Reads its articles.
            labelled: The articles that each annotator of the corpus has labelled.
            models: Labels of models that the corpus does not have, by annotator and article id.
            article_ids: The articles of the study; None for all that are labelled.
        """
        self.reader = reader
        self._labelled, self._models = labelled, models
        all_ids = set[str]().union(*labelled.values(), *models.values())
        self._article_ids = sorted(all_ids if article_ids is None else all_ids & article_ids)

    @property
    def inventory(self) -> Inventory:
        """The inventory."""
        return self.reader.inventory

    @property
    def annotators(self) -> tuple[str, ...]:
        """The annotators, in the order in which they are shown and paired."""
        return self.reader.annotators

    @property
    def units(self) -> Units:
        """What alpha and kappa count."""
        return self.reader.units

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Annotator → what the annotator is."""
        return self.reader.kinds

    @property
    def article_count(self) -> int:
        """The number of articles that one of the annotators has labelled."""
        return len(self._article_ids)

    @property
    def articles(self) -> Iterator[ComparedArticle]:
        """The articles that two or more of the annotators have labelled; they are read again each time."""
        for batch in self.batches():
            yield from self.reader.read(batch).articles

    def batches(self) -> Iterator[ArticleBatch]:
        """Yield the articles to read, in the order of their ids."""
        for start in range(0, len(self._article_ids), BATCH):
            yield ArticleBatch(start, [self._find(each) for each in self._article_ids[start : start + BATCH]])

    def _find(self, article_id: str) -> ArticleToRead:
        names = tuple(name for name, article_ids in self._labelled.items() if article_id in article_ids)
        models = {
            name: annotations[article_id] for name, annotations in self._models.items() if article_id in annotations
        }
        return ArticleToRead(article_id, names, models)

    def select(self, article_ids: Set[str], annotators: Sequence[str]) -> "CorpusStudy":
        """Return the study of some of the articles and annotators."""
        return CorpusStudy(
            self.reader._replace(annotators=tuple(annotators)),
            self._labelled,
            self._models,
            article_ids & set(self._article_ids),
        )

    def require_articles(self, articles: Collection[str], dependent: Sequence[DependentPass]) -> None:
        """Check that there is something to compare.

        Args:
            articles: The articles that two or more of the annotators have labelled.
            dependent: The passes that are left out.

        Raises:
            CannotRun: If there is no such article.
        """
        if articles:
            return
        names, where = ", ".join(self.annotators), self.reader.corpus.root / "annotations"
        if dependent:
            problem = f"no article has independent labels of two of {names}: {describe_dependent(dependent)[0]}"
            raise CannotRun(where, problem, f"let another annotator label, or add {INCLUDE}")
        raise CannotRun(where, f"no article has labels of two of {names}", "pull their labels")


def read_study(
    corpus: Corpus,
    inventory: Inventory,
    annotators: Sequence[str] = (),
    with_gold: bool = False,
    units: Units = "tokens",
    *,
    include_corrected: bool = False,
    models: Mapping[str, Mapping[str, Annotation]] = MappingProxyType({}),
) -> CorpusStudy:
    """Find out who is compared in a corpus, and on which articles; these are read later.

    Args:
        corpus: The corpus.
        inventory: The inventory.
        annotators: Who is compared; all but gold if empty.
        with_gold: Whether gold is compared, too.
        units: What alpha and kappa count.
        include_corrected: Whether passes that began with the labels of others count as independent of them. Otherwise
            they are left out where they are compared with them.
        models: Labels of models that the corpus does not have, by annotator and article id, on the texts of the corpus.

    Raises:
        CannotRun: If an annotator has labelled nothing, or there are fewer than two.
    """
    annotation_sets = corpus.annotation_sets()
    names = corpus.select_annotation_sets(annotators or [name for name in annotation_sets if name != GOLD])
    if with_gold and GOLD in annotation_sets and GOLD not in names:
        names.append(GOLD)
    if len(names) + len(models) < 2:
        problem = f"has labels by {names[0]} only" if names else "has no labels"
        raise CannotRun(corpus.root / "annotations", problem, "agreement needs two or more annotators")
    labelled = {name: set(corpus.annotated_ids(name)) for name in names}
    kinds = _find_kinds(corpus, [*names, *models], models)
    reader = StudyReader(corpus, inventory, (*names, *models), units, include_corrected, kinds)
    return CorpusStudy(reader, labelled, models)


def _find_kinds(corpus: Corpus, names: Iterable[str], models: Collection[str]) -> dict[str, Kind]:
    try:
        listed = corpus.read_annotators()
    except CannotRun:  # `annotate check` reports it, and agreement can be measured without
        listed = {}
    kinds: dict[str, Kind] = {}
    for name in names:
        if name == GOLD:
            kinds[name] = "gold"
        elif name in models:
            kinds[name] = "model"
        else:
            kinds[name] = listed[name].kind if name in listed else "unknown"
    return kinds


def _read_fitting(
    corpus: Corpus, inventory: Inventory, annotator: str, article_id: str, length: int, text_sha256: str
) -> Annotation:
    annotation = corpus.read_annotation(annotator, article_id)
    fits = annotation.text_sha256 == text_sha256 and all(
        0 <= span.start <= span.end <= length for span in annotation.spans
    )
    path = corpus.annotation_path(annotator, article_id)
    if not fits:
        raise CannotRun(path, "was made on another text", "run `annotate check` to see where it differs")
    require_known_names(path, annotation, inventory)
    return annotation
