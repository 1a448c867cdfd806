"""A task for Inspect: label the articles of a dataset, scored as `annotate score` scores.

    inspect eval annotate/label_articles -T dataset=dist/dataset --model PROVIDER/MODEL

Inspect finds the task by an entry point of the distribution. It needs the extra `eval`; nothing else imports this
module.
"""

from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean
from typing import Any

from click import ClickException
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Metric, SampleScore, Scorer, Target, metric, scorer
from inspect_ai.scorer import Score as InspectScore
from inspect_ai.solver import TaskState, generate

from annotate.errors import CannotRun
from annotate.evaluation.answers import parse_answer, write_answer
from annotate.evaluation.prompt import show_article, write_instructions
from annotate.evaluation.task_data import load_task_data
from annotate.scoring.score import Scores
from annotate.util.tables import Measure

ROW = "row"
"""The key in the metadata of a score that has the answer as a row of the table `articles`."""
TEST = "test"
_KINDS = ("all", "layer", "label")
"""Kinds of rows of spans, the most important first."""


@task
def label_articles(dataset: str, schema: str | None = None, guidelines: str | None = None, split: str = TEST) -> Task:
    """Label the articles of a dataset: spans as quoted words, their attributes, and relations.

    Args:
        dataset: A dataset folder that `annotate build` wrote, with texts.
        schema: The folder of the inventory; by default the one in the dataset folder, or else `schema`.
        guidelines: The folder of the guidelines; by default the one next to the folder of the inventory, if there is
            one. Empty for instructions with the definitions alone.
        split: The split whose articles are evaluated, or `all`.

    Raises:
        ClickException: If the dataset, the split, the inventory or a page cannot be read.
    """
    try:
        data = load_task_data(dataset, schema, guidelines, split)
    except CannotRun as error:
        raise ClickException(str(error)) from error  # `inspect eval` shows its message alone
    instructions = write_instructions(data.inventory, data.pages)
    samples = [
        Sample(
            id=article_id,
            input=[ChatMessageSystem(content=instructions), ChatMessageUser(content=show_article(text))],
            target=write_answer(annotation, text),
        )
        for article_id, (text, annotation) in data.gold.items()
    ]
    return Task(
        dataset=MemoryDataset(samples, name=data.inventory.title),
        solver=generate(),
        scorer=score_answers(dataset, schema, split),
        metrics=[score_articles(dataset, schema, split)],
        metadata={"inventory": data.inventory.version},
    )


@scorer(metrics=[])
def score_answers(dataset: str, schema: str | None = None, split: str = TEST) -> Scorer:
    """Read an answer, and count its spans.

    The value of an article has the number of spans in `gold`, of those `predicted`, and of those `found` exactly. The
    metadata has the answer as a row that `annotate score` reads.
    """
    data = load_task_data(dataset, schema, "", split)

    async def score(state: TaskState, target: Target) -> InspectScore:  # noqa: ARG001 - the target is for people
        article_id = str(state.sample_id)
        text, annotation = data.gold[article_id]
        answer = parse_answer(state.output.completion, article_id, text, data.inventory)
        scores = data._replace(gold={article_id: (text, annotation)}).score_rows({article_id: answer.row})
        row = next(row for row in scores.labels if row.kind == "all")
        precision = row.exact.precision.value or 0
        return InspectScore(
            value={"gold": row.gold, "predicted": row.predicted, "found": round(precision * row.predicted)},
            answer=state.output.completion,
            explanation="\n".join(answer.problems) if answer.is_readable else "the answer has no JSON object",
            metadata={ROW: answer.row, "is_readable": answer.is_readable, "left_out": len(answer.problems)},
        )

    return score


@metric(scores="unreduced")
def score_articles(dataset: str, schema: str | None = None, split: str = TEST) -> Metric:
    """Score all articles together, as `annotate score` does; several epochs have the mean of their scores."""
    data = load_task_data(dataset, schema, "", split)

    def measure(sample_scores: list[SampleScore]) -> dict[str, float]:
        epochs: list[dict[str, Any]] = []
        left_out = unreadable = 0
        for sample in sample_scores:
            metadata = sample.score.metadata or {}
            left_out += metadata["left_out"]
            unreadable += not metadata["is_readable"]
            row = metadata[ROW]
            epoch = next((rows for rows in epochs if row["id"] not in rows), None)
            if epoch is None:
                epoch = {}
                epochs.append(epoch)
            epoch[row["id"]] = row
        values = defaultdict[str, list[float]](list)
        for rows in epochs:
            evaluated = data._replace(gold={article_id: data.gold[article_id] for article_id in rows})
            for name, value in _list_values(evaluated.score_rows(rows)):
                values[name].append(value)
        means = {name: fmean(of_epochs) for name, of_epochs in values.items()}
        return {**means, "left_out": left_out, "unreadable": unreadable}

    return measure


def _list_values(scores: Scores) -> Iterator[tuple[str, float]]:
    """Yield the measures that have values, the name of each first."""
    measures: dict[str, Measure] = {}
    for span_row in sorted(scores.labels, key=lambda row: _KINDS.index(row.kind)):
        name = "" if span_row.kind == "all" else f" {span_row.name}"
        measures[f"exact_f1{name}"] = span_row.exact.f1
        if span_row.kind != "label":
            measures[f"partial_f1{name}"] = span_row.partial.f1
            measures[f"overlap_f1{name}"] = span_row.overlap.f1
    measures |= {f"relation_f1 {row.name}": row.all.f1 for row in scores.relations}
    measures |= {f"attribute_share {row.name}": row.share for row in scores.attributes}
    measures |= {f"record_f1 {row.name}": row.full_exact for row in scores.records}
    measures |= {f"count_equal {row.label}": row.equal for row in scores.counts}
    yield from ((name, measure.value) for name, measure in measures.items() if measure.value is not None)
