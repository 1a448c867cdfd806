"""Logins, tokens and outside connections in a server's database; runs in a process of its own, inside Label Studio.

`python -m annotate.labelstudio.accounts` reads a request from the variable `REQUEST_VARIABLE`, and prints the answer as
its last line. It loads Label Studio's settings and models, and never starts its server. `credentials` calls it.
"""

import importlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import msgspec

REQUEST_VARIABLE = "ANNOTATE_ACCOUNTS_REQUEST"
ANSWER_PREFIX = "annotate-accounts:"
REMOVED_APPS = ("webhooks", "io_storages", "ml", "ml_models", "ml_model_providers")
"""Apps of Label Studio whose rows make the server send data to, or read them from, an address or a path."""
_REMOVED_TABLES = ("webhook", "io_storages_", "ml_")
_ACTIVE_OBJECTS = {
    "trigger": "SELECT quote_ident(tgname), tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
    "rule": "SELECT quote_ident(rulename), format('%I.%I', schemaname, tablename) FROM pg_rules "
    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    "view": "SELECT format('%I.%I', schemaname, viewname), NULL FROM pg_views "
    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
}
"""Kinds of objects of PostgreSQL, with queries for their names and tables, quoted."""
_PROJECT_LOGIN = ("task_data_login", "task_data_password")
_ADDRESS_FIELDS = ("url", "endpoint", "bucket", "container", "path", "host", "title", "provider")
"""Fields that say where a removed connection led to, the most informative first."""


class AccountsRequest(msgspec.Struct, frozen=True, tag=True):
    """What to do with the accounts of a server.

    Attributes:
        username: The login of the first user, who is created if there is none with it.
        password: Their new password.
        token: Their new token; all other tokens become invalid.
        passwords: User id → new password, of other users whose logins are enabled.
        is_adopted: Whether the database came from elsewhere: the logins of all other users are disabled, and every
            connection to the outside is removed.
    """

    username: str
    password: str
    token: str
    passwords: dict[int, str]
    is_adopted: bool

    def __repr__(self) -> str:
        return "AccountsRequest(…)"


class AccountsAnswer(msgspec.Struct, frozen=True):
    """What was done.

    Attributes:
        user_id: The id of the first user.
        emails: User id → login, of the users who got a new password.
        disabled: The ids of users whose logins were disabled.
        tokens: The number of tokens that were deleted.
        removed: What was removed, a line each.
    """

    user_id: int
    emails: dict[int, str]
    disabled: list[int]
    tokens: int
    removed: list[str]

    def __repr__(self) -> str:
        return f"AccountsAnswer({len(self.emails)} logins)"


class LoginsRequest(msgspec.Struct, frozen=True, tag=True):
    """What to do with the logins of some users; the server may run, and all other logins stay as they are.

    Attributes:
        username: The server's own login, which is left alone.
        enabled: The ids of users who may log in again.
        disabled: The ids of users who may not log in any more. Their sessions and tokens are rejected from then on.
        passwords: User id → new password. Their sessions end.
    """

    username: str
    enabled: list[int]
    disabled: list[int]
    passwords: dict[int, str]

    def __repr__(self) -> str:
        return "LoginsRequest(…)"


class LoginsAnswer(msgspec.Struct, frozen=True):
    """The users who were changed: user id → login."""

    emails: dict[int, str]

    def __repr__(self) -> str:
        return f"LoginsAnswer({len(self.emails)} logins)"


def main() -> None:
    """Carry out the request in the environment."""
    request = msgspec.json.decode(os.environ.pop(REQUEST_VARIABLE), type=AccountsRequest | LoginsRequest)
    answer = _change_accounts(request) if isinstance(request, AccountsRequest) else _change_logins(request)
    print(ANSWER_PREFIX + msgspec.json.encode(answer).decode())  # noqa: T201 - the answer to the process that asked


def _change_accounts(request: AccountsRequest) -> AccountsAnswer:
    # Both are what Label Studio itself does first on every start.
    from label_studio.server import _apply_database_migrations, _setup_env

    _setup_env()
    removed = list(_drop_active_objects()) if request.is_adopted else []
    _apply_database_migrations()
    from core.utils.common import temporary_disconnect_all_signals
    from django.conf import settings
    from django.db import transaction

    importlib.import_module(settings.ROOT_URLCONF)  # some models are known only once the pages that use them are
    with ExitStack() as stack:
        stack.enter_context(transaction.atomic())
        # Without its signals, Label Studio contacts no storage and no backend about what is deleted.
        stack.enter_context(temporary_disconnect_all_signals())
        removed += list(_remove_connections()) if request.is_adopted else []
        return _renew_accounts(request, removed)


def _change_logins(request: LoginsRequest) -> LoginsAnswer:
    """Enable and disable logins, and set passwords, all or none."""
    from label_studio.server import _setup_env

    _setup_env()
    from django.db import transaction

    emails = {}
    with transaction.atomic():
        user_ids = {*request.enabled, *request.disabled, *request.passwords}
        for user in _model("users.User").objects.filter(pk__in=user_ids).exclude(email=request.username):
            if user.pk in request.passwords:
                user.set_password(request.passwords[user.pk])
            user.is_active = user.pk not in request.disabled and (user.pk in request.enabled or user.is_active)
            user.save(update_fields=["password", "is_active"])
            emails[user.pk] = user.email
    return LoginsAnswer(emails)


