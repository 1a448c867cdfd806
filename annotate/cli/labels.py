"""Folders of annotation files that lie anywhere: read, and held to the texts of a corpus."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.corpus import Corpus
    from annotate.findings import Finding
    from annotate.inventory import Inventory
    from annotate.model import Annotation


class Labelled(NamedTuple):
    """An annotation, the file that it stands in, and the text that it was made on."""

    path: Path
    text: str
    annotation: "Annotation"


def read_folder(folder: str | Path, corpus: "Corpus") -> Iterator[Labelled]:
    """The annotations of a folder, one file an article, in the order of their names.

    Raises CannotRun for a folder with none, a file that is no annotation, an article that the corpus does not have, a
    text that has changed since, and a span whose words do not stand at its place.
    """
    from annotate.offsets import sha256

    known = set(corpus.article_ids())
    for path, annotation in read_files(folder):
        article = annotation.article
        if article not in known or article != path.stem:
            raise CannotRun(path, f"is of article {article!r}", "name the file after an article of the corpus")
        text = corpus.read_text(article)
        if annotation.text_sha256 != sha256(text):
            raise CannotRun(path, "was made on another text", f"make it on articles/{article}.txt as it is now")
        for span in annotation.spans:
            if not 0 <= span.start <= span.end <= len(text) or text[span.start : span.end] != span.text:
                place = f"{span.start}–{span.end}"
                raise CannotRun(path, f"span {span.id}: its words do not stand at {place}", "count code points from 0")
        yield Labelled(path, text, annotation)


def read_files(folder: str | Path) -> "Iterator[tuple[Path, Annotation]]":
    """The annotations of a folder with their files, held to no text.

    Raises CannotRun for a folder with none, and for a file that is no annotation.
    """
    from annotate.corpus import decode_annotation
    from annotate.util.files import read_bytes

    paths = sorted(path for path in Path(folder).glob("*.json") if not path.name.startswith("."))
    if not paths:
        raise CannotRun(folder, "holds no annotation files", "name a folder of files such as annotations/gold holds")
    for path in paths:
        yield path, decode_annotation(path, read_bytes(path, "name a folder of annotation files"))


def errors(labelled: Labelled, inventory: "Inventory") -> "list[Finding]":
    """What `annotate check` has against the labels, the words of the inventory first; warnings aside."""
    from annotate.checks import check_annotation

    found = check_annotation(labelled.annotation, labelled.text, inventory, str(labelled.path))
    return [finding for finding in found if finding.severity == "error"]
