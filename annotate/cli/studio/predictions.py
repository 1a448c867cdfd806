"""Predictions from a folder of annotation files: any system's output, checked before a server sees it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.labels import errors, read_folder
from annotate.cli.studio.common import SHOWN
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.corpus import Corpus
    from annotate.inventory import Inventory
    from annotate.labelstudio.tasks import Prediction


class _Files(Mapping[str, "Sequence[Prediction]"]):
    """Article → its prediction, read when it is looked at: a large folder does not stay in memory."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self.paths = paths

    def __getitem__(self, article: str) -> "Sequence[Prediction]":
        from annotate.corpus import decode_annotation
        from annotate.labelstudio.tasks import Prediction, version_name
        from annotate.util.files import read_bytes

        path = self.paths[article]
        annotation = decode_annotation(path, read_bytes(path, "keep the folder until the push is done"))
        return [Prediction(version_name(annotation.annotator, annotation), annotation)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def from_folder(folder: str, corpus: "Corpus", inventory: "Inventory") -> "Mapping[str, Sequence[Prediction]]":
    """Article → the labels that a folder has of it, to be shown under the name of who made them.

    Raises CannotRun where labels are not of a text of the corpus, or of nobody that can be named, and Refused, after
    showing them, for labels that `annotate check` would not pass.
    """
    from annotate.corpus import ID_PATTERN
    from annotate.labelstudio.client import Refused

    found: dict[str, Path] = {}
    faults = 0
    for entry in read_folder(folder, corpus):
        maker = entry.annotation.annotator
        if not re.fullmatch(ID_PATTERN, maker):
            raise CannotRun(entry.path, "its annotator is no id", "write a word of small letters, such as baseline")
        for fault in errors(entry, inventory):
            faults += 1
            if faults <= SHOWN:
                click.echo(f"{fault.file}: {fault.code} {fault.message}", err=True)
        found[entry.annotation.article] = entry.path
    if faults:
        raise Refused(f"{faults} errors in the predictions of {folder}; nothing was pushed")
    return _Files(found)
