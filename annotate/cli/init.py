"""`annotate init`: lay out an empty corpus."""

from importlib import resources
from pathlib import Path

import click

from annotate.cli.terminal import echo
from annotate.errors import CannotRun


@click.command("init")
@click.argument("folder", type=click.Path())
def command(folder: str) -> None:
    """Lay out an empty corpus in FOLDER, with an example inventory.

    The new corpus passes `annotate check`.

    Exit code 0: laid out; 2: could not run, for example because FOLDER is not empty.

    \b
    annotate init my-corpus
    cd my-corpus
    annotate add ~/news/*.txt
    annotate check
    """
    from annotate import inventory
    from annotate.generate import generate_files
    from annotate.util.files import write_atomically

    root = Path(folder)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise CannotRun(root, "exists and is not empty", "name a new folder")
    example = Path(str(resources.files("annotate").joinpath("example")))
    for path in sorted(example.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            write_atomically(root / path.relative_to(example), path.read_bytes())
    for name in ("sources", "articles", "annotations/gold", "splits"):
        write_atomically(root / "corpus" / name / ".gitkeep", b"")
    schema = root / "schema"
    for path, text in generate_files(inventory.load_inventory(schema), schema, root / "guidelines").items():
        write_atomically(path, text.encode())
    echo(f"{root} is laid out. Say what you label in {schema / inventory.INVENTORY_FILE}, then add articles:")
    echo(f"  cd {root} && annotate add FILE… && annotate check")
