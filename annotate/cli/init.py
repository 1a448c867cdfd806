"""`annotate init`: lay out an empty corpus."""

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence, Sized
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from annotate.cli.studio.common import show_progress
from annotate.cli.terminal import count_noun, echo
from annotate.errors import CannotRun, describe_os_error

if TYPE_CHECKING:
    from annotate.drafts import InventoryDraft
    from annotate.drafts.project_reader import ProjectDraft
    from annotate.labelstudio.state import State

TEMPLATES = ("empty", "entities", "relations", "quotations", "claims")
"""The inventories that a corpus can begin with: folders of `annotate/corpus_templates`, over `common`."""
ADDITIONS = ("ci",)
"""What a corpus can have in addition to an inventory: folders of `annotate/corpus_templates`."""
_DEFAULT_TEMPLATE = "relations"
_RENAMED = {
    "gitignore": ".gitignore",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "corpus.yml": ".github/workflows/corpus.yml",
}
"""Files of the templates that have another name in a corpus."""
_EMPTY_FOLDERS = ("sources", "articles", "annotations/gold", "splits")


@click.command("init")
@click.argument("folder", type=click.Path())
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    help=f"Inventory to begin with.  [default: {_DEFAULT_TEMPLATE}]",
)
@click.option(
    "--with",
    "additions",
    type=click.Choice(ADDITIONS),
    multiple=True,
    help="Also lay out this; ci: hooks for pre-commit and a workflow for GitHub that check the corpus.",
)
@click.option(
    "--from-inventory",
    type=click.Path(),
    metavar="YAML",
    help="An inventory of yours, in the form of labels.yaml, in place of a template.",
)
@click.option(
    "--from-config",
    type=click.Path(),
    metavar="XML",
    help="Labelling config of a Label Studio project; makes the inventory and schema/maps/labelstudio.yaml of it.",
)
@click.option(
    "--from-brat",
    type=click.Path(),
    metavar="CONF",
    help="An annotation.conf of brat; makes the inventory and schema/maps/brat.yaml of it.",
)
@click.option(
    "--from-studio",
    metavar="PROJECT",
    help="Title or number of a project on a running Label Studio server; makes the inventory and the map of it, and "
    "an article of each of its texts.",
)
@click.option(
    "--dir",
    "server_folder",
    type=click.Path(readable=False),
    help="With --from-studio: folder of the server's data.  [default: one for the corpus, in your data directory]",
)
def command(
    folder: str,
    template: str | None,
    additions: tuple[str, ...],
    from_inventory: str | None,
    from_config: str | None,
    from_brat: str | None,
    from_studio: str | None,
    server_folder: str | None,
) -> None:
    """Lay out an empty corpus in FOLDER, with an inventory to begin with or one of yours.

    The new corpus passes `annotate check`. If the command was interrupted, run it again: it adds what is missing. It
    has what a release asks for, too: CITATION.cff, corpus/release.yaml and .gitignore. `--with ci` adds hooks for
    pre-commit and a workflow for GitHub, which check each change (docs/how-to/run-in-ci.md).

    --template chooses the inventory: `empty` has one label to replace; `entities` has names; `relations` has names and
    a relation between them; `quotations` has who says what; `claims` is that of the corpus Contested Claims, with its
    guidelines. After you have replaced labels in schema/labels.yaml, run `annotate generate --fix`.

    --from-inventory takes an inventory that you have written, and adds the pages of the guidelines that it names.

    --from-config and --from-brat make the inventory of what a project elsewhere labels, with a page of the guidelines
    for each label, and a map from the names there. `annotate convert` and `annotate import` use the map. Names in any
    script keep their form as `shown_as`, and get an id in Latin letters. What cannot be taken is listed, one line a
    kind, before anything is written.

    --from-studio also makes an article of each text of the project, and enters its users in annotators.yaml under
    pseudonyms. `annotate studio pull` then takes their labels. Nothing is changed on the server. Name it in
    LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY, or name the folder of its data with --dir.

    Exit code 0: laid out; 2: could not run, for example because FOLDER is not empty.

    \b
    annotate init my-corpus
    annotate init my-corpus --template quotations --with ci
    annotate init my-corpus --from-inventory inventory.yaml
    annotate init my-corpus --from-config labelling.xml
    annotate init my-corpus --from-brat annotation.conf
    annotate init my-corpus --from-studio "Their project"
    cd my-corpus
    annotate add ~/news/*.txt
    annotate check
    """
    from annotate.inventory import INVENTORY_FILE

    _require_one(
        template=template,
        from_inventory=from_inventory,
        from_config=from_config,
        from_brat=from_brat,
        from_studio=from_studio,
    )
    root, added = Path(folder), _read_additions(additions)
    if from_studio is not None:
        _init_from_studio(root, from_studio, server_folder, added)
        return
    if from_inventory:
        _lay_out(root, added | _inventory_template(from_inventory))
        _show_inventory(root, Path(from_inventory))
        return
    draft = _read_draft(from_config, from_brat)
    if draft:
        files = _draft_template(draft)
    else:
        files = _fill_template(_read_folder("common") | _read_folder(template or _DEFAULT_TEMPLATE))
    _lay_out(root, added | files)
    if draft:
        _show_draft(root, draft)
        return
    echo(f"{root} is laid out. Say what you label in {root / 'schema' / INVENTORY_FILE}, then add articles:")
    echo(f"  cd {root} && annotate generate --fix && annotate add FILE… && annotate check")


