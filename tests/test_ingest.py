"""Adding articles: `annotate init` and `annotate add`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from annotate.corpus import Corpus
from annotate.ingest import ArticleRejected, Cut, Details, cut_articles, make_article_id, make_source_name
from annotate.model import Article, is_article_id
from annotate.offsets import normalise, sha256
from tests.conftest import Project, annotate, has_only_unwritten_pages
from tests.strategies import texts


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A corpus as `annotate init` lays it out."""
    assert annotate("init", "fresh", cwd=tmp_path).exit_code == 0
    return tmp_path / "fresh"


def test_init_is_ready_for_check_and_fresh(fresh: Path) -> None:
    assert has_only_unwritten_pages(fresh)
    assert annotate("generate", "--check", cwd=fresh).exit_code == 0
    assert (fresh / "guidelines" / "labels" / "person.md").read_text().count("| **form**") == 1


def test_init_touches_no_folder_in_use(fresh: Path) -> None:
    before = sorted(fresh.rglob("*"))
    result = annotate("init", str(fresh))
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "exists and is not empty" in result.output
    assert sorted(fresh.rglob("*")) == before


def test_add_then_check(fresh: Path) -> None:
    (fresh / "Señor 1.txt").write_bytes("\ufeffCrème\r\nbru\u0302le\u0301e\r\n".encode())
    assert annotate("add", "Señor 1.txt", cwd=fresh).exit_code == 0
    assert has_only_unwritten_pages(fresh)
    article = Corpus(fresh / "corpus").read_article("senor-1")
    assert article.text == "Crème\nbrûlée"
    source = (fresh / "corpus" / "sources" / "Señor 1.txt").read_bytes()
    assert source == (fresh / "Señor 1.txt").read_bytes()
    assert normalise(source.decode()[article.source.start : article.source.end]) == article.text


def test_articles_are_in_the_language_of_the_inventory_and_add_says_so(fresh: Path) -> None:
    """They were in "en" without a word."""
    inventory = fresh / "schema" / "labels.yaml"
    inventory.write_text(inventory.read_text().replace("language: en", "language: ja"))
    for name in ("a", "b", "c", "d"):
        (fresh / f"{name}.txt").write_text(f"Text {name}.")
    (fresh / "full.csv").write_text("id,language\nc,th\n")
    (fresh / "part.csv").write_text("id,language\nd,\n")
    said = "Language of the articles for which none is given: ja, that of labels.yaml; --language names another\n"
    assert annotate("add", "a.txt", cwd=fresh).stderr == said
    assert annotate("add", "a.txt", cwd=fresh).stderr == "Nothing was added: everything was in the corpus already.\n"
    assert annotate("add", "b.txt", "--language", "pt-BR", cwd=fresh).stderr == ""
    assert annotate("add", "c.txt", "--table", "full.csv", cwd=fresh).stderr == ""
    assert annotate("add", "d.txt", "--table", "part.csv", cwd=fresh).stderr == said
    corpus = Corpus(fresh / "corpus")
    assert {article.id: article.language for article in corpus.articles()} == {
        "a": "ja", "b": "pt-BR", "c": "th", "d": "ja"
    }  # fmt: skip
    inventory.unlink()
    (fresh / "e.txt").write_text("Text e.")
    assert "none is given: en, since there is no labels.yaml; " in annotate("add", "e.txt", cwd=fresh).stderr


def test_the_code_of_a_country_is_no_language(fresh: Path) -> None:
    (fresh / "new.txt").write_text("New.")
    for code in ("jp", "cn", "ua", "xx", "jp-JP", "EN"):
        result = annotate("add", "new.txt", "--language", code, cwd=fresh)
        assert result.exit_code == 1
        assert (
            f"can have no such language: '{code}' does not fit; write the code of a language, not of a country (ja "
            in (result.stderr)
        )
    (fresh / "table.csv").write_text("id,language\nnew,jp\n")
    result = annotate("add", "new.txt", "--table", "table.csv", cwd=fresh)
    assert (result.exit_code, result.stderr.count("table.csv:2: language: 'jp' does not fit; write the")) == (2, 1)
    inventory = fresh / "schema" / "labels.yaml"
    inventory.write_text(inventory.read_text().replace("language: en", "language: jp"))
    result = annotate("add", "new.txt", cwd=fresh)
    assert (result.exit_code, result.stderr.count("language: 'jp' does not fit; write the code")) == (2, 1)
    assert not list(Corpus(fresh / "corpus").article_ids())


