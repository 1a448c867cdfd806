"""Imports from brat files in other places: two files of labels, folders for texts and labels, several annotators."""

import json
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import Result

from annotate.corpus import Corpus
from annotate.formats import CSV, ENDINGS, FORMATS, LABEL_STUDIO, PRELABEL, TOOLS
from annotate.formats.file_patterns import make_layout
from tests.conftest import ROOT, Project
from tests.formats.conftest import codes

MAP = """\
spans: {Person: {label: Speaker}, Claim: {label: Words}}
events: {Say: {label: Verb, roles: {Agent: {relation: speaker}, Theme: {relation: words}}}}
notes: {AnnotatorNotes: {to: note}}
"""
TEXT = "Anna said that it rained."


def take_in(project: Project, *words: str) -> Result:
    project.path("map.yaml").write_text(MAP)
    options = ["--format", "brat", "--corpus", "new", "--map", "map.yaml", "--report", "json"]
    return project.annotate("import", "others", *options, *words)


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def counts(result: Result) -> dict[str, dict[str, int]]:
    return dict(json.loads(result.stdout.splitlines()[-1]))


def messages(result: Result) -> list[tuple[str, str, int | None, str]]:
    lines = [json.loads(line) for line in result.stdout.splitlines()[:-1]]
    return [(line["code"], line["file"], line["line"], line["message"]) for line in lines]


def sets(project: Project) -> dict[str, list[str]]:
    corpus = Corpus(project.path("new"))
    return {name: corpus.annotated_ids(name) for name in corpus.annotation_sets()}


A1 = "T1\tPerson 0 4\tAnna\nT2\tClaim 15 24\tit rained\n"
A2 = "T3\tSay 5 9\tsaid\nE1\tSay:T3 Agent:T1 Theme:T2\n"


def test_entities_and_events_in_two_files(project: Project, others: Path) -> None:
    """BioNLP: the ids of both files are one series, and a finding names the file that the line is in."""
    write(
        others, {"a.txt": TEXT, "a.a1": A1, "a.a2": f"{A2}#1\tAnnotatorNotes E1\tx\nE2\tSay:T9\nT1\tPerson 0 4\tAnna\n"}
    )
    result = take_in(project, "--annotator", "anna")
    assert sorted(messages(result)) == [
        ("F206", "others/a.a2", 5, "another item has the id 'T1' already (a.a1:1); give the line its own"),
        ("F207", "others/a.a2", 4, "refers to 'T9', which does not exist; fix that line or this one"),
    ]
    assert counts(result)["lines"] == {"read": 7, "taken": 5, "left_out": 0, "reported": 2}
    annotation = Corpus(project.path("new")).read_annotation("anna", "a")
    assert {(span.id, span.text, span.note) for span in annotation.spans} == {
        ("s1", "Anna", ""), ("s2", "it rained", ""), ("s3", "said", "x"),
    }  # fmt: skip
    assert {(relation.label, relation.tail) for relation in annotation.relations} == {
        ("speaker", "s1"),
        ("words", "s2"),
    }


@pytest.mark.parametrize(
    ("files", "options", "expected"),
    [
        ({"a.txt": TEXT, "a.a1": A1}, [], ("F102", "others/a.a1", "has no a.a2; add it (empty if there was", 2)),
        ({"a.txt": TEXT, "a.a2": A2}, [], ("F102", "others/a.a2", "has no a.a1; add it (empty if there was", 2)),
        ({"a.a1": A1, "a.a2": A2}, [], ("F101", "others/a.a1", "has no text a.txt; add it, or say with --texts", 4)),
        ({"a.txt": TEXT, "a.a1": A1, "a.ann": A1}, [],
         ("F109", "others/a.txt", "has labels in a.ann and in a.a1; say with --labels which of them to import", 4)),
        ({"t/a.txt": TEXT, "l/b.ann": A1, "l/a.ann": ""}, ["--texts", "t/{id}.txt", "--labels", "l/{id}.ann"],
         ("F101", "others/l/b.ann", "has no text t/b.txt; add it, or say with --texts", 2)),
        ({"t/a.txt": TEXT, "t/b.txt": "B.", "l/a.ann": ""}, ["--texts", "t/{id}.txt", "--labels", "l/{id}.ann"],
         ("F102", "others/t/b.txt", "has no l/b.ann; add it (empty if there was nothing to annotate), or", 0)),
        ({"t/a.txt": TEXT, "l/a.ann": "", "m/a.ann": A1}, ["--texts", "t/{id}.txt", "--labels", "l/{id}.ann"],
         ("F109", "others/m/a.ann", "matches neither --texts nor --labels; change the pattern, or", 2)),
        ({"t/a.txt": TEXT, "l/a.ann": "", "m/a.ann": A1}, ["--texts", "t/{id}.txt", "--labels", "*/{id}.ann"],
         ("F109", "others/m/a.ann", "takes the same place as l/a.ann; change the pattern, or", 2)),
        ({"a.txt": TEXT, "a.a1": "", "a.a2": A2}, ["--labels", "{id}.a1"],
         ("F109", "others/a.a2", "matches neither --texts nor --labels; change the pattern, or", 2)),
        ({"t/a.txt": TEXT, "a.anna.ann": "", "a.zoe.ann": A1},
         ["--texts", "t/{id}.txt", "--labels", "{id}.{annotator}.ann"],
         ("F107", "others/a.zoe.ann",
          "'zoe' labelled it, who is not in annotators.yaml; enter it there, or map it with", 2)),
        ({"t/a.txt": TEXT, "a.anna.ann": "", "a.gold.ann": A1},
         ["--texts", "t/{id}.txt", "--labels", "{id}.{annotator}.ann"],
         ("F107", "others/a.gold.ann",
          "'gold' labelled it, who is not in annotators.yaml; enter it there, or map it with", 2)),
    ],
)  # fmt: skip
def test_a_file_without_its_place_is_reported_with_its_lines(
    project: Project, others: Path, files: dict[str, str], options: list[str], expected: tuple[str, str, str, int]
) -> None:
    write(others, files)
    annotator = [] if any("{annotator}" in option for option in options) else ["--annotator", "anna"]
    result = take_in(project, *options, *annotator)
    code, file, says, lines = expected
    assert result.exit_code == 1
    ((found_code, found_file, _, message),) = messages(result)
    assert (found_code, found_file) == (code, file)
    assert message.startswith(says)
    assert counts(result)["lines"] == {"read": lines, "taken": 0, "left_out": 0, "reported": lines}


