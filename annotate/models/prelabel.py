"""Label the articles of a corpus with a model: the run, what it writes, and what it would send.

    OUT/<article>.json           the labels of an article, as in `annotations/`
    OUT/record/run.json          how they were made; see `run_record`
    OUT/record/quarantine.json   the parts of answers that were not taken, with reasons
    OUT/record/findings.json     the findings on labels and answers

No article can have the id `record/…`, and what reads a folder of labels reads no folder in it.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Corpus, encode_annotation
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import INVENTORY_FILE, Inventory
from annotate.labelstudio.state import State
from annotate.model import ARTICLE_ID_LENGTH, GOLD, is_article_id
from annotate.models.article_queue import ArticleOutcome, label_articles
from annotate.models.budget import BudgetReached
from annotate.models.chat import TokenUsage
from annotate.models.labelling import LabelledArticle, LabellingMethod, QuarantinedAnswer
from annotate.models.ledger import Ledger, format_utc_now
from annotate.models.model_names import remove_path
from annotate.models.pass_settings import PassSettings
from annotate.models.prices import Price
from annotate.models.private_folders import RUNS, create_private_folder
from annotate.models.run_record import LEFT_OUT_REASONS, LeftOutArticle, LocalRun, RunRecord
from annotate.models.session import ModelSession
from annotate.models.token_estimate import estimate_request
from annotate.offsets import sha256
from annotate.util.escape import quote
from annotate.util.files import read_bytes, write_atomically

RECORD_FOLDER = "record"
RUN_FILE, QUARANTINE_FILE, FINDINGS_FILE = "run.json", "quarantine.json", "findings.json"
_RESERVED = (GOLD, "baseline")
_NO_ID = re.compile(r"[^a-z0-9_-]+")


class PrelabelResult(NamedTuple):
    """What a run did.

    Attributes:
        record: Its record.
        errors: Why articles have no labels, by article.
        ignored: The number of kept answers that could not be used.
    """

    record: RunRecord
    errors: dict[str, CannotRun]
    ignored: int


class PrelabelPlan(NamedTuple):
    """What a run would send at least: an answer may need further requests.

    Attributes:
        articles: The number of articles.
        requests: The number of requests.
        kept: The number of those whose answers are kept.
        input_tokens: The estimated tokens of the other requests.
        output_limit: The most tokens that the other answers may have; None if a request sets no limit.
        cost: The estimated price of the other requests, without their answers; None without a price.
        answer_cost: The most that their answers can cost; None without a price or a limit.
        left_out: What the token budget left out of the prompt.
    """

    articles: int
    requests: int
    kept: int
    input_tokens: int
    output_limit: int | None
    cost: float | None
    answer_cost: float | None
    left_out: tuple[str, ...]


def name_annotator(model: str, annotator: str | None = None) -> str:
    """Return the pseudonym of a model's labels.

    Args:
        model: The name of the model.
        annotator: The pseudonym that the user gives; None to make one of the name.

    Raises:
        CannotRun: It cannot be an annotator's, or none can be made of the name.
    """
    name = annotator
    if name is None:
        name = _NO_ID.sub("-", remove_path(model).lower()).strip("_-")[:ARTICLE_ID_LENGTH].strip("_-")
    if not is_article_id(name) or name in _RESERVED:
        problem = f"{quote(name)} cannot be the pseudonym of a model"
        hint = "name one of lower-case letters, digits, - and _ with --annotator"
        raise CannotRun("--model" if annotator is None else "--annotator", problem, hint)
    return name


def plan_run(
    corpus: Corpus, article_ids: Iterable[str], method: LabellingMethod, ledger: Ledger, price: Price | None
) -> PrelabelPlan:
    """Return what a run would send at least.

    Args:
        corpus: The corpus.
        article_ids: The ids of the articles of the run.
        method: How they are labelled.
        ledger: The answers that are kept.
        price: The price of the model, if it is known.
    """
    articles = requests = kept = tokens = 0
    limit: int | None = 0
    for article in map(corpus.read_article, article_ids):
        articles += 1
        for request in method.plan_article(article):
            requests += 1
            if ledger.find(request.chat) is not None:
                kept += 1
                continue
            tokens += estimate_request(request.chat)
            limit = None if limit is None or request.chat.max_tokens is None else limit + request.chat.max_tokens
    cost = None if price is None else price.cost(TokenUsage(tokens, 0))
    answer_cost = None if price is None or limit is None else price.cost(TokenUsage(0, limit))
    return PrelabelPlan(articles, requests, kept, tokens, limit, cost, answer_cost, method.describe().left_out)


class PrelabelRun:
    """One run over articles of a corpus.

    Args:
        corpus: The corpus.
        article_ids: The ids of the articles of the run.
        inventory: The inventory of the corpus.
        method: How the articles are labelled.
        session: Asks the model.
        annotator: The pseudonym of the labels.
        settings: The settings that the method was made with.
        currency: The currency of the price; empty without one.
    """

    def __init__(
        self,
        corpus: Corpus,
        article_ids: Sequence[str],
        inventory: Inventory,
        method: LabellingMethod,
        session: ModelSession,
        annotator: str,
        settings: PassSettings,
        currency: str = "",
    ) -> None:
        self.corpus, self.article_ids, self.inventory = corpus, article_ids, inventory
        self.method, self.session = method, session
        self.annotator, self.settings, self.currency = annotator, settings, currency
        self._started = format_utc_now()

    def write(self, folder: Path, concurrency: int, progress: Callable[[int], None]) -> PrelabelResult:
        """Label all articles, and write their files, the record of the run last.

        Articles whose requests are not answered have no file, and are in the record.

        Args:
            folder: The folder to write to, which is empty.
            concurrency: The number of requests that are in flight at once.
            progress: Called with the number of articles that are done since the last call.

        Raises:
            CannotRun: No article was labelled, every request was too long, or a file cannot be written.
        """
        tally, outcome = _Tally(), "stopped"
        try:
            with closing(self._label(concurrency)) as outcomes:
                for article_id, labelled, error in outcomes:
                    tally.add(article_id, labelled, error)
                    if labelled is not None:
                        annotation = msgspec.structs.replace(labelled.annotation, annotator=self.annotator)
                        write_atomically(folder / f"{article_id}.json", encode_annotation(annotation))
                    progress(1)
            if tally.errors and not tally.articles:
                raise next(iter(tally.errors.values()))
            if self.session.context_error is not None:
                raise self.session.context_error
            record = self._make_record(tally)
            _write_json(folder / RECORD_FOLDER / QUARANTINE_FILE, list(tally.quarantine_rows()))
            _write_json(folder / RECORD_FOLDER / FINDINGS_FILE, list(tally.finding_rows()))
            _write_json(folder / RECORD_FOLDER / RUN_FILE, record)
            outcome = "partial" if tally.errors else "complete"
        finally:
            self._remember(outcome)
        return PrelabelResult(record, dict(sorted(tally.errors.items())), self.session.ledger.ignored)

    def _label(self, concurrency: int) -> Generator[ArticleOutcome, None, None]:
        session = self.session
        articles = map(self.corpus.read_article, self.article_ids)
        return label_articles(articles, self.method, session.ask, session.client.stop, concurrency)

    def _make_record(self, tally: "_Tally") -> RunRecord:
        session, description = self.session, self.method.describe()
        return RunRecord(
            toolkit=version("contested-claims"),
            annotator=self.annotator,
            model=remove_path(session.client.model),
            answered=tuple(sorted({remove_path(name) for name in session.answered})),
            mode=description.mode,
            prompt_sha256=description.prompt_sha256,
            schema_sha256=description.schema_sha256,
            inventory=self.inventory.version,
            inventory_sha256=hash_inventory(self.inventory),
            guidelines=description.guidelines,
            prompt_left_out=description.left_out,
            parameters=session.client.parameters,
            formats=_sort_counts(session.formats),
            started=session.ledger.first_received or self._started,
            ended=session.ledger.last_received or format_utc_now(),
            requests=session.budget.requests,
            sent=session.budget.sent,
            reused=session.reused,
            corrections=session.corrections,
            currency=self.currency,
            articles=tally.articles,
            left_out=tuple(
                LeftOutArticle(article=article, reason=_name_reason(error))
                for article, error in sorted(tally.errors.items())
            ),
            spans=tally.spans,
            relations=tally.relations,
            aligned=_sort_counts(tally.aligned),
            repaired=tally.repaired,
            findings=_sort_counts(tally.finding_codes),
            quarantined=_sort_counts(tally.quarantine_codes),
            settings=self.settings,
        )

    def _remember(self, outcome: str) -> None:
        """Write what the run sent, and where to, into the user's data directory."""
        session = self.session
        run = LocalRun(
            endpoint=session.client.endpoint.url,
            model=session.client.model,
            started=self._started,
            ended=format_utc_now(),
            requests=session.budget.requests,
            sent=session.budget.sent,
            reused=session.reused,
            currency=self.currency,
            ignored=session.ledger.ignored,
            outcome=outcome,
        )
        name = f"{self._started.replace(':', '')}-{secrets.token_hex(4)}.json"
        State(create_private_folder(RUNS)).write(name, run)


