"""Tasks of no article of the corpus: all of them are kept, in files that are written once."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.labelstudio.config_versions import CONFIG_VERSIONS_FILE
from annotate.labelstudio.journal import PullJournal
from annotate.labelstudio.pull import UNKNOWN_ARTICLE, Pull, PullResult
from annotate.labelstudio.quarantine import iterate_quarantine
from annotate.labelstudio.results import Mapper
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import result_items
from tests.conftest import Project
from tests.migration.test_additions import ATTRIBUTE, RELATION
from tests.migration.test_additions import run as migrate

SERVER = "local"
STRANGE = [1, 2, 3, 5, 6]
"""The tasks of no article, of those that `pages` gives."""


class Killed(Exception):  # noqa: N818 - what it stands for
    """Stands in for a signal."""


@pytest.fixture
def state(project: Project) -> State:
    made = State(project.root.parent / "studio")
    made.create_folder()
    made.save_annotators(SERVER, {1: "anna"})
    return made


def pages(project: Project) -> list[list[dict[str, Any]]]:
    """Return pages of tasks: without articles of the corpus, mixed, only with articles, and without again."""

    def task(number: int, article: str | None) -> dict[str, Any]:
        text = project.corpus.read_text(article) if article in ("harbour", "market") else "x"
        submitted = {"id": 10 * number, "completed_by": 1, "result": [], "was_cancelled": False}
        return {
            "id": number,
            "project": 7,
            "created_at": "2026-01-01",
            "data": {"text": text, "article": article},
            "annotations": [submitted],
        }

    return [
        [task(1, None), task(2, "../up")],
        [task(3, "lighthouse"), task(4, "harbour")],
        [task(7, "market")],
        [task(5, "lighthouse"), task(6, None)],
    ]


class Server:
    """A server that has lost some tasks, and the requests that it received."""

    def __init__(self, *lost: int) -> None:
        self.lost = lost
        self.asked: list[tuple[int, set[int]]] = []

    def has_task(self, number: int) -> bool:
        return number not in self.lost

    def still(self, project: int, numbers: Collection[int]) -> set[int]:
        self.asked.append((project, set(numbers)))
        return set(numbers).difference(self.lost)


def taking(project: Project, state: State, server: Server) -> Pull:
    mapper = Mapper(project.inventory)
    return Pull(project.corpus, state, SERVER, mapper, server.has_task, server.still, replace=True)


def pulled(project: Project, state: State) -> PullResult:
    """Run a pull whose pages arrive one by one."""
    server = Server()
    under_way, journal = taking(project, state, server), PullJournal(state)
    for page in pages(project):
        under_way.take_page(*journal.append(SERVER, page))
    done = under_way.take_rest()
    assert server.asked == []
    return done


def kept(state: State) -> tuple[list[int], list[object], list[Path]]:
    """Numbers of the tasks that are kept raw and of those quarantined, and the pages that wait."""
    raw = json.loads((state.folder / "raw" / f"{UNKNOWN_ARTICLE}.json").read_bytes())
    listed = sorted(str(entry.task) for article, entry in iterate_quarantine(state) if article == UNKNOWN_ARTICLE)
    return sorted(task["id"] for task in raw), list(map(int, listed)), PullJournal(state).page_paths()


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that were renamed into place, in order."""
    names: list[str] = []
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        names.append(f"{target.parent.name}/{target.name}")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    return names


def test_files_are_written_once_and_each_task_is_reported_once(project: Project, state: State, put: list[str]) -> None:
    done = pulled(project, state)
    assert [put.count(f"{folder}/{UNKNOWN_ARTICLE}.json") for folder in ("raw", "aside")] == [1, 1]
    assert len([one for one in done.findings if one.code == "L101"]) == done.quarantined == len(STRANGE)
    assert sorted(done.written) == ["anna/harbour", "anna/market"]
    assert done.unchanged == []
    assert kept(state) == (STRANGE, STRANGE, [])


def test_pages_stay_until_their_tasks_are_written(project: Project, state: State) -> None:
    under_way, journal = taking(project, state, Server()), PullJournal(state)
    written = [journal.append(SERVER, page) for page in pages(project)]
    for one in written:
        under_way.take_page(*one)
    first, second, _, last = (path for path, _ in written)
    assert journal.page_paths() == [first, second, last]
    assert not (state.folder / "raw" / f"{UNKNOWN_ARTICLE}.json").exists()
    assert taking(project, state, Server()).take_rest().quarantined == len(STRANGE)  # the next pull, after a kill
    assert kept(state) == (STRANGE, STRANGE, [])


