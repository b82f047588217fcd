"""Files of the checkout that the agent reads, and that the model hasn't."""

import os
from collections.abc import Iterator
from pathlib import Path

from entrypoint.agent.build_spec import BuildSpec
from entrypoint.runtime.errors import Place, Problem


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
