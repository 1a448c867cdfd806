"""`annotate studio config`: the labelling config."""

import click

from annotate import inventory
from annotate.cli.options import schema_option
from annotate.labelstudio.config import labelling_config


@click.command("config")
@schema_option
def config(schema: str) -> None:
    """Print the labelling config of the inventory.

    \b
    annotate studio config > config.xml
    """
    click.echo(labelling_config(inventory.load_inventory(schema)), nl=False)
