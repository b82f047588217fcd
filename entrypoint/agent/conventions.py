"""Inputs that need not be given: the files which the agent's code or their own name tells.

`resources/file.py` finds the resources file, `environment/requirements.py` the requirements.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from entrypoint.agent.literal_path import literal_path, names_of
from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.inputs import parsing
from entrypoint.inputs.inputs import BuildInputs
from entrypoint.inputs.parsing import InputExample, Reader
from entrypoint.inputs.workspace import Workspace
from entrypoint.resources.scan.parsing import parsed
from entrypoint.runtime.errors import InputFailure, Problem
from entrypoint.runtime.log import Log

_EXAMPLE = "input_example.json"


def with_found(
    inputs: BuildInputs, source: AgentSource, workspace: Workspace, log: Log
) -> BuildInputs:
    """The inputs, with the files that stand for those that were not given.

    Raises:
        InputFailure: the example that is beside the agent can't be read.

    """
    config, example = inputs.model_config, inputs.input_example
    return replace(
        inputs,
        model_config=config or _development_config(inputs.agent_path, source, workspace, log),
        input_example=example or _example(inputs.agent_path, workspace, log),
    )


def _example(agent: Path, workspace: Workspace, log: Log) -> InputExample | None:
    path = agent.with_name(_EXAMPLE)
    if not path.is_file():
        return None
    shown = workspace.relative(path)
    reader = Reader({"input-example": shown})
    example = reader.optional("input-example", lambda text: parsing.input_example(text, workspace))
    if reader.problems:
        raise InputFailure(*reader.problems)
    log.line(f"`input-example`: `{shown}`, which is beside the agent")
    return example


def _development_config(
    agent: Path, source: AgentSource, workspace: Workspace, log: Log
) -> Path | None:
    """The one file that the agent's `ModelConfig` is given while it is developed.

    MLflow itself reads it only where the agent is run by hand.
    """
    found = {
        file: line
        for path, line in _named(source)
        if (file := _file(agent.parent / path, workspace))
    }
    if len(found) != 1:
        return None
    (file, line), *_ = found.items()
    log.notice(
        Problem(
            f"`model-config`: `{workspace.relative(file)}` is taken, for the agent's"
            " `ModelConfig(development_config=...)` names it.",
            "To take another one, name it with the input `model-config`.",
            source.place(line),
        )
    )
    return file


def _named(source: AgentSource) -> Iterator[tuple[PurePosixPath, int]]:
    """Every path that a `ModelConfig` is given, from the agent's folder, with its line."""
    tree = parsed(source.text).tree
    names = names_of(tree)
    file = PurePosixPath(Path(source.shown).name)
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("ModelConfig") | ast.Attribute(attr="ModelConfig")):
                given = (each.value for each in node.keywords if each.arg == "development_config")
                paths = (literal_path(each, names, file) for each in (*node.args, *given))
                yield from ((path, node.lineno) for path in paths if path)


def _file(path: Path, workspace: Workspace) -> Path | None:
    """The file that is there; one that is no file of the workspace is the agent's own affair."""
    try:
        return workspace.file(str(path))
    except ValueError:
        return None
