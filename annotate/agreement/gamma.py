"""Gamma, an optional measure that aligns the spans of all annotators and weighs position and label.

Mathet, Widlöcher and Métivier, "The Unified and Holistic Method Gamma (γ) for Inter-Annotator Agreement Measure and
Alignment" (Computational Linguistics 41, 2015), computed by `pygamma-agreement` (extra `gamma`). The weights are 3 for
position, 1 for label, 1 for a span without a counterpart. It takes seconds an article, so it is not in the report.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import NamedTuple

from annotate.agreement.study import CorpusStudy, Study
from annotate.errors import CannotRun
from annotate.util.startup import unblock_pandas

POSITION_WEIGHT, LABEL_WEIGHT, ALONE_WEIGHT = 3, 1, 1
SAMPLES = 30
"""Random annotations from which chance is estimated; the paper recommends at least as many."""


class Gamma(NamedTuple):
    """Gamma of one article.

    Attributes:
        article: The article id.
        value: 1 for complete agreement, 0 for chance; None if it is not defined.
        note: Why there is no value.
    """

    article: str
    value: float | None
    note: str | None = None


def compute_gammas(study: Study | CorpusStudy, seed: int = 0) -> Iterator[Gamma]:
    """Yield gamma of each article of a study.

    Args:
        study: The study. A span in pieces counts from its first to its last character.
        seed: The seed of the random numbers; the same seed gives the same values.

    Raises:
        CannotRun: If the library is not installed.
    """
    unblock_pandas()
    try:
        with _silence_library(), _in_root_folder():
            import numpy as np
            from pyannote.core import Segment
            from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum
    except ImportError:
        raise CannotRun("gamma", "needs pygamma-agreement", "pip install 'contested-claims[gamma]'") from None
    with _in_root_folder():
        weights = CombinedCategoricalDissimilarity(delta_empty=ALONE_WEIGHT, alpha=POSITION_WEIGHT, beta=LABEL_WEIGHT)
    for article in study.articles:
        continuum = Continuum()
        for annotation in article.annotations:
            continuum.add_annotator(annotation.annotator)
            for mention in annotation.mentions:
                continuum.add(annotation.annotator, Segment(mention.start, mention.end), mention.label)
        without_spans = [annotation.annotator for annotation in article.annotations if not annotation.mentions]
        if without_spans:
            yield Gamma(article.id, None, f"no spans: {', '.join(without_spans)}")
            continue
        np.random.seed(seed)  # the library draws from numpy's one shared generator
        with _silence_library(), _in_root_folder():
            result = continuum.compute_gamma(weights, n_samples=SAMPLES)
        yield Gamma(article.id, float(result.gamma))


def _in_root_folder() -> chdir[Path]:
    """Leave the current folder, from which numba reads `.numba_config.yaml` and matplotlib `matplotlibrc`."""
    return chdir(Path(Path.cwd().anchor))


@contextmanager
def _silence_library() -> Iterator[None]:
    """Suppress what the library logs about its own code and, for each sample, about its solver."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
