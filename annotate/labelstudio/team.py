"""Blind double annotation: a project an annotator, pushed without labels, and how far everybody is.

In the open edition, all users of a server see all projects. A project an annotator keeps others' labels out of their
way; it hides none from somebody who opens another's project.

Annotators as users of a server: made with random logins, by invitation, since nobody can sign up without it.

What the server knows of a person is a login made of the pseudonym and of chance. The logins stand in one private file.

Adjudication on a server: a project with every annotator's version of an article in a tab, and gold out of it.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal, NamedTuple

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio.client import LOCAL, SECONDS, Project, Raw, Refused, Studio, ask, everything, speaking
from annotate.labelstudio.config_drift import user
from annotate.labelstudio.pull import with_relation_notes
from annotate.labelstudio.push import TITLE_LENGTH, find
from annotate.labelstudio.results import Mapper, Origin, annotator_of, article_id_of, user_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Prediction, version_name
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256

ASSIGNED = "assigned.json"
ADJUDICATION = "adjudication"

Stage = Literal["done", "draft", "skipped", "left"]
STAGES: tuple[Stage, ...] = ("done", "draft", "skipped", "left")

COUNTS = "id,data,annotators,total_annotations,cancelled_annotations,draft_exists"
"""What is needed of a task to know how far it is: no labels, no predictions."""


class Progress(NamedTuple):
    """Article → annotator → how far they are; annotators in the order of their projects."""

    annotators: list[str]
    stages: dict[str, dict[str, Stage]]

    def counts(self, annotator: str) -> Counter[Stage]:
        return Counter(stages[annotator] for stages in self.stages.values() if annotator in stages)


class Assigned(msgspec.Struct, frozen=True):
    """The annotators who have a project of their own, of the project with this title."""

    annotators: list[str]


def title_of(title: str, annotator: str) -> str:
    """The title of an annotator's own project. Raises CannotRun for one that the server would not take."""
    own = f"{title}: {annotator}"
    if len(own) > TITLE_LENGTH[1]:
        hint = f"Label Studio takes {TITLE_LENGTH[1]}; give a shorter --title"
        raise CannotRun(repr(own), f"has {len(own)} characters", hint)
    if annotator == ADJUDICATION:
        raise CannotRun(repr(own), "is the title of the project to adjudicate in", "give the annotator another id")
    return own


def assigned(state: State, server: str, title: str) -> list[str]:
    """The annotators who were given a project of their own."""
    known = state.read(ASSIGNED, dict[str, dict[str, Assigned]]) or {}
    found = known.get(server, {}).get(title)
    return found.annotators if found else []


def remember(state: State, server: str, title: str, annotator: str) -> None:
    known = state.read(ASSIGNED, dict[str, dict[str, Assigned]]) or {}
    annotators = assigned(state, server, title)
    if annotator not in annotators:
        mine = known.get(server, {}) | {title: Assigned([*annotators, annotator])}
        state.write(ASSIGNED, known | {server: mine})


def titles(state: State, server: str, title: str) -> list[str]:
    """The titles of all projects that annotators label this corpus in: the shared one, then those of one annotator.

    The shared one is left out where it was never made and others were.
    """
    own = [title_of(title, annotator) for annotator in assigned(state, server, title)]
    return [title, *own] if not own or state.project(server, title) is not None else own


def projects(studio: Studio, state: State, title: str) -> dict[str, Project]:
    """Title → project, of all that there are of a corpus: those that annotators label in, and the adjudication."""
    names = [*titles(state, studio.where.name, title), f"{title}: {ADJUDICATION}"]
    found = {name: find(studio, state, name) for name in names}
    return {name: project for name, project in found.items() if project is not None}


def progress(studio: Studio, state: State, title: str, seen: Callable[[int, int], None] | None = None) -> Progress:
    """How far each annotator is with each article, in all projects of the corpus that annotators label in.

    `left` is what stands in an annotator's own project and was neither submitted nor skipped; a draft is left, too, and
    shown as a draft. Somebody who is not known yet is called by the number that the server has for them. Tasks are
    fetched by page; `seen` hears how many of a project's are done, and of how many.
    """
    server = studio.where.name
    people, owners = state.people(server), assigned(state, server, title)
    found = Progress(list(owners), {})
    for name in titles(state, server, title):
        project = find(studio, state, name)
        owner = next((annotator for annotator in owners if title_of(title, annotator) == name), None)
        for task in everything(studio, project, seen, COUNTS) if project else ():
            _take(found, task, _work(studio, task), people, owner)
    return found


