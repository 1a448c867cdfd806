"""What became of the documents of an import, and the totals."""

from collections import Counter
from dataclasses import replace
from typing import Literal, NamedTuple

from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.apply_mapping import ItemCounts

Fate = Literal["new", "there already", "replaced", "refused", "left out"]

REPEATED = frozenset(
    rule.code for rule in (rules.unmapped, rules.not_accepted, rules.unknown_annotator, rules.other_annotator)
)
"""Findings whose message is the same on many lines or files; a report gives each message once, with a count."""


class ImportOutcome(NamedTuple):
    """What became of one document.

    Attributes:
        article_id: The id of the article.
        fate: Whether its labels are new, are in the corpus already, replaced others, or were refused, or are left
            out as the map says. None if it is no
            document: the findings are on the folder or the table of metadata.
        spans: Number of its spans.
        relations: Number of its relations.
        findings: The findings on it.
        counts: How many of its items were accepted and not.
        adds_article: Whether its text becomes an article, which the corpus and the import did not have.
    """

    article_id: str
    fate: Fate | None
    spans: int
    relations: int
    findings: list[Finding]
    counts: ItemCounts
    adds_article: bool = False

    def at(self, line: int | None) -> "ImportOutcome":
        """Return the outcome with a line for each finding that has none."""
        findings = [finding if finding.line else finding.at(line) for finding in self.findings]
        return self._replace(findings=findings) if line else self

    @property
    def sorted_findings(self) -> list[Finding]:
        """The findings by file and line."""
        return sorted(self.findings, key=lambda finding: (finding.file, finding.line or 0))


def make_folder_outcome(finding: Finding) -> ImportOutcome:
    """Return the outcome that has a finding which belongs to no document."""
    return ImportOutcome("", None, 0, 0, [finding], ItemCounts())


class ImportTally:
    """The totals of an import, the findings that are repeated, and the first of the others.

    Args:
        most: Number of findings of a code that are kept; None for all.

    A text that several people labelled is several documents.

    Attributes:
        fates: Number of documents by what became of them.
        texts: Number of texts.
        new_articles: Number of texts that become articles.
        items: How many of their items were accepted and not.
        spans: Number of their spans.
        relations: Number of their relations.
        errors: Number of errors among the findings.
        warnings: Number of warnings among them.
        counts: Code of findings that is not in `REPEATED` → their number.
        first_findings: The first findings of each code that is not in `REPEATED`, in the order of the documents.
    """

    def __init__(self, most: int | None) -> None:
        self._most, self.counts = most, Counter[str]()
        self.first_findings: list[Finding] = []
        self.fates: dict[Fate, int] = {"new": 0, "there already": 0, "refused": 0}
        self.items = ItemCounts()
        self.texts = self.new_articles = self.spans = self.relations = self.errors = self.warnings = 0
        self._article_ids: set[str] = set()
        self._repeated: dict[str, _RepeatedFinding] = {}

    @property
    def documents(self) -> int:
        """Number of documents."""
        return sum(self.fates.values())

    def add(self, outcome: ImportOutcome) -> None:
        """Add what became of a document."""
        if outcome.fate and (not outcome.article_id or outcome.article_id not in self._article_ids):
            self.texts += 1
            self._article_ids.add(outcome.article_id)
        if outcome.fate:
            self.fates[outcome.fate] = self.fates.get(outcome.fate, 0) + 1
        self.new_articles += outcome.adds_article
        self.items = self.items.plus(outcome.counts)
        self.spans += outcome.spans
        self.relations += outcome.relations
        for finding in outcome.sorted_findings:
            self.errors += finding.severity == "error"
            self.warnings += finding.severity == "warning"
            if finding.code in REPEATED:
                self._repeated.setdefault(finding.message, _RepeatedFinding(finding)).add(finding)
                continue
            self.counts[finding.code] += 1
            if self._most is None or self.counts[finding.code] <= self._most:
                self.first_findings.append(finding)

    def repeated_findings(self) -> list[Finding]:
        """Return a finding for each message in `REPEATED`: its first, with the number of lines that have it."""
        return [repeated.finding() for repeated in self._repeated.values()]

    def has_unmapped_names(self) -> bool:
        """Return whether the map lacks a name."""
        return any(repeated.first.code == rules.unmapped.code for repeated in self._repeated.values())


class _RepeatedFinding:
    """A message: its first finding, and how many lines in how many files have it."""

    def __init__(self, first: Finding) -> None:
        self.first, self.last_file, self.lines, self.files = first, "", 0, 0

    def add(self, finding: Finding) -> None:
        self.lines += 1
        self.files += finding.file != self.last_file
        self.last_file = finding.file

    def finding(self) -> Finding:
        files = "1 file" if self.files == 1 else f"{self.files:,} files"
        places = f"{self.lines:,} such lines in {files}" if self.first.line else f"{files} of this kind"
        extent = f" ({places}; this is the first)" if self.lines > 1 else ""
        return replace(self.first, message=f"{self.first.message}{extent}")
