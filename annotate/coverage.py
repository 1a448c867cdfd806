"""What the labels have of each sentence of an article, so that none is passed over unseen."""

from collections import Counter

import msgspec

from annotate.inventory import Inventory
from annotate.model import Annotation, Coverage, Sentence


def count_labels(sentence: Sentence, annotation: Annotation, inventory: Inventory) -> dict[str, int]:
    """Label → how many of its spans start in a sentence, in the inventory's order; labels without any are left out."""
    found = Counter(span.label for span in annotation.spans if sentence.start <= span.start < sentence.end)
    return {label: found[label] for label in inventory.spans if found[label]}


def update_coverage(coverage: Coverage, annotation: Annotation, inventory: Inventory) -> Coverage:
    """The coverage with its counts taken anew; a sentence that has labels by now loses its reason for having none."""

    def counted(sentence: Sentence) -> Sentence:
        has = count_labels(sentence, annotation, inventory)
        return msgspec.structs.replace(sentence, has=has, reason=None if has else sentence.reason)

    return msgspec.structs.replace(coverage, sentences=tuple(map(counted, coverage.sentences)))
