"""Annotators as users of a server: who is who, and new users with random logins, who sign up by invitation.

All that the server knows of a person is a login made of the pseudonym and a random part. The logins are in one private
file.
"""

import secrets
from collections.abc import Container, Iterable
from datetime import UTC, date, datetime
from http import HTTPStatus
from string import hexdigits
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun, Refused
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import LOCAL, TIMEOUT, translate_errors
from annotate.labelstudio.server import EMAIL_DOMAIN
from annotate.labelstudio.state import State
from annotate.model import GOLD
from annotate.util.escape import quote

LOGINS_FILE = "people-logins.json"
RANDOM_BYTES = 3
"""Length of the random part of a login, in bytes."""


class Login(msgspec.Struct, frozen=True):
    """What an annotator logs in with; never shown."""

    email: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"


class AnnotatorUser(NamedTuple):
    """An annotator as a user of the server; `is_new` if just created."""

    annotator: str
    user_id: int
    is_new: bool


def require_annotators(corpus: Corpus, annotators: Iterable[str]) -> list[str]:
    """Return the annotators without duplicates.

    Raises:
        CannotRun: An annotator is not listed in annotators.yaml.
    """
    listed = corpus.read_annotators()
    unique = list(dict.fromkeys(annotators))
    for annotator in unique:
        if annotator == GOLD or annotator not in listed:
            raise CannotRun(
                corpus.annotators_path, f"does not list {quote(annotator)}", "add the annotator there first"
            )
    return unique


def refuse_models(corpus: Corpus, annotators: Iterable[str]) -> list[str]:
    """Return the annotators without duplicates, who may be users of a server: none is a model.

    Raises:
        CannotRun: An annotator is not listed in annotators.yaml, or is a model there.
    """
    unique, listed = require_annotators(corpus, annotators), corpus.read_annotators()
    for annotator in unique:
        if listed[annotator].kind == "model":
            problem = f"lists {quote(annotator)} as a model, which is no user of the server"
            hint = "name the person with `annotate studio pull --annotator ID --user NUMBER`"
            raise CannotRun(corpus.annotators_path, problem, hint)
    return unique


def list_gone(corpus: Corpus, day: date | None = None) -> list[str]:
    """Return the annotators whose `until` in annotators.yaml is in the past; a year or a month lasts until its end.

    Args:
        corpus: The corpus.
        day: The day that `until` is compared with; today by default.
    """
    today = (day or datetime.now(UTC).date()).isoformat()
    entries = corpus.read_annotators().values()
    return [entry.id for entry in entries if entry.until is not None and entry.until < today[: len(entry.until)]]


def require_people(corpus: Corpus, annotators: Iterable[str], day: date | None = None) -> list[str]:
    """Return the annotators without duplicates, who are people at work: neither models, nor gone.

    Args:
        corpus: The corpus, which lists the annotators.
        annotators: Their ids.
        day: The day that `until` is compared with; today by default.

    Raises:
        CannotRun: An annotator is not listed in annotators.yaml, is a model, or has an `until` in the past there.
    """
    unique, listed = require_annotators(corpus, annotators), corpus.read_annotators()
    for annotator in unique:
        if listed[annotator].kind == "model":
            problem = f"lists {quote(annotator)} as a model, which gets no account"
            hint = "push its labels with `annotate studio push --predictions`"
            raise CannotRun(corpus.annotators_path, problem, hint)
    for annotator in list_gone(corpus, day):
        if annotator in unique:
            problem = f"says that {quote(annotator)} left (until: {listed[annotator].until})"
            raise CannotRun(corpus.annotators_path, problem, f"remove `until` there if {annotator} is back")
    return unique


def identify_user(
    corpus: Corpus, state: State, server: str, user_ids: Iterable[int], annotator: str, user_id: int | None
) -> None:
    """Remember which annotator a server's user is.

    Args:
        corpus: The corpus, which lists the annotators.
        state: The folder that remembers it.
        server: The name of the server.
        user_ids: The users who may be meant if `user_id` is None.
        annotator: The annotator.
        user_id: The user; None for the only one of `user_ids` who is not identified yet.

    Raises:
        CannotRun: The annotator is not listed in annotators.yaml, or is a model there.
        Refused: It is unclear which user is meant, or the annotator is another user.
    """
    refuse_models(corpus, [annotator])
    annotators = state.annotators(server)
    if user_id is None:
        unidentified = [candidate for candidate in user_ids if candidate not in annotators]
        if not unidentified and annotator in annotators.values():
            return
        if len(unidentified) != 1:
            ids = ", ".join(map(str, unidentified)) or "none"
            hint = f"say which one is {annotator} with --user NUMBER"
            raise Refused("--annotator", f"users of the server who are not identified: {ids}", hint)
        user_id = unidentified[0]
    namesake = next((user for user, name in annotators.items() if name == annotator and user != user_id), None)
    if namesake is not None:
        raise Refused(annotator, f"is already user {namesake} of the server", "two users cannot be one annotator")
    state.save_annotators(server, annotators | {user_id: annotator})


