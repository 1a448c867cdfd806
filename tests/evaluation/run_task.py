"""Run the task with scripted answers, in the environment that has Inspect; not a test.

    python run_task.py DATASET SCHEMA SCENARIOS OUT

SCENARIOS is a JSON object: by name, the answers in turn by article id, one an epoch; or `gold` for those that the task
calls right. OUT gets, by name, the values of the metrics, the rows of the table `articles`, and the explanations.
"""

import json
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from inspect_ai import eval as run_tasks
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from annotate.evaluation.inspect_task import ROW, label_articles

Answers = dict[str, list[str]] | str


def script(task: Any, answers: Answers) -> Callable[..., ModelOutput]:
    """Return the model: a function that finds the article by the user's message."""
    ids = {sample.input[-1].text: sample.id for sample in task.dataset}
    targets = {sample.id: sample.target for sample in task.dataset}
    turns = {article_id: count() for article_id in targets}

    def answer(messages: list[Any], *_: object) -> ModelOutput:
        article_id = ids[messages[-1].text]
        words = targets[article_id] if isinstance(answers, str) else answers[article_id][next(turns[article_id])]
        output = ModelOutput.from_content("mockllm/model", words)
        output.usage = ModelUsage()  # otherwise, the vocabulary of a tokenizer is downloaded to count tokens
        return output

    return answer


def run(dataset: str, schema: str, answers: Answers, logs: str) -> dict[str, Any]:
    """Run the task once, and return what the test looks at."""
    task = label_articles(dataset, schema, "", "all")
    epochs = 1 if isinstance(answers, str) else len(next(iter(answers.values())))
    model = get_model("mockllm/model", custom_outputs=script(task, answers), memoize=False)
    (log,) = run_tasks(task, model=model, epochs=epochs, log_dir=logs, display="none", max_connections=1)
    assert log.status == "success", str(log.error)[:2000]
    (scored,) = log.results.scores
    scores = [sample.scores["score_answers"] for sample in log.samples]
    return {
        "metrics": {name: value.value for name, value in scored.metrics.items()},
        "rows": [score.metadata[ROW] for score in scores],
        "values": [score.value for score in scores],
        "explanations": [score.explanation for score in scores],
    }


def main() -> None:
    dataset, schema, scenarios, out = sys.argv[1:]
    results = {
        name: run(dataset, schema, answers, str(Path(out).parent / "logs" / name))
        for name, answers in json.loads(Path(scenarios).read_text("utf-8")).items()
    }
    Path(out).write_text(json.dumps(results), "utf-8")


if __name__ == "__main__":
    main()
