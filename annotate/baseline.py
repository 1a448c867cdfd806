"""A baseline that can be read: patterns from a data file, run sentence by sentence, make spans and relations.

The data file (`baseline.yaml` beside the inventory) holds everything that is of a language or a corpus. A rule is a
regular expression; each of its named groups is a span, labelled as `spans` says, and `relations` ties the groups.
`{name}` in an expression stands for one of the `parts`. Attributes follow from the words of a span: of the entries for
its label, the first whose `when` is found in the words sets each attribute; numbers are read by `annotate.numbers`.
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
HINT = "fix it after docs/baseline.md"
_NUMBERS = {"both": 1, "lower": 1, "upper": 1, "between": 2, "none": 0}
"""How many numbers the words must hold for each reading of a wording; with none, they may hold any."""


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values for attributes; `when` is searched for in the words of a span."""

    when: str = ""
    set: dict[str, AttributeValue]


class Pattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pattern. `anchor` is the group that is found once: a match whose anchor was found before is left out."""

    pattern: str
    anchor: str
    spans: dict[str, str]
    relations: list[tuple[str, str, str]] = []


class Patterns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data file. `sentence` matches one sentence; relations are label, head group, tail group."""

    version: str
    sentence: str
    parts: dict[str, str]
    rules: list[Pattern]
    attributes: dict[str, list[Setting]] = {}


class Baseline:
    """Makes annotations with one data file and inventory."""

    def __init__(self, patterns: Patterns, inventory: Inventory, where: str | Path = BASELINE_FILE) -> None:
        """Raises CannotRun for an expression that cannot be compiled and for names that the inventory has not."""
        self.inventory, self.patterns, self._where = inventory, patterns, where
        self._fit()
        parts: dict[str, str] = {}
        for name, part in patterns.parts.items():
            parts[name] = f"(?:{_filled(part, parts)})"
        self._sentence = self._compiled(patterns.sentence)
        self._rules = [(rule, self._compiled(_filled(rule.pattern, parts))) for rule in patterns.rules]
        self._settings = {
            label: [(self._compiled(_filled(entry.when, parts)), entry.set) for entry in entries]
            for label, entries in patterns.attributes.items()
        }
        for rule, pattern in self._rules:
            for group in {rule.anchor, *rule.spans, *(end for tie in rule.relations for end in tie[1:])}:
                if group not in pattern.groupindex or group not in rule.spans:
                    raise CannotRun(where, f"{group!r} is no labelled group of {rule.pattern!r}", HINT)

    def _compiled(self, pattern: str) -> re.Pattern[str]:
        try:
            return re.compile(pattern, re.MULTILINE)
        except re.error as error:
            raise CannotRun(self._where, f"{pattern!r} is no regular expression: {error}", HINT) from error

    def _fit(self) -> None:
        labels = [*self.patterns.attributes, *(name for rule in self.patterns.rules for name in rule.spans.values())]
        unknown = [name for name in labels if name not in self.inventory.spans]
        ties = (tie[0] for rule in self.patterns.rules for tie in rule.relations)
        unknown += [name for name in ties if name not in self.inventory.relations]
        if unknown:
            raise CannotRun(self._where, f"the inventory has no {unknown[0]!r}", HINT)

    def annotate(self, article: str, text: str) -> Annotation:
        """The labels of a text."""
        spans: dict[tuple[str, int, int], Span] = {}
        relations: dict[tuple[str, str, str], Relation] = {}
        for sentence in self._sentence.finditer(text):
            taken: list[tuple[str, int, int]] = []
            for rule, match in self._matches(sentence[0]):
                label, (start, end) = rule.spans[rule.anchor], match.span(rule.anchor)
                if any(label == other and start < last and first < end for other, first, last in taken):
                    continue
                taken.append((label, start, end))
                ids = {}
                for group, label in rule.spans.items():
                    if match.start(group) < 0:
                        continue
                    base = sentence.start()
                    first, last = trim_range(text, base + match.start(group), base + match.end(group))
                    if first == last:
                        continue
                    place = (label, first, last)
                    if place not in spans:
                        spans[place] = self._span(f"b{len(spans) + 1}", *place, text[first:last])
                    ids[group] = spans[place].id
                for name, head, tail in rule.relations:
                    if head in ids and tail in ids:
                        tie = (name, ids[head], ids[tail])
                        relations[tie] = Relation(label=name, head=ids[head], tail=ids[tail])
        return Annotation(
            article=article,
            annotator=ANNOTATOR,
            process="single pass",
            made_from=(),
            inventory=self.inventory.version,
            text_sha256=sha256(text),
            spans=tuple(spans.values()),
            relations=tuple(relations.values()),
        )

    def _matches(self, sentence: str) -> Iterator[tuple[Pattern, re.Match[str]]]:
        """Every match, also those inside the match before: the search goes on behind the start of the anchor."""
        for rule, pattern in self._rules:
            match = pattern.search(sentence)
            while match:
                yield rule, match
                match = pattern.search(sentence, match.start(rule.anchor) + 1)

    def _span(self, id_: str, label: str, start: int, end: int, words: str) -> Span:
        interval = next((one for one in self.inventory.intervals if one.label == label), None)
        numbers = find_numbers(words, self.inventory.language) if interval else []
        values: dict[str, AttributeValue] = {}
        for when, entry in self._settings.get(label, ()):
            if when.search(words):
                for name, value in entry.items():
                    if not interval or name != interval.wording or _readable(interval, value, numbers):
                        values.setdefault(name, value)
        if interval and interval.wording in values:
            reading = interval.readings[str(values[interval.wording])]
            if reading in ("both", "lower", "between"):
                values[interval.minimum] = numbers[0]
            if reading in ("both", "upper", "between"):
                values[interval.maximum] = numbers[-1]
        return Span(id=id_, label=label, start=start, end=end, text=words, attributes=values)


def _filled(pattern: str, parts: dict[str, str]) -> str:
    """A pattern with its `{name}`s replaced; braces that hold no name of a part are left alone."""
    return re.sub(r"\{(\w+)\}", lambda found: parts.get(found[1], found[0]), pattern)


def _readable(interval: Interval, value: AttributeValue, numbers: list[int]) -> bool:
    needed = _NUMBERS[interval.readings.get(str(value), "none")]
    return not needed or (len(numbers) == needed and numbers == sorted(numbers))


def load_baseline(folder: str | Path, inventory: Inventory) -> Baseline:
    """The baseline of a schema folder. Raises CannotRun, naming the place, for a missing or broken file."""
    path = Path(folder) / BASELINE_FILE
    value = load_yaml(path, "write one after docs/baseline.md")
    return Baseline(convert_value(path, value, Patterns, HINT), inventory, path)
