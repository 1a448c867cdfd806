"""A dataset without text shows no words and is restored byte for byte; spans are realigned to other copies."""

import json
import os
import random
import shutil
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.dataset.folder import MANIFEST, read_manifest
from annotate.dataset.redact import SKELETON
from annotate.model import GOLD
from annotate.offsets import normalise, sha256
from annotate.redaction import align
from annotate.redaction import hydrate as hydrating
from annotate.redaction.align import Aligner, line_ranges
from annotate.redaction.fingerprints import Fingerprint, Fingerprinter, FoldedText
from annotate.redaction.hydrate import hydrate as rehydrate
from annotate.redaction.skeleton import (
    FORMAT,
    STRETCH,
    ArticleLine,
    ArticleSkeleton,
    Quote,
    Quotes,
    Skeleton,
    SkeletonHeader,
    fill_template,
    open_skeleton,
    restore,
)
from tests.conftest import ROOT, Project, annotate, read_files
from tests.copies import add_copies
from tests.operations import LINEAR, count_calls

TEXT = (
    "Rebels “shelled” the market, a doctor said. The mayor said it was a mine.\n"
    "“Twelve people were killed,” he said.\n"
    "\n"
    "Nobody else said a word about the bridge, which had been closed for two years before the shells fell."
)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def stretches(text: str, length: int = STRETCH) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of this repository's corpus, without text."""
    out = tmp_path_factory.mktemp("shut") / "open"
    result = annotate("build", "--without-text", "--out", str(out))
    assert result.exit_code == 0, result.output
    return out


def hydrate(shut: Path, texts: Path, out: Path, *words: str) -> Result:
    return annotate("hydrate", str(shut), "--texts", str(texts), "--out", str(out), *words)


def test_no_words_of_an_article_are_in_the_tables(shut: Path, corpus: Corpus) -> None:
    copied = set().union(*(stretches(article.text) for article in corpus.articles()))
    tables = sorted((shut / "data").rglob("*.parquet"))
    assert len(tables) >= 4
    for path in tables:
        for row in pq.read_table(path).to_pylist():
            for words in strings(row):
                assert not stretches(words) & copied, (path.parent.name, words)
    (articles,) = (shut / "data" / "articles").iterdir()
    row = pq.read_table(articles).to_pylist()[0]
    assert (row["text"], row["title"], {span["text"] for span in row["spans"]}) == (None, None, {None})
    assert all(span["end"] > span["start"] for span in row["spans"])


def test_no_words_of_an_article_are_in_its_skeleton(shut: Path, corpus: Corpus) -> None:
    skeleton = open_skeleton(shut / SKELETON)
    assert [line.id for line in skeleton.articles] == corpus.article_ids()
    for body in (line.decode() for line in skeleton.articles):
        copied = stretches(corpus.read_text(body.id))
        for words in strings([body.article, list(body.annotations.values()), body.coverage]):
            assert not stretches(words) & copied, words


def test_the_card_and_what_describes_it_show_no_words_of_an_article(shut: Path, corpus: Corpus) -> None:
    """The words of the inventory and of the data statement are an exception."""
    own = (ROOT / "schema" / "labels.yaml").read_text("utf-8") + " ".join(corpus.read_statement().values())
    for name in ("README.md", "croissant.json"):
        shown = (shut / name).read_text("utf-8")
        for article in corpus.articles():
            assert not stretches(shown, 24) & stretches(article.text, 24) - stretches(" ".join(own.split()), 24)
            assert not any(
                span.text in shown for span in corpus.read_annotation(GOLD, article.id).spans if len(span.text) > 24
            )
    assert "none can be trained on while another is tested" in (shut / "README.md").read_text("utf-8")
    assert "`annotate hydrate` puts them back" in (shut / "README.md").read_text("utf-8")


