"""Count the labels in each sentence of an article, so that no sentence is overlooked."""

from collections import Counter

import msgspec

from annotate.inventory import Inventory
from annotate.model import Annotation, Coverage, Sentence


def count_labels(sentence: Sentence, annotation: Annotation, inventory: Inventory) -> dict[str, int]:
    """Count the spans that start in a sentence, by label, in the order of the inventory. Zeros are left out."""
    counts = Counter(span.label for span in annotation.spans if sentence.start <= span.start < sentence.end)
    return {label: counts[label] for label in inventory.spans if counts[label]}


def update_coverage(coverage: Coverage, annotation: Annotation, inventory: Inventory) -> Coverage:
    """Count the labels of each sentence again. A sentence that has labels loses its reason for having none."""

    def update_sentence(sentence: Sentence) -> Sentence:
        has = count_labels(sentence, annotation, inventory)
        return msgspec.structs.replace(sentence, has=has, reason=None if has else sentence.reason)

    return msgspec.structs.replace(coverage, sentences=tuple(map(update_sentence, coverage.sentences)))
