"""Why a workspace or Microsoft Entra refuses the login, and how to fix it."""

import json
import re
from textwrap import indent

from entrypoint.databricks.auth import login_errors
from entrypoint.databricks.auth.login_errors import GUIDE, HOST, STEP, LoginRequest
from entrypoint.databricks.auth.token_process import TokenProcessFailure
from entrypoint.databricks.auth.workspace_host import NoWorkspace
from entrypoint.runtime.errors import Problem

_ISSUER = "https://token.actions.githubusercontent.com"
_APPLICATION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Refusals of OAuth servers that don't pass; `TOKEN_…` are Databricks' own.
_FINAL_CODES = re.compile(
    r"\b(invalid_\w+|unauthorized_client|access_denied|TOKEN_\w*INVALID|AADSTS\d+)"
)


def is_final(message: str) -> bool:
    """Whether another attempt is useless."""
    return re.search(f"{_FINAL_CODES.pattern}|validate:|resolve:", message) is not None


def no_token(failure: TokenProcessFailure, request: LoginRequest) -> Problem:
    """The workspace gave no token."""
    message = re.sub(r"^[a-z0-9-]+ auth: ([a-z0-9-]+: )?", "", failure.message)
    if not _FINAL_CODES.search(message):
        return login_errors.explain(message, request)
    if "AADSTS" in message:
        return Problem(
            "Microsoft Entra does not let this job log in as `ARM_CLIENT_ID`.",
            "Its secret is wrong or over, or its federated credential is for another subject. What"
            " the number in the message means: https://login.microsoftonline.com/error",
            detail=message,
        )
    if request.is_federated:
        return _no_federation_policy(failure, request, message)
    return Problem(
        "Databricks does not take `DATABRICKS_CLIENT_ID` and `DATABRICKS_CLIENT_SECRET`: the secret"
        " is wrong or over, or it is another principal's.",
        "Make a new secret and store it in the repository's secrets, or do without secrets:\n\n"
        f"{indent(STEP, ' ' * 4)}\n\n{GUIDE}",
        detail=message,
    )


def no_other_token(failure: TokenProcessFailure, request: LoginRequest) -> Problem:
    """The workspace gave a token when the job began, and gives no other."""
    if not (_FINAL_CODES.search(failure.message) and request.is_federated):
        return no_token(failure, request)
    if name := request.identity_token:
        return Problem(
            f"the identity token of `{name}` was made once, before this step, and is over by now.",
            "Let the job ask GitHub for one whenever it needs one:\n\n"
            f"{indent(STEP, ' ' * 4)}\n\n{GUIDE}",
            detail=failure.message,
        )
    return Problem(
        f"Databricks gives `{request.client_id}` no other token. It gave one when the job began, so"
        " the federation policy or the principal was changed since.",
        "Run the job again.",
        detail=failure.message,
    )


def token_ended(request: LoginRequest) -> Problem:
    """A token that the step brought along is not taken any more."""
    name = "`DATABRICKS_TOKEN`" if request.environ.get("DATABRICKS_TOKEN") else "its token"
    return Problem(
        f"The login at Databricks ran out: {name} ended or was revoked while the job ran, and there"
        " is nothing to renew it with.",
        "Store one in the repository's secrets that outlives the job, or do without secrets:\n\n"
        f"{indent(STEP, ' ' * 4)}\n\n{GUIDE}",
    )


def _no_federation_policy(
    failure: TokenProcessFailure, request: LoginRequest, message: str
) -> Problem:
    if not _APPLICATION_ID.fullmatch(request.client_id):
        return Problem(
            f"`DATABRICKS_CLIENT_ID`: `{request.client_id}` is no application id of a service"
            " principal.",
            "It looks like `11111111-2222-4333-8444-555555555555`:\n\n"
            "    databricks account service-principals list -o json | jq '.[] | {displayName,"
            " applicationId, id}'",
            detail=message,
        )
    claims = failure.claims
    policy = {
        "oidc_policy": {
            "issuer": claims.get("iss", _ISSUER),
            "audiences": [claims.get("aud", "<audience>")],
            "subject": claims.get("sub", f"repo:{request.event.repository}:environment:<name>"),
        }
    }
    command = (
        "databricks account service-principal-federation-policy create <id>"
        f" --json '{json.dumps(policy, indent=2)}'"
    )
    return Problem(
        f"Databricks does not let this job log in as `{request.client_id}`: no federation policy of"
        " that service principal fits the job's identity token.",
        "If the application id is right, an account administrator adds the policy; it works after a"
        f" minute or two:\n\n{indent(command, ' ' * 4)}\n\n"
        "`<id>` is the principal's number:\n\n"
        "    databricks account service-principals list --filter"
        f" 'applicationId eq \"{request.client_id}\"'\n\n"
        f"A job with `environment:` has one subject on every branch. {GUIDE}",
        detail=message,
    )


def token_refused(message: str, request: LoginRequest, host: str) -> Problem:
    """The workspace refuses a token."""
    if "IP ACL" in message or "IP access list" in message:
        return Problem(
            f"{host} is closed to the address of this runner.",
            "Add the address to the workspace's IP access list, or take a runner that is on it:\n\n"
            "    runs-on: <self-hosted runner, or a larger one with a fixed address>",
            detail=message,
        )
    if request.environ.get("DATABRICKS_TOKEN") and request.auth_type in ("", "pat"):
        return Problem(
            f"`DATABRICKS_TOKEN`: {host} does not take it: it is over, or wrong, or another"
            " workspace's.",
            "Make a new one and store it in the repository's secrets, or do without secrets:\n\n"
            f"{indent(STEP, ' ' * 4)}\n\n{GUIDE}",
            detail=message,
        )
    return Problem(
        f"{host} does not take the token that it made for this job: the service principal may not"
        " be in the workspace.",
        "An account administrator adds it:\n\n"
        "    databricks account workspace-assignment update <workspace number>"
        ' <principal number> --json \'{"permissions": ["USER"]}\'',
        detail=message,
    )


def no_workspace(error: NoWorkspace, host: str) -> Problem:
    """There is no workspace at `DATABRICKS_HOST`."""
    what = {
        "name": "there is no host of that name",
        "silent": "nobody answers there",
        "proxy": "the proxy doesn't let us there",
        "certificate": "its certificate is not one that this container trusts",
        "other": "it is no Databricks workspace",
        "account": "it is the account console, not a workspace",
    }[error.kind]
    return Problem(
        f"`DATABRICKS_HOST`: `{host}`: {what}.",
        "Take the address that the browser shows when the workspace is open:\n\n"
        f"{indent(HOST, ' ' * 4)}",
        detail=str(error),
    )
