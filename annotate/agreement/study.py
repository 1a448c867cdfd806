"""What is compared: the articles that two or more annotators have labelled, with their annotations side by side."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from annotate.agreement.independence import INCLUDE, DependentPass, describe_dependent, find_dependent
from annotate.agreement.matching import Matching, list_mentions, match_by_overlap, match_exactly
from annotate.agreement.positions import Positions, Units, find_paragraphs, find_positions
from annotate.agreement.tally import ParagraphKey
from annotate.annotation_files import require_known_names
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.records import Graph, Mention
from annotate.versions import is_older


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

    def select_mentions(self, labels: Collection[str]) -> list[Mention]:
        """Return the mentions with one of the labels."""
        return [mention for mention in self.mentions if mention.label in labels]


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


class ComparedArticle:
    """An article with two or more annotations.

    Attributes:
        index: Its index among the articles of the study.
        id: The article id.
        text: Its text.
        annotations: Its annotations, in the order of the study's annotators.
        positions: The positions of its text.
        comparisons: Each pair of its annotations.
    """

    def __init__(
        self, index: int, id_: str, text: str, annotations: Sequence[ComparedAnnotation], units: Units
    ) -> None:
        self.index, self.id, self.text, self.annotations = index, id_, text, annotations
        self.positions: Positions = find_positions(text, units)
        self._paragraphs = find_paragraphs(text)
        self.comparisons = [AnnotationPair(self, *pair) for pair in combinations(annotations, 2)]

    @property
    def paragraphs(self) -> list[ParagraphKey]:
        """The keys of its paragraphs."""
        return [(self.index, paragraph) for paragraph in range(len(self._paragraphs))]

    def find_paragraph(self, *mentions: Mention) -> ParagraphKey:
        """Return the paragraph in which the first of the mentions starts: there they count."""
        return self.find_paragraph_at(min(mention.start for mention in mentions))

    def find_paragraph_at(self, offset: int) -> ParagraphKey:
        """Return the paragraph at an offset, in code points."""
        return self.index, bisect_right(self._paragraphs, offset) - 1


class Study(NamedTuple):
    """What is compared with what.

    Attributes:
        inventory: The inventory.
        annotators: The annotators, in the order in which they are shown and paired.
        units: What alpha and kappa count.
        articles: The articles that two or more of the annotators have labelled.
        alone: The ids of the articles that only one of them has labelled.
        dependent: The passes that are left out because they are not independent of the others.
    """

    inventory: Inventory
    annotators: tuple[str, ...]
    units: Units
    articles: list[ComparedArticle]
    alone: list[str]
    dependent: Sequence[DependentPass] = ()

    @property
    def paragraphs(self) -> list[ParagraphKey]:
        """The keys of all paragraphs."""
        return [paragraph for article in self.articles for paragraph in article.paragraphs]

    def comparisons(self, since: str | None = None) -> Iterator[AnnotationPair]:
        """Yield each pair of annotations of each article that were both asked for what a version added."""
        comparisons = (comparison for article in self.articles for comparison in article.comparisons)
        return (comparison for comparison in comparisons if comparison.were_asked(since))

    def asked_labels(self, labels: Collection[str], annotations: Iterable[ComparedAnnotation]) -> frozenset[str]:
        """Return those of the labels that all of the annotators were asked for."""
        spans, asked = self.inventory.spans, list(annotations)
        return frozenset(label for label in labels if all(each.was_asked(spans[label].since) for each in asked))

    def count_left_out(self, since: str | None) -> dict[str, int]:
        """Return the number of annotations that are older than what a version added, by annotator who has any."""
        annotations = (annotation for article in self.articles for annotation in article.annotations)
        return dict(Counter(each.annotator for each in annotations if not each.was_asked(since)))

    def mentions(self, annotator: str) -> Iterator[Mention]:
        """Yield the mentions of an annotator in the articles that are compared."""
        for article in self.articles:
            for annotation in article.annotations:
                if annotation.annotator == annotator:
                    yield from annotation.mentions


def make_study(
    inventory: Inventory,
    entries: Sequence[tuple[str, str, dict[str, Annotation]]],
    units: Units = "tokens",
    annotators: Sequence[str] = (),
) -> Study:
    """Make a study of annotations.

    Args:
        inventory: The inventory.
        entries: An article id, its text, and its annotations by annotator.
        units: What alpha and kappa count.
        annotators: The annotators, in the order in which they are shown and paired; those who are missing follow in
            the order of their appearance.
    """
    annotators = tuple(dict.fromkeys([*annotators, *(name for _, _, annotations in entries for name in annotations)]))
    shared = [entry for entry in entries if len(entry[2]) > 1]
    articles = [
        ComparedArticle(
            index,
            article_id,
            text,
            [ComparedAnnotation(name, annotations[name], inventory) for name in annotators if name in annotations],
            units,
        )
        for index, (article_id, text, annotations) in enumerate(shared)
    ]
    alone = [article_id for article_id, _, annotations in entries if len(annotations) == 1]
    return Study(inventory, annotators, units, articles, alone)


def read_study(
    corpus: Corpus,
    inventory: Inventory,
    annotators: Sequence[str] = (),
    with_gold: bool = False,
    units: Units = "tokens",
    *,
    include_corrected: bool = False,
) -> Study:
    """Read the study of a corpus.

    Args:
        corpus: The corpus.
        inventory: The inventory.
        annotators: Who is compared; all but gold if empty.
        with_gold: Whether gold is compared, too.
        units: What alpha and kappa count.
        include_corrected: Whether passes that began with the labels of others count as independent of them. Otherwise
            they are left out where they are compared with them.

    Raises:
        CannotRun: If an annotator has labelled nothing, there are fewer than two, no article has labels of two, or
            labels do not fit their text or the inventory.
    """
    annotation_sets = corpus.annotation_sets()
    names = corpus.select_annotation_sets(annotators or [name for name in annotation_sets if name != GOLD])
    if with_gold and GOLD in annotation_sets and GOLD not in names:
        names.append(GOLD)
    if len(names) < 2:
        problem = f"has labels by {names[0]} only" if names else "has no labels"
        raise CannotRun(corpus.root / "annotations", problem, "agreement needs two or more annotators")
    labelled = {name: set(corpus.annotated_ids(name)) for name in names}
    entries, dependent = [], list[DependentPass]()
    for article_id in sorted(set().union(*labelled.values())):
        text = corpus.read_text(article_id)
        present = [name for name in names if article_id in labelled[name]]
        annotations = {name: _read_fitting(corpus, inventory, name, article_id, text) for name in present}
        if not include_corrected:
            for each in find_dependent(corpus, article_id, annotations.copy()):
                dependent.append(each)
                del annotations[each.annotator]
        entries.append((article_id, text, annotations))
    study = make_study(inventory, entries, units, names)
    if not study.articles and dependent:
        problem = f"no article has independent labels of two of {', '.join(names)}: {describe_dependent(dependent)[0]}"
        raise CannotRun(corpus.root / "annotations", problem, f"let another annotator label, or add {INCLUDE}")
    if not study.articles:
        raise CannotRun(
            corpus.root / "annotations", f"no article has labels of two of {', '.join(names)}", "pull their labels"
        )
    return study._replace(dependent=dependent)


def _read_fitting(corpus: Corpus, inventory: Inventory, annotator: str, article_id: str, text: str) -> Annotation:
    annotation = corpus.read_annotation(annotator, article_id)
    fits = annotation.text_sha256 == sha256(text) and all(
        0 <= span.start <= span.end <= len(text) for span in annotation.spans
    )
    path = corpus.annotation_path(annotator, article_id)
    if not fits:
        raise CannotRun(path, "was made on another text", "run `annotate check` to see where it differs")
    require_known_names(path, annotation, inventory)
    return annotation
