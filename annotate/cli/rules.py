"""`annotate rules`: the catalogue of rules, and what each one means."""

import json
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import format_option
from annotate.cli.terminal import echo, echo_json, echo_lines, style
from annotate.errors import CannotRun
from annotate.util.escape import TerminalText, quote

if TYPE_CHECKING:
    from annotate.comparison.semver import VersionRule
    from annotate.findings import Rule

_JSON_FIELDS = ("code", "severity", "name", "summary", "documentation")
_WAIVABLE = ", may be waived"


@click.command("rules")
@click.argument("code", required=False)
@format_option
def command(code: str | None, format_: str) -> None:
    """List the rules, or explain the rule CODE.

    The first letter of a code names what the rule is about. S: the shape of a file. T: text. P: spans. R: relations.
    C: the corpus. B: patterns of the baseline. L: results of Label Studio. F: files of other formats. I: exports to
    convert. A: answers of models. V: releases. D: the version that a difference needs; these are only shown by
    their code.

    \b
    annotate rules
    annotate rules P303
    """
    rules: list[Rule | VersionRule] = [*annotate.list_rules()]
    if code:
        from annotate.comparison.semver import RULES as VERSION_RULES

        rules = [rule for rule in (*rules, *VERSION_RULES) if rule.code == code.upper()]
    if not rules:
        raise CannotRun("annotate rules", f"unknown rule {quote(code)}", "`annotate rules` lists all")
    if format_ == "json":
        fields = [{name: getattr(rule, name) for name in _JSON_FIELDS} for rule in rules]
        waivable = [{"waivable": getattr(rule, "waivable", False)} for rule in rules]
        echo_json(json.dumps([{**left, **right} for left, right in zip(fields, waivable, strict=True)], indent=2))
    elif code:
        rule = rules[0]
        note = _WAIVABLE if getattr(rule, "waivable", False) else ""
        echo(TerminalText("{} {} ({}{})").format(style(rule.code, bold=True), rule.name, rule.severity, note))
        echo_lines(["", *rule.documentation.split("\n")])
    else:
        for rule in rules:
            echo(TerminalText("{}  {:<7}  {}").format(style(rule.code, bold=True), rule.severity, rule.summary))
