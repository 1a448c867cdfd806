"""Post a difference as the comment on a pull request on GitHub, in place of the one of an earlier run."""

import json
import os
import re
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Literal, TypeAlias
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from annotate.errors import CannotRun, Refused
from annotate.util.escape import quote

API_VARIABLE, REPOSITORY_VARIABLE, TOKEN_VARIABLE = "GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"
_DEFAULT_API = "https://api.github.com"
_TIMEOUT = 30.0
_PER_PAGE, _MOST_PAGES = 30, 100
_LARGEST_ANSWER = 20_000_000
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_ADDRESS = re.compile(r"https://[!-~]+|http://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?(?:/[!-~]*)?")
_TOKEN = re.compile(r"[!-~]+")
CommentAction: TypeAlias = Literal["posted", "replaced", "not needed"]
_HINTS = {
    401: f"give a valid token in {TOKEN_VARIABLE}",
    403: "the token needs the permission `pull-requests: write`",
    404: f"check the number and {REPOSITORY_VARIABLE}, and whether the token may read the repository",
}


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect: the token reaches the host that was named, and no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


class PullRequest:
    """A pull request on GitHub, with the repository and the token that the environment names, as in a workflow.

    Args:
        number: The number of the pull request.
        environ: The environment.

    Raises:
        CannotRun: The environment names no repository or no token, or not in the form that they have.
    """

    def __init__(self, number: int, environ: Mapping[str, str] = os.environ) -> None:
        self.number = number
        address = environ.get(API_VARIABLE) or _DEFAULT_API
        self._api = _require(API_VARIABLE, address, _ADDRESS, f"give an address such as {_DEFAULT_API}").rstrip("/")
        name = environ.get(REPOSITORY_VARIABLE, "")
        self._repository = _require(REPOSITORY_VARIABLE, name, _REPOSITORY, "set it to OWNER/NAME")
        token = environ.get(TOKEN_VARIABLE, "").strip()
        self._token = _require(TOKEN_VARIABLE, token, _TOKEN, "set it to a token that may write comments", secret=True)
        self._opener = build_opener(_NoRedirects)

    def comment(self, text: str, *, is_new_allowed: bool = True) -> CommentAction:
        """Post a comment, or replace that of an earlier run.

        An earlier comment is one of a bot, such as a workflow, that begins with the same line. Other comments are not
        changed, so that the token of a person adds a comment each time.

        Args:
            text: The comment, in Markdown, whose first line is from `make_comment_mark`.
            is_new_allowed: Whether a comment is posted if there is none to replace.

        Returns:
            What was done.

        Raises:
            CannotRun: GitHub cannot be reached, or answers something else than comments.
            Refused: GitHub refuses the request.
        """
        earlier = self._find_earlier(text.partition("\n")[0])
        if earlier is not None:
            self._ask("PATCH", f"issues/comments/{earlier}", {"body": text})
            return "replaced"
        if not is_new_allowed:
            return "not needed"
        self._ask("POST", f"issues/{self.number}/comments", {"body": text})
        return "posted"

    def _find_earlier(self, mark: str) -> int | None:
        for page in range(1, _MOST_PAGES + 1):
            comments = self._ask("GET", f"issues/{self.number}/comments?per_page={_PER_PAGE}&page={page}")
            if not isinstance(comments, list):
                raise CannotRun(self._api, "does not answer with a list of comments", f"check {API_VARIABLE}")
            for comment in comments:
                if _is_ours(comment, mark):
                    return int(comment["id"])
            if len(comments) < _PER_PAGE:
                break
        return None

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        request = Request(  # noqa: S310 - the scheme was checked
            f"{self._api}/repos/{self._repository}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "User-Agent": "annotate",
            },
            method=method,
        )
        where = f"pull request {self.number} of {self._repository}"
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                data = answer.read(_LARGEST_ANSWER + 1)
        except HTTPError as error:
            with error:
                hint = _HINTS.get(error.code, "try again later")
                raise Refused(where, f"GitHub answers {error.code} to {method}", hint) from None
        except (OSError, HTTPException):
            raise CannotRun(where, f"{self._api} cannot be reached", "check the address and the network") from None
        if len(data) > _LARGEST_ANSWER:
            raise CannotRun(where, f"{self._api} answers more than {_LARGEST_ANSWER:,} bytes", f"check {API_VARIABLE}")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise CannotRun(where, f"{self._api} does not answer JSON", f"check {API_VARIABLE}") from None


def _is_ours(comment: Any, mark: str) -> bool:
    if not isinstance(comment, dict) or not isinstance(comment.get("id"), int):
        return False
    user, text = comment.get("user"), comment.get("body")
    is_bot = isinstance(user, dict) and user.get("type") == "Bot"
    return is_bot and isinstance(text, str) and text.startswith(f"{mark}\n")


def _require(variable: str, value: str, form: re.Pattern[str], hint: str, *, secret: bool = False) -> str:
    if form.fullmatch(value):
        return value
    problem = f"is {quote(value)}" if value and not secret else "is not set" if not value else "has a wrong form"
    raise CannotRun(variable, problem, hint)
