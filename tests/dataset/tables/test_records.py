"""The tables of records: what conditions and followed relations make of columns, rows and descriptions."""

import msgspec
import pytest

from annotate.corpus import sort_annotation
from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.tables.records import records_table, role_labels
from annotate.model import Relation, Span
from tests.dataset.helpers import build_rows
from tests.graphs import CHAINED, CONDITIONAL, ZOO, make_annotation, make_article

TEXT = "Ann saw a calm horse; Bob likes the red of it."
SPANS = [
    Span(id="ann", label="Keeper", start=0, end=3, text="Ann"),
    Span(id="horse", label="Animal", start=15, end=20, text="horse", attributes={"mood": "calm"}),
    Span(id="bob", label="Keeper", start=22, end=25, text="Bob"),
    Span(id="red", label="Colour", start=36, end=39, text="red"),
]
RELATIONS = [
    Relation(label="seen_by", head="horse", tail="ann"),
    Relation(label="coloured", head="horse", tail="red"),
    Relation(label="likes", head="bob", tail="horse"),
]


def test_roles_show_whose_condition_the_anchor_meets_and_what_is_followed() -> None:
    builder = TableBuilder(CONDITIONAL, ["animals", "tastes"])
    annotation = sort_annotation(make_annotation(TEXT, SPANS, RELATIONS))
    tables = build_rows(builder, [(make_article(TEXT), annotation)])
    [animal] = tables["animals"].to_pylist()
    assert (animal["seer_text"], animal["misser"], animal["misser_text"]) == ("Ann", [], None)
    liked = {row["text"]: row["liked"] for row in tables["tastes"].to_pylist()}
    assert liked["Ann"] == []
    [colour] = liked["Bob"]
    assert (colour["text"], colour["distance"], colour["through"]) == ("red", 1, "horse")


def test_a_role_that_follows_has_the_labels_that_the_relation_leads_to() -> None:
    assert role_labels(CONDITIONAL, CONDITIONAL.records["tastes"], "liked") == ["Colour"]
    assert role_labels(ZOO, ZOO.records["tastes"], "liked") == ["Animal", "Colour"]
    assert "distance" not in records_table(ZOO, ZOO.records["tastes"]).features["liked"]["feature"]


@pytest.mark.parametrize(
    ("record", "role", "words"),
    [
        ("animals", "seer", "Empty unless `mood` is `calm`."),
        ("animals", "misser", "Empty unless `mood` is `wild` or `calm` and `size` is `big`."),
        ("tastes", "liked", "Where `coloured` leads on from there: what it leads to"),
        ("tastes", "liked", "with a `distance` of 0, if it is a Colour."),
    ],
)
def test_the_card_says_what_fills_a_role(record: str, role: str, words: str) -> None:
    assert words in records_table(CONDITIONAL, CONDITIONAL.records[record]).columns[role]


def test_the_card_says_which_records_around_fill_a_role() -> None:
    assert records_table(CHAINED, CHAINED.records["animals"]).columns["fancied"] == (
        "The `also` of the `tastes` whose `liked` holds the anchor or is it, and where `mood` is `wild`, nearest first;"
        " `distance` is 1 for the nearest, and so on, and `through` the `span_id` in `tastes` by which it was found."
        " Farther out than the nearest: only those where `size` is `big`, up to the first other one."
    )
    assert role_labels(CHAINED, CHAINED.records["animals"], "fancied") == ["Words", "Animal", "Colour"]
    assert role_labels(CHAINED, CHAINED.records["animals"], "called") == ["Words", "Animal"]


def test_a_role_without_a_condition_is_described_as_before() -> None:
    column = records_table(ZOO, ZOO.records["animals"]).columns["colour"]
    assert column == msgspec.structs.asdict(ZOO.relations["coloured"])["definition"]
