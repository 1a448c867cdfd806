"""The baseline: what its patterns find, that its labels keep the rules, and the errors of a broken data file."""

import contextlib
import re
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given

from annotate.baseline import Baseline, PatternTooSlow, load_baseline
from annotate.checks import find_errors
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import load_inventory
from annotate.model import Annotation
from tests.conftest import ROOT, Project, annotate
from tests.strategies import texts

INVENTORY = load_inventory(ROOT / "schema")
BASELINE = load_baseline(ROOT / "schema", INVENTORY)

SMALL = r"""
version: "1"
sentence: '\S[^.]*\.?'
parts: {who: 'The \w+', many: '{who} of many'}
rules:
  - pattern: '(?P<who>{who}) (?P<verb>said) (?P<load>(?:at least )?\d+ crates)?'
    anchor: verb
    spans: {who: Speaker, verb: Verb, load: Load}
    relations: [[speaker, verb, who]]
attributes:
  Speaker: [{set: {rank: hand}}]
"""


def found(text: str) -> Annotation:
    return BASELINE.annotate("a", text)


def by_label(annotation: Annotation, label: str) -> list[str]:
    return [span.text for span in annotation.spans if span.label == label]


def numbers(text: str) -> list[dict[str, Any]]:
    keys = ("minimum", "maximum", "stated", "outcome")
    return [
        {key: span.attributes[key] for key in keys if key in span.attributes}
        for span in found(text).spans
        if "stated" in span.attributes
    ]


def test_who_says_what() -> None:
    made = found("The mayor said that the bridge was gone. “We fled,” said Ann Lee.")
    assert by_label(made, "Source") == ["The mayor", "Ann Lee"]
    assert by_label(made, "Cue") == ["said", "said"]
    assert by_label(made, "Content") == ["the bridge was gone", "“We fled,”"]
    assert sorted(relation.label for relation in made.relations) == ["content", "content", "source", "source"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("33 people were killed.", {"minimum": 33, "maximum": 33, "stated": "exact", "outcome": "killed"}),
        ("The raid killed at least 14 people.", {"minimum": 14, "stated": "at least", "outcome": "killed"}),
        ("Up to 1,200 soldiers were injured.", {"maximum": 1200, "stated": "at most", "outcome": "injured"}),
        ("10 to 20 people were wounded.", {"minimum": 10, "maximum": 20, "stated": "range", "outcome": "injured"}),
        ("Twelve were trapped, dozens injured.", {"stated": "vague", "outcome": "injured"}),
        ("It caused civilian casualties.", {"stated": "uncounted", "outcome": "unspecified"}),
    ],
)
def test_how_many_were_harmed(text: str, expected: dict[str, Any]) -> None:
    assert expected in numbers(text)


@given(texts)
@example("0 \n")
def test_labels_of_any_text_keep_the_rules(text: str) -> None:
    whole = f"The mayor said {text} and 3 people were killed, officials said.\n{text} killed 5 to 3 people."
    assert find_errors(found(whole), whole, INVENTORY) == []


def test_labels_of_the_corpus_keep_the_rules() -> None:
    corpus = Corpus(ROOT / "corpus")
    for article in corpus.article_ids():
        text = corpus.read_text(article)
        made = BASELINE.annotate(article, text)
        assert made.spans
        assert find_errors(made, text, INVENTORY) == []
        assert made == BASELINE.annotate(article, text)


