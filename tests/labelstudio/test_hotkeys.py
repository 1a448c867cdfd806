"""The hotkeys of labels and values: each key is used once, and the labels keep theirs."""

import msgspec

from annotate.inventory import RESERVED_HOTKEYS, Inventory
from annotate.labelstudio.hotkeys import SHIFT, assign_hotkeys
from tests.conftest import Project


def test_every_value_of_this_corpus_has_a_key_of_its_own(labels: Inventory) -> None:
    hotkeys = assign_hotkeys(labels)
    assert hotkeys.labels == {name: label.hotkey for name, label in labels.spans.items()}
    values = [
        (label, attribute.name, value)
        for label in labels.spans
        for attribute in labels.attributes_of(label)
        for value in attribute.values
    ]
    assert list(hotkeys.values) == values
    keys = [*hotkeys.labels.values(), *hotkeys.values.values()]
    assert len(set(keys)) == len(keys) > 40
    assert RESERVED_HOTKEYS.isdisjoint(keys)
    strokes = [key.startswith(SHIFT) for key in hotkeys.values.values()]
    assert strokes == sorted(strokes), "keys of one stroke come first"


def test_labels_come_before_values_where_keys_are_few(project: Project) -> None:
    """Labels without a key take the free ones of one stroke; what is left without a key has none."""
    inventory = project.inventory
    load = inventory.spans["Load"]
    more = {f"L{number}": msgspec.structs.replace(load, name=f"L{number}", hotkey="") for number in range(100)}
    crowded = assign_hotkeys(msgspec.structs.replace(inventory, spans=inventory.spans | more))
    assert {name: crowded.labels[name] for name in inventory.spans} == {
        name: label.hotkey for name, label in inventory.spans.items()
    }
    keys = [*crowded.labels.values(), *crowded.values.values()]
    assert len(set(keys)) == len(keys)
    assert len(crowded.labels) == 35
    assert set(crowded.values.values()) == {f"{SHIFT}+{key}" for key in "qwertyiopasdf"[: len(crowded.values)]}
