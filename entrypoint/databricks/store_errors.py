"""What a store's refusal means, and how to fix it."""

import re

from entrypoint.databricks import experiment_errors
from entrypoint.databricks.model_errors import Target
from entrypoint.inputs.model_name import ModelName
from entrypoint.runtime.errors import Problem

# The packages with which MLflow uploads files to a cloud's storage.
_CLOUDS = {"boto3": "S3", "azure": "Azure Storage", "google": "Google Cloud Storage"}


# https://docs.databricks.com/api says only that it is 401 or 403: an older workspace calls it
# PERMISSION_DENIED, and of uploads MLflow keeps nothing but the text.
_TOKEN_REFUSED = re.compile(
    r"Unauthenticated\(|invalid access token|token (is |has |was )?(expired|revoked)",
    re.IGNORECASE,
)


def says_token_refused(message: str) -> bool:
    """Whether a workspace says that it doesn't take a token."""
    return _TOKEN_REFUSED.search(message) is not None


def message_of(error: Exception) -> str:
    """The error's message, without the configuration that the Databricks SDK appends to it."""
    return str(error).partition(". Config: ")[0].partition(". Env: ")[0]


def explain(
    code: str, message: str, target: ModelName | None, experiment: str, principal: str
) -> Problem | None:
    """The problem behind a workspace's refusal while publishing, as the preflight would say it.

    Without a `target` or an `experiment` it is not about that. `code` is the `error_code` of an
    MlflowException or a DatabricksError. None where it isn't known.
    """
    problem = Target(target, principal).explain(code, message) if target else None
    if problem or not experiment:
        return problem
    return experiment_errors.explain(code, message, experiment)


def token_refused() -> Problem:
    """The workspace accepted the job's token at first, and then neither it nor another one."""
    return Problem(
        "The workspace doesn't take the job's token any more, which it took when the job began.",
        "Run the job again. If that doesn't help, see whether the token was revoked, or the service"
        " principal removed from the workspace.",
    )


def explain_storage(error: Exception) -> Problem | None:
    """Why files can't be uploaded where the workspace gives credentials for its cloud's storage.

    Databricks is about to stop that, and then this can go:
    https://github.com/mlflow/mlflow/pull/25987
    """
    missing = error.__cause__
    if not isinstance(missing, ImportError):
        return None
    cloud = _CLOUDS.get((missing.name or "").partition(".")[0])
    if not cloud:
        return None
    return Problem(
        f"The workspace wants the files of a model version brought to {cloud} directly, which"
        " log-agent can't do.",
        "Let them go through the workspace:\n\n"
        "    env:\n"
        '      MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC: "true"\n\n'
        "If it refuses that, ask Databricks to enable the Files API for models in Unity Catalog.",
    )
