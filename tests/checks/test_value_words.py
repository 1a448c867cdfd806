"""Values of attributes against the words of their spans: what the inventory of a corpus declares."""

from pathlib import Path

import msgspec
import pytest

from annotate.checks import value_words
from annotate.checks.value_words import compare_with_words
from annotate.errors import CannotRun
from annotate.inventory import Inventory, load_inventory
from annotate.model import Span
from annotate.search_patterns import compile_pattern
from tests.conftest import BASE, ROOT

VALUES = "values: {exact: one number, at least: no fewer, at most: no more, range: from and to, vague: no number}"


def load_with(folder: Path, words: str) -> Inventory:
    """Return the made-up inventory, whose value `vague` has these words."""
    text = (BASE / "schema" / "labels.yaml").read_text("utf-8")
    assert VALUES in text
    value = f"{{definition: no number, words: {words}}}"
    new = VALUES.replace("vague: no number", f"vague: {value}")
    folder.mkdir(exist_ok=True)
    (folder / "labels.yaml").write_text(text.replace(VALUES, new), "utf-8")
    return load_inventory(folder)


def contradicts(inventory: Inventory, text: str, words: str, wording: str = "vague") -> bool:
    start = text.index(words)
    span = Span(id="s1", label="Load", start=start, end=start + len(words), text=words, attributes={"wording": wording})
    return bool(compare_with_words([span], text, inventory).contradictions)


@pytest.mark.parametrize(
    ("words", "text", "span", "wording", "expected"),
    [
        ("{imply: dozens}", "dozens of crates", "dozens", "exact", True),
        ("{imply: dozens}", "dozens of crates", "dozens", "vague", False),
        ("{imply: dozens}", "dozens of crates", "crates", "exact", False),
        ("{exclude: '[0-9]'}", "9 crates", "9 crates", "vague", True),
        ("{exclude: '[0-9]'}", "9 crates", "9 crates", "exact", False),
        ("{exclude: '[0-9]'}", "9 crates", "crates", "vague", False),
        ("{require: many}", "many crates", "many crates", "vague", False),
        ("{require: many}", "many crates", "crates", "vague", True),
        # What looks behind sees the paragraph before the span, and no other; nothing sees the words after it.
        ("{require: '(?<=many )crates'}", "many crates", "crates", "vague", False),
        ("{require: '(?<=many\\s)crates'}", "many\ncrates", "crates", "vague", True),
        ("{exclude: 'many(?= crates)'}", "many crates", "many", "vague", False),
        (r"{require: '\Gc.*s\Z'}", "many crates here", "crates", "vague", False),
        (r"{require: '\Gr'}", "many crates here", "crates", "vague", True),
        (r"{require: '(?<=^many )c'}", "one\nmany crates", "crates", "vague", False),
    ],
)
def test_words_are_searched_in_the_span(
    tmp_path: Path, words: str, text: str, span: str, wording: str, expected: bool
) -> None:
    assert contradicts(load_with(tmp_path, words), text, span, wording) is expected


def test_span_that_is_not_where_it_says_is_left_to_other_rules(tmp_path: Path) -> None:
    span = Span(id="s1", label="Load", start=1, end=7, text="dozens", attributes={"wording": "exact"})
    assert not compare_with_words([span], "dozens of crates", load_with(tmp_path, "{imply: dozens}")).contradictions


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(open", "is not a regular expression"),
        ("(?:x{9000}){9000}", "repeats more than 200,000 characters"),
        ("x" * 20_001, "has more than 20,000 characters"),
        *(
            (pattern, "calls itself or one of its groups")
            for pattern in (
                "a(?R)?b",
                "(a(?1)?b)",
                "(?P<n>a(?&n)?b)",
                "(?P<n>a(?P>n)?b)",
                "(a(?-1)?b)",
                "a(?0)?b",
                "(?x)#[\na(?R)?b",
                r"\\\\(?R)",
            )
        ),
    ],
)
def test_broken_expression_is_one_line_with_its_place(tmp_path: Path, pattern: str, reason: str) -> None:
    with pytest.raises(CannotRun) as error:
        load_with(tmp_path, f"{{imply: '{pattern}'}}")
    message = str(error.value)
    assert "attributes.wording.values.vague.words.imply" in message
    assert reason in message
    assert "\n" not in message
    assert len(message) < 400


def test_expressions_that_cannot_be_joined_are_found_one_by_one(tmp_path: Path) -> None:
    for pattern in (r"(do)zens (\w+) \1", "(?P<x>dozens)", "(?s)dozens"):
        assert contradicts(load_with(tmp_path, f"{{imply: '{pattern}'}}"), "dozens of do", "dozens of do", "exact")


