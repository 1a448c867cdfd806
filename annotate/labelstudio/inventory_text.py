"""`labels.yaml` after a step of a migration: the places that the step names are edited, and nothing else is touched."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from annotate.labelstudio.migration import Migration, Step

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*[A-Za-z0-9_-]|[A-Za-z]")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class Edit(NamedTuple):
    """Put `text` where `[start, end)` was."""

    start: int
    end: int
    text: str


def steps(text: str, migration: Migration) -> list[str]:
    """The file after each step; the last has the new version. Raises ValueError for a name that is not there."""
    texts = []
    for number, step in enumerate(migration.steps):
        text = apply(text, step)
        if number == len(migration.steps) - 1:
            text = _edited(text, [_scalar(_Tree(text).at("version"), migration.after)])
        texts.append(text)
    return texts


def apply(text: str, step: Step) -> str:
    """The file after one step."""
    tree = _Tree(text)
    _known(tree, step)
    edit = {"label": _label, "attribute": _attribute, "value": _value, "relation": _relation}[step.what]
    return _emptied(_edited(text, list(edit(tree, step))))


def _emptied(text: str) -> str:
    """The text, where a section that lost its last entry says so."""
    tree = _Tree(text)
    empty = {"attributes": "{}", "intervals": "[]", "relations": "{}", "records": "{}"}
    keys = [
        (key.end_mark.index + 1, empty[name])
        for name, (key, value) in entries(tree.root).items()
        if name in empty and _none(value)
    ]
    return _edited(text, [Edit(at, at, f" {words}") for at, words in keys])


def _none(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value


def _edited(text: str, edits: list[Edit]) -> str:
    """The text with the edits made; one that lies within another is part of it."""
    outer = [one for one in edits if not any(_within(one, other) for other in edits)]
    for one in sorted(set(outer), reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def _within(one: Edit, other: Edit) -> bool:
    return one != other and other.start <= one.start and one.end <= other.end and not other.text


class _Tree:
    """The nodes of a YAML document, with their places."""

    def __init__(self, text: str) -> None:
        self.text = text
        node = yaml.compose(text, yaml.SafeLoader)
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - it was loaded as an inventory
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

    def lists(self) -> Iterator[yaml.Node]:
        """Each list of span labels: of attributes, and of the ends of relations."""
        yield from (self.at("attributes", name, "labels") for name in self.keys("attributes"))
        for name in self.keys("relations"):
            yield from (node for end, (_, node) in entries(self.at("relations", name)).items() if end in _ENDS)


_ENDS = ("head", "tail")


def entries(node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Key → its node and that of its value."""
    return {key.value: (key, value) for key, value in node.value}


def _scalar(node: yaml.Node, new: str) -> Edit:
    return Edit(node.start_mark.index, node.end_mark.index, quoted(new))


def quoted(word: str) -> str:
    """A word as YAML has it: plain where it cannot be misread."""
    plain = _PLAIN.fullmatch(word) or re.fullmatch(r"\d+\.\d+\.\d+", word)
    return word if plain and word.lower() not in _WORDS else json.dumps(word, ensure_ascii=False)


def _known(tree: _Tree, step: Step) -> None:
    """Raise ValueError for a step that names what is not there, or makes what is there already."""
    places: dict[str, tuple[str, ...]] = {"label": ("spans",), "attribute": ("attributes",), "relation": ("relations",)}
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


def _label(tree: _Tree, step: Step) -> Iterator[Edit]:
    new = list(step.into) or ([step.to] if step.to else [])
    spans = tree.at("spans")
    kept = step.to if step.to in step.names else step.names[0]
    for name in step.names:
        if name != kept or step.to is None:
            yield tree.removed(spans, name)
        elif step.to and step.kind != "split":
            yield _scalar(entries(spans)[name][0], step.to)
    if step.kind == "split":
        yield from _split(tree, spans, step)
    for node in tree.lists():
        yield from _list(tree, node, step.names, new)
    if step.to is None:
        yield from _without(tree, step.names)
    for at, interval in enumerate(tree.at("intervals").value):
        label = entries(interval)["label"][1]
        if label.value in step.names and step.to is None:
            yield tree.item_removed(tree.at("intervals"), at)
        elif label.value in step.names:
            yield from _single(label, step)
    for name in tree.keys("records"):
        anchor = tree.at("records", name, "anchor")
        if anchor.value in step.names and step.to is None:
            yield tree.removed(tree.at("records"), name)
        elif anchor.value in step.names:
            yield from _single(anchor, step)


