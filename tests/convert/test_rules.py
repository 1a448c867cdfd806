"""Faults of exports: each has its finding, nothing is lost, and good tasks are accepted all the same."""

import copy
import gzip
import json
import sys
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from backports import zstd

from annotate.convert import storage
from tests.convert.conftest import Place, Task, made_up

Change = Callable[[Task], object]
[BASE, NEXT] = made_up(1, 2)


def items(task: Task, type_: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [item for item in task["annotations"][0]["result"] if item["type"] == type_]
    return found


def value(name: str, given: object, type_: str = "labels") -> Change:
    """Another value in the first region, or in the first of another type."""
    return lambda task: items(task, type_)[0]["value"].update({name: given})


def item(name: str, given: object, type_: str = "labels") -> Change:
    return lambda task: items(task, type_)[0].update({name: given})


def entry(name: str, given: object) -> Change:
    return lambda task: task["annotations"][0].update({name: given})


def field(name: str, given: object) -> Change:
    return lambda task: task["data"].update({name: given})


def top(name: str, given: object) -> Change:
    return lambda task: task.update({name: given})


def moved_first(task: Task) -> None:
    [first, *_] = items(task, "choices")
    task["annotations"][0]["result"].remove(first)
    task["annotations"][0]["result"].insert(0, first)


def same_id(task: Task) -> None:
    first, second, *_ = items(task, "labels")
    second["id"] = first["id"]


def to_itself(task: Task) -> None:
    [first, *_] = items(task, "relation")
    first["to_id"] = first["from_id"]


def twice(task: Task) -> None:
    task["annotations"][0]["result"].append(items(task, "relation")[0])


def nameless(task: Task) -> None:
    del task["id"], task["data"]["article"]


def hypertext(task: Task) -> None:
    for region in items(task, "labels"):
        region["type"] = "hypertextlabels"
        region["value"] |= {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 3}


def second_annotation(task: Task) -> None:
    task["annotations"].append({**task["annotations"][0], "id": 9})


def annotations(*changes: dict[str, Any]) -> Change:
    """Several annotations of the task, each with other values of some fields."""
    return lambda task: task.update(annotations=[{**task["annotations"][0], **change} for change in changes])


def old_names(task: Task) -> None:
    """The task as servers before Label Studio 1.0 export it."""
    [annotation] = task["annotations"]
    task["completions"] = [{**annotation, "honeypot": True, "created_at": 1614076610}]
    del task["annotations"]


def both_names(task: Task) -> None:
    task["completions"] = [{**task["annotations"][0], "completed_by": 9}]


def in_storage(task: Task) -> None:
    [annotation] = task.pop("annotations")
    inner = dict(task)
    task.clear()
    task.update({**annotation, "task": inner})


def in_storage_without_task(task: Task) -> None:
    in_storage(task)
    task["task"] = 7


def minimal(task: Task) -> None:
    """The task as JSON_MIN has it."""
    regions = [item["value"] for item in task["annotations"][0]["result"] if item["type"] == "labels"]
    task.update({**task.pop("data"), "label": regions})
    del task["annotations"]


def minimal_without_spans(task: Task) -> None:
    minimal(task)
    del task["label"]
    task["annotator"] = 1


def wrapped(*keys: str | int) -> Change:
    """The task as a value in an object, or in a list in one."""

    def wrap(task: Task) -> None:
        inner = dict(task)
        task.clear()
        task.update({"tasks": [inner], "total": 1} if "tasks" in keys else {str(key): inner for key in keys})

    return wrap


def results_elsewhere(task: Task) -> None:
    task["results"] = task.pop("annotations")


def result_in_task(task: Task) -> None:
    task["result"] = task.pop("annotations")[0]["result"]


def space_at_end(task: Task) -> None:
    """A region that no attribute or relation names, so that nothing else depends on its words."""
    region_value, text = items(task, "labels")[0]["value"], task["data"]["text"]
    end = text.index(" ", region_value["end"]) + 1
    region_value.update(end=end, text=text[region_value["start"] : end])


def result() -> list[dict[str, Any]]:
    return copy.deepcopy(BASE["annotations"][0]["result"])


TASKS: dict[str, tuple[Change, str]] = {
    "start as a float": (value("start", 7.0), "L205"),
    "start as a bool": (value("start", True), "L205"),
    "end as a string": (value("end", "13"), "L205"),
    "no end": (value("end", None), "L205"),
    "start below 0": (value("start", -5), "L206"),
    "end behind the text": (value("end", 99_999), "L206"),
    "neither id nor article": (nameless, "I202"),
    "an article that is a path": (field("article", "../x"), "I202"),
    "region without id": (item("id", ""), "L201"),
    "two regions with one id": (same_id, "L209"),
    "attribute without its span": (item("id", "nothing", "choices"), "L301"),
    "unknown choice": (value("choices", ["nothing"], "choices"), "L303"),
    "dangling relation": (item("to_id", "nothing", "relation"), "L401"),
    "relation to itself": (to_itself, "R110"),
    "direction left": (item("direction", "left", "relation"), "R103"),
    "direction both": (item("direction", "bi", "relation"), "L404"),
    "unknown label": (value("labels", ["Nobody"]), "L203"),
    "unknown relation": (item("labels", ["nothing"], "relation"), "L403"),
    "HyperText": (hypertext, "L201"),
    'valueType="url"': (field("text", "https://example.org/1.txt"), "I203"),
    "uploaded file": (field("text", "/data/upload/1.txt"), "I203"),
    "no text": (lambda task: task["data"].pop("text"), "I203"),
    "text of spaces": (field("text", " \n"), "I203"),
    "text as a list": (field("text", ["words"]), "I203"),
    "no data": (lambda task: task.pop("data"), "I201"),
    "annotations as an object": (top("annotations", {"1": {}}), "I201"),
    "annotations by number": (top("annotations", [7]), "I201"),
    "result as a string": (entry("result", "words"), "L103"),
    "two annotations by one person": (second_annotation, "I206"),
    "two annotations by one address": (
        annotations({"completed_by": {"email": "a@example.org"}}, {"completed_by": {"email": "a@example.org"}}),
        "I206",
    ),
    "two addresses": (
        annotations({"completed_by": {"email": "a@example.org"}}, {"completed_by": {"email": "b@example.org"}}),
        "I207",
    ),
    "an address and a name": (
        annotations({"completed_by": "a@example.org"}, {"completed_by": None, "created_username": "b"}),
        "I207",
    ),
    "two annotations by no one": (annotations({"completed_by": None}, {"completed_by": None}), "I207"),
    "completions as an object": (top("completions", {"1": {}}), "I201"),
    "completions by number": (top("completions", [7]), "I201"),
    "a target storage": (in_storage, "I209"),
    "an annotation without its task": (in_storage_without_task, "I209"),
    "JSON_MIN": (minimal, "I209"),
    "JSON_MIN without spans": (minimal_without_spans, "I209"),
    "tasks in an object": (wrapped("tasks"), "I209"),
    "tasks as values": (wrapped(1, 2), "I209"),
    "labels in another list": (results_elsewhere, "I209"),
    "labels in the task": (result_in_task, "I209"),
    "white space at the end": (space_at_end, "P104"),
    "NUL in the text": (lambda task: task["data"].update(text=task["data"]["text"] + "\0 and"), "T105"),
}
"""What is wrong with a task → a code of its findings; the last one is a warning, and the task is taken."""


@pytest.mark.parametrize("name", TASKS)
def test_bad_task_is_quarantined_with_its_finding(place: Place, name: str) -> None:
    change, code = TASKS[name]
    bad = copy.deepcopy(BASE)
    change(bad)
    place.export([bad, NEXT])
    done = place.convert("export.json", "--config", "sayings")
    if name == "NUL in the text":
        assert (done.exit_code, list(place.manifest()["warnings"])) == (0, [code]), done.output
        return
    assert done.exit_code == 1, done.output
    assert code in place.manifest()["set_aside"], place.manifest()["set_aside"]
    assert [row["id"] for row in place.rows("articles")] == ["made-up-00000002"]
    [line] = place.aside()
    assert json.loads(line["raw"]) == bad
    assert code in {finding["code"] for finding in line["findings"]}


TAKEN: dict[str, tuple[Change, list[str], int]] = {
    "attribute before its span": (moved_first, [], 40),
    "double relation": (twice, ["L406"], 40),
    "direction null": (item("direction", None, "relation"), [], 40),
    "cancelled": (entry("was_cancelled", True), ["L105"], -1),
    "draft": (top("drafts", [{"id": 1, "result": result()}]), ["L106"], 40),
    "draft alone": (lambda task: task.update(annotations=[], drafts=[{"id": 1, "result": result()}]), ["L106"], -1),
    "draft without labels": (lambda task: task.update(annotations=[], drafts=[{"id": 1, "result": []}]), ["L106"], -1),
    "cancelled without labels": (
        lambda task: task["annotations"][0].update(was_cancelled=True, result=[]),
        ["L105"],
        -1,
    ),
    "empty annotation": (entry("result", []), ["L107"], 0),
    "no annotation": (top("annotations", []), [], -1),
    "annotations null": (top("annotations", None), [], -1),
    "skipped": (entry("skipped", True), ["L105"], -1),
    "completions": (old_names, [], 40),
    "completions null": (top("completions", None), [], 40),
    "within another region": (item("parentID", "x"), ["L212"], 40),
    "parent null": (item("parentID", None), [], 40),
    "times as numbers": (entry("created_at", 1614076610), [], 40),
    "created_username with a number": (
        lambda task: task["annotations"][0].update(completed_by=None, created_username="a@example.org, 2"),
        [],
        40,
    ),
    "completed_by an address": (entry("completed_by", {"email": "a@example.org"}), ["I208"], 40),
    "completed_by a name": (entry("completed_by", "a"), ["I208"], 40),
    "predictions": (top("predictions", [{"id": 1, "model_version": "m", "result": result()}]), [], 40),
    "predictions by number": (top("predictions", [7]), [], 40),
    "completed_by a number": (entry("completed_by", 2), [], 40),
    "completed_by an object": (entry("completed_by", {"id": 2, "email": "a"}), [], 40),
    "completed_by null": (entry("completed_by", None), [], 40),
    "no article, but a number": (lambda task: task["data"].pop("article"), [], 40),
}
"""What is out of the ordinary → codes of warnings, and the spans that are taken; -1: the task is in no table."""


@pytest.mark.parametrize("name", TAKEN)
def test_unusual_task_is_accepted(place: Place, name: str) -> None:
    change, codes, spans = TAKEN[name]
    task = copy.deepcopy(BASE)
    change(task)
    place.export([task, NEXT])
    done = place.convert("export.json", "--config", "annotations")
    manifest = place.manifest()
    assert (done.exit_code, list(manifest["warnings"]), manifest["aside"]) == (0, codes, 0), done.output
    is_unsubmitted = name in ("cancelled", "skipped", "draft alone")
    assert manifest["unlabelled"] == (spans < 0 and not is_unsubmitted)
    assert manifest["unsubmitted"] == is_unsubmitted
    rows = place.rows("articles")
    assert [len(row["spans"]) for row in rows] == ([spans] if spans >= 0 else []) + [40]
    unknown = ("completed_by null", "completed_by an address", "completed_by a name")
    annotators = "user-unknown" if name in unknown else "user-2"
    assert [row["annotator"] for row in place.rows("annotations")][: len(rows) - 1] == [annotators] * (len(rows) - 1)


TEXT = json.dumps(BASE, ensure_ascii=False).encode()
META = b'"meta": {}'
DEPTHS = ({(3, 11): 1000, (3, 12): 1500}.get(sys.version_info[:2], 10_000), 100_000)
"""The first is the least depth that this version of Python does not read."""
BYTES: dict[str, tuple[bytes, bytes, str | None]] = {
    "bad UTF-8": (b"The tide", b"The \xff tide", "I201"),
    "bad UTF-8 in an ignored field": (META, b'"meta": "\xff"', "I201"),
    "lone surrogate": (b"The tide", b"The \\ud800 tide", "I201"),
    "lone surrogate in an ignored field": (META, b'"meta": {"a": "\\udc00"}', "I201"),
    "NUL byte": (b"The tide", b"The \0 tide", "I201"),
    "NaN": (b'"title": "Made up 1"', b'"title": NaN', "I201"),
    "NaN in an ignored field": (META, b'"meta": NaN', "I201"),
    "1e400": (b'"title": "Made up 1"', b'"title": 1e400', "I201"),
    "1e400 as a start": (b'"start": ', b'"start": 1e400, "was": ', "I201"),
    "2^64 as the id": (b'"article": "made-up-00000001", ', b"", None),
    "2^64 as a start": (b'"start": ', b'"start": 18446744073709551616, "was": ', "L206"),
    "5,000 digits as a start": (b'"start": ', b'"start": %b, "was": ' % (b"1" * 5000), "I201"),
    "1e400 in an ignored field": (META, b'"meta": 1e400', None),
    "2^64 in an ignored field": (META, b'"meta": 18446744073709551616', None),
    "5,000 digits in an ignored field": (META, b'"meta": ' + b"1" * 5000, None),
    **{
        f"depth {depth:,} in {where}": (
            old,
            old[: old.index(b":") + 1] + opening * depth + b"1" + closing * depth,
            "I201",
        )
        for depth in DEPTHS
        for where, old in (("an ignored field", META), ("data", b'"title": "Made up 1"'))
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"))
    },
    "text twice": (b'"title": ', b'"text": "other words", "title": ', "I205"),
    "label twice": (b'"labels": ["Verb"]', b'"labels": ["Words"], "labels": ["Verb"]', "I205"),
    "label twice, once with a space": (b'"labels": ["Verb"]', b'"labels" : ["Words"], "labels": ["Verb"]', "I205"),
    "label twice, once escaped": (b'"labels": ["Verb"]', b'"l\\u0061bels": ["Words"], "labels": ["Verb"]', "I205"),
    "label twice, a colon elsewhere by its number": (
        b'"labels": ["Verb"]',
        b'"labels": ["Words"], "labels": ["Verb"], "x": "say \\"\\u003a"',
        "I205",
    ),
    "head twice": (b'"from_id": ', b'"from_id": "nowhere", "from_id": ', "I205"),
    "tail twice": (b'"to_id": ', b'"to_id": "nowhere", "to_id": ', "I205"),
    "result twice": (b'"result": ', b'"result": [], "result": ', "I205"),
    "annotations twice": (b'"annotations": ', b'"annotations": [], "annotations": ', "I205"),
}
"""What stands in the bytes of a task → what takes its place, and a code; None: it does no harm, the task is taken."""


@pytest.mark.parametrize("name", BYTES)
def test_bad_bytes_are_quarantined_unchanged(place: Place, name: str) -> None:
    old, new, code = BYTES[name]
    assert old in TEXT
    bad = TEXT.replace(old, new, 1)
    if name == "2^64 as the id":
        bad = bad.replace(b'{"id": 1,', b'{"id": 18446744073709551616,', 1)
    place.export(b"[%b,\n%b]" % (bad, json.dumps(NEXT).encode()))
    done = place.convert("export.json", "--config", "sayings")
    if code is None:
        assert (done.exit_code, place.manifest()["articles"]) == (0, 2), done.output
        return
    assert done.exit_code == 1, done.output
    assert code in place.manifest()["set_aside"], place.manifest()["set_aside"]
    assert [row["id"] for row in place.rows("articles")] == ["made-up-00000002"]
    [line] = place.aside()
    assert line["byte"] == 1
    kept = line["raw"].encode() if "raw" in line else b64decode(line["base64"])
    assert kept == bad


def test_any_duplicate_key_is_found_with_search_keys(place: Place) -> None:
    place.export(b"[%b]" % TEXT.replace(b'"start": ', b'"start": 3, "start": ', 1))
    assert place.convert("export.json").exit_code == 0
    assert place.convert("export.json", "--search-keys", out="searched").exit_code == 1
    assert list(place.manifest("searched")["set_aside"]) == ["I205"]


TWO = json.dumps([BASE, NEXT]).encode()
FILES: dict[str, tuple[bytes, str, int, int]] = {
    "empty": (b"", "I101", 0, 1),
    "UTF-16": (TWO.decode().encode("utf-16"), "I101", 0, 1),
    "a table": (b"id,text\n1,words\n", "I101", 0, 1),
    "trailing junk": (TWO + b" and more", "I104", 2, 1),
    "concatenated arrays": (b"[%b][%b]" % (TEXT, json.dumps(NEXT).encode()), "I105", 2, 0),
    "no task": (b"[]", "I106", 0, 1),
    "truncated within the first": (TWO[:9000], "I102", 0, 1),
    "truncated within the second": (TWO[:-9000], "I102", 1, 1),
    "truncated before the bracket": (TWO[:-1], "I102", 2, 1),
    "byte order mark": (b"\xef\xbb\xbf" + TWO, "", 2, 0),
    "a comma too many": (b"[%b,,%b]" % (TEXT, json.dumps(NEXT).encode()), "I108", 2, 0),
    "a comma too few": (b"[%b %b]" % (TEXT, json.dumps(NEXT).encode()), "I108", 2, 0),
    "a comma at the end": (TWO[:-1] + b",]", "I108", 2, 0),
    "white space alone": (b" \n" * 40_000, "I101", 0, 1),
}
"""Bytes of a file → the finding on it, tasks that are taken, exit code."""


@pytest.mark.parametrize("name", FILES)
def test_bad_file_has_a_finding_and_its_good_tasks_are_accepted(place: Place, name: str) -> None:
    data, code, taken, exit_code = FILES[name]
    place.export(data)
    done = place.convert("export.json", "--format", "json")
    assert done.exit_code == exit_code, done.output
    manifest = place.manifest()
    assert ([*manifest["troubles"]], manifest["articles"]) == ([code] * bool(code), taken)
    assert [finding["code"] for finding in json.loads(done.output)["findings"]] == [code] * bool(code)
    assert (place.root / "out" / "README.md").exists() == (taken > 0)
    kept = [line["raw"].encode() for line in place.aside() if "raw" in line]
    if name.startswith("truncated within"):
        assert kept == [data[len(b"[") if not taken else data.index(b'{"id": 2, "ann') :]]


OTHER_FILES = {
    b"annotation_id,id,label\n1,1,PER\n": "looks like CSV or TSV",
    b"id\tlabel\n1\tPER\n": "looks like CSV or TSV",
    b"-DOCSTART- -X- O\nAnna -X- _ B-PER\n": "looks like CoNLL",
    b"PK\x03\x04 and more": "is a ZIP archive",
    b"<?xml version='1.0'?>": "looks like XML",
    b"words": "begins with neither a task nor an array",
}


@pytest.mark.parametrize("data", OTHER_FILES)
def test_file_in_another_format_is_named(place: Place, data: bytes) -> None:
    place.export(data)
    done = place.convert("export.json")
    assert (done.exit_code, OTHER_FILES[data] in done.output, "as JSON" in done.output) == (1, True, True), done.output


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a target storage", "as a target storage writes it; export the project as JSON"),
        ("JSON_MIN", "JSON_MIN export, which has no relations; export"),
        ("tasks in an object", "holds a list of tasks as 'tasks'; put its tasks"),
        ("labels in another list", "a task whose labels are in 'results'; export"),
    ],
)
def test_other_shape_is_named_with_the_way_out(place: Place, name: str, words: str) -> None:
    task = copy.deepcopy(BASE)
    TASKS[name][0](task)
    place.export(json.dumps(task).encode())
    assert place.convert("export.json").exit_code == 1
    [line] = place.aside()
    [finding] = line["findings"]
    assert words in finding["message"]


