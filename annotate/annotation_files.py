"""Annotation files: folders of them outside of a corpus, such as a system's predictions, and whether they fit."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.corpus import decode_annotation
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.offsets import sha256
from annotate.util.escape import quote, shorten
from annotate.util.files import read_bytes
from annotate.util.folders import find_files

FindText = Callable[[str], str | None]
"""Maps an article id to the text of the article; None for an unknown article."""

_LONGEST = 300
"""Characters of a message with many names."""


def require_known_names(path: Path, annotation: Annotation, inventory: Inventory) -> None:
    """Check that the inventory has the labels, attributes, values and relations of an annotation.

    What counts labels would leave out the others without a word, or measure them as what they are not, as after a label
    or a value was renamed in `labels.yaml` alone.

    Args:
        path: The file of the annotation.
        annotation: The annotation.
        inventory: The inventory.

    Raises:
        CannotRun: If it lacks some, or an attribute cannot have a value, with their number.
    """
    names, values = count_unknown(annotation, inventory)
    if names:
        problem = f"has names that the inventory lacks: {_list_counts(names)}"
        hint = "rename them everywhere with a migration (docs/how-to/migrations.md); `annotate check` lists them"
        raise CannotRun(path, shorten(problem, _LONGEST), hint)
    if values:
        problem = f"has values that the inventory does not allow: {_list_counts(values)}"
        raise CannotRun(path, shorten(problem, _LONGEST), "correct them; `annotate check` lists them")


def count_unknown(
    annotation: Annotation, inventory: Inventory
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Count what an annotation has and the inventory lacks.

    Returns:
        The labels, attributes, choices and relations that the inventory lacks, and the other values that it does not
        allow; each as a noun and the quoted name, with the number of times that it is used.
    """
    names, values = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for span in annotation.spans:
        if span.label not in inventory.spans:
            names["span", quote(span.label)] += 1
        for name, value in span.attributes.items():
            attribute = inventory.attributes.get(name)
            if attribute is None:
                names["value", f"of {quote(name)}"] += 1
            elif not attribute.allows(value):
                counts = names if attribute.type == "choice" else values
                counts["value", f"{quote(value)} of {quote(name)}"] += 1
    for relation in annotation.relations:
        if relation.label not in inventory.relations:
            names["relation", quote(relation.label)] += 1
    return names, values


def _list_counts(counts: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{count:,} {noun}{'s' * (count > 1)} {name}" for (noun, name), count in counts.items())


class AnnotationFile(NamedTuple):
    """An annotation.

    Attributes:
        path: Its file.
        text: The text that it was made on.
        annotation: The annotation.
        form: The form in which it was read, for people.
    """

    path: Path
    text: str
    annotation: Annotation
    form: str = "annotation files"


def read_annotation_folder(folder: str | Path, find_text: FindText) -> Iterator[AnnotationFile]:
    """Yield the annotations of a folder with the texts of their articles, in the order of the file names.

    Args:
        folder: A folder with a file an article, named after the article.
        find_text: Finds the text of an article.

    Raises:
        CannotRun: If the folder has no annotation files, a file cannot be read or is of an unknown article, the text
            has changed since, or a span has other words than the text.
    """
    return (read_folder_file(path, find_text) for path in list_annotation_paths(folder))


def read_folder_file(path: Path, find_text: FindText) -> AnnotationFile:
    """Return the annotation of one file of a folder, as `read_annotation_folder` yields it.

    Args:
        path: The file.
        find_text: Finds the text of an article.

    Raises:
        CannotRun: As `read_annotation_folder` does.
    """
    return _place_annotation(path, _decode_file(path), find_text)


def _place_annotation(path: Path, annotation: Annotation, find_text: FindText) -> AnnotationFile:
    """Return an annotation with its text, which it must fit."""
    article_id = annotation.article
    text = find_text(article_id)
    if text is None or article_id != path.stem:
        raise CannotRun(path, f"is of article {quote(article_id)}", "name the file after an article that has a text")
    if annotation.text_sha256 != sha256(text):
        raise CannotRun(path, "was made on another text", f"make it on the text of {article_id} as it is now")
    for span in annotation.spans:
        if not 0 <= span.start <= span.end <= len(text) or text[span.start : span.end] != span.text:
            problem = f"span {span.id}: its text differs from the article at {span.start}–{span.end}"
            raise CannotRun(path, problem, "count code points from 0")
    return AnnotationFile(path, text, annotation)


def _decode_file(path: Path) -> Annotation:
    return decode_annotation(path, read_bytes(path, "name a folder of annotation files", within=path.parent))


def read_annotation_files(folder: str | Path) -> Iterator[tuple[Path, Annotation]]:
    """Yield the annotations of a folder with their files, without comparing them with texts.

    Raises:
        CannotRun: If the folder has no annotation files, or a file cannot be read.
    """
    return ((path, _decode_file(path)) for path in list_annotation_paths(folder))


def list_annotation_paths(folder: str | Path) -> list[Path]:
    """Return the annotation files of a folder in the order of their names.

    Raises:
        CannotRun: If it has none.
    """
    paths = find_files(Path(folder), ".json")
    if not paths:
        raise CannotRun(folder, "holds no annotation files", "name a folder of files such as annotations/gold holds")
    return paths
