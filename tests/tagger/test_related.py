"""What belongs to a marked span is learned from relations, in both of their directions."""

import pytest

from annotate.model import Span
from annotate.tagger.related import RelatedSpan, RelatedSpanFinder, Role, train_roles
from annotate.tagger.tagger import select_training
from tests.conftest import Project
from tests.labelled_quays import label_quays

TEXT = "Nothing here.\nA hand said 9 crates lie at Far Quay.\nThe harbour master said 3 crates lie at Low Quay."


def mark(label: str, words: str) -> Span:
    start = TEXT.index(words)
    return Span(id="m", label=label, start=start, end=start + len(words), text=words)


@pytest.fixture
def finder(project: Project) -> RelatedSpanFinder:
    training = select_training(label_quays())
    return RelatedSpanFinder(training, train_roles(training, project.inventory))


def in_words(found: list[RelatedSpan]) -> set[tuple[str, str, str, str]]:
    return {(each.role.relation, each.role.end, each.role.label, TEXT[each.start : each.end]) for each in found}


def test_the_tails_of_a_marked_head_are_found_in_its_paragraph(finder: RelatedSpanFinder) -> None:
    found = finder.find(TEXT, mark("Verb", "said"))
    assert in_words(found) == {
        ("speaker", "tail", "Speaker", "A hand"),
        ("words", "tail", "Words", "9 crates lie at Far Quay"),
    }
    assert {each.role.label: each.attributes for each in found} == {"Speaker": {"rank": "hand"}, "Words": {}}


def test_the_heads_of_a_marked_tail_are_found(finder: RelatedSpanFinder) -> None:
    assert in_words(finder.find(TEXT, mark("Words", "3 crates lie at Low Quay"))) == {("words", "head", "Verb", "said")}


def test_labels_without_relations_and_cut_words_bring_nothing(finder: RelatedSpanFinder) -> None:
    assert finder.find(TEXT, mark("Quay", "Far Quay")) == []
    assert finder.find(TEXT, mark("Verb", "sai")) == []
    assert finder.find(TEXT, Span(id="m", label="Verb", start=0, end=len(TEXT), text=TEXT)) == []


def test_roles_and_models_do_not_depend_on_the_run(project: Project) -> None:
    training = select_training(label_quays())
    first, second = (train_roles(training, project.inventory) for _ in range(2))
    assert first == second
    assert list(first) == [
        Role("Speaker", "speaker", "head", "Verb"),
        Role("Verb", "speaker", "tail", "Speaker"),
        Role("Verb", "words", "tail", "Words"),
        Role("Words", "words", "head", "Verb"),
    ]
