"""The catalogue of the rules that `annotate check` runs."""

from annotate.checks import corpus, coverage, files, metadata, relations, spans, splits, text, vocabulary, waivers
from annotate.findings import Rule

CATALOGUE: tuple[Rule, ...] = tuple(
    sorted(
        (
            rule
            for module in (files, text, metadata, vocabulary, spans, relations, corpus, coverage, splits, waivers)
            for rule in module.RULES
        ),
        key=lambda rule: (waivers.CORPUS_LETTERS.index(rule.code[0]), rule.code),
    )
)
"""Every rule, in the order of levels and codes."""
