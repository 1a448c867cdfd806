"""The report of `annotate agree` as plain data: a row for each label, attribute, relation, record and count.

The field names are those of the JSON.
"""

from typing import Literal

import msgspec

from annotate.agreement.attribute_tallies import Missing
from annotate.agreement.bootstrap import LEVEL
from annotate.agreement.independence import DependentPass
from annotate.agreement.study import Kind
from annotate.inventory import Scale
from annotate.model import AttributeValue
from annotate.util.tables import Measure

ALL = "all labels"


class PairRow(msgspec.Struct, frozen=True):
    """F1 of two annotators; if there are only two, the same as that of the row."""

    first: str
    second: str
    exact: float | None
    overlap: float | None


class LabelRow(msgspec.Struct, frozen=True):
    """Spans of one label, of a layer, or of all labels.

    Attributes:
        name: The label, the layer, or `ALL`.
        kind: `label`, `layer` or `all`.
        spans: The number of spans by annotator.
        exact: F1 by equal pieces, over all pairs of annotators.
        overlap: F1 by overlap, over all pairs of annotators.
        alpha: Krippendorff's alpha over positions.
        unitizing: Krippendorff's uα of one label: alpha, unless spans are long next to all texts together.
        kappa: Cohen's kappa over positions.
        pairs: F1 of each pair of annotators.
        exact_mean: The mean of the pairs that have a value.
        overlap_mean: The mean of the pairs that have a value.
        left_out: By annotator, the number of annotations that are older than the label, and do not count; empty for
            layers and all labels, in which the label does not count for them either.
    """

    name: str
    kind: str
    spans: dict[str, int]
    exact: Measure
    overlap: Measure
    alpha: Measure
    unitizing: Measure
    kappa: Measure
    pairs: list[PairRow]
    exact_mean: float | None
    overlap_mean: float | None
    left_out: dict[str, int] = {}


class AttributeRow(msgspec.Struct, frozen=True):
    """One attribute, on pairs of matched spans.

    Attributes:
        name: The attribute.
        labels: The labels that have it.
        scale: The scale on which alpha is computed: `nominal`, `ordinal` or `interval`.
        matched: The number of pairs that count: both have a value, or one if a missing value counts as a value.
        one_only: The number of pairs of which only one span has a value.
        share: The share of pairs with equal values.
        alpha: Krippendorff's alpha.
        kappa: Cohen's kappa, for which all different values differ alike.
        values: The value of the first annotator, that of the second, and the number of pairs; None for no value.
        is_set: Krippendorff's alpha of whether a span has a value, over all pairs of matched spans that may have one.
        left_out: By annotator, the number of annotations that are older than the attribute, and do not count.
    """

    name: str
    labels: tuple[str, ...]
    scale: Scale
    matched: int
    one_only: int
    share: Measure
    alpha: Measure
    kappa: Measure
    values: list[tuple[AttributeValue | None, AttributeValue | None, int]]
    is_set: Measure
    left_out: dict[str, int] = {}


class RelationRow(msgspec.Struct, frozen=True):
    """One relation label; the numbers are over all pairs of annotators, as in `relation_tallies.ComparedRelations`.

    Attributes:
        name: The relation label.
        relations: The number of relations by annotator.
        given_ends: F1 of relations whose two ends are matched.
        all: F1 of all relations.
        same: Relations that both have.
        retargeted: Relations with the same head and another tail.
        alone: By annotator, relations between matched ends that another lacks.
        loose: Relations with an end that the other annotator does not have.
        left_out: By annotator, the number of annotations that are older than the relation, and do not count.
    """

    name: str
    relations: dict[str, int]
    given_ends: Measure
    all: Measure
    same: int
    retargeted: int
    alone: dict[str, int]
    loose: int
    left_out: dict[str, int] = {}


class CountRow(msgspec.Struct, frozen=True):
    """Counts as intervals, on pairs of matched spans.

    Attributes:
        label: The span label.
        matched: The number of pairs.
        distance: The mean distance.
        equal: The share of equal intervals.
        compatible: The share of compatible intervals.
        left_out: By annotator, the number of annotations that are older than a bound, and do not count.
    """

    label: str
    matched: int
    distance: Measure
    equal: Measure
    compatible: Measure
    left_out: dict[str, int] = {}


class RoleRow(msgspec.Struct, frozen=True):
    """One role of aligned records.

    Attributes:
        name: The role.
        exact: F1 of fillers by equal pieces.
        overlap: F1 of fillers by overlap.
        characters: F1 of the characters that fillers cover, as in PARC.
        left_out: By annotator, the number of annotations that are older than the role's relation, and do not count.
    """

    name: str
    exact: Measure
    overlap: Measure
    characters: Measure
    left_out: dict[str, int] = {}


