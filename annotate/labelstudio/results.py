"""Turn raw Label Studio tasks into annotations: every result item is mapped or becomes a finding, and none is dropped.

This is the only way from a server's JSON into the corpus: `pull`, adjudication and the conversion of exports use it.
`results_fast` is the fast path for results without irregularities.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from annotate import offsets
from annotate.corpus import sort_annotation
from annotate.findings import Finding, Rule
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, TaskFields
from annotate.labelstudio import rules
from annotate.labelstudio.beginnings import Beginning, BeginningReader
from annotate.labelstudio.config import TAXONOMY_SEPARATOR, TEXT
from annotate.labelstudio.controls import ITEM_TYPES, VALUE_KEYS, AttributeControl, Controls
from annotate.labelstudio.entries import ANNOTATION_KEYS, TRAILING_ID, user_of
from annotate.labelstudio.normal_form import move_spans, trim_normal_form
from annotate.labelstudio.rank import Rank, rank_entry
from annotate.labelstudio.relation_names import find_relation_name, is_unnamed
from annotate.model import Annotation, AttributeValue, Process, Relation, Span, is_article_id, normal_number
from annotate.offsets import Diagnosis, sha256
from annotate.util.escape import quote

Item: TypeAlias = Mapping[str, Any]
EntryKind: TypeAlias = Literal["annotation", "draft", "prediction"]

ENTRY_KINDS: dict[EntryKind, str] = {"annotation": "annotations", "draft": "drafts", "prediction": "predictions"}
"""Kind of an entry → the key of a task that lists the entries of this kind."""
UNKNOWN_USER = "user-unknown"
"""The placeholder name for a user who has no number."""
_OWN_FIELDS = TaskFields()


@dataclass(slots=True)
class Region:
    """A region: one range of the text, in code points, half open, and a span for each of its labels.

    `spans` maps each label to the id of its span, `attributes` each label to the values of its attributes, `defaults`
    each label to the values that the map implies.
    `raw_offsets` are the offsets as the item has them.
    """

    raw_offsets: tuple[int, int]
    start: int
    end: int
    text: str
    note: str
    spans: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, AttributeValue]] = field(default_factory=dict)
    defaults: dict[str, Mapping[str, AttributeValue]] = field(default_factory=dict)


class ResultReader:
    """Read the result items of one annotation: the slow path, which looks at each item and explains what is wrong.

    After `read_items`, `spans`, `relations`, `left_out`, `findings` and `quarantined` together account for every item.
    `left_out` counts the items that the map leaves out, by the name that it gives them. `diagnoses` counts how the
    offsets of the regions were counted.

    Args:
        controls: The controls that the items may come from.
        text: The text of the article; offsets are resolved against it.
        file: The file that findings name.
        article_id: The article that findings name.
        fix_offsets: Whether to move a region whose words fit at exactly one other place that its offsets may mean, and
            to leave out white space at the ends of regions.
    """

    def __init__(
        self, controls: Controls, text: str, file: str, article_id: str | None, fix_offsets: bool = False
    ) -> None:
        self.controls, self.text, self.file, self.article_id = controls, text, file, article_id
        self.offset_table = offsets.OffsetTable(text)
        self.fix_offsets = fix_offsets
        self.diagnoses: Counter[Diagnosis] = Counter()
        self.findings: list[Finding] = []
        self.quarantined: list[object] = []
        self.left_out: Counter[str] = Counter()
        self.regions: dict[str, Region] = {}
        self.relations: dict[tuple[str, str, str], Relation] = {}
        self._region_ids: set[str] = set()
        self._words: dict[str, str] = {}
        """The id of each region → the words that its items quote."""
        self._left_out_regions: dict[str, str] = {}
        """The id of each region that the map leaves out → the name that the map gives as the reason."""

    @property
    def spans(self) -> Iterator[Span]:
        """The spans of all regions, in the order of the regions."""
        for region in self.regions.values():
            for label, span_id in region.spans.items():
                yield Span(
                    id=span_id,
                    label=label,
                    start=region.start,
                    end=region.end,
                    text=region.text,
                    attributes=self._merge(region.defaults.get(label), region.attributes.get(label, {}), label),
                    note=region.note,
                )

    def _merge(
        self, defaults: Mapping[str, AttributeValue] | None, values: dict[str, AttributeValue], label: str
    ) -> dict[str, AttributeValue]:
        """Return the values of a span's attributes; those of its items take precedence over those of the map."""
        return merge_values(self.controls.inventory, label, defaults, values) if defaults else values

    def read_items(self, items: Iterable[object]) -> None:
        """Read every item: regions first, because an attribute or relation may precede the region that it names."""
        attributes: list[tuple[Item, str]] = []
        relations: list[Item] = []
        regions: list[tuple[Item, str]] = []
        for item in items:
            if not isinstance(item, dict):
                self._quarantine(item, rules.item_unknown, item, "it is not an object")
            elif item.get("type") == "relation":
                relations.append(item)
            elif isinstance(name := item.get("from_name"), str) and name in self.controls.left_out_controls:
                self._leave_out(name, item.get("id") if item.get("type") == "labels" else None)
            elif not isinstance(item.get("id"), str) or not item["id"] or not isinstance(item.get("value"), dict):
                self._quarantine(item, rules.item_unknown, item, "it has no id or no value")
            elif item.get("type") == "labels":
                regions.append((item, item["id"]))
                if isinstance(words := item["value"].get(TEXT), str):
                    self._words.setdefault(item["id"], words)
            else:
                attributes.append((item, item["id"]))
        self._region_ids = {region_id for _, region_id in regions}
        for item, region_id in regions:
            self._read_region(item, region_id)
        for item, region_id in attributes:
            self._read_attribute(item, region_id)
        for item in relations:
            self._read_relation(item)

    def _leave_out(self, name: str, region_id: object = None) -> None:
        """Count an item that the map leaves out, and note the id of its region."""
        self.left_out[name] += 1
        if isinstance(region_id, str):
            self._left_out_regions.setdefault(region_id, name)

    def _report(self, rule: Rule, *details: object) -> None:
        for finding in rule(self.file, self.article_id, *details):
            words = self._words.get(finding.span, "") if finding.span else ""
            self.findings.append(replace(finding, words=words))

    def _name(self, region_id: str) -> rules.NamedRegion:
        return rules.NamedRegion(region_id, self._words.get(region_id, ""))

    def _quarantine(self, item: object, rule: Rule, *details: object) -> None:
        self._report(rule, *details)
        if not self.quarantined or self.quarantined[-1] is not item:
            self.quarantined.append(item)

    def _read_region(self, item: Item, region_id: str) -> None:
        control, value = item.get("from_name"), item["value"]
        control_labels = self.controls.layers.get(control) if isinstance(control, str) else None
        if control_labels is None or item.get("to_name") != self.controls.text:
            return self._quarantine_control(item, control_labels is not None, region_id)
        labels = value.get("labels")
        names = labels if isinstance(labels, list) else []
        left_out = [name for name in names if isinstance(name, str) and name in self.controls.left_out_labels]
        if left_out and len(left_out) == len(names):
            return self._leave_out(left_out[0], region_id)
        region = self._find_or_resolve_region(item, value, region_id)
        if region is None:
            return None
        if not isinstance(labels, list) or not labels:
            return self._quarantine(item, rules.label_missing, region_id)
        for name in labels:
            entry = control_labels.get(name) if isinstance(name, str) else None
            if isinstance(name, str) and name in self.controls.left_out_labels:
                self._leave_out(name)
            elif entry is None:
                self._quarantine(item, rules.label_unknown, name, control, region_id)
            elif entry.label in region.spans:
                self._quarantine(item, rules.region_duplicate, region_id)
            else:
                region.spans[entry.label] = self._new_span_id(region_id) if region.spans else region_id
                region.defaults[entry.label] = entry.attributes
                self.regions[region_id] = region
        return None

    def _quarantine_control(self, item: Item, is_known: bool, region_id: str) -> None:
        """Quarantine an item of another control, or one that was made on another text."""
        if is_known:
            self._quarantine(item, rules.text_unknown, item.get("to_name"), region_id)
        else:
            section = "layers" if item.get("type") == "labels" else "attributes"
            self._quarantine(item, rules.control_unknown, item.get("from_name"), section, region_id)

    def _new_span_id(self, region_id: str) -> str:
        """Return an id for a further label of a region: `id~2`, `id~3` …, the first that no region has."""
        suffix = 2
        while f"{region_id}~{suffix}" in self._region_ids:
            suffix += 1
        self._region_ids.add(f"{region_id}~{suffix}")
        return f"{region_id}~{suffix}"

    def _find_or_resolve_region(self, item: Item, value: Item, region_id: str) -> Region | None:
        """Return the region of an item, which an earlier item may have; None if the item was quarantined."""
        start, end = value.get("start"), value.get("end")
        if type(start) is not int or type(end) is not int:
            self._quarantine(item, rules.offset_not_integer, start, end, region_id)
            return None
        region = self.regions.get(region_id)
        if region is None:
            return self._resolve_region(item, start, end, value.get(TEXT), region_id)
        if region.raw_offsets != (start, end):
            self._quarantine(item, rules.region_duplicate, region_id)
            return None
        return region

    def _resolve_region(self, item: Item, start: int, end: int, quoted: object, region_id: str) -> Region | None:
        has_words = isinstance(quoted, str)
        # Without a quotation the text itself stands in for it; that is safe only if both counts read the same there.
        words = quoted if isinstance(quoted, str) else self.text[max(start, 0) : max(end, 0)]
        resolved = offsets.resolve_offsets(self.offset_table, start, end, words, self.fix_offsets and has_words)
        if isinstance(resolved, offsets.ResolvedOffsets) and not has_words and self.offset_table.from_utf16(end) != end:
            first, last = (self.offset_table.from_utf16(offset) for offset in (start, end))
            resolved = offsets.UnresolvedOffsets(
                words, None if first is None or last is None else self.text[first:last]
            )
        self.diagnoses[resolved.diagnosis if has_words else "unknown"] += 1
        if isinstance(resolved, offsets.UnresolvedOffsets):
            self._quarantine(item, rules.words_elsewhere, start, end, quoted, resolved, region_id)
            return None
        if not has_words:
            self._report(rules.words_missing, start, end, region_id)
        elif resolved.diagnosis == "UTF-16":
            self._report(rules.counted_in_utf16, start, end, region_id)
        elif resolved.diagnosis not in offsets.PLAIN and (start, end) != (resolved.start, resolved.end):
            self._report(rules.offsets_fixed, start, end, resolved, region_id)
        first, last = resolved.start, resolved.end
        if self.fix_offsets:
            first, last = offsets.trim_range(self.text, first, last)
            if first == last:  # white space alone
                first, last = resolved.start, resolved.end
            elif (first, last) != (resolved.start, resolved.end):
                self._report(rules.ends_trimmed, resolved, first, last, region_id)
        if item.get("parentID"):
            self._report(rules.parent_unknown, item["parentID"], region_id)
        return Region((start, end), first, last, self.text[first:last], self._read_note(item, region_id))

    def _read_note(self, item: Item, region_id: str) -> str:
        """Return the note of a region or relation; any other remark becomes a finding, and the raw item is kept."""
        meta = item.get("meta")
        if not meta:
            return ""
        if not isinstance(meta, dict):
            self._quarantine(item, rules.remark_unknown, meta, region_id)
            return ""
        texts = meta.get(TEXT) or []
        texts = [texts] if isinstance(texts, str) else texts
        is_readable = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        for key in meta:
            if key != TEXT or not is_readable:
                self._quarantine(item, rules.remark_unknown, key, region_id)
        return "\n".join(texts) if is_readable else ""

    def _read_attribute(self, item: Item, region_id: str) -> None:
        name = item.get("from_name")
        control = self.controls.attributes.get(name) if isinstance(name, str) else None
        wrong_type = f"{name} has no items of type {quote(item.get('type'))}"
        if isinstance(name, str) and name in self.controls.layers:
            return self._quarantine(item, rules.item_unknown, item, wrong_type)
        if control is None or not isinstance(name, str) or item.get("to_name") != self.controls.text:
            return self._quarantine_control(item, control is not None, region_id)
        if item.get("type") not in ITEM_TYPES[control.attribute.type]:
            return self._quarantine(item, rules.item_unknown, item, wrong_type)
        region = self.regions.get(region_id)
        if region is None and region_id in self._left_out_regions:
            return self._leave_out(self._left_out_regions[region_id])
        if region is None:
            return self._quarantine(item, rules.attribute_without_region, name, region_id)
        labels = [label for label in region.spans if label in control.labels]
        if not labels:
            return self._quarantine(item, rules.attribute_of_other_label, name, ", ".join(region.spans), region_id)
        value = self._read_value(item, name, control, region_id)
        if value is None:
            return None
        for label in labels:
            values = region.attributes.setdefault(label, {})
            if values.setdefault(control.attribute.name, value) != value:
                self._quarantine(item, rules.attribute_duplicate, name, value, region_id)
        return None

    def _read_value(self, item: Item, name: str, control: AttributeControl, region_id: str) -> AttributeValue | None:
        """Return the value of an attribute; None if the item was quarantined."""
        type_, attribute = item["type"], control.attribute
        value = item["value"].get(VALUE_KEYS[type_])
        if attribute.type == "integer":
            if type(value) is int:
                return value
            if isinstance(value, float) and value.is_integer():
                return int(value)
            self._quarantine(item, rules.number_unfit, name, value, "an integer", region_id)
            return None
        if attribute.type == "number":
            number = normal_number(value)
            if number is None:
                self._quarantine(item, rules.number_unfit, name, value, "a finite number", region_id)
            return number
        values = value if isinstance(value, list) else [value]
        if type_ == "taxonomy":
            values = [_join_path(path) for path in values]
        if len(values) > 1 and attribute.type == "choice":
            self._quarantine(item, rules.several_values, name, values, region_id)
            return None
        strings = [entry for entry in values if isinstance(entry, str) and entry]
        mapped = control.values.get("\n".join(strings), "\n".join(strings))
        if len(strings) != len(values) or not values or (attribute.values and mapped not in attribute.values):
            self._quarantine(item, rules.value_unknown, name, value, region_id)
            return None
        return mapped

    def _read_relation(self, item: Item) -> None:
        head, tail, direction = item.get("from_id"), item.get("to_id"), item.get("direction")
        if direction == "left":
            head, tail = tail, head
        labels = item.get("labels")
        names = labels if isinstance(labels, list) else []
        left_out = [name for name in names if isinstance(name, str) and name in self.controls.left_out_relations]
        if left_out and len(left_out) == len(names):
            return self._leave_out(left_out[0])
        if not isinstance(head, str) or not isinstance(tail, str) or not {head, tail} <= self.regions.keys():
            ends = [end for end in (head, tail) if isinstance(end, str)]
            left_out = [self._left_out_regions[end] for end in ends if end in self._left_out_regions]
            if left_out and all(end in self.regions or end in self._left_out_regions for end in ends):
                return self._leave_out(left_out[0])
            region_id = next((end for end in ends if end in self.regions), None)
            return self._quarantine(item, rules.relation_end_missing, *self._name_ends(head, tail), region_id)
        if direction not in ("right", "left", "bi", None):
            return self._quarantine(item, rules.direction_unclear, direction, self._name(head), self._name(tail))
        if is_unnamed(item) and direction != "bi" and head != tail:
            named = find_relation_name(self.controls, self.regions[head].spans, self.regions[tail].spans)
            if named is not None:
                self._report(rules.relation_named, named, self._name(head), self._name(tail))
                names = [named]
        if not names:
            return self._quarantine(item, rules.relation_unlabelled, self._name(head), self._name(tail))
        for name in names:
            if isinstance(name, str) and name in self.controls.left_out_relations:
                self._leave_out(name)
                continue
            entry = self.controls.relations.get(name) if isinstance(name, str) else None
            if entry is None:
                self._quarantine(item, rules.relation_unknown, name, self._name(head), self._name(tail))
                continue
            if direction == "bi" and not entry.both_ways:
                self._quarantine(item, rules.direction_unclear, direction, self._name(head), self._name(tail))
                continue
            if direction == "bi" or not entry.reversed:
                self._add_relation(item, entry.relation, head, tail)
            if direction == "bi" or entry.reversed:
                self._add_relation(item, entry.relation, tail, head)
        return None

    def _name_ends(self, *ends: object) -> list[object]:
        """Return ends of a relation as messages name them; ids of no region as they are."""
        return [self._name(end) if isinstance(end, str) and end in self._words else end for end in ends]

    def _add_relation(self, item: Item, label: str, head: str, tail: str) -> None:
        """Add the relation between two regions, or quarantine its item."""
        span_ids = self._relation_ends(label, self.regions[head], self.regions[tail])
        if span_ids is None:
            self._quarantine(item, rules.relation_ends_unclear, label, self._name(head), self._name(tail))
        elif (label, *span_ids) in self.relations:
            self._quarantine(item, rules.relation_duplicate, label, self._name(head), self._name(tail))
        else:
            note = self._read_note(item, head)
            self.relations[label, *span_ids] = Relation(label=label, head=span_ids[0], tail=span_ids[1], note=note)

    def _relation_ends(self, label: str, head: Region, tail: Region) -> tuple[str, str] | None:
        """Return the ids of the spans that a relation connects; None if several labels of a region leave that open.

        Two regions with one label each are the ends even if the inventory does not allow them: `annotate check` reports
        that.
        """
        pairs = [(left, right) for left in head.spans.items() for right in tail.spans.items()]
        if len(pairs) > 1:
            relation = self.controls.inventory.relations[label]
            pairs = [pair for pair in pairs if relation.allows(pair[0][0], pair[1][0])]
        return (pairs[0][0][1], pairs[0][1][1]) if len(pairs) == 1 else None


