"""Columns hold what the annotations say, in canonical order, whichever documents are taken."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from annotate.columns import gathered
from annotate.inventory import load
from annotate.model import Annotation, Article, Relation, Span
from annotate.store import Corpus, canonical
from tests.conftest import BASE

INVENTORY = load(BASE / "schema")
CORPUS = Corpus(BASE / "corpus")
ARTICLES = [CORPUS.read_article(name) for name in CORPUS.article_ids()]


@st.composite
def documents(draw: st.DrawFn) -> list[tuple[Article, Annotation]]:
    """Articles with labels at any places, in any order, the same ones twice."""
    made = []
    for article in draw(st.lists(st.sampled_from(ARTICLES), max_size=4)):
        ids = draw(st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=6))
        spans = [
            Span(
                id=name,
                label=draw(st.sampled_from(list(INVENTORY.spans))),
                start=draw(st.integers(0, 2)),
                end=draw(st.integers(1, 3)),
                text=draw(st.text(max_size=2)),
                attributes=draw(st.dictionaries(st.sampled_from(list(INVENTORY.attributes)), st.integers(0, 2))),
                note=draw(st.sampled_from(["", "why"])),
            )
            for name in ids
        ]
        ends = st.sampled_from(ids) if ids else st.nothing()
        relation = st.builds(
            Relation, label=st.sampled_from(list(INVENTORY.relations)), head=ends, tail=ends, note=st.just("")
        )
        relations = draw(st.lists(relation, max_size=5)) if ids else []
        annotation = CORPUS.read_annotation("gold", CORPUS.annotated_ids("gold")[0])
        made.append(
            (
                article,
                msgspec.structs.replace(
                    annotation, article=article.id, spans=tuple(spans), relations=tuple(relations)
                ),
            )
        )
    return made


@given(documents())
def test_columns_and_back(pairs: list[tuple[Article, Annotation]]) -> None:
    columns = gathered(pairs, INVENTORY)
    assert [columns.annotation(number) for number in range(len(pairs))] == [annotation for _, annotation in pairs]


@given(documents())
def test_canonical_as_files_are(pairs: list[tuple[Article, Annotation]]) -> None:
    columns = gathered(pairs, INVENTORY).canonical()
    assert [columns.annotation(number) for number in range(len(pairs))] == [canonical(one) for _, one in pairs]


@given(documents(), st.data())
def test_some_of_the_documents(pairs: list[tuple[Article, Annotation]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(pairs) - 1), max_size=5)) if pairs else []
    columns = gathered(pairs, INVENTORY).take(chosen)
    assert [head.article for head in columns.heads] == [pairs[number][0] for number in chosen]
    assert [columns.annotation(number) for number in range(len(chosen))] == [pairs[number][1] for number in chosen]
