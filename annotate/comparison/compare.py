"""Compare two versions of a corpus, article by article.

Equal files are read but not decoded, and not even read where both versions know their contents (git). Memory holds the
names and counts of both versions, and the bytes of a few files at a time.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import msgspec

from annotate import inventory
from annotate.class_ids import CLASS_IDS_FILE
from annotate.comparison.column_changes import list_column_changes
from annotate.comparison.compare_file import ChangedNames, FileVersion, compare_file, decode_text
from annotate.comparison.inventory_changes import list_inventory_changes
from annotate.comparison.model import FileChange, SplitMove
from annotate.comparison.paths import CORPUS, SCHEMA, FileIndex, classify_path
from annotate.comparison.summary import TEST, ChangedShare, Summary, SummaryBuilder
from annotate.comparison.trees import Tree
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.util.folders import temporary_folder
from annotate.util.progress import StartStep, count_items, ignore_steps
from annotate.util.typed_values import decode_as


class _LabelCounter(msgspec.Struct):
    """An annotation whose labels are counted, not decoded."""

    spans: list[msgspec.Raw]
    relations: list[msgspec.Raw]


class Comparison:
    """Two versions of a corpus, compared.

    Attributes:
        old: The files of the old version.
        new: The files of the new version.
        versions: Both versions, each with its files by path.
        inventories: The inventories of both versions.
        names: What changed in the inventory's names.
        summary: What the difference amounts to. It is complete once `compare_files` was exhausted.
    """

    def __init__(self, old: Tree, new: Tree, progress: StartStep = ignore_steps) -> None:
        """Compare the inventories and the splits; files are compared later.

        Args:
            old: The files of the old version.
            new: The files of the new version.
            progress: Called with the name and the number of articles when the files are about to be compared.

        Raises:
            CannotRun: A version has no inventory, or one that cannot be loaded.
        """
        self.old, self.new, self._progress = old, new, progress
        self._old_files, self._new_files = old.files(), new.files()
        self.versions = (old, self._old_files), (new, self._new_files)
        self._old_index, self._new_index = FileIndex(self._old_files), FileIndex(self._new_files)
        self.inventories = _load_inventories(*self.versions)
        changes, renames = list_inventory_changes(*self.inventories)
        added = frozenset(change.name for change in changes if (change.kind, change.what) == ("added", "attribute"))
        self.names = ChangedNames(renames["label"], renames["relation"], added)
        before, after = self.inventories
        self.summary = Summary(inventory=changes, columns=[] if before is after else list_column_changes(before, after))
        old_splits, new_splits = _read_splits(old, self._old_index), _read_splits(new, self._new_index)
        self._common_ids = frozenset(self._old_index.article_ids & self._new_index.article_ids)
        self.summary.moves = list(_list_moves(old_splits, new_splits, self._common_ids))
        self._test_ids = frozenset(old_splits.get(TEST, ())) & self._old_index.article_ids or None

    def compare_files(self) -> Iterator[FileChange]:
        """Yield the change of every file that differs: files of no article first, then article by article, by path.

        A second call compares again and starts a new summary.

        Raises:
            CannotRun: A file of an article cannot be decoded.
        """
        self.summary = Summary(inventory=self.summary.inventory, columns=self.summary.columns, moves=self.summary.moves)
        builder = SummaryBuilder(self.summary, self._common_ids, self._test_ids)
        before, after = self._old_index.by_article, self._new_index.by_article
        article_ids = sorted({*before, *after})
        for article_id in count_items(article_ids, self._progress(f"comparing with {self.old.name}", len(article_ids))):
            for change in self._compare_article(article_id, {*before.get(article_id, ()), *after.get(article_id, ())}):
                builder.add(change)
                yield change
        self.summary.share = self._count_test_share()

    def compare_articles(self) -> Iterator[tuple[str | None, Iterator[FileChange]]]:
        """Yield the changes of `compare_files` by article; None is the article of files of no article."""
        return groupby(self.compare_files(), key=lambda change: change.article)

    def summarize(self) -> Summary:
        """Compare all files and return only the summary.

        Raises:
            CannotRun: A file of an article cannot be decoded.
        """
        for _ in self.compare_files():
            pass
        return self.summary

    def list_lost_work(self) -> Iterator[str]:
        """Yield the files of annotators' labels that have no labels any more, and of decisions that are gone.

        Gold, and articles that are in one version only, are left out. A file of labels that is gone has no labels.
        """
        for file in sorted(self._old_files):
            kind, article_id, annotation_set = classify_path(file)
            if article_id not in self._common_ids or annotation_set == GOLD:
                continue
            if (kind == "adjudication" and file not in self._new_files) or (
                kind == "annotation" and not self._count_new_labels(file) and _count_labels(self.old, file)
            ):
                yield file

    def _count_new_labels(self, file: str) -> int:
        return _count_labels(self.new, file) if file in self._new_files else 0

    def _compare_article(self, article_id: str, files: set[str]) -> Iterator[FileChange]:
        """Compare the files of one article. The text goes first, since the ranges of the labels depend on it."""
        text = f"{CORPUS}/articles/{article_id}.txt"
        texts: tuple[str, str] | None = None
        for file in sorted(files, key=lambda name: (name != text, name)):
            pair = self._read_pair(file)
            if pair is None:
                continue
            if file == text:
                before, after = map(decode_text, pair)
                texts = (before, after) if before and after else None
            yield compare_file(file, *pair, texts, self.names)

    def _read_pair(self, file: str) -> tuple[FileVersion, FileVersion] | None:
        """Read both versions of a file; None where they are equal."""
        before, after = self._old_files.get(file), self._new_files.get(file)
        if before and before == after:
            return None
        old = None if before is None else self.old.read(file)
        new = None if after is None else self.new.read(file)
        if old == new:
            return None
        return FileVersion(f"{self.old.name}:{file}", old), FileVersion(f"{self.new.name}:{file}", new)

    def _count_test_share(self) -> ChangedShare:
        """Count the labels of the old test split, or of all gold without one. Count only where labels changed."""
        share = self.summary.share
        whole = self._test_ids is None
        if not share.moved:
            return ChangedShare(whole=whole)
        prefix = f"{CORPUS}/annotations/{GOLD}/"
        test_files = (f"{prefix}{article_id}.json" for article_id in sorted(self._test_ids or ()))
        files = (file for file in self._old_files if file.startswith(prefix)) if whole else test_files
        total = sum(_count_labels(self.old, file) for file in files if file in self._old_files)
        return ChangedShare(moved=share.moved, of=total, whole=whole)


def _count_labels(tree: Tree, file: str) -> int:
    """Count the labels of an annotation; 0 for a broken one, which is not a difference."""
    try:
        annotation = decode_as(tree.read(file), _LabelCounter)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0
    return len(annotation.spans) + len(annotation.relations)


def _read_splits(tree: Tree, index: FileIndex) -> dict[str, list[str]]:
    """Return the article ids of each split."""
    return {Path(file).stem: tree.read(file).decode("utf-8", "replace").split() for file in index.splits}


def _list_moves(
    old: Mapping[str, list[str]], new: Mapping[str, list[str]], common_ids: frozenset[str]
) -> Iterator[SplitMove]:
    before, after = ({article_id: split for split, ids in s.items() for article_id in ids} for s in (old, new))
    for article_id in sorted(common_ids):
        if before.get(article_id) != after.get(article_id):
            yield SplitMove(article=article_id, old=before.get(article_id), new=after.get(article_id))


_Version = tuple[Tree, Mapping[str, str]]


def _load_inventories(old: _Version, new: _Version) -> tuple[Inventory, Inventory]:
    """Load the inventories of both versions; one object is both where the files are equal."""
    before, after = _read_schema(*old), _read_schema(*new)
    old_inventory = _load_inventory(old[0], before)
    return old_inventory, old_inventory if before == after else _load_inventory(new[0], after)


def _read_schema(tree: Tree, files: Mapping[str, str]) -> dict[str, bytes]:
    """Read the files that make an inventory."""
    labels = f"{SCHEMA}/{inventory.INVENTORY_FILE}"
    if labels not in files:
        raise CannotRun(f"{tree.name}:{labels}", "the inventory is missing", "name the schema folder with --schema")
    names = (inventory.INVENTORY_FILE, CLASS_IDS_FILE)
    return {name: tree.read(f"{SCHEMA}/{name}") for name in names if f"{SCHEMA}/{name}" in files}


def _load_inventory(tree: Tree, files: Mapping[str, bytes]) -> Inventory:
    """Load the inventory of a version. An error names the version, not the temporary folder."""
    with temporary_folder() as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        try:
            loaded = inventory.load_inventory(folder)
            # Class ids are looked at later; what is wrong with them is in no folder that a reader could find.
            return msgspec.structs.replace(loaded, folder=f"{tree.name}:{SCHEMA}")
        except CannotRun as error:
            where = error.where.replace(str(folder), f"{tree.name}:{SCHEMA}")
            raise CannotRun(where, error.problem, error.hint) from error
