"""The inventory: what a corpus labels, loaded from `labels.yaml`.

Everything that names a label is made from it: the labelling config, the JSON Schema of an annotation, the features of
the dataset, the tables in the guidelines, and the checks of labels and relations.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from annotate.class_ids import CLASS_IDS_FILE, NONE, ClassIds, load_class_ids, resolve_class_ids
from annotate.errors import CannotRun
from annotate.model import LARGEST, Article, normal_number
from annotate.schemas import convert_value, require_valid
from annotate.search_patterns import PatternError, compile_pattern
from annotate.util.colours import make_colour
from annotate.util.escape import quote, shorten
from annotate.util.files import load_yaml
from annotate.util.suggestions import list_choices
from annotate.versions import is_older, latest

INVENTORY_FILE = "labels.yaml"

RESERVED_FIELDS = frozenset(
    {
        *Article.__struct_fields__,
        *(
            "file",
            "article",
            "split",
            "annotator",
            "process",
            "made_from",
            "lead_time",
            "inventory",
            "spans",
            "relations",
        ),
        "text_status",
    }
)
"""Names that no field of metadata has: fields of every article, and other columns of its tables."""

RESERVED_HOTKEYS = {"u"}
"""Single keys that Label Studio 1.23 uses itself: u unselects the selected region."""

Reading = Literal["both", "lower", "upper", "between", "none"]
"""The bounds that a number in the words of an interval sets. `between` has a number for each bound."""


Condition: TypeAlias = dict[str, tuple[str, ...]]
"""Choice attribute → values. A span meets it if each attribute has one of its values; every span meets `{}`."""


def meets_condition(attributes: Mapping[str, object], condition: Condition) -> bool:
    """Return whether the attributes of a span meet a condition; an attribute without a value meets none."""
    return all(attributes.get(name) in values for name, values in condition.items())


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A group of span labels that are annotated together."""

    name: str
    title: str
    definition: str


class SpanLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label for spans.

    Attributes:
        hotkey: The key that chooses it on the labelling screen; empty without one.
        color: Its colour, `#rrggbb`. Without one in `labels.yaml`, it is made from the label's class id.
        shown_as: What people see in place of the name; empty to show the name.
        alone: Whether a span may be in no relation, although the label is only at the tails of relations (R116).
        guideline: The path of its page, relative to the folder of the guidelines.
        since: The version of the inventory that added it; None if that is unknown, or the first one.
    """

    name: str
    layer: str
    definition: str
    hotkey: str = ""
    color: str
    guideline: str
    shown_as: str = ""
    alone: bool = False
    since: str | None = None

    @property
    def display_name(self) -> str:
        """What people see: on the labelling screen, on pages and in tables."""
        return self.shown_as or self.name


Scale = Literal["nominal", "ordinal", "interval"]
"""What the values of an attribute tell: that they differ, which is higher, or how far apart they are."""
_SCALES: Mapping[str, tuple[Scale, ...]] = {
    "choice": ("nominal", "ordinal"),
    "integer": ("interval", "ordinal", "nominal"),
    "number": ("interval", "ordinal", "nominal"),
    "text": ("nominal",),
}
"""The scales that fit each type of attribute, the default first."""


def describe_bounds(minimum: int | float | None, maximum: int | float | None) -> str:
    """Say in words between which numbers a value is, with a space before them; nothing if it may be any number."""
    if minimum is None:
        return "" if maximum is None else f" up to {maximum}"
    return f" from {minimum} on" if maximum is None else f" from {minimum} to {maximum}"


def is_within(value: Any, minimum: int | float | None, maximum: int | float | None) -> bool:
    """Return whether a number is between two others; None is no bound."""
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


class ValueWords(msgspec.Struct, frozen=True, kw_only=True):
    """What the words of a span say about a value of its attribute, as regular expressions; an empty one says nothing.

    Each is searched in the words of the span, with the paragraph before them for what looks behind.

    Attributes:
        imply: If found, the span has this value, or another one that its words imply.
        exclude: If found, the span does not have this value.
        require: If not found, the span does not have this value.
    """

    imply: str = ""
    exclude: str = ""
    require: str = ""


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute of the spans with one of `labels`.

    Attributes:
        type: A `choice` is one of `values`, an `integer` is not negative, a `number` is any finite number.
        values: The definition of each choice.
        shown_values: What people see in place of a choice, for the choices where that differs.
        value_words: What the words of a span say about a choice, for the choices that declare it.
        shown_as: What people see in place of the name; empty to show the name.
        scale: What `labels.yaml` says that its values tell; None if it says nothing. Use `level`.
        minimum: The least value of a number; None for any.
        maximum: The largest value of a number; None for any.
        since: The version of the inventory that added it; None if that is unknown, or the first one.
    """

    name: str
    labels: tuple[str, ...]
    type: Literal["choice", "integer", "number", "text"]
    required: bool
    definition: str
    values: dict[str, str] = {}
    shown_values: dict[str, str] = {}
    value_words: dict[str, ValueWords] = {}
    shown_as: str = ""
    scale: Scale | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    since: str | None = None

    @property
    def display_name(self) -> str:
        """What people see: on the labelling screen, on pages and in tables."""
        return self.shown_as or self.name

    @property
    def level(self) -> Scale:
        """The scale on which agreement is measured: the declared one; `interval` for other numbers, else `nominal`."""
        return self.scale or _SCALES[self.type][0]

    def display_value(self, value: str) -> str:
        """Return what people see of a choice."""
        return self.shown_values.get(value, value)

    @property
    def value_hint(self) -> str:
        """What to write in place of a value that the attribute cannot have."""
        match self.type:
            case "choice":
                return f"choose from {list_choices(self.values)}"
            case "integer":
                return f"write a whole number{describe_bounds(self.minimum or 0, self.maximum)}"
            case "number":
                return f"write a number{self.bounds}"
            case "text":
                return "write text that is not empty"

    @property
    def bounds(self) -> str:
        """The declared least and largest values in words, with a space before them; empty without any."""
        return describe_bounds(self.minimum, self.maximum)

    def allows(self, value: object) -> bool:
        """Return whether the attribute can have a value."""
        match self.type:
            case "choice":
                return isinstance(value, str) and value in self.values
            case "integer":
                return type(value) is int and 0 <= value <= LARGEST and is_within(value, self.minimum, self.maximum)
            case "number":
                return normal_number(value) is not None and is_within(value, self.minimum, self.maximum)
            case "text":
                return isinstance(value, str) and value != ""


