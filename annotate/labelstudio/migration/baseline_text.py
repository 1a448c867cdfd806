"""`baseline.yaml` after a migration: the labels, attributes, values and relations that its rules name."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from annotate import baseline
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.migration.steps import Step
from annotate.labelstudio.migration.yaml_edits import Edit, Tree, edited, entries, scalar


def migrated(text: str, steps: Sequence[Step], after: Inventory) -> str:
    """The file after the steps. Raises ValueError where that takes a person: a rule that loses a label, say."""
    for step in steps:
        tree = Tree(text)
        text = edited(text, list(_edits(tree, step)))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / baseline.FILE).write_text(text, "utf-8", newline="")
        try:
            baseline.load(folder, after)
        except CannotRun as error:
            raise ValueError(error.problem) from error
    return text


def _edits(tree: Tree, step: Step) -> Iterator[Edit]:
    sections = entries(tree.root)
    settings = entries(sections["attributes"][1]) if "attributes" in sections else {}
    for rule in tree.at("rules").value:
        fields = entries(rule)
        if step.what == "label":
            for _, label in entries(fields["spans"][1]).values():
                yield from _renamed(label, step, "a rule")
        elif step.what == "relation" and "relations" in fields:
            for tie in fields["relations"][1].value:
                yield from _renamed(tie.value[0], step, "a rule")
    if step.what == "label":
        if len(settings.keys() & set(step.names)) > 1:
            raise ValueError("two sections of attributes would be one")
        for name in settings.keys() & set(step.names):
            if step.to is None:
                yield tree.removed(tree.at("attributes"), name)
            else:
                yield from _renamed(settings[name][0], step, "a section of attributes")
    for _, section in settings.values():
        for setting in section.value:
            yield from _setting(tree, entries(setting)["set"][1], step)


def _setting(tree: Tree, values: yaml.Node, step: Step) -> Iterator[Edit]:
    """Changes of one `set`: attribute → value."""
    for name, (key, value) in entries(values).items():
        if step.what == "attribute" and name in step.names:
            yield tree.removed(values, name) if step.to is None else scalar(key, step.to)
        elif step.what == "value" and name == step.attribute and value.value in step.names:
            yield tree.removed(values, name) if step.to is None else scalar(value, step.to)


def _renamed(node: yaml.Node, step: Step, where: str) -> Iterator[Edit]:
    if node.value in step.names:
        if step.to is None:
            raise ValueError(f"{where} needs {node.value!r} (line {node.start_mark.line + 1})")
        if node.value != step.to:
            yield scalar(node, step.to)
