"""`annotate studio config`: the labelling config."""

import click

import annotate
from annotate.cli.options import schema_option


@click.command("config")
@schema_option
def config(schema: str) -> None:
    """Print the labelling config of the inventory.

    \b
    annotate studio config > config.xml
    """
    from annotate.labelstudio.config import labelling_config

    click.echo(labelling_config(annotate.load_inventory(schema)), nl=False)
