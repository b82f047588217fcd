"""Why an experiment of this name can't be created, and the command that fixes it."""

import re
import shlex

from entrypoint.runtime.errors import Problem

# A user's folder comes and goes with the user.
_HOME = re.compile(r"/Users(/[^/]+)?")
_NO_PARENT = re.compile(r"Parent directory .+ does not exist")


def parent(experiment: str) -> str:
    """The path of the experiment's folder."""
    return experiment.rpartition("/")[0]


def explain(code: str, message: str, experiment: str) -> Problem | None:
    """The problem behind a refusal to create the experiment, None where it isn't known."""
    if _NO_PARENT.search(message):
        return no_folder(experiment)
    if "must be an absolute path" in message:
        return relative_path(experiment)
    name = experiment.rpartition("/")[2]
    if code.endswith("ALREADY_EXISTS") and f"'{name}'" in message:
        return taken(experiment, "something else")
    return None


def relative_path(experiment: str) -> Problem:
    """The name is no path: https://docs.databricks.com/en/mlflow/experiments.html."""
    return Problem(
        f"`experiment`: `{experiment}` is no path. On Databricks an experiment is in a folder of"
        " the workspace.",
        f"Give the whole path:\n\n    experiment: /Shared/{experiment}",
    )


def no_folder(experiment: str) -> Problem:
    """The folder doesn't exist."""
    folder = parent(experiment)
    what = f"`experiment`: the folder `{folder}` does not exist in the workspace."
    another = f"    experiment: /Shared/{experiment.rpartition('/')[2]}"
    if _HOME.fullmatch(folder):
        return Problem(what, f"It comes with its user. Give another path:\n\n{another}")
    return Problem(
        what,
        f"Make it, or give another path:\n\n    databricks workspace mkdirs {shlex.quote(folder)}",
    )


def parent_is_no_folder(experiment: str, what: str) -> Problem:
    """The experiment's parent is no folder, but `what`."""
    return Problem(
        f"`experiment`: `{parent(experiment)}` is a {what}, not a folder.",
        "Give a path in a folder.",
    )


def taken(experiment: str, what: str) -> Problem:
    """At the experiment's path there is `what`."""
    return Problem(
        f"`experiment`: `{experiment}` is {what}, not an experiment.",
        f"Give another path:\n\n    experiment: {experiment.rstrip('/')}/agent"
        if what == "a folder"
        else "Give another path.",
    )


def deleted(experiment: str, number: str, *, at_databricks: bool) -> Problem:
    """It is in the trash, where it keeps its name."""
    command = (
        f"databricks experiments restore-experiment {number}"
        if at_databricks
        else f"mlflow experiments restore --experiment-id {number}"
    )
    return Problem(
        f"`experiment`: `{experiment}` was deleted, and keeps its name until it is gone for good.",
        f"Restore it, or give another path:\n\n    {command}",
    )
