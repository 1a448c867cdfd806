"""A corpus → its dataset folder: articles with gold labels, split by split, part by part.

Class ids of a dataset that is there, against those that a build would give: a number once given keeps its name.

What a dataset is built from beside the corpus: the citation, and what goes into the head of a skeleton.
"""

import contextlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from annotate.corpus import Corpus, find_parent_folder
from annotate.dataset.card import card
from annotate.dataset.card_sections import filled, sentences, shared
from annotate.dataset.croissant import croissant
from annotate.dataset.facts import Agreement, Facts, read_citation
from annotate.dataset.features import ARTICLES, Feature
from annotate.dataset.redact import SKELETON
from annotate.dataset.shards import ENOUGH, Order, ShardMaker, give_back, parts
from annotate.dataset.statistics import Counts
from annotate.dataset.tables import tables as all_tables
from annotate.dataset.tables.common import TableType
from annotate.dataset.tables.links import LinkRow
from annotate.dataset.writer import (
    CARD,
    CROISSANT,
    FORMAT,
    MANIFEST,
    Manifest,
    Table,
    TableWriter,
    dataset_folder,
    encode_manifest,
    read_manifest,
    totals,
)
from annotate.errors import CannotRun, Refused
from annotate.inventory import CLASS_IDS_FILE, Inventory
from annotate.inventory import INVENTORY_FILE as LABELS_FILE
from annotate.model import GOLD
from annotate.offsets import sha256
from annotate.redaction.skeleton import SkeletonHeader, encode_skeleton, make_header
from annotate.util.files import read_bytes
from annotate.util.parallel import count_workers, map_in_order, process_pool


def hold_ids(out: Path, tables: Mapping[str, TableType]) -> None:
    """Raises Refused at the first class whose id the dataset in `out` gives to another name, or that it alone has.

    Nothing is held where `out` has no dataset of ours. A table or column that is new, gone or of another type is no
    matter of ids.
    """
    manifest = read_manifest(out)
    for table in manifest.tables if manifest else ():
        if table.config not in tables:
            continue
        now = dict(_classes(tables[table.config].features))
        for column, before in _classes(_features(out / table.file)):
            for number, (old, new) in enumerate(zip_longest(before, now.get(column, before))):
                if old is not None and old != new:
                    raise Refused(
                        out / table.file,
                        f"{column} calls class {number} {old!r}, and would call it {repr(new) if new else 'nothing'}",
                        f"fix {CLASS_IDS_FILE}, or choose another folder with --out; nothing was written",
                    )


def _features(file: Path) -> Feature:
    """The features that a Parquet file of ours carries; none where it cannot be read, as it is to be replaced."""
    try:
        metadata = pq.read_schema(file).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return {}
    features: Feature = json.loads(metadata.get(b"huggingface", b'{"info": {"features": {}}}'))["info"]["features"]
    return features