def merge_values(
    inventory: Inventory, label: str, defaults: Mapping[str, AttributeValue], values: Mapping[str, AttributeValue]
) -> dict[str, AttributeValue]:
    """Return the values of a span's attributes in the order of the inventory; `values` replace those of `defaults`."""
    merged = {**defaults, **values}
    return {name: merged[name] for name in (each.name for each in inventory.attributes_of(label)) if name in merged}


def _join_path(path: object) -> object:
    """Return the path of an entry of a taxonomy as one string; anything else as it is."""
    is_path = isinstance(path, list) and path and all(isinstance(part, str) for part in path)
    return TAXONOMY_SEPARATOR.join(path) if is_path else path  # type: ignore[arg-type]


class MappedResult(NamedTuple):
    """What became of one result: the annotation, the findings, and the raw items that are not in the annotation.

    `user_id` is the server's number of the user who made it, `model_version` the name of a prediction. `annotation` is
    None for a draft, a skipped task, and a result that cannot be read. `rank` tells which of several annotations is
    taken. `left_out` counts the items that the map leaves out, by the name that it gives them.
    """

    kind: EntryKind
    id: object
    user_id: int | None
    model_version: str | None
    rank: Rank
    annotation: Annotation | None
    findings: tuple[Finding, ...]
    quarantined: tuple[object, ...]
    left_out: Mapping[str, int] = {}


