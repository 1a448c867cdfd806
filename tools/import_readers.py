"""Read annotations in the formats of other tools, each from the description of its format; see `verify_import.py`."""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree


@dataclass
class Item:
    """A line, or what is the same in formats without lines.

    Attributes:
        kind: `span`, `event`, `relation`, `attribute`, `normalization`, `note`, `equivalence` or `unreadable`; in XMI
            also `structure` (an annotation that every text has), `feature` (a reference to another item) or `label`
            (the value of a feature that names the label).
        line: Its line; None in formats without lines.
        ref: Its name in the file.
        type: Its type in the file.
        ranges: Ranges `[start, end)` of a span, in code points of the text.
        targets: The names of the items that it refers to; those of an event begin with its trigger.
        roles: The roles of an event, one for each target after the trigger.
        value: The value of an attribute, a normalization or a note; None if it has none.
    """

    kind: str
    line: int | None
    ref: str = ""
    type: str = ""
    ranges: tuple[tuple[int, int], ...] = ()
    targets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    value: str | int | None = None


@dataclass
class Document:
    """A text with its items."""

    file: str
    text: str
    items: list[Item]


def read_brat(folder: Path, _: argparse.Namespace) -> Iterator[Document]:
    """Read pairs of `.txt` and `.ann`: https://brat.nlplab.org/standoff.html."""
    for path in sorted(folder.rglob("*.ann")):
        text_path = path.with_suffix(".txt")
        text = text_path.read_bytes().decode("utf-8") if text_path.is_file() else ""
        lines = path.read_bytes().decode("utf-8").split("\n")
        items = [_parse_brat(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        yield Document(path.relative_to(folder).as_posix(), text, items)


def _parse_brat(number: int, line: str) -> Item:
    ref, _, rest = line.strip("\r\ufeff").partition("\t")
    fields, _, tail = rest.partition("\t")
    words = fields.split()
    try:
        if ref[0] == "T":
            numbers = [int(number) for number in re.findall("-?[0-9]+", fields.partition(" ")[2])]
            return Item("span", number, ref, words[0], tuple(zip(numbers[::2], numbers[1::2], strict=True)))
        if ref[0] == "E":
            (type_, trigger), *arguments = [word.split(":") for word in words]
            targets = (trigger, *(target for _, target in arguments))
            return Item("event", number, ref, type_, targets=targets, roles=tuple(role for role, _ in arguments))
        if ref[0] == "R":
            (_, head), (_, tail_) = sorted(word.split(":") for word in words[1:])
            return Item("relation", number, ref, words[0], targets=(head, tail_))
        if ref[0] in "AM":
            return Item(
                "attribute", number, ref, words[0], targets=(words[1],), value=words[2] if len(words) > 2 else None
            )
        if ref[0] == "N":
            return Item("normalization", number, ref, words[0], targets=(words[1],), value=words[2])
        if ref[0] == "#":
            return Item("note", number, ref, words[0], targets=(words[1],), value=tail)
        if ref == "*":
            return Item("equivalence", number, ref, words[0], targets=tuple(words[1:]))
    except (ValueError, IndexError):
        pass
    return Item("unreadable", number)


def read_conll(folder: Path, options: argparse.Namespace) -> Iterator[Document]:
    """Read tokens and tags; `--columns` has the numbers of the token's column and of those with tags, as in `1,-1`."""
    token, *tags = [int(column) for column in options.columns.split(",")]
    is_tag = re.compile("O|[BIELSUM]-.+")
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".conll", ".bio", ".iob", ".iob2"):
            continue
        documents: list[tuple[list[str], list[list[tuple[int, list[str]]]]]] = [([], [[]])]
        others = defaultdict[int, dict[str, Item]](dict)
        for number, line in enumerate(path.read_bytes().decode("utf-8").split("\n"), 1):
            fields = line.strip("\r\ufeff").split("\t" if "\t" in line else " ")
            fields = [field for field in fields if field or "\t" in line]
            if not any(field.strip() for field in fields):
                documents[-1][1].append([])
            elif fields[0] == "-DOCSTART-" or re.match("# (newdoc id|document_id|article) = ", line):
                if documents[-1][0]:
                    documents.append(([], [[]]))
            elif line.startswith("#") and (token > 1 or (line.startswith("# ") and not is_tag.fullmatch(fields[-1]))):
                continue
            elif len(fields) >= len(tags) + 1:
                values = [fields[tag - 1 if tag > 0 else tag].strip() if tag <= len(fields) else "?" for tag in tags]
                if not fields[token - 1] or not any(map(is_tag.fullmatch, values)):
                    others[len(documents)][str(number)] = Item("unreadable", number)
                    continue
                for column, value in enumerate(fields, 1):
                    if column > token and column not in tags and column - len(fields) - 1 not in tags:
                        name = f"column {column}"
                        if value not in ("", "_", "-", "*", "-X-"):
                            others[len(documents)].setdefault(name, Item("attribute", number, "", name))
                documents[-1][0].append(fields[token - 1])
                documents[-1][1][-1].append((number, values))
        for index, (tokens, sentences) in enumerate(documents, 1):
            items = [*others[index].values(), *_decode_tags(tokens, sentences, len(tags))]
            if tokens:
                yield Document(path.name, " ".join(tokens), items)


def _decode_tags(tokens: list[str], sentences: list[list[tuple[int, list[str]]]], columns: int) -> Iterator[Item]:
    """Decode tags as conlleval does, with E, L, S, U and M as in BIOES, BILOU and BMES."""
    ends = [0]
    for token in tokens:
        ends.append(ends[-1] + len(token) + 1)
    for column in range(columns):
        index = 0
        for sentence in sentences:
            opened: tuple[int, int, str] | None = None
            for number, tags in [*sentence, (0, ["O"] * columns)]:
                prefix, _, label = tags[column].partition("-")
                if opened and (prefix not in ("I", "M", "E", "L") or label != opened[2]):
                    yield Item(
                        "span", opened[1], f"{opened[1]} {column}", opened[2], ((ends[opened[0]], ends[index] - 1),)
                    )
                    opened = None
                if label and not opened:
                    opened = (index, number, label)
                if opened and prefix in ("E", "L", "S", "U"):
                    yield Item(
                        "span", opened[1], f"{opened[1]} {column}", opened[2], ((ends[opened[0]], ends[index + 1] - 1),)
                    )
                    opened = None
                index += bool(number)


def read_docbin(folder: Path, _: argparse.Namespace) -> Iterator[Document]:
    """Read spaCy's DocBin, with spaCy itself."""
    import spacy
    from spacy.tokens import DocBin

    vocab = spacy.blank("xx").vocab
    for path in sorted(folder.glob("*.spacy")):
        for doc in DocBin().from_bytes(path.read_bytes()).get_docs(vocab):
            items: list[Item] = []
            grouped = [span for group in doc.spans.values() for span in group]
            keys = {(span.start, span.end, span.label_) for span in grouped}
            spans = [*grouped, *(span for span in doc.ents if (span.start, span.end, span.label_) not in keys)]
            for number, span in enumerate(spans):
                items.append(Item("span", None, f"s{number}", span.label_, ((span.start_char, span.end_char),)))
                for name, value in (("kb_id", span.kb_id_), ("id", span.id_)):
                    if value:
                        items.append(Item("normalization", None, "", name, targets=(f"s{number}",), value=value))
            names = [name for name in ("tag", "pos", "morph", "lemma", "dep") if doc.has_annotation(name.upper())]
            names += ["cats"] if doc.cats else []
            names += {name: None for group in doc.spans.values() for name in group.attrs}
            user_data: dict[Any, Any] = doc.user_data
            names += [str(key[1] if isinstance(key, tuple) else key) for key in user_data]
            items += [Item("attribute", None, "", name, targets=("document",)) for name in names]
            if doc.has_annotation("SENT_START"):
                items.append(Item("structure", None, "sentences"))
            yield Document(path.name, doc.text, items)


_XMI, _CAS = "{http://www.omg.org/XMI}", "{http:///uima/cas.ecore}"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
_STRUCTURAL = ("Token", "Sentence", "DocumentMetaData", "DocumentAnnotation")
_PLACE = ("begin", "end", "sofa", f"{_XMI}id")


def read_xmi(folder: Path, options: argparse.Namespace) -> Iterator[Document]:
    """Read CASes with one text. The type system says which features refer to others; all else is in the element."""
    features = _read_type_system(folder / "TypeSystem.xml")
    for path in sorted(folder.glob("*.xmi")):
        root = etree.parse(path, _PARSER).getroot()
        text = next(element.get("sofaString", "") for element in root.iter(f"{_CAS}Sofa"))
        # Offsets of UIMA count UTF-16 units.
        points = [index for index, character in enumerate(text) for _ in range(1 + (ord(character) > 0xFFFF))]
        points.append(len(text))
        elements = {element.get(f"{_XMI}id"): element for element in root if not element.tag.startswith(_CAS)}
        items: list[Item] = []
        for id_, element in elements.items():
            if not _is_link(element):
                items += _read_element(str(id_), element, elements, features, points, options.names)
        yield Document(path.name, text, items)


def _read_type_system(path: Path) -> dict[str, dict[str, str]]:
    """Return the ranges of the features of each type, with those of the types above it."""
    space = "{http://uima.apache.org/resourceSpecifier}"
    above: dict[str, str] = {}
    own: dict[str, dict[str, str]] = {}
    for type_ in etree.parse(path, _PARSER).getroot().iter(f"{space}typeDescription"):
        name = type_.findtext(f"{space}name", "").strip()
        above[name] = type_.findtext(f"{space}supertypeName", "").strip()
        own[name] = {
            feature.findtext(f"{space}name", "").strip(): feature.findtext(f"{space}rangeTypeName", "").strip()
            for feature in type_.iter(f"{space}featureDescription")
        }
    ranges: dict[str, dict[str, str]] = {}
    for name in own:
        ranges[name], ancestor = {}, name
        while ancestor in own:
            ranges[name] = own[ancestor] | ranges[name]
            ancestor = above[ancestor]
    for name in list(above):
        ancestor = name
        while ancestor in above:
            ancestor = above[ancestor]
        ranges[name]["is string"] = str(ancestor == "uima.cas.String")
    return ranges


def _full_name(element: etree._Element) -> str:
    space, _, name = element.tag.removeprefix("{http:///").partition("}")
    return f"{space.removesuffix('.ecore').replace('/', '.')}.{name}"


def _is_link(element: etree._Element) -> bool:
    return element.get("begin") is None and element.get("target") is not None


def _read_element(
    id_: str,
    element: etree._Element,
    elements: dict[str | None, etree._Element],
    features: dict[str, dict[str, str]],
    points: list[int],
    names: dict[str, Any],
) -> Iterator[Item]:
    full, ranges = _full_name(element), features.get(_full_name(element), {})
    short = full.rpartition(".")[2]
    ends = tuple(element.get(end, "") for end in ("Governor", "Dependent"))
    is_relation = {"Governor", "Dependent"} <= ranges.keys()
    section = names["relations"] if is_relation else {**names["events"], **names["spans"]}
    layer = full if full in section or full in names["labels_from"] else short
    values = [(name, value) for name, value in element.attrib.items() if name not in _PLACE]
    values += [(child.tag, child.text or "") for child in element]
    label = names["labels_from"].get(layer)
    type_ = next((value for name, value in values if name == label), layer)
    is_structural = short in _STRUCTURAL and type_ not in section
    if is_relation:
        yield Item("relation", None, id_, type_, targets=ends)
    else:
        begin, end = element.get("begin"), element.get("end")
        spot = ((points[int(begin)], points[int(end)]),) if begin and end else ()
        yield Item("structure" if is_structural else "span", None, id_, type_, spot)
    for name, value in values:
        range_ = ranges.get(name, "uima.cas.String")
        is_text = range_.startswith("uima.cas.") and not range_.startswith(("uima.cas.FS", "uima.cas.TOP"))
        if name in ("Governor", "Dependent") and is_relation:
            continue
        if name == label:
            yield Item("label", None, "", name, targets=(id_,))
        elif is_text or features.get(range_, {}).get("is string") == "True":
            key = next((key for key in (f"{full}.{name}", f"{short}.{name}") if key in names["attributes"]), name)
            is_array = range_.endswith(("IntegerArray", "FloatArray")) or (range_.endswith("Array") and not value)
            for word in value.split() if is_array else [value]:
                yield Item("attribute", None, "", key, targets=(id_,), value=word)
        else:
            for target in value.split():
                other = elements.get(target)
                if other is None or not _is_link(other):
                    yield Item("feature", None, f"{id_} {name} {target}", name, targets=(id_, target))
                    continue
                role = other.get("role") or name
                yield Item("feature", None, f"link {target}", role, targets=(id_, other.get("target", "")))
                for nested, word in other.attrib.items():
                    if nested not in ("role", "target", f"{_XMI}id"):
                        yield Item("attribute", None, "", nested, targets=(f"link {target}",), value=word)


def read_json_lines(folder: Path, options: argparse.Namespace) -> Iterator[Document]:
    """Read the lines of doccano and Prodigy; the maps must have the presets of the toolkit, whose nulls count here."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.strip():
                row = json.loads(line)
                text = row.pop("text", None) or row.pop("data")
                read = _read_prodigy if options.format == "prodigy" else _read_doccano
                yield Document(path.name, text, list(read(row)))


def _read_doccano(row: dict[str, Any]) -> Iterator[Item]:
    for key in ("label", "labels", "entities"):
        for number, span in enumerate(row.pop(key, [])):
            if isinstance(span, list):
                span = {"start_offset": span[0], "end_offset": span[1], "label": span[2]}
            ref, place = f"s{span.get('id', number)}", (span["start_offset"], span["end_offset"])
            yield Item("span", None, ref, span["label"], (place,))
    for relation in row.pop("relations", []):
        ends = (f"s{relation['from_id']}", f"s{relation['to_id']}")
        yield Item("relation", None, f"r{relation['id']}", relation["type"], targets=ends)
        yield Item("attribute", None, "", "relation.id", targets=("text",))
    row.pop("id", None)
    yield from _other_values("", row)


def _read_prodigy(row: dict[str, Any]) -> Iterator[Item]:
    refs: dict[tuple[int, int], str] = {}
    answer = row.pop("answer", "accept")
    kind = "span" if answer == "accept" else "structure"
    for number, span in enumerate(row.pop("spans", None) or []):
        place = (span.pop("start"), span.pop("end"))
        refs.setdefault(place, f"s{number}")
        yield Item(kind, None, f"s{number}", span.pop("label"), (place,))
        span.pop("text", None)
        yield from _other_values("span.", span)
    for number, relation in enumerate(row.pop("relations", None) or []):
        ends = [relation.pop(f"{end}_span") for end in ("head", "child")]
        targets = tuple(refs.get((end["start"], end["end"]), "nothing") for end in ends)
        yield Item("relation", None, f"r{number}", relation.pop("label"), targets=targets)
        yield from _other_values("relation.", relation)
    for key in ("_annotator_id", "_session_id"):
        if row.get(key):
            row.pop(key)
            break
    yield from _other_values("", row)


def _other_values(prefix: str, values: dict[str, Any]) -> Iterator[Item]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _other_values(f"{prefix}{name}.", value)
        elif value not in (None, "", [], {}):
            yield Item("attribute", None, "", f"{prefix}{name}", targets=("text",))


def read_label_studio(path: Path, options: argparse.Namespace) -> Iterator[Document]:
    """Read a raw export whose tasks have one annotation each. Offsets are UTF-16 units or, if they fit, code points."""
    key = options.names.get("fields", {}).get("text", "text")
    for task in json.loads(path.read_text(encoding="utf-8")):
        text, items = task["data"][key], list[Item]()
        points = [index for index, character in enumerate(text) for _ in range(1 + (ord(character) > 0xFFFF))]
        points.append(len(text))
        for annotation in task.get("annotations") or task.get("completions") or []:
            for number, region in enumerate(annotation["result"]):
                if region["type"] == "relation":
                    ends = (region["from_id"], region["to_id"])
                    ends = ends[::-1] if region.get("direction") == "left" else ends
                    for label in region["labels"]:
                        items.append(Item("relation", None, f"r{number} {label}", label, targets=ends))
                elif region["type"] == "labels":
                    value = region["value"]
                    words = text[points[value["start"]] : points[value["end"]]]
                    start = points[value["start"]]
                    if words != value["text"] and text[value["start"] : value["end"]] == value["text"]:
                        words, start = value["text"], value["start"]
                    start += len(words) - len(words.lstrip())
                    span = (start, start + len(words.strip()))
                    items.append(Item("span", None, region["id"], value["labels"][0], (span,)))
                else:
                    items.append(Item("unreadable", None, region["id"]))
        yield Document(path.name, text, items)


READERS = {
    "brat": read_brat,
    "bio": read_conll,
    "docbin": read_docbin,
    "xmi": read_xmi,
    "doccano": read_json_lines,
    "prodigy": read_json_lines,
    "labelstudio": read_label_studio,
}
