"""One file that says which users of a server the annotators are, for another machine. It has no login or password.

What a file says is checked against the server and annotators.yaml before it is believed.
"""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun, Refused
from annotate.labelstudio.annotators import annotator_of_login, require_annotators
from annotate.labelstudio.client import Studio, is_server_name
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.server import resolve_public_url
from annotate.labelstudio.state import PRIVATE_FILE, State
from annotate.util.escape import quote
from annotate.util.files import is_regular_report, read_bytes, write_atomically, write_report

_HINT = "write it with `annotate studio people export FILE`"


class ServerPeople(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The annotators of a server.

    Attributes:
        users: Annotator → user id.
        removed: The annotators whose logins were taken away.
    """

    users: dict[str, int]
    removed: list[str] = []


class PeopleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file: address of a server → its annotators."""

    people: dict[str, ServerPeople]


class ImportedPeople(NamedTuple):
    """What was imported: the annotators that were new, and those that this folder knew."""

    new: list[str]
    known: list[str]


def export_people(studio: Studio, state: State, path: str) -> int:
    """Write the annotators of a server, readable only for their owner; return how many there are.

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
    content = PeopleFile({address: ServerPeople(users, state.removed_annotators(server))})
    data = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
    if is_regular_report(path):
        write_atomically(Path(path), data, PRIVATE_FILE)
    else:
        write_report(path, data)
    return len(users)


def import_people(
    corpus: Corpus, studio: Studio, state: State, path: str, address: str | None = None
) -> ImportedPeople:
    """Remember the annotators that a file names as users of the server. The caller holds the folder's lock.

    Args:
        corpus: The corpus, which lists the annotators.
        studio: The server.
        state: The folder that remembers them.
        path: The file.
        address: The server in the file that this one is; by default the one with this address, or the only one.

    Raises:
        CannotRun: The file cannot be read, has several servers and not this one, or names an annotator that is not
            listed in annotators.yaml.
        Refused: A user does not exist on the server, has the login of another annotator, or is known as another. Then
            nothing is imported.
    """
    people = _choose_server(Path(path), _read(Path(path)), studio, address)
    require_annotators(corpus, [*people.users, *people.removed])
    server = studio.address.name
    known, logins, listed = state.annotators(server), studio.list_logins(), corpus.read_annotators().keys()
    for annotator, user_id in people.users.items():
        _require_match(path, annotator, user_id, known, logins, listed)
    if len(set(people.users.values())) < len(people.users):
        raise Refused(path, "gives two annotators the same user", _HINT)
    state.save_annotators(server, known | {user_id: annotator for annotator, user_id in people.users.items()})
    removed = state.removed_annotators(server)
    state.save_removed_annotators(server, list(dict.fromkeys([*removed, *people.removed])))
    new = [annotator for annotator, user_id in people.users.items() if user_id not in known]
    return ImportedPeople(new, [annotator for annotator in people.users if annotator not in new])


def _read(path: Path) -> PeopleFile:
    data = read_bytes(path, _HINT, within=None)
    try:
        return msgspec.json.decode(data, type=PeopleFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(path, f"is no list of annotators and users ({type(error).__name__})", _HINT) from None


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
