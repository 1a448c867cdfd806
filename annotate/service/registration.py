"""Tell Label Studio of the service of suggestions, project by project, and take it back when the service ends.

The server asks one backend of a project. A backend of someone else is therefore left alone, and the project refused.
"""

from typing import TypeAlias

import msgspec

from annotate.errors import CannotRun, Refused
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.http import LOCAL, JsonObject
from annotate.labelstudio.shown_predictions import settings_to_show
from annotate.labelstudio.state import State
from annotate.service.backend_server import BackendLogin
from annotate.util.escape import quote

TITLE_PREFIX = "annotate studio suggest: "
"""The beginning of the title of our backends."""
REGISTRATIONS_FILE = "suggest-projects.json"
_CONNECTED = "CO"
_REJECTED = "rejects the token"
"""What an answer 403 is taken for; the server gives it for addresses that it may not ask, too."""


class Registration(msgspec.Struct, frozen=True):
    """A project that asks the service.

    Attributes:
        title: The title of the project.
        url: The address of the service.
        shown_before: The name of the predictions that the project showed before; "" if none.
    """

    title: str
    url: str
    shown_before: str = ""


Registrations: TypeAlias = dict[int, Registration]
"""Id of a project → its registration."""


class BackendAddress(msgspec.Struct, frozen=True):
    """Where the server finds the service, and under which title.

    Attributes:
        url: The address.
        title: The title of the backend.
        is_interactive: Whether it helps with marked spans.
    """

    url: str
    title: str
    is_interactive: bool


def name_backend(suggester_name: str) -> str:
    """Return the title of the backend of a suggester; a project that shows its predictions has it as their name."""
    return f"{TITLE_PREFIX}{suggester_name}"


def list_registrations(state: State, server: str) -> Registrations:
    """Return the projects that ask a service of this folder, or did when it was killed."""
    return state.read_for(server, REGISTRATIONS_FILE, Registrations) or {}


def register(studio: Studio, state: State, project: Project, address: BackendAddress, login: BackendLogin) -> None:
    """Let a project ask the service, and show its suggestions. The service must be running.

    Args:
        studio: The server.
        state: The state folder.
        project: The project.
        address: Where the server finds the service.
        login: What the server logs in with.

    Raises:
        Refused: The project asks a backend of someone else.
        CannotRun: The server does not accept the service.
    """
    server = studio.address.name
    earlier = list_registrations(state, server).get(project.id)
    _remove_backends(studio, project.id, earlier, project.title)
    shown = earlier.shown_before if earlier is not None else project.shown
    shown_before = "" if shown.startswith(TITLE_PREFIX) else shown
    registration = Registration(project.title, address.url, shown_before)
    state.write_for(server, REGISTRATIONS_FILE, list_registrations(state, server) | {project.id: registration})
    settings: JsonObject = {
        "project": project.id,
        "url": address.url,
        "title": address.title,
        "description": "Suggestions of the toolkit of this corpus; it ends with `annotate studio suggest`.",
        "is_interactive": address.is_interactive,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": login.user,
        "basic_auth_pass": login.password,
    }
    try:
        studio.create_backend(settings)
    except CannotRun as error:
        # Label Studio 1.23 adds a backend of this machine, and fails at the webhook that it wants to make for it.
        backends = studio.list_backends(project.id)
        if not any(backend.get("url") == address.url and backend.get("state") == _CONNECTED for backend in backends):
            raise _explain(studio, error) from None
    _remove_webhooks(studio, project.id, address.url)
    studio.update_project(project.id, settings_to_show(address.title))


def unregister(studio: Studio, state: State, project_id: int) -> None:
    """Let a project ask the service no more, and show what it showed before. Predictions that were made stay.

    Raises:
        CannotRun: The server cannot be reached.
    """
    server = studio.address.name
    registrations = list_registrations(state, server)
    registration = registrations.get(project_id)
    if studio.get_project(project_id) is not None:
        _remove_backends(studio, project_id, registration, "")
        if registration is not None and registration.shown_before:
            try:
                studio.update_project(project_id, settings_to_show(registration.shown_before))
            except CannotRun:  # the predictions of that name were deleted meanwhile
                studio.update_project(project_id, {"model_version": ""})
    state.write_for(server, REGISTRATIONS_FILE, {id_: each for id_, each in registrations.items() if id_ != project_id})


def _remove_backends(studio: Studio, project_id: int, earlier: Registration | None, title: str) -> None:
    """Remove our backends of a project, with the webhooks that the server made for them.

    Raises:
        Refused: The project has a backend of someone else, or one of ours that another service answers.
    """
    for backend in studio.list_backends(project_id):
        url, name = str(backend.get("url")), str(backend.get("title"))
        is_own = earlier is not None and url == earlier.url
        is_left = name.startswith(TITLE_PREFIX) and backend.get("state") != _CONNECTED
        if not (is_own or is_left):
            if not title:
                continue
            problem = f"asks another machine-learning backend already ({quote(name)})"
            raise Refused(quote(title), problem, "remove that one in the settings of the project")
        _remove_webhooks(studio, project_id, url)
        studio.delete_backend(int(backend["id"]))


def _remove_webhooks(studio: Studio, project_id: int, url: str) -> None:
    """Remove the webhook that the server makes for a backend: it comes without the login, and polls tell as much."""
    for webhook in studio.list_webhooks(project_id):
        if webhook.get("url") == f"{url.rstrip('/')}/webhook":
            studio.delete_webhook(int(webhook["id"]))


def _explain(studio: Studio, error: CannotRun) -> CannotRun:
    """Return why the server does not accept the service."""
    if error.problem != _REJECTED:
        return CannotRun(
            error.where, f"does not accept the service: {error.problem}", "see docs/how-to/label-studio.md"
        )
    if studio.address.name == LOCAL:
        problem = "was started by an earlier version, and may not ask this machine"
        return CannotRun(error.where, problem, "start it again: `annotate studio down && annotate studio up`")
    hint = "name an address that it can reach with --public-url, or start it with ML_BLOCK_LOCAL_IP=false"
    return CannotRun(error.where, "may not ask addresses of local networks", hint)
