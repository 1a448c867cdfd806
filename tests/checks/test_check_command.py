"""`annotate check`: exit codes, output formats, and what `--fix` repairs."""

import json
import os
import re
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

from annotate.checks import CATALOGUE
from annotate.cli.findings_output import FORMATS
from annotate.cli.terminal import count_noun
from tests.conftest import ROOT, Project, annotate


def test_this_corpus_is_clean() -> None:
    result = annotate("check", "--strict")
    assert (result.exit_code, "No findings" in result.output) == (0, True), result.output


def test_fix_makes_only_safe_repairs(project: Project) -> None:
    path = project.path("corpus/annotations/anna/market.json")
    canonical = path.read_bytes()
    value = json.loads(canonical)
    value["spans"][0] |= {"end": 33, "text": "Two to 3 carts "}
    path.write_text(json.dumps(value, indent=2))
    assert project.annotate("check", "--strict").exit_code == 1
    assert project.annotate("check", "--strict", "--fix").exit_code == 0
    assert path.read_bytes() == canonical


@pytest.mark.parametrize(
    "text",
    ["# held out by date\nharbour\n", "<<<<<<< HEAD\nharbour\n=======\nharbour\n>>>>>>> other\n", "harbour # market\n"],
)
def test_fix_leaves_a_split_with_other_words_as_it_is(project: Project, text: str) -> None:
    """Regression: each word of a comment or of a conflict marker became an id on a line of its own."""
    split = project.path("corpus/splits/test.txt")
    split.write_text(text)
    output = project.annotate("check", "--fix").output
    assert split.read_text() == text
    assert "C106 lists " in output
    assert " S107 " not in output


def test_fix_writes_one_id_a_line(project: Project) -> None:
    split = project.path("corpus/splits/test.txt")
    split.write_bytes(b"\r\n harbour\r\n\r\n")
    assert " S107 " in project.annotate("check").output
    project.annotate("check", "--fix")
    assert split.read_bytes() == b"harbour\n"


ANNA, HARBOUR = "corpus/annotations/anna/market.json", "corpus/articles/harbour.json"

RELATION = '{"label": "speaker",'


@pytest.mark.parametrize(
    ("file", "old", "new", "codes", "said"),
    [
        (ANNA, '"label": "Load"', '"label": null', {"P201", "S104"}, "spans[0].label: expected str, got null; "),
        (ANNA, '"label": "Load"', '"label": 5', {"P201", "S104"}, "spans[0].label: expected str, got int; "),
        (ANNA, '"least": 2', '"least": null', {"P203", "S104"}, "spans[0].attributes: expected "),
        (ANNA, '"least": 2', '"least": 2.5', {"P203"}, "spans[0].attributes.least: "),
        (ANNA, '"least": 2', '"least": ["x"]', {"P203", "S104"}, "spans[0].attributes: expected "),
        (ANNA, '"least": 2', '"least": true', {"P203", "S104"}, "spans[0].attributes: expected "),
        (ANNA, '"wording": "range"', '"wording": null', {"P203", "S104"}, "spans[0].attributes: expected "),
        ("corpus/annotations/gold/harbour.json", RELATION, '{"label": 5,', {"R101", "S104"}, "relations[0].label: exp"),
        (ANNA, '"start": 18', '"start": 18.0', {"S104"}, "spans[0].start: expected int, got float; "),
        (HARBOUR, '"start": 1', '"start": 1.0', {"S104"}, "source.start: expected int, got float; "),
        ("corpus/coverage/harbour.json", '"start": 0', '"start": 0.0', {"S104"}, "sentences[0].start: expected int"),
        ("corpus/links.json", '"start": 94', '"start": 94.0', {"S104"}, "links[0].passages[0].start: expected int"),
        ("corpus/sources/port.txt.json", '"start": 0', '"start": 0.0', {"S104"}, "omitted[0].start: expected int"),
    ],
)
def test_value_of_another_type_is_a_finding(
    project: Project, file: str, old: str, new: str, codes: set[str], said: str
) -> None:
    """This holds even if JSON Schema accepts the value, or reports only that it is not in the inventory."""
    project.replace(file, old, new)
    result = project.annotate("check", "--format", "json")
    found = [entry for entry in json.loads(result.output) if entry["file"] == file]
    assert {entry["code"] for entry in found} == codes
    assert any(entry["message"].startswith(said) for entry in found), found
    assert project.annotate("build", "--out", "out").exit_code == 1


