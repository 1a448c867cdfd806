"""The steps of a migration from one version of the inventory to the next, read from a migration file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.model import LARGEST, AttributeValue, normal_number
from annotate.schemas import require_valid
from annotate.util.escape import quote
from annotate.util.files import load_yaml
from annotate.util.suggestions import list_choices
from annotate.versions import is_older

_KINDS = ("rename", "merge", "split", "drop", "reword", "add")
"""The kinds of steps, each the key that a step begins with."""


class MigrationStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step: what becomes of a name, which is another name, the same, or nothing.

    Attributes:
        kind: `rename`, `merge`, `split`, `drop`, `reword` or `add`.
        what: `label`, `attribute`, `value`, `relation` or `record`.
        names: The old names; for an addition, the new one.
        to: The new name; for a split, the default; None for a drop.
        attribute: The attribute of a value.
        into: The labels of a split → the fields in which their entries differ from that of the old label.
        exceptions: Spans of a split label, as `ARTICLE/SPAN` or `SET/ARTICLE/SPAN` → their new label.
        anchors: Record → the label of a split that anchors it from now on.
        shown_as: What people see from now on in place of the name, which stays.
        entry: What `labels.yaml` says of what is added; for a value, its definition and shown form.
        default: The value that the spans get which have a label of an added attribute; None for none.
        after: The name that an addition comes after; None to put it last.
        reading: What the numbers of spans with an added wording mean.
    """

    kind: str
    what: str
    names: tuple[str, ...]
    to: str | None = None
    attribute: str | None = None
    into: dict[str, dict[str, str]] = {}
    exceptions: dict[str, str] = {}
    anchors: dict[str, str] = {}
    shown_as: str | None = None
    entry: dict[str, Any] = {}
    default: AttributeValue | None = None
    after: str | None = None
    reading: str | None = None

    def rename(self, what: str, name: str, attribute: str | None = None) -> str | None:
        """Return the new name; None if it is dropped. For a split label, it is the default."""
        applies = what == self.what and name in self.names and (what != "value" or attribute == self.attribute)
        return self.to if applies else name

    def relabel(self, label: str, annotation_set: str, article_id: str, span_id: str) -> str | None:
        """Return the new label of one span; None if the label is dropped."""
        if self.kind == "split" and label in self.names:
            for reference in (f"{annotation_set}/{article_id}/{span_id}", f"{article_id}/{span_id}"):
                if reference in self.exceptions:
                    return self.exceptions[reference]
        return self.rename("label", label)

    def default_for(self, label: str) -> AttributeValue | None:
        """Return the value of the attribute that the step adds to spans with a label; None if it adds none."""
        return self.default if self.default is not None and label in self.entry["labels"] else None

    def __str__(self) -> str:
        """Return the step in words: `rename value hand of rank → worker`."""
        attribute = f" of {self.attribute}" if self.attribute else ""
        if self.kind == "add":
            default = "" if self.default is None else f", {self.default} where it is missing"
            return f"add {self.what} {self.names[0]}{attribute}{default}"
        new = "" if self.kind == "drop" else f" → {', '.join(self.into) or self.shown_as or self.to}"
        return f"{self.kind} {self.what} {', '.join(self.names)}{attribute}{new}"


class Migration(NamedTuple):
    """The versions of the inventory before and after, and the steps between them."""

    old_version: str
    new_version: str
    steps: tuple[MigrationStep, ...]

    def version_after(self, version: str) -> str:
        """Return the version of an annotation after the migration.

        The version says under which inventory someone last looked at the labels. New names for what an annotation has
        are a translation, and give it the new version. Nobody looked for what is added, and nobody told the labels of a
        split apart, so that with an addition or a split each annotation keeps its version. So does one that an earlier
        migration left with an older version.
        """
        needs_review = any(step.kind in ("add", "split") for step in self.steps)
        return self.new_version if version == self.old_version and not needs_review else version


def load_migration(path: str | Path) -> Migration:
    """Read a migration file.

    Raises:
        CannotRun: The file cannot be read, does not follow its schema, or contradicts itself.
    """
    path = Path(path)
    value = load_yaml(path, "name a migration file", within=None)
    _check_kinds(path, value)
    require_valid(path, value, "migration")
    steps = tuple(_make_step(entry, value["to"]) for entry in value["steps"])
    migration = Migration(value["from"], value["to"], steps)
    if migration.old_version == migration.new_version:
        raise CannotRun(path, "from and to are the same version", "give the new inventory a version of its own")
    for index, entry in enumerate(value["steps"]):
        for problem, hint in _find_addition_faults(entry, migration) if "add" in entry else ():
            raise CannotRun(path, f"steps[{index}]: {problem}", hint)
    for index, step in enumerate(migration.steps):
        for name in (step.to, *step.exceptions.values(), *step.anchors.values()) if step.kind == "split" else ():
            if name not in step.into:
                problem = f"steps[{index}]: {quote(name)} is not among the labels split into"
                raise CannotRun(path, problem, "name one of them")
    return migration