def test_kill_at_any_write_loses_no_task(project: Project, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted from the first write of a pull to its last."""
    replace, left = Path.replace, [0]

    def counted(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", counted)
    for page in pages(project):
        PullJournal(state).append(SERVER, page)
    kills = 0
    while True:
        left[0] = kills + 1
        try:
            taking(project, state, Server()).take_rest()
            break
        except Killed:
            kills += 1
        left[0] = 0
        assert PullJournal(state).page_paths()
    assert kills > 2
    assert kept(state) == (STRANGE, STRANGE, [])
    assert project.corpus.annotated_ids("anna") == ["harbour", "market"]


def test_only_tasks_of_earlier_pulls_are_looked_up(project: Project, state: State) -> None:
    pulled(project, state)
    server = Server(3)
    assert taking(project, state, server).take_rest() == PullResult([], [], [], 0)
    assert server.asked == [(7, set(STRANGE))]
    assert kept(state) == (STRANGE, [1, 2, 5, 6], [])


def test_file_that_an_editor_changes_meanwhile_is_left_alone_and_pulled_again(
    project: Project, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its page stays in the journal; the other files of the pull are written."""
    from annotate.labelstudio import pull
    from annotate.util import lock
    from annotate.util.files import write_files

    edited = project.corpus.annotation_path("anna", "harbour")
    is_locked: list[bool] = []

    def edit_and_write(files: list[Any]) -> list[Path]:
        is_locked.append(bool(lock._held))
        if any(file.path == edited for file in files):
            edited.write_bytes(b"Saved by an editor.")
        return write_files(files)

    for page in pages(project):
        PullJournal(state).append(SERVER, page)
    monkeypatch.setattr(pull, "write_files", edit_and_write)
    result = taking(project, state, Server()).take_rest()
    assert (result.left_alone, result.written) == ((edited,), ["anna/market"])
    assert edited.read_bytes() == b"Saved by an editor."
    assert all(is_locked[:-1])
    assert not lock._held
    (kept_page,) = PullJournal(state).page_paths()
    assert [task["id"] for task in PullJournal(state).read_page(kept_page).tasks] == [3, 4]
    monkeypatch.undo()
    edited.unlink()
    assert taking(project, state, Server()).take_rest().written == ["anna/harbour"]
    assert not PullJournal(state).page_paths()
    assert kept(state)[:2] == (STRANGE, STRANGE)


def pull_labels(
    project: Project, state: State, *results: list[dict[str, Any]], inventory: Any = None, **fields: list[Any]
) -> PullResult:
    """Pull what anna submitted for one article: a result, or several with the values of further fields.

    `inventory` is the version of the project's config.
    """
    data = {"text": project.corpus.read_text("harbour"), "article": "harbour"}
    entries = [
        {"id": 70 + number, "completed_by": 1, "result": items, "was_cancelled": False}
        | {name: values[number] for name, values in fields.items()}
        for number, items in enumerate(results)
    ]
    task = {"id": 4, "project": 7, "created_at": "2026-01-01", "data": data, "annotations": entries}
    under_way = taking(project, state, Server())
    under_way.take_page(*PullJournal(state).append(SERVER, [task], inventory))
    return under_way.take_rest()


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ({}, 1),
        ({"updated_at": ["2026-03-01T10:00:00.5Z", "2026-03-01T10:00:00Z"]}, 0),
        ({"updated_at": ["2026-03-01T10:00:00Z", "2026-03-01T10:30:00+02:00"]}, 0),
        ({"ground_truth": [True, False]}, 0),
    ],
)
def test_of_several_annotations_the_ground_truth_or_the_newest_is_taken(
    project: Project, state: State, fields: dict[str, list[Any]], chosen: int
) -> None:
    labels = project.corpus.read_annotation("gold", "harbour")
    both = result_items(labels, project.inventory), result_items(labels, project.inventory)[:1]
    result = pull_labels(project, state, *both, **fields)
    assert [finding.code for finding in result.findings] == ["L104"]
    assert f"(70, 71); {70 + chosen} was taken" in result.findings[0].message
    assert len(project.corpus.read_annotation("anna", "harbour").spans) == (len(labels.spans), 1)[chosen]


