"""Generate the files that are made from the inventory: JSON Schemas, class ids and tables in the guidelines."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from annotate.annotation_schema import encode_annotation_schema
from annotate.article_schema import encode_article_schema
from annotate.class_ids import ANNOTATION_SCHEMA_FILE, CLASS_IDS_FILE, encode_class_ids, update_class_ids
from annotate.errors import CannotRun
from annotate.inventory import Bounds, Inventory, RelationLabel, SpanLabel, load_inventory
from annotate.schemas import PACKAGE_SCHEMAS, package_schema
from annotate.util.escape import (
    Markdown,
    escape_markdown_words,
    markdown_code,
    markdown_shown_form,
    markdown_table,
    quote,
)
from annotate.util.files import FileToWrite, read_bytes_if_present, read_text
from annotate.util.folders import find_files

_MARKED = re.compile(
    r"(<!-- generated: (?P<what>[^<>\n]+?) -->\n)(?:(?!<!-- generated: ).)*?(<!-- /generated -->)", re.DOTALL
)
"""A generated table with its marks. It ends before the next opening mark: without a closing one, it is not a table."""


PAGE_STUB = "Write here the test to apply, examples from your articles, and what is not this label.\n"
"""What a page says that nobody has written yet."""
_DRAWING = "how to draw relations"
DRAWING_STEPS = """\
## Relations

Draw relations last, when their spans are made.

1. Select the span where the relation starts, its head ("From" in the table).
2. Press `Alt+R`, or click the link button.
3. Click the span where it ends, its tail ("To" in the table), in the text or in the list of regions.
4. Name the relation. Open the tab *Relations*, beside *Regions*. Move the mouse over the relation, click the button "…"
   that appears, and choose one name from the list below it. The table has the names as the screen shows them. Where it
   has one relation only from the label of the head to that of the tail, the name may be left out; it is filled in.
5. Look at the arrow: it must point from head to tail. If it does not, turn it with the arrow at the left of the
   relation, in the list.
"""
"""What a page says of drawing relations in Label Studio, if the inventory has any."""
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
    return _generate_texts(inventory, schema, read_pages(guidelines) if guidelines else {})


def _generate_texts(inventory: Inventory, schema: Path, pages: Mapping[Path, str]) -> dict[Path, str]:
    for fault in find_page_faults(inventory, pages):
        raise CannotRun(f"{fault.path}:{fault.line}", fault.problem, fault.hint)
    texts = {schema / f"{name}.schema.json": package_schema(name) for name in PACKAGE_SCHEMAS}
    own_texts = _inventory_files(inventory, schema)
    files = {path: own_texts.get(path) or texts[path] for path in generated_paths(schema)}
    return files | fill_pages(inventory, pages)


def _inventory_files(inventory: Inventory, schema: Path) -> dict[Path, str]:
    """Return the files of the schema folder that the inventory decides: all but the copies of the toolkit's schemas."""
    class_ids = update_class_ids(schema, inventory.committed_class_ids, inventory.class_names)
    files = {
        schema / ANNOTATION_SCHEMA_FILE: encode_annotation_schema(inventory),
        schema / CLASS_IDS_FILE: encode_class_ids(class_ids),
    }
    if inventory.metadata:
        files[schema / "article.schema.json"] = encode_article_schema(inventory)
    return files


def read_pages(guidelines: Path) -> dict[Path, str]:
    """Return the text of each page of the guidelines.

    Raises:
        CannotRun: If one cannot be read.
    """
    hint = "make it a page that can be read"
    return {path: read_text(path, hint, within=guidelines) for path in find_files(guidelines, ".md", below=True)}


def fill_pages(inventory: Inventory, pages: Mapping[Path, str]) -> dict[Path, str]:
    """Return the pages that have a marker, with their tables filled in. Unknown markers keep what is there."""
    return {
        path: _MARKED.sub(lambda match: _fill_table(inventory, match), page)
        for path, page in pages.items()
        if "<!-- generated:" in page
    }


def without_generated_tables(page: str) -> str:
    """Return a page of the guidelines without its generated tables."""
    return _MARKED.sub("", page)


def generated_paths(schema: Path) -> list[Path]:
    """Return the paths of the files that are generated into a schema folder."""
    names = ANNOTATION_SCHEMA_FILE, CLASS_IDS_FILE, *(f"{name}.schema.json" for name in PACKAGE_SCHEMAS)
    return [schema / name for name in names]


