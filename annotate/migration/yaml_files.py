"""`labels.yaml` after a step of a migration: the places that the step names are edited, and nothing else is touched.

Edits of a YAML file in place: what is not named stays as it is, with comments, order and style.

`baseline.yaml` after a migration: the labels, attributes, values and relations that its rules name.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from annotate import baseline
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.migration.steps import Migration, Step

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*[A-Za-z0-9_-]|[A-Za-z]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class Edit(NamedTuple):
    """Put `text` where `[start, end)` was."""

    start: int
    end: int
    text: str


def edited(text: str, edits: list[Edit]) -> str:
    """The text with the edits made; one that lies within another is part of it."""
    outer = [one for one in edits if not any(_within(one, other) for other in edits)]
    for one in sorted(set(outer), reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def _within(one: Edit, other: Edit) -> bool:
    return one != other and other.start <= one.start and one.end <= other.end and not other.text


class Tree:
    """The nodes of a YAML document that is a mapping, with their places; raises ValueError for another."""

    def __init__(self, text: str) -> None:
        self.text = text
        node = yaml.compose(text, yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            raise ValueError("is no mapping")  # noqa: TRY004 - as of any file that is broken
        self.root = node

    def at(self, *path: str) -> yaml.Node:
        node: yaml.Node = self.root
        for key in path:
            node = entries(node)[key][1]
        return node

    def keys(self, *path: str) -> list[str]:
        return list(entries(self.at(*path)))

    def end(self, node: yaml.Node) -> int:
        """Where a node ends; PyYAML counts what follows a block in."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        end: int = node.end_mark.index
        return end

    def line_end(self, node: yaml.Node) -> int:
        """Where the line ends that a node ends on."""
        line = self.text.find("\n", self.end(node))
        return len(self.text) if line < 0 else line

    def copied(self, node: yaml.Node, edit: Edit) -> str:
        """The text of a node, with one edit made within."""
        return self.text[node.start_mark.index : edit.start] + edit.text + self.text[edit.end : self.end(node)]

    def removed(self, mapping: yaml.Node, key: str) -> Edit:
        """Take an entry out of a mapping, with its comma or its lines."""
        listed = list(entries(mapping).values())
        at = list(entries(mapping)).index(key)
        return self._cut(mapping, at, [(one.start_mark.index, self.end(other)) for one, other in listed])

    def item_removed(self, sequence: yaml.Node, at: int) -> Edit:
        """Take an item out of a sequence."""
        return self._cut(sequence, at, [(one.start_mark.index, self.end(one)) for one in sequence.value])

    def _cut(self, collection: yaml.Node, at: int, places: Sequence[tuple[int, int]]) -> Edit:
        start, end = places[at]
        if not isinstance(collection, yaml.CollectionNode) or not collection.flow_style:
            line = self.text.find("\n", end) if self.text[end - 1] != "\n" else end - 1
            return Edit(self.text.rfind("\n", 0, start) + 1, len(self.text) if line < 0 else line + 1, "")
        if at + 1 < len(places):
            return Edit(start, places[at + 1][0], "")
        return Edit(places[at - 1][1] if at else start, end, "")


