"""Whether gold and what is scored come from the same labels: then the scores are too high.

Gold that was made from the labels of a system, or of annotators who were shown them, repeats what the system did.
"""

from collections.abc import Mapping

from annotate.agreement.independence import trace_sources
from annotate.bare_gold import describe_origin
from annotate.corpus import Corpus
from annotate.model import GOLD, Annotation
from annotate.scoring.score import SharedLabels
from annotate.scoring.score_counts import SYSTEM_SIDE, Gold


def find_shared_labels(
    gold: Gold, predicted: Mapping[str, Annotation], corpus: Corpus | None = None
) -> list[SharedLabels]:
    """Find the labels that gold was made from and that raise scores.

    Predictions in a form that names no annotator are taken for labels that gold was not made from.

    Args:
        gold: The text and the gold annotation of each article, by article id.
        predicted: The predicted annotations by article id.
        corpus: The corpus, which has the labels that gold was made from; None if only gold can say it.

    Returns:
        First the labels that are scored, then those that were shown; each in the order of the names.
    """
    articles: dict[tuple[bool, str], list[str]] = {}
    for article_id, (_, annotation) in gold.items():
        behind_gold = _trace(corpus, annotation)
        prediction = predicted.get(article_id)
        has_name = prediction is not None and prediction.annotator != SYSTEM_SIDE
        scored = behind_gold.keys() & _trace(corpus, prediction).keys() if prediction and has_name else set[str]()
        origins = [describe_origin(each) for each in behind_gold.values() if each is not None]
        shown = {name for origin in origins if origin.was_shown_labels for name in origin.made_from}
        for name in scored:
            articles.setdefault((True, name), []).append(article_id)
        for name in shown - scored - {GOLD}:
            articles.setdefault((False, name), []).append(article_id)
    shared = [SharedLabels(name, ids, is_scored) for (is_scored, name), ids in articles.items()]
    return sorted(shared, key=lambda each: (not each.is_scored, each.annotation_set))


def _trace(corpus: Corpus | None, annotation: Annotation) -> dict[str, Annotation | None]:
    """Return the annotation and all that it was made from, directly or not, by annotation set; None where absent."""
    name = GOLD if annotation.process in ("adjudicated", "promoted") else annotation.annotator
    known: dict[str, Annotation | None] = {name: annotation}
    sources = trace_sources(corpus, annotation.article, name, known)
    return {source: known[source] for source in sources if source in known}
