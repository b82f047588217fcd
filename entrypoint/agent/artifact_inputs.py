"""MLflow's `artifacts`: files, folders and URIs that the agent finds in its context."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.version import Version

from entrypoint.agent import artifact_places
from entrypoint.agent.file_tree import Budget, TooMuch, check_link, walk
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Problem

MAX_BYTES_TOGETHER = 20 * 10**9
"""In bytes, of all artifacts; a hosted runner has little more room."""

_MAX_PROBLEMS = 10
# These are read through the tracking store, which is closed to the process that builds the agent.
_NEED_A_STORE = ("models:", "runs:", "mlflow-artifacts:")


def check(artifacts: Iterable[tuple[str, Path | str]], flavor: str, workspace: Workspace) -> None:
    """Check that the artifacts can be logged.

    Raises:
        InputFailure: every artifact that can't be taken, at once.

    """
    problems = []
    budget = Budget(MAX_BYTES_TOGETHER)
    named = list(artifacts)
    for name, place in named:
        if isinstance(place, Path):
            wrong = [(each, "") for each in _wrong(place, workspace, budget)]
        else:
            wrong = list(_wrong_uri(name, place))
        problems += [Problem(f"`artifacts`: `{name}`: {what}", fix) for what, fix in wrong]
    if named and flavor not in ("auto", "pyfunc"):
        problems.append(
            Problem(f"`artifacts`: MLflow's `{flavor}` flavor takes none; `pyfunc` does.")
        )
    if problems:
        raise InputFailure(*problems)


def check_names(
    artifacts: Iterable[tuple[str, Path | str]], mlflow: Version | None, workspace: Workspace
) -> None:
    """Check that the agent's MLflow (None: no release) keeps every artifact.

    Raises:
        InputFailure: several have one file name, and it would keep one of them.

    """
    if artifact_places.keeps_apart(mlflow):
        return
    named = dict(artifacts)
    problems = [
        Problem(
            f"`artifacts`: {_listed(names, named, workspace)} have the same file name, and MLflow"
            f" {mlflow} would keep one of them.",
            "Rename all but one, or require an MLflow that keeps them apart:\n\n"
            f"    mlflow>={artifact_places.KEEPS_APART}",
        )
        for names in artifact_places.of_one_name(named.items())
    ]
    if problems:
        raise InputFailure(*problems)


def _listed(names: Iterable[str], named: Mapping[str, Path | str], workspace: Workspace) -> str:
    paths = ((name, named[name]) for name in names)
    return " and ".join(
        f"`{name}` (`{workspace.relative(path)}`)" for name, path in paths if isinstance(path, Path)
    )


def _wrong_uri(name: str, uri: str) -> Iterator[tuple[str, str]]:
    """What is wrong with an artifact that is fetched, and what to do."""
    if uri.startswith(_NEED_A_STORE):
        what = (
            f"`{uri}` is read with the credentials of the tracking store, which the process that"
            " builds the agent does not get."
        )
        yield what, "Download it in a step before this one, and give the path."
    if "/" in name or name in (".", ".."):
        yield "it is fetched into a folder of its name, which can't be one.", "Name it by a word."


def _wrong(top: Path, workspace: Workspace, budget: Budget) -> list[str]:
    """What can't be logged of a file or folder; MLflow follows links, so what they lead to."""
    wrong: list[str] = []

    def skip(path: Path, real: Path) -> bool:
        try:
            check_link(path, real, workspace)
            _check_not_private(path, real, workspace)
        except ValueError as error:
            wrong.append(str(error))
            return True
        return False

    try:
        for _ in walk(top, budget, skip):
            pass
    except TooMuch as error:
        fix = "Put it on a volume or into a bucket, and give its URI."
        wrong.append(f"`{workspace.relative(top)}` {error} {fix}")
    except ValueError as error:
        wrong.append(str(error))
    return wrong[:_MAX_PROBLEMS]


def _check_not_private(path: Path, real: Path, workspace: Workspace) -> None:
    if private := workspace.private_part(real):
        shown = workspace.relative(path)
        raise ValueError(
            (f"`{shown}` is private" if path == real else f"`{shown}` leads to `{private}`")
            + ": it is never logged with an agent. Take it out of the folder."
        )
