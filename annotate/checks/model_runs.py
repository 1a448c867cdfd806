"""C7: the runs of models that annotators.yaml records fit the corpus."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from annotate.checks.label_heads import LabelHead
from annotate.findings import Problem, Rule, rule
from annotate.model import Annotation, Annotator
from annotate.util.escape import quote
from annotate.util.nouns import count_noun
from annotate.versions import is_older


@dataclass
class LabelTotals:
    """The labels of one annotator.

    Attributes:
        files: The number of files, readable or not.
        articles: The number of those that can be read.
        spans: The number of their spans.
        relations: The number of their relations.
        inventories: The versions of the inventory that they were made with.
    """

    files: int = 0
    articles: int = 0
    spans: int = 0
    relations: int = 0
    inventories: set[str] = field(default_factory=set)

    def add(self, annotation: Annotation | LabelHead) -> None:
        """Count the labels of an article."""
        self.articles += 1
        self.spans += len(annotation.spans)
        self.relations += len(annotation.relations)
        self.inventories.add(annotation.inventory)

    def merge(self, other: "LabelTotals") -> None:
        """Add the counts of readable files from another part of the corpus."""
        self.articles += other.articles
        self.spans += other.spans
        self.relations += other.relations
        self.inventories |= other.inventories


@rule("C701")
def run_of_person(annotators: Sequence[Annotator]) -> Iterator[Problem]:
    """Only a model has a run.

    Why: readers must know whether a person or a model made a label.
    Fails: `kind: person` with `run`.
    Passes: `kind: model` with `run`, as `annotate import --format prelabel` writes it.
    """
    for annotator in annotators:
        if annotator.run and annotator.kind != "model":
            yield Problem(
                f"{quote(annotator.id)} is a {annotator.kind} with the run of a model; correct kind, or remove run"
            )


@rule("C702")
def run_of_later_inventory(annotators: Sequence[Annotator], version: str) -> Iterator[Problem]:
    """The run of a model used a version of the inventory that exists.

    Why: the labels mean what the inventory says that the model was given.
    Fails: `inventory: 9.0.0` in `run`, where labels.yaml is 0.2.0.
    Passes: the version of labels.yaml, or an earlier one.
    """
    for annotator in annotators:
        if annotator.run and is_older(version, annotator.run.inventory):
            problem = f"the run of {quote(annotator.id)} used inventory {annotator.run.inventory}, later than {version}"
            yield Problem(f"{problem}; use that inventory, or correct the version")


@rule("C703", "warning", waivable=True)
def labels_not_of_run(annotators: Sequence[Annotator], totals: Mapping[str, LabelTotals]) -> Iterator[Problem]:
    """A model has as many labels as its run gave it, as long as they have the inventory of the run.

    Why: labels that were changed by hand, or added, are not those of the model.
    Fails: a span that was deleted from the file of a model's labels.
    Passes: the labels as `annotate import --format prelabel` wrote them; labels that a migration changed.
    """
    for annotator in annotators:
        run, labels = annotator.run, totals.get(annotator.id, LabelTotals())
        if run is None or labels.articles < labels.files or not labels.inventories <= {run.inventory}:
            continue
        recorded, actual = (
            f"{count_noun(each.articles, 'article')}, {count_noun(each.spans, 'span')} and"
            f" {count_noun(each.relations, 'relation')}"
            for each in (run, labels)
        )
        if recorded != actual:
            problem = f"{quote(annotator.id)} has labels: {actual}, and its run gave it {recorded}"
            yield Problem(f"{problem}; restore them, or import the run again with --replace")


RULES: tuple[Rule, ...] = (run_of_person, run_of_later_inventory, labels_not_of_run)
