"""The definitions of an inventory as a model reads them: labels of spans with attributes and values, relations."""

from collections.abc import Collection, Iterable, Iterator

from annotate.inventory import Attribute, Inventory, RelationLabel


def describe_labels(inventory: Inventory) -> str:
    """Return the section of a prompt that defines the labels of spans, their attributes and the values of these."""
    return "\n".join(["# Labels of spans", *_list_labels(inventory)])


def describe_relations(labels: Iterable[RelationLabel]) -> str:
    """Return the section of a prompt that defines some labels of relations, with what they may join."""
    return "\n".join(["# Labels of relations", "", *map(describe_relation, labels)])


def describe_relation(label: RelationLabel) -> str:
    """Return the line of a prompt that defines a label of relations, with what it may join."""
    if label.joins_pieces:
        ends = "head and tail: two pieces of one span, with the same label"
    else:
        ends = f"head: {_show_labels(label.head)}; tail: {_show_labels(label.tail)}"
    return f"- `{label.name}`: {label.definition} ({ends})"


def _list_labels(inventory: Inventory) -> Iterator[str]:
    for layer in inventory.layers.values():
        yield f"\n## {layer.title}\n\n{layer.definition}\n"
        for label in inventory.labels_of(layer.name):
            yield f"- `{label.name}`: {label.definition}"
            yield from map(_describe_attribute, inventory.attributes_of(label.name))


def _describe_attribute(attribute: Attribute) -> str:
    need = "required" if attribute.required else "optional"
    lines = [f"  - attribute `{attribute.name}` ({attribute.type}, {need}): {attribute.definition}"]
    lines += [f"    - `{value}`: {definition}" for value, definition in attribute.values.items()]
    return "\n".join(lines)


def _show_labels(names: Collection[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)
