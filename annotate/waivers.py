"""Waivers: findings that a corpus accepts, or gives another severity, each with a reason (`corpus/waivers.yaml`).

A waived finding is not listed among the findings. It is counted wherever findings are shown.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from heapq import merge
from pathlib import Path

import msgspec

from annotate import dates
from annotate.corpus import Corpus, find_project_folders
from annotate.findings import Finding, Severity
from annotate.passes import annotation_set_of
from annotate.schemas import convert_value, require_valid
from annotate.util.files import decode_yaml, read_bytes, read_bytes_if_present

_HINT = "`annotate check` lists what is wrong with it"


class Waiver(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One waiver: the findings that it is about, what becomes of them, and why.

    Attributes:
        code: The code of the rule.
        severity: What the findings count as; None if they are waived.
        reason: Why.
        until: The last day on which it holds, YYYY-MM-DD; None if it has no end.
        articles: The articles that it is limited to; none for all.
        annotators: The annotation sets that it is limited to; none for all files.
        files: Patterns of the paths that it is limited to; none for all.
    """

    code: str
    severity: Severity | None = None
    reason: str
    until: str | None = None
    articles: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether it is about certain articles, annotators or files only."""
        return bool(self.articles or self.annotators or self.files)

    def is_over(self, day: date) -> bool:
        """Return whether its last day is before a day."""
        return self.until is not None and self.until < day.isoformat()

    def includes_file(self, file: str, annotator: str | None = None) -> bool:
        """Return whether its annotators and files include a file.

        Args:
            file: The path of the file.
            annotator: Whose labels are in the file, if its path does not say.
        """
        if self.annotators and (annotator or annotation_set_of(file)) not in self.annotators:
            return False
        return not self.files or any(fnmatchcase(file, pattern) for pattern in self.files)


class Waivers:
    """The waivers of a corpus on one day, and what they were used for.

    Attributes:
        all: The waivers, in the order of the file.
        day: The day.
        used: How many findings each one has waived or given its severity.
        refused: How many findings each one is about that may not be waived.
        doubtful: The indices of those that may be about findings that were not looked for.
    """

    def __init__(self, waivers: Sequence[Waiver] = (), day: date | None = None) -> None:
        self.all, self.day = tuple(waivers), day or dates.today()
        self.used, self.refused = [0] * len(self.all), [0] * len(self.all)
        self.doubtful = set[int]()
        self._indices: dict[tuple[str, str | None], list[int]] = {}
        """A code, and an article or None → the waivers that are limited to the article or, with None, to none."""
        for index, waiver in enumerate(self.all):
            if not waiver.is_over(self.day):
                for article in dict.fromkeys(waiver.articles or (None,)):
                    self._indices.setdefault((waiver.code, article), []).append(index)

    @property
    def active(self) -> tuple[Waiver, ...]:
        """The waivers that are not over."""
        return tuple(waiver for waiver in self.all if not waiver.is_over(self.day))

    def list_unused(self, codes: Collection[str]) -> list[Waiver]:
        """Return the waivers of some codes that have had no effect so far, but for those that are over or doubtful."""
        return [
            waiver
            for index, waiver in enumerate(self.all)
            if waiver.code in codes
            and not self.used[index]
            and index not in self.doubtful
            and not waiver.is_over(self.day)
        ]

    def doubt(self, codes: Collection[str], article: str | None) -> None:
        """Note that findings of some codes on an article, or on the corpus, may be there and were not looked for."""
        for index, waiver in enumerate(self.all):
            if waiver.code in codes and (article is None or not waiver.articles or article in waiver.articles):
                self.doubtful.add(index)

    def apply(self, finding: Finding, annotator: str | None = None) -> Finding:
        """Return a finding as the first waiver that is about it leaves it: waived, with another severity, or as it is.

        Args:
            finding: The finding.
            annotator: Whose labels the finding is on, if its file does not say.
        """
        for_all = self._indices.get((finding.code, None), ())
        for_article = self._indices.get((finding.code, finding.article), ()) if finding.article is not None else ()
        for index in merge(for_all, for_article):
            waiver = self.all[index]
            if not waiver.includes_file(finding.file, annotator):
                continue
            if not finding.waivable:
                self.refused[index] += 1
                continue
            self.used[index] += 1
            if waiver.severity is None:
                return replace(finding, waived=waiver.reason)
            return replace(finding, severity=waiver.severity, downgraded=False)
        return finding

    def sort_out(
        self, findings: Iterable[Finding], handle_waived: Callable[[Finding], None] = lambda finding: None
    ) -> Iterator[Finding]:
        """Yield the findings that are not waived, with their severity in this corpus.

        Args:
            findings: Findings.
            handle_waived: Called with each waived one.
        """
        for finding in map(self.apply, findings):
            if finding.waived is None:
                yield finding
            else:
                handle_waived(finding)


def decode_waivers(value: object, path: str | Path) -> tuple[Waiver, ...]:
    """Return the waivers in a parsed file that follows its schema."""
    return tuple(convert_value(path, value, dict[str, list[Waiver]], _HINT)["waivers"])


def read_waivers(path: Path, within: Path | None) -> tuple[Waiver, ...]:
    """Read a file of waivers.

    Args:
        path: The file.
        within: The corpus folder, in which no part of the path may be a link; None for a file that the user names.

    Raises:
        CannotRun: The file cannot be read, or does not follow its schema.
    """
    value = decode_yaml(path, read_bytes(path, _HINT, within=within))
    require_valid(path, value, "waivers")
    return decode_waivers(value, path)


def corpus_waivers(corpus: Corpus) -> tuple[Waiver, ...]:
    """Return the waivers of a corpus; without a file there are none.

    Raises:
        CannotRun: The file cannot be read, or does not follow its schema.
    """
    path = corpus.waivers_path
    is_present = read_bytes_if_present(path, _HINT, within=corpus.root) is not None
    return read_waivers(path, corpus.root) if is_present else ()


def find_waivers(schema: Path) -> Path | None:
    """Return the waivers of the corpus next to a schema folder; None if there is no such corpus, or it has none."""
    corpus = next(iter(find_project_folders(schema)), schema)
    path = corpus / "waivers.yaml"
    return path if corpus != schema and os.path.lexists(path) else None
