"""The inventory: what a corpus labels, loaded from `labels.yaml` and looked up by name.

Everything else that names a label is made from it: the labelling config, the JSON Schema of an annotation, the features
of the dataset, the tables in the guidelines, the checks of labels and ends.

Class ids that never shift: `classes.json` beside the inventory, written by `annotate generate`, only ever added to.

An id is a name's place in its list. A name that the inventory drops keeps its place and is called retired; a name that
it gains goes to the end, wherever it stands in `labels.yaml`. The file is committed, so that a diff shows what changed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.schemas import convert_value, require_valid
from annotate.util.files import load_yaml, read_bytes

CLASS_IDS_FILE = "classes.json"
ANNOTATION_SCHEMA_FILE = "annotation.schema.json"
"""What `annotate generate` writes with it: where this is, the other has been."""
Lists = dict[str, tuple[str, ...]]


class ClassIds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names in the order of their ids: of spans, of the spans of each layer, of relations, of each attribute's values.

    `retired` repeats those that the inventory no longer has, for a reader.
    """

    spans: tuple[str, ...]
    layers: Lists
    relations: tuple[str, ...]
    attributes: Lists
    retired: tuple[str, ...] = ()

    def lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each list with its place in the file."""
        yield "spans", self.spans
        yield from ((f"layers.{name}", names) for name, names in self.layers.items())
        yield "relations", self.relations
        yield from ((f"attributes.{name}", names) for name, names in self.attributes.items())


def load_class_ids(folder: Path) -> ClassIds | None:
    """The classes of a schema folder, None where it has no file of them. Raises CannotRun for one that is broken."""
    path = folder / CLASS_IDS_FILE
    if not path.is_file():
        return None
    hint = "take back what was committed, then run `annotate generate`"
    try:
        found = msgspec.json.decode(read_bytes(path, hint), type=ClassIds)
    except msgspec.MsgspecError as error:
        raise CannotRun(path, str(error), hint) from error
    for place, names in found.lists():
        for name in names:
            if names.count(name) > 1:
                raise CannotRun(path, f"{place}: {name!r} appears twice", hint)
    return found


def encode_class_ids(classes: ClassIds) -> str:
    return msgspec.json.format(msgspec.json.encode(classes), indent=2).decode() + "\n"


def extend_class_ids(old: ClassIds | None, now: ClassIds) -> ClassIds:
    """The old lists, each with the names that `now` adds at its end; what `now` lacks is retired."""
    if old is None:
        return now
    before, present = dict(old.lists()), dict(now.lists())

    def grown(place: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*before.get(place, ()), *present.get(place, ()))))

    retired = [
        f"{place}.{name}" for place, names in before.items() for name in names if name not in present.get(place, ())
    ]
    return ClassIds(
        spans=grown("spans"),
        layers={name: grown(f"layers.{name}") for name in dict.fromkeys((*old.layers, *now.layers))},
        relations=grown("relations"),
        attributes={name: grown(f"attributes.{name}") for name in dict.fromkeys((*old.attributes, *now.attributes))},
        retired=tuple(retired),
    )


class ClassIdFault(NamedTuple):
    """What is wrong with the file, and what to do."""

    problem: str
    hint: str


def find_class_id_faults(old: ClassIds | None, now: ClassIds, path: Path) -> Iterator[ClassIdFault]:
    """Names of the inventory that the file at `path`, read as `old`, lacks; that it is gone, though ids were given."""
    if old is None:
        if path.with_name(ANNOTATION_SCHEMA_FILE).is_file():
            hint = "take back what was committed, or if there never was one, run `annotate generate` and commit it"
            yield ClassIdFault("is missing, and says by which number a class goes", hint)
        return
    known = dict(old.lists())
    for place, names in now.lists():
        for name in names:
            if name not in known.get(place, ()):
                yield ClassIdFault(f"gives {place}.{name} no class id", "run `annotate generate`, and commit it")


def resolve_class_ids(old: ClassIds | None, now: ClassIds, path: Path) -> ClassIds:
    """The ids to use: those of the file, or where there never was one, the places in the inventory.

    Raises CannotRun for the first of its faults.
    """
    for fault in find_class_id_faults(old, now, path):
        raise CannotRun(path, fault.problem, fault.hint)
    return now if old is None else old


INVENTORY_FILE = "labels.yaml"

RESERVED_HOTKEYS = {"u"}
"""Single keys that Label Studio 1.23 takes for itself: u lets go of the selected region."""

Reading = Literal["both", "lower", "upper", "between", "none"]


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    title: str
    definition: str


class SpanLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label for spans; `guideline` is the path of its page below the guidelines' folder."""

    name: str
    layer: str
    definition: str
    hotkey: str
    color: str
    guideline: str


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """A property of the spans with one of `labels`; `values` maps a choice to its definition, empty for other types."""

    name: str
    labels: tuple[str, ...]
    type: Literal["choice", "integer", "text"]
    required: bool
    definition: str
    values: dict[str, str] = {}


