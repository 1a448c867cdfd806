"""P: the spans of one annotation, against the text and the inventory."""

from collections import Counter
from collections.abc import Iterator

from annotate.findings import Fix, Problem, Rule, rule
from annotate.inventory import Interval, Inventory, Reading
from annotate.model import Annotation, Span
from annotate.numbers import numbers_in
from annotate.offsets import cuts_word, trimmed
from annotate.util.escape import quote


def _settled(annotation: Annotation, text: str) -> Iterator[Span]:
    """The spans that hold words and stand where they say; of the others, only that is said."""
    return (span for span in annotation.spans if span.text and text[span.start : span.end] == span.text)


@rule("P101")
def outside_text(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span lies within the text, and its start is not behind its end.

    Why: such offsets point at nothing; servers accept them all the same.
    Fails: start 40, end 99999 in a text of 3,000 characters; start 9, end 4.
    Passes: 0 <= start <= end <= length of the text, in code points.
    """
    for span in annotation.spans:
        if not 0 <= span.start <= span.end <= len(text):
            yield Problem(
                f"[{span.start}, {span.end}) lies outside the text of {len(text)} characters; label the words again",
                span.id,
            )


@rule("P102")
def empty_span(annotation: Annotation) -> Iterator[Problem]:
    """A span holds at least one character.

    Why: an empty span labels nothing, and cannot be seen in the browser.
    Fails: start 12, end 12.
    Passes: start 12, end 13.
    """
    for span in annotation.spans:
        if span.start == span.end:
            yield Problem(f"is empty at {span.start}; remove it, or label the words that were meant", span.id)


@rule("P103")
def text_differs(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span's text is what the article reads at its offsets: `text[start:end] == span.text`.

    Why: it shows offsets that were shifted, counted in another unit, or made on another text.
    Fails: text "killed" at offsets that read " kille".
    Passes: text "killed" at offsets that read "killed".
    """
    for span in annotation.spans:
        read = text[span.start : span.end]
        if span.start < span.end <= len(text) and read != span.text:
            yield Problem(
                f"says {quote(span.text)}, but [{span.start}, {span.end}) reads {quote(read)}; fix the offsets",
                span.id,
            )


@rule("P104")
def white_space_at_ends(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span neither begins nor ends with white space.

    Why: two annotators who mean the same words would disagree by a space that neither sees.
    Fails: "33 people ".
    Passes: "33 people".
    Guideline: how-to-label.md
    """
    for span in _settled(annotation, text):
        start, end = trimmed(text, span.start, span.end)
        if (start, end) != (span.start, span.end):
            fix = Fix(span.id, start, end) if start < end else None
            yield Problem(f"{quote(span.text)} has white space at its ends; leave it out", span.id, fix=fix)


@rule("P105")
def same_span_twice(annotation: Annotation) -> Iterator[Problem]:
    """No two spans of an annotation have the same label and the same offsets.

    Why: one of them carries the relations, the other is counted as well.
    Fails: two spans labelled alike at [10, 20).
    Passes: two spans at [10, 20) with two labels.
    """
    first: dict[tuple[str, int, int], str] = {}
    for span in annotation.spans:
        twin = first.setdefault((span.label, span.start, span.end), span.id)
        if twin != span.id:
            yield Problem(f"repeats {span.label} {twin} at [{span.start}, {span.end}); keep one of the two", span.id)


@rule("P106")
def same_id_twice(annotation: Annotation) -> Iterator[Problem]:
    """The id of a span is its own within its annotation.

    Why: a relation names its ends by id; with two of them it is not known which is meant.
    Fails: two spans with the id s4.
    Passes: s4 and s5.
    """
    for name, count in Counter(span.id for span in annotation.spans).items():
        if count > 1:
            yield Problem(f"stands {count} times; give each span an id of its own", name)


def _intervals(annotation: Annotation, inventory: Inventory) -> Iterator[tuple[Span, Interval, int | None, int | None]]:
    """Each span of a label with number words, with its minimum and maximum; None where one is not set."""
    by_label = {interval.label: interval for interval in inventory.intervals}
    for span in annotation.spans:
        interval = by_label.get(span.label)
        if interval:
            minimum = span.attributes.get(interval.minimum)
            maximum = span.attributes.get(interval.maximum)
            yield (
                span,
                interval,
                minimum if isinstance(minimum, int) else None,
                maximum if isinstance(maximum, int) else None,
            )


@rule("P301")
def minimum_above_maximum(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """The lower number of a count is not above the upper one.

    Why: no count lies in such an interval; most often the two were swapped.
    Fails: minimum 4000, maximum 3000.
    Passes: minimum 3000, maximum 4000.
    """
    for span, interval, minimum, maximum in _intervals(annotation, inventory):
        if minimum is not None and maximum is not None and minimum > maximum:
            yield Problem(f"{interval.minimum} {minimum} is above {interval.maximum} {maximum}; swap them", span.id)


_ASKS: dict[Reading, str] = {
    "both": "{minimum} and {maximum} are the one number",
    "lower": "{minimum} is set and {maximum} is empty",
    "upper": "{maximum} is set and {minimum} is empty",
    "between": "{minimum} and {maximum} are its two numbers",
    "none": "{minimum} and {maximum} are empty",
}


_SET: dict[Reading, tuple[bool, bool]] = {"lower": (True, False), "upper": (False, True), "none": (False, False)}


def _reads(reading: Reading, minimum: int | None, maximum: int | None) -> bool:
    if minimum is None or maximum is None:
        return _SET.get(reading) == (minimum is not None, maximum is not None)
    return minimum == maximum if reading == "both" else reading == "between" and minimum != maximum


@rule("P302")
def wording_and_bounds(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A count's wording and its two numbers say the same.

    Why: "at least 50" is open above; closing it, or giving "dozens" a number, is a guess that nobody can undo.
    Fails: "at least" with minimum 50 and maximum 50; "vague" with minimum 24.
    Passes: "at least" with minimum 50 and no maximum; "vague" with neither.
    """
    for span, interval, minimum, maximum in _intervals(annotation, inventory):
        wording = span.attributes.get(interval.wording)
        reading = interval.readings.get(str(wording))
        if reading and not _reads(reading, minimum, maximum):
            asks = _ASKS[reading].format(minimum=interval.minimum, maximum=interval.maximum)
            yield Problem(f"{interval.wording} is {wording!r}, which asks that {asks}; fix one of them", span.id)


@rule("P303")
def number_not_in_words(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """The numbers of a count are numbers that stand in its words.

    Why: a count is what the text says; a number that somebody worked out, or mistyped, is not.
    Fails: "at least 50 people" with minimum 51.
    Passes: "at least 50 people" with minimum 50; "3,000 to 4,000" with 3000 and 4000; "nobody" with 0.
    """
    for span, interval, minimum, maximum in _intervals(annotation, inventory):
        given = {
            name: value
            for name, value in ((interval.minimum, minimum), (interval.maximum, maximum))
            if value and value > 0
        }
        stated = numbers_in(span.text, inventory.language) if given else []
        for name, value in given.items():
            if stated and value not in stated:
                yield Problem(
                    f"{name} is {value}, but the words {quote(span.text)} give {' and '.join(map(str, stated))}; "
                    "write a number that stands there",
                    span.id,
                )


@rule("P401", "warning")
def cuts_a_word(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span begins and ends at the edge of a word.

    Why: half a word is most often a slip of the mouse.
    Fails: "illed" of "killed".
    Passes: "killed"; "US" of "US-led".
    Guideline: how-to-label.md
    """
    for span in _settled(annotation, text):
        if cuts_word(text, span.start) or cuts_word(text, span.end):
            around = text[max(span.start - 8, 0) : span.end + 8]
            yield Problem(f"{quote(span.text)} cuts a word of {quote(around, 80)}; take the whole word", span.id)


@rule("P402", "warning")
def crosses_lines(annotation: Annotation) -> Iterator[Problem]:
    """A span stays within one line of the text, which is a paragraph.

    Why: browsers disagree on what a selection over a line end holds; a span over two paragraphs is one in pieces.
    Fails: a span from the last words of one paragraph to the first of the next.
    Passes: two spans, joined by the relation for pieces.
    Guideline: how-to-label.md
    """
    for span in annotation.spans:
        if "\n" in span.text:
            yield Problem("runs over a line end; label each paragraph's part and join them as pieces", span.id)


OF_TEXT: tuple[Rule, ...] = (outside_text, text_differs, white_space_at_ends, cuts_a_word)
OF_SPANS: tuple[Rule, ...] = (empty_span, same_span_twice, same_id_twice, crosses_lines)
OF_COUNTS: tuple[Rule, ...] = (minimum_above_maximum, wording_and_bounds, number_not_in_words)
RULES: tuple[Rule, ...] = (*OF_TEXT, *OF_SPANS, *OF_COUNTS)
