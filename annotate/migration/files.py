"""The files of a repository after a migration: all that name a label as data, and what people must fix in the rest.

Where prose still names what a migration took away: shown, and left to people, since no step rewrites a sentence.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml

from annotate import baseline, generate, inventory
from annotate import inventory as classes
from annotate.corpus import Corpus, encode_annotation, encode_coverage
from annotate.coverage import up_to_date
from annotate.errors import CannotRun
from annotate.generate import annotation_schema_text
from annotate.inventory import Inventory
from annotate.migration import annotations, yaml_files
from annotate.migration.steps import Migration
from annotate.migration.transaction import File
from annotate.model import GOLD, Annotation

_GENERATED = re.compile(r"<!-- generated: .*?<!-- /generated -->", re.DOTALL)
_NOTES = re.compile(r'"(?:note|reason)": "((?:[^"\\]|\\.)*)"')


class Mention(NamedTuple):
    """A line, counted from 1, and the old name in it; `page`: the file itself is called so."""

    file: Path
    line: int
    name: str
    page: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'the page is called after' if self.page else 'still names'} {self.name}"


def gone(before: Inventory, after: Inventory) -> tuple[list[str], list[str]]:
    """Labels that the new inventory does not have; and attributes, values and relations."""

    def others(one: Inventory) -> set[str]:
        values = (value for attribute in one.attributes.values() for value in attribute.values)
        return {*one.attributes, *one.relations, *values}

    labels = [name for name in before.spans if name not in after.spans]
    return labels, sorted(others(before) - others(after) - set(after.spans))


def mentions(files: Mapping[Path, str], labels: list[str], others: list[str]) -> Iterator[Mention]:
    """The lines of files that name a label as a word, or another old name in `code`; generated tables are left out.

    Of YAML in `adjudication/` and of JSON, only reasons and notes are prose.
    """
    bounded = [(name, re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")) for name in labels]
    quoted = [(name, re.compile(rf"`(?:[\w-]+\.)?{re.escape(name)}`")) for name in others]
    for file, text in files.items():
        named = [name for name in labels if file.suffix == ".md" and file.stem.lower() == name.lower()]
        yield from (Mention(file, 1, name, page=True) for name in named)
        for line, words in _prose_mentions(file, text):
            yield from (Mention(file, line, name) for name, pattern in (*bounded, *quoted) if pattern.search(words))


def _prose_mentions(file: Path, text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that people wrote, with their numbers."""
    if file.suffix == ".md":
        text = _GENERATED.sub(lambda found: "\n" * found[0].count("\n"), text)
    if file.suffix == ".yaml" and file.parent.name == "adjudication":
        yield from _reasons(yaml.compose(text, yaml.SafeLoader))
        return
    for number, line in enumerate(text.splitlines(), 1):
        yield number, " ".join(_NOTES.findall(line)) if file.suffix == ".json" else line


def _reasons(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Every `reason` below a node."""
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _reasons(one)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "reason" and isinstance(value, yaml.ScalarNode):
                yield value.start_mark.line + 1, value.value
            else:
                yield from _reasons(value)


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
            Rewritten(schema / classes.FILE_CLASSES, classes.encode(classes.extended(ids, after.named)).encode("utf-8"))
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
            yield version, article, old, annotations.annotation(migration.steps, old, version, migration.after)


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
            new = yaml_files.migrated(old.decode("utf-8"), migration.steps, after)
            yield Rewritten(path, new.encode("utf-8"))
        except ValueError as error:
            yield Rewritten(path, old, (f"{path}:1: stays as it is, and must be fixed by hand: {error}",))


def _pages(guidelines: Path, migration: Migration, after: Inventory) -> Iterator[Rewritten]:
    """The pages with tables made from the inventory. A table of a label that was dropped goes with it."""

    def marked(found: re.Match[str]) -> str:
        name = annotations.label(migration.steps, found["name"])
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
            raise CannotRun(guidelines / Path(error.where).relative_to(copy), error.problem, error.hint) from error
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
