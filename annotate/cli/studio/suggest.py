"""`annotate studio suggest`: suggestions while people label, from patterns, files of labels, or a language model."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import annotate
from annotate.cli.model_options import SETTINGS, list_given, model_options, take_settings
from annotate.cli.options import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import dir_option, patience_option, read_labels, warn_of_unlisted
from annotate.cli.terminal import echo

if TYPE_CHECKING:
    from annotate import Corpus, Inventory
    from annotate.cli.prelabel_model import ModelOptions
    from annotate.labelstudio.state import State
    from annotate.service.suggestions import Assistant, Suggester

_BASELINE, _TAGGER = "baseline", "tagger"
_OCCURRENCES, _RELATED = "occurrences", "related"
_OWN_OPTIONS = {"folder", "in_background", "stop", "patience", "corpus", "schema", "guidelines", "yes"}
"""Options that a service in the background gets in another way, or not at all."""
_VARIABLES = (
    *("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY", "ANNOTATE_MODEL_URL", "ANNOTATE_MODEL_KEY"),
    *("ANNOTATE_MODEL_KEY_FILE", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
)
"""Variables that a service in the background may need."""


@click.command("suggest")
@corpus_option
@schema_option
@guidelines_option
@dir_option
@click.option(
    "--from",
    "source",
    metavar="baseline|tagger|FOLDER",
    help="What suggests: the patterns of schema/baseline.yaml, a tagger that learns from labelled articles, or the "
    "annotation files of a folder.",
)
@click.option(
    "--assist",
    "assists",
    type=click.Choice([_OCCURRENCES, _RELATED]),
    multiple=True,
    help="What a marked span adds: its label at other occurrences of its words, or the spans that are related to it; "
    "repeat it for both.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(0.1, 60),
    default=10,
    show_default=True,
    help="Seconds of processor time that the patterns may take for an article.",
)
@click.option(
    "--title",
    "titles",
    multiple=True,
    help="Title of a project that shows suggestions; repeat it for others.  [default: the inventory's]",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the service.  [default: a free one]")
@click.option(
    "--public-url",
    metavar="URL",
    help="Address under which a Label Studio server on another machine reaches the service.",
)
@click.option(
    "--every",
    type=click.FloatRange(1),
    metavar="SECONDS",
    default=15,
    show_default=True,
    help="Time between two looks at what changed on the server.",
)
@patience_option
@click.option("--background", "in_background", is_flag=True, help="Serve in the background, until --stop or `down`.")
@click.option("--stop", is_flag=True, help="End the service, and let no project ask it any more.")
@model_options
@click.pass_context
def suggest(ctx: click.Context, /, corpus: str, schema: str, **options: Any) -> None:
    """Suggest labels while people label, in Label Studio.

    Serves the projects that --title names, the shared one by default. An article that is opened there starts from the
    suggestions, which annotators correct: what they submit is `corrected` in the corpus, and does not count as
    independent. Other projects stay as they are. Name a project for independent labels, for training or for
    adjudication only if its labels may depend on suggestions.

    With --assist, the page adds labels whenever an annotator marks a span and has switched Auto-Annotation on. What is
    related to it is learned from labelled articles, or taken from what --from or --model suggests.

    With --model, a language model suggests, with the prompts, the limits and the kept answers of `annotate prelabel`.

    The service runs until it is stopped, and listens on this machine only. When it ends, the projects show no further
    suggestions; those that were made stay. A server on another machine needs --public-url.

    Exit code 0: ended; 1: refused; 2: could not run.

    \b
    annotate studio suggest --from baseline
    annotate studio suggest --from out/model --title "Correct the model" --background
    annotate studio suggest --from tagger --assist related --assist occurrences
    annotate studio suggest --model NAME --endpoint http://127.0.0.1:8080/v1
    annotate studio suggest --stop
    """
    from annotate.labelstudio.location import open_state
    from annotate.service.background import SUGGEST, stop_service
    from annotate.service.polling import ServerLink
    from annotate.service.suggest import ServiceRequest, SuggestionService, remove_registrations

    state = open_state(corpus, options["folder"])
    state.create_folder()
    if options["stop"]:
        was_running = stop_service(state, SUGGEST)
        with ServerLink(state) as link:
            remove_registrations(link, state, _report)
        echo("stopped" if was_running else "no suggestions were served")
        return
    if options["source"] is not None and options["model"] is not None:
        raise click.UsageError("say what suggests: --from or --model, and not both", ctx)
    if options["source"] is None and options["model"] is None and not options["assists"]:
        raise click.UsageError("say what suggests: --from, --model or --assist", ctx)
    if options["model"] is None:
        _refuse_model_options(ctx)
    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    store.require_contents()
    with ExitStack() as stack:
        if options["in_background"]:
            _check(ctx, inventory, store)
            _serve_in_background(ctx, state)
            return
        suggester, concurrency = _open_suggester(ctx, inventory, store, stack)
        assistants = _open_assistants(ctx, suggester, inventory, store)
        _warn_of_unlisted(suggester, assistants, store)
        from annotate.service.backend import SuggestionRequest

        request = ServiceRequest(
            state,
            schema,
            options["titles"] or (inventory.title,),
            inventory.title,
            options["port"],
            options["public_url"],
            options["patience"],
        )
        suggestions = SuggestionRequest(store, inventory, suggester, assistants, concurrency=concurrency)
        SuggestionService(request, suggestions, _report).run(options["every"])


def _report(line: str, is_problem: bool) -> None:
    echo(line, err=is_problem)


def _refuse_model_options(ctx: click.Context) -> None:
    """Refuse options that say something about a model where none is named."""
    from annotate.cli.prelabel_model import ModelOptions

    of_models = {*ModelOptions._fields, *SETTINGS} - {"corpus", "schema", "guidelines", "model"}
    for parameter in list_given(ctx):
        if parameter.name in of_models:
            raise click.UsageError(f"{parameter.opts[0]} needs --model.", ctx)


def _open_suggester(
    ctx: click.Context, inventory: "Inventory", corpus: "Corpus", stack: ExitStack
) -> "tuple[Suggester | None, int]":
    """Return what suggests, and how many articles it labels at once; no suggester if there is only help with marks."""
    from annotate.service.suggesters import FileSuggester, PatternSuggester

    options = ctx.params
    if options["model"] is not None:
        return _open_model(ctx, inventory, corpus, stack), int(options["concurrency"])
    if options["source"] == _BASELINE:
        from annotate.baseline import load_baseline

        return PatternSuggester(load_baseline(options["schema"], inventory), options["time_limit"]), 1
    if options["source"] == _TAGGER:
        from annotate.service.trained_suggester import TrainedSuggester

        return TrainedSuggester(corpus, inventory), 1
    if options["source"] is None:
        return None, 1
    predictions, name = read_labels(options["source"], corpus, inventory)
    return FileSuggester(predictions, name.partition(" ")[0]), 1


def _open_assistants(
    ctx: click.Context, suggester: "Suggester | None", inventory: "Inventory", corpus: "Corpus"
) -> "list[Assistant]":
    """Return what adds to marked spans; what is related comes first, so that it is not taken for an occurrence."""
    from annotate.service.occurrences import OccurrenceAssistant
    from annotate.service.related_spans import SuggestedAssistant, TrainedAssistant

    assistants: list[Assistant] = []
    if _RELATED in ctx.params["assists"]:
        if suggester is None or ctx.params["source"] == _TAGGER:
            assistants.append(TrainedAssistant(corpus, inventory))
        else:
            assistants.append(SuggestedAssistant(suggester, inventory))
    if _OCCURRENCES in ctx.params["assists"]:
        assistants.append(OccurrenceAssistant(inventory))
    return assistants


def _open_model(ctx: click.Context, inventory: "Inventory", corpus: "Corpus", stack: ExitStack) -> "Suggester":
    from annotate.cli.prelabel_model import prepare_model, require_consent
    from annotate.models.chat_client import ChatClient
    from annotate.models.ledger import Ledger
    from annotate.models.session import ModelSession
    from annotate.service.model_suggester import ModelSuggester

    options = _model_options(ctx)
    prepared = prepare_model(options, inventory)
    require_consent(prepared.endpoint, len(corpus.article_ids()), is_given=options.yes)
    budget = prepared.budget
    client = ChatClient(
        prepared.endpoint,
        prepared.model,
        prepared.parameters,
        timeout=options.timeout,
        before_attempt=budget.count_attempt,
    )
    stack.callback(client.stop)
    ledger = Ledger(prepared.endpoint, prepared.model, prepared.parameters)
    return ModelSuggester(
        lambda: ModelSession(client, ledger, budget), client, prepared.method, prepared.annotator, options.concurrency
    )


def _model_options(ctx: click.Context) -> "ModelOptions":
    from annotate.cli.prelabel_model import ModelOptions

    settings = take_settings(ctx, dict(ctx.params))
    options = {name: ctx.params[name] for name in ModelOptions._fields if name in ctx.params}
    return ModelOptions(settings=settings, **options)


def _check(ctx: click.Context, inventory: "Inventory", corpus: "Corpus") -> None:
    """Find what keeps a service from running, and ask for consent, before it is started in the background."""
    with ExitStack() as stack:
        suggester, _ = _open_suggester(ctx, inventory, corpus, stack)
        _warn_of_unlisted(suggester, _open_assistants(ctx, suggester, inventory, corpus), corpus)


def _warn_of_unlisted(suggester: "Suggester | None", assistants: "list[Assistant]", corpus: "Corpus") -> None:
    for annotator in dict.fromkeys(helper.annotator for helper in (suggester, *assistants) if helper is not None):
        warn_of_unlisted(annotator, corpus)


def _serve_in_background(ctx: click.Context, state: "State") -> None:
    """Start the same command in the background, and wait until it is ready.

    Raises:
        CannotRun: A service runs already, or the new one ended.
    """
    from annotate.errors import CannotRun
    from annotate.service.background import SUGGEST, find_service, start_service, wait_until_ready

    if (running := find_service(state, SUGGEST)) is not None:
        problem = f"suggestions are served already, by process {running.pid}"
        raise CannotRun(state.folder, problem, "end it with `annotate studio suggest --stop`")
    environment = {name: os.environ[name] for name in _VARIABLES if os.environ.get(name)}
    process = start_service(state, SUGGEST, _list_options(ctx), environment)
    wait_until_ready(state, SUGGEST, process)
    echo(f"suggesting in the background: process {process.pid}, log {state.folder / SUGGEST.log}")


def _list_options(ctx: click.Context) -> list[str]:
    """Return the words of the command, with absolute paths, since the background is in another folder."""
    words = []
    for name in ("corpus", "schema", "guidelines"):
        words += [f"--{name}", str(Path(ctx.params[name]).absolute())]
    if ctx.params["model"] is not None:
        words.append("--yes")  # it was asked here
    for parameter in list_given(ctx):
        name = str(parameter.name)
        if name in _OWN_OPTIONS:
            continue
        value, option = ctx.params[name], parameter.opts[0]
        is_path = isinstance(parameter.type, click.Path) or (name == "source" and value not in (_BASELINE, _TAGGER))
        if isinstance(parameter, click.Option) and parameter.is_flag:
            words += [option] if value else parameter.secondary_opts
            continue
        for each in value if parameter.multiple else (value,):
            each = "none" if each is None else each  # --temperature none
            words.append(f"{option}={Path(each).absolute() if is_path else each}")
    return words
