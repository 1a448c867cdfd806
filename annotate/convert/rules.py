"""Rules on exports, with the letter I: I1xx the file, I2xx one of its tasks."""

from collections.abc import Iterator

from annotate.findings import Problem, Rule, rule
from annotate.schemas.lines import repeated_keys
from annotate.util.escape import quote


@rule("I101")
def no_tasks(what: str) -> Iterator[Problem]:
    """An export is a JSON array of tasks, or one task on each line, in UTF-8.

    Why: no task can be read from anything else.
    Fails: an empty file; a file in UTF-16; a CSV file.
    Passes: what a server exports as JSON, compressed with gzip or zstd or not.
    See: docs/how-to/scale.md
    """
    yield Problem(f"{what}; export the project as JSON")


@rule("I102")
def truncated(offset: int) -> Iterator[Problem]:
    """An export ends where its array ends.

    Why: an interrupted download or a full disk silently drops the last tasks.
    Fails: an array without its closing bracket.
    Passes: the whole file.
    See: docs/how-to/scale.md
    """
    yield Problem(f"ends within a task or before its array is closed (byte {offset:,}); export or download it again")


@rule("I103")
def task_too_large(offset: int, size: int, largest: int) -> Iterator[Problem]:
    """A task has no more bytes than the limit.

    Why: a task is held in memory as a whole, several times over.
    Fails: a task of 70 MB with a limit of 64 MB.
    Passes: the same task with a higher limit, set with `--largest-task`.
    See: docs/how-to/scale.md
    """
    yield Problem(f"the task at byte {offset:,} has {size:,} bytes, more than {largest:,}; raise --largest-task")


@rule("I104")
def trailing_data(offset: int) -> Iterator[Problem]:
    """Nothing but white space or another array follows an array of tasks.

    Why: other data means that the file was damaged on its way here, for example when two files were joined.
    Fails: `[…] and more`.
    Passes: one array; two files.
    See: docs/how-to/scale.md
    """
    yield Problem(f"the data from byte {offset:,} on are not tasks and were quarantined; check how the file was made")


@rule("I105", "warning")
def second_array(offset: int) -> Iterator[Problem]:
    """A file holds one array.

    Why: a file with two arrays is not valid JSON, and other readers stop after the first.
    Fails: `[…][…]`, as `cat a.json b.json` makes it.
    Passes: two files, both named on the command line.
    See: docs/how-to/scale.md
    """
    yield Problem(f"has another array at byte {offset:,}, whose tasks were converted too; check how the file was made")


@rule("I106", "warning")
def empty_array() -> Iterator[Problem]:
    """An export has at least one task.

    Why: a project may be empty, but a wrong filter in the export is more likely.
    Fails: `[]`.
    Passes: an array with a task.
    See: docs/how-to/scale.md
    """
    yield Problem("holds an array without a task; check the filter of the export")


@rule("I107")
def broken_compression(why: str) -> Iterator[Problem]:
    """A compressed export can be decompressed to its end, and its checksum is right.

    Why: the last tasks may be missing or damaged.
    Fails: a `.gz` file whose download was interrupted; a flipped bit.
    Passes: a file that `gzip -t` or `zstd -t` accepts.
    See: docs/how-to/scale.md
    """
    reason = " ".join(why.split())
    yield Problem(f"cannot be decompressed to its end ({reason}); the rest was converted, download or pack it again")


@rule("I108", "warning")
def misplaced_comma(offset: int) -> Iterator[Problem]:
    """One comma separates two tasks of an array, and there is no other comma between tasks.

    Why: other readers reject the file, and a task may be missing at a superfluous comma.
    Fails: `[{…},,{…}]`; `[{…} {…}]`; `[{…},]`.
    Passes: `[{…},{…}]`.
    See: docs/how-to/scale.md
    """
    yield Problem(
        f"has a comma too many or too few at byte {offset:,}; the tasks were converted, check how the file was made"
    )


@rule("I201")
def task_unreadable(where: str, why: object) -> Iterator[Problem]:
    """A task is a JSON object with `data`.

    Why: programs disagree about values that are not valid JSON: a lone surrogate, NaN, a number that is too large,
    brackets nested too deep.
    Fails: `{"data": {"text": NaN}}`; a task that is cut off; `7`.
    Passes: what a server exports.
    See: docs/how-to/scale.md
    """
    yield Problem(f"{where} cannot be read: {why}; export it again")


@rule("I202")
def id_missing(where: str, value: object) -> Iterator[Problem]:
    """A task has an id, its own or its article's, that can be a file name.

    Why: rows of the tables refer to their article by it.
    Fails: a task without `id` and without `data.article`; `"article": "../x"`.
    Passes: `"article": "raqqa-2017"`; without it, the id is made from the task's number, as `task-12`.
    See: docs/how-to/scale.md
    """
    yield Problem(f"{where} has no usable id ({quote(value)}); name the key that holds it with --id-field")


@rule("I203")
def text_missing(where: str, field: str, value: object, keys: str) -> Iterator[Problem]:
    """A task holds its text.

    Why: offsets count the characters of a text; without it, no label can be checked.
    Fails: a missing key; an empty text; an address, as a project with `valueType="url"` exports it.
    Passes: the text itself.
    See: docs/how-to/scale.md
    """
    what = "an address instead of a text" if isinstance(value, str) and value.strip() else "no text"
    hint = "put the text there, or name its key with --text-field or `fields` in the map"
    yield Problem(f"{where} has {what} in data.{field} ({quote(value)}; keys: {keys}); {hint}")