def test_an_integer_with_a_point_is_brought_into_canonical_form(project: Project) -> None:
    before = project.path(ANNA).read_bytes()
    project.replace(ANNA, '"least": 2', '"least": 2.0')
    assert project.annotate("check").output.startswith(f"{ANNA}:9: S107 is not in canonical form; ")
    assert project.annotate("check", "--fix").exit_code == 0
    assert project.path(ANNA).read_bytes() == before


def test_a_label_renamed_by_hand_is_one_finding_that_names_the_migration(project: Project) -> None:
    """Regression: each span was a finding, and so was each relation from one or to one, and none said what to do."""
    text = project.path("schema/labels.yaml").read_text()
    project.path("schema/labels.yaml").write_text(text.replace("Speaker", "Talker"))
    assert project.annotate("generate", "--fix").exit_code == 0
    result = project.annotate("check")
    lines = [line for line in result.output.splitlines() if ": P201 '" in line]
    assert len(lines) == 1, lines
    line = lines[0]
    assert "P201 'Speaker' is unknown; use one of: Talker, " in line
    assert (
        "if labels.yaml has a new name for it, restore the old one there and rename it with `annotate migrate`" in line
    )
    findings = json.loads(project.annotate("check", "--format", "json").stdout)
    unknown = [each for each in findings if each["code"] == "P201"]
    files = {each["file"] for each in unknown}
    assert line.endswith(f"(here, and {len(unknown) - 1} more in {len(files)} files)")
    assert not [each for each in findings if each["code"] in ("R103", "R104")]
    counted = next(line for line in result.output.splitlines() if " in corpus (" in line)
    shown = result.output.splitlines().index(counted)
    assert counted.startswith(f"{count_noun(shown, 'finding')} in {len(findings)} places in corpus (")
    assert "P201 × 1" in counted


def test_text_quotes_the_words_of_a_span_once(project: Project) -> None:
    project.replace("corpus/annotations/anna/market.json", '"least": 2', '"least": 4')
    project.replace("corpus/annotations/anna/harbour.json", '"rank": "master"', '"rank": "boss"')
    output = project.annotate("check").output
    assert re.search(r"P301 span s1, 'Two to 3 carts': ", output), output
    assert re.search(r"P203 span s1, 'The harbour master': ", output), output
    project.replace("corpus/annotations/anna/market.json", '"Two to 3 carts"', '"Two to 4 carts"')
    (line,) = (line for line in project.annotate("check").output.splitlines() if ": P103 " in line)
    assert line.count("'Two to 4 carts'") == 1


def test_warnings_fail_only_a_strict_check(project: Project) -> None:
    project.path("corpus/articles/market.txt.orig").write_text("x")
    assert project.annotate("check").exit_code == 0
    assert project.annotate("check", "--strict").exit_code == 1


def test_hidden_file_among_the_sources_is_reported(project: Project) -> None:
    project.path("corpus/sources/.gitkeep").write_text("")
    project.path("corpus/sources/.wire.txt").write_text("x")
    data = json.loads(project.annotate("check", "--format", "json").output)
    assert [(entry["code"], entry["file"]) for entry in data] == [("C115", "corpus/sources/.wire.txt")]


def test_formats_say_the_same(project: Project) -> None:
    project.replace("corpus/annotations/anna/market.json", '"Two to 3 carts"', '"Two, to:\\n3 carts%"')
    data = json.loads(project.annotate("check", "--format", "json").output)
    assert [entry["code"] for entry in data] == ["P103", "P402"]
    assert data[0]["file"] == "corpus/annotations/anna/market.json"
    line = data[0]["line"]
    assert project.path(data[0]["file"]).read_text().split("\n")[line - 1].startswith('{"id": "s1"')
    github = project.annotate("check", "--format", "github").output.splitlines()
    assert github[0].startswith(f"::error file=corpus/annotations/anna/market.json,line={line},title=P103::span s1: ")
    assert "%25" in github[0]
    sarif = json.loads(project.annotate("check", "--format", "sarif").output)["runs"][0]
    assert [result["ruleId"] for result in sarif["results"]] == ["P103", "P402"]
    assert {rule["id"] for rule in sarif["tool"]["driver"]["rules"]} == {rule.code for rule in CATALOGUE}
    text = project.annotate("check").output
    assert "2 findings in corpus" in text
    assert str(PurePosixPath("corpus/annotations/anna/market.json")) in text


