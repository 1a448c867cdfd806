"""Folders in the user's data directory for what models were asked and answered: they hold texts of articles.

DATA/models/answers/HASH/          the answers of a model at an endpoint; see `ledger`
DATA/models/runs/TIME-RANDOM.json  what a run sent, and where to
DATA/models/hosts.json             the hosts that the user lets texts be sent to
"""

from pathlib import Path
from stat import S_IMODE

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.location import data_root, require_own_folder
from annotate.labelstudio.state import PRIVATE_FOLDER

ANSWERS, RUNS, HOSTS_FILE = "answers", "runs", "hosts.json"
_HINT = "move it away, or set XDG_DATA_HOME to a folder of your own"


def models_root() -> Path:
    """Return the folder of all that is kept of models; it need not exist."""
    return data_root().with_name("models")


def create_private_folder(*parts: str) -> Path:
    """Create a folder below `models_root`, with access for its owner only, unless it exists.

    Args:
        *parts: The names of the folders on the way to it; none of them comes from outside.

    Raises:
        CannotRun: It cannot be created.
        Refused: It or a folder on the way to it is a link or belongs to another user.
    """
    folder = models_root()
    for index, part in enumerate(("", *parts)):
        folder = folder / part
        try:
            folder.mkdir(mode=PRIVATE_FOLDER, parents=not index, exist_ok=True)
        except FileExistsError:
            pass  # it is no folder, which is reported below
        except OSError as error:
            raise CannotRun(folder, describe_os_error(error), _HINT) from error
        require_own_folder(folder, _HINT)
        if S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(PRIVATE_FOLDER)
    return folder