class StaleFiles(NamedTuple):
    """What `annotate generate` has to do.

    Attributes:
        files: The files that are missing or stale.
        orphans: The pages of labels that the inventory does not have, which `fix` deletes.
        missing: The pages that the inventory names and that are not there; none if `fix` writes them.
        total: The number of files that are generated.
    """

    files: list[FileToWrite]
    orphans: list[FileToWrite]
    missing: list["MissingPage"]
    total: int


def find_stale_files(schema: Path, guidelines: Path | None, *, fix: bool = False) -> StaleFiles:
    """Generate the files of a schema folder and of the guidelines, and compare them with what is there.

    Args:
        schema: The schema folder.
        guidelines: The folder of the guidelines, if there is one.
        fix: Whether pages of labels that the inventory does not have are deleted, and missing pages written.

    Raises:
        CannotRun: If the inventory or a page cannot be read, or a marker on a page is unknown.
    """
    folders = dict.fromkeys(generated_paths(schema), schema)
    if guidelines:
        folders |= dict.fromkeys(find_files(guidelines, ".md", below=True), guidelines)
    # Read before the files are generated: a page that an editor saves meanwhile then differs from what is expected.
    old = {path: read_bytes_if_present(path, "make it a readable file", within=folders[path]) for path in folders}
    inventory = load_inventory(schema)
    pages = read_pages(guidelines) if guidelines else {}
    missing = find_missing_pages(inventory, guidelines, pages) if guidelines else []
    orphans: list[Path] = []
    repaired: dict[Path, str] = {}
    if fix and guidelines:
        orphans = find_orphans(inventory, guidelines, pages)
        folders |= {page.path: guidelines for page in missing}
        repaired = {path: _repair_markers(inventory, guidelines, path, page) for path, page in pages.items()}
        repaired |= {page.path: _render_stub(page) for page in missing}
        repaired = {path: text for path, text in repaired.items() if path not in orphans and text != pages.get(path)}
        pages = {path: page for path, page in (pages | repaired).items() if path not in orphans}
        missing = []
    files = repaired | _generate_texts(inventory, schema, pages)
    stale = [
        FileToWrite(path, text.encode(), within=folders.get(path), old=old.get(path))
        for path, text in files.items()
        if old.get(path) != text.encode()
    ]
    removed = [FileToWrite(path, b"", within=guidelines, old=old.get(path)) for path in orphans]
    return StaleFiles(stale, removed, missing, len(files))


def find_outdated_files(inventory: Inventory, pages: Mapping[Path, str]) -> list[Path]:
    """Return the generated files that the inventory would make otherwise. Missing files are not listed.

    The copies of the toolkit's own schemas are left out: a new version of the toolkit makes no corpus wrong.

    Args:
        inventory: The inventory, loaded from its schema folder.
        pages: The text of each page of the guidelines.

    Raises:
        CannotRun: If a file of the schema folder cannot be read.
    """
    schema = Path(inventory.folder)
    files = _inventory_files(inventory, schema) if inventory.folder else {}
    present = {path: read_bytes_if_present(path, "make it a readable file", within=schema) for path in files}
    files |= fill_pages(inventory, pages)
    present |= {path: page.encode() for path, page in pages.items()}
    return [path for path, text in files.items() if present[path] not in (None, text.encode())]


class MissingPage(NamedTuple):
    """A page that the inventory names as `guideline` and that is not there.

    Attributes:
        path: The path of the page.
        names: The ids of the labels, or else of the relations, whose page it is.
        title: What people see of the first of them.
        is_of_labels: Whether it is the page of a label, and not of relations alone.
    """

    path: Path
    names: tuple[str, ...]
    title: str
    is_of_labels: bool


def find_missing_pages(inventory: Inventory, guidelines: Path, pages: Mapping[Path, str]) -> list[MissingPage]:
    """Return the pages that the inventory names and that the folder of the guidelines does not have.

    None is missing where the folder has no such page and no generated table: its pages have another order.

    Args:
        inventory: The inventory.
        guidelines: The folder of the guidelines.
        pages: The text of each page that can be read.
    """
    entries: dict[Path, list[SpanLabel | RelationLabel]] = {}
    for entry in _labels_and_relations(inventory):
        entries.setdefault(guidelines / entry.guideline, []).append(entry)
    if entries.keys().isdisjoint(pages) and not any(map(_MARKED.search, pages.values())):
        return []
    entries = {path: of_page for path, of_page in entries.items() if not os.path.lexists(path)}
    missing = []
    for path, of_page in entries.items():
        labels = [entry for entry in of_page if isinstance(entry, SpanLabel)]
        named = labels or of_page
        names = tuple(entry.name for entry in named)
        missing.append(MissingPage(path, names, named[0].display_name if labels else "Relations", bool(labels)))
    return missing


