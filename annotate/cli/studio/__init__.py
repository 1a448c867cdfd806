"""`annotate studio`: Label Studio, from starting a server to having its labels in the corpus. A file a command."""

import click

from annotate.cli.studio import adjudicate, compare, config, migrate, people, pull, push, server, status


@click.group("studio")
def command() -> None:
    """Label in Label Studio: start a server, push the corpus, pull the labels.

    A server of your own is used where LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY are set; otherwise the one that
    `annotate studio up` starts on this machine.

    \b
    annotate studio up && annotate studio push
    annotate studio pull --annotator ID
    annotate studio down
    """


_COMMANDS = (
    *(server.up, server.down, config.config, push.push, pull.pull, compare.compare, status.status),
    *(people.people, people.assign, adjudicate.adjudicate, migrate.migrate),
)
for _command in _COMMANDS:
    command.add_command(_command)
