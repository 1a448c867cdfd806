"""Counts the steps of a backtracking search, and makes texts that would let it take many.

The steps of `re` cannot be counted, and its time depends on the machine. This matcher does what `re` does without its
shortcuts, so that it takes at least as many steps. Counts in braces are cut to a few, so that short texts show whether
the steps grow faster than the text.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, permutations
from math import ceil
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

PUMPED = 150
"""Characters of the shorter of the two texts that are compared."""
MOST_PUMPS, MOST_STEPS = 120, 1_000_000
MOST_REPEATED = 4
"""What a number in braces is cut to; only `*` and `+` are without end."""
Continue = Callable[[int], int | None]
"""Matches the rest of a pattern from a position; returns the end of the match."""
Matcher = Callable[[int, Continue], int | None]
_REPEATS = {codes.MAX_REPEAT: "greedy", codes.MIN_REPEAT: "lazy", codes.POSSESSIVE_REPEAT: "possessive"}
_ALPHABET = [*"aA1 \t\n\r-._:;,#<>[]{}()\"'\\/@!?*+=|&%$~^`é—”“\u0301\0", "\ud800", "中", "０", "x", "b", "Z"]
_CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}


class TooManyStepsError(Exception):
    """A search has taken more steps than it may."""


class StepCounter:
    """A pattern whose searches are counted.

    Attributes:
        steps: The number of positions at which a part of the pattern was tried.
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.tree = parser.parse(pattern, flags)
        self.flags = self.tree.state.flags
        self.steps, self._most = 0, MOST_STEPS
        self._text = ""
        self._groups: dict[int, tuple[int, int]] = {}
        self._match = self._build_sequence(self.tree)

    def count(self, text: str, searched: bool, most: int) -> int:
        """Count the steps of `fullmatch` and `match`, and of `finditer` if the pattern is searched for.

        Raises:
            TooManyStepsError: There are more than `most`.
        """
        self.steps, self._most, self._text = 0, most, text
        self._match(0, lambda position: position if position == len(text) else None)
        self._match(0, lambda position: position)
        start = 0
        while searched and start <= len(text):
            end = self._match(start, lambda position: position)
            start = start + 1 if end is None else max(end, start + 1)
        return self.steps

    def match(self, text: str) -> int | None:
        """Return the end of the match at the beginning of a text."""
        self.steps, self._text = 0, text
        return self._match(0, lambda position: position)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self._most:
            raise TooManyStepsError

    def _build_sequence(self, nodes: Sequence[Any]) -> Matcher:
        matchers = [self._build(*node) for node in nodes]

        def match_from(index: int, position: int, then: Continue) -> int | None:
            if index == len(matchers):
                return then(position)
            return matchers[index](position, lambda next_: match_from(index + 1, next_, then))

        return lambda position, then: match_from(0, position, then)

    def _build(self, code: Any, value: Any) -> Matcher:
        if code in _REPEATS:
            return self._build_repeat(_REPEATS[code], *value)
        if code is codes.SUBPATTERN:
            return self._build_group(value[0], self._build_sequence(value[3]))
        if code is codes.ATOMIC_GROUP:
            return self._build_atomic(self._build_sequence(value))
        if code is codes.BRANCH:
            return self._build_branch([self._build_sequence(branch) for branch in value[1]])
        if code is codes.AT:
            return self._build_position(value)
        if code in (codes.ASSERT, codes.ASSERT_NOT):
            return self._build_assertion(code is codes.ASSERT, value[0], value[1])
        if code is codes.GROUPREF:
            return self._build_reference(value)
        return self._build_character(make_test(code, value, self.flags))

    def _build_character(self, test: Callable[[str], bool]) -> Matcher:
        def match(position: int, then: Continue) -> int | None:
            self._step()
            is_here = position < len(self._text) and test(self._text[position])
            return then(position + 1) if is_here else None

        return match

    def _build_repeat(self, kind: str, least: int, most: Any, nodes: Sequence[Any]) -> Matcher:
        least = min(least, MOST_REPEATED)
        limit = float("inf") if most is codes.MAXREPEAT else min(most, MOST_REPEATED)
        if kind != "lazy" and len(nodes) == 1 and is_character(nodes[0][0]):
            return self._build_run(kind, least, limit, make_test(nodes[0][0], nodes[0][1], self.flags))
        body = self._build_sequence(nodes)

        def repeat(position: int, count: int, then: Continue) -> int | None:
            self._step()

            def go_on(end: int) -> int | None:
                return None if end == position and count >= least else repeat(end, count + 1, then)

            if kind == "lazy" and count >= least and (end := then(position)) is not None:
                return end
            if count < limit and (end := body(position, go_on)) is not None:
                return end
            return then(position) if kind != "lazy" and count >= least else None

        def match(position: int, then: Continue) -> int | None:
            return repeat(position, 0, then)

        return self._build_atomic(match) if kind == "possessive" else match

    def _build_run(self, kind: str, least: int, limit: float, test: Callable[[str], bool]) -> Matcher:
        """Match a repeated character without a call for each."""

        def match(position: int, then: Continue) -> int | None:
            end = position
            while end - position < limit and end < len(self._text) and test(self._text[end]):
                self._step()
                end += 1
            if kind == "possessive":
                return then(end) if end - position >= least else None
            while end - position >= least:
                self._step()
                if (last := then(end)) is not None:
                    return last
                end -= 1
            return None

        return match

    def _build_group(self, number: int | None, inner: Matcher) -> Matcher:
        if number is None:
            return inner

        def match(position: int, then: Continue) -> int | None:
            def leave(end: int) -> int | None:
                before = self._groups.get(number)
                self._groups[number] = position, end
                if (last := then(end)) is None and before is not None:
                    self._groups[number] = before
                return last

            return inner(position, leave)

        return match

    def _build_atomic(self, inner: Matcher) -> Matcher:
        def match(position: int, then: Continue) -> int | None:
            end = inner(position, lambda end: end)
            return None if end is None else then(end)

        return match

    def _build_branch(self, branches: list[Matcher]) -> Matcher:
        def match(position: int, then: Continue) -> int | None:
            for branch in branches:
                self._step()
                if (end := branch(position, then)) is not None:
                    return end
            return None

        return match

    def _build_position(self, where: Any) -> Matcher:
        pattern = {
            codes.AT_BEGINNING: "^",
            codes.AT_BEGINNING_STRING: r"\A",
            codes.AT_END: "$",
            codes.AT_END_STRING: r"\Z",
            codes.AT_BOUNDARY: r"\b",
            codes.AT_NON_BOUNDARY: r"\B",
        }[where]
        compiled = re.compile(pattern, self.flags & (re.MULTILINE | re.ASCII))

        def match(position: int, then: Continue) -> int | None:
            self._step()
            return then(position) if compiled.match(self._text, position) else None

        return match

    def _build_assertion(self, is_wanted: bool, direction: int, nodes: Any) -> Matcher:
        inner = self._build_sequence(nodes)
        width = nodes.getwidth()[0] if direction < 0 else 0

        def match(position: int, then: Continue) -> int | None:
            is_there = position >= width and inner(position - width, lambda end: end) is not None
            return then(position) if is_there == is_wanted else None

        return match

    def _build_reference(self, number: int) -> Matcher:
        def match(position: int, then: Continue) -> int | None:
            self._step()
            if number not in self._groups:
                return None
            words = self._text[slice(*self._groups[number])]
            return then(position + len(words)) if self._text.startswith(words, position) else None

        return match


