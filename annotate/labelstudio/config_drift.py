"""A labelling config that somebody changed on the server itself: noticed, said in one line, and never overwritten.

`.studio/configs.json` has the hash of the config that a project was last given from here. A config that is neither that
one nor the inventory's was changed by hand. Of a project that was last pushed from another folder nothing is noted: a
config that is not the inventory's may then be an earlier inventory's as well.

What of a labelling config is in use on a server, counted, before a change of the config takes it away.

Submitted and skipped annotations, drafts of everybody, and predictions are looked at: the server orphans any of them
without a word.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from annotate.inventory import Inventory
from annotate.labelstudio.client import PAGE, Project, Raw, Studio, speaking
from annotate.labelstudio.config import Vocabulary, labeling_config, vocabulary
from annotate.labelstudio.results import user_id_of
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
    """What is wrong with the config on the server, with the hint, in one line; None if nobody changed it there."""
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


KINDS = {"annotations": "annotation", "drafts": "draft", "predictions": "prediction"}
"""Key of a task → what one of its entries is called."""

_NUMBER = re.compile(r", (\d+)$")

Used = dict[str, Counter[str]]
"""What is used, in words → how often by kind of entry."""


def ask(studio: Studio, subject: str, method: str, path: str, body: Raw | None = None) -> bytes:
    """The body of an answer to one request, not looked into; raises CannotRun, naming the subject that is not there."""
    from label_studio_sdk.core.api_error import ApiError

    with speaking(studio.url, subject):
        client = studio._sdk._client_wrapper.httpx_client  # it knows how to renew a personal token
        answer = client.request(path, method=method, **({} if body is None else {"json": body}))
        if not answer.is_success:
            raise ApiError(status_code=answer.status_code, body=None)
        content: bytes = answer.content
        return content


def listed(studio: Studio, path: str, include: str) -> Iterator[Raw]:
    """The entries of a list that the server gives a page at a time."""
    page, last = 1, False
    while not last:
        query = f"{path}?page={page}&page_size={PAGE}&include={include}"
        answer = msgspec.json.decode(ask(studio, "the list", "GET", query), type=Raw)
        yield from answer["results"]
        page, last = page + 1, not answer.get("next")


def user(kind: str, entry: Raw) -> int | None:
    """The number of the user who made an entry. A draft names its maker in words alone, with the number last."""
    number = _NUMBER.search(str(entry.get("created_username"))) if kind == "draft" else None
    return int(number[1]) if number else user_id_of(entry)


def tasks(studio: Studio, project: Project) -> Iterator[Raw]:
    """The tasks of a project with annotations, predictions, and the drafts of everybody.

    The server lists drafts with a task to their owner alone, so each task is asked for its own.
    """
    for task in (task for page in studio.pages(project) for task in page):
        drafts = ask(studio, "the task", "GET", f"api/tasks/{task['id']}/drafts")
        yield task | {"drafts": msgspec.json.decode(drafts)}


def entries(task: Raw) -> Iterator[tuple[str, Raw]]:
    """Each annotation, draft and prediction of a task, with its kind."""
    for key, kind in KINDS.items():
        listed = task.get(key)
        yield from ((kind, entry) for entry in (listed if isinstance(listed, list) else []) if isinstance(entry, dict))


def names(items: object) -> Iterator[tuple[str, str | None]]:
    """What each result item needs of a config: a control (None) and its values; a relation has no control ("")."""
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        if item.get("type") == "relation":
            labels = item.get("labels")
            yield from (("", label) for label in (labels if isinstance(labels, list) else []) if isinstance(label, str))
            continue
        control, value = item.get("from_name"), item.get("value")
        if not isinstance(control, str):
            continue
        yield control, None
        values = value.get(str(item.get("type"))) if isinstance(value, dict) else None
        if item.get("type") in ("labels", "choices") and isinstance(values, list):
            yield from ((control, one) for one in values if isinstance(one, str))


def lost_in_use(old: Vocabulary, new: Vocabulary, tasks: Iterable[Raw]) -> Used:
    """What the new config lacks of the old one and is used, in the words of `Vocabulary.lost`, with counts."""
    gone = {name for name, tag in old.controls.items() if new.controls.get(name) != tag}
    used: Used = {}
    for task in tasks:
        for kind, entry in entries(task):
            for control, value in names(entry.get("result")):
                words = _lost(control, value, old, new, gone)
                if words:
                    used.setdefault(words, Counter())[kind] += 1
    return dict(sorted(used.items()))


def _lost(control: str, value: str | None, old: Vocabulary, new: Vocabulary, gone: set[str]) -> str | None:
    if not control:
        return f"relation {value}" if value in old.relations - new.relations else None
    if value is None:
        return control if control in gone else None
    lost = (control, value) in old.values and (control, value) not in new.values and control not in gone
    return f"{control}: {value}" if lost else None


def in_words(used: Used) -> str:
    """The counts in one line: `Speaker.rank: hand (2 in annotations, 1 in drafts)`."""
    return "; ".join(
        f"{name} ({', '.join(f'{count[kind]} in {kind}s' for kind in KINDS.values() if count[kind])})"
        for name, count in used.items()
    )
