"""Drift of the labelling config: a config that someone changed on the server is noticed, and not overwritten.

`configs.json` has the hash of the config that each project was last given from here. A config that is neither
that one nor the inventory's was changed by hand. If a project was last pushed from another folder, the hash is missing,
and a config that is not the inventory's may also be that of an earlier inventory.
"""

from annotate.errors import Refused
from annotate.inventory import Inventory
from annotate.labelstudio.client import Project
from annotate.labelstudio.config import labelling_config, read_vocabulary
from annotate.labelstudio.state import State
from annotate.offsets import sha256

CONFIGS_FILE = "configs.json"


def save_config(state: State, server: str, project_id: int, config: str) -> None:
    """Remember the config that a project has from here."""
    digests = _digests(state, server)
    if digests.get(project_id) != _digest(config):
        state.write_for(server, CONFIGS_FILE, digests | {project_id: _digest(config)})


def find_drift(state: State, server: str, project: Project, inventory: Inventory) -> Refused | None:
    """Return what is wrong with the config of a project on the server; None if no one changed it there."""
    wanted = labelling_config(inventory)
    saved, current = _digests(state, server).get(project.id), _digest(project.config)
    if current == _digest(wanted):  # whoever put it there, from now on it is ours
        save_config(state, server, project.id, project.config)
    if current in (saved, _digest(wanted)) or (saved is None and not project.tasks):
        return None
    try:
        there, here = read_vocabulary(project.config), read_vocabulary(wanted)
        extra, missing = there.list_losses(here), here.list_losses(there)
    except ValueError as error:
        extra, missing = [], [str(error)]
    differences = [f"it has {', '.join(extra)}"] if extra else []
    differences += [f"it lacks {', '.join(missing)}"] if missing else []
    what = "was changed on the server" if saved else "is not this inventory's, and was not pushed from this folder"
    return Refused(
        f"project {project.id}",
        f"the labelling config {what} ({'; '.join(differences) or 'the same labels, displayed differently'})",
        "put the change into the inventory, or revert it with --restore-config "
        "(of `annotate studio push`, `assign` or `adjudicate`)",
    )


def refuse_drift(state: State, server: str, project: Project, inventory: Inventory) -> None:
    """Check that the config of a project on the server is the one that was saved.

    Raises:
        Refused: Someone changed it there.
    """
    drift = find_drift(state, server, project, inventory)
    if drift:
        raise drift


def _digests(state: State, server: str) -> dict[int, str]:
    return state.read_for(server, CONFIGS_FILE, dict[int, str]) or {}


def _digest(config: str) -> str:
    """Return the hash of a config; the server strips white space from it."""
    return sha256(config.strip())
