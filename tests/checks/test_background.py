"""The check of a corpus in the background."""

import pytest

from annotate.checks import check_in_background
from annotate.errors import Refused
from annotate.findings import Finding
from tests.conftest import Project


def refuse(errors: list[Finding]) -> None:
    if errors:
        raise Refused("corpus", f"{len(errors)} errors", "fix them")


def test_errors_are_handled_once(project: Project) -> None:
    calls: list[list[Finding]] = []
    with check_in_background(project.corpus, project.inventory, calls.append) as require_check:
        require_check()
        require_check()
    assert calls == [[]]


def test_errors_take_precedence_over_an_exception_of_the_body(project: Project) -> None:
    project.replace("corpus/annotations/gold/harbour.json", '"label": "Load"', '"label": "Cargo"')
    with (
        pytest.raises(Refused, match="errors; fix them"),
        check_in_background(project.corpus, project.inventory, refuse),
    ):
        raise KeyError("Cargo")
