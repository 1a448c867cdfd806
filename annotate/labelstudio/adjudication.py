"""Adjudication on a server: a project with every annotator's labels of an article in a tab, and gold from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from annotate.corpus import Corpus, encode_annotation, set_gold_version
from annotate.errors import CannotRun, Refused
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.config import read_config_version
from annotate.labelstudio.config_versions import EarlierVersion, find_version, read_earlier_versions
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.pull import restore_relation_notes
from annotate.labelstudio.rank import rank_entry
from annotate.labelstudio.results import Mapper, Origin, annotator_of, article_id_of, user_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Prediction, prediction_name
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.util.files import write_files

AGREED = "agreed"
"""The name of the tab with what the annotators agree on."""

Check: TypeAlias = Callable[[Annotation, str, Inventory], Iterable[Finding]]
"""Return the findings on an annotation of a text; `checks.check_annotation`."""
Agree: TypeAlias = Callable[[Sequence[Annotation], str, str, str], Annotation]
"""Return what annotations of a text have in common; `agreement.adjudication.agreed`."""


class AdjudicationResult(NamedTuple):
    """The gold that was submitted for an article, None if there is none, and the findings from reading it.

    `old` has the bytes of its file in the corpus; None if there is none.
    """

    article_id: str
    gold: Annotation | None
    findings: list[Finding]
    old: bytes | None = None


class WrittenGold(NamedTuple):
    """What became of an adjudicated article: whether its file is unchanged, or why it was not written."""

    file: str
    gold: Annotation | None
    is_unchanged: bool
    problems: list[str]


def adjudication_tabs(
    corpus: Corpus, inventory: Inventory, article_id: str, predictions: Sequence[Prediction], agree: Agree
) -> list[Prediction]:
    """Return the tabs of an article: what all annotators agree on, then the labels of each.

    Raises:
        CannotRun: An annotation was made on another text.
    """
    text, annotations = corpus.read_text(article_id), [prediction.annotation for prediction in predictions]
    for annotation in annotations:
        if annotation.text_sha256 != sha256(text):
            path = corpus.annotation_path(annotation.annotator, article_id)
            raise CannotRun(path, "was made on another text", "run `annotate check`")
    agreed = agree(annotations, text, inventory.version, AGREED)
    return [Prediction(prediction_name(AGREED, inventory.version), agreed), *predictions]


def start_from_agreed(studio: Studio, project_id: int, agreed: Annotation) -> None:
    """Let annotators of a project start from what all agree on."""
    studio.update_project(project_id, {"model_version": prediction_name(AGREED, agreed.inventory)})


def read_gold(
    corpus: Corpus,
    inventory: Inventory,
    state: State,
    server: str,
    project: Project,
    tasks: Sequence[JsonObject],
    adjudicator: str,
) -> list[AdjudicationResult]:
    """Return the gold that an adjudicator submitted, article by article; nothing is written.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        state: The state folder.
        server: The name of the server.
        project: The project of the adjudication.
        tasks: The tasks of the project.
        adjudicator: Who decided.

    Raises:
        Refused: Another user submitted annotations as well, or a task is of no article of the corpus or has another
            text.
    """
    annotators = state.annotators(server)
    user_ids = {user_id_of(entry) for task in tasks for entry in task.get("annotations") or []}
    others = {annotator_of(user_id, annotators) for user_id in user_ids} - {adjudicator}
    if others:
        names = ", ".join(sorted(others))
        problem = f"{names} submitted annotations there as well, and gold has one adjudicator"
        raise Refused("adjudication", problem, f"delete what is not {adjudicator}'s")
    current = read_config_version(project.config) or inventory.version
    earlier = read_earlier_versions(state, server).get(project.id, [])
    return list(_read_tasks(corpus, inventory, tasks, adjudicator, current, earlier))


def _read_tasks(
    corpus: Corpus,
    inventory: Inventory,
    tasks: Sequence[JsonObject],
    adjudicator: str,
    current_version: str,
    earlier_versions: Sequence[EarlierVersion],
) -> Iterator[AdjudicationResult]:
    mapper, annotators, article_ids = Mapper(inventory), corpus.read_annotators(), set(corpus.article_ids())
    for task in tasks:
        article_id, where = article_id_of(task), f"task {task.get('id')}"
        if article_id is None or article_id not in article_ids:
            raise Refused(where, "is of no article of the corpus", "delete it")
        submitted = [entry for entry in task.get("annotations") or [] if not entry.get("was_cancelled")]
        if not submitted:
            yield AdjudicationResult(article_id, None, [])
            continue
        text = corpus.read_text(article_id)
        if task["data"].get("text") != text:
            raise Refused(where, f"has another text than {article_id}", "set the adjudication up again")
        last = max(submitted, key=lambda entry: int(entry["id"]))
        file = f"annotations/{GOLD}/{article_id}.json"
        origin = Origin(article_id, adjudicator, file, "adjudicated", _shown_annotators(task, annotators))
        gold, findings, *_ = mapper.map_result(last.get("result"), text, origin, sha256(text))
        old = corpus.read_file_if_present(corpus.annotation_path(GOLD, article_id))
        if gold is not None:
            old_gold = corpus.read_annotation(GOLD, article_id) if old is not None else None
            gold = restore_relation_notes(gold, old_gold) if old_gold else gold
            parents = [each for name in gold.made_from if (each := corpus.find_readable_annotation(name, article_id))]
            made_with = find_version(earlier_versions, current_version, rank_entry(last)[1])
            gold = set_gold_version(msgspec.structs.replace(gold, inventory=made_with), parents, old_gold)
        yield AdjudicationResult(article_id, gold, list(findings), old)


def _shown_annotators(task: JsonObject, annotators: Mapping[str, object]) -> tuple[str, ...]:
    """Return the annotators whose labels a task shows."""
    shown = (str(entry.get("model_version")).partition(" ")[0] for entry in task.get("predictions") or [])
    return tuple(sorted({name for name in shown if name in annotators}))


def write_gold(corpus: Corpus, inventory: Inventory, result: AdjudicationResult, check: Check) -> WrittenGold:
    """Write the gold of an article, unless it breaks a rule or another program changes the file meanwhile."""
    gold, file = result.gold, f"annotations/{GOLD}/{result.article_id}.json"
    findings = list(result.findings)
    if gold is not None:
        findings += check(gold, corpus.read_text(result.article_id), inventory)
    problems = [f"{finding.code} {finding.message}" for finding in findings if finding.severity == "error"]
    if gold is not None and len(gold.made_from) < 2:
        problems.append("the task shows the labels of fewer than two annotators; set the adjudication up again")
    if problems or gold is None:
        return WrittenGold(file, None, False, problems)
    path = corpus.annotation_path(GOLD, result.article_id)
    new = encode_annotation(gold)
    if new != result.old and write_files([corpus.prepare_file(path, new, result.old)]):
        problem = "it was changed by another program, and was left alone; pull again"
        return WrittenGold(file, None, False, [problem])
    return WrittenGold(file, gold, new == result.old, [])
