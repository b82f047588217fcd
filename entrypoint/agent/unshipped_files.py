"""Files of the checkout that the agent reads, and that the model hasn't."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from entrypoint.agent.build_spec import BuildSpec
from entrypoint.runtime.errors import Place, Problem


@dataclass(frozen=True)
class FileRead:
    """A file of the checkout that the agent read while it was built, and the line that did."""

    path: Annotated[str, Field(max_length=1000)]
    file: Annotated[str, Field(max_length=1000)]
    line: Annotated[int, Field(ge=0, le=10**9)]


# The agent's process writes them down; `worker/file_observer.py` stays below the bound.
FileReads = Annotated[tuple[FileRead, ...], Field(max_length=50)]


def problem(file: Path, place: Place | None, spec: BuildSpec) -> Iterator[Problem]:
    """What is wrong with a file that was read at a place, if anything is."""
    # The agent's process says it, so `..` may be in it.
    file = Path(os.path.normpath(file))
    if not spec.workspace.holds(file):
        return
    path = spec.workspace.relative(file)
    is_hidden = any(part.startswith(".") for part in Path(path).parts)
    inputs = (spec.model_config, *(artifact for _, artifact in spec.artifacts))
    if is_hidden or any(isinstance(it, Path) and file.is_relative_to(it) for it in inputs):
        return
    yield Problem(
        f"The agent reads `{path}` while it is built, and not where the model is loaded: it isn't"
        " there.",
        how_to_ship(path),
        place,
    )


def how_to_ship(path: str) -> str:
    """What to do so that the agent has a file of the checkout."""
    name = Path(path).stem
    return (
        "Ship it as an artifact, whose path the agent gets as"
        f' `context.artifacts["{name}"]` in `load_context`:\n\n'
        f"    with:\n      artifacts: {name}={path}\n\n"
        "or put it into a package among the `code-paths`, and read it with"
        " `importlib.resources`; settings belong into `model-config`."
    )
