"""`annotate prelabel --model`: plan a run of a language model, ask for consent, run it, and say what it did."""

import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import click

import annotate
from annotate.cli.terminal import MAX_SHOWN, count_noun, count_progress, echo
from annotate.corpus import Corpus
from annotate.errors import CannotRun, Refused
from annotate.inventory import Inventory
from annotate.models.budget import Budget, TokenTotals
from annotate.models.chat_client import ChatClient, ModelParameters
from annotate.models.consent import needs_consent, record_consent
from annotate.models.endpoint import Endpoint, resolve_endpoint
from annotate.models.guideline_pages import read_guidelines
from annotate.models.labeller import PromptedLabelling
from annotate.models.labelling import LabellingMethod
from annotate.models.ledger import Ledger, forget_answers, open_ledger
from annotate.models.prelabel import RECORD_FOLDER, PrelabelPlan, PrelabelResult, PrelabelRun, name_annotator, plan_run
from annotate.models.prices import load_price
from annotate.models.prompts import AnswerMode, write_prompt
from annotate.models.session import ModelSession
from annotate.models.token_estimate import BYTES_PER_TOKEN
from annotate.outputs import list_sources, listing_marker, output_folder, require_output_folder, write_marker


class ModelOptions(NamedTuple):
    """The options of a run with a model; see `annotate prelabel --help`."""

    corpus: str
    schema: str
    guidelines: str
    out: str | None
    model: str | None
    endpoint: str | None
    key_file: str | None
    insecure_http: bool
    annotator: str | None
    concurrency: int
    max_requests: int | None
    max_cost: float | None
    prices: str | None
    timeout: float
    temperature: float | None
    seed: int | None
    answers: AnswerMode
    guideline_tokens: int
    max_tokens: int | None
    plan: bool
    yes: bool
    forget: bool


def run(options: ModelOptions) -> int:
    """Do what the options say, and return the exit code."""
    if options.forget:
        return _forget(options)
    model = options.model or ""
    if not model.strip() or not model.isprintable() or len(model) > 500:
        raise CannotRun("--model", "is not the name of a model", "name it as the endpoint does")
    if options.max_cost is not None and options.prices is None:
        raise CannotRun("--max-cost", "needs the price of the model", "name a price table with --prices")
    annotator = name_annotator(model, options.annotator)
    price, currency = load_price(options.prices, model) if options.prices else (None, "")
    inventory, corpus = annotate.load_inventory(options.schema), Corpus(options.corpus)
    corpus.require_contents()
    endpoint = resolve_endpoint(options.endpoint, options.key_file, allow_http=options.insecure_http)
    parameters = ModelParameters(temperature=options.temperature, seed=options.seed)
    method = load_method(options, inventory, annotator)
    if options.plan:
        plan = plan_run(corpus, method, Ledger(endpoint, model, parameters), price)
        _show_plan(plan, endpoint, model, annotator, currency)
        return 0
    out, sources = Path(options.out or ""), list_sources(corpus, inventory)
    require_output_folder(out, listing_marker("annotate prelabel"), sources)  # before anything is sent
    article_count = len(corpus.article_ids())
    _require_consent(endpoint, article_count, is_given=options.yes)
    budget = Budget(options.max_requests, options.max_cost, price)
    client = ChatClient(endpoint, model, parameters, timeout=options.timeout, before_attempt=budget.count_attempt)
    try:
        with (
            open_ledger(endpoint, model, parameters) as ledger,
            output_folder(out, listing_marker("annotate prelabel"), sources) as folder,
            count_progress("labelling", article_count) as progress,
        ):
            prelabel = PrelabelRun(corpus, inventory, method, ModelSession(client, ledger, budget), annotator, currency)
            result = prelabel.write(folder, options.concurrency, progress)
            write_marker(folder, "annotate prelabel")
    except KeyboardInterrupt:
        echo(f"{out} is as it was; the answers so far are kept, and the same command goes on from there", err=True)
        raise
    return _show_result(result, options.out or "")


