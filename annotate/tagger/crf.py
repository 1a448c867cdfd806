"""A conditional random field over the words of a paragraph, trained by CRFsuite.

Source: Lafferty, McCallum and Pereira, "Conditional Random Fields: Probabilistic Models for Segmenting and Labeling
Sequence Data" (ICML 2001). The same sequences in the same order give the same model.
"""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

from annotate.errors import CannotRun
from annotate.tagger.features import Features
from annotate.tokens import OUTSIDE
from annotate.util.files import read_bytes
from annotate.util.folders import temporary_folder

PARAMETERS = {"c1": 0.05, "c2": 0.01, "max_iterations": 60, "feature.possible_transitions": True}
"""Weights of the two penalties, L1 and L2, and the end of the training."""


def import_crfsuite() -> Any:
    """Return the library CRFsuite.

    Raises:
        CannotRun: It is not installed.
    """
    try:
        import pycrfsuite
    except ImportError:
        raise CannotRun(
            "python-crfsuite", "is not installed", "a trained tagger needs it: pip install 'contested-claims[tagger]'"
        ) from None
    return pycrfsuite


class Crf:
    """A trained model of one column of tags, for any thread.

    Args:
        model: What `train_crf` returned.
    """

    def __init__(self, model: bytes) -> None:
        self._tagger, self._model = import_crfsuite().Tagger(), model
        self._tagger.open_inmemory(self._model)  # it keeps the address of the bytes, and not the bytes
        self._guard = Lock()  # CRFsuite keeps the sequence that it tags

    def predict(self, features: Sequence[Features]) -> list[str]:
        """Return a tag for each word of a paragraph."""
        with self._guard:
            tags: list[str] = self._tagger.tag(features)
        return tags


def train_crf(sequences: Iterable[tuple[Sequence[Features], Sequence[str]]]) -> bytes | None:
    """Train a model.

    Args:
        sequences: Paragraphs: the features of their words, and a tag for each word.

    Returns:
        The model; None if no word has a tag other than O, so that there is nothing to learn.

    Raises:
        CannotRun: CRFsuite is not installed.
    """
    trainer = import_crfsuite().Trainer(verbose=False)
    trainer.select("lbfgs")
    trainer.set_params(PARAMETERS)
    is_tagged = False
    for features, tags in sequences:
        trainer.append(features, tags)
        is_tagged = is_tagged or any(tag != OUTSIDE for tag in tags)
    if not is_tagged:
        return None
    with temporary_folder() as folder:
        path = folder / "model"
        trainer.train(str(path))
        return read_bytes(path, "keep the temporary folder", within=folder)