def render_missing_pages(inventory: Inventory, guidelines: Path) -> dict[Path, str]:
    """Return pages to fill in, by path, for those that the inventory names and the guidelines do not have."""
    return {page.path: _render_stub(page) for page in find_missing_pages(inventory, guidelines, read_pages(guidelines))}


def _render_stub(page: MissingPage) -> str:
    what = [f"label {name}" for name in page.names] if page.is_of_labels else ["relations"]
    tables = "".join(f"<!-- generated: {name} -->\n<!-- /generated -->\n\n" for name in what)
    return f"{Markdown('# {}').format(page.title)}\n\n{tables}{PAGE_STUB}"


_HEADING = re.compile(r"#{1,6} .*")


def is_unwritten(page: str) -> bool:
    """Tell whether a page has nothing but headings, generated tables, and the text that asks for a description."""
    lines = (line.strip() for line in _MARKED.sub("", page).replace(PAGE_STUB.strip(), "").split("\n"))
    return all(not line or _HEADING.fullmatch(line) for line in lines)


def list_guideline_pages(inventory: Inventory) -> set[str]:
    """Return the pages that the inventory names, as paths from the folder of the guidelines."""
    return {entry.guideline for entry in _labels_and_relations(inventory)}


def find_stubs(inventory: Inventory, guidelines: Path, pages: Mapping[Path, str]) -> list[Path]:
    """Return the pages that the inventory names and that still ask for a description."""
    named = {guidelines / page for page in list_guideline_pages(inventory)}
    return [path for path, page in pages.items() if path in named and PAGE_STUB.strip() in page]


def find_unnamed_pages(inventory: Inventory, guidelines: Path, pages: Mapping[Path, str]) -> list[Path]:
    """Return the pages of labels or relations that the inventory does not have any more.

    They are in a folder below that of the guidelines in which only pages of labels and relations are expected: the
    inventory names another page there. They have no generated table, and no other page links to them.
    """
    named = {guidelines / page for page in list_guideline_pages(inventory)}
    folders = {path.parent for path in named} - {guidelines}
    return [
        path
        for path, page in pages.items()
        if path.parent in folders
        and path not in named
        and not _MARKED.search(page)
        and not any(f"{path.name})" in other for other_path, other in pages.items() if other_path != path)
    ]


def find_missing_tables(inventory: Inventory, guidelines: Path, pages: Mapping[Path, str]) -> dict[Path, list[str]]:
    """Return the generated tables that pages of the guidelines lack, by page, where the guidelines have such tables.

    A label's table belongs on its page, and may be on any. So may that of the relations, if a page is theirs alone.

    Args:
        inventory: The inventory.
        guidelines: The folder of the guidelines.
        pages: The text of each page.
    """
    present = {match["what"] for page in pages.values() for match in _MARKED.finditer(page)}
    if not any(what.startswith("label ") for what in present):
        return {}
    missing: dict[Path, list[str]] = {}
    for label in inventory.spans.values():
        path = guidelines / label.guideline
        if path in pages and f"label {label.name}" not in present:
            missing.setdefault(path, []).append(f"label {label.name}")
    label_pages = {label.guideline for label in inventory.spans.values()}
    for page in dict.fromkeys(relation.guideline for relation in inventory.relations.values()):
        if page not in label_pages and guidelines / page in pages and not present & {"relations", _DRAWING}:
            missing.setdefault(guidelines / page, []).append("relations")
    return missing


class PageFault(NamedTuple):
    """A marker on a page that nothing can be generated for.

    Attributes:
        path: The page.
        line: The line of the marker, from 1 on.
        label: The label that it names, and the inventory does not have; empty for another marker.
        problem: What is wrong.
        hint: What to do.
    """

    path: Path
    line: int
    label: str
    problem: str
    hint: str