class Bounds(msgspec.Struct, frozen=True):
    """The least and the largest number of relations that a span can have; None is any number."""

    least: int = 0
    most: int | None = None


class RelationLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label for relations.

    Attributes:
        shown_as: What the labelling screen shows in place of the name; empty to show the name.
        head: The labels that the head can have.
        tail: The labels that the tail can have.
        per_head: How many of these relations can start from one span.
        per_tail: How many of these relations can lead to one span.
        refers: Whether the head only points back to what it means, as "those claims" does. Such a relation is in no
            rule about the relations that a label needs, and its head does not lie within its tail.
        joins_pieces: Whether the relation leads from a later piece of a span to the piece before it. Then both have
            the same label, and `head` and `tail` are empty.
        since: The version of the inventory that added it; None if that is unknown, or the first one.
    """

    name: str
    definition: str
    guideline: str
    shown_as: str = ""
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    per_head: Bounds = Bounds()
    per_tail: Bounds = Bounds()
    refers: bool = False
    joins_pieces: bool = False
    since: str | None = None

    @property
    def display_name(self) -> str:
        """What the labelling screen shows."""
        return self.shown_as or self.name

    def allows(self, head: str, tail: str) -> bool:
        """Return whether the relation can lead from a span labelled `head` to one labelled `tail`."""
        if self.joins_pieces:
            return head == tail
        return head in self.head and tail in self.tail


Preference = Literal["minimum", "maximum", "words"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that turns an interval into numbers for the dataset. These numbers are never labels.

    A view gives one number, `count`, or two, `minimum` and `maximum`. Each lists preferences, and the first one that
    has a value is used: the labelled minimum, the labelled maximum, or the number that `words` gives for the text.

    Attributes:
        source: Whose policy it is.
        words: The number of each number word.
        words_for: The values of the wording for which `words` is used.
        when: What a span must meet; the view has no number for the others.
    """

    name: str
    definition: str
    source: str
    count: tuple[Preference, ...] = ()
    minimum: tuple[Preference, ...] = ()
    maximum: tuple[Preference, ...] = ()
    words: dict[str, int] = {}
    words_for: tuple[str, ...] = ()
    when: Condition = {}


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """How the numbers in the text of a span set two of its attributes.

    Attributes:
        label: The label of the spans.
        minimum: The attribute that holds the lower bound.
        maximum: The attribute that holds the upper bound.
        wording: The attribute that classifies the wording.
        readings: What the numbers mean, by value of `wording`.
        denied: What the spans meet that deny what others count; empty if the corpus does not tell.
        claimants: The roles of those whose count it is in the records with this anchor; first the role of those who
            claim it, whose `when` says what is claimed.
        disputants: The roles of those who dispute the count of others.
        views: The views of the interval, by name.
    """

    label: str
    minimum: str
    maximum: str
    wording: str
    readings: dict[str, Reading]
    denied: Condition = {}
    claimants: tuple[str, ...] = ()
    disputants: tuple[str, ...] = ()
    views: dict[str, View] = {}

    def denies(self, attributes: Mapping[str, object]) -> bool:
        """Return whether a span with these attributes denies what others count."""
        return bool(self.denied) and meets_condition(attributes, self.denied)


