"""The entry of a model in `annotators.yaml`: made of the record of its run, and written into the file.

What else the file says, and its comments, stay as they are.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from annotate.errors import CannotRun
from annotate.migration.yaml_edits import (
    YamlDocument,
    YamlEdit,
    apply_edits,
    encode_block,
    encode_flow,
    entries,
    is_flow,
    quote_scalar,
)
from annotate.model import Annotation, Annotator
from annotate.model_run import NOT_IMPORTED, AnswerTotals, ModelRun, is_same_run, list_models
from annotate.models.budget import TokenTotals
from annotate.models.run_record import RunRecord
from annotate.schemas import explain, package_schema
from annotate.util.files import decode_yaml

_HINT = "run `annotate prelabel` again"


def make_run(record: RunRecord, annotations: Sequence[Annotation], refused: int) -> ModelRun:
    """Return what `annotators.yaml` says of a run.

    Args:
        record: The record of the run.
        annotations: Its labels that the corpus has.
        refused: The number of files of labels that it does not have.
    """
    left_out = Counter(article.reason for article in record.left_out)
    left_out[NOT_IMPORTED] += refused
    return ModelRun(
        asked=record.model,
        answered=record.answered,
        mode=record.mode,
        started=record.started,
        ended=record.ended,
        toolkit=record.toolkit,
        prompt_sha256=record.prompt_sha256,
        schema_sha256=record.schema_sha256 or None,
        inventory=record.inventory,
        inventory_sha256=record.inventory_sha256,
        guidelines=record.guidelines or None,
        prompt_left_out=record.prompt_left_out,
        parameters=_list_parameters(record),
        formats=record.formats,
        usage=_add_totals(record.sent, record.reused),
        corrections=_add_totals(record.corrections),
        currency=record.currency or None,
        articles=len(annotations),
        spans=sum(len(annotation.spans) for annotation in annotations),
        relations=sum(len(annotation.relations) for annotation in annotations),
        left_out={reason: count for reason, count in sorted(left_out.items()) if count},
        aligned=record.aligned,
        repaired=record.repaired,
        findings=record.findings,
        quarantined=record.quarantined,
    )


def _list_parameters(record: RunRecord) -> dict[str, Any]:
    """Return what the model was told, and the settings that its prompts were made with."""
    parameters: dict[str, Any] = msgspec.to_builtins(record.parameters)
    if record.settings is not None:
        settings = msgspec.to_builtins(record.settings)
        del settings["answers"]  # which is the mode
        settings["examples"] = "yes" if record.settings.examples else "no"
        parameters |= {name: value for name, value in settings.items() if value is not None}
    return parameters


def _add_totals(*totals: TokenTotals) -> AnswerTotals:
    """Return the sum of totals; it has a cost if any of them has one."""
    values: dict[str, Any] = {}
    for name in AnswerTotals.__struct_fields__:
        known = [value for each in totals if (value := getattr(each, name)) is not None]
        values[name] = sum(known) if known else None
    return AnswerTotals(**values)


def describe_training(run: ModelRun) -> str:
    """Return what a model was given, in the words of the field `training`."""
    given = "the definitions of labels.yaml"
    given = f"{given} and the guidelines" if run.guidelines else f"{given}, without guidelines"
    return (
        f"A language model that got {given}, and one paragraph of an article a request, with annotate prelabel. "
        "Its labels were imported as the run wrote them."
    )


def make_entry(old: Annotator | None, annotator: str, run: ModelRun) -> Annotator:
    """Return the entry of a model with its run.

    Args:
        old: The entry of the annotator so far; None for a new one. What a person has written in `training` stays.
        annotator: The pseudonym.
        run: The run.
    """
    is_written = old is not None and not (old.run and old.training == describe_training(old.run))
    first, last = run.started[:10], run.ended[:10]
    is_replaced = old is None or (old.run is not None and not is_same_run(old.run, run))
    if old is not None and old.run is not None and not is_replaced and run.currency is None:
        run = _keep_cost(old.run, run)
    return Annotator(
        id=annotator,
        kind="model",
        model=list_models(run),
        training=old.training if old is not None and is_written else describe_training(run),
        since=first if old is None or is_replaced else min(old.since, first),
        until=last if old is None or is_replaced else _later(old.until, last),
        run=run,
    )


def _keep_cost(old: ModelRun, run: ModelRun) -> ModelRun:
    """Return a run with the price that an earlier record of it has."""
    usage = msgspec.structs.replace(run.usage, cost=old.usage.cost)
    return msgspec.structs.replace(run, usage=usage, corrections=old.corrections, currency=old.currency)


def _later(old: str | None, new: str) -> str | None:
    """Return the later of two days; None, which is no end, is the latest."""
    return None if old is None else max(old, new)


def require_valid_entry(path: Path, entry: Annotator) -> None:
    """Check an entry that was made of a record, which may say anything.

    Raises:
        CannotRun: It is not what `annotators.yaml` may have, such as a sum that is too large.
    """
    for fault in explain(_to_builtins(entry), _entry_schema()):
        location = fault.location.removeprefix("run.").replace("usage", "the sum of sent and reused", 1)
        raise CannotRun(path, f"{location}: {fault.message}", _HINT)


@cache
def _entry_schema() -> str:
    schema = json.loads(package_schema("annotators"))
    return json.dumps(schema["properties"]["annotators"]["items"])


def _to_builtins(entry: Annotator) -> dict[str, Any]:
    """Return the fields of an entry in the order of the file, without those that say nothing."""
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(entry))
    order = ("id", "kind", "model", "training", "since", "until", "run")
    return {name: value[name] for name in order if value[name] is not None}


def write_entry(path: Path, data: bytes, entry: Annotator) -> bytes:
    """Return the bytes of `annotators.yaml` with an entry added, or in place of that of the same id.

    Args:
        path: The file, for errors.
        data: Its bytes.
        entry: The entry.

    Raises:
        CannotRun: The file cannot be edited, since parts of it repeat others with aliases.
    """
    new, values = _to_builtins(entry), decode_yaml(path, data)["annotators"]
    old = next((value for value in values if value["id"] == entry.id), None)
    if old is not None:
        new = {name: value for name, value in old.items() if value is None} | new
        if new == old:
            return data
    hint = f"write the entry of {entry.id} without aliases, or by hand"
    expected = [new if value is old else value for value in values] if old is not None else [*values, new]
    try:
        edited = _edit(data.decode("utf-8"), new).encode("utf-8")
        # The edits are of the text: what they made of it is read again.
        is_right = decode_yaml(path, edited) == {"annotators": expected}
    except (LookupError, ValueError, CannotRun) as error:
        raise CannotRun(path, "cannot be edited", hint) from error
    if not is_right:
        raise CannotRun(path, "cannot be edited", hint)
    return edited


def _edit(text: str, new: dict[str, Any]) -> str:
    document = YamlDocument(text)
    annotators = document.get("annotators")
    item = next((each for each in annotators.value if entries(each)["id"][1].value == new["id"]), None)
    if item is not None:
        return apply_edits(text, list(_edit_item(document, item, new)))
    if not annotators.value:
        start = len(text[: annotators.start_mark.index].rstrip())
        return apply_edits(text, [YamlEdit(start, document.end(annotators), f"\n  - {_encode_item(new, 4)}")])
    last = annotators.value[-1]
    rendered = encode_flow(new) if is_flow(annotators) else _encode_item(new, last.start_mark.column)
    return apply_edits(text, [document.insert_after(annotators, last, [rendered])])


def _encode_item(value: dict[str, Any], column: int) -> str:
    return f"\n{' ' * column}".join(encode_block(name, field, column) for name, field in value.items())


def _edit_item(document: YamlDocument, item: yaml.Node, new: dict[str, Any]) -> Iterator[YamlEdit]:
    """Yield the edits that give an entry new values; a value that is the same stays as it is written."""
    present = entries(item)
    column = next(iter(present.values()))[0].start_mark.column

    def render(name: str) -> str:
        is_inline = is_flow(item)
        return f"{quote_scalar(name)}: {encode_flow(new[name])}" if is_inline else encode_block(name, new[name], column)

    for name, (key, node) in present.items():
        if name in new and new[name] is not None and getattr(node, "value", None) != new[name]:
            # The end of a text in block style is after its line end.
            end = len(document.text[: document.end(node)].rstrip())
            yield YamlEdit(key.start_mark.index, end, render(name))
    added = [render(name) for name in new if name not in present]
    if added:
        last = item.value[-1][1]
        yield document.insert_after(item, last, added)