class RecordRow(msgspec.Struct, frozen=True):
    """One type of record.

    Attributes:
        name: The type.
        anchor: The label of its anchors.
        records: The number of records by annotator.
        anchors: F1 of anchors by equal pieces.
        aligned: F1 of anchors by overlap.
        agr: The mean of the two directed agreements on which records there are.
        full_exact: F1 of whole records by equal pieces.
        full_overlap: F1 of whole records by overlap.
        roles: The roles.
    """

    name: str
    anchor: str
    records: dict[str, int]
    anchors: Measure
    aligned: Measure
    agr: Measure
    full_exact: Measure
    full_overlap: Measure
    roles: list[RoleRow]


class ArticleRow(msgspec.Struct, frozen=True):
    """One label in one article; a label without spans there has no row.

    Attributes:
        article: The article id.
        label: The label, or `ALL`.
        spans: The number of spans by annotator.
        exact: F1 by equal pieces.
        overlap: F1 by overlap.
        alpha: Krippendorff's alpha over positions.
        unitizing: Krippendorff's uα.
    """

    article: str
    label: str
    spans: dict[str, int]
    exact: float | None
    overlap: float | None
    alpha: float | None
    unitizing: float | None


class ConfusionRow(msgspec.Struct, frozen=True):
    """The number of spans with these two labels from two annotators; None: no such span."""

    first: str | None
    second: str | None
    spans: int


class Sampling(msgspec.Struct, frozen=True):
    """How the intervals were made.

    Attributes:
        drawn: What a sample draws: `articles` or `paragraphs`.
        units: The number of these.
        samples: The number of samples.
        seed: The seed of the random numbers.
        level: The level of the intervals.
    """

    drawn: str
    units: int
    samples: int
    seed: int
    level: float = LEVEL


class KindPair(msgspec.Struct, frozen=True):
    """The agreement of two annotators, or of one with all people, over all labels.

    Attributes:
        first: The first annotator; `all people` for people with each other.
        second: The second annotator; `all people` for all people, each pair counted.
        kinds: The kinds of the two: person, model, gold or unknown; `person` for people.
        articles: The number of articles that both have labelled.
        shared: The number of these in which one was made from the labels of the other, or both from the same.
        exact: F1 by equal pieces.
        overlap: F1 by overlap.
    """

    first: str
    second: str
    kinds: tuple[Kind, Kind]
    articles: int
    shared: int
    exact: Measure
    overlap: Measure


class ModelGap(msgspec.Struct, frozen=True):
    """How far a model is from people, next to people from each other; in articles of the model and two people or more.

    Attributes:
        model: The model.
        articles: The number of these articles.
        measure: `exact` or `overlap`, as in `KindPair`.
        with_people: F1 of the model with each of the people.
        among_people: F1 of people with each other.
        difference: The former minus the latter, with its interval on paired samples.
        p: The p value of the hypothesis that there is no difference, two-sided; None without an interval.
    """

    model: str
    articles: int
    measure: Literal["exact", "overlap"]
    with_people: Measure
    among_people: Measure
    difference: Measure
    p: float | None


class Report(msgspec.Struct, frozen=True):
    """The agreement of annotators.

    Attributes:
        annotators: The annotators.
        units: What alpha and kappa count.
        missing: What a value is that only one of two annotators has set: `left-out` or a `value`.
        articles: The articles that are compared, with their annotators.
        alone: The articles that only one of the annotators has labelled.
        dependent: The passes that are left out because they are not independent of the others.
        sampling: How the intervals were made.
        labels: A row for each span label, each layer, and all labels.
        attributes: A row for each attribute.
        relations: A row for each relation label.
        records: A row for each type of record.
        counts: A row for each label with counts.
        confusion: A row for each pair of labels.
        by_article: A row for each article and label.
        kinds: Annotator → what the annotator is; empty if nothing says it.
        kind_pairs: The agreement of models with gold and people, and of these with each other; none without a model.
        model_gaps: How far each model is from people, next to people from each other; none without two people.
    """

    annotators: tuple[str, ...]
    units: str
    missing: Missing
    articles: dict[str, list[str]]
    alone: list[str]
    dependent: list[DependentPass]
    sampling: Sampling
    labels: list[LabelRow]
    attributes: list[AttributeRow]
    relations: list[RelationRow]
    records: list[RecordRow]
    counts: list[CountRow]
    confusion: list[ConfusionRow]
    by_article: list[ArticleRow]
    kinds: dict[str, Kind] = {}
    kind_pairs: list[KindPair] = []
    model_gaps: list[ModelGap] = []

    def label(self, name: str) -> LabelRow:
        """Return the row of a span label.

        Raises:
            KeyError: There is none.
        """
        for row in self.labels:
            if row.kind == "label" and row.name == name:
                return row
        raise KeyError(name)