class MappedItems(NamedTuple):
    """What became of result items: see `MappedResult`."""

    annotation: Annotation | None
    findings: tuple[Finding, ...]
    quarantined: tuple[object, ...]
    left_out: Mapping[str, int] = {}


class Origin(NamedTuple):
    """The metadata of an annotation, and the file that findings name."""

    article_id: str
    annotator: str
    file: str
    process: Process = "single pass"
    made_from: tuple[str, ...] = ()


def article_id_of(task: Item, fields: TaskFields | None = None) -> str | None:
    """Return the id of a task's article; None unless it is a valid article id, which is safe as a file name.

    Args:
        task: The raw task.
        fields: The keys of the data of a task made elsewhere. If its data name no article, the id is made from the
            number of the task.
    """
    data = task.get("data")
    article_id = (fields or _OWN_FIELDS).find(data, "article") if isinstance(data, dict) else None
    if fields is not None and type(article_id) is int:
        article_id = str(article_id)
    if article_id is None and fields is not None and isinstance(task.get("id"), int | str):
        article_id = f"task-{task['id']}"
    return article_id if isinstance(article_id, str) and is_article_id(article_id) else None


def user_id_of(entry: Item, kind: str = "annotation") -> int | None:
    """Return the id of the server's user who made an entry of a task.

    Servers write the maker of an annotation as an id or as an object. A draft names its maker only as text that ends in
    the id.
    """
    if kind == "draft" and (match := TRAILING_ID.search(str(entry.get("created_username")))):
        return int(match[1])
    user = entry.get("completed_by")
    if isinstance(user, dict):
        user = user.get("id")
    return user if isinstance(user, int) else None