def test_command_writes_what_can_be_scored(tmp_path: Path) -> None:
    result = annotate("prelabel", "--out", str(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.output.startswith("2 articles, ")
    scored = annotate("score", "corpus/annotations/gold", str(tmp_path), "--samples", "0")
    assert (scored.exit_code, scored.stderr) == (0, "")


def test_another_inventory_takes_another_data_file(project: Project) -> None:
    (project.schema / "baseline.yaml").write_text(SMALL)
    made = load_baseline(project.schema, project.inventory).annotate(
        "a", "The cook said 40 crates sank. The cook said no."
    )
    assert [(span.label, span.text) for span in made.spans] == [
        ("Speaker", "The cook"),
        ("Verb", "said"),
        ("Load", "40 crates"),
        ("Speaker", "The cook"),
        ("Verb", "said"),
    ]
    assert made.spans[0].attributes == {"rank": "hand"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("who: Speaker", "who: Sailor", "baseline.yaml:8: the inventory has no span label 'Sailor', only Speaker"),
        ("[speaker, verb, who]", "[owner, verb, who]", "baseline.yaml:9: the inventory has no relation 'owner'"),
        ("  Speaker: [", "  Sailor: [", "baseline.yaml:11: the inventory has no span label 'Sailor'"),
        ("rank: hand", "rang: hand", "baseline.yaml:11: the inventory has no attribute of Speaker 'rang', only rank"),
        ("rank: hand", "least: 1", "baseline.yaml:11: the inventory has no attribute of Speaker 'least', only rank"),
        ("rank: hand", "rank: king", "baseline.yaml:11: the inventory has no value of rank 'king', only master"),
        ("rank: hand", "rank: 1", "baseline.yaml:11: the inventory has no value of rank 1, only master"),
        ("Speaker: [{set: {rank: hand", "Load: [{set: {wording: odd", "has no value of wording 'odd', only exact"),
        ("Speaker: [{set: {rank: hand", "Load: [{set: {least: '7'", "least is a whole number from 0 to"),
        ("Speaker: [{set: {rank: hand", "Load: [{set: {least: -7", "least is a whole number from 0 to"),
        ("Speaker: [{set: {rank: hand", "Quay: [{set: {remark: ''", "remark is a text that is not empty, not ''"),
        ("[speaker, verb, who]", "[speaker, verb, cook]", "'cook' is not a labelled group"),
        (r"'The \w+'", r"'The (\w+'", "is not a regular expression"),
        ("anchor: verb", "anker: verb", "anker"),
        ("parts: {", "parts: {{", "line 5"),
    ],
)
def test_a_broken_data_file_is_one_clear_line(project: Project, old: str, new: str, said: str) -> None:
    (project.schema / "baseline.yaml").write_text(SMALL.replace(old, new))
    with pytest.raises(CannotRun, match=r"baseline\.yaml") as caught:
        load_baseline(project.schema, project.inventory)
    assert said in str(caught.value)


def test_a_value_that_no_text_sets_is_found_before_anything_is_written(project: Project) -> None:
    """Regression: a wording that the inventory lacks ended in a traceback at the first text that set it."""
    (project.schema / "baseline.yaml").write_text(
        SMALL + "  Load:\n    - {when: never, set: {wording: vague}}\n    - {when: never, set: {wording: roughly}}\n"
    )
    result = project.annotate("prelabel", "--out", "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith(
        "annotate: schema/baseline.yaml:14: the inventory has no value of wording 'roughly'"
    )
    assert not project.path("out").exists()


def test_missing_data_file_is_reported(project: Project) -> None:
    result = project.annotate("prelabel", "--out", "out")
    assert (result.exit_code, "baseline.yaml" in result.stderr) == (2, True)


def test_a_long_line_is_read_in_reasonable_time() -> None:
    """A pattern with catastrophic backtracking would never finish."""
    words = "The Grand Old Duke of York and ten thousand men marched up to the top of the hill " * 200
    assert by_label(found(words + "and two soldiers were killed."), "Victim") == ["two soldiers"]


@pytest.mark.parametrize("out", ["corpus", "corpus/annotations/gold"])
def test_prelabel_never_writes_into_the_corpus(project: Project, out: str) -> None:
    """Regression: the baseline overwrote the labels of annotators."""
    shutil.copy(ROOT / "schema" / "baseline.yaml", project.schema)
    before = project.snapshot()
    result = annotate("prelabel", str(project.root / "corpus"), "--out", str(project.root / out))
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert "corpus, which is never written to; choose another folder with --out" in result.output
    assert project.snapshot() == before


SLOW = SMALL.replace(r"'(?P<who>{who}) (?P<verb>said)", r"'(?P<who>(?:\w+ ?)+)(?P<verb>said)")


def test_pattern_that_takes_too_long_is_a_finding_and_the_others_are_labelled(project: Project) -> None:
    (project.schema / "baseline.yaml").write_text(SLOW)
    project.path("corpus/articles/harbour.txt").write_text("a" * 5_000 + "! said")
    start = time.process_time()
    done = project.annotate("prelabel", "--out", "out", "--time-limit", "0.5")
    assert time.process_time() - start < 5
    assert done.exit_code == 1, done.output
    assert re.fullmatch(
        r"out/harbour\.json: B101: '\(\?P<who>.+' is still searching after 0\.5 seconds; .+, or raise --time-limit\n",
        "".join(line for line in done.stderr.splitlines(keepends=True) if "B101" in line),
    )
    assert sorted(path.name for path in (project.root / "out").iterdir()) == [".annotate-output.json", "market.json"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Aa " * 3_000, None),
        ("said " * 40_000, None),
        ("a" * 200_000, None),
        ("1,000 " * 30_000 + "people were killed", None),
        ("“" * 100_000, None),
        ("a" * 200, r"(?:a+)+b"),
    ],
)
def test_hostile_text_takes_no_longer_than_the_limit(project: Project, text: str, sentence: str | None) -> None:
    baseline = BASELINE
    if sentence:
        patterns = msgspec.structs.replace(BASELINE.patterns, sentence=sentence)
        baseline = Baseline(patterns, INVENTORY)
    start = time.process_time()
    with contextlib.suppress(PatternTooSlow):
        baseline.annotate("a", text, 2.0)
    assert time.process_time() - start < 6


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            SMALL.replace("'The \\w+'", f"'{'a' * 20_001}'"),
            "has more than 20,000 characters with its parts; shorten it",
        ),
        (
            SMALL.replace(
                "many: '{who} of many'", ", ".join(f"p{n + 1}: '{f'{{p{n}}}' * 10}'" for n in range(9))
            ).replace("parts: {", "parts: {p0: 'aaaaaaaaaa', "),
            "has more than 20,000 characters with its parts; shorten it",
        ),
        (
            SMALL.replace("'The \\w+'", f"'{'(' * 5_000 + ')' * 5_000}'"),
            "is not a regular expression: it is nested",
        ),
        (SMALL.replace("'The \\w+'", r"'(?P<who>The'"), "is not a regular expression: "),
        (SMALL.replace("'The \\w+'", r"'a{99999999999999999999}'"), "is not a regular expression: "),
        (SMALL.replace("'The \\w+'", "'[[:bad:]'"), "is not a regular expression: "),
    ],
)
def test_pattern_that_cannot_be_used_is_one_short_line(project: Project, data: str, said: str) -> None:
    (project.schema / "baseline.yaml").write_text(data)
    with pytest.raises(CannotRun, match=r"baseline\.yaml: '") as caught:
        load_baseline(project.schema, project.inventory)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 600


