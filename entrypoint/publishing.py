"""What a job that builds an agent does in the stores."""

from concurrent.futures import Future
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from entrypoint.agent.manifest import Manifest
from entrypoint.background import beside
from entrypoint.job import Job
from entrypoint.plan import Plan
from entrypoint.registry.login import Login
from entrypoint.registry.mlflow_import import import_mlflow
from entrypoint.registry.published import Published

if TYPE_CHECKING:  # it imports MLflow, which a preview may do without
    from entrypoint.registry.session import Session


class Publishing:
    """Finds and makes what is planned; MLflow must be logged in meanwhile."""

    def __init__(self, plan: Plan, login: Login, job: Job) -> None:
        self._plan = plan
        self._login = login
        self._job = job
        self._connected: Future[Session] = Future()

    def begin(self) -> None:
        """Connect to the stores in the background: MLflow takes as long to import as uv to run."""
        self._connected = beside(self._connect)

    def prepare(self) -> None:
        """Import what Unity Catalog's store looks at signatures with, while the agent is built."""
        if self._plan.stores and self._plan.stores.registers_at_databricks:
            beside(lambda: import_module("mlflow.models.signature"))

    def is_reused(self, manifest: Manifest, published: Published) -> bool:
        """Whether the agent is registered already: its version is `published` then, with aliases.

        Raises:
            PublishFailure: a store refused.

        """
        from entrypoint.registry.reuse import reuse  # noqa: PLC0415

        plan = self._plan
        name = str(plan.inputs.uc_target)
        is_there = reuse(name, manifest.digest, plan.labels, self._session, published)
        if is_there:
            self._job.log.line(f"{published.model_uri} has it already: nothing to build")
        else:
            self._job.log.line("no version has it yet")
        return is_there

    def publish(self, model: Path, manifest: Manifest, published: Published) -> None:
        """Log what was built, and register it where the mode says so.

        Raises:
            PublishFailure: a store refused.

        """
        from entrypoint.registry.publish import Publication, publish  # noqa: PLC0415

        plan = self._plan
        publication = Publication(
            model=model,
            manifest=manifest,
            registered_name=str(plan.inputs.uc_target) if plan.mode == "register" else None,
            labels=plan.labels.with_digest(manifest.digest),
            once=plan.inputs.if_unchanged == "reuse",
        )
        publish(publication, self._session, published, self._job.log)
        self._job.log.line(published.model_uri)

    @property
    def _session(self) -> "Session":
        return self._connected.result()

    def _connect(self) -> "Session":
        import_mlflow()
        from entrypoint.registry.session import Session  # noqa: PLC0415

        if self._plan.stores is None:
            raise RuntimeError("a plan to publish names the stores")
        return Session(self._plan.stores, self._login.who, self._job.log)
