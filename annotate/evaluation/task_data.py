"""What a task is made of: the articles of a dataset folder with their gold labels, and how a model labels them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.dataset.folder import Manifest, read_manifest
from annotate.errors import CannotRun, describe_os_error
from annotate.inventory import INVENTORY_FILE, Inventory, load_inventory
from annotate.model import Annotation, Article
from annotate.models.guideline_pages import read_guidelines
from annotate.models.labeller import PromptedLabelling
from annotate.models.pass_settings import PassSettings
from annotate.models.prompts import write_prompt
from annotate.scoring.prediction_files import DATA, PredictionReader
from annotate.scoring.score import ARTICLES, Scores, score
from annotate.scoring.token_tags import make_bare_article
from annotate.splits import SPLITS
from annotate.util.escape import quote
from annotate.util.files import is_regular
from annotate.util.parquet import BrokenParquet, read_rows

SCHEMA, GUIDELINES = "schema", "guidelines"
_HINT = "build the dataset again"
MODEL = "model"
"""The annotator of the labels."""
ALL = "all"
"""Names all splits together."""


class TaskData(NamedTuple):
    """What a task is made of.

    Attributes:
        inventory: The inventory.
        gold: The text and the gold annotation of each article, by article id.
        titles: The titles of articles that have one, by article id.
        labelling: How a model labels them.
    """

    inventory: Inventory
    gold: dict[str, tuple[str, Annotation]]
    titles: dict[str, str]
    labelling: PromptedLabelling

    def make_article(self, article_id: str) -> Article:
        """Return an article as a model is given it."""
        text, gold = self.gold[article_id]
        article = make_bare_article(article_id, text, self.inventory.language)
        title, sha256 = self.titles.get(article_id), gold.text_sha256
        return msgspec.structs.replace(article, title=title, text_sha256=sha256)

    def score(self, labels: Mapping[str, Annotation]) -> Scores:
        """Score the labels of some articles against gold, without intervals.

        Args:
            labels: The labels by article id; only these articles are scored.
        """
        gold = {article_id: self.gold[article_id] for article_id in labels}
        return score(self.inventory, gold, labels, samples=0)


@lru_cache(maxsize=4)
def load_task_data(
    dataset: str, schema: str | None, guidelines: str | None, split: str, settings: PassSettings
) -> TaskData:
    """Load what a task is made of. It is remembered, since each part of a task asks for it.

    Args:
        dataset: A dataset folder that `annotate build` wrote, with texts.
        schema: The folder of the inventory; None for the one in the dataset folder, or else `schema`.
        guidelines: The folder of the guidelines; None for the one next to the folder of the inventory, if there is one;
            empty for instructions with the definitions alone.
        split: The split whose articles are evaluated, or `all`.
        settings: The settings of the pass.

    Raises:
        CannotRun: If the dataset, the split, the inventory or a page cannot be read.
    """
    folder = Path(dataset)
    schema_folder = Path(schema) if schema else _find_schema(folder)
    inventory = load_inventory(schema_folder)
    manifest = _read_manifest(folder)
    files = _list_tables(folder, manifest, split)
    reader = PredictionReader(lambda _: None, inventory, None)
    gold = {
        file.annotation.article: (file.text, file.annotation)
        for file in sorted(reader.read_files(folder, files), key=lambda file: file.annotation.article)
    }
    pages, texts = dict[str, str](), list[str]()
    pages_folder = schema_folder.parent / GUIDELINES if guidelines is None else Path(guidelines)
    if guidelines or (guidelines is None and pages_folder.is_dir()):
        pages = read_guidelines(pages_folder, inventory)
        # Of all splits, so that each split has the same prompt.
        texts = [str(row["text"]) for row in _read_rows(folder, _list_tables(folder, manifest, ALL))]
    prompt = write_prompt(
        inventory,
        pages,
        mode=settings.answers,
        budget=settings.guideline_tokens,
        texts=texts,
        examples=settings.examples,
        max_tokens=settings.max_tokens,
    )
    titles = {str(row["id"]): title for row in _read_rows(folder, files) if isinstance(title := row.get("title"), str)}
    return TaskData(inventory, gold, titles, PromptedLabelling(prompt, MODEL))


def _find_schema(folder: Path) -> Path:
    own = folder / SCHEMA
    return own if is_regular(own / INVENTORY_FILE, within=folder) else Path(SCHEMA)


def _read_manifest(folder: Path) -> Manifest:
    manifest = read_manifest(folder) if folder.is_dir() else None
    if manifest is None:
        raise CannotRun(folder, "is no dataset folder of this version", "write one with `annotate build`")
    if not manifest.text:
        raise CannotRun(folder, "is a dataset without texts", "restore them with `annotate hydrate`")
    return manifest


def _list_tables(folder: Path, manifest: Manifest, split: str) -> list[Path]:
    """Return the files of the table `articles`, of one split or of all."""
    tables = [table for table in manifest.tables if table.config == ARTICLES]
    splits = [name for name in SPLITS if any(table.split == name for table in tables)]
    if split not in (*splits, ALL):
        raise CannotRun(folder, f"has no split {quote(split)}", f"choose from {', '.join((*splits, ALL))}")
    names = {Path(table.file).name for table in tables if split in (table.split, ALL)}
    return [folder / DATA / ARTICLES / name for name in sorted(names)]


def _read_rows(folder: Path, files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        try:
            yield from (row for _, row in read_rows(file, within=folder))
        except BrokenParquet as error:
            raise CannotRun(file, str(error), _HINT) from error
        except OSError as error:
            raise CannotRun(file, describe_os_error(error), _HINT) from error