def test_add_cuts_several_articles_and_records_the_rest(fresh: Path) -> None:
    (fresh / "page.txt").write_text("First one.\n***\nSecond one.\n")
    cuts = ("--cut", "one=0:10", "--cut", "two=15:27")
    silent = annotate("add", "page.txt", *cuts, cwd=fresh)
    assert (silent.exit_code, silent.output) == (
        1,
        "page.txt: [10, 15) is in no article; say why with --omitted\n",
    )
    assert annotate("add", "page.txt", *cuts, "--omitted", "a line of stars", cwd=fresh).exit_code == 0
    assert has_only_unwritten_pages(fresh)
    record = json.loads((fresh / "corpus" / "sources" / "page.txt.json").read_text())
    assert record["omitted"] == [
        {"start": 10, "end": 15, "reason": "a line of stars"},
        {"start": 26, "end": 27, "reason": "white space around the article"},
    ]


@pytest.mark.parametrize(
    ("words", "data", "code", "message"),
    [
        (["new.txt", "--id", "harbour"], b"New.", 1, "an article with the id 'harbour' is in the corpus already"),
        (["port.txt"], b"New.", 1, "a source file called port.txt is in the corpus already"),
        (
            ["new.txt"],
            b"The market opens.\r\nTwo to 3 carts came.",
            1,
            "its text is in the corpus already, as 'market'",
        ),
        (["new.txt"], b"caf\xe9", 1, "is not UTF-8 at byte 3"),
        (["new.txt"], b"a\0b", 1, "holds a NUL character"),
        (["new.txt"], b" \n\t", 1, "holds no words"),
        (["new.txt"], b"", 1, "new.txt: holds no words; there is nothing to label"),
        (["new.txt", "--id", ""], b"New.", 1, "'' can be no id"),
        (["new.txt", "--id", "", "--cut", "x=0:4"], b"New.", 2, "go with one file, and not together"),
        (["new.txt", "--id", "x" * 101], b"New.", 1, "can be no id; use lower-case letters"),
        (["new.txt", "--id", "x" * 300], b"New.", 1, "hyphens and underscores, 100 at most"),
        (
            ["new.txt", "--date", "yesterday"],
            b"New.",
            1,
            "new.txt: can have no such date: 'yesterday' does not fit; write a year",
        ),
        (["new.txt", "--language", "klingon_xx"], b"New.", 1, "can have no such language: 'klingon_xx'"),
        *(
            (["new.txt", f"--{name}", ""], b"New.", 1, f"can have no such {name}: is empty; fill it in")
            for name in ("title", "author", "publisher", "rights", "boundaries")
        ),
        (
            ["new.txt", "--cut", "x=1:4", "--omitted", ""],
            b"New.",
            1,
            "can have no such omitted[0].reason: is empty; fill it in",
        ),
        (["new.txt", "--title", "\udcff"], b"New.", 1, r"can have no '\udcff', which is not UTF-8; give another"),
        (["\udcff.txt"], b"New.", 1, "has a name that is not UTF-8; rename the file"),
        (["ü" * 120 + ".txt"], b"New.", 1, "has a name of 244 bytes, and 235 is the most; rename the file"),
        (["a\\b.txt"], b"New.", 1, "has a name with a backslash"),
        (["new.json"], b"New.", 1, "is named as the records of sources are"),
        ([".new.txt"], b"New.", 1, ".new.txt: has a name that begins with a dot"),
        (["new.txt", "--id", "../x"], b"New.", 1, "'../x' can be no id"),
        (["new.txt", "--id", "/etc/x"], b"New.", 1, "'/etc/x' can be no id"),
        (["new.txt", "--id", "a\0b"], b"New.", 1, "can be no id"),
        (["new.txt", "--cut", "x=2:99"], b"New.", 1, "[2, 99) lies outside its 4 characters"),
        (["new.txt", "--cut", "x=0:3", "--cut", "y=2:4"], b"New.", 1, "two articles overlap at 2"),
        (["gone.txt"], b"New.", 2, "annotate: gone.txt: no such file or directory"),
        (["new.txt", "--corpus", "gone"], b"New.", 2, "annotate: gone: no such folder"),
        (["new.txt", "--cut", "x=1"], b"New.", 2, "--cut 'x=1' is not ID=START:END"),
    ],
)
def test_refused_with_one_line_and_nothing_written(
    project: Project, words: list[str], data: bytes, code: int, message: str
) -> None:
    for file in {"port.txt", words[0]} - {"gone.txt"}:
        project.path(file).write_bytes(data)
    before = project.snapshot()
    result = project.annotate("add", *words)
    assert result.exit_code == code
    assert message in result.output
    assert "Traceback" not in result.output
    assert project.snapshot() == before


