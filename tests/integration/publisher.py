"""A process that publishes on demand, as the program does: every job in a child of its own.

Importing MLflow takes seconds, a fork a few milliseconds. Orders come in as lines of JSON; for
each, the job's process id goes out at once, and what came of it at the end.
"""

import dataclasses
import io
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

if TYPE_CHECKING:
    from entrypoint.registry.publication_result import Published
    from entrypoint.registry.session import Session

ROOT = Path(__file__).parents[2]
SHA = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"


@dataclass(frozen=True)
class Order:
    """What a job is to publish, and as what."""

    model: str
    """The folder of a built model, with its manifest in it."""
    name: str
    """Of the experiment in /Shared and of the model in prod.agents: all of its own."""
    workflow_run: str = "42"
    attempt: str = "1"
    runner: str = "runner 1"
    patience: float = 60.0
    """Seconds for which another job is waited for."""
    timeout: int = 30
    """Seconds for which an answer is waited for: 1, or as many as a busy machine may need."""
    once: bool = True
    commit: str = SHA
    alias: str = "champion"
    source: str = ""
    """The version that is promoted, where nothing is to be published: `models:/c.s.m/3`."""

    @property
    def full_name(self) -> str:
        return f"prod.agents.{self.name}"

    @property
    def job_tags(self) -> dict[str, str]:
        """What the job writes of itself."""
        return {
            "github_repository": "acme/agents",
            "github_run_id": self.workflow_run,
            "github_run_attempt": self.attempt,
            "github_job": "log",
            "github_runner": self.runner,
        }


@dataclass(frozen=True)
class Outcome:
    """What came of a job; `failure` is empty when it went well."""

    failure: str
    published: dict[str, Any]
    log: str

    @property
    def is_cancelled(self) -> bool:
        return self.failure == "cancelled"


class Publisher:
    """The process as its user sees it: a context manager."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()

    def start(self, order: Order) -> int:
        """Start a job; its process id."""
        assert self._process.stdin
        print(json.dumps(dataclasses.asdict(order)), file=self._process.stdin, flush=True)
        return int(self._line())

    def outcome(self) -> Outcome:
        """Wait for the job that was started."""
        return Outcome(**json.loads(self._line()))

    def run(self, order: Order) -> Outcome:
        self.start(order)
        return self.outcome()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


def _work() -> None:
    """Do what the lines on the standard input order."""
    from entrypoint.registry.stores import MLFLOW_SETTINGS  # noqa: PLC0415

    os.environ.update(MLFLOW_SETTINGS)
    # Before the first fork: this is what takes long.
    import databricks.sdk  # noqa: F401, PLC0415

    from entrypoint.registry.promote import promotion, source_files  # noqa: F401, PLC0415
    from entrypoint.registry.publish import publish, reuse  # noqa: F401, PLC0415
    from entrypoint.runtime.cancellation import heed_signals  # noqa: PLC0415

    _session(Order("", ""), io.StringIO())
    for line in sys.stdin:
        order = Order(**json.loads(line))
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            heed_signals()
            os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = str(order.timeout)
            os.environ["DATABRICKS_CONFIG_PROFILE"] = f"timeout-{order.timeout}"
            with os.fdopen(writer, "w") as file:
                json.dump(dataclasses.asdict(_job(order)), file)
            os._exit(0)
        os.close(writer)
        print(child, flush=True)
        with os.fdopen(reader) as file:
            said = file.read()
        os.waitpid(child, 0)
        print(said or json.dumps(dataclasses.asdict(Outcome("killed", {}, ""))), flush=True)


def _session(order: Order, text: io.StringIO) -> "Session":
    from entrypoint.databricks.auth.workspace_host import Identity  # noqa: PLC0415
    from entrypoint.registry.ended_jobs import EndedJobs  # noqa: PLC0415
    from entrypoint.registry.session import Session  # noqa: PLC0415
    from entrypoint.registry.stores import Stores  # noqa: PLC0415
    from entrypoint.registry.waiting import WaitLimit  # noqa: PLC0415
    from entrypoint.registry.workflow_job import WorkflowJob  # noqa: PLC0415
    from entrypoint.runtime.log import PlainLog  # noqa: PLC0415

    jobs = EndedJobs(
        WorkflowJob.from_tags(order.job_tags), wait_limit=WaitLimit(order.patience, interval=0.2)
    )
    return Session(Stores("databricks", "databricks-uc"), Identity(), PlainLog(text), jobs=jobs)


def _job(order: Order) -> Outcome:
    from entrypoint.registry.publication_result import Published  # noqa: PLC0415
    from entrypoint.runtime.errors import Cancelled, Failure  # noqa: PLC0415

    published, text, failure = Published(), io.StringIO(), ""
    try:
        (_promote if order.source else _publish)(order, published, text)
    except Failure as refused:
        problem = refused.problems[0]
        failure = f"refused: {refused}\n{problem.fix}\n{problem.detail}"
    except Cancelled:
        failure = "cancelled"
    except Exception:  # noqa: BLE001 - the test says what it thinks of it
        failure = f"crashed: {traceback.format_exc()}"
    return Outcome(failure, dataclasses.asdict(published), text.getvalue())


def _publish(order: Order, published: "Published", text: io.StringIO) -> None:
    from entrypoint.agent.manifest import PATH, Manifest  # noqa: PLC0415
    from entrypoint.registry.labels import COMMITS, Labels  # noqa: PLC0415
    from entrypoint.registry.publish.publish import Publication, publish  # noqa: PLC0415
    from entrypoint.registry.publish.reuse import reuse  # noqa: PLC0415

    model = Path(order.model)
    manifest = Manifest.read(model / PATH)
    facts = {"git_commit": order.commit, "github_run_id": order.workflow_run}
    labels = Labels(
        experiment=f"/Shared/{order.name}",
        run_name=order.name,
        run_tags={"mlflow.source.name": "agent.py", **facts, **order.job_tags},
        logged_model_name=order.name,
        commit=order.commit,
        tags={**facts, COMMITS: order.commit},
        aliases=(order.alias,),
        description="An agent.",
    )
    name = order.full_name
    if order.once and reuse(name, manifest.digest, labels, _session(order, text), published):
        return
    labels = labels.with_digest(manifest.digest)
    publication = Publication(model, manifest, name, labels, order.once)
    publish(publication, _session(order, text), published)


def _promote(order: Order, published: "Published", text: io.StringIO) -> None:
    from entrypoint.inputs.model_name import ModelName  # noqa: PLC0415
    from entrypoint.inputs.model_reference import ModelReference  # noqa: PLC0415
    from entrypoint.registry.labels import UserLabels  # noqa: PLC0415
    from entrypoint.registry.promote.promotion import PromotionRequest, promote  # noqa: PLC0415
    from entrypoint.registry.promote.source_files import fetch  # noqa: PLC0415
    from entrypoint.registry.promote.source_version import SourceLookup  # noqa: PLC0415
    from entrypoint.registry.release_labels import ReleaseLabels  # noqa: PLC0415

    session = _session(order, text)
    labels = ReleaseLabels(
        job_id=uuid4().hex,
        of_job=order.job_tags,
        requested=UserLabels((order.alias,), {}),
        note="",
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source = SourceLookup(ModelReference.parse(order.source), session).find(order.commit)
        fetch(source, session, Path(folder))
        target = ModelName.parse(order.full_name)
        promotion = PromotionRequest(source, Path(folder), target, labels)
        promote(promotion, session, published)


if __name__ == "__main__":
    _work()
