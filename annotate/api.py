"""The verbs of the commands as functions. Import them from `annotate`.

What is heavy is imported by the function that needs it, so that `from annotate import check` does not load pyarrow.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from annotate.corpus import Corpus
from annotate.errors import Refused
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.comparison.summary import Summary
    from annotate.convert.run import ConversionOutcome
    from annotate.dataset.folder import Manifest
    from annotate.scoring.score import Scores


def check(corpus: Corpus, inventory: Inventory, *, workers: int = 1) -> list[Finding]:
    """Check every file of a corpus, then the corpus as a whole, as `annotate check` does.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        workers: Number of worker processes; does not affect the findings.

    Returns:
        The findings, by article id; those on the whole corpus are last.

    Raises:
        CannotRun: If the folder is not a corpus, or has a folder that cannot be read.
    """
    from annotate.checks.runner import check as run_checks

    return list(run_checks(corpus, inventory, workers))


def build(
    corpus: Corpus,
    inventory: Inventory,
    out: str | Path,
    *,
    tables: Sequence[str] = (),
    negatives: bool = False,
    citation: str | Path | None = None,
    workers: int = 1,
) -> "Manifest":
    """Check a corpus, then write the folder of its dataset, as `annotate build` does.

    Args:
        corpus: The corpus. Articles with gold labels go to the dataset.
        inventory: Its inventory.
        out: The folder to write. A dataset of ours there is replaced; else the folder must not exist or be empty.
        tables: Names of the tables to write, next to `articles`; by default all.
        negatives: Whether the table `relations` also has pairs of mentions without a relation.
        citation: The CITATION.cff that the card quotes; by default the one next to the corpus folder.
        workers: Number of worker processes; does not affect the output.

    Returns:
        The manifest: each file with its rows, bytes and hashes.

    Raises:
        Refused: If the checks find an error, or class ids of the dataset in `out` would shift. Nothing is written.
        CannotRun: If there is nothing to write, or the folder cannot be written.
    """
    from annotate.checks.splits import find_leaks
    from annotate.dataset.build import build as write_dataset
    from annotate.dataset.citation import find_citation
    from annotate.release.agreement import gold_agreement

    errors = [finding for finding in check(corpus, inventory, workers=workers) if finding.severity == "error"]
    errors = errors or find_leaks(corpus)
    if errors:
        first = errors[0]
        problem = f"{first.code} {first.message} (the first of {len(errors)} errors)"
        raise Refused(corpus.root / first.file, problem, "fix what `annotate check` reports")
    return write_dataset(
        corpus,
        inventory,
        out,
        find_citation(corpus, str(citation) if citation else None),
        gold_agreement(corpus, inventory),
        tables=tables,
        negatives=negatives,
        workers=workers,
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

    Returns:
        The measures by label, relation, attribute, record and count; F1, alpha and kappa are from 0 (or less) to 1.

    Raises:
        CannotRun: If fewer than two annotators have labelled one article, or labels do not fit their text.
    """
    from annotate.agreement.measure import measure_agreement
    from annotate.agreement.study import read_study

    return measure_agreement(read_study(corpus, inventory, annotators, with_gold, units), samples, seed)


def score(
    corpus: Corpus,
    inventory: Inventory,
    predictions: Mapping[str, Annotation],
    *,
    annotation_set: str = GOLD,
    samples: int = 1000,
    seed: int = 0,
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

    Returns:
        Precision, recall and F1 by label, layer and relation, and the measures of attributes, records and counts.

    Raises:
        CannotRun: If an annotation or its text cannot be read.
    """
    from annotate.scoring.score import score as score_annotations

    gold = {
        article_id: (corpus.read_text(article_id), corpus.read_annotation(annotation_set, article_id))
        for article_id in corpus.annotated_ids(annotation_set)
    }
    return score_annotations(inventory, gold, predictions, samples, seed)


def diff(old: str, new: str, *, corpus: str = "corpus", schema: str = "schema") -> "Summary":
    """Compare two versions of a corpus, as `annotate diff` does.

    Args:
        old: A corpus folder, a folder that holds one, a release (its source archive, or a folder with one), or a
            revision of the git repository of the current folder.
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


def convert_exports(
    exports: Sequence[str],
    out: str,
    inventory: Inventory,
    *,
    people: Mapping[int, str] | None = None,
    annotators: Mapping[str, Annotator] | None = None,
    mode: Literal["new", "resume", "overwrite"] = "new",
    workers: int = 1,
) -> "ConversionOutcome":
    """Convert Label Studio exports (raw JSON, compressed or not) to a dataset, as `annotate convert` does.

    Args:
        exports: Paths or fsspec addresses of the exports.
        out: Path or fsspec address of the folder to write.
        inventory: The labels that the tasks use.
        people: User id on the server → annotator's id.
        annotators: Annotator's id → what is known of the annotator.
        mode: `new` requires an empty folder, `resume` continues a conversion, `overwrite` replaces one.
        workers: Number of worker processes; does not affect the output.

    Returns:
        The manifest, with the number of tasks that were quarantined, and the first findings.

    Raises:
        CannotRun: If an export or the folder cannot be read or written. Complete shards remain for `resume`.
    """
    from annotate.convert.options import ConversionOptions
    from annotate.convert.pool import local_pool
    from annotate.convert.run import convert_exports as run_conversion
    from annotate.ingest import Details

    options = ConversionOptions(
        inputs=tuple(exports),
        out=out,
        inventory=inventory,
        people=dict(people or {}),
        annotators=dict(annotators or {}),
        details=Details()._replace(language=inventory.language),
    )
    return run_conversion(options, local_pool(workers), mode)
