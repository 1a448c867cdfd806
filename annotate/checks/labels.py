"""The checks of one annotation in memory: its vocabulary, spans and relations, against its text and the inventory."""

from collections.abc import Iterator, Sequence

import msgspec

from annotate.annotation_schema import annotation_schema_text
from annotate.checks import relations, shape, spans
from annotate.checks.gate import Gate
from annotate.columns import gathered
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.store import encode_annotation


def check_annotation(annotation: Annotation, text: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """What `check` would say of an annotation by itself, were it written: of its vocabulary, spans and relations."""
    [found] = check_annotations([annotation], [text], inventory, file)
    return found


def check_annotations(
    annotations: Sequence[Annotation], texts: Sequence[str], inventory: Inventory, file: str = ""
) -> list[list[Finding]]:
    """The same of each of many, against the texts of their articles."""
    passing = Gate.of(inventory).passing(gathered(annotations, inventory), texts).tolist()
    return [
        [] if passes else explain(annotation, text, inventory, file)
        for annotation, text, passes in zip(annotations, texts, passing, strict=True)
    ]


def explain(annotation: Annotation, text: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """The same findings, without the gate."""
    data = encode_annotation(annotation)
    document = shape.document(file, annotation.article, data, annotation_schema_text(inventory))
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
