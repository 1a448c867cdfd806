"""Raw Label Studio tasks → annotations: every result item is mapped or becomes a finding, and none is dropped.

The one way from a server's JSON into the corpus: `pull` and the bulk path both take it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio import rules
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.items import Controls, Reading
from annotate.model import Annotation, Process
from annotate.offsets import Diagnosis, sha256
from annotate.store import ID_PATTERN, canonical

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
