"""An import: documents of any format into a corpus, one at a time, with what became of each."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

from annotate.corpus import Corpus, encode_annotation
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.apply_mapping import Tally, convert
from annotate.formats.document import Head, RawDocument
from annotate.formats.mapping import Map
from annotate.ingest import Details, Intake
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.util.parallel import in_order

Fate = Literal["new", "there already", "refused"]


class Outcome(NamedTuple):
    """What became of one document."""

    name: str
    fate: Fate
    spans: int
    relations: int
    findings: list[Finding]
    tally: Tally


class Decision(NamedTuple):
    """What is to be written of a document: its source and article, its labels; None where they are not."""

    outcome: Outcome
    intake: Intake | None = None
    annotation: Annotation | None = None


WRITERS = 8
"""Threads that write: most of the time of a write is the wait for the disk. The reading is done in one."""


class Importer:
    """Takes documents into a corpus as the labels of one annotator; with `plan` it writes nothing.

    Of the corpus it keeps the ids, the names of the source files and the hashes of the texts, and of what it read only
    the documents that are being written. Raises CannotRun for an annotator who is not in `annotators.yaml`.
    """

    def __init__(
        self,
        corpus: Corpus,
        inventory: Inventory,
        map_: Map,
        annotator: str,
        details: Details,
        fix: bool = False,
        plan: bool = False,
    ) -> None:
        if annotator == GOLD or annotator not in corpus.read_annotators():
            hint = f"enter {annotator} there" if annotator != GOLD else "gold comes of adjudication; name another"
            raise CannotRun(corpus.annotators_path, f"there is no annotator {annotator!r}", hint)
        self.corpus, self.inventory, self.map, self.details = corpus, inventory, map_, details
        self.head = Head(annotator, "single pass", (), inventory.version)
        self.fix, self.plan = fix, plan
        self.ids, self.strays = set(corpus.article_ids()), set(corpus.text_ids())
        self.files = set(corpus.source_files())
        self.texts = {article.text_sha256: article.id for article in corpus.articles()}
        self.seen: set[str] = set()

    def __call__(self, documents: Iterable[RawDocument]) -> Iterator[Outcome]:
        """What becomes of each document, in their order; each is written when its outcome is given."""
        with ThreadPoolExecutor(WRITERS) as executor:
            yield from in_order(executor, self._written, map(self._decided, documents), WRITERS)

    def _decided(self, raw: RawDocument) -> Decision:
        intake, annotation, findings, tally = convert(raw, self.map, self.inventory, self.head, self.details, self.fix)
        if intake is None or annotation is None:
            return Decision(Outcome(raw.name, "refused", 0, 0, findings, tally))
        why = self._refusal(intake, annotation)
        if why:
            refused = rules.article_refused(raw.file, raw.name, why)
            lines = Tally(read=tally.read, reported=tally.read)
            return Decision(Outcome(raw.name, "refused", 0, 0, list(refused), lines))
        (article,) = intake.articles
        there = article.id in self.ids
        self._remember(intake)
        fate: Fate = "there already" if there else "new"
        outcome = Outcome(raw.name, fate, len(annotation.spans), len(annotation.relations), findings, tally)
        return Decision(outcome, None if there else intake, annotation)

    def _written(self, decision: Decision) -> Outcome:
        outcome, intake, annotation = decision
        if not self.plan:
            if intake:
                self.corpus.write_source(intake.source, intake.data)
                self.corpus.write_article(intake.articles[0])
            # An article may be there without these labels: an import broke off between the two.
            if annotation and not self.corpus.annotation_path(annotation.annotator, outcome.name).exists():
                self.corpus.write_annotation(annotation.annotator, annotation)
        return outcome

    def _refusal(self, intake: Intake, annotation: Annotation) -> str | None:
        """Why a document is refused; None if it is new, or is in the corpus already as it is here."""
        (article,) = intake.articles
        if article.id in self.seen:
            return f"the id {article.id!r} belongs to another file of this import already; rename one of them"
        if article.id in self.ids:
            known = self.texts.get(article.text_sha256) == article.id
            if not known or self.corpus.read_article(article.id).source != article.source:
                return f"another article with the id {article.id!r} is in the corpus already; rename the file"
            path = self.corpus.annotation_path(annotation.annotator, article.id)
            if path.exists() and path.read_bytes() != encode_annotation(annotation):
                return f"other labels of it by {annotation.annotator} are in the corpus already; name another annotator"
            return None
        if article.text_sha256 in self.texts:
            return f"its text is in the corpus already, as {self.texts[article.text_sha256]!r}; leave it out"
        # A source or a text without metadata may be what an import left that broke off: it is the same then.
        source = self.corpus.source_path(intake.source.file)
        if source.exists() and source.read_bytes() != intake.data:
            return f"another source file called {source.name} is in the corpus already; rename the file"
        if intake.source.file in self.files and self.corpus.read_source(source.name) != intake.source:
            return f"the source file {source.name} is in the corpus already, cut in another way; rename the file"
        if article.id in self.strays and self.corpus.read_text(article.id) != article.text:
            return f"another text with the id {article.id!r} is in the corpus already; rename the file"
        return None

    def _remember(self, intake: Intake) -> None:
        (article,) = intake.articles
        self.seen.add(article.id)
        self.texts[article.text_sha256] = article.id
