"""What the user asked for: the inputs, read and checked, each of the type that the rest needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from entrypoint.inputs import parsing as readers
from entrypoint.inputs.model_name import ModelName
from entrypoint.inputs.model_reference import ModelReference
from entrypoint.inputs.parsing import InputExample, Reader
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Problem

MODES = ("auto", "preview", "log", "register", "promote", "comment")
FLAVORS = ("auto", "pyfunc", "langchain", "llama_index")
VERIFICATIONS = ("predict", "load", "off")
IF_UNCHANGED = ("reuse", "register")
RESOURCE_CHECKS = ("error", "warn", "off")
COMMENTS = ("always", "changes", "off")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where the agent goes, and what is written on it there."""

    uc_target: ModelName | None
    experiment: str | None
    tracking_uri: str | None
    registry_uri: str | None
    aliases: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class BuildInputs(Destination):
    """The inputs of a job that builds an agent."""

    agent_path: Path
    resources_file: Path | None
    mode: str
    flavor: str
    model_config: Path | None
    input_example: InputExample | None
    signature: Path | None
    requirements: tuple[str, ...]
    python_version: str | None
    code_paths: tuple[Path, ...]
    artifacts: tuple[tuple[str, Path | str], ...]
    baseline: str | None
    if_unchanged: str
    verify: str
    check_resources: str
    cache_dir: Path | None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file and folder that goes into the agent, and is named here."""
        example = self.input_example.path if self.input_example else None
        named = (self.resources_file, self.model_config, example, self.signature)
        return (
            self.agent_path,
            *(path for path in named if path),
            *self.code_paths,
            *(path for _, path in self.artifacts if isinstance(path, Path)),
        )

    @classmethod
    def read(cls, texts: Mapping[str, str], workspace: Workspace) -> Self:
        """Read the inputs from their texts, by name; an empty text means "not given".

        Raises:
            InputFailure: every problem of every input, at once.

        """
        reader = Reader(texts)
        values: dict[str, Any] = {
            "agent_path": reader.required(
                "agent-path",
                lambda text: readers.agent(text, workspace),
                example="agents/support/agent.py",
            ),
            "resources_file": reader.optional("resources-file", workspace.file),
            "mode": reader.required("mode", readers.one_of(MODES)),
            "flavor": reader.required("flavor", readers.one_of(FLAVORS)),
            "model_config": reader.optional("model-config", workspace.file),
            "input_example": reader.optional(
                "input-example", lambda text: readers.input_example(text, workspace)
            ),
            "signature": reader.optional("signature", workspace.file),
            "requirements": reader.optional("requirements", readers.lines) or (),
            "python_version": reader.optional("python-version", readers.python_version),
            "code_paths": reader.optional(
                "code-paths", lambda text: readers.each(text, workspace.existing)
            )
            or (),
            "artifacts": reader.optional(
                "artifacts", lambda text: readers.artifacts(text, workspace)
            )
            or (),
            "baseline": reader.optional("baseline", str),
            "if_unchanged": reader.required("if-unchanged", readers.one_of(IF_UNCHANGED)),
            "verify": reader.required("verify", readers.one_of(VERIFICATIONS)),
            "check_resources": reader.required("check-resources", readers.one_of(RESOURCE_CHECKS)),
            "cache_dir": reader.optional("cache-dir", workspace.own_folder),
            **_destination(reader),
        }
        reporting = _reporting(reader, workspace)
        if reader.problems:
            raise InputFailure(*reader.problems)
        inputs = cls(**values)
        if inputs.cache_dir:
            for path in inputs.paths:
                what = "the agent" if path == inputs.agent_path else f"`{workspace.relative(path)}`"
                _check_is_only_a_cache(inputs.cache_dir, what, path, workspace)
            if report_path := reporting["report_path"]:
                _check_is_only_a_cache(inputs.cache_dir, "the report", report_path, workspace)
        return inputs


@dataclass(frozen=True, kw_only=True)
class PromotionInputs(Destination):
    """The inputs of a job that promotes what is registered."""

    uc_target: ModelName
    source: ModelReference

    @classmethod
    def read(cls, texts: Mapping[str, str], workspace: Workspace) -> Self:
        """Read them.

        Raises:
            InputFailure: every problem of each.

        """
        reader = Reader(texts)
        values = {
            **_destination(reader),
            "source": reader.required(
                "source", ModelReference.parse, example="models:/dev.agents.support@champion"
            ),
            "uc_target": reader.required(
                "uc-target", ModelName.parse, example="prod.agents.support"
            ),
        }
        _reporting(reader, workspace)
        if reader.problems:
            raise InputFailure(*reader.problems)
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class ReportingInputs:
    """The inputs of every mode: what people read, and how long the job may take."""

    comment: str
    github_token: str
    report_path: Path | None
    timeout_seconds: float

    @classmethod
    def read(cls, texts: Mapping[str, str], workspace: Workspace) -> Self:
        """Read them.

        Raises:
            InputFailure: every problem of each.

        """
        reader = Reader(texts)
        values = _reporting(reader, workspace)
        if reader.problems:
            raise InputFailure(*reader.problems)
        return cls(**values)

    @classmethod
    def as_far_as_possible(cls, texts: Mapping[str, str], workspace: Workspace) -> Self:
        """Read them; one that is wrong has its default, for the report has to say so."""
        reader = Reader(texts)
        values = _reporting(reader, workspace)
        fallen_back = _reporting(Reader({}), workspace)
        return cls(**{name: fallen_back[name] if v is None else v for name, v in values.items()})


def _destination(reader: Reader) -> dict[str, Any]:
    return {
        "uc_target": reader.optional("uc-target", ModelName.parse),
        "experiment": reader.optional("experiment", str),
        "tracking_uri": reader.optional("tracking-uri", str),
        "registry_uri": reader.optional("registry-uri", str),
        "aliases": reader.optional("aliases", readers.lines) or (),
        "tags": reader.optional("tags", readers.pairs) or (),
    }


def _reporting(reader: Reader, workspace: Workspace) -> dict[str, Any]:
    return {
        "comment": reader.required("comment", readers.one_of(COMMENTS)),
        # As it was given: the default is for GitHub, which fills it in.
        "github_token": reader.given("github-token"),
        "report_path": reader.optional("report-path", workspace.own_folder),
        "timeout_seconds": reader.required("timeout-minutes", readers.seconds),
    }


def _check_is_only_a_cache(cache_dir: Path, what: str, path: Path, workspace: Workspace) -> None:
    """The agent's process may write there: it must hold nothing that others trust."""
    if path.is_relative_to(cache_dir):
        raise InputFailure(
            Problem(
                f"`cache-dir`: `{workspace.relative(cache_dir)}` holds {what}; nothing but the"
                " cache may be there.",
                "Name a folder of its own:\n\n    with:\n      cache-dir: .cache/log-agent",
            )
        )
