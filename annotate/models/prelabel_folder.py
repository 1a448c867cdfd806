"""Read a folder that `annotate prelabel` wrote: its labels, and the record of the run that made them.

The folder may come from a stranger. A record has known fields only, and fits the labels that it is next to.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.formats import PRELABEL
from annotate.formats.folder_contents import FolderContents, list_contents
from annotate.models.prelabel import FINDINGS_FILE, QUARANTINE_FILE, RECORD_FOLDER, RUN_FILE
from annotate.models.record_checks import require_valid_record
from annotate.models.run_record import RUN_FORMAT, RunRecord
from annotate.schemas import LONGEST_MESSAGE, explain_conversion_error
from annotate.util.escape import quote, shorten
from annotate.util.files import LINK, read_bytes_if_present, read_stamp, reporting_read_errors
from annotate.util.folders import find_files
from annotate.util.typed_values import decode_as

T = TypeVar("T")

LARGEST_RECORD = 1 << 26
"""Bytes of `run.json`. It has a line for each article without labels."""
_HINT = "run `annotate prelabel` again"


class _CodedEntry(msgspec.Struct, frozen=True):
    """An entry of `quarantine.json` or `findings.json`, of which only the code is used."""

    code: str


class PrelabelFolder(NamedTuple):
    """A folder of labels that a program made.

    Attributes:
        path: The folder.
        record: The record of the run; None if the folder has none, as with the baseline of patterns.
        files: The files of labels, in the order of their names.
        contents: What else is in the folder.
    """

    path: Path
    record: RunRecord | None
    files: list[Path]
    contents: FolderContents

    @property
    def record_path(self) -> Path:
        """The path of the record."""
        return self.path / RECORD_FOLDER / RUN_FILE


def read_prelabel_folder(folder: Path) -> PrelabelFolder:
    """Read what a folder holds, without its labels.

    Raises:
        CannotRun: The folder is missing, is a link or holds no labels, or its record cannot be read or does not fit.
    """
    if folder.is_symlink() or not folder.is_dir():
        problem = LINK if folder.is_symlink() else "no such folder"
        raise CannotRun(folder, problem, "name the folder that `annotate prelabel` wrote")
    own_files = [folder / RECORD_FOLDER / name for name in (RUN_FILE, QUARANTINE_FILE, FINDINGS_FILE)]
    contents = list_contents(PRELABEL, folder, own_files=[path for path in own_files if not path.is_symlink()])
    files = find_files(folder, ".json")
    if not files:
        raise CannotRun(folder, "holds no files of labels", "name the folder that `annotate prelabel` wrote")
    record = _read_record(folder)
    if record is not None:
        _require_fitting_files(folder, record, files)
        for name, counts in ((QUARANTINE_FILE, record.quarantined), (FINDINGS_FILE, record.findings)):
            _require_fitting_codes(folder, name, counts)
    return PrelabelFolder(folder, record, files, contents)


def _read_record(folder: Path) -> RunRecord | None:
    path = folder / RECORD_FOLDER / RUN_FILE
    with reporting_read_errors(path, _HINT):
        stamp = read_stamp(str(path), within=folder)
    if stamp is not None and stamp[1] > LARGEST_RECORD:
        raise CannotRun(path, f"is larger than {LARGEST_RECORD >> 20} MB, and no record of a run", _HINT)
    data = read_bytes_if_present(path, _HINT, within=folder)
    if data is None:
        return None
    record = _decode(path, data, RunRecord)
    if record.format != RUN_FORMAT:
        problem = f"has the format {quote(record.format)}, not {quote(RUN_FORMAT)}"
        raise CannotRun(path, problem, "import it with the version of the toolkit that wrote it")
    require_valid_record(path, record)
    return record


def _decode(path: Path, data: bytes, type_: type[T]) -> T:
    try:
        return decode_as(data, type_)
    except msgspec.ValidationError as error:
        fault = explain_conversion_error(error)
        raise CannotRun(path, f"{fault.location}: {shorten(fault.message, LONGEST_MESSAGE)}", _HINT) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(path, shorten(f"cannot be read: {error}"), _HINT) from error


def _require_fitting_files(folder: Path, record: RunRecord, files: list[Path]) -> None:
    """Check that a record counts the files of labels, and that none is of an article that it calls left out.

    Raises:
        CannotRun: It does not fit.
    """
    path = folder / RECORD_FOLDER / RUN_FILE
    if record.articles != len(files):
        raise CannotRun(path, f"counts {record.articles:,} articles, and the folder has {len(files):,}", _HINT)
    left_out = {article.article for article in record.left_out}
    labelled = next((file.stem for file in files if file.stem in left_out), None)
    if labelled is not None:
        raise CannotRun(path, f"says that {quote(labelled)} has no labels, and the folder has some", _HINT)


def _require_fitting_codes(folder: Path, name: str, counts: dict[str, int]) -> None:
    """Check that the entries of a file are those that the record counts; a file that is missing has none to compare.

    Raises:
        CannotRun: The file cannot be read, or has others.
    """
    path = folder / RECORD_FOLDER / name
    data = read_bytes_if_present(path, _HINT, within=folder)
    if data is not None and Counter(entry.code for entry in _decode(path, data, list[_CodedEntry])) != Counter(counts):
        raise CannotRun(path, f"has other entries than {RUN_FILE} counts", _HINT)
