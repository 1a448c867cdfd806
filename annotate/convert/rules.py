"""I: what can be wrong with an export as a file, before its tasks are looked at one by one."""

from collections.abc import Iterator

from annotate.checks.files import keys_twice
from annotate.findings import Problem, Rule, rule
from annotate.util.escape import quote


@rule("I101")
def no_tasks(what: str) -> Iterator[Problem]:
    """An export is a JSON array of tasks, or one task a line, in UTF-8.

    Why: from anything else no task can be read.
    Fails: an empty file; a file in UTF-16; a CSV.
    Passes: what a server gives as JSON, packed with gzip or zstd or not.
    See: docs/scale.md
    """
    yield Problem(f"{what}; export the project as JSON")


@rule("I102")
def broken_off(offset: int) -> Iterator[Problem]:
    """An export ends where its array does.

    Why: a download that broke off, or a full disk, leaves the last tasks out without a word.
    Fails: an array whose closing bracket is missing.
    Passes: the whole file.
    See: docs/scale.md
    """
    yield Problem(f"ends within a task, or before the array is closed (byte {offset:,}); export or download it again")


@rule("I103")
def too_large(offset: int, size: int, largest: int) -> Iterator[Problem]:
    """A task has no more bytes than the limit.

    Why: a task has to be held in memory whole, several times over.
    Fails: a task of 70 MB where 64 MB are the limit.
    Passes: the same task with a higher limit, `--largest-task`.
    See: docs/scale.md
    """
    yield Problem(f"a task at byte {offset:,} has {size:,} bytes, and {largest:,} are the limit; raise --largest-task")


@rule("I104")
def behind_the_end(offset: int) -> Iterator[Problem]:
    """Nothing stands behind the end of an array of tasks.

    Why: two exports run together, or half of another file, mean that something went wrong on the way here.
    Fails: `[…] and more`; `[…][…]`.
    Passes: one array; two files.
    See: docs/scale.md
    """
    yield Problem(f"has something else than tasks at byte {offset:,}; it was set aside, look at how the file was made")


@rule("I105", "warning")
def another_array(offset: int) -> Iterator[Problem]:
    """A file holds one array.

    Why: two arrays in one file are no JSON, and other readers stop at the first.
    Fails: `[…][…]`, as `cat a.json b.json` makes it.
    Passes: two files, both named on the command line.
    See: docs/scale.md
    """
    yield Problem(f"has another array at byte {offset:,}; its tasks were taken too")


@rule("I106", "warning")
def empty_array() -> Iterator[Problem]:
    """An export has a task.

    Why: an empty project is possible, and the wrong filter is likelier.
    Fails: `[]`.
    Passes: an array with a task.
    See: docs/scale.md
    """
    yield Problem("holds an array without a task")


@rule("I107")
def packing_broken(why: str) -> Iterator[Problem]:
    """A packed export can be unpacked to its end, and its checksum is right.

    Why: the last tasks may be missing, or others than were written.
    Fails: a `.gz` whose download broke off; one bit turned over.
    Passes: what `gzip -t` or `zstd -t` says nothing of.
    See: docs/scale.md
    """
    yield Problem(f"cannot be unpacked to its end ({_line(why)}); the rest was taken, download or pack it again")


@rule("I108", "warning")
def comma_astray(offset: int) -> Iterator[Problem]:
    """Between two tasks of an array stands one comma, and nowhere else.

    Why: other readers take it for no JSON, and where a comma is too many, a task may have stood.
    Fails: `[{…},,{…}]`; `[{…} {…}]`; `[{…},]`.
    Passes: `[{…},{…}]`.
    See: docs/scale.md
    """
    yield Problem(f"has a comma too many or too few at byte {offset:,}; the tasks were taken, look at how it was made")


@rule("I201")
def task_unreadable(where: str, why: object) -> Iterator[Problem]:
    """A task is a JSON object with `data`.

    Why: a value that no parser takes (a lone surrogate, NaN, a number too large, brackets a thousand deep) has no
    meaning that two programs agree on.
    Fails: `{"data": {"text": NaN}}`; a task cut short; `7`.
    Passes: what a server gives.
    See: docs/scale.md
    """
    yield Problem(f"{where} cannot be read: {why}; its bytes were set aside, export it again")


@rule("I202")
def id_missing(where: str, given: object) -> Iterator[Problem]:
    """A task has an id, its own or its article's, that is safe as the name of a file.

    Why: rows of the tables refer to their article by it.
    Fails: a task without `id` and without `data.article`; `"article": "../x"`.
    Passes: `"article": "raqqa-2017"`; without it, the task's number is taken, as `task-12`.
    See: docs/scale.md
    """
    yield Problem(f"{where} has no usable id ({quote(given)}); name the key that holds it with --id-field")


@rule("I203")
def text_missing(where: str, field: str, given: object) -> Iterator[Problem]:
    """A task holds its text.

    Why: offsets count the characters of a text; without it no label can be checked.
    Fails: no such key; an empty text; an address, as a project with `valueType="url"` exports it.
    Passes: the text itself.
    See: docs/scale.md
    """
    what = "an address in place of a text" if isinstance(given, str) and given.strip() else "no text"
    yield Problem(
        f"{where} has {what} in data.{field} ({quote(given)}); put the text there, or name its key with --text-field"
    )


@rule("I204")
def id_twice(where: str, name: str, first: str) -> Iterator[Problem]:
    """Each task of all exports has an id of its own.

    Why: two rows with one id cannot be told apart, and one of them may be older.
    Fails: one task in two exports of a project; two tasks of one article.
    Passes: each once. The first is taken, in the order of the exports on the command line.
    See: docs/scale.md
    """
    yield Problem(f"{where} is of {name}, as is {first}, which was taken; leave out the export that is older")


@rule("I205")
def key_twice(where: str, data: bytes) -> Iterator[Problem]:
    """No object of a task has one key twice.

    Why: every parser keeps the last value, silently, and so does this one where it does not look. It looks where labels
    hang on it (annotations, result, labels, choices, from_id, to_id), in a task in which anything else is out of the
    ordinary, and everywhere with --search-keys.
    Fails: `{"labels": ["A"], "labels": ["B"]}`.
    Passes: `{"labels": ["B"]}`.
    See: docs/scale.md
    """
    for key in keys_twice(data):
        yield Problem(f"{where} has the key {key!r} twice in one object; keep the one that is meant")


@rule("I206")
def annotator_twice(where: str, annotator: str) -> Iterator[Problem]:
    """One person has one annotation of a task.

    Why: nobody can know which of two is meant.
    Fails: two submitted annotations by one user.
    Passes: one; a second one is deleted in Label Studio.
    See: docs/scale.md
    """
    yield Problem(f"{where} has several annotations by {annotator}; delete all but one in Label Studio")


def _line(words: str) -> str:
    return " ".join(words.split())


RULES: tuple[Rule, ...] = (
    no_tasks,
    broken_off,
    too_large,
    behind_the_end,
    another_array,
    empty_array,
    packing_broken,
    comma_astray,
    task_unreadable,
    id_missing,
    text_missing,
    id_twice,
    key_twice,
    annotator_twice,
)
