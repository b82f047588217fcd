"""What the user asked for: the inputs, read and checked."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from entrypoint.errors import InputFailure, Place, Problem
from entrypoint.registry.name import ModelName
from entrypoint.workspace import Workspace

Value = TypeVar("Value")

# A scheme of at least two letters (`c:` is a drive) and a colon, as in `models:/m-1`.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_VERSION = re.compile(r"3\.\d+(\.\d+)?")


@dataclass(frozen=True)
class Declared:
    """An input as action.yml and `--help` declare it; a test holds them against each other."""

    name: str
    description: str
    default: str = ""

    @property
    def variable(self) -> str:
        """The variable in which the runner hands the input over (upper case, dashes stay)."""
        return f"INPUT_{self.name.upper()}"


INPUTS = (
    Declared(
        "agent-path",
        "File that defines the agent and hands it to `mlflow.models.set_model(...)`: a Python file,"
        " a Databricks notebook in source format, or an `.ipynb`. Required. Like every path,"
        " relative to the workspace.",
    ),
    Declared(
        "resources-file",
        "YAML file with the Databricks resources that the agent may use, in MLflow's format, and"
        " the API scopes of the user's token (`user_auth_policy`). `${NAME}` stands for a variable"
        " of the step. Without it, `resources.yml` or `resources.yaml` beside the agent, if there.",
    ),
    Declared(
        "uc-target",
        "Registered model, `catalog.schema.model`. Required to register.",
    ),
    Declared(
        "mode",
        "`preview` builds and verifies, and writes nothing outside the runner; `log` also makes a"
        " logged model; `register` also makes a model version. `auto` means `register` on pushes to"
        " the default branch, tags, releases, schedules and manual runs, and `preview` on"
        " everything else.",
        "auto",
    ),
    Declared(
        "flavor",
        "MLflow flavor: `pyfunc` (ResponsesAgent, ChatAgent, ChatModel, PythonModel, functions),"
        " `langchain` (LangChain, LangGraph) or `llama_index`. `auto` finds out from what"
        " `set_model` was given.",
        "auto",
    ),
    Declared(
        "model-config",
        "YAML file that the agent reads through MLflow's `ModelConfig`.",
    ),
    Declared(
        "input-example",
        "Example input, as JSON or as the path of a JSON file: what verify asks the agent, and"
        " what a PythonModel's signature is inferred from.",
    ),
    Declared(
        "signature",
        "YAML or JSON file with the signature in MLflow's format (`inputs`, `outputs`, `params`)."
        " Without it, that of the interface, of the type hints, or of the example.",
    ),
    Declared(
        "requirements",
        "Requirements of the agent, one a line: files (`requirements.txt`, `pyproject.toml`,"
        " `uv.lock`) or requirements. Without it, the first of `uv.lock`, `pyproject.toml`,"
        " `requirements.txt` beside the agent or in the folders above.",
    ),
    Declared(
        "python-version",
        "Python of the agent's environment, for example `3.11`. Without it, `.python-version`, else"
        " `requires-python` of the agent's `pyproject.toml`, else the action's own.",
    ),
    Declared(
        "code-paths",
        "Files and folders to ship with the agent, one a line: modules, packages, or a folder such"
        " as `src` that holds them.",
    ),
    Declared(
        "artifacts",
        "MLflow's `artifacts`, one `name=path` a line: a file or folder of the workspace, or a URI"
        " that MLflow downloads (the digest knows it by the URI, not by what is there).",
    ),
    Declared(
        "experiment",
        "MLflow experiment, made if it isn't there. Without it,"
        " `/Shared/<repository owner>-<repository name>`.",
    ),
    Declared(
        "tracking-uri",
        "MLflow tracking store. Without it, `databricks` when DATABRICKS_HOST is set, else"
        " MLFLOW_TRACKING_URI. `embedded` is a SQLite file and artifacts under `.log-agent/` in"
        " the workspace, and off GitHub the last resort.",
    ),
    Declared(
        "registry-uri",
        "MLflow model registry. Without it, `databricks-uc` with `databricks`, else"
        " MLFLOW_REGISTRY_URI, else the tracking store.",
    ),
    Declared(
        "aliases",
        "Aliases to set on the model version, one a line. `{sha}`, `{short-sha}`, `{branch}`,"
        " `{tag}`, `{pr}` and `{run-id}` are filled in.",
    ),
    Declared(
        "tags",
        "Tags to set on the model version, one `key=value` a line, filled in as in `aliases`.",
    ),
    Declared(
        "if-unchanged",
        "`reuse` takes the version that has the same digest, if there is one, without building or"
        " asking the agent; `register` makes a new one.",
        "reuse",
    ),
    Declared(
        "verify",
        "`predict` loads what was built in a clean process and asks it the example; `load` only"
        " loads it; `off` does neither.",
        "predict",
    ),
    Declared(
        "check-resources",
        "What to do about resources that the agent uses and doesn't declare, that don't exist, or"
        " for which the user's token lacks a scope: `error`, `warn`, or `off`.",
        "error",
    ),
    Declared(
        "timeout-minutes",
        "Minutes that making the environment, building and verifying may take together.",
        "30",
    ),
    Declared(
        "cache-dir",
        "Folder in the workspace in which packages and environments are kept between runs, for"
        " `actions/cache`.",
    ),
)

MODES = ("auto", "preview", "log", "register")
FLAVORS = ("auto", "pyfunc", "langchain", "llama_index")
VERIFICATIONS = ("predict", "load", "off")
IF_UNCHANGED = ("reuse", "register")
RESOURCE_CHECKS = ("error", "warn", "off")


@dataclass(frozen=True)
class InputExample:
    """The example, and the file it came from (none when it was given in the workflow)."""

    value: Any
    path: Path | None = None


@dataclass(frozen=True)
class Inputs:
    """The inputs, each of the type that the rest of the program works with."""

    agent_path: Path
    resources_file: Path | None
    uc_target: ModelName | None
    mode: str
    flavor: str
    model_config: Path | None
    input_example: InputExample | None
    signature: Path | None
    requirements: tuple[str, ...]
    python_version: str | None
    code_paths: tuple[Path, ...]
    artifacts: tuple[tuple[str, Path | str], ...]
    experiment: str | None
    tracking_uri: str | None
    registry_uri: str | None
    aliases: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    if_unchanged: str
    verify: str
    check_resources: str
    timeout_seconds: float
    cache_dir: Path | None

    @classmethod
    def read(cls, texts: Mapping[str, str], workspace: Workspace) -> "Inputs":
        """Read the inputs from their texts, by name; an empty text means "not given".

        Raises:
            InputFailure: every problem of every input, at once.

        """
        reader = _Reader(texts)
        values: dict[str, Any] = {
            "agent_path": reader.required("agent-path", lambda text: _agent(text, workspace)),
            "resources_file": reader.optional("resources-file", workspace.file),
            "uc_target": reader.optional("uc-target", ModelName.parse),
            "mode": reader.required("mode", _one_of(MODES)),
            "flavor": reader.required("flavor", _one_of(FLAVORS)),
            "model_config": reader.optional("model-config", workspace.file),
            "input_example": reader.optional(
                "input-example", lambda text: _input_example(text, workspace)
            ),
            "signature": reader.optional("signature", workspace.file),
            "requirements": reader.optional("requirements", _lines) or (),
            "python_version": reader.optional("python-version", _python_version),
            "code_paths": reader.optional(
                "code-paths", lambda text: _each(text, workspace.existing)
            )
            or (),
            "artifacts": reader.optional("artifacts", lambda text: _artifacts(text, workspace))
            or (),
            "experiment": reader.optional("experiment", str),
            "tracking_uri": reader.optional("tracking-uri", str),
            "registry_uri": reader.optional("registry-uri", str),
            "aliases": reader.optional("aliases", _lines) or (),
            "tags": reader.optional("tags", _pairs) or (),
            "if_unchanged": reader.required("if-unchanged", _one_of(IF_UNCHANGED)),
            "verify": reader.required("verify", _one_of(VERIFICATIONS)),
            "check_resources": reader.required("check-resources", _one_of(RESOURCE_CHECKS)),
            "timeout_seconds": reader.required("timeout-minutes", _seconds),
            "cache_dir": reader.optional("cache-dir", workspace.folder),
        }
        if reader.problems:
            raise InputFailure(*reader.problems)
        inputs = cls(**values)
        inputs._check_cache_dir(workspace)
        return inputs

    def _check_cache_dir(self, workspace: Workspace) -> None:
        """The agent's process may write there: it must hold nothing of the checkout."""
        if self.cache_dir and self.agent_path.is_relative_to(self.cache_dir):
            raise InputFailure(
                Problem(
                    f"`cache-dir`: `{workspace.relative(self.cache_dir)}` holds the agent; nothing"
                    " but the cache may be there.",
                    "Name a folder of its own:\n\n    with:\n      cache-dir: .cache/log-agent",
                )
            )


