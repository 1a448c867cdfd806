"""One file that says what a server does not tell another machine: who is who, hidden gold, and earlier configs.

It has no login or password. What a file says is checked against the server and annotators.yaml before it is believed,
and added to what the folder has; nothing in the folder is replaced.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun, Refused
from annotate.labelstudio.annotators import annotator_of_login, refuse_models, require_annotators
from annotate.labelstudio.client import Studio, is_server_name
from annotate.labelstudio.config_versions import (
    CONFIG_VERSIONS_FILE,
    EarlierVersion,
    merge_earlier_versions,
    read_earlier_versions,
)
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.projects import HIDDEN_GOLD_FILE, TITLE_LENGTH, HiddenGold
from annotate.labelstudio.server import resolve_public_url
from annotate.labelstudio.state import PRIVATE_FILE, State
from annotate.model import is_article_id
from annotate.util.escape import quote
from annotate.util.files import is_regular_report, open_raw, reporting_read_errors, write_atomically, write_report
from annotate.util.typed_values import decode_as
from annotate.versions import is_version

FORMAT_VERSION = 1
_LARGEST_FILE = 64 << 20
"""Bytes of a file; a million hidden articles have less."""
_HINT = "write it with `annotate studio people export FILE`"


class ServerPeople(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The annotators of a server.

    Attributes:
        users: Annotator → user id.
        removed: The annotators whose logins were taken away.
        hidden_gold: The articles with gold that are hidden in the annotators' work.
        config_versions: Project id → the earlier versions of its config, the earliest first.
    """

    users: dict[str, int]
    removed: list[str] = []
    hidden_gold: HiddenGold = {}
    config_versions: dict[int, list[EarlierVersion]] = {}


class PeopleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file: the version of its format, and address of a server → its annotators."""

    version: int
    people: dict[str, ServerPeople]


class ImportedPeople(NamedTuple):
    """What was imported.

    Attributes:
        new: The annotators that were new.
        known: The annotators that this folder knew.
        hidden_articles: How many hidden articles were new, those of each annotator counted.
        config_versions: How many earlier configs were new.
        notes: What the file and the folder differ on, and what was left out.
    """

    new: list[str]
    known: list[str]
    hidden_articles: int
    config_versions: int
    notes: list[str]


def export_people(studio: Studio, state: State, path: str) -> int:
    """Write what a folder knows of the annotators of a server, readable only for the owner; return how many there are.

    Raises:
        CannotRun: There are none, or the file cannot be written.
    """
    server = studio.address.name
    users = {annotator: user_id for user_id, annotator in sorted(state.annotators(server).items())}
    if not users:
        raise CannotRun(
            studio.url, "no user is known as an annotator yet", "create them with `annotate studio people add`"
        )
    address = (resolve_public_url(state, None) or LOCAL) if server == LOCAL else server
    people = ServerPeople(
        users,
        state.removed_annotators(server),
        state.read_for(server, HIDDEN_GOLD_FILE, HiddenGold) or {},
        read_earlier_versions(state, server),
    )
    content = PeopleFile(FORMAT_VERSION, {address: people})
    data = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
    if is_regular_report(path):
        write_atomically(Path(path), data, PRIVATE_FILE)
    else:
        write_report(path, data)
    return len(users)


def import_people(
    corpus: Corpus, studio: Studio, state: State, path: str, address: str | None = None
) -> ImportedPeople:
    """Remember what a file says of the annotators of the server. The caller holds the folder's lock.

    Args:
        corpus: The corpus, which lists the annotators.
        studio: The server.
        state: The folder that remembers them.
        path: The file.
        address: The server in the file that this one is; by default the one with this address, or the only one.

    Raises:
        CannotRun: The file cannot be read, has several servers and not this one, or names an annotator that is not
            listed in annotators.yaml.
        Refused: A user does not exist on the server, has the login of another annotator, or is known as another; or an
            id, a title or a time is not valid or contradicts the folder. Then nothing is imported.
    """
    people = _choose_server(Path(path), _read(Path(path)), studio, address)
    hidden_annotators = [annotator for hidden in people.hidden_gold.values() for annotator in hidden]
    refuse_models(corpus, people.users)
    require_annotators(corpus, [*people.removed, *hidden_annotators])
    server = studio.address.name
    known, logins, listed = state.annotators(server), studio.list_logins(), corpus.read_annotators().keys()
    for annotator, user_id in people.users.items():
        _require_match(path, annotator, user_id, known, logins, listed)
    if len(set(people.users.values())) < len(people.users):
        raise Refused(path, "gives two annotators the same user", _HINT)
    own_hidden = state.read_for(server, HIDDEN_GOLD_FILE, HiddenGold) or {}
    hidden, new_hidden = _merge_hidden_gold(path, own_hidden, people)
    notes = list(_compare_removed(people, state.removed_annotators(server), known.values()))
    own_versions = read_earlier_versions(state, server)
    versions = _merge_config_versions(path, studio, own_versions, people, notes)
    # The users come last: until then, a repetition of an interrupted import still counts them as new.
    if hidden != own_hidden:
        state.write_for(server, HIDDEN_GOLD_FILE, hidden)
    if versions != own_versions:
        state.write_for(server, CONFIG_VERSIONS_FILE, versions)
    removed = state.removed_annotators(server)
    state.save_removed_annotators(server, list(dict.fromkeys([*removed, *people.removed])))
    state.save_annotators(server, known | {user_id: annotator for annotator, user_id in people.users.items()})
    new = [annotator for annotator, user_id in people.users.items() if user_id not in known]
    count = sum(map(len, versions.values())) - sum(map(len, own_versions.values()))
    return ImportedPeople(
        new, [annotator for annotator in people.users if annotator not in new], new_hidden, count, notes
    )


def _read(path: Path) -> PeopleFile:
    with reporting_read_errors(path, _HINT), open_raw(str(path), within=None) as file:
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise CannotRun(path, f"has more than {_LARGEST_FILE:,} bytes", _HINT)
    try:
        content = decode_as(data, PeopleFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(path, f"is no list of annotators and users ({type(error).__name__})", _HINT) from None
    if content.version != FORMAT_VERSION:
        problem = f"has version {content.version} of its format, and this program reads {FORMAT_VERSION}"
        raise CannotRun(path, problem, "use one version of the program on both machines")
    return content


def _merge_hidden_gold(path: str, own: HiddenGold, people: ServerPeople) -> tuple[HiddenGold, int]:
    """Return the hidden articles of the folder and of the file, and how many are new. Each stays hidden.

    Raises:
        Refused: A title or an id is not valid.
    """
    merged, new = {title: dict(hidden) for title, hidden in own.items()}, 0
    least, most = TITLE_LENGTH
    for title, hidden in people.hidden_gold.items():
        if not least <= len(title) <= most:
            raise Refused(path, f"has {quote(title)} as the title of a project", _HINT)
        for annotator, article_ids in hidden.items():
            for article_id in article_ids:
                if not is_article_id(article_id):
                    raise Refused(path, f"has {quote(article_id)} as the id of an article", _HINT)
            before = set(merged.get(title, {}).get(annotator, ()))
            after = before.union(article_ids)
            new += len(after) - len(before)
            merged.setdefault(title, {})[annotator] = sorted(after)
    return merged, new


def _compare_removed(people: ServerPeople, own: Collection[str], known: Collection[str]) -> Iterator[str]:
    """Yield a line for each login that the file and the folder differ on. A login that was taken away stays away."""
    for annotator in people.removed:
        if annotator in known and annotator not in own:
            yield f"{annotator}: had a login by this folder, and has none by the file; `people add` gives it back"
    for annotator in own:
        if annotator in people.users and annotator not in people.removed:
            yield f"{annotator}: has a login by the file, and none by this folder; `people add` gives it back"


def _merge_config_versions(
    path: str, studio: Studio, own: Mapping[int, list[EarlierVersion]], people: ServerPeople, notes: list[str]
) -> dict[int, list[EarlierVersion]]:
    """Return the earlier versions of the folder and of the file; add a note for each project that is not there.

    Raises:
        Refused: A version is not valid, or contradicts the folder.
    """
    merged = dict(own)
    existing = {entry["id"] for entry in studio.list_projects(include="id")} if people.config_versions else set()
    for project_id, versions in people.config_versions.items():
        for entry in versions:
            if not is_version(entry.version):
                raise Refused(path, f"has {quote(entry.version)} as the version of an inventory", _HINT)
        if project_id not in existing:
            notes.append(f"project {project_id}: is not on the server any more; its earlier configs are left out")
            continue
        try:
            merged[project_id] = merge_earlier_versions(merged.get(project_id, ()), versions)
        except ValueError as error:
            problem = f"contradicts this folder on the inventory of project {project_id}: {error}"
            raise Refused(path, problem, f"correct the file or {CONFIG_VERSIONS_FILE} in the folder") from error
    return merged


def _choose_server(path: Path, content: PeopleFile, studio: Studio, address: str | None) -> ServerPeople:
    """Return the entry of the file that is meant. Addresses are compared, and shown only if they hold no secret."""
    if address is None:
        own = [name for name in (studio.address.name, studio.url) if name in content.people]
        address = own[0] if own else next(iter(content.people)) if len(content.people) == 1 else None
    if address is not None and address in content.people:
        return content.people[address]
    names = ", ".join(sorted(filter(is_server_name, content.people))) or "none"
    raise CannotRun(
        path, f"does not have this server; it has: {names}", "name the one that this server is with --server"
    )


def _require_match(
    path: str, annotator: str, user_id: int, known: dict[int, str], logins: dict[int, str], listed: Collection[str]
) -> None:
    """Check that a user of the server may be an annotator."""
    claim, hint = f"says that {annotator} is user {user_id}", "correct the file"
    if user_id not in logins:
        raise Refused(path, f"{claim}, whom the server does not have", hint)
    owner = annotator_of_login(logins[user_id], listed)
    if owner not in (None, annotator):
        raise Refused(path, f"{claim}, who has a login of {owner}", hint)
    if known.get(user_id, annotator) != annotator:
        raise Refused(path, f"{claim}, who is {quote(known[user_id])} here", hint)
    for other_id, name in known.items():
        if name == annotator and other_id != user_id:
            raise Refused(path, f"{claim}, and here it is user {other_id}", hint)
