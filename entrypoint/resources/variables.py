"""The environment variables that the agent reads, and those that its endpoint needs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from entrypoint.runtime.errors import Place
from entrypoint.runtime.secret_variables import secrets_of

# Whatever runs the agent has them, or has its own: the system, MLflow, the login at Databricks
# (https://docs.databricks.com/aws/en/dev-tools/auth/env-vars), and what tells that it is serving.
_OF_THE_MACHINE = re.compile(
    r"_|CI|DEBIAN_FRONTEND|GPG_KEY|HOME|HOSTNAME|LANG|LANGUAGE|LC_\w+|LOGNAME|OLDPWD|PATH|PWD|SHELL"
    r"|SHLVL|TEMP|TERM|TMP|TMPDIR|TZ|USER|VIRTUAL_ENV|XDG_\w+"
    r"|(?i:https?|all|ftp|no)_(?i:proxy)|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|LD_\w+|MLFLOW_\w+|PYTHON\w*|(?:OMP|MKL|OPENBLAS)_NUM_THREADS"
    r"|DATABRICKS_(?:HOST|TOKEN|CLIENT_ID|CLIENT_SECRET|USERNAME|PASSWORD|AUTH_TYPE|ACCOUNT_ID"
    r"|CONFIG_\w+|OIDC_\w+|METADATA_SERVICE_URL|RUNTIME_VERSION|INTERNAL_\w+"
    r"|MODEL_SERVING_\w+)"
    r"|DB_MODEL_SERVING_\w+|IS_IN_\w+_MODEL_SERVING_ENV"
)


@dataclass(frozen=True)
class VariableRead:
    """A variable that the code reads: where first, and whether it can do without it."""

    name: str
    place: Place | None
    has_default: bool


@dataclass(frozen=True)
class ObservedRead:
    """A variable that was read while the agent was built or verified.

    The agent's process writes them down, so the bounds are checked here;
    `agent/worker/variable_observer.py` stays below them.
    """

    name: Annotated[str, Field(max_length=200)]
    was_there: bool
    by_agent: bool


ObservedReads = Annotated[tuple[ObservedRead, ...], Field(max_length=300)]


@dataclass(frozen=True)
class Variable:
    """A variable that the agent reads, as the report shows it.

    `place`: where its code reads it first, None where only running it showed that. `has_default`:
    None where that isn't known. `given`: by the step.
    """

    name: str
    place: Place | None = None
    has_default: bool | None = None
    given: bool = False
    observed: bool = False

    @property
    def is_needed(self) -> bool:
        """Whether it has to be set on the endpoint for the agent to do there what it did here."""
        return self.given or self.has_default is False


def of_step(environ: Mapping[str, str]) -> dict[str, str]:
    """Those of a step's variables that an endpoint has only when somebody sets them there."""
    return {
        name: value
        for name, value in environ.items()
        # GitHub gives an empty one for a secret that isn't there.
        if value and not _OF_THE_MACHINE.fullmatch(name)
    }


def without_secrets(given: Mapping[str, str]) -> dict[str, str]:
    """Those variables whose values may be shown."""
    return {name: value for name, value in given.items() if not any(secrets_of(name, value))}


def table(
    reads: Iterable[VariableRead], observed: Iterable[ObservedRead], given: Mapping[str, str]
) -> list[Variable]:
    """The variables that the code reads or that were observed; those that are needed come first.

    `given`: those of the step. What libraries read counts only where the step gives it.
    """
    in_code = {read.name: Variable(read.name, read.place, read.has_default) for read in reads}
    seen = {read.name for read in observed if read.by_agent or read.name in given}
    lines = (*in_code.values(), *map(Variable, seen - in_code.keys()))
    return sorted(
        (
            replace(each, given=each.name in given, observed=each.name in seen)
            for each in lines
            if not _OF_THE_MACHINE.fullmatch(each.name)
        ),
        key=lambda each: (not each.is_needed, each.name),
    )
