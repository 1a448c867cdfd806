"""The agreement of the annotators behind a corpus's gold, as a table for the dataset card and the README."""

import re
from typing import TYPE_CHECKING

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.util.escape import Markdown, markdown_code
from annotate.util.tables import NO_VALUE, Measure, format_value

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.dataset.facts import Agreement

BLOCK = re.compile(r"(<!-- generated: agreement -->\n)((?:(?!<!-- generated: ).)*?)(<!-- /generated -->)", re.DOTALL)
"""The generated table in a Markdown page: opening mark, table, closing mark."""
HEADER = ("label", "spans", "exact F1", "overlap F1", "alpha", "unitizing alpha")


def gold_agreement(corpus: Corpus, inventory: Inventory) -> "Agreement | None":
    """Return the table of the agreement behind the gold labels.

    Returns:
        The table; None if gold was made from the labels of fewer than two annotators.
    """
    report = measure_gold_agreement(corpus, inventory, only_labels=True)
    return agreement_table(report) if report else None


def measure_gold_agreement(corpus: Corpus, inventory: Inventory, only_labels: bool = False) -> "Report | None":
    """Measure the agreement of the annotators from whose labels gold was made, without rows by article.

    Args:
        corpus: The corpus with gold labels and those of its annotators.
        inventory: The inventory of the labels.
        only_labels: Measure no more than the table shows, in half the time.

    Returns:
        The report; None if gold was made from the labels of fewer than two annotators.
    """
    from annotate.agreement.measure import measure_agreement
    from annotate.agreement.study import read_study

    annotators = sorted({name for gold in corpus.gold() for name in gold.made_from})
    if len(annotators) < 2:
        return None
    return measure_agreement(read_study(corpus, inventory, annotators), by_article=False, only_labels=only_labels)


def agreement_table(report: "Report") -> "Agreement":
    """Return the table of a report that the dataset card and the README show."""
    from annotate.dataset.facts import Agreement

    def cell(measure: Measure) -> str:
        if measure.value is None:
            return NO_VALUE
        interval = "" if measure.low is None or measure.high is None else f" ({measure.low:.2f}–{measure.high:.2f})"
        return f"{format_value(measure.value)}{interval}"

    rows = [
        (
            markdown_code(row.name) if row.kind == "label" else Markdown("**{}**").format(row.name),
            " / ".join(map(str, row.spans.values())),
            *map(cell, (row.exact, row.overlap, row.alpha, row.unitizing)),
        )
        for row in report.labels
        if row.kind != "layer"
    ]
    sampling = report.sampling
    note = Markdown(
        "Between {}, from whose labels gold was adjudicated, on {} articles. F1: the same span with the same label, "
        "exactly or by overlap. Alpha: Krippendorff's, over {}; unitizing alpha: of the spans as units. In brackets, "
        "{:.0%} intervals of a bootstrap over {} {}."
    ).format(
        Markdown(" and ").join(map(markdown_code, report.annotators)),
        len(report.articles),
        report.units,
        sampling.level,
        sampling.units,
        sampling.drawn,
    )
    return Agreement(note, HEADER, rows)


def agreement_block(page: str) -> str | None:
    """Return the generated agreement table of a Markdown page; None if the page has no marks for one."""
    match = BLOCK.search(page)
    return match[2] if match else None
