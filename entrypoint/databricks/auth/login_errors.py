"""What is missing in the step with which the job would log in at Databricks, and how to add it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from textwrap import indent

from entrypoint.databricks.auth import env_vars
from entrypoint.inputs.event import Event
from entrypoint.runtime.errors import Problem

GUIDE = "https://docs.databricks.com/aws/en/dev-tools/auth/provider-github"
HOST = "env:\n  DATABRICKS_HOST: https://<workspace>.cloud.databricks.com"
_PERMISSION = "permissions:\n  contents: read\n  id-token: write"
STEP = f"""\
{_PERMISSION}
...
  env:
    DATABRICKS_HOST: https://<workspace>.cloud.databricks.com
    DATABRICKS_AUTH_TYPE: github-oidc
    DATABRICKS_CLIENT_ID: <application id of the service principal>"""
# GitHub's own variables are nobody's to give.
_STEPS_OWN = ("DATABRICKS_", "ARM_", "GOOGLE_")
_NO_CREDENTIALS = "cannot configure default credentials"


@dataclass(frozen=True)
class LoginRequest:
    """How the job logs in: the step's variables, and the event that started it."""

    environ: Mapping[str, str]
    event: Event

    @property
    def auth_type(self) -> str:
        return self.environ.get("DATABRICKS_AUTH_TYPE", "")

    @property
    def client_id(self) -> str:
        return self.environ.get("DATABRICKS_CLIENT_ID", "")

    @property
    def identity_token(self) -> str:
        """The variable with an identity token that was made before; empty if GitHub is asked."""
        if self.auth_type == "github-oidc":
            return ""
        named = self.environ.get("DATABRICKS_OIDC_TOKEN_ENV") or "DATABRICKS_OIDC_TOKEN"
        variables = (named, "DATABRICKS_OIDC_TOKEN_FILEPATH")
        return next((name for name in variables if self.environ.get(name)), "")

    @property
    def is_federated(self) -> bool:
        """Whether it logs in by an identity token, which the SDK uses when there is one."""
        return self.auth_type.endswith("-oidc") or not self.environ.get("DATABRICKS_CLIENT_SECRET")


def find(request: LoginRequest) -> Problem | None:
    """What is wrong with the step's variables, whatever the workspace answers."""
    if not env_vars.name_workspace(request.environ):
        return Problem(
            "`DATABRICKS_HOST` is not set, so it isn't known for which workspace"
            f" {_listed(env_vars.given(request.environ))} is meant.",
            f"Add it to the step (if it is there, its `${{{{ … }}}}` is empty in this job):\n\n"
            f"{indent(HOST, ' ' * 4)}",
        )
    if request.auth_type != "github-oidc":
        return None
    if not (request.client_id or request.environ.get("DATABRICKS_CONFIG_PROFILE")):
        return Problem(
            "`DATABRICKS_CLIENT_ID` is not set, so the job can't say as whom it logs in.",
            f"Add it to the step (if it is there, its `${{{{ … }}}}` is empty in this job):\n\n"
            f"{indent(STEP, ' ' * 4)}",
        )
    if request.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        return None
    if not request.event.name:
        return Problem(
            "`DATABRICKS_AUTH_TYPE: github-oidc` works only in a job on GitHub.",
            "Elsewhere, log in with a token or a client secret:\n\n"
            "    export DATABRICKS_AUTH_TYPE=pat DATABRICKS_TOKEN=...",
        )
    return Problem(
        "The job may not ask GitHub for the identity token with which it logs in at Databricks:"
        " `id-token: write` is missing.",
        "Add it to the job (a reusable workflow can't have more than the job that calls it):\n\n"
        f"{indent(_PERMISSION, ' ' * 4)}\n\n{GUIDE}",
    )


def no_credentials(request: LoginRequest) -> Problem:
    """The step has no credentials at all, which a pull request from a fork never has."""
    if request.event.is_without_secrets:
        return Problem(
            "There are no credentials for Databricks: GitHub gives none to a pull request from a"
            " fork or from Dependabot.",
            "Its preview does without. What writes runs after the merge.",
        )
    return Problem(
        "There are no credentials for Databricks.",
        "Give the step a login (if it has one, its `${{ … }}` is empty in this job):\n\n"
        f"{indent(STEP, ' ' * 4)}\n\n{GUIDE}",
    )


def may_lack_credentials(message: str, request: LoginRequest) -> bool:
    """Whether the SDK's message says that it found no credentials, which is no mistake here."""
    may_lack = request.event.is_without_secrets or not request.auth_type
    return _NO_CREDENTIALS in message and may_lack


def explain(message: str, request: LoginRequest) -> Problem:
    """The problem with the step's variables that is behind a message of the SDK's."""
    if "more than one authorization method" in message:
        return Problem(
            "The step has credentials of more than one kind, and doesn't say which to use:"
            f" {_listed(env_vars.given(request.environ))}.",
            f"{_choice(request)}Or take the others out of `env:`.",
            detail=message,
        )
    if "profile configured" in message:
        return Problem(
            f"`DATABRICKS_CONFIG_PROFILE`: there is no profile"
            f" `{request.environ.get('DATABRICKS_CONFIG_PROFILE', '')}`. The runner's own"
            " `~/.databrickscfg` is not in the container.",
            f"Log in by variables:\n\n{indent(STEP, ' ' * 4)}",
            detail=message,
        )
    if _NO_CREDENTIALS in message and request.auth_type == "github-oidc":
        return Problem(
            "GitHub gave this job no identity token, so it can't log in at Databricks.",
            "Mostly that passes: run the job again. https://www.githubstatus.com",
        )
    if _NO_CREDENTIALS in message:
        return Problem(
            f"`DATABRICKS_AUTH_TYPE: {request.auth_type}`: what it needs is not there; the step has"
            f" {_listed(env_vars.given(request.environ))}.",
            f"{_choice(request)}https://docs.databricks.com/aws/en/dev-tools/auth/env-vars",
        )
    return Problem("Logging in at Databricks failed.", detail=message)


def too_slow(seconds: float) -> Problem:
    """There was no token in time."""
    return Problem(f"Databricks gave no token within {seconds:.0f} seconds.")


def not_renewed(problem: Problem) -> Problem:
    """The token ends soon, and no other could be fetched yet."""
    return replace(problem, what=f"The login at Databricks can't be renewed yet: {problem.what}")


def ran_out(problem: Problem) -> Problem:
    """The job's token has ended, and there is no other."""
    what = f"The login at Databricks ran out, and can't be renewed: {problem.what}"
    return replace(problem, what=what)


def _choice(request: LoginRequest) -> str:
    """How to say which of the credentials that are there is to be used, if one of them can be."""
    for kind, needs in env_vars.kinds(request.environ).items():
        return (
            f"With {_listed(name for name in needs if name.startswith(_STEPS_OWN))} the job logs in"
            f" by\n\n    env:\n      DATABRICKS_AUTH_TYPE: {kind}\n\n"
        )
    return ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"
