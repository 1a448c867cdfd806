"""C124: gold of an evaluated article is made of bare passes, and each way to break that is found."""

import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.bare_gold import LabelOrigin, find_unproven
from annotate.corpus import encode_annotation
from annotate.model import Process
from tests.conftest import Project

NAMES = ("anna", "ben", "carla", "dora")
PROCESSES: tuple[Process, ...] = ("single pass", "adjudicated", "promoted", "corrected")
ORIGINS = st.builds(
    LabelOrigin,
    st.sampled_from(NAMES),
    st.sampled_from(PROCESSES),
    st.lists(st.sampled_from((*NAMES, "gold", "absent")), max_size=2, unique=True).map(tuple),
    st.sampled_from((False, False, False, True)),
)


def is_bare(name: str, origins: dict[str, LabelOrigin], above: tuple[str, ...] = ()) -> bool:
    """Whether labels are bare passes all the way down, by definition and without care for time."""
    origin = origins.get(name)
    if origin is None or name in above or origin.has_predictions or origin.process == "corrected":
        return False
    if origin.process == "single pass":
        own = origin.annotator if name == "gold" and origin.annotator in origins else None
        return not origin.made_from and (own is None or is_bare(own, origins, (*above, name)))
    return bool(origin.made_from) and all(is_bare(each, origins, (*above, name)) for each in origin.made_from)


@given(ORIGINS, st.dictionaries(st.sampled_from(NAMES), ORIGINS))
def test_gold_is_proven_exactly_if_all_labels_behind_it_are_bare(
    gold: LabelOrigin, passes: dict[str, LabelOrigin]
) -> None:
    unproven = find_unproven(gold, passes.get)
    assert (unproven == []) == is_bare("gold", {**passes, "gold": gold}), (gold, passes, unproven)
    assert len({each.annotation_set for each in unproven if each.why != "circular"}) == len(
        [each for each in unproven if each.why != "circular"]
    )


def test_long_chain_of_labels_ends() -> None:
    """Hostile files may name each other without end."""
    chain = {str(number): LabelOrigin(str(number), "promoted", (str(number + 1),)) for number in range(20_000)}
    gold = LabelOrigin("x", "promoted", ("0",))
    assert [each.why for each in find_unproven(gold, chain.get)] == ["absent"]
    chain["19999"] = LabelOrigin("19999", "promoted", ("7",))
    assert [each.why for each in find_unproven(gold, chain.get)] == ["circular"]


def put(project: Project, name: str, process: Process, *made_from: str, annotator: str = "", origins: str = "") -> None:
    """Give an annotation set the labels of anna for market, which is in test, and say how they were made."""
    own = project.corpus.read_annotation("anna", "market")
    counts = {origins: 1} if origins else {}
    labels = msgspec.structs.replace(
        own, annotator=annotator or name, process=process, made_from=made_from, origins=counts
    )
    path = project.corpus.annotation_path(name, "market")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode_annotation(labels))


def found(project: Project) -> set[tuple[str, str]]:
    findings = json.loads(project.annotate("check", "--strict", "--format", "json").output)
    return {(finding["code"], finding["file"]) for finding in findings}


GOLD = "corpus/annotations/gold/market.json"
Break = Callable[[Project], None]


def writing(name: str, process: Process, *made_from: str, annotator: str = "", origins: str = "") -> Break:
    return lambda project: put(project, name, process, *made_from, annotator=annotator, origins=origins)


BREAKS: dict[str, tuple[Break, ...]] = {
    "a pass that began with a model": (writing("anna", "corrected", "ben"),),
    "a pass that began with what is not known": (writing("anna", "corrected"),),
    "a pass that began with gold": (writing("anna", "corrected", "gold"),),
    "a pass with a prediction as it was": (writing("anna", "single pass", origins="prediction"),),
    "a pass with a changed prediction": (writing("anna", "single pass", origins="prediction-changed"),),
    "labels that lead to a copy": (writing("anna", "promoted", "ben"), writing("ben", "corrected", "anna")),
    "labels made from each other": (writing("anna", "promoted", "ben"), writing("ben", "promoted", "anna")),
    "gold that was corrected": (writing("gold", "corrected", "ben", annotator="anna"),),
    "gold with a prediction": (writing("gold", "adjudicated", "anna", annotator="anna", origins="prediction"),),
    "gold promoted from a copy": (
        writing("gold", "promoted", "anna", annotator="anna"),
        writing("anna", "corrected", "ben"),
    ),
    "gold called a single pass of one who began with a model": (
        writing("gold", "single pass", annotator="anna"),
        writing("anna", "corrected", "ben"),
    ),
}


@pytest.mark.parametrize("way", BREAKS)
def test_each_way_to_break_it_is_found(project: Project, way: str) -> None:
    put(project, "ben", "single pass")
    assert found(project) == set()
    for change in BREAKS[way]:
        change(project)
    assert ("C124", GOLD) in found(project)
    project.path("corpus/splits/train.txt").write_text("harbour\nmarket\n")
    project.path("corpus/splits/test.txt").write_text("")
    assert "C124" not in {code for code, _ in found(project)}


def test_a_single_pass_that_names_another_is_one_finding(project: Project) -> None:
    put(project, "ben", "single pass")
    put(project, "anna", "single pass", "ben")
    assert {code for code, _ in found(project)} == {"C125"}


@pytest.mark.parametrize("name", ["validation", "dev"])
def test_every_split_but_train_is_evaluated(project: Project, name: str) -> None:
    put(project, "anna", "corrected", "ben")
    project.path("corpus/splits/test.txt").rename(project.path(f"corpus/splits/{name}.txt"))
    assert ("C124", GOLD) in found(project)


def test_labels_that_are_missing_are_an_error_of_their_own(project: Project) -> None:
    project.corpus.annotation_path("anna", "market").unlink()
    assert ("C113", GOLD) in found(project)
    put_back = project.corpus.read_annotation("gold", "market")
    project.path(GOLD).write_bytes(encode_annotation(msgspec.structs.replace(put_back, made_from=())))
    assert ("C113", GOLD) in found(project)


def test_model_that_labelled_the_bare_text_is_a_bare_pass(project: Project) -> None:
    put(project, "ben", "single pass")
    put(project, "gold", "promoted", "ben", annotator="ben")
    assert found(project) == set()


def test_commands_that_make_gold_say_it_before(project: Project) -> None:
    put(project, "ben", "single pass")
    put(project, "anna", "corrected", "dora")
    words = (
        "market is in the split test, and its gold is not made of bare passes: the labels of anna began with those of"
    )
    planned = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert (planned.exit_code, words in planned.stderr) == (0, True)
    made = project.annotate("adjudicate", "apply", "--as", "anna")
    assert (made.exit_code, words in made.stderr) == (0, True), made.output
    project.path(GOLD).unlink()
    promoted = project.annotate("adjudicate", "promote", "anna", "market", "--plan")
    assert (promoted.exit_code, words in promoted.stderr) == (0, True)
    put(project, "anna", "single pass")
    assert project.annotate("adjudicate", "promote", "anna", "market").stderr == ""


def test_waived_finding_is_in_the_card_with_its_reason(project: Project) -> None:
    put(project, "anna", "corrected", "ben")
    project.path("corpus/waivers.yaml").write_text("waivers: [{code: C124, reason: Suggestions were shown.}]\n")
    assert project.annotate("check", "--strict").exit_code == 0
    assert project.annotate("build", "--out", "out").exit_code == 0
    card = project.path("out/README.md").read_text()
    assert "| `C124` |" in card
    assert "Suggestions were shown" in card
