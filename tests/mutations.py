"""Structural damage to files: one change of a value, a line, an element or a few bytes, from a seeded source."""

import copy
import gzip
import io
import json
import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import srsly  # type: ignore[import-untyped]
import yaml
from lxml import etree

Mutation = Callable[[bytes, random.Random], bytes]
Slot = tuple[Any, Any]
"""A list or an object, and the index or key of a value in it."""

ID = "{http://www.omg.org/XMI}id"
VIEW = "{http:///uima/cas.ecore}View"
REFERENCES = ("next", "first", "arg", "target", "inner", "marked", "Governor", "Dependent")
"""The features that refer to other items, in the CAS of tests/formats/test_xmi_layers.py."""

ODD_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        1.5,
        2**31,
        2**63,
        10**30,
        1e308,
        "",
        " ",
        "x",
        "0",
        "-1",
        "é",
        "a\nb",
        "a\tb",
        "\0",
    ),
    *("\ud800", "\u2028", "\x1b[31m", "../x", "/etc/hostname", "x" * 5000, "👩\u200d🚀", "e\u0301"),
    *([], [None], [1, "x"], [[]], {}, {"a": 1}, {"": None}),
)
ODD_WORDS = (
    "",
    " ",
    "x",
    "0",
    "-1",
    "99999999999999",
    "1.5",
    "T1",
    "#",
    "*",
    "B-",
    "I-x",
    "é",
    "👩\u200d🚀",
    "\ufeff",
    "\0",
)
ODD_BYTES = (
    b"",
    b"\xff",
    b"\xc3",
    b"\x00",
    b"\r",
    b"\n",
    b"\t",
    b'"',
    b"<",
    b"&",
    b"{",
    b"]",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
)


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Cut a file off, or put odd bytes in place of a few."""
    start = chance.randrange(len(data) + 1)
    if chance.random() < 0.2:
        return data[:start]
    return data[:start] + chance.choice(ODD_BYTES) + data[start + chance.choice((0, 0, 1, 1, 8)) :]


def mutate_lines(data: bytes, chance: random.Random) -> bytes:
    """Remove, repeat, move or join lines, or change a word of one."""
    lines = data.decode("utf-8").split("\n")
    index, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(7):
        case 0:
            del lines[index]
        case 1:
            lines.insert(other, lines[index])
        case 2:
            lines[index], lines[other] = lines[other], lines[index]
        case 3:
            lines[index] += chance.choice(("\t", " ", "\r", "")) + lines[other]
        case 4:
            lines.insert(index, chance.choice(ODD_WORDS))
        case _:
            separator = "\t" if chance.random() < 0.5 and "\t" in lines[index] else " "
            words = lines[index].split(separator)
            place = chance.randrange(len(words))
            words[place : place + chance.randrange(2)] = [chance.choice((*ODD_WORDS, *words))]
            lines[index] = separator.join(words)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def list_slots(value: Any) -> Iterator[Slot]:
    """Yield every place of a value in lists and objects."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from list_slots(value[key])


def mutate_tree(value: Any, chance: random.Random) -> Any:
    """Change one value of lists and objects: remove, replace, repeat, swap, wrap or rename it."""
    holder = [copy.deepcopy(value)]
    slots = list(list_slots(holder))
    container, key = chance.choice(slots)
    value = container[key]
    other_container, other_key = chance.choice(slots)
    match chance.randrange(8):
        case 0 if container is not holder:
            del container[key]
        case 1 if isinstance(container, list) and container is not holder:
            container.insert(chance.randrange(len(container) + 1), copy.deepcopy(value))
        case 2:
            container[key] = copy.deepcopy(other_container[other_key])
        case 3:
            container[key] = [value] if chance.random() < 0.5 else {chance.choice(("a", "text", "id")): value}
        case 4 if isinstance(container, dict):
            container[chance.choice(("a", "", "é", "id", f"{key}2", "\ud800"))] = container.pop(key)
        case 5 if isinstance(value, str):
            container[key] = chance.choice(
                (value[:-1], f"{value}x", value.upper(), f" {value}", value * 3, "\0" + value)
            )
        case 5 if isinstance(value, int):
            container[key] = value + chance.choice((-1, 1, 1000, -1000, 0.5))
        case 6 if isinstance(container, dict):
            container[f"{key}"] = value
            container["more"] = copy.deepcopy(other_container[other_key])
        case _:
            container[key] = copy.deepcopy(chance.choice(ODD_VALUES))
    return holder[0]


def mutate_json(data: bytes, chance: random.Random) -> bytes:
    """Change one value of a JSON document, or write a key of it twice."""
    value = mutate_tree(json.loads(data), chance)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.1 and isinstance(value, dict) and value:
        text = f"{{{json.dumps(chance.choice(list(value)))}: 1, {text[1:]}"
    return text.encode("utf-8", "surrogatepass")


def mutate_json_lines(data: bytes, chance: random.Random) -> bytes:
    """Change one line, or one value of the JSON on it."""
    lines = data.removesuffix(b"\n").split(b"\n")
    if chance.random() < 0.2:
        return mutate_lines(data, chance)
    index = chance.randrange(len(lines))
    lines[index] = mutate_json(lines[index], chance)
    return b"\n".join(lines) + b"\n"


