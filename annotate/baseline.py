"""Label articles with patterns from a data file, sentence by sentence. Every label can be traced to one pattern.

The data file, `baseline.yaml` next to the inventory, holds everything that depends on a language or a corpus. A rule
is a regular expression. Each of its named groups is a span, labelled as `spans` says, and `relations` connects them.
`{name}` in an expression inserts one of the `parts`. The text of a span sets its attributes: the first entry for its
label whose `when` matches sets each attribute. `annotate.numbers` reads the numbers.

Expressions are data of others: `annotate.search_patterns` compiles them, and an article has a bounded time.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from annotate import findings
from annotate.errors import CannotRun
from annotate.inventory import Attribute, Interval, Inventory, describe_bounds
from annotate.model import LARGEST, Annotation, AttributeValue, Relation, Span
from annotate.numbers import find_numbers
from annotate.offsets import sha256, trim_range
from annotate.schemas import Path as ValuePath
from annotate.schemas import convert_value
from annotate.schemas.lines import LineFinder, line_finder
from annotate.search_patterns import LONGEST_PATTERN, PatternError, SearchClock, compile_pattern
from annotate.util.escape import quote, shorten
from annotate.util.files import decode_yaml, read_bytes

if TYPE_CHECKING:
    import regex

ANNOTATOR = "baseline"
BASELINE_FILE = "baseline.yaml"
HINT = "correct it; docs/how-to/baseline.md describes the file"
SECONDS = 10.0
"""Default of the time that an article may take."""
_NUMBERS = {"both": 1, "lower": 1, "upper": 1, "between": 2, "none": 0}
"""Number of numbers that the text must hold for each reading of a wording; with 0 it may hold any."""


_PART = re.compile(r"\{(\w+)\}")
_SHOWN = 100


@findings.rule("B101")
def too_slow(expression: str, seconds: float) -> Iterator[findings.Problem]:
    """The patterns of the baseline get through an article in the time that they have.

    Why: an expression can take longer than a lifetime for a text, and what it had found until then would depend on the
    machine. The article has no labels.
    Fails: `(a+)+b` on a long line of `a`.
    Passes: `a+b`; an expression in which no repetition repeats another one.
    See: docs/how-to/baseline.md
    """
    yield findings.Problem(
        f"{quote(expression, _SHOWN)} is still searching after {seconds:g} seconds; let no repetition in it repeat "
        "another one, split the line, or raise --time-limit"
    )


RULES: tuple[findings.Rule, ...] = (too_slow,)


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


class PatternTooSlow(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """The expressions of a data file did not get through a text in time.

    Attributes:
        expression: The one that was searched last.
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression
        super().__init__(f"{quote(expression, _SHOWN)} takes too long")


class Baseline:
    """Labels texts with one data file and inventory."""

    def __init__(
        self,
        patterns: Patterns,
        inventory: Inventory,
        where: str | Path = BASELINE_FILE,
        find_line: LineFinder | None = None,
    ) -> None:
        """Compile the patterns.

        Args:
            patterns: The contents of the data file.
            inventory: The inventory of the labels.
            where: What errors call the data file.
            find_line: Finds the line of each of its values, if there is a file.

        Raises:
            CannotRun: An expression cannot be compiled, or the inventory lacks a name or a value.
        """
        self.inventory, self.patterns, self._where = inventory, patterns, where
        for path, problem in _find_unknown(patterns, inventory):
            line = find_line(path) if find_line else None
            raise CannotRun(f"{where}:{line}" if line else where, problem, HINT)
        parts: dict[str, str] = {}
        for name, part in patterns.parts.items():
            parts[name] = f"(?:{self._insert_parts(part, parts)})"
        self._sentence = self._compile(self._insert_parts(patterns.sentence, {}))
        self._rules = [(rule, self._compile(self._insert_parts(rule.pattern, parts))) for rule in patterns.rules]
        self._settings = {
            label: [(self._compile(self._insert_parts(entry.when, parts)), entry.set) for entry in entries]
            for label, entries in patterns.attributes.items()
        }
        for rule, pattern in self._rules:
            for group in {rule.anchor, *rule.spans, *(end for relation in rule.relations for end in relation[1:])}:
                if group not in pattern.groupindex or group not in rule.spans:
                    raise CannotRun(
                        where, f"{quote(group)} is not a labelled group of {quote(rule.pattern, _SHOWN)}", HINT
                    )

    def _compile(self, pattern: str) -> "regex.Pattern[str]":
        try:
            return compile_pattern(pattern)
        except PatternError as error:
            if error.hint:
                problem, hint = f"{quote(pattern, _SHOWN)} {error}", f"{error.hint}; {HINT}"
                raise CannotRun(self._where, problem, hint) from error
            problem = f"{quote(pattern, _SHOWN)} is not a regular expression: {shorten(str(error), _SHOWN)}"
            raise CannotRun(self._where, problem, HINT) from error

    def _insert_parts(self, pattern: str, parts: dict[str, str]) -> str:
        """Replace each `{name}` of a part in an expression; leave other braces alone.

        Raises:
            CannotRun: The result is too long. Parts of parts can make it grow beyond any memory.
        """
        pieces = _PART.split(pattern)
        length = sum(map(len, pieces))
        for index in range(1, len(pieces), 2):
            pieces[index] = parts.get(pieces[index], f"{{{pieces[index]}}}")
            length += len(pieces[index])
            if length > LONGEST_PATTERN:
                break
        if length > LONGEST_PATTERN:
            problem = f"{quote(pattern, _SHOWN)} has more than {LONGEST_PATTERN:,} characters with its parts"
            raise CannotRun(self._where, problem, f"shorten it; {HINT}")
        return "".join(pieces)

    def annotate(self, article_id: str, text: str, seconds: float = SECONDS) -> Annotation:
        """Label a text.

        Args:
            article_id: The id of its article.
            text: The text; offsets are its code points.
            seconds: The time of the processor that it may take.

        Raises:
            PatternTooSlow: It takes longer. There are then no labels: which ones were found would depend on the
                machine.
        """
        clock = SearchClock(seconds)
        try:
            return self._annotate(article_id, text, clock)
        except (TimeoutError, MemoryError) as error:
            raise PatternTooSlow(clock.expression) from error

    def _annotate(self, article_id: str, text: str, clock: SearchClock) -> Annotation:
        spans: dict[tuple[str, int, int], Span] = {}
        relations: dict[tuple[str, str, str], Relation] = {}
        for sentence in self._sentence.finditer(text, timeout=clock.left(self.patterns.sentence)):
            anchors: list[tuple[str, int, int]] = []
            for rule, match in self._find_matches(sentence[0], clock):
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
                        spans[key] = self._make_span(f"b{len(spans) + 1}", *key, text[first:last], clock)
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

    def _find_matches(self, sentence: str, clock: SearchClock) -> Iterator[tuple[Pattern, "regex.Match[str]"]]:
        """Yield every match, also inside the match before: the search continues after the start of the anchor."""
        for rule, pattern in self._rules:
            position = 0
            while match := pattern.search(sentence, position, timeout=clock.left(rule.pattern)):
                anchor = match.start(rule.anchor)
                if anchor >= 0:
                    yield rule, match
                # A group that is optional may have no part in a match.
                position = (anchor if anchor >= 0 else match.start()) + 1

    def _make_span(self, id_: str, label: str, start: int, end: int, text: str, clock: SearchClock) -> Span:
        interval = next((interval for interval in self.inventory.intervals if interval.label == label), None)
        numbers = find_numbers(text, self.inventory.language) if interval else []
        if interval and interval.denied:
            # P305: a count of 0 is an error where the inventory tells denied spans.
            numbers = [number for number in numbers if number]
        if interval:
            ends = [self.inventory.attributes[name] for name in (interval.minimum, interval.maximum)]
            numbers = [number for number in numbers if all(end.allows(number) for end in ends)]
        values: dict[str, AttributeValue] = {}
        for when, entry in self._settings.get(label, ()):
            if when.search(text, timeout=clock.left(when.pattern)):
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


