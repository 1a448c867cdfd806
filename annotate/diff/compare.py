"""Two versions of a corpus, compared article by article: what differs is decoded, the rest only read, or not even that.

Names and counts are held of both versions, bytes of a few files at a time.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from annotate import classes, inventory
from annotate.diff import columns
from annotate.diff import inventory as inventories
from annotate.diff.files import Renamed, Version, changed, text_of
from annotate.diff.model import FileChange, SplitMove
from annotate.diff.paths import Listing
from annotate.diff.summary import TEST, Share, Summarising, Summary
from annotate.diff.trees import CORPUS, SCHEMA, Tree
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD

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
        self.summary = Summary(inventory=found, columns=[] if one is other else columns.changes(one, other))
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
    names = (inventory.FILE, classes.FILE)
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
            raise CannotRun(where, error.problem, error.mend) from error
