"""MLflow's `artifacts`: files, folders and URIs that the agent finds in its context."""

from collections.abc import Iterable
from pathlib import Path

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
    for name, place in artifacts:
        if isinstance(place, Path):
            problems += [
                Problem(f"`artifacts`: `{name}`: {wrong}")
                for wrong in _wrong(place, workspace, budget)
            ]
        elif place.startswith(_NEED_A_STORE):
            problems.append(
                Problem(
                    f"`artifacts`: `{name}`: `{place}` is read with the credentials of the tracking"
                    " store, which the process that builds the agent does not get.",
                    "Download it in a step before this one, and give the path.",
                )
            )
        if flavor not in ("auto", "pyfunc"):
            problems.append(
                Problem(f"`artifacts`: MLflow's `{flavor}` flavor takes none; `pyfunc` does.")
            )
    if problems:
        raise InputFailure(*problems)


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
