"""`eval.yaml`: what the Hugging Face Hub reads of a dataset that is a benchmark.

The Hub reads it only of repositories on its list of benchmarks, and only with a registered evaluation framework. It is
`inspect-ai` here, whose task is in `annotate.evaluation`. The file names the table and the split that it evaluates.
"""

from collections.abc import Collection

import yaml

from annotate.dataset.features import ARTICLES
from annotate.errors import CannotRun
from annotate.inventory import Inventory

EVAL_FILE = "eval.yaml"
FRAMEWORK = "inspect-ai"
TASK = "label_articles"
"""The name of the task in `annotate.evaluation.inspect_task`."""
TEST = "test"


def make_eval_file(inventory: Inventory, splits: Collection[str]) -> bytes:
    """Return the bytes of `eval.yaml`.

    Args:
        inventory: The inventory.
        splits: The splits of the dataset.

    Raises:
        CannotRun: The dataset has no split `test`.
    """
    if TEST not in splits:
        hint = f"list the articles to evaluate on in splits/{TEST}.txt, or build without --eval"
        raise CannotRun(EVAL_FILE, f"no article with labels is in the split {TEST}", hint)
    content = {
        "name": inventory.title,
        "description": inventory.about,
        "evaluation_framework": FRAMEWORK,
        "tasks": [{"id": TASK, "config": ARTICLES, "split": TEST}],
    }
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120).encode()
