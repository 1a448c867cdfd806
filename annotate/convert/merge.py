"""Describes all shards as one dataset: writes the card, the list of shards and the manifest.

One record is in memory at a time.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa

from annotate.convert.options import ConversionOptions, inventory_sha256
from annotate.convert.rules import RULES
from annotate.convert.shard import SPLIT, WORK, ShardRecord, table_file
from annotate.convert.storage import Output
from annotate.dataset.card import card
from annotate.dataset.class_descriptions import encode_class_descriptions
from annotate.dataset.croissant import croissant
from annotate.dataset.facts import Facts
from annotate.dataset.folder import CARD, CLASS_DESCRIPTIONS, CONVERSION_FORMAT, CROISSANT, MANIFEST
from annotate.dataset.inventory_files import read_inventory_files
from annotate.dataset.statistics import Counts
from annotate.dataset.tables import select_tables
from annotate.dataset.writer import TableFile, Total
from annotate.offsets import sha256
from annotate.util.typed_values import decode_as

SHARDS = "shards.jsonl"


class ConversionManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest of a conversion; the names of the attributes are those in the JSON.

    Attributes:
        format: Version of the output.
        title: The title of the inventory.
        inventory: The version of the inventory.
        inventory_sha256: The hash of the inventory.
        pyarrow: The version of pyarrow, on which the bytes of Parquet files depend.
        fingerprint: The fingerprint of the options; a conversion can be resumed with equal options.
        inputs: The names of the exports.
        tasks: Number of tasks.
        articles: Number of rows in the table `articles`.
        unlabelled: Number of tasks without annotations.
        unsubmitted: Number of tasks with labels in skipped annotations and drafts alone.
        aside: Number of quarantined tasks.
        set_aside: Code of an error → number of quarantined tasks with it.
        warnings: Code of a warning → number of accepted tasks with it.
        left_out: Name that the map leaves out, or `predictions` → number of such items in accepted tasks.
        waived: Code of a waived finding → number of accepted tasks with it.
        troubles: Code of a finding on an export as a file → how often it occurred.
        shards: Number of shards.
        shards_sha256: The hash of the list of shards.
        tables: Each table as a whole: `file` is the pattern of its shards, a hash is that of the shards' hashes, one on
            each line.
        card_sha256: The hash of the card; None if there is none.
        croissant_sha256: The hash of `croissant.json`; None if there is none.
        files: Path → SHA-256 of `classes.json` and the inventory.
    """

    format: str = CONVERSION_FORMAT
    title: str
    inventory: str
    inventory_sha256: str
    pyarrow: str
    fingerprint: str
    inputs: tuple[str, ...]
    tasks: int
    articles: int
    unlabelled: int
    unsubmitted: int
    aside: int
    set_aside: dict[str, int]
    warnings: dict[str, int]
    left_out: dict[str, int]
    waived: dict[str, int]
    troubles: dict[str, int]
    shards: int
    shards_sha256: str
    tables: tuple[TableFile, ...]
    card_sha256: str | None
    croissant_sha256: str | None
    files: dict[str, str]

    @property
    def clean(self) -> bool:
        """Whether everything was accepted, and there was something to accept."""
        errors = {rule.code for rule in RULES if rule.severity == "error"}
        return not self.aside and errors.isdisjoint(self.troubles) and self.articles > 0


def merge_shards(
    options: ConversionOptions, output: Output, records: Iterable[ShardRecord], problems: Mapping[str, int]
) -> ConversionManifest:
    """Write the card and `croissant.json` (if there is an article), inventory, list of shards and, last, the manifest.

    Args:
        options: The options of the conversion.
        output: The output folder.
        records: The records of all shards, in order.
        problems: Code of a finding on an export as a file → how often it occurred.
    """
    types = dict(select_tables(options.inventory, options.selected_tables()))
    types.pop("links", None)  # no export has any
    totals = {config: Total(config, SPLIT, table_file(config, "*")) for config in types}
    counts, sums = Counts(), Counter[str]()
    errors, warnings = Counter[str](), Counter[str]()
    left_out, waived = Counter[str](), Counter[str]()
    with output.workspace(WORK) as folder:
        path = folder / SHARDS
        with path.open("wb") as file:
            for record in records:
                counts.merge(Counts.from_data(record.counts))
                sums.update(shards=1, tasks=record.tasks, aside=record.aside)
                sums.update(unlabelled=record.unlabelled, unsubmitted=record.unsubmitted)
                errors.update(record.set_aside)
                warnings.update(record.warnings)
                left_out.update(record.left_out)
                waived.update(record.waived)
                for table in record.tables:
                    totals[table.config].add(table)
                file.write(_encode_line(record))
        with path.open("rb") as file:
            shards_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        output.put(path, SHARDS)
        files = {
            CLASS_DESCRIPTIONS: encode_class_descriptions(options.inventory, types),
            **read_inventory_files(options.inventory),
        }
        for name, data in files.items():
            path = folder / name.replace("/", "-")
            path.write_bytes(data)
            output.put(path, name)
    facts = Facts(
        inventory=options.inventory,
        types=types,
        tables=tuple(total.table() for total in totals.values()),
        counts=counts,
        annotators=dict(options.annotators),
        corpus=None,
        pyarrow=pa.__version__,
        left_out=sums["unlabelled"] + sums["unsubmitted"],
        citation=None,
        agreement=None,
        statement={},
        waivers=options.waivers,
    )
    articles = counts.articles.total()
    readme, metadata = (card(facts).encode(), croissant(facts)) if articles else (None, None)
    manifest = ConversionManifest(
        title=options.inventory.title,
        inventory=options.inventory.version,
        inventory_sha256=inventory_sha256(options.inventory),
        pyarrow=pa.__version__,
        fingerprint=options.fingerprint(),
        inputs=options.input_names,
        tasks=sums["tasks"],
        articles=articles,
        unlabelled=sums["unlabelled"],
        unsubmitted=sums["unsubmitted"],
        aside=sums["aside"],
        set_aside=dict(sorted(errors.items())),
        warnings=dict(sorted(warnings.items())),
        left_out=dict(sorted(left_out.items())),
        waived=dict(sorted(waived.items())),
        troubles=dict(sorted(problems.items())),
        shards=sums["shards"],
        shards_sha256=shards_sha256,
        tables=facts.tables,
        card_sha256=sha256(readme) if readme else None,
        croissant_sha256=sha256(metadata) if metadata else None,
        files={name: sha256(data) for name, data in files.items()},
    )
    if readme and metadata:
        output.write(CARD, readme)
        output.write(CROISSANT, metadata)
    output.write(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    return manifest


def read_manifest(output: Output) -> ConversionManifest | None:
    """Read the manifest of an output folder; None if it has none, or one that this program did not write."""
    try:
        manifest = decode_as(output.read(MANIFEST) or b"", ConversionManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return manifest if manifest.format == CONVERSION_FORMAT else None


def _encode_line(record: ShardRecord) -> bytes:
    """Return a line of the list of shards: the record, with the number of its articles, and without its statistics."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__ if name not in ("counts", "articles")}
    return msgspec.json.encode({**fields, "articles": len(record.articles)}) + b"\n"
