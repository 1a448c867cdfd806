"""Mark all occurrences: whole words, the same case, and nothing that is there already."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span
from annotate.offsets import is_inside_word
from annotate.service.occurrences import LONGEST_WORDS, MOST_OCCURRENCES, OccurrenceAssistant, find_occurrences
from annotate.service.proposals import DrawnSpans, propose
from annotate.service.suggestions import MarkedRegions
from tests.conftest import Project
from tests.tagger.test_tagger import make_article


def place(text: str, words: str, nth: int = 1, label: str = "Verb", id_: str = "") -> Span:
    start = -1
    for _ in range(nth):
        start = text.index(words, start + 1)
    return Span(id=id_ or f"{label}{start}", label=label, start=start, end=start + len(words), text=words)


def assist(inventory: Inventory, text: str, drawn: list[Span], relations: tuple[Relation, ...] = ()) -> Annotation:
    """Mark the first of some spans, with the others on the screen."""
    article = make_article(text)
    screen = propose("screen", article, inventory, drawn, relations)
    made = OccurrenceAssistant(inventory).assist(article, MarkedRegions(screen, drawn[0].id))
    assert all(text[span.start : span.end] == span.text for span in made.spans)
    assert not made.relations
    return made


def test_whole_words_in_the_same_case(project: Project) -> None:
    text = "said 🚢 Said, unsaid said; he said. saids"
    made = assist(project.inventory, text, [place(text, "said")])
    assert [(span.label, span.start) for span in made.spans] == [
        ("Verb", text.index("said;")),
        ("Verb", text.index("said.")),
    ]


def test_attributes_go_along_and_notes_do_not(project: Project) -> None:
    text = "A hand. A hand."
    marked = msgspec.structs.replace(place(text, "A hand", label="Speaker"), attributes={"rank": "hand"}, note="why?")
    (span,) = assist(project.inventory, text, [marked]).spans
    assert (span.label, span.start, span.attributes, span.note) == ("Speaker", 8, {"rank": "hand"}, "")


def test_what_is_drawn_is_not_proposed(project: Project) -> None:
    """Nor where a span with the label has a part of it, nor across another; within one of another label it is."""
    text = "ab cd. ab cd. x ab cd y ab cd ef ab cd. (ab cd)"
    drawn = [
        place(text, "ab cd"),
        place(text, "ab cd", 2),
        place(text, "x ab"),
        place(text, "cd ef", label="Load"),
        place(text, "(ab cd)", label="Load"),
    ]
    made = assist(project.inventory, text, drawn)
    assert [span.start for span in made.spans] == [text.index("ab cd. ("), text.index("ab cd)")]


def test_pieces_are_not_proposed(project: Project) -> None:
    text = "ab, he said, cd. ab cd"
    drawn = [place(text, "ab"), place(text, "cd")]
    joined = (Relation(label="continues", head=drawn[1].id, tail=drawn[0].id),)
    assert [span.start for span in assist(project.inventory, text, drawn).spans] == [text.index("ab cd")]
    assert assist(project.inventory, text, drawn, joined).spans == ()
    assert assist(project.inventory, text, [drawn[1], drawn[0]], joined).spans == ()


def test_part_of_a_word_is_found_within_words(project: Project) -> None:
    text = "unsaid, untold, un"
    made = assist(project.inventory, text, [place(text, "un")])
    assert [span.start for span in made.spans] == [text.index("untold"), len(text) - 2]


def test_a_script_without_spaces(project: Project) -> None:
    text = "彼は言った。彼女も言った。"
    made = assist(project.inventory, text, [place(text, "言った")])
    assert [span.start for span in made.spans] == [text.rindex("言った")]


def test_occurrences_are_bounded_and_linear(project: Project) -> None:
    text = "a " * 200_000
    began = time.process_time()
    assert len(assist(project.inventory, text, [place(text, "a")]).spans) == MOST_OCCURRENCES
    repeated = "ab " * 100_000
    drawn = [place(repeated, repeated[: LONGEST_WORDS - 1])]
    drawn += [Span(id=f"d{at}", label="Load", start=at, end=at + 4, text="") for at in range(1, 60_000, 3)]
    assert assist(project.inventory, repeated, drawn).spans
    assert time.process_time() - began < 20


def test_long_words_and_white_space_are_not_searched(project: Project) -> None:
    text = "ab " * 1000
    long = Span(id="l", label="Verb", start=0, end=LONGEST_WORDS + 1, text=text[: LONGEST_WORDS + 1])
    assert assist(project.inventory, text, [long]).spans == ()
    assert assist(project.inventory, text, [Span(id="s", label="Verb", start=2, end=3, text=" ")]).spans == ()


@pytest.mark.parametrize("marked", ["", "gone"])
def test_a_marked_span_that_is_not_there_brings_nothing(project: Project, marked: str) -> None:
    article = make_article("ab ab")
    screen = propose("screen", article, project.inventory)
    assert OccurrenceAssistant(project.inventory).assist(article, MarkedRegions(screen, marked)).spans == ()


@given(st.text("ab é🚢", max_size=30), st.data())
def test_occurrences_are_all_and_apart(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = list(find_occurrences(text, start, end))
    words = text[start:end]
    assert all(text[first:last] == words for first, last in found)
    ranges = [*found, (start, end)] if words.strip() else found
    covered = [offset for first, last in ranges for offset in range(first, last)]
    assert len(covered) == len(set(covered))
    if words.strip() and not is_inside_word(text, start) and not is_inside_word(text, end):
        # Whatever else has the words is inside a word, or overlaps one that was found.
        for first in range(len(text) - len(words) + 1):
            last = first + len(words)
            if text[first:last] == words and not is_inside_word(text, first) and not is_inside_word(text, last):
                assert set(range(first, last)) & set(covered)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=5), st.integers(0, 11), st.integers(1, 6))
def test_crossing_as_by_its_definition(pairs: list[tuple[int, int]], start: int, length: int) -> None:
    spans = [
        Span(id=str(number), label="Verb", start=first, end=first + size, text="")
        for number, (first, size) in enumerate(pairs)
    ]
    end, drawn = start + length, DrawnSpans("x" * 20, spans)
    mine = set(range(start, end))
    others = [set(range(span.start, span.end)) for span in spans]
    assert drawn.would_cross(start, end) == any(mine & other and mine - other and other - mine for other in others)
    assert drawn.has_label_at("Verb", start, end) == any(mine & other for other in others)