def is_character(code: Any) -> bool:
    return code in (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)


def make_test(code: Any, value: Any, flags: int) -> Callable[[str], bool]:
    """Return whether a character is one of those that a part of a pattern stands for."""
    known: dict[str, bool] = {}

    def test(character: str) -> bool:
        if character not in known:
            forms = {character}
            if flags & re.IGNORECASE:
                forms |= {form for form in (character.lower(), character.upper()) if len(form) == 1}
            known[character] = any(_is_one_of(code, value, flags, ord(form)) for form in forms)
        return known[character]

    return test


def _is_one_of(code: Any, value: Any, flags: int, character: int) -> bool:
    if code is codes.LITERAL:
        return bool(character == value)
    if code is codes.NOT_LITERAL:
        return bool(character != value)
    if code is codes.ANY:
        return character != ord("\n") or bool(flags & re.DOTALL)
    if code is codes.RANGE:
        return bool(value[0] <= character <= value[1])
    if code is codes.CATEGORY:
        return re.match(_CATEGORIES[value], chr(character), flags & re.ASCII) is not None
    assert code is codes.IN, code
    is_negated = value[0][0] is codes.NEGATE
    return is_negated != any(_is_one_of(part, of, flags, character) for part, of in value[is_negated:])


class Pump(NamedTuple):
    """A text that is made to be slow: what a pattern begins with, a repetition, and an end that it refuses."""

    prefix: str
    unit: str
    suffix: str

    def make(self, times: int) -> str:
        return f"{self.prefix}{self.unit * times}{self.suffix}"


