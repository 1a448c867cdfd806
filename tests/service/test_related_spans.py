"""What belongs to a marked span is proposed, from labelled articles or from suggested labels."""

from collections.abc import Iterator

import msgspec
import pytest

from annotate.model import Annotation, Article, Relation, Span
from annotate.service.proposals import propose
from annotate.service.related_spans import SuggestedAssistant, TrainedAssistant
from annotate.service.suggestions import Assistant, LearningSuggester, MarkedRegions
from annotate.service.trained_suggester import TrainedSuggester
from tests.conftest import Project
from tests.labelled_quays import label_quay, label_quays
from tests.service.test_occurrences import place
from tests.tagger.test_tagger import make_article

TEXT = "A hand said 9 crates lie at Far Quay."
CONTENT = "9 crates lie at Far Quay"


def add_labelled(project: Project, annotation_set: str = "gold") -> None:
    """Add the labelled articles to the corpus."""
    for text, annotation in label_quays():
        file = f"{annotation.article}.txt"
        project.path(file).write_text(text)
        added = project.annotate("add", file, "--title", annotation.article)
        assert added.exit_code == 0, added.output
        project.corpus.write_annotation(annotation_set, annotation)


@pytest.fixture
def labelled(project: Project) -> Project:
    add_labelled(project)
    return project


def describe(made: Annotation, drawn: list[Span]) -> tuple[set[tuple[str, str]], set[tuple[str, str, str]]]:
    """Return the new spans as label and words, and the relations by the words of their ends."""
    words = {span.id: span.text for span in (*drawn, *made.spans)}
    relations = {(relation.label, words[relation.head], words[relation.tail]) for relation in made.relations}
    return {(span.label, span.text) for span in made.spans}, relations


def assist(
    assistant: Assistant, project: Project, drawn: list[Span], relations: tuple[Relation, ...] = (), text: str = TEXT
) -> tuple[set[tuple[str, str]], set[tuple[str, str, str]]]:
    article = make_article(text)
    screen = propose("screen", article, project.inventory, drawn, relations)
    return describe(assistant.assist(article, MarkedRegions(screen, drawn[0].id)), drawn)


class Suggested:
    """Suggests spans and relations of an article, and counts how often."""

    annotator = "machine"

    def __init__(self, spans: list[Span], relations: list[Relation], project: Project) -> None:
        self.spans, self.relations, self.project, self.calls = spans, relations, project, 0

    def version(self) -> str:
        return "1"

    def suggest(self, article: Article) -> Annotation | None:
        self.calls += 1
        return propose(self.annotator, article, self.project.inventory, self.spans, self.relations)


@pytest.fixture
def suggested(project: Project) -> Suggested:
    spans = [
        place(TEXT, "A hand", label="Speaker", id_="1"),
        place(TEXT, "said", id_="2"),
        place(TEXT, CONTENT, label="Words", id_="3"),
        place(TEXT, "9 crates", label="Load", id_="4"),
    ]
    relations = [Relation(label="speaker", head="2", tail="1"), Relation(label="words", head="2", tail="3")]
    return Suggested(spans, relations, project)


@pytest.fixture(params=["learned", "suggested"])
def assistant(request: pytest.FixtureRequest, project: Project, suggested: Suggested) -> Iterator[Assistant]:
    if request.param == "learned":
        add_labelled(project)
        yield TrainedAssistant(project.corpus, project.inventory)
    else:
        yield SuggestedAssistant(suggested, project.inventory)


def test_a_head_brings_its_tails(assistant: Assistant, project: Project) -> None:
    spans, relations = assist(assistant, project, [place(TEXT, "said")])
    assert spans == {("Speaker", "A hand"), ("Words", CONTENT)}
    assert relations == {("speaker", "said", "A hand"), ("words", "said", CONTENT)}


def test_a_tail_brings_its_head_and_what_belongs_to_that(assistant: Assistant, project: Project) -> None:
    spans, relations = assist(assistant, project, [place(TEXT, CONTENT, label="Words")])
    assert spans == {("Verb", "said"), ("Speaker", "A hand")}
    assert relations == {("words", "said", CONTENT), ("speaker", "said", "A hand")}


def test_what_is_drawn_gets_a_relation_only(assistant: Assistant, project: Project) -> None:
    spans, relations = assist(assistant, project, [place(TEXT, "said"), place(TEXT, "A hand", label="Speaker")])
    assert spans == {("Words", CONTENT)}
    assert relations == {("speaker", "said", "A hand"), ("words", "said", CONTENT)}


def test_a_relation_that_is_drawn_is_not_made_twice(assistant: Assistant, project: Project) -> None:
    """Nor is another speaker proposed where the annotator has drawn one."""
    drawn = [place(TEXT, "said", id_="v"), place(TEXT, "Quay", label="Speaker", id_="q")]
    spans, relations = assist(assistant, project, drawn, (Relation(label="speaker", head="v", tail="q"),))
    assert spans == {("Words", CONTENT)}
    assert relations == {("words", "said", CONTENT)}