def test_of_many_findings_the_first_of_each_code_are_listed_and_the_others_counted(project: Project) -> None:
    project.replace("corpus/annotations/anna/market.json", '"Two to 3 carts"', '"Two to 4 carts"')
    words = ("check", "--annotator", "anna")
    names = [f"corpus/sources/.wire-{number:04}.txt" for number in range(1025)]
    for name in names[:20]:
        project.path(name).write_text("x")
    few = project.annotate(*words)
    *lines, summary, _ = few.output.splitlines()
    assert [line.split(": ")[1].split()[0] for line in lines] == ["P103", "P303", *["C115"] * 20]
    assert summary.startswith("22 findings in corpus (")
    assert summary.endswith(": C115 × 20, P103 × 1, P303 × 1.")
    assert project.annotate(*words, "--all").output == few.output
    for name in names[20:]:
        project.path(name).write_text("x")
    many = project.annotate(*words)
    first, *lines, others, summary, last = many.output.splitlines()
    assert summary.startswith("1,027 findings in corpus (")
    assert summary.endswith(": C115 × 1,025, P103 × 1, P303 × 1.")
    assert first == f"{summary} The first 20 of each code:"
    assert lines == few.output.splitlines()[:22]
    assert (others, last) == ("… 1,005 more C115 (--all)", "`annotate rules P103` explains a code.")
    *lines, summary, last = project.annotate(*words, "--all").output.splitlines()
    assert [line.partition(":")[0] for line in lines[2:]] == names
    assert f"{summary} The first 20 of each code:" == first
    assert (few.exit_code, many.exit_code) == (1, 1)


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "text"])
def test_formats_for_programs_have_all_findings(project: Project, format_: str) -> None:
    names = [f"corpus/sources/.wire-{number}.txt" for number in range(30)]
    for name in names:
        project.path(name).write_text("x")
    output = project.annotate("check", "--format", format_).output
    assert all(output.count(name) == 1 for name in names)


def test_groups_of_findings_are_cut_like_findings(project: Project) -> None:
    """A group counts once, and its line says how many findings it stands for."""
    path = project.path("corpus/annotations/anna/market.json")
    value = json.loads(path.read_bytes())
    value["spans"] = [{**value["spans"][0], "id": f"s{number}", "label": f"Ghost{number // 2}"} for number in range(50)]
    path.write_text(json.dumps(value))
    lines = project.annotate("check").output.splitlines()
    assert [line.rpartition(" (")[2] for line in lines if ": P201 'Ghost" in line] == [
        "here, and 1 more in 1 file)"
    ] * 20
    assert "… 5 more P201 (--all)" in lines
    assert "P201 × 25" in lines[0]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_name_that_is_not_utf_8_is_shown_as_an_escape(project: Project, format_: str) -> None:
    name = os.fsdecode(b"A B#1\xff.json")
    for folder in ("annotations/gold", "articles"):
        project.path(f"corpus/{folder}/{name}").write_text("{}")
    code = f"from annotate.cli import main; import sys; sys.argv[1:] = ['check', '--format', '{format_}']; main()"
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, env={**strict, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (ran.returncode, ran.stderr) == (1, b"")
    shown = {"sarif": "A%20B%231%FF.json", "json": "A B#1\\\\udcff.json"}.get(format_, "A B#1\\udcff.json")
    for folder in ("annotations/gold", "articles"):
        assert f"corpus/{folder}/{shown}" in ran.stdout.decode("utf-8")
    if format_ in ("json", "sarif"):
        assert json.loads(ran.stdout)
