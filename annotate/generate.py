"""What is generated from the inventory and committed beside it: JSON Schemas, and the tables in the guidelines."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from annotate import classes
from annotate.annotation_schema import annotation_schema_text
from annotate.errors import CannotRun
from annotate.inventory import Bounds, Inventory, RelationLabel
from annotate.schemas import PACKAGE_SCHEMAS, package_schema

_MARKED = re.compile(r"(<!-- generated: (?P<what>[^>]+?) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def generated_files(inventory: Inventory, schema: Path, guidelines: Path | None) -> dict[Path, str]:
    """Path → what it must hold: the schemas, the class ids, and each page of the guidelines with its tables filled in.

    Raises CannotRun for a page with a marker that names no label.
    """
    files = {schema / classes.BESIDE: annotation_schema_text(inventory)}
    files[schema / classes.FILE] = classes.encode(classes.extended(inventory.numbers, inventory.named))
    files |= {schema / f"{name}.schema.json": package_schema(name) for name in PACKAGE_SCHEMAS}
    for path in sorted(guidelines.rglob("*.md")) if guidelines else []:
        page = path.read_text("utf-8")
        filled = _MARKED.sub(_filler(inventory, path), page)
        if "<!-- generated:" in page:
            files[path] = filled
    return files


def _filler(inventory: Inventory, path: Path) -> Callable[[re.Match[str]], str]:
    def filled(match: re.Match[str]) -> str:
        kind, _, name = match["what"].partition(" ")
        if kind == "label" and name in inventory.spans:
            table = label_table(inventory, name)
        elif match["what"] == "relations":
            table = relation_table(inventory)
        elif match["what"] == "labels":
            table = labels_table(inventory)
        else:
            raise CannotRun(path, f"nothing can be generated for {match['what']!r}", "write label NAME or relations")
        return f"{match[1]}\n{table}\n{match[3]}"

    return filled


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def label_table(inventory: Inventory, name: str) -> str:
    """A label's definition, and a row for each value of each of its attributes, in Markdown."""
    label = inventory.spans[name]
    layer = inventory.layers[label.layer]
    intro = f"**{label.definition}** Layer: {layer.title}. Hotkey: `{label.hotkey}`.\n"
    rows: list[tuple[str, ...]] = []
    for attribute in inventory.attributes_of(name):
        must = "" if attribute.required else " (may stay empty)"
        rows.append((f"**{attribute.name}**{must}", "", attribute.definition))
        rows += [("", f"`{value}`", definition) for value, definition in attribute.values.items()]
        if not attribute.values:
            rows[-1] = (rows[-1][0], "a whole number" if attribute.type == "integer" else "words", rows[-1][2])
    return intro + (f"\n{_table(('Attribute', 'Value', 'Meaning'), rows)}" if rows else "")


def labels_table(inventory: Inventory) -> str:
    """All labels with layer, hotkey and definition, in Markdown; each links to its page."""
    rows = [
        (f"[{name}]({label.guideline})", inventory.layers[label.layer].title, f"`{label.hotkey}`", label.definition)
        for name, label in inventory.spans.items()
    ]
    return _table(("Label", "Layer", "Hotkey", "Definition"), rows)


def _number(bounds: Bounds) -> str:
    if bounds.most == bounds.least:
        return str(bounds.least)
    return f"{bounds.least} or more" if bounds.most is None else f"{bounds.least} to {bounds.most}"


def _ends(relation: RelationLabel) -> tuple[str, str]:
    if relation.joins_pieces:
        return "a later piece", "the piece before it, same label"
    return " or ".join(relation.head), " or ".join(relation.tail)


def relation_table(inventory: Inventory) -> str:
    """All relations with their ends and how many may start from one span, in Markdown."""
    rows = [
        (
            f"`{name}`",
            relation.words,
            *_ends(relation),
            "1" if relation.joins_pieces else _number(relation.per_head),
            relation.definition,
        )
        for name, relation in inventory.relations.items()
    ]
    return _table(("Relation", "On the screen", "From (head)", "To (tail)", "How many", "Definition"), rows)
