"""Tags of tokens: by hand, as the table `tokens` has them, and with the F1 of other tools for tag sequences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.tagging import LEVELS
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation
from annotate.scoring.score import Score, TokenScore, score
from annotate.scoring.score_counts import GOLD_SIDE, SYSTEM_SIDE
from annotate.scoring.token_tags import make_bare_article
from annotate.tokens import list_tags
from tests.agreement.helpers import TEXT, annotation, span
from tests.conftest import BASE
from tests.strategies import annotations

MASTER, SAID, WORDS = span("a", "Speaker", 0, 10), span("b", "Verb", 11, 15), span("c", "Words", 16, 41)
INVENTORY = load_inventory(BASE / "schema")


def score_tokens(gold: Annotation, found: Annotation, text: str = TEXT) -> dict[str, TokenScore]:
    scores = score(INVENTORY, {"a": (text, gold)}, {"a": found}, 0)
    return {row.name: row for row in scores.tokens}


def list_values(score: Score) -> list[float | None]:
    return [score.precision.value, score.recall.value, score.f1.value]


def test_entities_and_tokens_by_hand() -> None:
    """Gold has two tokens of a speaker and a verb; one token of the speaker is predicted, and the verb."""
    rows = score_tokens(annotation(MASTER, SAID), annotation(span("a", "Speaker", 4, 10), SAID))
    assert list(rows) == ["speech", "speech_1", "cargo", "all layers"]
    for name in ("speech", "speech_1", "all layers"):
        row = rows[name]
        assert (row.gold, row.predicted, row.table) == (2, 2, "tokens")
        assert [each.value for each in (row.entities.precision, row.entities.recall, row.entities.f1)] == [
            0.5,
            0.5,
            0.5,
        ]
        assert [each.value for each in (row.tokens.precision, row.tokens.recall, row.tokens.f1)] == [1, 2 / 3, 0.8]
    assert rows["cargo"].entities.f1.value is None


def test_a_layer_finds_a_span_in_any_of_its_columns() -> None:
    """Without the words around it, the verb is in the first column."""
    inner = span("d", "Verb", 26, 29)
    rows = score_tokens(annotation(WORDS, inner), annotation(inner))
    assert (rows["speech_2"].gold, rows["speech_2"].predicted) == (1, 0)
    assert rows["speech_1"].entities.f1.value == 0
    assert rows["speech"].entities.f1.value == 2 / 3


def test_spans_that_tags_do_not_hold_are_counted_apart() -> None:
    cut, crossing = span("d", "Verb", 12, 15), span("e", "Words", 33, 50)
    nowhere = span("f", "Words", 0, 0)
    rows = score_tokens(annotation(MASTER, cut), annotation(MASTER, crossing, nowhere))
    assert rows["speech"].unfit == {GOLD_SIDE: 1, SYSTEM_SIDE: 2}
    assert rows["all layers"].unfit == {GOLD_SIDE: 1, SYSTEM_SIDE: 2}
    assert rows["speech"].entities.f1.value == 1


def test_an_empty_span_between_two_tokens_is_in_no_column() -> None:
    """It begins where the full stop does, and ends where the word before it does."""
    rows = score_tokens(annotation(MASTER), annotation(MASTER, span("b", "Verb", 41, 41)))
    assert (rows["speech"].predicted, rows["speech"].unfit[SYSTEM_SIDE]) == (1, 1)


def list_columns(found: Annotation, text: str, inventory: Inventory) -> dict[str, list[list[str]]]:
    """Return the tags of each column of the table `tokens`, a list a paragraph."""
    builder = TableBuilder(inventory, ["tokens"])
    plain = annotation(
        *(span(each.id, each.label, each.start, each.end, text) for each in found.spans if each.end > each.start),
        text=text,
    )
    table = builder.build(builder.batch_of_pairs([(make_bare_article("a", text), plain)]))["tokens"]
    return {
        f"{layer}_{level}": [
            [list_tags(inventory.class_ids.layers[layer])[tag] for tag in tags]
            for tags in table[f"{layer}_{level}"].to_pylist()
        ]
        for layer in inventory.layers
        for level in range(1, LEVELS + 1)
    }


@given(st.data())
def check_columns(data: st.DataObject) -> None:
    import nervaluate

    text = data.draw(st.sampled_from([TEXT, "a b c d e f\n\ng h i\n j k"]))
    gold, found = data.draw(annotations(text)), data.draw(annotations(text))
    rows = score_tokens(gold, found, text)
    columns = [list_columns(side, text, INVENTORY) for side in (gold, found)]
    for name in columns[0]:
        sides = [column[name] for column in columns]
        if not any(tag != "O" for side in sides for tags in side for tag in tags):
            assert name not in rows
            continue
        labels = INVENTORY.class_ids.layers[name.rpartition("_")[0]]
        result = nervaluate.Evaluator(*sides, tags=list(labels), loader="list").evaluate()["overall"]["strict"]
        assert (rows[name].gold, rows[name].predicted) == (result.possible, result.actual)
        values = [value or 0 for value in list_values(rows[name].entities)]
        assert values == pytest.approx([result.precision, result.recall, result.f1])
        pairs = [pair for tags in zip(*sides, strict=True) for pair in zip(*tags, strict=True)]
        same = sum(left[2:] == right[2:] != "" for left, right in pairs)
        total = sum(left != "O" for left, _ in pairs) + sum(right != "O" for _, right in pairs)
        assert rows[name].tokens.f1.value == pytest.approx(2 * same / total)


def test_a_column_has_the_f1_of_nervaluate_for_its_tags() -> None:
    check_columns()
