"""Practice texts of the guidelines after the steps of a migration: their labels change as those of gold do.

Only what a step names is edited. The words of a text, of its quotes and of its reasons stay.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from annotate.migration.steps import MigrationStep
from annotate.migration.yaml_edits import YamlDocument, YamlEdit, apply_edits, describe_line, entries, replace_scalar
from annotate.model import GOLD
from annotate.util.escape import quote


class MigratedPractice(NamedTuple):
    """A practice text after a migration, and notes on what a person must look at."""

    text: str
    notes: tuple[str, ...]


def migrate_practice(text: str, article_id: str, steps: Sequence[MigrationStep]) -> MigratedPractice:
    """Return a practice text after the steps of a migration.

    A split gives the spans its default, unless an exception names one as `ARTICLE/SPAN`.

    Args:
        text: The file, which follows the schema of practice texts.
        article_id: The id of the practice text as an article.
        steps: The steps.

    Raises:
        ValueError: The file repeats a part by an alias, so that an edit of one part would change others.
    """
    notes: list[str] = []
    for step in steps:
        if step.kind == "reword":
            continue  # the file has the names
        document = YamlDocument(text)
        _require_no_alias(document.root)
        had_spans = bool(document.get("spans").value)
        notes += _list_split_spans(document, article_id, step)
        text = apply_edits(text, list(_edit_practice(document, article_id, step)))
        if had_spans and not YamlDocument(text).get("spans").value:
            notes.append("line 1: has no labels any more")
    return MigratedPractice(text, tuple(notes))


def _require_no_alias(root: yaml.Node) -> None:
    """Check that no node is in the document twice; raise ValueError with the line of one that is."""
    seen, pending = set[int](), [root]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            raise ValueError(f"{describe_line(node)} is repeated by an alias")
        seen.add(id(node))
        for child in node.value if isinstance(node, yaml.CollectionNode) else ():
            pending.extend(child if isinstance(child, tuple) else (child,))


def _list_split_spans(document: YamlDocument, article_id: str, step: MigrationStep) -> Iterator[str]:
    """Yield a note for each span that gets the default of a split because no exception names it."""
    for span in document.get("spans").value if step.kind == "split" else ():
        fields = entries(span)
        label, span_id = fields["label"][1], fields["id"][1].value
        references = {f"{GOLD}/{article_id}/{span_id}", f"{article_id}/{span_id}"}
        if label.value in step.names and references.isdisjoint(step.exceptions):
            where = f"{describe_line(label)}: span {quote(span_id)} was {label.value}, which was split"
            yield f"{where}; it becomes {step.to}, unless an exception names {article_id}/{span_id}"


def _edit_practice(document: YamlDocument, article_id: str, step: MigrationStep) -> Iterator[YamlEdit]:
    spans, dropped, dropped_ids = document.get("spans"), list[int](), set[str]()
    for index, span in enumerate(spans.value):
        fields = entries(span)
        label, span_id = fields["label"][1], fields["id"][1].value
        new_label = step.relabel(label.value, GOLD, article_id, span_id)
        if new_label is None:
            dropped.append(index)
            dropped_ids.add(span_id)
            continue
        if new_label != label.value:
            yield replace_scalar(label, new_label)
        yield from _edit_attributes(document, span, step, new_label)
    yield from document.remove_items(spans, dropped)
    yield from _edit_relations(document, step, dropped_ids)


def _edit_relations(document: YamlDocument, step: MigrationStep, dropped_ids: set[str]) -> Iterator[YamlEdit]:
    relations, dropped = entries(document.root).get("relations", (None, None))[1], list[int]()
    if relations is None:
        return
    for index, relation in enumerate(relations.value):
        fields = entries(relation)
        label = fields["label"][1]
        new_label = step.rename("relation", label.value)
        if new_label is None or not dropped_ids.isdisjoint((fields["head"][1].value, fields["tail"][1].value)):
            dropped.append(index)
        elif new_label != label.value:
            yield replace_scalar(label, new_label)
    yield from document.remove_items(relations, dropped)


def _edit_attributes(document: YamlDocument, span: yaml.Node, step: MigrationStep, label: str) -> Iterator[YamlEdit]:
    """Edit the attributes of a span, which has the new label already."""
    fields = entries(span)
    attributes = fields["attributes"][1] if "attributes" in fields else None
    if attributes is not None:
        yield from _edit_values(document, span, attributes, step)
    default = step.default_for(label)
    if default is None:
        return
    if attributes is None:
        yield document.insert_entry(span, None, "attributes", {step.names[0]: default})
    elif step.names[0] not in entries(attributes):
        yield document.insert_entry(attributes, None, step.names[0], default)


def _edit_values(
    document: YamlDocument, span: yaml.Node, attributes: yaml.Node, step: MigrationStep
) -> Iterator[YamlEdit]:
    """Rename or remove the attributes that a span has, and their values."""
    for name, (key, value) in entries(attributes).items():
        new_name, new_value = step.rename("attribute", name), step.rename("value", value.value, name)
        if new_name is None or new_value is None:
            # A mapping in block style has no empty form.
            is_last = len(attributes.value) == 1
            yield document.remove_entry(span, "attributes") if is_last else document.remove_entry(attributes, name)
            continue
        if new_name != name:
            yield replace_scalar(key, new_name)
        if new_value != value.value:
            yield replace_scalar(value, new_value)
