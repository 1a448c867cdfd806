"""The baseline: what its patterns find, that its labels keep the rules, and what is said of a broken data file."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given

from annotate.baseline import load_baseline
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
        ("who: Speaker", "who: Sailor", "the inventory has no 'Sailor'"),
        ("[speaker, verb, who]", "[owner, verb, who]", "the inventory has no 'owner'"),
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


def test_no_data_file_is_said(project: Project) -> None:
    result = project.annotate("prelabel", "--out", "out")
    assert (result.exit_code, "baseline.yaml" in result.stderr) == (2, True)


def test_a_long_line_comes_to_an_end() -> None:
    """A pattern that goes back over a sentence again and again would not be done with it in a lifetime."""
    words = "The Grand Old Duke of York and ten thousand men marched up to the top of the hill " * 200
    assert by_label(found(words + "and two soldiers were killed."), "Victim") == ["two soldiers"]


@pytest.mark.parametrize("out", ["corpus", "corpus/annotations/gold"])
def test_prelabel_never_writes_into_the_corpus(project: Project, out: str) -> None:
    """A fault once: the labels of people were overwritten by those of the baseline."""
    shutil.copy(ROOT / "schema" / "baseline.yaml", project.schema)
    before = project.snapshot()
    result = annotate("prelabel", str(project.root / "corpus"), "--out", str(project.root / out))
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert "corpus, which is never written to; choose another folder with --out" in result.output
    assert project.snapshot() == before
