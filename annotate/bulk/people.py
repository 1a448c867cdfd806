"""Who the users of a server are, by the files that say so."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.files import parse_yaml, read_bytes
from annotate.model import Annotator

T = TypeVar("T")


def read_people(path: Path) -> dict[int, str]:
    """A user's number on the server → pseudonym. Raises CannotRun for a file of another form."""
    return _read(path, dict[int, str], "write a line a user: `7: anna`")


def read_annotators(path: Path) -> dict[str, Annotator]:
    """Pseudonym → what is known of the annotator, from a file as `annotators.yaml` of a corpus."""
    listed = _read(path, dict[str, list[Annotator]], "give a file as a corpus has it, annotators.yaml")
    return {annotator.id: annotator for annotators in listed.values() for annotator in annotators}


def _read(path: Path, type_: type[T], mend: str) -> T:
    try:
        value: Any = parse_yaml(read_bytes(path, "name the file"))
        return msgspec.convert(value, type_, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise CannotRun(path, " ".join(str(error).split()), mend) from error