class Enclosing(msgspec.Struct, frozen=True, kw_only=True):
    """A way to fill a role from the records around an anchor.

    Attributes:
        record: The type of the other record.
        within: The role of the other record whose span must contain the anchor, or be the anchor.
        take: The role of the other record that fills this role.
        where: What the anchor of the other record must meet; the records of the others are not looked at.
        passes_on: What the anchor of each record farther out than the nearest must meet to count. The first one that
            does not meet it ends the search.
    """

    record: str
    within: str
    take: str
    where: Condition = {}
    passes_on: Condition = {}


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role of a record: the tails of a relation from its anchor, or what `enclosing` or `follow` makes of them.

    Attributes:
        relation: The relation from the anchor; None if only `enclosing` fills the role.
        enclosing: Where to look if the anchor has no such relation.
        follow: A relation from the tails to what they stand for, which then fills the role in their place.
        when: What the anchor must meet; the role of the others is empty.
    """

    relation: str | None = None
    enclosing: Enclosing | None = None
    follow: str | None = None
    when: Condition = {}

    @property
    def has_distance(self) -> bool:
        """Whether a filler may be found by more than the relation, so that its distance tells something."""
        return self.enclosing is not None or self.follow is not None


class RecordType(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the dataset with a row for each span labelled `anchor`, and the spans that fill each role.

    Attributes:
        classes: The attribute that becomes the column `label`, so that a classifier can be trained on the table.
    """

    name: str
    definition: str
    anchor: str
    roles: dict[str, Role]
    classes: str | None = None


class MetadataField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the metadata of articles that the corpus declares.

    Attributes:
        type: A `choice` is one of `values`, a `date` is YYYY, YYYY-MM or YYYY-MM-DD, a `number` is any finite number, a
            `text` is one line.
        values: The definition of each choice.
        minimum: The least value of a number; None for any.
        maximum: The largest value of a number; None for any.
        shared: Whether a copy without texts has the values of a text.
    """

    name: str
    type: Literal["choice", "date", "number", "text"]
    required: bool
    definition: str
    values: dict[str, str] = {}
    minimum: int | float | None = None
    maximum: int | float | None = None
    shared: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether a copy of the corpus without texts has the values."""
        return self.shared or self.type != "text"


