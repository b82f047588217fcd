"""The environment variables that untrusted programs get."""

from collections.abc import Mapping
from pathlib import Path

from entrypoint.databricks.auth import env_vars

_WITHHELD_PREFIXES = (
    # GitHub's: tokens, command files, the inputs.
    *("INPUT_", "GITHUB_", "GIT_", "ACTIONS_", "RUNNER_"),
    # What would steer MLflow, the interpreter or the loader.
    *("MLFLOW_", "PYTHON", "LD_"),
    # Credentials of package indexes, which are for uv alone.
    *("UV_", "PIP_"),
    # Folders of the runner's account: https://specifications.freedesktop.org/basedir-spec/latest/
    "XDG_",
)
_GITHUB_TOKENS = ("INPUT_GITHUB-TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
_WITHHELD = {
    *("GH_TOKEN", "VIRTUAL_ENV"),
    # They would run a file of the checkout in every shell, Node, Perl, Ruby, Java or git.
    *("BASH_ENV", "ENV", "PROMPT_COMMAND", "NODE_OPTIONS", "NODE_PATH", "PERL5OPT", "PERL5LIB"),
    *("RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"),
}

_MLFLOW = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    # MLflow looks for the commit of each run, and the image has no git, which would be a warning.
    "GIT_PYTHON_REFRESH": "quiet",
    # Else MLflow copies any uv project of the working directory into the model.
    "MLFLOW_UV_AUTO_DETECT": "false",
}


def step_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a job that untrusted programs may know: those of the step's own `env:`.

    What logs in at Databricks is withheld as well; the agent gets a login of its own.
    """
    tokens = [environ[name] for name in _GITHUB_TOKENS if environ.get(name)]
    withheld = _WITHHELD | env_vars.names(environ)
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_WITHHELD_PREFIXES)
        and name not in withheld
        and not any(token in value for token in tokens)
    }


def with_folders(step: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The step's variables, with a home, a folder for temporary files and a store in `folder`.

    What the agent logs to MLflow while it is built ends in that store, which is thrown away.
    """
    # Not there yet: MLflow makes it, with the default experiment, which `start_run` needs.
    store = (folder / "store" / "mlruns").as_uri()
    return {
        **with_home(step, folder),
        **_MLFLOW,
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_REGISTRY_URI": store,
    }


def with_home(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Variables, with a home and a folder for temporary files in `folder`."""
    return {**environ, "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