def test_texts_and_labels_in_folders_of_their_own_by_several_annotators(project: Project, others: Path) -> None:
    write(others, {"text/a.txt": TEXT, "text/b.txt": f"B. {TEXT}"})
    write(others, {f"ann/a.{name}.ann": A1 for name in ("anna", "Ben B")} | {"ann/b.Ben B.ann": ""})
    options = ["--texts", "text/{id}.txt", "--labels", "ann/{id}.{annotator}.ann", "--annotator", "Ben B=ben"]
    result = take_in(project, *options)
    assert result.exit_code == 0, result.output
    assert counts(result)["texts"] == {"new": 3, "there already": 0, "refused": 0}
    assert sets(project) == {"anna": ["a"], "ben": ["a", "b"]}
    before = project.snapshot()
    assert counts(take_in(project, *options))["texts"]["there already"] == 3
    assert project.snapshot() == before
    assert "C11" not in project.annotate("check", "new").output


def test_a_copy_of_the_text_for_each_annotator(project: Project, others: Path) -> None:
    files = {f"{name}/a.{kind}": text for name in ("anna", "ben") for kind, text in (("txt", TEXT), ("ann", A1))}
    write(others, files | {"ben/a.txt": f"{TEXT}\r\n"})
    options = ["--texts", "{annotator}/{id}.txt", "--labels", "{annotator}/{id}.ann"]
    assert take_in(project, *options).exit_code == 0
    assert sets(project) == {"anna": ["a"], "ben": ["a"]}
    write(others, {"ben/a.txt": "Another.", "ben/a.ann": ""})
    result = take_in(project, *options)
    assert [(code, file) for code, file, _, _ in messages(result)] == [("F104", "others/ben/a.ann")]


def test_texts_are_counted_and_not_their_files(project: Project, others: Path) -> None:
    """A text that two people labelled was two texts."""
    write(others, {f"{name}/a.{kind}": text for name in ("anna", "ben") for kind, text in (("txt", TEXT), ("ann", A1))})
    options = ["--texts", "{annotator}/{id}.txt", "--labels", "{annotator}/{id}.ann", "--map", "map.yaml"]
    words = ("import", "others", "--format", "brat", "--corpus", "new", *options)
    assert "1 text, 2 annotations: 2 new, 0 there already, 0 refused. " in project.annotate(*words).stdout


def test_two_texts_with_one_id_are_not_one_article(project: Project, others: Path) -> None:
    write(others, {"x/a.txt": TEXT, "y/a.txt": "Another.", "x/a.ann": "", "y/a.ann": ""})
    result = take_in(project, "--texts", "{folder}/{id}.txt", "--labels", "{folder}/{id}.ann", "--annotator", "anna")
    assert result.exit_code == 0
    assert sets(project) == {"anna": ["x-a", "y-a"]}


def test_nobody_says_who_made_the_labels(project: Project, others: Path) -> None:
    write(others, {"a.txt": TEXT, "a.ann": A1})
    before = project.snapshot()
    result = take_in(project)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert (
        "--annotator: is missing, and files of brat do not say who labelled; name one of annotators.yaml"
        in result.output
    )
    assert project.snapshot() == {**before, "map.yaml": MAP.encode()}


def test_an_annotator_who_is_not_known_is_shown_once(project: Project, others: Path) -> None:
    write(
        others,
        {f"{name}.{kind}": text for name in "abc" for kind, text in (("txt", f"{name} {TEXT}"), ("zoe.ann", ""))},
    )
    words = ["--format", "brat", "--corpus", "new", "--labels", "{id}.{annotator}.ann"]
    result = project.annotate("import", "others", *words)
    line = (
        "F107 'zoe' labelled it, who is not in annotators.yaml; enter it there, or map it with `annotators` in the map "
    )
    assert result.stdout.count("F107") == 1
    assert f"others/a.zoe.ann: {line}" in result.stdout


