"""MLflow's `artifacts`: files, folders and URIs that the agent finds in its context."""

from collections.abc import Iterable
from pathlib import Path

from entrypoint.errors import InputFailure, Problem
from entrypoint.workspace import Workspace

# These are read through the tracking store, which is closed to the process that builds the agent.
_NEED_A_STORE = ("models:", "runs:", "mlflow-artifacts:")


def check(artifacts: Iterable[tuple[str, Path | str]], flavor: str, workspace: Workspace) -> None:
    """Hold the artifacts against what can be built.

    Raises:
        InputFailure: every artifact that can't be taken, at once.

    """
    problems = []
    for name, place in artifacts:
        if isinstance(place, Path):
            problems += [
                Problem(
                    f"`artifacts`: `{name}`: `{workspace.relative(link)}` is a link out of the"
                    " workspace."
                )
                for link in _links_out(place, workspace)
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


def _links_out(path: Path, workspace: Workspace) -> list[Path]:
    if path.is_file():
        return []
    return [
        found
        for found in path.rglob("*")
        if found.is_symlink() and not workspace.holds(found.resolve())
    ]
