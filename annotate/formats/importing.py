"""An import: documents of any format into a corpus, one at a time, with what became of each."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.documents import convert
from annotate.formats.mapping import Map
from annotate.formats.raw import Head, RawDocument
from annotate.formats.taking import Tally
from annotate.intake import Details, Intake
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.store import Corpus, encode_annotation

Fate = Literal["new", "there already", "refused"]


class Outcome(NamedTuple):
    """What became of one document."""

    name: str
    fate: Fate
    spans: int
    relations: int
    findings: list[Finding]
    tally: Tally


class Importer:
    """Takes documents into a corpus as the labels of one annotator; with `plan` it writes nothing.

    Of the corpus it keeps the ids, the names of the source files and the hashes of the texts, and of what it read no
    more than one document. Raises CannotRun for an annotator who is not in `annotators.yaml`.
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
            mend = f"enter {annotator} there" if annotator != GOLD else "gold comes of adjudication; name another"
            raise CannotRun(corpus.annotators_path, f"there is no annotator {annotator!r}", mend)
        self.corpus, self.inventory, self.map, self.details = corpus, inventory, map_, details
        self.head = Head(annotator, "single pass", (), inventory.version)
        self.fix, self.plan = fix, plan
        self.ids = {*corpus.article_ids(), *corpus.text_ids()}
        self.files = set(corpus.source_files())
        self.texts = {article.text_sha256: article.id for article in corpus.articles()}
        self.seen: set[str] = set()

    def __call__(self, documents: Iterable[RawDocument]) -> Iterator[Outcome]:
        for raw in documents:
            yield self._one(raw)

    def _one(self, raw: RawDocument) -> Outcome:
        intake, annotation, findings, tally = convert(raw, self.map, self.inventory, self.head, self.details, self.fix)
        if intake is None or annotation is None:
            return Outcome(raw.name, "refused", 0, 0, findings, tally)
        known = self._known(intake, annotation)
        if known == "new":
            self._remember(intake)
            if not self.plan:
                self.corpus.write_source(intake.source, intake.data)
                self.corpus.write_article(intake.articles[0])
                self.corpus.write_annotation(annotation.annotator, annotation)
        elif known == "there already":
            # The article may be there without these labels: an import broke off between them.
            if not self.plan and not self.corpus.annotation_path(annotation.annotator, raw.name).exists():
                self.corpus.write_annotation(annotation.annotator, annotation)
        else:
            refused = rules.article_refused(raw.file, raw.name, known)
            lines = Tally(read=tally.read, reported=tally.read)
            return Outcome(raw.name, "refused", 0, 0, list(refused), lines)
        fate: Fate = "new" if known == "new" else "there already"
        return Outcome(raw.name, fate, len(annotation.spans), len(annotation.relations), findings, tally)

    def _known(self, intake: Intake, annotation: Annotation) -> str:
        """`new`, `there already`, or why the document is refused."""
        (article,) = intake.articles
        if article.id in self.seen:
            return f"the id {article.id!r} belongs to another file of this import already; rename one of them"
        if article.id in self.ids:
            if not self._same_text(intake):
                return f"another article with the id {article.id!r} is in the corpus already; rename the file"
            self.seen.add(article.id)
            path = self.corpus.annotation_path(annotation.annotator, article.id)
            if path.exists() and path.read_bytes() != encode_annotation(annotation):
                return f"other labels of it by {annotation.annotator} are in the corpus already; name another annotator"
            return "there already"
        if intake.source.file in self.files:
            return f"a source file called {intake.source.file} is in the corpus already; rename the file"
        if article.text_sha256 in self.texts:
            return f"its text is in the corpus already, as {self.texts[article.text_sha256]!r}; leave it out"
        return "new"

    def _same_text(self, intake: Intake) -> bool:
        """Whether the article of this id is this one, from this source, as after an import before."""
        (article,) = intake.articles
        known = self.texts.get(article.text_sha256) == article.id
        return known and self.corpus.read_article(article.id).source == article.source

    def _remember(self, intake: Intake) -> None:
        (article,) = intake.articles
        self.seen.add(article.id)
        self.ids.add(article.id)
        self.files.add(intake.source.file)
        self.texts[article.text_sha256] = article.id
