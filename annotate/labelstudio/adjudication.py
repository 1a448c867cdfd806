"""Adjudication on a server: a project with every annotator's labels of an article in a tab, and gold from it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from annotate.corpus import Corpus, encode_annotation, set_gold_version
from annotate.errors import CannotRun, Refused
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.config import DECIDED, TEXT, read_config_version
from annotate.labelstudio.config_versions import EarlierVersion, find_version, read_earlier_versions
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.pull import restore_relation_notes
from annotate.labelstudio.push_plan import digest_result
from annotate.labelstudio.rank import parse_time, rank_entry
from annotate.labelstudio.results import Mapper, Origin, annotator_of, article_id_of, user_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import DifferenceChoice, Prediction, prediction_name, result_items
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.util.files import write_files
from annotate.util.nouns import count_noun
from annotate.util.progress import StartStep, count_items, ignore_steps

AGREED = "agreed"
"""The name of the tab with what the annotators agree on."""
_MOST_PLACES = 5
"""Annotations or differences that a message names."""

Check: TypeAlias = Callable[[Annotation, str, Inventory], Iterable[Finding]]
"""Return the findings on an annotation of a text; `checks.check_annotation`."""
Agree: TypeAlias = Callable[[Sequence[Annotation], str, str, str], Annotation]
"""Return what annotations of a text have in common; `adjudication.find_agreed`."""


FindUndecided: TypeAlias = Callable[
    [Sequence[Annotation], str, Annotation, Collection[str]], tuple[Sequence[DifferenceChoice], Collection[str]]
]
"""Return the differences between annotations of a text, and the ids of those that gold and the ids of ticked ones leave
undecided; `agreement.undecided`."""


class AdjudicationResult(NamedTuple):
    """What was submitted for an article.

    Attributes:
        article_id: The article.
        task_id: Its task on the server.
        file: The path of its gold.
        gold: The gold that was submitted; None if there is none.
        findings: What was found when it was read.
        problems: Why it is not gold, in words.
        notes: What else is to be known about it, in words.
        undecided: The differences that are not decided.
        differences: The number of all differences.
        old: The bytes of the file; None if there is none.
    """

    article_id: str
    task_id: object
    file: Path
    gold: Annotation | None = None
    findings: Sequence[Finding] = ()
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()
    undecided: Sequence[DifferenceChoice] = ()
    differences: int = 0
    old: bytes | None = None

    @property
    def is_submitted(self) -> bool:
        """Whether the adjudicator submitted anything."""
        return self.gold is not None or bool(self.problems or self.findings)


class WrittenGold(NamedTuple):
    """What became of a submitted article: its gold and whether the file is unchanged, or why it was left out."""

    result: AdjudicationResult
    gold: Annotation | None
    is_unchanged: bool
    problems: list[str]


def adjudication_tabs(
    corpus: Corpus, inventory: Inventory, article_id: str, predictions: Sequence[Prediction], agree: Agree
) -> list[Prediction]:
    """Return the tabs of an article: what all annotators agree on, then the labels of each.

    Raises:
        CannotRun: An annotation was made on another text, or has a span that is empty or outside the text.
    """
    text, annotations = corpus.read_text(article_id), [prediction.annotation for prediction in predictions]
    for annotation in annotations:
        path = corpus.annotation_path(annotation.annotator, article_id)
        if annotation.text_sha256 != sha256(text):
            raise CannotRun(path, "was made on another text", "run `annotate check`")
        if not all(0 <= span.start < span.end <= len(text) for span in annotation.spans):
            raise CannotRun(path, "has a span that is empty or outside the text", "run `annotate check`")
    agreed = agree(annotations, text, inventory.version, AGREED)
    return [Prediction(prediction_name(AGREED, inventory.version), agreed), *predictions]


def start_from_agreed(studio: Studio, project_id: int, version: str) -> None:
    """Let the adjudicator start from what all agree on, with a version of the inventory."""
    studio.update_project(project_id, {"model_version": prediction_name(AGREED, version)})


def read_ticks(items: object) -> tuple[frozenset[str], object]:
    """Return the ids of the differences that are ticked in a result, and its other items.

    An item of the same control that holds anything else than ids remains among the others; `Mapper` counts it as left
    out.
    """
    if not isinstance(items, list):
        return frozenset(), items
    ticked, others = set[str](), []
    for item in items:
        ids = _ticked_ids(item)
        if ids is None:
            others.append(item)
        else:
            ticked.update(ids)
    return frozenset(ticked), others


def _ticked_ids(item: object) -> list[str] | None:
    if not isinstance(item, dict) or (item.get("from_name"), item.get("to_name")) != (DECIDED, TEXT):
        return None
    value = item.get("value")
    ids = value.get("choices") if isinstance(value, dict) and item.get("type") == "choices" else None
    return ids if isinstance(ids, list) and all(isinstance(entry, str) for entry in ids) else None


def read_gold(
    corpus: Corpus,
    inventory: Inventory,
    state: State,
    server: str,
    project: Project,
    tasks: Sequence[JsonObject],
    adjudicator: str,
    find_undecided: FindUndecided,
    start_step: StartStep = ignore_steps,
) -> list[AdjudicationResult]:
    """Return what an adjudicator submitted, article by article; nothing is written.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        state: The state folder.
        server: The name of the server.
        project: The project of the adjudication.
        tasks: The tasks of the project.
        adjudicator: Who decided.
        find_undecided: Finds the differences that are not decided.
        start_step: Starts a step of the progress.

    Raises:
        Refused: Another user submitted annotations as well, or a task is of no article of the corpus or has another
            text.
    """
    _refuse_others(tasks, adjudicator, state.annotators(server))
    current = read_config_version(project.config) or inventory.version
    versions = _ConfigVersions(current, read_earlier_versions(state, server).get(project.id, []))
    reader = _GoldReader(corpus, inventory, adjudicator, versions, find_undecided)
    return [reader.read_task(task) for task in count_items(tasks, start_step("reading gold", len(tasks)))]


def _refuse_others(tasks: Iterable[JsonObject], adjudicator: str, annotators: Mapping[int, str]) -> None:
    """Raise Refused if a user who is not the adjudicator submitted an annotation."""
    places: list[str] = []
    names: set[str] = set()
    for task in tasks:
        for entry in _list_submitted(task):
            name = annotator_of(user_id_of(entry), annotators)
            if name != adjudicator:
                names.add(name)
                places.append(f"{article_id_of(task)} (task {task.get('id')}, annotation {entry.get('id')}, {name})")
    if places:
        shown = ", ".join(places[:_MOST_PLACES])
        shown += f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
        problem = (
            f"{', '.join(sorted(names))} submitted annotations there as well, and gold has one adjudicator: {shown}"
        )
        raise Refused(
            "adjudication", problem, f"delete those that are not {adjudicator}'s in Label Studio, and pull again"
        )


def _list_submitted(task: JsonObject) -> list[JsonObject]:
    return [entry for entry in task.get("annotations") or [] if not entry.get("was_cancelled")]


class _ConfigVersions(NamedTuple):
    """The inventory version of the config that a project has, and the earlier ones."""

    current: str
    earlier: Sequence[EarlierVersion]


class _GoldReader:
    """Read the tasks of an adjudication."""

    def __init__(
        self,
        corpus: Corpus,
        inventory: Inventory,
        adjudicator: str,
        versions: _ConfigVersions,
        find_undecided: FindUndecided,
    ) -> None:
        self.corpus, self.inventory, self.adjudicator = corpus, inventory, adjudicator
        self.versions, self.find_undecided = versions, find_undecided
        self.mapper, self.annotators = Mapper(inventory), corpus.read_annotators()
        self.article_ids = set(corpus.article_ids())

    def read_task(self, task: JsonObject) -> AdjudicationResult:
        """Return what was submitted in a task."""
        article_id, where = article_id_of(task), f"task {task.get('id')}"
        if article_id is None or article_id not in self.article_ids:
            raise Refused(where, "is of no article of the corpus", "delete it in Label Studio")
        file = self.corpus.annotation_path(GOLD, article_id)
        result = AdjudicationResult(article_id, task.get("id"), file)
        submitted = _list_submitted(task)
        if not submitted:
            return result
        text = self.corpus.read_text(article_id)
        if task["data"].get("text") != text:
            problem = f"has another text than {article_id}, so that {file} cannot be made of it"
            raise Refused(where, problem, "delete it in Label Studio, and set the adjudication up again")
        last = max(submitted, key=lambda entry: int(entry["id"]))
        notes = []
        if len(submitted) > 1:
            notes.append(f"{len(submitted)} annotations were submitted; the last one counts, annotation {last['id']}")
        if _is_older(last, task.get("predictions") or []):
            notes.append("the labels on the screen were updated after it was submitted; look at the article again")
        shown = _list_tabs(task, self.annotators)
        parents, problems = self._read_parents(article_id, shown)
        ticked, items = read_ticks(last.get("result"))
        name, made_from = f"annotations/{GOLD}/{article_id}.json", tuple(sorted(shown))
        origin = Origin(article_id, self.adjudicator, name, "adjudicated", made_from)
        gold, findings, _, left_out = self.mapper.map_result(items, text, origin, sha256(text))
        if left_out:
            notes.append(f"{count_noun(sum(left_out.values()), 'tick')} cannot be read")
        old = self.corpus.read_file_if_present(file)
        result = result._replace(findings=findings, problems=problems, notes=notes, old=old)
        if gold is None or problems:
            return result
        differences, open_ids = self.find_undecided(parents, text, gold, ticked)
        outdated = len(ticked - {difference.id for difference in differences})
        if outdated:
            notes.append(f"{count_noun(outdated, 'tick')} of differences that have changed since")
        return result._replace(
            gold=self._date(gold, last, parents, old),
            undecided=[difference for difference in differences if difference.id in open_ids],
            differences=len(differences),
        )

    def _read_parents(
        self, article_id: str, shown: Mapping[str, Sequence[JsonObject]]
    ) -> tuple[list[Annotation], list[str]]:
        """Return the annotations that a task shows, and in words which of them are others in the corpus by now."""
        parents: list[Annotation] = []
        changed: list[str] = []
        for name, tabs in shown.items():
            annotation = self.corpus.find_readable_annotation(name, article_id)
            digests = {digest_result(tab.get("result")) for tab in tabs}
            if annotation is None or digests != {digest_result(result_items(annotation, self.inventory))}:
                changed.append(name)
            else:
                parents.append(annotation)
        if changed:
            problem = f"the labels of {', '.join(sorted(changed))} in the corpus are not those on the screen"
            return parents, [f"{problem}; set the adjudication up again, and look at what differs now"]
        if len(parents) < 2:
            return parents, ["the task shows the labels of fewer than two annotators; set the adjudication up again"]
        return parents, []

    def _date(
        self, gold: Annotation, entry: JsonObject, parents: Sequence[Annotation], old: bytes | None
    ) -> Annotation:
        """Return gold with the notes that the browser drops, and the version of the inventory that it was made with."""
        old_gold = self.corpus.read_annotation(GOLD, gold.article) if old is not None else None
        gold = restore_relation_notes(gold, old_gold) if old_gold else gold
        made_with = find_version(self.versions.earlier, self.versions.current, rank_entry(entry)[1])
        return set_gold_version(msgspec.structs.replace(gold, inventory=made_with), parents, old_gold)


def _is_older(entry: JsonObject, tabs: Iterable[JsonObject]) -> bool:
    """Return whether an annotation was last changed before one of the tabs was made."""
    changed = parse_time(entry.get("updated_at"))
    made = (parse_time(tab.get("created_at")) for tab in tabs)
    return changed is not None and any(time is not None and time > changed for time in made)


def _list_tabs(task: JsonObject, annotators: Mapping[str, object]) -> dict[str, list[JsonObject]]:
    """Return the tabs of each annotator whose labels a task shows."""
    tabs: dict[str, list[JsonObject]] = {}
    for entry in task.get("predictions") or []:
        name = str(entry.get("model_version")).partition(" ")[0]
        if name in annotators:
            tabs.setdefault(name, []).append(entry)
    return tabs


def write_gold(
    corpus: Corpus, inventory: Inventory, result: AdjudicationResult, check: Check, *, accept_undecided: bool = False
) -> WrittenGold:
    """Write the gold of an article, unless it breaks a rule or another program changes the file meanwhile.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        result: What was submitted.
        check: Finds what breaks a rule.
        accept_undecided: Whether to write it although differences are undecided.
    """
    gold, findings = result.gold, list(result.findings)
    if gold is not None:
        findings += check(gold, corpus.read_text(result.article_id), inventory)
    problems = [f"{finding.code} {finding.message}" for finding in findings if finding.severity == "error"]
    problems += result.problems
    if result.undecided and not accept_undecided:
        problems.append(f"{describe_undecided(result)}; label or tick them, or add --accept-undecided")
    if problems or gold is None:
        return WrittenGold(result, None, False, problems)
    new = encode_annotation(gold)
    if new != result.old and write_files([corpus.prepare_file(result.file, new, result.old)]):
        problem = "it was changed by another program, and was left alone; pull again"
        return WrittenGold(result, None, False, [problem])
    return WrittenGold(result, gold, new == result.old, [])


def describe_undecided(result: AdjudicationResult) -> str:
    """Return how many differences are undecided, and which the first ones are."""
    shown = "; ".join(difference.text for difference in result.undecided[:_MOST_PLACES])
    more = len(result.undecided) - _MOST_PLACES
    listed = f"{shown}; and {more} more" if more > 0 else shown
    return f"{len(result.undecided)} of {count_noun(result.differences, 'difference')} undecided ({listed})"
