"""What suggests without a model: the patterns of the baseline, and files of labels."""

from collections.abc import Mapping
from hashlib import sha256
from threading import Lock

import msgspec

from annotate.baseline import ANNOTATOR, Baseline, PatternTooSlow
from annotate.corpus import encode_annotation
from annotate.errors import CannotRun
from annotate.labelstudio.predictions import Predictions
from annotate.model import Annotation, Article
from annotate.util.escape import quote

LONGEST_VERSION = 12
"""Characters of a hash in a version."""


class PatternSuggester:
    """Suggests what the patterns of the baseline find.

    Args:
        baseline: The patterns.
        seconds: The time of the processor that they may take for an article.
    """

    def __init__(self, baseline: Baseline, seconds: float) -> None:
        self._baseline, self._seconds = baseline, seconds
        digest = sha256(msgspec.json.encode(baseline.patterns))
        self._version = digest.hexdigest()[:LONGEST_VERSION]
        self._guard = Lock()  # the clock of the patterns is that of the whole process

    @property
    def annotator(self) -> str:
        """The id of the baseline."""
        return ANNOTATOR

    def version(self) -> str:
        """Return the hash of the patterns."""
        return self._version

    def suggest(self, article: Article) -> Annotation:
        """Return what the patterns find.

        Raises:
            CannotRun: They take too long.
        """
        try:
            with self._guard:
                return self._baseline.annotate(article.id, article.text, self._seconds)
        except PatternTooSlow as slow:
            problem = f"{quote(slow.expression, 60)} is still searching after {self._seconds:g} seconds"
            raise CannotRun(article.id, problem, "let no repetition in it repeat another one") from None


class FileSuggester:
    """Suggests the labels of files; see `predictions.folder_predictions`.

    Args:
        predictions: The labels, read when they are used.
        annotator: Who made them.
    """

    def __init__(self, predictions: Predictions, annotator: str) -> None:
        self._predictions, self._annotator = predictions, annotator
        self._digests: Mapping[str, bytes] = {
            article_id: _digest(made[0].annotation) for article_id, made in sorted(predictions.items())
        }
        self._version = sha256(b"".join(self._digests.values())).hexdigest()[:LONGEST_VERSION]

    @property
    def annotator(self) -> str:
        """The id of whoever made the labels."""
        return self._annotator

    def version(self) -> str:
        """Return the hash of the labels as they were at the beginning."""
        return self._version

    def suggest(self, article: Article) -> Annotation | None:
        """Return the labels of a file.

        Raises:
            CannotRun: The file was changed meanwhile, so that the version does not tell its labels any more.
        """
        if article.id not in self._predictions:
            return None
        annotation = self._predictions[article.id][0].annotation
        if _digest(annotation) != self._digests[article.id]:
            raise CannotRun(article.id, "the file of its labels was changed", "start `annotate studio suggest` again")
        return annotation


def _digest(annotation: Annotation) -> bytes:
    return sha256(encode_annotation(annotation)).digest()
