"""A labelling config of Label Studio → the draft of an inventory.

Taken are the `Labels` on the one `Text`, the controls for each region (`perRegion`) and the labels of relations. The
names of tags and of their fields are read without regard to case, as Label Studio reads them.
"""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from annotate.drafts.draft import (
    DraftAttribute,
    DraftLabel,
    DraftLayer,
    DraftRelation,
    InventoryDraft,
    make_values,
    parse_color,
    require_size,
    shown_forms,
)
from annotate.drafts.ids import assign_ids, clean_name
from annotate.errors import CannotRun
from annotate.labelstudio.config import TAXONOMY_SEPARATOR, read_config
from annotate.util.escape import quote, shorten

_HINT = "correct the config, and export it from Label Studio again"


def _by_lower_case(*tags: str) -> dict[str, str]:
    return {tag.lower(): tag for tag in tags}


_OBJECT_TAGS = _by_lower_case(
    *("Audio", "AudioPlus", "Chat", "HyperText", "Image", "List", "Object3D", "Paragraphs", "PDF", "Table", "Text"),
    *("TimeSeries", "Video"),
)
_REGION_TAGS = _by_lower_case(
    *("Bitmask", "BitmaskLabels", "Brush", "BrushLabels", "Cube", "CubeLabels", "Ellipse", "EllipseLabels"),
    *("HyperTextLabels", "KeyPoint", "KeyPointLabels", "Labels", "MagicWand", "OcrLabels", "ParagraphLabels"),
    *("Polygon", "PolygonLabels", "Rectangle", "RectangleLabels", "TimelineLabels", "TimeSeriesLabels", "Vector"),
    *("VectorLabels", "VideoRectangle", "VideoVector", "VideoVectorLabels"),
)
_ANSWER_TAGS = _by_lower_case(
    *("Choices", "CustomInterface", "DateTime", "Number", "Pairwise", "Ranker", "Rating", "ReactCode", "Taxonomy"),
    "TextArea",
)
_OTHER_TAGS = _by_lower_case(
    *("Bucket", "Channel", "Choice", "Collapse", "Dialog", "Filter", "Header", "Label", "Markdown", "MultiChannel"),
    *("PagedView", "Panel", "Relation", "Relations", "Repeater", "Shortcut", "Style", "View"),
)
_CONTROL_TAGS = {**_REGION_TAGS, **_ANSWER_TAGS}
_KNOWN_TAGS = {*_OBJECT_TAGS, *_CONTROL_TAGS, *_OTHER_TAGS}

_NOT_TEXT = "the inventory labels plain text"
_NOT_SAID = "the config does not say which they are"
_DEEPEST, _LONGEST_VALUE = 100, 1000
"""Conditions on views in each other, and characters of a label or of the path of a choice."""
_Fields = Mapping[str, str]


class _Tag(NamedTuple):
    """An element: its tag and fields in lower case, and the fields of all elements that it is in, then its own."""

    tag: str
    fields: _Fields
    around: tuple[_Fields, ...]
    element: ET.Element

    @property
    def name(self) -> str:
        return self.fields.get("name", "")

    @property
    def targets(self) -> list[str]:
        """The names of the objects that a control is for."""
        return [name.strip() for name in self.fields.get("toname", "").split(",") if name.strip()]

    @property
    def stored(self) -> str:
        """The value of a label or a choice as it is stored."""
        return self.fields.get("alias") or self.fields.get("value", "")

    @property
    def is_per_region(self) -> bool:
        return self.fields.get("perregion", "").lower() == "true"

    def describe(self) -> str:
        tag = _CONTROL_TAGS.get(self.tag) or _OBJECT_TAGS.get(self.tag) or self.element.tag
        return f"<{tag} name={quote(self.name)}>"


