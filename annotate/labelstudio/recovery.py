"""What another machine set up on a server: whose users and projects they are, found by logins and titles.

`people add` makes logins of a pseudonym and a random part, and `assign` titles of a pseudonym. Only pseudonyms of
annotators.yaml are recognised, and only users who have worked in a project of the corpus: another corpus on the same
server may have the same pseudonym for somebody else.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.labelstudio.annotators import annotator_of_login
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import TemporaryError
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.projects import ADJUDICATION, assigned_annotators, save_assignment
from annotate.labelstudio.state import State


class AnnotatorsByLogin(Mapping[int, str]):
    """The annotators of a server's users: those that the folder knows, and those whose login says who they are.

    The server is asked for its logins once a user is unknown.

    Args:
        corpus: The corpus, which lists the annotators.
        studio: The server.
        state: The folder.
    """

    def __init__(self, corpus: Corpus, studio: Studio, state: State) -> None:
        self._studio, self._annotators = studio, state.annotators(studio.address.name)
        self._people = _list_people(corpus)

    def __getitem__(self, user_id: int) -> str:
        if user_id not in self._annotators:
            annotator = annotator_of_login(self._logins.get(user_id, ""), self._people)
            if annotator is None or annotator in self._annotators.values():
                raise KeyError(user_id)
            self._annotators[user_id] = annotator
        return self._annotators[user_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._annotators)

    def __len__(self) -> int:
        return len(self._annotators)

    @cached_property
    def _logins(self) -> Mapping[int, str]:
        return _list_logins(self._studio)


def recover_users(corpus: Corpus, studio: Studio, state: State, user_ids: Iterable[int]) -> dict[int, str]:
    """Remember the annotators among users whom the folder does not know, by their logins.

    The caller holds the folder's lock.

    Args:
        corpus: The corpus, which lists the annotators.
        studio: The server.
        state: The folder that remembers them.
        user_ids: The users who worked in projects of the corpus.

    Returns:
        The new ones. Users with one pseudonym in several logins are not among them.
    """
    server = studio.address.name
    known = state.annotators(server)
    unknown = [user_id for user_id in user_ids if user_id not in known]
    if not unknown:
        return {}
    logins, people = _list_logins(studio), _list_people(corpus)
    users_of: dict[str, list[int]] = {}
    for user_id in unknown:
        annotator = annotator_of_login(logins.get(user_id, ""), people)
        if annotator is not None and annotator not in known.values():
            users_of.setdefault(annotator, []).append(user_id)
    recovered = {ids[0]: annotator for annotator, ids in users_of.items() if len(ids) == 1}
    if recovered:
        state.save_annotators(server, known | recovered)
    return recovered


def recover_projects(corpus: Corpus, studio: Studio, state: State, title: str) -> None:
    """Remember the projects of annotators that another machine made, by their titles; the caller holds the lock.

    Args:
        corpus: The corpus, which lists the annotators.
        studio: The server.
        state: The folder that remembers them.
        title: The title of the shared project.
    """
    server = studio.address.name
    assigned = assigned_annotators(state, server, title)
    missing = [name for name in _list_people(corpus) if name not in assigned and name != ADJUDICATION]
    is_shared_known = state.project_id(server, title) is not None
    if not missing and is_shared_known:
        return
    projects = list(studio.list_projects(title=title, include="id,title"))
    titles = {str(project["title"]) for project in projects}
    owners = [name for name in missing if f"{title}: {name}" in titles]
    for name in owners:
        save_assignment(state, server, title, name)
    shared_ids = [project["id"] for project in projects if project["title"] == title]
    if not is_shared_known and len(shared_ids) == 1 and (assigned or owners):
        # Otherwise the shared project would count as never made, since there are others.
        state.save_project_id(server, title, shared_ids[0])


def recover_projects_unless_locked(corpus: Corpus, studio: Studio, state: State, title: str, command: str) -> None:
    """Do what `recover_projects` does, unless another command changes the folder: for commands that show things."""
    try:
        with lock_folder(state, command):
            recover_projects(corpus, studio, state, title)
    except CannotRun as error:
        if error.where != str(state.folder):
            raise


def _list_people(corpus: Corpus) -> list[str]:
    return [annotator.id for annotator in corpus.read_annotators().values() if annotator.kind == "person"]


def _list_logins(studio: Studio) -> dict[int, str]:
    """Return the logins of users; none if the server shows them to its administrators only."""
    try:
        return studio.list_logins()
    except TemporaryError:
        raise
    except CannotRun:
        return {}
