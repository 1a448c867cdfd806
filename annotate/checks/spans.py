"""P: the spans of an annotation, against the text and the inventory."""

import itertools
from collections import Counter
from collections.abc import Iterator

from annotate.findings import Fix, Problem, Rule, rule
from annotate.inventory import Condition, Interval, Inventory, Reading
from annotate.model import Annotation, Span
from annotate.numbers import counts_one, find_numbers
from annotate.offsets import is_inside_word, trim_range
from annotate.util.escape import quote


def _located_spans(annotation: Annotation, text: str) -> Iterator[Span]:
    """Return the spans that have words and are where they say; the others have findings already."""
    return (span for span in annotation.spans if span.text and text[span.start : span.end] == span.text)


@rule("P101", advice="This label lies outside the article. Delete it, and label the words again.")
def outside_text(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span lies within the text, and its start is not greater than its end.

    Why: other offsets point at nothing, but servers accept them.
    Fails: start 40, end 99999 in a text of 3,000 characters; start 9, end 4.
    Passes: 0 <= start <= end <= length of the text, in code points.
    """
    for span in annotation.spans:
        if not 0 <= span.start <= span.end <= len(text):
            yield Problem(
                f"[{span.start}, {span.end}) lies outside the text of {len(text)} characters; label the words again",
                span.id,
            )


@rule("P102", advice="This label covers no words. Delete it.")
def empty_span(annotation: Annotation) -> Iterator[Problem]:
    """A span has at least one character.

    Why: an empty span labels nothing and is invisible in the browser.
    Fails: start 12, end 12.
    Passes: start 12, end 13.
    """
    for span in annotation.spans:
        if span.start == span.end:
            yield Problem(f"is empty at {span.start}; remove it, or label the words that were meant", span.id)


@rule("P103", advice="This label has other words than the article at its place. Delete it, and label the words again.")
def text_differs(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span's text is the article's text at its offsets: `text[start:end] == span.text`.

    Why: a difference shows that offsets were shifted, counted in another unit, or made on another text.
    Fails: the text "killed" at offsets where the article has " kille".
    Passes: the text "killed" at offsets where the article has "killed".
    """
    for span in annotation.spans:
        read = text[span.start : span.end]
        if span.start < span.end <= len(text) and read != span.text:
            yield Problem(
                f"says {quote(span.text)}, but [{span.start}, {span.end}) reads {quote(read)}; fix the offsets",
                span.id,
            )


@rule(
    "P104",
    waivable=True,
    advice="This label begins or ends with a space. Delete it, and label the words without the space.",
)
def white_space_at_ends(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span neither begins nor ends with white space.

    Why: annotators who mean the same words would disagree by a space that they cannot see.
    Fails: "33 people ".
    Passes: "33 people".
    Guideline: how-to-label.md
    """
    for span in _located_spans(annotation, text):
        start, end = trim_range(text, span.start, span.end)
        if (start, end) != (span.start, span.end):
            fix = Fix(span.id, start, end) if start < end else None
            yield Problem(f"{quote(span.text)} has white space at its ends; leave it out", span.id, fix=fix)


@rule("P105", waivable=True, advice="These words have the label {label} twice. Delete one of the two.")
def same_span_twice(annotation: Annotation) -> Iterator[Problem]:
    """No two spans of an annotation have the same label, the same offsets and the same relations.

    Why: both are counted, and nothing tells them apart.
    Fails: two spans with one label at [10, 20) and no relations, or with the same relations to the same spans, or to
    spans that cannot be told apart either.
    Passes: two spans with different labels at [10, 20); two events with one label on one word, each with participants
    of its own.
    """
    first: dict[tuple[str, int, int, int], Span] = {}
    groups = Counter((span.label, span.start, span.end) for span in annotation.spans)
    kinds = _tell_apart(annotation) if len(groups) < len(annotation.spans) else {}
    for span in annotation.spans if kinds else ():
        duplicate = first.setdefault((span.label, span.start, span.end, kinds[span.id]), span)
        if duplicate.id != span.id:
            yield Problem(
                f"repeats {span.label} {quote(span.text, 40)} at [{span.start}, {span.end}), with the same relations; "
                "keep one of the two",
                span.id,
            )


def _tell_apart(annotation: Annotation) -> dict[str, int]:
    """Return a number for each span: two spans have one number if neither offsets nor relations tell them apart.

    Spans are first grouped by label and offsets. A group is divided as long as its members have relations to different
    groups: this is the colour refinement of a graph (Cardon and Crochemore, 1982). Of the parts of a group, the largest
    keeps the number, so that a span gets a new one at most as often as groups can be halved.
    """
    groups: dict[tuple[str, int, int], int] = {}
    kinds = {span.id: groups.setdefault((span.label, span.start, span.end), len(groups)) for span in annotation.spans}
    members: dict[int, set[str]] = {}
    for id_, kind in kinds.items():
        members.setdefault(kind, set()).add(id_)
    ends: dict[str, list[tuple[str, bool, str]]] = {id_: [] for id_ in kinds}
    for relation in annotation.relations:
        if relation.head in kinds and relation.tail in kinds:
            ends[relation.head].append((relation.label, False, relation.tail))
            ends[relation.tail].append((relation.label, True, relation.head))
    numbers = itertools.count(len(groups))
    counts = {id_: Counter[tuple[str, bool, int]]() for id_ in kinds}
    renumbered: dict[str, int | None] = dict.fromkeys(kinds)  # span → its number before
    while renumbered:
        # All members of a group had relations to the same groups, so that what changed tells them apart.
        changes: dict[str, set[tuple[str, bool, int, bool]]] = {}
        for id_, old in renumbered.items():
            for label, is_head, other in ends[id_]:
                counts[other][label, is_head, kinds[id_]] += 1
                changes.setdefault(other, set()).add((label, is_head, kinds[id_], True))
                if old is not None:
                    counts[other][label, is_head, old] -= 1
                    if not counts[other][label, is_head, old]:
                        changes[other].add((label, is_head, old, False))
        divided: dict[int, dict[frozenset[tuple[str, bool, int, bool]], set[str]]] = {}
        for id_, change in changes.items():
            divided.setdefault(kinds[id_], {}).setdefault(frozenset(change), set()).add(id_)
        renumbered = {}
        for kind, by_change in divided.items():
            rest = members[kind]
            for part in by_change.values():
                rest -= part
            first, *others = sorted((rest, *by_change.values()), key=len, reverse=True)
            members[kind] = first
            for part in filter(None, others):
                new = next(numbers)
                members[new] = part
                for id_ in part:
                    renumbered[id_], kinds[id_] = kind, new
    return kinds


@rule(
    "P106",
    advice="Two labels have the same number inside the program. Delete one of them, and label its words again.",
)
def same_id_twice(annotation: Annotation) -> Iterator[Problem]:
    """The id of a span is unique in its annotation.

    Why: a relation names its ends by id; if two spans have it, the relation is ambiguous.
    Fails: two spans with the id s4.
    Passes: s4 and s5.
    """
    for name, count in Counter(span.id for span in annotation.spans).items():
        if count > 1:
            yield Problem(f"is the id of {count} spans; give each span an id of its own", name)


def _intervals(annotation: Annotation, inventory: Inventory) -> Iterator[tuple[Span, Interval, int | None, int | None]]:
    """Yield each span that states a count, with its minimum and maximum, which are None where not set."""
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


@rule("P301", waivable=True, advice="{minimum} ({least}) is larger than {maximum} ({most}). Swap the two numbers.")
def minimum_above_maximum(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """The lower number of a count is not greater than the upper one.

    Why: no count lies in such an interval; most often the two were swapped.
    Fails: minimum 4000, maximum 3000.
    Passes: minimum 3000, maximum 4000.
    """
    for span, interval, minimum, maximum in _intervals(annotation, inventory):
        if minimum is not None and maximum is not None and minimum > maximum:
            yield Problem(
                f"{interval.minimum} {minimum} is above {interval.maximum} {maximum}; swap them",
                span.id,
                details={**_name_bounds(interval), "least": str(minimum), "most": str(maximum)},
            )


def _name_bounds(interval: Interval) -> dict[str, str]:
    """Return the attributes that hold the two numbers of a count, for an advice."""
    return {"minimum": interval.minimum, "maximum": interval.maximum}


_ADVICE: dict[Reading, str] = {
    "both": "‘{wording}’ is “{answer}”. Put the same number into {minimum} and {maximum}, or change ‘{wording}’.",
    "lower": "‘{wording}’ is “{answer}”. Give {minimum} and leave {maximum} empty, or change ‘{wording}’.",
    "upper": "‘{wording}’ is “{answer}”. Give {maximum} and leave {minimum} empty, or change ‘{wording}’.",
    "between": "‘{wording}’ is “{answer}”. Put two numbers into {minimum} and {maximum}, or change ‘{wording}’.",
    "none": "‘{wording}’ is “{answer}”. Leave {minimum} and {maximum} empty, or change ‘{wording}’.",
}
"""What an annotator does about numbers that do not fit the wording of a count."""
_EXPECTED: dict[Reading, str] = {
    "both": "{minimum} and {maximum} are the one number",
    "lower": "{minimum} is set and {maximum} is empty",
    "upper": "{maximum} is set and {minimum} is empty",
    "between": "{minimum} and {maximum} are its two numbers",
    "none": "{minimum} and {maximum} are empty",
}


_IS_SET: dict[Reading, tuple[bool, bool]] = {"lower": (True, False), "upper": (False, True), "none": (False, False)}


def _agrees(reading: Reading, minimum: int | None, maximum: int | None) -> bool:
    if minimum is None or maximum is None:
        return _IS_SET.get(reading) == (minimum is not None, maximum is not None)
    return minimum == maximum if reading == "both" else reading == "between" and minimum != maximum


@rule("P302", waivable=True, advice="The answers do not fit each other.")
def wording_and_bounds(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """The wording of a count agrees with its two numbers.

    Why: "at least 50" has no upper limit; setting one, or giving "dozens" a number, is a guess that cannot be undone.
    Fails: "at least" with minimum 50 and maximum 50; "vague" with minimum 24.
    Passes: "at least" with minimum 50 and no maximum; "vague" with neither.
    """
    for span, interval, minimum, maximum in _intervals(annotation, inventory):
        wording = span.attributes.get(interval.wording)
        reading = interval.readings.get(str(wording))
        if reading and not _agrees(reading, minimum, maximum):
            expected = _EXPECTED[reading].format(minimum=interval.minimum, maximum=interval.maximum)
            yield Problem(
                f"{interval.wording} is {quote(wording)}, which asks that {expected}; fix one of them",
                span.id,
                advice=_ADVICE[reading],
                details={**_name_bounds(interval), "wording": interval.wording, "answer": str(wording)},
            )


@rule(
    "P303",
    waivable=True,
    advice="{attribute} is {value}, but these words say {stated}. Use the number that the words say.",
)
def number_not_in_words(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A count's numbers must appear in its text.

    Why: a count is what the text says; a number that was worked out or mistyped is not.
    Fails: "at least 50 people" with minimum 51; "two dozen" with 2.
    Passes: "at least 50 people" with minimum 50; "3,000 to 4,000" with 3000 and 4000; "two dozen" with 24; "a soldier
    and two guards" with 1.
    """
    for span, interval, minimum, maximum in _intervals(annotation, inventory):
        numbers = {
            name: value
            for name, value in ((interval.minimum, minimum), (interval.maximum, maximum))
            if value and value > 0
        }
        stated = find_numbers(span.text, inventory.language) if numbers else []
        for name, value in numbers.items():
            if stated and value not in stated and not (value == 1 and counts_one(span.text, inventory.language)):
                yield Problem(
                    f"{name} is {value}, but the words {quote(span.text)} give {' and '.join(map(str, stated))}; "
                    "use a number that appears there",
                    span.id,
                    details={"attribute": name, "value": str(value), "stated": [str(number) for number in stated]},
                )


def _denied_counts(annotation: Annotation, inventory: Inventory) -> Iterator[tuple[Span, Interval, set[int], bool]]:
    """Yield each span that states a count where the inventory tells denied ones, its numbers, and whether it denies."""
    for span, interval, minimum, maximum in _intervals(annotation, inventory):
        if interval.denied:
            numbers = {number for number in (minimum, maximum) if number is not None}
            yield span, interval, numbers, interval.denies(span.attributes)


@rule(
    "P304",
    "warning",
    waivable=True,
    advice=(
        "This {label} denies the number {value}, which no other {label} of the article claims. Label the claim, "
        "or change the answer that says that this one is denied."
    ),
)
def denied_count_of_no_claim(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A number that is denied is one that something else in the article claims.

    Why: who denies a count answers a claim of it; if no other words of the article have the number, most often the
    number is that of the denier's own claim, and the harm is not denied.
    Fails: "denied that 40 were hurt", where no other count of the article is 40.
    Passes: the same after "40 people were hurt, the agency said"; denied harm without a count.
    """
    claimed: dict[str, set[int]] = {}
    counts = list(_denied_counts(annotation, inventory))
    for span, _, numbers, is_denied in counts:
        if not is_denied:
            claimed.setdefault(span.label, set()).update(numbers)
    for span, _, numbers, is_denied in counts:
        unclaimed = sorted(numbers - claimed.get(span.label, set()) - {0}) if is_denied else []
        if unclaimed:
            yield Problem(
                f"{span.label} {quote(span.text, 40)} denies {' and '.join(map(str, unclaimed))}, which no other"
                f" {span.label} claims; label the claim, or mark this one as not denied",
                span.id,
                details={"value": [str(number) for number in unclaimed]},
            )


@rule("P305", waivable=True, advice="This {label} counts 0. Leave {minimum} and {maximum} empty, and set {condition}.")
def count_of_none(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """Harm that did not happen is denied harm without a count, where the inventory tells denied harm.

    Why: "no one was hurt" and "denied that anyone was hurt" mean the same, and must not be told apart by a count of 0.
    Fails: "no one was hurt" with minimum 0 and maximum 0.
    Passes: the same as denied harm with neither; a count of 0 where the inventory has no `denied`.
    """
    for span, interval, numbers, _ in _denied_counts(annotation, inventory):
        if numbers == {0}:
            yield Problem(
                f"{span.label} {quote(span.text, 40)} counts 0; "
                f"empty {interval.minimum} and {interval.maximum}, and set {_name_condition(interval.denied)}",
                span.id,
                details={**_name_bounds(interval), "condition": interval.denied},
            )


def _name_condition(condition: Condition) -> str:
    """Return how attributes are set so that a condition is met: "kind to a or b"."""
    return " and ".join(f"{name} to {' or '.join(values)}" for name, values in condition.items())


@rule(
    "P401",
    "warning",
    waivable=True,
    advice="This label begins or ends in the middle of a word. Label the whole word.",
)
def cuts_a_word(annotation: Annotation, text: str) -> Iterator[Problem]:
    """A span begins and ends at a word boundary.

    Why: half a word is most often a slip of the mouse.
    Fails: "illed" of "killed".
    Passes: "killed"; "US" of "US-led"; any words in a script without spaces, such as Chinese or Thai.
    Guideline: how-to-label.md
    """
    for span in _located_spans(annotation, text):
        if is_inside_word(text, span.start) or is_inside_word(text, span.end):
            around = text[max(span.start - 8, 0) : span.end + 8]
            yield Problem(f"{quote(span.text)} cuts a word of {quote(around, 80)}; take the whole word", span.id)


@rule(
    "P402",
    "warning",
    waivable=True,
    advice="This label runs from one paragraph into the next. Label the part in each paragraph, and join the parts.",
)
def crosses_lines(annotation: Annotation) -> Iterator[Problem]:
    """A span stays within one line of the text, which is a paragraph.

    Why: browsers disagree about a selection across a line end; a span over two paragraphs is a span in pieces.
    Fails: a span from the last words of one paragraph to the first of the next.
    Passes: two spans, joined by the relation for pieces.
    Guideline: how-to-label.md
    """
    for span in annotation.spans:
        if "\n" in span.text:
            yield Problem(
                f"{quote(span.text, 40)} crosses a line end; label the part in each paragraph and join them as pieces",
                span.id,
            )


OF_TEXT: tuple[Rule, ...] = (outside_text, text_differs, white_space_at_ends, cuts_a_word)
OF_SPANS: tuple[Rule, ...] = (empty_span, same_span_twice, same_id_twice, crosses_lines)
OF_COUNTS: tuple[Rule, ...] = (
    minimum_above_maximum,
    wording_and_bounds,
    number_not_in_words,
    denied_count_of_no_claim,
    count_of_none,
)
RULES: tuple[Rule, ...] = (*OF_TEXT, *OF_SPANS, *OF_COUNTS)
