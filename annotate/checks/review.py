"""The inventory version of labels that a person has read again, and found to follow the present inventory."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from annotate.checks.waivers import make_error_finder
from annotate.corpus import Corpus, encode_annotation
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Annotation, is_article_id
from annotate.util.files import write_together
from annotate.util.lock import writing_to
from annotate.versions import is_older


class ReviewStep(NamedTuple):
    """What becomes of the labels of one article.

    Attributes:
        article_id: The article.
        before: The version that the labels have.
        annotation: The labels with the new version; None if they are left as they are.
        old: The bytes of their file.
        problem: Why they cannot get the version; empty if they can, or have it.
    """

    article_id: str
    before: str
    annotation: Annotation | None = None
    old: bytes | None = None
    problem: str = ""


def plan_review(
    corpus: Corpus, inventory: Inventory, annotation_set: str, article_ids: Sequence[str]
) -> list[ReviewStep]:
    """Plan to give labels the version of the inventory, after a person has read them again. Nothing is written.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        annotation_set: The annotator, or `gold`.
        article_ids: The articles.

    Returns:
        A step for each article.

    Raises:
        CannotRun: The annotator is unknown or has not labelled an article, or a file cannot be read.
    """
    corpus.select_annotation_sets([annotation_set])
    labelled, find_errors = set(corpus.annotated_ids(annotation_set)), make_error_finder(corpus, annotation_set)
    steps = []
    for article_id in dict.fromkeys(article_ids):
        if not is_article_id(article_id) or article_id not in labelled:
            hint = "name an article that the annotator labelled"
            raise CannotRun(article_id, f"has no labels by {annotation_set}", hint)
        path = corpus.annotation_path(annotation_set, article_id)
        data, annotation = corpus.read_file(path), corpus.read_annotation(annotation_set, article_id)
        before, reviewed = annotation.inventory, msgspec.structs.replace(annotation, inventory=inventory.version)
        if before == inventory.version:
            steps.append(ReviewStep(article_id, before))
        elif is_older(inventory.version, before):
            problem = f"its labels were made with inventory {before}, which is later than {inventory.version}"
            steps.append(ReviewStep(article_id, before, problem=problem))
        elif errors := find_errors(reviewed, corpus.read_text(article_id), inventory):
            problem = f"its labels do not follow the inventory: {errors[0].code}, {errors[0].message}"
            steps.append(ReviewStep(article_id, before, problem=problem))
        else:
            steps.append(ReviewStep(article_id, before, reviewed, data))
    return steps


def write_reviewed(corpus: Corpus, annotation_set: str, steps: Sequence[ReviewStep]) -> None:
    """Write labels with their new version as planned, all of them together.

    Raises:
        CannotRun: A file cannot be written.
        Refused: Another program has changed labels since they were read. Nothing is written.
    """
    with writing_to(corpus.root):
        write_together(
            [
                corpus.prepare_file(
                    corpus.annotation_path(annotation_set, step.article_id),
                    encode_annotation(step.annotation),
                    step.old,
                )
                for step in steps
                if step.annotation is not None
            ]
        )