def test_what_looks_like_a_call_is_none(tmp_path: Path) -> None:
    for pattern in (r"do\(?R?zens", "(?:do)zens", "(?P<n>d)ozens", "(?i)dozens", "(?=d)doz(?<!a)ens"):
        assert contradicts(load_with(tmp_path, f"{{imply: '{pattern}'}}"), "dozens", "dozens", "exact")


def test_a_slow_expression_has_little_time_after_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = load_with(tmp_path, r"{imply: '\Gx(?:(?:\w|[\w ]|.|[^!]|[^?])+)+(?![\s\S])(?<!s)'}")
    text = "x" + "ab cd" * 40 + "s"
    span = Span(id="s1", label="Load", start=0, end=len(text), text=text, attributes={"wording": "exact"})
    timeouts = list[float]()
    monkeypatch.setattr(value_words, "_SLOW", set[str]())

    def compile_counted(pattern: str) -> CountedPattern:
        return CountedPattern(pattern, timeouts)

    monkeypatch.setattr(value_words, "compile_pattern", compile_counted)
    for spans in ([span] * 4000, [span], [span]):
        report = compare_with_words(spans, text, inventory)
        assert (report.contradictions, report.slow_attribute) == ([], "wording")
    assert timeouts[0] == value_words.SECONDS
    assert timeouts[1:] == [value_words._SECONDS_IF_SLOW] * 2
    assert contradicts(inventory, "x ab!", "x ab!", "exact")  # on other words, it is fast


class CountedPattern:
    """An expression that notes the time that each search of it may take."""

    def __init__(self, pattern: str, timeouts: list[float]) -> None:
        self._pattern, self._timeouts = compile_pattern(pattern), timeouts

    def search(self, text: str, start: int, timeout: float) -> object:
        self._timeouts.append(timeout)
        return self._pattern.search(text, start, timeout=timeout)


@pytest.mark.parametrize(
    ("words", "stated"),
    [
        ("30 people killed over a weekend", "exact"),
        ("50 people over two days", "exact"),
        ("30 people in nearly a year", "exact"),
        ("four people around a table", "exact"),
        ("six people under one roof", "exact"),
        ("12 dead and several wounded", "exact"),
        ("12 people crushed between two buildings", "exact"),
        ("six shot between one checkpoint and the next", "exact"),
        ("30 people in at least three strikes", "exact"),
        ("five people under two metres of rubble", "exact"),
        ("four killed about 3 km from the front", "exact"),
        ("four killed around 5 am", "exact"),
        ("between 10 and 12 people", "range"),
        ("between a dozen and 20 people", "range"),
        ("the 2015-16 victims", "uncounted"),
        ("the 2015-16 victims", "exact"),
        ("children aged 5-7", "uncounted"),
        ("children aged 10-12", "uncounted"),
        ("at least 50 people", "at least"),
        ("10-12 people", "range"),
        ("tens of thousands", "vague"),
        ("over a hundred people", "more than"),
    ],
)
def test_words_that_fit_their_value_are_no_finding(words: str, stated: str) -> None:
    assert not contradicts_count(words, stated)


@pytest.mark.parametrize(
    ("words", "stated"),
    [
        ("at least 50", "more than"),
        ("dozens", "uncounted"),
        ("the dozens", "uncounted"),
        ("tens of thousands", "exact"),
        ("over 50 people", "exact"),
        ("over a hundred people", "exact"),
        ("nearly two dozen", "exact"),
        ("under 3,000 people", "exact"),
        ("2-3 children", "exact"),
        ("1,200 to 1,300 people", "exact"),
        ("between 5 and 7 children", "exact"),
        ("50 people", "uncounted"),
    ],
)
def test_words_of_another_value_are_a_finding(words: str, stated: str) -> None:
    assert contradicts_count(words, stated)


def contradicts_count(words: str, stated: str) -> bool:
    """Return whether the inventory of this corpus has words of a count for another value."""
    span = Span(id="s1", label="Casualty", start=0, end=len(words), text=words, attributes={"stated": stated})
    return bool(compare_with_words([span], words, load_inventory(ROOT / "schema")).contradictions)


def test_wordings_of_this_corpus_are_told_apart() -> None:
    """Each count of the gold labels would be a finding with any other wording that its words exclude."""
    inventory = load_inventory(ROOT / "schema")
    text = "at least 50 people were killed. Dozens fled. No more than 3 died."
    for words, stated in (
        ("at least 50 people were killed", "at least"),
        ("Dozens", "vague"),
        ("No more than 3", "at most"),
    ):
        start = text.index(words)
        span = Span(id="s1", label="Casualty", start=start, end=start + len(words), text=words)
        contradicted = {
            value
            for value in inventory.attributes["stated"].values
            if compare_with_words(
                [msgspec.structs.replace(span, attributes={"stated": value})], text, inventory
            ).contradictions
        }
        assert contradicted == inventory.attributes["stated"].values.keys() - {stated}