def _require_one(**sources: str | None) -> None:
    given = [f"--{name.replace('_', '-')}" for name, value in sources.items() if value is not None]
    if len(given) > 1:
        raise CannotRun(given[1], f"{given[0]} is given, too", "choose one of them")


def _init_from_studio(root: Path, name: str, server_folder: str | None, added: "dict[str, _TemplateFile]") -> None:
    """Lay out a corpus with the inventory and the texts of a project on a server."""
    from datetime import UTC, datetime

    from annotate.drafts.project_reader import draft_from_project
    from annotate.labelstudio.client import Studio, find_server
    from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
    from annotate.labelstudio.location import open_state
    from annotate.labelstudio.state import State

    if not (root / "corpus").is_dir() and root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise _not_empty(root)  # before the tasks are read
    if server_folder is None and not (os.environ.get(URL_VARIABLE) or os.environ.get(TOKEN_VARIABLE)):
        hint = f"set {URL_VARIABLE} and {TOKEN_VARIABLE}, or name the folder of the server's data with --dir"
        raise CannotRun("--from-studio", "no server is named", hint)
    # The corpus has no state of its own yet; without --dir, the server is the one in the environment.
    address = find_server(open_state(root, server_folder) if server_folder else State(root))
    with Studio(address) as studio, show_progress("reading tasks") as progress:
        project = draft_from_project(studio, name, datetime.now(UTC).date(), progress)
    _show_notices(f"project {project.project.id}", project.draft)
    # An earlier run may have been interrupted after its last file, before the project was remembered.
    files = _draft_template(project.draft) | _corpus_template(root, project)
    _lay_out(root, added | files, may_be_complete=True)
    state = open_state(root / "corpus", server_folder)
    state.create_folder()
    _remember_project(state, address.name, project)
    counts = f"{count_noun(len(project.intakes), 'article')}, {count_noun(len(project.annotators), 'annotator')}"
    server = f" --dir {shlex.quote(str(Path(server_folder).resolve()))}" if server_folder else ""
    commands = [f"cd {root}", f"annotate studio pull{server}", "annotate build --out dist/dataset"]
    _show_draft(root, project.draft, f", {counts}", commands)


def _corpus_template(root: Path, project: "ProjectDraft") -> "dict[str, _TemplateFile]":
    """Return the files with the texts of a project, and who labelled them."""
    from annotate.corpus import Corpus
    from annotate.drafts.project_reader import render_annotators

    (root / "corpus").mkdir(parents=True, exist_ok=True)
    corpus = Corpus(root / "corpus")
    files = {"corpus/annotators.yaml": render_annotators(project.annotators.values()).encode()}
    for intake in project.intakes:
        for file in intake.files(corpus):
            data = file.data if isinstance(file.data, bytes) else b"".join(file.data)
            files[file.path.relative_to(root).as_posix()] = data
    return {path: _TemplateFile(data, data) for path, data in files.items()}


def _remember_project(state: "State", server: str, project: "ProjectDraft") -> None:
    """Remember which project and which users of the server the corpus has, for `annotate studio pull`."""
    state.save_project_id(server, project.draft.title, project.project.id)
    users = {user_id: annotator.id for user_id, annotator in project.annotators.items()}
    state.save_annotators(server, state.annotators(server) | users)


