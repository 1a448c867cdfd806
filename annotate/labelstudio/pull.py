"""What people labelled on a server, back into the corpus: a file an annotator and article, and the raw tasks beside."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio import rules
from annotate.labelstudio.client import Raw, Refused
from annotate.labelstudio.results import Mapped, Mapper, article_of, pseudonym, user_of
from annotate.labelstudio.state import State
from annotate.model import GOLD, Annotation, Relation
from annotate.store import Corpus, encode_annotation


class Pulled(NamedTuple):
    """What a pull did: files written and left alone (as annotator/article), findings, and items set aside."""

    written: list[str]
    unchanged: list[str]
    findings: list[Finding]
    set_aside: int


def users(raw: Iterable[Raw]) -> list[int]:
    """The numbers of the server's users who submitted or skipped something."""
    numbers = {user_of(annotation) for task in raw for annotation in task.get("annotations") or []}
    return sorted(number for number in numbers if number is not None)


def name_user(corpus: Corpus, state: State, server: str, raw: Iterable[Raw], annotator: str, user: int | None) -> None:
    """Remember which annotator a server's user is; without a number, the one user who is not known yet.

    Raises CannotRun for an annotator who is not listed, Refused where it is not clear who is meant.
    """
    _listed(corpus, annotator)
    people = state.people(server)
    if user is None:
        unnamed = [number for number in users(raw) if number not in people]
        if not unnamed and annotator in people.values():
            return
        if len(unnamed) != 1:
            numbers = ", ".join(map(str, unnamed)) or "none"
            raise Refused(f"users of the server without a name: {numbers}; say which is {annotator} with --user NUMBER")
        user = unnamed[0]
    other = next((number for number, name in people.items() if name == annotator and number != user), None)
    if other is not None:
        raise Refused(f"{annotator} is user {other} of the server already; two people cannot share one name")
    state.remember_people(server, people | {user: annotator})


def _listed(corpus: Corpus, annotator: str) -> None:
    if annotator == GOLD or annotator not in corpus.read_annotators():
        raise CannotRun(corpus.annotators_path, f"does not list {annotator!r}", "add the annotator there first")


def pull(corpus: Corpus, inventory: Inventory, state: State, server: str, raw: Iterable[Raw]) -> Pulled:
    """Write the annotations of raw tasks into the corpus; a file that would stay the same is left alone.

    Raises Refused, before anything is written, if a user of the server stands for no annotator.
    """
    raw = list(raw)
    people = state.people(server)
    for number in users(raw):
        if number not in people:
            raise Refused(
                f"user {number} of the server stands for no annotator; "
                f"name one from annotators.yaml: annotate studio pull --annotator ID --user {number}"
            )
        _listed(corpus, people[number])
    mapper, known = Mapper(inventory), set(corpus.article_ids())
    done = Pulled([], [], [], 0)
    kept: dict[str, list[Raw]] = {}
    entries: dict[str, list[Mapped]] = {}
    for task in raw:
        article = article_of(task)
        if article is None or article not in known:
            data = task.get("data")
            named = data.get("article") if isinstance(data, dict) else None
            done.findings.extend(rules.article_unknown("articles", article, named, task.get("id")))
            kept.setdefault("unknown", []).append(task)
            done = done._replace(set_aside=done.set_aside + len(task.get("annotations") or []))
            continue
        kept.setdefault(article, []).append(task)
        mapped = mapper.task(task, corpus.read_text(article), people)
        entries.setdefault(article, []).extend(entry for entry in mapped if entry.kind != "prediction")
    for name, tasks in kept.items():
        # The name `unknown` could be an article's too; with a dot before it, it cannot.
        path = f"raw/{name}.json" if name in known else "raw/.unknown.json"
        state.write_bytes(path, msgspec.json.encode(tasks) + b"\n")
    for article, labelled in entries.items():
        done = _write(corpus, article, labelled, people, done)
    return done


def _write(corpus: Corpus, article: str, entries: list[Mapped], people: Mapping[int, str], done: Pulled) -> Pulled:
    aside = 0
    by_person: dict[str, list[Mapped]] = {}
    for entry in entries:
        done.findings.extend(entry.findings)
        if entry.kind == "annotation" and entry.annotation is not None:
            by_person.setdefault(pseudonym(entry.person, people), []).append(entry)
        if any(finding.severity == "error" for finding in entry.findings):
            aside += len(entry.set_aside)
    for person, several in by_person.items():
        taken = max(several, key=lambda entry: entry.number if isinstance(entry.number, int) else -1)
        if len(several) > 1:
            numbers = sorted(str(entry.number) for entry in several)
            file = f"annotations/{person}/{article}.json"
            done.findings.extend(rules.annotated_twice(file, article, person, numbers, taken.number))
            aside += len(several) - 1
        if taken.annotation is not None:
            _store(corpus, person, taken.annotation, done)
    return done._replace(set_aside=done.set_aside + aside)


def _store(corpus: Corpus, person: str, annotation: Annotation, done: Pulled) -> None:
    path = corpus.annotation_path(person, annotation.article)
    before = path.read_bytes() if path.is_file() else None
    if before is not None:
        annotation = with_relation_notes(annotation, corpus.read_annotation(person, annotation.article))
    name = f"{person}/{annotation.article}"
    if encode_annotation(annotation) == before:
        done.unchanged.append(name)
    else:
        corpus.write_annotation(person, annotation)
        done.written.append(name)


def with_relation_notes(annotation: Annotation, before: Annotation) -> Annotation:
    """The annotation with the notes that its relations had before: the browser drops them when somebody submits."""
    notes = {(one.label, one.head, one.tail): one.note for one in before.relations if one.note}

    def noted(relation: Relation) -> Relation:
        note = relation.note or notes.get((relation.label, relation.head, relation.tail), "")
        return msgspec.structs.replace(relation, note=note)

    return msgspec.structs.replace(annotation, relations=tuple(noted(relation) for relation in annotation.relations))
