"""The checks of annotations: their vocabulary, spans and relations, against the text and the inventory.

Annotations that the prefilter accepts need no rule (the fast path); the rules explain the others (the slow path).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from annotate.annotation_schema import encode_annotation_schema
from annotate.checks import files, relations, spans
from annotate.checks.consequences import drop_consequences
from annotate.checks.prefilter import Prefilter
from annotate.checks.value_words import check_words
from annotate.columns import Documents
from annotate.corpus import encode_annotation, encode_sorted_annotation
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation, Article
from annotate.schemas.lines import find_id_lines

_DECODER = msgspec.json.Decoder(Annotation)


def check_annotation(annotation: Annotation, text: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """Check one annotation by itself.

    Args:
        annotation: The annotation; its spans and relations may be in any order.
        text: The text of its article.
        inventory: The inventory that it was made with.
        file: The file that the findings name.

    Returns:
        The findings that `annotate check` would report on the annotation's vocabulary, spans and relations.
    """
    [findings] = check_annotations([annotation], [text], inventory, file)
    return findings


def find_errors(annotation: Annotation, text: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """Return the findings of `check_annotation` that are errors by their rules, whoever made the annotation."""
    findings = check_annotation(annotation, text, inventory, file)
    return [finding for finding in findings if finding.severity == "error"]


def check_annotations(
    annotations: Sequence[Annotation], texts: Sequence[str], inventory: Inventory, file: str = ""
) -> list[list[Finding]]:
    """Check each of many annotations by itself, against the text of its article; see `check_annotation`."""
    documents = Documents.from_annotations(annotations, inventory)
    accepted = Prefilter.of(inventory).accepts(documents, texts).tolist()
    return [
        [] if is_accepted else explain(annotation, text, inventory, file)
        for annotation, text, is_accepted in zip(annotations, texts, accepted, strict=True)
    ]


def find_errors_of_many(
    annotations: Sequence[Annotation], texts: Sequence[str], inventory: Inventory, files: Sequence[str]
) -> list[list[Finding]]:
    """Return what `find_errors` finds in each of many annotations, in their own files, on the texts of articles."""
    documents = Documents.from_annotations(annotations, inventory)
    accepted = Prefilter.of(inventory).accepts(documents, texts).tolist()
    rows = zip(annotations, texts, files, accepted, strict=True)
    return [
        [] if is_accepted else find_errors(annotation, text, inventory, file)
        for annotation, text, file, is_accepted in rows
    ]


def explain(annotation: Annotation, text: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """Return the findings of `check_annotation` by the schema and the rules alone, without the prefilter."""
    data = encode_annotation(annotation)
    document = files.parse_file(file, annotation.article, data, encode_annotation_schema(inventory))
    findings = [*document.findings, *check_labels(annotation, text, inventory, file, data)]
    return drop_consequences(findings, annotation, inventory)


def check_labels(
    annotation: Annotation, text: str, inventory: Inventory, file: str = "", data: bytes | None = None
) -> list[Finding]:
    """Run the rules of spans and relations on one annotation.

    Args:
        annotation: The annotation.
        text: The text of its article.
        inventory: The inventory that it was made with.
        file: The file that the findings name.
        data: The bytes of that file; with them, each finding also has the line of its span.

    Returns:
        The findings in the order of their codes.
    """
    article_id = annotation.article
    findings: list[Finding] = []
    for rule in (*spans.OF_SPANS, *relations.OF_ENDS):
        findings += rule(file, article_id, annotation)
    for rule in spans.OF_TEXT:
        findings += rule(file, article_id, annotation, text)
    for rule in (*spans.OF_COUNTS, *relations.OF_INVENTORY):
        findings += rule(file, article_id, annotation, inventory)
    findings += check_words(file, annotation, text, inventory)
    if findings:
        words = {span.id: span.text for span in annotation.spans}
        findings = [replace(finding, words=words.get(finding.span or "", "")) for finding in findings]
    findings.sort(key=lambda finding: finding.code)
    return findings if data is None else add_lines(findings, data)


def add_lines(findings: Sequence[Finding], data: bytes) -> list[Finding]:
    """Return the findings on one file, whose bytes are `data`; those on a span have the line of the span."""
    ids = {finding.span for finding in findings if finding.span is not None and finding.line is None}
    lines = find_id_lines(data, ids) if ids else {}
    return [
        finding.at(lines[finding.span]) if finding.line is None and finding.span in lines else finding
        for finding in findings
    ]


class LabelFile(NamedTuple):
    """A file with an annotation, as read from disk.

    Attributes:
        annotation_set: The folder of annotations: gold, or an annotator.
        file: The path of the file, relative to the corpus.
        data: Its bytes; empty where it cannot be read.
        article: The article, or None where its text or metadata is missing or broken.
        findings: Why the file cannot be read.
    """

    annotation_set: str
    file: str
    data: bytes
    article: Article | None
    findings: Sequence[Finding] = ()


def decode_clean(files: Sequence[LabelFile], inventory: Inventory) -> list[Annotation | None]:
    """Decode the files that are certainly without a finding.

    These are canonical, made on the text of their article, and accepted by the prefilter.

    Returns:
        For each file its annotation, or None where the slow path has to look at it.
    """
    candidates = [
        (index, annotation, file.article.text, file.data)
        for index, file in enumerate(files)
        if file.article
        and (annotation := _decode(file.data))
        and annotation.article == file.article.id
        and annotation.text_sha256 == file.article.text_sha256
    ]
    decoded: list[Annotation | None] = [None] * len(files)
    if candidates:
        documents = Documents.from_annotations([annotation for _, annotation, _, _ in candidates], inventory)
        accepted = Prefilter.of(inventory).accepts(documents, [text for _, _, text, _ in candidates])
        # Most often all documents are in canonical order, which is seen at once; then none has to be sorted.
        encode = encode_sorted_annotation if documents.canonical() is documents else encode_annotation
        for (index, annotation, _, data), is_accepted in zip(candidates, accepted.tolist(), strict=True):
            if is_accepted and encode(annotation) == data:
                decoded[index] = annotation
    return decoded


def _decode(data: bytes) -> Annotation | None:
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
