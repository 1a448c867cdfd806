"""`annotate generate` after labels were replaced: pages of former labels go, pages of new ones come."""

from pathlib import Path

import pytest

from annotate.generate import PAGE_STUB
from tests.conftest import Project, annotate, has_only_unwritten_pages


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A corpus as `annotate init` lays it out, in which one label was replaced by another."""
    assert annotate("init", "fresh", cwd=tmp_path).exit_code == 0
    path = tmp_path / "fresh/schema/labels.yaml"
    text = path.read_text("utf-8").replace("Organisation", "Party").replace("organisation.md", "party.md")
    path.write_text(text, "utf-8")
    return tmp_path / "fresh"


def test_replaced_label_has_a_way_out(fresh: Path) -> None:
    refused = annotate("generate", cwd=fresh)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert refused.output.startswith("annotate: guidelines/labels/organisation.md:3: has the table of 'Organisation'")
    assert "if you renamed it, restore its name in labels.yaml and use `annotate migrate`" in refused.output
    assert "if you removed it, run `annotate generate --fix`" in refused.output
    checked = annotate("check", cwd=fresh)
    assert checked.exit_code == 1
    for code in ("C501", "C503", "C504", "C505"):
        assert code in checked.output
    fixed = annotate("generate", "--fix", cwd=fresh)
    assert fixed.exit_code == 0, fixed.output
    assert "guidelines/labels/organisation.md: deleted\n" in fixed.output
    assert "guidelines/labels/party.md: written\n" in fixed.output
    assert (
        (fresh / "guidelines/labels/party.md")
        .read_text()
        .startswith("# Party\n\n<!-- generated: label Party -->\n\n**")
    )
    assert has_only_unwritten_pages(fresh)
    assert annotate("generate", "--check", cwd=fresh).output.endswith("generated files are fresh.\n")
    assert "Organisation" not in (fresh / "schema/classes.json").read_text("utf-8")


def test_deleted_page_is_named_and_can_be_written(fresh: Path) -> None:
    assert annotate("generate", "--fix", cwd=fresh).exit_code == 0
    (fresh / "guidelines/labels/person.md").unlink()
    named = annotate("generate", cwd=fresh)
    assert named.exit_code == 0
    assert "guidelines/labels/person.md: is missing, the page of Person; write it, or run" in named.output
    assert "C504" in annotate("check", cwd=fresh).output
    assert annotate("generate", "--fix", cwd=fresh).exit_code == 0
    assert "label Person" in (fresh / "guidelines/labels/person.md").read_text("utf-8")


def test_words_of_a_page_that_the_inventory_names_stay(fresh: Path) -> None:
    """A label that was renamed on its page keeps the page; a table in a page with others is removed with its marks."""
    labels = fresh / "schema/labels.yaml"
    labels.write_text(labels.read_text("utf-8").replace("party.md", "organisation.md"), "utf-8")
    page = fresh / "guidelines/labels/organisation.md"
    page.write_text(page.read_text("utf-8") + "\nMy words.\n", "utf-8")
    start = fresh / "guidelines/README.md"
    start.write_text(start.read_text("utf-8") + "<!-- generated: label Gone -->\n<!-- /generated -->\n", "utf-8")
    fixed = annotate("generate", "--fix", cwd=fresh)
    assert "deleted" not in fixed.output
    text = page.read_text("utf-8")
    assert "<!-- generated: label Party -->\n\n**" in text
    assert "label Organisation" not in text
    assert text.endswith("My words.\n")
    assert "Gone" not in start.read_text("utf-8")
    assert has_only_unwritten_pages(fresh)


def test_check_and_fix_exclude_each_other(fresh: Path) -> None:
    result = annotate("generate", "--check", "--fix", cwd=fresh)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)


def test_definition_without_generate_is_an_error(fresh: Path) -> None:
    assert annotate("generate", "--fix", cwd=fresh).exit_code == 0
    labels = fresh / "schema/labels.yaml"
    labels.write_text(labels.read_text("utf-8").replace("The name of a human being.", "A name."), "utf-8")
    checked = annotate("check", cwd=fresh)
    assert checked.exit_code == 1
    assert (
        "guidelines/README.md: C503 does not say what labels.yaml says (this file and guidelines/labels/person.md); "
        "run `annotate generate`" in checked.output
    )
    assert annotate("generate", cwd=fresh).exit_code == 0
    assert has_only_unwritten_pages(fresh)


def test_forgotten_generate_is_one_finding(fresh: Path) -> None:
    """Regression: one label that was added was a line each for classes.json, the pages and the missing page."""
    assert annotate("generate", "--fix", cwd=fresh).exit_code == 0
    labels = fresh / "schema/labels.yaml"
    text = labels.read_text("utf-8")
    begin = text.index("  Party:")
    end = text.index("\n\n", begin)
    added = text[begin:end].replace("Party", "Ship").replace("party.md", "ship.md")
    added = "".join(line + "\n" for line in added.splitlines() if "hotkey" not in line and "color" not in line)
    labels.write_text(f"{text[:end]}\n{added.rstrip()}{text[end:]}", "utf-8")
    lines = [line for line in annotate("check", cwd=fresh).output.splitlines() if "C506" not in line]
    assert len(lines) == 2, lines
    assert "C501 labels.yaml was changed, and `annotate generate` has not run since; run it" in lines[0]
    assert lines[0].endswith(" files: C504, C503)")
    assert "rename it with `annotate migrate`" in lines[0]
    assert "C501 × 1" in lines[1] or lines[1].startswith("`annotate rules")


def test_unreadable_page_is_a_finding(project: Project) -> None:
    project.path("guidelines").mkdir()
    project.path("guidelines/page.md").write_bytes(b"\xff\xfe")
    checked = project.annotate("check")
    assert (checked.exit_code, "guidelines/page.md: S108" in checked.output) == (1, True), checked.output


def test_page_that_lost_its_label_is_found_and_deleted_unless_written(fresh: Path) -> None:
    """Regression: after a label was dropped, its page stayed with only a heading, and nothing said so."""
    assert annotate("generate", "--fix", cwd=fresh).exit_code == 0
    empty, written = fresh / "guidelines/labels/gone.md", fresh / "guidelines/labels/kept.md"
    empty.write_text(f"# Gone\n\n{PAGE_STUB}", "utf-8")
    written.write_text("# Kept\n\nMy words.\n", "utf-8")
    checked = annotate("check", cwd=fresh).output
    problem = "C507 is the page of no label or relation, and no page links to it"
    assert f"labels/gone.md: {problem} (this file and guidelines/labels/kept.md); delete it" in checked
    assert "C506 still asks for the test to apply" in checked
    fixed = annotate("generate", "--fix", cwd=fresh)
    assert "guidelines/labels/gone.md: deleted" in fixed.output
    assert written.exists()
    (fresh / "guidelines/how-to-label.md").write_text("See [this](labels/kept.md).\n", "utf-8")
    assert "C507" not in annotate("check", cwd=fresh).output
