"""What a dataset is built from: articles and links by split, the version of the corpus, the header of a skeleton."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from annotate.class_ids import CLASS_IDS_FILE
from annotate.corpus import Corpus
from annotate.dataset.inventory_files import read_guidelines
from annotate.dataset.tables.links import LinkRow
from annotate.errors import CannotRun
from annotate.inventory import INVENTORY_FILE
from annotate.model import GOLD
from annotate.passes import LeftOutPass
from annotate.redaction.skeleton import SkeletonHeader, make_header
from annotate.splits import SPLITS
from annotate.util.files import read_text

_VERSION = re.compile(r"#+ +\[?v?(\d+\.\d+\.\d++[0-9A-Za-z.+-]*)")


def articles_by_split(
    corpus: Corpus, needs_gold: bool = True, left_out: Iterable[LeftOutPass] = ()
) -> dict[str, list[str]]:
    """Return the sorted ids of the articles with gold labels by split; all are `train` if the corpus has no splits.

    Args:
        corpus: The corpus.
        needs_gold: Whether a corpus without any gold is refused. Otherwise its articles that one annotator has
            labelled are returned.
        left_out: Labels that the dataset leaves out, and with them those of these articles.

    Raises:
        CannotRun: Hugging Face does not know a split, no article, or no article has such labels.
    """
    labelled = set(corpus.annotated_ids(GOLD))
    if not labelled and not needs_gold:
        labelled = singly_labelled(corpus)
        correct = labelled.difference(each.article for each in left_out)
        if labelled and not correct:
            hint = "correct the errors that `annotate check` reports, then build again"
            raise CannotRun(corpus.root / "annotations", "has no labels without errors, and no gold", hint)
        labelled = correct
    if not labelled:
        if not corpus.article_ids():
            raise CannotRun(corpus.root / "articles", "has no articles", "add some with `annotate add`")
        if not any(map(corpus.annotated_ids, corpus.annotation_sets())):
            hint = "label the articles (`annotate studio push`), or import labels with `annotate import`"
            raise CannotRun(corpus.root / "annotations", "has no labels", hint)
        hint = "adjudicate, or promote the labels of one annotator with `annotate adjudicate promote`, then build again"
        raise CannotRun(corpus.root / "annotations" / GOLD, "holds no labels", hint)
    splits = corpus.splits()
    for split in splits:
        if split not in SPLITS:
            names = ", ".join(f"{name}.txt" for name in SPLITS)
            raise CannotRun(corpus.split_path(split), "cannot be loaded as a split", f"use one of the names {names}")
    splits = splits or {SPLITS[0]: sorted(labelled)}
    article_ids = {split: sorted(labelled.intersection(splits[split])) for split in SPLITS if split in splits}
    if not any(article_ids.values()):
        raise CannotRun(corpus.root / "splits", "name no article with gold labels", "fix the ids there")
    return article_ids


def singly_labelled(corpus: Corpus) -> set[str]:
    """Return the ids of the articles that exactly one annotator has labelled."""
    counts = Counter(article_id for name in corpus.annotation_sets() for article_id in corpus.annotated_ids(name))
    return {article_id for article_id, count in counts.items() if count == 1}


def links_by_split(corpus: Corpus, splits: Mapping[str, list[str]]) -> dict[str, list[LinkRow]]:
    """Return the links to articles of the dataset, each in the split of its articles that is held out furthest."""
    if not corpus.links_path.is_file():
        return {}
    split_of = {article_id: SPLITS.index(split) for split, article_ids in splits.items() for article_id in article_ids}
    rows: dict[str, list[LinkRow]] = {}
    for link in corpus.read_links().links:
        article_ids = {passage.article for passage in link.passages} & split_of.keys()
        if article_ids:
            titles = {article_id: corpus.read_article(article_id).title for article_id in article_ids}
            split = SPLITS[max(split_of[article_id] for article_id in article_ids)]
            rows.setdefault(split, []).append(LinkRow(link, titles))
    return rows


def corpus_version(corpus: Corpus) -> str | None:
    """Return the version in the first heading of the corpus's changelog that has one; None if there is none."""
    path = corpus.root / "CHANGELOG.md"
    data = corpus.read_file_if_present(path)
    lines = data.decode("utf-8", "replace").splitlines() if data else []
    return next((match[1] for line in lines if (match := _VERSION.match(line))), None)


def skeleton_header(
    corpus: Corpus,
    schema: str,
    citation: Path | None,
    tables: tuple[str, ...] = (),
    negatives: bool = False,
    left_out: tuple[LeftOutPass, ...] = (),
) -> SkeletonHeader:
    """Return the header of a skeleton: the options of the build, and the files that `annotate hydrate` needs.

    Args:
        corpus: The corpus.
        schema: The folder of the inventory.
        citation: The CITATION.cff that the card quotes.
        tables: The chosen tables.
        negatives: Whether `relations` has pairs without a relation.
        left_out: The labels that the tables leave out.
    """
    files = (Path(schema) / name for name in (INVENTORY_FILE, CLASS_IDS_FILE))
    texts = {path.name: read_text(path, "restore it", within=schema) for path in files if path.is_file()}
    quoted = read_text(citation, "name another with --citation", within=citation.parent) if citation else None
    pages = read_guidelines(corpus)
    return make_header(corpus, corpus_version(corpus), texts, quoted, tables, negatives, pages, left_out)