def load_method(options: ModelOptions, inventory: Inventory, annotator: str) -> LabellingMethod:
    """Return how a model labels the articles of a corpus: by the guidelines, or without them by `labels.yaml` alone."""
    folder = Path(options.guidelines)
    pages = read_guidelines(folder, inventory) if folder.is_dir() else {}
    if not pages:
        echo(f"{folder}: no such folder; the model gets the definitions of labels.yaml alone", err=True)
    prompt = write_prompt(
        inventory, pages, mode=options.answers, budget=options.guideline_tokens, max_tokens=options.max_tokens
    )
    return PromptedLabelling(prompt, annotator)


def _forget(options: ModelOptions) -> int:
    endpoint = None
    if options.model is not None:
        endpoint = resolve_endpoint(options.endpoint, options.key_file, allow_http=True)
    echo(f"{count_noun(forget_answers(endpoint, options.model), 'answer')} deleted")
    return 0


def _require_consent(endpoint: Endpoint, article_count: int, *, is_given: bool) -> None:
    """Ask whether texts may be sent to a host, unless the user has said so.

    Raises:
        Refused: Nobody can be asked, or the user says no.
    """
    if is_given or not needs_consent(endpoint):
        return
    texts = count_noun(article_count, "article")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        problem = f"the texts of {texts} would be sent to this host for the first time"
        raise Refused(endpoint.authority, problem, "look at --plan, then allow it with --yes")
    question = f"Send the texts of {texts} to {endpoint.authority}? The answer is remembered for this host"
    if not click.confirm(question, err=True):
        raise Refused(endpoint.authority, "no text is sent to it", "name another --endpoint")
    record_consent(endpoint)


def _show_plan(plan: PrelabelPlan, endpoint: Endpoint, model: str, annotator: str, currency: str) -> None:
    where = "this machine" if endpoint.is_local else endpoint.authority
    echo(f"Texts of {count_noun(plan.articles, 'article')} would be sent to {where} ({endpoint.url})")
    echo(f"Model: {model}; annotator: {annotator}")
    to_send = plan.requests - plan.kept
    echo(f"Requests: at least {to_send:,}; {plan.kept:,} more are answered already")
    limit = "without a limit" if plan.output_limit is None else f"at most {plan.output_limit:,}"
    echo(f"Tokens: about {plan.input_tokens:,} of requests ({BYTES_PER_TOKEN:g} bytes a token); of answers {limit}")
    if plan.cost is not None:
        echo(f"Price: about {plan.cost:.4f} {currency} for the requests, and that of the answers")
    for part in plan.left_out:
        echo(f"Left out of the prompt: {part}")


def _show_result(result: PrelabelResult, out: str) -> int:
    """Say what a run did, and return the exit code."""
    record = result.record
    for index, (article_id, error) in enumerate(result.errors.items()):
        if index < MAX_SHOWN:
            echo(f"{article_id}: left out: {error}", err=True)
    if len(result.errors) > MAX_SHOWN:
        echo(f"{len(result.errors) - MAX_SHOWN:,} more articles were left out; see {out}/{RECORD_FOLDER}", err=True)
    if result.ignored:
        echo(f"{count_noun(result.ignored, 'kept answer')} could not be used, and asked for again", err=True)
    echo(
        f"{count_noun(record.articles, 'article')}, {count_noun(record.spans, 'span')}, "
        f"{count_noun(record.relations, 'relation')} written to {out} by {record.annotator}"
    )
    echo(f"Requests: {record.requests:,} sent; {count_noun(record.reused.answers, 'answer')} kept from earlier")
    echo(f"Tokens: {_describe_tokens(record.sent, record.currency)}")
    for name, counts in (("Quarantined", record.quarantined), ("Findings", record.findings)):
        if counts:
            listed = ", ".join(f"{code} {count:,}" for code, count in Counter(counts).most_common())
            echo(f"{name}: {sum(counts.values()):,} ({listed}); see {out}/{RECORD_FOLDER}")
    return 1 if result.errors else 0


def _describe_tokens(totals: TokenTotals, currency: str) -> str:
    tokens = f"{totals.input + totals.estimated_input:,} sent, {totals.output + totals.estimated_output:,} received"
    if totals.without_usage:
        tokens += f"; estimated for {count_noun(totals.without_usage, 'answer')}"
    return tokens if totals.cost is None else f"{tokens}; {totals.cost:.4f} {currency}"
