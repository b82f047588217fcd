"""What GitHub's errors mean, and what to do about them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from entrypoint.github.rate_limit import wait
from entrypoint.inputs.fork_workflows import TWO_WORKFLOWS
from entrypoint.runtime.errors import Failure, Problem

_AGAIN = "Nothing else is lost: run the job again"


@dataclass(frozen=True)
class Purpose:
    """What a request is for, as it follows "log-agent can't", and the `permissions:` it takes."""

    text: str
    permissions: tuple[str, ...]

    @property
    def yaml(self) -> str:
        lines = (f"  {permission}" for permission in self.permissions)
        return "\n".join(f"    {line}" for line in ("permissions:", *lines))


class GitHubError(Failure):
    """GitHub didn't do what it was asked.

    Nothing that is registered depends on it, so it is reported as a warning. `status`
    is 0 without an answer; `may_have_acted` says that GitHub may have done it all the same.
    """

    def __init__(self, problem: Problem, status: int = 0, *, may_have_acted: bool = False) -> None:
        super().__init__(problem)
        self.status = status
        self.may_have_acted = may_have_acted


def error_answer(
    purpose: Purpose, status: int, message: str, headers: Mapping[str, str], *, is_read_only: bool
) -> Problem:
    """Why GitHub answered with an error; `message` is what it said."""
    said = f"{status}: {message}"
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
        return _forbidden(purpose, said, headers, is_read_only=is_read_only)
    if status == HTTPStatus.UNAUTHORIZED:
        return Problem(
            f"log-agent can't {purpose.text}: `github-token` is empty, over, or no token.",
            "Leave `github-token` out: the job's own token is taken.",
            detail=said,
        )
    if status == HTTPStatus.NOT_FOUND:
        return Problem(
            f"log-agent can't {purpose.text}: it isn't there, or `github-token` may not see it.",
            f"The job's own token sees it with\n\n{purpose.yaml}\n\n"
            "A token of your own needs access to this repository.",
            detail=said,
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(
            f"log-agent can't {purpose.text}: GitHub has a problem of its own.",
            f"{_AGAIN}. GitHub says how it is at https://www.githubstatus.com.",
            detail=said,
        )
    return _other(purpose, said)


def no_answer(purpose: Purpose, host: str, error: Exception) -> Problem:
    """Why there was no answer."""
    return Problem(
        f"log-agent can't {purpose.text}: {host} can't be reached, or broke off.",
        f"{_AGAIN}. A self-hosted runner must reach {host}, through a proxy with\n\n"
        "    env:\n      HTTPS_PROXY: http://<proxy>:<port>",
        detail=str(error),
    )


def unexpected_answer(purpose: Purpose, host: str, what: str) -> Problem:
    """Why an answer can't be GitHub's."""
    return Problem(
        f"log-agent can't {purpose.text}: what {host} answers is not GitHub's REST API.",
        "The runner sets `GITHUB_API_URL`; a proxy between it and GitHub may answer instead.",
        detail=what,
    )


def _forbidden(
    purpose: Purpose, said: str, headers: Mapping[str, str], *, is_read_only: bool
) -> Problem:
    """Limits, locks and missing permissions have one status, and differ in what is said."""
    if said.startswith("429") or "rate limit" in said or wait(headers) is not None:
        return _limited(purpose, said, headers)
    if "is locked" in said:
        return Problem(
            f"log-agent can't {purpose.text}: the conversation is locked.",
            "Unlock it and run the job again, or write no comments:\n\n"
            "    with:\n      comment: off",
            detail=said,
        )
    if "Resource not accessible" not in said:
        return _other(purpose, said)
    if is_read_only:
        return Problem(
            f"log-agent can't {purpose.text}: GitHub lets jobs for pull requests from forks and"
            " from Dependabot only read.",
            f"A second workflow can do it, which runs none of their code:\n\n{TWO_WORKFLOWS}",
            detail=said,
        )
    return Problem(
        f"log-agent can't {purpose.text}: `github-token` lacks `{purpose.permissions[-1]}`.",
        f"Add it to the job (what isn't named there is not permitted):\n\n{purpose.yaml}\n\n"
        "A token of your own needs the permission too.",
        detail=said,
    )


def _limited(purpose: Purpose, said: str, headers: Mapping[str, str]) -> Problem:
    seconds = wait(headers)
    when = "later" if seconds is None else f"in {math.ceil(seconds / 60)} min"
    return Problem(
        f"log-agent can't {purpose.text}: GitHub's rate limit for `github-token` is used up.",
        f"{_AGAIN} {when}. All jobs of a repository share its token's limit.",
        detail=said,
    )


def _other(purpose: Purpose, said: str) -> Problem:
    return Problem(f"log-agent can't {purpose.text}: GitHub refused.", detail=said)