REPETITIONS = (
    "(?:(?:(?:a{1000}){1000}){1000}){1000}",
    "(?:a{1000}){1000}",
    r"(?:[)]a{1000}){1000}",
    r"(?:\\)a{1000}){1000}",
    "(?x)(?:\\n # )\\n a{1000}){1000}",
    "(?:a?){5000}(?:a){5000}",
    "(a|b|c){1,60000}",
    "a{0,99999999}",
)


@pytest.mark.parametrize("part", REPETITIONS)
def test_pattern_that_repeats_a_lot_takes_bounded_time(project: Project, part: str) -> None:
    (project.schema / "baseline.yaml").write_text(SMALL.replace("'The \\w+'", f"'{part}'"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    with contextlib.suppress(CannotRun, PatternTooSlow):
        load_baseline(project.schema, project.inventory).annotate("a", "a" * 2_000 + " said", 1.0)
    assert time.process_time() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 200_000  # kilobytes


def test_optional_anchor_that_is_not_in_a_match_ends(project: Project) -> None:
    (project.schema / "baseline.yaml").write_text(SMALL.replace("anchor: verb", "anchor: load"))
    made = load_baseline(project.schema, project.inventory).annotate("a", "The cook said no. The cook said 40 crates.")
    assert [span.text for span in made.spans] == ["The cook", "said", "40 crates"]


def test_patterns_find_what_the_library_re_finds() -> None:
    """Version 0 of `regex` is meant to behave as `re`: on the corpus, every pattern finds the same."""
    corpus = Corpus(ROOT / "corpus")
    patterns = [BASELINE._sentence, *(pattern for _, pattern in BASELINE._rules)]
    patterns += [pattern for entries in BASELINE._settings.values() for pattern, _ in entries]
    for article in corpus.article_ids():
        text = corpus.read_text(article)
        sentences = [match[0] for match in re.finditer(BASELINE._sentence.pattern, text, re.MULTILINE)]
        for pattern in patterns:
            other = re.compile(pattern.pattern, re.MULTILINE)
            for part in [text, *sentences] if pattern is BASELINE._sentence else sentences:
                expected = [(match.span(), match.groupdict()) for match in other.finditer(part)]
                assert [(match.span(), match.groupdict()) for match in pattern.finditer(part)] == expected
                for position in range(0, len(part), 17):
                    left, right = pattern.search(part, position), other.search(part, position)
                    assert (left and left.span()) == (right and right.span())
