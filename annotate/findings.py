"""What a check says: a `Finding`; and what a check is: a `Rule` with a stable code and its own documentation."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair that is safe to make by itself: the file written anew in canonical form, a span's range replaced."""

    span: str | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check yields: the message and the place; its rule puts in the code, its caller the file and article.

    A check that looks at the whole corpus names `file` and `article` itself.
    """

    message: str
    span: str | None = None
    line: int | None = None
    fix: Fix | None = None
    file: str | None = None
    article: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one place. `file` is relative to the corpus folder; `line` counts from 1."""

    code: str
    severity: Severity
    file: str
    message: str
    article: str | None = None
    span: str | None = None
    line: int | None = None
    fix: Fix | None = None

    def at(self, line: int | None) -> "Finding":
        return replace(self, line=line)


@dataclass(frozen=True, slots=True)
class Rule:
    """A coded check. Its documentation is the docstring of its function: what, why, fails, passes, guideline."""

    code: str
    severity: Severity
    name: str
    documentation: str
    check: Callable[..., Iterable[Problem]]

    @property
    def summary(self) -> str:
        return self.documentation.partition("\n")[0]

    def __call__(self, file: str, article: str | None, *nouns: Any) -> Iterator[Finding]:
        """Run the check on its nouns and give each problem its code and place."""
        for problem in self.check(*nouns):
            yield self.finding(file, article, problem)

    def finding(self, file: str, article: str | None, problem: Problem) -> Finding:
        return Finding(
            code=self.code,
            severity=self.severity,
            file=problem.file or file,
            message=problem.message,
            article=problem.article or article,
            span=problem.span,
            line=problem.line,
            fix=problem.fix,
        )


def rule(code: str, severity: Severity = "error") -> Callable[[Callable[..., Iterable[Problem]]], Rule]:
    """Make a rule of a generator of problems; its name is the function's, with hyphens."""

    def made(check: Callable[..., Iterable[Problem]]) -> Rule:
        return Rule(code, severity, check.__name__.replace("_", "-"), inspect.cleandoc(check.__doc__ or ""), check)

    return made