class _Reader:
    """Converts one input after the other and keeps every problem."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._defaults = {declared.name: declared.default for declared in INPUTS}
        self.problems: list[Problem] = []

    def required(self, name: str, convert: Callable[[str], Value]) -> Value | None:
        if not self._text(name):
            self.problems.append(
                Problem(
                    f"`{name}` is required.",
                    f"Add it to the step:\n\n    with:\n      {name}: agents/support/agent.py",
                )
            )
            return None
        return self.optional(name, convert)

    def optional(self, name: str, convert: Callable[[str], Value]) -> Value | None:
        text = self._text(name)
        if not text:
            return None
        try:
            return convert(text)
        except _Misplaced as error:
            self.problems.append(Problem(f"`{name}`: {error}", place=error.place))
        except ValueError as error:
            self.problems.append(Problem(f"`{name}`: {error}"))
        return None

    def _text(self, name: str) -> str:
        return self._texts.get(name, "").strip() or self._defaults[name]


class _Misplaced(ValueError):
    """A value is wrong at a place in a file."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


def texts_of(environ: Mapping[str, str], flags: Mapping[str, str | None]) -> dict[str, str]:
    """Every input's text by name: the command line's, else the runner's."""
    return {
        declared.name: flags.get(declared.name) or environ.get(declared.variable, "")
        for declared in INPUTS
    }


