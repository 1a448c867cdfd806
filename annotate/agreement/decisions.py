"""The files of decisions, `adjudication/ARTICLE.yaml`, and the annotations that they are about."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import yaml

from annotate.adjudication import (
    Adjudication,
    Rounds,
    check_choices,
    check_decisions,
    count_rounds,
    find_shared_references,
    make_gold,
    plan_adjudication,
)
from annotate.annotation_files import require_known_names
from annotate.corpus import Corpus, set_gold_version
from annotate.errors import CannotRun, Refused
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import ALL, GOLD, NEITHER, Annotation
from annotate.offsets import sha256
from annotate.schemas import convert_value, require_valid
from annotate.util.escape import quote
from annotate.util.files import FileToWrite, decode_yaml, write_together
from annotate.util.folders import find_files
from annotate.util.lock import writing_to
from annotate.util.progress import StartStep, count_items, ignore_steps

FindErrors: TypeAlias = Callable[[Annotation, str, Inventory], list[Finding]]
"""Return the errors of an annotation of a text; `checks.find_errors`."""


class DecidedGold(NamedTuple):
    """The gold that the decisions on an article make, None if they make none, and why it cannot be written."""

    gold: Annotation | None
    problems: list[str]


class PlannedArticle(NamedTuple):
    """The plan of an article, and the rounds of decisions that remain."""

    adjudication: Adjudication
    rounds: Rounds


def list_decided_articles(corpus: Corpus) -> list[str]:
    """Return the ids of the articles that have a file of decisions."""
    return [path.stem for path in find_files(corpus.adjudication_path("x").parent, ".yaml")]


def read_annotations(
    corpus: Corpus, inventory: Inventory, article_id: str, annotators: Sequence[str]
) -> tuple[list[Annotation], str]:
    """Read the annotations of an article and its text.

    Raises:
        CannotRun: If a file is of another annotator, of another article, was made on another text, has names that the
            inventory lacks, or has two spans with one label on the same words.
    """
    text = corpus.read_text(article_id)
    expected, annotations = sha256(text), []
    for name in annotators:
        annotation, path = corpus.read_annotation(name, article_id), corpus.annotation_path(name, article_id)
        if (annotation.annotator, annotation.article) != (name, article_id):
            raise CannotRun(
                path, f"is of annotator {annotation.annotator}, article {annotation.article}", "run `annotate check`"
            )
        if annotation.text_sha256 != expected:
            raise CannotRun(path, "was made on another text", "run `annotate check`")
        require_known_names(path, annotation, inventory)
        for reference in find_shared_references(annotation):
            problem = f"has two spans {reference}, which no decision can tell apart"
            raise CannotRun(
                path, problem, "label the article with `annotate studio adjudicate`, or promote one annotator"
            )
        annotations.append(annotation)
    return annotations, text


def read_decisions(corpus: Corpus, article_id: str) -> Adjudication:
    """Read the decisions on an article.

    Raises:
        CannotRun: If the file cannot be read, is malformed, or is of another article.
    """
    path, hint = corpus.adjudication_path(article_id), "fix it, or remove it and plan again"
    value = decode_yaml(path, corpus.read_file(path, "write it with `annotate adjudicate plan`"))
    require_valid(path, value, "adjudication")
    decisions = convert_value(path, value, Adjudication, hint)
    if decisions.article != article_id:
        raise CannotRun(path, f"is of the article {quote(decisions.article)}", hint)
    if GOLD in decisions.annotators or len(set(decisions.annotators)) < 2:
        raise CannotRun(path, f"has fewer than two annotators, or {GOLD} among them", hint)
    return decisions


def encode_decisions(decisions: Adjudication) -> bytes:
    """Return the bytes of a file of decisions."""
    fields = msgspec.to_builtins(decisions)
    if not decisions.earlier:
        del fields["earlier"]
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=110).encode()


def prepare_decisions(corpus: Corpus, decisions: Adjudication, old: bytes | None) -> FileToWrite:
    """Return the file of the decisions on an article.

    Args:
        corpus: The corpus.
        decisions: The decisions.
        old: The bytes that were read of the file before; None if there was none.
    """
    return corpus.prepare_file(corpus.adjudication_path(decisions.article), encode_decisions(decisions), old)


def plan_articles(
    corpus: Corpus,
    inventory: Inventory,
    article_ids: Sequence[str],
    annotators: Sequence[str],
    *,
    replace: bool = False,
    start_step: StartStep = ignore_steps,
) -> list[PlannedArticle]:
    """Plan the adjudication of articles, and write the files of decisions.

    The corpus is locked and only then read.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        article_ids: The articles.
        annotators: The annotators whose annotations are compared.
        replace: Whether decisions between other annotators, or on another text, are dropped.
        start_step: Starts a step of the progress.

    Returns:
        The plan of each article.

    Raises:
        CannotRun: If a file cannot be read or does not fit.
        Refused: If decisions would be lost, are not valid, or were changed meanwhile. Nothing is written.
    """
    files, plans = list[FileToWrite](), list[PlannedArticle]()
    with writing_to(corpus.root):
        for article_id in count_items(article_ids, start_step("comparing labels", len(article_ids))):
            old = corpus.read_file_if_present(corpus.adjudication_path(article_id))
            plans.append(plan_article(corpus, inventory, article_id, annotators, replace=replace))
            files.append(prepare_decisions(corpus, plans[-1].adjudication, old))
        write_together(files, start_step("writing decisions", len(files)))
    return plans


def plan_article(
    corpus: Corpus, inventory: Inventory, article_id: str, annotators: Sequence[str], *, replace: bool = False
) -> PlannedArticle:
    """Plan the adjudication of an article and keep the decisions that its file has.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        article_id: The article.
        annotators: The annotators whose annotations are compared.
        replace: Whether decisions between other annotators, or on another text, are dropped.

    Raises:
        CannotRun: If a file cannot be read or does not fit.
        Refused: If decisions would be lost, or are not valid.
    """
    annotations, text = read_annotations(corpus, inventory, article_id, annotators)
    adjudication = plan_adjudication(annotations, text, _read_old_decisions(corpus, annotations, replace=replace))
    try:
        check_decisions(adjudication, annotations)
        check_choices(adjudication, annotations, text, inventory)
    except ValueError as error:
        raise Refused(corpus.adjudication_path(article_id), str(error), "fix it and plan again") from error
    return PlannedArticle(adjudication, count_rounds(adjudication, annotations))


def _read_old_decisions(corpus: Corpus, annotations: Sequence[Annotation], *, replace: bool) -> Adjudication | None:
    """Return the decisions on the same text and between the same annotators; raise Refused if others would be lost."""
    article_id = annotations[0].article
    path = corpus.adjudication_path(article_id)
    if not path.exists():
        return None
    old = read_decisions(corpus, article_id)
    same_annotators = set(old.annotators) == {annotation.annotator for annotation in annotations}
    if same_annotators and old.text_sha256 == annotations[0].text_sha256:
        return old
    if old.has_decisions and not replace:
        problem = "on another text" if same_annotators else f"between {', '.join(old.annotators)}"
        raise Refused(path, f"has decisions {problem}", "keep them, or drop them with --anew")
    return None


def decide_gold(
    corpus: Corpus, inventory: Inventory, article_id: str, adjudicator: str, find_errors: FindErrors
) -> DecidedGold:
    """Make the gold of an article from its file of decisions. Nothing is written.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        article_id: The article.
        adjudicator: Who decided.
        find_errors: Finds the errors of the gold.

    Raises:
        CannotRun: If a file cannot be read or does not fit.
    """
    path, decisions = corpus.adjudication_path(article_id), read_decisions(corpus, article_id)
    annotators = corpus.select_annotation_sets(decisions.annotators)
    annotations, text = read_annotations(corpus, inventory, article_id, annotators)
    if decisions.text_sha256 != annotations[0].text_sha256:
        return DecidedGold(None, [f"{path}: was made on another text; decide on the text as it is now"])
    current = plan_adjudication(annotations, text, decisions)
    listed, differing = ({difference.identity for difference in side.differences} for side in (decisions, current))
    if listed != differing:
        problem = (
            "differences are new or gone; `annotate adjudicate plan` lists them, and relations once spans are decided"
        )
        return DecidedGold(None, [f"{path}: {problem}"])
    if still_open := current.open_differences:
        takes = ", ".join((ALL, *decisions.annotators, NEITHER))
        first = still_open[0]
        hint = f"write why in reason, since take is {first.take}" if first.take else f"write take (one of {takes})"
        hint += "" if first.take or first.reason else " and reason"
        problem = f"{len(still_open)} open, the first: {first.key}; {hint}"
        return DecidedGold(None, [f"{path}: differences are open: {problem}"])
    try:
        check_decisions(current, annotations)
        check_choices(current, annotations, text, inventory)
        gold = make_gold(current, annotations, text, adjudicator, inventory.version)
    except ValueError as error:
        return DecidedGold(None, [f"{path}: {error}"])
    gold = set_gold_version(gold, annotations, corpus.find_readable_annotation(GOLD, article_id))
    errors = find_errors(gold, text, inventory)
    return DecidedGold(gold, [f"{path}: gold would have {error.code}, {error.message}" for error in errors])
