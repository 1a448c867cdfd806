"""The list of what annotators differ on, and which of it gold leaves undecided."""

import msgspec
import pytest
from hypothesis import given

from annotate.adjudication import find_agreed, refer_to
from annotate.agreement.undecided import ListedDifference, find_undecided, list_differences
from annotate.corpus import sort_annotation
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation, AttributeValue
from tests.conftest import BASE, Project
from tests.strategies import annotations
from tests.test_adjudication import ANNA, BEN, TEXT, version


@pytest.fixture
def labels(project: Project) -> Inventory:
    return project.inventory


def describe(differences: list[ListedDifference]) -> list[tuple[str, str]]:
    return [(difference.problem, difference.words) for difference in differences]


def undecided(labels: Inventory, versions: list[Annotation], gold: Annotation, *dismissed: str) -> list[str]:
    differences = list_differences(versions, TEXT, labels)
    return [difference.problem for difference in find_undecided(differences, versions, gold, dismissed)]


def test_everything_that_differs_is_listed_once_with_every_version(labels: Inventory) -> None:
    differences = list_differences([ANNA, BEN], TEXT, labels)
    assert describe(differences) == [
        ("Speaker: different rank", "A hand"),
        ("speaker: not all have it", "said → A hand"),
        ("Words: different words", "3 carts and 2 sacks fell"),
        ("words: all have it, but not between the same spans", "said → 3 carts and 2 sacks fell"),
        ("Load: not all have it", "2 sacks"),
        ("lies_at: not all have it", "2 sacks → A hand"),
    ]
    versions = [dict(difference.versions) for difference in differences]
    assert versions[0] == {"anna": "rank: hand", "ben": "rank: other"}
    assert versions[1] == {"anna": "has it", "ben": "nothing"}
    assert versions[2] == {"anna": "Words “3 carts”", "ben": "Words “3 carts and 2 sacks fell”"}
    assert versions[4] == {"anna": "nothing", "ben": "Load “2 sacks”"}
    assert len({difference.id for difference in differences}) == len(differences)


def test_one_span_with_two_labels_is_one_difference(labels: Inventory) -> None:
    anna, ben = version("anna", [("Load", "2 sacks", 0, {})]), version("ben", [("Quay", "2 sacks", 0, {})])
    assert describe(list_differences([anna, ben], TEXT, labels)) == [
        ("Load or Quay: one span, different labels", "2 sacks")
    ]
    for gold in (anna, ben, version("carla", [("Speaker", "2 sacks", 0, {"rank": "hand"})])):
        assert undecided(labels, [anna, ben], gold) == []
    assert len(undecided(labels, [anna, ben], version("carla", [("Load", "3 carts", 0, {})]))) == 1


def test_what_gold_says_nothing_about_is_undecided_until_it_is_dismissed(labels: Inventory) -> None:
    agreed = find_agreed([ANNA, BEN], TEXT, "1.0.0", "agreed")
    assert agreed == sort_annotation(agreed)  # in another order, a server would take it for another version
    # The relations whose ends are missing are decided with these.
    at_first = [
        "Speaker: different rank",
        "speaker: not all have it",
        "Words: different words",
        "Load: not all have it",
    ]
    assert undecided(labels, [ANNA, BEN], agreed) == at_first
    ids = [difference.id for difference in list_differences([ANNA, BEN], TEXT, labels)]
    assert undecided(labels, [ANNA, BEN], agreed, *ids) == []
    assert undecided(labels, [ANNA, BEN], agreed, ids[0], ids[4]) == at_first[1:3]
    # Anna has no load: that it is none could be an oversight.
    assert undecided(labels, [ANNA, BEN], ANNA) == ["Load: not all have it"]
    assert undecided(labels, [ANNA, BEN], BEN) == ["speaker: not all have it"]


def test_own_words_and_values_decide(labels: Inventory) -> None:
    gold = version(
        "carla",
        [("Speaker", "A hand", 0, {"rank": "master"}), ("Verb", "said", 0, {}), ("Words", "3 carts and 2", 0, {}),
         ("Load", "2 sacks fell", 0, {})],
        "speaker b a",
        "words b c",
        "lies_at d a",
    )  # fmt: skip
    assert undecided(labels, [ANNA, BEN], gold) == []
    without = msgspec.structs.replace(gold, relations=gold.relations[:1])
    assert undecided(labels, [ANNA, BEN], without) == [
        "words: all have it, but not between the same spans",
        "lies_at: not all have it",
    ]


