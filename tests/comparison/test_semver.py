"""Each version rule has a difference that breaks it, and the level that it requires."""

import pytest

from annotate.comparison.model import ColumnChange, InventoryChange, InventoryKind, SplitMove
from annotate.comparison.semver import LEVELS, RULES, SHARE, find_needed_version, next_version
from annotate.comparison.summary import ArticleChanges, ChangedShare, Summary
from annotate.errors import CannotRun
from tests.conftest import ROOT, annotate


def of_inventory(kind: InventoryKind, field: str = "") -> Summary:
    return Summary(inventory=[InventoryChange(kind=kind, what="label", name="Words", field=field, old="x", new="y")])


def of_column(change: ColumnChange) -> Summary:
    return Summary(columns=[change])


def of_move(old: str | None, new: str | None) -> Summary:
    return Summary(moves=[SplitMove(article="market", old=old, new=new)])


CASES: list[tuple[str, Summary, str]] = [
    ("D101", of_inventory("removed"), "the label Words was removed"),
    ("D101", of_inventory("renamed"), "the label x was renamed to y"),
    ("D102", of_inventory("narrowed", "head"), "label Words: head narrowed"),
    ("D103", of_inventory("redefined"), "the definition of the label Words changed"),
    ("D104", Summary(articles=ArticleChanges(text=["market"])), "1 text that changed: market"),
    ("D105", Summary(articles=ArticleChanges(removed=["market"])), "1 article removed: market"),
    ("D105", Summary(articles=ArticleChanges(unlabelled=["market"])), "1 article without gold labels: market"),
    ("D105", of_move("test", None), "1 article no longer in a split: market"),
    ("D106", of_move("test", "train"), "1 article moved between splits: market from test to train"),
    ("D107", of_column(ColumnChange(kind="removed", column="a.b")), "the column a.b was removed"),
    (
        "D107",
        of_column(ColumnChange(kind="retyped", column="a.b", old="int64", new="string")),
        "the column a.b is string, not int64",
    ),
    ("D107", of_inventory("retyped", "type"), "the label Words is of type y, not x"),
    ("D108", of_column(ColumnChange(kind="shifted", column="a.b")), "class ids of the column a.b shifted"),
    ("D109", of_inventory("changed", "layer"), "label Words: layer changed"),
    ("D201", Summary(articles=ArticleChanges(added=list("abcdefg"))), "7 articles added: a, b, c, d, e and 2 more"),
    (
        "D201",
        Summary(articles=ArticleChanges(labelled=["market"])),
        "1 article with gold labels for the first time: market",
    ),
    ("D201", of_move(None, "test"), "1 article in a split for the first time: market"),
    ("D202", of_inventory("added"), "the label Words was added"),
    ("D203", of_inventory("widened", "tail"), "label Words: tail widened"),
    ("D204", of_column(ColumnChange(kind="added", column="a.b")), "the column a.b was added"),
    ("D204", of_column(ColumnChange(kind="extended", column="a.b")), "the column a.b has new classes"),
    ("D205", Summary(articles=ArticleChanges(rights=["market"])), "1 article with changed rights: market"),
    (
        "D206",
        Summary(share=ChangedShare(moved=2, of=100, whole=False)),
        "2 changes to 100 test labels, 2.0% with 1% allowed in a patch",
    ),
    (
        "D206",
        Summary(share=ChangedShare(moved=1, of=0, whole=True)),
        "1 changes to 0 gold labels (there is no test split), 100.0% with 1% allowed in a patch",
    ),
    ("D301", Summary(articles=ArticleChanges(corrected=["market"])), "1 article with corrected gold labels: market"),
    ("D302", Summary(articles=ArticleChanges(metadata=["market"])), "1 article with corrected metadata: market"),
    ("D303", Summary(files={"other changed": 2}), "files differ: 2 other files changed"),
]


@pytest.mark.parametrize(("code", "summary", "message"), CASES)
def test_rule_speaks(code: str, summary: Summary, message: str) -> None:
    (rule,) = [rule for rule in RULES if rule.code == code]
    needed = find_needed_version(summary)
    assert (needed.level, [(one.code, one.message) for one in needed.reasons]) == (rule.level, [(code, message)])


def test_every_rule_has_a_case_and_is_documented() -> None:
    page = (ROOT / "docs" / "explanation" / "versioning.md").read_text()
    assert {code for code, *_ in CASES} == {rule.code for rule in RULES}
    assert [rule.code for rule in RULES] == sorted({rule.code for rule in RULES})
    assert [rule.code for rule in RULES if f"| {rule.code} | {rule.level} |" not in page or not rule.summary] == []


def test_rules_explains_the_codes_of_versions() -> None:
    shown = annotate("rules", "d206").output
    assert shown.startswith("D206 many-test-labels-changed (minor)\n\nMore than one in a hundred")


def test_corrections_of_few_test_labels_are_a_patch() -> None:
    few = Summary(
        share=ChangedShare(moved=1, of=int(1 / SHARE), whole=False), articles=ArticleChanges(corrected=["market"])
    )
    assert find_needed_version(few).level == "patch"


def test_looks_of_the_inventory_force_nothing() -> None:
    assert find_needed_version(of_inventory("presented", "hotkey")).level == "none"


def test_the_highest_level_decides_and_comes_first() -> None:
    summary = Summary(articles=ArticleChanges(corrected=["a"], added=["b"], text=["c"]), files={"text changed": 1})
    needed = find_needed_version(summary)
    assert [one.code for one in needed.reasons] == ["D104", "D201", "D301", "D303"]
    assert [one.code for one in needed.decisive_reasons] == ["D104"]


def test_no_difference_needs_no_version() -> None:
    assert find_needed_version(Summary()) == ("none", [])


@pytest.mark.parametrize(
    ("version", "after"),
    [
        ("0.1.0", ["0.1.0", "0.1.1", "0.2.0", "0.2.0"]),
        ("1.2.3", ["1.2.3", "1.2.4", "1.3.0", "2.0.0"]),
    ],
)
def test_next_version(version: str, after: list[str]) -> None:
    assert [next_version(version, level) for level in LEVELS] == after


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-rc1", "01.2.3", "", "1.2.3\n"])
def test_invalid_version_is_refused(version: str) -> None:
    with pytest.raises(CannotRun, match="is not a version"):
        next_version(version, "patch")
