"""What is built, as the inputs name it."""

from pathlib import Path

from entrypoint.agent import code_paths
from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.signature_file import read_signature
from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.inputs.inputs import BuildInputs
from entrypoint.inputs.workspace import Workspace
from entrypoint.jobs.context import Job
from entrypoint.resources import file as resources_file
from entrypoint.resources.resource import Declarations
from entrypoint.runtime.errors import Place


def read(
    job: Job, inputs: BuildInputs, agent: AgentSource, declarations: Declarations, folder: Path
) -> BuildSpec:
    """Read what MLflow is given; `folder` is for what is made of it.

    Raises:
        InputFailure: what of it can't be taken.

    """
    example = inputs.input_example
    return BuildSpec(
        agent=inputs.agent_path,
        code=_code(agent, inputs.agent_path, folder),
        source=agent,
        workspace=job.workspace,
        flavor=inputs.flavor,
        model_config=inputs.model_config,
        input_example=example.value if example else None,
        example_place=_place(example.path if example else None, job.workspace),
        signature=read_signature(inputs.signature, job.workspace) if inputs.signature else None,
        signature_place=_place(inputs.signature, job.workspace),
        authorization=resources_file.authorization(declarations),
        code_paths=_code_paths(job, inputs, agent, folder),
        artifacts=inputs.artifacts,
        verify=inputs.verify,
    )


def _place(path: Path | None, workspace: Workspace) -> Place | None:
    return Place(workspace.relative(path), 1) if path else None


def _code(agent: AgentSource, path: Path, folder: Path) -> Path:
    """The Python file that MLflow runs and logs: the user's own, if it is one."""
    if agent.code is None:
        return path
    code = folder / "agent" / agent.file_name
    code.parent.mkdir()
    code.write_text(agent.code, encoding="utf-8")
    return code


def _code_paths(
    job: Job, inputs: BuildInputs, agent: AgentSource, folder: Path
) -> code_paths.CodePaths:
    laid_out = code_paths.lay_out(
        inputs.code_paths, agent.text, job.workspace, folder / "code_paths"
    )
    if laid_out.left_out:
        job.log.line("`code-paths`: these are never shipped, and were left out:")
        job.log.untrusted("\n".join(laid_out.left_out))
    return laid_out
