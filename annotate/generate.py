"""Generate the files that are made from the inventory: JSON Schemas, class ids and tables in the guidelines."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from annotate.annotation_schema import encode_annotation_schema
from annotate.article_schema import encode_article_schema
from annotate.class_ids import ANNOTATION_SCHEMA_FILE, CLASS_IDS_FILE, encode_class_ids, extend_class_ids
from annotate.errors import CannotRun
from annotate.inventory import Bounds, Inventory, RelationLabel, load_inventory
from annotate.schemas import PACKAGE_SCHEMAS, package_schema
from annotate.util.escape import Markdown, escape_markdown_words, markdown_code, markdown_shown_form, markdown_table
from annotate.util.files import FileToWrite, read_bytes_if_present, read_text
from annotate.util.folders import find_files

_MARKED = re.compile(
    r"(<!-- generated: (?P<what>[^<>\n]+?) -->\n)(?:(?!<!-- generated: ).)*?(<!-- /generated -->)", re.DOTALL
)
"""A generated table with its marks. It ends before the next opening mark: without a closing one, it is not a table."""


_FREE_VALUES = {"integer": "a whole number", "number": "a number", "text": "words"}
"""What the table of a label says of the values of an attribute that is not a choice, by the attribute's type."""


def generate_files(inventory: Inventory, schema: Path, guidelines: Path | None) -> dict[Path, str]:
    """Generate the JSON Schemas, the class ids, and the pages of the guidelines with their tables filled in.

    Args:
        inventory: The inventory.
        schema: The schema folder.
        guidelines: The folder of the guidelines, if there is one. Only pages with a marker are generated.

    Returns:
        The text of each file, by path.

    Raises:
        CannotRun: If a marker on a page is unknown.
    """
    class_ids = extend_class_ids(inventory.committed_class_ids, inventory.class_names)
    schemas = {name: package_schema(name) for name in PACKAGE_SCHEMAS} | {"article": encode_article_schema(inventory)}
    texts = [encode_annotation_schema(inventory), encode_class_ids(class_ids), *schemas.values()]
    files = dict(zip(generated_paths(schema), texts, strict=True))
    for path in find_files(guidelines, ".md", below=True) if guidelines else []:
        page = read_text(path, "make it a page that can be read", within=guidelines)
        filled = _MARKED.sub(_make_filler(inventory, path), page)
        if "<!-- generated:" in page:
            files[path] = filled
    return files


def generated_paths(schema: Path) -> list[Path]:
    """Return the paths of the files that are generated into a schema folder."""
    names = ANNOTATION_SCHEMA_FILE, CLASS_IDS_FILE, *(f"{name}.schema.json" for name in PACKAGE_SCHEMAS)
    return [schema / name for name in names]


def find_stale_files(schema: Path, guidelines: Path | None) -> tuple[list[FileToWrite], int]:
    """Generate the files of a schema folder and of the guidelines, and compare them with what is there.

    Args:
        schema: The schema folder.
        guidelines: The folder of the guidelines, if there is one.

    Returns:
        The files that are missing or stale, and the number of all.

    Raises:
        CannotRun: If the inventory or a page cannot be read, or a marker on a page is unknown.
    """
    folders = dict.fromkeys(generated_paths(schema), schema)
    if guidelines:
        folders |= dict.fromkeys(find_files(guidelines, ".md", below=True), guidelines)
    # Read before the files are generated: a page that an editor saves meanwhile then differs from what is expected.
    old = {path: read_bytes_if_present(path, "make it a readable file", within=folders[path]) for path in folders}
    files = generate_files(load_inventory(schema), schema, guidelines)
    stale = [
        FileToWrite(path, text.encode(), within=folders.get(path), old=old.get(path))
        for path, text in files.items()
        if old.get(path) != text.encode()
    ]
    return stale, len(files)


