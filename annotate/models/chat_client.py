"""Ask a model over `/v1/chat/completions`, as OpenAI, vLLM, llama-server, Ollama and others speak it.

A request asks for a JSON Schema. An endpoint that does not know that is asked for a JSON object with the schema, then
for any JSON object, then for text; what an endpoint accepts is remembered for the run, and each answer says which it
was. What may pass is tried again: time-outs, broken connections, 429 and errors of the server. Each attempt is counted
before it is sent, since the endpoint may charge for it.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.models.chat import CONTEXT_PROBLEM, AnswerFormat, ChatAnswer, ChatRequest, FinishReason, TokenUsage
from annotate.models.endpoint import KEY_FILE_VARIABLE, KEY_VARIABLE, Endpoint
from annotate.models.http_post import LARGEST_BODY, ConnectionFailed, EndpointUnreachable, HttpAnswer, HttpPoster
from annotate.util.escape import escape_terminal_line, quote, shorten
from annotate.util.typed_values import decode_as

RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before the second, third … attempt. Each becomes up to twice as long by chance."""
_LONGEST_SHOWN_WAIT = 86_400.0
_SHOWN_KEY = 8
"""The characters at either end of the key that no message repeats. Endpoints shorten the keys that they quote."""
LONGEST_WAIT = 120.0
"""The most seconds that an endpoint can make a request wait; it then fails."""
TEMPORARY_STATUS = (408, 425, 429, 500, 502, 503, 504, 529)
"""Status codes that may pass: too many requests, an overloaded server, a proxy without one."""
_FORMAT_STATUS = (400, 404, 415, 422, 500, 501)
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output")
"""Words of an error about the form of the answer."""
_CONTEXT_WORDS = ("context length", "context_length", "context size", "context window", "maximum context", "too long")
_REFUSAL_CODES = ("content_filter", "content_policy_violation")
_LONGEST_QUOTE = 200
_LARGEST_COUNT = 1 << 40
_SCHEMA_INSTRUCTION = "Answer with one JSON object that follows this JSON Schema, and with nothing else:"

_Form = Literal["schema", "object with schema", "object", "text"]
_LADDER: tuple[_Form, ...] = ("schema", "object with schema", "object", "text")


