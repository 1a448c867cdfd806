"""The files of a corpus that are made from a draft: the inventory, the map, and a page for each label."""

from collections.abc import Iterable, Iterator, Mapping

import yaml

from annotate.drafts.draft import DraftLabel, InventoryDraft
from annotate.drafts.ids import UniqueNames
from annotate.generate import PAGE_STUB
from annotate.inventory import INVENTORY_FILE
from annotate.util.escape import Markdown, escape_terminal_line, has_unseen

_RELATIONS_PAGE = "how-to-label.md"
_WIDTH = 110


class _Block(dict[str, object]):
    """A mapping that has an entry on each line."""


class _Dumper(yaml.SafeDumper):
    """Writes lists on one line, and mappings as blocks."""

    def ignore_aliases(self, _: object) -> bool:
        return True


class _MapDumper(_Dumper):
    """Writes mappings on one line, too."""


def _represent_list(dumper: yaml.SafeDumper, value: list[object]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


def _represent_mapping(dumper: yaml.SafeDumper, value: dict[str, object]) -> yaml.Node:
    flow = isinstance(dumper, _MapDumper) and not isinstance(value, _Block)
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=flow)


_Dumper.add_representer(list, _represent_list)
for _type in (dict, _Block):
    _Dumper.add_representer(_type, _represent_mapping)


def render_draft(draft: InventoryDraft) -> dict[str, str]:
    """Return the text of each file that is made from a draft, by its path in the new corpus.

    The paths are made of ids alone.
    """
    pages = _name_pages(draft)
    files = {
        f"guidelines/{page}": _render_page(label.id, label.shown_as or label.id)
        for label, page in zip(draft.labels, pages.values(), strict=True)
    }
    files[f"schema/maps/{draft.format}.yaml"] = _render_map(draft)
    files[f"schema/{INVENTORY_FILE}"] = _render_inventory(draft, pages)
    return files


def _name_pages(draft: InventoryDraft) -> dict[str, str]:
    """Return the page of each label, by its id; names differ by more than their case."""
    names = UniqueNames("-")
    return {label.id: f"labels/{names.add(label.id.lower())}.md" for label in draft.labels}


def _render_page(label_id: str, shown: str) -> str:
    heading = Markdown("# {}\n\n").format(shown)
    return f"{heading}<!-- generated: label {label_id} -->\n<!-- /generated -->\n\n{PAGE_STUB}"


def _render_inventory(draft: InventoryDraft, pages: Mapping[str, str]) -> str:
    lines = [
        f"# The inventory: what this corpus labels, made by `annotate init` from {draft.origin}.",
        "# Everything else is made from it; after a change raise `version` and run `annotate generate`.",
        "# What may stand here: inventory.schema.json.",
        "# To rename a label, an attribute, a value or a relation, use `annotate migrate`: it renames it everywhere.",
        "version: 0.1.0",
        *_dump({"title": draft.title}, _Dumper),
        "about: Say here, in one sentence, what the articles are and what is labelled in them.",
        "language: en  # of the texts",
        "",
        *_render_section(
            "layers", ((layer.id, {"title": layer.title, "definition": layer.definition}, "") for layer in draft.layers)
        ),
        "",
        *_render_section("spans", ((label.id, _label_fields(label, pages[label.id]), "") for label in draft.labels)),
        "",
        *_render_section("attributes", _attribute_entries(draft)),
        "",
        "intervals: []",
        "",
        *_render_section("relations", _relation_entries(draft)),
        "",
        "records: {}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _label_fields(label: DraftLabel, page: str) -> dict[str, object]:
    fields = {"layer": label.layer, "definition": label.definition, "shown_as": label.shown_as}
    fields |= {"hotkey": label.hotkey, "color": label.color, "guideline": page}
    return {key: value for key, value in fields.items() if value}


def _attribute_entries(draft: InventoryDraft) -> Iterator[tuple[str, dict[str, object], str]]:
    for attribute in draft.attributes:
        fields: dict[str, object] = {"shown_as": attribute.shown_as} if attribute.shown_as else {}
        fields |= {"labels": attribute.labels, "type": attribute.type, "required": attribute.required}
        fields["definition"] = attribute.definition
        if attribute.values:
            fields["values"] = {
                value.id: {"shown_as": value.shown_as, "definition": value.definition}
                if value.shown_as
                else value.definition
                for value in attribute.values
            }
        yield attribute.id, fields, ""


def _relation_entries(draft: InventoryDraft) -> Iterator[tuple[str, dict[str, object], str]]:
    for relation in draft.relations:
        fields: dict[str, object] = {"shown_as": relation.shown_as} if relation.shown_as else {}
        fields["definition"] = relation.definition
        fields |= {"joins_pieces": True} if relation.joins_pieces else {"head": relation.head, "tail": relation.tail}
        fields["guideline"] = _RELATIONS_PAGE
        yield relation.id, fields, relation.comment


def _render_map(draft: InventoryDraft) -> str:
    lines = [
        f"# The map from the names in {draft.origin} to the inventory; null leaves a name out, and counts it.",
        "# What may stand here: import-map.schema.json.",
    ]
    for section, entries in {"spans": {}, **draft.label_map}.items():
        lines.append("")
        if isinstance(entries, Mapping):
            named = ((name, entry, draft.comments.get((section, name), "")) for name, entry in entries.items())
            lines += _render_section(section, named, _MapDumper)
        else:
            lines += _dump({section: entries}, _MapDumper)
    return "".join(f"{line}\n" for line in lines)


def _render_section(
    name: str, entries: Iterable[tuple[str, object, str]], dumper: type[yaml.SafeDumper] = _Dumper
) -> Iterator[str]:
    """Yield the lines of a section: each entry in YAML, below its comment."""
    empty = True
    for key, value, comment in entries:
        if empty:
            yield f"{name}:"
            empty = False
        if comment:
            yield f"  # {escape_terminal_line(comment)}"
        yield from (f"  {line}" for line in _dump({key: value}, dumper))
    if empty:
        yield f"{name}: {{}}"


def _dump(entry: dict[str, object], dumper: type[yaml.SafeDumper]) -> list[str]:
    """Return the lines of a mapping in YAML.

    One that holds what a terminal obeys or a reader does not see is written in ASCII, with escapes.
    """

    def dump(allow_unicode: bool) -> list[str]:
        text: str = yaml.dump(_Block(entry), Dumper=dumper, sort_keys=False, allow_unicode=allow_unicode, width=_WIDTH)
        return text.removesuffix("\n").split("\n")

    lines = dump(allow_unicode=True)
    return dump(allow_unicode=False) if any(map(has_unseen, lines)) else lines
