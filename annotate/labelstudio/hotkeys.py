"""The hotkeys of the labelling screen: those of the inventory, and generated ones for the other labels and the values.

The page binds the keys of all values at once, also of those that it does not show. A key that two values share would
set both: the hidden one would stay unseen, and appear if the region is given another label. So each key is used once;
where keys run out, labels and values are chosen with the mouse.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from annotate.inventory import RESERVED_HOTKEYS, Inventory

SHIFT = "⇧"
"""Shift as the page understands and shows it; it leaves more room than the word."""
_DIGITS, _LETTERS = "1234567890", "qwertyiopasdfghjklzxcvbnm"


class Hotkeys(NamedTuple):
    """The hotkey of each label, by name, and of each value, by label, attribute and value; those that have one."""

    labels: Mapping[str, str]
    values: Mapping[tuple[str, str, str], str]


def assign_hotkeys(inventory: Inventory) -> Hotkeys:
    """Return the hotkeys of labels and values: keys of one stroke first, then with Shift.

    Labels come before values, and values in the order of the screen, so that those of one label have neighbouring keys.
    """
    given = {name: label.hotkey for name, label in inventory.spans.items() if label.hotkey}
    taken = RESERVED_HOTKEYS | set(given.values())
    label_keys = (key for key in _DIGITS + _LETTERS if key not in taken)
    labels = given | dict(zip((name for name in inventory.spans if name not in given), label_keys, strict=False))
    taken |= set(labels.values())
    keys = [key for key in _LETTERS + _DIGITS if key not in taken]
    keys += [f"{SHIFT}+{key}" for key in _LETTERS + _DIGITS]
    return Hotkeys(labels, dict(zip(_list_values(inventory), keys, strict=False)))


def _list_values(inventory: Inventory) -> Iterator[tuple[str, str, str]]:
    """Yield each value of each choice on the screen."""
    for label in inventory.spans:
        for attribute in inventory.attributes_of(label):
            for value in attribute.values:
                yield label, attribute.name, value
