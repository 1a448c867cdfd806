"""Safe repairs: the canonical form of a file, and white space at the ends of a span."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from annotate.corpus import (
    Corpus,
    decode_split,
    encode_annotation,
    encode_article,
    encode_coverage,
    encode_links,
    encode_source,
    encode_split,
)
from annotate.errors import CannotRun
from annotate.findings import Finding, Fix
from annotate.model import Annotation, Span
from annotate.util.files import FileToWrite, write_files
from annotate.util.lock import writing_to


class AppliedFixes(NamedTuple):
    """What became of files that can be repaired. The paths are relative to the corpus, sorted.

    Attributes:
        fixed: The files that were written.
        left_alone: The files that another program changed since they were checked.
    """

    fixed: list[str]
    left_alone: list[str]


class _FileChangedError(Exception):
    """A file is not the one that was checked."""


def apply_fixes(corpus: Corpus, findings: Iterable[Finding]) -> AppliedFixes:
    """Make the repairs that findings offer.

    The corpus is locked. Hold its lock while the findings are made, too, so that no other command changes a file in
    between.

    Args:
        corpus: The corpus with the files to repair.
        findings: Findings on it; those without a fix are ignored.

    Returns:
        What became of the files.

    Raises:
        CannotRun: If a file cannot be written; each of the others is written completely.
    """
    fixes: dict[str, dict[str, Fix]] = defaultdict(dict)
    for finding in findings:
        if finding.fix:
            fixes[finding.file][finding.fix.span or ""] = finding.fix
    left_alone: set[str] = set()

    def repair_files() -> Iterator[FileToWrite]:
        for file, by_span in fixes.items():
            try:
                yield _repair_file(corpus, PurePosixPath(file), by_span)
            except _FileChangedError:
                left_alone.add(file)

    with writing_to(corpus.root):
        left_alone |= {path.relative_to(corpus.root).as_posix() for path in write_files(repair_files())}
    return AppliedFixes(sorted(fixes.keys() - left_alone), sorted(left_alone))


def _repair_file(corpus: Corpus, file: PurePosixPath, by_span: dict[str, Fix]) -> FileToWrite:
    """Return a file with its repairs.

    Raises:
        _FileChangedError: If it cannot be read any more, or has other spans than were checked.
    """
    path = corpus.root / file
    try:
        old = corpus.read_file(path)
        return corpus.prepare_file(path, _encode_repaired(corpus, file, by_span), old)
    except CannotRun as error:
        raise _FileChangedError from error


def _encode_repaired(corpus: Corpus, file: PurePosixPath, by_span: dict[str, Fix]) -> bytes:
    if file.parts[0] == "articles":
        return encode_article(corpus.read_article(file.stem))
    if file.parts[0] == "splits":
        article_ids = decode_split(corpus.read_file(corpus.root / file))
        if not {*corpus.article_ids(), *corpus.text_ids()}.issuperset(article_ids):
            raise _FileChangedError  # the check offers no fix for words that are no articles
        return encode_split(article_ids)
    if file.parts[0] == "coverage":
        return encode_coverage(corpus.read_coverage(file.stem))
    if file.name == "links.json":
        return encode_links(corpus.read_links())
    if file.parts[0] == "sources":
        return encode_source(corpus.read_source(file.stem))
    annotation = corpus.read_annotation(file.parts[1], file.stem)
    return encode_annotation(_trim_spans(annotation, corpus.read_text(file.stem), by_span))


def _trim_spans(annotation: Annotation, text: str, by_span: dict[str, Fix]) -> Annotation:
    def trim(span: Span) -> Span:
        fix = by_span.get(span.id)
        if fix is None:
            return span
        words = text[fix.start : fix.end]
        if not span.start <= fix.start < fix.end <= span.end or words.strip() != span.text.strip():
            raise _FileChangedError
        return msgspec.structs.replace(span, start=fix.start, end=fix.end, text=words)

    return msgspec.structs.replace(annotation, spans=tuple(map(trim, annotation.spans)))
