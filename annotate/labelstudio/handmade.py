"""A labelling config that somebody changed on the server itself: noticed, said in one line, and never overwritten.

`.studio/configs.json` has the hash of the config that a project was last given from here. A config that is neither that
one nor the inventory's was changed by hand. Of a project that was last pushed from another folder nothing is noted: a
config that is not the inventory's may then be an earlier inventory's as well.
"""

from annotate.inventory import Inventory
from annotate.labelstudio.client import Project
from annotate.labelstudio.config import labeling_config, vocabulary
from annotate.labelstudio.state import State
from annotate.offsets import sha256

FILE = "configs.json"


def remember(state: State, server: str, project: int, config: str) -> None:
    """Note the config that a project has from here."""
    known = _known(state)
    mine = known.get(server, {})
    if mine.get(project) != _digest(config):
        state.write(FILE, known | {server: mine | {project: _digest(config)}})


def changed(state: State, server: str, project: Project, inventory: Inventory) -> str | None:
    """What is wrong with the config on the server, with the mend, in one line; None if nobody changed it there."""
    wanted = labeling_config(inventory)
    noted, there_is = _known(state).get(server, {}).get(project.number), _digest(project.config)
    if there_is == _digest(wanted):  # whoever put it there: from now on it is ours
        remember(state, server, project.number, project.config)
    if there_is in (noted, _digest(wanted)) or (noted is None and not project.tasks):
        return None
    try:
        there, here = vocabulary(project.config), vocabulary(wanted)
        more, less = there.lost(here), here.lost(there)
    except ValueError as error:
        more, less = [], [str(error)]
    words = [f"it has {', '.join(more)}"] if more else []
    words += [f"it lacks {', '.join(less)}"] if less else []
    what = "was changed on the server" if noted else "is not this inventory's, and was not pushed from this folder"
    return (
        f"project {project.number}: the labelling config {what} "
        f"({'; '.join(words) or 'the same labels, shown otherwise'}); write the change into the inventory, "
        "or take it back with --restore-config (of `annotate studio push`, `assign` or `adjudicate`)"
    )


def _known(state: State) -> dict[str, dict[int, str]]:
    return state.read(FILE, dict[str, dict[int, str]]) or {}


def _digest(config: str) -> str:
    """The server cuts white space off the ends."""
    return sha256(config.strip())
