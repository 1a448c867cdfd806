"""Two versions of a corpus, compared article by article: what differs is decoded, the rest only read, or not even that.

Names and counts are held of both versions, bytes of a few files at a time.

One file in two versions → its change, from which the new bytes can be made of the old ones again.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate import inventory
from annotate import inventory as classes
from annotate.comparison import inventory as columns
from annotate.comparison import inventory as inventories
from annotate.comparison import match
from annotate.comparison.apply import Unfit, rebuilt
from annotate.comparison.match import Carried, Carry, as_they_are, edits
from annotate.comparison.model import FieldChange, FileChange, Replaced, SplitMove
from annotate.comparison.sources import CORPUS, SCHEMA, Listing, Tree, known
from annotate.comparison.summary import TEST, Share, Summarising, Summary
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Span
from annotate.offsets import sha256

T = TypeVar("T")

PROSE = frozenset({"text", "source"})
"""Kinds of files whose lines are paragraphs: what changed in them is told by the word."""

LABELS = frozenset({"spans", "relations"})
"""Fields of an annotation that have changes of their own."""


class Renamed(NamedTuple):
    """Old name → new name of the labels and relations that the inventory renamed."""

    labels: dict[str, str]
    relations: dict[str, str]


class Version(NamedTuple):
    """What a version has of a file, None: nothing; and what an error calls it."""

    where: str
    data: bytes | None


def changed(file: str, old: Version, new: Version, texts: tuple[str, str] | None, renamed: Renamed) -> FileChange:
    """The change of a file that differs. `texts` are those of its article where they differ.

    Raises CannotRun for an article or an annotation that cannot be read.
    """
    about = known(file)
    change = FileChange(
        file=file,
        kind=about.kind,
        article=about.article,
        version=about.version,
        old=None if old.data is None else sha256(old.data),
        new=None if new.data is None else sha256(new.data),
    )
    if about.kind == "annotation":
        change = _labels_files(change, _decoded(old, Annotation), _decoded(new, Annotation), texts, renamed)
    elif about.kind == "metadata":
        before, after = _decoded(old, dict[str, Any]), _decoded(new, dict[str, Any])
        change = msgspec.structs.replace(change, fields=_fields(before or {}, after or {}))
    if new.data is None or _gives(change, old.data, new.data):
        return change
    return _bytes(change, old.data or b"", new.data)


def text_of(version: Version) -> str:
    """The text of an article, empty where there is none. Raises CannotRun for what is no UTF-8."""
    try:
        return (version.data or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotRun(version.where, f"is not UTF-8 (byte {error.start})", "fix it there") from error


def _gives(change: FileChange, old: bytes | None, new: bytes) -> bool:
    """Whether fields and labels alone make the new file; not so where one of the two is not canonical."""
    try:
        return rebuilt(change, old) == new
    except Unfit:
        return False


def _bytes(change: FileChange, old: bytes, new: bytes) -> FileChange:
    try:
        edited = edits(old.decode("utf-8"), new.decode("utf-8"), by_word=change.kind in PROSE)
    except UnicodeDecodeError:
        return msgspec.structs.replace(change, replaced=Replaced(old=old, new=new))
    return msgspec.structs.replace(change, edits=edited)


def _decoded(version: Version, type_: type[T]) -> T | None:
    if version.data is None:
        return None
    try:
        return msgspec.json.decode(version.data, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(version.where, f"cannot be read: {error}", "fix it there, as `annotate check` says") from error


def _fields(old: dict[str, Any], new: dict[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field=name, old=old.get(name), new=new.get(name))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    )


def _labels_files(
    change: FileChange,
    old: Annotation | None,
    new: Annotation | None,
    texts: tuple[str, str] | None,
    renamed: Renamed,
) -> FileChange:
    carry = carried_by(texts)
    matched = match.match(old.spans if old else (), new.spans if new else (), carry, renamed.labels)
    return msgspec.structs.replace(
        change,
        fields=_fields(_plain(old), _plain(new)),
        spans=tuple(match.changes(matched, carry, renamed.labels)),
        relations=tuple(match.changes_relations(old, new, matched.pairs, renamed.relations)),
    )


def carried_by(texts: tuple[str, str] | None) -> Carry:
    """How the edits between two texts carry the place of a span."""
    if texts is None:
        return as_they_are
    carried = Carried(edits(*texts))

    def carry(span: Span) -> tuple[int, int]:
        start = carried(span.start)
        return start, max(start, carried(span.end, end=True))

    return carry


def _plain(annotation: Annotation | None) -> dict[str, Any]:
    """The fields of an annotation but for its labels."""
    if annotation is None:
        return {}
    names = (name for name in annotation.__struct_fields__ if name not in LABELS)
    return {name: msgspec.to_builtins(getattr(annotation, name)) for name in names}


Listed = tuple[Tree, Mapping[str, str]]
"""A version and its files."""


class _Labels(msgspec.Struct):
    """An annotation whose labels are counted and not looked at."""

    spans: list[msgspec.Raw]
    relations: list[msgspec.Raw]


class Comparison:
    """Two versions; `files` gives the changes one by one, and `summary` is whole once all were taken."""

    def __init__(self, old: Tree, new: Tree) -> None:
        self.old, self.new = old, new
        self._before, self._after = old.files(), new.files()
        self.versions = (old, self._before), (new, self._after)
        self._listed = Listing(self._before), Listing(self._after)
        self.inventories = _inventories(self.versions)
        found, renames = inventories.changes(*self.inventories)
        self.renamed = Renamed(renames["label"], renames["relation"])
        one, other = self.inventories
        self.summary = Summary(inventory=found, columns=[] if one is other else columns.changes_columns(one, other))
        lists = _splits(old, self._listed[0]), _splits(new, self._listed[1])
        self._both = frozenset(self._listed[0].articles & self._listed[1].articles)
        self.summary.moves = list(_moves(*lists, self._both))
        self._tested = frozenset(lists[0].get(TEST, ())) & self._listed[0].articles or None

    def files(self) -> Iterator[FileChange]:
        """Every file that differs: first those of no article, then article by article, each by path.

        Taken again, it compares and sums up anew.
        """
        known = self.summary
        self.summary = Summary(inventory=known.inventory, columns=known.columns, moves=known.moves)
        summing = Summarising(self.summary, self._both, self._tested)
        before, after = (listing.by_article for listing in self._listed)
        for article in sorted({*before, *after}):
            for change in self._group(article, {*before.get(article, ()), *after.get(article, ())}):
                summing.add(change)
                yield change
        self.summary.share = self._share()

    def summed(self) -> Summary:
        """The summary, with the changes taken and let go."""
        for _ in self.files():
            pass
        return self.summary

    def _group(self, article: str, files: set[str]) -> Iterator[FileChange]:
        """The changes of one article's files; its text goes first, as the places of its labels hang on it."""
        text = f"{CORPUS}/articles/{article}.txt"
        texts: tuple[str, str] | None = None
        for file in sorted(files, key=lambda name: (name != text, name)):
            pair = self._pair(file)
            if pair is None:
                continue
            if file == text:
                before, after = map(text_of, pair)
                texts = (before, after) if before and after else None
            yield changed(file, *pair, texts, self.renamed)

    def _pair(self, file: str) -> tuple[Version, Version] | None:
        """Both versions of a file; None where they are the same."""
        before, after = self._before.get(file), self._after.get(file)
        if before and before == after:
            return None
        old = None if before is None else self.old.read(file)
        new = None if after is None else self.new.read(file)
        if old == new:
            return None
        return Version(f"{self.old.name}:{file}", old), Version(f"{self.new.name}:{file}", new)

    def _share(self) -> Share:
        """How many labels the old test split has, or all gold; counted only where labels changed."""
        share = self.summary.share
        whole = self._tested is None
        if not share.moved:
            return Share(whole=whole)
        files = (f"{CORPUS}/annotations/{GOLD}/{article}.json" for article in sorted(self._tested or ()))
        prefix = f"{CORPUS}/annotations/{GOLD}/"
        counted = (file for file in self._before if file.startswith(prefix)) if whole else files
        of = sum(_labels(self.old, file) for file in counted if file in self._before)
        return Share(moved=share.moved, of=of, whole=whole)