def _agent(text: str, workspace: Workspace) -> Path:
    path = workspace.file(text)
    if path.suffix not in (".py", ".ipynb"):
        raise ValueError(
            f"`{text}` is not a Python file. Name the `.py` file or the `.ipynb` notebook that"
            " calls `mlflow.models.set_model(...)`."
        )
    return path


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in choices:
            allowed = ", ".join(f"`{choice}`" for choice in choices)
            raise ValueError(f"`{text}` is not one of {allowed}.")
        return text

    return convert


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [line.partition("=") for line in _lines(text)]
    if wrong := [f"`{key}`" for key, separator, _ in pairs if not separator]:
        raise ValueError(f"{', '.join(wrong)}: not `key=value`.")
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def _each(text: str, convert: Callable[[str], Value]) -> tuple[Value, ...]:
    """Convert every line, and say everything that is wrong with any."""
    values, wrong = [], []
    for line in _lines(text):
        try:
            values.append(convert(line))
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError(" ".join(wrong))
    return tuple(values)


def _artifacts(text: str, workspace: Workspace) -> tuple[tuple[str, Path | str], ...]:
    def artifact(line: str) -> tuple[str, Path | str]:
        ((name, place),) = _pairs(line)
        if not (name and place):
            raise ValueError(f"`{line}` is not `name=path`.")
        return name, place if _URI.match(place) else workspace.existing(place)

    artifacts = _each(text, artifact)
    names = [name for name, _ in artifacts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"`{twice[0]}` is given twice.")
    return artifacts


def _python_version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise ValueError(f"`{text}` is not a version of Python, for example `3.11`.")
    return text


def _seconds(text: str) -> float:
    wanted = f"`{text}` is not a number of minutes above 0, for example `30`."
    try:
        minutes = float(text)
    except ValueError:
        raise ValueError(wanted) from None
    if not 0 < minutes < float("inf"):
        raise ValueError(wanted)
    return minutes * 60


def _input_example(text: str, workspace: Workspace) -> InputExample:
    if text[0] in '{["':
        try:
            return InputExample(json.loads(text))
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"not JSON: {error}.") from error
    path = workspace.file(text)
    try:
        return InputExample(json.loads(path.read_text(encoding="utf-8")), path)
    except json.JSONDecodeError as error:
        place = Place(workspace.relative(path), error.lineno, error.colno)
        raise _Misplaced(f"`{text}` is not JSON: {error.msg}.", place) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"`{text}` is not JSON: {error}.") from error
