"""Which files of a folder are texts and which are their labels, by patterns of paths such as `text/{id}.txt`.

A pattern is matched name by name, without regular expressions: the time is at most quadratic in the length of a name.
"""

import re
from collections.abc import Container, Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.util.escape import quote
from annotate.util.folders import is_inner_path

FOLDER, ID, ANNOTATOR, ANY = "{folder}", "{id}", "{annotator}", "*"
WILDCARDS = (ID, ANNOTATOR, FOLDER, ANY)
_WILDCARD = re.compile(r"(\{[^{}]*\}|\*)")
_MOST_PARTS = 20
"""Parts of one name in a pattern."""


class FileFields(NamedTuple):
    """What a pattern finds in a path; empty where the pattern has no such field.

    Attributes:
        folder: The folders, with slashes.
        id: The name of the text.
        annotator: The name of the annotator.
    """

    folder: str = ""
    id: str = ""
    annotator: str = ""

    @property
    def name(self) -> str:
        """The name of the text with its folders."""
        return f"{self.folder}/{self.id}" if self.folder else self.id


class PathPattern:
    """A pattern of paths, relative to a folder and with slashes.

    `{id}` is the name of a text and `{annotator}` that of an annotator: one character or more of one name. `{folder}`
    stands for any number of folders. `*` is any characters of one name. A field that comes again is the same again.
    `{annotator}` is as short as possible, the others are as long as possible. No wildcard matches the dot of a hidden
    name.

    Args:
        text: The pattern.
        option: What an error names, such as `--labels`.

    Raises:
        CannotRun: If the pattern is not valid.
    """

    def __init__(self, text: str, option: str) -> None:
        self.text, self._option = text, option
        names = text.split("/")
        if not is_inner_path(text):
            raise self._invalid("is not a path within the folder")
        self._names = [[part for part in _WILDCARD.split(name) if part] for name in names]
        self.fields = {part for parts in self._names for part in parts if part in WILDCARDS and part != ANY}
        for parts in self._names:
            self._check_name(parts)
        if ID not in self.fields:
            raise self._invalid(f"has no {ID}")
        if [*map("".join, self._names)].count(FOLDER) > 1:
            raise self._invalid(f"has {FOLDER} twice")

    def _invalid(self, problem: str) -> CannotRun:
        return CannotRun(f"{self._option} {quote(self.text)}", problem, "write a pattern such as text/{id}.txt")

    def _check_name(self, parts: list[str]) -> None:
        wild = [part for part in parts if _WILDCARD.fullmatch(part)]
        for part in wild:
            if part not in WILDCARDS:
                raise self._invalid(f"has the unknown field {part} (known are {', '.join(WILDCARDS)})")
            if part != ANY and wild.count(part) > 1:
                raise self._invalid(f"has {part} twice in one name")
        if FOLDER in wild and len(parts) > 1:
            raise self._invalid(f"has {FOLDER} together with something else in one name")
        if any(left in WILDCARDS and right in WILDCARDS for left, right in pairwise(parts)):
            raise self._invalid("has two wildcards with nothing between them")
        if len(parts) > _MOST_PARTS:
            raise self._invalid(f"has more than {_MOST_PARTS} parts in one name")

    @property
    def ending(self) -> str:
        """What the last name of the pattern ends in, from its last dot on; empty if that is a wildcard."""
        last = self._names[-1][-1]
        return last[last.rindex(".") :] if "." in last and last not in WILDCARDS else ""

    def match(self, path: str) -> FileFields | None:
        """Return the fields of a path; None if it does not match the pattern."""
        found, names = path.split("/"), [*self._names]
        fields: dict[str, str] = {}
        if [FOLDER] in names:
            position = names.index([FOLDER])
            count = len(found) - len(names) + 1
            if count < 0:
                return None
            fields[FOLDER] = "/".join(found[position : position + count])
            found[position : position + count] = []
            names.pop(position)
        if len(found) != len(names) or any(name.startswith(".") for name in path.split("/")):
            return None
        for parts, name in zip(names, found, strict=True):
            matched = _match_name(parts, name, fields)
            if matched is None:
                return None
            fields |= {field: value for field, value in matched.items() if field != ANY}
        return FileFields(fields.get(FOLDER, ""), fields[ID], fields.get(ANNOTATOR, ""))

    def fill(self, fields: FileFields) -> str:
        """Return the path that the pattern has for some fields; those that are empty stay as they are."""
        values = {FOLDER: fields.folder, ID: fields.id, ANNOTATOR: fields.annotator or ANNOTATOR}
        names = ["".join(values.get(part, part) for part in parts) for parts in self._names]
        return "/".join(name for name in names if name)


