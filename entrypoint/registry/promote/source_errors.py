"""Why what `source` names can't be promoted, and what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from entrypoint.inputs.model_reference import ModelReference
from entrypoint.registry.versions import PENDING
from entrypoint.runtime.errors import Problem

# Versions in a message.
MAX_LISTED = 5
_WAIT = "the workflow that registers it (`mode: register`) has to be through by then"


@dataclass(frozen=True)
class VersionLine:
    """A version in a message; `status` is empty where it is READY."""

    version: str
    commit: str
    aliases: tuple[str, ...]
    status: str

    def __str__(self) -> str:
        parts = [
            f"commit {self.commit[:7]}" if self.commit else "no commit",
            *self.aliases,
            *([self.status] if self.status else []),
        ]
        return f"    version {self.version}: {', '.join(parts)}"


def is_missing(code: str) -> bool:
    """Whether an error code of MLflow's or Unity Catalog's says that something doesn't exist."""
    return code.endswith("DOES_NOT_EXIST") or code == "NOT_FOUND"


def no_model(reference: ModelReference, host: str, detail: str) -> Problem:
    """The model, its schema or its catalog doesn't exist: maybe in another metastore."""
    name = reference.name
    where = f"the metastore of {host}" if host else "the registry"
    return Problem(
        f"`source`: the model `{name}` is not in {where}.",
        "A version is copied within one metastore. Where it belongs to a workspace with another"
        " one, register the same commit in each workspace instead: the digest says that it is the"
        " same agent.\n\n"
        "    strategy:\n"
        "      matrix:\n"
        "        include:\n"
        f"          - host: https://<workspace of {name.catalog}>\n"
        f"            target: {name}\n"
        "          - host: https://<other workspace>\n"
        "            target: prod.agents.support\n"
        "    steps:\n"
        "      - uses: actions/checkout@v7\n"
        "      - uses: <this action>\n"
        "        with:\n"
        "          mode: register\n"
        "          agent-path: <path of the agent>\n"
        "          uc-target: ${{ matrix.target }}\n"
        "        env:\n"
        "          DATABRICKS_HOST: ${{ matrix.host }}",
        detail=detail,
    )


def no_commit(reference: ModelReference) -> Problem:
    """Without a commit, it isn't known which version is meant."""
    return Problem(
        f"`source`: `{reference}` means its version for the job's commit, and GITHUB_SHA names"
        " none.",
        f"Name a version:\n\n    source: models:/{reference.name}/3",
    )


def no_aliases(reference: ModelReference) -> Problem:
    """The registry has no aliases."""
    return Problem(
        f"`source`: the registry knows no aliases, so not `{reference.alias}`.",
        f"Name the version's number:\n\n    source: models:/{reference.name}/3",
    )


def no_version(reference: ModelReference, newest: Sequence[VersionLine]) -> Problem:
    """There is no version with that number or alias."""
    return Problem(f"`source`: `{reference}` does not exist.", _listed(newest))


def no_version_of_commit(
    reference: ModelReference, commit: str, newest: Sequence[VersionLine]
) -> Problem:
    """No version has the commit in its tags."""
    named = next((alias for line in newest for alias in line.aliases), "champion")
    return Problem(
        f"`source`: `{reference.name}` has no version for commit {commit}.",
        f"{_listed(newest)}\n\n"
        f"Where each commit has a version, {_WAIT}. Where it runs for some commits only (path"
        " filters, tags on documentation), promote what an alias names:\n\n"
        "    with:\n"
        f"      source: models:/{reference.name}@{named}",
    )


def not_ready(uri: str, status: str) -> Problem:
    """The version isn't complete, or not yet."""
    fix = f"{_WAIT[0].upper()}{_WAIT[1:]}." if status == PENDING else "Register the agent again."
    return Problem(f"`source`: `{uri}` is {status}, not READY.", fix)


def not_ours(uri: str, why: str) -> Problem:
    """It has no manifest or digest of ours against which its files can be checked."""
    return Problem(
        f"`source`: `{uri}` {why}: nobody can say whether it is what was tested.",
        "Register the agent with log-agent (`mode: register`), and promote that version.",
    )


def differs(uri: str, differences: Iterable[str]) -> Problem:
    """Its files were changed since it was registered; `differences` are sentences."""
    return Problem(
        f"`source`: `{uri}` is not what was registered: its files differ from its manifest.",
        "Find out who changed it, and register the agent again.",
        detail="\n".join(differences),
    )


def _listed(newest: Sequence[VersionLine]) -> str:
    if not newest:
        return "It has no versions yet."
    return "Its newest versions:\n\n" + "\n".join(map(str, newest))
