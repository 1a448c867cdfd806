"""A trained tagger as suggester: it learns from the labels of the corpus, and from what annotators submit."""

from collections.abc import Sequence

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model import Annotation, Article
from annotate.service.trained_models import ArticleModels
from annotate.tagger.tagger import ANNOTATOR, TrainedTagger, TrainingSet, train_tagger


class TrainedSuggester:
    """Suggests spans as other articles have them.

    Args:
        corpus: The corpus, which has the texts and the labels of the beginning.
        inventory: The inventory.

    Raises:
        CannotRun: The library that trains is not installed.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self._inventory = inventory
        self._taggers = ArticleModels(corpus, self._train)

    @property
    def annotator(self) -> str:
        """The id of the tagger."""
        return ANNOTATOR

    @property
    def left_out(self) -> int:
        """The number of labelled texts that were not learned, since there were too many tokens."""
        return self._taggers.left_out

    def _train(self, training: TrainingSet) -> TrainedTagger:
        return TrainedTagger(training, train_tagger(training, self._inventory), self._inventory)

    def version(self) -> str:
        """Return the hash of the labels that were learned."""
        return self._taggers.version

    def learn(self, annotations: Sequence[Annotation]) -> None:
        """Learn from annotations that were submitted or changed."""
        self._taggers.learn(annotations)

    def suggest(self, article: Article) -> Annotation | None:
        """Return the spans that the tagger finds; None if no other article has labels to learn from."""
        tagger = self._taggers.find(article.id)
        return None if tagger is None else tagger.label(article)
