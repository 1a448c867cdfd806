"""The draft of an inventory and of its map, before it is written."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import webcolors

from annotate.drafts.ids import assign_ids, clean_name
from annotate.errors import CannotRun
from annotate.inventory import RESERVED_HOTKEYS
from annotate.util.escape import shorten

_HOTKEY = re.compile("[0-9a-z]")

_MOST_ENTRIES = 200_000
"""Labels in the lists of all attributes and relations together."""

MapEntries = dict[str, object]
"""A section of a map: name in the files → what it becomes; None leaves it out."""


@dataclass
class DraftLayer:
    """A layer, and its title."""

    id: str
    title: str
    definition: str


@dataclass
class DraftLabel:
    """A label of spans; what is empty is left out of the inventory."""

    id: str
    layer: str
    definition: str
    shown_as: str = ""
    hotkey: str = ""
    color: str = ""


@dataclass
class DraftValue:
    """A value of a choice."""

    id: str
    definition: str
    shown_as: str = ""


@dataclass
class DraftAttribute:
    """An attribute, and the labels that have it; only a choice has values."""

    id: str
    labels: list[str]
    type: Literal["choice", "integer", "number", "text"]
    definition: str
    required: bool = False
    shown_as: str = ""
    values: list[DraftValue] = field(default_factory=list)


@dataclass
class DraftRelation:
    """A relation; `comment` is written above it. One that joins pieces has neither heads nor tails."""

    id: str
    definition: str
    head: list[str]
    tail: list[str]
    shown_as: str = ""
    comment: str = ""
    joins_pieces: bool = False


@dataclass
class InventoryDraft:
    """What a configuration says of an inventory.

    Attributes:
        origin: What it was made from, as a comment says it.
        format: The name of the map: `labelstudio` or `brat`.
        title: The title of the corpus.
        label_map: The sections of the map.
        comments: (section, name) → a comment on an entry of the map.
        remarks: What the map cannot say of the configuration, a line each.
        left_out: What the configuration holds and the inventory cannot, and why → its names.
    """

    origin: str
    format: Literal["labelstudio", "brat"]
    title: str = "My Corpus"
    layers: list[DraftLayer] = field(default_factory=list)
    labels: list[DraftLabel] = field(default_factory=list)
    attributes: list[DraftAttribute] = field(default_factory=list)
    relations: list[DraftRelation] = field(default_factory=list)
    label_map: dict[str, MapEntries | str] = field(default_factory=dict)
    comments: dict[tuple[str, str], str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    left_out: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @property
    def notices(self) -> list[str]:
        """What is to be said before anything is written: the remarks, and a line for each kind that is left out."""
        kinds = self.left_out.items()
        return [*self.remarks, *(f"{kind}: {count_names(names)} left out; {why}" for (kind, why), names in kinds)]

    def leave_out(self, kind: str, reason: str, name: str) -> None:
        """Count something that the inventory cannot hold.

        Args:
            kind: What it is, in the plural.
            reason: Why.
            name: Its name.
        """
        self.left_out.setdefault((kind, reason), []).append(name)

    def map_name(self, section: str, name: str, entry: object, comment: str = "") -> None:
        """Add an entry to a section of the map.

        Args:
            section: The section.
            name: The name in the files.
            entry: What it becomes; None leaves it out.
            comment: What is written above it.
        """
        entries = self.label_map.setdefault(section, {})
        if isinstance(entries, dict):
            entries[name] = entry
        if comment:
            self.comments[section, name] = comment

    def keep_unique_keys(self) -> None:
        """Leave out each hotkey and colour that an earlier label has, and each hotkey that cannot be one."""
        hotkeys, colors = set(RESERVED_HOTKEYS), set[str]()
        for label in self.labels:
            label.hotkey = "" if label.hotkey in hotkeys or not _HOTKEY.fullmatch(label.hotkey) else label.hotkey
            label.color = "" if label.color in colors else label.color
            hotkeys.add(label.hotkey)
            colors.add(label.color)


def make_values(shown: Mapping[str, str], definitions: Mapping[str, str]) -> tuple[list[DraftValue], dict[str, str]]:
    """Make the values of a choice.

    Args:
        shown: Value as it is stored → as it is shown.
        definitions: Value as it is stored → its definition, where there is one.

    Returns:
        The values; and value as it is stored → id, for those where the two differ.
    """
    ids = assign_ids(shown, "value")
    forms = shown_forms(ids, shown)
    values = [
        DraftValue(id_, definitions.get(name) or f"Write here when {clean_name(shown[name])} holds.", forms[name])
        for name, id_ in ids.items()
    ]
    return values, {name: id_ for name, id_ in ids.items() if name != id_}


Name = TypeVar("Name", bound=Hashable)


def shown_forms(ids: Mapping[Name, str], shown: Mapping[Name, str]) -> dict[Name, str]:
    """Return what people see of each name in place of its id.

    Args:
        ids: Name → id.
        shown: Name → its form on the screen.

    Returns:
        Name → form; empty where that is the id, where nothing can be seen of it, and where another name has it.
    """
    forms = {name: clean_name(shown[name]) for name in ids}
    count = Counter(forms.values())
    taken = set(ids.values())
    return {name: "" if form == ids[name] or form in taken or count[form] > 1 else form for name, form in forms.items()}


def parse_color(text: str) -> str:
    """Return a colour of CSS as `#rrggbb`; empty if it is neither a name of CSS 3 nor `#rgb` or `#rrggbb`."""
    text = text.strip()
    try:
        return str(webcolors.normalize_hex(text) if text.startswith("#") else webcolors.name_to_hex(text))
    except ValueError:
        return ""


def require_size(where: str, labels: int, lists: int) -> None:
    """Check that an inventory does not become too large to be read.

    Args:
        where: The file or project that an error names.
        labels: The number of labels.
        lists: The number of lists that may have each label: one of each attribute, two of each relation.

    Raises:
        CannotRun: If it is too large.
    """
    if labels * lists > _MOST_ENTRIES:
        problem = f"its attributes and relations name {labels} labels up to {lists} times"
        raise CannotRun(where, f"{problem}, which is too much for one inventory", "name a smaller configuration")


def count_names(names: Iterable[str], most: int = 3) -> str:
    """Return how many names there are, and the first of them: `5 (a, b, c …)`."""
    listed = list(names)
    more = " …" if len(listed) > most else ""
    return f"{len(listed)} ({', '.join(shorten(clean_name(name)) for name in listed[:most])}{more})"
