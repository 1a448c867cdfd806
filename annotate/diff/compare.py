"""Two versions of a corpus, compared article by article: what differs is decoded, the rest only read, or not even that.

Names and counts are held of both versions, bytes of a few files at a time.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from annotate import classes, inventory
from annotate.diff import columns
from annotate.diff import inventory as inventories
from annotate.diff.files import Renamed, Version, changed, known, text_of
from annotate.diff.model import FileChange, SplitMove
from annotate.diff.summary import TEST, Share, Summarising, Summary
from annotate.diff.trees import CORPUS, SCHEMA, Tree
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD


class _Labels(msgspec.Struct):
    """An annotation whose labels are counted and not looked at."""

    spans: list[msgspec.Raw]
    relations: list[msgspec.Raw]


class Comparison:
    """Two versions; `files` gives the changes one by one, and `summary` is whole once all were taken."""

    def __init__(self, old: Tree, new: Tree) -> None:
        self.old, self.new = old, new
        self._before, self._after = old.files(), new.files()
        self.inventories = _inventory(old, self._before), _inventory(new, self._after)
        found, renames = inventories.changes(*self.inventories)
        self.renamed = Renamed(renames["label"], renames["relation"])
        self.summary = Summary(inventory=found, columns=columns.changes(*self.inventories))
        self._lists = _splits(old, self._before), _splits(new, self._after)
        both = _articles(self._before) & _articles(self._after)
        self.summary.moves = list(_moves(*self._lists, both))
        tested = frozenset(self._lists[0].get(TEST, ())) & _articles(self._before)
        self._tested = tested or None
        self._both = both

    def files(self) -> Iterator[FileChange]:
        """Every file that differs: first those of no article, then article by article, each by path."""
        summing = Summarising(self.summary, self._both, self._tested)
        self.summary.files.clear()
        for group in _grouped({**self._before, **self._after}):
            for change in self._group(group):
                summing.add(change)
                yield change
        self.summary.share = self._share()

    def summed(self) -> Summary:
        """The summary, with the changes taken and let go."""
        for _ in self.files():
            pass
        return self.summary

    def _group(self, files: Iterable[str]) -> Iterator[FileChange]:
        """The changes of one article's files; its text goes first, as the places of its labels hang on it."""
        texts: tuple[str, str] | None = None
        for file in sorted(files, key=lambda name: (known(name).kind != "text", name)):
            pair = self._pair(file)
            if pair is None:
                continue
            if known(file).kind == "text":
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


def _grouped(files: Iterable[str]) -> Iterator[list[str]]:
    """Files by article; those of none first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for file in files:
        groups[known(file).article or ""].append(file)
    return (groups[article] for article in sorted(groups))


def _articles(files: Iterable[str]) -> frozenset[str]:
    return frozenset(one.article for one in map(known, files) if one.kind == "metadata" and one.article)


def _splits(tree: Tree, files: Iterable[str]) -> dict[str, list[str]]:
    """Split → ids of its articles."""
    lists = (file for file in files if known(file).kind == "split")
    return {Path(file).stem: tree.read(file).decode("utf-8", "replace").split() for file in lists}


def _moves(old: Mapping[str, list[str]], new: Mapping[str, list[str]], both: frozenset[str]) -> Iterator[SplitMove]:
    before, after = ({name: split for split, names in lists.items() for name in names} for lists in (old, new))
    for article in sorted(both):
        if before.get(article) != after.get(article):
            yield SplitMove(article=article, old=before.get(article), new=after.get(article))


def _inventory(tree: Tree, files: Mapping[str, str]) -> Inventory:
    """The inventory of a version. Raises CannotRun, naming the version, where there is none that can be loaded."""
    wanted = [f"{SCHEMA}/{name}" for name in (inventory.FILE, classes.FILE)]
    if wanted[0] not in files:
        raise CannotRun(f"{tree.name}:{wanted[0]}", "there is no inventory", "name the schema folder with --schema")
    with tempfile.TemporaryDirectory(prefix="annotate-") as folder:
        for file in wanted:
            if file in files:
                (Path(folder) / Path(file).name).write_bytes(tree.read(file))
        try:
            return inventory.load(folder)
        except CannotRun as error:
            where = error.where.replace(folder, f"{tree.name}:{SCHEMA}")
            raise CannotRun(where, error.problem, error.mend) from error
