"""Sentences with labels of the corpus's own inventory, for who claims, denies or disputes harm."""

from annotate.corpus import sort_annotation
from annotate.model import Annotation, AttributeValue, Span
from tests.agreement.helpers import annotation, span


class Sentence:
    """A text and its labels. A span is known by its words, and by its label where it is not a source."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: list[Span | tuple[str, str, str]] = []

    def _add(self, label: str, words: str, **attributes: AttributeValue) -> str:
        name = words if label == "Source" else f"{label} {words}"
        if not any(isinstance(part, Span) and part.id == name for part in self.parts):
            start = self.text.index(words)
            self.parts.append(span(name, label, start, start + len(words), self.text, **attributes))
        return name

    def says(
        self, source: str | None, cue: str, content: str, type_: str = "assertion", polarity: str = "positive"
    ) -> "Sentence":
        """Add a cue with its content, and its source where it has one."""
        head = self._add("Cue", cue, type=type_, polarity=polarity)
        self.parts.append(("content", head, self._add("Content", content)))
        if source:
            self.parts.append(("source", head, self._add("Source", source)))
        return self

    def harm(self, words: str, factuality: str, **attributes: AttributeValue) -> "Sentence":
        """Add a casualty."""
        self._add("Casualty", words, factuality=factuality, **attributes)
        return self

    def stance(self, holder: str, words: str, position: str, about: str, towards: str) -> "Sentence":
        """Add a stance towards a content."""
        head = self._add("Stance", words, position=position, about=about)
        self.parts += [("holder", head, self._add("Source", holder)), ("towards", head, f"Content {towards}")]
        return self

    def denial(self, holder: str, words: str, target: str, *claims: str) -> "Sentence":
        """Add a stance of denial towards words that stand for claims, which are given as label and words."""
        head = self._add("Stance", words, position="deny", about="truth")
        stand_in = self._add("Target", target)
        self.parts += [("holder", head, self._add("Source", holder)), ("towards", head, stand_in)]
        self.parts += [("refers_to", stand_in, claim) for claim in claims]
        return self

    def annotation(self) -> Annotation:
        return sort_annotation(annotation(*self.parts, text=self.text))
