"""A checkout with an agent in it, and inputs that are read from it."""

from pathlib import Path

import pytest

from entrypoint.inputs.inputs import BuildInputs
from entrypoint.inputs.workspace import Workspace

AGENT = "agents/support/agent.py"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path.resolve() / "checkout"
    workspace = Workspace(root)
    write(workspace, AGENT, "agent = None\n")
    return workspace


def write(workspace: Workspace, name: str, text: str | bytes) -> Path:
    """Write a file of the checkout."""
    path = workspace.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def link(workspace: Workspace, name: str, target: Path) -> None:
    """Make a link in the checkout."""
    path = workspace.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def read(workspace: Workspace, **inputs: str) -> BuildInputs:
    """Inputs for the checkout's agent; by name, `_` for `-`."""
    texts = {name.replace("_", "-"): text for name, text in inputs.items()}
    return BuildInputs.read({"agent-path": AGENT, **texts}, workspace)
