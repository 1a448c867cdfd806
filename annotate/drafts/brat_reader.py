"""An `annotation.conf` of brat → the draft of an inventory.

The format: https://brat.nlplab.org/configuration.html. Entities and events become labels of one layer, relations and
the roles of events become relations. A type that is named as an end stands for the types below it, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from annotate.drafts.draft import (
    DraftAttribute,
    DraftLabel,
    DraftLayer,
    DraftRelation,
    InventoryDraft,
    make_values,
    require_size,
    shown_forms,
)
from annotate.drafts.ids import assign_ids, clean_name
from annotate.errors import CannotRun
from annotate.label_map import NOTE_TYPE
from annotate.util.escape import quote

LAYER = "labels"
PRESENT = "present"
"""The value of an attribute that has none in brat: it is there, or it is not."""
_RELATION, _ROLE = "relation", "role"
_SECTIONS = ("entities", "relations", "events", "attributes")
_OLD_SECTIONS = {"spans": "entities"}
_SECTION = re.compile(r"\s*\[(.*)\]\s*")
_MACRO = re.compile(r"<([a-zA-Z_-]+)>=(.*)")
_MACRO_USE = re.compile(r"<[a-zA-Z_-]+>")
_LINE = re.compile(r"(\s*)(\S+)(?:\s+(\S.*))?")
_ARGUMENT = re.compile(r"([^\s:]+):(\S+)")
_COUNT = re.compile(r"[?*+]|\{[0-9]+(?:-[0-9]+)?\}")
_LONGEST_LINE, _MOST_MACROS = 100_000, 100
"""Characters of a line, and macros in it, so that a short configuration is read in a short time."""


class _Line(NamedTuple):
    """A line of a section: its number, its indent, its first name, further ones, and its arguments."""

    number: int
    indent: int
    name: str
    other_names: tuple[str, ...]
    arguments: tuple[tuple[str, tuple[str, ...]], ...]


class _Type(NamedTuple):
    """An entity or event: whether it can be annotated, and what is below it."""

    line: _Line
    is_used: bool
    below: list[str]


def draft_from_brat(text: str, where: str) -> InventoryDraft:
    """Make a draft of the inventory that an `annotation.conf` amounts to, and of the map from its names.

    Args:
        text: The configuration.
        where: The file that an error names.

    Returns:
        The draft. It has no labels if the configuration has no entities and events.

    Raises:
        CannotRun: With the line, if it cannot be read.
    """
    return _BratReader(text, where).read()


class _BratReader:
    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self.draft = InventoryDraft("an annotation.conf of brat", "brat")
        self.sections: dict[str, list[_Line]] = {section: [] for section in _SECTIONS}
        self.types: dict[str, dict[str, _Type]] = {"entities": {}, "events": {}}
        self.undefined: set[str] = set()
        self._read_lines(text)
        self.relation_names = {line.name.removeprefix("!") for line in self.sections["relations"]}

    def read(self) -> InventoryDraft:
        for section, types in self.types.items():
            self._read_types(self.sections[section], types)
        names = [name for types in self.types.values() for name, type_ in types.items() if type_.is_used]
        self.label_ids = assign_ids(names, "label")
        if self.label_ids:
            self._require_size()
            self._add_labels()
            self._add_relations()
            self._add_attributes()
            self.draft.map_name("notes", NOTE_TYPE, {"to": "note"})
        return self.draft

    def _require_size(self) -> None:
        roles = sum(len(type_.line.arguments) for type_ in self.types["events"].values())
        lists = len(self.sections["attributes"]) + 2 * (len(self.sections["relations"]) + roles)
        require_size(self.where, len(self.label_ids), lists)

    def _refuse(self, number: int, problem: str, hint: str) -> CannotRun:
        return CannotRun(f"{self.where}:{number}", problem, hint)

    def _read_lines(self, text: str) -> None:
        section, macros = "", dict[str, tuple[int, str]]()
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
            if heading := _SECTION.fullmatch(line):
                section = _OLD_SECTIONS.get(heading[1].strip(), heading[1].strip())
            elif macro := _MACRO.fullmatch(line):
                name = f"<{macro[1]}>"
                macros[name] = macros[name][0] if name in macros else len(macros), macro[2].strip()
            elif not line.strip() or line.lstrip().startswith("#") or not line.strip().strip("-"):
                continue
            elif section in self.sections:
                self.sections[section].append(self._parse_line(number, self._expand(number, line, macros)))
            else:
                kind = f"lines of section [{clean_name(section)}]" if section else "lines before the first section"
                self.draft.leave_out(kind, f"the sections are {', '.join(_SECTIONS)}", f"line {number}")

    def _expand(self, number: int, line: str, macros: Mapping[str, tuple[int, str]]) -> str:
        """Return a line with its macros written out: each once, in the order in which they were defined.

        Args:
            number: The number of the line.
            line: The line.
            macros: The macros before it: how many there were when each was defined, and its value.
        """
        last = -1
        for _ in range(_MOST_MACROS):
            used = {
                macros[name]: name for name in _MACRO_USE.findall(line) if name in macros and macros[name][0] > last
            }
            if not used:
                return line
            (last, value), name = min(used.items())
            if len(line) + line.count(name) * len(value) > _LONGEST_LINE:
                break
            line = line.replace(name, value)
        raise self._refuse(number, "is too long with its macros written out", "use shorter or fewer ones")

    def _parse_line(self, number: int, line: str) -> _Line:
        match = _LINE.fullmatch(line)
        names = [name for name in match[2].split("|") if name] if match else []
        if not match or not names or names[0] == "!":
            raise self._refuse(number, "has no name", "write a name and, after a tab, its arguments")
        arguments: list[tuple[str, tuple[str, ...]]] = []
        for argument in (part.strip() for part in (match[3] or "").split(",")):
            if not argument:
                continue
            parsed = _ARGUMENT.fullmatch(argument)
            types = tuple(type_ for type_ in parsed[2].split("|") if type_) if parsed else ()
            if not parsed or not types:
                raise self._refuse(number, f"{quote(argument)} is not NAME:TYPE", "separate arguments by commas")
            arguments.append((parsed[1], types))
        return _Line(number, len(match[1]), names[0], tuple(names[1:]), tuple(arguments))

    def _read_types(self, lines: Iterable[_Line], types: dict[str, _Type]) -> None:
        """Read the types of a section, which are indented below those that they belong to."""
        open_types: list[tuple[int, str]] = []
        for line in lines:
            name = line.name.removeprefix("!")
            for other in line.other_names:
                self.draft.leave_out("further names of types", "a label has one name", other)
            open_types = [(indent, above) for indent, above in open_types if indent < line.indent]
            if open_types and name not in types[open_types[-1][1]].below:
                types[open_types[-1][1]].below.append(name)
            open_types.append((line.indent, name))
            if name in types:
                first = types[name].line
                types[name] = types[name]._replace(line=first._replace(arguments=first.arguments + line.arguments))
            else:
                types[name] = _Type(line, not line.name.startswith("!"), [])

    def _resolve(self, types: Iterable[str]) -> list[str]:
        """Return the ids of the labels that are meant by types."""
        names: dict[str, None] = {}
        for type_ in types:
            names |= dict.fromkeys(self._expand_type(type_))
        return [self.label_ids[name] for name in names if name in self.label_ids]

    def _every_label(self, types: Iterable[str]) -> list[str]:
        """Return the ids of all labels for types that have no definition, and none for <NONE> and the like."""
        is_undefined = not any(type_.startswith("<") or type_ in self.relation_names for type_ in types)
        return list(self.label_ids.values()) if is_undefined else []

    def _expand_type(self, type_: str) -> Iterator[str]:
        entities, events = self.types["entities"], self.types["events"]
        if type_ in ("<ENTITY>", "<ANY>"):
            yield from entities
        if type_ in ("<EVENT>", "<ANY>"):
            yield from events
        if type_ in ("<ENTITY>", "<EVENT>", "<ANY>", "<RELATION>", "<NONE>"):
            return
        if not any(type_ in known for known in (entities, events, self.relation_names, self.undefined)):
            self.undefined.add(type_)
            reason = "an end that has no other type may have any label"
            self.draft.leave_out("types without a definition", reason, type_)
        seen: set[str] = set()
        stack = [type_]
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                yield name
                for types in (entities, events):
                    stack += reversed(types[name].below if name in types else [])

    def _add_labels(self) -> None:
        self.draft.layers.append(DraftLayer(LAYER, "Labels", "Write here what is labelled."))
        shown = shown_forms(self.label_ids, {name: name for name in self.label_ids})
        for name, id_ in self.label_ids.items():
            definition = f"Write here which words are labelled {shown[name] or id_}."
            self.draft.labels.append(DraftLabel(id_, LAYER, definition, shown[name]))
            if name in self.types["entities"]:
                self.draft.map_name("spans", name, {"label": id_})

    def _add_relations(self) -> None:
        ends: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        symmetric: set[str] = set()
        equivalences: set[str] = set()
        lines: dict[str, int] = {}
        for line in self.sections["relations"]:
            pairs = [types for name, types in line.arguments if not name.startswith("<")]
            flags = {
                part
                for name, types in line.arguments
                if name == "<REL-TYPE>"
                for type_ in types
                for part in type_.split("-")
            }
            if line.name.startswith("!"):
                continue  # the heading of those below it
            name = line.name
            if name in ("<OVERLAP>", "ENTITY-NESTING"):
                self.draft.leave_out("rules on overlaps", "spans of all labels may overlap", name)
                continue
            for special, _ in line.arguments:
                if special.startswith("<") and special != "<REL-TYPE>":
                    self.draft.leave_out("settings of relations", "an inventory has no such setting", special)
            if len(pairs) != 2:
                self.draft.leave_out("relations without two ends", "a relation has two", name)
                self.draft.map_name("relations", name, None, "It does not have two ends.")
                continue
            head, tail = (self._resolve(types) or self._every_label(types) for types in pairs)
            if not head or not tail:
                self.draft.leave_out("relations whose ends are no labels", "a relation joins spans", name)
                self.draft.map_name("relations", name, None, "Its ends are no labels.")
                continue
            if name == "Equiv" and not flags:
                flags = {"symmetric", "transitive"}
            if "symmetric" in flags:
                symmetric.add(name)
                head = tail = [*head, *tail]
            if {"symmetric", "transitive"} <= flags:
                equivalences.add(name)
            lines[name] = lines.get(name, 0) + 1
            heads, tails = ends.setdefault(name, ({}, {}))
            heads |= dict.fromkeys(head)
            tails |= dict.fromkeys(tail)
        roles = self._read_roles()
        ids = _assign_relation_ids(ends, roles)
        shown = shown_forms(ids, {key: key[1] for key in ids})
        for name, (heads, tails) in ends.items():
            key = _RELATION, name
            comment = "Symmetric: its ends may be swapped." if name in symmetric else ""
            if lines[name] > 1:
                comment += " Each head may have each tail; annotation.conf has a line for each pair."
            self._add_relation(ids[key], name, [*heads], [*tails], shown[key], comment.strip())
            self.draft.map_name("relations", name, {"relation": ids[key]})
            if name in equivalences:
                self.draft.map_name("equivalences", name, {"relation": ids[key]})
        for name, (heads, tails, counts) in roles.items():
            key = _ROLE, name
            comment = f"A role of events, in annotation.conf: {', '.join(counts)}."
            self._add_relation(ids[key], name, [*heads], [*tails], shown[key], comment)
        self._map_events({name: ids[_ROLE, name] for name in roles})
        pieces = assign_ids(["continues"], "relation", taken=ids.values())["continues"]
        definition = "From a later piece of a span to the piece before it; both have the same label."
        self.draft.relations.append(DraftRelation(pieces, definition, [], [], joins_pieces=True))

    def _add_relation(self, id_: str, name: str, head: list[str], tail: list[str], shown: str, comment: str) -> None:
        definition = f"Write here what {clean_name(name)} relates."
        self.draft.relations.append(DraftRelation(id_, definition, head, tail, shown, comment))

    def _read_roles(self) -> dict[str, tuple[dict[str, None], dict[str, None], list[str]]]:
        """Return each role of events: the labels that have it, those that fill it, and how often each event has it."""
        roles: dict[str, tuple[dict[str, None], dict[str, None], list[str]]] = {}
        for event, type_ in self.types["events"].items():
            for argument, types in type_.line.arguments:
                role = _role_name(argument)
                if role.startswith("<"):
                    self.draft.leave_out("settings of events", "an inventory has no such setting", role)
                    continue
                fillers = self._resolve(types) or self._every_label(types)
                if event not in self.label_ids or not fillers:
                    self.draft.leave_out("roles that no label fills", "a relation joins spans", f"{event} {role}")
                    continue
                heads, tails, counts = roles.setdefault(role, ({}, {}, []))
                heads[self.label_ids[event]] = None
                tails |= dict.fromkeys(fillers)
                counts.append(f"{clean_name(event)} {clean_name(argument)}")
        return roles

    def _map_events(self, role_ids: dict[str, str]) -> None:
        for event, type_ in self.types["events"].items():
            if event not in self.label_ids:
                continue
            roles: dict[str, object] = {}
            for role in dict.fromkeys(_role_name(argument) for argument, _ in type_.line.arguments):
                if not role.startswith("<"):
                    roles[role] = {"relation": role_ids[role]} if role in role_ids else None
            entry: dict[str, object] = {"label": self.label_ids[event]}
            self.draft.map_name("events", event, entry | ({"roles": roles} if roles else {}))

    def _add_attributes(self) -> None:
        labels_of: dict[str, dict[str, None]] = {}
        values_of: dict[str, dict[str, None]] = {}
        for line in self.sections["attributes"]:
            if line.name.startswith("!"):
                continue
            name = line.name
            labels, values = labels_of.setdefault(name, {}), values_of.setdefault(name, {})
            for argument, types in line.arguments:
                if argument == "Value":
                    values |= dict.fromkeys(types)
                elif argument.startswith("<"):
                    self.draft.leave_out("settings of attributes", "an inventory has no such setting", argument)
                else:
                    relations = {"<RELATION>", "<ANY>", *self.relation_names}.intersection(types)
                    if relations:
                        self.draft.leave_out("attributes of relations", "relations of an inventory have none", name)
                    labels |= dict.fromkeys(
                        self._resolve(type_ for type_ in types if type_ not in relations - {"<ANY>"})
                    )
        for name in [name for name, labels in labels_of.items() if not labels]:
            self.draft.leave_out("attributes of no label", "an attribute belongs to spans", name)
            self.draft.map_name("attributes", name, None, "No label has it.")
            del labels_of[name]
        ids = assign_ids(labels_of, "attribute")
        shown = shown_forms(ids, {name: name for name in ids})
        for name, id_ in ids.items():
            names = values_of[name] or {PRESENT: None}
            choices, renamed = make_values({value: value for value in names}, {})
            definition = f"Write here what {clean_name(name)} tells."
            attribute = DraftAttribute(id_, [*labels_of[name]], "choice", definition, False, shown[name], choices)
            self.draft.attributes.append(attribute)
            entry: dict[str, object] = {"attribute": id_}
            entry |= {"values": renamed} if renamed else {}
            entry |= {} if values_of[name] else {"flag": PRESENT}
            self.draft.map_name("attributes", name, entry)


def _assign_relation_ids(relations: Iterable[str], roles: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the id of each relation and of each role; a relation and a role of one name are two relations."""
    of_relations = assign_ids(relations, "relation")
    of_roles = assign_ids(roles, "relation", taken=of_relations.values())
    return {(_RELATION, name): id_ for name, id_ in of_relations.items()} | {
        (_ROLE, name): id_ for name, id_ in of_roles.items()
    }


def _role_name(argument: str) -> str:
    """Return the name of an argument without its number: `Theme` of `Theme?`, `Theme*`, `Theme+` and `Theme{2-4}`."""
    return argument[: match.start()] if (match := _COUNT.search(argument)) else argument
