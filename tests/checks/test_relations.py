"""Rules of relations that only point back: what needs another relation, and what may not lie in what."""

import itertools
import shutil

import msgspec

from annotate.checks import check_annotation
from annotate.checks.relations import loop_of_pieces
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.offsets import sha256
from tests.conftest import BASE, ROOT, Project
from tests.operations import LINEAR, CountedText

SMALL = load_inventory(BASE / "schema")
REFERRING = load_inventory(ROOT / "tests" / "invalid" / "R117-within-what-it-means" / "schema")
TEXT = "The crew said this one, and that one too."


def find_codes(spans: list[Span], *relations: tuple[str, str, str], inventory: Inventory = REFERRING) -> list[str]:
    annotation = Annotation(
        article="a",
        annotator="anna",
        process="single pass",
        made_from=(),
        inventory=inventory.version,
        text_sha256=sha256(TEXT),
        spans=tuple(spans),
        relations=tuple(Relation(label=label, head=head, tail=tail) for label, head, tail in relations),
    )
    return [finding.code for finding in check_annotation(annotation, TEXT, inventory)]


def span(id_: str, label: str, words: str) -> Span:
    attributes: dict[str, AttributeValue] = {"wording": "vague"} if label == "Load" else {}
    start = TEXT.index(words)
    return Span(id=id_, label=label, start=start, end=start + len(words), text=words, attributes=attributes)


LOAD, VERB, QUAY = span("l", "Load", "The crew"), span("v", "Verb", "said"), span("q", "Quay", "that one")
FIRST, SECOND = span("w1", "Words", "this one"), span("w2", "Words", "that one too")
SAID = ("words", "v", "w1")
PLACED = ("lies_at", "l", "q")


def test_a_reference_takes_the_place_of_no_relation() -> None:
    spans = [LOAD, VERB, FIRST, QUAY]
    assert find_codes(spans, SAID, PLACED) == []
    assert find_codes(spans, SAID, PLACED, ("stands_for", "q", "w1")) == []
    assert find_codes(spans, SAID, ("stands_for", "q", "w1")) == ["R116"]
    # The tail of a reference is not said by it, either.
    assert find_codes([LOAD, QUAY, FIRST], PLACED, ("stands_for", "q", "w1")) == ["R107"]


def test_a_label_that_is_in_no_relation_of_the_inventory_needs_none() -> None:
    inventory = msgspec.structs.replace(SMALL, relations={}, records={})
    assert find_codes([QUAY, LOAD], inventory=inventory) == []
    only_refers = {"stands_for": msgspec.structs.replace(REFERRING.relations["stands_for"], tail=("Words", "Speaker"))}
    assert find_codes([QUAY, FIRST], inventory=msgspec.structs.replace(inventory, relations=only_refers)) == []


def test_a_reference_lies_in_no_piece_of_what_it_means() -> None:
    joined = [LOAD, VERB, FIRST, SECOND, QUAY]
    chain = [SAID, PLACED, ("continues", "w2", "w1")]
    assert find_codes(joined, *chain) == []
    assert find_codes(joined, *chain, ("stands_for", "q", "w1")) == ["R117"]
    # Between two pieces it is not in the span.
    between = span("q", "Quay", "and")
    assert find_codes([LOAD, VERB, FIRST, SECOND, between], *chain, ("stands_for", "q", "w1")) == []


def test_a_relation_that_does_not_refer_may_lie_within_its_tail() -> None:
    refers = REFERRING.relations["stands_for"]
    inventory = msgspec.structs.replace(
        REFERRING, relations=REFERRING.relations | {"stands_for": msgspec.structs.replace(refers, refers=False)}
    )
    relations = [("words", "v", "w2"), PLACED, ("stands_for", "q", "w2")]
    assert find_codes([LOAD, VERB, SECOND, QUAY], *relations) == ["R117"]
    assert find_codes([LOAD, VERB, SECOND, QUAY], *relations, inventory=inventory) == []


def test_a_label_may_stand_alone_if_the_inventory_says_so(project: Project) -> None:
    shutil.copytree(ROOT / "tests/invalid/R116-in-no-relation/corpus", project.path("corpus"), dirs_exist_ok=True)
    refused = project.annotate("check")
    assert "R116" in refused.output
    assert "give Quay `alone: true` in labels.yaml" in " ".join(refused.output.split())
    project.replace("schema/labels.yaml", "  Quay: {", "  Quay: {alone: true, ")
    assert "R116" not in project.annotate("check").output


def test_a_long_chain_of_pieces_takes_linear_time() -> None:
    def operations(size: int) -> int:
        ids = [CountedText(f"s{number}") for number in range(size)]
        spans = tuple(Span(id=id_, label="Words", start=0, end=1, text="T") for id_ in ids)
        relations = tuple(
            Relation(label="continues", head=CountedText(head), tail=CountedText(tail))
            for head, tail in itertools.pairwise(ids)
        )
        annotation = Annotation(
            article="a", annotator="anna", process="single pass", made_from=(), inventory=SMALL.version,
            text_sha256=sha256(TEXT), spans=spans, relations=relations,
        )  # fmt: skip
        assert not list(loop_of_pieces.check(annotation, SMALL))
        return CountedText.count_operations(lambda: list(loop_of_pieces.check(annotation, SMALL)))

    assert 0 < operations(400) <= LINEAR * operations(200)
