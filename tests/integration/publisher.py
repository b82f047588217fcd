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
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

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
    once: bool = True
    commit: str = SHA
    alias: str = "champion"

    @property
    def full_name(self) -> str:
        return f"prod.agents.{self.name}"


@dataclass(frozen=True)
class Outcome:
    """What came of a job; `failure` is empty when it went well."""

    failure: str
    published: dict[str, Any]
    log: str


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

    from entrypoint.log import PlainLog  # noqa: PLC0415
    from entrypoint.registry import publish, reuse  # noqa: F401, PLC0415
    from entrypoint.registry.session import Session  # noqa: PLC0415
    from entrypoint.registry.stores import Stores  # noqa: PLC0415

    Session(Stores("databricks", "databricks-uc"), os.environ, PlainLog(io.StringIO()))
    for line in sys.stdin:
        order = Order(**json.loads(line))
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            with os.fdopen(writer, "w") as file:
                json.dump(dataclasses.asdict(_job(order)), file)
            os._exit(0)
        os.close(writer)
        print(child, flush=True)
        with os.fdopen(reader) as file:
            said = file.read()
        os.waitpid(child, 0)
        print(said or json.dumps(dataclasses.asdict(Outcome("killed", {}, ""))), flush=True)


def _job(order: Order) -> Outcome:
    from entrypoint.agent.manifest import PATH, Manifest  # noqa: PLC0415
    from entrypoint.errors import PublishFailure  # noqa: PLC0415
    from entrypoint.log import PlainLog  # noqa: PLC0415
    from entrypoint.registry.labels import COMMITS, RUN_ID, Labels  # noqa: PLC0415
    from entrypoint.registry.publish import Publication, publish  # noqa: PLC0415
    from entrypoint.registry.published import Published  # noqa: PLC0415
    from entrypoint.registry.reuse import reuse  # noqa: PLC0415
    from entrypoint.registry.session import Session  # noqa: PLC0415
    from entrypoint.registry.stores import Stores  # noqa: PLC0415

    model = Path(order.model)
    manifest = Manifest.read(model / PATH)
    facts = {"git_commit": order.commit, RUN_ID: order.workflow_run}
    labels = Labels(
        experiment=f"/Shared/{order.name}",
        run_name=order.name,
        run_tags={"mlflow.source.name": "agent.py", **facts},
        logged_model_name=order.name,
        commit=order.commit,
        tags={**facts, COMMITS: order.commit},
        aliases=(order.alias,),
        description="An agent.",
    )
    published, text = Published(), io.StringIO()
    log = PlainLog(text)
    stores = Stores("databricks", "databricks-uc")
    name, failure = order.full_name, ""
    try:
        session = Session(stores, os.environ, log)
        if not (order.once and reuse(name, manifest.digest, labels, session, published)):
            labels = labels.with_digest(manifest.digest)
            publication = Publication(model, manifest, name, labels, order.once)
            publish(publication, Session(stores, os.environ, log), published, log)
    except PublishFailure as refused:
        failure = f"refused: {refused}\n{refused.problems[0].detail}"
    except Exception:  # noqa: BLE001 - the test says what it thinks of it
        failure = f"crashed: {traceback.format_exc()}"
    return Outcome(failure, dataclasses.asdict(published), text.getvalue())


if __name__ == "__main__":
    _work()