@pytest.mark.parametrize("folder", ["articles", "sources"])
def test_equal_copies_give_the_dataset_byte_for_byte(shut: Path, tmp_path: Path, folder: str) -> None:
    assert annotate("build", "--out", str(tmp_path / "full")).exit_code == 0
    result = hydrate(shut, ROOT / "corpus" / folder, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert read_files(tmp_path / "out") == read_files(tmp_path / "full")


def test_options_and_another_inventory_come_back_as_well(project: Project) -> None:
    options = ("--config", "relations", "--negatives")
    for words in (["--out", "full"], ["--without-text", "--out", "open"]):
        assert project.annotate("build", *options, *words).exit_code == 0
    result = project.annotate("hydrate", "open", "--texts", "corpus/articles", "--out", "again")
    assert result.exit_code == 0, result.output
    assert read_files(project.path("again")) == read_files(project.path("full"))
    assert project.annotate("build", "--out", "open").exit_code == 0
    assert not project.path(f"open/{SKELETON}").exists()


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "corpus" / "articles", tmp_path / "copies")
    return tmp_path / "copies"


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_bytes().decode("utf-8")
    after = change(before)
    assert after != before
    path.write_bytes(after.encode("utf-8"))


@pytest.mark.parametrize(
    "change",
    [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), lambda text: f"\n{text}\n\n"],
    ids=["byte order mark", "CRLF", "empty lines around"],
)
def test_the_way_a_file_was_saved_makes_no_difference(shut: Path, copies: Path, change: Callable[[str], str]) -> None:
    rewrite(copies / "syria-fronts.txt", change)
    result = hydrate(shut, copies, copies.parent / "out", "--format", "json")
    assert (result.exit_code, [one["outcome"] for one in json.loads(result.stdout)]) == (0, ["exact", "exact"])


@pytest.mark.parametrize(
    ("save", "read_as"),
    [
        (lambda text: text.encode("utf-16"), "read as UTF-16"),
        (lambda text: text.encode("utf-16-be"), "read as UTF-16"),
        (lambda text: text.encode("utf-32"), "read as UTF-32"),
        (lambda text: text.encode("cp1252"), "read as Windows-1252"),
        (lambda text: text.replace("\n", "\r").encode("mac_roman"), "read as Mac Roman"),
        (lambda text: " ".join(text.split()).encode(), "line ends put back"),
        (lambda text: text.replace(" ", "\r\n").encode("utf-16"), "read as UTF-16, line ends put back"),
        (lambda text: text.replace("\n", "\n\n").encode("cp1252"), "read as Windows-1252, line ends put back"),
    ],
    ids=["UTF-16", "UTF-16 without mark", "UTF-32", "Windows-1252", "Mac", "one line", "wrapped", "empty lines"],
)
def test_encoding_and_line_ends_of_a_copy_are_recognised(
    shut: Path, copies: Path, save: Callable[[str], bytes], read_as: str
) -> None:
    for path in copies.glob("*.txt"):
        path.write_bytes(save(path.read_text("utf-8")))
    result = hydrate(shut, copies, copies.parent / "out")
    assert result.exit_code == 0, result.output
    assert f"syria-fronts: exact (syria-fronts.txt, {read_as})" in result.output
    manifest = read_manifest(copies.parent / "out")
    assert manifest is not None
    assert manifest.hydration is None


