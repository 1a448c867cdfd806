"""The hosts that the user lets texts be sent to, remembered in the user's data directory."""

from datetime import UTC, datetime

from annotate.labelstudio.state import State
from annotate.models.endpoint import Endpoint
from annotate.models.private_folders import HOSTS_FILE, create_private_folder, models_root
from annotate.util.lock import holding_lock


def needs_consent(endpoint: Endpoint) -> bool:
    """Tell whether the user has not yet let texts be sent to a host. The loopback interface needs no consent.

    Raises:
        CannotRun: The remembered hosts cannot be read.
    """
    if endpoint.is_local:
        return False
    return endpoint.authority not in (State(models_root()).read(HOSTS_FILE, dict[str, str]) or {})


def record_consent(endpoint: Endpoint) -> None:
    """Remember that texts may be sent to a host, and since when.

    Raises:
        CannotRun: It cannot be written.
    """
    folder = create_private_folder()
    state = State(folder)
    with holding_lock(folder):
        hosts = state.read(HOSTS_FILE, dict[str, str]) or {}
        hosts.setdefault(endpoint.authority, datetime.now(UTC).date().isoformat())
        state.write(HOSTS_FILE, hosts)
