"""A corpus with a project of its own on the server, and the steps from push to pull."""

import shutil
from dataclasses import replace
from typing import Any

import httpx
import msgspec
from click.testing import Result

from annotate.corpus import Corpus
from annotate.labelstudio import server
from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.compare import compare_with_server
from annotate.labelstudio.journal import PullJournal
from annotate.labelstudio.location import record_named_folder
from annotate.labelstudio.predictions import corpus_predictions
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.pull import Pull, PullResult
from annotate.labelstudio.push import PushResult, push
from annotate.labelstudio.push_plan import PushRequest
from annotate.labelstudio.results import Mapper, article_id_of
from annotate.labelstudio.state import State
from annotate.offsets import sha256
from tests.conftest import Project

TITLES = iter(f"Port news {number}" for number in range(1000))


class Loop:
    """A made-up corpus with a project of its own on the server."""

    def __init__(self, project: Project, started: State, studio: Studio) -> None:
        self.project, self.studio, self.title = project, studio, next(TITLES)
        # A folder of its own, so that one test's project and people are not another's; the server is shared.
        self.state = State(project.root / ".studio")
        self.state.create_folder()
        record_named_folder(self.state.folder)
        for name in ("credentials.json", "server.json"):
            shutil.copy(started.folder / name, self.state.folder / name)

    @property
    def corpus(self) -> Corpus:
        return self.project.corpus

    def push(self, *versions: str) -> PushResult:
        request = replace(self.push_request(*versions), instructions="<p>Read.</p>")
        return push(self.studio, self.state, request)

    def push_request(self, *annotation_sets: str, with_predictions: bool = True) -> PushRequest:
        inventory = self.project.inventory
        sets = (annotation_sets or ("gold",)) if with_predictions else ()
        return PushRequest(
            corpus=self.corpus,
            inventory=inventory,
            article_ids=self.corpus.article_ids(),
            predictions=corpus_predictions(self.corpus, inventory, sets),
            title=self.title,
        )

    def tasks(self) -> list[dict[str, Any]]:
        return self.studio.list_tasks(require_project(self.studio, self.state, self.title).id)

    def take(self) -> PullResult:
        """Take the pages of the journal."""
        name, mapper = self.studio.address.name, Mapper(self.project.inventory)
        return Pull(self.corpus, self.state, name, mapper, self.studio.has_task, self.studio.existing_tasks).take_rest()

    def pull(self) -> PullResult:
        """Pull all tasks of the project."""
        PullJournal(self.state).append(self.studio.address.name, self.tasks())
        return self.take()

    def clear_labels(self, annotator: str = "anna") -> None:
        """Empty the files of an annotator: a pull keeps labels that it did not pull from the same user."""
        for article_id in self.corpus.annotated_ids(annotator):
            labels = self.corpus.read_annotation(annotator, article_id)
            self.corpus.write_annotation(annotator, msgspec.structs.replace(labels, spans=(), relations=()))

    def let_ben_label(self) -> None:
        """Make ben a person: no user of a server can be a model."""
        self.project.replace("corpus/annotators.yaml", "id: ben, kind: model", "id: ben, kind: person")

    def differences(self) -> tuple[dict[str, int], list[str]]:
        loaded = self.project.inventory
        labels = corpus_predictions(self.corpus, loaded)
        people = self.state.annotators(self.studio.address.name)
        found = compare_with_server(self.corpus, loaded, self.corpus.article_ids(), labels, self.tasks(), people)
        return dict(found.equal), found.differences

    def api(self) -> httpx.Client:
        headers = {"Authorization": f"Token {server.load_credentials(self.state).token}"}
        return httpx.Client(base_url=self.studio.url, headers=headers, trust_env=False)

    def submit(self, article: str, items: Any, **more: Any) -> None:
        """Submit an annotation as the first user, as a browser would."""
        number = next(task["id"] for task in self.tasks() if task["data"]["article"] == article)
        with self.api() as api:
            answer = api.post(f"/api/tasks/{number}/annotations/", json={"result": items} | more)
            assert answer.status_code == 201, answer.text

    def items(self, article: str) -> Any:
        task = next(task for task in self.tasks() if task["data"]["article"] == article)
        return task["predictions"][0]["result"]

    def annotate(self, *words: str) -> Result:
        folder = ["--dir", str(self.state.folder)]
        title = [] if words[0] in ("up", "down", "config") else ["--title", self.title]
        return self.project.annotate("studio", *words, *folder, *title)


def push_bare(loop: Loop, progress: Progress | None = None) -> PushResult:
    """Push all articles without predictions and instructions."""
    request = loop.push_request(with_predictions=False)
    return push(loop.studio, loop.state, request, progress=progress)


def write(loop: Loop, count: int) -> None:
    """Write more articles, so that there are several batches."""
    made = loop.corpus.read_article("market")
    for number in range(count):
        text = f"Article {number}. 🚢 {made.text}"
        loop.corpus.write_article(
            msgspec.structs.replace(made, id=f"more-{number}", text=text, text_sha256=sha256(text))
        )


def on_server(loop: Loop) -> list[str]:
    return sorted(str(article_id_of(task)) for task in loop.tasks())
