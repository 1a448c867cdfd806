"""`annotate diff` and `annotate apply`: output, exit codes, and what they refuse."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from annotate.comparison.compare import Comparison
from annotate.comparison.render_comment import make_comment_mark, render_comment
from annotate.comparison.sources import open_version
from annotate.model import GOLD
from tests.comparison.conftest import Pair, commit
from tests.conftest import BASE, ROOT, Project, annotate, read_files
from tests.test_faults import ANNOTATE, assert_refused, run


@pytest.fixture
def spoilt(pair: Pair) -> Pair:
    """A version with one change of each kind that people look at."""
    pair.respan("harbour", "s1", start=4)
    pair.respan("harbour", "s5", label="Words", attributes={}, note="a <b>note</b> | with *marks*")
    pair.respan("harbour", "s4", attributes={"wording": "at least", "least": 40})
    pair.new.replace("corpus/articles/market.txt", "3", "<script>alert(3)</script>")
    pair.new.replace("schema/labels.yaml", "definition: Where it lies.", "definition: Where it is put.")
    return pair


def test_text_has_counts_before_changes_and_no_colour(spoilt: Pair) -> None:
    done = annotate("diff", "old", "new", cwd=spoilt.folder)
    assert done.exit_code == 0, done.output
    shown = done.output
    assert "\x1b" not in shown
    assert shown.startswith("old → new\n")
    places = [shown.index(words) for words in ("Spans of gold", "\ninventory\n", "a major version", "\nharbour\n")]
    assert places == sorted(places)
    moved = "~ 0–18 → 4–18  Speaker s1: moved (start +4, end +0)\n"
    assert f"{moved}        - “The harbour master”\n        + “harbour master”\n" in shown
    assert "~ 24–33  Load s4: attributes changed" in shown
    assert "wording: exact; most: 40" in shown
    assert "~ label Quay: redefined" in shown
    assert "D104 major: 1 text that changed: market" in shown


@pytest.mark.parametrize("format_", ["text", "json", "md", "html", "comment"])
def test_equal_versions_are_reported_as_equal(format_: str) -> None:
    done = annotate("diff", str(BASE), str(BASE), "--format", format_, "--exit-code")
    assert done.exit_code == 0
    assert ("no change" in done.output.lower()) != (format_ == "json")
    if format_ == "json":
        assert msgspec.json.decode(done.output)["files"] == []


def test_comment_fits_and_notifies_nobody(spoilt: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt.respan("harbour", "s2", note="@octocat said so in #12")
    shown = annotate("diff", "old", "new", "--format", "md", cwd=spoilt.folder).output
    comment = annotate("diff", "old", "new", "--format", "comment", cwd=spoilt.folder).output
    mark, _, rest = comment.partition("\n")
    assert mark == make_comment_mark("corpus")
    assert "@\u2060octocat said so in \\#\u206012" in rest
    assert rest.replace("\u2060", "") == shown
    monkeypatch.chdir(spoilt.folder)
    with open_version("old") as old, open_version("new") as new:
        cut = "".join(render_comment(Comparison(old, new), mark, most=700))
    assert len(cut) < 810
    *lines, blank, last = cut.splitlines()
    assert blank == ""
    hidden = [line for line in comment.splitlines()[len(lines) :] if line.strip()]
    assert lines == comment.splitlines()[: len(lines)]
    assert last == f"… {len(hidden)} more lines; `annotate diff --format md` shows all."


def test_exit_code_option_reports_a_difference(spoilt: Pair) -> None:
    assert annotate("diff", "old", "new", "--exit-code", cwd=spoilt.folder).exit_code == 1
    assert annotate("diff", "old", "new", cwd=spoilt.folder).exit_code == 0


def test_markdown_escapes_the_text_of_the_corpus(spoilt: Pair) -> None:
    shown = annotate("diff", "old", "new", "--format", "md", cwd=spoilt.folder).output
    assert shown.startswith("## old → new\n\nA major version is needed:\n")
    assert "| Spans of gold | moved | relabelled from | relabelled to |" in shown
    assert r"a \<b\>note\</b\> \| with \*marks\*" in shown
    assert "<script>" not in shown


def test_page_is_one_file_with_escaped_text(spoilt: Pair) -> None:
    done = annotate("diff", "old", "new", "--format", "html", "--out", "page.html", cwd=spoilt.folder)
    assert done.exit_code == 0, done.output
    page = (spoilt.folder / "page.html").read_text()
    assert "&lt;script&gt;" in page
    assert not re.search(r"<script|<link|<img|<b>note|src=|https?:", page)
    assert page.count("<details") == page.count("</details>") == 3
    assert page.endswith("</body>\n</html>\n")


def test_json_has_every_change_and_the_summary(spoilt: Pair) -> None:
    found = msgspec.json.decode(annotate("diff", "old", "new", "--format", "json", cwd=spoilt.folder).output)
    assert list(found) == ["format", "old", "new", "files", "digests", "summary", "version"]
    assert found["version"]["level"] == "major"
    assert found["summary"]["spans"]["Speaker"] == {"moved": 1}
    for change in found["files"]:
        assert change["old"] != change["new"]
        for one in (*change.get("spans", ()), *change.get("edits", ())):
            assert {"old", "new"} & set(one) or len(one) == 4
    gold = next(change for change in found["files"] if change.get("version") == GOLD)
    assert gold["article"] == "harbour"


def test_diff_piped_into_apply_makes_the_new_version(repository: Project) -> None:
    repository.replace("corpus/articles/market.txt", "3", "4")
    repository.path("corpus/links.json").unlink()
    words = f"{sys.executable} -c 'from annotate.cli import main; main()'"
    pipe = f"{words} diff v1.0.0 corpus --format json | {words} apply v1.0.0 --out newer"
    done = subprocess.run(["sh", "-c", pipe], cwd=repository.root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\d+ files written to newer\n", done.stdout)
    wanted = {name: data for name, data in repository.snapshot().items() if name.split("/")[0] in ("corpus", "schema")}
    assert read_files(repository.path("newer")) == wanted


def test_apply_in_place(spoilt: Pair) -> None:
    assert annotate("diff", "old", "new", "--format", "json", "--out", "changes.json", cwd=spoilt.folder).exit_code == 0
    done = annotate("apply", "old", "changes.json", "--write", cwd=spoilt.folder)
    assert (done.exit_code, done.output) == (0, "3 files changed in old\n")
    assert "no change" in annotate("diff", "old", "new", cwd=spoilt.folder).output
    again = annotate("apply", "old", "changes.json", "--write", cwd=spoilt.folder)
    assert (again.exit_code, again.output) == (0, "0 files changed in old\n")


def test_apply_refuses_what_does_not_fit(spoilt: Pair) -> None:
    annotate("diff", "old", "new", "--format", "json", "--out", "changes.json", cwd=spoilt.folder)
    spoilt.respan("market", "s1", start=19)
    (spoilt.folder / "old" / "corpus" / "articles" / "market.txt").write_text("something else")
    done = annotate("apply", "old", "changes.json", "--out", "out", cwd=spoilt.folder)
    assert done.exit_code == 1
    assert done.output == "corpus/articles/market.txt: is not the old version of the difference\n"
    assert not (spoilt.folder / "out").exists()


@pytest.mark.parametrize("words", [("--out", "out"), ("--write",)])
def test_full_disk_is_one_line(spoilt: Pair, words: tuple[str, ...]) -> None:
    annotate("diff", "old", "new", "--format", "json", "--out", "changes.json", cwd=spoilt.folder)
    before = spoilt.new.snapshot(), sorted(path.name for path in spoilt.folder.iterdir())
    done = run([*ANNOTATE, "apply", "old", "changes.json", *words], spoilt.folder, most_bytes=10)
    assert_refused(done)
    assert (spoilt.new.snapshot(), sorted(path.name for path in spoilt.folder.iterdir())) == before
    assert annotate("apply", "old", "changes.json", "--write", cwd=spoilt.folder).exit_code == 0
    assert "no change" in annotate("diff", "old", "new", cwd=spoilt.folder).output


@pytest.mark.parametrize("words", [(), ("--out", "x", "--write")])
def test_apply_needs_exactly_one_destination(spoilt: Pair, words: tuple[str, ...]) -> None:
    assert "give one of --out DIR and --write" in annotate("apply", "old", *words, cwd=spoilt.folder).output


def test_apply_does_not_write_to_a_revision(repository: Project) -> None:
    repository.path("changes.json").write_text(
        repository.annotate("diff", "v1.0.0", "corpus", "--format", "json").output
    )
    done = repository.annotate("apply", "v1.0.0", "changes.json", "--write")
    assert (done.exit_code, done.output) == (2, "annotate: v1.0.0: is not a folder; use --out, or name a folder\n")


@pytest.mark.parametrize(
    ("file", "data", "line"),
    [
        ("corpus/annotations/gold/harbour.json", b"{", "new:corpus/annotations/gold/harbour.json: cannot be read"),
        ("corpus/annotations/anna/harbour.json", b"[]", "new:corpus/annotations/anna/harbour.json: cannot be read"),
        ("corpus/articles/harbour.json", b"7", "new:corpus/articles/harbour.json: cannot be read"),
        ("corpus/articles/harbour.txt", b"\xff", "new:corpus/articles/harbour.txt: is not UTF-8 (byte 0)"),
        ("schema/labels.yaml", b"{", "new:schema/labels.yaml: line 1"),
        ("schema/classes.json", b"{", "new:schema/classes.json: "),
    ],
)
def test_broken_file_is_one_line(pair: Pair, file: str, data: bytes, line: str) -> None:
    pair.new.path(file).write_bytes(data)
    done = annotate("diff", "old", "new", cwd=pair.folder)
    assert done.exit_code == 2
    assert done.output.startswith(f"annotate: {line}"), done.output
    assert done.output.count("\n") == 1


def test_added_article_is_in_canonical_form(pair: Pair) -> None:
    text = pair.folder / "ferry.txt"
    text.write_text("The ferry is late.\n")
    added = annotate("add", str(text), "--rights", "Mine.", cwd=pair.new.root)
    assert added.exit_code == 0, added.output
    done = annotate("diff", "old", "new", cwd=pair.folder)
    assert done.exit_code == 0, done.output
    assert "corpus/articles/ferry.json added" in done.output
    assert "canonical" not in done.output


def test_missing_class_id_is_in_the_file_of_the_version(pair: Pair) -> None:
    for version in ("old", "new"):
        assert annotate("generate", cwd=pair.folder / version).exit_code == 0
    pair.new.replace("schema/classes.json", '"Quay"', '"Pier"')
    done = annotate("diff", "old", "new", cwd=pair.folder)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert done.output.startswith("annotate: new:schema/classes.json: has no class id for "), done.output


def test_failed_comparison_writes_nothing(pair: Pair) -> None:
    pair.respan("harbour", "s1", start=4)
    pair.new.path("corpus/annotations/gold/market.json").write_bytes(b"{")
    done = annotate("diff", "old", "new", "--format", "json", "--out", "changes.json", cwd=pair.folder)
    assert done.exit_code == 2
    assert sorted(path.name for path in pair.folder.iterdir()) == ["new", "old"]


def test_new_version_is_the_corpus_folder_if_none_is_named(repository: Project) -> None:
    repository.replace("corpus/articles/market.txt", "3", "4")
    done = repository.annotate("diff", "v1.0.0")
    assert done.output.startswith("v1.0.0 → corpus\n")
    commit(repository, "second")
    assert repository.annotate("diff", "HEAD").output == "HEAD → corpus\nno change\n"


def test_rescored_predictions_are_listed_by_change(pair: Pair) -> None:
    """The old gold serves as predictions, so that they lose exactly what gold changed."""
    pair.respan("harbour", "s1", start=4)
    pair.respan("harbour", "s5", label="Words")
    pair.new.replace("corpus/articles/market.txt", "3", "4")
    predictions = str(pair.folder / "old" / "corpus" / "annotations" / GOLD)
    done = annotate("diff", "old", "new", "--rescore", predictions, "--format", "json", cwd=pair.folder)
    assert done.exit_code == 0, done.output
    assert done.stderr == "not scored: market: its text changed\n"
    found = msgspec.json.decode(done.stdout)["rescored"]
    assert (found["articles"], found["left_out"]) == (["harbour"], {"market": "its text changed"})
    through = {(one["label"], one["change"]): (one["gold"], one["exact"], one["overlap"]) for one in found["through"]}
    assert through == {
        ("Speaker", "moved"): ([1, 1], [1, 0], [1, 1]),
        ("Quay", "relabelled"): ([1, 0], [1, 0], [1, 0]),
        ("Words", "relabelled"): ([0, 1], [0, 0], [0, 0]),
    }
    scores = {(one["of"], one["name"]): one for one in found["scores"]}
    assert scores["spans (label)", "Speaker"]["exact"] == [1.0, 0.5]
    assert scores["spans (label)", "Speaker"]["overlap"] == [1.0, 1.0]
    assert ("spans (label)", "Verb") not in scores
    for format_ in ("text", "md", "html"):
        shown = annotate("diff", "old", "new", "--rescore", predictions, "--format", format_, cwd=pair.folder).stdout
        assert "Through which changes" in shown


def test_span_in_pieces_changes_with_any_of_them(pair: Pair) -> None:
    pair.respan("harbour", "s9", start=80)
    predictions = str(pair.folder / "old" / "corpus" / "annotations" / GOLD)
    done = annotate("diff", "old", "new", "--rescore", predictions, "--format", "json", cwd=pair.folder)
    (one,) = msgspec.json.decode(done.stdout)["rescored"]["through"]
    assert one == {"label": "Words", "change": "moved", "gold": [1, 1], "exact": [1, 0], "overlap": [1, 1]}


def test_predictions_of_changed_texts_are_refused(pair: Pair) -> None:
    (pair.folder / "empty").mkdir()
    done = annotate("diff", "old", "new", "--rescore", "empty", cwd=pair.folder)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    for article in ("harbour", "market"):
        path = pair.new.path(f"corpus/articles/{article}.txt")
        path.write_text(path.read_text() + "More.\n")
    done = annotate("diff", "old", "new", "--rescore", "old/corpus/annotations/gold", cwd=pair.folder)
    assert done.exit_code == 2
    assert "no article can be scored: its text changed" in done.output


def test_help_has_examples() -> None:
    for command in ("diff", "apply"):
        assert re.search(rf"^  annotate {command} ", annotate(command, "--help").output, re.MULTILINE)


def test_own_history_is_shown(tmp_path: Path) -> None:
    done = subprocess.run([*ANNOTATE, "diff", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("HEAD → corpus\n")
