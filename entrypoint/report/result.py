"""The result: everything that outputs and summary say comes from here."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from entrypoint.agent.build import Build, Verification
from entrypoint.agent.environment.lock import Lock
from entrypoint.errors import Problem
from entrypoint.event import Event
from entrypoint.inputs import Inputs
from entrypoint.log import Log, grouped
from entrypoint.registry.published import Published
from entrypoint.resources.table import Table
from entrypoint.workspace import Workspace


@dataclass(frozen=True)
class Stage:
    """One part of the story: how long it took, and whether it went well."""

    name: str
    seconds: float
    passed: bool


@dataclass
class Result:
    """What is known by now; filled in as the story goes, so that a failure still tells."""

    mode: str = ""
    agent: str = ""
    target: str = ""
    commit: str = ""
    skipped: str = ""
    stages: list[Stage] = field(default_factory=list)
    lock: Lock | None = None
    digest: str = ""
    build: Build | None = None
    verification: Verification | None = None
    resources: Table = field(default_factory=Table)
    aliases: tuple[str, ...] = ()
    published: Published = field(default_factory=Published)
    problems: tuple[Problem, ...] = ()

    def learn_inputs(self, inputs: Inputs, event: Event, workspace: Workspace) -> None:
        """Take over what the inputs say about the aim."""
        self.mode = event.mode_for(inputs.mode)
        self.agent = workspace.relative(inputs.agent_path)
        self.target = str(inputs.uc_target or "")

    @contextmanager
    def stage(
        self, name: str, log: Log, clock: Callable[[], float] = time.monotonic
    ) -> Iterator[None]:
        """Tell one part of the story in the log, and note how it went."""
        started, passed = clock(), False
        with grouped(log, name):
            try:
                yield
                passed = True
            finally:
                self.stages.append(Stage(name, clock() - started, passed))
        log.line(f"{name}: {self.stages[-1].seconds:.1f} s")

    @property
    def outputs(self) -> dict[str, str]:
        """The step's outputs; empty where nothing is known."""
        published = self.published
        return {
            "model-uri": published.model_uri,
            "model-name": published.model_name,
            "model-version": published.model_version,
            "logged-model-uri": published.logged_model_uri,
            "model-url": published.model_url,
            "reused": "true" if published.reused else "false" if published.model_version else "",
            "run-id": published.run_id,
            "run-url": published.run_url,
            "experiment-id": published.experiment_id,
            "digest": self.digest,
            "mode": self.mode,
            "result": json.dumps(self.as_json(), ensure_ascii=False),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, in the types that JSON knows; no path of the runner is in it."""
        content = dataclasses.asdict(self)
        if self.build:
            del content["build"]["model"]
        content["published"]["model_uri"] = self.published.model_uri
        return content
