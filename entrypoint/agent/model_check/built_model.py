"""The check of the model directory that was built, before it is registered."""

from collections.abc import Collection
from pathlib import Path

from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.manifest import Manifest
from entrypoint.agent.model_check.check import check as check_model
from entrypoint.agent.secret_scan import files_of, find
from entrypoint.runtime.errors import AgentFailure, Problem
from entrypoint.runtime.redaction import Secrets


def check(
    model: Path,
    manifest: Manifest,
    spec: BuildSpec,
    secrets: Secrets,
    inferred: Collection[tuple[str, str]],
) -> None:
    """Check the model directory against its manifest, and search it for secrets.

    `inferred`: kind and name of the resources that MLflow found in a LangChain object.

    Raises:
        AgentFailure: it is not what was read from the checkout, or holds a secret.

    """
    if differing := check_model(model, manifest, inferred):
        raise AgentFailure(
            Problem(
                "The model is not what was read from the checkout: it changed while the agent was"
                " built or verified.",
                "Let the agent write to a temporary folder instead.",
                detail="\n".join(differing),
            )
        )
    problems = [
        Problem(
            f"`{finding.file}` in the model"
            + (f", line {finding.line}," if finding.line else "")
            + f" holds a secret: {finding.kind}. Whoever may read the model could read it.",
            "Take it out and, if it was ever committed, revoke it. An agent reads secrets from the"
            " environment of the endpoint: https://docs.databricks.com/en/security/secrets/",
            spec.place(Path(finding.file), finding.line),
        )
        for finding in find(files_of(model), secrets)
    ]
    if problems:
        raise AgentFailure(*problems)
