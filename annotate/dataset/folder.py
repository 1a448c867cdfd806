"""A dataset folder: its manifest, and how it takes the place of an earlier one whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from annotate.dataset.redact import SKELETON
from annotate.dataset.writer import TableFile
from annotate.errors import CannotRun
from annotate.util.folders import replacing_folder

MANIFEST = "manifest.json"
CARD = "README.md"
CROISSANT = "croissant.json"
FORMAT = "annotate dataset 1"


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


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of `manifest.json`."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a dataset folder; None if it has none, or one of another format."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError):
        return None
    return manifest if manifest.format == FORMAT else None


def own_files(manifest: Manifest) -> set[str]:
    """Return the paths of all files that `annotate build` may have written with this manifest."""
    return {CARD, CROISSANT, MANIFEST, SKELETON, *(table.file for table in manifest.tables)}


def require_replaceable(out: Path) -> None:
    """Check that a folder may be replaced.

    Raises:
        CannotRun: `out` is neither missing, nor empty, nor a dataset folder without other files.
    """
    hint = "choose another folder with --out"
    if not out.exists():
        return
    if not out.is_dir():
        raise CannotRun(out, "is a file", hint)
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir())
    if not files:
        return
    manifest = read_manifest(out)
    if manifest is None:
        raise CannotRun(out, "not a dataset folder that `annotate build` made", hint)
    for file in files:
        if file not in own_files(manifest):
            raise CannotRun(
                out / file, "was not made by `annotate build` and would be lost", f"move it away, or {hint}"
            )


@contextlib.contextmanager
def dataset_folder(out: str | Path) -> Iterator[Path]:
    """Yield a folder that replaces `out` when the block ends well, and is removed when it does not.

    Raises:
        CannotRun: `out` must not be replaced, or the disk cannot be written to.
    """
    folder = Path(out)
    try:
        require_replaceable(folder)
        with replacing_folder(folder.resolve()) as replacement:
            yield replacement
    except OSError as error:
        # An error of pyarrow has the number, and a text of its own.
        reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
        raise CannotRun(folder, f"cannot be written: {reason}", "free space or choose another folder") from error