class Bounds(msgspec.Struct, frozen=True):
    """How many relations may hang on one span; None: any number."""

    least: int = 0
    most: int | None = None


class RelationLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label for relations. Without `head` and `tail` any label may stand there.

    `shown_as` is what an annotator reads on the labelling screen in place of the name, empty for the name itself.
    `joins_pieces` marks the relation that ties a later piece of a span to the piece before it.
    """

    name: str
    definition: str
    guideline: str
    shown_as: str = ""
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    per_head: Bounds = Bounds()
    per_tail: Bounds = Bounds()
    joins_pieces: bool = False

    @property
    def words(self) -> str:
        """What an annotator reads: from head to tail, as "who says it"."""
        return self.shown_as or self.name

    def allows(self, head: str, tail: str) -> bool:
        """Whether a span labelled `head` may point to one labelled `tail`."""
        if self.joins_pieces:
            return head == tail
        return head in self.head and tail in self.tail


Preference = Literal["minimum", "maximum", "words"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that makes numbers of an interval at export; its numbers are never labels.

    It gives one number, by `count`, or two ends, by `minimum` and `maximum`: each the first that there is of the
    labelled minimum, the labelled maximum and the number of its `words`, which count where the wording is one of
    `words_for`. `source` says whose policy it is.
    """

    name: str
    definition: str
    source: str
    count: tuple[Preference, ...] = ()
    minimum: tuple[Preference, ...] = ()
    maximum: tuple[Preference, ...] = ()
    words: dict[str, int] = {}
    words_for: tuple[str, ...] = ()


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """How the number words of a label bear on two of its attributes; `readings` is keyed by the values of `wording`."""

    label: str
    minimum: str
    maximum: str
    wording: str
    readings: dict[str, Reading]
    views: dict[str, View] = {}


class Enclosing(msgspec.Struct, frozen=True, kw_only=True):
    """Fill a role from the records around an anchor: of `record`, where `within` holds the anchor, take role `take`."""

    record: str
    within: str
    take: str


class Role(msgspec.Struct, frozen=True, kw_only=True):
    relation: str
    enclosing: Enclosing | None = None