class ModelParameters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What else a model is told; None leaves it to the endpoint.

    Attributes:
        temperature: How much chance is in an answer; 0 for as little as possible.
        seed: The seed of the chance that is left.
    """

    temperature: float | None = None
    seed: int | None = None


class RequestFailed(CannotRun):
    """A request got no answer in several attempts; a later one may get one."""


class RequestStopped(Exception):  # noqa: N818 - it states what happened
    """A request was given up because the run ends."""


class _Failure(NamedTuple):
    """Why an attempt failed that may be repeated: in words, and the seconds that the endpoint asks to wait."""

    problem: str
    wait: float | None = None


class _Details(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_details: _Details | None = None


class _Part(msgspec.Struct, frozen=True):
    text: str = ""


class _Message(msgspec.Struct, frozen=True):
    content: str | list[_Part] | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct, frozen=True):
    """The part of an answer that is used; `usage` is read apart, since a wrong one spoils no answer."""

    choices: list[_Choice]
    model: str | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")


_FINISH_REASONS: Mapping[str | None, FinishReason] = {
    None: "stop",
    "stop": "stop",
    "length": "length",
    "content_filter": "refusal",
}


class ChatClient:
    """Asks one model; its methods may be called in several threads.

    Args:
        endpoint: The endpoint.
        model: The name of the model there.
        parameters: What else the model is told.
        timeout: Seconds from the beginning of a request to the end of its answer.
        before_attempt: Called before each attempt; what it raises keeps the attempt from being sent.
        delays: Seconds before each further attempt.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        parameters: ModelParameters | None = None,
        *,
        timeout: float = 120,
        before_attempt: Callable[[], None] | None = None,
        delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self.endpoint, self.model, self.parameters = endpoint, model, parameters or ModelParameters()
        self._poster, self._delays = HttpPoster(endpoint, timeout), delays
        self._before_attempt, self._stopping, self._guard = before_attempt, threading.Event(), threading.Lock()
        self._form, self._limit_name, self._has_answered = 0, "max_tokens", False

    def stop(self) -> None:
        """Give up the requests that wait for a further attempt, and all later ones."""
        self._stopping.set()

    def ask(self, request: ChatRequest) -> ChatAnswer:
        """Return the answer to a request.

        Raises:
            RequestFailed: There is none in several attempts.
            RequestStopped: The run ends.
            CannotRun: The endpoint will answer no request: the key, the model or the address is wrong, or nothing
                listens there.
        """
        delays = iter(self._delays)
        while True:
            if self._stopping.is_set():
                raise RequestStopped
            outcome = self._attempt(request)
            if isinstance(outcome, ChatAnswer):
                return outcome
            if outcome is None:  # the endpoint is asked in another form now
                continue
            delay = next(delays, None)
            if delay is None or (outcome.wait or 0) > LONGEST_WAIT:
                hint = f"run the command again{_describe_wait(outcome.wait)}; the answers so far are kept"
                raise RequestFailed(self.endpoint.url, outcome.problem, hint)
            # By chance up to twice as long: threads that were refused together do not come back together.
            chance = delay * random.random()  # noqa: S311 - no secret
            if self._stopping.wait((delay if outcome.wait is None else outcome.wait) + chance):
                raise RequestStopped

    def _attempt(self, request: ChatRequest) -> ChatAnswer | _Failure | None:
        """Send a request once; None if the endpoint is to be asked in another form."""
        index, limit_name = self._form, self._limit_name
        form = "text" if request.schema is None else _LADDER[index]
        body = self._encode(request, form, limit_name)
        if self._before_attempt:
            self._before_attempt()
        try:
            answer = self._poster.post(body)
        except EndpointUnreachable as error:
            if not self._has_answered:
                hint = "check that it runs and that the address is right"
                raise CannotRun(self.endpoint.url, str(error), hint) from None
            return _Failure(str(error))
        except ConnectionFailed as error:
            return _Failure(str(error))
        self._has_answered = True
        if answer.status == 200:
            return self._read(answer, _name_format(form))
        if self._changes_form(answer, request, index, limit_name):
            return None
        return self._explain(answer, _name_format(form))

    def _encode(self, request: ChatRequest, form: _Form, limit_name: str) -> bytes:
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        body: dict[str, Any] = {"model": self.model, "messages": messages}
        if request.schema is not None:
            if form == "schema":
                json_schema = {"name": "answer", "strict": True, "schema": request.schema}
                body["response_format"] = {"type": "json_schema", "json_schema": json_schema}
            else:
                # At the end of the first message, which is the same in all requests, so that endpoints can cache it.
                schema = msgspec.json.encode(request.schema).decode()
                messages[0]["content"] += f"\n\n{_SCHEMA_INSTRUCTION}\n{schema}"
            if form == "object with schema":  # as llama-cpp-python wants it
                body["response_format"] = {"type": "json_object", "schema": request.schema}
            elif form == "object":
                body["response_format"] = {"type": "json_object"}
        if self.parameters.temperature is not None:
            body["temperature"] = self.parameters.temperature
        if self.parameters.seed is not None:
            body["seed"] = self.parameters.seed
        if request.max_tokens is not None:
            body[limit_name] = request.max_tokens
        return msgspec.json.encode(body)

    def _changes_form(self, answer: HttpAnswer, request: ChatRequest, index: int, limit_name: str) -> bool:
        """Tell whether an endpoint refuses the form of a request, and remember the next one for the run."""
        if answer.status not in _FORMAT_STATUS:
            return False
        text = answer.body.decode("utf-8", "replace").lower()
        with self._guard:
            if "max_completion_tokens" in text and limit_name == "max_tokens" and request.max_tokens is not None:
                self._limit_name = "max_completion_tokens"
                return True
            names_form = any(word in text for word in _FORMAT_WORDS)
            if request.schema is None or not names_form or index + 1 == len(_LADDER):
                return False
            self._form = max(self._form, index + 1)  # another thread may have been faster
            return True

    def _read(self, answer: HttpAnswer, form: AnswerFormat) -> ChatAnswer | _Failure:
        if answer.is_too_large:
            problem = f"the answer has more than {LARGEST_BODY:,} bytes"
            return ChatAnswer(text="", finish_reason="length", format=form, problem=problem)
        if _is_html(answer):
            raise self._wrong_address("answers with a web page")
        try:
            completion = _decode_completion(answer.body)
        except msgspec.ValidationError:
            error = _find_error(answer.body)
            if error.message:  # some gateways report errors of the model's server with the status of success
                return self._explain(HttpAnswer(error.status or 502, answer.headers, answer.body), form)
            raise self._wrong_address("gives answers that are not those of a chat endpoint") from None
        except (msgspec.DecodeError, ValueError, RecursionError):
            return _Failure("sent an answer that is no whole JSON")
        if not completion.choices:
            return _Failure("sent an answer without a choice")
        choice = completion.choices[0]
        content = choice.message.content or ""
        text = content if isinstance(content, str) else "".join(part.text for part in content)
        reason = _FINISH_REASONS.get(choice.finish_reason, "other")
        return ChatAnswer(
            text=text,
            finish_reason="refusal" if choice.message.refusal else reason,
            format=form,
            refusal=choice.message.refusal or "",
            model=escape_terminal_line(shorten(completion.model or "", _LONGEST_QUOTE)),
            usage=_read_usage(completion.usage),
        )

    def _explain(self, answer: HttpAnswer, form: AnswerFormat) -> ChatAnswer | _Failure:
        """Return what an error means for a request, or raise what it means for all."""
        status, error, url = answer.status, _find_error(answer.body), self.endpoint.url
        said = self._quote(error.message)
        if status in (401, 403):  # its words may repeat a part of the key
            problem = "rejects the key" if self.endpoint.key else "needs a key"
            hint = f"set {KEY_VARIABLE} or {KEY_FILE_VARIABLE} to one of this provider"
            raise CannotRun(url, f"{problem} ({status})", hint)
        if error.code == "insufficient_quota" or status == 402:
            raise CannotRun(url, "has no credit left for this key", "add some there, then run the command again")
        if status in TEMPORARY_STATUS:
            return _Failure(f"answers {status}{said}", _read_wait(answer.headers))
        if 300 <= status < 400:
            raise self._wrong_address(f"answers {status}, a redirect, which is not followed")
        if error.code in _REFUSAL_CODES:
            return ChatAnswer(text="", finish_reason="refusal", format=form, refusal=error.message)
        words = f"{error.code} {error.message}".lower()
        if status in (400, 413, 422) and any(word in words for word in _CONTEXT_WORDS):
            return ChatAnswer(text="", finish_reason="length", format=form, problem=CONTEXT_PROBLEM)
        if error.message and "model" in words and (status == 404 or error.code == "model_not_found"):
            raise CannotRun(url, f"has no model {quote(self.model)}{said}", "name one that it has with --model")
        if status in (404, 405) or not 400 <= status < 600 or _is_html(answer):
            raise self._wrong_address(f"answers {status}")
        hint = "try --temperature none" if "temperature" in words else "correct that, then run the command again"
        raise CannotRun(url, f"answers {status}{said}", hint)

    def _wrong_address(self, problem: str) -> CannotRun:
        return CannotRun(self.endpoint.url, problem, "check the address; most end in /v1")

    def _quote(self, message: str) -> str:
        """Return the words of an endpoint for an error, on one line and without the key or an end of it."""
        words = message.split()
        if key := self.endpoint.key:
            ends = key[:_SHOWN_KEY], key[-_SHOWN_KEY:]
            words = ["…" if any(end in word for end in ends) else word for word in words]
        message = shorten(" ".join(words), _LONGEST_QUOTE)
        return f": {message}" if message else ""


