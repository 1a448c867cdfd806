"""`annotate rules`: the catalogue of rules, and what each one means."""

from typing import TYPE_CHECKING

import click

from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.comparison.semver import VersionRule
    from annotate.findings import Rule


@click.command("rules")
@click.argument("code", required=False)
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)
def command(code: str | None, format_: str) -> None:
    """List the rules, or explain the rule CODE.

    S: shape of a file. T: text. P: spans. R: relations. C: corpus. L: what Label Studio sends back.
    F: files of other formats. I: exports to convert. V: releases. D, explained when asked for: why a difference
    needs a version.

    \b
    annotate rules
    annotate rules P303
    """
    import json

    from annotate.cli.catalogue import every_rule
    from annotate.comparison.semver import RULES as OF_VERSIONS

    known: list[Rule | VersionRule] = [*every_rule(), *(OF_VERSIONS if code else ())]
    rules = [rule for rule in known if code is None or rule.code == code.upper()]
    if not rules:
        raise CannotRun(code or "", "is the code of no rule", "`annotate rules` lists them")
    if format_ == "json":
        fields = ("code", "severity", "name", "summary", "documentation")
        click.echo(json.dumps([{name: getattr(rule, name) for name in fields} for rule in rules], indent=2))
    elif code:
        rule = rules[0]
        click.echo(f"{click.style(rule.code, bold=True)} {rule.name} ({rule.severity})\n\n{rule.documentation}")
    else:
        for rule in rules:
            click.echo(f"{click.style(rule.code, bold=True)}  {rule.severity:<7}  {rule.summary}")
