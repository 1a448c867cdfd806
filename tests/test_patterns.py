"""Every regular expression of the package takes linear time, on input that is made to be slow.

Each pattern is found in the source and compiled, so that a new one is tried, too. It searches long texts whose runs and
repetitions make a pattern go back: one that is quadratic would need minutes for them. Its steps are counted, too, on
texts that are made from the pattern itself.
"""

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate import numbers
from annotate.baseline import load_baseline
from annotate.convert.run import _list_own_names
from annotate.count_words import COUNT_WORDS
from annotate.inventory import load_inventory
from annotate.labelstudio.instructions import remove_comments
from annotate.quotes import _list_clusters
from annotate.tokens import tokenize
from annotate.util import spreadsheets
from tests.conftest import ROOT
from tests.regex_steps import StepCounter, find_slow_pump

PACKAGE = ROOT / "annotate"
LENGTH = 200_000
SECONDS = 3.0
UNITS = (
    *(
        "a",
        "A",
        "1",
        " ",
        "\t",
        "\n",
        "-",
        ".",
        "_",
        ":",
        "#",
        "<",
        "[",
        '"',
        "\\",
        "/",
        "@",
        "{",
        "é",
        "\u0301",
        "\ud800",
    ),
    *("a ", "1 ", "a.", "1.", "1,", "1,234", "a:", ":a", "a@", "@a", "a-", "{a", "a_1", "_1", ", 1", "T1 ", "1 1;"),
    *(
        "\\n",
        "\\u12",
        "a/b",
        "://",
        "http://",
        "s3:",
        "~/",
        "# ",
        "## ",
        "## 1.1.",
        "(2020-01-",
        "\r\n",
        " \n",
        "\n\t ",
    ),
    *("<!-- ", "<!-- generated: ", "<!-- generated: label a -->\n", "<!-- generated: agreement -->\n", "\n<!--"),
    *("<!-- generated: labels -->\n", '"note": "', '"reason": "a\\', "CC-BY-", "Victim of ", "data/a/train-"),
)
EDGES = (("", "\n!"), ("a b ", " !"))
"""What is before and after the repetition: it lets a pattern begin, and keeps it from ending."""


def patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern that is a literal in the package, with its flags, by file and line."""
    compiled = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("re."):
                continue
            flags = [ast.unparse(flag) for flag in (*node.args, *(word.value for word in node.keywords))]
            flags = [flag for flag in flags if flag.startswith("re.")]
            first = node.args[0] if node.args else None
            source = first.value if isinstance(first, ast.Constant) else None
            if isinstance(source, bytes):
                source = source.decode("latin-1")
            if isinstance(source, str):
                name = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                compiled[name] = re.compile(source, eval("|".join(flags) or "0"))  # noqa: S307 - our own source
    return compiled


PATTERNS = patterns()


def is_searched(name: str) -> bool:
    """Tell whether a pattern is used anywhere in a text, not only from its beginning."""
    file, _, line = name.partition(":")
    source = (PACKAGE / file).read_text("utf-8")
    words = source.splitlines()[int(line) - 1].split()
    uses = (
        re.findall(rf"\b{re.escape(words[0])}\.(\w+)", source)
        if words[1:2] == ["="]
        else re.findall(r"re\.(\w+)\(", " ".join(words))
    )
    return not {*uses} <= {"fullmatch", "match"}


def measure(pattern: re.Pattern[str], text: str, searched: bool = True) -> float:
    """The time that the uses of a pattern take."""
    start = time.process_time()
    pattern.fullmatch(text)
    pattern.match(text)
    for number, _ in enumerate(pattern.finditer(text) if searched else ()):
        if number % 1000 == 0 and time.process_time() - start > SECONDS:
            break
    return time.process_time() - start


def test_the_patterns_of_the_package_are_found() -> None:
    assert len(PATTERNS) > 50
    assert {"checks/corpus.py", "formats/brat.py", "offsets.py", "generate.py"} <= {
        name.split(":")[0] for name in PATTERNS
    }


# The one of the instructions is tried below, in the function that makes it linear.
@pytest.mark.parametrize("name", [name for name in PATTERNS if not name.startswith("labelstudio/instructions.py")])
def test_pattern_takes_linear_time(name: str) -> None:
    pattern, searched = PATTERNS[name], is_searched(name)
    for unit in UNITS:
        for prefix, suffix in EDGES:
            # A short text tells a quadratic pattern from a linear one; only what is slow there is tried at length.
            text = f"{prefix}{unit * (6_000 // len(unit))}{suffix}"
            if measure(pattern, text, searched) > 0.03:
                text = f"{prefix}{unit * (LENGTH // len(unit))}{suffix}"
                assert measure(pattern, text, searched) < SECONDS, (pattern.pattern, prefix, unit, suffix)


# The one of the instructions goes back to each beginning of a comment; see below.
@pytest.mark.parametrize("name", [name for name in PATTERNS if not name.startswith("labelstudio/instructions.py")])
def test_pattern_takes_twice_as_many_steps_for_a_text_twice_as_long(name: str) -> None:
    pattern = PATTERNS[name]
    assert find_slow_pump(pattern.pattern, pattern.flags, is_searched(name)) is None, pattern.pattern


FUNCTIONS = {
    f"re.{name}" for name in ("compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")
}
"""What compiles a pattern. Only those of `re` are here: those of `regex` are tried below."""


def make_number_names() -> dict[str, Any]:
    """Return what the reader of numbers has when it makes its patterns, for the language with the longest table."""
    language = max(COUNT_WORDS, key=lambda language: len(str(COUNT_WORDS[language])))
    reader, words = numbers._make_reader(language), COUNT_WORDS[language]
    unit = rf"{numbers._match_any(reader._units)}(?!['’]s)"
    return {
        "self": reader,
        "words": words,
        "unit": unit,
        "word_after": rf"[\s-]+(?={unit}|{numbers._SCALE})",
        "not_numbers": [numbers._replace_words(phrase, language) for phrase in words.not_numbers],
        "phrases": [phrase for phrase in (*words.fractions, *words.additions, *words.not_numbers) if " " in phrase],
    }


LOCAL_NAMES: dict[str, Callable[[], dict[str, Any]]] = {
    "convert/run.py _list_own_names": lambda: {
        name: [pattern.pattern] if name == "files" else pattern.pattern
        for name, pattern in zip(("files", "folders"), _list_own_names(None)[1:], strict=True)
        if pattern
    },
    "dataset/tables/views.py number_reader": lambda: {"phrases": r"two\s+dozen|a\s+few|dozens"},
    "migration/stale_names.py find_stale_names": lambda: {"name": "Old_label-a"},
    "numbers.py __init__": make_number_names,
    "release/cut.py _date_citation": lambda: {"key": "date-released"},
    "tokens.py _word_pattern": lambda: {
        "letters": "一-龥",
        "continuing": "\u0e33-\u0e34",
        "is_high": "(?=[\u0300-\U000e01ef])",
        "marks": "\u0300-\u036f",
    },
    "util/spreadsheets.py _formula_patterns": lambda: {
        "position": r"(?:\A|(?<=[;\t\r\n]))",
        "formula": rf"""['" ]*[{spreadsheets._FORMULA}]""",
    },
}
"""Values of the names that a function has when it makes a pattern, by its file and name."""


