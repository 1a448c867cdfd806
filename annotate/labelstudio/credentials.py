"""New logins, tokens and a new secret key for the server of a state folder, whose old ones become invalid."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.accounts import (
    ANSWER_PREFIX,
    REQUEST_VARIABLE,
    AccountsAnswer,
    AccountsRequest,
    LoginsAnswer,
    LoginsRequest,
)
from annotate.labelstudio.annotators import LOGINS_FILE, Login
from annotate.labelstudio.database import DATABASE_FILE, SQLITE_FILE, Database, resolve_database
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.state import Credentials, State, require_package
from annotate.util.processes import NEUTRAL_FOLDER, run_module
from annotate.util.typed_values import decode_as

T = TypeVar("T")

SETTINGS_FILE = ".env"
"""In the server's data: the secret key, which signs sessions and personal tokens. The server makes a missing one."""


class ResetResult(NamedTuple):
    """What was renewed.

    Attributes:
        annotators: The annotators with a new password.
        owner: The annotator who uses the server's own login; None if that is no one.
        missing: Annotators whose users the server does not have.
        restarted: The server, if it was running.
    """

    annotators: list[str]
    owner: str | None
    missing: list[str]
    restarted: server.RunningServer | None


def reset_credentials(
    state: State, annotators: Sequence[str] = (), on_wait: server.OnWait | None = None
) -> ResetResult:
    """Renew the login, the token and the secret key of a server, its invitation, and the passwords of annotators.

    Every other token and every session becomes invalid. A running server is restarted on the same port.

    Args:
        state: The folder of the server.
        annotators: Annotators whose logins are enabled again. Those with a login in the folder are always renewed.
        on_wait: Called while a running server is restarted.

    Raises:
        CannotRun: An annotator is not a user of the server, or Label Studio fails.
    """
    process = server.find_running(state)
    with lock_folder(state, "reset-credentials"):
        wanted = _choose_annotators(state, annotators)
        if process is not None:
            server.stop(state)
        credentials = server.make_credentials(server.load_credentials(state).username)
        state.write(server.CREDENTIALS_FILE, credentials)
        renewed, owner = list[str](), None
        if has_database(state):
            passwords = {user_id: secrets.token_urlsafe(18) for user_id in wanted}
            answer = renew_accounts(state, credentials, passwords)
            state.save_removed_annotators(
                LOCAL, [name for name in state.removed_annotators(LOCAL) if name not in wanted.values()]
            )
            renewed, owner = _save_logins(state, wanted, passwords, answer.emails), wanted.get(answer.user_id)
        else:
            (state.data / SETTINGS_FILE).unlink(missing_ok=True)
    missing = [name for name in wanted.values() if name not in renewed and name != owner]
    restarted = server.start(state, process.port, on_wait) if process is not None else None
    return ResetResult(renewed, owner, missing, restarted)


def has_database(state: State) -> bool:
    """Return whether the server of a folder was started before."""
    return state.read(DATABASE_FILE, Database) is not None or (state.data / SQLITE_FILE).is_file()


def renew_accounts(
    state: State, credentials: Credentials, passwords: Mapping[int, str], is_adopted: bool = False
) -> AccountsAnswer:
    """Renew the accounts in a server's database, and its secret key; the server must not run.

    Args:
        state: The folder of the server.
        credentials: The new login of the first user, and the only token that is valid from then on.
        passwords: User id → new password, of further users.
        is_adopted: Whether the database came from elsewhere; see `accounts.AccountsRequest`.

    Raises:
        CannotRun: Label Studio is not installed, or cannot use the database.
    """
    request = AccountsRequest(
        credentials.username, credentials.password, credentials.token, dict(passwords), is_adopted
    )
    (state.data / SETTINGS_FILE).unlink(missing_ok=True)
    return _ask_label_studio(state, request, AccountsAnswer)


def change_logins(
    state: State,
    *,
    enabled: Collection[int] = (),
    disabled: Collection[int] = (),
    passwords: Mapping[int, str] | None = None,
) -> LoginsAnswer:
    """Change the logins of some users of a server, which may run; see `accounts.LoginsRequest`.

    Raises:
        CannotRun: Label Studio is not installed, or cannot use the database.
    """
    username = server.load_credentials(state).username
    request = LoginsRequest(username, sorted(enabled), sorted(disabled), dict(passwords or {}))
    return _ask_label_studio(state, request, LoginsAnswer)


def reset_passwords(state: State, annotators: Sequence[str]) -> list[str]:
    """Give annotators new passwords, which `people-logins.json` has from then on; the server goes on.

    The caller holds the folder's lock.

    Returns:
        The annotators whose user the server does not have, or who use the server's own login.

    Raises:
        CannotRun: An annotator is not a user of the server, or Label Studio fails.
    """
    wanted = _find_users(state, annotators)
    passwords = {user_id: secrets.token_urlsafe(18) for user_id in wanted}
    answer = change_logins(state, passwords=passwords)
    renewed = _save_logins(state, wanted, passwords, answer.emails)
    return [annotator for annotator in wanted.values() if annotator not in renewed]


def _ask_label_studio(state: State, request: AccountsRequest | LoginsRequest, answer_type: type[T]) -> T:
    """Return the answer of `accounts`, in a process of its own, to a request."""
    require_package("label_studio")
    environment = server.server_environment(state, resolve_database(state, None), None)
    environment[REQUEST_VARIABLE] = msgspec.json.encode(request).decode()
    done = run_module("annotate.labelstudio.accounts", cwd=NEUTRAL_FOLDER, environment=environment)
    lines = [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith(ANSWER_PREFIX)]
    if done.returncode or not lines:
        reason = server.last_error_line(done.stderr.decode("utf-8", "replace"))
        problem = f"Label Studio cannot use the database: {reason}"
        raise CannotRun(state.folder, problem, "check that it is the data of a Label Studio server")
    return decode_as(lines[-1].removeprefix(ANSWER_PREFIX), answer_type)


def _choose_annotators(state: State, annotators: Sequence[str]) -> dict[int, str]:
    """Return the annotators who get a new password, by user id."""
    user_ids = {annotator: user_id for user_id, annotator in state.annotators(LOCAL).items()}
    _find_users(state, annotators)
    logins = state.read_for(LOCAL, LOGINS_FILE, dict[str, Login]) or {}
    gone = state.removed_annotators(LOCAL)
    names = dict.fromkeys([*annotators, *(name for name in logins if name in user_ids and name not in gone)])
    return {user_ids[name]: name for name in names}


def _find_users(state: State, annotators: Sequence[str]) -> dict[int, str]:
    """Return the annotators by user id.

    Raises:
        CannotRun: One is not a user of the server that was started here.
    """
    user_ids = {annotator: user_id for user_id, annotator in state.annotators(LOCAL).items()}
    for annotator in annotators:
        if annotator not in user_ids:
            hint = "create one with `annotate studio people add`"
            raise CannotRun(repr(annotator), "is not a user of this server", hint)
    return {user_ids[annotator]: annotator for annotator in annotators}


def _save_logins(
    state: State, annotators: Mapping[int, str], passwords: Mapping[int, str], emails: Mapping[int, str]
) -> list[str]:
    """Write the new logins of annotators, and return who has one."""
    logins = state.read_for(LOCAL, LOGINS_FILE, dict[str, Login]) or {}
    renewed = {annotators[user_id]: Login(email, passwords[user_id]) for user_id, email in emails.items()}
    if renewed:
        state.write_for(LOCAL, LOGINS_FILE, logins | renewed)
    return list(renewed)