class _ApiError(NamedTuple):
    """An error as an endpoint describes it; empty where it does not. `status` is set if its code is one of HTTP."""

    message: str = ""
    code: str = ""
    status: int = 0


def _find_error(body: bytes) -> _ApiError:
    """Read an error, which endpoints describe in several forms."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _ApiError()
    if not isinstance(value, dict):
        return _ApiError()
    error = value.get("error") or value.get("detail") or value.get("message") or ""
    if not isinstance(error, dict):
        return _ApiError(error if isinstance(error, str) else shorten(quote(error, _LONGEST_QUOTE), _LONGEST_QUOTE))
    message, code, kind = error.get("message"), error.get("code"), error.get("type")
    return _ApiError(
        message if isinstance(message, str) else "no reason given",
        code if isinstance(code, str) else kind if isinstance(kind, str) else "",
        code if type(code) is int and 400 <= code < 600 else 0,
    )


def _decode_completion(body: bytes) -> _Completion:
    """Read an answer, also one with a number that is none or with half a character, which JSON libraries write.

    The answer may be paid for: such a fault in a part of it does not spoil the others.

    Raises:
        msgspec.ValidationError: It is not that of a chat endpoint.
        ValueError: It is not JSON.
        RecursionError: Its values are nested too deeply.
    """
    try:
        return decode_as(body, _Completion)
    except (msgspec.ValidationError, RecursionError):
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=lambda _: None)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        # Half a character becomes the sign for an unknown one.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return decode_as(text, _Completion)


def _describe_wait(seconds: float | None) -> str:
    """Return when to try again, if the endpoint says it; an hour is told, and a year is not."""
    if not seconds:
        return ""
    return f" in {seconds:.0f} seconds" if seconds <= _LONGEST_SHOWN_WAIT else " another day"


def _name_format(form: _Form) -> AnswerFormat:
    return "object" if form == "object with schema" else form


def _is_html(answer: HttpAnswer) -> bool:
    return "html" in answer.headers.get("content-type", "").lower() or answer.body.lstrip()[:1] == b"<"


def _read_usage(raw: msgspec.Raw) -> TokenUsage | None:
    """Read the tokens of an answer; None if they are missing or cannot be right."""
    try:
        usage = decode_as(raw, _Usage)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    cached = (usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens) or 0
    counts = (usage.prompt_tokens, usage.completion_tokens, cached)
    if not all(0 <= count <= _LARGEST_COUNT for count in counts) or cached > usage.prompt_tokens:
        return None
    return TokenUsage(*counts)


def _read_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a `Retry-After` header, which has them or a date; None without one that can be read."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - datetime.fromtimestamp(time.time(), UTC)).total_seconds(), 0.0)
