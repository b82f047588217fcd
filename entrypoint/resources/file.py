"""The resources file, in MLflow's own format."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from entrypoint.errors import InputFailure, Place, Problem
from entrypoint.workspace import Workspace
from entrypoint.yaml_file import read_yaml

# The kinds that MLflow 3.17 knows: `ResourceType` in mlflow/models/resources.py.
KINDS = (
    "app",
    "function",
    "genie_space",
    "lakebase",
    "serving_endpoint",
    "sql_warehouse",
    "table",
    "uc_connection",
    "uc_model_service",
    "vector_search_index",
)
_EXAMPLE = (
    'api_version: "1"\ndatabricks:\n  serving_endpoint:\n    - name: databricks-claude-sonnet-4'
)


@dataclass(frozen=True)
class Resource:
    """One Databricks resource that the agent may use."""

    kind: str
    name: str
    on_behalf_of_user: bool = False


def found(agent: Path, workspace: Workspace) -> Path | None:
    """Find the file beside the agent.

    Raises:
        InputFailure: it is a link that leads out of the workspace.

    """
    for name in ("resources.yml", "resources.yaml"):
        if (agent.parent / name).is_file():
            try:
                return workspace.file(str(agent.parent / name))
            except ValueError as error:
                raise InputFailure(Problem(f"`resources-file`: {error}")) from error
    return None


def read(path: Path, workspace: Workspace) -> tuple[Resource, ...]:
    """Read the declared resources.

    Raises:
        InputFailure: every problem of the file, at once.

    """
    place = Place(workspace.relative(path))
    content = read_yaml("resources-file", path, workspace)
    problems = list(_problems(content))
    if problems:
        raise InputFailure(
            *(
                Problem(
                    f"`resources-file`: `{place}`: {what}",
                    f"The file looks like this:\n\n{_EXAMPLE}",
                    place,
                )
                for what in problems
            )
        )
    return tuple(
        Resource(kind, entry["name"], entry.get("on_behalf_of_user", False))
        for kind, entries in content["databricks"].items()
        for entry in entries
    )


def as_mlflow(resources: tuple[Resource, ...]) -> str:
    """The resources as the file that MLflow reads, with nothing in it that wasn't understood."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        entry: dict[str, Any] = {"name": resource.name}
        if resource.on_behalf_of_user:
            entry["on_behalf_of_user"] = True
        kinds.setdefault(resource.kind, []).append(entry)
    return yaml.safe_dump({"api_version": "1", "databricks": kinds})


def _problems(content: Mapping[str, Any]) -> list[str]:
    problems = []
    if str(content.get("api_version")) != "1":
        problems.append('`api_version: "1"` is missing at the top.')
    kinds = content.get("databricks")
    if not isinstance(kinds, dict):
        return [*problems, "`databricks:` with the resources by kind is missing."]
    unknown = [key for key in content if key not in ("api_version", "databricks")]
    problems += [f"`{key}` is not a key that MLflow knows." for key in unknown]
    for kind, entries in kinds.items():
        if kind not in KINDS:
            problems.append(f"`{kind}` is not a kind of resource; MLflow knows {', '.join(KINDS)}.")
        elif not isinstance(entries, list):
            problems.append(f"`{kind}` holds no list of `- name: …`.")
        else:
            for number, entry in enumerate(entries, 1):
                problems += [f"`{kind}`: entry {number} {what}" for what in _wrong(entry)]
    return problems


def _wrong(entry: object) -> list[str]:
    """What is wrong with one `- name: …`."""
    if not isinstance(entry, dict):
        return ["has no `name`."]
    problems = [
        f"has `{key}`; MLflow knows `name` and `on_behalf_of_user`."
        for key in entry
        if key not in ("name", "on_behalf_of_user")
    ]
    if not entry.get("name"):
        problems.append("has no `name`.")
    elif not isinstance(entry["name"], str):
        problems.append("has a `name` that is not a text: put it in quotes.")
    if not isinstance(entry.get("on_behalf_of_user", False), bool):
        problems.append("has an `on_behalf_of_user` that is neither `true` nor `false`.")
    return problems
