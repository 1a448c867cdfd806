"""Findings as text for a terminal, as JSON, as GitHub workflow commands, and as SARIF."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from annotate.cli.terminal import count_noun, echo, echo_json, style
from annotate.findings import Finding, Rule, list_names
from annotate.util.escape import TerminalText, defuse_commands, escape_terminal_line, escape_workflow
from annotate.util.escape import quote as quote_text

FORMATS = ("text", "json", "github", "sarif")
_MOST_WORDS = 40
"""Characters of the words of a span that are quoted."""


def show_findings(
    findings: Sequence[Finding],
    format_: str,
    root: Path,
    catalogue: Iterable[Rule],
    checked: str = "",
    fixable: bool = True,
    waived: Sequence[Finding] = (),
) -> None:
    """Print findings, and how many are waived.

    Args:
        findings: The findings that are not waived.
        format_: One of `FORMATS`.
        root: The folder that the files of the findings are in.
        catalogue: The rules, for SARIF.
        checked: What was checked, for the text format.
        fixable: Whether `annotate check --fix` can be recommended.
        waived: The findings that are waived. JSON and SARIF list them after the others, with the reason.
    """
    if format_ == "text":
        echo(_text(findings, root, checked, fixable))
        show_waived(waived)
    elif format_ == "github":
        echo(_github(findings, waived, root), commands=True)
    else:
        everything = [*findings, *waived]
        echo_json(_sarif(everything, root, catalogue) if format_ == "sarif" else _json(everything, root))


def show_waived(waived: Sequence[Finding]) -> None:
    """Print how many findings of each rule are waived, and why, a line for each reason."""
    for line in count_waived(waived):
        echo(line)


def count_waived(waived: Sequence[Finding]) -> list[str]:
    """Return a line for each rule and reason: how many of its findings are waived."""
    counts = Counter((finding.code, finding.waived) for finding in waived)
    return [f"{count_noun(number, 'finding')} of {code} waived: {reason}" for (code, reason), number in counts.items()]


def describe_downgraded(findings: Iterable[Finding]) -> str:
    """Return how many errors count as warnings, and in whose labels they are; empty if there are none."""
    from annotate.passes import annotation_set_of

    counts = Counter(annotation_set_of(finding.file) or "" for finding in findings if finding.downgraded)
    if not counts:
        return ""
    number, names = counts.total(), list_names(sorted(counts))
    verb = "counts as a warning" if number == 1 else "count as warnings"
    return f"{count_noun(number, 'error')} in the labels of {names} {verb}"


def _path(finding: Finding, root: Path) -> str:
    # `..` leads to a file next to the corpus folder.
    return Path(os.path.normpath(root / finding.file)).as_posix()


def _printable_path(finding: Finding, root: Path) -> str:
    """Return the path with escapes for bytes that are not UTF-8, which neither JSON nor a terminal can hold."""
    return _path(finding, root).encode("utf-8", "backslashreplace").decode("utf-8")


def _text(findings: Sequence[Finding], root: Path, checked: str, fixable: bool) -> TerminalText:
    """Return a line for each finding, and one for each group; a group counts as one finding."""
    lines: list[TerminalText] = []
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.group:
            groups.setdefault(finding.group, []).append(finding)
    shown = Counter[str]()
    for finding in findings:
        group = groups.get(finding.group, [finding])
        if group[0] is not finding:
            continue
        shown[finding.code] += 1
        position = f":{finding.line}" if finding.line else ""
        colour = "red" if finding.severity == "error" else "yellow"
        where = style(_path(finding, root) + position, bold=True)
        message = f"{_describe_span(finding)}{finding.message}"
        if len(group) > 1:
            files = count_noun(len({each.file for each in group}), "file")
            others = ", ".join(dict.fromkeys(each.code for each in group if each.code != finding.code))
            message = f"{finding.group} (here, and {len(group) - 1} more in {files}{': ' if others else ''}{others})"
        lines.append(TerminalText("{}: {} {}").format(where, style(finding.code, fg=colour, bold=True), message))
    subject = f" in {checked}" if checked else ""
    if not findings:
        return TerminalText("{}{}.").format(style("No findings", fg="green", bold=True), subject)
    codes = ", ".join(f"{code} × {number}" for code, number in shown.most_common())
    places = f" in {len(findings):,} places" if len(findings) > shown.total() else ""
    lines.append(TerminalText.escape(f"{count_noun(shown.total(), 'finding')}{places}{subject}: {codes}."))
    if note := describe_downgraded(findings):
        lines.append(TerminalText.escape(f"{note}."))
    lines.append(TerminalText(f"`annotate rules {findings[0].code}` explains a code."))
    fixes = sum(finding.fix is not None for finding in findings)
    if fixes and fixable:
        lines[-1] += TerminalText(f" `annotate check --fix` repairs {fixes} of them.")
    return TerminalText("\n").join(lines)


def _describe_span(finding: Finding) -> str:
    """Return what a line says of the span of a finding: its id, and its words unless the message has them."""
    if not finding.span:
        return ""
    words = finding.words
    is_quoted = not words or repr(words[: _MOST_WORDS - 1])[:-1] in finding.message
    return f"span {finding.span}: " if is_quoted else f"span {finding.span}, {quote_text(words, _MOST_WORDS)}: "


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
        **({"downgraded": True} if finding.downgraded else {}),
        **({} if finding.waived is None else {"waived": finding.waived}),
    }


def _json(findings: Sequence[Finding], root: Path) -> str:
    return json.dumps([finding_to_dict(finding, root) for finding in findings], indent=2, ensure_ascii=False)


def _clean(text: str) -> str:
    return defuse_commands(escape_terminal_line(text))


def _github(findings: Sequence[Finding], waived: Sequence[Finding], root: Path) -> TerminalText:
    def format_command(finding: Finding) -> str:
        position = f",line={finding.line}" if finding.line else ""
        span = f"span {finding.span}: " if finding.span else ""
        file = escape_workflow(_clean(_path(finding, root)), is_property=True)
        message = escape_workflow(_clean(span + finding.message))
        return f"::{finding.severity} file={file}{position},title={finding.code}::{message}"

    notices = [f"::notice title=waived::{escape_workflow(_clean(line))}" for line in count_waived(waived)]
    return TerminalText("\n".join([*map(format_command, findings), *notices]))


def _sarif(findings: Sequence[Finding], root: Path, catalogue: Iterable[Rule]) -> str:
    """Return SARIF 2.1.0, the OASIS standard."""

    def suppressions(finding: Finding) -> dict[str, Any]:
        if finding.waived is None:
            return {}
        return {"suppressions": [{"kind": "external", "justification": finding.waived}]}

    def result(finding: Finding) -> dict[str, Any]:
        location: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(_path(finding, root)))}}
        if finding.line:
            location["region"] = {"startLine": finding.line}
        return {
            "ruleId": finding.code,
            "level": finding.severity,
            "message": {"text": f"span {finding.span}: {finding.message}" if finding.span else finding.message},
            "locations": [{"physicalLocation": location}],
            **suppressions(finding),
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
