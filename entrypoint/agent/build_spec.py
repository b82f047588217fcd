"""What is built: the agent's file and everything that MLflow is given with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entrypoint.agent.code_paths import CodePaths
from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import Place


@dataclass(frozen=True)
class BuildSpec:
    """What is built. `agent` is the user's file, `code` the one made of it that MLflow runs.

    `example_place` and `signature_place`: the files that they are from, if they are from files.
    """

    agent: Path
    code: Path
    source: AgentSource
    workspace: Workspace
    flavor: str
    model_config: Path | None
    input_example: Any
    example_place: Place | None
    signature: dict[str, str] | None
    signature_place: Place | None
    authorization: dict[str, Any]
    code_paths: CodePaths
    artifacts: tuple[tuple[str, Path | str], ...]
    verify: str

    def place(self, name: Path, line: int | None) -> Place | None:
        """The place in the checkout of a file of the model, `name` being relative to it."""
        if name == Path(self.code.name):
            return self.source.place(line)
        if name.parts[:1] != ("code",):
            return None
        origin = self.code_paths.origin(Path(*name.parts[1:]))
        return Place(self.workspace.relative(origin), line) if origin else None

    @property
    def shown(self) -> str:
        """The agent's file as the user would write it."""
        return self.source.shown
