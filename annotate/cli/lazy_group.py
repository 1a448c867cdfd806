"""A click group that imports a command's module only when the command is used."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Entry(NamedTuple):
    """A command in the table of a group.

    Attributes:
        target: The module and the name of its command, `package.module:name`.
        help: One line for the list of commands: the first sentence of the command's help.
    """

    target: str
    help: str


class LazyGroup(click.Group):
    """A group whose commands are in a table, by section. Its help imports none of them."""

    def __init__(
        self,
        *args: Any,
        sections: Mapping[str, Mapping[str, Entry]],
        former: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make the group.

        Args:
            *args: Arguments of `click.Group`.
            sections: The title of each section, with its commands by name.
            former: Targets of commands by a name that they had here before. It works and is not listed.
            **kwargs: Keyword arguments of `click.Group`.
        """
        super().__init__(*args, **kwargs)
        self.sections, self.former = sections, former or {}
        self.entries = {name: entry for section in sections.values() for name, entry in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for an unknown name."""
        entry = self.entries.get(cmd_name)
        target = entry.target if entry else self.former.get(cmd_name)
        if target is None:
            return None
        module, _, name = target.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table names commands
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, each with its line of help."""
        for title, entries in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in entries.items()])
