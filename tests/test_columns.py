"""Columns hold the values of the annotations in canonical order, for any selection of documents."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from annotate.columns import UNKNOWN, Documents
from annotate.corpus import Corpus, sort_annotation
from annotate.inventory import load_inventory
from annotate.model import Annotation, Relation, Span
from tests.conftest import BASE

INVENTORY = load_inventory(BASE / "schema")
CORPUS = Corpus(BASE / "corpus")


@st.composite
def documents(draw: st.DrawFn) -> list[Annotation]:
    """Labels at any positions, in any order, with duplicates."""
    made = []
    for name in draw(st.lists(st.sampled_from(CORPUS.annotated_ids("gold")), max_size=4)):
        ids = draw(st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=6))
        spans = [
            Span(
                id=id_,
                label=draw(st.sampled_from(list(INVENTORY.spans))),
                start=draw(st.integers(0, 2)),
                end=draw(st.integers(1, 3)),
                text=draw(st.text(max_size=2)),
                attributes=draw(st.dictionaries(st.sampled_from(list(INVENTORY.attributes)), st.integers(0, 2))),
                note=draw(st.sampled_from(["", "why"])),
            )
            for id_ in ids
        ]
        ends = st.sampled_from(ids) if ids else st.nothing()
        relation = st.builds(Relation, label=st.sampled_from(list(INVENTORY.relations)), head=ends, tail=ends)
        relations = draw(st.lists(relation, max_size=5)) if ids else []
        gold = CORPUS.read_annotation("gold", name)
        made.append(msgspec.structs.replace(gold, spans=tuple(spans), relations=tuple(relations)))
    return made


def back(columns: Documents) -> list[Annotation]:
    return [columns.annotation(number) for number in range(len(columns.meta))]


@given(documents())
def test_columns_and_back(annotations: list[Annotation]) -> None:
    assert back(Documents.from_annotations(annotations, INVENTORY)) == annotations


@given(documents())
def test_canonical_as_files_are(annotations: list[Annotation]) -> None:
    assert back(Documents.from_annotations(annotations, INVENTORY).canonical()) == list(
        map(sort_annotation, annotations)
    )


@given(documents(), st.data())
def test_some_of_the_documents(annotations: list[Annotation], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(annotations) - 1), max_size=5)) if annotations else []
    columns = Documents.from_annotations(annotations, INVENTORY).take(chosen)
    assert back(columns) == [annotations[number] for number in chosen]


@given(documents(), documents())
def test_concatenated_documents_equal_those_made_together(
    annotations: list[Annotation], later: list[Annotation]
) -> None:
    columns = Documents.from_annotations(annotations, INVENTORY).concat(Documents.from_annotations(later, INVENTORY))
    assert back(columns) == [*annotations, *later]
    assert (
        columns.canonical().spans.bounds.tolist()
        == Documents.from_annotations([*annotations, *later], INVENTORY).spans.bounds.tolist()
    )


def test_take_returns_the_chosen_documents_in_order() -> None:
    gold = [CORPUS.read_annotation("gold", name) for name in CORPUS.annotated_ids("gold")] * 8
    columns, last = Documents.from_annotations(gold, INVENTORY), len(gold) - 1
    for chosen in ([*range(3, last), 1], [*range(last), last, 0], list(range(last, -1, -1)), [2, 2, 2], []):
        assert back(columns.take(chosen)) == [gold[number] for number in chosen]


def test_unknown_labels_and_ends() -> None:
    """A label that is not in the inventory, and an end that is not a span, in a document after another."""
    gold = CORPUS.read_annotation("gold", CORPUS.annotated_ids("gold")[0])
    first, second = gold.spans[:2]
    odd = msgspec.structs.replace(
        gold,
        spans=(first, msgspec.structs.replace(second, label="nothing")),
        relations=(Relation(label="nothing", head=second.id, tail="nowhere"),),
    )
    columns = Documents.from_annotations([gold, odd], INVENTORY)
    assert columns.spans.labels[-1] == columns.relations.labels[-1] == columns.relations.tails[-1] == UNKNOWN
    assert columns.relations.heads[-1] == len(gold.spans) + 1
