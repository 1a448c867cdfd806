"""The verbs of the commands as functions. Import them from `annotate`.

What is heavy is imported by the function that needs it, so that `from annotate import check` does not load pyarrow.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from annotate.corpus import Corpus
from annotate.errors import CannotRun, Refused
from annotate.findings import Finding, Rule
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator
from annotate.util.progress import StartStep, ignore_steps

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.comparison.summary import Summary
    from annotate.convert.pool import Pool
    from annotate.convert.run import ConversionOutcome, ShardProgress
    from annotate.dataset.folder import Manifest
    from annotate.formats.ledger import Ledger
    from annotate.scoring.compare import ComparedScores
    from annotate.scoring.score import Scores
    from annotate.scoring.selection import Pieces

Progress = Callable[[int], None]
"""Called with the number of articles that were processed since the last call."""
HandleWaived = Callable[[Finding], None]
"""Called with a finding that the corpus waives; `waived` of the finding is the reason."""


def list_rules() -> tuple[Rule, ...]:
    """List every rule that a finding can name, as `annotate rules` does.

    Returns:
        The rules of the corpus, of the baseline, of Label Studio, of other formats, of exports, of the answers of
        models and of releases. Each of these has its own letters for its codes.
    """
    from annotate.baseline import RULES as BASELINE_RULES
    from annotate.checks import CATALOGUE
    from annotate.convert.rules import RULES as CONVERT_RULES
    from annotate.formats.rules import RULES as FORMAT_RULES
    from annotate.labelstudio.rules import RULES as LABEL_STUDIO_RULES
    from annotate.models.rules import RULES as MODEL_RULES
    from annotate.release.rules import RULES as RELEASE_RULES

    return (
        *CATALOGUE,
        *BASELINE_RULES,
        *LABEL_STUDIO_RULES,
        *FORMAT_RULES,
        *CONVERT_RULES,
        *MODEL_RULES,
        *RELEASE_RULES,
    )


def check(
    corpus: Corpus,
    inventory: Inventory,
    *,
    workers: int | None = None,
    progress: Progress = lambda _: None,
    folders: Sequence[str | Path] = (),
    handle_waived: HandleWaived = lambda _: None,
    search_leaks: bool = False,
    annotators: Collection[str] = (),
    articles: Collection[str] = (),
    files: Collection[str | Path] = (),
    use_cache: bool = False,
) -> list[Finding]:
    """Check every file of a corpus, then the corpus as a whole, as `annotate check` does.

    With `articles` or `files`, only findings that their change can have caused are returned, as
    docs/how-to/check-a-change.md says.

    Errors on the labels of single annotators are warnings, and `downgraded` of these findings is true. Errors on gold,
    and errors that cannot be waived, remain errors.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        workers: Number of worker processes; does not affect the findings. By default one for each core, fewer for a
            small corpus.
        progress: Called as articles are checked.
        folders: Folders of guidelines that belong to the corpus. They hold no links, and their pages fit the inventory.
        handle_waived: Called with each finding that the corpus waives; see docs/how-to/waivers.md.
        search_leaks: Whether to search for near-duplicate paragraphs in two splits, too, as `annotate build` does.
        annotators: Annotators with labels in the corpus. Errors on their labels remain errors.
        articles: Ids of changed articles, or patterns of ids.
        files: Changed files of the corpus, its schema or `folders`; they need not exist any more.
        use_cache: Whether to read and write what is known of unchanged files, in the user's cache directory.

    Returns:
        The findings that are not waived, by article id; those on the whole corpus are last.

    Raises:
        CannotRun: If the folder is not a corpus, or has a folder that cannot be read, or has no labels of one of the
            annotators, or no article of one of the ids, or if a file is in none of these folders.
    """
    from annotate.checks.runner import ARTICLES_PER_WORKER
    from annotate.checks.runner import check as run_checks
    from annotate.checks.selection import select_change
    from annotate.checks.verdict_cache import VerdictCache
    from annotate.util.parallel import count_cores, count_workers

    corpus.require_contents()
    names = corpus.select_annotation_sets(annotators)
    selection = select_change(corpus, articles, files, inventory.folder, folders)
    if workers is None:
        # Little is done for an article that is not selected: less than it costs to start a process.
        workers = 1 if selection else count_workers(len(corpus.article_ids()), ARTICLES_PER_WORKER, count_cores())
    cache = VerdictCache(corpus, inventory) if use_cache else None
    return list(
        run_checks(corpus, inventory, workers, progress, folders, handle_waived, search_leaks, names, selection, cache)
    )


class ChecksFailed(Refused):
    """The checks found errors, so nothing was written.

    Attributes:
        findings: The errors.
    """

    findings: tuple[Finding, ...] = ()


def build(
    corpus: Corpus,
    inventory: Inventory,
    out: str | Path,
    *,
    tables: Sequence[str] = (),
    negatives: bool = False,
    citation: str | Path | None = None,
    without_text: bool = False,
    evaluation: bool = False,
    schema: str | Path = "schema",
    workers: int | None = None,
    progress: StartStep = ignore_steps,
    handle_waived: HandleWaived = lambda _: None,
) -> "Manifest":
    """Check a corpus, then write the folder of its dataset, as `annotate build` does.

    Labels of single annotators that have errors are left out of the tables. Card and manifest name them.

    Args:
        corpus: The corpus. Articles with gold labels go to the dataset; without any gold, those that one annotator has
            labelled.
        inventory: Its inventory.
        out: The folder to write. A dataset of ours there is replaced; else the folder must not exist or be empty.
        tables: Names of the tables to write, next to `articles`; by default all.
        negatives: Whether the table `relations` also has pairs of mentions without a relation.
        citation: The CITATION.cff that the card quotes; by default the one next to the corpus folder.
        without_text: Whether to leave out the words of the articles. `annotate hydrate` restores them.
        evaluation: Whether to write `eval.yaml`, by which the Hub recognises a benchmark; not without text.
        schema: The folder of the inventory, whose files a dataset without text carries.
        workers: Number of worker processes; does not affect the output. By default one for each core.
        progress: Called at the start of each step with its name and its number of articles, or None; what it returns is
            called as articles are processed.
        handle_waived: Called with each finding that the corpus waives.

    Returns:
        The manifest: each file with its rows, bytes and hashes, and the labels that were left out.

    Raises:
        ChecksFailed: If the checks find an error (see `check`). Nothing is written.
        Refused: If class ids of the dataset in `out` would change. Nothing is written.
        CannotRun: If there is nothing to write, or the folder cannot be written.
    """
    from annotate.dataset.build import build as write_dataset
    from annotate.dataset.citation import find_citation
    from annotate.dataset.folder import require_replaceable
    from annotate.dataset.inputs import skeleton_header
    from annotate.dataset.tables import select_tables
    from annotate.outputs import list_sources
    from annotate.passes import list_left_out
    from annotate.release.agreement import gold_agreement
    from annotate.util.parallel import count_cores

    # Before the checks, which take a while.
    select_tables(inventory, tables)
    require_replaceable(Path(out), list_sources(corpus, inventory))
    findings = check(
        corpus,
        inventory,
        workers=workers,
        progress=progress("checking", len(corpus.article_ids())),
        handle_waived=handle_waived,
        search_leaks=True,
    )
    errors = [finding for finding in findings if finding.is_error]
    if errors:
        first = errors[0]
        problem = f"{first.code} {first.message} (the first of {len(errors)} errors)"
        failure = ChecksFailed(corpus.root / first.file, problem, "fix what `annotate check` reports")
        failure.findings = tuple(errors)
        raise failure
    citation_path, left_out = find_citation(corpus, str(citation) if citation else None), list_left_out(findings)
    progress("measuring agreement", None)
    return write_dataset(
        corpus,
        inventory,
        out,
        citation_path,
        gold_agreement(corpus, inventory),
        tables=tables,
        negatives=negatives,
        skeleton=skeleton_header(corpus, str(schema), citation_path, tuple(tables), negatives, left_out)
        if without_text
        else None,
        needs_gold=False,
        left_out=left_out,
        evaluation=evaluation,
        workers=workers or count_cores(),
        progress=progress("building", len(corpus.annotated_ids(GOLD))),
    )


def agree(
    corpus: Corpus,
    inventory: Inventory,
    annotators: Sequence[str] = (),
    *,
    with_gold: bool = False,
    units: Literal["tokens", "characters"] = "tokens",
    samples: int = 1000,
    seed: int = 0,
    missing: Literal["left-out", "value"] = "left-out",
    include_corrected: bool = False,
    models: Mapping[str, Mapping[str, Annotation]] = MappingProxyType({}),
) -> "Report":
    """Measure how far annotators agree, as `annotate agree` does.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        annotators: Ids of two annotators or more; by default all who have labelled.
        with_gold: Whether gold is compared, too.
        units: What alpha and kappa count. Tokens are those of `tokenize`.
        samples: Number of bootstrap samples for the 95 % intervals; 0 for none.
        seed: Seed of the bootstrap.
        missing: What a value of an attribute is that only one of two annotators has set: missing data, which is left
            out, or a difference.
        include_corrected: Whether labels that began with those of another count as independent of them. Otherwise they
            are left out where they would be compared with them, and listed in `dependent`.
        models: Annotator → article id → labels of a model that the corpus does not have, on its texts.

    Returns:
        The measures by label, relation, attribute, record and count; F1, alpha and kappa are from 0 (or less) to 1.

    Raises:
        CannotRun: If fewer than two annotators have labelled one article, or labels do not fit their text or
            the inventory.
    """
    from annotate.agreement.measure import measure_agreement
    from annotate.agreement.study import read_study

    study = read_study(
        corpus, inventory, annotators, with_gold, units, include_corrected=include_corrected, models=models
    )
    return measure_agreement(study, samples, seed, missing=missing)


def score(
    corpus: Corpus,
    inventory: Inventory,
    predictions: Mapping[str, Annotation],
    *,
    annotation_set: str = GOLD,
    samples: int = 1000,
    seed: int = 0,
    layers: Sequence[str] = (),
    labels: Sequence[str] = (),
    pieces: "Pieces" = "joined",
) -> "Scores":
    """Score predicted annotations against those of a corpus, as `annotate score` does.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        predictions: Article id → predicted annotation. An article without one counts as one where nothing was found;
            predictions for other articles are not scored.
        annotation_set: The labels to score against: gold, or an annotator's id.
        samples: Number of bootstrap samples for the 95 % intervals; 0 for none.
        seed: Seed of the bootstrap.
        layers: Layers whose labels are scored.
        labels: Further labels that are scored; all if neither layers nor labels are named.
        pieces: Whether the pieces of an interrupted span are scored as one span, or each by itself.

    Returns:
        Precision, recall and F1 by label, layer, column of tags and relation, and the measures of attributes, records
        and counts.

    Raises:
        CannotRun: If an annotation or its text cannot be read, or a layer or a label is unknown.
    """
    import msgspec

    from annotate.scoring.score import score as score_annotations
    from annotate.scoring.selection import Selection
    from annotate.scoring.shared_labels import find_shared_labels

    selection, gold = Selection(tuple(layers), tuple(labels), pieces), _read_labels(corpus, annotation_set)
    scores = score_annotations(inventory, gold, predictions, samples, seed, selection)
    return msgspec.structs.replace(scores, shared=find_shared_labels(gold, predictions, corpus))


def compare_systems(
    corpus: Corpus,
    inventory: Inventory,
    first: Mapping[str, Annotation],
    second: Mapping[str, Annotation],
    *,
    annotation_set: str = GOLD,
    samples: int = 1000,
    seed: int = 0,
    layers: Sequence[str] = (),
    labels: Sequence[str] = (),
    pieces: "Pieces" = "joined",
) -> "ComparedScores":
    """Compare two systems by their scores against the labels of a corpus, as `annotate score --compare` does.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        first: Article id → the annotation that the first system predicts, as for `score`.
        second: The same of the second system.
        annotation_set: The labels to score against: gold, or an annotator's id.
        samples: Number of bootstrap samples; 0 for no intervals.
        seed: Seed of the bootstrap.
        layers: Layers whose labels are scored.
        labels: Further labels that are scored; all if neither layers nor labels are named.
        pieces: Whether the pieces of an interrupted span are scored as one span, or each by itself.

    Returns:
        Each measure of both systems, with the difference, its interval and its p value.

    Raises:
        CannotRun: If an annotation or its text cannot be read, or a layer or a label is unknown.
    """
    from annotate.scoring.compare import compare_systems as compare_annotations
    from annotate.scoring.selection import Selection
    from annotate.scoring.shared_labels import find_shared_labels

    gold = _read_labels(corpus, annotation_set)
    selection = Selection(tuple(layers), tuple(labels), pieces)
    compared = compare_annotations(inventory, gold, first, second, samples, seed, selection)
    return compared.with_shared(*(find_shared_labels(gold, side, corpus) for side in (first, second)))


def _read_labels(corpus: Corpus, annotation_set: str) -> dict[str, tuple[str, Annotation]]:
    return {
        article_id: (corpus.read_text(article_id), corpus.read_annotation(annotation_set, article_id))
        for article_id in corpus.annotated_ids(annotation_set)
    }


def diff(old: str, new: str, *, corpus: str = "corpus", schema: str = "schema") -> "Summary":
    """Compare two versions of a corpus, as `annotate diff` does.

    Args:
        old: A corpus folder, a folder that holds one, a release (its source archive, or a folder with one), or a
            revision of the git repository of the current folder, or a released version such as 0.1.0.
        new: The same, of the newer version.
        corpus: Path of the corpus folder in a revision.
        schema: Path of the schema folder in a revision, and of a corpus folder that has none next to it.

    Returns:
        The counts of what changed, by label.

    Raises:
        CannotRun: If a version cannot be found or read.
    """
    from annotate.comparison.compare import Comparison
    from annotate.comparison.sources import open_version

    with open_version(old, corpus, schema) as before, open_version(new, corpus, schema) as after:
        return Comparison(before, after).summarize()


def export(
    corpus: Corpus,
    inventory: Inventory,
    format_: str,
    out: str | Path,
    *,
    annotation_set: str = GOLD,
    separator: Literal[",", ";"] = ",",
    bom: bool = False,
    progress: StartStep = ignore_steps,
) -> "Ledger":
    """Write the labels of one annotation set, with their texts, in another format, as `annotate export` does.

    The export is read back and compared with the corpus. It is written only if it lost nothing but what its format
    declares.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        format_: The name of the format: brat, xmi, docbin, bio, jsonl or csv.
        out: The folder to write; it must not exist, or be empty.
        annotation_set: The labels to write: gold, or an annotator's id.
        separator: What separates the cells of CSV tables.
        bom: Whether CSV tables begin with a byte order mark, by which Excel recognises UTF-8.
        progress: Called at the start of each step with its name and its number of articles; what it returns is called
            as articles are done.

    Returns:
        The ledger: what was exported, what came back, and what the format cannot hold. `clean` says whether the export
        was written.

    Raises:
        CannotRun: If the format lacks its library, the annotation set is empty, or the folder cannot be written.
    """
    from annotate.formats import CSV
    from annotate.formats.export import DocumentReader, export_documents
    from annotate.outputs import list_sources

    corpus.select_annotation_sets([annotation_set])
    article_ids = corpus.annotated_ids(annotation_set)
    if not article_ids:
        folder = corpus.root / "annotations" / annotation_set
        raise CannotRun(folder, "holds no annotations", "name an annotator of the corpus with --annotator")

    reader = DocumentReader(corpus, annotation_set, inventory)
    sources = list_sources(corpus, inventory)
    if format_ == CSV:
        from annotate.formats.csv_tables import CsvDialect, export_tables

        return export_tables(Path(out), article_ids, reader, sources, CsvDialect(separator, bom), progress)
    return export_documents(format_, Path(out), article_ids, reader, sources, progress)


def convert_exports(
    exports: Sequence[str],
    out: str,
    inventory: Inventory,
    *,
    people: Mapping[Any, str] | None = None,
    annotators: Mapping[str, Annotator] | None = None,
    rights: str | None = None,
    mode: Literal["new", "resume", "overwrite"] = "new",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: "Callable[[ShardProgress], None]" = lambda _: None,
    most_findings: int | None = 20,
    **options: Any,
) -> "ConversionOutcome":
    """Convert Label Studio exports (raw JSON, compressed or not) to a dataset, as `annotate convert` does.

    Args:
        exports: Paths or fsspec addresses of the exports.
        out: Path or fsspec address of the folder to write.
        inventory: The labels that the tasks use.
        people: User id on the server, e-mail address or name → annotator's id.
        annotators: Annotator's id → what is known of the annotator.
        rights: Who owns the texts, in a sentence for the card; by default it says that this is not stated.
        mode: `new` requires an empty folder, `resume` continues a conversion, `overwrite` replaces one.
        workers: Number of worker processes; does not affect the output. By default one for each core.
        scheduler: The address of the scheduler of a Dask cluster, in place of `workers`.
        progress: Called for each shard.
        most_findings: Number of findings of each code on exports as files that the outcome has; None for all.
        **options: Further fields of `annotate.convert.options.ConversionOptions`, such as `tables` and `fields`.

    Returns:
        The manifest, with the number of tasks that were quarantined, and the findings on exports as files.

    Raises:
        CannotRun: If an export or the folder cannot be read or written. Complete shards remain for `resume`.
    """
    from annotate.convert.options import ConversionOptions
    from annotate.convert.run import convert_exports as run_conversion
    from annotate.ingest import RIGHTS_NOT_STATED, Details

    conversion = ConversionOptions(
        inputs=tuple(exports),
        out=out,
        inventory=inventory,
        people=dict(people or {}),
        annotators=dict(annotators or {}),
        details=Details(language=inventory.language, rights=rights or RIGHTS_NOT_STATED),
        **options,
    )
    storage = any("://" in address and not address.startswith("file://") for address in (*exports, out))
    with _open_pool(workers, scheduler, storage) as pool:
        return run_conversion(conversion, pool, mode, progress, most_findings)


@contextmanager
def _open_pool(workers: int | None, scheduler: str | None, storage: bool) -> "Iterator[Pool]":
    from annotate.convert.pool import dask_pool, local_pool
    from annotate.util.parallel import count_cores

    if scheduler and workers:
        raise CannotRun("--workers", "belongs to this machine, --scheduler to a cluster", "give one of them")
    if scheduler:
        with dask_pool(scheduler) as pool:
            yield pool
    else:
        yield local_pool(workers or count_cores(), storage)
