"""Findings as text for a terminal, as JSON, as GitHub workflow commands, and as SARIF."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from annotate.cli.terminal import count_noun
from annotate.findings import Finding, Rule
from annotate.util.escape import escape_terminal, escape_workflow

FORMATS = ("text", "json", "github", "sarif")


def render_findings(
    findings: Sequence[Finding],
    format_: str,
    root: Path,
    catalogue: Iterable[Rule],
    checked: str = "",
    fixable: bool = True,
) -> str:
    """Return findings as one text, without a line end.

    Args:
        findings: The findings.
        format_: One of `FORMATS`.
        root: The folder that the files of the findings are in.
        catalogue: The rules, for SARIF.
        checked: What was checked, for the text format.
        fixable: Whether `annotate check --fix` can be recommended.
    """
    findings = [_make_visible(finding) for finding in findings]
    if format_ == "text":
        return _text(findings, root, escape_terminal(checked), fixable)
    return {"json": _json, "github": _github, "sarif": _sarif}[format_](findings, root, catalogue)


def _make_visible(finding: Finding) -> Finding:
    """Return a finding without control characters. The file stays as it is: a URI needs its bytes."""
    article, span = (text and escape_terminal(text) for text in (finding.article, finding.span))
    return replace(finding, message=escape_terminal(finding.message), article=article, span=span)


def _path(finding: Finding, root: Path) -> str:
    # `..` leads to a file next to the corpus folder.
    return Path(os.path.normpath(root / finding.file)).as_posix()


def _where(finding: Finding, root: Path) -> str:
    return escape_terminal(_path(finding, root))


def _text(findings: Sequence[Finding], root: Path, checked: str, fixable: bool) -> str:
    lines = []
    for finding in findings:
        position = f":{finding.line}" if finding.line else ""
        colour = "red" if finding.severity == "error" else "yellow"
        code = click.style(finding.code, fg=colour, bold=True)
        span = f"span {finding.span}: " if finding.span else ""
        lines.append(f"{click.style(_where(finding, root) + position, bold=True)}: {code} {span}{finding.message}")
    subject = f" in {checked}" if checked else ""
    if not findings:
        return click.style("No findings", fg="green", bold=True) + subject + "."
    codes = ", ".join(f"{code} × {number}" for code, number in Counter(f.code for f in findings).most_common())
    lines.append(f"{count_noun(len(findings), 'finding')}{subject}: {codes}.")
    lines.append(f"`annotate rules {findings[0].code}` explains a code.")
    fixes = sum(finding.fix is not None for finding in findings)
    if fixes and fixable:
        lines[-1] += f" `annotate check --fix` repairs {fixes} of them."
    return "\n".join(lines)


def finding_to_dict(finding: Finding, root: Path) -> dict[str, Any]:
    """Return a finding as plain data, for JSON."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": _where(finding, root),
        "line": finding.line,
        "article": finding.article,
        "span": finding.span,
        "message": finding.message,
        "fixable": finding.fix is not None,
    }


def _json(findings: Sequence[Finding], root: Path, _: Iterable[Rule]) -> str:
    return json.dumps([finding_to_dict(finding, root) for finding in findings], indent=2, ensure_ascii=False)


def _github(findings: Sequence[Finding], root: Path, _: Iterable[Rule]) -> str:
    def format_command(finding: Finding) -> str:
        position = f",line={finding.line}" if finding.line else ""
        span = f"span {finding.span}: " if finding.span else ""
        file = escape_workflow(_where(finding, root), is_property=True)
        message = escape_workflow(span + finding.message)
        return f"::{finding.severity} file={file}{position},title={finding.code}::{message}"

    return "\n".join(map(format_command, findings))


def _sarif(findings: Sequence[Finding], root: Path, catalogue: Iterable[Rule]) -> str:
    """Return SARIF 2.1.0, the OASIS standard."""

    def result(finding: Finding) -> dict[str, Any]:
        location: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(_path(finding, root)))}}
        if finding.line:
            location["region"] = {"startLine": finding.line}
        return {
            "ruleId": finding.code,
            "level": finding.severity,
            "message": {"text": f"span {finding.span}: {finding.message}" if finding.span else finding.message},
            "locations": [{"physicalLocation": location}],
        }

    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": rule.documentation},
            "defaultConfiguration": {"level": rule.severity},
        }
        for rule in catalogue
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "annotate", "rules": rules}}, "results": [result(f) for f in findings]}],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)