def add_users(corpus: Corpus, studio: Studio, state: State, annotators: Iterable[str]) -> list[AnnotatorUser]:
    """Create a user of the server for each annotator who is not one yet, and remember the user ids.

    A login is on disk before the server receives it, so that an interruption loses none. The caller holds the folder's
    lock.

    Raises:
        CannotRun: See `require_people`; then no user is created. Or the server does not let users sign up.
        Refused: The user is another annotator already.
    """
    server = studio.address.name
    users: list[AnnotatorUser] = []
    for annotator in require_people(corpus, annotators):
        annotator_of_user = state.annotators(server)
        user_id = next((user for user, name in annotator_of_user.items() if name == annotator), None)
        is_new = user_id is None
        if user_id is None:
            user_id = _sign_up(studio, _login(state, server, annotator))
            if annotator_of_user.get(user_id, annotator) != annotator:
                hint = f"remove the login of {annotator} from {LOGINS_FILE}"
                raise Refused(f"user {user_id} of the server", f"is already {annotator_of_user[user_id]}", hint)
            state.save_annotators(server, annotator_of_user | {user_id: annotator})
        users.append(AnnotatorUser(annotator, user_id, is_new))
    if server == LOCAL and any(user.is_new for user in users):
        # The server's log contains the address of the sign-up page, with the invitation in it.
        studio.reset_invitation()
    return users


def has_login(state: State, server: str, annotator: str) -> bool:
    """Return whether the folder has the login of an annotator."""
    return annotator in (state.read_for(server, LOGINS_FILE, dict[str, Login]) or {})


def _login(state: State, server: str, annotator: str) -> Login:
    """Return the login of an annotator, which is created at random once."""
    logins = state.read_for(server, LOGINS_FILE, dict[str, Login]) or {}
    if annotator not in logins:
        login = Login(f"{annotator}-{secrets.token_hex(RANDOM_BYTES)}@{EMAIL_DOMAIN}", secrets.token_urlsafe(18))
        logins = logins | {annotator: login}
        state.write_for(server, LOGINS_FILE, logins)
    return logins[annotator]


def annotator_of_login(email: str, annotators: Container[str]) -> str | None:
    """Return the annotator for whom `people add` made a login; None for any other login.

    Args:
        email: The login.
        annotators: The annotators that the corpus lists.
    """
    name, _, domain = email.rpartition("@")
    annotator, _, random_part = name.rpartition("-")
    is_ours = domain == EMAIL_DOMAIN and len(random_part) == 2 * RANDOM_BYTES and set(random_part) <= set(hexdigits)
    return annotator if is_ours and annotator in annotators else None


def _sign_up(studio: Studio, login: Login) -> int:
    """Return the id of the user with this login, who is created if necessary, in a session of their own."""
    import httpx

    invitation = {"token": studio.get_invitation()}
    form = {"email": login.email, "password": login.password}
    with (
        translate_errors(studio.url, "a page to sign up on"),
        httpx.Client(base_url=studio.url, timeout=TIMEOUT, trust_env=studio.address.name != LOCAL) as session,
    ):
        has_session = _submit_form(session, "/user/login/", {}, form)
        if not has_session and not _submit_form(session, "/user/signup/", invitation, form):
            hint = "ask the administrator of the server to create the users"
            raise CannotRun(studio.url, "does not let users sign up by invitation", hint)
        user_id = session.get("/api/current-user/whoami").json().get("id")
    if not isinstance(user_id, int):
        raise CannotRun(studio.url, "does not say who has logged in", "check that it is Label Studio")
    return user_id


def _submit_form(session: Any, page: str, query: dict[str, str], form: dict[str, str]) -> bool:
    """Submit the form of a page as a browser does; return whether the server accepted it, that is, redirects."""
    if not session.cookies.get("csrftoken"):
        session.get(page)
    hidden = {"csrfmiddlewaretoken": session.cookies.get("csrftoken", "")}
    origin = {"Referer": str(session.base_url.join(page))}
    answer = session.post(page, params=query, data=form | hidden, headers=origin)
    return bool(answer.status_code == HTTPStatus.FOUND)
