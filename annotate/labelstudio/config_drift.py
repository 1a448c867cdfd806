"""Drift of the labelling config: a config that someone changed on the server is noticed, and not overwritten.

`configs.json` has the hash of the config that each project was last given from here. A config that is neither
that one nor the inventory's was changed by hand. If a project was last pushed from another folder, the hash is missing,
and a config that is not the inventory's may also be that of an earlier inventory.
"""

from annotate.errors import Refused
from annotate.inventory import Inventory
from annotate.label_map import MAPS_FOLDER, LabelMap
from annotate.labelstudio.client import Project
from annotate.labelstudio.config import (
    is_adjudication_config,
    labelling_config,
    read_vocabulary,
    without_config_version,
)
from annotate.labelstudio.controls import Controls, list_unmapped
from annotate.labelstudio.state import State
from annotate.offsets import sha256

CONFIGS_FILE = "configs.json"


def save_config(state: State, server: str, project_id: int, config: str) -> None:
    """Remember the config that a project has from here."""
    digests = _digests(state, server)
    if digests.get(project_id) != _digest(config):
        state.write_for(server, CONFIGS_FILE, digests | {project_id: _digest(config)})


def has_own_config(state: State, server: str, project_id: int) -> bool:
    """Return whether a project was ever given a config from here."""
    return project_id in _digests(state, server)


def find_drift(
    state: State, server: str, project: Project, inventory: Inventory, label_map: LabelMap | None = None
) -> Refused | None:
    """Return what is wrong with the config of a project on the server; None if no one changed it there.

    Of a config made elsewhere, that is a name that the map does not have.

    Args:
        state: The state folder.
        server: The name of the server.
        project: The project.
        inventory: The inventory.
        label_map: What the names of a project made elsewhere mean; None for a project of this toolkit.
    """
    if label_map is not None:
        return _find_unmapped(project, Controls(inventory, label_map))
    wanted = labelling_config(inventory, adjudication=is_adjudication_config(project.config))
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


def _find_unmapped(project: Project, controls: Controls) -> Refused | None:
    where = f"project {project.id}"
    try:
        unmapped = list_unmapped(read_vocabulary(project.config), controls)
    except ValueError as error:
        return Refused(where, str(error), "fix it in Label Studio")
    if not unmapped:
        return None
    hint = f"add them to the map, {MAPS_FOLDER}/labelstudio.yaml in the schema folder, with null to leave one out"
    return Refused(where, f"the labelling config has names that the map lacks: {', '.join(unmapped)}", hint)


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
    """Return the hash of what a config shows; the server strips white space from it."""
    return sha256(without_config_version(config).strip())
