"""Build the dataset folder of a corpus: articles with gold labels, split by split, part by part."""

import contextlib
import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import msgspec
import pyarrow as pa

from annotate.corpus import GUIDELINES, Corpus
from annotate.dataset.card import card
from annotate.dataset.card_splits import find_shared
from annotate.dataset.citation import read_citation
from annotate.dataset.class_descriptions import encode_class_descriptions
from annotate.dataset.class_ids import require_stable_class_ids
from annotate.dataset.croissant import croissant
from annotate.dataset.eval_file import EVAL_FILE, make_eval_file
from annotate.dataset.facts import Agreement, Facts
from annotate.dataset.features import ARTICLES
from annotate.dataset.folder import (
    CARD,
    CLASS_DESCRIPTIONS,
    CROISSANT,
    FORMAT,
    MANIFEST,
    Manifest,
    dataset_folder,
    encode_manifest,
    require_replaceable,
)
from annotate.dataset.inputs import articles_by_split, corpus_version, links_by_split
from annotate.dataset.inventory_files import read_guidelines, read_inventory_files, write_files
from annotate.dataset.redact import SKELETON
from annotate.dataset.shards import ENOUGH, Order, ShardWriter, divide, use_system_memory_pool
from annotate.dataset.statement import count_sentences, fill_statement
from annotate.dataset.statistics import Counts
from annotate.dataset.tables import select_tables
from annotate.dataset.tables.links import LinkRow
from annotate.dataset.writer import TableFile, TableWriter, totals
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.offsets import sha256
from annotate.outputs import list_sources
from annotate.passes import LeftOutPass
from annotate.redaction.hydrate import Hydration
from annotate.redaction.skeleton import InventoryStrings, SkeletonHeader, encode_skeleton
from annotate.splits import SPLITS
from annotate.util.parallel import count_workers, map_in_order, process_pool
from annotate.waivers import corpus_waivers