def _make_filler(inventory: Inventory, path: Path) -> Callable[[re.Match[str]], str]:
    def fill_table(match: re.Match[str]) -> str:
        kind, _, name = match["what"].partition(" ")
        if kind == "label" and name in inventory.spans:
            table = label_table(inventory, name)
        elif match["what"] == "relations":
            table = relation_table(inventory)
        elif match["what"] == "labels":
            table = labels_table(inventory)
        else:
            hint = "write `label NAME`, `labels` or `relations`"
            if kind == "label":
                hint = "name a label of the inventory, or remove the page"
            raise CannotRun(path, f"unknown marker {match['what']!r}", hint)
        return f"{match[1]}\n{table}\n{match[3]}"

    return fill_table


def _left_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"{markdown_table(header, rows, align=['left'] * len(header))}\n"


def label_table(inventory: Inventory, name: str) -> str:
    """Return a label's definition and a table of the values of its attributes, in Markdown."""
    label = inventory.spans[name]
    layer = inventory.layers[label.layer]
    facts = [Markdown("Layer: {}.").format(layer.title)]
    if label.shown_as:
        facts.insert(0, Markdown("Shown as: {}.").format(label.shown_as))
    if label.hotkey:
        facts.append(Markdown("Hotkey: {}.").format(markdown_code(label.hotkey)))
    intro = Markdown("**{}** {}\n").format(escape_markdown_words(label.definition), Markdown(" ".join(facts)))
    rows: list[tuple[str, ...]] = []
    for attribute in inventory.attributes_of(name):
        note = Markdown("" if attribute.required else " (may stay empty)")
        name = markdown_shown_form(attribute.name, attribute.display_name, Markdown("**{}**").format(attribute.name))
        rows.append((Markdown("{}{}").format(name, note), "", escape_markdown_words(attribute.definition)))
        rows += [
            (
                "",
                markdown_shown_form(value, attribute.display_value(value), markdown_code(value)),
                escape_markdown_words(definition),
            )
            for value, definition in attribute.values.items()
        ]
        if attribute.type != "choice":
            rows[-1] = (rows[-1][0], _FREE_VALUES[attribute.type], rows[-1][2])
    return str(intro) + (f"\n{_left_table(('Attribute', 'Value', 'Meaning'), rows)}" if rows else "")


def labels_table(inventory: Inventory) -> str:
    """Return a table of all labels with layer, hotkey and definition, in Markdown. Each links to its page."""
    rows = [
        (
            Markdown("[{}]({})").format(
                markdown_shown_form(name, label.display_name, Markdown("{}").format(name)),
                Markdown(label.guideline),  # a path, by its pattern
            ),
            inventory.layers[label.layer].title,
            markdown_code(label.hotkey) if label.hotkey else "",
            escape_markdown_words(label.definition),
        )
        for name, label in inventory.spans.items()
    ]
    return _left_table(("Label", "Layer", "Hotkey", "Definition"), rows)


def _format_bounds(bounds: Bounds) -> str:
    if bounds.most == bounds.least:
        return str(bounds.least)
    return f"{bounds.least} or more" if bounds.most is None else f"{bounds.least} to {bounds.most}"


def _describe_ends(relation: RelationLabel, inventory: Inventory) -> tuple[str, str]:
    if relation.joins_pieces:
        return "a later piece", "the piece before it, same label"

    def describe_end(labels: Sequence[str]) -> str:
        return " or ".join(inventory.spans[label].display_name for label in labels)

    return describe_end(relation.head), describe_end(relation.tail)


def relation_table(inventory: Inventory) -> str:
    """Return a table of all relations with their ends and the number allowed for a head, in Markdown."""
    rows = [
        (
            markdown_code(name),
            relation.display_name,
            *_describe_ends(relation, inventory),
            "1" if relation.joins_pieces else _format_bounds(relation.per_head),
            escape_markdown_words(relation.definition),
        )
        for name, relation in inventory.relations.items()
    ]
    return _left_table(("Relation", "On the screen", "From (head)", "To (tail)", "How many", "Definition"), rows)