def draft_from_config(xml: str, where: str) -> InventoryDraft:
    """Make a draft of the inventory that a labelling config amounts to, and of the map from its names.

    Args:
        xml: The config, of any origin.
        where: The file or project that an error names.

    Returns:
        The draft. It has no labels if the config has none on plain text.

    Raises:
        CannotRun: The config is not XML or declares a document type, has a tag that Label Studio does not have, two
            labels of one name, a label without a value, labels on several `Text` objects, or names that fit nothing.
    """
    try:
        tags = list(_walk(read_config(xml)))
    except (ValueError, RecursionError) as error:
        raise CannotRun(where, str(error), "export it from Label Studio again, without entities") from error
    return _ConfigReader(tags, where).read()


def _walk(root: ET.Element) -> Iterator[_Tag]:
    stack: list[tuple[ET.Element, tuple[_Fields, ...]]] = [(root, ())]
    while stack:
        element, around = stack.pop()
        fields = {key.lower(): value for key, value in element.attrib.items()}
        around = (*around, fields) if any(key.startswith(("when", "visible")) for key in fields) else around
        if len(around) > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} conditions are nested in each other")
        yield _Tag(element.tag.lower(), fields, around, element)
        stack += ((child, around) for child in reversed(element))


class _Control(NamedTuple):
    """A control that becomes an attribute: the labels that have it, as they are stored, and what it becomes."""

    tag: _Tag
    labels: list[str]
    type: Literal["choice", "integer", "number", "text"]
    shown: dict[str, str]
    hints: dict[str, str]

    @property
    def is_required(self) -> bool:
        return self.tag.fields.get("required", "").lower() == "true"


