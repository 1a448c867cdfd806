"""The options of commands that ask a language model."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])
SETTINGS = ("answers", "guideline_tokens", "examples", "temperature", "seed", "max_tokens")
"""The options that a settings file can have, by the names of `pass_settings.PassSettings`."""


def _parse_temperature(ctx: click.Context, parameter: click.Parameter, value: Any) -> float | None:
    """Return a temperature; None for `none`, which leaves it to the endpoint."""
    if value == "none":
        return None
    return float(click.FloatRange(0, 2)(value, parameter, ctx))


def model_options(function: F) -> F:
    """Add the options of a language model: which one, where it is asked, within which limits, and how it answers."""
    for option in (
        click.option("--yes", is_flag=True, help="Send the texts to a new host without asking."),
        click.option(
            "--max-tokens", type=click.IntRange(1), help="Most tokens of an answer.  [default: the endpoint's limit]"
        ),
        click.option(
            "--examples/--no-examples",
            default=False,
            show_default=True,
            help="Whether the guidelines in a request have their examples; those from articles of the corpus never "
            "are.",
        ),
        click.option(
            "--guideline-tokens",
            type=click.IntRange(0),
            default=12_000,
            show_default=True,
            help="Most tokens of the guidelines in each request; `annotate prelabel --plan` says what they leave out.",
        ),
        click.option(
            "--answers",
            type=click.Choice(("json", "tags")),
            default="json",
            show_default=True,
            help="Form of the answers: JSON with quotes, or the text with tags.",
        ),
        click.option("--seed", type=int, help="Seed of the answers, if the endpoint knows one."),
        click.option(
            "--temperature",
            callback=_parse_temperature,
            metavar="FLOAT|none",
            default="0",
            show_default=True,
            help="Chance in the answers; `none` leaves it to the endpoint.",
        ),
        click.option(
            "--settings",
            "settings_file",
            type=click.Path(dir_okay=False),
            help="Settings of a pass in YAML, such as schema/model-pass.yaml; the options below come before it.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(0.1, 3600),
            default=120,
            show_default=True,
            help="Seconds to wait for an answer.",
        ),
        click.option(
            "--prices",
            type=click.Path(dir_okay=False),
            help="Price table in YAML: `currency`, and `models` with `input`, `output` and `cached` for a million "
            "tokens.",
        ),
        click.option("--max-cost", type=click.FloatRange(0), help="Most that the answers may cost; needs --prices."),
        click.option("--max-requests", type=click.IntRange(0), help="Most requests to send, repeated ones included."),
        click.option(
            "--concurrency",
            type=click.IntRange(1, 64),
            default=4,
            show_default=True,
            help="Requests in flight at once.",
        ),
        click.option("--annotator", help="Pseudonym of the model.  [default: made of its name]"),
        click.option("--insecure-http", is_flag=True, help="Send texts and key without encryption to another machine."),
        click.option(
            "--key-file",
            type=click.Path(dir_okay=False),
            help="File with the key to the endpoint, with mode 0600.  [default: the key is in ANNOTATE_MODEL_KEY]",
        ),
        click.option(
            "--endpoint",
            help="Address of the model, such as http://127.0.0.1:8080/v1.  [default: ANNOTATE_MODEL_URL or "
            "OPENAI_BASE_URL]",
        ),
        click.option("--model", help="Label with this language model, by its name at the endpoint."),
    ):
        function = option(function)
    return function


def list_given(ctx: click.Context) -> list[click.Parameter]:
    """Return the parameters that were given on the command line."""
    return [
        each for each in ctx.command.params if ctx.get_parameter_source(str(each.name)) is ParameterSource.COMMANDLINE
    ]


def take_settings(ctx: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Take the settings of a pass out of options, and return those that were given on the command line."""
    names = {each.name for each in list_given(ctx)}
    values = {name: options.pop(name) for name in SETTINGS}
    return {name: value for name, value in values.items() if name in names}
