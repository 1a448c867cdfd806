"""Build a dataset again with the choices of another one: to verify it, or to restore its texts."""

import contextlib
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

from annotate.corpus import Corpus
from annotate.dataset.build import build
from annotate.dataset.folder import MANIFEST, Manifest, read_manifest
from annotate.dataset.inputs import skeleton_header
from annotate.dataset.redact import SKELETON
from annotate.dataset.tables import select_tables
from annotate.errors import CannotRun
from annotate.inventory import Inventory, load_inventory
from annotate.model import GOLD, Annotation
from annotate.passes import LeftOutPass
from annotate.redaction.hydrate import ArticleReport, summarise_hydration
from annotate.redaction.skeleton import Skeleton, open_skeleton, read_header
from annotate.release.agreement import gold_agreement
from annotate.util.escape import quote
from annotate.util.files import open_raw, reporting_read_errors
from annotate.util.parallel import count_cores, count_workers, map_in_order, process_pool
from annotate.util.progress import StartStep, ignore_steps

_BATCH, _ENOUGH = 50, 1000
"""Annotations that a process checks at once, and for which starting one pays."""


def rebuild_dataset(
    corpus: Corpus,
    schema: str | Path,
    dataset: Path,
    citation: Path | None,
    out: Path,
    left_out: tuple[LeftOutPass, ...] = (),
) -> Manifest:
    """Build a corpus as a dataset of it was built: its tables, with negatives, text and `eval.yaml` or not.

    Args:
        corpus: The corpus.
        schema: The folder of its inventory.
        dataset: The dataset whose choices are taken.
        citation: The CITATION.cff that the card quotes.
        out: The folder to write.
        left_out: The labels of single annotators that are left out of the tables.

    Raises:
        CannotRun: The dataset's skeleton cannot be read, or there is nothing to write.
    """
    inventory, manifest, path = load_inventory(schema), read_manifest(dataset), dataset / SKELETON
    tables = set(select_tables(inventory)).intersection(table.config for table in manifest.tables) if manifest else ()
    negatives = manifest.negatives if manifest else False
    skeleton = None
    if path.is_file():
        header_tables = read_header(path).tables
        skeleton = skeleton_header(corpus, str(schema), citation, header_tables, negatives, left_out)
    return build(
        corpus,
        inventory,
        out,
        citation,
        gold_agreement(corpus, inventory),
        tables=tables,
        negatives=negatives,
        skeleton=skeleton,
        left_out=left_out,
        evaluation=bool(manifest and manifest.eval_sha256),
    )


def read_skeleton(dataset: Path) -> Skeleton:
    """Read the skeleton of a dataset without text.

    The manifest of a dataset that annotate 0.1 wrote has no hash of the skeleton, which is then not compared.

    Raises:
        CannotRun: The dataset has no skeleton, a broken one, or another one than its manifest says.
    """
    path, hint = dataset / SKELETON, "download the dataset again"
    digest = hashlib.sha256()
    with (
        reporting_read_errors(path, "name a dataset that `annotate build --without-text` wrote"),
        open_raw(str(path), within=None) as file,
    ):
        for line in file:
            digest.update(line)
    manifest = read_manifest(dataset)
    if manifest is None:
        raise CannotRun(dataset / MANIFEST, "is missing or not the manifest of a dataset", hint)
    if manifest.skeleton_sha256 not in (None, digest.hexdigest()):
        raise CannotRun(path, f"was changed: its SHA-256 is not the one in {MANIFEST}", hint)
    return open_skeleton(path)


def build_restored(
    skeleton: Skeleton,
    folder: Path,
    out: str | Path,
    reports: Collection[ArticleReport] = (),
    progress: StartStep = ignore_steps,
) -> Manifest:
    """Build the dataset of a corpus whose texts were restored, with the choices of the dataset without text.

    Args:
        skeleton: The skeleton of the dataset without text.
        folder: The folder that holds the restored corpus as `corpus/`; the files of the inventory are written to it.
        out: The folder to write.
        reports: What became of each article. Card, manifest and tables name those with an altered text.
        progress: Called at the start of each step with its name and the number of articles, or None.

    Raises:
        Refused: Class ids of the dataset in `out` would change.
        CannotRun: The skeleton has labels or values that its inventory does not have.
    """
    header = skeleton.header
    for name, text in header.schema.items():
        (folder / Path(name).name).write_text(text, "utf-8", newline="")
    citation = None
    if header.citation is not None:
        citation = folder / "CITATION.cff"
        citation.write_text(header.citation, "utf-8", newline="")
    corpus, inventory = Corpus(folder / "corpus"), load_inventory(folder)
    _require_vocabulary(corpus, inventory)
    progress("measuring agreement", None)
    agreement = gold_agreement(corpus, inventory)
    return build(
        corpus,
        inventory,
        out,
        citation,
        agreement,
        tables=header.tables,
        negatives=header.negatives,
        left_out=header.passes_left_out,
        hydration=summarise_hydration(skeleton, reports),
        progress=progress("building", len(corpus.annotated_ids(GOLD))),
        workers=count_cores(),
    )


def _require_vocabulary(corpus: Corpus, inventory: Inventory) -> None:
    """Raise CannotRun for a label or value that the inventory lacks: a skeleton comes from outside, with both."""
    annotations = [(name, each) for name in corpus.annotation_sets() for each in corpus.annotated_ids(name)]
    batches = [annotations[first : first + _BATCH] for first in range(0, len(annotations), _BATCH)]
    workers = count_workers(len(annotations), _ENOUGH, count_cores())
    with (
        process_pool(workers) as executor,
        contextlib.closing(map_in_order(executor, _VocabularyCheck(corpus.root, inventory), batches, workers)) as done,
    ):
        for _ in done:
            pass


class _VocabularyCheck:
    """Checks annotations of a corpus, each given by its annotation set and article; can be sent to another process."""

    def __init__(self, root: Path, inventory: Inventory) -> None:
        self._corpus, self._inventory = Corpus(root), inventory

    def __call__(self, annotations: Sequence[tuple[str, str]]) -> None:
        """Raise CannotRun for a label or value that the inventory lacks."""
        for name, article_id in annotations:
            _require_names(self._corpus.read_annotation(name, article_id), self._inventory)


def _require_names(annotation: Annotation, inventory: Inventory) -> None:
    hint = "get the dataset again"
    for span in annotation.spans:
        if span.label not in inventory.spans:
            raise CannotRun(SKELETON, f"has the unknown label {quote(span.label)}", hint)
        for attribute, value in span.attributes.items():
            if attribute not in inventory.attributes or not inventory.attributes[attribute].allows(value):
                raise CannotRun(SKELETON, f"has the unknown value {quote(value)} of {quote(attribute)}", hint)
    for relation in annotation.relations:
        if relation.label not in inventory.relations:
            raise CannotRun(SKELETON, f"has the unknown relation {quote(relation.label)}", hint)
