"""Run the task with scripted answers, in the environment that has Inspect; not a test.

    python run_task.py DATASET SCHEMA SCENARIOS OUT

SCENARIOS is a JSON object: by name, the answers about the first paragraph in turn by article id, one an epoch; or
`gold`. Other requests get an answer without labels. OUT gets, by name, the values of the metrics, the labels, the
explanations, and the number of messages of each article.
"""

import json
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from inspect_ai import eval as run_tasks
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from annotate.evaluation.inspect_task import LABELS, label_articles
from annotate.evaluation.task_data import load_task_data
from annotate.models.chat import ChatMessage, ChatRequest
from annotate.models.pass_settings import PassSettings

# Behind the wheel, so that the package comes from there.
sys.path.append(str(Path(__file__).parents[2]))
from tests.models.oracle import Oracle

Answers = dict[str, list[str]] | str
NOTHING = '{"spans": [], "relations": [], "links": []}'


def script(dataset: str, schema: str, answers: Answers) -> Callable[..., ModelOutput]:
    """Return the model: a function that finds the article by the message about its paragraph."""
    data = load_task_data(dataset, schema, "", "all", PassSettings())
    oracle = Oracle(data.inventory, "json")
    texts = {}
    for article_id, (text, annotation) in data.gold.items():
        oracle.learn(data.make_article(article_id), annotation)
        texts[text.split("\n")[0]] = article_id
    turns = {article_id: count() for article_id in data.gold}

    def answer(messages: list[Any], *_: object) -> ModelOutput:
        content = messages[1].text
        if isinstance(answers, str):
            request = ChatRequest(messages=(ChatMessage("system", ""), ChatMessage("user", content)))
            words = oracle.answer(request).text
        elif len(messages) > 2:  # a correction, which is none
            words = messages[2].text
        elif content.startswith("Label paragraph 1,"):
            article_id = next(id_ for first, id_ in texts.items() if f"\n{first}\n[end paragraph" in content)
            words = answers[article_id][next(turns[article_id])]
        else:
            words = NOTHING
        output = ModelOutput.from_content("mockllm/model", words)
        output.usage = ModelUsage()  # otherwise, the vocabulary of a tokenizer is downloaded to count tokens
        return output

    return answer


def run(dataset: str, schema: str, answers: Answers, logs: str) -> dict[str, Any]:
    """Run the task once, and return what the test looks at."""
    task = label_articles(dataset, schema, "", "all")
    epochs = 1 if isinstance(answers, str) else len(next(iter(answers.values())))
    model = get_model("mockllm/model", custom_outputs=script(dataset, schema, answers), memoize=False)
    (log,) = run_tasks(task, model=model, epochs=epochs, log_dir=logs, display="none", max_connections=1)
    assert log.status == "success", str(log.error)[:2000]
    (scored,) = log.results.scores
    scores = [sample.scores["score_labels"] for sample in log.samples]
    return {
        "metrics": {name: value.value for name, value in scored.metrics.items()},
        "labels": [score.metadata[LABELS] for score in scores],
        "values": [score.value for score in scores],
        "explanations": [score.explanation for score in scores],
        "messages": [len(sample.messages) for sample in log.samples],
        "metadata": log.eval.metadata,
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
