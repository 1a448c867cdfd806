"""`annotate studio suggest`: serve suggestions, registered with the projects that show them, until it is ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from annotate.errors import CannotRun, Refused
from annotate.label_map import find_map
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.config_drift import find_drift
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.journal import changed_since
from annotate.labelstudio.lock import require_no_migration
from annotate.labelstudio.projects import (
    adjudication_title,
    annotator_title,
    assigned_annotators,
    is_training_title,
    require_project,
)
from annotate.labelstudio.results import MappedResult, Mapper, annotator_of, article_id_of
from annotate.labelstudio.server import url_of
from annotate.labelstudio.state import State
from annotate.model import Annotation
from annotate.service.backend import NO_SUGGESTER, SuggestionBackend, SuggestionRequest
from annotate.service.backend_server import BackendLogin, BackendServer, make_login
from annotate.service.background import SUGGEST, record_ready
from annotate.service.polling import Poller, Report, ServerLink, ServiceName
from annotate.service.registration import (
    BackendAddress,
    list_registrations,
    name_backend,
    register,
    unregister,
)
from annotate.service.suggestions import LearningSuggester
from annotate.util.escape import quote
from annotate.util.parallel import thread_pool

SUGGEST_FOLDER = "suggest"
_SUGGEST = ServiceName("service of suggestions", SUGGEST_FOLDER)
_PUBLIC_URL_HINT = "write https://suggest.example.org"


class ServiceRequest(NamedTuple):
    """Where suggestions are shown.

    Attributes:
        state: The state folder.
        schema: The schema folder.
        titles: The titles of the projects.
        title: The title of the shared project.
        port: The port of the service; None for a free one.
        public_url: The address under which a server elsewhere reaches the service; None if the server is here.
        patience: End once the server of the state folder has not run for so many seconds; None to go on without it.
    """

    state: State
    schema: str
    titles: Sequence[str]
    title: str
    port: int | None = None
    public_url: str | None = None
    patience: float | None = None


class SuggestionService:
    """The service: its HTTP server, its registrations, and polls for what changes on the Label Studio server.

    Args:
        request: Where suggestions are shown.
        suggestions: What is suggested, and how.
        report: Where to report what is done, and problems.
    """

    def __init__(self, request: ServiceRequest, suggestions: SuggestionRequest, report: Report) -> None:
        self.request, self.suggestions, self.report = request, suggestions, report
        self._link = ServerLink(request.state)
        self._mapper = Mapper(suggestions.inventory)
        self._learnt_until: dict[int, str | None] = {}
        """Id of a project → the server's time at the last poll that looked for submitted annotations."""

    def run(self, every: float) -> None:
        """Serve until the server has ended for good, or the process is told to end.

        Args:
            every: Seconds between two polls.

        Raises:
            CannotRun: Another service has the folder, or the server does not accept this one.
            Refused: A project asks another backend.
        """
        state = self.request.state
        poller = Poller(state, _SUGGEST, self.report, self.request.patience)
        # All slow work of one request at once, and some of another.
        with poller.hold(), self._link, thread_pool(2 * self.suggestions.concurrency) as threads:
            require_no_migration(state)
            studio = self._link.connect()
            projects = self._require_projects(studio)
            backend, login = SuggestionBackend(self.suggestions, threads, self.report), make_login()
            backend.project_ids = {project.id for project in projects}
            self.learn(studio, projects)
            hosts = _require_public_url(studio, self.request.public_url)
            server = BackendServer(backend.answer, login, self.request.port, hosts, self.report)
            with server.serving(), self._registered(studio, projects, server.port, login, backend.version):
                record_ready(state, SUGGEST, server.port)
                self.report(f"suggesting on port {server.port}: {backend.version}", False)
                poller.run(lambda: self._poll(backend), self._link, every, backend.news)

    def _require_projects(self, studio: Studio) -> list[Project]:
        """Return the projects.

        Raises:
            CannotRun: One does not exist, or its config is not that of the inventory.
        """
        state, inventory = self.request.state, self.suggestions.inventory
        if find_map(None, "labelstudio", inventory) is not None:
            problem = "is a map: the project was made elsewhere, and suggestions have the names of the inventory"
            raise CannotRun(f"{self.request.schema}/maps/labelstudio.yaml", problem, "give the project our config")
        projects = []
        for title in self.request.titles:
            hint = "create it with `annotate studio push`, or name another with --title"
            project = require_project(studio, state, title, hint)
            if (drift := find_drift(state, studio.address.name, project, inventory)) is not None:
                raise drift
            projects.append(project)
            if self._is_bare(studio, title):
                problem = "labels are then not independent of the suggestions, and count as corrected"
                self.report(f"{quote(title)}: {problem}", True)
        return projects

    def _is_bare(self, studio: Studio, title: str) -> bool:
        """Return whether a project is for labels that are made on bare text."""
        server, shared = studio.address.name, self.request.title
        own = {
            annotator_title(shared, annotator) for annotator in assigned_annotators(self.request.state, server, shared)
        }
        return title in own or title == adjudication_title(shared) or is_training_title(title)

    @contextmanager
    def _registered(
        self, studio: Studio, projects: Sequence[Project], port: int, login: BackendLogin, version: str
    ) -> Iterator[None]:
        """Keep the service registered with the projects while the context lasts."""
        state = self.request.state
        maker = version.partition(" ")[0]
        title = name_backend(maker if version != NO_SUGGESTER else "marked spans")
        address = BackendAddress(self.request.public_url or url_of(port), title, bool(self.suggestions.assistants))
        try:
            for project in projects:
                register(studio, state, project, address, login)
                self.report(f"project {project.id}, {project.title}: shows suggestions", False)
            yield
        finally:
            remove_registrations(self._link, state, self.report)

    def _poll(self, backend: SuggestionBackend) -> None:
        """Look whether the projects still take suggestions, and what was submitted.

        Raises:
            CannotRun: The server cannot be read.
        """
        studio, state = self._link.connect(), self.request.state
        projects, paused = [], ""
        for project_id in backend.project_ids:
            project = studio.get_project(project_id)
            if project is None:
                continue
            drift = find_drift(state, studio.address.name, project, self.suggestions.inventory)
            if drift is None:
                projects.append(project)
            else:
                paused = f"none while the config is another: {drift}"
        if paused and not backend.paused:
            self.report(paused, True)
        backend.paused = paused
        self.learn(studio, projects)

    def learn(self, studio: Studio, projects: Sequence[Project]) -> None:
        """Give what was submitted since the poll before to whatever learns."""
        helpers: list[object] = [self.suggestions.suggester, *self.suggestions.assistants]
        learners = [helper for helper in helpers if isinstance(helper, LearningSuggester)]
        if not learners:
            return
        submitted: list[Annotation] = []
        for project in projects:
            since, began = self._learnt_until.get(project.id), studio.server_time()
            filters = [] if since is None else [changed_since(since)]
            if filters and not studio.count_tasks(project.id, filters):
                continue
            submitted += self._submitted(studio, project.id, filters)
            self._learnt_until[project.id] = began
        if submitted:
            for learner in learners:
                learner.learn(submitted)

    def _submitted(self, studio: Studio, project_id: int, filters: Sequence[dict[str, object]]) -> Iterator[Annotation]:
        """Yield the annotation of each annotator and article that a pull would take."""
        annotators = self.request.state.annotators(studio.address.name)
        for page in studio.task_pages(project_id, filters=filters):
            for task in page:
                article_id = article_id_of(task)
                text = self.suggestions.corpus.find_text(article_id) if article_id is not None else None
                if text is None:
                    continue
                best: dict[str, MappedResult] = {}
                for result in self._mapper.map_task(task, text, annotators, predictions=False):
                    if result.kind == "annotation" and result.annotation is not None:
                        name = annotator_of(result.user_id, annotators)
                        best[name] = max(result, best.get(name, result), key=lambda each: each.rank)
                yield from (result.annotation for result in best.values() if result.annotation is not None)


