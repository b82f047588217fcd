"""What a job that builds an agent does in the stores."""

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from entrypoint.agent.manifest import Manifest
from entrypoint.databricks.auth.login import Login
from entrypoint.jobs import other_jobs
from entrypoint.jobs.commit_order import comes_before
from entrypoint.jobs.context import Job
from entrypoint.jobs.plan import Plan
from entrypoint.registry.mlflow_import import import_mlflow
from entrypoint.registry.publication_result import Published
from entrypoint.runtime.background import in_background

if TYPE_CHECKING:  # it imports MLflow, which a preview may do without
    from entrypoint.registry.session import Session


@dataclass
class Publishing:
    """Finds and makes what is planned; MLflow must be logged in meanwhile.

    MLflow's modules import each other in circles, and two threads that import of them see each
    other's half-made ones. So nobody does before what imports in the background has ended.
    """

    _job: Job
    _plan: Plan
    _connected: Future["Session"]
    _prepared: Future[None] | None = None

    @classmethod
    def begin(cls, plan: Plan, login: Login, job: Job) -> "Publishing":
        """Connect to the stores in the background: MLflow takes as long to import as uv to run."""
        return cls(job, plan, in_background(lambda: _connect(plan, login, job)))

    def prepare(self) -> None:
        """Import what Unity Catalog's store looks at signatures with, while the agent is built."""
        if self._plan.stores and self._plan.stores.registers_at_databricks:
            self._prepared = in_background(self._import_signatures)

    def is_reused(self, manifest: Manifest, published: Published) -> bool:
        """Whether the agent is registered already: its version is `published` then, with aliases.

        Raises:
            PublishFailure: a store refused.

        """
        session = self._connected.result()
        from entrypoint.registry.publish.reuse import reuse  # noqa: PLC0415

        plan = self._plan
        name = str(plan.inputs.uc_target)
        is_there = reuse(name, manifest.digest, plan.labels, session, published)
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
        session = self._connected.result()
        if self._prepared:
            self._prepared.result()
        from entrypoint.registry.publish.publish import Publication, publish  # noqa: PLC0415

        plan = self._plan
        publication = Publication(
            model=model,
            manifest=manifest,
            registered_name=str(plan.inputs.uc_target) if plan.mode == "register" else None,
            labels=plan.labels.with_digest(manifest.digest),
            once=plan.inputs.if_unchanged == "reuse",
        )
        publish(publication, session, published)
        self._job.log.line(published.model_uri)

    def _import_signatures(self) -> None:
        self._connected.result()
        import_module("mlflow.models.signature")


def _connect(plan: Plan, login: Login, job: Job) -> "Session":
    import_mlflow()
    from entrypoint.registry.session import Session  # noqa: PLC0415

    if plan.stores is None:
        raise RuntimeError("a plan to publish names the stores")
    return Session(
        plan.stores,
        login.identity,
        job.log,
        renew=login.renew,
        is_ancestor=partial(comes_before, job),
        jobs=other_jobs.ended(job),
    )
