"""What a change can affect: the articles whose files were changed, and the findings that their change can cause.

A check of a change reads every file of the corpus, but only the labels of the changed articles meet the rules. Of other
articles it reads what the checks of the corpus compare. It shows the findings

- on the changed articles;
- on files that belong to no single article, such as links.json, a split or a source file;
- on any article, of rules that compare it with a file that is not its own.

So every finding that the whole check has after the change, and did not have before, is shown. A changed inventory,
guideline, list of annotators or list of waivers can affect every article: then the whole corpus is checked.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from annotate.checks import corpus as corpus_rules
from annotate.checks import coverage as coverage_rules
from annotate.checks import (
    dates,
    decisions,
    files,
    independence,
    metadata,
    relations,
    spans,
    text,
    value_words,
    vocabulary,
)
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.model import GOLD

OF_ONE_ARTICLE = frozenset(
    rule.code
    for rule in (
        *files.RULES,
        *text.RULES,
        *metadata.RULES,
        *dates.RULES,
        *vocabulary.RULES,
        *spans.RULES,
        *value_words.RULES,
        *relations.RULES,
        *coverage_rules.RULES,
        *corpus_rules.OF_ANNOTATION,
        *decisions.OF_FILE,
        *independence.RULES,
    )
    # A changed source file can be at odds with each article that was cut from it.
    if rule not in (text.not_the_source, text.source_changed)
)
"""Codes of findings on an article that only a change of its own files can cause."""

_AFFECT_ALL = frozenset({"annotators.yaml", "waivers.yaml", ""})
"""Files of the corpus whose change can affect every article; the empty path is the corpus folder itself."""


@dataclass(frozen=True)
class Selection:
    """What was changed in a corpus.

    Attributes:
        article_ids: The articles whose files were changed; they need not exist any more.
        has_splits: Whether the file of a split was changed.
    """

    article_ids: frozenset[str]
    has_splits: bool = False

    def hidden_codes(
        self,
        annotated: Mapping[str, Collection[str]],
        covered: Collection[str],
        splits: Mapping[str, Collection[str]],
        decided: Collection[str] = (),
    ) -> frozenset[str]:
        """Return the codes of findings on other articles that the change cannot have caused.

        Args:
            annotated: Article id → the annotation sets that have labels of it.
            covered: The articles that have a coverage file.
            splits: Split → its article ids.
            decided: The articles that have a file of decisions.
        """
        codes = set(OF_ONE_ARTICLE)
        # The first gold, coverage, split or file of decisions asks for more of them, in all articles.
        with_gold = [article_id for article_id, sets in annotated.items() if GOLD in sets]
        if self._lacks(with_gold):
            codes.add(corpus_rules.article_without_gold.code)
        if self._lacks(decided):
            codes.add(decisions.decisions_lost.code)
        # The change may have removed the last gold, too: then no coverage has any.
        if not with_gold or not self._lacks(covered):
            codes.discard(coverage_rules.not_covered.code)
        if not self.has_splits:
            codes |= {corpus_rules.article_in_two_splits.code, corpus_rules.shown_labels_in_gold.code}
            if self._lacks(article_id for article_ids in splits.values() for article_id in article_ids):
                codes.add(corpus_rules.article_in_no_split.code)
        return frozenset(codes)

    def _lacks(self, article_ids: Iterable[str]) -> bool:
        """Return whether one of these articles is not among the changed ones."""
        return any(article_id not in self.article_ids for article_id in article_ids)

    def shows(self, finding: Finding, hidden_codes: Collection[str]) -> bool:
        """Return whether the change can have caused a finding.

        Args:
            finding: A finding of the whole check.
            hidden_codes: What `hidden_codes` returned.
        """
        return finding.article is None or finding.article in self.article_ids or finding.code not in hidden_codes

    def merge(self, other: "Selection") -> "Selection":
        """Return what two changes are together."""
        return Selection(self.article_ids | other.article_ids, self.has_splits or other.has_splits)


def select_change(
    corpus: Corpus,
    patterns: Collection[str],
    paths: Collection[str | Path],
    schema: str | Path,
    guidelines: Iterable[str | Path] = (),
) -> Selection | None:
    """Return the change of articles and files together; None without any, or if it can affect every article.

    For arguments and errors see `select_articles` and `select_files`.
    """
    selections = [
        *([select_articles(corpus, patterns)] if patterns else []),
        *([select_files(corpus, paths, schema, guidelines)] if paths else []),
    ]
    merged = Selection(frozenset())
    for selection in selections:
        if selection is None:
            return None
        merged = merged.merge(selection)
    return merged if selections else None


def select_articles(corpus: Corpus, patterns: Iterable[str]) -> Selection:
    """Return the change of some articles: of all their files, and of their lines in splits and links.

    Args:
        corpus: The corpus.
        patterns: Ids, or patterns with `*`, `?` and `[…]`. An article may have any of its files.

    Raises:
        CannotRun: If the corpus has no file of such an article.
    """
    annotated = (corpus.annotated_ids(name) for name in corpus.annotation_sets())
    existing = set(corpus.article_ids()).union(
        corpus.text_ids(), corpus.covered_ids(), corpus.decided_ids(), *annotated
    )
    return Selection(frozenset(corpus.select_article_ids(patterns, existing)))


def select_files(
    corpus: Corpus, paths: Iterable[str | Path], schema: str | Path, guidelines: Iterable[str | Path] = ()
) -> Selection | None:
    """Return the change of some files, or None if they can affect every article.

    The paths are compared with the layout of a corpus, and never opened: a file may be gone.

    Args:
        corpus: The corpus.
        paths: Files of the corpus, its schema folder or its guidelines.
        schema: The schema folder.
        guidelines: Folders of guidelines that belong to the corpus.

    Raises:
        CannotRun: If a file is in none of these folders.
    """
    changed, affects_all = list[str](), False
    for path in paths:
        file = _path_below(path, corpus.root)
        if file is not None:
            changed.append(file)
        elif any(_path_below(path, folder) is not None for folder in (schema, *guidelines)):
            affects_all = True
        else:
            problem = f"is not in {corpus.root}, and not in its schema or guidelines"
            raise CannotRun(path, problem, "name files of these folders only, or the corpus before --files")
    if affects_all or not _AFFECT_ALL.isdisjoint(changed):
        return None
    article_ids = {article_id for file in changed if (article_id := article_of(file)) is not None}
    return Selection(frozenset(article_ids), any(file.startswith("splits/") for file in changed))


def article_of(file: str) -> str | None:
    """Return the id of the article that a file belongs to, by its path relative to the corpus; None for other files."""
    folder, _, name = file.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not dot or stem.startswith("."):
        return None
    outer, _, annotation_set = folder.partition("/")
    if outer == "annotations" and annotation_set and "/" not in annotation_set:
        return stem if ending == "json" else None
    endings = {"articles": ("json", "txt"), "coverage": ("json",), "adjudication": ("yaml",)}
    return stem if ending in endings.get(folder, ()) else None


def _path_below(path: str | Path, folder: str | Path) -> str | None:
    """Return a path relative to a folder, with slashes; None if it is elsewhere. The file need not exist."""
    for absolute in (os.path.abspath, os.path.realpath):
        inner = os.path.relpath(absolute(path), absolute(folder))
        if inner == ".":
            return ""
        if inner != ".." and not inner.startswith("../"):
            return inner
    return None