def test_a_span_that_all_have_decides_nothing_that_overlaps_it(labels: Inventory) -> None:
    outer = ("Words", "3 carts and 2 sacks fell", 0, dict[str, AttributeValue]())
    anna, ben = version("anna", [outer, ("Words", "2 sacks", 0, {})]), version("ben", [outer])
    assert undecided(labels, [anna, ben], ben) == ["Words: not all have it"]
    assert undecided(labels, [anna, ben], anna) == []


def test_a_relation_to_another_end_decides_between_the_two(labels: Inventory) -> None:
    rank: dict[str, AttributeValue] = {"rank": "hand"}
    spans = [
        ("Verb", "said", 0, dict[str, AttributeValue]()),
        ("Speaker", "A hand", 0, rank),
        ("Speaker", "fell", 0, rank),
    ]
    anna, ben = version("anna", spans, "speaker a b"), version("ben", spans, "speaker a c")
    assert len(list_differences([anna, ben], TEXT, labels)) == 2
    assert undecided(labels, [anna, ben], anna) == undecided(labels, [anna, ben], ben) == []
    assert len(undecided(labels, [anna, ben], version("carla", spans))) == 2
    # One annotator has both: each is a difference of its own.
    both = version("anna", spans, "speaker a b", "speaker a c")
    assert undecided(labels, [both, version("ben", spans)], anna) == ["speaker: not all have it"]


def test_two_spans_with_one_label_on_the_same_words_are_a_difference(labels: Inventory) -> None:
    twice = version("anna", [("Verb", "said", 0, {}), ("Verb", "said", 0, {})])
    once = version("ben", [("Verb", "said", 0, {})])
    (difference,) = list_differences([twice, once], TEXT, labels)
    assert dict(difference.versions) == {"anna": "Verb “said”; Verb “said”", "ben": "Verb “said”"}
    assert undecided(labels, [twice, once], find_agreed([twice, once], TEXT, "1.0.0", "agreed")) == [difference.problem]
    assert undecided(labels, [twice, once], once) == []


def test_the_id_of_a_difference_changes_with_a_version(labels: Inventory) -> None:
    before = list_differences([ANNA, BEN], TEXT, labels)
    spans = [msgspec.structs.replace(BEN.spans[0], attributes={"rank": "master"}), *BEN.spans[1:]]
    after = list_differences([ANNA, msgspec.structs.replace(BEN, spans=tuple(spans))], TEXT, labels)
    assert before[0].id != after[0].id
    assert [difference.id for difference in before[1:]] == [difference.id for difference in after[1:]]


@given(annotations(TEXT), annotations(TEXT))
def test_dismissing_all_decides_all_and_equal_annotations_differ_in_nothing(one: Annotation, other: Annotation) -> None:
    def clean(annotation: Annotation, annotator: str) -> Annotation:
        spans = {refer_to(span): span for span in annotation.spans if span.start < span.end}
        ids = {span.id for span in spans.values()}
        relations = (r for r in annotation.relations if {r.head, r.tail} <= ids and r.head != r.tail)
        return msgspec.structs.replace(
            annotation, annotator=annotator, spans=tuple(spans.values()), relations=tuple(dict.fromkeys(relations))
        )

    labels = load_inventory(BASE / "schema")
    versions = [clean(one, "anna"), clean(other, "ben")]
    differences = list_differences(versions, TEXT, labels)
    agreed = find_agreed(versions, TEXT, "1.0.0", "agreed")
    ids = {difference.id for difference in differences}
    assert len(ids) == len(differences)
    assert find_undecided(differences, versions, agreed, ids) == []
    # Whoever takes one annotator's version has decided on all that this annotator has.
    for taken in versions:
        for difference in find_undecided(differences, versions, taken, ()):
            held = dict(difference.versions)[taken.annotator]
            assert held == "nothing" or difference.attributes, difference
    assert list_differences([versions[0], msgspec.structs.replace(versions[0], annotator="ben")], TEXT, labels) == []
