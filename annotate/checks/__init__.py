"""Checks: generators of findings over a corpus. They never print, log or exit.

Levels, in order: shape (S), text (T), spans (P), relations (R), corpus (C). All findings are collected; a level that is
broken stops the later ones for that file alone.
"""

from annotate.checks import corpus, coverage, files, relations, spans, splits, text, vocabulary
from annotate.checks import corpus as class_ids
from annotate.checks.annotations import check_annotation, check_labels
from annotate.checks.runner import ENOUGH, check
from annotate.findings import Rule

CATALOGUE: tuple[Rule, ...] = tuple(
    sorted(
        (
            *files.RULES,
            *text.RULES,
            *vocabulary.RULES,
            *spans.RULES,
            *relations.RULES,
            *corpus.RULES,
            *coverage.RULES,
            *splits.RULES,
            *class_ids.RULES_CLASS_IDS,
        ),
        key=lambda rule: ("STPRC".index(rule.code[0]), rule.code),
    )
)
"""Every rule, in the order of the levels and codes."""

__all__ = ["CATALOGUE", "ENOUGH", "check", "check_annotation", "check_labels"]
