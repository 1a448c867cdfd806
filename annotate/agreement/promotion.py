"""Gold from the labels of one annotator: they are promoted as they are, and marked as such.

Promoted gold has the process `promoted` and names the annotator in `made_from`. All that it holds is in the annotator's
own file, too; only gold of which this is true is removed again. Labels that began with gold are never promoted: they
would confirm gold with copies of it.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from annotate.agreement.independence import describe_sources, find_sources
from annotate.corpus import Corpus, encode_annotation
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, is_article_id
from annotate.offsets import sha256
from annotate.util.files import remove_together, write_together
from annotate.util.lock import writing_to
from annotate.util.progress import StartStep, count_items, ignore_steps

_COPIES_HINT = "name other articles, or adjudicate labels that were made on the bare text"
FindGoldErrors: TypeAlias = Callable[[Annotation, str, Inventory], list[Finding]]
"""Return the errors of a gold annotation of a text; `checks.waivers.make_error_finder`."""


class PromotionStep(NamedTuple):
    """What becomes of the gold of one article.

    Attributes:
        article_id: The article.
        action: Whether gold is written or removed, is up to date, or is left alone.
        gold: The gold that is written.
        old: The bytes of the gold that the article has; None if it has none.
        reason: Why gold is left alone.
        is_problem: Whether that keeps gold from being written.
        others: The other annotators who have labelled the article.
        began_with: Whose labels those of the annotator began with, in words; empty for labels made on the bare text.
    """

    article_id: str
    action: Literal["write", "remove", "unchanged", "leave"]
    gold: Annotation | None = None
    old: bytes | None = None
    reason: str = ""
    is_problem: bool = False
    others: tuple[str, ...] = ()
    began_with: str = ""


def promote_annotation(annotation: Annotation) -> Annotation:
    """Return the gold that has the labels of an annotation."""
    made_from = (annotation.annotator,)
    return msgspec.structs.replace(annotation, process="promoted", made_from=made_from, lead_time=None, origins={})


def plan_promotion(
    corpus: Corpus,
    inventory: Inventory,
    annotator: str,
    article_ids: Sequence[str],
    find_errors: FindGoldErrors,
    *,
    replace: bool = False,
    start_step: StartStep = ignore_steps,
) -> list[PromotionStep]:
    """Plan the promotion of an annotator's labels. Nothing is written.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        annotator: The annotator.
        article_ids: The articles that the user names; all that the annotator has labelled if empty.
        find_errors: Finds the errors of the gold.
        replace: Whether earlier promoted gold of the annotator that has other labels now is replaced.
        start_step: Starts a step of the progress.

    Returns:
        A step for each article. Gold of another origin is never replaced: a problem if the user names its article.
        Labels that began with gold are not promoted.

    Raises:
        CannotRun: The annotator is unknown or gold, has not labelled a named article, or a file cannot be read.
    """
    steps = []
    selected = _select_articles(corpus, annotator, article_ids)
    for article_id in count_items(selected, start_step("checking gold", len(selected))):
        path = corpus.annotation_path(annotator, article_id)
        annotation, text = corpus.read_annotation(annotator, article_id), corpus.read_text(article_id)
        if (annotation.annotator, annotation.article) != (annotator, article_id):
            problem = f"is of annotator {annotation.annotator}, article {annotation.article}"
            raise CannotRun(path, problem, "run `annotate check`")
        if annotation.text_sha256 != sha256(text):
            raise CannotRun(path, "was made on another text", "run `annotate check`")
        gold, old = promote_annotation(annotation), corpus.find_annotation(GOLD, article_id)
        sources = find_sources(corpus, annotation)
        data = corpus.read_file_if_present(corpus.annotation_path(GOLD, article_id))
        if old is not None and data == encode_annotation(gold):
            steps.append(PromotionStep(article_id, "unchanged"))
        elif old is not None and not _is_promoted(old, annotator):
            reason = f"its gold is {_describe_origin(old)}"
            steps.append(PromotionStep(article_id, "leave", reason=reason, is_problem=bool(article_ids)))
        elif sources and GOLD in sources:
            reason = (
                f"the labels of {annotator} began with gold, and would confirm it with copies of it; {_COPIES_HINT}"
            )
            steps.append(PromotionStep(article_id, "leave", reason=reason, is_problem=True))
        elif old is not None and not replace:
            reason = f"its gold has other labels than {annotator} has now; --replace promotes them again"
            steps.append(PromotionStep(article_id, "leave", reason=reason, is_problem=True))
        elif errors := find_errors(gold, text, inventory):
            reason = f"gold would have {errors[0].code}, {errors[0].message}"
            steps.append(PromotionStep(article_id, "leave", reason=reason, is_problem=True))
        else:
            others = tuple(
                name
                for name in corpus.annotation_sets()
                if name not in (GOLD, annotator) and corpus.annotation_path(name, article_id).is_file()
            )
            began_with = "" if sources == [] else describe_sources(sources)
            steps.append(PromotionStep(article_id, "write", gold, data, others=others, began_with=began_with))
    return steps


def plan_removal(
    corpus: Corpus, annotator: str, article_ids: Sequence[str], start_step: StartStep = ignore_steps
) -> list[PromotionStep]:
    """Plan to take back the promotion of an annotator's labels. Nothing is written.

    Args:
        corpus: The corpus.
        annotator: The annotator.
        article_ids: The articles that the user names; all with gold if empty.
        start_step: Starts a step of the progress.

    Returns:
        A step for each article with gold that was promoted from the annotator's labels, and for each named one.

    Raises:
        CannotRun: The annotator is unknown or gold, or a file cannot be read.
    """
    with_gold = set(corpus.annotated_ids(GOLD))
    selected = _select_articles(corpus, annotator, article_ids)
    selected = selected if article_ids else sorted(with_gold)
    steps = []
    for article_id in count_items(selected, start_step("comparing with gold", len(selected))):
        gold = corpus.find_annotation(GOLD, article_id)
        if gold is None or not _is_promoted(gold, annotator):
            if article_ids:
                reason = f"its gold is {_describe_origin(gold)}" if gold else "it has no gold"
                steps.append(PromotionStep(article_id, "leave", reason=reason, is_problem=True))
            continue
        data = corpus.read_file_if_present(corpus.annotation_path(GOLD, article_id))
        annotation = corpus.find_annotation(annotator, article_id)
        if annotation is not None and data == encode_annotation(promote_annotation(annotation)):
            steps.append(PromotionStep(article_id, "remove", old=data))
        else:
            reason = f"its gold has other labels than {annotator} has now; remove the file yourself if nothing is lost"
            steps.append(PromotionStep(article_id, "leave", reason=reason, is_problem=True))
    return steps


def write_promoted(corpus: Corpus, steps: Sequence[PromotionStep], start_step: StartStep = ignore_steps) -> None:
    """Write gold as planned, all of it together.

    Args:
        corpus: The corpus.
        steps: What is planned.
        start_step: Starts a step of the progress.

    Raises:
        CannotRun: A file cannot be written.
        Refused: Another program has changed gold since it was read. Nothing is written.
    """
    with writing_to(corpus.root):
        files = [
            corpus.prepare_file(corpus.annotation_path(GOLD, step.article_id), encode_annotation(step.gold), step.old)
            for step in steps
            if step.gold is not None
        ]
        write_together(files, start_step("writing gold", len(files)))


def remove_promoted(corpus: Corpus, steps: Sequence[PromotionStep]) -> None:
    """Remove gold as planned.

    Raises:
        CannotRun: A file cannot be removed.
        Refused: Another program has changed gold since it was read. Nothing is removed.
    """
    with writing_to(corpus.root):
        remove_together(
            [
                corpus.prepare_file(corpus.annotation_path(GOLD, step.article_id), b"", step.old)
                for step in steps
                if step.action == "remove"
            ]
        )


def _select_articles(corpus: Corpus, annotator: str, article_ids: Sequence[str]) -> list[str]:
    """Return the articles that are named, or all that an annotator has labelled."""
    if annotator == GOLD:
        raise CannotRun(annotator, "is what the promotion makes", "name the annotator who labelled")
    corpus.select_annotation_sets([annotator])
    labelled = corpus.annotated_ids(annotator)
    for article_id in article_ids:
        if not is_article_id(article_id) or article_id not in labelled:
            raise CannotRun(article_id, f"has no labels by {annotator}", "name an article that the annotator labelled")
    return list(dict.fromkeys(article_ids)) or labelled


def _is_promoted(gold: Annotation, annotator: str) -> bool:
    return gold.process == "promoted" and gold.made_from == (annotator,)


def _describe_origin(gold: Annotation) -> str:
    made_from = f" from {', '.join(gold.made_from)}" if gold.made_from else ""
    return f"{gold.process}{made_from}, by {gold.annotator}"
