"""I: what can be wrong with an export as a file, before its tasks are looked at one by one."""

from collections.abc import Iterator

from annotate.findings import Problem, Rule, rule


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
    """Nothing stands behind the end of an array of tasks, and between two tasks stands one comma.

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


RULES: tuple[Rule, ...] = (no_tasks, broken_off, too_large, behind_the_end, another_array, empty_array)
