"""What a migration would change, and whether it may: all is made beforehand, looked at, and only then written."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate import inventory
from annotate.corpus import Corpus
from annotate.errors import CannotRun, Refused
from annotate.inventory import Inventory
from annotate.labelstudio.client import Studio
from annotate.labelstudio.state import State
from annotate.migration import annotations, yaml_files
from annotate.migration import projects as team
from annotate.migration.files import Decisions, Places, changes, tried
from annotate.migration.projects import Effect, Found
from annotate.migration.steps import Migration
from annotate.migration.transaction import Journal

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
        texts = yaml_files.steps(text, migration)
    except ValueError as error:
        raise CannotRun(schema, str(error), "fix the migration file") from error
    named = zip(migration.steps, texts, strict=True)
    return texts, [first, *(_loaded(schema, one, f"after {step}") for step, one in named)]


def _loaded(schema: Path, text: str, when: str) -> Inventory:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / inventory.FILE).write_bytes(text.encode("utf-8"))
        try:
            return inventory.load(folder)
        except CannotRun as error:
            raise CannotRun(schema, f"{when}: {error.problem}", error.hint) from error


def touched(corpus: Corpus, migration: Migration) -> list[Touched]:
    """What each step does to the corpus."""
    counts = [[0, 0, 0] for _ in migration.steps]
    for version in corpus.versions():
        for article in corpus.annotated_ids(version):
            now = corpus.read_annotation(version, article)
            for number, step in enumerate(migration.steps):
                after = annotations.annotation([step], now, version, now.inventory)
                spans = len(set(map(msgspec.json.encode, now.spans)) - set(map(msgspec.json.encode, after.spans)))
                relations = len(set(now.relations) - set(after.relations))
                for place, count in enumerate((spans, relations, bool(spans or relations))):
                    counts[number][place] += count
                now = after
    return [Touched(str(step), *found) for step, found in zip(migration.steps, counts, strict=True)]


class Plan(NamedTuple):
    """What would change: all of it, what each step does to the corpus and to each project, what is left to people."""

    journal: Journal
    touched: list[Touched]
    effects: list[Effect]
    left: list[str]


class Ways(NamedTuple):
    """What other rooms know: the errors of a corpus, in words, and its files of decisions after a migration."""

    check: Check
    decisions: Decisions


def plan(
    places: Places, migration: Migration, ways: Ways, studio: Studio | None, state: State, projects: list[Found]
) -> Plan:
    """All that the migration changes, made and checked: the corpus is clean before and after, and the server equal.

    Raises CannotRun and Refused; nothing is changed.
    """
    corpus, schema, _ = places
    text = (schema / inventory.FILE).read_bytes().decode("utf-8")
    texts, known = inventories(schema, text, migration)
    _clean(ways.check(corpus, known[0]), "fix the corpus first")
    files, left = changes(places, migration, texts[-1], known[0], known[-1], ways.decisions)
    made = Plan(Journal(migration, text, files, []), touched(corpus, migration), [], left)
    people = state.annotators(studio.address.name) if studio else {}
    with tried(corpus, files) as copy:
        _clean(ways.check(copy, known[-1]), "the migration leaves these; change its steps")
        for found in projects:
            assert studio  # noqa: S101 - projects were found on it
            live, raw = team.live(studio, state, people, found, corpus, migration, known)
            made.journal.lives.append(live)
            made.effects.extend(team.effects(found, raw, people, migration, known))
            new = team.after(raw, live.entries)
            team.equal(copy, known[-1], new, people, found, "so it would be after the migration")
    return made


def _clean(errors: list[str], hint: str) -> None:
    if errors:
        raise Refused("corpus", f"{len(errors)} errors ({errors[0]})", hint)
