"""`labels.yaml` and `baseline.yaml` after the steps of a migration; only what a step names is edited."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import get_args

import msgspec
import yaml

from annotate import baseline, inventory
from annotate.class_ids import CLASS_IDS_FILE
from annotate.errors import CannotRun
from annotate.inventory import Inventory, Reading
from annotate.migration.steps import Migration, MigrationStep
from annotate.migration.yaml_edits import (
    YamlDocument,
    YamlEdit,
    apply_edits,
    describe_line,
    encode_flow,
    entries,
    is_flow,
    quote_scalar,
    replace_scalar,
)
from annotate.util.escape import quote
from annotate.util.files import read_bytes_if_present
from annotate.util.folders import temporary_folder
from annotate.util.suggestions import list_choices

_SECTIONS = {"label": "spans", "attribute": "attributes", "relation": "relations", "record": "records"}
_EMPTY = {"attributes": "{}", "intervals": "[]", "relations": "{}", "records": "{}"}
"""What a section contains that has lost its last entry. A file may leave such a section out."""
_ENDS = ("head", "tail")
_OWN_FIELDS = ("hotkey", "color", "shown_as")
"""Fields in which no two labels are alike."""
_INTERVAL_ATTRIBUTES = ("minimum", "maximum", "wording")


def migrate_inventory(schema: Path, text: str, migration: Migration) -> tuple[str, list[Inventory]]:
    """Return the new `labels.yaml`, and the inventories before, between and after the steps.

    Args:
        schema: The schema folder, for messages.
        text: The old `labels.yaml`.
        migration: The migration.

    Raises:
        CannotRun: The inventory does not have the version that the migration starts from, a step names what is not
            there, or an inventory is not valid after a step.
    """
    inventories = [_load_inventory(schema, text, "before the migration")]
    if inventories[0].version != migration.old_version:
        hint = f"the migration starts from {migration.old_version}"
        raise CannotRun(schema, f"the inventory is {inventories[0].version}", hint)
    text = apply_edits(text, [replace_scalar(YamlDocument(text).get("version"), migration.new_version)])
    for step in migration.steps:
        try:
            text = apply_step(text, step)
        except ValueError as error:
            raise CannotRun(schema, str(error), "fix the migration file") from error
        inventories.append(_load_inventory(schema, text, f"after {step}"))
    return text, inventories


def _load_inventory(schema: Path, text: str, when: str) -> Inventory:
    """Load an inventory as a schema folder will have it: the colours that are not in it follow from the class ids."""
    class_ids = read_bytes_if_present(schema / CLASS_IDS_FILE, "make it a readable file", within=schema)
    with temporary_folder() as folder:
        (folder / inventory.INVENTORY_FILE).write_bytes(text.encode("utf-8"))
        if class_ids is not None:
            (folder / CLASS_IDS_FILE).write_bytes(class_ids)
        try:
            return msgspec.structs.replace(inventory.load_inventory(folder), committed_class_ids=None)
        except CannotRun as error:
            raise CannotRun(schema, f"{when}: {error.problem}", error.hint) from error


def apply_step(text: str, step: MigrationStep) -> str:
    """Return `labels.yaml` after one step.

    Raises:
        ValueError: The step names what is not there, makes what is there already, or needs a step before it.
    """
    document = YamlDocument(text)
    left_out = [name for name in _EMPTY if name not in entries(document.root)]
    for name in left_out:
        empty: object = [] if name == "intervals" else {}
        document = YamlDocument(apply_edits(document.text, [document.insert_entry(document.root, None, name, empty)]))
    _check_names(document, step)
    edit = {"add": _add_entry, "reword": _reword_entry}.get(step.kind) or _STEP_EDITS[step.what]
    document = YamlDocument(apply_edits(document.text, list(edit(document, step))))
    empty_sections = [
        YamlEdit(key.end_mark.index + 1, key.end_mark.index + 1, f" {_EMPTY[name]}")
        for name, (key, value) in entries(document.root).items()
        if name in _EMPTY and isinstance(value, yaml.ScalarNode) and not value.value
    ]
    document = YamlDocument(apply_edits(document.text, empty_sections))
    for name in left_out:
        if not document.get(name).value:
            document = YamlDocument(apply_edits(document.text, [document.remove_entry(document.root, name)]))
    return document.text


def _check_names(document: YamlDocument, step: MigrationStep) -> None:
    """Raise ValueError for a step that names what is not there, or makes what is there already."""
    if step.what == "value":
        attribute = str(step.attribute)
        if attribute not in document.keys("attributes") or "values" not in document.keys("attributes", attribute):
            raise ValueError(f"{step}: no choice attribute is called {quote(attribute)}")
        names = document.keys("attributes", attribute, "values")
    else:
        names = document.keys(_SECTIONS[step.what])
    needed = ([step.after] if step.after else []) if step.kind == "add" else step.names
    for name in needed:
        if name not in names:
            raise ValueError(f"{step}: no {step.what} is called {quote(name)}; there are: {list_choices(names)}")
    if step.kind == "add" and step.names[0] in names:
        raise ValueError(f"{step}: there is a {step.what} of this name already")
    for name in step.into or ([step.to] if step.to else []):
        if name in names and name not in step.names:
            raise ValueError(f"{step}: a {step.what} is called {quote(name)} already")


def _add_entry(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    name = step.names[0]
    if step.what != "value":
        yield document.insert_entry(document.get(_SECTIONS[step.what]), step.after, name, step.entry)
        return
    attribute = str(step.attribute)
    values = document.get("attributes", attribute, "values")
    entry = step.entry if "shown_as" in step.entry else step.entry["definition"]
    yield document.insert_entry(values, step.after, name, entry)
    intervals = [entries(interval) for interval in document.get("intervals").value]
    intervals = [fields for fields in intervals if fields["wording"][1].value == attribute]
    if step.reading and not intervals:
        raise ValueError(f"{step}: has a reading, and {attribute} is the wording of no interval")
    for fields in intervals:
        if not step.reading:
            line = describe_line(fields["wording"][1])
            hint = f"give the step a reading: {', '.join(get_args(Reading))}"
            raise ValueError(f"{step}: {attribute} is the wording of an interval ({line}); {hint}")
        yield document.insert_entry(fields["readings"][1], step.after, name, step.reading)


def _edit_label(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    new_labels = list(step.into) or ([step.to] if step.to else [])
    spans = document.get("spans")
    kept_label = step.to if step.to in step.names else step.names[0]
    for name in step.names:
        if name != kept_label or step.to is None:
            yield document.remove_entry(spans, name)
        elif step.kind != "split":
            yield replace_scalar(entries(spans)[name][0], step.to)
    if step.kind == "split":
        yield from _split_entry(document, spans, step)
    for labels in _label_lists(document):
        yield from _edit_list(document, labels, step.names, new_labels)
    if step.to is None:
        for name in document.keys("attributes"):
            if {item.value for item in document.get("attributes", name, "labels").value} <= set(step.names):
                yield from _remove_attribute(document, name)
    yield from _edit_intervals(document, step, new_labels)
    yield from _edit_anchors(document, step)
    if step.to is None:
        _require_other_ends(document, step)


def _require_other_ends(document: YamlDocument, step: MigrationStep) -> None:
    """Raise ValueError if a relation would have no label at one of its ends."""
    for name in document.keys("relations"):
        for end, (key, labels) in entries(document.get("relations", name)).items():
            if end in _ENDS and {item.value for item in labels.value} <= set(step.names):
                problem = f"{step}: the relation {quote(name)} would have no label at its {end} ({describe_line(key)})"
                raise ValueError(f"{problem}; {_drop_first('relation', name)}")


def _label_lists(document: YamlDocument) -> Iterator[yaml.Node]:
    """Yield each list of labels: of attributes, and of the ends of relations."""
    yield from (document.get("attributes", name, "labels") for name in document.keys("attributes"))
    for name in document.keys("relations"):
        yield from (node for end, (_, node) in entries(document.get("relations", name)).items() if end in _ENDS)


def _edit_list(document: YamlDocument, node: yaml.Node, names: Sequence[str], new: Sequence[str]) -> Iterator[YamlEdit]:
    """Put new names where the first of the old ones is in a list, and remove the others."""
    old = [item.value for item in node.value]
    if not set(old) & set(names):
        return
    position = next(index for index, name in enumerate(old) if name in names)
    others = [name for name in old if name not in names]
    result = [*others[:position], *new, *others[position:]]
    if len(result) == len(old):
        yield from (
            replace_scalar(item, name) for item, name in zip(node.value, result, strict=True) if item.value != name
        )
    else:
        yield YamlEdit(node.start_mark.index, document.end(node), f"[{', '.join(map(quote_scalar, result))}]")


def _kept_label(step: MigrationStep) -> str:
    """Return the label of a split that takes over the old entry: the old one if it stays, otherwise the default."""
    return step.names[0] if step.names[0] in step.into else str(step.to)


def _split_entry(document: YamlDocument, spans: yaml.Node, step: MigrationStep) -> Iterator[YamlEdit]:
    """Edit the old entry, and put the other labels after it with the fields that they do not give themselves."""
    key, value = entries(spans)[step.names[0]]
    fields = {name: node.value for name, (_, node) in entries(value).items() if name not in _OWN_FIELDS}
    kept_label = _kept_label(step)
    if kept_label != key.value:
        yield replace_scalar(key, kept_label)
    for name, (_, node) in entries(value).items():
        if name in step.into[kept_label]:
            yield replace_scalar(node, step.into[kept_label][name])
    for name, field in step.into[kept_label].items():
        if name not in entries(value):
            yield document.insert_entry(value, None, name, field)
    new_entries = []
    for label, own_fields in step.into.items():
        if label != kept_label:
            words = ", ".join(f"{name}: {quote_scalar(field)}" for name, field in (fields | own_fields).items())
            new_entries.append(f"{quote_scalar(label)}: {{{words}}}")
    yield document.insert_after(spans, value, new_entries)


def _edit_intervals(document: YamlDocument, step: MigrationStep, new_labels: Sequence[str]) -> Iterator[YamlEdit]:
    """Drop an interval with its label; copy it for each label of a split, which has the same attributes."""
    section = document.get("intervals")
    affected = [
        (index, label)
        for index, interval in enumerate(section.value)
        if (label := entries(interval)["label"][1]).value in step.names
    ]
    if step.kind == "merge" and len(affected) > 1:
        lines = " and ".join(describe_line(label) for _, label in affected)
        raise ValueError(f"{step}: both have an interval ({lines}); drop the attributes of one of them first")
    for index, label in affected:
        if step.to is None:
            yield document.remove_item(section, index)
            continue
        kept_label = _kept_label(step) if step.kind == "split" else step.to
        if label.value != kept_label:
            yield replace_scalar(label, kept_label)
        interval = section.value[index]
        others = [name for name in new_labels if name != kept_label]
        copies = [document.copy_with(interval, replace_scalar(label, name)) for name in others]
        yield document.insert_after(section, interval, copies)


def _edit_anchors(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    """Give records their new anchors; raise ValueError where the step does not say which label it is."""
    affected = [
        name for name in document.keys("records") if document.get("records", name, "anchor").value in step.names
    ]
    if step.kind == "merge" and len(affected) > 1:
        problem = f"{step}: would anchor the records {' and '.join(affected)}"
        raise ValueError(f"{problem}; {_drop_first('record', affected[0])}")
    for name in affected:
        anchor = document.get("records", name, "anchor")
        line = describe_line(entries(document.get("records"))[name][0])
        if step.to is None:
            raise ValueError(f"{step}: anchors the record {quote(name)} ({line}); {_drop_first('record', name)}")
        new = step.anchors.get(name) if step.kind == "split" else step.to
        if new is None:
            hint = f"name the label that anchors it from now on, as in anchors: {{{name}: {step.to}}}"
            raise ValueError(f"{step}: {anchor.value} anchors the record {quote(name)} ({line}); {hint}")
        if anchor.value != new:
            yield replace_scalar(anchor, new)
    for name in step.anchors.keys() - set(affected):
        raise ValueError(f"{step}: anchors names {quote(name)}, which is not a record of {step.names[0]}")


def _drop_first(what: str, name: str) -> str:
    return f"put a step before it: {{drop: {what}, name: {name}, confirm: true}}"


def _remove_attribute(document: YamlDocument, name: str) -> Iterator[YamlEdit]:
    """Remove an attribute with the intervals that need it and the classes of records."""
    yield document.remove_entry(document.get("attributes"), name)
    for index, interval in enumerate(document.get("intervals").value):
        if name in (entries(interval)[key][1].value for key in _INTERVAL_ATTRIBUTES):
            yield document.remove_item(document.get("intervals"), index)
    for record, _ in _records_classified_by(document, name):
        yield document.remove_entry(record, "classes")


def _records_classified_by(document: YamlDocument, attribute: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield the records whose classes are the values of an attribute, each with the node that names it."""
    for name in document.keys("records"):
        record = document.get("records", name)
        classes = entries(record).get("classes", (None, None))[1]
        if classes is not None and classes.value == attribute:
            yield record, classes


