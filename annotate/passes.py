"""Passes: the labels that one annotator gave one article. Those with errors are left out of a dataset."""

from collections.abc import Iterable

import msgspec

from annotate.findings import Finding

_ANNOTATIONS = "annotations/"


class LeftOutPass(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that a dataset leaves out.

    Attributes:
        annotator: The annotator.
        article: The article.
        codes: The codes of its errors, sorted.
    """

    annotator: str
    article: str
    codes: tuple[str, ...]


def annotation_set_of(file: str) -> str | None:
    """Return the annotation set of a path in a corpus; None for a path of another kind."""
    return file.removeprefix(_ANNOTATIONS).partition("/")[0] if file.startswith(_ANNOTATIONS) else None


def list_left_out(findings: Iterable[Finding]) -> tuple[LeftOutPass, ...]:
    """Return the passes that have errors which count as warnings, by annotator and article.

    Args:
        findings: Findings on a corpus that are not waived; see `Finding.downgraded`.
    """
    codes: dict[tuple[str, str], set[str]] = {}
    for finding in findings:
        annotator = annotation_set_of(finding.file)
        if finding.downgraded and annotator and finding.article is not None:
            codes.setdefault((annotator, finding.article), set()).add(finding.code)
    return tuple(
        LeftOutPass(annotator=annotator, article=article, codes=tuple(sorted(codes[annotator, article])))
        for annotator, article in sorted(codes)
    )
