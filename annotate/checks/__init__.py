"""Checks: generators of findings over a corpus. They never print, log or exit.

A rule is a function with a code, and its docstring is its documentation. The levels are shape (S), text (T), metadata
(M), spans (P), relations (R) and corpus (C). All findings are collected; a fault on one level stops the later levels
for that file.
"""

from annotate.checks.annotations import check_annotation, check_annotations, check_labels, find_errors
from annotate.checks.background import check_in_background
from annotate.checks.catalogue import CATALOGUE
from annotate.checks.runner import ARTICLES_PER_WORKER, check

__all__ = [
    "ARTICLES_PER_WORKER",
    "CATALOGUE",
    "check",
    "check_annotation",
    "check_annotations",
    "check_in_background",
    "check_labels",
    "find_errors",
]
