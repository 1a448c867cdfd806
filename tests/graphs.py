"""Articles with annotations full of nested, coinciding, joined and dangling labels, for tests of records and tables."""

from itertools import product
from pathlib import Path
from random import Random

import msgspec
from hypothesis import strategies as st

from annotate import inventory
from annotate.inventory import Condition, Enclosing, Inventory, Role
from annotate.model import Annotation, Article, AttributeValue, Relation, SourceRange, Span
from annotate.offsets import sha256

ZOO = inventory.load_inventory(Path(__file__).parent / "dataset" / "zoo")


def _tangled() -> Inventory:
    words = msgspec.structs.replace(ZOO.relations["words"], tail=("Words", "Verb"))
    enclosing = Enclosing(record="sayings", within="words", take="keeper")
    sayings = msgspec.structs.replace(
        ZOO.records["sayings"],
        roles={"keeper": Role(relation="keeper", enclosing=enclosing), "words": Role(relation="words")},
    )
    return msgspec.structs.replace(
        ZOO, relations={**ZOO.relations, "words": words}, records={**ZOO.records, "sayings": sayings}
    )


TANGLED = _tangled()
"""An inventory whose records may hold their own anchors, and enclose themselves."""


def _conditional() -> Inventory:
    enclosing = Enclosing(record="sayings", within="words", take="keeper")
    animals = msgspec.structs.replace(
        ZOO.records["animals"],
        roles={
            "seer": Role(relation="seen_by", enclosing=enclosing, when={"mood": ("calm",)}),
            "misser": Role(relation="seen_by", enclosing=enclosing, when={"mood": ("wild", "calm"), "size": ("big",)}),
            "liked": Role(relation="seen_by", follow="likes", when={"mood": ("wild",)}),
            "colour": Role(relation="coloured"),
        },
    )
    tastes = msgspec.structs.replace(ZOO.records["tastes"], roles={"liked": Role(relation="likes", follow="coloured")})
    likes = msgspec.structs.replace(ZOO.relations["likes"], tail=("Animal", "Colour", "Keeper"))
    return msgspec.structs.replace(
        ZOO,
        relations={**ZOO.relations, "likes": likes},
        records={**ZOO.records, "animals": animals, "tastes": tastes},
    )


CONDITIONAL = _conditional()
"""An inventory whose roles have conditions and follow relations, also back to their own anchors."""


def _chained() -> Inventory:
    calm: Condition = {"mood": ("calm",)}
    wild: Condition = {"mood": ("wild",)}
    big: Condition = {"size": ("big",)}
    animals = msgspec.structs.replace(
        ZOO.records["animals"],
        roles={
            "seer": Role(
                relation="seen_by",
                enclosing=Enclosing(record="sayings", within="words", take="keeper", passes_on=calm),
            ),
            "fancied": Role(
                enclosing=Enclosing(record="tastes", within="liked", take="also", where=wild, passes_on=big)
            ),
            "called": Role(enclosing=Enclosing(record="tastes", within="also", take="liked"), when=calm),
        },
    )
    tastes = msgspec.structs.replace(
        ZOO.records["tastes"],
        roles={"liked": Role(relation="likes", follow="coloured"), "also": Role(relation="likes", when=big)},
    )
    relations = {
        "likes": msgspec.structs.replace(ZOO.relations["likes"], tail=("Animal", "Colour", "Words")),
        "coloured": msgspec.structs.replace(
            ZOO.relations["coloured"], head=("Animal", "Colour"), tail=("Animal", "Words")
        ),
    }
    return msgspec.structs.replace(
        ZOO,
        relations={**ZOO.relations, **relations},
        records={**ZOO.records, "animals": animals, "tastes": tastes},
    )


CHAINED = _chained()
"""An inventory with roles that only records around their anchors fill, or at their anchors, up to one that stops it."""


def make_article(text: str, article_id: str = "a") -> Article:
    """Return an article that has nothing but a text."""
    return Article(
        id=article_id,
        title=None,
        language="en",
        author=None,
        publisher=None,
        date=None,
        rights="r",
        source=SourceRange(file="f", sha256="0" * 64, start=0, end=len(text)),
        text_sha256=sha256(text),
        text=text,
    )


def make_annotation(text: str, spans: list[Span], relations: list[Relation], article_id: str = "a") -> Annotation:
    """Return gold labels of an article, in the inventory `ZOO`."""
    return Annotation(
        article=article_id,
        annotator="k",
        process="adjudicated",
        made_from=("x", "y"),
        inventory=ZOO.version,
        text_sha256=sha256(text),
        spans=tuple(spans),
        relations=tuple(relations),
    )


def random_document(chance: Random, article_id: str) -> tuple[Article, Annotation]:
    """Return a short text full of spans: many nest, share their ranges, and are joined, in cycles as well.

    Some relations repeat, lead to no span or from one, or have ends that the inventory does not allow.
    """
    text = "".join(chance.choices("aé🚢\n", (4, 2, 2, 1), k=chance.randrange(2, 12)))
    spans, mood = [], chance.choice((0, 0.7, 1))
    for number in range(chance.randrange(24)):
        start, end = sorted(chance.sample(range(len(text) + 1), 2))
        # Ids need not be in the order of the text.
        id_ = f"{chance.choice('xyz')}{number}"
        label = chance.choice(list(ZOO.spans)[: chance.choice((4, 5))])
        attributes: dict[str, AttributeValue] = {}
        if chance.random() < mood:
            attributes = {"mood": chance.choice(("calm", "wild")), "size": chance.choice(("big", "small"))}
        spans.append(Span(id=id_, label=label, start=start, end=end, text=text[start:end], attributes=attributes))
    allowing = chance.choice((TANGLED, CHAINED)).relations
    probability = {
        label: chance.choice((0, 0.06) if relation.joins_pieces else (0.02, 0.3))
        for label, relation in allowing.items()
    }
    ids = ["nowhere", *(span.id for span in spans)]
    relations = [
        Relation(label=label, head=head.id, tail=tail.id)
        for label, relation in allowing.items()
        for head, tail in product(spans, repeat=2)
        if chance.random() < probability[label] and relation.allows(head.label, tail.label)
    ]
    relations += chance.sample(relations, len(relations) // 8)
    relations += [
        Relation(label=chance.choice(list(ZOO.relations)), head=chance.choice(ids), tail=chance.choice(ids))
        for _ in range(chance.randrange(3))
    ]
    chance.shuffle(relations)
    return make_article(text, article_id), make_annotation(text, spans, relations, article_id)


def _random_batch(seed: int) -> list[tuple[Article, Annotation]]:
    chance = Random(seed)  # noqa: S311 - not a secret
    return [random_document(chance, f"a{number}") for number in range(chance.randrange(6))]


batches = st.integers(0, 2**32).map(_random_batch)
"""Batches of `random_document`, made by a seed: values that hypothesis draws one by one are seldom so dense."""