def remove_registrations(link: ServerLink, state: State, report: Report) -> bool:
    """Let all projects ask the service no more; return whether any did.

    A server that does not run keeps its registrations: it is told at the next start, or by `--stop`.
    """
    try:
        studio = link.connect()
        registrations = list_registrations(state, studio.address.name)
        for project_id, registration in registrations.items():
            unregister(studio, state, project_id)
            report(f"project {project_id}, {registration.title}: shows no new suggestions", False)
    except CannotRun as error:
        report(f"{error}; projects ask in vain until `annotate studio suggest --stop` tells them", True)
        return False
    return bool(registrations)


def _require_public_url(studio: Studio, public_url: str | None) -> list[str]:
    """Return the hosts in requests to a service, besides those of this machine.

    Raises:
        CannotRun: The server is elsewhere, and no address is named under which it reaches the service.
        Refused: The address is not encrypted, so that others would read texts and the password.
    """
    if public_url is None:
        if studio.address.name == LOCAL or urlsplit(studio.url).hostname in ("127.0.0.1", "localhost"):
            return []
        problem = "is on another machine, and the service listens on this one only"
        hint = "let a proxy or a tunnel lead to it, and name its address with --public-url, and the port with --port"
        raise CannotRun(studio.url, problem, hint)
    try:
        parts = urlsplit(public_url)
        is_address = bool(parts.hostname) and parts.scheme in ("http", "https") and "@" not in public_url
        is_address &= not (parts.query or parts.fragment or parts.path.strip("/")) and public_url.isprintable()
        host = parts.hostname or ""
        names = [host, parts.netloc.lower()]
    except ValueError:
        is_address, host, names = False, "", []
    if not is_address:
        raise CannotRun("--public-url", "is not the address of a host", _PUBLIC_URL_HINT)
    if parts.scheme == "http" and host not in ("127.0.0.1", "localhost"):
        problem = "is not encrypted: others on the way could read the texts and the password"
        raise Refused("--public-url", problem, _PUBLIC_URL_HINT)
    return names
