"""The files of a repository after a migration: all that name a label as data, and what people must mend in the rest."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate import baseline, classes, generate, inventory
from annotate.annotation_schema import annotation_schema_text
from annotate.coverage import up_to_date
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.migration import baseline_text, rewriting
from annotate.labelstudio.migration.mentions import gone, mentions
from annotate.labelstudio.migration.run import File
from annotate.labelstudio.migration.steps import Migration
from annotate.model import GOLD, Annotation
from annotate.store import Corpus, encode_annotation, encode_coverage

_TABLE = "<!-- generated:"
_MARKED = re.compile(r"<!-- generated: label (?P<name>\S+) -->\n.*?<!-- /generated -->\n?", re.DOTALL)


class Places(NamedTuple):
    """The folders that a migration changes; no guidelines where there are none."""

    corpus: Corpus
    schema: Path
    guidelines: Path | None


class Rewritten(NamedTuple):
    """A file's new bytes, and what a person must look at in it, in words."""

    path: Path
    new: bytes
    notes: tuple[str, ...] = ()


Decisions = Callable[[Corpus, Migration], Iterable[Rewritten]]
"""The files of decisions between annotators, which another room knows how to read."""


class Changes(NamedTuple):
    """The files that change, and what is left to people, in words."""

    files: list[File]
    left: list[str]


def changes(
    places: Places, migration: Migration, text: str, before: Inventory, after: Inventory, decisions: Decisions
) -> Changes:
    """What becomes of every file; `text` is the new inventory's."""
    corpus, schema, guidelines = places
    made = [Rewritten(schema / inventory.FILE, text.encode("utf-8"))]
    generated = schema / "annotation.schema.json"
    if generated.is_file():
        made.append(Rewritten(generated, annotation_schema_text(after).encode("utf-8")))
    ids = classes.read(schema)
    if ids is not None:
        made.append(
            Rewritten(schema / classes.FILE, classes.encode(classes.extended(ids, after.named)).encode("utf-8"))
        )
    made += [
        *_annotations(corpus, migration, after),
        *decisions(corpus, migration),
        *_baseline(schema, migration, after),
    ]
    made += _pages(guidelines, migration, after) if guidelines else []
    left = [note for one in made for note in one.notes]
    prose = dict(_prose(places)) | {one.path: one.new.decode("utf-8") for one in made}
    left += map(str, mentions(prose, *gone(before, after)))
    files = [File(str(one.path.absolute()), one.path.read_bytes(), one.new) for one in made]
    return Changes([file for file in files if file.old != file.new], left)


def changed(corpus: Corpus, migration: Migration) -> Iterator[tuple[str, str, Annotation, Annotation]]:
    """Version, article, and the annotation before and after, of every annotation in the corpus."""
    for version in corpus.versions():
        for article in corpus.annotated_ids(version):
            old = corpus.read_annotation(version, article)
            yield version, article, old, rewriting.annotation(migration.steps, old, version, migration.after)


def _annotations(corpus: Corpus, migration: Migration, after: Inventory) -> Iterator[Rewritten]:
    """The annotations, and the counts of coverage for those of gold."""
    for version, article, _, new in changed(corpus, migration):
        yield Rewritten(corpus.annotation_path(version, article), encode_annotation(new))
        if version == GOLD and article in corpus.covered_ids():
            coverage = up_to_date(corpus.read_coverage(article), new, after)
            reason = f"its labels were dropped with inventory {migration.after}"
            sentences = tuple(
                one if one.has or one.reason else msgspec.structs.replace(one, reason=reason)
                for one in coverage.sentences
            )
            coverage = msgspec.structs.replace(coverage, sentences=sentences)
            yield Rewritten(corpus.coverage_path(article), encode_coverage(coverage))


def _baseline(schema: Path, migration: Migration, after: Inventory) -> Iterator[Rewritten]:
    path = schema / baseline.FILE
    if path.is_file():
        old = path.read_bytes()
        try:
            new = baseline_text.migrated(old.decode("utf-8"), migration.steps, after)
            yield Rewritten(path, new.encode("utf-8"))
        except ValueError as error:
            yield Rewritten(path, old, (f"{path}:1: stays as it is, and must be mended by hand: {error}",))


def _pages(guidelines: Path, migration: Migration, after: Inventory) -> Iterator[Rewritten]:
    """The pages with tables made from the inventory. A table of a label that was dropped goes with it."""

    def marked(found: re.Match[str]) -> str:
        name = rewriting.label(migration.steps, found["name"])
        return found[0].replace(f" {found['name']} -->", f" {name} -->", 1) if name else ""

    pages = {path: text for path in sorted(guidelines.rglob("*.md")) if _TABLE in (text := path.read_text("utf-8"))}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for path, text in pages.items():
            page = copy / path.relative_to(guidelines)
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(_MARKED.sub(marked, text), "utf-8")
        try:
            made = generate.generated_files(after, copy, copy)
        except CannotRun as error:
            raise CannotRun(guidelines / Path(error.where).relative_to(copy), error.problem, error.mend) from error
        for path in pages:
            page = copy / path.relative_to(guidelines)
            yield Rewritten(path, (made.get(page) or page.read_text("utf-8")).encode("utf-8"))


def _prose(places: Places) -> Iterator[tuple[Path, str]]:
    """Files with sentences in them that may name a label; a changelog tells of what was."""
    pages = sorted(places.guidelines.rglob("*.md")) if places.guidelines else []
    for path in (*pages, places.corpus.root / "statement.yaml", places.corpus.root / "links.json"):
        if path.is_file() and path.name != "CHANGELOG.md":
            yield path, path.read_text("utf-8")


@contextmanager
def tried(corpus: Corpus, files: list[File]) -> Iterator[Corpus]:
    """A copy of the corpus, in a folder of its own, with the files changed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "corpus"
        shutil.copytree(corpus.root, copy)
        for file in files:
            if Path(file.path).is_relative_to(corpus.root.absolute()):
                (copy / Path(file.path).relative_to(corpus.root.absolute())).write_bytes(file.new)
        yield Corpus(copy)