def _model(name: str) -> Any:
    from django.apps import apps

    return apps.get_model(name)


def _drop_active_objects() -> Iterator[str]:
    """Drop what runs in PostgreSQL when the server reads or writes; yield a line for each.

    Label Studio has none of its own. An SQLite database was already copied without them.
    """
    from django.db import connection

    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for kind, query in _ACTIVE_OBJECTS.items():
            cursor.execute(query)
            for name, table in cursor.fetchall():
                place = f" ON {table}" if table else ""
                cursor.execute(f"DROP {kind.upper()} {name}{place}{' CASCADE' if kind == 'view' else ''}")
                yield f"{kind} {name}{place}"


def _remove_connections() -> Iterator[str]:
    """Remove every webhook, storage and backend; yield a line for each."""
    from django.apps import apps

    models = [model for app in REMOVED_APPS for model in apps.get_app_config(app).get_models()]
    for model in models:  # all before any is deleted, since deleting one deletes others
        if not _is_part(model):
            yield from [_describe(row) for row in model._default_manager.order_by("pk")]
    for model in models:
        model._default_manager.all().delete()
    yield from _empty_tables()
    projects = _model("projects.Project").objects
    for project in projects.order_by("pk"):
        if any(getattr(project, field) for field in _PROJECT_LOGIN):
            yield f"login for task data of project {project.pk}"
    projects.update(**dict.fromkeys(_PROJECT_LOGIN))


def _empty_tables() -> Iterator[str]:
    """Empty what is left of the tables of `REMOVED_APPS`, such as those of another version; yield a line for each."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith(_REMOVED_TABLES):
                name = connection.ops.quote_name(table)
                cursor.execute(f"SELECT COUNT(*) FROM {name}")  # noqa: S608 - quoted
                (count,) = cursor.fetchone()
                if count:
                    cursor.execute(f"DELETE FROM {name}")  # noqa: S608
                    yield f"{count} rows of {table}"


def _is_part(model: Any) -> bool:
    """Return whether the rows of a model are parts of others, such as the objects of a storage."""
    return str(model.__name__).endswith(("Link", "Mixin", "Action", "Job", "Run", "Version"))


def _describe(row: Any) -> str:
    """Return the kind, id and address of a row; of a URL only the host, since it may contain a password."""
    values = (str(getattr(row, field, "") or "") for field in _ADDRESS_FIELDS)
    address = next(filter(None, values), "")
    if "://" in address:
        try:
            address = urlsplit(address).hostname or ""
        except ValueError:
            address = ""
    kind = str(row._meta.verbose_name)
    return f"{kind} {row.pk}{f' ({address})' if address else ''}"


def _renew_accounts(request: AccountsRequest, removed: list[str]) -> AccountsAnswer:
    from django.contrib.sessions.models import Session

    users, disabled = _model("users.User").objects, list[int]()
    first = users.filter(email=request.username).first()
    if request.is_adopted:
        disabled = sorted(users.filter(is_active=True).values_list("pk", flat=True))
        for user in users.all():
            user.set_unusable_password()
            user.is_active = user.is_staff = user.is_superuser = False
            user.save(update_fields=["password", "is_active", "is_staff", "is_superuser"])
    if first is None:
        first = users.create_user(email=request.username, password=request.password)
    first.set_password(request.password)
    first.is_active = first.is_staff = first.is_superuser = True
    first.active_organization = _join_organization(first)
    first.save()
    emails = {}
    for user in users.filter(pk__in=list(request.passwords)).exclude(pk=first.pk):
        user.set_password(request.passwords[user.pk])
        user.is_active = True
        user.save(update_fields=["password", "is_active"])
        emails[user.pk] = user.email
    tokens = _delete_tokens()
    _model("authtoken.Token").objects.create(user=first, key=request.token)
    # A project calls its machine-learning backend with the token of whoever created it, and fails without one.
    for user in users.exclude(pk=first.pk):
        _model("authtoken.Token").objects.create(user=user)
    Session.objects.all().delete()
    return AccountsAnswer(first.pk, emails, disabled, tokens, removed)


def _join_organization(user: Any) -> Any:
    """Add a user to the first organization, which is created if there is none; renew all invitations."""
    from organizations.models import create_hash

    organizations = _model("organizations.Organization").objects
    organization = organizations.order_by("pk").first()
    if organization is None:
        return _model("organizations.Organization").create_organization(
            created_by=user, title="Label Studio", legacy_api_tokens_enabled=True
        )
    for entry in organizations.all():
        entry.token = create_hash()
        entry.save(update_fields=["token"])
    _model("organizations.OrganizationMember").objects.update_or_create(
        user=user, organization=organization, defaults={"deleted_at": None}
    )
    organization.jwt.legacy_api_tokens_enabled = True
    organization.jwt.save()
    return organization


def _delete_tokens() -> int:
    """Delete all tokens of both kinds; return how many there were."""
    count = 0
    for name in ("authtoken.Token", "token_blacklist.BlacklistedToken", "token_blacklist.OutstandingToken"):
        tokens = _model(name).objects.all()
        count += tokens.count() if not name.endswith("BlacklistedToken") else 0
        tokens.delete()
    return count


if __name__ == "__main__":
    main()
