"""Which files of labels are certainly without a finding: many are decoded and held to the gate in one go."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from annotate.checks.gate import Gate
from annotate.columns import gathered
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation, Article
from annotate.store import encode_annotation, encode_ordered

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
        documents = gathered([annotation for _, annotation, _, _ in likely], inventory)
        passing = Gate.of(inventory).passing(documents, [text for _, _, text, _ in likely])
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