def test_nothing_crosses_or_overlaps_what_is_drawn(assistant: Assistant, project: Project) -> None:
    drawn = [place(TEXT, "said"), place(TEXT, "hand", label="Speaker"), place(TEXT, "said 9", label="Load")]
    assert assist(assistant, project, drawn) == (set(), set())


def test_only_allowed_relations_are_proposed(project: Project, suggested: Suggested) -> None:
    suggested.relations = [
        Relation(label="speaker", head="1", tail="2"),  # the wrong way round
        Relation(label="continues", head="2", tail="2"),
        Relation(label="unknown", head="2", tail="1"),
        Relation(label="words", head="2", tail="gone"),
    ]
    assert assist(SuggestedAssistant(suggested, project.inventory), project, [place(TEXT, "said")]) == (set(), set())


def test_the_suggested_span_that_fits_best_counts(project: Project, suggested: Suggested) -> None:
    suggested.spans.append(place(TEXT, "hand said", id_="5"))
    suggested.relations.append(Relation(label="words", head="5", tail="4"))
    assistant = SuggestedAssistant(suggested, project.inventory)
    assert assist(assistant, project, [place(TEXT, "said")])[0] == {("Speaker", "A hand"), ("Words", CONTENT)}
    assert assist(assistant, project, [place(TEXT, "crates")]) == (set(), set())
    assert suggested.calls == 1, "an article is labelled once"


def test_an_article_without_labels_anywhere_brings_nothing(project: Project) -> None:
    for annotation_set in project.corpus.annotation_sets():
        for article_id in project.corpus.annotated_ids(annotation_set):
            project.corpus.annotation_path(annotation_set, article_id).unlink()
    assistant = TrainedAssistant(project.corpus, project.inventory)
    assert assist(assistant, project, [place(TEXT, "said")]) == (set(), set())
    suggester = TrainedSuggester(project.corpus, project.inventory)
    assert suggester.suggest(make_article(TEXT)) is None
    # It learns from what is submitted, if the corpus has its text.
    project.path("quay.txt").write_text(label_quay("quay", "Far", 9).text)
    assert project.annotate("add", "quay.txt", "--title", "Quay").exit_code == 0
    before = suggester.version()
    suggester.learn([label_quay("quay", "Far", 9).annotation, label_quay("gone", "Far", 9).annotation])
    assert suggester.version() != before
    made = suggester.suggest(make_article(TEXT))
    assert made is not None
    assert {(span.label, span.text) for span in made.spans} >= {("Verb", "said"), ("Speaker", "A hand")}


def test_both_learn(labelled: Project) -> None:
    assert isinstance(TrainedSuggester(labelled.corpus, labelled.inventory), LearningSuggester)
    assert isinstance(TrainedAssistant(labelled.corpus, labelled.inventory), LearningSuggester)


def test_labels_of_an_article_are_not_learned_for_it(labelled: Project) -> None:
    """Nobody is told what others labelled in the same article, be it in the corpus or submitted since."""
    corpus = labelled.corpus
    text, odd = label_quay("quay-0", "North", 2)
    spans = tuple(
        msgspec.structs.replace(span, label="Quay", attributes={}) if span.label == "Verb" else span
        for span in odd.spans
    )
    corpus.annotation_path("gold", "quay-0").unlink()
    corpus.write_annotation("ben", msgspec.structs.replace(odd, annotator="ben", spans=spans, relations=()))
    suggester = TrainedSuggester(corpus, labelled.inventory)
    submitted = msgspec.structs.replace(odd, annotator="carla", spans=spans, relations=())
    for _ in range(2):
        made = suggester.suggest(corpus.read_article("quay-0"))
        assert made is not None
        assert "Quay" not in {span.label for span in made.spans}
        suggester.learn([submitted])
    assert text == corpus.read_text("quay-0")


def test_gold_counts_before_annotators(labelled: Project) -> None:
    """The labels of an annotator of an article with gold change nothing."""
    suggester = TrainedSuggester(labelled.corpus, labelled.inventory)
    before, made = suggester.version(), label_quay("quay-1", "South", 3).annotation
    suggester.learn([msgspec.structs.replace(made, annotator="ben", spans=(), relations=())])
    assert suggester.version() == before


def test_labels_of_another_text_are_not_learned(labelled: Project) -> None:
    labelled.corpus.annotation_path("gold", "quay-1").unlink()
    suggester = TrainedSuggester(labelled.corpus, labelled.inventory)
    before, made = suggester.version(), label_quay("quay-1", "South", 3).annotation
    suggester.learn([msgspec.structs.replace(made, annotator="ben", text_sha256="0" * 64)])
    assert suggester.version() == before
    suggester.learn([msgspec.structs.replace(made, annotator="ben")])
    assert suggester.version() != before