def _conditions(document: YamlDocument) -> Iterator[yaml.Node]:
    """Yield each condition: of roles and the records that fill them, of views, and what counts as denied."""
    for _, _, fields in _roles(document):
        yield from (node for key, (_, node) in fields.items() if key == "when")
        rule = entries(fields["enclosing"][1]) if "enclosing" in fields else {}
        yield from (node for key, (_, node) in rule.items() if key in ("where", "passes_on"))
    for interval in document.get("intervals").value:
        fields = entries(interval)
        if "denied" in fields:
            yield fields["denied"][1]
        for _, view in entries(fields["views"][1]).values() if "views" in fields else ():
            yield from (node for key, (_, node) in entries(view).items() if key == "when")


def _roles(document: YamlDocument) -> Iterator[tuple[str, str, dict[str, tuple[yaml.Node, yaml.Node]]]]:
    """Yield each role: the names of its record and its own, and its fields."""
    for record in document.keys("records"):
        for role, (_, fields) in entries(document.get("records", record, "roles")).items():
            yield record, role, entries(fields)


def _edit_attribute(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    name = step.names[0]
    keys = [key for condition in _conditions(document) for key, _ in condition.value if key.value == name]
    if step.to is None:
        for key in keys:
            raise ValueError(f"{step}: a condition needs it ({describe_line(key)}); take the condition out first")
        yield from _remove_attribute(document, name)
        return
    yield from (replace_scalar(key, step.to) for key in keys)
    yield replace_scalar(entries(document.get("attributes"))[name][0], step.to)
    for interval in document.get("intervals").value:
        nodes = (entries(interval)[key][1] for key in _INTERVAL_ATTRIBUTES)
        yield from (replace_scalar(node, step.to) for node in nodes if node.value == name)
    yield from (replace_scalar(node, step.to) for _, node in _records_classified_by(document, name))


def _edit_value(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    attribute, name = str(step.attribute), step.names[0]
    if step.to is None and len(document.keys("attributes", attribute, "values")) == 1:
        hint = f"drop the attribute in its place: {{drop: attribute, name: {attribute}, confirm: true}}"
        raise ValueError(f"{step}: {attribute} has no other value; {hint}")
    intervals = [entries(interval) for interval in document.get("intervals").value]
    intervals = [fields for fields in intervals if fields["wording"][1].value == attribute]
    for mapping in (document.get("attributes", attribute, "values"), *(fields["readings"][1] for fields in intervals)):
        if step.to is None:
            yield document.remove_entry(mapping, name)
        else:
            yield replace_scalar(entries(mapping)[name][0], step.to)
    for condition in _conditions(document):
        allowed = entries(condition).get(attribute, (None, None))[1]
        if allowed is not None:
            if step.to is None and [item.value for item in allowed.value] == [name]:
                problem = f"{step}: a condition asks for it alone ({describe_line(allowed)})"
                raise ValueError(f"{problem}; take the condition out first")
            yield from _edit_list(document, allowed, [name], [step.to] if step.to else [])
    for fields in intervals:
        for _, view in entries(fields["views"][1]).values() if "views" in fields else ():
            if "words_for" in entries(view):
                new = [step.to] if step.to else []
                yield from _edit_list(document, entries(view)["words_for"][1], [name], new)


def _edit_relation(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    name, relations = step.names[0], document.get("relations")
    if step.to is None:
        yield document.remove_entry(relations, name)
    else:
        yield replace_scalar(entries(relations)[name][0], step.to)
    nodes = [
        (record, role, key, fields[key][1])
        for record, role, fields in _roles(document)
        for key in ("relation", "follow")
        if key in fields and fields[key][1].value == name
    ]
    if step.to is not None:
        yield from (replace_scalar(node, step.to) for _, _, _, node in nodes)
        return
    dropped = {(record, role) for record, role, key, _ in nodes if key == "relation"}
    yield from _drop_roles(document, dropped)
    for record, role, key, _ in nodes:
        if key == "follow" and (record, role) not in dropped:
            yield document.remove_entry(document.get("records", record, "roles", role), "follow")


def _drop_roles(document: YamlDocument, dropped: Collection[tuple[str, str]]) -> Iterator[YamlEdit]:
    """Remove roles, each given as the names of its record and its own, and the records that have no other."""
    for record in document.keys("records"):
        roles = document.get("records", record, "roles")
        gone = [role for role in entries(roles) if (record, role) in dropped]
        if len(gone) == len(entries(roles)):
            yield document.remove_entry(document.get("records"), record)
        else:
            yield from (document.remove_entry(roles, role) for role in gone)
    kept = {role for record, role, _ in _roles(document) if (record, role) not in dropped}
    yield from _drop_claimants(document, {role for _, role in dropped} - kept)


def _drop_claimants(document: YamlDocument, roles: Collection[str]) -> Iterator[YamlEdit]:
    """Remove roles from the claimants and disputants of intervals, and a list of which nothing remains."""
    for interval in document.get("intervals").value:
        for key in ("claimants", "disputants"):
            if key not in entries(interval):
                continue
            names = entries(interval)[key][1]
            gone = [item.value for item in names.value if item.value in roles]
            if gone and len(gone) == len(names.value):
                yield document.remove_entry(interval, key)
            else:
                yield from _edit_list(document, names, gone, [])


def _reword_entry(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    """Set what an entry is shown as; a new field becomes the first one. A value with a definition alone gets fields."""
    words = str(step.shown_as)
    holder = ("attributes", str(step.attribute), "values") if step.what == "value" else (_SECTIONS[step.what],)
    entry = document.get(*holder, step.names[0])
    if isinstance(entry, yaml.ScalarNode):
        line_break = "\n" if entry.style in ("|", ">") else ""
        text = encode_flow({"shown_as": words, "definition": entry.value})
        yield YamlEdit(entry.start_mark.index, entry.end_mark.index, f"{text}{line_break}")
        return
    fields = entries(entry)
    if "shown_as" in fields:
        yield replace_scalar(fields["shown_as"][1], words)
        return
    first = next(iter(fields.values()))[0].start_mark
    separator = ", " if is_flow(entry) else "\n" + " " * first.column
    yield YamlEdit(first.index, first.index, f"shown_as: {quote_scalar(words)}{separator}")


def _edit_record(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    """Remove a record, the `enclosing` of roles that look into it, and the roles that have nothing else."""
    name = step.names[0]
    dropped = set[tuple[str, str]]()
    for record, role, fields in _roles(document):
        looks_into = entries(fields["enclosing"][1])["record"][1].value if "enclosing" in fields else None
        if record == name or (looks_into == name and "relation" not in fields):
            dropped.add((record, role))
        elif looks_into == name:
            yield document.remove_entry(document.get("records", record, "roles", role), "enclosing")
    yield from _drop_roles(document, dropped)


_STEP_EDITS = {
    "label": _edit_label,
    "attribute": _edit_attribute,
    "value": _edit_value,
    "relation": _edit_relation,
    "record": _edit_record,
}


def migrate_baseline(text: str, steps: Sequence[MigrationStep], new_inventory: Inventory) -> str:
    """Return `baseline.yaml` after the steps.

    Raises:
        ValueError: A person must edit the file, for example because a rule would lose its label.
    """
    for step in steps:
        text = apply_edits(text, list(_edit_baseline(YamlDocument(text), step)))
    with temporary_folder() as folder:
        (folder / baseline.BASELINE_FILE).write_text(text, "utf-8", newline="")
        try:
            baseline.load_baseline(folder, new_inventory)
        except CannotRun as error:
            raise ValueError(error.problem) from error
    return text


def _edit_baseline(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    if step.kind == "add":
        yield from _add_settings(document, step)
        return
    for rule in document.get("rules").value:
        fields = entries(rule)
        if step.what == "label":
            for _, label in entries(fields["spans"][1]).values():
                yield from _rename_in_baseline(label, step, "a rule")
        elif step.what == "relation" and "relations" in fields:
            for relation in fields["relations"][1].value:
                yield from _rename_in_baseline(relation.value[0], step, "a rule")
    sections = entries(document.root)
    settings = entries(sections["attributes"][1]) if "attributes" in sections else {}
    if step.what == "label":
        names = settings.keys() & set(step.names)
        if len(names) > 1:
            raise ValueError("two sections of attributes would be one")
        for name in names:
            if step.to is None:
                yield document.remove_entry(document.get("attributes"), name)
            else:
                yield from _rename_in_baseline(settings[name][0], step, "a section of attributes")
    for _, section in settings.values():
        for setting in section.value:
            yield from _edit_setting(document, entries(setting)["set"][1], step)


def _add_settings(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    """Let the baseline set the default of an added attribute for each label that it gives; it is a setting like any."""
    if step.default is None:
        return
    rules = document.get("rules").value
    used = {label.value for rule in rules for _, label in entries(entries(rule)["spans"][1]).values()}
    labels = [label for label in step.entry["labels"] if label in used]
    setting = {"set": {step.names[0]: step.default}}
    if labels and "attributes" not in entries(document.root):
        yield document.insert_entry(document.root, None, "attributes", {label: [setting] for label in labels})
        return
    for label in labels:
        settings = entries(document.get("attributes")).get(label, (None, None))[1]
        if settings is None:
            yield document.insert_entry(document.get("attributes"), None, label, [setting])
        elif settings.value:
            yield document.insert_after(settings, settings.value[-1], [encode_flow(setting)])
        else:
            yield YamlEdit(settings.start_mark.index, document.end(settings), encode_flow([setting]))


def _edit_setting(document: YamlDocument, values: yaml.Node, step: MigrationStep) -> Iterator[YamlEdit]:
    """Edit one `set`, which is a mapping of attributes to values."""
    for name, (key, value) in entries(values).items():
        is_attribute = step.what == "attribute" and name in step.names
        is_value = step.what == "value" and name == step.attribute and value.value in step.names
        if is_attribute or is_value:
            if step.to is None:
                yield document.remove_entry(values, name)
            else:
                yield replace_scalar(key if is_attribute else value, step.to)


def _rename_in_baseline(node: yaml.Node, step: MigrationStep, where: str) -> Iterator[YamlEdit]:
    if node.value in step.names:
        if step.to is None:
            raise ValueError(f"{where} needs {quote(node.value)} ({describe_line(node)})")
        if node.value != step.to:
            yield replace_scalar(node, step.to)