def _match_name(parts: list[str], name: str, known: Mapping[str, str]) -> dict[str, str] | None:
    """Return the fields in one name of a path.

    Args:
        parts: The literals and wildcards of the pattern of the name.
        name: The name.
        known: The fields that were found before.
    """
    failed: set[tuple[int, int]] = set()

    def match(index: int, start: int) -> dict[str, str] | None:
        if index == len(parts):
            return {} if start == len(name) else None
        if (index, start) in failed:
            return None
        part = parts[index]
        literal = known.get(part, part) if part in known or part not in WILDCARDS else None
        if literal is not None:
            found = match(index + 1, start + len(literal)) if name.startswith(literal, start) else None
            if found is not None:
                return found
        else:
            ends: Iterable[int] = range(start + (part != ANY), len(name) + 1)
            for end in ends if part == ANNOTATOR else reversed([*ends]):
                found = match(index + 1, end)
                if found is not None:
                    return {part: name[start:end], **found}
        failed.add((index, start))
        return None

    return match(0, 0)


class FileGroup(NamedTuple):
    """The text of an article and one annotator's labels of it.

    Attributes:
        fields: The fields in the path of the text, and the annotator.
        text: The path of the text; None if there is none.
        labels: The paths of the labels that there are.
        missing: The path that the missing file would have; empty if none is missing.
        ambiguous: Whether there are labels of several kinds.
    """

    fields: FileFields
    text: str | None
    labels: tuple[str, ...]
    missing: str = ""
    ambiguous: bool = False


class FolderFiles(NamedTuple):
    """The files of a folder.

    Attributes:
        groups: The texts with their labels, sorted by name and annotator.
        unmatched: Other files that end as texts or labels do, sorted, each with the path of a file that is in its
            place, or an empty string.
    """

    groups: list[FileGroup]
    unmatched: list[tuple[str, str]]


