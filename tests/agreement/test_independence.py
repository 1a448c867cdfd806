"""Copies are not independent: which labels are copies, and what agreement, adjudication and gold make of that."""

import msgspec
import pytest

from annotate.agreement.independence import find_dependent
from annotate.agreement.measure import measure_agreement
from annotate.agreement.study import read_study
from annotate.corpus import encode_annotation
from annotate.errors import CannotRun
from annotate.model import Annotation, Process
from annotate.release.agreement import UNKNOWN, gold_agreement, measure_gold_agreement
from tests.conftest import Project

LISTED = "  - {id: %s, kind: person, training: none, since: '2026-01-01'}\n"


def label(
    project: Project, annotator: str, process: Process, *made_from: str, articles: str = "harbour market"
) -> None:
    """Give an annotator the labels of gold."""
    listed = project.path("corpus/annotators.yaml")
    if annotator not in project.corpus.read_annotators() and annotator != "gold":
        listed.write_text(listed.read_text() + LISTED % annotator)
    for article in articles.split():
        gold = project.corpus.read_annotation("gold", article)
        names = {"annotator": "anna" if annotator == "gold" else annotator, "process": process, "made_from": made_from}
        path = project.corpus.annotation_path(annotator, article)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode_annotation(msgspec.structs.replace(gold, **names)))


def dependent(project: Project, *names: str, article: str = "market") -> dict[str, tuple[str, ...]]:
    """Each corrected pass of an article that is not independent, with the others."""
    annotations: dict[str, Annotation] = {name: project.corpus.read_annotation(name, article) for name in names}
    return {each.annotator: each.others for each in find_dependent(project.corpus, article, annotations)}


def test_copy_depends_on_what_it_was_made_from_directly_or_not(project: Project) -> None:
    for name in ("carla", "dora"):
        label(project, name, "single pass")
    label(project, "ben", "corrected", "carla")
    assert dependent(project, "anna", "ben") == {}
    assert dependent(project, "carla", "ben") == {"ben": ("carla",)}
    label(project, "gold", "adjudicated", "anna", "carla")
    label(project, "ben", "corrected", "gold")
    assert dependent(project, "anna", "ben", "dora", "gold") == {"ben": ("anna", "gold")}
    # Gold is made from the labels of anna, but nobody began with them.
    assert dependent(project, "anna", "gold") == {}


def test_copies_of_one_model_depend_on_each_other(project: Project) -> None:
    label(project, "ben", "corrected", "model-1")
    label(project, "carla", "corrected", "model-1")
    label(project, "dora", "corrected", "model-2")
    names = ("anna", "ben", "carla", "dora")
    assert dependent(project, *names) == {"ben": ("carla",), "carla": ("ben",)}


def test_copy_of_unknown_labels_may_depend_on_any(project: Project) -> None:
    label(project, "ben", "corrected")
    assert dependent(project, "anna", "ben") == {"ben": ("anna",)}


def test_circle_of_copies_ends(project: Project) -> None:
    label(project, "ben", "corrected", "carla")
    label(project, "carla", "corrected", "ben")
    assert dependent(project, "ben", "carla") == {"ben": ("carla",), "carla": ("ben",)}


def test_copies_are_left_out_and_named(project: Project) -> None:
    label(project, "ben", "single pass")
    label(project, "ben", "corrected", "anna", articles="market")
    study = read_study(project.corpus, project.inventory)
    report = measure_agreement(study, samples=0)
    assert (list(report.articles), report.alone) == (["harbour"], ["market"])
    assert [(each.annotator, each.article, each.made_from) for each in report.dependent] == [
        ("ben", "market", ("anna",))
    ]
    told = project.annotate("agree", "--samples", "0")
    words = "the labels of ben in 1 article (market) began with those of anna"
    assert f"not counted: {words}; --include-corrected counts them as independent" in told.stderr
    assert f"Not counted, since they are copies: {words}." in " ".join(told.stdout.split())
    counted = project.annotate("agree", "--samples", "0", "--include-corrected")
    assert (counted.exit_code, counted.stderr) == (0, "")
    assert len(list(read_study(project.corpus, project.inventory, include_corrected=True).articles)) == 2


def test_nothing_but_copies_is_no_study(project: Project) -> None:
    label(project, "ben", "corrected", "anna")
    with pytest.raises(CannotRun, match=r"no article has independent labels .* began with those of anna; let another"):
        measure_agreement(read_study(project.corpus, project.inventory), samples=0)


def test_adjudication_refuses_copies(project: Project) -> None:
    label(project, "ben", "corrected", "anna")
    refused = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert refused.exit_code == 1
    words = "are not independent: the labels of ben in 2 articles (harbour, market) began with those of anna"
    assert words in refused.stderr
    assert not project.path("corpus/adjudication").exists()
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben", "--include-corrected").exit_code == 0


def test_agreement_of_a_release_counts_no_copies(project: Project) -> None:
    label(project, "ben", "corrected", "anna")
    assert measure_gold_agreement(project.corpus, project.inventory) is None
    assert UNKNOWN in gold_agreement(project.corpus, project.inventory).render()
    label(project, "ben", "single pass", articles="harbour")
    report = measure_gold_agreement(project.corpus, project.inventory)
    assert report is not None
    assert list(report.articles) == ["harbour"]
    card = gold_agreement(project.corpus, project.inventory).render()
    assert "Not counted: the labels of ben in 1 article (market) began with those of anna." in card


def test_promotion_drops_what_is_of_the_pass_alone(project: Project) -> None:
    label(project, "ben", "corrected", "model-1", articles="market")
    own = msgspec.structs.replace(project.corpus.read_annotation("ben", "market"), lead_time=3.0, origins={"manual": 1})
    project.corpus.annotation_path("ben", "market").write_bytes(encode_annotation(own))
    project.path("corpus/annotations/gold/market.json").unlink()
    done = project.annotate("adjudicate", "promote", "ben")
    assert done.exit_code == 0, done.output
    gold = project.corpus.read_annotation("gold", "market")
    assert (gold.process, gold.made_from, gold.lead_time, gold.origins) == ("promoted", ("ben",), None, {})