def annotator_of(user: int | str | None, annotators: Mapping[Any, str]) -> str:
    """Return the annotator that a user is, or a placeholder name for a user who is not in `annotators`."""
    return annotators.get(user, f"user-{user}" if isinstance(user, int) else UNKNOWN_USER)


def iterate_entries(task: Item) -> Iterator[tuple[EntryKind, dict[str, Any]]]:
    """Yield each annotation, prediction and draft of a task with its kind.

    Some exports list predictions and drafts by number only; those are left out.
    """
    for kind, key in ENTRY_KINDS.items():
        for entries in map(task.get, ANNOTATION_KEYS if kind == "annotation" else (key,)):
            for entry in entries if isinstance(entries, list) else []:
                if isinstance(entry, dict):
                    yield kind, entry


class Mapper:
    """Map the results of any number of tasks to annotations of one inventory.

    `diagnoses` counts how the offsets of regions were counted, and `left_out` the items that the map leaves out, by the
    name that it gives them; those of predictions excepted.

    Args:
        inventory: The inventory that labels must be in.
        fix_offsets: Whether to move a region whose words fit at exactly one other place that its offsets may mean, and
            to leave out white space at the ends of regions.
        label_map: What the names of a project made elsewhere mean; None for a project of this toolkit.
    """

    def __init__(self, inventory: Inventory, fix_offsets: bool = False, label_map: LabelMap | None = None) -> None:
        self.controls = Controls(inventory, label_map)
        self.fix_offsets = fix_offsets
        self.diagnoses: Counter[Diagnosis] = Counter()
        self.left_out: Counter[str] = Counter()

    @property
    def fields(self) -> TaskFields | None:
        """The keys of a task's data, for `article_id_of`."""
        return self.controls.fields if self.controls.is_mapped else None

    def map_result(
        self, items: object, text: str, origin: Origin, text_sha256: str, is_counted: bool = True
    ) -> MappedItems:
        """Map a list of result items.

        Args:
            items: The items; anything but a list becomes a finding.
            text: The text that they were made on.
            origin: The metadata of the annotation.
            text_sha256: The hash of the text.
            is_counted: Whether to add to `diagnoses` and `left_out`.
        """
        if not isinstance(items, list):
            findings = rules.task_unreadable(origin.file, origin.article_id, "a result is not a list")
            return MappedItems(None, tuple(findings), (items,))
        reader = ResultReader(self.controls, text, origin.file, origin.article_id, self.fix_offsets)
        reader.read_items(items)
        if is_counted:
            self.diagnoses.update(reader.diagnoses)
            self.left_out.update(reader.left_out)
        annotation = Annotation(
            article=origin.article_id,
            annotator=origin.annotator,
            process=origin.process,
            made_from=origin.made_from,
            inventory=self.controls.inventory.version,
            text_sha256=text_sha256,
            spans=tuple(reader.spans),
            relations=tuple(reader.relations.values()),
        )
        reported, quarantined = tuple(reader.findings), tuple(reader.quarantined)
        return MappedItems(sort_annotation(annotation), reported, quarantined, dict(reader.left_out))

    def map_on(self, items: object, own_text: str, text: str, origin: Origin, is_counted: bool = True) -> MappedItems:
        """Map a list of result items to labels of an article.

        Args:
            items: The items; see `map_result`.
            own_text: The text that they were made on, of which that of the article may be the normal form.
            text: The text of the article.
            origin: The metadata of the annotation.
            is_counted: Whether to add to `diagnoses` and `left_out`.
        """
        mapped = self.map_result(items, own_text, origin, sha256(text), is_counted)
        if own_text == text or mapped.annotation is None:
            return mapped
        spans = tuple(move_spans(mapped.annotation.spans, own_text))
        return mapped._replace(annotation=sort_annotation(msgspec.structs.replace(mapped.annotation, spans=spans)))

    def map_task(
        self, task: Item, text: str, annotators: Mapping[Any, str] | None = None, *, predictions: bool = True
    ) -> Iterator[MappedResult]:
        """Map every annotation, prediction and draft of a task.

        Where the task's text is not the article's, nothing is mapped and all items are quarantined.

        Args:
            task: The raw task.
            text: The text of its article.
            annotators: The annotator of each user, by `user_of`.
            predictions: Whether to map predictions.

        Yields:
            One result for each entry of the task.

        Raises:
            ValueError: The task has no `article_id_of`.
        """
        article_id = article_id_of(task, self.fields)
        if article_id is None:
            raise ValueError("the task names no article")
        own_text = self.find_text(task, text)
        beginnings = BeginningReader(task, partial(annotator_of, annotators=annotators or {}))
        for kind, entry in iterate_entries(task):
            if kind == "prediction" and not predictions:
                continue
            user = user_of(entry) if kind == "annotation" else user_id_of(entry, kind)
            user_id = user if isinstance(user, int) else None
            name = annotator_of(user, annotators or {}) if kind != "prediction" else "prediction"
            origin = Origin(article_id, name, f"annotations/{name}/{article_id}.json")
            unusable = self._unusable(kind, entry, origin, task.get("id") if own_text is None else None)
            if unusable or own_text is None:
                items = entry.get("result")
                mapped = MappedItems(None, unusable, tuple(items) if isinstance(items, list) else (items,))
            else:
                mapped = self.map_on(entry.get("result"), own_text, text, origin, kind == "annotation")
                if kind == "annotation" and mapped.annotation and not entry.get("result"):
                    nothing = tuple(rules.nothing_labelled(origin.file, article_id, name))
                    mapped = mapped._replace(findings=nothing)
                if kind == "annotation" and mapped.annotation:
                    mapped = begin_annotation(mapped, beginnings.read(entry), origin)
            version = entry.get("model_version")
            model_version = version if isinstance(version, str) else None
            yield MappedResult(kind, entry.get("id"), user_id, model_version, rank_entry(entry), *mapped)

    def find_text(self, task: Item, text: str) -> str | None:
        """Return the text that the labels of a task were made on; None if it is not that of the article.

        A task made elsewhere may have the text as it was before `annotate add` brought it to its normal form.
        """
        own_text = task["data"].get(self.controls.fields.text)
        if own_text == text:
            return text
        is_raw = self.controls.is_mapped and isinstance(own_text, str) and trim_normal_form(own_text)[0] == text
        return own_text if is_raw else None

    def _unusable(self, kind: EntryKind, entry: Item, origin: Origin, id_of_other_text: object) -> tuple[Finding, ...]:
        """Return why an entry gives no annotation; nothing for an entry that gives one."""
        file, article_id, name = origin.file, origin.article_id, origin.annotator
        if kind == "draft":
            return tuple(rules.draft(file, article_id, name))
        if entry.get("was_cancelled") or entry.get("skipped"):
            return tuple(rules.skipped(file, article_id, name))
        if id_of_other_text is not None:
            return tuple(rules.text_differs(file, article_id, id_of_other_text))
        return ()


def begin_annotation(mapped: MappedItems, beginning: Beginning, origin: Origin) -> MappedItems:
    """Return a mapped annotation with how it began, and a finding on what is not known of that."""
    file, article_id, name = origin.file, origin.article_id, origin.annotator
    findings = list(mapped.findings)
    if beginning.unknown:
        findings += rules.beginning_unknown(file, article_id, name, beginning.unknown)
    for field_name, value in beginning.unreadable:
        findings += rules.work_unreadable(file, article_id, field_name, value)
    annotation = mapped.annotation and beginning.apply(mapped.annotation)
    return mapped._replace(annotation=annotation, findings=tuple(findings))


def describe_diagnoses(diagnoses: Mapping[Diagnosis, int]) -> str:
    """Return the counts in one line, most frequent first: "offsets: 40 code points, 1 hybrid"."""
    counts = sorted(((count, name) for name, count in diagnoses.items() if count), key=lambda pair: (-pair[0], pair[1]))
    return f"offsets: {', '.join(f'{count} {name}' for count, name in counts) or 'none'}"