def _has_needed_numbers(interval: Interval, value: AttributeValue, numbers: list[int]) -> bool:
    needed = _NUMBERS[interval.readings.get(str(value), "none")]
    return not needed or (len(numbers) == needed and numbers == sorted(numbers))


def _find_unknown(patterns: Patterns, inventory: Inventory) -> Iterator[tuple[ValuePath, str]]:
    """Yield each name or value that the inventory does not have: its path in the data file, and what is wrong."""
    for index, rule in enumerate(patterns.rules):
        for group, label in rule.spans.items():
            if label not in inventory.spans:
                yield ("rules", index, "spans", group), _unknown("span label", label, inventory.spans)
        for position, (name, *_) in enumerate(rule.relations):
            if name not in inventory.relations:
                yield ("rules", index, "relations", position, 0), _unknown("relation", name, inventory.relations)
    for label, entries in patterns.attributes.items():
        if label not in inventory.spans:
            yield ("attributes", label), _unknown("span label", label, inventory.spans)
            continue
        attributes = {attribute.name: attribute for attribute in inventory.attributes_of(label)}
        for index, entry in enumerate(entries):
            for name, value in entry.set.items():
                path = ("attributes", label, index, "set", name)
                if name not in attributes:
                    yield path, _unknown(f"attribute of {label}", name, attributes)
                elif problem := _explain_value(attributes[name], value):
                    yield path, problem


def _unknown(kind: str, name: AttributeValue, choices: Iterable[str]) -> str:
    listed = shorten(", ".join(choices), _SHOWN) or "none"
    return f"the inventory has no {kind} {quote(name, _SHOWN)}, only {listed}"


def _explain_value(attribute: Attribute, value: AttributeValue) -> str | None:
    """Return why an attribute cannot have a value; None if it can."""
    if attribute.allows(value):
        return None
    match attribute.type:
        case "choice":
            return _unknown(f"value of {attribute.name}", value, attribute.values)
        case "integer":
            bounds = describe_bounds(
                attribute.minimum or 0, LARGEST if attribute.maximum is None else attribute.maximum
            )
            return f"{attribute.name} is a whole number{bounds}, not {quote(value, _SHOWN)}"
        case "number":
            return f"{attribute.name} is a finite number{attribute.bounds}, not {quote(value, _SHOWN)}"
        case "text":
            return f"{attribute.name} is a text that is not empty, not {quote(value, _SHOWN)}"


def load_baseline(folder: str | Path, inventory: Inventory) -> Baseline:
    """Load the baseline of a schema folder.

    Args:
        folder: The folder that holds `baseline.yaml`.
        inventory: The inventory of the labels.

    Raises:
        CannotRun: The file is missing or broken, or has a name or value that the inventory lacks; then with the line.
    """
    path = Path(folder) / BASELINE_FILE
    data = read_bytes(path, "write one; docs/how-to/baseline.md describes the file", within=path.parent)
    patterns = convert_value(path, decode_yaml(path, data), Patterns, HINT)
    return Baseline(patterns, inventory, path, line_finder(path.name, data))
