"""CoNLL files of others, and what is wrong with some."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.formats.conll import read_articles
from tests.conftest import Project
from tests.formats.conftest import codes, take_in, taken


def test_conll_of_others(project: Project, others: Path) -> None:
    """One column of tags, no offsets, an I that begins, Windows line ends."""
    rows = [
        "Anna\tB-PER",
        "Berg\tI-PER",
        "Ben\tB-PER",
        "waits\tO",
        ".\tO",
        "",
        "Old\tI-LOC",
        "Pier\tI-LOC",
        "she\tX",
        "x",
    ]
    (others / "news.conll").write_bytes("\r\n".join(rows).encode())
    result = take_in(project, "bio")
    assert result.exit_code == 1
    assert codes(result) == ["F201", "F201"]
    annotation = taken(project, "news")
    assert Corpus(project.path("new")).read_text("news") == "Anna Berg Ben waits .\nOld Pier she"
    assert [(one.label, one.text) for one in annotation.spans] == [
        ("Speaker", "Anna Berg"), ("Speaker", "Ben"), ("Quay", "Old Pier"),
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["9\t12", "a\tb", "-4\t0", "0\t3", "²\t4"])
def test_tokens_with_wrong_offsets_are_reported(project: Project, others: Path, place: str) -> None:
    lines = ["# article = one", "# columns = FORM START END speech", "Anna\t0\t4\tB-PER", f"left\t{place}\tO"]
    (others / "one.conll").write_text("\n".join(lines))
    result = take_in(project, "bio")
    assert (result.exit_code, codes(result)) == (1, ["F201"])
    assert [one.text for one in taken(project, "one").spans] == ["Anna"]


def test_conll_in_latin_1(project: Project, others: Path) -> None:
    lines = ["# article = one", *["Anna\tB-PER"] * 3000, "", "# article = two", "Café\tO"]
    (others / "one.conll").write_bytes("\n".join(lines).encode("latin-1"))
    result = take_in(project, "bio")
    assert codes(result) == ["F103"]
    finding, counts = map(json.loads, result.stdout.splitlines())
    assert finding["line"] == len(lines)
    assert counts["lines"] == {"read": 3001, "taken": 0, "left_out": 0, "reported": 3001}
    assert Corpus(project.path("new")).article_ids() == []


def imported(project: Project, name: str) -> list[tuple[str, str]]:
    return [(span.label, span.text) for span in taken(project, name).spans]


def test_empty_line_ends_a_span_of_others(project: Project, others: Path) -> None:
    """In IOB1, I begins a span, also at the beginning of a sentence."""
    (others / "list.conll").write_text("Anna\tI-PER\n\nBen\tI-PER\n\nOld\tI-LOC\nPier\tI-LOC\nPier\tB-LOC\n")
    assert take_in(project, "bio").exit_code == 0
    assert imported(project, "list") == [
        ("Speaker", "Anna"),
        ("Speaker", "Ben"),
        ("Quay", "Old Pier"),
        ("Quay", "Pier"),
    ]


def test_line_that_is_refused_does_not_join_sentences(project: Project, others: Path) -> None:
    (others / "list.conll").write_text("Anna\tI-PER\n\nx\nBen\tI-PER\n")
    assert codes(take_in(project, "bio")) == ["F201"]
    assert imported(project, "list") == [("Speaker", "Anna"), ("Speaker", "Ben")]


def test_empty_line_does_not_end_a_span_of_ours(project: Project, others: Path) -> None:
    lines = ["# article = a", "# columns = FORM START END speech", "Anna\t0\t4\tB-PER", "", "Berg\t5\t9\tI-PER"]
    (others / "a.conll").write_text("\n".join(lines))
    assert take_in(project, "bio").exit_code == 0
    assert imported(project, "a") == [("Speaker", "Anna\nBerg")]


@pytest.mark.parametrize("tags", ["B I E S O S", "B I L U O U", "B M E S O S", "I I E I O I", "B I I B O B"])
def test_schemes_of_tags(project: Project, others: Path, tags: str) -> None:
    rows = zip("abcdef", tags.split(), strict=True)
    (others / "a.bio").write_text("".join(f"{word} {tag if tag == 'O' else f'{tag}-PER'}\n" for word, tag in rows))
    assert take_in(project, "bio").exit_code == 0
    assert [text for _, text in imported(project, "a")] == ["a b c", "d", "f"]


@pytest.mark.parametrize("separator", [" ", "\t"])
def test_docstart_begins_a_document(project: Project, others: Path, separator: str) -> None:
    """As Label Studio writes it: columns that say nothing, and a marker that is no word."""
    rows = ["-DOCSTART- -X- O", "Anna -X- _ B-PER", "left -X- _ O", "", "-DOCSTART- -X- O", "", "Ben -X- _ B-PER", ""]
    (others / "News.conll").write_text("\n".join(rows).replace(" ", separator))
    result = take_in(project, "bio")
    assert (result.exit_code, codes(result)) == (0, [])
    assert {name: imported(project, name) for name in ("news", "news-2")} == {
        "news": [("Speaker", "Anna")], "news-2": [("Speaker", "Ben")],
    }  # fmt: skip
    assert Corpus(project.path("new")).read_text("news") == "Anna left"


@pytest.mark.parametrize("name", ["newdoc id", "document_id"])
def test_names_of_documents_in_comments(project: Project, others: Path, name: str) -> None:
    """As CoNLL-U and HIPE write them, the latter after a line that names the columns."""
    header = "TOKEN\tCOARSE\tFINE\n# language = en\n"
    first, second = "Anna\tB-PER\tO\nleft\tO\tO\n", "Berg\tO\tB-PER\nslept\tO\tO\n"
    (others / "news.conll").write_text(f"{header}# {name} = One-1\n{first}\n# {name} = two-2\n{second}")
    result = take_in(project, "bio")
    assert codes(result) == ["F201"]
    assert json.loads(result.stdout.splitlines()[0])["line"] == 1
    assert "names the columns; put '# ' before it" in result.output
    assert [imported(project, id_) for id_ in ("one-1", "two-2")] == [[("Speaker", "Anna")], [("Speaker", "Berg")]]
    assert Corpus(project.path("new")).read_text("one-1") == "Anna left"


def test_documents_without_names(project: Project, others: Path) -> None:
    (others / "news.conll").write_text("# newdoc\nAnna\tB-PER\n\n# newdoc\nBerg\tB-PER\n")
    assert take_in(project, "bio").exit_code == 0
    assert [imported(project, id_) for id_ in ("news", "news-2")] == [[("Speaker", "Anna")], [("Speaker", "Berg")]]


@pytest.mark.parametrize("row", ["Anna NNP PER", "Anna B-PER O", "Anna - _"])
def test_first_token_is_no_header(project: Project, others: Path, row: str) -> None:
    """A token with other values than tags in the first line, as in the lines after it, stays in the text."""
    (others / "news.conll").write_text(f"{row}\n{row.replace('Anna', 'Berg')}\n")
    result = take_in(project, "bio")
    assert "names the columns" not in result.output


def test_comments_between_numbered_tokens(project: Project, others: Path) -> None:
    """As GermEval 2014 has them: the source of each sentence, after a number sign and a tab."""
    lines = [
        "#\thttps://example.org/1\t[2010-07-04]\t",
        "1\tAnna\tB-PER\tO",
        "2\t#\tO\tO",
        "",
        "#\tx\t[2010]",
        "1\tBerg\tO\tB-PER",
    ]
    (others / "news.conll").write_text("\n".join(lines))
    result = take_in(project, "bio")
    assert result.exit_code == 0, result.output
    assert Corpus(project.path("new")).read_text("news") == "Anna #\nBerg"


def test_documents_after_an_article_id_are_numbered(project: Project, others: Path) -> None:
    rows = [
        "# article = b",
        "-DOCSTART- O",
        "Anna O",
        "-DOCSTART- O",
        "left O",
        "# article = c",
        "-DOCSTART- O",
        "Ben O",
    ]
    (others / "a.conll").write_text("\n".join(rows))
    assert take_in(project, "bio").exit_code == 0
    assert Corpus(project.path("new")).article_ids() == ["b", "b-2", "c"]


def test_column_without_tags_is_reported_unless_the_map_names_it(project: Project, others: Path) -> None:
    (others / "a.conll").write_text("Anna NNP _ B-PER\nleft VBD _ O\n")
    result = take_in(project, "bio", "--plan")
    assert codes(result) == ["F205"]
    assert "'column 2'" in result.stdout
    with project.path("map.yaml").open("a") as file:
        file.write("attributes: {column 2: null}\n")
    text = project.path("map.yaml").read_text().replace("attributes: {role", "normalizations: {role", 1)
    project.path("map.yaml").write_text(text)
    result = take_in(project, "bio")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["lines"] == {"read": 2, "taken": 1, "left_out": 1, "reported": 0}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("# O\nAnna B-PER\n# jobs\n# sent 1 O\n", "# Anna"),
        ("# O O\nAnna B-PER O\n", "# Anna"),
        ("# O\nAnna\tB-PER\n", "Anna"),
        ("#\tO\nAnna\tB-PER\n", "# Anna"),
        ("1\u00a0000 O\nAnna B-PER\n", "1\u00a0000 Anna"),
    ],
)
def test_tokens_that_look_like_comments_or_spaces(project: Project, others: Path, data: str, text: str) -> None:
    (others / "a.conll").write_text(data)
    assert take_in(project, "bio").exit_code == 0
    assert Corpus(project.path("new")).read_text("a") == text
    assert imported(project, "a") == [("Speaker", "Anna")]


@pytest.mark.parametrize("line", ["\tO", "x", "x\tO\tO", "#begin document", "#"])
def test_no_line_is_dropped_silently(project: Project, others: Path, line: str) -> None:
    (others / "a.conll").write_text(f"Anna\tB-PER\n{line}\nleft\tO\n")
    result = take_in(project, "bio")
    assert (result.exit_code, codes(result)) == (1, ["F201"])
    assert imported(project, "a") == [("Speaker", "Anna")]


def test_offset_far_away_is_reported(project: Project, others: Path) -> None:
    (others / "a.conll").write_text(
        "# columns = FORM START END x\nAnna\t0\t4\tB-PER\nleft\t99999999999\t100000000003\tO\n"
    )
    assert codes(take_in(project, "bio")) == ["F201"]


def test_numbers_of_tokens_are_no_tokens(project: Project, others: Path) -> None:
    (others / "a.conll").write_text("1\tAnna\tB-PER\tO\n2\tleft\tO\tO\n\n1\tBen\tB-PER\tO\n")
    (others / "b.conll").write_text("1 O\n2 O\nAnna B-PER\n")
    assert take_in(project, "bio").exit_code == 0
    assert Corpus(project.path("new")).read_text("a") == "Anna left\nBen"
    assert imported(project, "a") == [("Speaker", "Anna"), ("Speaker", "Ben")]
    assert Corpus(project.path("new")).read_text("b") == "1 2 Anna"


FIELDS = st.sampled_from(
    ["Anna", "#", "1", "2", "O", "B-A", "I-A", "_", "-X-", "NNP", "", "\u00a0", "-DOCSTART-x", "9"]
)
SEPARATORS = st.sampled_from([" ", "\t", "  "])


@given(st.lists(st.builds(lambda separator, fields: separator.join(fields), SEPARATORS, st.lists(FIELDS, max_size=4))))
def test_each_line_is_a_token_or_a_problem_or_a_comment(lines: list[str]) -> None:
    articles = list(read_articles(lines, "a"))
    accounted = {row.line for article in articles for row in article.rows}
    accounted |= {problem.line or 0 for article in articles for problem in article.problems}
    assert len(accounted) == sum(len(article.rows) + len(article.problems) for article in articles)
    assert len({len(row.tags) for article in articles for row in article.rows}) <= 1
    full = {number for number, line in enumerate(lines, 1) if line.strip(" \t") and not line.startswith("# ")}
    assert full <= accounted


def test_import_and_score_read_the_same(project: Project, others: Path) -> None:
    """Predictions on a file that was imported are scored from that same file."""
    rows = ["-DOCSTART- -X- O", "# NN O", "Anna NN I-Speaker", "", "Ben NN S-Speaker", "-DOCSTART- -X- O", "x NN O"]
    (others / "Train.conll").write_text("\n".join(rows))
    project.path("map.yaml").write_text("spans: {Speaker: {label: Speaker}}\nattributes: {column 2: null}\n")
    assert take_in(project, "bio").exit_code == 0
    result = project.annotate(
        "score", "new/annotations/anna", "others/Train.conll", "--corpus", "new", "--format", "json"
    )
    assert result.exit_code == 0, result.output
    scores = json.loads(result.stdout)
    assert (scores["articles"], scores["unpredicted"]) == (["train", "train-2"], [])
    (row,) = [row for row in scores["labels"] if row["name"] == "Speaker"]
    assert (row["gold"], row["predicted"], row["exact"]["f1"]["value"]) == (2, 2, 1)
