"""`annotate studio config`: the labelling config."""

import click

import annotate
from annotate.cli.options import schema_option
from annotate.cli.terminal import echo
from annotate.util.escape import TerminalText


@click.command("config")
@schema_option
def config(schema: str) -> None:
    """Print the labelling config of the inventory.

    \b
    annotate studio config > config.xml
    """
    from annotate.labelstudio.config import labelling_config

    echo(TerminalText(labelling_config(annotate.load_inventory(schema)).removesuffix("\n")))
