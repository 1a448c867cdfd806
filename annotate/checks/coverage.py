"""C2, C3: the coverage of articles sentence by sentence, and the links between passages."""

from collections.abc import Iterator

from annotate.coverage import counts
from annotate.findings import Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, Coverage, Links
from annotate.util.escape import quote


@rule("C201")
def sentence_left_out(coverage: Coverage, article: Article) -> Iterator[Problem]:
    """The sentences of a coverage file are the article, in order and without a gap.

    Why: a sentence that is not listed was perhaps not read.
    Fails: sentences at [0, 40) and [80, 120) with words between them; a sentence whose text is not the slice.
    Passes: sentences that leave out nothing but white space.
    """
    at = 0
    for sentence in coverage.sentences:
        if article.text[sentence.start : sentence.end] != sentence.text:
            yield Problem(f"{quote(sentence.text)} is not what stands at [{sentence.start}, {sentence.end}); fix it")
        elif sentence.start < at:
            yield Problem(f"{quote(sentence.text)} begins inside the sentence before it; fix the ranges")
        elif article.text[at : sentence.start].strip():
            yield Problem(f"lacks {quote(article.text[at : sentence.start].strip())}; add the sentence")
        at = max(at, sentence.end)
    if article.text[at:].strip():
        yield Problem(f"lacks {quote(article.text[at:].strip())}; add the sentence")


@rule("C202")
def stale_count(coverage: Coverage, gold: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A coverage file counts the labels that gold has.

    Why: a count that was true once hides a sentence that lost its labels.
    Fails: two spans listed for a sentence in which three start.
    Passes: what `annotate coverage --write` puts there.
    """
    for sentence in coverage.sentences:
        has = counts(sentence, gold, inventory)
        if has != sentence.has:
            yield Problem(f"{quote(sentence.text)} has {has or 'no labels'}; run `annotate coverage --write`")


@rule("C203")
def no_reason(coverage: Coverage) -> Iterator[Problem]:
    """A sentence without labels has a reason for it, and one with labels has none.

    Why: nobody can tell a sentence that claims nothing from one that was passed over.
    Fails: no labels and no reason.
    Passes: no labels, and "the writer's own report of where the armies stand; nobody is said to have said it".
    """
    for sentence in coverage.sentences:
        if not sentence.has and not sentence.reason:
            yield Problem(f"{quote(sentence.text)} has neither labels nor a reason; label it, or say why not")
        elif sentence.has and sentence.reason:
            yield Problem(f"{quote(sentence.text)} has labels and a reason for having none; remove one of the two")


@rule("C204")
def coverage_of_another_text(coverage: Coverage, article: Article) -> Iterator[Problem]:
    """A coverage file was made on the text that stands in the corpus.

    Why: ranges of another text say nothing of this one.
    Fails: a text_sha256 that is not the article's.
    Passes: the hash in the article's metadata.
    """
    if coverage.text_sha256 != article.text_sha256:
        yield Problem("was made on another text; go through the sentences again")


@rule("C205", "warning")
def not_covered(covered: list[str], gold: set[str]) -> Iterator[Problem]:
    """Where one labelled article has a coverage file, all have, and no other.

    Why: completeness is claimed for the corpus, not for a part of it.
    Fails: coverage/ with one of two articles that have gold labels; a file for an article that has none.
    Passes: one for each, or none at all.
    """
    for name in sorted(gold - set(covered)) if covered else []:
        yield Problem("has no file in coverage/; go through its sentences", file=f"articles/{name}.json", article=name)
    for name in sorted(set(covered) - gold):
        yield Problem(f"has no labels in annotations/{GOLD}/; remove it", file=f"coverage/{name}.json", article=name)


@rule("C301")
def passage_elsewhere(links: Links, articles: dict[str, str], broken: set[str]) -> Iterator[Problem]:
    """A passage of a link is a stretch of an article of the corpus, word for word.

    Why: links keep passages in one split and put contested counts side by side; one that points elsewhere does neither.
    Fails: a passage of an article that is not there; one whose text is not what stands at its offsets.
    Passes: text == the article's text[start:end].
    """
    for link in links.links:
        for passage in link.passages:
            text = articles.get(passage.article)
            if text is None:
                if passage.article not in broken:  # of a broken article there is a finding already
                    yield Problem(f"{link.kind}: there is no article {passage.article!r}; fix or remove the link")
            elif text[passage.start : passage.end] != passage.text:
                yield Problem(
                    f"{link.kind}: {quote(passage.text)} is not what stands at [{passage.start}, {passage.end}) of "
                    f"{passage.article}; fix the passage"
                )


RULES: tuple[Rule, ...] = (
    sentence_left_out,
    stale_count,
    no_reason,
    coverage_of_another_text,
    not_covered,
    passage_elsewhere,
)