def _check_kinds(path: Path, value: object) -> None:
    """Check that each step names its kind, which decides what else it needs, and that none is about metadata.

    Raises:
        CannotRun: A step has none of the kinds, or is about the metadata of articles.
    """
    steps = value.get("steps") if isinstance(value, dict) else None
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        if not isinstance(step, dict):
            continue
        kind = next((kind for kind in _KINDS if kind in step), None)
        if kind is None:
            raise CannotRun(
                path, f"steps[{index}]: has none of: {', '.join(_KINDS)}", "add one (docs/how-to/migrations.md)"
            )
        if step[kind] == "metadata":
            problem = f"steps[{index}].{kind}: a migration changes no metadata of articles"
            hint = "change the field in labels.yaml and in the articles' files; `annotate check` lists what is left"
            raise CannotRun(path, problem, hint)


def _find_addition_faults(step: Mapping[str, Any], migration: Migration) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an addition, and what to do; the inventory after it shows what its entry lacks."""
    entry, name = step.get("entry", {}), step["name"]
    if not is_older(migration.old_version, migration.new_version):
        problem = f"adds {quote(name)} in {migration.new_version}, which is not later than {migration.old_version}"
        yield problem, "give the new inventory a later version"
    if "since" in entry:
        yield "entry.since is written by the migration", "leave it out"
    if step["add"] != "attribute":
        return
    default, type_, values = step.get("default"), entry.get("type"), entry.get("values")
    if default is None:
        if entry.get("required"):
            yield f"{quote(name)} is required, and has no default", "add the default that earlier labels get"
        return
    if not isinstance(entry.get("labels"), list):
        yield "entry.labels is missing", "add the list of labels that have the attribute"
    if type_ == "choice" and isinstance(values, dict) and default not in values:
        yield f"the default {quote(default)} is no value of {quote(name)}", f"use one of: {list_choices(values)}"
    if type_ == "integer" and (type(default) is not int or not 0 <= default <= LARGEST):
        yield f"the default {quote(default)} is no whole number from 0 on", "write a whole number without quotes"
    if type_ == "number" and normal_number(default) is None:
        yield f"the default {quote(default)} is not a finite number", "write a number without quotes, as in 2.5"
    is_number = isinstance(default, int | float) and type_ in ("integer", "number")
    for key, sign in (("minimum", 1), ("maximum", -1)):
        bound = entry.get(key)
        if is_number and isinstance(bound, int | float) and sign * default < sign * bound:
            yield (
                f"the default {quote(default)} is {'below' if sign > 0 else 'above'} the {key}, {bound}",
                "correct one of them",
            )
    if type_ == "text" and (not isinstance(default, str) or not default):
        yield f"the default {quote(default)} is not text", "write it in quotes"


def _make_step(entry: Mapping[str, Any], new_version: str) -> MigrationStep:
    if "add" in entry:
        what, name, own_entry = entry["add"], entry["name"], dict(entry.get("entry", {}))
        if what == "value":
            own_entry |= {key: entry[key] for key in ("shown_as", "definition") if key in entry}
        else:
            own_entry["since"] = new_version
        default = entry.get("default")
        number = normal_number(default)
        return MigrationStep(
            kind="add",
            what=what,
            names=(name,),
            to=name,
            attribute=entry.get("attribute"),
            entry=own_entry,
            default=default if number is None else number,
            after=entry.get("after"),
            reading=entry.get("reading"),
        )
    if "rename" in entry:
        names, attribute = (entry["from"],), entry.get("attribute")
        return MigrationStep(kind="rename", what=entry["rename"], names=names, to=entry["to"], attribute=attribute)
    if "merge" in entry:
        return MigrationStep(kind="merge", what="label", names=tuple(entry["merge"]), to=entry["to"])
    if "split" in entry:
        return MigrationStep(
            kind="split",
            what="label",
            names=(entry["split"],),
            to=entry["default"],
            into=entry["into"],
            exceptions=entry.get("exceptions", {}),
            anchors=entry.get("anchors", {}),
        )
    if "reword" in entry:
        name = entry["name"]
        return MigrationStep(
            kind="reword",
            what=entry["reword"],
            names=(name,),
            to=name,
            attribute=entry.get("attribute"),
            shown_as=entry["shown_as"],
        )
    return MigrationStep(kind="drop", what=entry["drop"], names=(entry["name"],), attribute=entry.get("attribute"))
