"""The version that a difference asks for: the highest level of the rules that have a reason (docs/versioning.md).

What each change of a corpus means for its version: a rule a kind of change, with its level and its reasons in words.

The docstring of a rule is its documentation: what, and why.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from annotate.comparison.model import InventoryChange, InventoryKind
from annotate.comparison.summary import Summary
from annotate.errors import CannotRun

Level = Literal["major", "minor", "patch", "none"]

SHARE = 0.01
"""Above this share of test labels changed, corrections ask for a minor version: results are no longer comparable to the
per cent in which they are quoted."""

NAMED = 5
"""As many names a reason lists; more are counted."""


class VersionRule(NamedTuple):
    """A function from a summary to the reasons it finds, with the level that any of them asks for."""

    code: str
    level: Level
    name: str
    documentation: str
    reasons: Callable[[Summary], Iterable[str]]

    @property
    def summary(self) -> str:
        return self.documentation.partition("\n")[0]

    @property
    def severity(self) -> Level:
        """The level, where other rules have a severity."""
        return self.level


def _rule(code: str, level: Level) -> Callable[[Callable[[Summary], Iterator[str]]], VersionRule]:
    def made(reasons: Callable[[Summary], Iterator[str]]) -> VersionRule:
        name = reasons.__name__.replace("_", "-")
        return VersionRule(code, level, name, inspect.cleandoc(reasons.__doc__ or ""), reasons)

    return made


def _changed(summary: Summary, *kinds: InventoryKind) -> Iterator[InventoryChange]:
    return (one for one in summary.inventory if one.kind in kinds)


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    """One reason for all the names, if there are any; `what` is said of an article or a text."""
    if names:
        noun, _, verb = what.partition(" ")
        rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"{len(names)} {noun}{'s' * (len(names) > 1)} {verb}: {', '.join(names[:NAMED])}{rest}"


@_rule("D101", "major")
def name_gone(summary: Summary) -> Iterator[str]:
    """A label, attribute, value, relation, record, role or view is gone, or has another name.

    Why: a program that asks for it by its name fails, or silently finds nothing.
    """
    for one in _changed(summary, "removed"):
        yield f"the {one.what} {one.name} was removed"
    for one in _changed(summary, "renamed"):
        yield f"the {one.what} {one.old} is called {one.new} now"


@_rule("D102", "major")
def meaning_narrowed(summary: Summary) -> Iterator[str]:
    """What a label may be used for was narrowed: fewer ends, fewer labels, tighter bounds, an attribute required.

    Why: what was labelled before may not be so labelled now, and labels of the two versions cannot be pooled.
    """
    for one in _changed(summary, "narrowed"):
        yield f"{one.what} {one.name}: {one.field} narrowed"


@_rule("D103", "major")
def definition_changed(summary: Summary) -> Iterator[str]:
    """A definition has other words.

    Why: the definition is the meaning, and whether new words narrow it no program can tell; case, white space and
    punctuation alone do not count.
    """
    for one in _changed(summary, "redefined"):
        yield f"the {one.what} {one.name} is defined otherwise"


@_rule("D104", "major")
def text_changed(summary: Summary) -> Iterator[str]:
    """The text of an article changed.

    Why: offsets, and predictions made on the old text, no longer fit.
    """
    yield from _named("text with other words", summary.articles.text)


@_rule("D105", "major")
def article_gone(summary: Summary) -> Iterator[str]:
    """An article is gone, or its gold labels, or it stands in no split any more.

    Why: results over the old articles can no longer be computed.
    """
    yield from _named("article removed", summary.articles.removed)
    yield from _named("article without gold labels now", summary.articles.unlabelled)
    yield from _named("article in no split now", [one.article for one in summary.moves if one.new is None])


@_rule("D106", "major")
def article_moved(summary: Summary) -> Iterator[str]:
    """An article moved from one split to another.

    Why: what a system was trained on may now be what it is tested on.
    """
    moved = [f"{one.article} from {one.old} to {one.new}" for one in summary.moves if one.old and one.new]
    yield from _named("article moved between splits", moved)


@_rule("D107", "major")
def column_gone(summary: Summary) -> Iterator[str]:
    """A column of the dataset is gone, or has another type; also the type of an attribute.

    Why: programs that read it fail.
    """
    for one in summary.columns:
        if one.kind in ("removed", "retyped"):
            yield f"the column {one.column} " + (f"is {one.new}, not {one.old}" if one.new else "was removed")
    for change in _changed(summary, "retyped"):
        yield f"the {change.what} {change.name} is of type {change.new}, not {change.old}"


@_rule("D108", "major")
def class_id_shifted(summary: Summary) -> Iterator[str]:
    """A class id stands for another name.

    Why: a trained classifier would be read wrongly, with no error.
    """
    for one in summary.columns:
        if one.kind == "shifted":
            yield f"class ids of the column {one.column} shifted"


@_rule("D109", "major")
def table_reads_otherwise(summary: Summary) -> Iterator[str]:
    """A record, role, interval or view takes other spans or reads them in another way; a label is in another layer.

    Why: the same labels give other rows, under the same column names.
    """
    for one in _changed(summary, "changed"):
        yield f"{one.what} {one.name}: {one.field} changed"


@_rule("D201", "minor")
def article_added(summary: Summary) -> Iterator[str]:
    """There is a new article, or one has gold labels or a split that had none."""
    articles = summary.articles
    yield from _named("article added", articles.added)
    yield from _named("article with gold labels for the first time", articles.labelled)
    yield from _named(
        "article in a split for the first time", [one.article for one in summary.moves if one.old is None]
    )


@_rule("D202", "minor")
def name_added(summary: Summary) -> Iterator[str]:
    """There is a new label, attribute, value, relation, record, role or view."""
    for one in _changed(summary, "added"):
        yield f"the {one.what} {one.name} was added"


@_rule("D203", "minor")
def meaning_widened(summary: Summary) -> Iterator[str]:
    """A label may be used for more than before: more ends, more labels, looser bounds, an attribute not required."""
    for one in _changed(summary, "widened"):
        yield f"{one.what} {one.name}: {one.field} widened"


@_rule("D204", "minor")
def column_added(summary: Summary) -> Iterator[str]:
    """The dataset has a new column, or a column has new classes behind the old ones."""
    for one in summary.columns:
        if one.kind == "added":
            yield f"the column {one.column} was added"
        if one.kind == "extended":
            yield f"the column {one.column} has new classes"


@_rule("D205", "minor")
def rights_changed(summary: Summary) -> Iterator[str]:
    """What is said of the rights in an article changed.

    Why: whoever uses it must look again whether they may.
    """
    yield from _named("article with other rights", summary.articles.rights)


@_rule("D206", "minor")
def many_test_labels_changed(summary: Summary) -> Iterator[str]:
    """More than one in a hundred of the test labels was corrected.

    Why: scores on the two versions differ by more than the per cent in which they are quoted. Counted are gold spans
    and relations added, removed, moved, relabelled or retargeted, and spans with other attributes, against all spans
    and relations of the old test split; where that split has no article, of all gold.
    """
    share = summary.share
    if share.value > SHARE:
        of = "gold labels (there is no test split)" if share.whole else "test labels"
        yield f"{share.moved} changes to {share.of} {of}, {share.value:.1%} with {SHARE:.0%} allowed in a patch"


@_rule("D301", "patch")
def labels_corrected(summary: Summary) -> Iterator[str]:
    """Gold labels were corrected within the guidelines."""
    yield from _named("article with other gold labels", summary.articles.corrected)


@_rule("D302", "patch")
def metadata_corrected(summary: Summary) -> Iterator[str]:
    """Something else that is known of an article was corrected: title, date, publisher, source."""
    yield from _named("article with other metadata", summary.articles.metadata)


@_rule("D303", "patch")
def other_file_changed(summary: Summary) -> Iterator[str]:
    """Any other file changed: annotators' own labels, coverage, decisions, links, sources, the inventory's looks."""
    if summary.files:
        yield f"files differ: {summary.files_in_words}"


RULES: tuple[VersionRule, ...] = (
    name_gone,
    meaning_narrowed,
    definition_changed,
    text_changed,
    article_gone,
    article_moved,
    column_gone,
    class_id_shifted,
    table_reads_otherwise,
    article_added,
    name_added,
    meaning_widened,
    column_added,
    rights_changed,
    many_test_labels_changed,
    labels_corrected,
    metadata_corrected,
    other_file_changed,
)


LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")
"""From the lowest to the highest."""

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Reason(msgspec.Struct, frozen=True):
    """Why a level is needed: the code of a rule, its level, and what it found."""

    code: str
    level: Level
    message: str


class Needed(NamedTuple):
    """The smallest level that a difference allows, and every reason, those for the highest level first."""

    level: Level
    reasons: list[Reason]

    @property
    def forcing(self) -> list[Reason]:
        """The reasons without which a smaller version would do."""
        return [reason for reason in self.reasons if reason.level == self.level]


def version_needed(summary: Summary) -> Needed:
    """The smallest version level for a difference, with reasons."""
    found = [Reason(rule.code, rule.level, words) for rule in RULES for words in rule.reasons(summary)]
    found.sort(key=lambda reason: (-LEVELS.index(reason.level), reason.code))
    return Needed(found[0].level if found else "none", found)


def next_version(version: str, level: Level) -> str:
    """The smallest version after `version` of a level. In 0.y.z, major and minor both raise y.

    Raises CannotRun for what is no version of three numbers.
    """
    major, minor, patch = parsed(version)
    if level == "none":
        return version
    if level == "patch":
        return f"{major}.{minor}.{patch + 1}"
    return f"{major + 1}.0.0" if level == "major" and major else f"{major}.{minor + 1}.0"


def parsed(version: str) -> tuple[int, int, int]:
    """The three numbers of a version; raises CannotRun for anything else."""
    match = _VERSION.fullmatch(version)
    if not match:
        raise CannotRun(version, "is no version", "write three numbers with dots between them, as 0.2.0")
    return int(match[1]), int(match[2]), int(match[3])