def _classes(struct: Feature, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """The path of each column of classes, and their names in the order of their ids."""
    for name, feature in struct.items():
        place = f"{path}{name}"
        while feature.get("_type") == "List":
            feature, place = feature["feature"], f"{place}[]"
        if feature.get("_type") == "ClassLabel":
            yield place, feature["names"]
        elif "_type" not in feature:
            yield from _classes(feature, f"{place}.")


SPLITS = ("train", "validation", "test")
"""The splits that Hugging Face knows, in its order."""


def build(
    corpus: Corpus,
    inventory: Inventory,
    out: str | Path,
    citation: Path | None = None,
    agreement: Agreement | None = None,
    tables: Collection[str] = (),
    negatives: bool = False,
    skeleton: SkeletonHeader | None = None,
    workers: int = 1,
    told: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write the dataset folder `out`: Parquet a table and split, the card, the manifest.

    `agreement` is shown in the card; `tables` chooses among the tables, with `articles` always among them, as the
    others refer to it; `negatives` asks for pairs of mentions without a relation in `relations`. With `skeleton`,
    no table and no row in the card has words of the articles, and a file is added from which `annotate hydrate` puts
    them back. `workers` processes give the same bytes as one. `told` hears of articles that are done, some at a time.

    The corpus must have passed the checks. Raises Refused where a class id of the dataset in `out` would go to another
    name. Raises CannotRun, and leaves `out` as it was, where there is nothing to write, no table is called so, a split
    has another name than Hugging Face's, or `out` must not or cannot be written.
    """
    hold_ids(Path(out), all_tables(inventory))
    cited = read_citation(citation) if citation else None
    splits = articles_by_split(corpus)
    annotators = corpus.read_annotators()
    order = Order(
        corpus=str(corpus.root),
        annotators=tuple(version for version in corpus.versions() if version != GOLD),
        inventory=inventory,
        tables=tuple(sorted({ARTICLES, *tables})) if tables else None,
        negatives=negatives,
        kinds={name: who.kind for name, who in annotators.items()},
        text=skeleton is None,
    )
    make = order.maker()
    links = _links_by_split(corpus, splits) if "links" in make.tables else {}
    with dataset_folder(out) as folder:
        counts, written = _write(folder, order, splits, links, workers, told)
        places = list(make.tables)
        written.sort(key=lambda table: (places.index(table.config), SPLITS.index(table.split), table.file))
        facts = Facts(
            inventory=inventory,
            types=make.tables,
            tables=totals(written),
            files=tuple(written),
            counts=counts,
            annotators=annotators,
            corpus=corpus_version(corpus),
            pyarrow=pa.__version__,
            left_out=len(corpus.article_ids()) - counts.articles.total(),
            citation=cited,
            agreement=agreement,
            text=skeleton is None,
            shared=shared(corpus, splits),
            statement=filled(
                corpus,
                {
                    "articles": counts.articles.total(),
                    "characters": counts.characters,
                    "sentences": sentences(corpus),
                    "spans": counts.spans.total(),
                    "relations": counts.relations.total(),
                },
            ),
        )
        readme, described = card(facts).encode(), croissant(facts)
        manifest = Manifest(
            format=FORMAT,
            title=inventory.title,
            corpus=facts.corpus,
            inventory=inventory.version,
            inventory_sha256=_hash(inventory),
            pyarrow=pa.__version__,
            articles=counts.articles.total(),
            card_sha256=sha256(readme),
            tables=facts.files,
            unfit=dict(sorted(counts.unfit.items())),
            croissant_sha256=sha256(described),
            negatives=negatives,
            text=skeleton is None,
        )
        if skeleton:
            choices = {one.name for one in inventory.attributes.values() if one.type == "choice"}
            with (folder / SKELETON).open("wb") as file:
                file.writelines(encode_skeleton(corpus, skeleton, choices))
        (folder / CARD).write_bytes(readme)
        (folder / CROISSANT).write_bytes(described)
        (folder / MANIFEST).write_bytes(encode_manifest(manifest))
    return manifest


def _write(
    folder: Path,
    order: Order,
    splits: Mapping[str, list[str]],
    links: Mapping[str, list[LinkRow]],
    workers: int,
    told: Callable[[int], None],
) -> tuple[Counts, list[Table]]:
    """Write the rows of every table and split; the same bytes however many work."""
    give_back()
    counts, written, todo = Counts(), list[Table](), parts(splits)
    busy = count_workers(sum(map(len, splits.values())), ENOUGH, min(workers, len(todo)))
    with (
        process_pool(busy) as executor,
        contextlib.closing(map_in_order(executor, ShardMaker(order, folder), todo, busy)) as made,
    ):
        for part, shard in zip(todo, made, strict=True):
            told(len(part.names))
            counts.merge(shard.counts)
            written += shard.tables
    make = order.maker()
    for split in splits:
        found = make.links(links.get(split, []))
        counts.add_rows(split, found)
        for config, rows in found.items():
            with contextlib.closing(TableWriter(folder, config, split, make.tables[config].features)) as writer:
                writer.add(rows)
                written.append(writer.finish())
    return counts, written


def _links_by_split(corpus: Corpus, splits: Mapping[str, list[str]]) -> dict[str, list[LinkRow]]:
    """The links that lead to an article of the dataset, each in the split that is held out furthest."""
    if not corpus.links_path.is_file():
        return {}
    where = {name: SPLITS.index(split) for split, names in splits.items() for name in names}
    found: dict[str, list[LinkRow]] = {}
    for link in corpus.read_links().links:
        names = {passage.article for passage in link.passages}
        if places := [where[name] for name in names if name in where]:
            titles = {name: corpus.read_article(name).title for name in names if name in where}
            found.setdefault(SPLITS[max(places)], []).append(LinkRow(link, titles))
    return found


def _hash(inventory: Inventory) -> str:
    """Of what the inventory says, wherever it was loaded from."""
    said = {name: value for name, value in msgspec.to_builtins(inventory).items() if name != "folder"}
    return sha256(msgspec.json.encode(said))


def articles_by_split(corpus: Corpus) -> dict[str, list[str]]:
    """Split → ids of articles with gold labels, sorted; everything is `train` where the corpus has no split files.

    Raises CannotRun for a split that Hugging Face does not know, and where no article has gold labels.
    """
    labelled = set(corpus.annotated_ids(GOLD))
    if not labelled:
        raise CannotRun(corpus.root / "annotations" / GOLD, "holds no labels", "adjudicate, then build again")
    given = corpus.splits()
    for split in given:
        if split not in SPLITS:
            known = ", ".join(f"{name}.txt" for name in SPLITS)
            raise CannotRun(
                corpus.root / "splits" / f"{split}.txt", "is no split that can be loaded", f"name it {known}"
            )
    given = given or {SPLITS[0]: sorted(labelled)}
    found = {split: sorted(labelled.intersection(given[split])) for split in SPLITS if split in given}
    if not any(found.values()):
        raise CannotRun(corpus.root / "splits", "name no article with gold labels", "fix the ids there")
    return found


def corpus_version(corpus: Corpus) -> str | None:
    """The newest version in the corpus's changelog: the first heading that has one."""
    path = corpus.root / "CHANGELOG.md"
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
    return next(_versions(lines), None)


def _versions(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if found := re.match(r"#+ +\[?v?(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)", line):
            yield found[1]


CITATION = "CITATION.cff"


def cited(corpus: Corpus, citation: str | None = None) -> Path | None:
    """The CITATION.cff to quote: the one that is named, or the one beside the corpus folder, if there is one."""
    own = find_parent_folder(corpus.root) / CITATION
    return Path(citation) if citation else own if own.is_file() else None


def head(
    corpus: Corpus, schema: str, citation: Path | None, tables: tuple[str, ...] = (), negatives: bool = False
) -> SkeletonHeader:
    """The head of the skeleton of a dataset without text, with the files that `annotate hydrate` needs."""
    files = (Path(schema) / name for name in (LABELS_FILE, CLASS_IDS_FILE))
    texts = {path.name: path.read_bytes().decode() for path in files if path.is_file()}
    quoted = read_bytes(citation, "name another with --citation").decode() if citation else None
    return make_header(corpus, corpus_version(corpus), texts, quoted, tables, negatives)