def test_the_longest_name_and_id_are_taken_and_pass(project: Project) -> None:
    name = "x" * 231 + ".txt"
    project.path(name).write_text("New.")
    project.path("second.txt").write_text("Second.")
    assert project.annotate("add", name, "second.txt").exit_code == 0
    assert max(map(len, project.corpus.article_ids())) == 100
    found = json.loads(project.annotate("check", "--format", "json").output)
    assert {entry["code"] for entry in found} <= {"C102", "C108"}


def test_a_failed_write_leaves_none_of_several_files(project: Project) -> None:
    for file in ("a.txt", "b.txt"):
        project.path(file).write_text(f"Fine, {file}.")
    articles = project.path("corpus/articles")
    articles.rename(project.path("elsewhere"))
    articles.write_text("")
    before = project.snapshot()
    result = project.annotate("add", "a.txt", "b.txt")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert project.snapshot() == before


@pytest.mark.parametrize("left", ["sources/new.txt", "sources/new.txt.json", "link"])
def test_a_source_file_without_its_other_half_is_not_written_over(project: Project, left: str) -> None:
    project.path("new.txt").write_text("New.")
    if left == "link":
        project.path("corpus/sources/new.txt").symlink_to("gone")
    else:
        project.path(f"corpus/{left}").write_text("Another.")
    before = project.snapshot()
    result = project.annotate("add", "new.txt", "--id", "other")
    assert result.exit_code == 1
    assert "a source file called new.txt is in the corpus already; rename the new one" in result.output
    assert project.snapshot() == before


def test_one_bad_file_of_many_keeps_all_out(project: Project) -> None:
    project.path("a.txt").write_text("Fine.")
    project.path("b.txt").write_bytes(b"\xff")
    before = project.snapshot()
    assert project.annotate("add", "a.txt", "b.txt").exit_code == 1
    assert project.annotate("add", "a.txt", "a.txt").exit_code == 1
    assert project.snapshot() == before


@given(texts)
def test_every_character_is_in_the_article_or_accounted_for(text: str) -> None:
    try:
        intake = cut_articles("a.txt", text.encode(), [], Details(), "One file, one article.")
    except ArticleRejected:
        assert not text.strip() or "\0" in text
        return
    ranges = [(article.source.start, article.source.end) for article in intake.articles]
    ranges += [(entry.start, entry.end) for entry in intake.source.omitted]
    at = 0
    for start, end in sorted(ranges):
        assert start == at
        at = end
    assert at == len(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("000_C43", "000-c43"),
        ("Über uns!", "uber-uns"),
        ("U\u0308ber uns", "uber-uns"),
        ("--", "text-d8156bae"),
        ("", "text-e3b0c442"),
        ("報道 3", "3-d5fc0940"),
        ("報道", "text-2c883f40"),
        ("Straße", "strae-58a3778c"),
        ("x" * 101, f"{'x' * 91}-c675a2e6"),
        ("\udcff", "text-8f1d0f9c"),
    ],
)
def test_id_from(name: str, expected: str) -> None:
    assert make_article_id(name) == expected


@pytest.mark.parametrize(
    ("name", "ending", "expected"),
    [
        ("Über uns", ".txt", "Über uns.txt"),
        ("deep/報道", ".utf8", "deep-報道.utf8"),
        ("a\\b", "", "a-b"),
        ("a\u202eb\nc", ".txt", "abc.txt"),
        ("..a", ".json", "a.json.txt"),
        ("\udcff", ".txt", "text-8f1d0f9c.txt"),
        ("報" * 100, ".txt", f"{'報' * 74}-{sha256(('報' * 100).encode())[:8]}.txt"),
    ],
)
def test_name_of_a_source(name: str, ending: str, expected: str) -> None:
    assert make_source_name(name, ending) == expected
    assert (
        cut_articles(expected, b"Anna", [Cut("a", 0, 4)], Details(), "One file, one article.").source.file == expected
    )


def test_names_in_other_scripts_and_long_names_have_ids_of_their_own() -> None:
    names = ["報道", "報知", "Новости", "Новость", "خبر", *(f"{'long ' * 30}{number}" for number in range(3))]
    ids = [make_article_id(name) for name in names]
    assert len(set(ids)) == len(names)
    assert all(map(is_article_id, ids)), ids


def test_the_corpus_is_read_once_however_many_files_are_added(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, articles = [], Corpus.articles

    def counted(self: Corpus) -> Iterator[Article]:
        reads.append(self)
        return articles(self)

    monkeypatch.setattr(Corpus, "articles", counted)
    for number in range(5):
        project.path(f"new-{number}.txt").write_text(f"Cart {number} was at the quay.\n")
    result = project.annotate("add", *(f"new-{number}.txt" for number in range(5)))
    assert (result.exit_code, len(reads)) == (0, 1), result.output
