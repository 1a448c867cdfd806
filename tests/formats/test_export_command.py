"""`annotate export`: the files, the ledger, the certificate, and what is refused."""

import json
from pathlib import Path

import pytest

from annotate.corpus import Corpus
from annotate.formats import FORMATS, conll
from annotate.formats.document import LabelledArticle
from annotate.inventory import Inventory
from tests.conftest import Project
from tests.formats.conftest import give
from tests.formats.test_round_trip import LOST

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("format_", ["brat", "bio", "jsonl", "xmi"])
def test_files_are_the_golden_ones(project: Project, format_: str) -> None:
    assert project.annotate("export", "--format", format_, "--out", "out").exit_code == 0
    written = {path.name: path.read_text("utf-8") for path in project.path("out").iterdir()}
    golden = {path.name: path.read_text("utf-8") for path in (GOLDEN / format_).iterdir()}
    assert written == golden


@pytest.mark.parametrize("format_", FORMATS)
def test_export_comes_back_through_import(project: Project, format_: str) -> None:
    """Into a corpus of its own: the same texts, spans and relations, as far as the format goes."""
    assert project.annotate("export", "--format", format_, "--annotator", "anna", "--out", "out").exit_code == 0
    other = project.path("other")
    other.mkdir()
    (other / "annotators.yaml").write_bytes(project.path("corpus/annotators.yaml").read_bytes())
    words = ["import", "out", "--format", format_, "--annotator", "anna", "--corpus", "other"]
    result = project.annotate(*words)
    assert result.exit_code == 0, result.output
    for name in ("harbour", "market"):
        was = project.corpus.read_annotation("anna", name)
        now = Corpus(other).read_annotation("anna", name)
        assert now.text_sha256 == was.text_sha256
        assert {(span.label, span.start, span.end) for span in now.spans} == {
            (span.label, span.start, span.end) for span in was.spans
        }
        if format_ in LOST:
            assert (now.spans, set(now.relations)) == (was.spans, set(was.relations))
    again = project.annotate(*words)
    assert again.exit_code == 0
    assert "2 there already" in again.output


def test_ledger_as_text_and_json(project: Project) -> None:
    text = project.annotate("export", "--format", "bio", "--out", "one")
    assert text.exit_code == 0
    assert "relations: tags have no relations\n" in text.output
    assert "not declared:" not in text.output
    report = project.annotate("export", "--format", "bio", "--out", "two", "--report", "json")
    ledger = json.loads(report.output)
    assert ledger == json.loads(project.path("two/certificate.json").read_text())
    assert ledger["facts"]["relation"] == {
        "exported": 6, "carried": 0, "declared": {"relations": 6}, "undeclared": 0, "gained": 0, "examples": [],
    }  # fmt: skip
    assert set(ledger["losses"]) == {"metadata", "who", "ids", "attributes", "relations"}


def test_a_loss_that_is_not_declared_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A faulty writer that drops every second tag."""
    right = conll.tag_tokens

    def forgetful(*about: object) -> tuple[list[str], dict[str, str]]:
        column, gone = right(*about)  # type: ignore[arg-type]
        return ["O" if tag.startswith("B-Q") else tag for tag in column], gone

    monkeypatch.setattr(conll, "tag_tokens", forgetful)
    result = project.annotate("export", "--format", "bio", "--out", "out")
    assert result.exit_code == 1
    assert "not declared: span lost in harbour: Quay 41–50" in result.output
    assert not project.path("out").exists()
    assert [path.name for path in project.root.iterdir() if path.name.startswith(".")] == []


def test_something_gained_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    right = conll.tag_tokens

    def generous(*about: object) -> tuple[list[str], dict[str, str]]:
        column, gone = right(*about)  # type: ignore[arg-type]
        return ["B-Quay", *column[1:]], gone

    monkeypatch.setattr(conll, "tag_tokens", generous)
    result = project.annotate("export", "--format", "bio", "--out", "out")
    assert result.exit_code == 1
    assert "gained in market: Quay 0–" in result.output


def test_nested_and_cut_spans_are_counted(project: Project) -> None:
    """A Verb within a Words, of one layer, and a Quay that ends within a word."""
    for version in ("gold", "anna"):
        file = f"corpus/annotations/{version}/harbour.json"
        project.replace(file, '"start": 19, "end": 23, "text": "said"', '"start": 28, "end": 33, "text": "rates"')
    result = project.annotate("export", "--format", "docbin", "--out", "spacy", "--report", "json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.output)["facts"]
    assert facts["span"]["declared"] == {"token edge": 1}
    assert facts["relation"]["declared"] == {"token edge": 2}
    facts = json.loads(project.annotate("export", "--format", "bio", "--out", "bio", "--report", "json").output)[
        "facts"
    ]
    assert facts["span"]["declared"] == {"token edge": 1}
    for version in ("gold", "anna"):
        file = f"corpus/annotations/{version}/harbour.json"
        project.replace(file, '"start": 28, "end": 33, "text": "rates"', '"start": 27, "end": 33, "text": "crates"')
    facts = json.loads(project.annotate("export", "--format", "bio", "--out", "deep", "--report", "json").output)[
        "facts"
    ]
    assert facts["span"]["declared"] == {"nested": 1}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"label": "Quay"', '"label": "Pier"', "span s5 has the unknown label 'Pier'"),
        ('"rank": "master"', '"rank": "boss"', "span s1 has the unknown value 'boss' of rank"),
        ('"rank": "master"', '"least": 3', "span s1 has the attribute 'least', which its label has not"),
        ('"start": 19, "end": 23', '"start": 18, "end": 22', "the words of span s2 are not at its offsets"),
        ('"tail": "s1"}', '"tail": "s99"}', "a relation speaker has an end that does not exist"),
        ('"lies_at"', '"lies_on"', "unknown relation 'lies_on'"),
        ('"id": "s2"', '"id": "s1"', "two spans have the same id"),
    ],
)
def test_labels_that_do_not_fit_are_not_exported(project: Project, old: str, new: str, says: str) -> None:
    project.replace("corpus/annotations/gold/harbour.json", old, new)
    result = project.annotate("export", "--format", "jsonl", "--out", "out")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert says in result.output
    assert not project.path("out").exists()


def test_existing_folder_and_unknown_annotator_are_refused(project: Project) -> None:
    result = project.annotate("export", "--format", "jsonl", "--out", "corpus")
    assert result.exit_code == 2
    assert "corpus: is inside corpus, which is never written to; choose another folder with --out" in result.output
    result = project.annotate("export", "--format", "jsonl", "--out", "schema/..")
    assert result.exit_code == 2
    assert "schema/..: contains corpus, which would be lost" in result.output
    result = project.annotate("export", "--format", "jsonl", "--out", "out", "--annotator", "zoe")
    assert result.exit_code == 2
    assert "has no labels by 'zoe'; choose from: anna, gold" in result.output


def test_large_export_is_read_back_in_step(project: Project, tmp_path: Path, labels: Inventory) -> None:
    """Ids whose order in a folder is not that of their names."""
    import msgspec

    from annotate.formats.export import export_documents

    article = project.corpus.read_article("market")
    annotation = project.corpus.read_annotation("gold", "market")
    names = sorted(["a", "a-b", "a_b", "a1", "ab", "b"])

    reader = give(
        (
            LabelledArticle(
                msgspec.structs.replace(article, id=name), msgspec.structs.replace(annotation, article=name)
            )
            for name in names
        ),
        project.inventory,
    )
    for format_ in FORMATS:
        ledger = export_documents(format_, tmp_path / format_, names, reader)
        assert (ledger.clean, ledger.documents) == (True, 6), ledger