def _take(
    found: Progress,
    task: Raw,
    work: Iterator[tuple[int | None, Stage]],
    people: Mapping[int, str],
    owner: str | None,
) -> None:
    stages = found.stages.setdefault(article_id_of(task) or "(none)", {})
    if owner is not None:
        stages.setdefault(owner, "left")
    for number, stage in work:
        name = people.get(number, f"user-{number}") if number is not None else "user-unknown"
        if name not in found.annotators:
            found.annotators.append(name)
        stages[name] = min(stages.get(name, stage), stage, key=STAGES.index)


def _work(studio: Studio, task: Raw) -> Iterator[tuple[int | None, Stage]]:
    """Who did what in a task; more than one of a person's may stand there.

    The server's counts say it, but for drafts, and for a task that one submitted and another skipped: those are asked
    for.
    """
    done, skipped = task.get("total_annotations") or 0, task.get("cancelled_annotations") or 0
    if done and skipped:
        for annotation in (studio.task(task["id"]) or {}).get("annotations") or []:
            yield user_id_of(annotation), "skipped" if annotation.get("was_cancelled") else "done"
    elif done or skipped:
        for number in task.get("annotators") or [None]:
            yield number, "done" if done else "skipped"
    for draft in (studio.drafts(task["id"]) or []) if task.get("draft_exists") else []:
        yield user("draft", draft), "draft"


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


AGREED = "agreed"
"""The name of the version with what the annotators agree on."""


class Made(NamedTuple):
    """What was submitted for one article as gold, None if nothing was, and what is wrong with the reading of it."""

    article: str
    gold: Annotation | None
    findings: list[Finding]


def title_of_adjudicate(title: str) -> str:
    """The title of the project to adjudicate in. Raises CannotRun for one that the server would not take."""
    own = f"{title}: {ADJUDICATION}"
    if len(own) > TITLE_LENGTH[1]:
        hint = f"Label Studio takes {TITLE_LENGTH[1]}; give a shorter --title"
        raise CannotRun(repr(own), f"has {len(own)} characters", hint)
    return own


def versions(annotations: Sequence[Annotation], agreed: Annotation) -> list[Prediction]:
    """The tabs of an article: what all agree on, then each annotator's version."""
    return [
        Prediction(version_name(AGREED, agreed), agreed),
        *(Prediction(version_name(annotation.annotator, annotation), annotation) for annotation in annotations),
    ]


def start_from(studio: Studio, project: Project, agreed: Annotation) -> None:
    """Let the server put what all agree on in place where somebody begins."""
    studio.update(project, {"model_version": version_name(AGREED, agreed)})


def made_from(task: Raw, annotators: Mapping[str, object]) -> tuple[str, ...]:
    """The annotators whose versions stand in a task."""
    shown = (str(entry.get("model_version")).partition(" ")[0] for entry in task.get("predictions") or [])
    return tuple(sorted({name for name in shown if name in annotators}))


def pull(corpus: Corpus, inventory: Inventory, state: State, server: str, raw: Sequence[Raw], who: str) -> list[Made]:
    """The gold that an adjudicator submitted, article by article; nothing is written into the corpus.

    Raises Refused if somebody else has submitted there, or for an article that the corpus does not have.
    """
    people = state.people(server)
    present = {user_id_of(entry) for task in raw for entry in task.get("annotations") or []}
    others = {annotator_of(number, people) for number in present} - {who}
    if others:
        names = ", ".join(sorted(others))
        raise Refused(f"{names} submitted there, too: gold has one adjudicator; delete what is not {who}'s")
    return list(_read(corpus, inventory, raw, who))


def _read(corpus: Corpus, inventory: Inventory, raw: Sequence[Raw], who: str) -> Iterator[Made]:
    mapper, annotators, known = Mapper(inventory), corpus.read_annotators(), set(corpus.article_ids())
    for task in raw:
        article = article_id_of(task)
        if article is None or article not in known:
            raise Refused(f"task {task.get('id')} is of no article of the corpus; delete it")
        submitted = [entry for entry in task.get("annotations") or [] if not entry.get("was_cancelled")]
        if not submitted:
            yield Made(article, None, [])
            continue
        text = corpus.read_text(article)
        if task["data"].get("text") != text:
            raise Refused(f"task {task.get('id')} has another text than {article}; set the adjudication up again")
        last = max(submitted, key=lambda entry: int(entry["id"]))
        file = f"annotations/{GOLD}/{article}.json"
        origin = Origin(article, who, file, "adjudicated", made_from(task, annotators))
        gold, findings, _ = mapper.map_result(last.get("result"), text, origin, sha256(text))
        if gold is not None and corpus.annotation_path(GOLD, article).is_file():
            gold = with_relation_notes(gold, corpus.read_annotation(GOLD, article))
        yield Made(article, gold, list(findings))
