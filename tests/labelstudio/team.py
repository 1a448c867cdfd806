"""A corpus with a project for each annotator, and everything that its commands printed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
from click.testing import Result

from annotate.labelstudio import server
from annotate.labelstudio.annotators import LOGINS_FILE, Login
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.labelstudio.state import State
from annotate.model import Annotation
from tests.conftest import Project
from tests.labelstudio.loop import Loop

VERB = {
    "id": "v",
    "from_name": "speech",
    "to_name": "text",
    "type": "labels",
    "value": {"start": 19, "end": 23, "text": "said", "labels": ["Verb"]},
}


class Team(Loop):
    """A corpus with a project for each annotator, and everything that its commands printed."""

    def __init__(self, project: Project, started: State, studio: Studio) -> None:
        super().__init__(project, started, studio)
        left = 'kind: model, training: none, since: "2026-01-01", until: "2026-02-01"'
        project.replace("corpus/annotators.yaml", left, 'kind: person, training: none, since: "2026-01-01"')
        self.said = ""
        self._cookies: dict[str, dict[str, str]] = {}

    def run(self, *words: str, code: int = 0) -> Result:
        has_title = words[0] != "people" or words[1:2] in ((), ("remove",))
        done = self.annotate(*words) if has_title else self._run_people(*words[1:])
        self.said += done.output + done.stderr + repr(done.exc_info)
        assert done.exit_code == code, done.output
        return done

    def _run_people(self, *words: str) -> Result:
        return self.project.annotate("studio", "people", *words, "--dir", str(self.state.folder))

    def logins(self) -> dict[str, Login]:
        """Annotator → login."""
        return (self.state.read(LOGINS_FILE, dict[str, dict[str, Login]]) or {}).get(LOCAL, {})

    @contextmanager
    def session(self, annotator: str) -> Iterator[httpx.Client]:
        """Yield a session in which an annotator is logged in, until the end of the test."""
        with httpx.Client(base_url=self.studio.url, trust_env=False, timeout=60) as browser:
            if annotator in self._cookies:
                browser.cookies.update(self._cookies[annotator])
            else:
                login = self.logins()[annotator]
                browser.get("/user/login/")
                token = browser.cookies["csrftoken"]
                form = {"email": login.email, "password": login.password, "csrfmiddlewaretoken": token}
                assert browser.post("/user/login/", data=form).status_code == 302
                self._cookies[annotator] = dict(browser.cookies)
            browser.headers["X-CSRFToken"] = browser.cookies["csrftoken"]
            yield browser

    def work(self, annotator: str, article: str, kind: str, items: Any, project: str = "", **more: Any) -> None:
        """Submit or draft items in a project; `kind` is the end of the path, `annotations/` or `drafts`."""
        found = require_project(self.studio, self.state, project or annotator_title(self.title, annotator))
        number = next(task["id"] for task in self.studio.list_tasks(found.id) if task["data"]["article"] == article)
        with self.session(annotator) as browser:
            answer = browser.post(f"/api/tasks/{number}/{kind}", json={"result": items, "lead_time": 1} | more)
            assert answer.status_code == 201, answer.text

    def secrets(self) -> set[str]:
        """Return what must not be printed: logins, passwords, tokens, and the invitation."""
        first = server.load_credentials(self.state)
        people = self.logins().values()
        with self.api() as api:
            invitation = api.get("/api/invite").json()["token"]
        return {first.username, first.password, first.token, invitation} | {
            secret for login in people for secret in (login.email, login.password)
        }


class WholeTeam(Team):
    """A team whose commands see all projects: the inventory has the title of the shared one."""

    def __init__(self, project: Project, started: State, studio: Studio) -> None:
        super().__init__(project, started, studio)
        old = project.inventory.title
        project.replace("schema/labels.yaml", f"title: {old}", f"title: {self.title}")

    def annotate(self, *words: str) -> Result:
        """Run a command of `annotate studio` without --title."""
        return self.project.annotate("studio", *words, "--dir", str(self.state.folder))


def labelled(project: Project) -> tuple[Annotation, Annotation]:
    """Two annotators' labels of one article: ben lacks a span with its relation, and says another rank."""
    corpus = project.corpus
    anna = msgspec.structs.replace(corpus.read_annotation("anna", "harbour"), process="single pass", made_from=())
    spans = [
        msgspec.structs.replace(span, attributes=span.attributes | {"rank": "hand"}) if span.id == "s1" else span
        for span in anna.spans
        if span.id != "s5"
    ]
    relations = [relation for relation in anna.relations if relation.tail != "s5"]
    ben = msgspec.structs.replace(anna, annotator="ben", spans=tuple(spans), relations=tuple(relations))
    for annotation in (anna, ben):
        corpus.write_annotation(annotation.annotator, annotation)
    return anna, ben
