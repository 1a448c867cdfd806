"""The inventory and the guidelines as files of a dataset folder: the data are of use without the repository."""

from collections.abc import Mapping
from pathlib import Path

from annotate.class_ids import CLASS_IDS_FILE
from annotate.corpus import GUIDELINES, Corpus, find_parent_folder
from annotate.inventory import INVENTORY_FILE, Inventory
from annotate.util.files import read_bytes, read_text
from annotate.util.folders import find_files, is_inner_path

SCHEMA = "schema"
"""The folder of the inventory in a dataset folder; that of the guidelines is called like the one next to a corpus."""


def read_inventory_files(inventory: Inventory) -> dict[str, bytes]:
    """Return the files of an inventory by their path in a dataset folder; none for one that was not loaded."""
    if not inventory.folder:
        return {}
    folder = Path(inventory.folder)
    paths = (folder / name for name in (INVENTORY_FILE, CLASS_IDS_FILE))
    return {f"{SCHEMA}/{path.name}": read_bytes(path, "restore it", within=folder) for path in paths if path.is_file()}


def read_guidelines(corpus: Corpus) -> dict[str, str]:
    """Return the pages of the guidelines next to a corpus, by their path in the folder of the guidelines.

    Raises:
        CannotRun: If a page cannot be read.
    """
    folder = find_parent_folder(corpus.root) / GUIDELINES
    pages = {path.relative_to(folder).as_posix(): path for path in find_files(folder, ".md", below=True)}
    hint = "make it a page that can be read"
    return {name: read_text(path, hint, within=folder) for name, path in pages.items() if is_inner_path(name)}


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a dataset folder.

    Args:
        folder: The dataset folder.
        files: Path → contents.
    """
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
