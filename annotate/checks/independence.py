"""C9: passes that say they were made on the bare text are not copies of one another."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

from annotate.bare_gold import describe_origin
from annotate.findings import Finding, Problem, Rule, rule
from annotate.model import GOLD, Annotation
from annotate.util.escape import quote
from annotate.util.nouns import count_noun

FEWEST_SPANS = 21
"""Spans of a pass that is compared. On a short article, two careful annotators may well mark the same few spans."""
ITEMS_PER_DIFFERENCE = 100
"""Two passes are alike if fewer than one item in so many differs. In the corpus that this toolkit ships with, passes by
one kind of model that read the same rules differ in 1.1 to 9.6 items of a hundred of an article; two pairs that are
equal have a waiver. People share fewer habits."""
MOST_PASSES = 100
"""Passes of an article that are compared with each other, which takes quadratic time. Of more, those that are equal in
all items are still found."""

Item = tuple[object, ...]
Items = tuple[dict[Item, Item], frozenset[Item]]
"""Spans with their attributes, and relations."""


class AlikePasses(NamedTuple):
    """Two passes of an article that differ less than those of independent annotators.

    Attributes:
        first: The annotator of the one.
        second: The annotator of the other.
        differences: The items that differ: spans that one lacks or that have other attributes, and relations.
        items: The spans and relations of both together.
    """

    first: str
    second: str
    differences: int
    items: int


@rule("C901", "warning", waivable=True)
def alike_passes(pairs: Sequence[AlikePasses], article_id: str) -> Iterator[Problem]:
    """Passes over an article that were made independently differ in at least one item of a hundred.

    Why: agreement between a pass and its copy says nothing, and gold that was adjudicated from both was decided once.
    Fails: two single passes with more than twenty spans each, equal in all spans, attributes and relations; two that
    differ in one of 150 spans and relations.
    Passes: two passes that differ in two of 150; passes of at most twenty spans; a corrected pass and what it was made
    from. Where two annotators did agree so far, a waiver says how the passes were made, and the card shows it.
    """
    for pair in pairs:
        size = count_noun(pair.items, "span and relation", "spans and relations")
        how = f"differ in {pair.differences:,} of {size}" if pair.differences else f"are equal in all {size}"
        problem = f"the labels of {quote(pair.first)} and {quote(pair.second)} {how}, and both claim a single pass"
        hint = f"see whether one is a copy: then say `corrected`, or remove it; if not, waive this for {article_id}"
        file = f"annotations/{pair.second}/{article_id}.json"
        yield Problem(f"{problem}; {hint}", file=file, article=article_id)


def check_independence(article_id: str, annotations: Mapping[str, Annotation | None]) -> Iterator[Finding]:
    """Compare the passes over an article that claim independence.

    Args:
        article_id: The article.
        annotations: What can be read of its labels, by annotation set; None for a file that cannot be used.
    """
    passes = {
        name: annotation
        for name, annotation in annotations.items()
        if name != GOLD and annotation is not None and _claims_independence(annotation)
    }
    if len(passes) > 1:
        yield from alike_passes("", article_id, list(find_alike(passes)), article_id)


def _claims_independence(annotation: Annotation) -> bool:
    is_single = annotation.process == "single pass" and not describe_origin(annotation).was_shown_labels
    return is_single and len(annotation.spans) >= FEWEST_SPANS


def find_alike(passes: Mapping[str, Annotation]) -> Iterator[AlikePasses]:
    """Yield the pairs of passes that are alike, each pass with the first that it is like.

    Args:
        passes: The passes over one article, by annotator.
    """
    sizes = {name: (len(annotation.spans), len(annotation.relations)) for name, annotation in sorted(passes.items())}
    counts = Counter(sizes.values())

    @cache
    def list_items(name: str) -> Items:
        return _list_items(passes[name])

    first_of: dict[tuple[frozenset[tuple[Item, Item]], frozenset[Item]], str] = {}
    distinct: list[str] = []
    for name, size in sizes.items():
        first = name
        if counts[size] > 1:
            spans, relations = list_items(name)
            first = first_of.setdefault((frozenset(spans.items()), relations), name)
        if first == name:
            distinct.append(name)
        else:
            yield AlikePasses(first, name, 0, sum(size))
    has_pair = set[str]()
    for first, second in combinations(distinct[:MOST_PASSES], 2):
        most = sum(map(max, sizes[first], sizes[second])) * 2 // ITEMS_PER_DIFFERENCE
        if second not in has_pair and sum(abs(a - b) for a, b in zip(sizes[first], sizes[second], strict=True)) <= most:
            differences, items = _compare(list_items(first), list_items(second))
            if differences * ITEMS_PER_DIFFERENCE < items:
                has_pair.add(second)
                yield AlikePasses(first, second, differences, items)


def _list_items(annotation: Annotation) -> Items:
    """Return the spans with their attributes, and the relations between spans, of which ids say nothing."""
    references = {span.id: (span.label, span.start, span.end) for span in annotation.spans}
    spans: dict[Item, Item] = {}
    for span in annotation.spans:
        spans[references[span.id]] = (*spans.get(references[span.id], ()), *sorted(span.attributes.items()))
    relations = frozenset(
        (relation.label, references.get(relation.head), references.get(relation.tail))
        for relation in annotation.relations
    )
    return spans, relations


def _compare(left: Items, right: Items) -> tuple[int, int]:
    """Return how many items of two passes differ, and how many both have together."""
    (spans, relations), (other_spans, other_relations) = left, right
    references = spans.keys() | other_spans.keys()
    differences = sum(spans.get(reference) != other_spans.get(reference) for reference in references)
    return differences + len(relations ^ other_relations), len(references) + len(relations | other_relations)


RULES: tuple[Rule, ...] = (alike_passes,)
