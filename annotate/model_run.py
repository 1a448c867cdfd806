"""The run of a language model that made the labels of one annotator, as `annotators.yaml` records it.

It says what was asked, what answered, and what it took; never where the model ran.
"""

import msgspec

NOT_IMPORTED = "not imported"
"""Why an article of a run has no labels in the corpus: they were refused when they were imported."""


class AnswerTotals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answers of a model, and their tokens.

    Attributes:
        answers: The number of answers.
        input: The tokens of the requests, as the endpoint counts them.
        output: The tokens of the answers.
        cached: Those of `input` that the endpoint had from earlier requests.
        without_usage: The number of answers whose tokens the endpoint did not count.
        estimated_input: The estimated tokens of their requests.
        estimated_output: The estimated tokens of these answers.
        cost: The price of all; None without a price table.
    """

    answers: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    without_usage: int = 0
    estimated_input: int = 0
    estimated_output: int = 0
    cost: float | None = None


class ModelRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a model made the labels of an annotator.

    Attributes:
        asked: The model that was asked for.
        answered: The models that answered, as the endpoint names them.
        mode: The form of the answers, such as `json` or `tags`.
        started: When the first of the answers came, in UTC.
        ended: When the last of them came.
        toolkit: The version of the toolkit.
        prompt_sha256: The hash of what is the same in all requests.
        schema_sha256: The hash of the JSON Schema of the answers; None if there is none.
        inventory: The version of the inventory.
        inventory_sha256: The hash of `labels.yaml`.
        guidelines: The version of the guidelines, or the hash of what was used of them; None without guidelines.
        prompt_left_out: What the token budget left out of the prompt.
        parameters: What else the model was told.
        formats: The number of answers by how the endpoint was asked to shape them.
        usage: The answers that the labels are made of, whenever they were sent for.
        corrections: Those of them that correct an answer: what the repair passes cost.
        currency: The currency of the costs; None without a price table.
        articles: The number of articles whose labels are in the corpus.
        spans: The number of their spans.
        relations: The number of their relations.
        left_out: The number of articles without labels in the corpus, by reason.
        aligned: The number of quotes by how they differ from the text.
        repaired: The number of findings that a repair pass removed.
        findings: The number of findings by code.
        quarantined: The number of parts of answers that were not taken, by code.
    """

    asked: str
    answered: tuple[str, ...]
    mode: str
    started: str
    ended: str
    toolkit: str
    prompt_sha256: str
    schema_sha256: str | None = None
    inventory: str
    inventory_sha256: str
    guidelines: str | None = None
    prompt_left_out: tuple[str, ...] = ()
    parameters: dict[str, int | float | str] = {}
    formats: dict[str, int] = {}
    usage: AnswerTotals
    corrections: AnswerTotals = AnswerTotals()
    currency: str | None = None
    articles: int
    spans: int
    relations: int
    left_out: dict[str, int] = {}
    aligned: dict[str, int] = {}
    repaired: int = 0
    findings: dict[str, int] = {}
    quarantined: dict[str, int] = {}


def is_same_run(left: ModelRun, right: ModelRun) -> bool:
    """Return whether two records are of one run: the same answers of the same model, put together in the same way.

    Other labels of it may have been imported, and other prices may have been known when it was written again.
    """
    no_counts: dict[str, int] = {}
    left, right = (
        msgspec.structs.replace(
            run,
            articles=0,
            spans=0,
            relations=0,
            left_out=no_counts,
            usage=msgspec.structs.replace(run.usage, cost=None),
            corrections=msgspec.structs.replace(run.corrections, cost=None),
            currency=None,
        )
        for run in (left, right)
    )
    return left == right


def list_models(run: ModelRun) -> str:
    """Return the models that answered, or the one that was asked for if the endpoint named none."""
    return ", ".join(run.answered) or run.asked


def describe_run(run: ModelRun) -> str:
    """Return what a run was, in sentences: for a card and for programs that show a description."""
    parameters = ", ".join(f"{name} {value}" for name, value in run.parameters.items())
    names = ", ".join(run.answered) or "a model that the endpoint did not name"
    facts = [
        f"Run of {run.started}: asked for {run.asked}, answered by {names}.",
        f"Answers: {run.mode}.",
        f"Prompt SHA-256 {run.prompt_sha256}, inventory {run.inventory}, toolkit {run.toolkit}.",
        *([f"Parameters: {parameters}."] if parameters else []),
        f"{run.usage.answers:,} answers; {describe_tokens(run)}.",
    ]
    not_taken = sum(run.quarantined.values())
    if not_taken:
        facts.append(f"{not_taken:,} parts of answers were not taken.")
    if run.left_out:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in run.left_out.items())
        facts.append(f"Articles without labels: {reasons}.")
    return " ".join(facts)


def describe_tokens(run: ModelRun) -> str:
    """Return the tokens of all answers of a run, and their price."""
    usage = run.usage
    sent, received = usage.input + usage.estimated_input, usage.output + usage.estimated_output
    tokens = f"{sent:,} tokens sent, {received:,} received"
    if usage.without_usage:
        tokens += ", in part by estimate"
    return tokens if usage.cost is None else f"{tokens}, {usage.cost:.4f} {run.currency or ''}".rstrip()
