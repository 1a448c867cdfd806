"""Annotations of a corpus or a folder as predictions, read when they are used, so that one at a time is in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar, overload

from annotate.annotation_files import read_annotation_folder, require_known_names
from annotate.corpus import Corpus, decode_annotation
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio.tasks import Prediction, prediction_name
from annotate.model import GOLD, Annotation, is_article_id
from annotate.util.files import read_bytes

T = TypeVar("T")
Predictions: TypeAlias = Mapping[str, Sequence[Prediction]]
"""Article id → its predictions."""
FindErrors: TypeAlias = Callable[[Annotation, str, Inventory, str], list[Finding]]
"""Return the errors of an annotation of a text, in a file; `checks.find_errors`."""


class LazySequence(Sequence[T]):
    """A sequence whose items are read each time they are accessed; its length is known without reading.

    Args:
        keys: A key for each item.
        read: Returns the item of a key.
    """

    def __init__(self, keys: Sequence[str], read: Callable[[str], T]) -> None:
        self.keys, self._read = keys, read

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return LazySequence(self.keys[index], self._read)
        return self._read(self.keys[index])


def corpus_predictions(
    corpus: Corpus, inventory: Inventory, annotation_sets: Iterable[str] = (GOLD,), *, is_checked: bool = False
) -> Predictions:
    """Return annotations of a corpus as predictions.

    Args:
        corpus: The corpus.
        inventory: The inventory of the labelling config.
        annotation_sets: Gold or annotators.
        is_checked: Whether the corpus passed the checks, so that all labels are known to be in the inventory.

    Raises:
        CannotRun: An annotation has a label, attribute, value or relation that is not in the inventory.
    """
    sets_by_article: dict[str, list[str]] = {}
    for annotation_set in annotation_sets:
        for article_id in corpus.annotated_ids(annotation_set):
            if not is_checked:
                path = corpus.annotation_path(annotation_set, article_id)
                require_known_names(path, corpus.read_annotation(annotation_set, article_id), inventory)
            sets_by_article.setdefault(article_id, []).append(annotation_set)
    return {
        article_id: LazySequence(names, partial(_read_from_corpus, corpus, article_id, inventory.version))
        for article_id, names in sets_by_article.items()
    }


def folder_predictions(
    folder: str | Path, corpus: Corpus, inventory: Inventory, find_errors: FindErrors
) -> tuple[Predictions, str, list[Finding]]:
    """Return the annotation files of a folder as predictions, with their annotator, and their errors.

    Args:
        folder: A folder with a file an article, named after the article.
        corpus: The corpus that has the texts.
        inventory: The inventory of the labelling config.
        find_errors: Finds the errors of an annotation.

    Raises:
        CannotRun: A file is of another text than the corpus has, its annotator is not an id, or the files have several
            annotators.
    """
    predictions: dict[str, Sequence[Prediction]] = {}
    annotators: dict[str, None] = {}
    errors: list[Finding] = []
    for path, text, annotation, _ in read_annotation_folder(folder, corpus.find_text):
        if not is_article_id(annotation.annotator):
            raise CannotRun(path, "its annotator is not an id", "use lower-case letters, as in baseline")
        annotators[annotation.annotator] = None
        errors += find_errors(annotation, text, inventory, str(path))
        predictions[annotation.article] = LazySequence([str(path)], partial(_read_from_file, inventory.version))
    if len(annotators) != 1:
        names = ", ".join(sorted(annotators)[:5])
        problem = f"has labels by {len(annotators)} annotators ({names}), and a project shows those of one"
        raise CannotRun(folder, problem, "name a folder with the labels of one")
    return predictions, next(iter(annotators)), errors


def _read_from_corpus(corpus: Corpus, article_id: str, version: str, annotation_set: str) -> Prediction:
    annotation = corpus.read_annotation(annotation_set, article_id)
    return Prediction(prediction_name(annotation_set, version), annotation)


def _read_from_file(version: str, path: str) -> Prediction:
    annotation = decode_annotation(
        Path(path), read_bytes(path, "keep the folder until the push is done", within=Path(path).parent)
    )
    return Prediction(prediction_name(annotation.annotator, version), annotation)
