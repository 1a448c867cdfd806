"""A dataset folder: its manifest, and how it takes the place of an earlier one whole or not at all."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from annotate.class_ids import CLASS_IDS_FILE
from annotate.corpus import GUIDELINES
from annotate.dataset.eval_file import EVAL_FILE
from annotate.dataset.inventory_files import SCHEMA
from annotate.dataset.redact import SKELETON
from annotate.dataset.writer import TableFile
from annotate.errors import CannotRun
from annotate.inventory import INVENTORY_FILE
from annotate.outputs import HINT, Marker, OwnNames, output_folder, read_marker_file, require_output_folder
from annotate.passes import LeftOutPass
from annotate.redaction.hydrate import Hydration
from annotate.util.escape import quote
from annotate.util.typed_values import decode_as

MANIFEST = "manifest.json"
CARD = "README.md"
CROISSANT = "croissant.json"
CLASS_DESCRIPTIONS = "classes.json"
DATA = "data"
"""The folder of the tables."""
FORMAT, CONVERSION_FORMAT = "annotate dataset 1", "annotate conversion 4"
"""The latest format of what `annotate build` and `annotate convert` write. It changes when the same input
would give other bytes. A later one is refused."""
_TABLE_FILE = re.compile(r"data/[^/]+/[^/]+\.parquet")
_OTHER_FILE = re.compile(
    rf"{re.escape(CLASS_DESCRIPTIONS)}|{SCHEMA}/({re.escape(INVENTORY_FILE)}|{re.escape(CLASS_IDS_FILE)})|{GUIDELINES}/.+\.md"
)
"""The names in `Manifest.files`."""


_FORMAT_NUMBER = re.compile(r"annotate (?P<kind>dataset|conversion) (?P<number>[0-9]{1,9})")
_LATEST = {kind: int(number) for _, kind, number in map(str.split, (FORMAT, CONVERSION_FORMAT))}


class _FormatOnly(msgspec.Struct):
    format: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset folder holds, and what it was made from: with the tables, enough to build it again.

    Attributes:
        format: `FORMAT`.
        title: Title of the inventory.
        corpus: Version of the corpus, None where its changelog names none.
        inventory: Version of the inventory.
        inventory_sha256: Hash of what the inventory says, wherever it was loaded from.
        pyarrow: Version of pyarrow, which the bytes of the files depend on.
        articles: Number of articles.
        card_sha256: Hash of the card.
        tables: Every Parquet file.
        unfit: Number of spans that the tags of `tokens` do not express as they are, by reason.
        croissant_sha256: Hash of `croissant.json`.
        negatives: Whether `relations` has pairs without a relation.
        text: False where the words of the articles were left out.
        skeleton_sha256: Hash of `skeleton.jsonl`, None where there is none.
        hydration: How the texts differ from those that were labelled, None where they do not.
        files: Path → SHA-256 of `classes.json`, inventory and guidelines; empty in a dataset of a toolkit before 0.2.0.
        pages_left_out: Number of pages of the guidelines that were left out, since they quote articles.
        eval_sha256: Hash of `eval.yaml`, None without that file.
        passes_left_out: The labels of single annotators that were left out of the tables, since they have errors.
    """

    format: str
    title: str
    corpus: str | None
    inventory: str
    inventory_sha256: str
    pyarrow: str
    articles: int
    card_sha256: str
    tables: tuple[TableFile, ...]
    unfit: dict[str, int] = {}
    croissant_sha256: str | None = None
    negatives: bool = False
    text: bool = True
    skeleton_sha256: str | None = None
    hydration: Hydration | None = None
    files: dict[str, str] = {}
    pages_left_out: int = 0
    eval_sha256: str | None = None
    passes_left_out: tuple[LeftOutPass, ...] = ()


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of `manifest.json`."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a dataset folder; None if it has none, or one of another format."""
    try:
        manifest = decode_as(read_marker_file(folder, MANIFEST), Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return manifest if manifest.format == FORMAT else None


def own_files(manifest: Manifest) -> frozenset[str]:
    """Return the paths of all files that `annotate build` may have written with this manifest."""
    tables = (table.file for table in manifest.tables if _TABLE_FILE.fullmatch(table.file))
    others = filter(_OTHER_FILE.fullmatch, manifest.files)
    return frozenset({CARD, CROISSANT, EVAL_FILE, MANIFEST, SKELETON, *tables, *others})


def _read_own_names(folder: Path) -> OwnNames | None:
    manifest = read_manifest(folder)
    return OwnNames(own_files(manifest)) if manifest else None


DATASET_MARKER = Marker("annotate build", _read_own_names, "not a dataset folder that `annotate build` made", HINT)
"""The marker of `build` and `hydrate`, which write the same folder."""


def require_replaceable(out: Path, sources: Iterable[Path] = ()) -> None:
    """Check that a dataset may be written to a folder, in place of what is there.

    Args:
        out: The folder.
        sources: Folders that must neither contain it nor be inside it.

    Raises:
        CannotRun: `out` is neither missing, nor empty, nor a dataset folder without other files.
    """
    require_output_folder(out, DATASET_MARKER, sources)


@contextlib.contextmanager
def dataset_folder(out: str | Path, sources: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield a folder that replaces `out` when the block ends well, and is removed when it does not.

    Raises:
        CannotRun: `out` must not be replaced, or the disk cannot be written to.
    """
    with output_folder(Path(out), DATASET_MARKER, sources) as folder:
        yield folder


def find_own_schema(path: str | Path) -> Path | None:
    """Return the folder of the inventory that comes with a dataset.

    Args:
        path: A dataset folder that `annotate build` or `annotate convert` wrote, or a table or a file in one.

    Returns:
        The folder; None if there is no such dataset, or if it has no inventory, as those of toolkits before 0.2.0.

    Raises:
        CannotRun: A later version of the toolkit wrote the dataset.
    """
    path = Path(path)
    for folder in (path, *path.parents[:3]):
        if (folder / MANIFEST).is_file() and (folder / DATA).is_dir():
            _require_known_format(folder)
            return folder / SCHEMA if (folder / SCHEMA / INVENTORY_FILE).is_file() else None
    return None


def _require_known_format(folder: Path) -> None:
    """Raise CannotRun if a manifest has a later format than this toolkit reads; any other text passes."""
    try:
        format_ = decode_as(read_marker_file(folder, MANIFEST), _FormatOnly).format
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    match = _FORMAT_NUMBER.fullmatch(format_)
    if match and int(match["number"]) > _LATEST[match["kind"]]:
        problem = f"has the format {quote(format_)}, which is later than this toolkit reads"
        raise CannotRun(folder / MANIFEST, problem, "install the version of the toolkit that made it, or a later one")
