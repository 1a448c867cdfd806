"""The changelog of the data: what is drafted stays what was written, and says what the difference counted."""

from hypothesis import given
from hypothesis import strategies as st

from annotate.changelog import DRAFT, parse_changelog
from annotate.comparison.summary import ArticleChanges, LabelCounts, Summary
from annotate.release.changelog import ContentCounts, count_changes, count_contents, draft_entry

DAY = "2026-03-01"
COUNTS = ["Articles: 2 added.", "Gold spans: 1,203 added, 4 removed."]
LINES = st.lists(
    st.sampled_from(
        ["# Changes", "", "Words.", "- One.", "## 1.0.0 (2026-01-01)", "## 0.9.0", "## 2.0.0 (not released)", DRAFT]
    ),
    max_size=12,
)


@given(LINES, st.sampled_from(["2.0.0", "1.0.0", "0.1.0"]))
def test_a_second_draft_changes_nothing_and_loses_no_line(lines: list[str], version: str) -> None:
    text = "\n".join(lines)
    once = draft_entry(text, version, DAY, COUNTS)
    assert draft_entry(once, version, DAY, COUNTS) == once
    entry = next(entry for entry in parse_changelog(once) if entry.version == version)
    assert entry.missing_counts(COUNTS) == []
    assert entry.day
    kept = [line for line in lines if line and not line.startswith("## ")]
    assert [line for line in kept if kept.count(line) > once.split("\n").count(line)] == []


def test_newest_entry_comes_first() -> None:
    text = "# Changes\n\nTold here.\n\n## 1.0.0 (2026-01-01)\n\n- First.\n"
    assert draft_entry(text, "1.1.0", DAY, COUNTS[:1]) == (
        f"# Changes\n\nTold here.\n\n## 1.1.0 (2026-03-01)\n\n{DRAFT}\n\n- Articles: 2 added.\n\n"
        "## 1.0.0 (2026-01-01)\n\n- First.\n"
    )


def test_entry_without_a_day_gets_one_and_keeps_its_words() -> None:
    text = "# Changes\n\n## 1.0.0 (not released)\n\n- First.\n"
    assert draft_entry(text, "1.0.0", DAY, []) == "# Changes\n\n## 1.0.0 (2026-03-01)\n\n- First.\n"


def test_wrapped_counts_are_found() -> None:
    (entry,) = parse_changelog("## 1.0.0\n\n- Gold spans: 1,203 added,\n  4 removed.\n- Articles: 2 added.\n")
    assert entry.missing_counts(COUNTS) == []


def test_counts_leave_out_zeros() -> None:
    summary = Summary(
        articles=ArticleChanges(added=["a", "b"]),
        spans={"Load": LabelCounts(added=1, arrived=2, moved=3), "Quay": LabelCounts(gone=1)},
        relations={},
    )
    assert count_changes(summary) == ["Articles: 2 added.", "Gold spans: 3 added, 1 removed, 3 moved."]
    in_pieces = ["Articles: 2 added.", "Pieces of gold spans: 3 added, 1 removed, 3 moved."]
    assert count_changes(summary, has_pieces=True) == in_pieces
    assert count_changes(Summary()) == []


def test_a_span_in_pieces_counts_once_as_on_the_card() -> None:
    """Regression: plan and changelog said 34 gold spans, where the card and the page said 33 (34 pieces)."""
    assert count_contents(ContentCounts(2, 33, 34, 5))[1] == "Gold spans: 33 (34 pieces)."
    assert count_contents(ContentCounts(2, 34, 34, 5))[1] == "Gold spans: 34."