def test_a_name_that_no_labels_have_is_reported(project: Project, others: Path) -> None:
    write(others, {"a.txt": TEXT, "a.ben.ann": ""})
    options = ["--labels", "{id}.{annotator}.ann", "--annotator", "anna", "--annotator", "bne=ben"]
    result = take_in(project, *options)
    says = "no labels are by 'bne', to whom --annotator gives the id ben; correct the name"
    assert (result.exit_code, messages(result)[1:]) == (1, [("F115", "others", None, says)])
    assert [code for code, _, _, _ in messages(result)] == ["F108", "F115"]


@pytest.mark.parametrize(
    ("name", "article_id", "source"),
    [
        ("Über uns", "uber-uns", "Über uns.txt"),
        ("報道", "text-2c883f40", "報道.txt"),
        ("Report 3", "report-3", "Report 3.txt"),
        ("deep/Er/Report", "deep-er-report", "deep-Er-Report.txt"),
        ("plain", "plain", "plain.txt"),
        ("\u200fOld\u202e Pier", "old-pier", "Old Pier.txt"),
        ("back\\slash", "back-slash", "back-slash.txt"),
    ],
)
def test_the_source_keeps_the_name_of_the_file(
    project: Project, others: Path, name: str, article_id: str, source: str
) -> None:
    write(others, {f"{name}.txt": TEXT, f"{name}.ann": A1})
    assert take_in(project, "--annotator", "anna").exit_code == 0
    corpus = Corpus(project.path("new"))
    assert corpus.read_article(article_id).source.file == source
    assert corpus.source_path(source).read_text() == TEXT
    before = project.snapshot()
    assert counts(take_in(project, "--annotator", "anna"))["texts"]["there already"] == 1
    assert project.snapshot() == before


def test_names_of_other_formats_are_kept_as_well(project: Project, others: Path) -> None:
    (others / "Heute Über.conll").write_text("Anna\tB-Person\n\n-DOCSTART-\tO\n\nBen\tO\n")
    assert take_in(project, "--format", "bio", "--annotator", "anna").exit_code == 0
    corpus = Corpus(project.path("new"))
    sources = [corpus.read_article(name).source.file for name in ("heute-uber", "heute-uber-2")]
    assert sources == ["Heute Über.txt", "Heute Über-2.txt"]


def test_an_article_whose_source_has_another_name_is_the_same(project: Project, others: Path) -> None:
    """The source may have been added with `annotate add`, or by a version that named sources after articles."""
    project.path("paper.txt").write_text(TEXT)
    assert project.annotate("add", "paper.txt", "--id", "report-3", "--corpus", "new").exit_code == 0
    write(others, {"Report 3.txt": TEXT, "Report 3.ann": A1})
    assert take_in(project, "--annotator", "anna").exit_code == 0
    assert sets(project) == {"anna": ["report-3"]}
    assert Corpus(project.path("new")).source_files() == ["paper.txt"]


def test_two_sources_of_one_name_are_reported(project: Project, others: Path) -> None:
    """The ids differ, since `b_c` can be part of an id and `a/b_c` cannot."""
    write(others, {"a/b_c.txt": TEXT, "a/b_c.ann": A1, "a-b_c.txt": f"Again. {TEXT}", "a-b_c.ann": ""})
    result = take_in(project, "--annotator", "anna")
    assert codes(result) == ["F104"]
    assert "another source file called a-b_c.txt is in this import already; rename the file" in result.output


def test_patterns_of_the_documentation_fit_together() -> None:
    page = (ROOT / "docs" / "reference" / "interchange.md").read_text("utf-8")
    commands = [
        shlex.split(line) for line in page.splitlines() if line.startswith("annotate import") and "--texts" in line
    ]
    options = [[(word, value) for word, value in pairwise(command)] for command in commands]
    layouts = [
        make_layout(
            next(value for word, value in pairs if word == "--texts"),
            [value for word, value in pairs if word == "--labels"],
        )
        for pairs in options
    ]
    assert len(layouts) == 4
    assert [len(layout.labels[0]) for layout in layouts] == [1, 1, 1, 2]


def test_each_format_has_the_endings_of_its_files() -> None:
    assert ENDINGS.keys() == {*FORMATS, CSV, LABEL_STUDIO, *TOOLS, PRELABEL}


def test_the_map_of_the_corpus_is_used(project: Project, others: Path) -> None:
    write(others, {"a.txt": TEXT, "a.ann": A1})
    project.path("schema/maps").mkdir()
    project.path("schema/maps/brat.yaml").write_text(MAP)
    words = ["--format", "brat", "--corpus", "new", "--annotator", "anna"]
    assert project.annotate("import", "others", *words).exit_code == 0
    assert len(Corpus(project.path("new")).read_annotation("anna", "a").spans) == 2
