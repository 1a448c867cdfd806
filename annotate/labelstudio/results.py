"""Raw Label Studio tasks → annotations: every result item is mapped or becomes a finding, and none is dropped.

The one way from a server's JSON into the corpus: `pull` and the bulk path both take it.

The result items of one annotation → spans and relations; what cannot be mapped becomes a finding and is kept raw.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from annotate import offsets
from annotate.corpus import ID_PATTERN, canonical
from annotate.findings import Finding, Rule
from annotate.inventory import Attribute, Inventory
from annotate.labelstudio import rules
from annotate.labelstudio.config import TEXT, attribute_controls, relation_names
from annotate.model import Annotation, AttributeValue, Process, Relation, Span
from annotate.offsets import Diagnosis, sha256

Item = Mapping[str, Any]

VALUES = {"choice": ("choices", "choices"), "integer": ("number", "number"), "text": ("textarea", TEXT)}
"""Type of an attribute → the item's type, and the key of its value."""


class Controls:
    """The inventory's controls, looked up by name; made once and used for any number of annotations."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.layers = {layer: {label.name for label in inventory.labels_of(layer)} for layer in inventory.layers}
        self.attributes = attribute_controls(inventory)
        self.relations = relation_names(inventory)
        self.layer_of = {name: label.layer for name, label in inventory.spans.items()}
        self.numbers = {name: number for number, name in enumerate(inventory.spans)}
        ties = {name: number for number, name in enumerate(inventory.relations)}
        self.ties = {shown: ties[name] for shown, name in self.relations.items()}


class Place(NamedTuple):
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Region:
    """A region: one place, and one span for each of its labels (label → id of the span)."""

    raw_place: tuple[int, int]
    place: Place
    note: str
    spans: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, AttributeValue]] = field(default_factory=dict)


class Reading:
    """Reads the items of one annotation; afterwards `spans`, `relations`, `findings` and `set_aside` hold all of them.

    `file` and `article` are the place that findings name; `text` is what the offsets are settled against, and with
    `fix_offsets` fixed where one place alone fits. `diagnoses` counts what the offsets of each region were.
    """

    def __init__(
        self, controls: Controls, text: str, file: str, article: str | None, fix_offsets: bool = False
    ) -> None:
        self.controls, self.text, self.file, self.article = controls, text, file, article
        self.fix_offsets = fix_offsets
        self.diagnoses: Counter[offsets.Diagnosis] = Counter()
        self.findings: list[Finding] = []
        self.set_aside: list[object] = []
        self.regions: dict[str, Region] = {}
        self.relations: dict[tuple[str, str, str], Relation] = {}
        self._ids: set[str] = set()

    @property
    def spans(self) -> Iterator[Span]:
        for region in self.regions.values():
            for label, id_ in region.spans.items():
                start, end, text = region.place
                values = region.attributes.get(label, {})
                yield Span(id=id_, label=label, start=start, end=end, text=text, attributes=values, note=region.note)

    def read(self, items: Iterable[object]) -> None:
        """Read every item: regions first, since attributes and relations may stand before the region they name."""
        attributes: list[tuple[Item, str]] = []
        relations: list[Item] = []
        regions: list[tuple[Item, str]] = []
        for item in items:
            if not isinstance(item, dict):
                self._aside(item, rules.item_unknown, item, "since it is no object")
            elif item.get("type") == "relation":
                relations.append(item)
            elif not isinstance(item.get("id"), str) or not item["id"] or not isinstance(item.get("value"), dict):
                self._aside(item, rules.item_unknown, item, "since it has no id or no value")
            elif item.get("type") == "labels":
                regions.append((item, item["id"]))
            else:
                attributes.append((item, item["id"]))
        self._ids = {id_ for _, id_ in regions}
        for item, id_ in regions:
            self._region(item, id_)
        for item, id_ in attributes:
            self._attribute(item, id_)
        for item in relations:
            self._relation(item)

    def _say(self, rule: Rule, *nouns: object) -> None:
        self.findings.extend(rule(self.file, self.article, *nouns))

    def _aside(self, item: object, rule: Rule, *nouns: object) -> None:
        self._say(rule, *nouns)
        if not self.set_aside or self.set_aside[-1] is not item:
            self.set_aside.append(item)

    def _region(self, item: Item, id_: str) -> None:
        layer, value = item.get("from_name"), item["value"]
        known = self.controls.layers.get(layer) if isinstance(layer, str) else None
        if known is None or item.get("to_name") != TEXT:
            return self._aside(item, rules.control_unknown, layer, id_)
        region = self._placed(item, value, id_)
        if region is None:
            return None
        labels = value.get("labels")
        if not isinstance(labels, list) or not labels:
            return self._aside(item, rules.label_missing, id_)
        for label in labels:
            if not isinstance(label, str) or label not in known:
                self._aside(item, rules.label_unknown, label, layer, id_)
            elif label in region.spans:
                self._aside(item, rules.region_twice, id_)
            else:
                region.spans[label] = self._span_id(id_) if region.spans else id_
                self.regions[id_] = region
        return None

    def _span_id(self, id_: str) -> str:
        """An id for another label of a region: `id~2` and so on, the first that no region has."""
        number = 2
        while f"{id_}~{number}" in self._ids:
            number += 1
        self._ids.add(f"{id_}~{number}")
        return f"{id_}~{number}"

    def _placed(self, item: Item, value: Item, id_: str) -> Region | None:
        """The region of an item, new or met before; None if it was set aside."""
        start, end = value.get("start"), value.get("end")
        if type(start) is not int or type(end) is not int:
            self._aside(item, rules.offset_no_number, start, end, id_)
            return None
        region = self.regions.get(id_)
        if region is not None:
            if region.raw_place == (start, end):
                return region
            self._aside(item, rules.region_twice, id_)
            return None
        place = self._place(item, start, end, value.get(TEXT), id_)
        return place and Region((start, end), place, self._note(item, id_))

    def _place(self, item: Item, start: int, end: int, quoted: object, id_: str) -> Place | None:
        known = isinstance(quoted, str)
        # A missing quotation is replaced by the text itself, and settles only if both counts read the same there.
        words = quoted if isinstance(quoted, str) else self.text[max(start, 0) : max(end, 0)]
        settled = offsets.settle(self.text, start, end, words, self.fix_offsets and known)
        if isinstance(settled, offsets.Settled) and not known and offsets.from_utf16(self.text, end) != end:
            settled = offsets.Misfit(words, None)
        self.diagnoses[settled.diagnosis if known else "unknown"] += 1
        if isinstance(settled, offsets.Misfit):
            self._aside(item, rules.words_elsewhere, start, end, quoted, settled, id_)
            return None
        if not known:
            self._say(rules.words_missing, start, end, id_)
        elif settled.diagnosis == "UTF-16":
            self._say(rules.counted_in_utf16, start, end, id_)
        elif settled.diagnosis not in offsets.PLAIN:
            self._say(rules.offsets_mended, start, end, settled, id_)
        return Place(settled.start, settled.end, self.text[settled.start : settled.end])

    def _note(self, item: Item, id_: str) -> str:
        """The note on a region or relation; other remarks are found, and the raw item kept."""
        meta = item.get("meta")
        if not meta:
            return ""
        if not isinstance(meta, dict):
            self._aside(item, rules.remark_unknown, meta, id_)
            return ""
        texts = meta.get(TEXT) or []
        texts = [texts] if isinstance(texts, str) else texts
        readable = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        for key in meta:
            if key != TEXT or not readable:
                self._aside(item, rules.remark_unknown, key, id_)
        return "\n".join(texts) if readable else ""

    def _attribute(self, item: Item, id_: str) -> None:
        name = item.get("from_name")
        control = self.controls.attributes.get(name) if isinstance(name, str) else None
        if isinstance(name, str) and name in self.controls.layers:
            return self._aside(item, rules.item_unknown, item, f"since {name} makes none of type {item.get('type')!r}")
        if control is None or not isinstance(name, str) or item.get("to_name") != TEXT:
            return self._aside(item, rules.control_unknown, name, id_)
        label, attribute = control
        if item.get("type") != VALUES[attribute.type][0]:
            return self._aside(item, rules.item_unknown, item, f"since {name} makes none of type {item.get('type')!r}")
        region = self.regions.get(id_)
        if region is None:
            return self._aside(item, rules.attribute_without_region, name, id_)
        if label not in region.spans:
            return self._aside(item, rules.attribute_of_other_label, name, ", ".join(region.spans), id_)
        value = self._value(item, name, attribute, id_)
        if value is None:
            return None
        values = region.attributes.setdefault(label, {})
        if values.setdefault(attribute.name, value) != value:
            return self._aside(item, rules.attribute_twice, name, value, id_)
        return None

    def _value(self, item: Item, name: str, attribute: Attribute, id_: str) -> AttributeValue | None:
        """The value of an attribute; None if the item was set aside."""
        value = item["value"].get(VALUES[attribute.type][1])
        if attribute.type == "integer":
            if type(value) is int:
                return value
            if isinstance(value, float) and value.is_integer():
                return int(value)
            self._aside(item, rules.number_not_whole, name, value, id_)
            return None
        values = value if isinstance(value, list) else [value]
        if len(values) > 1 and attribute.type == "choice":
            self._aside(item, rules.value_many, name, values, id_)
            return None
        strings = [entry for entry in values if isinstance(entry, str) and entry]
        if len(strings) != len(values) or not values or (attribute.values and strings[0] not in attribute.values):
            self._aside(item, rules.value_unknown, name, value, id_)
            return None
        return "\n".join(strings)

    def _relation(self, item: Item) -> None:
        head, tail, direction = item.get("from_id"), item.get("to_id"), item.get("direction")
        if direction == "left":
            head, tail = tail, head
        if not isinstance(head, str) or not isinstance(tail, str) or not {head, tail} <= self.regions.keys():
            place = next((end for end in (head, tail) if isinstance(end, str) and end in self.regions), None)
            return self._aside(item, rules.end_missing, head, tail, place)
        if direction not in ("right", "left", None):
            return self._aside(item, rules.direction_unclear, direction, head, tail)
        labels = item.get("labels")
        if not isinstance(labels, list) or not labels:
            return self._aside(item, rules.relation_unlabelled, head, tail)
        for words in labels:
            label = self.controls.relations.get(words) if isinstance(words, str) else None
            if label is None:
                self._aside(item, rules.relation_unknown, words, head, tail)
                continue
            ends = self._ends(label, self.regions[head], self.regions[tail])
            if ends is None:
                self._aside(item, rules.ends_unclear, label, head, tail)
            elif (label, ends[0], ends[1]) in self.relations:
                self._aside(item, rules.relation_twice, label, head, tail)
            else:
                note = self._note(item, head)
                self.relations[label, ends[0], ends[1]] = Relation(label=label, head=ends[0], tail=ends[1], note=note)
        return None

    def _ends(self, label: str, head: Region, tail: Region) -> tuple[str, str] | None:
        """The spans that a relation means; None if several labels of a region leave that open.

        Two regions with one label each are the ends whatever the inventory allows: `annotate check` speaks of that.
        """
        pairs = [(one, other) for one in head.spans.items() for other in tail.spans.items()]
        if len(pairs) > 1:
            relation = self.controls.inventory.relations[label]
            pairs = [pair for pair in pairs if relation.allows(pair[0][0], pair[1][0])]
        return (pairs[0][0][1], pairs[0][1][1]) if len(pairs) == 1 else None


Raw = Mapping[str, Any]

Result = tuple[Annotation | None, tuple[Finding, ...], tuple[object, ...]]
"""The annotation, what was found wrong, and the raw items that are not in it."""

MAX_ID = 100
_ID = re.compile(ID_PATTERN)


class Mapped(NamedTuple):
    """What became of one result: the annotation, what was found wrong, and the raw items that are not in it.

    `kind` is annotation, prediction or draft; `person` the number of the server's user, `version` a prediction's name.
    `annotation` is None where there is none to take: a draft, a skipped task, a result that cannot be read.
    """

    kind: Literal["annotation", "prediction", "draft"]
    number: object
    person: int | None
    version: str | None
    annotation: Annotation | None
    findings: tuple[Finding, ...]
    set_aside: tuple[object, ...]


class Origin(NamedTuple):
    """What an annotation says of itself beside its labels, and the file that findings on it name."""

    article: str
    annotator: str
    file: str
    process: Process = "single pass"
    made_from: tuple[str, ...] = ()


def article_of(raw: Raw) -> str | None:
    """The id of the article that a task is of; None unless it is one that is safe as the name of a file."""
    data = raw.get("data")
    article = data.get("article") if isinstance(data, dict) else None
    safe = isinstance(article, str) and len(article) <= MAX_ID and _ID.fullmatch(article)
    return article if safe else None


def user_of(annotation: Raw) -> int | None:
    """The number of the server's user who made an annotation, whichever way this server writes it."""
    person = annotation.get("completed_by")
    if isinstance(person, dict):
        person = person.get("id")
    return person if isinstance(person, int) else None


