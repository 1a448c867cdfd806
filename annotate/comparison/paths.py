"""What the path of a file below `corpus/` and `schema/` says: the kind of file, and the article that it belongs to."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from annotate.comparison.model import FileKind

CORPUS, SCHEMA = "corpus", "schema"
"""The first part of every path of a version, wherever its files are on disk."""
CHANGELOG = "CHANGELOG.md"
"""The changelog of the data, in the corpus folder. No manifest lists it: a person edits it after that is written."""

_KINDS_BY_ARTICLE: dict[tuple[str, str], FileKind] = {
    ("articles", "txt"): "text",
    ("articles", "json"): "metadata",
    ("coverage", "json"): "coverage",
    ("adjudication", "yaml"): "adjudication",
}
"""Folder and extension of the files that are named after an article."""


class PathInfo(NamedTuple):
    """The kind of a file, its article, and for an annotation the annotation set."""

    kind: FileKind
    article_id: str | None = None
    annotation_set: str | None = None


def classify_path(file: str) -> PathInfo:
    """Tell what a file is from its path.

    Args:
        file: A path that begins with `corpus/` or `schema/`.
    """
    root, *folders, name = file.split("/")
    if root != CORPUS:
        return PathInfo("schema" if root == SCHEMA else "other")
    stem, _, extension = name.rpartition(".")
    match folders:
        case []:
            return PathInfo("links" if name == "links.json" else "other")
        case ["annotations", annotation_set] if extension == "json":
            return PathInfo("annotation", stem, annotation_set)
        case [folder] if (folder, extension) in _KINDS_BY_ARTICLE:
            return PathInfo(_KINDS_BY_ARTICLE[folder, extension], stem)
        case ["splits"] if extension == "txt":
            return PathInfo("split")
        case ["sources", *_]:
            return PathInfo("source")
    return PathInfo("other")


class FileIndex:
    """The files of a version by article. Files of no article are under the empty id."""

    def __init__(self, files: Iterable[str]) -> None:
        self.by_article: dict[str, list[str]] = defaultdict(list)
        self.article_ids: set[str] = set()
        self.splits: list[str] = []
        for file in files:
            kind, article_id, _ = classify_path(file)
            self.by_article[article_id or ""].append(file)
            if kind == "metadata" and article_id:
                self.article_ids.add(article_id)
            elif kind == "split":
                self.splits.append(file)
