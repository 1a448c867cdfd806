"""Every rule that can find something in an annotator's labels says what to do about it, in words for annotators."""

import json
import string
from pathlib import Path

import pytest

from annotate.checks import check_annotation, files, relations, spans, vocabulary
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.findings import Rule
from annotate.inventory import load_inventory
from annotate.labelstudio import rules
from annotate.model import Annotation, Span
from annotate.offsets import sha256
from annotate.service.advice import describe_place, make_points
from tests.checks.examples import EXAMPLES, lay_out
from tests.names import named_inventory

OF_TASKS = {"L101"}
"""Rules on tasks that belong to no article: no annotator can do anything about them."""
OF_FILES = (files.encoding, files.syntax, files.off_schema, files.unsafe_id)
ON_LABELS: list[Rule] = [
    *spans.RULES,
    *relations.RULES,
    *vocabulary.RULES,
    *OF_FILES,
    # A warning of these means that everything was taken, or that there was nothing to take.
    *(rule for rule in rules.RULES if rule.severity == "error" and rule.code not in OF_TASKS),
]
NEVER_FIT = ("`", "[", "span", "offset", "annotate ", "labels.yaml", "head", "tail", "None")
"""What no annotator needs to read."""


@pytest.mark.parametrize("rule", ON_LABELS, ids=lambda rule: rule.code)
def test_rule_has_an_advice_in_plain_words(rule: Rule) -> None:
    words = rule.advice
    assert words
    assert words[0].isupper() or words[0] in "{‘"
    assert words.endswith(".")
    assert not [term for term in NEVER_FIT if term in words]
    assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(words))


def annotations(root: Path) -> list[Annotation]:
    """Return the annotations of an example that can be read as such."""
    corpus, read = Corpus(root / "corpus"), []
    for path in sorted((root / "corpus/annotations").rglob("*.json")):
        try:
            read.append(corpus.read_annotation(path.parent.name, path.stem))
        except CannotRun:  # the example is about a file that cannot be read
            continue
    return read


@pytest.mark.parametrize(
    "example",
    [path for path in EXAMPLES if path.name[0] in "PR" and path.name[1] in "1234"],
    ids=lambda path: path.name,
)
def test_each_example_reads_well(example: Path, tmp_path: Path) -> None:
    """No placeholder is left, no name is missing, and the words are quoted."""
    lay_out(example, tmp_path / "x")
    inventory, corpus = load_inventory(tmp_path / "x/schema"), Corpus(tmp_path / "x/corpus")
    expected = {entry["code"] for entry in json.loads((example / "expected.json").read_text("utf-8"))}
    shown = []
    for annotation in annotations(tmp_path / "x"):
        text = corpus.read_text(annotation.article)
        findings = check_annotation(annotation, text, inventory)
        shown += make_points(findings, annotation, inventory, {"speech.md": "Speech", "cargo.md": "Cargo"})
    assert {point.code for point in shown} & expected
    for point in shown:
        assert not set("{}[]`") & set(point.message), point
        assert "attributes" not in point.message
        assert point.words or point.code in ("R101", "R102", "P102", "P307", "S104"), point


def test_names_are_those_of_the_screen() -> None:
    inventory = named_inventory()
    verb = Span(id="a", label="Verb", start=0, end=4, text="said")
    annotation = Annotation(
        article="x",
        annotator="anna",
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256=sha256("said."),
        spans=(verb,),
        relations=(),
    )
    (point,) = make_points(check_annotation(annotation, "said.", inventory), annotation, inventory, {})
    assert point.message == "This فعل القول has no Words. Draw the relation ‘words’ from it, or delete it."


def test_values_to_set_are_those_of_the_screen(tmp_path: Path) -> None:
    lay_out(next(path for path in EXAMPLES if path.name.startswith("P305")), tmp_path / "x")
    labels, corpus = tmp_path / "x/schema/labels.yaml", Corpus(tmp_path / "x/corpus")
    text = labels.read_text("utf-8")
    named = text.replace("\n  truth:\n", "\n  truth:\n    shown_as: Is it there?\n", 1)
    labels.write_text(named.replace("denied: it is said not to be", "denied: {shown_as: Denied, definition: No.}", 1))
    inventory, annotation = load_inventory(tmp_path / "x/schema"), corpus.read_annotation("anna", "harbour")
    findings = check_annotation(annotation, corpus.read_text("harbour"), inventory)
    (point,) = (point for point in make_points(findings, annotation, inventory, {}) if point.code == "P305")
    assert point.message == "This Load counts 0. Leave least and most empty, and set ‘Is it there?’ to ‘Denied’."


def test_words_that_recur_are_told_apart() -> None:
    text = "A hand said no. The harbour master of the old town said yes, and left at once."
    second = text.rindex("said")
    assert describe_place(text, 0, 6) == ""
    shown = describe_place(text, second, second + 4)
    assert shown == "It is the one in “… master of the old town said yes, and left at once.”."
    first = text.index("said")
    assert describe_place(text, first, first + 4) == "It is the one in “A hand said no. The harbour master of …”."
