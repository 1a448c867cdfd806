"""The catalogue of the rules that `annotate check` runs."""

from annotate.checks import (
    corpus,
    coverage,
    files,
    metadata,
    practice,
    relations,
    spans,
    splits,
    text,
    vocabulary,
    waivers,
)
from annotate.findings import Rule

_MODULES = files, text, metadata, vocabulary, spans, relations, corpus, practice, coverage, splits, waivers

CATALOGUE: tuple[Rule, ...] = tuple(
    sorted(
        (rule for module in _MODULES for rule in module.RULES),
        key=lambda rule: (waivers.CORPUS_LETTERS.index(rule.code[0]), rule.code),
    )
)
"""Every rule, in the order of levels and codes."""
