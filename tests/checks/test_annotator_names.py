"""A wrong id of an annotator is one finding, wherever it is and however many files name it."""

from collections.abc import Callable

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
