"""Findings, rendered: for a terminal, as JSON, as GitHub annotations, as SARIF."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from annotate.findings import Finding, Rule

FORMATS = ("text", "json", "github", "sarif")


def render(
    findings: Sequence[Finding],
    format_: str,
    root: Path,
    catalogue: Iterable[Rule],
    checked: str = "",
    fixable: bool = True,
) -> str:
    """The findings as one text of the given format, without a line end; `root` is the folder their files are in.

    `checked` says, in the text format, what was looked at.
    """
    findings = [_shown(finding) for finding in findings]
    if format_ == "text":
        return _text(findings, root, visible(checked), fixable)
    return {"json": _json, "github": _github, "sarif": _sarif}[format_](findings, root, catalogue)


def visible(text: str) -> str:
    """Text that UTF-8 has room for: a byte of a file's name that is no UTF-8 is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _shown(finding: Finding) -> Finding:
    """The finding with all of it visible but the file, whose bytes a URI needs."""
    article, span = (text and visible(text) for text in (finding.article, finding.span))
    return replace(finding, message=visible(finding.message), article=article, span=span)


def _path(finding: Finding, root: Path) -> str:
    # A file beside the corpus is named from the folder that holds both.
    return Path(os.path.normpath(root / finding.file)).as_posix()


def _where(finding: Finding, root: Path) -> str:
    return visible(_path(finding, root))


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _text(findings: Sequence[Finding], root: Path, checked: str, fixable: bool) -> str:
    lines = []
    for finding in findings:
        place = f":{finding.line}" if finding.line else ""
        colour = "red" if finding.severity == "error" else "yellow"
        code = click.style(finding.code, fg=colour, bold=True)
        span = f"span {finding.span}: " if finding.span else ""
        lines.append(f"{click.style(_where(finding, root) + place, bold=True)}: {code} {span}{finding.message}")
    about = f" in {checked}" if checked else ""
    if not findings:
        return click.style("No findings", fg="green", bold=True) + about + "."
    codes = ", ".join(f"{code} × {number}" for code, number in Counter(f.code for f in findings).most_common())
    lines.append(f"{counted(len(findings), 'finding')}{about}: {codes}.")
    lines.append(f"`annotate rules {findings[0].code}` explains a code.")
    fixes = sum(finding.fix is not None for finding in findings)
    if fixes and fixable:
        lines[-1] += f" `annotate check --fix` mends {fixes} of them."
    return "\n".join(lines)


def as_data(finding: Finding, root: Path) -> dict[str, Any]:
    """A finding as plain data, for JSON."""
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
    return json.dumps([as_data(finding, root) for finding in findings], indent=2, ensure_ascii=False)


def _escape(text: str, more: str = "") -> str:
    """As GitHub's workflow commands want it: https://docs.github.com/actions, `::error file=…::message`."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _github(findings: Sequence[Finding], root: Path, _: Iterable[Rule]) -> str:
    def line(finding: Finding) -> str:
        place = f",line={finding.line}" if finding.line else ""
        span = f"span {finding.span}: " if finding.span else ""
        file = _escape(_where(finding, root), ":,")
        return f"::{finding.severity} file={file}{place},title={finding.code}::{_escape(span + finding.message)}"

    return "\n".join(map(line, findings))


def _sarif(findings: Sequence[Finding], root: Path, catalogue: Iterable[Rule]) -> str:
    """SARIF 2.1.0, OASIS."""

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
