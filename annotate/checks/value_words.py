"""P3: the values of attributes, against the words of the span. The inventory says what words mean which value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from annotate.findings import Finding, Problem, Rule, rule
from annotate.inventory import Attribute, Inventory
from annotate.model import Annotation, Span
from annotate.search_patterns import PatternError, SearchClock, compile_pattern
from annotate.util.escape import quote

SECONDS, SECONDS_PER_SPAN = 0.3, 0.002
"""The time of the processor that the expressions may take for an annotation. One search takes at most SECONDS."""
_SECONDS_IF_SLOW = 0.01
"""The time of a search with an expression that was too slow before; it is fast on most other words."""
_SLOW = set[str]()
"""The expressions that were too slow before in this process, so that not every annotation takes all its time."""
_OR = ", or correct which words are labelled"


class Contradiction(NamedTuple):
    """A value that the words of its span contradict.

    Attributes:
        span: The span.
        attribute: The attribute.
        value: Its value.
        why: What the words say.
        hint: What to do.
    """

    span: Span
    attribute: str
    value: str
    why: str
    hint: str


class WordsReport(NamedTuple):
    """What a comparison of values with words gave.

    Attributes:
        contradictions: The values that the words contradict, in the order of the spans.
        slow_attribute: The attribute whose words were searched when the time was over; None if there was enough.
    """

    contradictions: list[Contradiction]
    slow_attribute: str | None = None


@rule(
    "P306",
    "warning",
    waivable=True,
    advice="The words do not fit ‘{attribute}’: “{value}”. Choose another answer, or correct which words are labelled.",
)
def value_against_words(contradictions: Sequence[Contradiction]) -> Iterator[Problem]:
    """The words of a span fit the values of its attributes, as far as the inventory says which words mean which value.

    Why: "at least 50" labelled as "more than" is most often a slip, and nobody sees it in a list of values.
    Fails: a value whose `words` in labels.yaml `exclude` those of the span, or `require` others; a span whose words
    `imply` other values.
    Passes: "at least 50" with the value that declares `words: {imply: 'at least \\d'}`; any words, if no value of the
    attribute declares `words`.
    See: docs/reference/formats.md#words-of-a-value
    """
    for each in contradictions:
        yield Problem(
            f"{each.attribute} is {quote(each.value)}, but the words {quote(each.span.text)} {each.why}; {each.hint}",
            each.span.id,
            details={"attribute": each.attribute, "value": each.value},
        )


@rule("P307", "warning", waivable=True)
def words_take_too_long(attribute: str) -> Iterator[Problem]:
    """The expressions for the words of values get through an annotation in the time that they have.

    Why: an expression can take longer than a lifetime for a text. The other spans were not compared with their words.
    Fails: `words: {imply: '([a-z]|[^0-9])+!'}` in labels.yaml, for a span with many letters.
    Passes: `[a-z]+!`; an expression in which no repetition repeats another one, or has two ways to read the same words.
    It is a warning, since a faster computer may take less than the time.
    See: docs/reference/formats.md#words-of-a-value
    """
    problem = f"the words of a value of {attribute} in labels.yaml take too long to search for"
    hint = "let no repetition in their expressions repeat another one"
    yield Problem(f"{problem}; {hint}", group=f"{problem}; {hint}")


def compare_with_words(spans: Sequence[Span], text: str, inventory: Inventory) -> WordsReport:
    """Compare the values of spans with their words.

    Spans that are not where they say are left out; they have findings already.

    Args:
        spans: The spans of one annotation.
        text: The text of its article.
        inventory: The inventory, which says what words mean.
    """
    attributes = attributes_with_words(inventory)
    contradictions = list[Contradiction]()
    clock, joined = SearchClock(SECONDS + SECONDS_PER_SPAN * len(spans)), _join_by_attribute(inventory)
    try:
        for span in spans if attributes else ():
            if span.label in attributes and span.text and text[span.start : span.end] == span.text:
                contradictions += _compare(span, text, attributes[span.label], joined, clock)
    except (TimeoutError, MemoryError):
        return WordsReport(contradictions, clock.expression)
    return WordsReport(contradictions)


def check_words(file: str, annotation: Annotation, text: str, inventory: Inventory) -> Iterator[Finding]:
    """Yield the findings of both rules on an annotation.

    Args:
        file: The file that the findings name.
        annotation: The annotation.
        text: The text of its article.
        inventory: The inventory, which says what words mean.
    """
    report = compare_with_words(annotation.spans, text, inventory)
    yield from value_against_words(file, annotation.article, report.contradictions)
    if report.slow_attribute is not None:
        yield from words_take_too_long(file, annotation.article, report.slow_attribute)


@lru_cache(maxsize=8)
def attributes_with_words(inventory: Inventory) -> Mapping[str, tuple[Attribute, ...]]:
    """Return the attributes of each label that say what words mean, for the labels that have any."""
    attributes = {
        label: tuple(attribute for attribute in inventory.attributes_of(label) if attribute.value_words)
        for label in inventory.spans
    }
    return {label: of_label for label, of_label in attributes.items() if of_label}


_IGNORES_CASE = "(?i)"
_NOT_JOINED = re.compile(r"\\[0-9gkKLX]|\(\?(?![:=!]|<[=!])|\(\*")
"""What may mean something else next to other expressions: references, named groups, flags."""


@lru_cache(maxsize=8)
def _join_by_attribute(inventory: Inventory) -> Mapping[str, str | None]:
    """Return what `_join_implying` does of each attribute that says what words mean, by its name."""
    return {
        attribute.name: _join_implying([entry.imply for entry in attribute.value_words.values() if entry.imply])
        for attribute in inventory.attributes.values()
        if attribute.value_words
    }


@lru_cache(maxsize=4)
def _found_in(_text: str) -> dict[tuple[int, int, str], bool]:
    """Return whether expressions are in spans of a text, as the caller notes it: annotators label the same words."""
    return {}


def _join_implying(expressions: Sequence[str]) -> str | None:
    """Return an expression that is found wherever one of several is; "" for none, None if they cannot be joined.

    Most spans have the words of none, which one search shows in place of one for each.
    """
    parts = []
    for expression in expressions:
        rest = expression.removeprefix(_IGNORES_CASE)
        if _NOT_JOINED.search(rest):
            return None
        parts.append(f"(?{'i' if rest != expression else ''}:{rest})")
    joined = "|".join(parts)
    try:
        compile_pattern(joined)
    except PatternError:
        return None
    return joined


def _compare(
    span: Span, text: str, attributes: tuple[Attribute, ...], joined: Mapping[str, str | None], clock: SearchClock
) -> Iterator[Contradiction]:
    """Compare the values of one span with its words; `joined` is what `_join_by_attribute` returns."""
    found = _found_in(text)

    def has(expression: str) -> bool:
        key = span.start, span.end, expression
        if key not in found:
            found[key] = search(expression)
        return found[key]

    def search(expression: str) -> bool:
        # An expression may look behind, at the paragraph before the span. `\G` is the first word of the span, `\Z` the
        # end.
        first = text.rfind("\n", 0, span.start) + 1
        seconds = min(clock.left(name), _SECONDS_IF_SLOW if expression in _SLOW else SECONDS)
        try:
            pattern = compile_pattern(expression)
            return pattern.search(text[first : span.end], span.start - first, timeout=seconds) is not None
        except (TimeoutError, MemoryError):
            if seconds > SECONDS / 2:  # otherwise the searches before it may have taken the time
                _SLOW.add(expression)
            raise

    for attribute in attributes:
        name = attribute.name
        value = span.attributes.get(name)
        if not isinstance(value, str) or value not in attribute.values:
            continue
        words = attribute.value_words.get(value)
        anything = joined[name]
        implied = (
            [other for other, entry in attribute.value_words.items() if entry.imply and has(entry.imply)]
            if anything is None or (anything and has(anything))
            else []
        )
        if implied and value not in implied:
            yield Contradiction(span, name, value, f"say {' or '.join(map(quote, implied))}", f"choose that value{_OR}")
        elif words and words.exclude and has(words.exclude):
            yield Contradiction(span, name, value, "exclude that", f"choose another value{_OR}")
        elif words and words.require and not has(words.require):
            yield Contradiction(span, name, value, "lack what it requires", f"choose another value{_OR}")


RULES: tuple[Rule, ...] = (value_against_words, words_take_too_long)
