"""`annotate prelabel --model`: plan a run of a language model, ask for consent, run it, and say what it did."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

import annotate
from annotate.cli.prelabel_scores import prepare_scoring
from annotate.cli.terminal import count_noun, count_progress, echo, echo_cut_lines, echo_lines
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
from annotate.models.pass_settings import PassSettings, load_settings
from annotate.models.prelabel import (
    QUARANTINE_FILE,
    RECORD_FOLDER,
    PrelabelPlan,
    PrelabelResult,
    PrelabelRun,
    name_annotator,
    plan_run,
)
from annotate.models.prices import load_price
from annotate.models.prompts import write_prompt
from annotate.models.session import ModelSession
from annotate.models.token_estimate import BYTES_PER_TOKEN, estimate_tokens
from annotate.outputs import (
    list_sources,
    listing_marker,
    output_folder,
    require_no_other_labels,
    require_output_folder,
    write_marker,
)
from annotate.util.escape import TerminalText, escape_json


class ModelOptions(NamedTuple):
    """Which model is asked, and how; see `cli.model_options`. `settings` has the settings of a pass that were given."""

    corpus: str
    schema: str
    guidelines: str
    settings: Mapping[str, Any]
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
    settings_file: str | None
    yes: bool

    def read_settings(self) -> PassSettings:
        """Return the settings of the pass: those of the options, then of the settings file, then the defaults.

        Raises:
            CannotRun: The settings file cannot be used.
        """
        settings = PassSettings() if self.settings_file is None else load_settings(self.settings_file)
        return msgspec.structs.replace(settings, **self.settings)


class PrelabelOptions(NamedTuple):
    """What a run with a model does; see `annotate prelabel --help`."""

    model_options: ModelOptions
    out: str | None
    articles: tuple[str, ...]
    score: str | None
    format_: str
    samples: int
    plan: bool
    show_prompt: bool
    forget: bool


class PreparedModel(NamedTuple):
    """A model that can be asked, and how."""

    endpoint: Endpoint
    model: str
    parameters: ModelParameters
    method: LabellingMethod
    annotator: str
    currency: str
    budget: Budget
    settings: PassSettings


def prepare_model(options: ModelOptions, inventory: Inventory) -> PreparedModel:
    """Return the model that the options name, before anything is sent to it.

    Raises:
        CannotRun: The name, the address, the key, the price or the settings cannot be used.
        Refused: Texts or the key would be sent without encryption, or others may read the key.
    """
    settings = options.read_settings()
    model = options.model or ""
    if not model.strip() or not model.isprintable() or len(model) > 500:
        raise CannotRun("--model", "is not the name of a model", "name it as the endpoint does")
    if options.max_cost is not None and options.prices is None:
        raise CannotRun("--max-cost", "needs the price of the model", "name a price table with --prices")
    annotator = name_annotator(model, options.annotator)
    price, currency = load_price(options.prices, model) if options.prices else (None, "")
    endpoint = resolve_endpoint(options.endpoint, options.key_file, allow_http=options.insecure_http)
    parameters = ModelParameters(temperature=settings.temperature, seed=settings.seed)
    method = load_method(options, inventory, annotator)
    budget = Budget(options.max_requests, options.max_cost, price)
    return PreparedModel(endpoint, model, parameters, method, annotator, currency, budget, settings)


def run(options: PrelabelOptions) -> int:
    """Do what the options say, and return the exit code."""
    model_options = options.model_options
    if options.forget:
        return _forget(model_options)
    if options.show_prompt:
        return _show_prompt(options)
    inventory, corpus = annotate.load_inventory(model_options.schema), Corpus(model_options.corpus)
    corpus.require_contents()
    article_ids = corpus.select_article_ids(options.articles)
    prepared = prepare_model(model_options, inventory)
    endpoint, model, parameters, method, annotator, currency, budget, settings = prepared
    if options.plan:
        plan = plan_run(corpus, article_ids, method, Ledger(endpoint, model, parameters), budget.price)
        _show_plan(plan, endpoint, model, annotator, currency)
        return 0
    out, sources = Path(options.out or ""), list_sources(corpus, inventory)
    # Before anything is sent:
    require_output_folder(out, listing_marker("annotate prelabel"), sources)
    scoring = prepare_scoring(corpus, inventory, options.score, article_ids)
    require_no_other_labels(out, article_ids)
    require_consent(endpoint, len(article_ids), is_given=model_options.yes)
    client = ChatClient(endpoint, model, parameters, timeout=model_options.timeout, before_attempt=budget.count_attempt)
    try:
        with (
            open_ledger(endpoint, model, parameters) as ledger,
            output_folder(out, listing_marker("annotate prelabel"), sources) as folder,
            count_progress("labelling", len(article_ids)) as progress,
        ):
            session = ModelSession(client, ledger, budget)
            prelabel = PrelabelRun(corpus, article_ids, inventory, method, session, annotator, settings, currency)
            result = prelabel.write(folder, model_options.concurrency, progress)
            write_marker(folder, "annotate prelabel")
    except KeyboardInterrupt:
        echo(f"{out} is as it was; the answers so far are kept, and the same command goes on from there", err=True)
        raise
    _show_errors(result, options.out or "")
    about = _describe_result(result, options.out or "")
    if scoring is None:
        echo_lines(about)
    else:
        scoring.show(out, about, options.format_, options.samples, result.record)
    if not result.record.spans and result.record.quarantined:
        problem = "answered, and no label of its answers could be taken"
        echo(f"{prepared.model}: {problem}; see {out / RECORD_FOLDER / QUARANTINE_FILE}", err=True)
        return 1
    return 1 if result.errors else 0


def load_method(options: ModelOptions, inventory: Inventory, annotator: str) -> LabellingMethod:
    """Return how a model labels the articles of a corpus: by the guidelines, or without them by `labels.yaml` alone."""
    folder, settings = Path(options.guidelines), options.read_settings()
    pages = read_guidelines(folder, inventory) if folder.is_dir() else {}
    if not pages:
        echo(f"{folder}: no such folder; the model gets the definitions of labels.yaml alone", err=True)
    corpus = Corpus(options.corpus)
    prompt = write_prompt(
        inventory,
        pages,
        mode=settings.answers,
        budget=settings.guideline_tokens,
        # Of all articles, so that the prompt does not depend on which of them are labelled.
        texts=map(corpus.read_text, corpus.article_ids()) if pages else (),
        examples=settings.examples,
        max_tokens=settings.max_tokens,
    )
    return PromptedLabelling(prompt, annotator)


def _show_prompt(options: PrelabelOptions) -> int:
    """Print the requests of the first round of each article, and return the exit code."""
    model_options = options.model_options
    inventory, corpus = annotate.load_inventory(model_options.schema), Corpus(model_options.corpus)
    corpus.require_contents()
    if options.format_ == "markdown":
        raise CannotRun("--show-prompt", "has no format markdown", "choose from text, json")
    method, instructions = load_method(model_options, inventory, "model"), ""
    for article_id in corpus.select_article_ids(options.articles):
        for request in method.plan_article(corpus.read_article(article_id)):
            if options.format_ == "json":
                shown = {"article": article_id, "request": request.key, **msgspec.to_builtins(request.chat)}
                echo(TerminalText(escape_json(msgspec.json.encode(shown).decode())))
                continue
            first, *others = request.chat.messages
            if first.content != instructions:
                instructions = first.content
                _show_message(f"every request, {first.role}", first.content)
            for message in others:
                _show_message(f"{article_id}, {request.key}, {message.role}", message.content)
    return 0


def _show_message(name: str, content: str) -> None:
    echo(f"===== {name} (about {estimate_tokens(content):,} tokens)")
    echo_lines(content.split("\n"))
    echo()


def _forget(options: ModelOptions) -> int:
    endpoint = None
    if options.model is not None:
        endpoint = resolve_endpoint(options.endpoint, options.key_file, allow_http=True)
    echo(f"{count_noun(forget_answers(endpoint, options.model), 'answer')} deleted")
    return 0


def require_consent(endpoint: Endpoint, article_count: int, *, is_given: bool) -> None:
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
        answers = "that of the answers, which --max-tokens limits"
        if plan.answer_cost is not None:
            answers = f"at most {plan.answer_cost:.4f} {currency} for the answers"
        echo(f"Price: about {plan.cost:.4f} {currency} for the requests, and {answers}")
    for part in plan.left_out:
        echo(f"Left out of the prompt: {part}")


def _show_errors(result: PrelabelResult, out: str) -> None:
    """Say which articles have no labels, and why."""
    lines = (f"{article_id}: left out: {error}" for article_id, error in result.errors.items())
    echo_cut_lines(lines, "article", remedy=f"see {out}/{RECORD_FOLDER}", err=True)
    if result.ignored:
        echo(f"{count_noun(result.ignored, 'kept answer')} could not be used, and asked for again", err=True)


def _describe_result(result: PrelabelResult, out: str) -> Iterator[str]:
    """Yield what a run did, a text a line."""
    record = result.record
    yield (
        f"{count_noun(record.articles, 'article')}, {count_noun(record.spans, 'span')}, "
        f"{count_noun(record.relations, 'relation')} written to {out} by {record.annotator}"
    )
    yield f"Requests: {record.requests:,} sent; {count_noun(record.reused.answers, 'answer')} kept from earlier"
    yield f"Tokens: {_describe_tokens(record.sent, record.currency)}"
    if record.reused.answers:
        yield f"Tokens of the answers from earlier: {_describe_tokens(record.reused, record.currency)}"
    if record.corrections.answers:
        gain = f"{count_noun(record.repaired, 'problem')} removed by {count_noun(record.corrections.answers, 'answer')}"
        yield f"Corrections: {gain}; {_describe_tokens(record.corrections, record.currency)}"
    for name, counts in (("Quarantined", record.quarantined), ("Findings", record.findings)):
        if counts:
            listed = ", ".join(f"{code} {count:,}" for code, count in Counter(counts).most_common())
            yield f"{name}: {sum(counts.values()):,} ({listed}); see {out}/{RECORD_FOLDER}"


def _describe_tokens(totals: TokenTotals, currency: str) -> str:
    tokens = f"{totals.input + totals.estimated_input:,} sent, {totals.output + totals.estimated_output:,} received"
    if totals.without_usage:
        tokens += f"; estimated for {count_noun(totals.without_usage, 'answer')}"
    return tokens if totals.cost is None else f"{tokens}; {totals.cost:.4f} {currency}"
