"""Adjudication on a server: a project with every annotator's version of an article in a tab, and gold out of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio.assign import ADJUDICATION
from annotate.labelstudio.client import Project, Raw, Refused, Studio
from annotate.labelstudio.pull import with_relation_notes
from annotate.labelstudio.push import TITLE_LENGTH
from annotate.labelstudio.results import Mapper, Origin, article_of, pseudonym, user_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Prediction, version_name
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.store import Corpus

AGREED = "agreed"
"""The name of the version with what the annotators agree on."""


class Made(NamedTuple):
    """What was submitted for one article as gold, None if nothing was, and what is wrong with the reading of it."""

    article: str
    gold: Annotation | None
    findings: list[Finding]


def title_of(title: str) -> str:
    """The title of the project to adjudicate in. Raises CannotRun for one that the server would not take."""
    own = f"{title}: {ADJUDICATION}"
    if len(own) > TITLE_LENGTH[1]:
        mend = f"Label Studio takes {TITLE_LENGTH[1]}; give a shorter --title"
        raise CannotRun(repr(own), f"has {len(own)} characters", mend)
    return own


def versions(annotations: Sequence[Annotation], agreed: Annotation) -> list[Prediction]:
    """The tabs of an article: what all agree on, then each annotator's version."""
    return [
        Prediction(version_name(AGREED, agreed), agreed),
        *(Prediction(version_name(annotation.annotator, annotation), annotation) for annotation in annotations),
    ]


def start_from(studio: Studio, project: Project, agreed: Annotation) -> None:
    """Let the server put what all agree on in place where somebody begins."""
    studio.update(project, {"model_version": version_name(AGREED, agreed)})


def made_from(task: Raw, annotators: Mapping[str, object]) -> tuple[str, ...]:
    """The annotators whose versions stand in a task."""
    shown = (str(entry.get("model_version")).partition(" ")[0] for entry in task.get("predictions") or [])
    return tuple(sorted({name for name in shown if name in annotators}))


def pull(corpus: Corpus, inventory: Inventory, state: State, server: str, raw: Sequence[Raw], who: str) -> list[Made]:
    """The gold that an adjudicator submitted, article by article; nothing is written into the corpus.

    Raises Refused if somebody else has submitted there, or for an article that the corpus does not have.
    """
    people = state.people(server)
    present = {user_of(entry) for task in raw for entry in task.get("annotations") or []}
    others = {pseudonym(number, people) for number in present} - {who}
    if others:
        names = ", ".join(sorted(others))
        raise Refused(f"{names} submitted there, too: gold has one adjudicator; delete what is not {who}'s")
    return list(_read(corpus, inventory, raw, who))


def _read(corpus: Corpus, inventory: Inventory, raw: Sequence[Raw], who: str) -> Iterator[Made]:
    mapper, annotators, known = Mapper(inventory), corpus.read_annotators(), set(corpus.article_ids())
    for task in raw:
        article = article_of(task)
        if article is None or article not in known:
            raise Refused(f"task {task.get('id')} is of no article of the corpus; delete it")
        submitted = [entry for entry in task.get("annotations") or [] if not entry.get("was_cancelled")]
        if not submitted:
            yield Made(article, None, [])
            continue
        text = corpus.read_text(article)
        if task["data"].get("text") != text:
            raise Refused(f"task {task.get('id')} has another text than {article}; set the adjudication up again")
        last = max(submitted, key=lambda entry: int(entry["id"]))
        file = f"annotations/{GOLD}/{article}.json"
        origin = Origin(article, who, file, "adjudicated", made_from(task, annotators))
        gold, findings, _ = mapper.result(last.get("result"), text, origin, sha256(text))
        if gold is not None and corpus.annotation_path(GOLD, article).is_file():
            gold = with_relation_notes(gold, corpus.read_annotation(GOLD, article))
        yield Made(article, gold, list(findings))
