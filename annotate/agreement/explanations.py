"""What each column of the tables of agreement means, in a line, and where the measure comes from.

`annotate agree --explain`, the page and docs/explanation/agreement.md show these lines.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

ANNOTATOR = "ANNOTATOR"
"""Stands for the name of each annotator in the name of a column."""

_RIJSBERGEN = "van Rijsbergen, Information Retrieval (1979), chapter 7"
_KRIPPENDORFF = "Krippendorff, Content Analysis, 4th ed. (2019), section 12.3"
_COHEN = "Cohen, Educational and Psychological Measurement 20 (1960)"
_UNITIZING = "Krippendorff, Mathet, Bouvry and Widlöcher, Quality & Quantity 50 (2016)"
_WIEBE = "Wiebe, Wilson and Cardie, Language Resources and Evaluation 39 (2005)"
_PARC = "Pareti, PARC 3.0 (LREC 2016)"
_GAMMA = "Mathet, Widlöcher and Métivier, Computational Linguistics 41 (2015)"
_BERG = "Berg-Kirkpatrick, Burkett and Klein (EMNLP 2012)"
_OWN = "defined by this project"


class Explanation(NamedTuple):
    """What a column means.

    Attributes:
        column: The name of the column; `ANNOTATOR` in it stands for the name of each annotator.
        meaning: What the column has.
        source: Where the measure is defined; empty for a number of things or a name.
    """

    column: str
    meaning: str
    source: str = ""


class TableExplanation(NamedTuple):
    """What the columns of a table mean.

    Attributes:
        title: The title of the table.
        columns: Its columns.
    """

    title: str
    columns: tuple[Explanation, ...]


_EXACT = Explanation(
    "exact F1",
    "F1 of spans with the same label and the same bounds; one character off is a difference",
    _RIJSBERGEN,
)
_OVERLAP = Explanation(
    "overlap F1",
    "F1 of spans with the same label that share a character, paired one to one, the largest overlap first; hardly "
    "notices bounds",
    _RIJSBERGEN,
)
_SPANS = Explanation(ANNOTATOR, "the number of spans that the annotator has")
_MATCHED = Explanation("spans", "the number of pairs of matched spans (same label, some overlap) that count")
_ALPHA = Explanation(
    "alpha",
    "Krippendorff's alpha over tokens (characters with --units): whether the label lies on each of them; 1 is complete "
    "agreement, 0 is chance. For all labels, the value is the set of labels there",
    _KRIPPENDORFF,
)
_UNITIZING_ALPHA = Explanation(
    "uα",
    "Krippendorff's unitizing alpha: agreement on the stretches that one label covers, by their lengths. It is alpha, "
    "but that chance never compares a span with itself: shown only if it is another figure in some row, as where spans "
    "are long next to all texts together. Neither notices a unit that one annotator cuts in two; look at exact F1, or "
    "use --gamma",
    _UNITIZING,
)

EXPLANATIONS: Mapping[str, TableExplanation] = {
    "labels": TableExplanation(
        "Spans",
        (
            Explanation("label", "the label, a layer, or all labels"),
            _SPANS,
            _EXACT,
            _OVERLAP,
            _ALPHA,
            _UNITIZING_ALPHA,
            Explanation(
                "kappa",
                "Cohen's kappa of two annotators over tokens (characters with --units), with the chance of each of "
                "the two",
                _COHEN,
            ),
        ),
    ),
    "pairs": TableExplanation(
        "Pairs of annotators, all labels", (Explanation("pair", "the two annotators; for the other columns see Spans"),)
    ),
    "kinds": TableExplanation(
        "Models, people and gold, all labels",
        (
            Explanation("pair", "the two annotators; all people: each pair of them counted together"),
            Explanation("kinds", "what the two are: model, person or gold"),
            Explanation("articles", "the number of articles that both have labelled"),
            Explanation(
                "shared",
                "the number of these where one was made from the labels of the other, or both from the same labels; "
                "such a figure is too high",
            ),
        ),
    ),
    "gaps": TableExplanation(
        "Models with people, next to people among themselves",
        (
            Explanation("model", "the model"),
            Explanation("articles", "the number of articles that the model and two people or more have labelled"),
            Explanation("F1", "exact or overlap F1 over all labels"),
            Explanation("with people", "F1 of the model with each of the people, all pairs together"),
            Explanation("among people", "F1 of people with each other in the same articles: the ceiling"),
            Explanation("difference", "the former minus the latter, on the same bootstrap samples"),
            Explanation("p", "the p value of no difference, two-sided, as in `annotate score --compare`", _BERG),
        ),
    ),
    "attributes": TableExplanation(
        "Attributes, given a matched span",
        (
            Explanation("attribute", "the attribute"),
            Explanation("of", "the labels that have the attribute"),
            Explanation(
                "scale",
                "the scale of alpha (`scale` in labels.yaml): nominal, values differ or not; ordinal, by the order of "
                "the values; interval, by the difference of the numbers",
                _KRIPPENDORFF,
            ),
            _MATCHED,
            Explanation(
                "one only",
                "the number of matched spans where only one annotator set a value: missing data, which no measure "
                "counts; with --missing value, a difference on a nominal scale",
                _KRIPPENDORFF,
            ),
            Explanation("equal", "the share of these pairs with equal values; chance is not taken out"),
            Explanation(
                "alpha",
                "Krippendorff's alpha on the scale of the attribute; a pair of matched spans is a unit. It has no "
                "value if all values are the same",
                _KRIPPENDORFF,
            ),
            Explanation(
                "kappa", "Cohen's kappa of two annotators; different values differ alike, on any scale", _COHEN
            ),
            Explanation(
                "alpha, set",
                "Krippendorff's nominal alpha of whether a value is set at all, over all matched spans that may have "
                "one; low if one annotator leaves open what the other decides",
                _KRIPPENDORFF,
            ),
        ),
    ),
    "relations": TableExplanation(
        "Relations",
        (
            Explanation("relation", "the relation"),
            Explanation(ANNOTATOR, "the number of relations that the annotator has"),
            Explanation("same", "relations whose heads match and whose tails match"),
            Explanation("retargeted", "relations with matching heads that lead to different tails"),
            Explanation(f"only {ANNOTATOR}", "relations between matched spans that only the annotator has"),
            Explanation("loose", "relations with an end that is a span the other annotator does not have"),
            Explanation(
                "F1, ends matched",
                "F1 of the relations whose two ends are matched spans",
                _RIJSBERGEN,
            ),
            Explanation("F1, all", "F1 of all relations; each difference in their ends counts, too", _RIJSBERGEN),
        ),
    ),
    "records": TableExplanation(
        "Whole records",
        (
            Explanation("record", "the type of record"),
            Explanation("anchor", "the label of its anchors"),
            Explanation(ANNOTATOR, "the number of records that the annotator has"),
            Explanation("anchor exact", "F1 of anchors with the same bounds", _RIJSBERGEN),
            Explanation("anchor overlap", "F1 of anchors that overlap, which align the records", _RIJSBERGEN),
            Explanation(
                "agr", "the mean of two shares: of each annotator's records, those that the other has, too", _WIEBE
            ),
            Explanation("all exact", "F1 of records with the same anchor and fillers in every role", _RIJSBERGEN),
            Explanation("all overlap", "F1 of records whose anchors and fillers overlap in every role", _RIJSBERGEN),
        ),
    ),
    "roles": TableExplanation(
        "Roles of aligned records",
        (
            Explanation("role", "the record and its role"),
            Explanation(
                "exact F1", "F1 of fillers with the same bounds, in records whose anchors overlap", _RIJSBERGEN
            ),
            Explanation("overlap F1", "F1 of fillers that overlap, in records whose anchors overlap", _RIJSBERGEN),
            Explanation("agr of characters", "F1 of the characters that fillers cover", _PARC),
        ),
    ),
    "counts": TableExplanation(
        "Counts as intervals, given a matched span",
        (
            Explanation("counts of", "the label of the spans with counts"),
            _MATCHED,
            Explanation(
                "distance", "mean distance of the two intervals: 0 is equal, 1 is an open end against a number", _OWN
            ),
            Explanation("equal", "the share of equal intervals"),
            Explanation("compatible", "the share of intervals that have a number in common", _OWN),
        ),
    ),
    "by-article": TableExplanation(
        "By article",
        (Explanation("article", "the article; for the other columns see Spans"),),
    ),
    "gamma": TableExplanation(
        "With --gamma, a line an article",
        (
            Explanation(
                "gamma",
                "agreement on position, label and number of units in the best alignment of all spans; it notices a "
                "unit that is cut in two",
                _GAMMA,
            ),
        ),
    ),
    "confusion": TableExplanation(
        "With --confusion, a table for labels and for each attribute",
        (
            Explanation(
                "VALUE",
                "the number of spans with the value of the row from the first annotator, and that of the column from "
                "the second. A dash stands for a span that one annotator does not have, or for a span without a value",
            ),
        ),
    ),
}
"""By the name of the table."""


WITHOUT_BRACKETS = ("kappa", "F1, all", "anchor exact", "agr", "all exact")
"""The columns whose intervals are not in the tables for terminals and pages."""


def explain_columns() -> Iterator[str]:
    """Yield the lines of `annotate agree --explain`."""
    for table in EXPLANATIONS.values():
        yield table.title
        for column in table.columns:
            source = f" [{column.source}]" if column.source else ""
            yield f"  {column.column}: {column.meaning}.{source}"
    yield "Brackets in the tables hold 95 % intervals of a bootstrap."
    yield (
        f"The intervals of {', '.join(WITHOUT_BRACKETS)} are left out there, to keep the tables narrow; --format "
        "markdown, csv and json have them."
    )
