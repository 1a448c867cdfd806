"""Copies of an article of the made-up corpus, for tests that need many."""

from msgspec.structs import replace

from annotate.model import GOLD, SourceFile, SourceRange
from annotate.offsets import sha256
from annotate.util.files import write_files
from tests.conftest import Project

COPIED, CRATES = "harbour", "40"
"""The article, and the number of crates in it, which differs in each copy."""


def add_copies(project: Project, number: int) -> None:
    """Add up to 90 articles with gold and anna's labels to the split `train`, each from its own source.

    Their ids are `harbour-0` and on.
    """
    corpus = project.corpus
    article = corpus.read_article(COPIED)
    names = [f"{COPIED}-{index}" for index in range(number)]
    split = corpus.root / "splits" / "train.txt"
    split.write_text("".join(f"{name}\n" for name in sorted({*split.read_text().split(), *names})))
    for crates, name in enumerate(names, 10):
        text = article.text.replace(CRATES, str(crates))
        place = SourceRange(file=f"{name}.txt", sha256=sha256(text), start=0, end=len(text))
        record = SourceFile(file=place.file, sha256=place.sha256, boundaries="One article.", omitted=())
        write_files(corpus.prepare_source(record, text.encode()))
        corpus.write_article(replace(article, id=name, text=text, text_sha256=place.sha256, source=place))
        for annotation_set in (GOLD, "anna"):
            annotation = corpus.read_annotation(annotation_set, COPIED)
            spans = [
                replace(
                    span,
                    text=text[span.start : span.end],
                    attributes={
                        key: crates if value == int(CRATES) else value for key, value in span.attributes.items()
                    },
                )
                for span in annotation.spans
            ]
            corpus.write_annotation(
                annotation_set, replace(annotation, article=name, text_sha256=place.sha256, spans=tuple(spans))
            )
