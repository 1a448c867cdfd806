"""Label articles with patterns from a data file, sentence by sentence. Every label can be traced to one pattern.

The data file, `baseline.yaml` next to the inventory, holds everything that depends on a language or a corpus. A rule
is a regular expression. Each of its named groups is a span, labelled as `spans` says, and `relations` connects them.
`{name}` in an expression inserts one of the `parts`. The text of a span sets its attributes: the first entry for its
label whose `when` matches sets each attribute. `annotate.numbers` reads the numbers.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from annotate.errors import CannotRun
from annotate.inventory import Interval, Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.numbers import find_numbers
from annotate.offsets import sha256, trim_range
from annotate.schemas import convert_value
from annotate.util.files import load_yaml

ANNOTATOR = "baseline"
BASELINE_FILE = "baseline.yaml"
HINT = "correct it; docs/baseline.md describes the file"
_NUMBERS = {"both": 1, "lower": 1, "upper": 1, "between": 2, "none": 0}
"""Number of numbers that the text must hold for each reading of a wording; with 0 it may hold any."""


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of attributes, set if the expression `when` is found in the text of a span."""

    when: str = ""
    set: dict[str, AttributeValue]


class Pattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule of the data file.

    Attributes:
        anchor: The group that identifies a match. A match is dropped if an earlier rule found an overlapping span with
            the label of this group in the sentence.
        spans: Label by group.
        relations: Relation, head group, tail group.
    """

    pattern: str
    anchor: str
    spans: dict[str, str]
    relations: list[tuple[str, str, str]] = []


class Patterns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data file. `sentence` is an expression that matches one sentence."""

    version: str
    sentence: str
    parts: dict[str, str]
    rules: list[Pattern]
    attributes: dict[str, list[Setting]] = {}


class Baseline:
    """Labels texts with one data file and inventory."""

    def __init__(self, patterns: Patterns, inventory: Inventory, where: str | Path = BASELINE_FILE) -> None:
        """Compile the patterns.

        Raises:
            CannotRun: An expression cannot be compiled, or the inventory lacks a name.
        """
        self.inventory, self.patterns, self._where = inventory, patterns, where
        self._require_known_names()
        parts: dict[str, str] = {}
        for name, part in patterns.parts.items():
            parts[name] = f"(?:{_insert_parts(part, parts)})"
        self._sentence = self._compile(patterns.sentence)
        self._rules = [(rule, self._compile(_insert_parts(rule.pattern, parts))) for rule in patterns.rules]
        self._settings = {
            label: [(self._compile(_insert_parts(entry.when, parts)), entry.set) for entry in entries]
            for label, entries in patterns.attributes.items()
        }
        for rule, pattern in self._rules:
            for group in {rule.anchor, *rule.spans, *(end for relation in rule.relations for end in relation[1:])}:
                if group not in pattern.groupindex or group not in rule.spans:
                    raise CannotRun(where, f"{group!r} is not a labelled group of {rule.pattern!r}", HINT)

    def _compile(self, pattern: str) -> re.Pattern[str]:
        try:
            return re.compile(pattern, re.MULTILINE)
        except re.error as error:
            raise CannotRun(self._where, f"{pattern!r} is not a regular expression: {error}", HINT) from error

    def _require_known_names(self) -> None:
        labels = [*self.patterns.attributes, *(name for rule in self.patterns.rules for name in rule.spans.values())]
        unknown = [name for name in labels if name not in self.inventory.spans]
        relations = (name for rule in self.patterns.rules for name, *_ in rule.relations)
        unknown += [name for name in relations if name not in self.inventory.relations]
        if unknown:
            raise CannotRun(self._where, f"the inventory has no {unknown[0]!r}", HINT)

    def annotate(self, article_id: str, text: str) -> Annotation:
        """Label a text.

        Args:
            article_id: The id of its article.
            text: The text; offsets are its code points.
        """
        spans: dict[tuple[str, int, int], Span] = {}
        relations: dict[tuple[str, str, str], Relation] = {}
        for sentence in self._sentence.finditer(text):
            anchors: list[tuple[str, int, int]] = []
            for rule, match in self._find_matches(sentence[0]):
                label, (start, end) = rule.spans[rule.anchor], match.span(rule.anchor)
                if any(label == other and start < last and first < end for other, first, last in anchors):
                    continue
                anchors.append((label, start, end))
                ids = {}
                for group, label in rule.spans.items():
                    if match.start(group) < 0:
                        continue
                    base = sentence.start()
                    first, last = trim_range(text, base + match.start(group), base + match.end(group))
                    if first == last:
                        continue
                    key = (label, first, last)
                    if key not in spans:
                        spans[key] = self._make_span(f"b{len(spans) + 1}", *key, text[first:last])
                    ids[group] = spans[key].id
                for name, head, tail in rule.relations:
                    if head in ids and tail in ids:
                        relation = Relation(label=name, head=ids[head], tail=ids[tail])
                        relations[name, relation.head, relation.tail] = relation
        return Annotation(
            article=article_id,
            annotator=ANNOTATOR,
            process="single pass",
            made_from=(),
            inventory=self.inventory.version,
            text_sha256=sha256(text),
            spans=tuple(spans.values()),
            relations=tuple(relations.values()),
        )

    def _find_matches(self, sentence: str) -> Iterator[tuple[Pattern, re.Match[str]]]:
        """Yield every match, also inside the match before: the search continues after the start of the anchor."""
        for rule, pattern in self._rules:
            match = pattern.search(sentence)
            while match:
                yield rule, match
                match = pattern.search(sentence, match.start(rule.anchor) + 1)

    def _make_span(self, id_: str, label: str, start: int, end: int, text: str) -> Span:
        interval = next((interval for interval in self.inventory.intervals if interval.label == label), None)
        numbers = find_numbers(text, self.inventory.language) if interval else []
        values: dict[str, AttributeValue] = {}
        for when, entry in self._settings.get(label, ()):
            if when.search(text):
                for name, value in entry.items():
                    if not interval or name != interval.wording or _has_needed_numbers(interval, value, numbers):
                        values.setdefault(name, value)
        if interval and interval.wording in values:
            reading = interval.readings[str(values[interval.wording])]
            if reading in ("both", "lower", "between"):
                values[interval.minimum] = numbers[0]
            if reading in ("both", "upper", "between"):
                values[interval.maximum] = numbers[-1]
        return Span(id=id_, label=label, start=start, end=end, text=text, attributes=values)


def _insert_parts(pattern: str, parts: dict[str, str]) -> str:
    """Replace each `{name}` of a part in a pattern; leave other braces alone."""
    return re.sub(r"\{(\w+)\}", lambda match: parts.get(match[1], match[0]), pattern)


def _has_needed_numbers(interval: Interval, value: AttributeValue, numbers: list[int]) -> bool:
    needed = _NUMBERS[interval.readings.get(str(value), "none")]
    return not needed or (len(numbers) == needed and numbers == sorted(numbers))


def load_baseline(folder: str | Path, inventory: Inventory) -> Baseline:
    """Load the baseline of a schema folder.

    Args:
        folder: The folder that holds `baseline.yaml`.
        inventory: The inventory of the labels.

    Raises:
        CannotRun: The file is missing or broken.
    """
    path = Path(folder) / BASELINE_FILE
    value = load_yaml(path, "write one; docs/baseline.md describes the file", within=path.parent)
    return Baseline(convert_value(path, value, Patterns, HINT), inventory, path)
