"""XMI, DocBin, CoNLL and JSON lines that others made, and what is wrong with some; an import that broke off."""

import json
import re
from pathlib import Path

import cassis
import pytest
import spacy
from click.testing import Result
from spacy.tokens import DocBin

from annotate.corpus import Corpus
from annotate.formats.rules import RULES
from annotate.model import Annotation
from tests.conftest import Project

TEXT = "🚢 Anna waits at the Old Pier."


@pytest.fixture
def others(project: Project) -> Path:
    """An empty folder of others' files, an empty corpus, and a map for both."""
    project.path("new").mkdir()
    project.path("new/annotators.yaml").write_bytes(project.path("corpus/annotators.yaml").read_bytes())
    project.path("map.yaml").write_text(
        "spans: {Person: {label: Speaker}, PER: {label: Speaker}, LOC: {label: Quay}}\n"
        "relations: {Near: {relation: lies_at}}\n"
        "attributes: {role: {attribute: rank, values: {boss: master}}, value: null}\n"
    )
    project.path("others").mkdir()
    return project.path("others")


def take_in(project: Project, format_: str, *words: str) -> Result:
    options = ["--annotator", "anna", "--corpus", "new", "--map", "map.yaml", "--report", "json"]
    return project.annotate("import", "others", "--format", format_, *options, *words)


def codes(result: Result) -> list[str]:
    return [line["code"] for line in map(json.loads, result.stdout.splitlines()) if "code" in line]


def taken(project: Project, name: str) -> Annotation:
    return Corpus(project.path("new")).read_annotation("anna", name)


def inception(folder: Path) -> None:
    """Layers of INCEpTION's own and of a project, with tokens, as a server exports them."""
    types = cassis.TypeSystem()
    token = types.create_type("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token", "uima.tcas.Annotation")
    person = types.create_type("webanno.custom.Person", "uima.tcas.Annotation")
    types.create_feature(person, "role", "uima.cas.String")
    place = types.create_type("webanno.custom.LOC", "uima.tcas.Annotation")
    near = types.create_type("webanno.custom.Near", "uima.tcas.Annotation")
    for end in ("Governor", "Dependent"):
        types.create_feature(near, end, "uima.tcas.Annotation")
    cas = cassis.Cas(types)
    cas.sofa_string, cas.sofa_mime = TEXT, "text/plain"
    who, where = person(begin=2, end=6, role="boss"), place(begin=20, end=28)
    cas.add_all([token(begin=2, end=6), who, where, near(begin=20, end=28, Governor=who, Dependent=where)])
    (folder / "TypeSystem.xml").write_text(types.to_xml())
    (folder / "doc.xmi").write_text(cas.to_xmi())


def test_layers_of_inception(project: Project, others: Path) -> None:
    inception(others)
    result = take_in(project, "xmi")
    assert result.exit_code == 0, result.output
    annotation = taken(project, "doc")
    assert [(one.label, one.text, one.attributes) for one in annotation.spans] == [
        ("Speaker", "Anna", {"rank": "master"}), ("Quay", "Old Pier", {}),
    ]  # fmt: skip
    assert [(one.label, one.head, one.tail) for one in annotation.relations] == [
        ("lies_at", annotation.spans[0].id, annotation.spans[1].id)
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<xmi:XMI", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><xmi:XMI', "declares entities"),
        ('begin="3"', 'begin="1"', "has an invalid offset"),
        ("</xmi:XMI>", "", "is not a CAS of this type system"),
        ("custom:Person", "custom:Ghost", "is not a CAS of this type system"),
        ('Governor="', 'Governor="99', "but no item has this xmi:id; fix it"),
        ('Dependent="', 'Dependent="x', "Dependent of Near "),
        ('members="', 'members="77 ', "members of View is '77', but no item has this xmi:id"),
    ],
)
def test_broken_xmi_is_refused(project: Project, others: Path, old: str, new: str, says: str) -> None:
    inception(others)
    project.replace("others/doc.xmi", old, new)
    result = take_in(project, "xmi")
    assert result.exit_code == 1
    assert codes(result) == ["F103"]
    assert says in result.output
    assert json.loads(result.stdout.splitlines()[-1])["lines"]["reported"] == 1