def entries(node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Key → its node and that of its value."""
    return {key.value: (key, value) for key, value in node.value}


def scalar(node: yaml.Node, new: str) -> Edit:
    return Edit(node.start_mark.index, node.end_mark.index, quoted(new))


def quoted(word: str) -> str:
    """A word as YAML has it: plain where it cannot be misread."""
    plain = _PLAIN.fullmatch(word) or re.fullmatch(r"\d+\.\d+\.\d+", word)
    return word if plain and word.lower() not in _WORDS else json.dumps(word, ensure_ascii=False)


def steps(text: str, migration: Migration) -> list[str]:
    """The file after each step; the last has the new version. Raises ValueError for a name that is not there."""
    texts = []
    for number, step in enumerate(migration.steps):
        text = apply(text, step)
        if number == len(migration.steps) - 1:
            text = edited(text, [scalar(Tree(text).at("version"), migration.after)])
        texts.append(text)
    return texts


def apply(text: str, step: Step) -> str:
    """The file after one step."""
    tree = Tree(text)
    _known(tree, step)
    return _emptied(edited(text, list(_EDITS[step.what](tree, step))))


def _emptied(text: str) -> str:
    """The text, where a section that lost its last entry says so."""
    tree = Tree(text)
    empty = {"attributes": "{}", "intervals": "[]", "relations": "{}", "records": "{}"}
    keys = [
        (key.end_mark.index + 1, empty[name])
        for name, (key, value) in entries(tree.root).items()
        if name in empty and _none(value)
    ]
    return edited(text, [Edit(at, at, f" {words}") for at, words in keys])


def _none(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value


_ENDS = ("head", "tail")


def _lists(tree: Tree) -> Iterator[yaml.Node]:
    """Each list of span labels: of attributes, and of the ends of relations."""
    yield from (tree.at("attributes", name, "labels") for name in tree.keys("attributes"))
    for name in tree.keys("relations"):
        yield from (node for end, (_, node) in entries(tree.at("relations", name)).items() if end in _ENDS)


def _known(tree: Tree, step: Step) -> None:
    """Raise ValueError for a step that names what is not there, or makes what is there already."""
    sections = {"label": "spans", "attribute": "attributes", "relation": "relations", "record": "records"}
    places: dict[str, tuple[str, ...]] = {what: (name,) for what, name in sections.items()}
    if step.what == "value":
        attribute = str(step.attribute)
        if attribute not in tree.keys("attributes") or "values" not in tree.keys("attributes", attribute):
            raise ValueError(f"{step}: no choice attribute is called {attribute!r}")
        places["value"] = ("attributes", attribute, "values")
    present = tree.keys(*places[step.what])
    for name in step.names:
        if name not in present:
            raise ValueError(f"{step}: no {step.what} is called {name!r}; there are: {', '.join(present)}")
    for name in step.into or ([step.to] if step.to else []):
        if name in present and name not in step.names:
            raise ValueError(f"{step}: a {step.what} is called {name!r} already")


def _label(tree: Tree, step: Step) -> Iterator[Edit]:
    new = list(step.into) or ([step.to] if step.to else [])
    spans = tree.at("spans")
    kept = step.to if step.to in step.names else step.names[0]
    for name in step.names:
        if name != kept or step.to is None:
            yield tree.removed(spans, name)
        elif step.to and step.kind != "split":
            yield scalar(entries(spans)[name][0], step.to)
    if step.kind == "split":
        yield from _split(tree, spans, step)
    for node in _lists(tree):
        yield from _list(tree, node, step.names, new)
    if step.to is None:
        yield from _without(tree, step.names)
    yield from _intervals(tree, step, new)
    yield from _anchors(tree, step)


def _intervals(tree: Tree, step: Step, new: Sequence[str]) -> Iterator[Edit]:
    """An interval goes with its label. Each label that another is split into has a copy: its attributes are theirs."""
    section = tree.at("intervals")
    mine = [
        (at, entries(one)["label"][1])
        for at, one in enumerate(section.value)
        if entries(one)["label"][1].value in step.names
    ]
    if step.kind == "merge" and len(mine) > 1:
        lines = " and ".join(_line(node) for _, node in mine)
        raise ValueError(f"{step}: both have an interval ({lines}); drop the attributes of one of them first")
    for at, node in mine:
        if step.to is None:
            yield tree.item_removed(section, at)
            continue
        kept = _kept(step) if step.kind == "split" else step.to
        if node.value != kept:
            yield scalar(node, kept)
        item = section.value[at]
        for name in (name for name in new if name != kept):
            words = tree.copied(item, scalar(node, name))
            if isinstance(section, yaml.CollectionNode) and section.flow_style:
                yield Edit(tree.end(item), tree.end(item), f", {words}")
            else:
                dash = tree.text[tree.text.rfind("\n", 0, item.start_mark.index) + 1 : item.start_mark.index]
                end = tree.line_end(item)
                yield Edit(end, end, f"\n{dash}{words}")


def _anchors(tree: Tree, step: Step) -> Iterator[Edit]:
    """A record stands on one label, so what becomes of it is said, never guessed. Raises ValueError where it is not."""
    records = tree.at("records")
    mine = [name for name in tree.keys("records") if tree.at("records", name, "anchor").value in step.names]
    if step.kind == "merge" and len(mine) > 1:
        raise ValueError(f"{step}: would anchor the records {' and '.join(mine)}; {_mend(mine[0])}")
    for name in mine:
        key, anchor = entries(records)[name][0], tree.at("records", name, "anchor")
        if step.to is None:
            raise ValueError(f"{step}: anchors the record {name!r} ({_line(key)}); {_mend(name)}")
        new = step.anchors.get(name) if step.kind == "split" else step.to
        if new is None:
            hint = f"say which of them does from now on, as in anchors: {{{name}: {step.to}}}"
            raise ValueError(f"{step}: {anchor.value} anchors the record {name!r} ({_line(key)}); {hint}")
        if anchor.value != new:
            yield scalar(anchor, new)
    for name in step.anchors.keys() - set(mine):
        raise ValueError(f"{step}: anchors names {name!r}, which is no record of {step.names[0]}")


def _mend(record: str) -> str:
    return f"put a step before it: {{drop: record, name: {record}, confirm: true}}"


def _record(tree: Tree, step: Step) -> Iterator[Edit]:
    """A record that is dropped; roles of others that look into it lose that way of being filled."""
    name = step.names[0]
    yield tree.removed(tree.at("records"), name)
    for other in tree.keys("records"):
        for role in tree.keys("records", other, "roles"):
            fields = entries(tree.at("records", other, "roles", role))
            if other != name and "enclosing" in fields and entries(fields["enclosing"][1])["record"][1].value == name:
                yield tree.removed(tree.at("records", other, "roles", role), "enclosing")


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"


def _kept(step: Step) -> str:
    """The label of a split that takes the old one's entry: itself, or the default."""
    return step.names[0] if step.names[0] in step.into else str(step.to)


def _split(tree: Tree, spans: yaml.Node, step: Step) -> Iterator[Edit]:
    """The old entry becomes the default's; the others come after it, with what the old one has and they do not say."""
    key, value = entries(spans)[step.names[0]]
    old = {name: node.value for name, (_, node) in entries(value).items()}
    kept = _kept(step)
    if kept != key.value:
        yield scalar(key, kept)
    for name, (_, node) in entries(value).items():
        if name in step.into[kept]:
            yield scalar(node, step.into[kept][name])
    made = [f"{quoted(name)}: {_flow(old | more)}" for name, more in step.into.items() if name != kept]
    end = tree.end(value)
    if isinstance(spans, yaml.CollectionNode) and spans.flow_style:
        yield Edit(end, end, "".join(f", {entry}" for entry in made))
    else:
        at = tree.line_end(value)
        yield Edit(at, at, "".join(f"\n{' ' * key.start_mark.column}{entry}" for entry in made))


def _flow(entry: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {quoted(value)}" for key, value in entry.items()) + "}"


def _list(tree: Tree, node: yaml.Node, names: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
    """A list of labels with some replaced by others, each once, where the first of them stood."""
    old = [item.value for item in node.value]
    if not set(old) & set(names):
        return
    at = next(place for place, name in enumerate(old) if name in names)
    left = [name for name in old if name not in names]
    now = [*left[:at], *new, *left[at:]]
    if len(now) == len(old):
        yield from (scalar(item, name) for item, name in zip(node.value, now, strict=True) if item.value != name)
    else:
        yield Edit(node.start_mark.index, tree.end(node), f"[{', '.join(map(quoted, now))}]")


def _without(tree: Tree, labels: Sequence[str]) -> Iterator[Edit]:
    """Attributes that no label is left for go with the last of them."""
    for name in tree.keys("attributes"):
        if {item.value for item in tree.at("attributes", name, "labels").value} <= set(labels):
            yield from _attribute_gone(tree, name)


def _attribute_gone(tree: Tree, name: str) -> Iterator[Edit]:
    yield tree.removed(tree.at("attributes"), name)
    for at, interval in enumerate(tree.at("intervals").value):
        if name in (entries(interval)[key][1].value for key in _COUNTS):
            yield tree.item_removed(tree.at("intervals"), at)
    for record, _ in _classified(tree, name):
        yield tree.removed(record, "classes")


def _classified(tree: Tree, attribute: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The records that name an attribute as their class, and where they do."""
    for name in tree.keys("records"):
        record = tree.at("records", name)
        node = entries(record).get("classes", (None, None))[1]
        if node is not None and node.value == attribute:
            yield record, node


_COUNTS = ("minimum", "maximum", "wording")


def _attribute(tree: Tree, step: Step) -> Iterator[Edit]:
    name = step.names[0]
    if step.to is None:
        yield from _attribute_gone(tree, name)
        return
    yield scalar(entries(tree.at("attributes"))[name][0], step.to)
    for interval in tree.at("intervals").value:
        found = (entries(interval)[key][1] for key in _COUNTS)
        yield from (scalar(node, step.to) for node in found if node.value == name)
    yield from (scalar(node, step.to) for _, node in _classified(tree, name))


def _value(tree: Tree, step: Step) -> Iterator[Edit]:
    attribute, name = str(step.attribute), step.names[0]
    places = [tree.at("attributes", attribute, "values")]
    found = [entries(interval) for interval in tree.at("intervals").value]
    places += [interval["readings"][1] for interval in found if interval["wording"][1].value == attribute]
    for mapping in places:
        gone = step.to is None
        yield tree.removed(mapping, name) if gone else scalar(entries(mapping)[name][0], str(step.to))
    for interval in found:
        if interval["wording"][1].value == attribute and "views" in interval:
            for _, view in entries(interval["views"][1]).values():
                if "words_for" in entries(view):
                    yield from _list(tree, entries(view)["words_for"][1], [name], [step.to] if step.to else [])


def _relation(tree: Tree, step: Step) -> Iterator[Edit]:
    name, relations = step.names[0], tree.at("relations")
    if step.shown_as is not None:
        yield _shown_as(entries(relations)[name][1], step.shown_as)
        return
    yield tree.removed(relations, name) if step.to is None else scalar(entries(relations)[name][0], step.to)
    for record in tree.keys("records"):
        roles = tree.at("records", record, "roles")
        using = [role for role in entries(roles) if tree.at("records", record, "roles", role, "relation").value == name]
        if step.to is None and len(using) == len(entries(roles)):
            yield tree.removed(tree.at("records"), record)
        elif step.to is None:
            yield from (tree.removed(roles, role) for role in using)
        else:
            yield from (scalar(tree.at("records", record, "roles", role, "relation"), step.to) for role in using)


def _shown_as(relation: yaml.Node, words: str) -> Edit:
    """The words of a relation, in place of those that it has, or before all else that it says."""
    fields = entries(relation)
    if "shown_as" in fields:
        return scalar(fields["shown_as"][1], words)
    first = next(iter(fields.values()))[0].start_mark
    flow = isinstance(relation, yaml.CollectionNode) and relation.flow_style
    end = ", " if flow else "\n" + " " * first.column
    return Edit(first.index, first.index, f"shown_as: {quoted(words)}{end}")


_EDITS = {"label": _label, "attribute": _attribute, "value": _value, "relation": _relation, "record": _record}


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
