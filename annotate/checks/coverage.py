"""C2, C3: coverage, which accounts for each sentence of an article; and links between passages."""

from collections.abc import Iterator

from annotate.coverage import count_labels
from annotate.findings import Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, Coverage, Links
from annotate.util.escape import quote


@rule("C201")
def sentence_left_out(coverage: Coverage, article: Article) -> Iterator[Problem]:
    """The sentences of a coverage file are those of the article, in order and without a gap.

    Why: a sentence that is not listed may never have been read.
    Fails: sentences at [0, 40) and [80, 120) with words between them; a sentence with other words than the article.
    Passes: sentences that leave out nothing but white space.
    """
    covered, is_misplaced = 0, False
    for sentence in coverage.sentences:
        was_misplaced, is_misplaced = is_misplaced, article.text[sentence.start : sentence.end] != sentence.text
        if is_misplaced:
            yield Problem(f"{quote(sentence.text)} is not the text at [{sentence.start}, {sentence.end}); fix it")
        elif was_misplaced:
            pass  # the bounds of the sentence before it say nothing about a gap or an overlap
        elif sentence.start < covered:
            yield Problem(f"{quote(sentence.text)} begins inside the sentence before it; fix the ranges")
        elif article.text[covered : sentence.start].strip():
            yield Problem(f"lacks {quote(article.text[covered : sentence.start].strip())}; add the sentence")
        covered = max(covered, sentence.end)
    if article.text[covered:].strip() and not is_misplaced:
        yield Problem(f"lacks {quote(article.text[covered:].strip())}; add the sentence")


@rule("C202")
def stale_count(coverage: Coverage, gold: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """The counts of a coverage file are those of the gold labels.

    Why: an outdated count hides a sentence that has lost its labels.
    Fails: two spans counted in a sentence in which three start.
    Passes: the counts that `annotate coverage --write` writes.
    """
    counts = count_labels(coverage.sentences, gold, inventory)
    for sentence, has in zip(coverage.sentences, counts, strict=True):
        if has != sentence.has:
            yield Problem(f"{quote(sentence.text)} has {has or 'no labels'}; run `annotate coverage --write`")


@rule("C203", waivable=True)
def no_reason(coverage: Coverage) -> Iterator[Problem]:
    """A sentence without labels has a reason, and a sentence with labels has none.

    Why: without a reason, a sentence that claims nothing looks like one that was skipped.
    Fails: no labels and no reason.
    Passes: no labels, and the reason "the writer's own report of where the armies are; no source is named".
    """
    for sentence in coverage.sentences:
        if not sentence.has and not sentence.reason:
            yield Problem(f"{quote(sentence.text)} has neither labels nor a reason; label it, or say why not")
        elif sentence.has and sentence.reason:
            yield Problem(f"{quote(sentence.text)} has labels and a reason for having none; remove one of the two")


@rule("C204")
def coverage_of_another_text(coverage: Coverage, article: Article) -> Iterator[Problem]:
    """A coverage file was made on the article's present text.

    Why: offsets into another text mean nothing in this one.
    Fails: a text_sha256 that is not the article's.
    Passes: the hash in the article's metadata.
    """
    if coverage.text_sha256 != article.text_sha256:
        yield Problem("was made on another text; review the sentences")


@rule("C205", "warning", waivable=True)
def not_covered(covered: list[str], gold: set[str]) -> Iterator[Problem]:
    """If any article has a coverage file, all articles with gold labels have one, and no others.

    Why: completeness is claimed for the whole corpus, not for a part of it.
    Fails: coverage/ with one of two articles that have gold labels; a coverage file for an article without gold labels.
    Passes: a coverage file for each, or none at all.
    """
    for article_id in sorted(gold - set(covered)) if covered else []:
        yield Problem(
            "has no file in coverage/; review its sentences", file=f"articles/{article_id}.json", article=article_id
        )
    for article_id in sorted(set(covered) - gold) if not gold else []:  # C102 reports an article without gold
        yield Problem(
            f"has no labels in annotations/{GOLD}/; remove it", file=f"coverage/{article_id}.json", article=article_id
        )


@rule("C301")
def passage_elsewhere(links: Links, articles: dict[str, str], broken: set[str]) -> Iterator[Problem]:
    """A passage of a link is in an article of the corpus, word for word.

    Why: links keep articles in one split and put contested counts side by side; with a wrong passage they do neither.
    Fails: a passage of an article that does not exist; a passage with other words than the article has at its offsets.
    Passes: text == the article's text[start:end].
    """
    for link in links.links:
        for passage in link.passages:
            text = articles.get(passage.article)
            if text is None:
                if passage.article not in broken:  # a broken article has a finding already
                    yield Problem(f"{link.kind}: there is no article {quote(passage.article)}; fix or remove the link")
            elif text[passage.start : passage.end] != passage.text:
                yield Problem(
                    f"{link.kind}: {quote(passage.text)} is not the text at [{passage.start}, {passage.end}) of "
                    f"{passage.article}; fix the passage"
                )


@rule("C302", "warning", waivable=True)
def link_twice(links: Links) -> Iterator[Problem]:
    """A link is listed once, and has each passage once.

    Why: a link that is listed twice counts twice, on the card and in the table of links.
    Fails: two links of one kind between the same passages, in any order, whatever their notes say; a link from a
    passage to itself.
    Passes: one of them; two links of different kinds between the same passages.
    """
    first: dict[tuple[str, frozenset[tuple[str, int, int]]], int] = {}
    for number, link in enumerate(links.links, 1):
        passages = frozenset((passage.article, passage.start, passage.end) for passage in link.passages)
        if len(passages) < len(link.passages):
            yield Problem(f"{link.kind}: link {number} has a passage twice; remove one of the two")
        earlier = first.setdefault((link.kind, passages), number)
        if earlier != number:
            problem = f"{link.kind}: link {number} has the passages of link {earlier}, which is of the same kind"
            yield Problem(f"{problem}; remove one of them")


RULES: tuple[Rule, ...] = (
    sentence_left_out,
    stale_count,
    no_reason,
    coverage_of_another_text,
    not_covered,
    passage_elsewhere,
    link_twice,
)
