"""The inputs as action.yml and `--help` declare them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class InputSpec:
    """An input as action.yml and `--help` declare it; a test holds them against each other."""

    name: str
    description: str
    default: str = ""

    @property
    def variable(self) -> str:
        """The variable in which the runner hands the input over (upper case, dashes stay)."""
        return f"INPUT_{self.name.upper()}"


INPUTS = (
    InputSpec(
        "agent-path",
        "File that defines the agent and hands it to `mlflow.models.set_model(...)`: a Python file,"
        " a Databricks notebook in source format, or an `.ipynb`. Required, except to promote and"
        " to comment. Like every path, relative to the workspace.",
    ),
    InputSpec(
        "resources-file",
        "YAML file with the Databricks resources that the agent may use, in MLflow's format, and"
        " the API scopes of the user's token (`user_auth_policy`). `${NAME}` stands for a variable"
        " of the step. Without it, `resources.yml` or `resources.yaml` beside the agent, if there.",
    ),
    InputSpec(
        "uc-target",
        "Registered model, `catalog.schema.model`. Required to register and to promote.",
    ),
    InputSpec(
        "mode",
        "`preview` builds and verifies, compares with what is registered, and writes nothing"
        " outside the runner but the comment; `log` also makes a logged model; `register` also"
        " makes a model version; `promote` copies a registered version, unchanged, from `source` to"
        " `uc-target`; `comment` posts the report of another workflow's preview. `auto` means"
        " `promote` on tags and releases when `source` is given, `register` on them when it isn't,"
        " on schedules, and on pushes to and manual runs on the default branch, `comment` on"
        " `workflow_run`, and `preview` on everything else.",
        "auto",
    ),
    InputSpec(
        "flavor",
        "MLflow flavor: `pyfunc` (ResponsesAgent, ChatAgent, ChatModel, PythonModel, functions),"
        " `langchain` (LangChain, LangGraph) or `llama_index`. `auto` finds out from what"
        " `set_model` was given.",
        "auto",
    ),
    InputSpec(
        "model-config",
        "YAML file that the agent reads through MLflow's `ModelConfig`.",
    ),
    InputSpec(
        "input-example",
        "Example input, as JSON or as the path of a JSON file: what verify asks the agent, and"
        " what a PythonModel's signature is inferred from.",
    ),
    InputSpec(
        "signature",
        "YAML or JSON file with the signature in MLflow's format (`inputs`, `outputs`, `params`)."
        " Without it, that of the interface, of the type hints, or of the example.",
    ),
    InputSpec(
        "requirements",
        "Requirements of the agent, one a line: files (`requirements.txt`, `pyproject.toml`,"
        " `uv.lock`) or requirements. Without it, the first of `uv.lock`, `pyproject.toml`,"
        " `requirements.txt` beside the agent or in the folders above.",
    ),
    InputSpec(
        "python-version",
        "Python of the agent's environment, for example `3.11`. Without it, `.python-version`, else"
        " `requires-python` of the agent's `pyproject.toml`, else the action's own.",
    ),
    InputSpec(
        "code-paths",
        "Files and folders to ship with the agent, one a line: modules, packages, or a folder such"
        " as `src` that holds them.",
    ),
    InputSpec(
        "artifacts",
        "MLflow's `artifacts`, one `name=path` a line: a file or folder of the workspace, or a URI"
        " that MLflow downloads (the digest knows it by the URI, not by what is there).",
    ),
    InputSpec(
        "experiment",
        "MLflow experiment, made if it isn't there. Without it,"
        " `/Shared/<repository owner>-<repository name>`.",
    ),
    InputSpec(
        "tracking-uri",
        "MLflow tracking store. Without it, `databricks` when DATABRICKS_HOST is set, else"
        " MLFLOW_TRACKING_URI. `embedded` is a SQLite file and artifacts under `.log-agent/` in"
        " the workspace, and off GitHub the last resort.",
    ),
    InputSpec(
        "registry-uri",
        "MLflow model registry. Without it, `databricks-uc` with `databricks`, else"
        " MLFLOW_REGISTRY_URI, else the tracking store.",
    ),
    InputSpec(
        "aliases",
        "Aliases to set on the model version, one a line. `{sha}`, `{short-sha}`, `{branch}`,"
        " `{tag}`, `{pr}` and `{run-id}` are filled in.",
    ),
    InputSpec(
        "tags",
        "Tags to set on the model version, one `key=value` a line, filled in as in `aliases`.",
    ),
    InputSpec(
        "source",
        "What to promote: `catalog.schema.model` (its version for this commit),"
        " `models:/catalog.schema.model/3` or `models:/catalog.schema.model@champion`. Required to"
        " promote.",
    ),
    InputSpec(
        "baseline",
        "Version to compare a preview with: a number or an alias. Without it, the highest one that"
        " is READY.",
    ),
    InputSpec(
        "if-unchanged",
        "`reuse` takes the version that has the same digest, if there is one, without building or"
        " asking the agent, and a preview of what is the baseline already ends there; `register`"
        " makes a new one.",
        "reuse",
    ),
    InputSpec(
        "verify",
        "`predict` loads what was built in a clean process and asks it the example; `load` only"
        " loads it; `off` does neither.",
        "predict",
    ),
    InputSpec(
        "check-resources",
        "What to do about resources that the agent uses and doesn't declare, that don't exist, or"
        " for which the user's token lacks a scope: `error`, `warn`, or `off`.",
        "error",
    ),
    InputSpec(
        "timeout-minutes",
        "Minutes that the job may take, from its first input to its last check.",
        "30",
    ),
    InputSpec(
        "comment",
        "The comment on the pull request: `always`, only when the agent `changes` or fails, or"
        " `off`. It needs `permissions: pull-requests: write`.",
        "always",
    ),
    InputSpec(
        "github-token",
        "Token for the comment and the notes of a release, and to see which jobs have ended and"
        " which commit is the later one.",
        "${{ github.token }}",
    ),
    InputSpec(
        "cache-dir",
        "Folder in the workspace in which packages and environments are kept between runs, for"
        " `actions/cache`.",
    ),
    InputSpec(
        "report-path",
        "Folder in the workspace in which the report is saved, for `actions/upload-artifact`;"
        " `mode: comment` reads it there, or in the folders below.",
    ),
)


def texts_of(environ: Mapping[str, str], flags: Mapping[str, str | None]) -> dict[str, str]:
    """Every input's text by name: the command line's, else the runner's."""
    return {
        declared.name: flags.get(declared.name) or environ.get(declared.variable, "")
        for declared in INPUTS
    }