def test_labels_that_did_not_change_keep_their_version(project: Project, state: State) -> None:
    """A pull after an addition stamps no later version on labels that nobody looked at again."""
    corpus = project.corpus
    anna = corpus.read_annotation("anna", "harbour")
    corpus.write_annotation("anna", msgspec.structs.replace(anna, process="single pass", made_from=()))
    assert migrate(project, ATTRIBUTE).exit_code == 0
    before = corpus.annotation_path("anna", "harbour").read_bytes()
    items = result_items(corpus.read_annotation("anna", "harbour"), project.inventory)
    assert pull_labels(project, state, items).unchanged == ["anna/harbour"]
    assert corpus.annotation_path("anna", "harbour").read_bytes() == before
    judged = [item | {"value": item["value"] | {"choices": ["denied"]}} if is_default(item) else item for item in items]
    assert pull_labels(project, state, judged).written == ["anna/harbour"]
    assert corpus.read_annotation("anna", "harbour").inventory == "1.1.0"
    assert project.annotate("check").exit_code == 0


def test_labels_have_the_version_of_the_config_that_they_were_made_with(project: Project, state: State) -> None:
    """Not that of labels.yaml, which may be newer; nor that of a config that was pushed after they were submitted."""
    items = result_items(project.corpus.read_annotation("anna", "harbour"), project.inventory)
    project.replace("schema/labels.yaml", "version: 1.0.0", "version: 1.3.0")
    until = [("1.0.0", "2026-03-01T10:00:00Z"), ("1.1.0", "2026-03-02T10:00:00Z")]
    history = [{"version": version, "until": time} for version, time in until]
    state.write_for(
        SERVER, CONFIG_VERSIONS_FILE, {7: history, 8: [{"version": "0.9.0", "until": "2027-01-01T00:00:00Z"}]}
    )
    for day, version in ((1, "1.0.0"), (2, "1.1.0"), (3, "1.2.0")):
        submitted = [f"2026-03-0{day}T09:59:59.9Z"]
        assert pull_labels(project, state, items[:day], inventory="1.2.0", updated_at=submitted).written
        assert project.corpus.read_annotation("anna", "harbour").inventory == version
    assert pull_labels(project, state, items[:5], updated_at=submitted).written  # a config that names no version
    assert project.corpus.read_annotation("anna", "harbour").inventory == "1.3.0"
    assert pull_labels(project, state, items[:5], inventory="1.2.0", updated_at=submitted).unchanged


def is_default(item: dict[str, Any]) -> bool:
    return str(item.get("from_name")).endswith(".certainty")


def test_labels_from_before_an_addition_lack_it_and_say_so(project: Project, state: State) -> None:
    old = result_items(project.corpus.read_annotation("anna", "harbour"), project.inventory)
    assert migrate(project, ATTRIBUTE).exit_code == 0
    pull_labels(project, state, old)
    checked = project.annotate("check")
    assert checked.exit_code == 1
    assert "'certainty' is missing; add it, one of: asserted, denied; required since inventory 1.1.0" in checked.stdout


def test_labels_of_a_later_inventory_are_reported_one_by_one(project: Project, state: State) -> None:
    """The inventory in use lacks an attribute and a relation: each such item is a finding, and is in quarantine."""
    earlier = Project(project.root.parent / "earlier")
    earlier.path("corpus/annotators.yaml").write_bytes(project.path("corpus/annotators.yaml").read_bytes())
    assert migrate(project, ATTRIBUTE + RELATION).exit_code == 0
    items = result_items(project.corpus.read_annotation("anna", "harbour"), project.inventory)
    loads = [item["id"] for item in items if item.get("from_name") == "cargo" and item["value"]["labels"] == ["Load"]]
    items.append(
        {"type": "relation", "from_id": loads[0], "to_id": loads[1], "direction": "right", "labels": ["the same as"]}
    )
    result = pull_labels(earlier, state, items)
    added = [item for item in items if is_default(item)]
    codes = [finding.code for finding in result.findings]
    assert codes.count("L202") == len(added) > 1
    assert sum("'the same as'" in finding.message for finding in result.findings) == 1
    assert all("certainty" in finding.message for finding in result.findings if finding.code == "L202")
    assert result.quarantined == len(added) + 1