class Inventory(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The layers, labels, attributes, relations, records and metadata of a corpus, by name, in file order.

    Attributes:
        oldest: The earliest version whose annotations need no review; None for the first of this MAJOR.
        committed_class_ids: The contents of `classes.json`; None without that file. Use `class_ids`.
        folder: The schema folder that it was loaded from.
    """

    version: str
    title: str
    about: str
    language: str
    layers: dict[str, Layer]
    spans: dict[str, SpanLabel]
    attributes: dict[str, Attribute]
    relations: dict[str, RelationLabel]
    intervals: tuple[Interval, ...]
    records: dict[str, RecordType]
    metadata: dict[str, MetadataField] = {}
    oldest: str | None = None
    committed_class_ids: ClassIds | None = None
    folder: str = ""

    @property
    def class_names(self) -> ClassIds:
        """The names of all classes, in the order of `labels.yaml`; `NONE` is before the relations."""
        return ClassIds(
            spans=tuple(self.spans),
            layers={name: tuple(label.name for label in self.labels_of(name)) for name in self.layers},
            relations=(NONE, *self.relations),
            attributes={
                name: tuple(attribute.values) for name, attribute in self.attributes.items() if attribute.values
            },
        )

    @property
    def class_ids(self) -> ClassIds:
        """The names of all classes in the order of their ids, retired ones included.

        Without `classes.json`, an id is an index in `labels.yaml`; those of relations count from 1, after `NONE`.

        Raises:
            CannotRun: If `classes.json` does not have one of the names, or is lost.
        """
        return _resolve_class_ids(self)

    def attributes_of(self, label: str) -> list[Attribute]:
        """Return the attributes that spans with a label can have."""
        return [attribute for attribute in self.attributes.values() if label in attribute.labels]

    def labels_of(self, layer: str) -> list[SpanLabel]:
        """Return the labels of a layer."""
        return [label for label in self.spans.values() if label.layer == layer]

    def list_missing_metadata(self, values: Mapping[str, object]) -> list[str]:
        """Return the required fields of metadata that are not among the values of an article."""
        return [field.name for field in self.metadata.values() if field.required and field.name not in values]

    def role_since(self, role: Role) -> str | None:
        """Return the latest `since` of the relations and attributes that decide what fills a role; None without any."""
        roles, conditions = [role], [role.when]
        if role.enclosing:
            outer = self.records[role.enclosing.record].roles
            roles += [outer[role.enclosing.within], outer[role.enclosing.take]]
            conditions += [role.enclosing.where, role.enclosing.passes_on]
        conditions += [each.when for each in roles[1:]]
        relations = {name for each in roles for name in (each.relation, each.follow) if name is not None}
        attributes = {name for condition in conditions for name in condition}
        return latest(
            *(self.relations[name].since for name in relations), *(self.attributes[name].since for name in attributes)
        )

    @property
    def pieces(self) -> str | None:
        """The name of the relation that joins the pieces of a span; None if there is none."""
        return next((name for name, relation in self.relations.items() if relation.joins_pieces), None)


@lru_cache(maxsize=8)
def _resolve_class_ids(inventory: Inventory) -> ClassIds:
    """Resolve the class ids once: each column of class ids needs them for each batch of rows."""
    return resolve_class_ids(
        inventory.committed_class_ids, inventory.class_names, Path(inventory.folder) / CLASS_IDS_FILE
    )


def name_schema_folder(path: str | Path) -> str | Path:
    """Return the folder of a schema that is named by its folder or by its `labels.yaml`."""
    is_file = Path(path).name == INVENTORY_FILE and not Path(path).is_dir()
    return type(path)(Path(path).parent) if is_file else path


def load_inventory(folder: str | Path) -> Inventory:
    """Load the inventory of a schema folder.

    Args:
        folder: The folder with `labels.yaml` and, once `annotate generate` has run, `classes.json`; or `labels.yaml`.

    Returns:
        The inventory.

    Raises:
        CannotRun: With the location of what is wrong: a missing or malformed file, or a name that is not defined.
    """
    folder = name_schema_folder(folder)
    path = Path(folder) / INVENTORY_FILE
    value = load_yaml(path, "give the folder that holds it with --schema", within=path.parent)
    require_valid(path, value, "inventory")
    value = {**_OPTIONAL_SECTIONS, **value}
    for fault in _find_faults(value):
        raise CannotRun(path, f"{fault.location}: {fault.problem}", fault.hint)
    for section in ("layers", "spans", "attributes", "relations", "records", "metadata"):
        value[section] = {name: {"name": name, **entry} for name, entry in value[section].items()}
    for interval in value["intervals"]:
        interval["views"] = {name: {"name": name, **view} for name, view in interval.get("views", {}).items()}
    for attribute in value["attributes"].values():
        _split_values(attribute)
    class_ids = load_class_ids(Path(folder))
    _add_colours(value["spans"], class_ids)
    value |= {"committed_class_ids": class_ids, "folder": str(folder)}
    return convert_value(path, value, Inventory)


def _split_values(attribute: dict[str, Any]) -> None:
    """Replace the values of a choice, definitions or mappings, by their definitions, shown forms and words."""
    fields = {
        name: {"definition": entry} if isinstance(entry, str) else entry
        for name, entry in attribute.get("values", {}).items()
    }
    attribute["values"] = {name: entry["definition"] for name, entry in fields.items()}
    attribute["shown_values"] = {name: entry["shown_as"] for name, entry in fields.items() if "shown_as" in entry}
    attribute["value_words"] = {name: entry["words"] for name, entry in fields.items() if "words" in entry}


_COLOUR_TRIES = 20
"""Colours that are made for a label before it shares one; `make_colour` has about 5,000 in all."""


def _add_colours(spans: dict[str, dict[str, Any]], class_ids: ClassIds | None) -> None:
    """Give each label without a colour one that is made from its class id, so that later labels do not change it.

    Colours are few: where `_COLOUR_TRIES` are taken, a label has the colour of another one.
    """
    order = () if class_ids is None else class_ids.spans
    used = {label["color"].lower() for label in spans.values() if "color" in label}
    for number, name in enumerate(dict.fromkeys((*order, *spans))):
        if name in spans and "color" not in spans[name]:
            colours = (make_colour(number + step) for step in range(0, 1000 * _COLOUR_TRIES, 1000))
            colour = next((colour for colour in colours if colour not in used), make_colour(number))
            used.add(colour)
            spans[name]["color"] = colour


_OPTIONAL_SECTIONS: Mapping[str, Any] = {
    "attributes": {},
    "intervals": [],
    "relations": {},
    "records": {},
    "metadata": {},
}
"""What the sections contain that `labels.yaml` may leave out."""


class _Fault(NamedTuple):
    """What is wrong at a location in the file, and what to do."""

    location: str
    problem: str
    hint: str


def _find_faults(value: Mapping[str, Any]) -> Iterator[_Fault]:
    """Yield the faults that JSON Schema cannot express: names that do not fit together."""
    yield from _find_span_faults(value)
    yield from _find_relation_faults(value)
    yield from _find_interval_faults(value)
    yield from _find_record_faults(value)
    yield from _find_metadata_faults(value)
    yield from _find_version_faults(value)


def _find_unknown(location: str, names: list[str], defined: Mapping[str, Any], kind: str) -> Iterator[_Fault]:
    for name in names:
        if name not in defined:
            yield _Fault(location, f"no {kind} is called {quote(name)}", f"use one of: {list_choices(defined)}")


def _find_span_faults(value: Mapping[str, Any]) -> Iterator[_Fault]:
    for name, label in value["spans"].items():
        yield from _find_unknown(f"spans.{name}.layer", [label["layer"]], value["layers"], "layer")
        if label.get("hotkey") in RESERVED_HOTKEYS:
            yield _Fault(
                f"spans.{name}.hotkey", f"{quote(label['hotkey'])} is a key that Label Studio uses", "choose another"
            )
    for key in ("hotkey", "color"):
        count = Counter(label[key] for label in value["spans"].values() if key in label)
        for name, label in value["spans"].items():
            if count[label.get(key)] > 1:
                yield _Fault(
                    f"spans.{name}.{key}", f"{quote(label[key])} belongs to two labels", "give each label its own"
                )
    for name, attribute in value["attributes"].items():
        yield from _find_unknown(f"attributes.{name}.labels", attribute["labels"], value["spans"], "span label")
        scale, scales = attribute.get("scale"), _SCALES[attribute["type"]]
        if scale is not None and scale not in scales:
            problem = f"{quote(scale)} does not fit the type {quote(attribute['type'])}"
            yield _Fault(f"attributes.{name}.scale", problem, f"use one of: {', '.join(scales)}; or leave it out")
        yield from _find_bound_faults(f"attributes.{name}", attribute)
        yield from _find_pattern_faults(f"attributes.{name}.values.", attribute.get("values", {}))
    for layer in value["layers"]:
        labels = {name: label for name, label in value["spans"].items() if label["layer"] == layer}
        yield from _find_shown_faults("spans.", labels)
    for label in value["spans"]:
        attributes = {name: entry for name, entry in value["attributes"].items() if label in entry["labels"]}
        yield from _find_shown_faults("attributes.", attributes)
    for name, attribute in value["attributes"].items():
        yield from _find_shown_faults(f"attributes.{name}.values.", attribute.get("values", {}))


def _find_pattern_faults(prefix: str, values: Mapping[str, Any]) -> Iterator[_Fault]:
    """Yield the expressions for the words of a value that cannot be compiled."""
    for name, entry in values.items():
        for key, pattern in (entry.get("words", {}) if isinstance(entry, dict) else {}).items():
            try:
                compile_pattern(pattern)
            except PatternError as error:
                reason = str(error) if error.hint else f"is not a regular expression: {shorten(str(error))}"
                yield _Fault(
                    f"{prefix}{name}.words.{key}",
                    reason,
                    "correct it; docs/reference/formats.md#words-of-a-value describes it",
                )


def _find_bound_faults(location: str, entry: Mapping[str, Any]) -> Iterator[_Fault]:
    """Yield the bounds of an attribute or field that no number of its type can have."""
    type_, bounds = entry["type"], {key: entry[key] for key in ("minimum", "maximum") if key in entry}
    for key, bound in bounds.items():
        if type_ not in ("integer", "number"):
            yield _Fault(f"{location}.{key}", f"a {type_} has no {key}", "remove it, or make it a number")
        elif normal_number(bound) is None:
            yield _Fault(f"{location}.{key}", f"{quote(bound)} is not a finite number", "write a number")
        elif type_ == "integer" and not (type(bound) is int and 0 <= bound <= LARGEST):
            yield _Fault(f"{location}.{key}", f"{quote(bound)} is not a whole number from 0 on", "write such a number")
    if len(bounds) == 2 and bounds["minimum"] > bounds["maximum"]:
        yield _Fault(f"{location}.minimum", "is above the maximum", "swap or fix the two")


def _find_shown_faults(prefix: str, entries: Mapping[str, Any]) -> Iterator[_Fault]:
    """Yield the entries that are shown as another one is, or as another one is called: a reader could confuse them."""
    names = {name: name for name in entries}
    for name, entry in entries.items():
        shown = name if isinstance(entry, str) else entry.get("shown_as", name)
        if names.setdefault(shown, name) != name:
            yield _Fault(
                f"{prefix}{name}.shown_as", f"{quote(shown)} means {names[shown]} already", "give each its own"
            )


def _find_relation_faults(value: Mapping[str, Any]) -> Iterator[_Fault]:
    if NONE in value["relations"]:
        problem = "is the name of the class of spans that no relation joins"
        yield _Fault(f"relations.{NONE}", problem, "choose another name")
    for name, relation in value["relations"].items():
        for end in ("head", "tail"):
            yield from _find_unknown(f"relations.{name}.{end}", relation.get(end, []), value["spans"], "span label")
        for side in ("per_head", "per_tail"):
            bounds = relation.get(side, {})
            if bounds.get("most") is not None and bounds["most"] < bounds.get("least", 0):
                yield _Fault(f"relations.{name}.{side}", "most is below least", "swap or fix the two")
    # Label Studio gives back the displayed name, so it must be unique, and differ from other names.
    yield from _find_shown_faults("relations.", value["relations"])
    joining = [name for name, relation in value["relations"].items() if relation.get("joins_pieces")]
    for name in joining[1:]:
        yield _Fault(
            f"relations.{name}.joins_pieces", f"{quote(joining[0])} joins pieces already", "let one relation do it"
        )


def _find_interval_faults(value: Mapping[str, Any]) -> Iterator[_Fault]:
    attributes = value["attributes"]
    for index, interval in enumerate(value["intervals"]):
        location = f"intervals[{index}]"
        yield from _find_unknown(f"{location}.label", [interval["label"]], value["spans"], "span label")
        for key, type_ in (("minimum", "integer"), ("maximum", "integer"), ("wording", "choice")):
            name = interval[key]
            on_label = {
                key: entry
                for key, entry in attributes.items()
                if interval["label"] in entry["labels"] and entry["type"] == type_
            }
            yield from _find_unknown(f"{location}.{key}", [name], on_label, f"{type_} attribute of {interval['label']}")
        values = attributes.get(interval["wording"], {}).get("values", {})
        if set(values) != set(interval["readings"]):
            differing = sorted(set(values) ^ set(interval["readings"]))
            yield _Fault(
                f"{location}.readings",
                f"{list_choices([*map(quote, differing)])} is only in one of readings and values",
                f"give each value of {interval['wording']} one reading",
            )
        roles = {name: role for record in value["records"].values() for name, role in record["roles"].items()}
        for key in ("claimants", "disputants"):
            yield from _find_unknown(f"{location}.{key}", interval.get(key, []), roles, "role of a record")
        conditions = {f"{location}.denied": interval.get("denied", {})}
        for name, view in interval.get("views", {}).items():
            yield from _find_unknown(f"{location}.views.{name}.words_for", view.get("words_for", []), values, "wording")
            conditions[f"{location}.views.{name}.when"] = view.get("when", {})
        for place, condition in conditions.items():
            yield from _find_condition_faults(place, condition, interval["label"], attributes)


def _find_condition_faults(
    location: str, condition: Mapping[str, list[str]], label: str, attributes: Mapping[str, Any]
) -> Iterator[_Fault]:
    choices = {
        name: entry["values"]
        for name, entry in attributes.items()
        if label in entry["labels"] and entry["type"] == "choice"
    }
    yield from _find_unknown(location, list(condition), choices, f"choice attribute of {label}")
    for name, values in condition.items():
        yield from _find_unknown(f"{location}.{name}", values, choices.get(name, dict.fromkeys(values)), "value")


def _find_record_faults(value: Mapping[str, Any]) -> Iterator[_Fault]:
    records = value["records"]
    for name, record in records.items():
        yield from _find_unknown(f"records.{name}.anchor", [record["anchor"]], value["spans"], "span label")
        choices = {
            key: entry
            for key, entry in value["attributes"].items()
            if record["anchor"] in entry["labels"] and entry["type"] == "choice"
        }
        if "classes" in record:
            kind = f"choice attribute of {record['anchor']}"
            yield from _find_unknown(f"records.{name}.classes", [record["classes"]], choices, kind)
        for role_name, role in record["roles"].items():
            location = f"records.{name}.roles.{role_name}"
            if "relation" in role:
                yield from _find_unknown(f"{location}.relation", [role["relation"]], value["relations"], "relation")
                relation = value["relations"].get(role["relation"], {})
                if relation and record["anchor"] not in relation.get("head", []):
                    yield _Fault(
                        f"{location}.relation", f"does not start from {record['anchor']}", "take a relation that does"
                    )
            yield from _find_condition_faults(
                f"{location}.when", role.get("when", {}), record["anchor"], value["attributes"]
            )
            if "enclosing" in role:
                yield from _find_enclosing_faults(f"{location}.enclosing", role["enclosing"], value)
            if "follow" in role:
                yield from _find_follow_faults(f"{location}.follow", role, value["relations"])


def _find_enclosing_faults(location: str, enclosing: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[_Fault]:
    records = value["records"]
    yield from _find_unknown(f"{location}.record", [enclosing["record"]], records, "record")
    if enclosing["record"] not in records:
        return
    outer = records[enclosing["record"]]
    for key in ("within", "take"):
        name = enclosing[key]
        yield from _find_unknown(f"{location}.{key}", [name], outer["roles"], "role")
        if "relation" not in outer["roles"].get(name, {"relation": ""}):
            yield _Fault(f"{location}.{key}", f"the role {quote(name)} has no 'relation'", "name a role that has one")
    for key in ("where", "passes_on"):
        yield from _find_condition_faults(
            f"{location}.{key}", enclosing.get(key, {}), outer["anchor"], value["attributes"]
        )


def _find_follow_faults(location: str, role: Mapping[str, Any], relations: Mapping[str, Any]) -> Iterator[_Fault]:
    yield from _find_unknown(location, [role["follow"]], relations, "relation")
    if "relation" not in role:
        yield _Fault(location, "the role has no 'relation' to follow from", "add one, or remove 'follow'")
        return
    tails, heads = (
        set(relations.get(role[key], {}).get(end, [])) for key, end in (("relation", "tail"), ("follow", "head"))
    )
    if role["follow"] in relations and not tails & heads:
        yield _Fault(location, f"starts from no tail of {quote(role['relation'])}", "take a relation that does")
    if "enclosing" in role:
        yield _Fault(location, "the role has 'enclosing' already", "keep one of the two")


def _find_metadata_faults(value: Mapping[str, Any]) -> Iterator[_Fault]:
    for name, field in value["metadata"].items():
        if name in RESERVED_FIELDS:
            yield _Fault(f"metadata.{name}", "every article has something else of this name", "choose another name")
        if "shared" in field and field["type"] != "text":
            problem = f"only a text may say it; a {field['type']} is in every copy without texts"
            yield _Fault(f"metadata.{name}.shared", problem, "remove it")
        yield from _find_bound_faults(f"metadata.{name}", field)


def _find_version_faults(value: Mapping[str, Any]) -> Iterator[_Fault]:
    versions = {"oldest": value.get("oldest")} | {
        f"{section}.{name}.since": entry.get("since")
        for section in ("spans", "attributes", "relations")
        for name, entry in value[section].items()
    }
    for location, version in versions.items():
        if version is not None and is_older(value["version"], version):
            yield _Fault(
                location, f"{version} is later than the version {value['version']}", "raise `version`, or fix it"
            )
