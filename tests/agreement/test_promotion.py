"""Gold from the labels of one annotator: marked as such, and removed only where nothing is lost."""

import json

import msgspec
import pytest

from annotate.agreement.independence import find_dependent
from annotate.corpus import encode_annotation
from tests.conftest import Project

GOLD = {name: f"corpus/annotations/gold/{name}.json" for name in ("harbour", "market")}
ANNA = {name: f"corpus/annotations/anna/{name}.json" for name in ("harbour", "market")}


@pytest.fixture
def single(project: Project) -> Project:
    """A corpus that anna alone has labelled, without gold."""
    for name in GOLD.values():
        project.path(name).unlink()
    return project


def promote(project: Project, *words: str) -> tuple[int, str]:
    result = project.annotate("adjudicate", "promote", *words)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_labels_become_gold_that_says_whose_they_are(single: Project) -> None:
    before = single.snapshot()
    code, plan = promote(single, "anna", "--plan")
    assert (code, plan) == (
        0, "harbour: to be promoted, 10 spans and 6 relations\nmarket: to be promoted, 1 span and 0 relations\n"
    )  # fmt: skip
    assert single.snapshot() == before
    assert promote(single, "anna") == (0, plan.replace("to be ", ""))
    own, gold = (single.corpus.read_annotation(name, "harbour") for name in ("anna", "gold"))
    assert gold == msgspec.structs.replace(own, process="promoted", made_from=("anna",))
    assert single.path(GOLD["harbour"]).read_bytes() == encode_annotation(gold)
    assert promote(single, "anna") == (0, "harbour: unchanged\nmarket: unchanged\n")
    single.annotate("coverage", "--write")
    checked = single.annotate("check", "--strict")
    assert checked.exit_code == 0, checked.output
    assert promote(single, "anna", "--undo") == (0, "harbour: removed\nmarket: removed\n")
    assert {name: data for name, data in single.snapshot().items() if "coverage" not in name} == {
        name: data for name, data in before.items() if "coverage" not in name
    }
    assert promote(single, "anna", "--undo") == (0, "no gold was promoted from the labels of anna\n")


def test_card_and_statement_say_that_gold_was_promoted(single: Project) -> None:
    words = "{promoted} promoted, {adjudicated} adjudicated, {single_pass} in a single pass"
    single.path("corpus/statement.yaml").write_text(json.dumps({"process": words, "limits": words}))
    assert promote(single, "anna", "market")[0] == 0
    assert promote(single, "anna", "harbour")[0] == 0
    assert single.annotate("build", "--out", "out").exit_code == 0
    card = single.path("out/README.md").read_text()
    assert (
        "2 of 2 articles promoted: the labels of one annotator, as they are, which nobody else has decided on" in card
    )
    assert "adjudicated from several" not in card
    assert "2 promoted, 0 adjudicated, 0 in a single pass" in card


def test_other_gold_is_left_alone(project: Project) -> None:
    before = project.snapshot()
    assert promote(project, "anna") == (
        0,
        "".join(f"{name}: left alone: its gold is adjudicated from anna, by anna\n" for name in GOLD),
    )
    code, output = promote(project, "anna", "market")
    assert code == 1
    assert output == "market: left alone: its gold is adjudicated from anna, by anna\nnothing was written\n"
    assert promote(project, "anna", "--undo", "market")[0] == 1
    assert promote(project, "anna", "--undo") == (0, "no gold was promoted from the labels of anna\n")
    assert project.snapshot() == before


def test_gold_with_other_labels_is_neither_replaced_nor_removed(single: Project) -> None:
    assert promote(single, "anna")[0] == 0
    single.replace(ANNA["market"], '"id": "s1"', '"id": "s7"')
    before = single.snapshot()
    code, output = promote(single, "anna")
    assert (code, "market: left alone: its gold has other labels than anna has now; --replace" in output) == (1, True)
    assert single.snapshot() == before
    code, output = promote(single, "anna", "--undo")
    assert (code, "harbour: removed\n" in output, "market: left alone: " in output) == (1, True, True)
    assert (single.path(GOLD["harbour"]).exists(), single.path(GOLD["market"]).exists()) == (False, True)
    code, output = promote(single, "anna", "--replace")
    assert (code, "market: promoted" in output) == (0, True)
    assert (
        single.corpus.read_annotation("gold", "market").spans == single.corpus.read_annotation("anna", "market").spans
    )
    assert promote(single, "anna", "--undo")[0] == 0


def test_gold_that_would_break_a_rule_is_not_written(single: Project) -> None:
    single.replace(ANNA["market"], '"least": 2', '"least": 1')
    before = single.snapshot()
    code, output = promote(single, "anna")
    assert (code, "market: left alone: gold would have P303" in output) == (1, True)
    assert output.endswith("nothing was written\n")
    assert single.snapshot() == before
    single.path("corpus/waivers.yaml").write_text("waivers: [{code: P303, reason: Counts were rounded.}]\n")
    assert promote(single, "anna")[0] == 0


