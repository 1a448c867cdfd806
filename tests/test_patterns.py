"""Every regular expression of the package takes linear time, on input that is made to be slow.

Each pattern is found in the source and compiled, so that a new one is tried, too. It searches long texts whose runs and
repetitions make a pattern go back: one that is quadratic would need minutes for them.
"""

import ast
import re
import time

import pytest

from annotate.labelstudio.instructions import remove_comments
from annotate.tokens import tokenize
from tests.conftest import ROOT

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


FUNCTIONS = {f"re.{name}" for name in ("compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall")}


def test_package_has_no_pattern_that_is_not_tried() -> None:
    """The patterns that are made from parts. A new one is added here, and tried by a test of its own."""
    files = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
        uses = [call for call in calls if ast.unparse(call.func) in FUNCTIONS]
        made = [call for call in uses if not isinstance(call.args[0], ast.Constant)]
        files |= {path.relative_to(PACKAGE).as_posix()} if made else set()
    assert files == {
        "convert/run.py",  # fixed names of files
        "formats/apply_mapping.py",  # the id of a span
        "ingest.py",  # single characters of the name of a file
        "dataset/folder.py",  # fixed names of files
        "dataset/tables/views.py",  # number words of the inventory, escaped
        "migration/stale_names.py",  # names of the inventory, escaped
        "model.py",  # the id of an article
        "numbers.py",  # the words of a table, escaped; tests/test_numbers.py tries it
        "release/bundle.py",  # fixed names of files
        "release/cut.py",  # a key of CITATION.cff
        "tokens.py",  # tried above
        "util/escape.py",  # single characters
        "util/spreadsheets.py",  # a separator; tests/formats/test_csv_tables.py tries it
    }
