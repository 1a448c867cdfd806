"""What the path of a file below `corpus/` and `schema/` says: which kind of file it is, and of which article."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from annotate.diff.model import FileKind
from annotate.diff.trees import CORPUS, SCHEMA

_OF_ARTICLES: dict[tuple[str, str], FileKind] = {
    ("articles", "txt"): "text",
    ("articles", "json"): "metadata",
    ("coverage", "json"): "coverage",
    ("adjudication", "yaml"): "adjudication",
}
_FOLDERS: dict[str, FileKind] = {"sources": "source", "splits": "split"}


class Known(NamedTuple):
    """The kind of file, the article it is of, and whose labels it has."""

    kind: FileKind
    article: str | None = None
    version: str | None = None


def known(file: str) -> Known:
    """What the path of a file says."""
    root, *folders, name = file.split("/")
    if root != CORPUS:
        return Known("schema" if root == SCHEMA else "other")
    stem, _, ending = name.rpartition(".")
    if len(folders) == 2 and folders[0] == "annotations" and ending == "json":
        return Known("annotation", stem, folders[1])
    if len(folders) == 1 and (folders[0], ending) in _OF_ARTICLES:
        return Known(_OF_ARTICLES[folders[0], ending], stem)
    if not folders:
        return Known("links" if name == "links.json" else "other")
    kind = _FOLDERS.get(folders[0], "other")
    return Known("other" if kind == "split" and (len(folders) > 1 or ending != "txt") else kind)


class Listing:
    """The files of a version by article; those of none under the empty name."""

    def __init__(self, files: Iterable[str]) -> None:
        self.by_article: dict[str, list[str]] = defaultdict(list)
        self.articles: set[str] = set()
        self.splits: list[str] = []
        for file in files:
            kind, article, _ = known(file)
            self.by_article[article or ""].append(file)
            if kind == "metadata" and article:
                self.articles.add(article)
            elif kind == "split":
                self.splits.append(file)
