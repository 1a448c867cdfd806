"""The catalogue of the rules that `annotate check` runs."""

from annotate.checks import (
    citation,
    class_ids,
    corpus,
    coverage,
    dates,
    decisions,
    files,
    independence,
    metadata,
    model_runs,
    practice,
    relations,
    releases,
    spans,
    splits,
    text,
    value_words,
    vocabulary,
    waivers,
)
from annotate.findings import Rule

_MODULES = (
    *(files, text, metadata, dates, vocabulary, spans, value_words, relations),
    *(corpus, citation, class_ids, practice, coverage, splits, waivers, model_runs, decisions, independence, releases),
)

CATALOGUE: tuple[Rule, ...] = tuple(
    sorted(
        (rule for module in _MODULES for rule in module.RULES),
        key=lambda rule: (waivers.CORPUS_LETTERS.index(rule.code[0]), rule.code),
    )
)
"""Every rule, in the order of levels and codes."""