class FileLayout:
    """The patterns of texts and labels.

    Args:
        texts: The pattern of texts.
        labels: The patterns of labels, as alternatives. The labels of a text are in the files of all patterns of one
            alternative.

    Raises:
        CannotRun: If the texts have a field that the labels lack, or patterns of labels have different fields.
    """

    def __init__(self, texts: PathPattern, labels: tuple[tuple[PathPattern, ...], ...]) -> None:
        self.texts, self.labels = texts, labels
        for pattern in (pattern for patterns in labels for pattern in patterns):
            if lacking := texts.fields - pattern.fields:
                problem = f"has no {min(lacking)}, which --texts has"
                raise CannotRun(f"--labels {quote(pattern.text)}", problem, "use the same fields in both")
            if pattern.fields != labels[0][0].fields:
                problem = f"has other fields than {quote(labels[0][0].text)}"
                raise CannotRun(f"--labels {quote(pattern.text)}", problem, "use the same fields in both")

    @property
    def endings(self) -> set[str]:
        """The endings of texts and labels."""
        return {self.texts.ending, *(pattern.ending for patterns in self.labels for pattern in patterns)}

    def arrange(self, paths: Iterable[str], endings: Iterable[str]) -> FolderFiles:
        """Arrange the files of a folder by text and annotator.

        A file that is a text as well as labels of a text that exists is labels.

        Args:
            paths: The paths of the files, relative to the folder.
            endings: Endings of files to report if they match no pattern, as those of the patterns are.
        """
        files = sorted(path for path in paths if not any(name.startswith(".") for name in path.split("/")))
        candidates = {path: fields for path in files if (fields := self.texts.match(path))}
        names = {self._text_key(fields) for fields in candidates.values()}
        labels: dict[FileFields, dict[tuple[int, int], str]] = {}
        texts: dict[FileFields, str] = {}
        reported = {*endings, *self.endings}
        unmatched: list[tuple[str, str]] = []
        for path in files:
            match = self._match_labels(path)
            if match and (path not in candidates or self._is_of_other_text(match[1], candidates[path], names)):
                kind, fields = match
                other = labels.setdefault(fields, {}).setdefault(kind, path)
            elif path in candidates:
                other = texts.setdefault(self._text_key(candidates[path]), path)
            else:
                other = ""
            if other != path and (other or any(path.endswith(ending) for ending in reported)):
                unmatched.append((path, other))
        groups = [self._make_group(fields, found, texts) for fields, found in labels.items()]
        labelled = {self._text_key(fields) for fields in labels}
        wanted = self.labels[0][0]
        groups += [
            FileGroup(fields, path, (), wanted.fill(fields)) for fields, path in texts.items() if fields not in labelled
        ]
        return FolderFiles(sorted(groups, key=_sort_key), unmatched)

    def _match_labels(self, path: str) -> tuple[tuple[int, int], FileFields] | None:
        for number, patterns in enumerate(self.labels):
            for index, pattern in enumerate(patterns):
                if fields := pattern.match(path):
                    return (number, index), fields
        return None

    def _is_of_other_text(self, labels: FileFields, own: FileFields, names: Container[FileFields]) -> bool:
        """Return whether there is a text for the labels in a file, and it is not that file itself."""
        key = self._text_key(labels)
        return key in names and key != own

    def _text_key(self, fields: FileFields) -> FileFields:
        """Return the fields that the path of a text has."""
        return FileFields(
            fields.folder if FOLDER in self.texts.fields else "",
            fields.id,
            fields.annotator if ANNOTATOR in self.texts.fields else "",
        )

    def _make_group(
        self, fields: FileFields, labels: Mapping[tuple[int, int], str], texts: Mapping[FileFields, str]
    ) -> FileGroup:
        key = self._text_key(fields)
        numbers = sorted({number for number, _ in labels})
        patterns = self.labels[numbers[0]]
        absent = [pattern for index, pattern in enumerate(patterns) if (numbers[0], index) not in labels]
        text = texts.get(key)
        missing = absent[0].fill(fields) if absent else ""
        return FileGroup(
            key._replace(annotator=fields.annotator),
            text,
            tuple(labels[kind] for kind in sorted(labels)),
            missing if text else self.texts.fill(fields),
            len(numbers) > 1,
        )


def _sort_key(group: FileGroup) -> tuple[list[str], str]:
    return group.fields.name.split("/"), group.fields.annotator


def make_layout(texts: str | None, labels: Iterable[str]) -> FileLayout:
    """Return the layout of patterns that a user wrote.

    Args:
        texts: The pattern of texts; by default `{folder}/{id}.txt`, or `{id}.txt` if the labels have no `{folder}`.
        labels: The patterns of labels; without any, they are next to their texts, in `.ann`, or in `.a1` and `.a2`.

    Raises:
        CannotRun: If a pattern is not valid, or the patterns do not fit together.
    """
    patterns = tuple(PathPattern(text, "--labels") for text in labels)
    kinds = (("ann",), ("a1", "a2"))
    default = tuple(tuple(PathPattern(f"{{folder}}/{{id}}.{kind}", "--labels") for kind in pair) for pair in kinds)
    has_folder = not patterns or FOLDER in patterns[0].fields
    texts = texts or ("{folder}/{id}.txt" if has_folder else "{id}.txt")
    return FileLayout(PathPattern(texts, "--texts"), (patterns,) if patterns else default)