def test_what_points_to_nothing_in_xmi_is_named_with_its_line(project: Project, others: Path) -> None:
    inception(others)
    data = (others / "doc.xmi").read_text()
    (others / "doc.xmi").write_text(re.sub('Governor="[0-9]+"', 'Governor="999999"', data.replace("><", ">\n<")))
    result = take_in(project, "xmi")
    finding = json.loads(result.stdout.splitlines()[0])
    line = (others / "doc.xmi").read_text().split("\n")[finding["line"] - 1]
    assert "custom:Near" in line
    assert re.search("Governor of Near [0-9]+ is '999999', but", finding["message"])


@pytest.mark.parametrize("types", [None, "<a", '<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>'])
def test_broken_type_system_keeps_it_from_running(project: Project, others: Path, types: str | None) -> None:
    inception(others)
    (others / "TypeSystem.xml").unlink()
    if types:
        (others / "TypeSystem.xml").write_text(types)
    result = take_in(project, "xmi")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith("annotate: others/TypeSystem.xml: ")


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
def test_tokens_of_no_place(project: Project, others: Path, place: str) -> None:
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


@pytest.mark.parametrize("line", ["{", "[]", '{"article": {}, "annotation": {}}', "\ufeff{}", "\xff", "[" * 5000])
def test_broken_json_lines(project: Project, others: Path, line: str) -> None:
    good = project.annotate("export", "--format", "jsonl", "--annotator", "anna", "--out", "out")
    assert good.exit_code == 0
    rows = project.path("out/annotations.jsonl").read_text("utf-8").splitlines()
    bad = line.encode("latin-1" if line == "\xff" else "utf-8")
    (others / "a.jsonl").write_bytes(b"\n".join([rows[0].encode(), bad, rows[1].encode()]))
    project.path("map.yaml").unlink()
    words = ["--format", "jsonl", "--annotator", "anna", "--corpus", "new", "--report", "json"]
    result = project.annotate("import", "others", *words)
    assert result.exit_code == 1
    (finding, counts) = [json.loads(one) for one in result.stdout.splitlines()]
    assert (finding["code"], finding["file"], finding["line"]) == ("F103", "others/a.jsonl", 2)
    assert counts["texts"] == {"new": 2, "there already": 0, "refused": 1}
    assert counts["lines"]["reported"] == 1


@pytest.mark.parametrize("left", [0, 1, 2, 3, 4])
def test_an_import_that_broke_off_is_gone_on_with(project: Project, others: Path, left: int) -> None:
    """Killed after any of the five files of an article: the next run ends as one that was never killed."""
    (others / "one.txt").write_text("Anna waits.\n")
    (others / "one.ann").write_text("T1\tPER 0 4\tAnna\n")
    assert take_in(project, "brat").exit_code == 0
    whole = project.snapshot()
    order = [
        "sources/one.txt",
        "sources/one.txt.json",
        "articles/one.txt",
        "articles/one.json",
        "annotations/anna/one.json",
    ]
    for file in order[left:]:
        project.path(f"new/{file}").unlink()
    assert take_in(project, "brat").exit_code == 0
    assert project.snapshot() == whole
    for file in ("sources/one.txt", "articles/one.txt"):
        for gone in order[3:]:
            project.path(f"new/{gone}").unlink(missing_ok=True)
        right = project.path(f"new/{file}").read_bytes()
        project.path(f"new/{file}").write_bytes(b"Another.")
        assert codes(take_in(project, "brat")) == ["F104"]
        project.path(f"new/{file}").write_bytes(right)


def test_a_disk_that_fails_is_one_line(project: Project, others: Path) -> None:
    """A file where a folder should be: nothing can be written."""
    for number in range(20):
        (others / f"{number}.txt").write_text(f"Text {number}.")
        (others / f"{number}.ann").write_text("")
    project.path("new/articles").write_text("")
    result = take_in(project, "brat")
    assert result.exit_code == 2
    assert result.output.count("annotate: ") == result.output.count("\n") == 1, result.output


def test_outcomes_come_in_the_order_of_the_files(project: Project, others: Path) -> None:
    for number in range(30):
        (others / f"t{number:02}.txt").write_text(f"Text {number}.")
        (others / f"t{number:02}.ann").write_text("T1\tGHOST 0 4\tText\n")
    result = take_in(project, "brat")
    files = [line["file"] for line in map(json.loads, result.stdout.splitlines()) if "code" in line]
    assert files == [f"others/t{number:02}.ann" for number in range(30)]


def test_each_rule_says_why_with_examples() -> None:
    codes_ = [rule.code for rule in RULES]
    assert codes_ == sorted(set(codes_))
    for rule in RULES:
        assert [word for word in ("Why: ", "Fails: ", "Passes: ", "See: ") if word not in rule.documentation] == []