def _single(node: yaml.Node, step: Step) -> Iterator[Edit]:
    """A place for one label alone."""
    if step.kind == "split":
        raise ValueError(f"{step}: {node.value!r} stands where one label alone can ({_line(node)}); take it out first")
    if step.to and node.value != step.to:
        yield _scalar(node, step.to)


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"


def _split(tree: _Tree, spans: yaml.Node, step: Step) -> Iterator[Edit]:
    """The old entry becomes the default's; the others come after it, with what the old one has and they do not say."""
    key, value = entries(spans)[step.names[0]]
    old = {name: node.value for name, (_, node) in entries(value).items()}
    kept = step.names[0] if step.names[0] in step.into else str(step.to)
    if kept != key.value:
        yield _scalar(key, kept)
    for name, (_, node) in entries(value).items():
        if name in step.into[kept]:
            yield _scalar(node, step.into[kept][name])
    made = [f"{quoted(name)}: {_flow(old | more)}" for name, more in step.into.items() if name != kept]
    end = tree.end(value)
    if isinstance(spans, yaml.CollectionNode) and spans.flow_style:
        yield Edit(end, end, "".join(f", {entry}" for entry in made))
    else:
        line = tree.text.find("\n", end)
        at = len(tree.text) if line < 0 else line
        yield Edit(at, at, "".join(f"\n{' ' * key.start_mark.column}{entry}" for entry in made))


def _flow(entry: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {quoted(value)}" for key, value in entry.items()) + "}"


def _list(tree: _Tree, node: yaml.Node, names: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
    """A list of labels with some replaced by others, each once, where the first of them stood."""
    old = [item.value for item in node.value]
    if not set(old) & set(names):
        return
    at = next(place for place, name in enumerate(old) if name in names)
    left = [name for name in old if name not in names]
    now = [*left[:at], *new, *left[at:]]
    if len(now) == len(old):
        yield from (_scalar(item, name) for item, name in zip(node.value, now, strict=True) if item.value != name)
    else:
        yield Edit(node.start_mark.index, tree.end(node), f"[{', '.join(map(quoted, now))}]")


def _without(tree: _Tree, labels: Sequence[str]) -> Iterator[Edit]:
    """Attributes that no label is left for go with the last of them."""
    for name in tree.keys("attributes"):
        if {item.value for item in tree.at("attributes", name, "labels").value} <= set(labels):
            yield from _attribute_gone(tree, name)


def _attribute_gone(tree: _Tree, name: str) -> Iterator[Edit]:
    yield tree.removed(tree.at("attributes"), name)
    for at, interval in enumerate(tree.at("intervals").value):
        if name in (entries(interval)[key][1].value for key in _COUNTS):
            yield tree.item_removed(tree.at("intervals"), at)


_COUNTS = ("minimum", "maximum", "wording")


def _attribute(tree: _Tree, step: Step) -> Iterator[Edit]:
    name = step.names[0]
    if step.to is None:
        yield from _attribute_gone(tree, name)
        return
    yield _scalar(entries(tree.at("attributes"))[name][0], step.to)
    for interval in tree.at("intervals").value:
        found = (entries(interval)[key][1] for key in _COUNTS)
        yield from (_scalar(node, step.to) for node in found if node.value == name)


def _value(tree: _Tree, step: Step) -> Iterator[Edit]:
    attribute, name = str(step.attribute), step.names[0]
    places = [tree.at("attributes", attribute, "values")]
    found = [entries(interval) for interval in tree.at("intervals").value]
    places += [interval["readings"][1] for interval in found if interval["wording"][1].value == attribute]
    for mapping in places:
        gone = step.to is None
        yield tree.removed(mapping, name) if gone else _scalar(entries(mapping)[name][0], str(step.to))


def _relation(tree: _Tree, step: Step) -> Iterator[Edit]:
    name, relations = step.names[0], tree.at("relations")
    yield tree.removed(relations, name) if step.to is None else _scalar(entries(relations)[name][0], step.to)
    for record in tree.keys("records"):
        roles = tree.at("records", record, "roles")
        using = [role for role in entries(roles) if tree.at("records", record, "roles", role, "relation").value == name]
        if step.to is None and len(using) == len(entries(roles)):
            yield tree.removed(tree.at("records"), record)
        elif step.to is None:
            yield from (tree.removed(roles, role) for role in using)
        else:
            yield from (_scalar(tree.at("records", record, "roles", role, "relation"), step.to) for role in using)