class _ConfigReader:
    def __init__(self, tags: list[_Tag], where: str) -> None:
        self.where, self.tags = where, tags
        self.draft = InventoryDraft("a labelling config of Label Studio", "labelstudio")
        self.controls: dict[str, _Tag] = {}
        self.objects: dict[str, _Tag] = {}
        self.labels: dict[str, _Tag] = {}
        """Label as it is stored → its element."""
        self.layers: dict[str, list[str]] = {}
        """Name of a `Labels` control → its labels, as they are stored."""
        self.text = ""

    def read(self) -> InventoryDraft:
        self._require_known_tags()
        self._collect_names()
        self._find_text()
        self._read_labels()
        if self.labels:
            self._add_labels()
            self._add_relations()
            self._add_attributes()
            self._add_text()
        labelled = {name for tag in self.controls.values() for name in tag.targets}
        for tag in self.objects.values():
            only_shows = tag.tag == "hypertext" and tag.name not in labelled
            if tag.tag != "text" and not only_shows:
                self.draft.leave_out(_OBJECT_TAGS[tag.tag], _NOT_TEXT, tag.name)
        return self.draft

    def _refuse(self, problem: str, hint: str = _HINT) -> CannotRun:
        return CannotRun(self.where, problem, hint)

    def _leave_out_control(self, tag: _Tag, kind: str, reason: str) -> None:
        """Leave out a control, in the notices and in the map."""
        self.draft.leave_out(kind, reason, tag.name)
        section = "layers" if tag.tag in _REGION_TAGS else "attributes"
        self.draft.map_name(section, tag.name, None, f"{kind}: {reason}.")

    def _require_known_tags(self) -> None:
        unknown = dict.fromkeys(tag.element.tag for tag in self.tags if tag.tag not in _KNOWN_TAGS)
        if unknown:
            names = ", ".join(f"<{shorten(clean_name(name))}>" for name in list(unknown)[:5])
            raise self._refuse(f"Label Studio has no tag {names}")

    def _collect_names(self) -> None:
        for tag in self.tags:
            is_control = tag.tag in _CONTROL_TAGS
            if not is_control and tag.tag not in _OBJECT_TAGS:
                continue
            if not tag.name and not is_control:
                continue  # it only shows something
            if not tag.name:
                raise self._refuse(f"{tag.describe()} has no name", "give each control its own")
            if tag.name in self.controls or tag.name in self.objects:
                raise self._refuse(f"{tag.describe()} has the name of another tag", "give each its own")
            (self.controls if is_control else self.objects)[tag.name] = tag
        for tag in self.controls.values():
            unknown = [name for name in tag.targets if name not in self.objects]
            if unknown:
                raise self._refuse(f"{tag.describe()} is for {quote(unknown[0])}, which no object is called")

    def _find_text(self) -> None:
        """Find the one `Text` that is labelled."""
        texts = dict.fromkeys(
            name
            for tag in self.controls.values()
            if tag.tag == "labels"
            for name in tag.targets
            if self.objects[name].tag == "text"
        )
        if len(texts) > 1:
            names = " and ".join(quote(name) for name in list(texts)[:2])
            raise self._refuse(
                f"the Text objects {names} both have labels", "make a project for each; an article is one text"
            )
        self.text = next(iter(texts), "")

    def _read_labels(self) -> None:
        """Read the labels of each `Labels` control on the text."""
        layer_of: dict[str, _Tag] = {}
        for control in self.controls.values():
            if control.tag not in _REGION_TAGS:
                continue
            if control.tag != "labels":
                self._leave_out_control(control, _REGION_TAGS[control.tag], _NOT_TEXT)
                continue
            if control.targets != [self.text]:
                self._leave_out_control(control, "Labels on something else", _NOT_TEXT)
                continue
            labels = list(self._list_labels(control))
            if not labels:
                self._leave_out_control(control, "Labels with values from the tasks", _NOT_SAID)
                continue
            for label in labels:
                if layer_of.get(label.stored, control) is not control:
                    both = f"{layer_of[label.stored].describe()} and {control.describe()}"
                    raise self._refuse(
                        f"the label {quote(label.stored)} is in {both}",
                        "a region must tell its label; rename one of the two",
                    )
                layer_of[label.stored] = control
                self.labels.setdefault(label.stored, label)
            self.layers[control.name] = [*dict.fromkeys(label.stored for label in labels)]
        relations = len({tag.stored for tag in self.tags if tag.tag == "relation"})
        require_size(self.where, len(self.labels), len(self.controls) + 2 * relations)

    def _list_labels(self, control: _Tag) -> Iterator[_Tag]:
        """Yield the labels of a control that do not come from the data of a task."""
        for tag in _walk(control.element) if not _is_from_task(control) else ():
            if tag.tag == "label" and self._has_own_value(control, tag):
                yield tag

    def _has_own_value(self, control: _Tag, tag: _Tag) -> bool:
        """Return whether a label or choice has a value of its own, and not one from the data of a task.

        Raises:
            CannotRun: If it has none, or one that is too long.
        """
        kind = tag.tag.capitalize()
        if not clean_name(tag.stored):
            raise self._refuse(f"{control.describe()}: a {kind} has no value", "give it one")
        if len(tag.stored) > _LONGEST_VALUE:
            raise self._refuse(f"{control.describe()}: {quote(tag.stored)} is too long", "give it a shorter value")
        if tag.stored.startswith("$"):
            self.draft.leave_out(f"{kind} with a value from the tasks", _NOT_SAID, tag.stored)
            return False
        return True

    def _add_labels(self) -> None:
        draft = self.draft
        layers = assign_ids(self.layers, "layer", taken=("text",))
        for name, id_ in layers.items():
            definition = f"Write here what is labelled in {clean_name(name)}."
            draft.layers.append(DraftLayer(id_, clean_name(name), definition))
            draft.map_name("layers", name, id_)
        self.label_ids = assign_ids(self.labels, "label")
        shown = shown_forms(self.label_ids, {name: tag.fields.get("value", name) for name, tag in self.labels.items()})
        for name, names in self.layers.items():
            for label in names:
                fields, id_ = self.labels[label].fields, self.label_ids[label]
                draft.labels.append(
                    DraftLabel(
                        id=id_,
                        layer=layers[name],
                        definition=clean_name(fields.get("hint", ""))
                        or f"Write here which words are labelled {shown[label] or id_}.",
                        shown_as=shown[label],
                        hotkey=fields.get("hotkey", "").lower(),
                        color=parse_color(fields.get("background", "")),
                    )
                )
                draft.map_name("spans", label, {"label": id_})
        draft.keep_unique_keys()

    def _add_relations(self) -> None:
        names: dict[str, str] = {}
        for tag in self.tags:
            if tag.tag == "relation":
                if not clean_name(tag.stored):
                    raise self._refuse("a Relation has no value", "give it one")
                names.setdefault(tag.stored, clean_name(tag.fields.get("hint", "")))
        ids = assign_ids(names, "relation")
        shown = shown_forms(ids, {name: name for name in names})
        every_label = list(self.label_ids.values())
        for name, id_ in ids.items():
            definition = names[name] or f"Write here what {clean_name(name)} relates."
            comment = "Label Studio does not say which labels it joins; narrow head and tail."
            self.draft.relations.append(DraftRelation(id_, definition, every_label, every_label, shown[name], comment))
            self.draft.map_name("relations", name, {"relation": id_})

    def _add_attributes(self) -> None:
        controls = [control for control in map(self._read_control, self.controls.values()) if control]
        groups: dict[tuple[object, ...], list[_Control]] = {}
        """Controls that are one attribute: they have one name and one kind of values."""
        for control in controls:
            key = self._attribute_name(control), control.type, tuple(control.shown.items()), control.is_required
            groups.setdefault(key, []).append(control)
        count = Counter(name for name, *_ in groups)
        names = {group[0].tag.name: str(key[0]) for key, group in groups.items()}
        names = {full: name if count[name] == 1 else full for full, name in names.items()}
        ids = assign_ids(names.values(), "attribute")
        shown = shown_forms(ids, {name: name for name in ids})
        for first, *others in groups.values():
            name = names[first.tag.name]
            values, renamed = make_values(first.shown, first.hints)
            labels = dict.fromkeys(label for control in (first, *others) for label in control.labels)
            self.draft.attributes.append(
                DraftAttribute(
                    id=ids[name],
                    labels=[self.label_ids[label] for label in labels],
                    type=first.type,
                    definition=f"Write here what {clean_name(name)} tells.",
                    required=first.is_required,
                    shown_as=shown[name],
                    values=values,
                )
            )
            entry: dict[str, object] = {"attribute": ids[name]}
            for control in (first, *others):
                self.draft.map_name("attributes", control.tag.name, entry | ({"values": renamed} if renamed else {}))

    def _attribute_name(self, control: _Control) -> str:
        """Return the name of a control, without the label that `annotate` itself puts before it."""
        label, dot, name = control.tag.name.partition(".")
        return name if dot and name and control.labels == [label] else control.tag.name

    def _read_control(self, tag: _Tag) -> _Control | None:
        """Return what a control becomes; None if it is left out, or holds regions."""
        if tag.tag in _REGION_TAGS:
            return None
        kind = _ANSWER_TAGS[tag.tag]
        if not tag.is_per_region:
            self._leave_out_control(tag, f"{kind} for a whole task", "an inventory describes spans")
            return None
        if tag.targets != [self.text]:
            self._leave_out_control(tag, f"{kind} on something else", _NOT_TEXT)
            return None
        labels = self._labels_with(tag)
        if not labels:
            self._leave_out_control(tag, f"{kind} that no label shows", "its conditions fit no label of the text")
            return None
        match tag.tag:
            case "textarea" | "datetime":
                return _Control(tag, labels, "text", {}, {})
            case "rating":
                return _Control(tag, labels, "integer", {}, {})
            case "number":
                return _Control(tag, labels, "integer" if _is_count(tag.fields) else "number", {}, {})
            case "choices" if tag.fields.get("choice", "").lower() == "multiple":
                self._leave_out_control(tag, 'Choices with choice="multiple"', "an attribute has one value")
                return None
            case "choices" | "taxonomy":
                shown, hints = self._read_choices(tag)
                if shown:
                    return _Control(tag, labels, "choice", shown, hints)
                self._leave_out_control(tag, f"{kind} with values from the tasks", _NOT_SAID)
                return None
        self._leave_out_control(tag, kind, "an inventory has no such attribute")
        return None

    def _read_choices(self, control: _Tag) -> tuple[dict[str, str], dict[str, str]]:
        """Return the values of a control, as stored → as shown, and their hints. Nested ones are paths."""
        shown: dict[str, str] = {}
        hints: dict[str, str] = {}
        leaves_only = control.fields.get("leafsonly", "").lower() == "true"
        stack: list[tuple[str, str, ET.Element]] = []
        if not _is_from_task(control):
            stack += (("", "", child) for child in reversed(list(_inner_choices(control.element))))
        while stack:
            stored_above, shown_above, element = stack.pop()
            tag = _Tag("choice", {key.lower(): value for key, value in element.attrib.items()}, (), element)
            if not self._has_own_value(control, tag):
                continue
            stored = stored_above + tag.stored
            if len(stored) > _LONGEST_VALUE:
                raise self._refuse(f"{control.describe()}: {quote(stored)} is too long", "nest its choices less deeply")
            path = shown_above + tag.fields.get("value", tag.stored)
            children = list(_inner_choices(element))
            if not (leaves_only and children):
                shown.setdefault(stored, path)
                hints.setdefault(stored, clean_name(tag.fields.get("hint", "")))
            above = stored + TAXONOMY_SEPARATOR, path + TAXONOMY_SEPARATOR
            stack += ((*above, child) for child in reversed(children))
        return shown, hints

    def _labels_with(self, tag: _Tag) -> list[str]:
        """Return the labels whose regions show a control, by the conditions on it and on the views around it."""
        names = {tag.name}
        labels = list(self.labels)
        conditions = list(tag.around)
        while conditions:
            fields = conditions.pop()
            wanted = fields.get("whenlabelvalue")
            if wanted:
                parts = {wanted, *wanted.split(","), *(part.strip() for part in wanted.split(","))}
                labels = [label for label in labels if label in parts]
            if fields.get("visiblewhen", "").lower() == "no-region-selected":
                return []
            controls = [name.strip() for name in fields.get("whentagname", "").split(",") if name.strip()]
            if any(name in self.layers for name in controls):
                shown_for = {label for name in controls for label in self.layers.get(name, ())}
                labels = [label for label in labels if label in shown_for]
            for name in controls:
                # A control that another one's answer shows has the conditions of that one, too.
                other = self.controls.get(name)
                if len(controls) == 1 and other and other.is_per_region and name not in names:
                    names.add(name)
                    conditions += other.around
        return labels

    def _add_text(self) -> None:
        draft, tag = self.draft, self.objects[self.text]
        draft.label_map["text"] = self.text
        value = tag.fields.get("value", "")
        key = value.removeprefix("$")
        if value == key or not key:
            draft.remarks.append(f"{tag.describe()} shows no field of a task; set `fields` in the map")
            return
        draft.map_name("fields", "text", key)
        for field in ("article", "title", "language"):
            if key == field:
                draft.map_name("fields", field, None, f"The key {field} holds the text.")
        if any(sign in key for sign in ".[{"):
            draft.remarks.append(
                f"{tag.describe()} shows {quote(value)}; the map can only name a field of a task itself"
            )
        if tag.fields.get("valuetype", "").lower() == "url":
            draft.remarks.append(
                f"{tag.describe()} loads its text from an address; put the text itself into the tasks, as {quote(key)}"
            )


def _is_from_task(control: _Tag) -> bool:
    """Return whether the labels or choices of a control come from the data of a task, or from an address."""
    return control.fields.get("value", "").startswith("$") or bool(control.fields.get("apiurl"))


def _inner_choices(element: ET.Element) -> Iterator[ET.Element]:
    """Yield the choices in an element, those in views included, but not those in other choices."""
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag.lower() == "choice":
            yield child
        else:
            stack += reversed(child)


def _is_count(fields: _Fields) -> bool:
    """Return whether a `Number` holds whole numbers that are not negative."""
    try:
        step, least = (float(fields.get(name, "")) for name in ("step", "min"))
    except ValueError:
        return False
    return step.is_integer() and least.is_integer() and least >= 0