def find_page_faults(inventory: Inventory, pages: Mapping[Path, str]) -> Iterator[PageFault]:
    """Yield the markers that name no label of the inventory, nor another table that can be generated."""
    for path, page in pages.items():
        line, last = 1, 0
        for match in _MARKED.finditer(page):
            kind, _, name = match["what"].partition(" ")
            line += page.count("\n", last, match.start())
            last = match.start()
            if _make_table(inventory, match["what"]) is not None:
                continue
            if kind == "label" and name:
                hint = (
                    "if you renamed it, restore its name in labels.yaml and use `annotate migrate`; if you removed it,"
                    " run `annotate generate --fix`, delete the page, or write another label into the mark"
                )
                yield PageFault(
                    path, line, name, f"has the table of {quote(name)}, which is no label of labels.yaml", hint
                )
            else:
                problem = f"unknown marker {quote(match['what'])}"
                yield PageFault(path, line, "", problem, f"write `label NAME`, `labels`, `relations` or `{_DRAWING}`")


def _labels_and_relations(inventory: Inventory) -> list[SpanLabel | RelationLabel]:
    return [*inventory.spans.values(), *inventory.relations.values()]


def find_orphans(inventory: Inventory, guidelines: Path, pages: Mapping[Path, str]) -> list[Path]:
    """Return the pages that are only about labels which the inventory does not have.

    Such a page has no other generated table, and the inventory does not name it; or it has lost its table, and nobody
    has written anything on it.
    """
    named = {guidelines / page for page in list_guideline_pages(inventory)}
    faults = Counter(fault.path for fault in find_page_faults(inventory, pages) if fault.label)
    orphans = [path for path, count in faults.items() if count == len(_MARKED.findall(pages[path]))]
    unnamed = [path for path in find_unnamed_pages(inventory, guidelines, pages) if is_unwritten(pages[path])]
    return [path for path in (*orphans, *unnamed) if path not in named]


def _repair_markers(inventory: Inventory, guidelines: Path, path: Path, page: str) -> str:
    """Return a page without the tables of labels that the inventory does not have.

    The first of them becomes the table of the label whose page it is, if the page has none of that label.
    """
    markers = {match["what"] for match in _MARKED.finditer(page)}
    own = [name for name, label in inventory.spans.items() if guidelines / label.guideline == path]
    waiting = [name for name in own if f"label {name}" not in markers]

    def repair(match: re.Match[str]) -> str:
        kind, _, name = match["what"].partition(" ")
        if kind != "label" or name in inventory.spans:
            return match[0]
        return f"<!-- generated: label {waiting.pop(0)} -->\n<!-- /generated -->" if waiting else ""

    return _MARKED.sub(repair, page)


def _make_table(inventory: Inventory, what: str) -> str | None:
    """Return the table of a marker; None for an unknown one."""
    kind, _, name = what.partition(" ")
    if kind == "label" and name in inventory.spans:
        return label_table(inventory, name)
    if what == "relations":
        return relation_table(inventory)
    if what == _DRAWING:
        return DRAWING_STEPS if inventory.relations else ""
    return labels_table(inventory) if what == "labels" else None


def _fill_table(inventory: Inventory, match: re.Match[str]) -> str:
    table = _make_table(inventory, match["what"])
    if table is None:
        return match[0]
    return f"{match[1]}\n{table}\n{match[3]}" if table else f"{match[1]}{match[3]}"


def _left_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"{markdown_table(header, rows, align=['left'] * len(header))}\n"


def label_table(inventory: Inventory, name: str) -> str:
    """Return a label's definition and a table of the values of its attributes, in Markdown."""
    label = inventory.spans[name]
    layer = inventory.layers[label.layer]
    facts = [Markdown("Layer: {}.").format(layer.title)]
    if label.display_name != name:
        facts.insert(0, Markdown("Shown as: {}.").format(label.display_name))
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
            rows[-1] = (rows[-1][0], _FREE_VALUES[attribute.type] + attribute.bounds, rows[-1][2])
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


def _describe_numbers(relation: RelationLabel) -> str:
    """Return how many relations a head has, and how many a tail if the inventory says so."""
    numbers = _format_bounds(relation.per_head)
    return numbers if relation.per_tail == Bounds() else f"{numbers}; to each tail: {_format_bounds(relation.per_tail)}"


def relation_table(inventory: Inventory) -> str:
    """Return a table of all relations with their ends and the number allowed for a head, in Markdown.

    It is empty if the inventory has no relations.
    """
    if not inventory.relations:
        return ""
    rows = [
        (
            markdown_code(name),
            relation.display_name,
            *_describe_ends(relation, inventory),
            "1" if relation.joins_pieces else _describe_numbers(relation),
            escape_markdown_words(relation.definition),
        )
        for name, relation in inventory.relations.items()
    ]
    return _left_table(("Relation", "On the screen", "From (head)", "To (tail)", "How many", "Definition"), rows)
