"""Where the agents go: both contestants write into the same store."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from doubles.databricks import USER, Workspace

# Seconds that a workspace takes for an answer, beside what it does for it.
_LATENCY = 0.04
_ENDPOINT = "databricks-meta-llama-3-3-70b-instruct"


@dataclass(frozen=True)
class Store:
    """Addresses as MLflow takes them and as log-agent's inputs name them, and how to log in."""

    tracking: str
    registry: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    workspace: Workspace | None = None

    @property
    def requests(self) -> int:
        """How many requests the workspace has got by now; 0 where there is none."""
        return len(self.workspace.calls) if self.workspace else 0


@contextmanager
def opened(kind: str, checkout: Path, folder: Path) -> Iterator[Store]:
    """The store of a kind: `embedded` in the checkout, or a workspace, kept in `folder`."""
    if kind == "embedded":
        uri = f"sqlite:///{checkout}/.log-agent/mlflow.db"
        yield Store(uri, uri, {"tracking-uri": "embedded"})
        return
    with Workspace(folder) as workspace:
        workspace.catalog.create("prod.agents", USER)
        workspace.resources.add("serving_endpoint", _ENDPOINT)
        workspace.latency = _LATENCY
        yield Store("databricks", "databricks-uc", {}, workspace.env, workspace)
        if workspace.violations:
            raise RuntimeError("\n".join(workspace.violations))
