"""The inventory version of the config that an annotation was made with.

The config on the server names its version. A push of another version may come after an annotation was submitted and
before it is pulled. So `config-versions.json` has, for each project, until when it had each earlier version, by the
server's clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.config import read_config_version
from annotate.labelstudio.rank import parse_time
from annotate.labelstudio.state import State

CONFIG_VERSIONS_FILE = "config-versions.json"
MARGIN = timedelta(seconds=2)
"""How long after a push an annotation still counts as made with the earlier version.

The server tells its clock in whole seconds, and an open page shows the earlier config until it is loaded again.
"""


class EarlierVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the inventory, and until when a project had it."""

    version: str
    until: Annotated[datetime, msgspec.Meta(tz=True)]


def save_version_change(studio: Studio, state: State, project: Project, config: str) -> None:
    """Remember which version a project had until now, if its new config has another one.

    Args:
        studio: The server.
        state: The state folder.
        project: The project with its old config.
        config: The new config, which the server has already.
    """
    old, until = read_config_version(project.config), parse_time(studio.server_time())
    if old is None or until is None or old == read_config_version(config):
        return
    server = studio.address.name
    versions = read_earlier_versions(state, server)
    own = [*versions.get(project.id, ()), EarlierVersion(old, until + MARGIN)]
    state.write_for(server, CONFIG_VERSIONS_FILE, {**versions, project.id: own})


def read_earlier_versions(state: State, server: str) -> dict[int, list[EarlierVersion]]:
    """Return the earlier versions of each project of a server, the earliest first."""
    return state.read_for(server, CONFIG_VERSIONS_FILE, dict[int, list[EarlierVersion]]) or {}


def merge_earlier_versions(own: Sequence[EarlierVersion], other: Sequence[EarlierVersion]) -> list[EarlierVersion]:
    """Return the earlier versions of a project that two folders know, the earliest first.

    Raises:
        ValueError: They contradict each other: until one time the project had two versions.
    """
    by_time = {entry.until: entry for entry in own}
    for entry in other:
        if by_time.setdefault(entry.until, entry) != entry:
            versions = f"{by_time[entry.until].version} by one and {entry.version} by the other"
            raise ValueError(f"until {entry.until.isoformat()} it was {versions}")
    return [by_time[until] for until in sorted(by_time)]


def find_version(earlier: Sequence[EarlierVersion], current: str, made: datetime) -> str:
    """Return the version of the config that an annotation was made with.

    Args:
        earlier: The earlier versions of its project, the earliest first.
        current: The version that the config of the project has now.
        made: When the annotation was made or last changed.
    """
    return next((entry.version for entry in earlier if made < entry.until), current)
