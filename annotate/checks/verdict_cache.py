"""What earlier checks learned of articles whose files have not changed since, in the user's cache directory.

An entry holds the hash of all files of an article, whether the rules had findings, and what the checks of the corpus
compare: ids, hashes and counts, no words of texts. It has no findings: an article with findings is checked again. The
cache of a corpus is used only by the same toolkit with the same inventory.
"""

import sys
from collections.abc import Mapping
from hashlib import blake2b
from os import walk
from pathlib import Path

import msgspec

from annotate.checks.corpus import AnnotatorNames, ArticleFacts
from annotate.checks.model_runs import LabelTotals
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.util.private_cache import cache_folder, read_cache, write_cache

KIND = "checks"
_DIGEST_BYTES = 32
_PACKAGE = Path(__file__).resolve().parent.parent


class ArticleSummary(msgspec.Struct, array_like=True, frozen=True):
    """What a check learned of one article.

    Attributes:
        digest: The hash of its files; see `hash_files`.
        source_sha256: The SHA-256 of the source file that it was cut from; empty if its metadata cannot be read.
        are_labels_checked: Whether its labels met the rules. Otherwise only `names` were read, and `totals` also count
            labels that the rules refuse.
        is_clean: Whether its labels met the rules, and there was no finding on any of its files.
        facts: As in `CheckedArticle`, like those that follow.
        is_whole: Whether its text is the one that the metadata names.
        names: The annotators that its files of labels name.
        totals: The labels of each annotator with the run of a model.
    """

    digest: bytes
    source_sha256: str
    are_labels_checked: bool
    is_clean: bool
    facts: ArticleFacts | None
    is_whole: bool
    names: list[AnnotatorNames]
    totals: dict[str, LabelTotals]


class _CacheFile(msgspec.Struct, array_like=True):
    key: bytes
    articles: dict[str, ArticleSummary]


class VerdictCache:
    """The cache of one corpus, read when it is made, and written by `save`."""

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        root = corpus.root.resolve()
        self._name = f"{blake2b(bytes(root), digest_size=16).hexdigest()}.msgpack"
        # A folder in the corpus would come with the clone.
        self._is_used = not cache_folder(KIND).resolve().is_relative_to(root)
        self._key = _hash_parts(bytes(root), _describe_toolkit(), msgspec.json.encode(inventory))
        self._articles: dict[str, ArticleSummary] = {}
        self._new: dict[str, ArticleSummary] = {}
        data = read_cache(KIND, self._name) if self._is_used else None
        if data is not None:
            try:
                file = msgspec.msgpack.decode(data, type=_CacheFile)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                return
            if file.key == self._key:
                self._articles = file.articles

    def find(self, article_id: str, source_hashes: Mapping[str, str], *, must_be_clean: bool) -> ArticleSummary | None:
        """Return what is known of an article if its files still have the same hash.

        Args:
            article_id: The article.
            source_hashes: Source file → its SHA-256.
            must_be_clean: Whether its labels must have met the rules, without a finding.
        """
        cached = self._articles.get(article_id)
        if cached is None or must_be_clean > cached.is_clean:
            return None
        source = source_hashes.get(cached.facts.source, "") if cached.facts else ""
        return cached if cached.source_sha256 == source else None

    def keep(self, article_id: str, cached: ArticleSummary) -> None:
        """Keep what is known of an article for the next check."""
        self._new[article_id] = cached

    def save(self) -> None:
        """Write what was kept, unless it is what was read. Articles that were not kept are gone."""
        if self._is_used and self._new != self._articles:
            write_cache(KIND, self._name, msgspec.msgpack.encode(_CacheFile(self._key, self._new)))


def hash_files(files: Mapping[str, bytes | None], annotators_with_run: frozenset[str]) -> bytes:
    """Return the hash of the files of an article.

    Args:
        files: Path → contents, in a fixed order; None for a file that does not exist.
        annotators_with_run: The annotators with a run whose labels are counted.
    """
    names = repr(([(name, data is None) for name, data in files.items()], sorted(annotators_with_run)))
    return _hash_parts(names.encode("utf-8", "surrogateescape"), *filter(None, files.values()))


def _hash_parts(*parts: bytes) -> bytes:
    digest = blake2b(repr(list(map(len, parts))).encode(), digest_size=_DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _describe_toolkit() -> bytes:
    """Return what changes whenever the code of the checks may have: the files of the package, Python, and libraries."""
    files = [
        (path, status.st_size, status.st_mtime_ns)
        for folder, folders, names in walk(_PACKAGE)
        for name in names
        if name.endswith((".py", ".json"))
        for path in (f"{folder}/{name}",)
        for status in (Path(path).stat(),)
    ]
    libraries = Path(msgspec.__file__).parent.parent.stat().st_mtime_ns  # changed by each installation
    return repr((sys.version, libraries, sorted(files))).encode("utf-8", "surrogateescape")
