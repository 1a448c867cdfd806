"""Gamma, by its own library: defined, repeatable, and 1 for annotators who agree in all."""

import sys

import msgspec
import pytest

from annotate.agreement.gamma import compute_gammas
from annotate.agreement.study import make_study
from annotate.errors import CannotRun
from annotate.inventory import load_inventory
from annotate.model import Annotation
from tests.conftest import BASE, Project

TEXT = "The harbour master said 40 crates lie at Café Quay."


@pytest.fixture
def anna(project: Project) -> Annotation:
    return project.corpus.read_annotation("anna", "harbour")


def test_gamma_of_the_same_labels_is_one_and_of_fewer_is_less(anna: Annotation, project: Project) -> None:
    text, small = project.corpus.read_text("harbour"), load_inventory(BASE / "schema")
    # Few spans: with each more the library takes longer.
    anna, less = (msgspec.structs.replace(anna, spans=anna.spans[:number], relations=()) for number in (4, 2))
    (same,) = compute_gammas(make_study(small, [("harbour", text, {"anna": anna, "ben": anna})]))
    (fewer,) = compute_gammas(make_study(small, [("harbour", text, {"anna": anna, "ben": less})]))
    (again,) = compute_gammas(make_study(small, [("harbour", text, {"anna": anna, "ben": less})]))
    assert same.value == pytest.approx(1)
    assert fewer.value is not None
    assert fewer.value < 1
    assert fewer == again


def test_annotator_without_spans_has_no_gamma(anna: Annotation, project: Project) -> None:
    text, small = project.corpus.read_text("harbour"), load_inventory(BASE / "schema")
    none = msgspec.structs.replace(anna, spans=(), relations=())
    (found,) = compute_gammas(make_study(small, [("harbour", text, {"anna": anna, "ben": none})]))
    assert (found.value, found.note) == (None, "no spans: ben")


def test_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygamma_agreement", None)
    with pytest.raises(CannotRun, match=r"needs pygamma-agreement; pip install 'contested-claims\[gamma\]'"):
        list(compute_gammas(make_study(load_inventory(BASE / "schema"), [])))
