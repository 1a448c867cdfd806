"""The attributes that labelled words mostly have, learned from labelled texts."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from annotate.model import AttributeValue, Span


class AttributeLexicon:
    """Knows the attributes of words that were labelled before.

    Args:
        spans: The spans to learn from.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self._values: dict[tuple[str, str], Counter[tuple[tuple[str, AttributeValue], ...]]] = defaultdict(Counter)
        for span in spans:
            self._values[span.label, span.text.lower()][tuple(sorted(span.attributes.items()))] += 1

    def find(self, label: str, text: str) -> dict[str, AttributeValue]:
        """Return the attributes that most spans with these words and this label have; none for unknown words."""
        counts = self._values.get((label, text.lower()))
        if not counts:
            return {}
        most, _ = min(counts.items(), key=lambda item: (-item[1], repr(item[0])))
        return dict(most)