def make_pumps(pattern: str, flags: int = 0) -> list[Pump]:
    """Make texts for the repetitions of a pattern: what each repeats, after what the pattern has before it.

    Of more than `MOST_PUMPS` texts, so many are taken, from all parts of the pattern.
    """
    tree = parser.parse(pattern, flags)
    repeated = dict.fromkeys(_list_repeated(tree, "", tree.state.flags))
    pumps = [Pump(*parts, suffix) for parts in repeated for suffix in ("", "\0", "\n!")]
    letters = list(islice(dict.fromkeys(_list_letters(tree, tree.state.flags)), 6))
    pumps += [Pump("", letter, "\0") for letter in letters]
    pumps += [Pump("", f"{first}{second}", "\0") for first, second in permutations(letters, 2)]
    return pumps[:: max(ceil(len(pumps) / MOST_PUMPS), 1)]


def _list_repeated(nodes: Sequence[Any], prefix: str, flags: int) -> Iterator[tuple[str, str]]:
    """Yield what is before each repetition without end, and variants of what it repeats."""
    for index, (code, value) in enumerate(nodes):
        if code in _REPEATS:
            if value[1] is codes.MAXREPEAT:
                after = _write_examples(nodes[index + 1 :], flags, 1)[0]
                units = list(dict.fromkeys(filter(None, _write_examples(value[2], flags, 3))))
                for unit in dict.fromkeys([*units, "".join(units)]):
                    yield prefix, unit
                    yield from (("", whole) for whole in (prefix + unit, unit + after, prefix + unit + after))
            yield from _list_repeated(value[2], prefix, flags)
        else:
            for inner in _list_inner(code, value):
                yield from _list_repeated(inner, prefix, flags)
        prefix += _write_examples([(code, value)], flags, 1)[0]


def _list_inner(code: Any, value: Any) -> list[Any]:
    if code is codes.SUBPATTERN:
        return [value[3]]
    if code is codes.BRANCH:
        return list(value[1])
    if code is codes.ATOMIC_GROUP:
        return [value]
    return [value[1]] if code is codes.ASSERT else []


def _list_letters(nodes: Sequence[Any], flags: int) -> Iterator[str]:
    for code, value in nodes:
        if is_character(code):
            yield _choose(code, value, flags, 0)
        elif code in _REPEATS:
            yield from _list_letters(value[2], flags)
        else:
            for inner in _list_inner(code, value):
                yield from _list_letters(inner, flags)


def _write_examples(nodes: Sequence[Any], flags: int, number: int) -> list[str]:
    """Return some texts that parts of a pattern match, assertions left out."""
    return ["".join(_write_example(code, value, flags, which) for code, value in nodes) for which in range(number)]


def _write_example(code: Any, value: Any, flags: int, which: int) -> str:
    if is_character(code):
        return _choose(code, value, flags, which)
    if code in _REPEATS:
        times: int = max(min(value[0], MOST_REPEATED), 1 if which != 1 and value[1] else 0)
        return _write_examples(value[2], flags, which + 1)[which] * times
    if code is codes.BRANCH:
        branch = value[1][which % len(value[1])]
        return _write_examples(branch, flags, which + 1)[which]
    if code in (codes.SUBPATTERN, codes.ATOMIC_GROUP):
        return _write_examples(_list_inner(code, value)[0], flags, which + 1)[which]
    return ""


def _choose(code: Any, value: Any, flags: int, which: int) -> str:
    """Return one of the characters that a part of a pattern stands for."""
    if code is codes.LITERAL:
        return chr(int(value))
    test = make_test(code, value, flags)
    parts = value if code is codes.IN else []
    named = [chr(part if of is codes.LITERAL else part[0]) for of, part in parts if of in (codes.LITERAL, codes.RANGE)]
    matching = [character for character in (*_ALPHABET, *named) if test(character)]
    return matching[which % len(matching)] if matching else "\U0001f6a2"


def find_slow_pump(pattern: str, flags: int = 0, searched: bool = True) -> tuple[Pump, int, int] | None:
    """Return a text for which a pattern takes more than 2.3 times as many steps if it is twice as long.

    Returns:
        The text, and the steps for the short and for the long one, 0 where they were not counted to the end; None if
        there is no such text.
    """
    limit = sys.getrecursionlimit()
    # A repeated group takes some calls for each of its repetitions.
    sys.setrecursionlimit(20_000)
    try:
        return _find_slow_pump(pattern, flags, searched)
    finally:
        sys.setrecursionlimit(limit)


def _find_slow_pump(pattern: str, flags: int, searched: bool) -> tuple[Pump, int, int] | None:
    counter = StepCounter(pattern, flags)
    for pump in make_pumps(pattern, flags):
        times = max(PUMPED // len(pump.unit), 8)
        few = many = 0
        try:
            few = counter.count(pump.make(times), searched, MOST_STEPS)
            many = counter.count(pump.make(2 * times), searched, int(2.3 * few) + 40)
        except TooManyStepsError:
            return pump, few, many
    return None
