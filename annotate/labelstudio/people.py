"""Annotators as users of a server: made with random logins, by invitation, since nobody can sign up without it.

What the server knows of a person is a login made of the pseudonym and of chance. The logins stand in one private file.
"""

import secrets
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio.ask import ask
from annotate.labelstudio.client import LOCAL, SECONDS, Refused, Studio, speaking
from annotate.labelstudio.state import State
from annotate.model import GOLD
from annotate.store import Corpus

LOGINS = "people-logins.json"
DOMAIN = "localhost.localdomain"
"""No mail ever goes there: the server wants the form of an address, and the corpus's people have none."""


class Login(msgspec.Struct, frozen=True):
    """What somebody logs in with; never shown."""

    email: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"


class Joined(NamedTuple):
    """An annotator as a user of the server; `new` if made just now."""

    annotator: str
    user: int
    new: bool


def listed(corpus: Corpus, annotators: Iterable[str]) -> list[str]:
    """The annotators, each once; raises CannotRun for one who is not in annotators.yaml."""
    known = corpus.read_annotators()
    wanted = list(dict.fromkeys(annotators))
    for annotator in wanted:
        if annotator == GOLD or annotator not in known:
            raise CannotRun(corpus.annotators_path, f"does not list {annotator!r}", "add the annotator there first")
    return wanted


def add(corpus: Corpus, studio: Studio, state: State, annotators: Iterable[str]) -> list[Joined]:
    """Make each annotator a user of the server, and remember the number; one who is a user already is left alone.

    Login and password are on disk before the server hears of them, so that an interruption loses neither. The caller
    holds the folder's lock.
    Raises CannotRun for an annotator who is not listed, before anybody is made, and for a server that lets nobody in.
    """
    server = studio.where.name
    done: list[Joined] = []
    for annotator in listed(corpus, annotators):
        people = state.people(server)
        user = next((number for number, name in people.items() if name == annotator), None)
        new = user is None
        if user is None:
            user = _join(studio, _login(state, server, annotator))
            if people.get(user, annotator) != annotator:
                raise Refused(f"user {user} of the server is {people[user]} already")
            state.remember_people(server, people | {user: annotator})
        done.append(Joined(annotator, user, new))
    if server == LOCAL and any(joined.new for joined in done):
        # The server's log has the address of the page that was asked for, and in it the word that lets people in.
        with speaking(studio.url):
            studio._sdk.organizations.reset_token()
    return done


def _login(state: State, server: str, annotator: str) -> Login:
    """The login of an annotator, made at random once."""
    known = state.read(LOGINS, dict[str, dict[str, Login]]) or {}
    mine = known.get(server, {})
    if annotator not in mine:
        login = Login(f"{annotator}-{secrets.token_hex(3)}@{DOMAIN}", secrets.token_urlsafe(18))
        mine = mine | {annotator: login}
        state.write(LOGINS, known | {server: mine})
    return mine[annotator]


def _join(studio: Studio, login: Login) -> int:
    """The number of the user with this login, made if there is none yet; in a session of their own."""
    import httpx

    invitation = {"token": str(ask(studio, "api/invite", "an invitation")["token"])}
    form = {"email": login.email, "password": login.password}
    with (
        speaking(studio.url, "a page to sign up on"),
        httpx.Client(base_url=studio.url, timeout=SECONDS, trust_env=studio.where.name != LOCAL) as session,
    ):
        if not _submitted(session, "/user/login/", {}, form) and not _submitted(
            session, "/user/signup/", invitation, form
        ):
            raise CannotRun(studio.url, "lets nobody sign up by invitation", "have users made by whoever runs it")
        number = session.get("/api/current-user/whoami").json().get("id")
    if not isinstance(number, int):
        raise CannotRun(studio.url, "does not say who has logged in", "is it Label Studio?")
    return number


def _submitted(session: Any, page: str, query: dict[str, str], form: dict[str, str]) -> bool:
    """Fill in a page's form as a browser would; whether the server took it, which it says by leading elsewhere."""
    if not session.cookies.get("csrftoken"):
        session.get(page)
    hidden = {"csrfmiddlewaretoken": session.cookies.get("csrftoken", "")}
    origin = {"Referer": str(session.base_url.join(page))}
    answer = session.post(page, params=query, data=form | hidden, headers=origin)
    return bool(answer.status_code == HTTPStatus.FOUND)
