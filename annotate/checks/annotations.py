"""The checks of one annotation in memory: its vocabulary, spans and relations, against its text and the inventory.

Which files of labels are certainly without a finding: many are decoded and held to the gate in one go.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from annotate.checks import files, relations, spans
from annotate.checks.prefilter import Prefilter
from annotate.columns import Documents
from annotate.corpus import encode_annotation, encode_ordered
from annotate.findings import Finding
from annotate.generate import annotation_schema_text
from annotate.inventory import Inventory
from annotate.model import Annotation, Article


def check_annotation(annotation: Annotation, text: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """What `check` would say of an annotation by itself, were it written: of its vocabulary, spans and relations."""
    [found] = check_annotations([annotation], [text], inventory, file)
    return found


def check_annotations(
    annotations: Sequence[Annotation], texts: Sequence[str], inventory: Inventory, file: str = ""
) -> list[list[Finding]]:
    """The same of each of many, against the texts of their articles."""
    passing = Prefilter.of(inventory).accepts(Documents.from_annotations(annotations, inventory), texts).tolist()
    return [
        [] if passes else explain(annotation, text, inventory, file)
        for annotation, text, passes in zip(annotations, texts, passing, strict=True)
    ]


def explain(annotation: Annotation, text: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """The same findings, without the gate."""
    data = encode_annotation(annotation)
    document = files.document(file, annotation.article, data, annotation_schema_text(inventory))
    return [*document.findings, *check_labels(annotation, text, inventory, file, data)]


def check_labels(
    annotation: Annotation, text: str, inventory: Inventory, file: str = "", data: bytes | None = None
) -> Iterator[Finding]:
    """All findings on the spans and relations of one annotation, against its text and the inventory.

    With `data`, the bytes of its file, each finding also names the line on which its span stands.
    """
    about = annotation.article
    found: list[Finding] = []
    for rule in spans.OF_SPANS:
        found += rule(file, about, annotation)
    for rule in spans.OF_TEXT:
        found += rule(file, about, annotation, text)
    for rule in spans.OF_COUNTS:
        found += rule(file, about, annotation, inventory)
    for rule in relations.OF_ENDS:
        found += rule(file, about, annotation)
    for rule in relations.OF_INVENTORY:
        found += rule(file, about, annotation, inventory)
    found.sort(key=lambda finding: finding.code)
    return (placed(finding, data) for finding in found)


def placed(finding: Finding, data: bytes | None) -> Finding:
    """The finding with the line of its file, whose bytes are `data`, on which its span stands."""
    if data is None or finding.span is None or finding.line is not None:
        return finding
    at = data.find(b'"id": ' + msgspec.json.encode(finding.span))
    if at < 0:
        at = data.find(msgspec.json.encode(finding.span))
    return finding.at(data.count(b"\n", 0, at) + 1) if at >= 0 else finding


_decoder = msgspec.json.Decoder(Annotation)


class LabelFile(NamedTuple):
    """A file of labels, named relative to the corpus: its bytes, and the article with its text, if that is whole.

    `findings` say why there are no bytes, where the file cannot be read.
    """

    version: str
    file: str
    data: bytes
    article: Article | None
    findings: Sequence[Finding] = ()


def clean(files: Sequence[LabelFile], inventory: Inventory) -> list[Annotation | None]:
    """The annotations of those files that are canonical, of their article's text, and pass the gate.

    None says nothing of a file; it has to be looked at by itself.
    """
    decoded = [_decoded(file) for file in files]
    likely = [
        (place, annotation, file.article.text, file.data)
        for place, (annotation, file) in enumerate(zip(decoded, files, strict=True))
        if annotation
        and file.article
        and annotation.article == file.article.id
        and annotation.text_sha256 == file.article.text_sha256
    ]
    found: list[Annotation | None] = [None] * len(files)
    if likely:
        documents = Documents.from_annotations([annotation for _, annotation, _, _ in likely], inventory)
        passing = Prefilter.of(inventory).accepts(documents, [text for _, _, text, _ in likely])
        # Most often nothing has to be put in order: then no document by itself has to be, either.
        encode = encode_ordered if documents.canonical() is documents else encode_annotation
        for (place, annotation, _, data), passes in zip(likely, passing.tolist(), strict=True):
            if passes and encode(annotation) == data:
                found[place] = annotation
    return found


def _decoded(file: LabelFile) -> Annotation | None:
    if file.article is None:
        return None
    try:
        return _decoder.decode(file.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
