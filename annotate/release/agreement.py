"""The agreement of annotators on a corpus's gold, as tables for the dataset card and the README."""

import re
from typing import TYPE_CHECKING, NamedTuple

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.util.escape import Markdown, markdown_code
from annotate.util.tables import NO_VALUE, Measure, format_value

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.dataset.facts import Agreement, AgreementTable

BLOCK = re.compile(r"(<!-- generated: agreement -->\n)((?:(?!<!-- generated: ).)*?)(<!-- /generated -->)", re.DOTALL)
"""The generated tables in a Markdown page: opening mark, tables, closing mark."""
HEADER = ("label", "spans", "exact F1", "overlap F1", "alpha", "unitizing alpha")
ATTRIBUTE_HEADER = ("attribute", "of", "scale", "spans", "one only", "equal", "alpha")
ATTRIBUTE_NOTE = (
    "Attributes of matched spans, the weakest first. Spans: pairs in which both spans have a value. One only: pairs in "
    "which one span has a value, which is missing data. Equal: the share of equal values. Alpha: Krippendorff's, on "
    "the scale of the attribute. A dash: only one value occurs, or none."
)


UNKNOWN = "No article with gold was labelled by two annotators, so how far annotators agree is not known."
"""What the card and the page of a release say where agreement cannot be measured."""


class GoldCoverage(NamedTuple):
    """How much of gold a measurement of agreement is about.

    Attributes:
        with_gold: The number of articles with gold.
        compared: The number of those that two of the annotators have labelled.
        is_adjudicated: Whether all gold was adjudicated from the labels of these annotators.
    """

    with_gold: int
    compared: int
    is_adjudicated: bool


def gold_agreement(corpus: Corpus, inventory: Inventory) -> "Agreement":
    """Return the tables of the agreement of annotators on the articles with gold; only a note if it is not known."""
    return describe_agreement(corpus, measure_gold_agreement(corpus, inventory, brief=True))


def describe_agreement(corpus: Corpus, report: "Report | None") -> "Agreement":
    """Return the tables of a report on a corpus, with the part of gold that it is about; only a note for no report."""
    from annotate.dataset.facts import Agreement, AgreementTable

    if report is None:
        return Agreement(AgreementTable(Markdown(UNKNOWN)))
    return agreement_table(report, measure_coverage(corpus, report))


def measure_coverage(corpus: Corpus, report: "Report") -> GoldCoverage:
    """Return how much of gold a report is about."""
    adjudicated = [len(gold.made_from) > 1 and set(gold.made_from) <= set(report.annotators) for gold in corpus.gold()]
    with_gold = set(corpus.annotated_ids(GOLD))
    return GoldCoverage(len(with_gold), len(with_gold & report.articles.keys()), all(adjudicated))


def measure_gold_agreement(corpus: Corpus, inventory: Inventory, brief: bool = False) -> "Report | None":
    """Measure the agreement of annotators on the part of gold that two of them have labelled, without rows by article.

    Compared are the annotators from whose labels gold was adjudicated. Where gold has the labels of one annotator, all
    who have labelled the article are compared.

    Args:
        corpus: The corpus with gold labels and those of its annotators.
        inventory: The inventory of the labels.
        brief: Measure no more than the tables show.

    Returns:
        The report; None if no article with gold was labelled by two annotators.
    """
    from annotate.agreement.measure import measure_agreement
    from annotate.agreement.study import read_study

    annotators = sorted(_find_compared(corpus))
    if not annotators:
        return None
    return measure_agreement(read_study(corpus, inventory, annotators), by_article=False, brief=brief)


def _find_compared(corpus: Corpus) -> set[str]:
    """Return the annotators who share an article with gold; each shares one with another of them."""
    labelled = {name: set(corpus.annotated_ids(name)) for name in corpus.annotation_sets() if name != GOLD}
    compared = set[str]()
    for gold in corpus.gold():
        names = {name for name, article_ids in labelled.items() if gold.article in article_ids}
        if len(gold.made_from) > 1:
            names &= set(gold.made_from)
        if len(names) > 1:
            compared |= names
    return compared


def agreement_table(report: "Report", coverage: GoldCoverage | None = None) -> "Agreement":
    """Return the tables of a report that the dataset card and the README show.

    Args:
        report: The report.
        coverage: How much of gold it is about; by default all, which was adjudicated.
    """
    from annotate.dataset.facts import Agreement, AgreementTable

    rows = [
        (
            markdown_code(row.name) if row.kind == "label" else Markdown("**{}**").format(row.name),
            " / ".join(map(str, row.spans.values())),
            *map(_show_measure, (row.exact, row.overlap, row.alpha, row.unitizing)),
        )
        for row in report.labels
        if row.kind != "layer"
    ]
    sampling = report.sampling
    note = Markdown(
        "{} F1: the same span with the same label, exactly or by overlap. Alpha: Krippendorff's, over {}; unitizing "
        "alpha: of the spans as units. In brackets, {:.0%} intervals of a bootstrap over {} {}."
    ).format(_describe_coverage(report, coverage), report.units, sampling.level, sampling.units, sampling.drawn)
    return Agreement(AgreementTable(note, HEADER, rows), _attribute_table(report) if report.attributes else None)


def _attribute_table(report: "Report") -> "AgreementTable":
    """Return the table of attributes, the weakest first."""
    from annotate.agreement.tables import sort_weakest_first
    from annotate.dataset.facts import AgreementTable

    rows = [
        (
            markdown_code(row.name),
            Markdown(", ").join(map(markdown_code, row.labels)),
            row.scale,
            str(row.matched),
            str(row.one_only),
            _show_measure(row.share),
            _show_measure(row.alpha),
        )
        for row in sort_weakest_first(report.attributes)
    ]
    return AgreementTable(Markdown(ATTRIBUTE_NOTE), ATTRIBUTE_HEADER, rows)


def _show_measure(measure: Measure) -> str:
    """Return a value with its interval; a dash if there is no value."""
    if measure.value is None:
        return NO_VALUE
    interval = "" if measure.low is None or measure.high is None else f" ({measure.low:.2f}–{measure.high:.2f})"
    return f"{format_value(measure.value)}{interval}"


def _describe_coverage(report: "Report", coverage: GoldCoverage | None) -> Markdown:
    """Return who is compared, and on which part of gold."""
    names, number = Markdown(" and ").join(map(markdown_code, report.annotators)), len(report.articles)
    if coverage is None or (coverage.is_adjudicated and coverage.compared == coverage.with_gold):
        return Markdown("Between {}, from whose labels gold was adjudicated, on {} articles.").format(names, number)
    part = Markdown(
        "Between {}, on {} that two of them or more have labelled. {:,} of the {} with gold {} among these."
    )
    with_gold = f"{coverage.with_gold:,} article{'s' * (coverage.with_gold != 1)}"
    shared = f"{number:,} article{'s' * (number != 1)}"
    said = part.format(names, shared, coverage.compared, with_gold, "is" if coverage.compared == 1 else "are")
    rest = coverage.with_gold - coverage.compared
    return said + Markdown(f" How far annotators agree on the other {rest:,} is not known." if rest else "")


def agreement_block(page: str) -> str | None:
    """Return the generated agreement tables of a Markdown page; None if the page has no marks for them."""
    match = BLOCK.search(page)
    return match[2] if match else None