def build(
    corpus: Corpus,
    inventory: Inventory,
    out: str | Path,
    citation: Path | None = None,
    agreement: Agreement | None = None,
    tables: Collection[str] = (),
    negatives: bool = False,
    skeleton: SkeletonHeader | None = None,
    needs_gold: bool = True,
    left_out: tuple[LeftOutPass, ...] = (),
    hydration: Hydration | None = None,
    evaluation: bool = False,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write a dataset folder: a Parquet file a table and split, the card, `croissant.json` and the manifest.

    `classes.json`, the files of the inventory and the pages of the guidelines next to the corpus come with it.

    Args:
        corpus: A corpus that has passed the checks.
        inventory: Its inventory.
        out: The folder to write; an earlier dataset there is replaced.
        citation: The CITATION.cff that the card quotes.
        agreement: The agreement that the card shows.
        tables: The tables to write, none for all; `articles` is always written, since the others refer to it.
        negatives: Whether `relations` has pairs of mentions without a relation.
        skeleton: The header of a skeleton. With it, no table and no row in the card has words of the articles, and
            `skeleton.jsonl` is written, from which `annotate hydrate` restores them. Pages of the guidelines that quote
            an article are left out.
        needs_gold: Whether a corpus without any gold is refused. Otherwise the tables have the labels of the articles
            that one annotator has labelled.
        left_out: The labels of single annotators that are left out of the tables because they have errors.
        hydration: How the texts of the corpus differ from those that were labelled; None if they do not.
        evaluation: Whether `eval.yaml` is written.
        workers: Number of processes; does not affect the bytes.
        progress: Called with a number of articles when these are done.

    Returns:
        The manifest that was written.

    Raises:
        Refused: A class id of the dataset in `out` would go to another name.
        CannotRun: No article has gold labels, or none is in the split `test` with `evaluation`; a table or split is
            unknown; or `out` must not or cannot be written.
            `out` is then as it was.
    """
    sources = list_sources(corpus, inventory)
    require_replaceable(Path(out), sources)
    require_stable_class_ids(Path(out), select_tables(inventory))
    cited = read_citation(citation) if citation else None
    splits = articles_by_split(corpus, needs_gold, left_out)
    eval_file = make_eval_file(inventory, splits) if evaluation else None
    annotators = corpus.read_annotators()
    order = Order(
        corpus=str(corpus.root),
        annotators=tuple(name for name in corpus.annotation_sets() if name != GOLD),
        inventory=inventory,
        tables=tuple(sorted({ARTICLES, *tables})) if tables else None,
        negatives=negatives,
        annotator_entries=annotators,
        text=skeleton is None,
        altered=tuple(hydration.altered) if hydration else (),
        left_out=left_out,
    )
    types = order.table_builder().tables
    links = links_by_split(corpus, splits) if "links" in types else {}
    with dataset_folder(out, sources) as folder:
        counts, files = _write_tables(folder, order, splits, links, workers, progress)
        names = list(types)
        files.sort(key=lambda table: (names.index(table.config), SPLITS.index(table.split), table.file))
        articles = counts.articles.total()
        figures = {
            "articles": articles,
            "characters": counts.characters,
            "sentences": count_sentences(corpus),
            "spans": counts.spans.total(),
            "relations": counts.relations.total(),
            "adjudicated": counts.processes["adjudicated"],
            "promoted": counts.processes["promoted"],
            "single_pass": counts.processes["single pass"],
            "corrected": counts.processes["corrected"],
        }
        facts = Facts(
            inventory=inventory,
            types=types,
            tables=totals(files),
            files=tuple(files),
            counts=counts,
            annotators=annotators,
            corpus=corpus_version(corpus),
            pyarrow=pa.__version__,
            left_out=len(corpus.article_ids()) - articles,
            citation=cited,
            agreement=agreement,
            text=skeleton is None,
            shared=find_shared(corpus, splits),
            statement=fill_statement(corpus, figures),
            hub_metadata=corpus.read_hub_metadata(),
            waivers=corpus_waivers(corpus),
            hydration=hydration,
            passes_left_out=left_out,
        )
        readme, metadata = card(facts).encode(), croissant(facts)
        skeleton_sha256 = _write_skeleton(folder / SKELETON, corpus, inventory, skeleton) if skeleton else None
        described = {CLASS_DESCRIPTIONS: encode_class_descriptions(inventory, types)}
        pages = skeleton.open_pages if skeleton else read_guidelines(corpus)
        others = (
            described
            | read_inventory_files(inventory)
            | {f"{GUIDELINES}/{name}": page.encode() for name, page in pages.items()}
        )
        manifest = Manifest(
            format=FORMAT,
            title=inventory.title,
            corpus=facts.corpus,
            inventory=inventory.version,
            inventory_sha256=_hash(inventory),
            pyarrow=pa.__version__,
            articles=articles,
            card_sha256=sha256(readme),
            tables=facts.files,
            unfit=dict(sorted(counts.unfit.items())),
            croissant_sha256=sha256(metadata),
            negatives=negatives,
            text=skeleton is None,
            skeleton_sha256=skeleton_sha256,
            hydration=hydration,
            files={name: sha256(data) for name, data in others.items()},
            pages_left_out=len(skeleton.guidelines) - len(pages) if skeleton else 0,
            eval_sha256=sha256(eval_file) if eval_file else None,
            passes_left_out=left_out,
        )
        write_files(folder, others)
        (folder / CARD).write_bytes(readme)
        (folder / CROISSANT).write_bytes(metadata)
        if eval_file:
            (folder / EVAL_FILE).write_bytes(eval_file)
        (folder / MANIFEST).write_bytes(encode_manifest(manifest))
    return manifest


def _write_skeleton(path: Path, corpus: Corpus, inventory: Inventory, header: SkeletonHeader) -> str:
    """Write the skeleton of a corpus, and return the hash of the file."""
    fields = inventory.metadata.values()
    choices = InventoryStrings(
        frozenset(name for name, attribute in inventory.attributes.items() if attribute.type == "choice"),
        frozenset(field.name for field in fields if field.is_shared),
    )
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for line in encode_skeleton(corpus, header, choices):
            digest.update(line)
            file.write(line)
    return digest.hexdigest()


def _write_tables(
    folder: Path,
    order: Order,
    splits: Mapping[str, list[str]],
    links: Mapping[str, list[LinkRow]],
    workers: int,
    progress: Callable[[int], None],
) -> tuple[Counts, list[TableFile]]:
    """Write the rows of every table and split; the number of processes does not affect the bytes."""
    use_system_memory_pool()
    counts, files, parts = Counts(), list[TableFile](), divide(splits)
    count = count_workers(sum(map(len, splits.values())), ENOUGH, min(workers, len(parts)))
    with (
        process_pool(count) as executor,
        contextlib.closing(map_in_order(executor, ShardWriter(order, folder), parts, count)) as shards,
    ):
        for part, shard in zip(parts, shards, strict=True):
            progress(len(part.article_ids))
            counts.merge(shard.counts)
            files += shard.tables
    builder = order.table_builder()
    for split in splits:
        tables = builder.build_links(links.get(split, []))
        counts.add_rows(split, tables)
        for config, rows in tables.items():
            features = builder.tables[config].features
            with contextlib.closing(TableWriter(folder, config, split, features)) as writer:
                writer.add(rows)
                files.append(writer.finish())
    return counts, files


def _hash(inventory: Inventory) -> str:
    """Return the hash of what the inventory says, wherever it was loaded from.

    Shown forms, claimants and disputants count only where there are any: so inventories without them keep the hash of
    earlier releases.
    """
    data = {name: value for name, value in msgspec.to_builtins(inventory).items() if name != "folder"}
    for section in ("spans", "attributes"):
        data[section] = {
            name: {key: value for key, value in entry.items() if value or key not in ("shown_as", "shown_values")}
            for name, entry in data[section].items()
        }
    data["intervals"] = [
        {key: value for key, value in interval.items() if value or key not in ("claimants", "disputants")}
        for interval in data["intervals"]
    ]
    return sha256(msgspec.json.encode(data))
