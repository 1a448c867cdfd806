"""The agreement of annotators on a corpus's gold, as tables for the dataset card and the README."""

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annotate.agreement.independence import describe_dependent, find_dependent
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.util.escape import Markdown, markdown_code
from annotate.util.nouns import count_noun

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.dataset.facts import Agreement
    from annotate.util.tables import Table

BLOCK = re.compile(r"(<!-- generated: agreement -->\n)((?:(?!<!-- generated: ).)*?)(<!-- /generated -->)", re.DOTALL)
"""The generated tables in a Markdown page: opening mark, tables, closing mark."""
SHOWN_TABLES = ("labels", "attributes", "relations", "records")
"""The tables of a report that the card, the README and the page of a release show."""
_HIDDEN_COLUMNS = ("same", "retargeted", "only ", "loose")
"""How the names of columns begin that say how relations differ; they would make the tables too wide for a phone."""
ATTRIBUTE_NOTE = (
    "The weakest attribute first. Spans: pairs of matched spans in which both have a value. Equal: the share of equal "
    "values. Alpha: Krippendorff's, on the scale of the attribute; without a value if only one occurs."
)
MISSING_NOTE = (
    " One only: pairs in which one span has a value, which is missing data. Alpha, set: Krippendorff's, of whether a "
    "value is set at all; an attribute is as weak as the lower of the two alphas."
)
RELATION_NOTE = "Relations. Ends matched: those that join matched spans, so that a difference in spans counts once."
RECORD_NOTE = "Whole records: an anchor and all that fills its roles."

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
    return describe_agreement(corpus, inventory, measure_gold_agreement(corpus, inventory, brief=True))


def describe_agreement(corpus: Corpus, inventory: Inventory, report: "Report | None") -> "Agreement":
    """Return the tables of a report on a corpus, with the part of gold that it is about; only a note for no report."""
    from annotate.dataset.facts import Agreement, AgreementTable

    if report is None:
        return Agreement([AgreementTable(Markdown(UNKNOWN))])
    return agreement_table(report, inventory, measure_coverage(corpus, report))


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
    """Return the annotators who share an article with gold; each shares one with another of them.

    Labels that began with those of another of them are not shared, but copied.
    """
    labelled = {name: set(corpus.annotated_ids(name)) for name in corpus.annotation_sets() if name != GOLD}
    compared = set[str]()
    for gold in corpus.gold():
        names = {name for name, article_ids in labelled.items() if gold.article in article_ids}
        own = {name: each for name in sorted(names) if (each := corpus.find_readable_annotation(name, gold.article))}
        names -= {each.annotator for each in find_dependent(corpus, gold.article, own)}
        if len(gold.made_from) > 1:
            names &= set(gold.made_from)
        if len(names) > 1:
            compared |= names
    return compared


def select_tables(report: "Report") -> "list[Table]":
    """Return the tables of a report that the card, the README and the page of a release show.

    They are without layers and the columns that say how relations differ, and have the weakest attribute first.
    """
    from annotate.agreement.tables import sort_weakest_first, tabulate_report

    weakest_first = msgspec.structs.replace(
        report,
        labels=[row for row in report.labels if row.kind != "layer"],
        attributes=sort_weakest_first(report.attributes),
    )
    return [_narrow(table) for table in tabulate_report(weakest_first) if table.name in SHOWN_TABLES]


def _narrow(table: "Table") -> "Table":
    """Return a table without the hidden columns, and the notes on them."""
    shown = [index for index, column in enumerate(table.columns) if not column.name.startswith(_HIDDEN_COLUMNS)]
    return table._replace(
        columns=[table.columns[index] for index in shown],
        rows=[[row[index] for index in shown] for row in table.rows],
        notes=[note for note in table.notes if not note.startswith(_HIDDEN_COLUMNS)],
    )


def agreement_table(report: "Report", inventory: Inventory, coverage: GoldCoverage | None = None) -> "Agreement":
    """Return the tables of a report that the dataset card and the README show.

    Args:
        report: The report.
        inventory: The inventory; its names are shown as code.
        coverage: How much of gold the report is about; by default all, which was adjudicated.
    """
    from annotate.dataset.facts import Agreement, AgreementTable

    sampling = report.sampling
    note = Markdown(
        "{} F1: the same span with the same label, exactly or by overlap. Alpha: Krippendorff's, over {}; kappa: "
        "Cohen's. In brackets, {:.0%} intervals of a bootstrap over {} {}."
    ).format(_describe_coverage(report, coverage), report.units, sampling.level, sampling.units, sampling.drawn)
    has_missing = any(row.one_only for row in report.attributes)
    notes = {
        "labels": note,
        "attributes": Markdown(ATTRIBUTE_NOTE + MISSING_NOTE * has_missing),
        "relations": Markdown(RELATION_NOTE),
        "records": Markdown(RECORD_NOTE),
    }
    names = {*inventory.spans, *inventory.attributes, *inventory.relations, *inventory.records}
    return Agreement([AgreementTable(notes[table.name], table, names) for table in select_tables(report)])


def _describe_coverage(report: "Report", coverage: GoldCoverage | None) -> Markdown:
    """Return who is compared, and on which part of gold."""
    names, number = Markdown(" and ").join(map(markdown_code, report.annotators)), len(report.articles)
    copied = Markdown("").join(
        Markdown(" Not counted: {}.").format(words) for words in describe_dependent(report.dependent)
    )
    if coverage is None or (coverage.is_adjudicated and coverage.compared == coverage.with_gold):
        return (
            Markdown("Between {}, from whose labels gold was adjudicated, on {}.").format(
                names, count_noun(number, "article")
            )
            + copied
        )
    part = Markdown(
        "Between {}, on {} that two of them or more have labelled. {:,} of the {} with gold {} among these."
    )
    with_gold = count_noun(coverage.with_gold, "article")
    shared = count_noun(number, "article")
    said = part.format(names, shared, coverage.compared, with_gold, "is" if coverage.compared == 1 else "are")
    rest = coverage.with_gold - coverage.compared
    return said + Markdown(f" How far annotators agree on the other {rest:,} is not known." if rest else "") + copied


def agreement_block(page: str) -> str | None:
    """Return the generated agreement tables of a Markdown page; None if the page has no marks for them."""
    match = BLOCK.search(page)
    return match[2] if match else None
