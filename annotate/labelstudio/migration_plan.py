"""What a migration would change, and whether it may: all is made beforehand, looked at, and only then written."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate import inventory
from annotate.annotation_schema import annotation_schema_text
from annotate.coverage import up_to_date
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio import compare, inventory_text, push, usage
from annotate.labelstudio import migration as pure
from annotate.labelstudio.client import Project, Raw, Refused, Studio
from annotate.labelstudio.config import labeling_config, vocabulary
from annotate.labelstudio.migrate import Entry, File, Journal, Live, entry_of, found_entries
from annotate.labelstudio.migration import Migration
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Prediction
from annotate.model import GOLD
from annotate.store import Corpus, encode_annotation, encode_coverage

Check = Callable[[Corpus, Inventory], list[str]]
"""The errors of a corpus, in words."""


class Touched(NamedTuple):
    """How many spans and relations of the corpus a step changes or drops, in how many files."""

    step: str
    spans: int
    relations: int
    files: int


def inventories(schema: Path, text: str, migration: Migration) -> tuple[list[str], list[Inventory]]:
    """The inventory's text after each step, and the inventories before, between and after them; raises CannotRun."""
    first = _loaded(schema, text, "before the migration")
    if first.version != migration.before:
        raise CannotRun(schema, f"the inventory is {first.version}", f"the migration starts from {migration.before}")
    try:
        texts = inventory_text.steps(text, migration)
    except ValueError as error:
        raise CannotRun(schema, str(error), "mend the migration file") from error
    named = zip(migration.steps, texts, strict=True)
    return texts, [first, *(_loaded(schema, one, f"after {step}") for step, one in named)]


def _loaded(schema: Path, text: str, when: str) -> Inventory:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / inventory.FILE).write_bytes(text.encode("utf-8"))
        try:
            return inventory.load(folder)
        except CannotRun as error:
            raise CannotRun(schema, f"{when}: {error.problem}", error.mend) from error


def touched(corpus: Corpus, migration: Migration) -> list[Touched]:
    """What each step does to the corpus."""
    counts = [[0, 0, 0] for _ in migration.steps]
    for version in corpus.versions():
        for article in corpus.annotated_ids(version):
            now = corpus.read_annotation(version, article)
            for number, step in enumerate(migration.steps):
                after = pure.annotation([step], now, version, now.inventory)
                spans = len(set(map(msgspec.json.encode, now.spans)) - set(map(msgspec.json.encode, after.spans)))
                relations = len(set(now.relations) - set(after.relations))
                for place, count in enumerate((spans, relations, bool(spans or relations))):
                    counts[number][place] += count
                now = after
    return [Touched(str(step), *found) for step, found in zip(migration.steps, counts, strict=True)]


def files(corpus: Corpus, schema: Path, migration: Migration, text: str, after: Inventory) -> list[File]:
    """Every file that changes: the inventory, its generated schema, annotations, and the counts of coverage."""
    found = [_file(schema / inventory.FILE, text.encode("utf-8"))]
    generated = schema / "annotation.schema.json"
    if generated.is_file():
        found.append(_file(generated, annotation_schema_text(after).encode("utf-8")))
    for version in corpus.versions():
        for article in corpus.annotated_ids(version):
            old = corpus.read_annotation(version, article)
            new = pure.annotation(migration.steps, old, version, migration.after)
            found.append(_file(corpus.annotation_path(version, article), encode_annotation(new)))
            if version == GOLD and article in corpus.covered_ids():
                coverage = up_to_date(corpus.read_coverage(article), new, after)
                reason = f"its labels were dropped with inventory {migration.after}"
                sentences = tuple(
                    one if one.has or one.reason else msgspec.structs.replace(one, reason=reason)
                    for one in coverage.sentences
                )
                coverage = msgspec.structs.replace(coverage, sentences=sentences)
                found.append(_file(corpus.coverage_path(article), encode_coverage(coverage)))
    return [file for file in found if file.old != file.new]


def _file(path: Path, new: bytes) -> File:
    return File(str(path.absolute()), path.read_bytes(), new)


