"""`annotate init`: lay out an empty corpus."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import click

from annotate.cli.terminal import echo
from annotate.errors import CannotRun, describe_os_error

_EMPTY_FOLDERS = ("sources", "articles", "annotations/gold", "splits")


@click.command("init")
@click.argument("folder", type=click.Path())
def command(folder: str) -> None:
    """Lay out an empty corpus in FOLDER, with an example inventory.

    The new corpus passes `annotate check`. If the command was interrupted, run it again: it adds what is missing.

    Exit code 0: laid out; 2: could not run, for example because FOLDER is not empty.

    \b
    annotate init my-corpus
    cd my-corpus
    annotate add ~/news/*.txt
    annotate check
    """
    from annotate.inventory import INVENTORY_FILE
    from annotate.util.files import FileToWrite, remove_leftovers, write_together
    from annotate.util.lock import writing_to

    root, template = Path(folder), _read_template()
    _list_missing(root, template)  # before the first folder is made
    try:
        (root / "corpus").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be written: {describe_os_error(error)}"
        raise CannotRun(root, problem, "make room or choose another folder") from error
    with writing_to(root / "corpus"):
        missing = _list_missing(root, template)
        remove_leftovers(root)
        write_together([FileToWrite(root / file, template[file].data, within=root, old=old) for file, old in missing])
    schema = root / "schema"
    echo(f"{root} is laid out. Say what you label in {schema / INVENTORY_FILE}, then add articles:")
    echo(f"  cd {root} && annotate add FILE… && annotate check")


class _TemplateFile(NamedTuple):
    """A file of a new corpus: its bytes, and those that it has before the tables of a page are filled in."""

    data: bytes
    unfilled: bytes


def _read_template() -> dict[str, _TemplateFile]:
    """Return the files of a new corpus by path.

    The inventory is last. Without it no command accepts the folder, so that a killed run cannot pass for a corpus.
    """
    from annotate.generate import generate_files
    from annotate.inventory import INVENTORY_FILE, load_inventory

    example = Path(str(resources.files("annotate").joinpath("example")))
    paths = [path for path in sorted(example.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    files = {path.relative_to(example).as_posix(): _TemplateFile(*[path.read_bytes()] * 2) for path in paths}
    files |= {f"corpus/{name}/.gitkeep": _TemplateFile(b"", b"") for name in _EMPTY_FOLDERS}
    schema = example / "schema"
    for path, text in generate_files(load_inventory(schema), schema, example / "guidelines").items():
        file, data = path.relative_to(example).as_posix(), text.encode()
        files[file] = _TemplateFile(data, files[file].unfilled if file in files else data)
    inventory = f"schema/{INVENTORY_FILE}"
    files[inventory] = files.pop(inventory)
    return files


def _list_missing(root: Path, template: dict[str, _TemplateFile]) -> list[tuple[str, bytes | None]]:
    """Return the files that a new corpus in this folder lacks, each with what is there instead.

    Raises:
        CannotRun: If the folder holds anything but a part of a new corpus, or all of it.
    """
    missing = [(file, data) for file, data in _read_present(root, template) if data != template[file].data]
    if not missing:
        raise _not_empty(root)
    return missing


def _read_present(root: Path, template: dict[str, _TemplateFile]) -> Iterator[tuple[str, bytes | None]]:
    """Yield each file of a new corpus with its present contents; None if it is missing."""
    from annotate.util.files import is_part_name, read_bytes_if_present

    if root.exists() and not root.is_dir():
        raise _not_empty(root)
    folders = {parent.as_posix() for file in template for parent in Path(file).parents}
    for path in root.rglob("*") if root.exists() else ():
        name = path.relative_to(root).as_posix()
        is_ours = name in folders if path.is_dir() else name in template or is_part_name(path.name)
        if not is_ours or path.is_symlink():
            raise _not_empty(root)
    for file, (data, unfilled) in template.items():
        present = read_bytes_if_present(root / file, "name a new folder", within=root)
        if present not in (None, data, unfilled):
            raise _not_empty(root)
        yield file, present


def _not_empty(root: Path) -> CannotRun:
    return CannotRun(root, "exists and is not empty", "name a new folder")
