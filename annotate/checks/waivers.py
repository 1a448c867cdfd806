"""C6: the waivers of a corpus. Each has an effect, is not over, and names a rule that may be waived."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from annotate.checks import files
from annotate.checks.annotations import check_annotation
from annotate.checks.dates import StatedDate, check_dates, impossible_day
from annotate.corpus import Corpus
from annotate.dates import first_day
from annotate.findings import Finding, Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.schemas import package_schema
from annotate.schemas.lines import line_finder
from annotate.waivers import Waiver, Waivers, corpus_waivers, decode_waivers

CORPUS_LETTERS = "STMPRC"
"""The first letters of the codes that `annotate check` reports."""
RELEASE_LETTER = "V"
"""The first letter of the codes that only the check of a release reports."""

FindLine = Callable[[int], int | None]
"""Returns the line of a waiver, by its index."""


@rule("C601", "warning")
def waiver_over(waivers: Waivers, codes: Collection[str], find_line: FindLine) -> Iterator[Problem]:
    """No waiver is past its last day.

    Why: whoever set the day wanted the findings to be looked at again; from that day on they count as they did before.
    Fails: `until: 2026-03-01` on 2 March 2026.
    Passes: the same waiver on 1 March 2026; a waiver without `until`. M201 reports a day that the calendar lacks.
    """
    for index, waiver in enumerate(waivers.all):
        if waiver.code in codes and waiver.is_over(waivers.day) and first_day(waiver.until or "") is not None:
            yield Problem(
                f"the waiver of {waiver.code} ended on {waiver.until}, so that its findings count again; remove it, or "
                "give it a later day",
                line=find_line(index),
            )


@rule("C602", "warning")
def waiver_without_effect(waivers: Waivers, codes: Collection[str], find_line: FindLine) -> Iterator[Problem]:
    """Each waiver is about a finding.

    Why: a waiver that is left over hides the next finding of its kind, which nobody has looked at.
    Fails: a waiver of P401 in a corpus without such a finding; one that repeats an earlier one.
    Passes: a waiver of P401 for the annotators whose labels have such findings; any waiver of labels, while a file of
    their article has an error that keeps the rules from looking at it.
    """
    for index, waiver in enumerate(waivers.all):
        if waiver.code not in codes or waivers.used[index] or waiver.is_over(waivers.day):
            continue
        if index in waivers.doubtful and not waivers.refused[index]:
            continue
        if waivers.refused[index]:
            problem = f"the {waivers.refused[index]} findings of {waiver.code} here may not be waived; fix them, and"
            yield Problem(f"{problem} remove the waiver", line=find_line(index))
        else:
            problem = f"waives no finding of {waiver.code}; remove it, or correct its articles, annotators or files"
            yield Problem(problem, line=find_line(index))


@rule("C603")
def waiver_refused(waivers: Iterable[Waiver], rules: Mapping[str, Rule], find_line: FindLine) -> Iterator[Problem]:
    """A waiver names a rule that may be waived.

    Why: some rules protect readers (links, special files, hostile characters, addresses), and without others something
    would be lost or misread.
    Fails: a waiver of S108, which finds links; of P999, which is the code of no rule; of V301 for one article.
    Passes: a waiver of P401. `annotate rules CODE` says whether a rule may be waived.
    """
    for index, waiver in enumerate(waivers):
        if problem := _explain_refusal(waiver, rules):
            yield Problem(problem, line=find_line(index))


def _explain_refusal(waiver: Waiver, rules: Mapping[str, Rule]) -> str | None:
    """Return why a waiver is refused; None if it is not."""
    named = rules.get(waiver.code)
    if named is None:
        if waiver.code[0] in {code[0] for code in rules}:
            return f"{waiver.code} is the code of no rule; `annotate rules` lists them"
        if waiver.code[0] in f"{CORPUS_LETTERS}{RELEASE_LETTER}":
            return None  # the check that reports such codes looks at it
        return f"{waiver.code} is no rule of a corpus or a release, and cannot be waived; remove the waiver"
    if not named.waivable:
        return f"{waiver.code} ({named.name}) cannot be waived; fix what it finds, and remove the waiver"
    if waiver.code[0] == RELEASE_LETTER and waiver.is_limited:
        return f"{waiver.code} is about the whole release; leave out articles, annotators and files"
    return None


RULES: tuple[Rule, ...] = (waiver_over, waiver_without_effect, waiver_refused)


class LoadedWaivers(NamedTuple):
    """The waivers of a corpus.

    Attributes:
        waivers: Those that are not refused; none if the file cannot be used.
        findings: What is wrong with the file, and the waivers that are refused.
        rules: The rules that they may name, by code.
        find_line: Finds the line of a waiver.
    """

    waivers: Waivers
    findings: list[Finding]
    rules: Mapping[str, Rule]
    find_line: FindLine

    def check_use(self, file: str, left_out: Collection[str] = ()) -> Iterator[Finding]:
        """Yield the waivers that are over, or had no effect on the findings of this run.

        Args:
            file: What findings call the file.
            left_out: Codes that this run did not look for in full.
        """
        yield from waiver_over(file, None, self.waivers, self.rules.keys(), self.find_line)
        yield from waiver_without_effect(file, None, self.waivers, self.rules.keys() - set(left_out), self.find_line)


def load_waivers(corpus: Corpus, rules: Iterable[Rule], file: str) -> LoadedWaivers:
    """Load the waivers of a corpus, and check that they name rules that may be waived.

    Args:
        corpus: The corpus.
        rules: The rules whose findings are about to be waived.
        file: What findings call the file.
    """
    by_code = {rule.code: rule for rule in rules}
    name = corpus.waivers_path.name
    data, findings = files.read_file(corpus.root, name, None)
    if data is None:
        return LoadedWaivers(Waivers(), findings, by_code, lambda index: None)
    parsed = files.parse_file(name, None, data, package_schema("waivers"))
    if parsed.value is None:
        return LoadedWaivers(Waivers(), parsed.findings, by_code, lambda index: None)
    entries, find = decode_waivers(parsed.value, corpus.waivers_path), line_finder(name, data)

    def find_line(index: int) -> int | None:
        return find(("waivers", index))

    stated = [
        StatedDate(f"the waiver of {waiver.code}: until", waiver.until, ("waivers", index, "until"), is_past=False)
        for index, waiver in enumerate(entries)
        if waiver.until is not None
    ]
    refused = list(waiver_refused(file, None, entries, by_code, find_line))
    allowed = [index for index, waiver in enumerate(entries) if not _explain_refusal(waiver, by_code)]
    waivers = Waivers([entries[index] for index in allowed])
    findings = [*check_dates(name, None, stated, data=data), *refused] if impossible_day.code in by_code else refused
    return LoadedWaivers(waivers, findings, by_code, lambda index: find_line(allowed[index]))


def make_error_finder(
    corpus: Corpus, annotation_set: str = GOLD
) -> Callable[[Annotation, str, Inventory], list[Finding]]:
    """Return a function that finds the errors of an annotation, but for those that the corpus waives.

    Args:
        corpus: The corpus.
        annotation_set: The annotation set of the annotation.

    Raises:
        CannotRun: Its waivers cannot be read, or do not follow their schema.
    """
    waivers = Waivers(corpus_waivers(corpus))

    def find_errors(annotation: Annotation, text: str, inventory: Inventory) -> list[Finding]:
        file = f"annotations/{annotation_set}/{annotation.article}.json"
        findings = waivers.sort_out(check_annotation(annotation, text, inventory, file))
        return [finding for finding in findings if finding.is_error]

    return find_errors