@contextmanager
def tried(corpus: Corpus, changed: list[File]) -> Iterator[Corpus]:
    """A copy of the corpus, in a folder of its own, with the files changed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "corpus"
        shutil.copytree(corpus.root, copy)
        for file in changed:
            if Path(file.path).is_relative_to(corpus.root.absolute()):
                (copy / Path(file.path).relative_to(corpus.root.absolute())).write_bytes(file.new)
        yield Corpus(copy)


def live(
    studio: Studio, state: State, project: Project, corpus: Corpus, migration: Migration, known: list[Inventory]
) -> tuple[Live, list[Raw]]:
    """The project before and after, and its tasks. Raises Refused where the server and the corpus are apart."""
    if vocabulary(project.config) != vocabulary(labeling_config(known[0])):
        raise Refused(f"project {project.number} has another labelling config than inventory {known[0].version}; push")
    raw = list(usage.tasks(studio, project))
    people = state.people(studio.where.name)
    _equal(corpus, known[0], raw, people, "pull, and push, before the migration")
    entries: list[Entry] = []
    for article, found in found_entries(raw):
        entry = entry_of(migration, known, corpus, people, article, found)
        entries.append(entry)
        unsaved = found[0] == "draft" or bool(found[1].get("was_cancelled"))
        if unsaved and any(step.kind == "drop" for step in migration.steps) and _less(entry):
            raise Refused(f"{article}: {found[0]} {entry.number}, which is in no corpus, would lose labels; submit it")
    config = labeling_config(known[-1])
    return Live(studio.where.name, project.number, project.config, config, entries), raw


def _less(entry: Entry) -> bool:
    return len(list(usage.names(entry.new["result"]))) < len(list(usage.names(entry.old["result"])))


def _equal(corpus: Corpus, loaded: Inventory, raw: list[Raw], people: dict[int, str], mend: str) -> None:
    versions = {str(entry.get("model_version")) for _, (kind, entry) in found_entries(raw) if kind == "prediction"}
    pushed = any(version.partition(" ")[0] == GOLD for version in versions)
    labels: dict[str, list[Prediction]] = {}
    if pushed:
        labels = {article: list(found) for article, found in push.predictions(corpus, loaded).items()}
    found = compare.compare(corpus, loaded, list(corpus.articles()), labels, raw, people)
    if found.differences:
        raise Refused(f"server and corpus differ in {len(found.differences)} places ({found.differences[0]}); {mend}")


def after(raw: list[Raw], entries: list[Entry]) -> list[Raw]:
    """The tasks as they will be."""
    new = {(entry.kind, entry.number): entry.new for entry in entries}
    keys = usage.KINDS.items()
    return [
        task | {key: [one | new.get((kind, one["id"]), {}) for one in task.get(key) or []] for key, kind in keys}
        for task in raw
    ]


def journal(
    corpus: Corpus, schema: Path, migration: Migration, check: Check, studio: Studio | None, state: State, title: str
) -> Journal:
    """All that the migration changes, made and checked: the corpus is clean before and after, and the server equal.

    Raises CannotRun and Refused; nothing is changed.
    """
    text = (schema / inventory.FILE).read_bytes().decode("utf-8")
    texts, known = inventories(schema, text, migration)
    _clean(check(corpus, known[0]), "mend the corpus first")
    changed = files(corpus, schema, migration, texts[-1], known[-1])
    made = Journal(migration, text, changed)
    raw: list[Raw] = []
    if studio:
        project = push.existing(studio, state, title)
        made.live, raw = live(studio, state, project, corpus, migration, known)
    with tried(corpus, changed) as copy:
        _clean(check(copy, known[-1]), "the migration leaves these; change its steps")
        if studio and made.live:
            people = state.people(studio.where.name)
            _equal(copy, known[-1], after(raw, made.live.entries), people, "so it would be after the migration")
    return made


def _clean(errors: list[str], mend: str) -> None:
    if errors:
        raise Refused(f"{len(errors)} errors in the corpus ({errors[0]}); {mend}")