def pseudonym(user: int | None, people: Mapping[int, str]) -> str:
    """The annotator whom a server's user stands for; a name made of the number where nothing else is known."""
    return people.get(user, f"user-{user}") if user is not None else "user-unknown"


class Mapper:
    """Maps the results of any number of tasks with one inventory.

    With `fix_offsets` a region whose words stand at one other place that its offsets may mean is put there. `diagnoses`
    counts what the offsets of regions were, predictions aside.
    """

    def __init__(self, inventory: Inventory, fix_offsets: bool = False) -> None:
        self.controls = Controls(inventory)
        self.fix_offsets = fix_offsets
        self.diagnoses: Counter[Diagnosis] = Counter()

    def result(self, items: object, text: str, origin: Origin, text_sha256: str, counted: bool = True) -> Result:
        """The annotation of a list of result items on a text, with the findings and the items set aside."""
        if not isinstance(items, list):
            unreadable = rules.task_unreadable(origin.file, origin.article, "a result is no list")
            return None, tuple(unreadable), (items,)
        reading = Reading(self.controls, text, origin.file, origin.article, self.fix_offsets)
        reading.read(items)
        if counted:
            self.diagnoses.update(reading.diagnoses)
        annotation = Annotation(
            article=origin.article,
            annotator=origin.annotator,
            process=origin.process,
            made_from=origin.made_from,
            inventory=self.controls.inventory.version,
            text_sha256=text_sha256,
            spans=tuple(reading.spans),
            relations=tuple(reading.relations.values()),
        )
        return canonical(annotation), tuple(reading.findings), tuple(reading.set_aside)

    def task(
        self, raw: Raw, text: str, people: Mapping[int, str] | None = None, *, predictions: bool = True
    ) -> Iterator[Mapped]:
        """Every annotation, prediction (unless they are not wanted) and draft of a task, mapped against the text.

        The task must have an `article_of`; where its text is not the article's, nothing is mapped and all is set aside.
        """
        article = article_of(raw)
        if article is None:
            raise ValueError("the task names no article")
        same = raw["data"].get(TEXT) == text
        digest = sha256(text)
        for kind, entry in _entries(raw):
            if kind == "prediction" and not predictions:
                continue
            person = user_of(entry)
            name = pseudonym(person, people or {}) if kind != "prediction" else "prediction"
            origin = Origin(article, name, f"annotations/{name}/{article}.json")
            mapped: Result | None = self._skipped(kind, entry, origin, None if same else raw.get("id"))
            if mapped is None:
                mapped = self.result(entry.get("result"), text, origin, digest, kind == "annotation")
                if kind == "annotation" and mapped[0] and not entry.get("result"):
                    mapped = (mapped[0], tuple(rules.nothing_labelled(origin.file, article, name)), ())
            version = entry.get("model_version")
            yield Mapped(kind, entry.get("id"), person, version if isinstance(version, str) else None, *mapped)

    def _skipped(self, kind: str, entry: Raw, origin: Origin, other_text: object) -> Result | None:
        """What to say of an entry that gives no annotation; None for one that does."""
        file, article, name = origin.file, origin.article, origin.annotator
        items = entry.get("result")
        raw = tuple(items) if isinstance(items, list) else (items,)
        if kind == "draft":
            return None, tuple(rules.draft(file, article, name)), raw
        if entry.get("was_cancelled"):
            return None, tuple(rules.skipped(file, article, name)), raw
        if other_text is not None:
            return None, tuple(rules.text_differs(file, article, other_text)), raw
        return None


def diagnosed(diagnoses: Mapping[Diagnosis, int]) -> str:
    """The counts of what offsets were, in one line, most frequent first: "offsets: 40 code points, 1 hybrid"."""
    found = sorted(((number, name) for name, number in diagnoses.items() if number), key=lambda one: (-one[0], one[1]))
    return f"offsets: {', '.join(f'{number} {name}' for number, name in found) or 'none'}"


def _entries(raw: Raw) -> Iterator[tuple[Literal["annotation", "prediction", "draft"], Raw]]:
    """Everything in a task that holds a result; some exports list predictions and drafts by number alone."""
    kinds: Sequence[tuple[Literal["annotation", "prediction", "draft"], str]] = (
        ("annotation", "annotations"),
        ("prediction", "predictions"),
        ("draft", "drafts"),
    )
    for kind, key in kinds:
        entries = raw.get(key)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                yield kind, entry
