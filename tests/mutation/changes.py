"""What a mistake is: a name, a change of a project, and the codes of the findings; and what makes such changes."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.mutation.project import MutableProject

Change = Callable[[MutableProject], object]


class Mutation(NamedTuple):
    """A mistake.

    Attributes:
        name: What it is.
        change: Makes it in a project.
        codes: The codes of all findings, sorted.
        why: Why it gives more than one finding, or none.
    """

    name: str
    change: Change
    codes: tuple[str, ...]
    why: str = ""


def edit(file: str, change: Callable[[Any], object]) -> Change:
    return lambda project: project.edit(file, change)


def replace(file: str, old: str, new: str) -> Change:
    return lambda project: project.replace(file, old, new)


def delete(file: str) -> Change:
    return lambda project: project.delete(file)


def write(file: str, data: str | bytes) -> Change:
    return lambda project: project.write(file, data)


def append(file: str, text: str) -> Change:
    return lambda project: project.write(file, project.read(file) + text)


def rewrite(file: str, change: Callable[[str], str | bytes]) -> Change:
    return lambda project: project.write(file, change(project.read(file)))


def add(file: str, items: str, item: object) -> Change:
    """Append an item to a list."""
    return edit(file, lambda content: content[items].append(item))


def delete_table(page: str, table: str) -> Change:
    """Delete a generated table with its marks."""

    def without(text: str) -> str:
        start = text.index(f"<!-- generated: {table} -->")
        return text[:start] + text[text.index("<!-- /generated -->\n", start) + len("<!-- /generated -->\n") :]

    return rewrite(page, without)


def put(file: str, key: str, value: object) -> Change:
    return edit(file, lambda content: content.update({key: value}))


def drop(file: str, key: str) -> Change:
    return edit(file, lambda content: content.pop(key))


def put_in(file: str, items: str, index: int, **values: object) -> Change:
    """Change fields of an item of a list."""
    return edit(file, lambda content: content[items][index].update(values))


def remove_item(file: str, items: str, index: int) -> Change:
    return edit(file, lambda content: content[items].pop(index))