def _lay_out(root: Path, template: "dict[str, _TemplateFile]", may_be_complete: bool = False) -> None:
    """Write the files of a new corpus; add what is missing to one that was interrupted.

    Raises:
        CannotRun: If the folder holds anything else, cannot be written, or holds all of it, unless that may be.
    """
    from annotate.util.files import FileToWrite, remove_leftovers, write_together
    from annotate.util.lock import writing_to

    _list_missing(root, template, may_be_complete)  # before the first folder is made
    try:
        (root / "corpus").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be written: {describe_os_error(error)}"
        raise CannotRun(root, problem, "make room or choose another folder") from error
    with writing_to(root / "corpus"):
        missing = _list_missing(root, template, may_be_complete)
        remove_leftovers(root)
        write_together([FileToWrite(root / file, template[file].data, within=root, old=old) for file, old in missing])


def _read_draft(from_config: str | None, from_brat: str | None) -> "InventoryDraft | None":
    """Read the draft of an inventory, and print what it leaves out.

    Raises:
        CannotRun: If there is no such file, it cannot be read, or nothing in it can be taken.
    """
    if from_config is None and from_brat is None:
        return None
    from annotate.drafts import draft_from_brat, draft_from_config
    from annotate.drafts.files import list_unread_neighbours, read_configuration

    file = from_config if from_config is not None else from_brat or ""
    text = read_configuration(file)
    draft = draft_from_config(text, file) if from_config is not None else draft_from_brat(text, file)
    _show_notices(file, draft)
    if from_brat is not None:
        for neighbour in list_unread_neighbours(file):
            echo(f"{neighbour}: is not read", err=True)
    return draft


def _show_notices(where: str, draft: "InventoryDraft") -> None:
    """Print what a draft leaves out.

    Raises:
        CannotRun: If nothing is left.
    """
    for notice in draft.notices:
        echo(f"{where}: {notice}", err=True)
    if not draft.labels:
        hint = "name one that labels words of plain text"
        raise CannotRun(where, "there is no label in it that an inventory can have", hint)


def _show_draft(root: Path, draft: "InventoryDraft", more_counts: str = "", next_commands: Sequence[str] = ()) -> None:
    from annotate.inventory import INVENTORY_FILE

    counts = _count_entries(draft.layers, draft.labels, draft.attributes, draft.relations)
    map_file = root / "schema" / "maps" / f"{draft.format}.yaml"
    echo(f"{root} is laid out: {counts}{more_counts}. Read {root / 'schema' / INVENTORY_FILE} and {map_file}, then:")
    if next_commands:
        for command in next_commands:
            echo(f"  {command}")
    elif draft.format == "brat":
        echo(f"  enter who labelled in {root / 'corpus' / 'annotators.yaml'}")
        echo(f"  cd {root} && annotate import FOLDER --format brat --annotator ID && annotate check")
    else:
        echo(f"  cd {root} && annotate convert EXPORT.json --out dist/dataset")
        echo(f"or, after you have entered who labelled in {root / 'corpus' / 'annotators.yaml'}:")
        echo(f"  cd {root} && annotate import EXPORT.json --format labelstudio --annotator NUMBER=ID && annotate check")


def _show_inventory(root: Path, own_file: Path) -> None:
    from annotate.inventory import INVENTORY_FILE, load_inventory

    inventory = load_inventory(root / "schema")
    counts = _count_entries(inventory.layers, inventory.spans, inventory.attributes, inventory.relations)
    echo(f"{root} is laid out: {counts}. Add articles:")
    echo(f"  cd {root} && annotate add FILE… && annotate check")
    annotators, maps = root / "corpus" / "annotators.yaml", root / "schema" / "maps"
    echo(f"or, after you have entered who labelled in {annotators} and written a map, {maps / 'FORMAT.yaml'}:")
    echo(f"  cd {root} && annotate import FOLDER --format FORMAT --annotator ID && annotate check")
    if own_file.name == INVENTORY_FILE and own_file.resolve().parent in root.resolve().parents:
        problem = f"a folder with {INVENTORY_FILE} is taken for the schema of a corpus, below which nothing is built"
        echo(f"{own_file}: {problem}; remove it, the new corpus has a copy", err=True)


