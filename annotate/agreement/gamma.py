"""Gamma, article by article: an optional measure that aligns the spans of all annotators and weighs place and label.

Mathet, Widlöcher and Métivier, "The Unified and Holistic Method Gamma (γ) for Inter-Annotator Agreement Measure and
Alignment" (Computational Linguistics 41, 2015), computed by `pygamma-agreement` (extra `gamma`), with weights 3 for
place, 1 for label, 1 for a span without a counterpart.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from annotate.agreement.study import Study
from annotate.errors import CannotRun

PLACE, LABEL, ALONE = 3, 1, 1
SAMPLES = 30
"""Random annotations that chance is estimated from, as the paper recommends at least."""


class Gamma(NamedTuple):
    """Gamma of one article: 1 for annotators who agree in all, 0 for chance; None, with a note, where there is none."""

    article: str
    value: float | None
    note: str | None = None


def gammas(study: Study, seed: int = 0) -> Iterator[Gamma]:
    """Gamma of each article that two annotators or more have labelled; the same seed gives the same values.

    A span in pieces counts from its first to its last character. Raises CannotRun if the library is not installed.
    """
    try:
        with _silence():
            import numpy as np
            from pyannote.core import Segment
            from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum
    except ImportError:
        raise CannotRun("gamma", "needs pygamma-agreement", "pip install 'contested-claims[gamma]'") from None
    weights = CombinedCategoricalDissimilarity(delta_empty=ALONE, alpha=PLACE, beta=LABEL)
    for text in study.texts:
        continuum = Continuum()
        for version in text.versions:
            continuum.add_annotator(version.annotator)
            for mention in version.mentions:
                continuum.add(version.annotator, Segment(mention.start, mention.end), mention.label)
        silent = [version.annotator for version in text.versions if not version.mentions]
        if silent:
            yield Gamma(text.article, None, f"no spans: {', '.join(silent)}")
            continue
        np.random.seed(seed)  # the library draws from numpy's one shared generator
        with _silence():
            found = continuum.compute_gamma(weights, n_samples=SAMPLES)
        yield Gamma(text.article, float(found.gamma))


@contextmanager
def _silence() -> Iterator[None]:
    """Without what the library says of its own code, and, for each sample, of the solver it takes: it helps nobody."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