def test_articles_that_others_have_labelled_are_named(single: Project) -> None:
    other = msgspec.structs.replace(single.corpus.read_annotation("anna", "market"), annotator="ben")
    single.corpus.write_annotation("ben", other)
    assert "relations; also labelled by ben, so it could be adjudicated\n" in promote(single, "anna", "--plan")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["zoe"], "corpus/annotations: has no labels by 'zoe'; choose from: anna"),
        (["gold"], "gold: is what the promotion makes; name the annotator who labelled"),
        (["anna", "nowhere"], "nowhere: has no labels by anna; name an article"),
        (["anna", "../harbour"], "../harbour: has no labels by anna; name an article"),
        (["anna", "--undo", "--replace"], "--undo: removes gold and --replace writes it; give one of them"),
    ],
)
def test_errors_are_one_line(single: Project, words: list[str], message: str) -> None:
    before = single.snapshot()
    code, output = promote(single, *words)
    assert (code, output.count("\n")) == (2, 1), output
    assert message in output
    assert single.snapshot() == before


def test_gold_behind_a_link_is_not_removed(single: Project) -> None:
    assert promote(single, "anna")[0] == 0
    path = single.path(GOLD["market"])
    path.rename(single.root / "elsewhere.json")
    path.symlink_to(single.root / "elsewhere.json")
    code, output = promote(single, "anna", "--undo")
    assert (code, output.count("\n"), "link" in output) == (2, 1, True), output
    assert path.is_symlink()
    assert (single.root / "elsewhere.json").exists()


def test_decisions_replace_promoted_gold(single: Project) -> None:
    assert promote(single, "anna")[0] == 0
    for name in ANNA:
        other = msgspec.structs.replace(single.corpus.read_annotation("anna", name), annotator="ben")
        single.corpus.write_annotation("ben", other)
    assert single.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    assert single.annotate("adjudicate", "apply", "--as", "ben").exit_code == 0
    gold = single.corpus.read_annotation("gold", "market")
    assert (gold.process, gold.made_from) == ("adjudicated", ("anna", "ben"))
    assert promote(single, "anna", "--undo") == (0, "no gold was promoted from the labels of anna\n")


@pytest.mark.parametrize("made_from", ["[]", '["anna", "ben"]'])
def test_promoted_gold_names_its_annotator(project: Project, made_from: str) -> None:
    project.replace(GOLD["market"], '"adjudicated"', '"promoted"')
    project.replace(GOLD["market"], '["anna"]', made_from)
    assert "C113 is promoted, which is gold of one annotator; name that annotator" in project.annotate("check").output


def begin_with(project: Project, article_id: str, annotator: str, *made_from: str) -> None:
    """Let the labels of an annotator, which are those of anna, have begun with others."""
    own = project.corpus.read_annotation("anna", article_id)
    labels = msgspec.structs.replace(own, annotator=annotator, process="corrected", made_from=made_from)
    project.corpus.write_annotation(annotator, labels)


def test_copies_of_gold_do_not_become_gold(single: Project) -> None:
    begin_with(single, "market", "anna", "gold")
    before = single.snapshot()
    reason = (
        "market: left alone: the labels of anna began with gold, and would confirm it with copies of it; name other"
    )
    for words in (["anna"], ["anna", "market"], ["anna", "--replace"]):
        code, output = promote(single, *words)
        assert (code, reason in output, output.endswith("nothing was written\n")) == (1, True, True), output
    assert single.snapshot() == before
    assert promote(single, "anna", "harbour")[0] == 0
    assert promote(single, "anna", "harbour", "--undo")[0] == 0
    # Nor do copies of copies of it.
    begin_with(single, "harbour", "ben", "gold")
    begin_with(single, "harbour", "anna", "ben")
    assert "harbour: left alone: the labels of anna began with gold" in promote(single, "anna", "harbour")[1]


def test_gold_of_anna_that_she_corrected_is_not_promoted_again(single: Project) -> None:
    """She began with gold that was made from her labels; what she kept is confirmed by nobody else."""
    assert promote(single, "anna")[0] == 0
    begin_with(single, "market", "anna", "gold")
    single.replace(ANNA["market"], '"id": "s1"', '"id": "s7"')
    before = single.snapshot()
    code, output = promote(single, "anna", "market", "--replace")
    assert (code, "market: left alone: the labels of anna began with gold" in output) == (1, True)
    assert single.snapshot() == before


@pytest.mark.parametrize(
    ("made_from", "words"),
    [
        (("baseline",), "those of baseline"),
        (("ben",), "those of baseline, ben"),
        ((), "labels whose maker is not known"),
    ],
)
def test_labels_that_began_with_others_are_promoted_and_say_so(
    single: Project, made_from: tuple[str, ...], words: str
) -> None:
    begin_with(single, "market", "ben", "baseline")
    begin_with(single, "market", "anna", *made_from)
    line = f"market: promoted, 1 span and 0 relations; its labels began with {words}; also labelled by ben"
    code, output = promote(single, "anna", "market")
    assert (code, output.startswith(line)) == (0, True), output
    gold, own = (single.corpus.read_annotation(name, "market") for name in ("gold", "anna"))
    assert (gold.process, gold.made_from) == ("promoted", ("anna",))
    assert (own.process, own.made_from) == ("corrected", made_from)
    # Gold has the source of the labels that it was made from, so that they are no independent witnesses of each other.
    dependent = find_dependent(single.corpus, "market", {"gold": gold, "anna": own})
    assert [(each.annotator, each.others) for each in dependent] == [("anna", ("gold",))]
    assert promote(single, "anna", "market") == (0, "market: unchanged\n")
    assert promote(single, "anna", "market", "--undo") == (0, "market: removed\n")
