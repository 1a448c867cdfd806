"""A wrong id of an annotator is one finding, wherever it is and however many files name it."""

from collections.abc import Callable

import msgspec
import pytest

from annotate.checks import CATALOGUE
from tests.conftest import Project


def _rename_entry(project: Project) -> None:
    project.replace("corpus/annotators.yaml", "id: anna,", "id: ana,")


def _break_entry(project: Project) -> None:
    project.replace("corpus/annotators.yaml", "kind: person", "kind: peson")


def _rename_folder(project: Project) -> None:
    project.path("corpus/annotations/anna").rename(project.path("corpus/annotations/ana"))


def _rename_in_files(folder: str) -> Callable[[Project], None]:
    def rename(project: Project) -> None:
        for article in ("harbour", "market"):
            project.replace(f"corpus/annotations/{folder}/{article}.json", '"annotator": "anna"', '"annotator": "ana"')

    return rename


def _rename_made_from(project: Project) -> None:
    for article in ("harbour", "market"):
        project.replace(f"corpus/annotations/gold/{article}.json", '"made_from": ["anna"]', '"made_from": ["ana"]')


@pytest.mark.parametrize(
    ("damage", "file", "message"),
    [
        (_rename_entry, "annotations/anna", "C104 'anna' is not listed in annotators.yaml; list it there"),
        (_break_entry, "annotators.yaml:2", "S104 annotators[0].kind: 'peson' is unknown; use one of: person, model"),
        (
            _rename_folder,
            "annotations/ana",
            "C105 the files name the annotator 'anna', but the folder is 'ana'; rename the folder, or correct the "
            "files",
        ),
        (
            _rename_in_files("anna"),
            "annotations/anna",
            "C105 the files name the annotator 'ana', but the folder is 'anna'; rename the folder, or correct the "
            "files",
        ),
        (
            _rename_in_files("gold"),
            "annotations/gold/harbour.json",
            "C105 annotator 'ana' is not in annotators.yaml, here and in 1 more file of gold; list it there",
        ),
        (
            _rename_made_from,
            "annotations/gold/harbour.json",
            "C113 was made, like 1 more file of gold, from the labels of 'ana', who has none; restore them, or correct "
            "the id",
        ),
    ],
)
def test_a_wrong_id_is_one_finding(
    project: Project, damage: Callable[[Project], None], file: str, message: str
) -> None:
    damage(project)
    result = project.annotate("check")
    assert result.exit_code == 1
    assert result.output.splitlines()[:2] == [
        f"corpus/{file}: {message}",
        f"1 finding in corpus (2 articles, 4 annotations, {len(CATALOGUE)} rules): {message[:4]} × 1.",
    ]


def test_a_folder_that_is_not_listed_and_a_misplaced_file_are_two_findings(project: Project) -> None:
    _rename_folder(project)
    project.replace("corpus/annotations/ana/market.json", '"annotator": "anna"', '"annotator": "ana"')
    lines = project.annotate("check").output.splitlines()
    assert "corpus/annotations/ana: C104 'ana' is not listed in annotators.yaml; list it there" in lines
    assert (
        "corpus/annotations/ana/harbour.json: C105 annotator is 'anna', but the file is in ana/; move or fix it"
        in lines
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (', since: "2026-01-01"}', "}", "annotators[0]: 'since' is missing; add it"),
        ("kind: person, ", "", "annotators[0]: 'kind' is missing; add it"),
        ("{id: anna, ", "{", "annotators[0]: 'id' is missing; add it"),
    ],
)
def test_incomplete_entry_is_one_line_of_every_command(project: Project, old: str, new: str, words: str) -> None:
    """No label of the corpus is called that of an unknown annotator; commands that need no list go on without it."""
    for article_id in ("harbour", "market"):
        own = project.corpus.read_annotation("anna", article_id)
        project.corpus.write_annotation("ben", msgspec.structs.replace(own, annotator="ben"))
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    project.replace("corpus/annotators.yaml", old, new)
    commands = {
        "check --strict": 1,
        "build --out out": 1,
        "studio push --plan": 1,
        "release report": 2,
        "adjudicate apply --as anna": 2,
        "studio assign anna": 2,
        "studio adjudicate": 2,
        "import none.jsonl --format jsonl --annotator anna": 2,
        "agree": 0,
        "adjudicate plan --from anna,ben": 0,
        "adjudicate promote anna": 0,
        "export --format csv --out tables": 0,
        "diff corpus corpus": 0,
    }
    for command, code in commands.items():
        done = project.annotate(*command.split())
        lines = [line for line in done.output.splitlines() if "annotators.yaml" in line]
        assert (done.exit_code, [words in line for line in lines]) == (code, [True] * bool(code)), (
            command,
            done.output,
        )
