"""A task for Inspect: label the articles of a dataset as `annotate prelabel` does, scored as by `annotate score`.

    inspect eval annotate/label_articles -T dataset=dist/dataset --model PROVIDER/MODEL

Inspect finds the task by an entry point of the distribution. It needs the extra `eval`; nothing else imports this
module.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

from click import ClickException
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    ResponseSchema,
    get_model,
)
from inspect_ai.scorer import Metric, SampleScore, Scorer, Target, metric, scorer
from inspect_ai.scorer import Score as InspectScore
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import JSONSchema, collect

from annotate.corpus import decode_annotation, encode_annotation
from annotate.errors import CannotRun
from annotate.evaluation.task_data import TaskData, load_task_data
from annotate.model import Annotation
from annotate.models.chat import ChatAnswer, ChatRequest, FinishReason
from annotate.models.labelling import LabelRequest
from annotate.models.pass_settings import PassSettings, load_settings
from annotate.scoring.score import Scores
from annotate.util.tables import Measure

LABELS = "labels"
"""The key in the metadata of a score that has the labels of an article as an annotation file has them."""
TEST = "test"
_LABELLED = "labelled"
"""The key in the metadata of a sample that has what the model made of the article."""
_ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
_FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "refusal",
}
_KINDS = ("all", "layer", "label")
"""Kinds of rows of spans, the most important first."""


@task
def label_articles(
    dataset: str,
    schema: str | None = None,
    guidelines: str | None = None,
    split: str = TEST,
    settings: str | None = None,
) -> Task:
    """Label the articles of a dataset as `annotate prelabel --model` does, a paragraph a request.

    Args:
        dataset: A dataset folder that `annotate build` wrote, with texts.
        schema: The folder of the inventory; by default the one in the dataset folder, or else `schema`.
        guidelines: The folder of the guidelines; by default the one next to the folder of the inventory, if there is
            one. Empty for instructions with the definitions alone.
        split: The split whose articles are evaluated, or `all`.
        settings: A file with the settings of the pass.

    Raises:
        ClickException: If the dataset, the split, the inventory, a page or the settings cannot be read.
    """
    try:
        data = _load_data(dataset, schema, guidelines, split, settings)
    except CannotRun as error:
        raise ClickException(str(error)) from error  # `inspect eval` shows its message alone
    samples = [
        Sample(id=article_id, input=text, target=encode_annotation(annotation).decode())
        for article_id, (text, annotation) in data.gold.items()
    ]
    # The log has the arguments of each part, so that they are names and not the data.
    arguments = dataset, schema, guidelines, split, settings
    description = data.labelling.describe()
    return Task(
        dataset=MemoryDataset(samples, name=data.inventory.title),
        solver=label_paragraphs(*arguments),
        scorer=score_labels(*arguments),
        metrics=[score_articles(*arguments)],
        metadata={"inventory": data.inventory.version, **description._asdict()},
    )


def _load_data(dataset: str, schema: str | None, guidelines: str | None, split: str, settings: str | None) -> TaskData:
    chosen = PassSettings() if settings is None else load_settings(settings)
    return load_task_data(dataset, schema, guidelines, split, chosen)


@solver
def label_paragraphs(
    dataset: str, schema: str | None, guidelines: str | None, split: str, settings: str | None
) -> Solver:
    """Ask a model about the paragraphs of an article, its links, and corrections."""
    data = _load_data(dataset, schema, guidelines, split, settings)
    # Without a settings file, temperature and seed are left to the options of Inspect.
    chosen = PassSettings(temperature=None) if settings is None else load_settings(settings)
    config = GenerateConfig(temperature=chosen.temperature, seed=chosen.seed)

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001 - an article has many requests
        labeller = data.labelling.label_article(data.make_article(str(state.sample_id)))
        while requests := labeller.next_requests():
            outputs = await collect(*(_ask(request, config) for request in requests))
            for request, output in zip(requests, outputs, strict=True):
                state.messages += [*_write_messages(request.chat)[1:], output.message]
                labeller.take(request, _read_output(output))
                state.output = output
        labelled = labeller.result()
        problems = [f"{each.request}: {each.code}: {each.reason}" for each in labelled.quarantined]
        state.metadata[_LABELLED] = {
            LABELS: json.loads(encode_annotation(labelled.annotation)),
            "quarantined": problems,
            "findings": [f"{finding.code}: {finding.message}" for finding in labelled.findings],
        }
        return state

    return solve


async def _ask(request: LabelRequest, config: GenerateConfig) -> ModelOutput:
    chat = request.chat
    schema = None
    if chat.schema is not None:
        schema = ResponseSchema(name="labels", json_schema=JSONSchema.model_validate(dict(chat.schema)))
    own = GenerateConfig(max_tokens=chat.max_tokens, response_schema=schema)
    return await get_model().generate(_write_messages(chat), config=config.merge(own))


def _write_messages(chat: ChatRequest) -> list[ChatMessage]:
    return [_ROLES[message.role](content=message.content) for message in chat.messages]


def _read_output(output: ModelOutput) -> ChatAnswer:
    reason = _FINISH_REASONS.get(output.stop_reason, "other")
    return ChatAnswer(text=output.completion, finish_reason=reason, format="schema", model=output.model)


@scorer(metrics=[])
def score_labels(dataset: str, schema: str | None, guidelines: str | None, split: str, settings: str | None) -> Scorer:
    """Count the spans of an article.

    The value of an article has the number of spans in `gold`, of those `predicted`, and of those `found` exactly. The
    metadata has the labels as an annotation file has them.
    """
    data = _load_data(dataset, schema, guidelines, split, settings)

    async def score(state: TaskState, target: Target) -> InspectScore:  # noqa: ARG001 - the target is for people
        labelled = state.metadata[_LABELLED]
        annotation = _read_labels(labelled)
        row = next(row for row in data.score({annotation.article: annotation}).labels if row.kind == "all")
        precision = row.exact.precision.value or 0
        return InspectScore(
            value={"gold": row.gold, "predicted": row.predicted, "found": round(precision * row.predicted)},
            explanation="\n".join([*labelled["quarantined"], *labelled["findings"]]),
            metadata=labelled,
        )

    return score


@metric(scores="unreduced")
def score_articles(
    dataset: str, schema: str | None, guidelines: str | None, split: str, settings: str | None
) -> Metric:
    """Score all articles together, as `annotate score` does; several epochs have the mean of their scores."""
    data = _load_data(dataset, schema, guidelines, split, settings)

    def measure(sample_scores: list[SampleScore]) -> dict[str, float]:
        epochs: list[dict[str, Annotation]] = []
        quarantined = findings = 0
        for sample in sample_scores:
            metadata = sample.score.metadata or {}
            quarantined += len(metadata["quarantined"])
            findings += len(metadata["findings"])
            annotation = _read_labels(metadata)
            epoch = next((labels for labels in epochs if annotation.article not in labels), None)
            if epoch is None:
                epoch = {}
                epochs.append(epoch)
            epoch[annotation.article] = annotation
        values = defaultdict[str, list[float]](list)
        for labels in epochs:
            for name, value in _list_values(data.score(labels)):
                values[name].append(value)
        means = {name: fmean(of_epochs) for name, of_epochs in values.items()}
        return {**means, "quarantined": quarantined, "findings": findings}

    return measure


def _read_labels(metadata: Mapping[str, Any]) -> Annotation:
    return decode_annotation("labels", json.dumps(metadata[LABELS]).encode())


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