class RecordType(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the dataset: one row a span labelled `anchor`, with the spans that fill each role.

    `classes` names the attribute that is the column `label`, for who trains a classifier on the table.
    """

    name: str
    definition: str
    anchor: str
    roles: dict[str, Role]
    classes: str | None = None


class Inventory(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Layers, labels, attributes, relations and records of one corpus; each mapping is keyed by name, in file order.

    `numbers` are the class ids that were committed beside it, None where none were; `folder` is where it was loaded.
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
    numbers: ClassIds | None = None
    folder: str = ""

    @property
    def named(self) -> ClassIds:
        """The names of all classes, in the order of the file."""
        return ClassIds(
            spans=tuple(self.spans),
            layers={name: tuple(label.name for label in self.labels_of(name)) for name in self.layers},
            relations=tuple(self.relations),
            attributes={one.name: tuple(one.values) for one in self.attributes.values() if one.values},
        )

    @property
    def classes(self) -> ClassIds:
        """The names of all classes by their ids, retired ones among them.

        Raises CannotRun where the committed ids lack a name; without such, an id is a place in the file.
        """
        return _classes(self)

    def attributes_of(self, label: str) -> list[Attribute]:
        return [attribute for attribute in self.attributes.values() if label in attribute.labels]

    def labels_of(self, layer: str) -> list[SpanLabel]:
        return [label for label in self.spans.values() if label.layer == layer]

    @property
    def pieces(self) -> str | None:
        """The name of the relation that joins the pieces of a span, if there is one."""
        return next((name for name, relation in self.relations.items() if relation.joins_pieces), None)


@lru_cache(maxsize=8)
def _classes(inventory: Inventory) -> ClassIds:
    """Kept, since each column of class ids asks for them with each batch of rows."""
    return resolve_class_ids(inventory.numbers, inventory.named, Path(inventory.folder) / CLASS_IDS_FILE)


def load_inventory(folder: str | Path) -> Inventory:
    """The inventory of a schema folder.

    Raises CannotRun, naming the place, for a missing or broken file and for names that do not fit together.
    """
    path = Path(folder) / INVENTORY_FILE
    value = load_yaml(path, "give the folder that holds it with --schema")
    require_valid(path, value, "inventory")
    for place, problem, hint in _misfits(value):
        raise CannotRun(path, f"{place}: {problem}", hint)
    for section in ("layers", "spans", "attributes", "relations", "records"):
        value[section] = {name: {"name": name, **entry} for name, entry in value[section].items()}
    for interval in value["intervals"]:
        interval["views"] = {name: {"name": name, **view} for name, view in interval.get("views", {}).items()}
    value |= {"numbers": load_class_ids(Path(folder)), "folder": str(folder)}
    return convert_value(path, value, Inventory)


Misfit = tuple[str, str, str]


def _misfits(value: Mapping[str, Any]) -> Iterator[Misfit]:
    """Names that do not fit together, which no JSON Schema can say: place, problem, hint."""
    yield from _span_misfits(value)
    yield from _relation_misfits(value)
    yield from _interval_misfits(value)
    yield from _record_misfits(value)


def _unknown(place: str, names: list[str], known: Mapping[str, Any], what: str) -> Iterator[Misfit]:
    for name in names:
        if name not in known:
            yield place, f"no {what} is called {name!r}", f"use one of: {', '.join(known)}"


def _span_misfits(value: Mapping[str, Any]) -> Iterator[Misfit]:
    for name, label in value["spans"].items():
        yield from _unknown(f"spans.{name}.layer", [label["layer"]], value["layers"], "layer")
        if label["hotkey"] in RESERVED_HOTKEYS:
            yield f"spans.{name}.hotkey", f"{label['hotkey']!r} is a key of Label Studio's own", "choose another"
    for key in ("hotkey", "color"):
        count = Counter(label[key] for label in value["spans"].values())
        for name, label in value["spans"].items():
            if count[label[key]] > 1:
                yield f"spans.{name}.{key}", f"{label[key]!r} belongs to two labels", "give each label its own"
    for name, attribute in value["attributes"].items():
        yield from _unknown(f"attributes.{name}.labels", attribute["labels"], value["spans"], "span label")


def _relation_misfits(value: Mapping[str, Any]) -> Iterator[Misfit]:
    for name, relation in value["relations"].items():
        for end in ("head", "tail"):
            yield from _unknown(f"relations.{name}.{end}", relation.get(end, []), value["spans"], "span label")
        for side in ("per_head", "per_tail"):
            bounds = relation.get(side, {})
            if bounds.get("most") is not None and bounds["most"] < bounds.get("least", 0):
                yield f"relations.{name}.{side}", "most is below least", "swap or fix the two"
    # Names and words are read back alike, so no two relations may share any of them.
    meaning = {name: name for name in value["relations"]}
    for name, relation in value["relations"].items():
        words = relation.get("shown_as", name)
        if meaning.setdefault(words, name) != name:
            yield f"relations.{name}.shown_as", f"{words!r} means {meaning[words]} already", "give each its own words"
    joining = [name for name, relation in value["relations"].items() if relation.get("joins_pieces")]
    for name in joining[1:]:
        yield f"relations.{name}.joins_pieces", f"{joining[0]!r} joins pieces already", "let one relation do it"


def _interval_misfits(value: Mapping[str, Any]) -> Iterator[Misfit]:
    attributes = value["attributes"]
    for number, interval in enumerate(value["intervals"]):
        place = f"intervals[{number}]"
        yield from _unknown(f"{place}.label", [interval["label"]], value["spans"], "span label")
        for key, type_ in (("minimum", "integer"), ("maximum", "integer"), ("wording", "choice")):
            name = interval[key]
            on_label = {
                known: entry
                for known, entry in attributes.items()
                if interval["label"] in entry["labels"] and entry["type"] == type_
            }
            yield from _unknown(f"{place}.{key}", [name], on_label, f"{type_} attribute of {interval['label']}")
        values = attributes.get(interval["wording"], {}).get("values", {})
        if set(values) != set(interval["readings"]):
            odd = sorted(set(values) ^ set(interval["readings"]))
            yield (
                f"{place}.readings",
                f"{', '.join(map(repr, odd))} stands in one of readings and values only",
                f"give each value of {interval['wording']} one reading",
            )
        for name, view in interval.get("views", {}).items():
            yield from _unknown(f"{place}.views.{name}.words_for", view.get("words_for", []), values, "wording")


def _record_misfits(value: Mapping[str, Any]) -> Iterator[Misfit]:
    records = value["records"]
    for name, record in records.items():
        yield from _unknown(f"records.{name}.anchor", [record["anchor"]], value["spans"], "span label")
        choices = {
            known: entry
            for known, entry in value["attributes"].items()
            if record["anchor"] in entry["labels"] and entry["type"] == "choice"
        }
        if "classes" in record:
            what = f"choice attribute of {record['anchor']}"
            yield from _unknown(f"records.{name}.classes", [record["classes"]], choices, what)
        for role_name, role in record["roles"].items():
            place = f"records.{name}.roles.{role_name}"
            yield from _unknown(f"{place}.relation", [role["relation"]], value["relations"], "relation")
            relation = value["relations"].get(role["relation"], {})
            if relation and record["anchor"] not in relation.get("head", []):
                yield f"{place}.relation", f"does not start from {record['anchor']}", "take a relation that does"
            if "enclosing" in role:
                enclosing = role["enclosing"]
                yield from _unknown(f"{place}.enclosing.record", [enclosing["record"]], records, "record")
                roles = records.get(enclosing["record"], {}).get("roles", {})
                for key in ("within", "take"):
                    yield from _unknown(f"{place}.enclosing.{key}", [enclosing[key]], roles, "role")
