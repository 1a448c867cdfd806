"""Safe repairs: the canonical form of a file, and white space at the ends of a span."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

import msgspec

from annotate.corpus import Corpus
from annotate.findings import Finding, Fix
from annotate.model import Annotation, Span


def apply_fixes(corpus: Corpus, findings: Iterable[Finding]) -> list[str]:
    """Make the repairs that findings offer.

    Args:
        corpus: The corpus with the files to repair.
        findings: Findings on it; those without a fix are ignored.

    Returns:
        The paths of the files that were written, relative to the corpus.

    Raises:
        CannotRun: if a file cannot be written; each of the others is written completely.
    """
    fixes: dict[str, dict[str, Fix]] = defaultdict(dict)
    for finding in findings:
        if finding.fix:
            fixes[finding.file][finding.fix.span or ""] = finding.fix
    for file, by_span in fixes.items():
        _fix_file(corpus, PurePosixPath(file), by_span)
    return sorted(fixes)


def _fix_file(corpus: Corpus, file: PurePosixPath, by_span: dict[str, Fix]) -> None:
    if file.parts[0] == "articles":
        corpus.write_article(corpus.read_article(file.stem))
    elif file.parts[0] == "coverage":
        corpus.write_coverage(corpus.read_coverage(file.stem))
    elif file.name == "links.json":
        corpus.write_links(corpus.read_links())
    elif file.parts[0] == "sources":
        corpus.write_source_record(corpus.read_source(file.stem))
    else:
        annotation_set, article_id = file.parts[1], file.stem
        annotation = corpus.read_annotation(annotation_set, article_id)
        corpus.write_annotation(annotation_set, _trim_spans(annotation, corpus.read_text(article_id), by_span))


def _trim_spans(annotation: Annotation, text: str, by_span: dict[str, Fix]) -> Annotation:
    def trim(span: Span) -> Span:
        fix = by_span.get(span.id)
        if fix is None:
            return span
        return msgspec.structs.replace(span, start=fix.start, end=fix.end, text=text[fix.start : fix.end])

    return msgspec.structs.replace(annotation, spans=tuple(map(trim, annotation.spans)))
