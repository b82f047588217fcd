"""How to lock requirements that aren't, so that every job and the endpoint get the same ones."""

from entrypoint.agent.environment.lock import Lock
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.inputs.workspace import Workspace


def command(requirements: Requirements, lock: Lock, workspace: Workspace) -> str:
    """The commands that make a lock to commit; empty where everything is pinned already."""
    given = {line.text.split(";")[0].strip() for line in requirements.read}
    if requirements.locks or given.issuperset(lock.pins):
        return ""
    file = next((file for file in requirements.files), None)
    if file is None:
        return "uv pip compile requirements.in --output-file requirements.txt"
    if file.suffix == ".toml":
        return f"uv lock --project {workspace.relative(file.parent)}"
    wanted = workspace.relative(file.with_suffix(".in"))
    shown = workspace.relative(file)
    return f"git mv {shown} {wanted}\nuv pip compile {wanted} --output-file {shown}"
