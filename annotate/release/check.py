"""All findings on a candidate. A corpus with errors is not built: no rule on its agreement or its tables is asked."""

from collections.abc import Iterable, Iterator

from annotate.findings import Finding, Rule
from annotate.release.built import RULES as OF_BUILT
from annotate.release.candidate import Candidate
from annotate.release.contents import agreement_stale, agreement_too_low
from annotate.release.rules import RULES

_OF_SOUND = frozenset(rule.code for rule in (agreement_too_low, agreement_stale, *OF_BUILT))


def check(candidate: Candidate, rules: Iterable[Rule] = RULES) -> Iterator[Finding]:
    """The findings, rule by rule."""
    for rule in rules:
        if rule.code not in _OF_SOUND or not any(finding.severity == "error" for finding in candidate.findings):
            yield from rule("", None, candidate)
