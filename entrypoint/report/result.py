"""The result: everything that outputs and summary say comes from here."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from entrypoint.agent.build import Build, Verification
from entrypoint.agent.environment.lock import Lock
from entrypoint.comparison.changes import Comparison
from entrypoint.inputs.event import Event
from entrypoint.registry.publication_result import Published
from entrypoint.resources.table import Table
from entrypoint.resources.variables import Variable
from entrypoint.runtime.errors import Problem
from entrypoint.runtime.log import Log, Note, grouped

# A step's outputs are texts.
_TEXTS = {True: "true", False: "false", None: ""}


@dataclass(frozen=True)
class Stage:
    """A stage of the job: how long it took, and whether it went well; None if it was given up."""

    name: str
    seconds: float
    passed: bool | None


@dataclass
class Result:
    """What the job knows so far; filled in as it goes on, so that a failed job has a report too."""

    mode: str = ""
    agent: str = ""
    target: str = ""
    commit: str = ""
    repository_url: str = ""
    workflow_run_url: str = ""
    skipped: str = ""
    stages: list[Stage] = field(default_factory=list)
    lock: Lock | None = None
    lock_command: str = ""
    """Commands that pin what the requirements leave open; empty where they leave nothing open."""
    digest: str = ""
    build: Build | None = None
    verify: str = ""
    """The input."""
    verification: Verification | None = None
    not_loaded: Problem | None = None
    """Why nobody has loaded the agent, where that says nothing against it."""
    resources: Table = field(default_factory=Table)
    variables: list[Variable] | None = None
    """Those of the environment that the agent reads; None where its code was not read."""
    aliases: tuple[str, ...] = ()
    comparison: Comparison | None = None
    preview_can_write: bool | None = None
    """Whether a preview's login may write the target; None where it isn't known."""
    published: Published = field(default_factory=Published)
    problems: tuple[Problem, ...] = ()
    notes: list[Note] = field(default_factory=list)
    reported_by: str = ""
    """The repository whose run made the report, where that is not trusted."""
    workflow_run_conclusion: str = ""
    """What the run that made the report ended as, where that is worse than what it reports."""
    comment_url: str = ""
    report_path: str = ""

    def set_aim(self, texts: Mapping[str, str], event: Event, mode: str) -> None:
        """Set mode, agent and target from the texts of the inputs, which may be wrong."""
        self.mode = mode
        self.agent, self.target = texts["agent-path"].strip(), texts["uc-target"].strip()
        self.repository_url = event.repository and f"{event.server_url}/{event.repository}"
        self.workflow_run_url = event.run_url

    def fail(self, *problems: Problem) -> None:
        """Add problems, each once; where a version is READY in spite of them, each says so."""
        published = self.published
        ready = f" `{published.model_name}` version {published.model_version} is READY."
        for problem in problems:
            reported = replace(problem, what=problem.what + ready * bool(published.model_version))
            if reported not in self.problems:
                self.problems += (reported,)

    @contextmanager
    def stage(
        self, name: str, log: Log, clock: Callable[[], float] = time.monotonic
    ) -> Iterator[None]:
        """Group the log lines of a stage of the job, and note its time and how it went."""
        started, not_loaded = clock(), self.not_loaded
        passed: bool | None = False
        self.stages.append(Stage(name, 0, passed))
        with grouped(log, name):
            try:
                yield
                passed = True if self.not_loaded is not_loaded else None
            finally:
                self.stages[-1] = Stage(name, clock() - started, passed)
        log.line(f"{name}: {self.stages[-1].seconds:.1f} s")

    def redacted(self, redact: Callable[[str], str]) -> Self:
        """The same with `redact` done to every text.

        Before it is rendered: in a text that is cut, escaped or encoded no secret is found.
        """
        redacted: Self = _mapped(self, redact)
        return redacted

    @property
    def subject(self) -> str:
        """What the report is about: the registered model, else the agent."""
        return self.target or self.agent

    @property
    def is_compared(self) -> bool:
        """Whether there are changes to show."""
        return self.comparison is not None and self.comparison.changes

    @property
    def answer(self) -> str | None:
        """What the agent answered to the example."""
        return self.verification.answer if self.verification else None

    @property
    def prompts(self) -> tuple[str, ...]:
        """The URIs of the prompts that the agent loaded, each with its version."""
        built = self.build.prompts if self.build else ()
        verified = self.verification.prompts if self.verification else ()
        return tuple(dict.fromkeys((*built, *verified)))

    @property
    def warnings_and_notices(self) -> list[Note]:
        """What was pointed out and is no reason to fail, warnings first."""
        return [
            note for level in ("warning", "notice") for note in self.notes if note.level == level
        ]

    @property
    def changed(self) -> bool | None:
        """Whether this agent differs from the registered one; None where it isn't known."""
        if self.published.model_version:
            return not self.published.reused
        if self.comparison is None or self.comparison.not_compared:
            return None
        return self.comparison.changes

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
            "moved-aliases": _lines(published.moved),
            "kept-aliases": _lines(published.kept),
            "run-id": published.run_id,
            "run-url": published.run_url,
            "experiment-id": published.experiment_id,
            "digest": self.digest,
            "changed": _TEXTS[self.changed],
            "environment-variables": (
                "" if self.variables is None else json.dumps(self.needed_variables)
            ),
            "preview-can-write": _TEXTS[self.preview_can_write],
            "comment-url": self.comment_url,
            "report-path": self.report_path,
            "mode": self.mode,
            "result": json.dumps(self.as_json(), ensure_ascii=False),
        }

    @property
    def needed_variables(self) -> list[str]:
        """The names of those variables that have to be set on the endpoint, sorted."""
        return sorted(each.name for each in self.variables or () if each.is_needed)

    def as_json(self) -> dict[str, Any]:
        """Everything, in the types that JSON knows; no path of the runner is in it."""
        content = dataclasses.asdict(self)
        content["published"]["model_uri"] = self.published.model_uri
        return content


def _lines(aliases: Mapping[str, str]) -> str:
    return "\n".join(f"{alias}={version}" for alias, version in aliases.items())


def _mapped(content: Any, change: Callable[[str], str]) -> Any:
    """A copy in which every text is changed."""
    match content:
        case str():
            return change(content)
        case list() | tuple():
            return type(content)(_mapped(each, change) for each in content)
        case dict():
            return {_mapped(key, change): _mapped(each, change) for key, each in content.items()}
    if not dataclasses.is_dataclass(content) or isinstance(content, type):
        return content
    names = [field.name for field in dataclasses.fields(content)]
    return type(content)(**{name: _mapped(getattr(content, name), change) for name in names})
