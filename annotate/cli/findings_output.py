"""Findings as text for a terminal, as JSON, as GitHub workflow commands, and as SARIF."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from annotate.cli.terminal import MAX_SHOWN, count_noun, echo, echo_json, echo_lines, style
from annotate.findings import Finding, Rule, list_names
from annotate.util.escape import TerminalText, defuse_commands, escape_terminal_line, escape_workflow, shorten
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
    show_all: bool = False,
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
        show_all: Whether the text format lists more than the first findings of each code. The other formats list all.
    """
    if format_ == "text":
        echo(_text(findings, root, checked, fixable, show_all))
        show_waived(waived)
    elif format_ == "github":
        show_commands(findings, root)
        for line in count_waived(waived):
            show_command("notice", None, line, title="waived")
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


def cut_findings(findings: Iterable[Finding], show_all: bool = False) -> tuple[list[Finding], Counter[str]]:
    """Divide findings into those that are listed and those that are only counted.

    Returns:
        The first findings of each code, or all of them; and the number of findings of each code.
    """
    counts, shown = Counter[str](), list[Finding]()
    for finding in findings:
        counts[finding.code] += 1
        if show_all or counts[finding.code] <= MAX_SHOWN:
            shown.append(finding)
    return shown, counts


def describe_counts(counts: Counter[str]) -> str:
    """Return codes of findings, or other kinds, with their numbers, the most frequent first."""
    return ", ".join(f"{code} × {number:,}" for code, number in counts.most_common())


def echo_findings(findings: Iterable[Finding], format_line: Callable[[Finding], object], show_all: bool) -> None:
    """Print findings to standard error, a line each: the first ones of each code, below the counts, or all.

    Args:
        findings: The findings.
        format_line: Returns the line of a finding.
        show_all: Whether to print all.
    """
    shown, counts = cut_findings(findings, show_all)
    is_cut = len(shown) < counts.total()
    if is_cut:
        echo(announce_cut(f"{count_noun(counts.total(), 'finding')}: {describe_counts(counts)}."), err=True)
    echo_lines(map(format_line, shown), err=True)
    if is_cut:
        echo_lines(describe_hidden(counts), err=True)


def announce_cut(summary: str) -> str:
    """Return the line that comes before findings of which not all are listed: how many there are of each code."""
    return f"{summary} The first {MAX_SHOWN} of each code:"


def describe_hidden(counts: Mapping[str, int]) -> list[str]:
    """Return a line for each code, or other kind, of which only the first are listed: how many more there are.

    Args:
        counts: The number of findings of each code.
    """
    return [f"… {number - MAX_SHOWN:,} more {code} (--all)" for code, number in counts.items() if number > MAX_SHOWN]


def _path(finding: Finding, root: Path) -> str:
    # `..` leads to a file next to the corpus folder.
    return Path(os.path.normpath(root / finding.file)).as_posix()


def _printable_path(finding: Finding, root: Path) -> str:
    """Return the path with escapes for bytes that are not UTF-8, which neither JSON nor a terminal can hold."""
    return _path(finding, root).encode("utf-8", "backslashreplace").decode("utf-8")


def _text(findings: Sequence[Finding], root: Path, checked: str, fixable: bool, show_all: bool) -> TerminalText:
    """Return a line for each finding, and one for each group; a group counts as one finding.

    The summary comes last. If not all findings are listed, it comes first as well.
    """
    subject = f" in {checked}" if checked else ""
    if not findings:
        return TerminalText("{}{}.").format(style("No findings", fg="green", bold=True), subject)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.group:
            groups.setdefault(finding.group, []).append(finding)
    firsts = (finding for finding in findings if not finding.group or groups[finding.group][0] is finding)
    shown, counts = cut_findings(firsts, show_all)
    lines = [_format_line(finding, groups.get(finding.group, ()), root) for finding in shown]
    places = f" in {len(findings):,} places" if len(findings) > counts.total() else ""
    summary = f"{count_noun(counts.total(), 'finding')}{places}{subject}: {describe_counts(counts)}."
    if len(shown) < counts.total():
        hidden = map(TerminalText.escape, describe_hidden(counts))
        lines = [TerminalText.escape(announce_cut(summary)), *lines, *hidden]
    lines.append(TerminalText.escape(summary))
    if note := describe_downgraded(findings):
        lines.append(TerminalText.escape(f"{note}."))
    lines.append(TerminalText(f"`annotate rules {findings[0].code}` explains a code."))
    fixes = sum(finding.fix is not None for finding in findings)
    if fixes and fixable:
        lines[-1] += TerminalText(f" `annotate check --fix` repairs {fixes} of them.")
    return TerminalText("\n").join(lines)


def _format_line(finding: Finding, group: Sequence[Finding], root: Path) -> TerminalText:
    """Return the line of a finding, which stands for all of its group."""
    position = f":{finding.line}" if finding.line else ""
    colour = "red" if finding.severity == "error" else "yellow"
    where = style(_path(finding, root) + position, bold=True)
    message = f"{_describe_span(finding)}{finding.message}"
    if len(group) > 1:
        files = count_noun(len({each.file for each in group}), "file")
        others = ", ".join(dict.fromkeys(each.code for each in group if each.code != finding.code))
        message = f"{finding.group} (here, and {len(group) - 1} more in {files}{': ' if others else ''}{others})"
    return TerminalText("{}: {} {}").format(where, style(finding.code, fg=colour, bold=True), message)


def _describe_span(finding: Finding) -> str:
    """Return what a line says of the span of a finding: its id, and its words unless the message has them."""
    if not finding.span:
        return ""
    words = finding.words
    is_quoted = not words or repr(words[: _MOST_WORDS - 1])[:-1] in finding.message
    span_id = shorten(finding.span)
    return f"span {span_id}: " if is_quoted else f"span {span_id}, {quote_text(words, _MOST_WORDS)}: "


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


def show_commands(findings: Iterable[Finding], root: Path) -> None:
    """Print findings as workflow commands of GitHub, which shows each at the line of its file."""
    for finding in findings:
        span = f"span {shorten(finding.span)}: " if finding.span else ""
        path = _path(finding, root)
        show_command(finding.severity, path, f"{span}{finding.message}", title=finding.code, line=finding.line)


def show_command(level: str, path: str | None, message: str, *, title: str, line: int | None = None) -> None:
    """Print a workflow command of GitHub.

    Args:
        level: `error`, `warning` or `notice`.
        path: The file that it is about; None if it is about none.
        message: What it says.
        title: Its title.
        line: The line of the file; None for the file as a whole.
    """
    file = f"file={escape_workflow(_clean(path), is_property=True)}," if path is not None else ""
    properties = f"{file}{f'line={line},' if line else ''}title={title}"
    echo(TerminalText(f"::{level} {properties}::{escape_workflow(_clean(message))}"), commands=True)


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
            "message": {
                "text": f"span {shorten(finding.span)}: {finding.message}" if finding.span else finding.message
            },
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
