"""DocBin: what spaCy reads of an export, and what is imported from spaCy."""

from pathlib import Path

import spacy
from spacy.tokens import DocBin

from tests.conftest import Project
from tests.formats.conftest import TEXT, codes, take_in, taken


def test_spacy_reads_the_docbin(project: Project) -> None:
    assert project.annotate("export", "--format", "docbin", "--out", "out").exit_code == 0
    nlp = spacy.blank("en")
    docs = list(DocBin(store_user_data=True).from_disk(project.path("out/000000.spacy")).get_docs(nlp.vocab))
    assert {name: len(group) for name, group in docs[0].spans.items()} == {"speech": 7, "cargo": 3}
    assert [(span.text, span.label_, span.id_) for span in docs[1].spans["cargo"]] == [("Two to 3 carts", "Load", "s1")]
    assert docs[0].user_data["annotation"]["attributes"]["s4"] == {"wording": "exact", "least": 40, "most": 40}


def test_entities_of_spacy(project: Project, others: Path) -> None:
    nlp = spacy.blank("en")
    doc = nlp.make_doc(TEXT)
    doc.ents = [span for span in (doc.char_span(2, 6, "PER"), doc.char_span(20, 28, "LOC")) if span]
    ghost = nlp.make_doc("A ghost.")
    ghost.spans["sc"] = [span for span in [ghost.char_span(2, 7, "GHOST")] if span]
    DocBin(docs=[doc, ghost]).to_disk(others / "Train.spacy")
    (others / "zero.spacy").write_bytes(b"nothing")
    result = take_in(project, "docbin")
    assert result.exit_code == 1
    assert codes(result) == ["F205", "F103"]
    assert [(one.label, one.text) for one in taken(project, "train-0").spans] == [
        ("Speaker", "Anna"),
        ("Quay", "Old Pier"),
    ]
