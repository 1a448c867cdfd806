"""Check the record of a run, which may come from a stranger, before anything of it goes into a corpus.

The form of its fields is that of the fields of `annotators.yaml` that they become.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from annotate.checks.corpus import personal_data
from annotate.errors import CannotRun
from annotate.models.budget import TokenTotals
from annotate.models.model_names import remove_path
from annotate.models.run_record import LEFT_OUT_REASONS, RunRecord
from annotate.schemas import explain, package_schema
from annotate.util.escape import quote
from annotate.util.nouns import count_noun

_HINT = "run `annotate prelabel` again"
_REMOVE = "remove it from the record"
_AHEAD = timedelta(days=1)
"""How far the clock of the machine that labelled may be ahead of this one."""
_ADDRESS = re.compile(
    r"://|(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\w)|\blocalhost\b|\[[0-9a-f]*:[0-9a-f:.]*\]"
    r"|[\w-]\.[a-z]{2,24}:[0-9]{2,5}(?!\w)",
    re.IGNORECASE,
)
"""An address of the web or of a machine: with a scheme, numeric, of this machine, or with a port."""


def require_valid_record(path: Path, record: RunRecord) -> None:
    """Check that a record can be one of a run, apart from the labels next to it.

    Args:
        path: Its file, for errors.
        record: The record.

    Raises:
        CannotRun: With the field of the file: it has a value of another form, an address, a time to come, or does not
            fit the other fields.
    """
    value = _list_fields(record)
    for fault in explain(value, _encode_record_schema()):
        _refuse(path, fault.location, fault.message)
    for location, text in _find_texts(value, ""):
        if _ADDRESS.search(text):
            _refuse(path, location, "has an address", _REMOVE)
        for _ in personal_data(str(path), None, text):
            _refuse(path, location, "has an e-mail address", _REMOVE)
    for location, name in (("model", record.model), *((f"answered[{i}]", n) for i, n in enumerate(record.answered))):
        if remove_path(name) != name:
            _refuse(path, location, f"{quote(name)} is a path", "write the name of the model alone")
    _require_times(path, record)
    _require_fitting_counts(path, record)
    _require_fitting_settings(path, record)


def _list_fields(record: RunRecord) -> dict[str, Any]:
    """Return the fields of a record as JSON has them, without those that say nothing."""
    fields: dict[str, Any] = msgspec.to_builtins(record, order="deterministic")
    for name in ("sent", "reused", "corrections"):
        fields[name] = {count: value for count, value in fields[name].items() if value is not None}
    optional = ("schema_sha256", "guidelines", "currency", "settings")
    return {name: value for name, value in fields.items() if value or name not in optional}


@cache
def _encode_record_schema() -> str:
    """Return the JSON Schema of the fields of a record, made of the one of `annotators.yaml`."""
    entry = json.loads(package_schema("annotators"))["properties"]["annotators"]["items"]["properties"]
    run = entry["run"]["properties"]
    left_out = {"article": {"type": "string", "pattern": entry["id"]["pattern"]}, "reason": {"enum": LEFT_OUT_REASONS}}
    properties = run | {
        "model": run["asked"],
        "requests": run["articles"],
        "sent": run["usage"],
        "reused": run["usage"],
        "left_out": {"type": "array", "items": {"type": "object", "properties": left_out}},
    }
    return json.dumps({"type": "object", "properties": properties})


def _find_texts(value: Any, location: str) -> Iterator[tuple[str, str]]:
    """Yield each text in a value, names of fields included, with its location."""
    if isinstance(value, str):
        yield location, value
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _find_texts(entry, f"{location}[{index}]")
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield location, name
            yield from _find_texts(entry, f"{location}.{name}".removeprefix("."))


def _require_times(path: Path, record: RunRecord) -> None:
    latest = datetime.now(UTC) + _AHEAD
    for name, value in (("started", record.started), ("ended", record.ended)):
        try:
            time = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            _refuse(path, name, f"{quote(value)} is no day of the calendar")
        if time > latest:
            _refuse(path, name, f"{quote(value)} is in the future", "correct the time, or the clock of this machine")
    if record.started > record.ended:
        _refuse(path, "ended", f"{quote(record.ended)} is before started, {quote(record.started)}")


def _require_fitting_counts(path: Path, record: RunRecord) -> None:
    """Check that no count is larger than the count that it is a part of."""
    answers = record.sent.answers + record.reused.answers
    if record.sent.answers > record.requests:
        sent = count_noun(record.sent.answers, "answer")
        _refuse(path, "requests", f"{record.requests:,}, and sent counts {sent}")
    for name, count in (("formats", sum(record.formats.values())), ("corrections", record.corrections.answers)):
        if count > answers:
            _refuse(path, name, f"{count_noun(count, 'answer')}, and sent and reused count {answers:,}")
    for name in ("sent", "reused", "corrections"):
        totals: TokenTotals = getattr(record, name)
        if totals.without_usage > totals.answers:
            _refuse(
                path, f"{name}.without_usage", f"{totals.without_usage:,} of {count_noun(totals.answers, 'answer')}"
            )


def _require_fitting_settings(path: Path, record: RunRecord) -> None:
    settings, parameters = record.settings, record.parameters
    if settings is None:
        return
    pairs = (
        ("answers", settings.answers, "mode", record.mode),
        ("temperature", settings.temperature, "parameters.temperature", parameters.temperature),
        ("seed", settings.seed, "parameters.seed", parameters.seed),
    )
    for name, value, other, other_value in pairs:
        if value != other_value:
            _refuse(path, f"settings.{name}", f"{_show(value)}, and {other} is {_show(other_value)}")


def _show(value: str | float | None) -> str:
    return "not set" if value is None else quote(value)


def _refuse(path: Path, location: str, problem: str, hint: str = _HINT) -> NoReturn:
    raise CannotRun(path, f"{location}: {problem}", hint)
