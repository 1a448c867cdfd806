"""`annotate studio watch`: poll after poll, until it is told to end, whatever the server does meanwhile."""

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.label_map import find_map
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.instructions import read_page_titles
from annotate.labelstudio.journal import changed_since
from annotate.labelstudio.lock import WATCH, lock_folder
from annotate.labelstudio.server import resolve_public_url
from annotate.labelstudio.state import State
from annotate.practice import PracticeText, read_practice_texts
from annotate.service.memory import WATCH_FOLDER
from annotate.service.pages import PAGES_FOLDER, render_pages, write_pages
from annotate.service.polling import Poller, Report, ServerLink, ServiceName
from annotate.service.training import Training, TrainingCorpus
from annotate.service.watcher import CheckBasis, Watcher
from annotate.util.files import read_bytes_if_present
from annotate.util.nouns import count_noun

_HINT = "make it a file that can be read"
_WATCH = ServiceName("watch", WATCH_FOLDER)


class WatchRequest(NamedTuple):
    """What to watch.

    Attributes:
        state: The state folder.
        corpus: The corpus folder.
        schema: The schema folder.
        guidelines: The folder of the guidelines, which may be missing.
        title: The title of the shared project; None for that of the inventory.
        map_path: A map for a project made elsewhere; None for that of the schema folder, if it has one.
        pages: The folder of the summary pages; None for one in the state folder.
        patience: End once the server of the state folder has not run for so many seconds; None to go on without it.
    """

    state: State
    corpus: str
    schema: str
    guidelines: str
    title: str | None = None
    map_path: str | None = None
    pages: str | None = None
    patience: float | None = None

    @property
    def pages_folder(self) -> Path:
        """The folder of the summary pages."""
        return Path(self.pages) if self.pages is not None else self.state.folder / PAGES_FOLDER


class WatchLoop:
    """Polls with one connection, as long as the server has the same address.

    Args:
        request: What to watch.
        report: Where to report what is done, and problems.
    """

    def __init__(self, request: WatchRequest, report: Report) -> None:
        self.request, self.report = request, report
        self._link = ServerLink(request.state)
        self._basis: CheckBasis | None = None
        self._training_basis: tuple[str, Mapping[str, PracticeText]] | None = None
        """What the last review of training depended on besides the labels; if it changes, all texts are reviewed."""
        self._training_since: str | None = None
        """The server's time at that review."""
        self._training_problems: set[str] = set()
        """The problems of training that were reported."""

    def run(self, every: float | None) -> None:
        """Poll again and again, or once.

        A problem is reported when it begins and when it ends; the polls go on meanwhile.

        Args:
            every: Seconds between two polls; None for one poll, whose problems are raised.

        Raises:
            CannotRun: Another watch has the folder, or the only poll failed.
        """
        poller = Poller(self.request.state, _WATCH, self.report, self.request.patience)
        with poller.hold(), self._link:
            if every is None:
                self.poll()
            else:
                poller.run(self.poll, self._link, every)

    def poll(self) -> None:
        """Poll once, and bring the summary pages up to date.

        Raises:
            CannotRun: The server, the corpus or the inventory cannot be read.
        """
        state = self.request.state
        studio = self._link.connect()
        basis = self._load_basis(studio.address.name)
        title = self.request.title or basis.inventory.title
        watcher = Watcher(studio, state, Corpus(self.request.corpus), basis, title)
        began = studio.server_time()
        result = watcher.poll(began)
        public_url = resolve_public_url(state, None) if studio.address.name == LOCAL else None
        summaries = watcher.summarize(public_url or studio.url)
        write_pages(state, render_pages(summaries, basis.inventory.title), self.request.pages)
        if result.checked:
            counts = Counter({name: sum(len(task.points) for task in tasks) for name, tasks in summaries.items()})
            points = ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
            done = f"{count_noun(result.checked, 'task')} checked, {result.written} written"
            self.report(f"{done}; points: {points}", False)
        self._review_training(studio, basis, title, began)

    def _review_training(self, studio: Studio, basis: CheckBasis, title: str, began: str | None) -> None:
        """Show annotators how what they submitted in training since the poll before differs from gold."""
        request = self.request
        practice = read_practice_texts(request.guidelines, basis.inventory)
        corpus = TrainingCorpus(request.corpus, practice)
        annotators = list(corpus.read_annotators())
        training = Training(studio, request.state, corpus, basis.inventory, title, annotators, basis.page_titles)
        reviewed_with = basis.fingerprint, practice
        since = self._training_since if reviewed_with == self._training_basis else None
        for annotator, project in training.projects():
            if since is not None and not studio.count_tasks(project.id, [changed_since(since)]):
                continue
            with lock_folder(request.state, WATCH):
                reviewed = list(training.review_project(annotator, project))
            for task in reviewed:
                if task.is_updated:
                    differences = count_noun(task.differences, "difference")
                    self.report(f"training: {annotator}, {task.article_id}: {differences} from gold", False)
        self._training_basis, self._training_since = reviewed_with, began
        for problem in training.problems:
            if problem not in self._training_problems:
                self.report(f"training: {problem}", True)
        self._training_problems.update(training.problems)

    def _load_basis(self, server: str) -> CheckBasis:
        """Return what findings depend on; the same object as long as it is unchanged, since checks keep what they make.

        The annotators of users are part of it, since findings are kept by annotator.
        """
        request = self.request
        inventory = load_inventory(request.schema)
        label_map = find_map(request.map_path, "labelstudio", inventory)
        titles = read_page_titles(request.guidelines, inventory) if Path(request.guidelines).is_dir() else {}
        waivers = read_bytes_if_present(Corpus(request.corpus).waivers_path, _HINT, within=request.corpus)
        annotators = request.state.annotators(server)
        parts = [inventory, label_map, titles, waivers, annotators]
        fingerprint = sha256(msgspec.json.encode(parts, enc_hook=repr)).hexdigest()
        if self._basis is None or self._basis.fingerprint != fingerprint:
            self._basis = CheckBasis(inventory, label_map, titles, fingerprint)
        return self._basis
