"""`annotate studio config`: the labelling config."""

import click

from annotate.cli.output import schema_option


@click.command("config")
@schema_option
def config(schema: str) -> None:
    """Print the labelling config that the inventory makes.

    \b
    annotate studio config > config.xml
    """
    from annotate import inventory
    from annotate.labelstudio.config import labeling_config

    click.echo(labeling_config(inventory.load(schema)), nl=False)
