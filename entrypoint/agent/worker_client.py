"""The worker's process, on the control process's side."""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from entrypoint.agent.sandbox.process import Process
from entrypoint.agent.sandbox.sandbox import Sandbox

_WORKER = Path(__file__).with_name("worker")
_MAX_VERDICT_BYTES = 50_000_000


class WorkerProcess:
    """Imports MLflow as soon as it is started, and then waits for its job.

    It and all of its processes end with the `with` block. `folder` is where it works. Its verdict
    on a stage comes back in a file without a name, to which no path leads.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._process: Process | None = None
        self._reply = -1
        self._running = ExitStack()
        unnamed = tempfile.TemporaryFile(dir=sandbox.folder)  # noqa: SIM115 - closed with the rest
        self._verdict = self._running.enter_context(unnamed)
        self.folder = sandbox.share("build")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def start(self, python: Path) -> None:
        """Start it with the interpreter of an environment."""
        self._reply, writing = os.pipe()
        self._running.callback(os.close, self._reply)
        self._running.callback(os.close, writing)
        descriptors = (writing, self._verdict.fileno())
        argv = [str(python), "-Iu", str(_WORKER), str(self._job_file), *map(str, descriptors)]
        started = self._sandbox.start(
            argv, doing="the agent", cwd=self.folder, descriptors=descriptors
        )
        self._process = self._running.enter_context(started)

    def give(self, job: Mapping[str, Any]) -> None:
        """Write the job file, which the process reads with the first stage."""
        self._job_file.write_text(json.dumps(job), encoding="utf-8")

    def do(self, stage: str, environ: Mapping[str, str]) -> bytes:
        """Let it do one stage of its job, with more variables; the reply is empty if it ended.

        Raises:
            TimedOut: the deadline passed.

        """
        self._verdict.truncate(0)
        process = self._started
        process.doing = f"the agent's {stage}"
        process.send(json.dumps({"stage": stage, "environ": dict(environ)}))
        return process.watch(self._reply)

    @property
    def verdict(self) -> bytes:
        """What the stage wrote; its process ran the agent's code, so it may be anything.

        Raises:
            ValueError: it is larger than any verdict.

        """
        self._verdict.seek(0)
        content = self._verdict.read(_MAX_VERDICT_BYTES + 1)
        if len(content) > _MAX_VERDICT_BYTES:
            raise ValueError(f"more than {_MAX_VERDICT_BYTES} bytes")
        return content

    @property
    def status(self) -> int:
        """The exit status; a signal's is negative."""
        return self._started.status

    @property
    def printed(self) -> str:
        """The end of what it printed."""
        return self._started.printed

    @property
    def _started(self) -> Process:
        if not self._process:
            raise RuntimeError("not started")
        return self._process

    @property
    def _job_file(self) -> Path:
        return self._sandbox.folder / "job.json"
