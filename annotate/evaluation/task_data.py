"""What a task is made of: the articles of a dataset folder with their gold labels, its inventory and its guidelines."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from annotate.dataset.folder import read_manifest
from annotate.dataset.inputs import SPLITS
from annotate.errors import CannotRun
from annotate.evaluation.prompt import shorten_page
from annotate.inventory import INVENTORY_FILE, Inventory, load_inventory
from annotate.model import Annotation
from annotate.scoring.article_rows import Row
from annotate.scoring.prediction_files import DATA, PredictionReader
from annotate.scoring.score import ARTICLES, Scores, score
from annotate.util.files import is_regular, read_text

SCHEMA, GUIDELINES = "schema", "guidelines"
ALL = "all"
"""Names all splits together."""


class TaskData(NamedTuple):
    """What a task is made of.

    Attributes:
        inventory: The inventory.
        gold: The text and the gold annotation of each article, by article id.
        pages: The pages of the guidelines by their paths, without quotations of the articles.
    """

    inventory: Inventory
    gold: dict[str, tuple[str, Annotation]]
    pages: dict[str, str]

    def convert_rows(self, rows: Mapping[str, Row]) -> dict[str, Annotation]:
        """Convert rows of the table `articles` to annotations, as `annotate score` reads them from a file.

        Args:
            rows: The rows by article id.
        """
        texts = {article_id: text for article_id, (text, _) in self.gold.items()}
        reader = PredictionReader(texts.get, self.inventory, texts)
        return {file.annotation.article: file.annotation for file in reader.read_rows("answers", rows.values())}

    def score_rows(self, rows: Mapping[str, Row]) -> Scores:
        """Score rows of the table `articles` against gold, without intervals.

        Args:
            rows: The rows by article id. An article without one counts as one where nothing was found.
        """
        return score(self.inventory, self.gold, self.convert_rows(rows), samples=0)


@lru_cache(maxsize=4)
def load_task_data(dataset: str, schema: str | None, guidelines: str | None, split: str) -> TaskData:
    """Load what a task is made of. It is remembered, since each part of a task asks for it.

    Args:
        dataset: A dataset folder that `annotate build` wrote, with texts.
        schema: The folder of the inventory; None for the one in the dataset folder, or else `schema`.
        guidelines: The folder of the guidelines; None for the one next to the folder of the inventory, if there is one;
            empty for instructions with the definitions alone.
        split: The split whose articles are evaluated, or `all`.

    Raises:
        CannotRun: If the dataset, the split, the inventory or a page cannot be read.
    """
    folder = Path(dataset)
    schema_folder = Path(schema) if schema else _find_schema(folder)
    inventory = load_inventory(schema_folder)
    files = _list_tables(folder, split)
    reader = PredictionReader(lambda _: None, inventory, None)
    gold = {
        file.annotation.article: (file.text, file.annotation)
        for file in sorted(reader.read_files(folder, files), key=lambda file: file.annotation.article)
    }
    pages = {}
    pages_folder = schema_folder.parent / GUIDELINES if guidelines is None else Path(guidelines)
    if guidelines or (guidelines is None and pages_folder.is_dir()):
        pages = _read_pages(pages_folder, inventory, gold)
    return TaskData(inventory, gold, pages)


def _find_schema(folder: Path) -> Path:
    own = folder / SCHEMA
    return own if is_regular(own / INVENTORY_FILE, within=folder) else Path(SCHEMA)


def _list_tables(folder: Path, split: str) -> list[Path]:
    """Return the files of the table `articles`, of one split or of all."""
    manifest = read_manifest(folder) if folder.is_dir() else None
    if manifest is None:
        raise CannotRun(folder, "is no dataset folder of this version", "write one with `annotate build`")
    if not manifest.text:
        raise CannotRun(folder, "is a dataset without texts", "restore them with `annotate hydrate`")
    tables = [table for table in manifest.tables if table.config == ARTICLES]
    splits = [name for name in SPLITS if any(table.split == name for table in tables)]
    if split not in (*splits, ALL):
        raise CannotRun(folder, f"has no split {split!r}", f"choose from {', '.join((*splits, ALL))}")
    names = {Path(table.file).name for table in tables if split in (table.split, ALL)}
    return [folder / DATA / ARTICLES / name for name in sorted(names)]


def _read_pages(folder: Path, inventory: Inventory, gold: Mapping[str, tuple[str, Annotation]]) -> dict[str, str]:
    paths = [label.guideline for label in inventory.spans.values()]
    paths += [label.guideline for label in inventory.relations.values()]
    texts = [text for text, _ in gold.values()]
    hint = "name the folder of the guidelines, or nothing for the definitions alone"
    return {path: shorten_page(read_text(folder / path, hint, within=folder), texts) for path in dict.fromkeys(paths)}
