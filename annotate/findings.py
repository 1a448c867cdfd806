"""The results of checks, `Finding`, and the checks themselves: a `Rule` has a stable code and its documentation."""

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Fix:
    """A safe automatic fix: rewrite the file in canonical form, or replace the range of a span."""

    span: str | None = None
    start: int = 0
    end: int = 0


Details = Mapping[str, str | Sequence[str] | Mapping[str, Sequence[str]]]
"""What the placeholders of an advice stand for: names of the inventory, values, or attributes with their values."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check yields: a message and a location.

    The rule adds its code, and the caller the file and the article. A check of the whole corpus gives these itself.
    `waivable` is False for a problem that may not be waived although others of its rule may be. `group` is the message
    for all problems of one cause, such as an unknown label in many files; empty if a problem is on its own.
    `advice` replaces the advice of the rule, and `details` are what it names; see `Rule`. `words` are its span's.
    """

    message: str
    span: str | None = None
    line: int | None = None
    fix: Fix | None = None
    file: str | None = None
    article: str | None = None
    waivable: bool = True
    group: str = ""
    advice: str = ""
    details: Details = field(default_factory=dict)
    words: str = ""


NAMED = 3
"""Number of names that a finding lists; the others are counted."""


def list_names(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are, as in `a, b, c and 22 more`."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    # Neither a terminal nor JSON can hold a name that is not UTF-8.
    return f"{', '.join(names[:NAMED])}{more}".encode("utf-8", "backslashreplace").decode("utf-8")


def merge_files(files: Sequence[str], problem: str, hint: str) -> Iterator[Problem]:
    """Yield what is wrong with files for one cause: one problem for all of them, if there are any.

    Args:
        files: The files.
        problem: What is wrong with each.
        hint: What to do.
    """
    if not files:
        return
    folder, message = Path(files[0]).parent, problem
    others = [
        os.path.relpath(file, folder) if Path(file).is_absolute() else file.removeprefix("../") for file in files[1:]
    ]
    if len(others) >= NAMED:
        message = f"{problem} (this file and {len(others):,} more, such as {list_names(others[: NAMED - 1])})"
    elif others:
        message = f"{problem} (this file and {list_names(others)})"
    yield Problem(f"{message}; {hint}", file=files[0])


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at one location. `file` is relative to the corpus folder; lines count from 1.

    `waivable` says whether a corpus may waive it, `waived` why it did. `group` is that of its `Problem`. `downgraded`
    says that it is an error of its rule, and a warning because it is on the labels of one annotator. `words` are those
    of its span, where they are known. `advice` and `details` are what an annotator reads; see `Rule`. `cause` is the
    code of the finding on the same article that it follows from; empty if it is on its own.
    """

    code: str
    severity: Severity
    file: str
    message: str
    article: str | None = None
    span: str | None = None
    line: int | None = None
    fix: Fix | None = None
    waivable: bool = field(default=False, compare=False)
    waived: str | None = None
    group: str = field(default="", compare=False)
    downgraded: bool = field(default=False, compare=False)
    words: str = field(default="", compare=False)
    advice: str = field(default="", compare=False)
    details: Details = field(default_factory=dict, compare=False)
    cause: str = field(default="", compare=False)

    @property
    def is_error(self) -> bool:
        """Whether it is an error that is not waived."""
        return self.severity == "error" and self.waived is None

    def at(self, line: int | None) -> "Finding":
        """Return the finding with another line."""
        return replace(self, line=line)


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with a code. Its documentation is the docstring of its function: what, why, fails, passes, guideline.

    `waivable` says whether a corpus may waive its findings, or give them another severity, in `waivers.yaml`. A rule is
    not waivable if it protects readers (links, special files, hostile characters, personal data), if what it finds
    would be lost or misread, or if other parts of the toolkit rely on it.

    `advice` tells an annotator what to do, in words for readers who are no programmers. `{label}` in it stands for the
    label of the span, and any other name in braces for one of the `details` of the problem.
    """

    code: str
    severity: Severity
    name: str
    documentation: str
    check: Callable[..., Iterable[Problem]]
    waivable: bool = False
    advice: str = ""

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.documentation.partition("\n")[0]

    def __call__(self, file: str, article: str | None, *nouns: Any) -> Iterator[Finding]:
        """Run the check, and turn each problem into a finding.

        Args:
            file: The file that is checked, relative to the corpus folder.
            article: The id of its article, if it has one.
            *nouns: The arguments of the check.
        """
        for problem in self.check(*nouns):
            yield self.finding(file, article, problem)

    def finding(self, file: str, article: str | None, problem: Problem) -> Finding:
        """Turn a problem into a finding."""
        return Finding(
            code=self.code,
            severity=self.severity,
            file=problem.file or file,
            message=problem.message,
            article=problem.article or article,
            span=problem.span,
            line=problem.line,
            fix=problem.fix,
            waivable=self.waivable and problem.waivable,
            group=problem.group,
            words=problem.words,
            advice=problem.advice or self.advice,
            details=problem.details,
        )


def rule(
    code: str, severity: Severity = "error", *, waivable: bool = False, advice: str = ""
) -> Callable[[Callable[..., Iterable[Problem]]], Rule]:
    """Turn a generator of problems into a rule. Its name is that of the function, with hyphens.

    Args:
        code: The stable code, such as P101.
        severity: Whether a finding makes `annotate check` fail.
        waivable: Whether a corpus may waive its findings; see `Rule`.
        advice: What an annotator does about a finding on their labels; see `Rule`.
    """

    def make_rule(check: Callable[..., Iterable[Problem]]) -> Rule:
        name, documentation = check.__name__.replace("_", "-"), inspect.cleandoc(check.__doc__ or "")
        return Rule(code, severity, name, documentation, check, waivable, advice)

    return make_rule