def _count_entries(*sections: Sized) -> str:
    nouns = ("layer", "label", "attribute", "relation")
    return ", ".join(count_noun(len(entries), noun) for noun, entries in zip(nouns, sections, strict=True))


def _read_folder(name: str) -> dict[str, bytes]:
    """Return the files of a folder of `annotate/corpus_templates` by their paths in a corpus."""
    folder = Path(str(resources.files("annotate").joinpath("corpus_templates", name)))
    return {_RENAMED.get(path, path): (folder / path).read_bytes() for path in _list_files(folder)}


def _read_additions(names: Iterable[str]) -> "dict[str, _TemplateFile]":
    """Return the files of additions, with the version of this toolkit, which they install."""
    import annotate

    version = annotate.__version__.encode()
    files = {path: data.replace(b"@VERSION@", version) for name in names for path, data in _read_folder(name).items()}
    return {path: _TemplateFile(data, data) for path, data in files.items()}


def _draft_template(draft: "InventoryDraft") -> "dict[str, _TemplateFile]":
    """Return the files of a new corpus with the inventory of a draft."""
    from annotate.drafts import render_draft

    return _fill_template(_read_folder("common") | {path: text.encode() for path, text in render_draft(draft).items()})


def _inventory_template(file: str) -> "dict[str, _TemplateFile]":
    """Return the files of a new corpus with an inventory that the user has written.

    Raises:
        CannotRun: If the inventory cannot be read, or is not valid.
    """
    from annotate.drafts.files import read_configuration
    from annotate.inventory import INVENTORY_FILE

    return _fill_template(
        _read_folder("common") | {f"schema/{INVENTORY_FILE}": read_configuration(file).encode()}, file
    )


class _TemplateFile(NamedTuple):
    """A file of a new corpus: its bytes, and those that it has before the tables of a page are filled in."""

    data: bytes
    unfilled: bytes


def _list_files(folder: Path) -> list[str]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return [path.relative_to(folder).as_posix() for path in paths]


def _fill_template(given: dict[str, bytes], inventory_file: str | None = None) -> dict[str, _TemplateFile]:
    """Return the files of a new corpus by path.

    The inventory is last. Without it no command accepts the folder, so that a killed run cannot pass for a corpus.

    Args:
        given: All but those that are generated, and the pages of labels that nobody has written yet.
        inventory_file: The file that the user has written the inventory in, for messages.

    Raises:
        CannotRun: If the inventory is not valid.
    """
    from annotate.generate import generate_files, render_missing_pages
    from annotate.inventory import INVENTORY_FILE, load_inventory
    from annotate.util.folders import temporary_folder

    with temporary_folder() as folder:
        schema, guidelines = folder / "schema", folder / "guidelines"
        _write_files(folder, given)
        try:
            inventory = load_inventory(schema)
        except CannotRun as error:
            where = error.where.replace(str(schema / INVENTORY_FILE), inventory_file or INVENTORY_FILE)
            raise CannotRun(where, error.problem, error.hint) from error
        stubs = render_missing_pages(inventory, guidelines)
        pages = {path.relative_to(folder).as_posix(): text.encode() for path, text in stubs.items()}
        _write_files(folder, pages)
        generated = {
            path.relative_to(folder).as_posix(): text.encode()
            for path, text in generate_files(inventory, schema, guidelines).items()
        }
    unfilled = given | pages
    files = {path: _TemplateFile(data, data) for path, data in unfilled.items()}
    files |= {f"corpus/{name}/.gitkeep": _TemplateFile(b"", b"") for name in _EMPTY_FOLDERS}
    files |= {path: _TemplateFile(data, unfilled.get(path, data)) for path, data in generated.items()}
    last = f"schema/{INVENTORY_FILE}"
    files[last] = files.pop(last)
    return files


def _write_files(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def _list_missing(
    root: Path, template: dict[str, _TemplateFile], may_be_complete: bool
) -> list[tuple[str, bytes | None]]:
    """Return the files that a new corpus in this folder lacks, each with what is there instead.

    Raises:
        CannotRun: If the folder holds anything but a part of a new corpus, or all of it, unless that may be.
    """
    missing = [(file, data) for file, data in _read_present(root, template) if data != template[file].data]
    if not missing and not may_be_complete:
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