def mutate_yaml(data: bytes, chance: random.Random) -> bytes:
    """Change one value of a YAML document, or one of its lines."""
    if chance.random() < 0.3:
        return mutate_lines(data, chance)
    value = mutate_tree(yaml.safe_load(data), chance)
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False)).encode("utf-8", "surrogatepass")


def mutate_cas_element(root: etree._Element, chance: random.Random) -> None:
    """Change the structure of a CAS in one place."""
    element, other = chance.choice(list(root)), chance.choice(list(root))
    name = chance.choice(list(element.attrib))
    referring = [item for item in root if set(REFERENCES) & set(item.attrib)]
    view = chance.choice(list(root.iter(VIEW)))
    members = view.get("members", "").split()
    match chance.randrange(12):
        case 0:
            del element.attrib[name]
        case 1:
            element.set(name, chance.choice(["", "0", "-1", "2", "3 4", "999", "99999999999", "x", "true", "NaN"]))
        case 2:
            element.set(chance.choice(list(other.attrib)), "15")
        case 3:
            root.append(copy.deepcopy(element))
        case 4:
            root.remove(element)
        case 5:
            element.tag = other.tag
        case 6:
            etree.SubElement(element, chance.choice(["tags", "arg", "words", "label", "numbers"])).text = "w"
        case 7:
            view.set("members", " ".join([*members, chance.choice(["2", "6", "12"])]))
        case 8:
            clone = copy.deepcopy(element)
            clone.set(ID, "40")
            root.append(clone)
            view.set("members", " ".join([*members, *chance.choice([["40"], []])]))
        case 9:
            other.append(copy.deepcopy(element))
        case 10:
            view.set("members", " ".join(members[: chance.randint(0, len(members))]))
        case 11:
            for item in referring:
                for feature_ in sorted(set(REFERENCES) & set(item.attrib)):
                    if chance.random() < 0.3:
                        item.set(feature_, chance.choice(["0", "2", "5", "6", "8", "9", "10", "12", "14", "15"]))


def mutate_type(root: etree._Element, chance: random.Random) -> None:
    """Change a type system in one place."""
    element = chance.choice([item for item in root.iter(etree.Element) if item is not root])
    if chance.random() < 0.5 and element.text:
        element.text = chance.choice(
            ["my.Span", "my.Nothing", "uima.cas.String", "uima.cas.FSArray", "uima.cas.Integer", "x", "self"]
        )
    else:
        element.getparent().remove(element)


def mutate_cas(data: bytes, chance: random.Random) -> bytes:
    """Change the structure of a CAS in one place."""
    root = etree.fromstring(data)
    mutate_cas_element(root, chance)
    return bytes(etree.tostring(root, encoding="utf-8"))


def mutate_type_system(data: bytes, chance: random.Random) -> bytes:
    """Change a type system in one place."""
    root = etree.fromstring(data)
    mutate_type(root, chance)
    return bytes(etree.tostring(root, encoding="utf-8"))


def mutate_xml(data: bytes, chance: random.Random) -> bytes:
    """Change one element of an XML document: remove, repeat, move or rename it, or change an attribute or its text."""
    root = etree.fromstring(data)
    elements = [element for element in root.iter(etree.Element) if element is not root]
    element, other = chance.choice(elements), chance.choice(elements)
    parent = element.getparent()
    match chance.randrange(7):
        case 0:
            parent.remove(element)
        case 1:
            parent.append(copy.deepcopy(element))
        case 2:
            other.append(copy.deepcopy(element))
        case 3:
            element.tag = chance.choice((other.tag, "x"))
        case 4 if element.attrib:
            del element.attrib[chance.choice(list(element.attrib))]
        case 5 if element.attrib:
            element.set(chance.choice(list(element.attrib)), chance.choice(("", "0", "-1", "x", "9" * 30, "é")))
        case _:
            element.text = chance.choice(("", "x", other.text))
    text = bytes(etree.tostring(root))
    return text if chance.random() < 0.9 else b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + text


def mutate_docbin(data: bytes, chance: random.Random) -> bytes:
    """Change one value of what a DocBin holds."""
    value = mutate_tree(srsly.msgpack_loads(zlib.decompress(data)), chance)
    try:
        return zlib.compress(srsly.msgpack_dumps(value))
    except (OverflowError, UnicodeError, TypeError):
        return mutate_bytes(data, chance)


def mutate_parquet(data: bytes, chance: random.Random) -> bytes:
    """Change one value of the rows, or bytes of the values or of the names, which are then no UTF-8."""
    rows = pq.read_table(io.BytesIO(data)).to_pylist()
    try:
        table = pa.Table.from_pylist(mutate_tree(rows, chance) if chance.random() < 0.7 else rows)
        file = io.BytesIO()
        pq.write_table(table, file, use_dictionary=False, compression="none")
    except (pa.ArrowException, UnicodeError, OverflowError, TypeError, AttributeError, ValueError):
        return mutate_bytes(data, chance)
    data = file.getvalue()
    if chance.random() < 0.5:
        return data
    words = [word for word in (b"harbour", b"text", b"spans", b"label", b"master", b"id") if word in data]
    word = chance.choice(words)
    return data.replace(word, b"\xff" + word[1:])


def mutate_gzip(data: bytes, chance: random.Random) -> bytes:
    """Change bytes of a compressed file, or of what it holds."""
    if chance.random() < 0.3:
        return mutate_bytes(data, chance)
    return gzip.compress(mutate_bytes(gzip.decompress(data), chance), mtime=0)
