"""What the agent asks for: requirement files and lines, given or found."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from entrypoint.errors import InputFailure, Problem
from entrypoint.workspace import Workspace

_KNOWN = ("uv.lock", "pyproject.toml", "requirements.txt")


@dataclass(frozen=True)
class Requirements:
    """Requirement files and single requirements, as pip and uv read them."""

    files: tuple[Path, ...] = ()
    lines: tuple[str, ...] = ()


def given(texts: tuple[str, ...], workspace: Workspace) -> Requirements:
    """Read the lines of the `requirements` input.

    Raises:
        InputFailure: a line names a file that isn't there.

    """
    files, lines, problems = [], [], []
    for line in texts:
        text = re.sub(r"(^|\s+)#.*", "", line)
        try:
            option, _, path = text.partition(" ")
            if option in ("-r", "--requirement"):
                files.append(workspace.file(path.strip()))
            elif option in ("-c", "--constraint"):
                lines.append(f"-c {workspace.file(path.strip())}")
            elif _names_a_file(text):
                files.append(workspace.file(text))
            elif text:
                lines.append(text)
        except ValueError as error:
            problems.append(Problem(f"`requirements`: {error}"))
    if problems:
        raise InputFailure(*problems)
    return Requirements(tuple(files), tuple(lines))


def found(agent: Path, workspace: Workspace) -> Requirements:
    """Find the requirements beside the agent, else in the folders above.

    Raises:
        InputFailure: there are none up to the workspace's root.

    """
    for folder in agent.parents:
        if not workspace.holds(folder):
            break
        for name in _KNOWN:
            if _says_requirements(folder / name):
                return given((workspace.relative(folder / name),), workspace)
    shown = workspace.relative(agent.parent)
    raise InputFailure(
        Problem(
            f"`requirements`: there is no {', '.join(f'`{name}`' for name in _KNOWN[:-1])} or"
            f" `{_KNOWN[-1]}` in `{shown}` or the folders above it.",
            f"Say what the agent needs in `{shown}/requirements.txt`, or in the step:\n\n"
            "    with:\n      requirements: |\n        mlflow==3.17.2\n        databricks-openai",
        )
    )


def _says_requirements(path: Path) -> bool:
    """Whether a file is there for its requirements: a `pyproject.toml` may only hold settings."""
    if not path.is_file():
        return False
    if path.name == "uv.lock":
        return (path.parent / "pyproject.toml").is_file()
    if path.name == "pyproject.toml":
        try:
            return "project" in tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return True  # uv says what is wrong with it
    return True


def _names_a_file(text: str) -> bool:
    """Tell `envs/prod.txt` from `pkg @ https://host/x.txt` and `pkg==1`."""
    if text.startswith("-") or "://" in text:
        return False
    return Path(text).name in _KNOWN or Path(text).suffix in (".txt", ".in")
