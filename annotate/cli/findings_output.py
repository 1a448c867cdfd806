"""Findings as text for a terminal, as JSON, as GitHub workflow commands, and as SARIF."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from annotate.cli.terminal import count_noun, echo, echo_json, style
from annotate.findings import Finding, Rule
from annotate.util.escape import TerminalText, defuse_commands, escape_terminal_line, escape_workflow

FORMATS = ("text", "json", "github", "sarif")


def show_findings(
    findings: Sequence[Finding],
    format_: str,
    root: Path,
    catalogue: Iterable[Rule],
    checked: str = "",
    fixable: bool = True,
) -> None:
    """Print findings.

    Args:
        findings: The findings.
        format_: One of `FORMATS`.
        root: The folder that the files of the findings are in.
        catalogue: The rules, for SARIF.
        checked: What was checked, for the text format.
        fixable: Whether `annotate check --fix` can be recommended.
    """
    if format_ == "text":
        echo(_text(findings, root, checked, fixable))
    elif format_ == "github":
        echo(_github(findings, root), commands=True)
    else:
        echo_json(_sarif(findings, root, catalogue) if format_ == "sarif" else _json(findings, root))


def _path(finding: Finding, root: Path) -> str:
    # `..` leads to a file next to the corpus folder.
    return Path(os.path.normpath(root / finding.file)).as_posix()


def _printable_path(finding: Finding, root: Path) -> str:
    """Return the path with escapes for bytes that are not UTF-8, which neither JSON nor a terminal can hold."""
    return _path(finding, root).encode("utf-8", "backslashreplace").decode("utf-8")


def _text(findings: Sequence[Finding], root: Path, checked: str, fixable: bool) -> TerminalText:
    lines: list[TerminalText] = []
    for finding in findings:
        position = f":{finding.line}" if finding.line else ""
        colour = "red" if finding.severity == "error" else "yellow"
        where = style(_path(finding, root) + position, bold=True)
        span = f"span {finding.span}: " if finding.span else ""
        lines.append(
            TerminalText("{}: {} {}{}").format(where, style(finding.code, fg=colour, bold=True), span, finding.message)
        )
    subject = f" in {checked}" if checked else ""
    if not findings:
        return TerminalText("{}{}.").format(style("No findings", fg="green", bold=True), subject)
    codes = ", ".join(f"{code} × {number}" for code, number in Counter(f.code for f in findings).most_common())
    lines.append(TerminalText.escape(f"{count_noun(len(findings), 'finding')}{subject}: {codes}."))
    lines.append(TerminalText(f"`annotate rules {findings[0].code}` explains a code."))
    fixes = sum(finding.fix is not None for finding in findings)
    if fixes and fixable:
        lines[-1] += TerminalText(f" `annotate check --fix` repairs {fixes} of them.")
    return TerminalText("\n").join(lines)


def finding_to_dict(finding: Finding, root: Path) -> dict[str, Any]:
    """Return a finding as plain data, for JSON."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": _printable_path(finding, root),
        "line": finding.line,
        "article": finding.article,
        "span": finding.span,
        "message": finding.message,
        "fixable": finding.fix is not None,
    }


def _json(findings: Sequence[Finding], root: Path) -> str:
    return json.dumps([finding_to_dict(finding, root) for finding in findings], indent=2, ensure_ascii=False)


def _clean(text: str) -> str:
    return defuse_commands(escape_terminal_line(text))


def _github(findings: Sequence[Finding], root: Path) -> TerminalText:
    def format_command(finding: Finding) -> str:
        position = f",line={finding.line}" if finding.line else ""
        span = f"span {finding.span}: " if finding.span else ""
        file = escape_workflow(_clean(_path(finding, root)), is_property=True)
        message = escape_workflow(_clean(span + finding.message))
        return f"::{finding.severity} file={file}{position},title={finding.code}::{message}"

    return TerminalText("\n".join(map(format_command, findings)))


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