def _labels(tree: Tree, file: str) -> int:
    """How many labels an annotation has; none if it is broken, which is no difference."""
    try:
        found = msgspec.json.decode(tree.read(file), type=_Labels)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0
    return len(found.spans) + len(found.relations)


def _splits(tree: Tree, listing: Listing) -> dict[str, list[str]]:
    """Split → ids of its articles."""
    return {Path(file).stem: tree.read(file).decode("utf-8", "replace").split() for file in listing.splits}


def _moves(old: Mapping[str, list[str]], new: Mapping[str, list[str]], both: frozenset[str]) -> Iterator[SplitMove]:
    before, after = ({name: split for split, names in lists.items() for name in names} for lists in (old, new))
    for article in sorted(both):
        if before.get(article) != after.get(article):
            yield SplitMove(article=article, old=before.get(article), new=after.get(article))


def _inventories(versions: tuple[Listed, Listed]) -> tuple[Inventory, Inventory]:
    """The inventories of both versions; where their files are the same, one is both."""
    (old, there), (new, here) = versions
    before, after = _schema(old, there), _schema(new, here)
    loaded = _loaded(old, before)
    return loaded, loaded if before == after else _loaded(new, after)


def _schema(tree: Tree, there: Mapping[str, str]) -> dict[str, bytes]:
    """The files that make an inventory. Raises CannotRun where there is none."""
    wanted = f"{SCHEMA}/{inventory.FILE}"
    if wanted not in there:
        raise CannotRun(f"{tree.name}:{wanted}", "there is no inventory", "name the schema folder with --schema")
    names = (inventory.FILE, classes.FILE_CLASSES)
    return {name: tree.read(f"{SCHEMA}/{name}") for name in names if f"{SCHEMA}/{name}" in there}


def _loaded(tree: Tree, files: Mapping[str, bytes]) -> Inventory:
    """The inventory of a version. Raises CannotRun, naming the version, where it cannot be loaded."""
    with tempfile.TemporaryDirectory(prefix="annotate-") as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        try:
            return inventory.load(folder)
        except CannotRun as error:
            where = error.where.replace(folder, f"{tree.name}:{SCHEMA}")
            raise CannotRun(where, error.problem, error.hint) from error