def test_source_files_with_other_line_ends_are_cut_at_the_same_words(shut: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "corpus" / "sources", tmp_path / "sources")
    for path in (tmp_path / "sources").glob("*.txt"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    result = hydrate(shut, tmp_path / "sources", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.output.count(": exact (") == 2


def test_an_encoding_that_no_line_confirms_is_refused(shut: Path, copies: Path) -> None:
    """Every byte has a meaning in a single-byte encoding, so that decoding proves nothing."""
    rewrite(copies / "syria-fronts.txt", lambda text: text.replace("“", "<<").replace("”", ">>").replace("’", "'"))
    text = (copies / "syria-fronts.txt").read_text("utf-8")
    (copies / "syria-fronts.txt").write_bytes(f"{text} café".encode("cp1252", "replace"))
    result = hydrate(shut, copies, copies.parent / "out")
    assert result.exit_code == 1
    assert "syria-fronts: unknown encoding" in result.output


def test_an_altered_copy_is_said_to_be_one(shut: Path, copies: Path) -> None:
    """Nothing in the folder told that its texts are not those that were labelled."""
    rewrite(copies / "syria-fronts.txt", lambda text: text.replace("“", '"').replace("dozens of", "scores of"))
    out, report = copies.parent / "out", copies.parent / "report.json"
    result = hydrate(shut, copies, out, "--report", str(report))
    assert result.exit_code == 0, result.output
    (table,) = (out / "data" / "articles").iterdir()
    names = json.loads(pq.read_schema(table).metadata[b"huggingface"])["info"]["features"]["text_status"]["names"]
    status = {row["id"]: names[row["text_status"]] for row in pq.read_table(table).to_pylist()}
    assert status == {"raqqa-phosphorus": "as labelled", "syria-fronts": "altered copy"}
    manifest = read_manifest(out)
    assert manifest is not None
    assert manifest.hydration is not None
    assert list(manifest.hydration.altered) == ["syria-fronts"]
    altered = manifest.hydration.altered["syria-fronts"]
    assert altered.retypeset > 5
    assert altered.reworded >= 1
    assert altered.lost == 0
    card = (out / "README.md").read_text("utf-8")
    assert "**Not the published dataset:** the text of 1 of 2 articles is an altered copy" in card
    row = f"| `syria-fronts` | {altered.exact} | {altered.moved} | {altered.retypeset} | {altered.reworded} | 0 | 0 |"
    assert row in card
    assert "published '“They used phosphorus…', copy '\"They used phosphorus…'" in result.output
    assert "published unknown (" in result.output
    (article,) = [one for one in json.loads(report.read_text("utf-8")) if one["moved"]]
    ranges = [(one["start"], one["end"]) for one in article["moved"]]
    assert len(ranges) == len(set(ranges))
    assert any(len(one["uses"]) > 2 for one in article["moved"])
    assert sum(article["stretches"].values()) == len(ranges) + article["stretches"]["exact"]


def test_articles_that_are_left_out_are_named_in_card_and_manifest(shut: Path, copies: Path) -> None:
    (copies / "raqqa-phosphorus.txt").unlink()
    out = copies.parent / "out"
    assert hydrate(shut, copies, out).exit_code == 1
    manifest = read_manifest(out)
    assert manifest is not None
    assert manifest.hydration is not None
    assert manifest.hydration.left_out == {"raqqa-phosphorus": "missing"}
    assert "| `raqqa-phosphorus` | missing |" in (out / "README.md").read_text("utf-8")


def test_a_copy_on_one_line_with_an_edit_keeps_its_other_lines(shut: Path, copies: Path, corpus: Corpus) -> None:
    rewrite(copies / "syria-fronts.txt", lambda text: " ".join(text.replace("dozens of", "scores of").split()))
    result = hydrate(shut, copies, copies.parent / "out", "--format", "json")
    assert result.exit_code == 0, result.output
    article = {one["article"]: one for one in json.loads(result.stdout)}["syria-fronts"]
    assert (article["outcome"], article["has_new_lines"]) == ("realigned", True)
    assert article["stretches"].get("lost") is None
    (table,) = (copies.parent / "out" / "data" / "articles").iterdir()
    text = next(row["text"] for row in pq.read_table(table).to_pylist() if row["id"] == "syria-fronts")
    lines = [line for line in corpus.read_text("syria-fronts").splitlines() if line and "dozens of" not in line]
    assert [line for line in text.splitlines() if line in lines] == lines


def test_white_space_quotation_marks_and_an_inserted_line_are_followed(
    shut: Path, copies: Path, corpus: Corpus
) -> None:
    """Every span is placed, and reads its words as the copy has them."""
    path = copies / "syria-fronts.txt"
    rewrite(path, lambda text: "An editor's note that was not there.\n\n" + text.replace("“", '"').replace(", ", ",  "))
    report = copies.parent / "report.json"
    result = hydrate(shut, copies, copies.parent / "out", "--report", str(report))
    assert result.exit_code == 0, result.output
    found = {one["article"]: one for one in json.loads(report.read_text("utf-8"))}["syria-fronts"]
    assert (found["outcome"], found["stretches"].get("lost")) == ("realigned", None)
    assert {"moved", "changed"} <= found["stretches"].keys()
    (table,) = (copies.parent / "out" / "data" / "articles").iterdir()
    row = next(row for row in pq.read_table(table).to_pylist() if row["id"] == "syria-fronts")
    copy = path.read_text("utf-8")
    assert (row["text"], row["text_sha256"]) == (copy, sha256(copy))
    gold = corpus.read_annotation(GOLD, "syria-fronts")
    assert len(row["spans"]) == len(gold.spans)
    words = {span["id"]: span["text"] for span in row["spans"]}
    for span in row["spans"]:
        assert copy[span["start"] : span["end"]] == span["text"]
    for span in gold.spans:
        assert FoldedText(words[span.id]).text == FoldedText(span.text).text


def test_a_sentence_that_is_gone_is_reported_and_left_out(shut: Path, copies: Path, corpus: Corpus) -> None:
    gone = next(span for span in corpus.read_annotation(GOLD, "syria-fronts").spans if span.end - span.start > 60)
    rewrite(copies / "syria-fronts.txt", lambda text: text.replace(gone.text, ""))
    result = hydrate(shut, copies, copies.parent / "out")
    assert result.exit_code == 1
    assert f"lost [{gone.start}, {gone.end}) annotations/gold/syria-fronts.json {gone.id}" in result.output
    (table,) = (copies.parent / "out" / "data" / "articles").iterdir()
    row = next(row for row in pq.read_table(table).to_pylist() if row["id"] == "syria-fronts")
    assert gone.id not in {span["id"] for span in row["spans"]}
    assert gone.id not in {end for one in row["relations"] for end in (one["head_id"], one["tail_id"])}


def test_missing_wrong_and_unreadable_copies_are_named(shut: Path, copies: Path) -> None:
    (copies / "raqqa-phosphorus.txt").write_text("Quite another text.\n" * 40)
    report = hydrate(shut, copies, copies.parent / "out", "--format", "json")
    assert report.exit_code == 1
    assert {one["article"]: one["outcome"] for one in json.loads(report.stdout)} == {
        "raqqa-phosphorus": "wrong copy",
        "syria-fronts": "exact",
    }
    (copies / "raqqa-phosphorus.txt").write_bytes("Gänzlich etwas anderes. 🚢".encode()[:-1])
    (copies / "syria-fronts.txt").unlink()
    none = hydrate(shut, copies, copies.parent / "none")
    assert none.exit_code == 1
    assert "raqqa-phosphorus: unknown encoding (raqqa-phosphorus.txt: the lines of the article" in none.output
    assert "save it as UTF-8" in none.output
    assert "syria-fronts: missing" in none.output
    assert not (copies.parent / "none").exists()


def seal(folder: Path) -> None:
    """Write the hash of a skeleton that was changed into the manifest, as whoever changes both would."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["skeleton_sha256"] = sha256((folder / SKELETON).read_bytes())
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_skeleton_that_was_changed_is_refused(shut: Path, tmp_path: Path) -> None:
    """It was accepted, with whatever labels it had."""
    opened = tmp_path / "open"
    shutil.copytree(shut, opened)
    data = (opened / SKELETON).read_bytes()
    (opened / SKELETON).write_bytes(data.replace(b'"label":"Source"', b'"label":"Cue"', 1))
    result = hydrate(opened, ROOT / "corpus" / "articles", tmp_path / "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert "skeleton.jsonl: was changed: its SHA-256 is not the one in manifest.json" in result.output
    (opened / SKELETON).write_bytes(data)
    (opened / MANIFEST).unlink()
    result = hydrate(opened, ROOT / "corpus" / "articles", tmp_path / "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert "manifest.json: is missing or not the manifest of a dataset; download the dataset again" in result.output
    assert not (tmp_path / "out").exists()


def test_a_manifest_of_version_0_1_has_no_hash_of_the_skeleton(shut: Path, tmp_path: Path) -> None:
    shutil.copytree(shut, tmp_path / "open")
    manifest = json.loads((shut / MANIFEST).read_bytes())
    del manifest["skeleton_sha256"], manifest["hydration"]
    (tmp_path / "open" / MANIFEST).write_text(json.dumps(manifest))
    result = hydrate(tmp_path / "open", ROOT / "corpus" / "articles", tmp_path / "out")
    assert result.exit_code == 0, result.output


def test_path_that_is_not_a_redacted_dataset_is_one_line(shut: Path, tmp_path: Path) -> None:
    nowhere = hydrate(tmp_path, ROOT / "corpus" / "articles", tmp_path / "out")
    assert (nowhere.exit_code, nowhere.output.count("\n")) == (2, 1)
    (tmp_path / SKELETON).write_bytes((shut / SKELETON).read_bytes()[:3000])
    shutil.copy(shut / MANIFEST, tmp_path)
    seal(tmp_path)
    cut = hydrate(tmp_path, ROOT / "corpus" / "articles", tmp_path / "out")
    assert (cut.exit_code, cut.output.count("\n")) == (2, 1), cut.output
    for old, new in ((b"splits/test.txt", b"../../test.txt"), (b'{"id":"syria-fronts"', b'{"id":"../syria"')):
        (tmp_path / SKELETON).write_bytes((shut / SKELETON).read_bytes().replace(old, new, 1))
        seal(tmp_path)
        astray = hydrate(tmp_path, ROOT / "corpus" / "articles", tmp_path / "out")
        assert (astray.exit_code, "get the dataset again" in astray.output) == (2, True)
    (tmp_path / SKELETON).write_bytes((shut / SKELETON).read_bytes().replace(b'"sealed"', b'"sealed?"'))
    seal(tmp_path)
    broken = hydrate(tmp_path, ROOT / "corpus" / "articles", tmp_path / "out")
    assert (broken.exit_code, broken.output.count("\n")) == (2, 1), broken.output
    texts = hydrate(shut, tmp_path / "nowhere", tmp_path / "out")
    assert (texts.exit_code, "no such folder" in texts.output) == (2, True)


def test_a_dataset_without_text_is_not_replaced_by_what_comes_of_it(shut: Path, tmp_path: Path) -> None:
    shutil.copytree(shut, tmp_path / "shut")
    (tmp_path / "link").symlink_to("shut")
    before = read_files(tmp_path / "shut")
    for out in (tmp_path / "shut", tmp_path / "link", tmp_path / "else" / ".." / "shut"):
        refused = hydrate(tmp_path / "shut", ROOT / "corpus" / "articles", out)
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
        assert "is the dataset without text, which would be lost" in refused.output
        assert read_files(tmp_path / "shut") == before


def placed(copy: str, words: str, nth: int = 0) -> tuple[str, str]:
    """Return how a range of `TEXT` is found in a copy, and the copy's words there."""
    fingerprinter, start = Fingerprinter(TEXT, sha256(TEXT)), -1
    for _ in range(nth + 1):
        start = TEXT.index(words, start + 1)
    aligner = Aligner(copy, sha256(TEXT), [fingerprinter.fingerprint(*line) for line in line_ranges(TEXT)])
    found = aligner.align(fingerprinter.fingerprint(start, start + len(words)))
    return found.status, copy[found.start : found.end] if found.status != "lost" else ""


def test_the_same_word_elsewhere_is_not_matched() -> None:
    second = TEXT.replace("The mayor said it was a mine.", "The mayor thought it was a mine.")
    assert placed(second, "said", 1) == ("changed", "thought")
    gone = TEXT.replace(" The mayor said it was a mine.", "")
    assert placed(gone, "said", 1) == ("lost", "")
    assert placed(gone, "said", 2) == ("moved", "said")
    assert placed(TEXT.replace("“", '"').replace("”", '"'), "“shelled”") == ("changed", '"shelled"')
    assert placed(TEXT.replace("\n", " "), "Twelve people were killed") == ("exact", "Twelve people were killed")


@given(st.text(alphabet="ab \n“'\u00ad", max_size=40))
def test_a_folded_offset_leads_back(text: str) -> None:
    folded = FoldedText(text)
    for at, letter in enumerate(folded.text):
        start, end = folded.unfold_range(at, at + 1)
        assert end == start + 1
        assert folded.fold_offset(start) == at
        assert FoldedText(text[start]).text == letter


@given(st.lists(st.sampled_from(["own words ", TEXT[:20], TEXT[30:60], TEXT[5:14], "“", "\n"]), max_size=8))
def test_quotes_are_taken_out_and_put_back(parts: list[str]) -> None:
    words = "".join(parts)
    template = Quotes({"a": Fingerprinter(TEXT, sha256(TEXT))}).quote_stretches(words)
    kept = [part for part in template if isinstance(part, str)]
    assert not any(stretches(part) & stretches(TEXT) for part in kept)

    def read(quote: Quote) -> str:
        return TEXT[quote.fingerprint.start : quote.fingerprint.end]

    assert (fill_template(template, read) or "") == words


@given(st.text(alphabet="abcdefgh .\n", min_size=30, max_size=120).map(normalise), st.data())
def test_a_copy_of_the_same_text_places_everything_exactly(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    fingerprinter = Fingerprinter(text, sha256(text))
    aligner = Aligner(text, sha256(text), [fingerprinter.fingerprint(*line) for line in line_ranges(text)])
    found = aligner.align(fingerprinter.fingerprint(start, end))
    assert (found.start, found.end, found.status) == (start, end, "exact")


QUAY = '"start": 41, "end": 50, "text": "Café Quay"'
NAMES = ("date", "rights", "language", "file", "kind", "inventory", "text_sha256", "quoted", "sealed", "has")
IN_ROLES = ("annotator", "article", "title", "span_id", "through")
"""Names of text attributes; no anchor of a record can have the latter, as the table has such a column."""


def rename(project: Project, name: str, words: str) -> None:
    """Give the text attribute another name, and the one Quay some words in it."""
    project.replace("schema/labels.yaml", "  remark:\n", f"  {name}:\n")
    if name not in IN_ROLES:
        record = (
            "\n  quays:\n    definition: One row a Quay.\n    anchor: Quay\n    roles: {beside: {relation: lies_at}}\n"
        )
        project.replace("schema/labels.yaml", "head: [Load]\n    tail: [Quay]", "head: [Load, Quay]\n    tail: [Quay]")
        project.replace("schema/labels.yaml", "\nrecords:", f"\nrecords:{record}")
    for annotator in ("gold", "anna"):
        attributes = f', "attributes": {json.dumps({name: words}, ensure_ascii=False)}'
        project.replace(f"corpus/annotations/{annotator}/harbour.json", QUAY, QUAY + attributes)


def shown(folder: Path) -> Iterator[tuple[str, str]]:
    """Every string of every file of a dataset."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix != ".parquet":
            yield name, path.read_text("utf-8")
            continue
        table = pq.read_table(path)
        yield name, str(table.schema.metadata)
        for row in table.to_pylist():
            yield from ((name, words) for words in strings(row))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, "Café Quay") for name in NAMES + IN_ROLES),
        *(("date", words) for words in ("Quay", "the Café Quay, north", "40 crates lie at Café Quay 🚢 (so they say)")),
    ],
)
def test_a_text_attribute_gives_no_words_away_whatever_its_name(project: Project, name: str, words: str) -> None:
    rename(project, name, words)
    for options in (["--out", "full"], ["--without-text", "--out", "open"]):
        built = project.annotate("build", *options)
        assert built.exit_code == 0, built.output
    assert any("Café Quay" in found for _, found in shown(project.path("full")))
    for file, found in shown(project.path("open")):
        assert not any(part in found for part in ("Café", "crates lie", f'"{name}":"{words}')), (file, found)
        assert found != words, file
    result = project.annotate("hydrate", "open", "--texts", "corpus/articles", "--out", "again")
    assert result.exit_code == 0, result.output
    assert read_files(project.path("again")) == read_files(project.path("full"))


def test_an_annotators_own_words_stay_in_the_skeleton_alone(project: Project) -> None:
    rename(project, "date", "on a Sunday")
    assert project.annotate("build", "--without-text", "--out", "open").exit_code == 0
    assert {file for file, found in shown(project.path("open")) if "on a Sunday" in found} == {SKELETON}


@pytest.mark.parametrize(("words", "left"), [("Café Quay", {}), ("by Café Quay", {"date": "by …"})])
def test_an_attribute_whose_words_are_lost_is_left_out(words: str, left: dict[str, str]) -> None:
    project_text = "We lay at Café Quay."
    fingerprinter = Fingerprinter(project_text, sha256(project_text))
    template = Quotes({"a": fingerprinter}).quote_attribute(words)
    tree = {"attributes": {"date": {"quoted": template}, "least": 3}, "note": {"quoted": template[-1:]}}
    found = restore(msgspec.to_builtins(tree), lambda quote, what: None)
    assert found == {"attributes": {**left, "least": 3}, "note": "…"}


def test_a_short_stretch_of_an_attribute_is_taken_out_between_whole_words() -> None:
    quotes = Quotes({"a": Fingerprinter(TEXT, sha256(TEXT))})
    kept = [part for part in quotes.quote_attribute("or mayor, mine or not") if isinstance(part, str)]
    assert kept == ["or ", ", ", " or not"]
    assert quotes.quote_attribute("its own") == ["its own"]
    assert quotes.quote_attribute("") == []


def long_text(seed: int) -> str:
    """Some 30 KB of lines of words."""
    chance = random.Random(seed)  # noqa: S311 - made-up words
    words = ["".join(chance.choices("abcdefghijklmno", k=chance.randint(2, 9))) for _ in range(2000)]
    return "\n".join(" ".join(chance.choices(words, k=50)) for _ in range(100))


def body_of(text: str, lengths: Iterable[int]) -> ArticleSkeleton:
    """An article with a span of each length."""
    fingerprinter = Fingerprinter(text, sha256(text))
    spans = [
        {"id": f"s{number}", "sealed": ["a", fingerprinter.fingerprint(number, number + length)]}
        for number, length in enumerate(lengths)
    ]
    lines = [fingerprinter.fingerprint(*line) for line in line_ranges(text)]
    article = {"text_sha256": sha256(text), "source": {"file": "a.txt", "sha256": "", "start": 0, "end": len(text)}}
    return ArticleSkeleton(id="a", lines=lines, article=article, annotations={"gold": {"spans": spans}}, coverage=None)


def test_another_long_text_takes_little_memory(tmp_path: Path) -> None:
    """Regression: a list of hashes for each length of a span took more than 100 MB."""
    (tmp_path / "a.txt").write_text(long_text(2))
    head = SkeletonHeader(format=FORMAT, schema={}, citation=None, tables=(), negatives=False, files={})
    line = ArticleLine("a", tmp_path, msgspec.json.encode(body_of(long_text(1), range(1, 200))))
    skeleton = Skeleton(head, [line], {"links": []})
    tracemalloc.start()
    try:
        _, [report] = rehydrate(skeleton, tmp_path, tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (report.outcome, report.stretches) == ("wrong copy", {"lost": 199})
    assert peak < 25_000_000


def test_the_restored_corpus_is_not_flushed_to_disk(
    shut: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: it is removed in the end, and an fsync a file took longer than all else."""
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    restored, _ = rehydrate(open_skeleton(shut / SKELETON), ROOT / "corpus" / "articles", tmp_path / "out")
    assert flushed == []
    restored.is_temporary = False
    restored.write_article(restored.read_article("syria-fronts"))
    assert len(flushed) == 4  # two files, and their folder after each


def test_hydrating_is_linear_in_the_number_of_articles(project: Project) -> None:
    """Each copy is compared with its skeleton, counted and written once."""
    calls = list[int]()
    for number in (0, 20, 40):  # the first imports all
        add_copies(project, number)
        assert project.annotate("build", "--without-text", "--out", f"shut-{number}").exit_code == 0
        words = ("hydrate", f"shut-{number}", "--texts", "corpus/articles", "--out", f"open-{number}")
        results = list[Result]()
        calls.append(count_calls(lambda words=words, results=results: results.append(project.annotate(*words))))  # type: ignore[misc]
        assert results[0].exit_code == 0, results[0].output
    assert calls[1] < calls[2] <= LINEAR * calls[1]


def test_aligning_with_a_changed_copy_is_linear_in_its_length() -> None:
    calls = []
    for number in (100, 200):
        lines = [f"Word {index} stands at the place {index * 7} of a long text." for index in range(number)]
        changed = [line.replace("stands", "stood") if index % 20 == 3 else line for index, line in enumerate(lines)]
        text, copy = "\n".join(lines), "\n".join(changed)
        fingerprinter = Fingerprinter(text, sha256(text))
        ranges = line_ranges(text)
        prints = [fingerprinter.fingerprint(*line) for line in ranges]
        words = [fingerprinter.fingerprint(start, start + len("Word 1")) for start, _ in ranges]
        found = list[str]()

        def align(
            text: str = text,
            copy: str = copy,
            prints: list[Fingerprint] = prints,
            words: list[Fingerprint] = words,
            found: list[str] = found,
        ) -> None:
            aligner = Aligner(copy, sha256(text), prints)
            found += [aligner.align(each).status for each in words]

        calls.append(count_calls(align))
        assert set(found) <= {"exact", "moved"}
        assert len(found) == number
    assert calls[0] < calls[1] <= LINEAR * calls[0]


def test_processes_do_not_change_what_is_restored(shut: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = tmp_path / "copies"
    shutil.copytree(ROOT / "corpus" / "articles", copies)
    path = copies / "syria-fronts.txt"
    path.write_text(path.read_text("utf-8").replace(" the ", " that ", 40), "utf-8")
    results = []
    monkeypatch.setattr(hydrating, "ENOUGH", 1)
    for cores in (1, 2):
        monkeypatch.setattr(hydrating, "count_cores", lambda cores=cores: cores)
        restored, reports = rehydrate(open_skeleton(shut / SKELETON), copies, tmp_path / f"{cores}" / "corpus")
        files = sorted(path for path in restored.root.parent.rglob("*") if path.is_file())
        results.append((reports, [(path.relative_to(restored.root.parent), path.read_bytes()) for path in files]))
    assert {report.outcome for report in results[0][0]} == {"exact", "realigned"}
    assert results[0] == results[1]


def test_few_hashes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans that occur once in the copy, with other neighbours, are found with a small cache as well."""
    text = long_text(1)
    copy = "".join(f"{text[at : at + 300]}{'#' * 20}" for at in range(0, len(text), 300))
    fingerprinter = Fingerprinter(text, sha256(text))
    seals = [fingerprinter.fingerprint(at, at + 300) for at in range(0, 3000, 300)] + [
        fingerprinter.fingerprint(at, at + 40) for at in range(300, 900, 100)
    ]
    found = []
    for kept in (align.CACHED_HASHES, 100):
        monkeypatch.setattr(align, "CACHED_HASHES", kept)
        aligner = Aligner(copy, sha256(text), [fingerprinter.fingerprint(*line) for line in line_ranges(text)])
        found.append([aligner.align(fingerprint) for fingerprint in seals])
    assert found[0] == found[1]
    assert {one.status for one in found[0]} == {"exact", "moved"}


@pytest.mark.parametrize("field", ["article", "annotations", "coverage"])
@pytest.mark.parametrize("value", ["3", '"x"', "[[1]]", "[]"])
def test_skeleton_with_a_field_of_another_type_is_one_line(shut: Path, tmp_path: Path, field: str, value: str) -> None:
    """Some ended the command with a traceback."""
    shutil.copytree(shut, tmp_path / "open")
    path = tmp_path / "open" / SKELETON
    header, body, *rest = path.read_bytes().split(b"\n")
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    fields[field] = msgspec.Raw(value.encode())
    path.write_bytes(b"\n".join([header, msgspec.json.encode(fields), *rest]))
    seal(tmp_path / "open")
    result = hydrate(tmp_path / "open", ROOT / "corpus" / "articles", tmp_path / "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output


@pytest.mark.parametrize(
    "links", ["3", '"x"', "[1]", "{}", '{"links": 3}', '{"links": ["x"]}', '{"links": [{"note": 1}]}']
)
def test_skeleton_with_links_of_another_shape_is_one_line(shut: Path, tmp_path: Path, links: str) -> None:
    shutil.copytree(shut, tmp_path / "open")
    path = tmp_path / "open" / SKELETON
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:-1], links.encode(), b""]))
    seal(tmp_path / "open")
    result = hydrate(tmp_path / "open", ROOT / "corpus" / "articles", tmp_path / "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"label":"Speaker"', b'"label":"Sailor"', "has the unknown label 'Sailor'"),
        (b'"rank":"master"', b'"rank":"king"', "has the unknown value 'king' of 'rank'"),
        (b'"least":40', b'"least":"exact"', "has the unknown value 'exact' of 'least'"),
        (b'"label":"speaker"', b'"label":"teller"', "has the unknown relation 'teller'"),
    ],
)
def test_skeleton_with_what_its_inventory_lacks_is_one_line(
    project: Project, old: bytes, new: bytes, says: str
) -> None:
    assert project.annotate("build", "--without-text", "--out", "open").exit_code == 0
    path = project.path("open") / SKELETON
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    seal(project.path("open"))
    result = project.annotate("hydrate", "open", "--texts", "corpus/articles", "--out", "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert says in result.output
    assert not project.path("out").exists()