class MadePattern(NamedTuple):
    """A pattern that the package makes of parts, and whether it is used anywhere in a text."""

    pattern: re.Pattern[str]
    is_searched: bool


def find_compilations(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls that compile a pattern which is no literal, with the name of their function."""

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call) and ast.unparse(child.func) in FUNCTIONS:
                yield from [] if isinstance(child.args[0], ast.Constant) else [(function, child)]
            yield from visit(child, child.name if isinstance(child, ast.FunctionDef) else function)

    return visit(ast.parse(path.read_text("utf-8")), "")


def make_patterns(path: Path) -> Iterator[tuple[str, MadePattern]]:
    """Make the patterns of a module as it does: from its own names, or from those in `LOCAL_NAMES`."""
    file = path.relative_to(PACKAGE).as_posix()
    source = path.read_text("utf-8").splitlines()
    for function, call in find_compilations(path):
        names = {**vars(importlib.import_module(f"annotate.{file.removesuffix('.py').replace('/', '.')}"))}
        names |= LOCAL_NAMES.get(f"{file} {function}", dict)()
        flags = [ast.unparse(part) for part in (*call.args[1:], *(word.value for word in call.keywords))]
        flags = [flag for flag in flags if flag.startswith("re.")]
        pattern = eval(f"re.compile({ast.unparse(call.args[0])}, {'|'.join(flags) or 0})", names)  # noqa: S307 - our own
        name = source[call.lineno - 1].split()[0]
        uses = re.findall(rf"\b{re.escape(name)}\.(\w+)", "\n".join(source))
        yield f"{file} {function} {name}", MadePattern(pattern, not uses or not {*uses} <= {"fullmatch", "match"})


def list_made_patterns() -> dict[str, MadePattern]:
    """Return the patterns that the package makes of parts, by module, function and the beginning of the line."""
    return {name: made for path in sorted(PACKAGE.rglob("*.py")) for name, made in make_patterns(path)}


MADE_PATTERNS = list_made_patterns()


@pytest.mark.parametrize("name", MADE_PATTERNS)
def test_pattern_made_of_parts_takes_twice_as_many_steps_for_a_text_twice_as_long(name: str) -> None:
    made = MADE_PATTERNS[name]
    assert find_slow_pump(made.pattern.pattern, made.pattern.flags, made.is_searched) is None, made.pattern.pattern


def test_names_of_functions_are_those_of_patterns() -> None:
    """No entry of `LOCAL_NAMES` is left of a function that makes no pattern any more."""
    assert {*LOCAL_NAMES} <= {name.rpartition(" ")[0] for name in MADE_PATTERNS}


def list_baseline_patterns() -> list[str]:
    baseline = load_baseline(ROOT / "schema", load_inventory(ROOT / "schema"))
    patterns = [baseline._sentence, *(pattern for _, pattern in baseline._rules)]
    patterns += [pattern for entries in baseline._settings.values() for pattern, _ in entries]
    return [pattern.pattern for pattern in patterns]


@pytest.mark.parametrize("pattern", list_baseline_patterns())
def test_pattern_of_the_baseline_takes_twice_as_many_steps_for_a_text_twice_as_long(pattern: str) -> None:
    assert find_slow_pump(pattern, re.MULTILINE) is None


@pytest.mark.parametrize(
    ("pattern", "flags", "searched"),
    [
        (r"[\w.+-]+@[\w-]+\.\w", 0, True),
        (r"(a+)+b", 0, False),
        (r"(?:a|a)*b", 0, False),
        (r"<(\w+)>=\s*(.*?)\s*", 0, False),
        (r"\d[\d,.]*\b x", 0, True),
        (r"(\w+) \1 ?x", 0, True),
        (r"x*?(?<=x)y", 0, True),
        (r"(?i:A+)+b", 0, False),
    ],
)
def test_a_slow_pattern_takes_too_many_steps(pattern: str, flags: int, searched: bool) -> None:
    assert find_slow_pump(pattern, flags, searched)


@pytest.mark.parametrize(
    ("pattern", "searched"),
    [
        (r"(?>a+)b", False),
        (r"(?:a++ )*+b", False),
        (r"^\s*+\S", True),
        (r"[a-z]{1,30}\b", True),
        (r"(?:a{0,9}){2}b", True),
        (r"(?<![a-z])[a-z]+b", True),
    ],
)
def test_a_linear_pattern_does_not(pattern: str, searched: bool) -> None:
    assert find_slow_pump(pattern, 0, searched) is None


@given(
    st.sampled_from([p for p in PATTERNS.values() if "(?s)" not in p.pattern]),
    st.text(st.sampled_from('aA1 \n-.:<["/'), max_size=12),
)
def test_counted_matches_are_those_of_re(pattern: re.Pattern[str], text: str) -> None:
    """Where numbers in braces do not matter, the counted search matches what `re` matches."""
    if "{" in pattern.pattern.replace("\\{", ""):
        return
    counter = StepCounter(pattern.pattern, pattern.flags)
    match = pattern.match(text)
    assert counter.match(text) == (match.end() if match else None)


@pytest.mark.parametrize("unit", UNITS)
def test_tokens_take_linear_time(unit: str) -> None:
    start = time.process_time()
    tokenize(unit * (LENGTH // len(unit)))
    assert time.process_time() - start < SECONDS


def test_comments_without_an_end_are_left_out_in_linear_time() -> None:
    start = time.process_time()
    assert remove_comments("<!-- a -->\nb\n" + "<!-- c\n" * 30_000).startswith("b\n<!-- c")
    assert remove_comments("<!-- a" * 30_000) == "<!-- a" * 30_000
    assert remove_comments("a\n  <!-- b\n c --> \nd <!-- e -->\n") == "a\nd <!-- e -->\n"
    assert time.process_time() - start < SECONDS


def test_a_quadratic_pattern_would_be_noticed() -> None:
    assert measure(re.compile(r"[\w.+-]+@[\w-]+\.\w"), "a" * 6_000) > 0.03
    assert measure(re.compile(r"[\w.+-]+@[\w-]+\.\w"), "a" * 12_000) > 0.1


def list_calls_of_regex() -> dict[str, str]:
    """Return the patterns of the library `regex` in the package, by file; that of a pattern of a baseline is ''."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("regex.") and node.args:
                parts = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                found[f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno}"] = "".join(map(str, parts))
    return found


def test_patterns_of_regex_repeat_nothing() -> None:
    """Their steps cannot be counted: those that are not of a baseline match one character each."""
    patterns = {name: pattern for name, pattern in list_calls_of_regex().items() if pattern}
    assert {name.split(":")[0] for name in patterns} == {"quotes.py", "scripts.py"}
    for name, pattern in patterns.items():
        without = re.sub(r"\\[pP]\{[^{}]*+\}|\\[+*{}]", "", pattern)
        assert not re.search(r"[+*]|\{\d", without), name


@pytest.mark.parametrize(
    "unit", ["a", "\u0301", "🇦", "👩\u200d", "각", "ᄀ", "ᆨ", "क्", "\r\n", "\u0600", "🏻", "🇦🇦\u0301"]
)
def test_characters_as_a_reader_sees_them_take_linear_time(unit: str) -> None:
    """`regex` goes back over all regional indicators before a position, of which two make a flag."""
    text = "e\u0301" + unit * (LENGTH // len(unit))
    start = time.process_time()
    assert "".join(cluster for cluster, _ in _list_clusters(text, has_forms=True)) == text
    assert time.process_time() - start < SECONDS
