"""The ceiling of a form: by hand, for the corpus, and equal to the score of what `export` and `build` write."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from annotate.corpus import Corpus
from annotate.formats import FORMATS
from annotate.inventory import Inventory, load_inventory
from annotate.scoring import ceiling as ceiling_module
from annotate.scoring.ceiling import measure_ceiling
from annotate.scoring.score import Ceiling, CeilingRow, score
from annotate.scoring.score_counts import Gold
from annotate.scoring.selection import Selection
from tests.agreement.helpers import TEXT, annotation, span
from tests.conftest import BASE, ROOT, Project

GOLD = "corpus/annotations/gold"
BIO, PIPELINE = "BIO tags", "output of a token classification pipeline"
TOKENS = "rows of the table tokens"
COMPLETE = (
    "annotation files",
    "rows of the table articles",
    "lines of an export",
    "brat",
    "XMI",
    "tables for spreadsheets",
)
SPEAKER, VERB, WORDS = span("a", "Speaker", 0, 10), span("b", "Verb", 11, 15), span("c", "Words", 16, 41)
NESTED = span("d", "Verb", 26, 29)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load_inventory(BASE / "schema")


def overall(gold: Gold, form: str, inventory: Inventory, selection: Selection | None = None) -> CeilingRow:
    ceiling = measure_ceiling(inventory, gold, dict.fromkeys(gold, form), selection or Selection())
    assert ceiling
    return ceiling.overall


def test_tags_hold_the_outermost_spans_and_no_relations(inventory: Inventory) -> None:
    gold = {"a": (TEXT, annotation(SPEAKER, VERB, WORDS, NESTED, ("speaker", "b", "a")))}
    assert overall(gold, BIO, inventory).exact == 6 / 7
    assert overall(gold, TOKENS, inventory).exact == overall(gold, PIPELINE, inventory).exact == 1
    ceiling = measure_ceiling(inventory, gold, {"a": BIO})
    assert ceiling
    rows = {(row.table, row.name): (row.exact, row.overlap) for row in ceiling.rows}
    assert (rows["articles", "Verb"], rows["articles", "Words"]) == ((2 / 3, 2 / 3), (1, 1))
    assert (rows["relations", "speaker"], rows["relations", "lies_at"]) == ((None, 0), (None, None))
    assert (rows["sayings", "sayings"], rows["tokens", "speech_2"]) == ((0, 0), (0, None))


def test_only_chosen_labels_compete(inventory: Inventory) -> None:
    """A system that looks for verbs alone has nothing around them."""
    gold = {"a": (TEXT, annotation(VERB, WORDS, NESTED))}
    assert overall(gold, BIO, inventory, Selection(labels=("Verb",))).exact == 1


def test_pieces_are_lost_where_they_are_one_span(inventory: Inventory) -> None:
    gold = {"a": (TEXT, annotation(WORDS, span("d", "Words", 43, 60), ("continues", "d", "c")))}
    for form in (BIO, TOKENS, PIPELINE):
        assert overall(gold, form, inventory).exact == 0
        assert overall(gold, form, inventory, Selection(pieces="separate")).exact == 1


def test_forms_that_hold_everything_have_no_ceiling(inventory: Inventory) -> None:
    gold = {"a": (TEXT, annotation(SPEAKER))}
    for form in COMPLETE:
        assert measure_ceiling(inventory, gold, {"a": form}) is None
    assert measure_ceiling(inventory, gold, {}) is None


def test_an_article_without_predictions_has_the_form_of_the_others(inventory: Inventory) -> None:
    gold = {name: (TEXT, annotation(WORDS, NESTED)) for name in ("a", "b")}
    ceiling = measure_ceiling(inventory, gold, {"a": BIO})
    assert ceiling
    assert ceiling.overall.exact == 2 / 3
    mixed = measure_ceiling(inventory, gold, {"a": BIO, "b": "annotation files"})
    assert mixed
    assert (mixed.forms, mixed.overall.exact) == ((BIO, "annotation files"), 6 / 7)


def test_gold_that_breaks_rules_has_a_ceiling(inventory: Inventory) -> None:
    """No form need hold what the inventory does not allow."""
    speaker = span("a", "Speaker", 0, 10, rank="admiral", least=3)
    gold = {
        "a": (TEXT, annotation(speaker, VERB, span("b", "Verb", 0, 0), ("speaker", "a", "b"), ("speaker", "b", "z")))
    }
    for form in (BIO, TOKENS, PIPELINE, "DocBin of spaCy", "rows of the table relations", "rows of the table sayings"):
        assert measure_ceiling(inventory, gold, {"a": form})


def write_table(name: str) -> Callable[[Project], str]:
    def write(project: Project) -> str:
        if not project.path("ds").exists():
            assert project.annotate("build", "--out", "ds").exit_code == 0
        folder = project.path(f"ds/data/{name}")
        out = project.path(f"out-{name}")
        out.mkdir()
        for file in folder.iterdir():
            (out / file.name.replace("test", f"{name}-test")).write_bytes(file.read_bytes())
        return str(out)

    return write


def write_export(name: str) -> Callable[[Project], str]:
    def write(project: Project) -> str:
        assert project.annotate("export", "--format", name, "--out", f"out-{name}").exit_code == 0
        return f"out-{name}"

    return write


WRITERS = {
    **{name: write_export(name) for name in (*FORMATS, "csv")},
    **{name: write_table(name) for name in ("articles", "tokens", "relations")},
}


@pytest.mark.parametrize("name", WRITERS)
def test_gold_in_a_form_reaches_the_ceiling(project: Project, name: str) -> None:
    """What `export` and `build` write of gold scores exactly the ceiling; a form without one scores 1."""
    result = project.annotate("score", GOLD, WRITERS[name](project), "--format", "json", "--samples", "0")
    scores: dict[str, Any] = json.loads(result.stdout)
    assert (scores["ceiling"] is None) == (name in {"brat", "xmi", "jsonl", "csv", "articles"})
    rows = scores["ceiling"]["rows"] if scores["ceiling"] else []
    ceilings = {(row["table"], row["name"], row["kind"]): (row["exact"], row["overlap"]) for row in rows}
    values = {
        **{
            ("articles", row["name"], row["kind"]): (_f1(row["exact"]), _f1(row["overlap"])) for row in scores["labels"]
        },
        **{("tokens", row["name"], row["kind"]): (_f1(row["entities"]), None) for row in scores["tokens"]},
        **{("relations", row["name"], "relation"): (None, _f1(row["all"])) for row in scores["relations"]},
        **{
            (row["table"], row["name"], "record"): (row["full_exact"]["value"], row["full_overlap"]["value"])
            for row in scores["records"]
        },
    }
    if ceilings:
        assert values == ceilings
    else:
        assert {value for pair in values.values() for value in pair} <= {1, None}


def _f1(score: dict[str, Any]) -> float | None:
    value: float | None = score["f1"]["value"]
    return value


def test_output_shows_the_ceiling(project: Project) -> None:
    write_export("bio")(project)
    result = project.annotate("score", GOLD, "out-bio", "--samples", "0")
    assert re.search(
        "ceiling of BIO tags: gold itself, written in this form, has exact F1 0[.][0-9]{2}, overlap F1", result.stdout
    )
    assert "exact ceiling" in result.stdout
    assert "ceiling" not in project.annotate("score", GOLD, GOLD, "--samples", "0").stdout


def test_docs_have_the_ceilings_of_this_corpus() -> None:
    """docs/reference/scoring.md shows a table of them, and the number of spans: update it if gold has changed."""
    page = (ROOT / "docs/reference/scoring.md").read_text(encoding="utf-8")
    corpus, inventory = Corpus(ROOT / "corpus"), load_inventory(ROOT / "schema")
    gold = {each.article: (corpus.read_text(each.article), each) for each in corpus.gold()}
    forms = {"BIO": BIO, "rows of `tokens`": TOKENS, "output of a pipeline": PIPELINE}
    for name, form in forms.items():
        row = overall(gold, form, inventory)
        assert f"| {name} | {row.exact:.2f} | {row.overlap:.2f} |" in page
    scores = score(inventory, gold, {}, 0)
    numbers = next(each.gold for each in scores.labels if each.kind == "all"), scores.written["gold"]
    assert "({} and {} in the gold of this corpus)".format(*numbers) in page


def test_ceiling_of_all_labels_is_found_in_its_rows() -> None:
    rows = [CeilingRow("tokens", "all layers", "all", 1, None), CeilingRow("articles", "all labels", "all", 0.5, 0.75)]
    assert Ceiling((BIO,), rows).overall == rows[1]


@pytest.mark.parametrize("form", [BIO, TOKENS, PIPELINE])
def test_articles_are_written_and_read_in_batches(
    inventory: Inventory, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size of a batch affects neither the ceiling nor which articles have it."""
    gold = {
        name: (TEXT, annotation(SPEAKER, VERB, WORDS, *nested))
        for name, nested in zip("abc", ([NESTED], [], []), strict=True)
    }
    forms = {"a": form, "b": "annotation files", "c": form}
    whole = measure_ceiling(inventory, gold, forms)
    monkeypatch.setattr(ceiling_module, "BATCH", 1)
    assert whole
    assert measure_ceiling(inventory, gold, forms) == whole
