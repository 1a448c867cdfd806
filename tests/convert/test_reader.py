"""The fast path and the slow path give the same result, whatever the tasks hold; and most tasks take the fast path."""

import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from annotate import inventory
from annotate.convert.reader import BatchReader, BatchResult, TaskBatch
from annotate.convert.reader_slow import SlowReader
from annotate.convert.tasks import AcceptedTask
from annotate.findings import Finding
from annotate.ingest import Details
from annotate.label_map import TaskFields
from annotate.model import Annotation
from tests.conftest import BASE
from tests.convert.conftest import Task, made_up
from tests.convert.test_rules import TAKEN, TASKS, Change, annotations, both_names, result

LABELS = inventory.load_inventory(BASE / "schema")
PEOPLE: Mapping[int | str, str] = {1: "anna", 2: "ben", "name@example.org": "carla"}
RESULT = result()
CHANGES: dict[str, Change] = {
    **{name: change for name, (change, _) in TASKS.items()},
    **{name: change for name, (change, _, _) in TAKEN.items()},
}
CHANGES |= {
    **{
        f"annotations {number}": annotations({"id": 8, **first}, {"id": 10, "completed_by": 7, "result": [], **second})
        for number, (first, second) in enumerate(
            list[tuple[Task, Task]](
                [
                    ({}, {"result": RESULT}),
                    (
                        {"updated_at": "2025-01-01T10:00:00+02:00"},
                        {"updated_at": "2025-01-01T09:00:00Z", "result": RESULT},
                    ),
                    ({"honeypot": True}, {"updated_at": None, "created_at": 1e12, "result": RESULT}),
                    (
                        {"completed_by": "name@example.org"},
                        {"completed_by": {"id": None, "email": "x"}, "result": RESULT},
                    ),
                    ({"completed_by": None, "created_username": "x"}, {"ground_truth": True, "result": RESULT}),
                ]
            )
        )
    },
    "both names": both_names,
    **{
        f"beginning {number}": annotations({"id": 8, "completed_by": 1, "result": RESULT}, {"id": 9, **second})
        for number, second in enumerate(
            list[Task](
                [
                    {"result": RESULT, "lead_time": 61.25},
                    {"result": RESULT, "lead_time": -1},
                    {"result": RESULT, "lead_time": "soon"},
                    {"result": RESULT, "parent_annotation": 8},
                    {"result": RESULT, "parent_annotation": 9},
                    {"result": RESULT, "parent_prediction": 1, "prediction": {"id": 1, "model_version": "gold 1.0.0"}},
                    {"result": [item | {"origin": "prediction"} for item in RESULT]},
                    {"result": [item | {"origin": 3} for item in RESULT]},
                ]
            )
        )
    },
}
[REGULAR, *_, CRLF] = made_up(1, 40)
[UTF16] = made_up(80, 80)


def read(tasks: list[Task], search_keys: bool, fix: bool = False) -> BatchResult:
    encoded = [msgspec.json.encode(task) for task in tasks]
    bounds = [sum(map(len, encoded[:number])) for number in range(len(encoded) + 1)]
    reader = BatchReader(LABELS, TaskFields(), PEOPLE, Details(), fix, search_keys)
    return reader.read_batch(TaskBatch(b"".join(encoded), list(pairwise(bounds)), 0), "export.json")


def comparable(result: BatchResult) -> list[tuple[Any, list[Finding], list[Annotation], Annotation | None]]:
    """What became of each task: its article or id, its findings, its annotations, and the one that represents it."""
    rows: list[tuple[Any, list[Finding], list[Annotation], Annotation | None]] = []
    for task in result.tasks:
        findings = sorted(task.findings, key=lambda finding: (finding.code, finding.message, finding.span or ""))
        if isinstance(task, AcceptedTask):
            annotations = [result.documents.annotation(index) for index in range(task.first, task.last)]
            chosen = None if task.chosen is None else result.documents.annotation(task.chosen)
            rows.append((task.article, findings, annotations, chosen))
        else:
            rows.append((task.article_id, findings, [], None))
    return rows


@given(
    st.lists(
        st.tuples(
            st.sampled_from([REGULAR, CRLF, UTF16]),
            st.lists(st.sampled_from(sorted(CHANGES)), max_size=2),
            st.tuples(st.integers(0, 200), st.sampled_from(["", "", "é", "🚢", "e\u0301", "\n", "\u00a0", "x"])),
        ),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_both_paths_give_the_same_result(drawn: list[tuple[Task, list[str], tuple[int, str]]], fix: bool) -> None:
    tasks = []
    for base, names, (position, character) in drawn:
        task = copy.deepcopy(base)
        text = task["data"]["text"]
        task["data"]["text"] = text[:position] + character + text[position:]
        try:
            for name in names:
                CHANGES[name](task)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            assume(False)  # the second change does not apply after the first
        tasks.append(task)
    assert comparable(read(tasks, search_keys=False, fix=fix)) == comparable(read(tasks, search_keys=True, fix=fix))


def test_regular_tasks_take_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = list[str]()
    slow_read = SlowReader.read_task

    def count(self: SlowReader, data: bytes, file: str, where: str) -> Any:
        slow.append(where)
        return slow_read(self, data, file, where)

    monkeypatch.setattr(SlowReader, "read_task", count)
    result = read(made_up(1, 100), search_keys=False)
    assert all(isinstance(task, AcceptedTask) for task in result.tasks)
    assert len(slow) <= 10  # of the made-up tasks, those with CR LF or UTF-16 offsets
