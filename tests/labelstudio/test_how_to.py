"""The commands of docs/how-to/label-studio.md run in their order, on one server, and print what the page shows."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from annotate import Annotation, Corpus, load_inventory
from annotate.corpus import encode_annotation
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.location import open_state
from annotate.labelstudio.projects import adjudication_title, annotator_title, require_project
from annotate.labelstudio.server import load_credentials
from annotate.labelstudio.tasks import result_items
from tests.conftest import BASE, annotate
from tests.docs_blocks import DOCS, PageRunner, make_environment, read_blocks
from tests.labelled_quays import label_quay

pytestmark = pytest.mark.server

QUAYS = {"barge": "North", "crane": "Suoth", "dock": "Old", "ferry": "New", "lock": "West", "pier": "East"}
"""The articles of the page by their ids, with the quay that each tells of; one has a typo."""
LABELS = {name: label_quay(name, quay, number + 11) for number, (name, quay) in enumerate(QUAYS.items())}
"""The labels of the page; annotators submit them, or a part of them."""
USERS = {"anna": 2, "ben": 3, "carla": 4, "dora": 5}
"""The users of the server, numbered in the order in which the page adds them."""

PEOPLE = "annotators:\n" + "".join(
    f'  - {{id: {name}, kind: person, training: two hours with the guidelines, since: "2026-01-15"}}\n'
    for name in USERS
)
PRACTICE = """\
title: Gulls
text: The pilot said 3 gulls sat at Far Quay.
spans:
  - {id: pilot, label: Speaker, quote: The pilot, attributes: {rank: hand}}
  - {id: said, label: Verb, quote: said}
  - {id: words, label: Words, quote: 3 gulls sat at Far Quay}
relations:
  - {label: speaker, head: said, tail: pilot}
  - {label: words, head: said, tail: words}
"""


class PortTeam:
    """A corpus of six articles, and what its annotators do in the browser.

    Attributes:
        folder: The folder in which the page begins.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lay_out(self, runner: PageRunner) -> None:
        """Make the corpus with the commands of the toolkit: articles, annotators, guidelines and a practice text."""
        self.folder.mkdir()
        runner.run_script(f"annotate init . --from-inventory {BASE / 'schema/labels.yaml'}")
        assert runner.status == 0, runner.output
        files = {
            "corpus/annotators.yaml": PEOPLE,
            "guidelines/speech.md": "# Speech\n\nA Verb is the word of saying.\n",
            "guidelines/cargo.md": "# Cargo\n\nCount what is counted.\n",
            "guidelines/practice/gulls.yaml": PRACTICE,
        } | {f"texts/{name}.txt": f"{LABELS[name].text}\n" for name in QUAYS}
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        runner.run_script("annotate add texts/*.txt")
        assert runner.status == 0, runner.output

    def submit(self, annotator: str, article_id: str, *left_out: str, title: str = "") -> None:
        """Submit the labels of an article, without the spans with these ids, in the name of an annotator."""
        text = Corpus(self.folder / "corpus").read_article(article_id).text
        labels = _fit(LABELS[article_id].annotation, text, left_out)
        inventory = load_inventory(self.folder / "schema")
        items = result_items(labels, inventory)
        result = {"result": items, "lead_time": 31, "completed_by": USERS[annotator]}
        path, _ = self._find_task(title or annotator_title(inventory.title, annotator), article_id)
        self._send("POST", f"{path}/annotations/", result)

    def delete(self, annotator: str, article_id: str) -> None:
        """Delete an annotator's annotations of an article."""
        title = annotator_title(load_inventory(self.folder / "schema").title, annotator)
        _, annotations = self._find_task(title, article_id)
        for number in annotations:
            self._send("DELETE", f"/api/annotations/{number}/")

    def _find_task(self, title: str, article_id: str) -> tuple[str, list[int]]:
        """Return the path of an article's task in a project, and the numbers of its annotations."""
        state = open_state(str(self.folder / "corpus"))
        with Studio(find_server(state)) as studio:
            tasks = studio.list_tasks(require_project(studio, state, title).id)
        (task,) = (task for task in tasks if task["data"]["article"] == article_id)
        return f"/api/tasks/{task['id']}", [annotation["id"] for annotation in task["annotations"]]

    def _send(self, method: str, path: str, body: object = None) -> None:
        state = open_state(str(self.folder / "corpus"))
        header = {"Authorization": f"Token {load_credentials(state).token}"}
        with httpx.Client(base_url=find_server(state).url, headers=header, trust_env=False, timeout=60) as client:
            answer = client.request(method, path, json=body)
        assert answer.is_success, answer.text

    def label(self, _: Path) -> None:
        self.submit("anna", "crane")
        self.submit("ben", "crane", "s53")
        self.submit("ben", "barge")
        self.submit("carla", "barge", "w0")

    def prelabel(self, folder: Path) -> None:
        for article_id, labelled in LABELS.items():
            path = folder / f"out/model/{article_id}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_annotation(_fit(labelled.annotation, labelled.text, ())))

    def correct_text(self, folder: Path) -> None:
        corrected = folder / "corrected/crane.txt"
        corrected.parent.mkdir()
        corrected.write_text((folder / "texts/crane.txt").read_text("utf-8").replace("Suoth", "South"), "utf-8")

    def delete_labels(self, _: Path) -> None:
        self.delete("ben", "barge")

    def adjudicate(self, folder: Path) -> None:
        title = adjudication_title(load_inventory(folder / "schema").title)
        self.submit("dora", "barge", title=title)
        self.submit("dora", "crane", "s53", title=title)

    def label_hidden_gold(self, _: Path) -> None:
        self.submit("anna", "barge", "s0")

    def leave_old_folder(self, folder: Path) -> None:
        """Stop the server, and put its data where an earlier version of the toolkit kept them."""
        assert annotate("studio", "down", cwd=folder).exit_code == 0
        open_state(str(folder / "corpus")).folder.rename(folder / ".studio")

    def list_steps(self) -> dict[str, Callable[[Path], None]]:
        return {
            "a model has labelled": self.prelabel,
            "the team labels": self.label,
            "a text is corrected": self.correct_text,
            "ben's labels are deleted": self.delete_labels,
            "dora decides": self.adjudicate,
            "anna labels an article with gold": self.label_hidden_gold,
            "the folder is of an earlier version": self.leave_old_folder,
        }


def _fit(labels: Annotation, text: str, left_out: tuple[str, ...]) -> Annotation:
    """Return labels without some spans, with the words that the text has there."""
    spans = {span.id: span for span in labels.spans if span.id not in left_out}
    relations = tuple(each for each in labels.relations if each.head in spans and each.tail in spans)
    fitted = tuple(msgspec.structs.replace(span, text=text[span.start : span.end]) for span in spans.values())
    return msgspec.structs.replace(labels, spans=fitted, relations=relations)


@pytest.mark.usefixtures("first_start")
def test_commands_of_the_page_run_on_a_server(tmp_path: Path) -> None:
    """A corpus has a server of its own, which the page starts: that takes little, since the database is prepared.

    The watch does not run: commands wait for it and say so, at times that nobody knows.
    """
    folder = tmp_path / "work"
    environment = make_environment(tmp_path / "home") | {"XDG_DATA_HOME": os.environ["XDG_DATA_HOME"]}
    team = PortTeam(folder)
    runner = PageRunner(folder, environment, team.list_steps())
    team.lay_out(runner)
    try:
        runner.run_page(read_blocks(DOCS / "how-to/label-studio.md"))
    finally:
        runner.run_script("annotate studio down")
