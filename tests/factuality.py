"""The inventory of the corpus with roles for who claims, denies or disputes harm, and sentences for it."""

from pathlib import Path

from annotate.corpus import sort_annotation
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation, AttributeValue, Span
from tests.agreement.helpers import annotation, span
from tests.conftest import ROOT

_ATTRIBUTE = """\
  factuality:
    labels: [Casualty]
    type: choice
    required: false
    definition: Whether the harm took place, as the nearest source has it.
    values: {asserted: it did, possible: it may, denied: it did not, hypothetical: it would, uncommitted: not said}
"""
_RELATION = """\
  refers_to:
    definition: From a Target that only points back to each claim that it means.
    head: [Target]
    tail: [Content, Casualty]
    refers: true
    guideline: labels/target.md
"""
_CLAIM = "      claim: {relation: towards, follow: refers_to}\n"
_ROLE = """\
      NAME:
        relation: claimed_by
        when: {factuality: [VALUES]}
        enclosing:
          record: attributions
          within: content
          take: source
          passes_on: {type: [assertion, accusation, perception, belief], polarity: [positive]}
"""
_DISPUTED_BY = """\
      disputed_by:
        enclosing: {record: stances, within: claim, take: holder, where: {position: [deny], about: [truth]}}
"""


def add_factuality(text: str) -> str:
    """Return `labels.yaml` of the corpus with the attribute, the relation and the roles that it lacks."""
    if "\n  factuality:\n" not in text:
        text = text.replace("  stated:\n", _ATTRIBUTE + "  stated:\n", 1)
    if "\n    denied:" not in text:
        text = text.replace("      unknown: none\n", "      unknown: none\n    denied: {factuality: [denied]}\n", 1)
    if "\n  refers_to:\n" not in text:
        text = text.replace("  victim:\n", _RELATION + "  victim:\n", 1)
    if "\n      claim: " not in text:
        target = "      target: {relation: towards}\n"
        text = text.replace(target, target + _CLAIM)
    if "\n      disputed_by:\n" not in text:
        before, _, after = text.partition("      claimant:\n")
        roles = [
            _ROLE.replace("NAME", name).replace("VALUES", values)
            for name, values in (
                ("claimant", "asserted, possible"),
                ("denier", "denied"),
                ("speaker", "hypothetical, uncommitted"),
            )
        ]
        text = before + "".join([*roles, _DISPUTED_BY]) + "      victim:" + after.partition("      victim:")[2]
    return text


def load_with_factuality(folder: Path) -> Inventory:
    """Write the inventory of the corpus to a folder, with what it lacks, and load it."""
    text = (ROOT / "schema" / "labels.yaml").read_text("utf-8")
    (folder / "labels.yaml").write_text(add_factuality(text), "utf-8")
    return load_inventory(folder)


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
