"""Whether gold and what is scored come from the same labels: then the scores are too high.

Gold that was made from the labels of a system, or of annotators who were shown them, repeats what the system did.
"""

from collections.abc import Iterator, Mapping

from annotate.agreement.independence import trace_sources
from annotate.bare_gold import LabelOrigin, describe_origin
from annotate.corpus import Corpus
from annotate.model import GOLD, Annotation
from annotate.scoring.packed_annotations import PackedAnnotations, PackedGold
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
    predictions = dict(_list_origins(predicted))
    for article_id, origin in _list_gold_origins(gold):
        behind_gold = _trace(corpus, article_id, origin)
        prediction = predictions.get(article_id)
        has_name = prediction is not None and prediction.annotator != SYSTEM_SIDE
        scored = behind_gold.keys() & _trace(corpus, article_id, prediction).keys() if prediction and has_name else ()
        shown = {name for each in behind_gold.values() if each and each.was_shown_labels for name in each.made_from}
        for name in scored:
            articles.setdefault((True, name), []).append(article_id)
        for name in shown.difference(scored) - {GOLD}:
            articles.setdefault((False, name), []).append(article_id)
    shared = [SharedLabels(name, ids, is_scored) for (is_scored, name), ids in articles.items()]
    return sorted(shared, key=lambda each: (not each.is_scored, each.annotation_set))


def _list_origins(labels: Mapping[str, Annotation]) -> Iterator[tuple[str, LabelOrigin]]:
    """Yield how the labels of each article came about; of annotations as bytes, nothing else is read."""
    if isinstance(labels, PackedAnnotations):
        yield from ((article_id, packed.describe_origin()) for article_id, packed in labels.packed.items())
    else:
        yield from ((article_id, describe_origin(annotation)) for article_id, annotation in labels.items())


def _list_gold_origins(gold: Gold) -> Iterator[tuple[str, LabelOrigin]]:
    if isinstance(gold, PackedGold):
        origins = dict(_list_origins(gold.annotations))
        yield from ((article_id, origins[article_id]) for article_id in gold)
    else:
        yield from ((article_id, describe_origin(annotation)) for article_id, (_, annotation) in gold.items())


def _trace(corpus: Corpus | None, article_id: str, origin: LabelOrigin) -> dict[str, LabelOrigin | None]:
    """Return the labels and all that they were made from, directly or not, by annotation set; None where absent."""
    name = GOLD if origin.process in ("adjudicated", "promoted") else origin.annotator
    known: dict[str, LabelOrigin | None] = {name: origin}
    sources = trace_sources(corpus, article_id, name, known)
    return {source: known[source] for source in sources if source in known}
