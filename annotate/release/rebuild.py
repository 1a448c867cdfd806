"""Build a dataset again with the choices of another one: to verify it, or to restore its texts."""

from collections.abc import Iterable
from pathlib import Path

from annotate.corpus import Corpus
from annotate.dataset.build import build
from annotate.dataset.folder import MANIFEST, Manifest, read_manifest
from annotate.dataset.inputs import skeleton_header
from annotate.dataset.redact import SKELETON
from annotate.dataset.tables import select_tables
from annotate.errors import CannotRun
from annotate.inventory import Inventory, load_inventory
from annotate.offsets import sha256
from annotate.passes import LeftOutPass
from annotate.redaction.hydrate import ArticleReport, summarise_hydration
from annotate.redaction.skeleton import Skeleton, parse_skeleton
from annotate.release.agreement import gold_agreement
from annotate.util.escape import quote
from annotate.util.files import read_bytes


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
        header_tables = parse_skeleton(str(path), path.read_bytes()).header.tables
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
    data = read_bytes(path, "name a dataset that `annotate build --without-text` wrote", within=None)
    manifest = read_manifest(dataset)
    if manifest is None:
        raise CannotRun(dataset / MANIFEST, "is missing or not the manifest of a dataset", hint)
    if manifest.skeleton_sha256 not in (None, sha256(data)):
        raise CannotRun(path, f"was changed: its SHA-256 is not the one in {MANIFEST}", hint)
    return parse_skeleton(str(path), data)


def build_restored(
    skeleton: Skeleton, folder: Path, out: str | Path, reports: Iterable[ArticleReport] = ()
) -> Manifest:
    """Build the dataset of a corpus whose texts were restored, with the choices of the dataset without text.

    Args:
        skeleton: The skeleton of the dataset without text.
        folder: The folder that holds the restored corpus as `corpus/`; the files of the inventory are written to it.
        out: The folder to write.
        reports: What became of each article. Card, manifest and tables name those with an altered text.

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
    )


def _require_vocabulary(corpus: Corpus, inventory: Inventory) -> None:
    """Raise CannotRun for a label or value that the inventory lacks: a skeleton comes from outside, with both."""
    for name in corpus.annotation_sets():
        for article_id in corpus.annotated_ids(name):
            annotation, hint = corpus.read_annotation(name, article_id), "get the dataset again"
            for span in annotation.spans:
                if span.label not in inventory.spans:
                    raise CannotRun(SKELETON, f"has the unknown label {quote(span.label)}", hint)
                for attribute, value in span.attributes.items():
                    if attribute not in inventory.attributes or not inventory.attributes[attribute].allows(value):
                        raise CannotRun(SKELETON, f"has the unknown value {quote(value)} of {quote(attribute)}", hint)
            for relation in annotation.relations:
                if relation.label not in inventory.relations:
                    raise CannotRun(SKELETON, f"has the unknown relation {quote(relation.label)}", hint)