@rule("I204")
def duplicate_id(where: str, name: str, first: str) -> Iterator[Problem]:
    """No two tasks have the same id, in all exports together.

    Why: two rows with one id cannot be told apart, and one of them may be outdated.
    Fails: one task in two exports of a project; two tasks for one article.
    Passes: each task once. Of several, the first is accepted, in the order of the exports on the command line.
    See: docs/how-to/scale.md
    """
    yield Problem(f"{where} has the id {name}, as does {first}, which was accepted; leave out the older export")


@rule("I205")
def duplicate_key(where: str, data: bytes) -> Iterator[Problem]:
    """No object of a task has the same key twice.

    Why: every parser silently keeps the last value. `annotate convert` looks for duplicates of the keys that labels
    depend on (annotations, result, labels, choices, from_id, to_id), of all keys in a task with anything else out of
    the ordinary, and of all keys in all tasks with --search-keys.
    Fails: `{"labels": ["A"], "labels": ["B"]}`.
    Passes: `{"labels": ["B"]}`.
    See: docs/how-to/scale.md
    """
    for key in dict(repeated_keys(data)):
        yield Problem(f"{where} has the key {quote(key)} twice in one object; keep the one that is meant")


@rule("I206")
def duplicate_annotator(where: str, annotator: str) -> Iterator[Problem]:
    """A person has one annotation of a task.

    Why: it is unknown which of two is meant.
    Fails: two submitted annotations by one user.
    Passes: one annotation; delete the other in Label Studio.
    See: docs/how-to/scale.md
    """
    yield Problem(f"{where} has several annotations by {annotator}; delete all but one in Label Studio")


@rule("I207")
def annotators_unknown(where: str, count: int, are_named: bool) -> Iterator[Problem]:
    """The people who made the annotations of a task can be told apart.

    Why: each annotator has one annotation of a task, under a pseudonym. No table has addresses or names.
    Fails: two annotations whose `completed_by` is an e-mail address without an id; two that name no one.
    Passes: `"completed_by": 7`; an address or name that `--people` maps to a pseudonym.
    See: docs/how-to/scale.md
    """
    if are_named:
        problem = "by people who have no user id, but an e-mail address or name"
        hint = "give each a pseudonym with --people (`name@example.org: anna`)"
    else:
        problem, hint = "that do not say who made them", "write a number for each person into completed_by"
    yield Problem(f"{where} has {count} annotations {problem}; {hint}")


@rule("I208", "warning")
def annotator_unnumbered(where: str) -> Iterator[Problem]:
    """A person has an id on the server or, in `--people`, a pseudonym.

    Why: no table has addresses or names, so that the annotations of all such people have the annotator
    `user-unknown`.
    Fails: `"completed_by": {"email": "name@example.org"}`; `"created_username": "name"`.
    Passes: the same, with the line `name@example.org: anna` in the file of `--people`.
    See: docs/how-to/scale.md
    """
    yield Problem(
        f"{where} has an annotation by someone who has no user id, but an e-mail address or name; "
        "give a pseudonym with --people (`name@example.org: anna`)"
    )


@rule("I209")
def other_shape(where: str, what: str, hint: str) -> Iterator[Problem]:
    """A task has the form of a raw export: `data`, and its labels in `annotations`.

    Why: other files of Label Studio lack the text, the relations or the people. Labels under another key would be lost.
    Fails: a file of a target storage, which is an annotation with its task inside; `{"tasks": […]}`; JSON_MIN; a task
    with `result`, but without annotations.
    Passes: what a server exports as JSON.
    See: docs/how-to/scale.md
    """
    yield Problem(f"{where} is {what}; {hint}")


@rule("I210", "warning")
def unlabelled(where: str) -> Iterator[Problem]:
    """A task has an annotation.

    Why: an import takes labels with their texts; a text that no one has labelled is for `annotate add`.
    Fails: a task with predictions alone.
    Passes: a task with an annotation, even an empty one.
    See: docs/reference/interchange.md
    """
    yield Problem(f"{where} has no annotation; its text was left out")


@rule("I211", "warning")
def prediction(where: str, version: object) -> Iterator[Problem]:
    """A corpus has the labels that its annotators submitted.

    Why: a prediction is where an annotator starts from, and no one has looked at it.
    Fails: a task with `predictions`, as a project that was pushed with labels exports it.
    Passes: a task with annotations alone.
    See: docs/reference/interchange.md
    """
    yield Problem(f"{where} has a prediction ({quote(version)}), which was left out")


RULES: tuple[Rule, ...] = (
    no_tasks,
    truncated,
    task_too_large,
    trailing_data,
    second_array,
    empty_array,
    broken_compression,
    misplaced_comma,
    task_unreadable,
    id_missing,
    text_missing,
    duplicate_id,
    duplicate_key,
    duplicate_annotator,
    annotators_unknown,
    annotator_unnumbered,
    other_shape,
    unlabelled,
    prediction,
)
