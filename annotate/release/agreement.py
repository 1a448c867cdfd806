"""The agreement behind a corpus's gold, as a table for its card and its README."""

import re
from typing import TYPE_CHECKING

from annotate.corpus import Corpus
from annotate.inventory import Inventory

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.dataset.facts import Agreement
    from annotate.util.tables import Measure

MARKED = re.compile(r"(<!-- generated: agreement -->\n)(.*?)(<!-- /generated -->)", re.DOTALL)
HEAD = ("label", "spans", "exact F1", "overlap F1", "alpha", "unitizing alpha")


def agreement(corpus: Corpus, inventory: Inventory) -> "Agreement | None":
    """How the annotators agree whose labels gold was made from; None where it was made from fewer than two."""
    report = measured(corpus, inventory, only_labels=True)
    return tabled(report) if report else None


def measured(corpus: Corpus, inventory: Inventory, only_labels: bool = False) -> "Report | None":
    """The agreement of the annotators whose labels gold was made from; None where it was made from fewer than two.

    No rows by article; with `only_labels` nothing but what the table shows, which takes half the time.
    """
    from annotate.agreement.report import measure
    from annotate.agreement.study import read

    makers = sorted({name for gold in corpus.gold() for name in gold.made_from})
    if len(makers) < 2:
        return None
    return measure(read(corpus, inventory, makers), by_article=False, only_labels=only_labels)


def tabled(report: "Report") -> "Agreement":
    """The table that the card and the README show."""
    from annotate.dataset.facts import Agreement
    from annotate.util.tables import format_value

    def cell(measured: "Measure") -> str:
        if measured.value is None:
            return "–"
        interval = "" if measured.low is None or measured.high is None else f"{measured.low:.2f}–{measured.high:.2f}"
        return f"{format_value(measured.value)} ({interval})" if interval else format_value(measured.value)

    rows = [
        (
            f"`{row.name}`" if row.kind == "label" else f"**{row.name}**",
            " / ".join(map(str, row.spans.values())),
            *map(cell, (row.exact, row.overlap, row.alpha, row.unitizing)),
        )
        for row in report.labels
        if row.kind != "layer"
    ]
    sampling = report.sampling
    note = (
        f"Between {' and '.join(f'`{name}`' for name in report.annotators)}, from whose labels gold was adjudicated, "
        f"on {len(report.articles)} articles. F1: the same span with the same label, exactly or by overlap. Alpha: "
        f"Krippendorff's, over {report.units}; unitizing alpha: of the spans as units. In brackets, "
        f"{sampling.level:.0%} intervals of a bootstrap over {sampling.units} {sampling.drawn}."
    )
    return Agreement(note, HEAD, rows)


def block(page: str) -> str | None:
    """What a page shows between its marks for generated agreement; None where it has none."""
    found = MARKED.search(page)
    return found[2] if found else None
