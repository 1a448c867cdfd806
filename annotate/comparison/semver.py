"""Find the version number that a difference needs: the highest level of the rules that find a reason.

A rule maps one kind of change to a level, with its reasons in words. The docstring of a rule is its documentation: what
it finds, and why that matters (docs/explanation/versioning.md).
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
"""Share of changed test labels above which corrections need a minor version: results are quoted to the per cent, and
would no longer be comparable to that precision."""

MAX_NAMES = 5
"""Number of names that a reason lists. The others are only counted."""


class VersionRule(NamedTuple):
    """A function that lists reasons found in a summary, with the level that any of them needs."""

    code: str
    level: Level
    name: str
    documentation: str
    reasons: Callable[[Summary], Iterable[str]]

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.documentation.partition("\n")[0]

    @property
    def severity(self) -> Level:
        """The level. Other rules have a severity in its place."""
        return self.level


def _rule(code: str, level: Level) -> Callable[[Callable[[Summary], Iterator[str]]], VersionRule]:
    def make_rule(reasons: Callable[[Summary], Iterator[str]]) -> VersionRule:
        name = reasons.__name__.replace("_", "-")
        return VersionRule(code, level, name, inspect.cleandoc(reasons.__doc__ or ""), reasons)

    return make_rule


def _select_inventory(summary: Summary, *kinds: InventoryKind) -> Iterator[InventoryChange]:
    return (change for change in summary.inventory if change.kind in kinds)


def _list_names(what: str, names: Sequence[str]) -> Iterator[str]:
    """Yield one reason for all the names, if there are any. `what` begins with the singular of a noun."""
    if names:
        noun, _, rest_of_phrase = what.partition(" ")
        more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
        yield f"{len(names)} {noun}{'s' * (len(names) > 1)} {rest_of_phrase}: {', '.join(names[:MAX_NAMES])}{more}"


@_rule("D101", "major")
def name_gone(summary: Summary) -> Iterator[str]:
    """A label, attribute, value, relation, record, role or view was removed or renamed.

    Why: a program that uses the old name fails, or silently finds nothing.
    """
    for change in _select_inventory(summary, "removed"):
        yield f"the {change.what} {change.name} was removed"
    for change in _select_inventory(summary, "renamed"):
        yield f"the {change.what} {change.old} was renamed to {change.new}"


@_rule("D102", "major")
def meaning_narrowed(summary: Summary) -> Iterator[str]:
    """A label may be used for less: fewer ends or labels, tighter bounds (also of numbers), a newly required attribute.

    A relation that only refers from now on narrows, too: it no longer gives a label the relation that it needs. So does
    a label without `alone`, which then needs one.

    Why: earlier labels may no longer be allowed, and the labels of the two versions cannot be pooled.
    """
    for change in _select_inventory(summary, "narrowed"):
        yield f"{change.what} {change.name}: {change.field} narrowed"


@_rule("D103", "major")
def definition_changed(summary: Summary) -> Iterator[str]:
    """The words of a definition changed.

    Why: the definition is the meaning, and no program can tell whether new words narrow it. Case, white space and
    punctuation alone do not count.
    """
    for change in _select_inventory(summary, "redefined"):
        yield f"the definition of the {change.what} {change.name} changed"


@_rule("D104", "major")
def text_changed(summary: Summary) -> Iterator[str]:
    """The text of an article changed.

    Why: offsets, and predictions made on the old text, no longer match.
    """
    yield from _list_names("text that changed", summary.articles.text)


@_rule("D105", "major")
def article_gone(summary: Summary) -> Iterator[str]:
    """An article was removed, lost its gold labels, or is no longer in any split.

    Why: results over the old articles can no longer be computed.
    """
    yield from _list_names("article removed", summary.articles.removed)
    yield from _list_names("article without gold labels", summary.articles.unlabelled)
    yield from _list_names("article no longer in a split", [move.article for move in summary.moves if move.new is None])


@_rule("D106", "major")
def article_moved(summary: Summary) -> Iterator[str]:
    """An article moved from one split to another.

    Why: an article that a system was trained on may now be one that it is tested on.
    """
    moves = [f"{move.article} from {move.old} to {move.new}" for move in summary.moves if move.old and move.new]
    yield from _list_names("article moved between splits", moves)


@_rule("D107", "major")
def column_gone(summary: Summary) -> Iterator[str]:
    """A column of the dataset was removed, or the type of a column or an attribute changed.

    Why: programs that read it fail.
    """
    for column in summary.columns:
        if column.kind in ("removed", "retyped"):
            yield f"the column {column.column} {f'is {column.new}, not {column.old}' if column.new else 'was removed'}"
    for change in _select_inventory(summary, "retyped"):
        yield f"the {change.what} {change.name} is of type {change.new}, not {change.old}"


@_rule("D108", "major")
def class_id_shifted(summary: Summary) -> Iterator[str]:
    """A class id means another name.

    Why: the output of a trained classifier would be misread, without an error.
    """
    for column in summary.columns:
        if column.kind == "shifted":
            yield f"class ids of the column {column.column} shifted"


@_rule("D109", "major")
def table_reads_otherwise(summary: Summary) -> Iterator[str]:
    """A record, role, interval or view takes other spans or reads them differently, or a label is in another layer.

    Another condition, with more values or fewer, takes other spans.

    Why: the same labels give other rows under the same column names.
    """
    for change in _select_inventory(summary, "changed"):
        yield f"{change.what} {change.name}: {change.field} changed"


@_rule("D201", "minor")
def article_added(summary: Summary) -> Iterator[str]:
    """An article was added, or has gold labels or a split for the first time."""
    articles = summary.articles
    yield from _list_names("article added", articles.added)
    yield from _list_names("article with gold labels for the first time", articles.labelled)
    yield from _list_names(
        "article in a split for the first time", [move.article for move in summary.moves if move.old is None]
    )


@_rule("D202", "minor")
def name_added(summary: Summary) -> Iterator[str]:
    """A label, attribute, value, relation, record, role or view was added.

    Why: programs that do not know it still work. A required attribute counts as any other: what it is required for has
    a value of it, and is otherwise unchanged.
    """
    for change in _select_inventory(summary, "added"):
        is_required = change.what == "attribute" and isinstance(change.new, dict) and change.new.get("required")
        required = f", which each {' and '.join(change.new['labels'])} must have" if is_required else ""
        yield f"the {change.what} {change.name} was added{required}"


@_rule("D203", "minor")
def meaning_widened(summary: Summary) -> Iterator[str]:
    """A label may be used for more than before: more ends, more labels, looser bounds, an attribute not required."""
    for change in _select_inventory(summary, "widened"):
        yield f"{change.what} {change.name}: {change.field} widened"


@_rule("D204", "minor")
def column_added(summary: Summary) -> Iterator[str]:
    """The dataset has a new column, or a column has new classes after the old ones."""
    for column in summary.columns:
        if column.kind == "added":
            yield f"the column {column.column} was added"
        if column.kind == "extended":
            yield f"the column {column.column} has new classes"


@_rule("D205", "minor")
def rights_changed(summary: Summary) -> Iterator[str]:
    """The statement of the rights in an article changed.

    Why: everyone who uses the article must check again whether they may.
    """
    yield from _list_names("article with changed rights", summary.articles.rights)


@_rule("D206", "minor")
def many_test_labels_changed(summary: Summary) -> Iterator[str]:
    """More than one in a hundred of the test labels was corrected.

    Why: scores on the two versions differ by more than the per cent to which they are quoted. The rule counts gold
    spans and relations that were added, removed, moved, relabelled or retargeted, and spans with other attributes. The
    total is all spans and relations of the old test split, or of all gold where that split has no article.
    """
    share = summary.share
    if share.value > SHARE:
        of = "gold labels (there is no test split)" if share.whole else "test labels"
        yield f"{share.moved} changes to {share.of} {of}, {share.value:.1%} with {SHARE:.0%} allowed in a patch"


@_rule("D301", "patch")
def labels_corrected(summary: Summary) -> Iterator[str]:
    """Gold labels were corrected within the guidelines."""
    yield from _list_names("article with corrected gold labels", summary.articles.corrected)


@_rule("D302", "patch")
def metadata_corrected(summary: Summary) -> Iterator[str]:
    """The metadata of an article were corrected: title, date, publisher, source."""
    yield from _list_names("article with corrected metadata", summary.articles.metadata)


@_rule("D303", "patch")
def other_file_changed(summary: Summary) -> Iterator[str]:
    """Another file changed: annotators' own labels, coverage, decisions, links, sources, presentation.

    A release counts guidelines, licences and CITATION.cff, too, which its archive has.
    """
    if summary.files:
        yield f"files differ: {summary.file_counts}"


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
"""The levels, lowest first."""

_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")


class Reason(msgspec.Struct, frozen=True):
    """The reason why a level is needed: the code of a rule, its level, and what it found."""

    code: str
    level: Level
    message: str


class NeededVersion(NamedTuple):
    """The smallest level that a difference allows, and all reasons, those for the highest level first."""

    level: Level
    reasons: list[Reason]

    @property
    def decisive_reasons(self) -> list[Reason]:
        """The reasons without which a smaller version would be enough."""
        return [reason for reason in self.reasons if reason.level == self.level]


def find_needed_version(summary: Summary) -> NeededVersion:
    """Find the smallest version level that a difference allows, with reasons.

    Args:
        summary: The sum of the difference.
    """
    reasons = [Reason(rule.code, rule.level, message) for rule in RULES for message in rule.reasons(summary)]
    reasons.sort(key=lambda reason: (-LEVELS.index(reason.level), reason.code))
    return NeededVersion(reasons[0].level if reasons else "none", reasons)


def next_version(version: str, level: Level) -> str:
    """Return the smallest version of a level after a version. In 0.y.z, major and minor both raise y.

    Args:
        version: Three numbers with dots between them.
        level: The level to raise; "none" returns the version itself.

    Raises:
        CannotRun: `version` is not three numbers.
    """
    major, minor, patch = parse_version(version)
    if level == "none":
        return version
    if level == "patch":
        return f"{major}.{minor}.{patch + 1}"
    return f"{major + 1}.0.0" if level == "major" and major else f"{major}.{minor + 1}.0"


def parse_version(version: str) -> tuple[int, int, int]:
    """Return the three numbers of a version.

    Raises:
        CannotRun: `version` is not three numbers.
    """
    match = _VERSION.fullmatch(version)
    if not match:
        raise CannotRun(version, "is not a version", "write three numbers with dots between them, as in 0.2.0")
    return int(match[1]), int(match[2]), int(match[3])