def test_a_list_of_tasks_deep_within_an_object_is_named(place: Place) -> None:
    place.export(json.dumps({"projects": [{"tasks": []}, {"id": 7, "tasks": [BASE]}]}).encode())
    assert place.convert("export.json").exit_code == 1
    [line] = place.aside()
    [finding] = line["findings"]
    assert "holds a list of tasks as 'projects.tasks'" in finding["message"]


def test_every_truncation_is_reported_and_complete_tasks_are_accepted(place: Place) -> None:
    for number, at in enumerate(range(1, len(TWO), 2477)):
        place.export(TWO[:at])
        out = f"cut {number}"
        assert place.convert("export.json", "--config", "sayings", out=out).exit_code == 1
        manifest = place.manifest(out)
        assert list(manifest["troubles"]) == ["I102"]
        assert manifest["articles"] == (at > TWO.index(b', {"id": 2, "ann'))


PACKED = {"export.json.gz": gzip.compress(TWO), "export.json.zst": zstd.compress(TWO)}


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("fault", ["truncated", "checksum", "no such packing"])
def test_broken_packing_has_its_finding(place: Place, name: str, fault: str) -> None:
    whole = PACKED[name]
    if name.endswith("zst"):
        whole = zstd.compress(TWO, options={zstd.CompressionParameter.checksum_flag: 1})
    spoilt = {
        "truncated": whole[: len(whole) // 2],
        "checksum": whole[:-6] + bytes(byte ^ 1 for byte in whole[-6:]),
        "no such packing": TWO,
    }[fault]
    place.export(spoilt, name)
    done = place.convert(name)
    assert done.exit_code == 1, done.output
    assert "I107" in place.manifest()["troubles"]
    assert "Traceback" not in done.output


@pytest.mark.parametrize("name", ["export.json.gz", "export.json.zst"])
def test_a_small_export_cannot_unpack_without_end(place: Place, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_ALWAYS_UNPACKED", 1_000_000)
    blanks = b"[" + b" " * 60_000_000
    place.export(gzip.compress(blanks) if name.endswith("gz") else zstd.compress(blanks), name)
    monkeypatch.setattr(storage, "_LARGEST_RATIO", 100)
    done = place.convert(name, "--workers", "1")
    assert (done.exit_code, "unpacks to more than 100 times its size" in done.output) == (1, True), done.output


def test_tasks_before_a_broken_block_are_accepted(place: Place) -> None:
    many = json.dumps(made_up(1, 30)).encode()
    place.export(gzip.compress(many)[:-4], "export.json.gz")
    assert place.convert("export.json.gz", "--shard-size", "50K").exit_code == 1
    assert place.manifest()["troubles"] == {"I107": 1}
    assert place.manifest()["articles"] == 30


def test_task_that_is_too_large_is_skipped(place: Place) -> None:
    place.export([{**BASE, "ignored": "x" * 200_000}, NEXT])
    done = place.convert("export.json", "--largest-task", "100K", "--shard-size", "50K")
    assert done.exit_code == 1
    assert place.manifest()["troubles"] == {"I103": 1}
    assert place.manifest()["articles"] == 1
    assert place.convert("export.json", "--shard-size", "50K", out="larger").exit_code == 0


def test_task_above_the_limit_is_quarantined_for_any_shard_size(place: Place) -> None:
    place.export([{**BASE, "ignored": "x" * 200_000}, NEXT])
    for number, size in enumerate(("1K", "50K", "3M")):
        out = f"out{number}"
        assert place.convert("export.json", "--largest-task", "100K", "--shard-size", size, out=out).exit_code == 1
        assert [row["id"] for row in place.rows("articles", out)] == ["made-up-00000002"]
        assert [finding["code"] for line in place.aside(out) for finding in line["findings"]] == ["I103"]


def test_finding_says_how_much_of_a_file_was_quarantined(place: Place) -> None:
    place.export(b"id,text\n" * 20_000)
    done = place.convert("export.json")
    assert "; the first 65,536 of 160,000 bytes were quarantined" in done.output
    assert [len(line["raw"]) for line in place.aside()] == [65_536]


@pytest.mark.parametrize("first", [b"# a comment", TEXT[:500], b'"'])
def test_broken_first_line_does_not_affect_other_lines(place: Place, first: bytes) -> None:
    lines = [json.dumps(task).encode() for task in made_up(2, 9)]
    place.export(b"\n".join([first, *lines]))
    for number, size in enumerate(("1K", "50K", "3M")):
        out = f"out{number}"
        assert place.convert("export.json", "--shard-size", size, out=out).exit_code == 1
        assert len(place.rows("articles", out)) == 8
        [line] = place.aside(out)
        assert (line["raw"].encode(), line["findings"][0]["code"]) == (first.strip(), "I201")


def test_carriage_return_within_a_line_is_white_space(place: Place) -> None:
    tasks = (json.dumps(task, separators=(",\r", ": ")).encode() for task in made_up(1, 5))
    place.export(b"\r\n".join(tasks))
    assert place.convert("export.json").exit_code == 0
    assert len(place.rows("articles")) == 5


def test_task_too_deep_to_search_for_keys_is_quarantined(place: Place) -> None:
    deep = b'"meta": ' + b"[" * 960 + b"]" * 960 + b', "zz": 1, "zz" : 2'
    place.export(b"[%b, %b]" % (TEXT.replace(META, deep), json.dumps(NEXT).encode()))
    assert place.convert("export.json").exit_code == 1
    assert place.manifest()["set_aside"].keys() <= {"I201", "I205"}
    assert len(place.rows("articles")) == 1


def test_annotation_without_an_id_can_be_chosen(place: Place) -> None:
    """The ground truth is chosen by both the fast path and the slow path."""
    task = copy.deepcopy(BASE)
    [first] = task["annotations"]
    del first["id"]
    second = {**copy.deepcopy(first), "completed_by": 8, "ground_truth": True}
    task["annotations"].append(second)
    place.export([task])
    for words in ((), ("--search-keys",)):
        out = f"out{len(words)}"
        assert place.convert("export.json", *words, out=out).exit_code == 0
        assert [row["annotator"] for row in place.rows("articles", out)] == ["user-8"]


def test_number_in_an_ignored_field_does_no_harm_with_search_keys(place: Place) -> None:
    place.export(b"[%b]" % TEXT.replace(META, b'"meta": 1e400'))
    assert place.convert("export.json", "--search-keys").exit_code == 0


def test_duplicates_of_the_first_task_are_quarantined(place: Place) -> None:
    tasks = made_up(1, 3)
    place.export(tasks, "a.json")
    place.export([tasks[0], tasks[0]], "b.json")
    assert place.convert("a.json", "b.json").exit_code == 1
    assert place.manifest()["set_aside"] == {"I204": 2}
    assert [row["id"] for row in place.rows("articles")] == [task["data"]["article"] for task in tasks]


@pytest.mark.parametrize("files", [1, 2])
def test_first_of_two_tasks_with_one_id_is_accepted(place: Place, files: int) -> None:
    tasks = made_up(1, 12)
    again = copy.deepcopy(tasks[2])
    again["data"]["title"] = "The second"
    names = ["export.json", "second.json"][:files]
    place.export([*tasks, again] if files == 1 else tasks)
    place.export([again], "second.json")
    done = place.convert(*names, "--shard-size", "50K")
    assert done.exit_code == 1
    assert place.manifest()["set_aside"] == {"I204": 1}
    [line] = place.aside()
    assert json.loads(line["raw"])["data"]["title"] == "The second"
    assert "export.json" in line["findings"][0]["message"]
    assert len({row["id"] for row in place.rows("articles")}) == len(place.rows("articles")) == 12
    assert "The second" not in [row["title"] for row in place.rows("articles")]


def test_of_many_findings_on_exports_the_first_of_each_code_are_listed(place: Place) -> None:
    names = [f"empty-{number:02}.json" for number in range(25)]
    for name in names:
        place.export(b"", name)
    place.export([], "none.json")
    done = place.convert(*names, "none.json")
    first, *lines = done.output.splitlines()
    assert first == "26 findings on exports as files: I101 × 25, I106 × 1. The first 20 of each code:"
    assert [line.split()[:2] for line in lines[:20]] == [[f"{name}:", "I101"] for name in names[:20]]
    assert lines[20].startswith("none.json: I106 ")
    assert lines[21] == "… 5 more I101 (--all)"
    everything = place.convert(*names, "none.json", "--all", "--format", "json", out="all")
    codes = [finding["code"] for finding in json.loads(everything.output)["findings"]]
    assert codes == [*["I101"] * 25, "I106"]


MISSING = {
    "no such file": ("nowhere.json",),
    "a folder": (".",),
    "a scheme that nobody knows": ("nothing://export.json",),
    "a size that is none": ("export.json", "--largest-task", "many"),
    "a size too small": ("export.json", "--shard-size", "1"),
    "a size too large": ("export.json", "--shard-size", "99999999999G"),
    "a table that no export makes": ("export.json", "--config", "links"),
    "a name that is not UTF-8": ("\udcff.json",),
}


@pytest.mark.parametrize("name", MISSING)
def test_unreadable_input_is_one_line_and_nothing_is_written(place: Place, name: str) -> None:
    place.export([BASE])
    done = place.convert(*MISSING[name])
    assert done.exit_code == 2
    assert name.startswith("a size") or done.output.count("\n") == 1, done.output
    assert not (place.root / "out").exists()
