"""Why there is nothing to log in with at Databricks, and the lines that mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from entrypoint.databricks.auth import env_vars
from entrypoint.databricks.auth.login_snippets import (
    GUIDE,
    HOST,
    PERMISSION,
    STEP,
    indented,
    listed,
)
from entrypoint.inputs.event import Event
from entrypoint.runtime.errors import Problem

_NOTHING = "cannot configure default credentials"


@dataclass(frozen=True)
class LoginRequest:
    """With what the job asks to be let in: the step's variables, and the event."""

    environ: Mapping[str, str]
    event: Event

    @property
    def kind(self) -> str:
        return self.environ.get("DATABRICKS_AUTH_TYPE", "")

    @property
    def client_id(self) -> str:
        return self.environ.get("DATABRICKS_CLIENT_ID", "")

    @property
    def is_federated(self) -> bool:
        """Whether it shows an identity token, which the SDK does unasked when there is one."""
        return self.kind.endswith("-oidc") or not self.environ.get("DATABRICKS_CLIENT_SECRET")


def before_asking(asked: LoginRequest) -> Problem | None:
    """What is wrong whatever the workspace says."""
    if not env_vars.name_workspace(asked.environ):
        return _no_host(asked)
    if asked.kind != "github-oidc":
        return None
    if not (asked.client_id or asked.environ.get("DATABRICKS_CONFIG_PROFILE")):
        return Problem(
            "`DATABRICKS_CLIENT_ID` is not set, so the job can't say as whom it logs in.",
            f"Add it to the step (if it is there, its `${{{{ … }}}}` is empty in this job):\n\n"
            f"{indented(STEP)}",
        )
    if asked.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        return None
    if not asked.event.name:
        return Problem(
            "`DATABRICKS_AUTH_TYPE: github-oidc` works only in a job on GitHub.",
            "Elsewhere, log in with a token or a client secret:\n\n"
            "    export DATABRICKS_AUTH_TYPE=pat DATABRICKS_TOKEN=...",
        )
    return Problem(
        "The job may not ask GitHub for the identity token with which it logs in at Databricks:"
        " `id-token: write` is missing.",
        "Add it to the job (a reusable workflow can't have more than the job that calls it):\n\n"
        f"{indented(PERMISSION)}\n\n{GUIDE}",
    )


def nothing_to_show(asked: LoginRequest) -> Problem:
    """The step has no credentials at all, which a pull request from a fork never has."""
    if asked.event.is_without_secrets:
        return Problem(
            "There are no credentials for Databricks: GitHub gives none to a pull request from a"
            " fork or from Dependabot.",
            "Its preview does without. What writes runs after the merge.",
        )
    return Problem(
        "There are no credentials for Databricks.",
        "Give the step a login (if it has one, its `${{ … }}` is empty in this job):\n\n"
        f"{indented(STEP)}\n\n{GUIDE}",
    )


def is_nothing(words: str, asked: LoginRequest) -> bool:
    """Whether the SDK found nothing to log in with, where that may be."""
    return _NOTHING in words and (asked.event.is_without_secrets or not asked.kind)


def of_variables(words: str, asked: LoginRequest) -> Problem:
    """What the SDK can't make anything of, in its own words."""
    if "more than one authorization method" in words:
        return Problem(
            "The step has credentials of more than one kind, and doesn't say which to use.",
            "Take the others out of `env:`, or say it:\n\n"
            "    env:\n      DATABRICKS_AUTH_TYPE: github-oidc",
            detail=words,
        )
    if "profile configured" in words:
        return Problem(
            f"`DATABRICKS_CONFIG_PROFILE`: there is no profile"
            f" `{asked.environ.get('DATABRICKS_CONFIG_PROFILE', '')}`. The runner's own"
            " `~/.databrickscfg` is not in the container.",
            f"Log in by variables:\n\n{indented(STEP)}",
            detail=words,
        )
    if _NOTHING in words and asked.kind == "github-oidc":
        return Problem(
            "GitHub gave this job no identity token, so it can't log in at Databricks.",
            "Mostly that passes: run the job again. https://www.githubstatus.com",
        )
    if _NOTHING in words:
        return Problem(
            f"`DATABRICKS_AUTH_TYPE: {asked.kind}`: what it needs is not there; the step has"
            f" {listed(env_vars.given(asked.environ))}.",
            "https://docs.databricks.com/en/dev-tools/auth/env-vars.html",
        )
    return Problem("Logging in at Databricks failed.", detail=words)


def _no_host(asked: LoginRequest) -> Problem:
    return Problem(
        "`DATABRICKS_HOST` is not set, so it isn't known for which workspace"
        f" {listed(env_vars.given(asked.environ))} is meant.",
        f"Add it to the step (if it is there, its `${{{{ … }}}}` is empty in this job):\n\n"
        f"{indented(HOST)}",
    )


def too_slow(seconds: float) -> Problem:
    """Nobody answered."""
    return Problem(f"Databricks gave no token within {seconds:.0f} seconds.")


def not_renewed(problem: Problem) -> Problem:
    """The token ends soon, and there is no other yet."""
    return replace(problem, what=f"The login at Databricks can't be renewed yet: {problem.what}")
