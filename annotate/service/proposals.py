"""What assistants propose, as an annotation in the terms of the inventory."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Relation, Span


def propose(
    annotator: str,
    article: Article,
    inventory: Inventory,
    spans: Iterable[Span] = (),
    relations: Iterable[Relation] = (),
) -> Annotation:
    """Return spans and relations as the annotation that an assistant gives."""
    return Annotation(
        article=article.id,
        annotator=annotator,
        process="single pass",
        made_from=(),
        inventory=inventory.version,
        text_sha256=article.text_sha256,
        spans=tuple(spans),
        relations=tuple(relations),
    )


class DrawnSpans:
    """The spans on a screen, and whether there is room for another one.

    Args:
        text: The text of the article.
        spans: The spans.
    """

    def __init__(self, text: str, spans: Sequence[Span]) -> None:
        self._size = len(text)
        self._spans = spans
        self._by_start = sorted((span.start, span.end) for span in spans)
        self._by_end = sorted((span.end, span.start) for span in spans)
        self._labelled: dict[str, bytearray] = {}

    def has_label_at(self, label: str, start: int, end: int) -> bool:
        """Return whether a span with a label has one of the code points `[start, end)`."""
        if label not in self._labelled:
            self._labelled[label] = bytearray(self._size)
            for span in self._spans:
                if span.label == label:
                    self._labelled[label][span.start : span.end] = b"\1" * (span.end - span.start)
        return self._labelled[label].find(1, start, end) >= 0

    def would_cross(self, start: int, end: int) -> bool:
        """Return whether a span `[start, end)` would share words with another one, with neither in the other."""
        from_inside = self._by_start[
            bisect_right(self._by_start, (start, self._size)) : bisect_left(self._by_start, (end, 0))
        ]
        to_inside = self._by_end[bisect_right(self._by_end, (start, self._size)) : bisect_left(self._by_end, (end, 0))]
        return any(last > end for _, last in from_inside) or any(first < start for _, first in to_inside)
