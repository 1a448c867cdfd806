"""A service of suggestions in the tests: its backend with its HTTP server, and what a Label Studio server sends it."""

import http.client
import json
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import msgspec

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.labelstudio.tasks import task_data
from annotate.model import Annotation, Article
from annotate.service.backend import SuggestionBackend, SuggestionRequest
from annotate.service.backend_server import BackendServer, make_login
from annotate.service.suggestions import Assistant, Suggester
from tests.conftest import Project
from tests.labelstudio.team import Team

TOKEN = "0123456789abcdef-token-of-the-creator"
PROJECT = 7


class CorpusSuggester:
    """Suggests the labels of an annotator of the corpus, with a name of its own; `delay` is called before each."""

    def __init__(self, corpus: Corpus, annotation_set: str = "anna", annotator: str = "machine") -> None:
        self.corpus, self.annotation_set, self.annotator = corpus, annotation_set, annotator
        self.asked: list[str] = []
        self.delay: Callable[[], object] = list

    def version(self) -> str:
        return "v1"

    def suggest(self, article: Article) -> Annotation | None:
        self.asked.append(article.id)
        self.delay()
        made = self.corpus.find_annotation(self.annotation_set, article.id)
        return msgspec.structs.replace(made, annotator=self.annotator) if made else None


class Service:
    """A backend with its HTTP server."""

    def __init__(self, backend: SuggestionBackend, server: BackendServer, lines: list[str]) -> None:
        self.backend, self.server, self.lines = backend, server, lines
        login = server.login
        self.authorization = "Basic " + b64encode(f"{login.user}:{login.password}".encode()).decode()

    def ask(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str | None
    ) -> tuple[int, Any]:
        """Return the status and the decoded body of an answer; a header that is None is left out."""
        sent = {"Authorization": self.authorization, "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        for name in [name for name, value in headers.items() if value is None]:
            sent.pop(name.replace("_", "-"), None)
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def predict(self, tasks: Any, **more: Any) -> list[Any]:
        body = {"tasks": tasks, "project": f"{PROJECT}.1700000000", "params": {"context": None}} | more
        status, answer = self.ask("POST", "/predict", body)
        assert status == 200, answer
        results = answer["results"]
        assert isinstance(results, list)
        assert len(results) == len(tasks)
        return results


@contextmanager
def serve(
    project: Project, suggester: Suggester | None, *assistants: Assistant, patience: float = 20
) -> Iterator[Service]:
    lines: list[str] = []
    inventory: Inventory = project.inventory
    with ThreadPoolExecutor(2) as threads:
        request = SuggestionRequest(project.corpus, inventory, suggester, assistants, patience=patience)
        backend = SuggestionBackend(request, threads, lambda line, _: lines.append(line))
        backend.project_ids = {PROJECT}
        server = BackendServer(
            backend.answer, make_login(), None, ["suggest.example.org"], lambda line, _: lines.append(line)
        )
        with server.serving():
            yield Service(backend, server, lines)


def make_task(project: Project, article_id: str, number: int = 1, **data: Any) -> dict[str, Any]:
    """Return a task as the server sends it."""
    article = project.corpus.read_article(article_id)
    return {"id": number, "project": PROJECT, "data": task_data(article) | data, "annotations": [], "drafts": []}


class Running:
    """`annotate studio suggest` in a process of its own, until the end of the context."""

    def __init__(self, team: Team, *words: str) -> None:
        self.log = team.project.path("suggest.log")
        command = ["studio", "suggest", "--every", "1", "--dir", str(team.state.folder), *words]
        if "--title" not in words:
            command += ["--title", team.title]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "annotate", *command], cwd=team.project.root, stdout=log, stderr=log
            )

    def __enter__(self) -> "Running":
        self.wait_for("suggesting on port")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGINT)

    @property
    def output(self) -> str:
        return self.log.read_text("utf-8")

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 120
        while words not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)
