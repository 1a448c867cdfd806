"""Models that are trained on labelled articles while people label, and never used on an article they were trained on.

They begin with the labels of the corpus: the gold of an article, or else the labels of each annotator. Labels that were
submitted since take the place of those of the same annotator.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from annotate.corpus import Corpus
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.tagger.crf import import_crfsuite
from annotate.tagger.paragraphs import LabelledText
from annotate.tagger.tagger import TrainingSet, select_training

Model = TypeVar("Model")

MOST_KEPT = 8
"""Models without an article that are kept."""


class _Trained(NamedTuple, Generic[Model]):
    """A model and what it was trained on; no model if there was nothing."""

    training: TrainingSet
    model: Model | None


class ArticleModels(Generic[Model]):
    """Models for articles, trained on the labels of others.

    One model serves all articles that have no labels. For each of the others, one without its labels is trained when it
    is asked for: suggestions must not tell annotators what others labelled in the same article.

    Args:
        corpus: The corpus, which has the texts and the labels of the beginning.
        train: Trains a model; it is called in several threads.

    Raises:
        CannotRun: The library that trains is not installed, or a file of the corpus cannot be read.
    """

    def __init__(self, corpus: Corpus, train: Callable[[TrainingSet], Model]) -> None:
        import_crfsuite()
        self._corpus, self._train = corpus, train
        self._annotations: dict[str, dict[str, Annotation]] = {}
        for annotation_set in corpus.annotation_sets():
            for article_id in corpus.annotated_ids(annotation_set):
                annotation = corpus.read_annotation(annotation_set, article_id)
                self._annotations.setdefault(article_id, {})[annotation_set] = annotation
        self._guard, self._training_guard = Lock(), Lock()
        self._without = OrderedDict[str, _Trained[Model]]()
        self._whole = self._make(self._select())

    @property
    def version(self) -> str:
        """A name that changes with the labels that were learned."""
        return self._whole.training.version

    @property
    def left_out(self) -> int:
        """The number of labelled texts that were not learned, since there were too many tokens."""
        return self._whole.training.left_out

    def learn(self, annotations: Sequence[Annotation]) -> None:
        """Take annotations that were submitted or changed, and train again if they differ from those that are known.

        Labels of another text than the corpus has are not learned.
        """
        with self._guard:
            for annotation in annotations:
                self._annotations.setdefault(annotation.article, {})[annotation.annotator] = annotation
            training = self._select()
        if training.version == self.version:
            return
        trained = self._make(training)
        with self._guard:
            self._whole = trained
            self._without.clear()

    def find(self, article_id: str) -> Model | None:
        """Return the model for an article; None if no other article has labels."""
        with self._guard:
            if not self._annotations.get(article_id):
                return self._whole.model
            version = self._whole.training.version
            kept = self._without.get(article_id)
            training = None if kept else self._select(article_id)
        if kept is None and training is not None:
            with self._training_guard:  # one after the other, so that one request does not take all processors
                kept = self._without.get(article_id) or self._make(training)
            with self._guard:
                if version == self._whole.training.version:
                    self._without[article_id] = kept
                    while len(self._without) > MOST_KEPT:
                        self._without.popitem(last=False)
        return kept.model if kept else None

    def _make(self, training: TrainingSet) -> _Trained[Model]:
        return _Trained(training, self._train(training) if training.texts else None)

    def _select(self, left_out: str = "") -> TrainingSet:
        return select_training(self._list_texts(left_out))

    def _list_texts(self, left_out: str) -> Iterator[LabelledText]:
        """Yield what to learn from: gold first, then the labels of annotators."""
        by_article = [(id_, made) for id_, made in sorted(self._annotations.items()) if id_ != left_out]
        for is_gold in (True, False):
            for article_id, made in by_article:
                if (GOLD in made) == is_gold:
                    text = self._corpus.find_text(article_id)
                    for name in [GOLD] if is_gold else sorted(made):
                        if text is not None and made[name].text_sha256 == sha256(text):
                            yield LabelledText(text, made[name])