class _Tally:
    """What the outcomes of articles add up to. `quarantined` and `findings` are rows of the files of those names."""

    def __init__(self) -> None:
        self.articles = self.spans = self.relations = self.repaired = 0
        self.errors: dict[str, CannotRun] = {}
        self.aligned, self.finding_codes, self.quarantine_codes = Counter[str](), Counter[str](), Counter[str]()
        self.quarantined: list[tuple[str, QuarantinedAnswer]] = []
        self.findings: list[tuple[str, Finding]] = []

    def add(self, article_id: str, labelled: LabelledArticle | None, error: CannotRun | None) -> None:
        if error is not None:
            self.errors[article_id] = error
        if labelled is None:
            return
        self.articles += 1
        self.spans += len(labelled.annotation.spans)
        self.relations += len(labelled.annotation.relations)
        self.repaired += labelled.repaired
        self.aligned.update(labelled.aligned)
        self.finding_codes.update(finding.code for finding in labelled.findings)
        self.quarantine_codes.update(answer.code for answer in labelled.quarantined)
        self.findings += [(article_id, finding) for finding in labelled.findings]
        self.quarantined += [(article_id, answer) for answer in labelled.quarantined]

    def quarantine_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return the contents of `quarantine.json`, by article; the parts of an article stay in their order."""
        for article, answer in sorted(self.quarantined, key=lambda entry: entry[0]):
            yield {"article": article, **answer._asdict()}

    def finding_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return the contents of `findings.json`, by article."""
        for article, finding in sorted(self.findings, key=lambda entry: entry[0]):
            yield {
                "article": article,
                "code": finding.code,
                "severity": finding.severity,
                "span": finding.span,
                "message": finding.message,
            }


def _write_json(path: Path, value: object) -> None:
    write_atomically(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _sort_counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}


def _name_reason(error: CannotRun) -> str:
    """Return why an article was left out, without the endpoint, which an error names."""
    limit_reached, requests_failed = LEFT_OUT_REASONS
    return limit_reached if isinstance(error, BudgetReached) else requests_failed


def hash_inventory(inventory: Inventory) -> str:
    """Return the hash of the `labels.yaml` of an inventory."""
    path = Path(inventory.folder) / INVENTORY_FILE
    return sha256(read_bytes(path, "restore it", within=path.parent).decode("utf-8", "replace"))
